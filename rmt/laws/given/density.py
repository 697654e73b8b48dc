"""Laws whose density is a function: it is put on quadrature panels.

The panels give masses, transforms, the log-potential and, for a law that enters a free convolution, its leaf.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, check_items, check_real, shown
from rmt.laws.given.panel_measure import PanelMeasure, set_atoms
from rmt.laws.law import EPS, Complex, Interval, Law, Real
from rmt.numerics.functions.continuation import Function, evaluated

Atoms = tuple[tuple[float, float], ...]

#: relative distances at which an exponent is measured, and the tolerance
_NEAR, _NEARER, _EXPONENT = 1e-5, 1e-7, 1e-2
#: exponents below leave more than a share 1e-9 of the mass within 1e-288 of the end
_STEEPEST = -0.968
#: share of the largest moment that the outermost panels of an unbounded law may carry
_TAIL = 1e-10


# ---------------------------------------------------------------------- laws
class NumericLaw(Law):
    """A law whose density is evaluated numerically; masses and the log-potential come from panels."""

    #: how far the mass may be from 1
    _tolerance: ClassVar[float] = 1e-9

    @property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right."""
        return self._measured

    @cached_property
    def _measured(self) -> tuple[Interval, ...]:
        panels = self.line_panels
        return tuple(
            Interval(i.low, i.high, i.low_exponent, i.high_exponent, panels.mass_between(i.low, i.high))
            for i in self._intervals()
        )

    @cached_property
    def line_panels(self) -> PanelMeasure:
        """The density on panels, from which masses and the log-potential come."""
        return PanelMeasure(
            self._density, self._intervals(), self.atoms, self._length, repr(self), tolerance=self._tolerance
        )

    @abstractmethod
    def _intervals(self) -> tuple[Interval, ...]:
        """Intervals with their exponents; masses are not read."""

    @abstractmethod
    def _density(self, x: Real) -> Real:
        """Density inside the intervals."""

    @cached_property
    def _length(self) -> float:
        """A length on which the density varies."""
        widths = [i.high - i.low for i in self._intervals()]
        return float(min((w for w in widths if math.isfinite(w)), default=1.0))

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.zeros(x.shape, dtype=bool)
        for i in self._intervals():
            inside |= (x > i.low) & (x < i.high)
        out[inside] = self._density(x[inside])
        return self._at_edges(x, out)

    def _at_edges(self, x: Real, out: Real) -> Real:
        """Set the values of a density at the edges themselves."""
        for i in self._intervals():
            for edge, exponent, inward in ((i.low, i.low_exponent, i.high), (i.high, i.high_exponent, i.low)):
                if (x == edge).any() and math.isfinite(edge):
                    if exponent < 0.0:
                        out[x == edge] = math.inf
                    elif exponent == 0.0:
                        out[x == edge] = self._density(np.array([np.nextafter(edge, inward)]))
        return out

    def _cdf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[1]

    def _stieltjes(self, z: Complex) -> Complex:
        g, _ = self.line_panels.transforms(z)
        real = z.imag == 0.0
        for i in self._intervals():
            real &= ~((z.real > i.low) & (z.real < i.high))
        g[real] = g[real].real
        return self._at_singularities(z, g)

    def _at_singularities(self, z: Complex, g: Complex) -> Complex:
        set_atoms(g, z, self.atoms, self._length)
        for i in self._intervals():
            for edge, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent)):
                if exponent < 0.0:
                    g[z == edge] = complex(0.0, -math.inf)
        return g

    def _t_transform(self, z: Complex) -> Complex:
        return self.line_panels.transforms(z)[1]

    def _log_potential(self, z: Complex) -> Complex:
        return self.line_panels.log_potential(z)

    def _exact_moments(self, order: int) -> list[Fraction]:
        if order > 0:
            raise ValueError(f"the moments of {self!r} are known as floats only (exact=False)")
        return [Fraction(1)]

    def _float_moments(self, order: int) -> list[float]:
        if all(map(math.isfinite, self._hull())):
            return self.line_panels.moments(order)
        moments, tails = self.line_panels.moments(order), self.line_panels.moment_tails(order)
        for k, (moment, tail) in enumerate(zip(moments, tails, strict=True)):
            if tail > _TAIL * max(abs(moment), self._length**k):
                raise ValueError(
                    f"{self!r} has no moments of order >= {k}: their integrals diverge, or converge too slowly; use ppf"
                )
        return moments

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return super()._pdf_error(x, value) + abs(self.line_panels.defect) * np.where(np.isfinite(value), value, 0.0)

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return self.line_panels.error + super()._cdf_error(x, value)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        scale = self.line_panels.error + 256.0 * EPS
        return super()._stieltjes_error(z, value) + scale * (np.abs(value) + 1.0 / self._length)

    def _log_potential_error(self, z: Complex, value: Complex) -> Real:
        return super()._log_potential_error(z, value) + self.line_panels.error * (1.0 + np.abs(value))


