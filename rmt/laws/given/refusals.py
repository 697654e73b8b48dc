"""Why a function is the R- or S-transform of no probability law.

Four grounds are proofs and are said as such: moments that no law has, a real branch of the inverse function without
an end (for an S-transform also one that turns back before it), a point of the upper half plane where Im G > 0, and a
branch point of G there, which a loop around it shows. Everything else is a failure to certify.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from rmt.laws.given.rays import ANGLES, Chart, SChart
from rmt.laws.law import Complex, Real

#: moments that are tested, and a squared norm below which rounding could have made it negative
_ORDER, _NEGATIVE = 10, -1e-7
#: a squared norm below this is zero: the law has finitely many atoms
_ZERO = 1e-9
#: share of Im G > 0 in |G| beyond rounding and the agreement of rays
_POSITIVE = 1e-5
#: starts of the search for zeros of z′, and steps on a loop
_STARTS, _LOOP = 60, 200


def check_moments(chart: Chart, name: str) -> None:
    """Refuse a function whose first moments are those of no law.

    Raises
    ------
    ValueError
        If the variance is negative, or 0 without the function being constant, or a polynomial q has τ(q²) < 0.
    """
    c = chart.coefficients
    if c is None:
        return
    if np.abs(c[:2].imag).max() > 1e-9 * np.abs(c[:2]).max():
        return  # no moments: Cauchy
    moments, variance = _standardised(chart, c.real)
    what = "R'(0)" if not isinstance(chart, SChart) else "-S'(0)/S(0)^3"
    if not variance > 0.0:
        why = "is negative" if variance < 0.0 else "is 0, but the function is not constant"
        raise ValueError(
            f"{name} is not that of a probability law: its variance kappa_2 = {what} = {variance:.6g} {why}; a law "
            "of variance 0 is a point mass, whose transform is constant"
        )
    _check_hankel(moments, name)


def _standardised(chart: Chart, c: Real) -> tuple[Real, float]:
    """Moments 0 ... of the standardised law by Lagrange's inversion (free cumulants first for R), and the variance."""
    if not isinstance(chart, SChart):
        variance = float(c[1])
        scale = math.sqrt(abs(variance)) or 1.0
        # R of the centred law of variance 1
        r = c / scale ** np.arange(1.0, c.size + 1.0)
        base = np.concatenate([[1.0, 0.0], r[1 : _ORDER + 1]])[: _ORDER + 1]
        power, moments = base.copy(), [1.0]
        for k in range(1, _ORDER + 1):
            power = np.convolve(power, base)[: _ORDER + 1]
            moments.append(power[k] / (k + 1))
        return np.array(moments), variance
    mean = 1.0 / float(c[0])
    variance = -float(c[1]) * mean**3
    s = c * mean  # of the law of mean 1
    inverse = np.zeros(_ORDER)
    inverse[0] = 1.0
    for k in range(1, _ORDER):
        inverse[k] = -float(s[1 : k + 1] @ inverse[k - 1 :: -1][:k])
    base = np.convolve([1.0, 1.0], inverse)[:_ORDER]
    power, moments = np.array([1.0]), [1.0]
    for k in range(1, _ORDER + 1):
        power = np.convolve(power, base)[:_ORDER]
        moments.append(float(power[k - 1]) / k)
    spread = math.sqrt(abs(variance)) / abs(mean) or 1.0
    centred = [
        sum(math.comb(n, j) * moments[j] * (-1.0) ** (n - j) for j in range(n + 1)) / spread**n
        for n in range(_ORDER + 1)
    ]
    return np.array(centred), variance


