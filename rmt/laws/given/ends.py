"""Ends of the convex hull of a law, and what lies there, from the real branches of its inverse function z(p).

Outside the hull G and M are real and monotone, so z(p) is, too, on a real interval next to p = 0. It ends at a zero of
z′ (a soft edge), at a branch point of the function, or at infinity: an atom, or an edge where the density is infinite
or jumps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmt.laws.given.rays import Chart, HardEdge
from rmt.laws.given.singular import Singularity, at_infinity, simple_fraction
from rmt.laws.law import EPS, Real

#: real parameters of the walk, in lengths of the law, and the factor between two of them
_FIRST, _FURTHEST, _FACTOR = 1e-4, 1e13, 1.02
#: imaginary part up to which a value counts as real
_REAL = 1e-9
#: circle on which a derivative is read off, and its radius in distances to the nearest known singularity
_TURN = np.exp(2j * math.pi * np.arange(8) / 8)
_RADIUS = 3e-3
#: size of p z′, in lengths of the law, that is no rounding
_TURNS = 1e-6
#: size of p z′, in lengths of the law, next to which z′ may vanish between two parameters
_ALMOST = 1e-2
#: agreement of a measured exponent with a simple fraction
_FRACTION = 1e-4


@dataclass(frozen=True)
class End:
    """An end of the hull.

    Attributes
    ----------
    position : float
    exponent : float
        Exponent of the density; NaN if an atom alone stands there, or if it is unknown.
    mass : float
        Mass of an atom at the end.
    singular : Singularity or None
        What is known about G beside it, where it is infinite.
    """

    position: float
    exponent: float
    mass: float = 0.0
    singular: Singularity | None = None


class NoEndError(ValueError):
    """The inverse function has no end of a support on one side."""


def hull(chart: Chart, *, positive: bool) -> tuple[End, End]:
    """Both ends of the hull; `positive` for an S-transform, whose law lives on [0, ∞).

    Sets ``chart.edge`` for an S-transform.

    Raises
    ------
    NoEndError
        If a real branch has no end: no law has this transform.
    """
    with np.errstate(all="ignore"):
        return _hull(chart, positive)


def _hull(chart: Chart, positive: bool) -> tuple[End, End]:
    unit = 1.0 if positive else 1.0 / chart.scale
    high = _Branch(chart, 1.0, unit).end()
    left = _Branch(chart, -1.0, unit)
    if not positive:
        return left.end(), high
    chart.edge = edge = left.zero()
    mass = 1.0 + edge.base
    mass = 0.0 if abs(mass) < 1e-14 else mass
    if edge.q > 1.0:
        return End(0.0, 1.0 / edge.q - 1.0, mass), high
    if mass > 0.0:
        return End(0.0, math.nan, mass), high
    return left.end(), high


class _Branch:
    """z(p) on one side of p = 0, walked outwards."""

    def __init__(self, chart: Chart, sign: float, unit: float) -> None:
        self.chart, self.sign, self.unit = chart, sign, unit
        steps = math.log(_FURTHEST / _FIRST) / math.log(_FACTOR)
        self.p: Real = np.asarray(sign * unit * _FIRST * _FACTOR ** np.arange(math.ceil(steps)))
        values = chart.real_values(self.p)
        self.valid = self._is_real(values)
        self.z = values.real
        self.slopes = self._slopes(self.p, _RADIUS * chart.size(self.p.astype(np.complex128)))

    def _is_real(self, values: np.ndarray) -> np.ndarray:
        size = np.abs(values - self.chart.centre) + 1e-3 * self.chart.scale
        return np.asarray(np.isfinite(values) & (np.abs(values.imag) <= _REAL * size))

    def value(self, p: float) -> float:
        """Value z(p), NaN where it is not real."""
        value = self.chart.real_values(np.array([p]))
        return float(value.real[0]) if self._is_real(value)[0] else math.nan

    def slope(self, p: float, radius: float = 0.0) -> float:
        """Derivative z′(p), from a circle."""
        at = np.array([p])
        length = radius or _RADIUS * float(self.chart.size(at.astype(np.complex128))[0])
        return float(self._slopes(at, np.array([length]))[0])

    def _slopes(self, p: Real, radius: Real) -> Real:
        circle = p + radius * _TURN[:, None]
        with np.errstate(all="ignore"):
            values = self.chart.z(self.chart.path(), circle.ravel()).reshape(circle.shape)
            return np.asarray((values * _TURN.conj()[:, None]).mean(axis=0).real / radius)

    # ------------------------------------------------------------------ hard edge or atom at 0
    def zero(self) -> HardEdge:
        """The first zero of z(m) on the way from 0⁻, where z rises from −∞: M(0) = −1 + the mass of 0.

        Raises
        ------
        NoEndError
            If z does not rise to 0.
        """
        going = self.valid & (self.z < 0.0)
        going[1:] &= np.diff(self.z) > 0.0
        count = int(np.argmin(going)) if not going.all() else going.size
        if count < 3:
            raise NoEndError("(1+m)/(mS(m)) does not rise from -inf next to m = 0-")
        if count == going.size and not abs(self.z[-1]) < 1e-9 * self.chart.scale:
            raise NoEndError("(1+m)/(mS(m)) does not rise to 0 on the negative line, so that M has no value at 0")
        inner, outer = float(self.p[count - 1]), float(self.p[min(count, going.size - 1)])
        base = self._zero_between(inner, outer)
        if not -1.0 - 1e-12 <= base < 0.0:
            raise NoEndError(
                f"(1+m)/(mS(m)) first vanishes at m = {base:.12g}, where 1 + m would be a negative mass of 0"
            )
        base = max(base, -1.0)
        if not self._falls_off(base):
            raise NoEndError(
                f"(1+m)/(mS(m)) is not monotone on the negative line: it rises from -inf at m = 0- to "
                f"{self.value(base):.6g} at m = {base:.6g}, and not to 0"
            )
        monotone = self.p > base
        if not (np.diff(self.z[monotone]) > 0.0).all():
            raise NoEndError(f"(1+m)/(mS(m)) is not monotone on ({base:.6g}, 0)")
        return self._power_at(base)

    def _zero_between(self, inner: float, outer: float) -> float:
        """Zero of a root of z: z/z′ passes through it linearly, whatever the multiplicity."""
        for guess in (-1.0, round(inner, 2), round(outer, 2), round(inner, 3), round(outer, 3)):
            if outer <= guess < inner and self._vanishes(guess):
                return guess
        a, b = float(self.p[self.p >= inner][-2]), inner
        fa, fb = (self.value(p) / self.slope(p) for p in (a, b))
        for _ in range(60):
            if fb == fa or not math.isfinite(fb):
                break
            c = b - fb * (b - a) / (fb - fa)
            c = max(c, b - 0.6 * (b - outer)) if c < b else min(c, 0.5 * (a + b))
            a, fa, b = b, fb, c
            value = self.value(c)
            if value == 0.0 or not math.isfinite(value):
                break
            fb = value / self.slope(c, 0.2 * abs(fb))
            if abs(b - a) <= 2.0 * EPS * abs(b):
                break
        for digits in (6, 8, 10, 12, 14):
            if abs(round(b, digits) - b) < 1e-13 and self._vanishes(round(b, digits)):
                return round(b, digits)
        return float(b)

    def _falls_off(self, base: float) -> bool:
        """Whether z tends to 0 at what was taken for a zero, and not to a critical value."""
        with np.errstate(all="ignore"):
            beside, further = (abs(self.value(base + share * abs(base))) for share in (1e-9, 1e-3))
        return not beside > 0.5 * further

    def _vanishes(self, p: float) -> bool:
        """Whether z is 0 at p, also by an infinite S there, and small beside it."""
        with np.errstate(all="ignore"):
            beside = abs(self.value(p + 1e-13 * abs(p)))
            further = abs(self.value(p + 1e-3 * abs(p)))
        return bool(beside < 1e-8 * further)

    def _power_at(self, base: float) -> HardEdge:
        """Multiplicity and factor of the zero, from points ever closer to it."""
        chart = self.chart
        depths = 10.0 ** -np.arange(2.0, 100.0, 0.5) if chart.tracked else 10.0 ** -np.arange(2.0, 8.0, 0.25)
        deltas = depths * abs(base)
        with np.errstate(all="ignore"):
            z = -chart.z(chart.path(), deltas.astype(np.complex128), base).real
            good = np.isfinite(z) & (z > 1e-290)
        if good.sum() < 3:
            raise NoEndError(f"(1+m)/(mS(m)) is not a power of m + {-base:.12g} next to m = {base:.12g}")
        deltas, z = deltas[good], z[good]
        slopes = np.diff(np.log(z)) / np.diff(np.log(deltas))
        q = float(slopes[-1]) if chart.tracked else float(2.0 * slopes[-1] - slopes[-3])
        simple = simple_fraction(q, 1e-12 if chart.tracked else _FRACTION)
        q = simple if not math.isnan(simple) else q
        return HardEdge(base, q, float(z[-1] / deltas[-1] ** q))

    # ------------------------------------------------------------------ ends
    def end(self) -> End:
        """The end of the hull on this side."""
        sign, chart = self.sign, self.chart
        beyond_zero = chart.edge is not None and sign < 0.0
        if not beyond_zero and not (self.valid[0] and sign * (self.z[0] - chart.centre) > 0.0):
            return End(sign * math.inf, math.nan)
        start = int(np.argmax(self.p < chart.edge.base)) if chart.edge is not None and beyond_zero else 0
        going = self.valid.copy()
        going[1:] &= sign * np.diff(self.z) < -4.0 * EPS * np.abs(self.z[1:])
        going[:start] = True
        turned = self._turned(going)
        if turned is not None:
            return turned
        count = int(np.argmin(going)) if not going.all() else going.size
        if count < going.size and self.valid[count] and not self._rises(count):
            count = going.size  # constant to rounding: an end at infinity
        if count == going.size:
            return self._end_at_infinity()
        return self._end_between(count)

    def _turned(self, going: np.ndarray) -> End | None:
        """A zero of z′ between two parameters of the walk at which z′ < 0 again."""
        from scipy.optimize import minimize_scalar

        count = int(np.argmin(going)) if not going.all() else going.size
        relative = self.slopes * np.abs(self.p)
        for k in range(1, count - 1):
            if not (relative[k] > relative[k - 1] and relative[k] >= relative[k + 1]):
                continue
            if not relative[k] > -_ALMOST * self.chart.scale:
                continue
            a, b = float(self.p[k - 1]), float(self.p[k + 1])
            bounds = (min(a, b), max(a, b))
            top = minimize_scalar(lambda p: -self.slope(p), bounds=bounds, options={"xatol": 1e-10 * abs(a)})
            if top.fun < 0.0 < -self.slope(a) and self._slopes_up(float(top.x)):
                p = self._critical(a, float(top.x))
                return End(self.value(p), self._order(p))
        return None

    def _slopes_up(self, p: float) -> bool:
        """Whether z′(p) > 0 beyond rounding, which a second circle shows."""
        wide = 0.02 * float(self.chart.size(np.array([complex(p)]))[0])
        first, second = self.slope(p), self.slope(p, wide)
        return first * abs(p) > _TURNS * self.chart.scale and abs(first - second) < 0.1 * first

    def _rises(self, k: int) -> bool:
        """Whether z turns at the k-th parameter, and does not only stand still by rounding."""
        if self._slopes_up(float(self.p[k])):
            return True
        later = slice(k, k + 12)
        z = self.z[later][self.valid[later]]
        if z.size < 3:
            return True
        beyond = float((self.sign * (z - self.z[k - 1])).max())
        steady = float(np.mean(self.sign * np.diff(z) > 0.0))
        return steady > 0.9 and beyond > 1e-12 * (abs(self.z[k - 1] - self.chart.centre) + self.chart.scale)

    def _end_between(self, k: int) -> End:
        a, b = float(self.p[max(k - 2, 0)]), float(self.p[k])
        if not self.valid[k]:
            b = self._last_valid(float(self.p[k - 1]), b)
        if self.slope(a) < 0.0 < self.slope(b):
            p = self._critical(a, b)
            return End(self.value(p), self._order(p))
        kappa = self._approach(b, a)
        return End(self.value(b), 1.0 / kappa if kappa > 0.0 else math.nan)

    def _critical(self, a: float, b: float) -> float:
        """The zero of z′ between two parameters."""
        from scipy.optimize import brentq

        return float(brentq(self.slope, a, b, xtol=4.0 * EPS * abs(a), rtol=4.0 * EPS))

    def _order(self, p: float) -> float:
        """Exponent of the density at a zero of z′: 1/2, or 1/k where more derivatives vanish."""
        turn = np.exp(2j * np.pi * np.arange(16) / 16)
        radius = 0.02 * float(self.chart.size(np.array([complex(p)]))[0])
        series = np.abs(np.fft.fft(self.chart.z(self.chart.path(), p + radius * turn)) / 16)
        return 1.0 / next((k for k in range(2, 5) if series[k] > 0.05 * series[2:5].max()), 2)

    def _last_valid(self, a: float, b: float) -> float:
        for _ in range(100):
            middle = 0.5 * (a + b)
            if middle in (a, b):
                break
            a, b = (a, middle) if math.isnan(self.value(middle)) else (middle, b)
        return a

    def _approach(self, at: float, inner: float) -> float:
        """Exponent k of ``z(p) − z(at) ~ (p − at)^k`` at a branch point."""
        distances = (inner - at) * 2.0 ** -np.arange(2.0, 18.0)
        gaps = np.abs(self.chart.real_values(at + distances).real - self.value(at))
        return _limit_of_slopes(np.abs(distances), gaps)

    def _end_at_infinity(self) -> End:
        """What stands where p tends to infinity: an atom, or an edge where the density is infinite or jumps."""
        sign, chart = self.sign, self.chart
        last = int(np.flatnonzero(self.valid)[-1])
        a = float(self.z[last])
        point = at_infinity(chart, complex(sign * self.unit), chart.path())
        if point is not None and np.nanmin(np.abs(self.z - point.place)) < 1e-4 * chart.scale:
            return End(point.place, point.exponent, point.mass, point)
        out = a - chart.centre
        if abs(out) > 1e-3 * abs(float(self.z[0]) - chart.centre) or sign * out < -1e6 * chart.scale:
            side, verb = ("right", "falls") if sign > 0.0 else ("left", "rises")
            line = "(0, inf)" if sign > 0.0 else "(-inf, 0)"
            raise NoEndError(
                f"the inverse function {verb} without end on {line} and has no critical point there, so that G would "
                f"be real on the whole line: there is no {side} edge"
            )
        p, gap = np.abs(self.p), np.abs(self.z - a)
        good = self.valid & (gap > 1e-7 * (abs(a) + chart.scale)) & (gap < 1e-2 * (abs(a) + chart.scale))
        kappa = -_limit_of_slopes(p[good], gap[good]) if good.sum() > 7 else math.inf
        return End(a, -1.0 / kappa if kappa < 12.0 else 0.0)


def _limit_of_slopes(x: Real, y: Real) -> float:
    """Limit of d log y / d log x towards the last points, a simple fraction if it is near one."""
    good = (y > 0.0) & np.isfinite(y)
    x, y = x[good], y[good]
    if x.size < 6:
        return math.nan
    slopes = np.diff(np.log(y)) / np.diff(np.log(x))
    slope = float(np.median(slopes[-6:]))
    simple = simple_fraction(slope, 3e-2)
    return slope if math.isnan(simple) else simple
