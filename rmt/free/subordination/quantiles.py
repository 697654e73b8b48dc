"""Quantiles of computed laws: Newton's iteration for a few, a table of Chebyshev series for many.

Next to an end of the support the quantile is analytic in a power of the mass beyond it that follows from the exponent
of the density; the table interpolates in that variable, in pieces halved until their series converge to rounding.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.laws.law import EPS, Interval, Mask, Real

#: mass below a point, mass above it, density there
Evaluation = Callable[[Real], tuple[Real, Real, Real]]
Index = NDArray[np.intp]

#: levels in one half of an interval from which its table pays
_WORTH = 100
#: masses at an inner end that are rounding errors, and those that no table holds
_NOISE, _ROUGH = 16.0 * EPS, 1e-11
#: masses next to an end of the law that are integrated from there, and their relative error
_TAIL, _TAIL_NOISE = 1e-4, 1e-12
#: residual of a quantile that rounding of the distribution function explains
_ROUNDED = 1e-15
_DEGREE = 18
_OCTAVES = 12  # towards an open end the smallest tabulated mass is 2^-12 of a half: those beyond are integrated
_REACH = 250.0  # logarithm of the smallest mass of a decaying end
_DEPTH = 10
_NEWTON_LIMIT = 80
_NODES = np.cos(math.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
_TO_SERIES = (
    2.0
    / (_DEGREE + 1)
    * np.cos(math.pi * np.outer(np.arange(_DEGREE + 1), np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
)
_TO_SERIES[0] *= 0.5


class Quantiles:
    """Quantile function from mass and density.

    Parameters
    ----------
    evaluate : callable
        Mass of (-inf, t], mass of (t, inf) and density at points t of the support.
    intervals : sequence of Interval
        The support; ends may be infinite.
    atoms : sequence of (float, float)
        Positions and masses; ``-inf`` is a place like others.
    scale : float
        Length on which the law varies.
    slack : float
        Relative rounding error of masses. A level that reaches the mass up to an atom or to the lower end of a gap
        within it has its quantile there.
    """

    def __init__(
        self,
        evaluate: Evaluation,
        intervals: Sequence[Interval],
        atoms: Sequence[tuple[float, float]],
        scale: float,
        slack: float = 8.0 * EPS,
    ) -> None:
        self._evaluate = evaluate
        self._slack = slack
        self._pieces = _pieces(intervals, atoms, evaluate)
        self._scale = scale

    @cached_property
    def _halves(self) -> list[tuple[_Half, _Half] | None]:
        """Lower and upper half of every piece that has a density."""
        floor = max(8.0 * EPS, self._slack)
        return [None if p.atom else _halves(p, self._evaluate, self._scale, floor) for p in self._pieces]

    def __call__(self, u: Real, *, tabulate: bool) -> Real:
        """Quantiles at levels strictly between 0 and 1.

        Parameters
        ----------
        u : ndarray
        tabulate : bool
            Use the table (built on first use), or iterate for each level.
        """
        out = np.full_like(u, np.nan)
        todo = np.ones(u.shape, dtype=bool)
        for piece, halves in zip(self._pieces, self._halves, strict=True):
            inside = todo & piece.reached_by(u, self._slack)
            todo &= ~inside
            if halves is None:
                out[inside] = piece.low
                continue
            lower, upper = halves
            left = inside & (u <= lower.level)
            right = inside & ~left
            for here, half, end, masses, offset in (
                (left, lower, piece.low, np.maximum(u[left] - piece.below, 0.0), piece.below),
                (right, upper, piece.high, np.maximum((1.0 - u[right]) - piece.above, 0.0), piece.above),
            ):
                out[here] = _inside(half, end, masses, offset > 0.0, tabulate and masses.size > _WORTH)
        out[todo] = self._pieces[-1].high  # levels beyond the sum of all masses by rounding
        return out


def _inside(half: _Half, end: float, masses: Real, inner: bool, tabulate: bool) -> Real:
    """Points that leave these masses between themselves and the end of a piece.

    At an end inside the law the smallest masses are rounding errors of the mass beyond it, and small ones are too noisy
    for a table.
    """
    if not inner:
        return half(masses, tabulate)
    noisy, rough = masses < _NOISE, masses < _ROUGH
    out = np.full_like(masses, end)
    out[~rough] = half(masses[~rough], tabulate)
    out[rough & ~noisy] = half(masses[rough & ~noisy], False)
    return out


@dataclass(frozen=True)
class _Piece:
    """A stretch of the law: an atom (low = high), or an interval without atoms inside."""

    low: float
    high: float
    low_exponent: float
    high_exponent: float
    below: float  # mass strictly below
    through: float  # mass up to its end
    above: float  # mass strictly above
    atom: bool

    def reached_by(self, u: Real, slack: float) -> Mask:
        """Whether the quantile at `u` lies in the piece or left of it; 1 - u decides near 1."""
        reached = u <= self.through * (1.0 + slack)
        return reached | (1.0 - u >= self.above * (1.0 - slack)) if self.through > 0.5 else reached


def _pieces(intervals: Sequence[Interval], atoms: Sequence[tuple[float, float]], evaluate: Evaluation) -> list[_Piece]:
    """Atoms, and intervals cut at the atoms inside them, left to right."""
    stretches: list[tuple[float, float, float, float, float]] = [(a, a, 0.0, 0.0, m) for a, m in atoms]
    for i in intervals:
        inner = [(a, m) for a, m in atoms if i.low < a < i.high]
        start = math.fsum([j.mass for j in intervals if j.high <= i.low] + [m for a, m in atoms if a <= i.low])
        stop = start + i.mass + math.fsum(m for _, m in inner)
        reached = evaluate(np.array([a for a, _ in inner]))[0].tolist() if inner else []
        cuts = [i.low, *(a for a, _ in inner), i.high]
        after = [start, *reached]
        before = [*(level - m for level, (_, m) in zip(reached, inner, strict=True)), stop]
        for k in range(len(cuts) - 1):
            low_exponent = i.low_exponent if k == 0 else 0.0
            high_exponent = i.high_exponent if k + 2 == len(cuts) else 0.0
            stretches.append((cuts[k], cuts[k + 1], low_exponent, high_exponent, before[k] - after[k]))
    stretches.sort(key=lambda s: (s[0], s[1]))
    pieces = []
    for k, (low, high, low_exponent, high_exponent, _) in enumerate(stretches):
        below = math.fsum(s[4] for s in stretches[:k])
        through = math.fsum(s[4] for s in stretches[: k + 1])
        above = math.fsum(s[4] for s in stretches[k + 1 :])
        pieces.append(_Piece(low, high, low_exponent, high_exponent, below, through, above, low == high))
    return pieces


def _halves(piece: _Piece, evaluate: Evaluation, scale: float, floor: float) -> tuple[_Half, _Half]:
    """Both halves of a piece, cut at its middle (near the median where it is unbounded).

    Masses are right to `floor`.
    """
    if math.isfinite(piece.low) and math.isfinite(piece.high):
        middle = 0.5 * piece.low + 0.5 * piece.high
    else:
        middle = _median(piece, evaluate, scale)
    level, rest, _ = (float(v[0]) for v in evaluate(np.array([middle])))
    ends = (
        (piece.low, piece.low_exponent, piece.below, level - piece.below, 0),
        (piece.high, piece.high_exponent, piece.above, rest - piece.above, 1),
    )
    lower, upper = (
        (_EdgeHalf if math.isfinite(end) else _DecayingHalf if math.isfinite(exponent) else _OpenHalf)(
            evaluate, end, exponent, middle, offset, mass, level, scale, column, floor
        )
        for end, exponent, offset, mass, column in ends
    )
    return lower, upper


def _median(piece: _Piece, evaluate: Evaluation, scale: float) -> float:
    """A point near the median of an unbounded piece, by bisection over orders of magnitude."""
    origin = piece.low if math.isfinite(piece.low) else piece.high if math.isfinite(piece.high) else 0.0
    goal = 0.5 * (piece.below + 1.0 - piece.above)
    first, last = (
        0.0
        if math.isfinite(end)
        else sign * (math.asinh(_REACH / ((1.0 + exponent) * scale)) if math.isfinite(exponent) else 40.0)
        for end, exponent, sign in ((piece.low, piece.low_exponent, -1.0), (piece.high, piece.high_exponent, 1.0))
    )
    for _ in range(40):
        centre = 0.5 * (first + last)
        if float(evaluate(np.array([origin + scale * math.sinh(centre)]))[0][0]) < goal:
            first = centre
        else:
            last = centre
    return origin + scale * math.sinh(0.5 * (first + last))


class _Half(ABC):
    """Quantile as a function of the mass between an end of a piece and the point.

    Newton's iteration solves log mass = f(unknown) for one point; the table interpolates `_smooth` as a function of
    the variable w in (0, 1] that makes it analytic up to the end.
    """

    def __init__(
        self,
        evaluate: Evaluation,
        end: float,
        exponent: float,
        middle: float,
        offset: float,
        mass: float,
        level: float,
        scale: float,
        column: int,
        floor: float,
    ) -> None:
        self._evaluate = evaluate
        self._end, self._exponent, self._middle, self._scale = end, exponent, middle, scale
        self._offset, self._column, self._floor = offset, column, floor
        self._inward = 1.0 if column == 0 else -1.0
        self.mass, self.level = mass, level  # level: distribution function in the middle

    # ------------------------------------------------------------------ what the kinds of ends differ in
    @abstractmethod
    def _point(self, unknown: Real) -> Real:
        """The point that an unknown stands for."""

    @abstractmethod
    def _motion(self, unknown: Real) -> Real:
        """|d point / d unknown|."""

    def _span(self, unknown: Real) -> Real:
        """By how much the unknown moves when the mass is doubled, roughly."""
        return np.ones_like(unknown)

    @abstractmethod
    def _samples(self) -> Real:
        """Unknowns from the end to the middle, for the first guess."""

    @abstractmethod
    def _extrapolated(self, log_ratio: Real) -> Real:
        """What to add to the first unknown for masses smaller than its by this (negative) logarithm."""

    @abstractmethod
    def _variable(self, mass: Real) -> Real:
        """W of the masses."""

    @abstractmethod
    def _mass_of(self, w: Real) -> Real:
        """Masses of w."""

    @abstractmethod
    def _smooth(self, w: Real, unknown: Real) -> Real:
        """The function that the table holds."""

    @abstractmethod
    def _unknown(self, w: Real, smooth: Real) -> Real:
        """Inverse of `_smooth`."""

    @abstractmethod
    def _first_breaks(self) -> Real:
        """Breakpoints in w to begin with."""

    # ------------------------------------------------------------------ one point at a time
    def __call__(self, mass: Real, tabulate: bool) -> Real:
        """The points that leave these masses between themselves and the end."""
        if mass.size == 0:
            return mass
        return self._point(self._look_up(mass) if tabulate else self._solve(mass))

    def _values(self, unknown: Real) -> tuple[Real, Real]:
        values = self._evaluate(self._point(unknown))
        return np.maximum(values[self._column] - self._offset, 0.0), values[2]

    def _noise(self, mass: Real) -> Real:
        """Rounding errors of masses: those of a sum at an inner end; far out they are small parts of themselves."""
        if self._offset > 0.0:
            return np.full_like(mass, self._floor)
        return np.where(mass < _TAIL, _TAIL_NOISE * mass, self._floor)

    @cached_property
    def _coarse(self) -> tuple[Real, Real]:
        """Log mass, increasing, and the unknown."""
        unknown = self._samples()
        with np.errstate(divide="ignore"):
            log_mass = np.log(self._values(unknown)[0])
        good = np.isfinite(log_mass)
        log_mass, first = np.unique(np.maximum.accumulate(log_mass[good]), return_index=True)
        return log_mass, unknown[good][first]

    def _solve(self, mass: Real) -> Real:
        """Unknowns of the masses, by Newton's iteration inside a bracket."""
        table, unknowns = self._coarse
        if table.size == 0:
            raise ConvergenceError(
                "no quantile was found: the distribution function has no value inside the support that stays in the "
                "range of floats on the way; build the law of parts nearer to size 1"
            )
        goal = np.log(np.maximum(mass, 1e-300))
        guess = np.interp(goal, table, unknowns) + self._extrapolated(np.minimum(goal - table[0], 0.0))
        place = np.searchsorted(table, goal)
        low = np.where(place > 0, unknowns[np.maximum(place - 1, 0)], -np.inf)
        high = np.where(place < table.size, unknowns[np.minimum(place, table.size - 1)], np.inf)
        active = np.arange(mass.size)
        for iteration in range(_NEWTON_LIMIT):
            s, wanted = guess[active], mass[active]
            value, density = self._values(s)
            low[active] = np.where(value < wanted, s, low[active])
            high[active] = np.where(value > wanted, s, high[active])
            with np.errstate(divide="ignore", invalid="ignore"):
                new = s + (goal[active] - np.log(value)) * value / (density * self._motion(s))
                middle = 0.5 * (low[active] + high[active])
            inside = (new >= low[active]) & (new <= high[active])
            new = np.where(inside | ~np.isfinite(middle), np.where(np.isfinite(new), new, s), middle)
            motion = np.maximum(self._motion(s), self._motion(new))
            small = np.abs(new - s) * motion <= EPS * np.abs(self._point(s))
            error = np.abs(value - wanted)
            done = small | (error <= EPS * wanted) | ((iteration > 8) & (error <= self._noise(wanted)))
            guess[active] = np.where(error == 0.0, s, new)
            active = active[~done]
            if active.size == 0:
                return guess
        i = active[np.abs(self._values(guess[active])[0] - mass[active]) > _ROUNDED][:1]
        if i.size == 0:  # a tail that is known to the rounding of 1 only
            return guess
        raise ConvergenceError(
            "a quantile did not converge; check that the distribution function is monotone there",
            point=float(mass[i][0]),
            residual=float(np.abs(self._values(guess[i])[0] - mass[i])[0]),
        )

    # ------------------------------------------------------------------ table
    def _look_up(self, mass: Real) -> Real:
        breaks, series = self._table
        w = self._variable(mass)
        piece = np.clip(np.searchsorted(breaks, w, side="right") - 1, 0, breaks.size - 2)
        low, high = breaks[piece], breaks[piece + 1]
        t = (2.0 * w - low - high) / (high - low)
        first, second = np.zeros_like(w), np.zeros_like(w)
        for j in range(_DEGREE, 0, -1):
            first, second = 2.0 * t * first - second + series[j, piece], first
        unknown = self._unknown(w, t * first - second + series[0, piece])
        beyond = w < breaks[0]
        if beyond.any():
            unknown[beyond] = self._solve(mass[beyond])
        return unknown

    @cached_property
    def _table(self) -> tuple[Real, Real]:
        """Breakpoints in w, and Chebyshev coefficients (a column a piece)."""
        first = self._first_breaks()
        low, high = first[:-1], first[1:]
        before = np.full(low.size, np.inf)
        kept: list[tuple[Real, Real]] = []
        for depth in range(_DEPTH + 1):
            w = 0.5 * (low + high) + 0.5 * (high - low) * _NODES[:, None]
            unknown = self._solve(self._mass_of(w.ravel()))
            values = self._smooth(w.ravel(), unknown).reshape(w.shape)
            series = _TO_SERIES @ values
            # an error in the unknown moves the point, by less than the spacing of floats or a level by rounding
            motion, point = (np.abs(f(unknown)).reshape(w.shape).max(axis=0) for f in (self._motion, self._point))
            tail = np.abs(series[-3:]).max(axis=0)
            resolved = tail * motion <= 8.0 * EPS * np.maximum(point, 0.01 * self._scale)
            # as good as the distribution function
            resolved |= tail * self._mass_of(high) <= 4.0 * EPS * self._span(unknown).reshape(w.shape).max(axis=0)
            noisy = (tail < 1e-10) & (tail > 0.1 * before)  # halving no longer helps
            resolved |= noisy | (depth == _DEPTH)
            kept.append((low[resolved], series[:, resolved]))
            low, high, before = low[~resolved], high[~resolved], tail[~resolved]
            if low.size == 0:
                break
            middle = 0.5 * (low + high)
            low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
            before = np.concatenate([before, before])
        starts = np.concatenate([k[0] for k in kept])
        order = np.argsort(starts)
        series = np.concatenate([k[1] for k in kept], axis=1)[:, order]
        return np.append(starts[order], first[-1]), series