def _check_hankel(moments: Real, name: str) -> None:
    """Orthogonal polynomials by Gram-Schmidt in exact arithmetic; a negative squared norm is τ(q²) < 0."""
    m = [Fraction(float(v)) for v in moments]

    def product(p: list[Fraction], q: list[Fraction]) -> Fraction:
        return sum((a * b * m[i + j] for i, a in enumerate(p) for j, b in enumerate(q)), Fraction(0))

    basis: list[tuple[list[Fraction], Fraction]] = []
    for degree in range(_ORDER // 2 + 1):
        q = [Fraction(0)] * degree + [Fraction(1)]
        for p, norm in basis:
            share = product(q, p) / norm
            q = [a - share * (p[i] if i < len(p) else 0) for i, a in enumerate(q)]
        norm = product(q, q)
        bound = float(product([abs(a) for a in q], [abs(a) for a in q])) if degree else 1.0
        if float(norm) < _NEGATIVE and abs(float(norm)) > 1e-9 * bound:
            shown = " + ".join(f"{float(a):.6g} x^{i}" for i, a in enumerate(q) if abs(float(a)) > 1e-12)
            raise ValueError(
                f"{name} is not that of a probability law: its first {2 * degree} moments have a negative Hankel "
                f"determinant: in units of the standard deviation, tau(q(X)^2) = {float(norm):.6g} < 0 for "
                f"q(x) = {shown}"
            )
        if degree and abs(float(norm)) < _ZERO:
            _check_finite(m, q, name)
            return
        basis.append((q, norm))


def _check_finite(m: list[Fraction], q: list[Fraction], name: str) -> None:
    """Moments that leave only a law of finitely many atoms, the zeros of q, must go on as its moments do."""
    degree = len(q) - 1
    for k in range(degree, len(m)):
        follows = -sum((q[i] * m[k - degree + i] for i in range(degree)), Fraction(0))
        if abs(float(follows - m[k])) > 1e-6 * (1.0 + abs(float(m[k]))):
            raise ValueError(
                f"{name} is not that of a probability law: its first {2 * degree} moments leave only the law of "
                f"{degree} atoms with a vanishing Hankel determinant, whose moment {k} in units of the standard "
                f"deviation is {float(follows):.6g} and not {float(m[k]):.6g}"
            )


# ---------------------------------------------------------------------- points of the upper half plane
def positive_point(chart: Chart, z: Complex) -> str:
    """A sentence that names one of the points with Im G > 0, where two rays from infinity agree; else an empty one."""
    if not z.size:
        return ""
    g = chart.greens(z)
    with np.errstate(invalid="ignore"):
        share = np.where(np.isfinite(g), g.imag / np.abs(g), -1.0)
    at = int(np.argmax(share))
    if not share[at] > _POSITIVE:
        return ""
    return (
        f"its G is {g[at].real:.6g} {g[at].imag:+.6g}i at z = {z[at].real:.6g} {z[at].imag:+.6g}i, where two rays from "
        "infinity agree, and Im G > 0 in the upper half plane belongs to no measure"
    )


def branch_point(chart: Chart) -> str:
    """A sentence that names a branch point of G in the upper half plane, proven by a loop; else an empty string."""
    for p in _critical_points(chart):
        z = complex(chart.z(chart.path(), np.array([p]))[0])
        if z.imag > 1e-9 * chart.scale and _turns(chart, z):
            return (
                f"its G has a branch point in the upper half plane, at z = {z.real:.9g} {z.imag:+.9g}i, a critical "
                "value of the inverse function: a loop around it does not return"
            )
    return ""


def _critical_points(chart: Chart) -> list[complex]:
    """Zeros of z′ off the real axis, on the principal branch, where G may reach."""
    unit = 1.0 if isinstance(chart, SChart) else 1.0 / chart.scale
    radii, angles = unit * np.geomspace(0.05, 50.0, _STARTS), -np.pi * (np.arange(12) + 0.5) / 12
    p = (radii[:, None] * np.exp(1j * angles)).ravel()
    turn = np.exp(2j * np.pi * np.arange(16) / 16)
    for _ in range(60):
        radius = 0.1 * chart.size(p)
        values = chart.z(chart.path(), (p + radius * turn[:, None]).ravel()).reshape(16, -1)
        with np.errstate(all="ignore"):
            series = np.fft.fft(values, axis=0) / 16
            step = -0.5 * radius * series[1] / series[2]
            share = np.abs(step) / (2.5 * radius)
            step = np.where(share > 1.0, step / share, step)
        p = p + np.where(np.isfinite(step), step, 0.0)
    settled = p[(np.abs(step) < 1e-10 * np.abs(p)) & (np.abs(p.imag) > 1e-6 * np.abs(p))]
    found: list[complex] = []
    for q in settled[np.argsort(np.abs(settled))].tolist():
        if all(abs(q - other) > 1e-6 * abs(q) for other in found):
            found.append(q)
    return found


def _turns(chart: Chart, z: complex) -> bool:
    """Whether G on the sheet reached from above changes by one loop around a point."""
    radius = 0.5 * z.imag
    start = np.array([z + radius])
    for angle in ANGLES[:4]:
        p, path = chart.followed(start, angle)
        if not np.isfinite(p).all():
            continue
        first = p
        for k in range(1, _LOOP + 1):
            there = z + radius * np.exp(2j * np.pi * k / _LOOP)
            p = chart._solved(path, p, np.array([there]), 30, 1e-12)
        if abs(p[0] - first[0]) > 1e-6 * abs(first[0]):
            return True
    return False
