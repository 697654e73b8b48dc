"""Quadrature rules for a law: expectations of functions that are smooth on its support."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from rmt.errors import ConvergenceError
from rmt.numerics.quadrature.adaptive_panels import adaptive_breaks, panel_rule

if TYPE_CHECKING:
    from rmt.laws.law import Interval, Law, Real

#: scales s, in units of the support, of the functions s/(s + |x|) that a rule has to resolve
_PROBES = np.array([1.0, 1e-2, 1e-4, 1e-8, 1e-16])
_MASS_TOLERANCE = 1e-10


#: polynomials of so many degrees are integrated by one panel on a half of an interval
_DEGREES_A_PANEL = 5.0


def expectation_rule(law: Law, *, degree: int = 0, decay: float = 0.0) -> tuple[Real, Real]:
    """Nodes and weights with E f(X) = Σ weight · f(node), atoms included; the weights sum to 1.

    Each half of an interval of the support is parametrised by a power of the distance to its edge that makes the
    density analytic there, and cut into panels until the mass and the expectations of s/(s + |x|), for scales s down
    to 1e-16 of the support, no longer change: the rules are for functions with singularities near the origin only.

    Parameters
    ----------
    law : Law
    degree : int
        The squares of polynomials of this degree are to be integrated as well.
    decay : float
        So are e^{−s x} for 0 <= s <= `decay`, relative to their own size.

    Raises
    ------
    ValueError
        If the support is unbounded.
    """
    parts = [(np.array([a for a, _ in law.atoms]), np.array([m for _, m in law.atoms]))]
    for interval in law.support:
        if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
            raise ValueError(f"{law!r} has an unbounded support; expectations are computed on bounded supports only")
        half = 0.5 * interval.high - 0.5 * interval.low
        fine = degree > 0 or decay > 0.0
        for lower in (True, False):
            power = _power(interval.low_exponent if lower else interval.high_exponent, 2.0 if fine else 1.0)
            place = _half(law, interval, half, lower, power)
            breaks = _breaks(degree, decay * half if lower else 0.0, power)
            decays = _decays(interval.low, decay, half) if lower else None
            parts.append(rule_along(place, breaks, half, decays))
    return join(parts)


def _breaks(degree: int, decay: float, power: float) -> Real:
    """End points of the first panels in the parameter of a half: equal ones, and halvings down to 1/decay."""
    equal = np.linspace(0.0, 1.0, 3 + math.ceil(degree * max(power, 2.0) / (2.0 * _DEGREES_A_PANEL)))
    halvings = math.ceil(math.log2(max(1.0, decay)) / power) + 4 if decay > 0.0 else 0
    return np.union1d(equal, 0.5 ** np.arange(1, halvings + 1))


def _decays(low: float, decay: float, half: float) -> Callable[[Real], Real] | None:
    """The functions e^{−s (x − low)} for s from 1/half to `decay`, each in its own row."""
    if decay <= 0.0:
        return None
    rates = decay * 0.25 ** np.arange(1 + max(0, math.ceil(math.log(max(1.0, decay * half), 4.0))))
    return lambda x: np.asarray(np.exp(-rates[:, None] * np.maximum(x - low, 0.0)))


def rule_along(
    place: Callable[[Real], tuple[Real, Real]],
    breaks: Real,
    scale: float,
    others: Callable[[Real], Real] | None = None,
) -> tuple[Real, Real]:
    """Rule for a measure on a curve t -> (position, mass per unit of t), refined until the probes are resolved."""

    def probes(t: Real) -> Real:
        x, density = place(t)
        kernels = _PROBES[:, None] / (_PROBES[:, None] + np.abs(x) / scale)
        rows = [density, density * kernels] if others is None else [density, density * kernels, density * others(x)]
        return np.asarray(np.vstack(rows))

    t, width = panel_rule(adaptive_breaks(probes, breaks))
    x, density = place(t)
    return x, width * density


def join(parts: list[tuple[Real, Real]]) -> tuple[Real, Real]:
    """One rule out of several, its weights normalised to sum 1.

    Raises
    ------
    ConvergenceError
        If the sum was not 1 before: part of the mass was missed.
    """
    masses = np.concatenate([w for _, w in parts])
    total = float(masses.sum())
    if not abs(total - 1.0) <= _MASS_TOLERANCE:
        raise ConvergenceError(
            "a quadrature rule for a law misses part of its mass, which lies over too many decades for its density; "
            "use pdf_of_log, cdf_of_log and ppf_of_log",
            residual=total - 1.0,
        )
    return np.concatenate([x for x, _ in parts]), masses / total


def _half(law: Law, interval: Interval, half: float, lower: bool, power: float) -> Callable[[Real], tuple[Real, Real]]:
    end, sign = (interval.low, 1.0) if lower else (interval.high, -1.0)

    def place(t: Real) -> tuple[Real, Real]:
        distance = np.maximum(half * t**power, np.finfo(float).tiny)
        density = law._pdf_beside(end, sign * distance)
        x = end + sign * distance
        x[x == end] = np.nextafter(end, end + sign * half)
        return x, np.where(np.isfinite(density), density, 0.0) * distance * power / t

    return place


def _power(exponent: float, least: float) -> float:
    """A p >= `least` for which the density ``|x − edge|^exponent`` is analytic in ``|x − edge|^(1/p)``."""
    power = 1.0
    if math.isfinite(exponent) and exponent != 0.0:
        power = 1.0 / exponent if exponent > 0.0 else 1.0 / (1.0 + exponent)
    return power * max(1, math.ceil(least / power))