@dataclass(frozen=True, repr=False)
class DensityLaw(NumericLaw):
    """Law with a given density; built by :meth:`rmt.laws.Law.from_pdf`.

    Attributes
    ----------
    density : callable
        The density.
    stretches : tuple of (low, high, low_exponent, high_exponent)
        The intervals of the support; an exponent is None where there is no power law.
    points : tuple of (position, mass)
        The atoms.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.Law.from_pdf(lambda x: 2 * x, (0, 1))
    >>> law.atoms, round(law.mean(), 12), round(law.ppf(0.25), 12)
    ((), 0.666666666667, 0.5)
    """

    density: Function
    stretches: tuple[tuple[float, float, float | None, float | None], ...]
    points: Atoms

    @property
    def atoms(self) -> Atoms:
        """Atoms ``(position, mass)``, left to right."""
        return self.points

    def _intervals(self) -> tuple[Interval, ...]:
        return tuple(
            Interval(low, high, math.nan if e is None else e, math.nan if f is None else f, math.nan)
            for low, high, e, f in self.stretches
        )

    def _density(self, x: Real) -> Real:
        return np.asarray(evaluated(self.density, x).real, dtype=np.float64)

    def __repr__(self) -> str:
        pairs, exponents = tuple(s[:2] for s in self.stretches), tuple(s[2:] for s in self.stretches)
        atoms = f", atoms={self.points!r}" if self.points else ""
        return f"Law.from_pdf({self.density!r}, {pairs!r}, exponents={exponents!r}{atoms})"


# ---------------------------------------------------------------------- constructors
def density_law(pdf: Function, support: Any, exponents: Any, atoms: Sequence[tuple[float, float]]) -> Law:
    """Implement :meth:`rmt.laws.Law.from_pdf`."""
    require_callable("pdf", pdf)
    pairs = as_pairs("support", support)
    points = tuple(sorted((float(check_real("atoms", a)), float(check_real("atoms", m, above=0.0))) for a, m in atoms))

    def density(x: Real) -> Real:
        return np.asarray(evaluated(pdf, x).real, dtype=np.float64)

    for low, high in pairs:
        x = _inner_points(low, high)
        values = density(x)
        bad = ~(np.isfinite(values) & (values >= 0.0))
        if bad.any():
            raise ValueError(
                f"pdf must be finite and >= 0 inside the support, got {float(values[bad][0])!r} at x = "
                f"{float(x[bad][0])!r}"
            )
        for end in (low, high):
            if math.isinf(end):
                _check_decay(density, end)
    if exponents is None:
        known = [(measured_exponent(density, a, b), measured_exponent(density, b, a)) for a, b in pairs]
    else:
        known = _exponent_pairs(exponents, len(pairs))
    stretches = tuple((a, b, _or_none(e), _or_none(f)) for (a, b), (e, f) in zip(pairs, known, strict=True))
    law = DensityLaw(pdf, stretches, points)
    try:
        _ = law.line_panels
    except ConvergenceError as error:
        steepest = min((e for s in stretches for e in s[2:] if e is not None), default=0.0)
        remedy = (
            f"an exponent of {steepest:.6g} leaves a share of the mass nearer to the end than doubles reach"
            if steepest < _STEEPEST
            else "divide it by its integral, give exponents= at ends where it is infinite, or cut the support where it "
            "has a narrow peak or a singularity"
        )
        raise ValueError(f"pdf must have total mass 1 with the atoms: {error}; {remedy}") from None
    return law