class _EdgeHalf(_Half):
    """A finite end with density ~ d^a. With d = s^p, p = 1/a (or 1/(1 + a)), mass is s^m times a series in s."""

    @cached_property
    def _orders(self) -> tuple[float, float]:
        a = self._exponent if math.isfinite(self._exponent) else 0.0
        p = 1.0 if a == 0.0 else 1.0 / a if a > 0.0 else 1.0 / (1.0 + a)
        return p, p * (1.0 + a)

    @property
    def _length(self) -> float:
        return abs(self._middle - self._end)

    def _point(self, unknown: Real) -> Real:
        return np.asarray(self._end + self._inward * self._length * np.exp(unknown))

    def _motion(self, unknown: Real) -> Real:
        return self._length * np.exp(unknown)

    def _samples(self) -> Real:
        return np.log(np.geomspace(1e-12, 1.0, 60))

    def _extrapolated(self, log_ratio: Real) -> Real:
        p, m = self._orders
        return p / m * log_ratio

    def _variable(self, mass: Real) -> Real:
        return np.asarray((mass / self.mass) ** (1.0 / self._orders[1]))

    def _mass_of(self, w: Real) -> Real:
        return np.asarray(self.mass * w ** self._orders[1])

    def _smooth(self, w: Real, unknown: Real) -> Real:
        return unknown - self._orders[0] * np.log(w)

    def _unknown(self, w: Real, smooth: Real) -> Real:
        with np.errstate(divide="ignore"):  # no mass is the edge itself, at -inf
            return smooth + self._orders[0] * np.log(w)

    def _first_breaks(self) -> Real:
        return np.array([0.0, 0.25, 0.5, 0.75, 1.0])


