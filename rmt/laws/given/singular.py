"""Places where G is infinite: the inverse function z(p) next to p = infinity, as a series in powers of p^(-1/k)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rmt.laws.given.rays import ANGLES, Chart
from rmt.laws.law import Complex
from rmt.numerics.functions.branches import log_upper
from rmt.numerics.functions.continuation import Continuation

#: circles around infinity that are tried, each 4 times the last; turns around one, and values on a turn
_CIRCLES, _TURNS, _AROUND = 20, 6, 64
#: size of the variable of a series up to which it is used, 1 on the circle
_REACH = 0.3
#: coefficients below this share of the largest are rounding
_SMALL = 1e-9
#: largest denominator of an exponent
_DENOMINATOR = 24


@dataclass(frozen=True)
class Singularity:
    """A place where G is infinite.

    Attributes
    ----------
    place : float
    exponent : float
        Exponent of the density beside it; NaN if there is none.
    mass : float
        Mass of an atom there.
    series : LocalSeries or None
        z(p) beside it.
    """

    place: float
    exponent: float
    mass: float
    series: LocalSeries | None = None


@dataclass(frozen=True)
class LocalSeries:
    """z = place + Σ c_n w^n, solved for w where z is close to the place, with p a function of w.

    Next to the place z - place cancels in the function itself, and keeps its digits here.

    Attributes
    ----------
    place : float
    p : complex
        The parameter is ``p w^(-turns)``, or ``p + radius w`` where `turns` is 0.
    turns : int
    first : int
        Order of the zero of z - place.
    coefficients : ndarray
        Coefficients c_n from n = 0 on, of z on the circle where w is 1.
    radius : float
    sheet : int
        Which of the roots of order `first` is reached from above.
    """

    place: float
    p: complex
    turns: int
    first: int
    coefficients: Complex
    radius: float = 0.0
    sheet: int = 0

    @property
    def reach(self) -> float:
        """Distance up to which the series is used."""
        return float(0.5 * abs(self.coefficients[self.first]) * _REACH**self.first)

    def parameter(self, z: Complex) -> Complex:
        """P at points of the closed upper half plane within reach."""
        c, first = self.coefficients, self.first
        away = z - self.place
        w = np.exp((log_upper(away) - np.log(c[first]) + 2j * math.pi * self.sheet) / first)
        rest = c[first:] / c[first]
        slopes = rest * np.arange(rest.size)
        target = w.copy()
        for _ in range(30):
            # w (1 + ...)^(1/first) = target
            value, slope = np.polyval(rest[::-1], w), np.polyval(slopes[::-1], w)
            root = value ** (1.0 / first)
            step = (target - w * root) / (root * (1.0 + slope / (first * value)))
            w = w + step
            if np.all(np.abs(step) <= 4e-16 * np.abs(w)):
                break
        return np.asarray(self.p * w ** (-float(self.turns)) if self.turns else self.p + self.radius * w)

    def on_sheet_of(self, chart: Chart) -> LocalSeries | None:
        """The same series on the sheet that is reached from the upper half plane; None if none fits."""
        z = np.array([self.place + 0.5 * self.reach * np.exp(1.4j)])
        for angle in ANGLES[:4]:
            p = chart.followed(z, angle)[0][0]
            for sheet in range(self.first):
                other = replace(self, sheet=sheet)
                if abs(other.parameter(z)[0] - p) <= 1e-6 * (abs(p) + self.radius):
                    return other
        return None


def at_critical_point(chart: Chart, p: complex, radius: float, path: Continuation) -> LocalSeries | None:
    """The inverse function next to a zero of z′, as a Taylor series; None if it does not converge on the circle."""
    turn = np.exp(2j * math.pi * np.arange(_AROUND) / _AROUND)
    values = chart.z(path, np.concatenate([[p], p + radius * turn]))[1:]
    c = np.fft.fft(values)[: _AROUND // 4] / _AROUND
    if not np.abs(c[-4:]).max() < 1e-10 * np.abs(c[1:]).max():
        return None
    c[:2] = 0.0
    place = float(np.mean(values).real)
    return LocalSeries(place, p, 0, 2, c, radius).on_sheet_of(chart)


def at_infinity(chart: Chart, p: complex, path: Continuation) -> Singularity | None:
    """What stands where the branch that was reached at p goes to infinity.

    z is a series in powers of ``p^(-1/k)``, found by going around k times on a large circle; None if it is no such
    series, or its limit is not real.
    """
    with np.errstate(all="ignore"):
        here = np.array([p])
        for _ in range(_CIRCLES):
            before = chart.z(path, here)
            for _ in range(24):
                here = here * 4.0 ** (1.0 / 24)
                after = chart.z(path, here)
                path.accept(1)
            if abs(after[0] - before[0]) <= 1e-13 * (abs(after[0] - chart.centre) + chart.scale):
                return None
            series = _puiseux(chart, complex(here[0]), path)
            if series is not None:
                return _singularity(chart, complex(here[0]), *series)
    return None


def _singularity(chart: Chart, p: complex, turns: int, c: Complex) -> Singularity | None:
    scale = abs(c[0] - chart.centre) + chart.scale
    largest = float(np.abs(c[1:]).max())
    if abs(c[0].imag) > 1e-9 * scale or largest < 1e-13 * scale:
        return None
    place = 0.0 if abs(c[0].real) < 1e-14 * scale else float(c[0].real)
    c = np.where(np.abs(c) > _SMALL * 1e-4 * largest, c, 0.0)
    big = np.flatnonzero(np.abs(c[1:]) > _SMALL * largest) + 1
    first = int(big[0])
    series = LocalSeries(place, p, turns, first, np.concatenate([np.zeros(first), c[first:]])).on_sheet_of(chart)
    if first != turns:
        return Singularity(place, -turns / first, 0.0, series)
    mass = chart.mass(float((c[turns] * p).real), place)
    branched = [int(n) for n in big if n % turns]
    return Singularity(place, branched[0] / turns - 2.0 if branched else math.nan, mass, series)


def _puiseux(chart: Chart, p: complex, path: Continuation) -> tuple[int, Complex] | None:
    """Turns after which z closes, and the coefficients of ``(p/p₀)^(-n/k)``; None unless both converge."""
    branch = path.at(slice(None))
    start = complex(chart.z(branch, np.array([p]))[0])
    values: list[complex] = []
    turns = 0
    while turns < _TURNS:
        turns += 1
        for j in range(1, _AROUND + 1):
            value = chart.z(branch, np.array([p * np.exp(2j * math.pi * j / _AROUND)]))
            branch.accept(1)
            values.append(complex(value[0]))
        if not np.isfinite(values).all():
            return None
        if abs(values[-1] - start) <= 1e-10 * (abs(start) + 1e-3 * chart.scale):
            break
    else:
        return None
    around = np.roll(np.array(values), 1)
    n = around.size
    c = np.fft.ifft(around)  # around = sum of c_n exp(-2 pi i n t / turns)
    small = 1e-11 * np.abs(c[1 : n // 2]).max(initial=0.0) + 1e-13 * (abs(c[0] - chart.centre) + chart.scale)
    if np.abs(c[n // 4 :]).max() > small:
        return None
    return turns, c[: n // 4]


def simple_fraction(value: float, tolerance: float) -> float:
    """The simplest fraction near a number; NaN if there is none."""
    for denominator in range(1, _DENOMINATOR + 1):
        nearest = round(value * denominator) / denominator
        if abs(nearest - value) <= tolerance / denominator:
            return nearest
    return math.nan