def _check_decay(density: Callable[[Real], Real], end: float) -> None:
    """Raise ``ValueError`` for a density that is not integrable at infinity, before the search for its mass."""
    x = np.copysign(np.array([1e30, 1e60]), end)
    near, far = np.abs(x) * density(x)
    if not far < max(near, 1.0):
        raise ValueError(
            f"pdf must be integrable, got pdf({float(x[1])!r}) = {float(far) / 1e60:.3g}: its mass towards {end!r} is "
            "infinite; give a bounded support, or a density that decays"
        )


def _or_none(exponent: float) -> float | None:
    return None if math.isnan(exponent) else exponent


# ---------------------------------------------------------------------- helpers
def require_callable(name: str, function: Any) -> None:
    """Raise ``TypeError`` unless an argument is a function."""
    if not callable(function):
        raise TypeError(f"{name} must be a function, got {function!r} of type {type(function).__name__}")


def as_pairs(name: str, value: Any) -> tuple[tuple[float, float], ...]:
    """One pair, or a sequence of pairs, as sorted disjoint intervals.

    Raises
    ------
    ValueError
        If an interval is empty or two of them overlap.
    """
    found = sorted((_end(name, a), _end(name, b)) for a, b in _pairs(name, value))
    if not found or any(not a < b for a, b in found):
        raise ValueError(f"{name} must hold intervals (low, high) with low < high, got {value!r}")
    if any(b > c for (_, b), (c, _) in itertools.pairwise(found)):
        raise ValueError(f"{name} must hold intervals that do not overlap, got {value!r}")
    return tuple(found)


def _pairs(name: str, value: Any) -> list[tuple[Any, Any]]:
    """One pair, or a sequence of pairs, as a list of pairs."""
    items = check_items(name, value, "pairs")
    one = len(items) == 2 and not hasattr(items[0], "__len__")
    pairs = [tuple(items)] if one else [tuple(check_items(name, item, "pairs")) for item in items]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"{name} must be a pair of numbers or a list of such pairs, got {shown(value)}")
    return [(a, b) for a, b in pairs]


def _end(name: str, value: Any) -> float:
    """An end of an interval: a number, or an infinity."""
    if isinstance(value, (float, np.floating)) and np.isinf(value):
        return float(value)
    return float(check_real(name, value))


def _exponent_pairs(exponents: Any, count: int) -> list[tuple[float, float]]:
    given = _pairs("exponents", exponents)
    if len(given) != count:
        raise ValueError(f"exponents must have one pair for each of the {count} intervals, got {shown(exponents)}")
    pairs = [tuple(math.nan if e is None else float(check_real("exponents", e)) for e in pair) for pair in given]
    if any(e <= -1.0 for pair in pairs for e in pair):
        raise ValueError(f"exponents must be > -1 for a density that can be integrated, got {exponents!r}")
    return [(a, b) for a, b in pairs]


def _inner_points(low: float, high: float) -> Real:
    if math.isfinite(low) and math.isfinite(high):
        angles = math.pi * (np.arange(257) + 0.5) / 257
        return np.asarray(0.5 * (low + high) - 0.5 * (high - low) * np.cos(angles))
    growing = np.concatenate([np.linspace(0.01, 1.0, 60), np.geomspace(1.0, 1e4, 60)])
    if math.isfinite(low):
        return low + growing
    if math.isfinite(high):
        return high - growing
    return np.concatenate([-growing, growing])


def measured_exponent(density: Callable[[Real], Real], edge: float, other: float) -> float:
    """Exponent of a density at an edge, a fraction of small denominator if it is near one; NaN if there is none."""
    if not math.isfinite(edge):
        return math.nan
    width = other - edge if math.isfinite(other) else math.copysign(1.0, other)
    points = edge + width * np.array([_NEARER, _NEAR])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(density(points))
        slope = float((values[1] - values[0]) / np.diff(np.log(np.abs(points - edge)))[0])
    if not math.isfinite(slope):
        return math.nan
    nearest = nearest_fraction(slope)
    return nearest if abs(nearest - slope) < _EXPONENT else math.nan


def nearest_fraction(slope: float) -> float:
    """The fraction of small denominator next to a slope."""
    return float(Fraction(slope).limit_denominator(12))