class _DecayingHalf(_Half):
    """An infinite end where the density decays like exp(-rate distance): log X towards 0, rate = 1 + exponent."""

    @property
    def _rate(self) -> float:
        return 1.0 + self._exponent

    def _point(self, unknown: Real) -> Real:
        return np.asarray(self._middle + self._inward * unknown / self._rate)

    def _motion(self, unknown: Real) -> Real:
        return np.full_like(unknown, 1.0 / self._rate)

    def _samples(self) -> Real:
        return -np.concatenate([np.linspace(_REACH, 40.0, 20), np.linspace(39.0, 0.0, 60)])

    def _extrapolated(self, log_ratio: Real) -> Real:
        return log_ratio

    def _variable(self, mass: Real) -> Real:
        return mass / self.mass

    def _mass_of(self, w: Real) -> Real:
        return self.mass * w

    def _smooth(self, w: Real, unknown: Real) -> Real:
        return unknown - np.log(w)

    def _unknown(self, w: Real, smooth: Real) -> Real:
        return smooth + np.log(w)

    def _first_breaks(self) -> Real:
        return np.array([0.0, 0.25, 0.5, 0.75, 1.0])


class _OpenHalf(_Half):
    """An infinite end of unknown decay: octaves of mass."""

    def _point(self, unknown: Real) -> Real:
        return np.asarray(self._middle + self._inward * self._scale * unknown)

    def _motion(self, unknown: Real) -> Real:
        return np.full_like(unknown, self._scale)

    def _span(self, unknown: Real) -> Real:
        return np.maximum(1.0, np.abs(unknown))

    def _samples(self) -> Real:
        return -np.concatenate([np.geomspace(1e12, 4.2, 120), np.linspace(4.0, 0.0, 40)])

    def _extrapolated(self, log_ratio: Real) -> Real:
        return np.zeros_like(log_ratio)

    def _variable(self, mass: Real) -> Real:
        return mass / self.mass

    def _mass_of(self, w: Real) -> Real:
        return self.mass * w

    def _smooth(self, w: Real, unknown: Real) -> Real:
        return unknown

    def _unknown(self, w: Real, smooth: Real) -> Real:
        return smooth

    def _first_breaks(self) -> Real:
        return np.asarray(2.0 ** -np.arange(_OCTAVES, -1.0, -1.0))
