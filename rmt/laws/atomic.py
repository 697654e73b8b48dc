"""Laws made of atoms: finitely many points, two points, and the spectrum of one matrix."""

from __future__ import annotations

import hashlib
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt._cached import cached_property
from rmt.errors import check_items, check_real, check_reals
from rmt.laws.law import EPS, Complex, Interval, Law, Real, exact
from rmt.laws.moment_series import root_series
from rmt.numerics.functions.branches import log_upper

#: atoms for which moments are summed in exact arithmetic
_FEW = 4096
#: numbers, and characters, of an empirical law that its repr shows
_MOST_SHOWN, _LONGEST_REPR = 40, 200
#: entries of one block of the points × atoms table, small enough for the cache
_BLOCK = 1 << 16


class AtomicLaw(Law):
    """Base of the laws with finitely many atoms and nothing else.

    Two of them are equal when their atoms are the same numbers in double precision, whatever their classes:
    ``Rademacher() == Bernoulli(1/2, -1, 1) == Atomic((-1, 1), (1/2, 1/2))``.
    """

    @abstractmethod
    def _points(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """Positions in increasing order, and their positive weights, exact where the parameters are."""

    @cached_property
    def _arrays(self) -> tuple[Real, Real]:
        positions, weights = self._points()
        return np.array(positions, dtype=np.float64), np.array(weights, dtype=np.float64)

    @cached_property
    def _cumulated(self) -> tuple[Real, Real]:
        """Mass of the first k atoms, and of all but the first k."""
        weights = self._arrays[1]
        below = np.concatenate([[0.0], np.cumsum(weights)])
        above = np.concatenate([np.cumsum(weights[::-1])[::-1], [0.0]])
        low = below <= 0.5
        return np.where(low, below, 1.0 - above), np.where(low, 1.0 - below, above)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AtomicLaw):
            return NotImplemented
        return self is other or self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _key(self) -> tuple[bytes, bytes]:
        positions, weights = self._arrays
        return (positions + 0.0).tobytes(), weights.tobytes()

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    @property
    def support(self) -> tuple[Interval, ...]:
        """Empty: there is no absolutely continuous part."""
        return ()

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """All atoms ``(position, mass)``, left to right."""
        return self._pairs

    @cached_property
    def _pairs(self) -> tuple[tuple[float, float], ...]:
        positions, weights = self._arrays
        return tuple(zip(positions.tolist(), weights.tolist(), strict=True))

    def _hull(self) -> tuple[float, float]:
        positions = self._arrays[0]
        return float(positions[0]), float(positions[-1])

    def _pdf(self, x: Real) -> Real:
        return np.zeros_like(x)

    def _cdf(self, x: Real) -> Real:
        return self._cumulated[0][np.searchsorted(self._arrays[0], x, side="right")]

    def _sf(self, x: Real) -> Real:
        return self._cumulated[1][np.searchsorted(self._arrays[0], x, side="right")]

    def _ppf(self, u: Real) -> Real:
        positions, _ = self._arrays
        return positions[np.minimum(np.searchsorted(self._cumulated[0][1:], u), positions.size - 1)]

    def _sum(self, z: Any, term: Any) -> Any:
        """Σ weight · term(z, position), in blocks."""
        positions, weights = self._arrays
        out = np.empty_like(z)
        rows = max(1, _BLOCK // positions.size)
        for start in range(0, z.size, rows):
            block = slice(start, start + rows)
            out[block] = (term(z[block, None], positions) * weights).sum(axis=1)
        return out

    def _stieltjes(self, z: Complex) -> Complex:
        positions, weights = self._arrays
        at = np.searchsorted(positions, z.real)
        hit = (z.imag == 0.0) & (positions[np.minimum(at, positions.size - 1)] == z.real)
        out = np.empty_like(z)
        line = (z.imag == 0.0) & ~hit
        off = ~line & ~hit
        out[off] = self._sum(z[off], lambda w, a: 1.0 / (w - a))
        out[line] = self._sum(z[line].real, lambda x, a: 1.0 / (x - a))
        for i in np.flatnonzero(np.isnan(out) & line):
            out[i] = _sum_of_ratios(weights, z[i].real - positions)
        for i in np.flatnonzero(hit):
            others = positions != z[i].real
            finite = _sum_of_ratios(weights[others], z[i].real - positions[others])
            out[i] = complex(finite, -math.inf)
        return out

    def _t_transform(self, z: Complex) -> Complex:
        positions, weights = self._arrays
        hit = np.isin(z, positions)
        out = np.empty_like(z)
        out[~hit] = self._sum(z[~hit], lambda w, a: a / (w - a))
        for i in np.flatnonzero(hit):  # what the other atoms give, and the pole
            a = z[i].real
            others = positions != a
            finite = _sum_of_ratios(weights[others] * positions[others], a - positions[others])
            out[i] = complex(finite, -math.copysign(math.inf, a)) if a else complex(finite, 0.0)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        hit = np.isin(z, self._arrays[0])
        out = np.empty_like(z)
        out[~hit] = self._sum(z[~hit], lambda w, a: log_upper(w - a))
        out[hit] = complex(-math.inf, 0.0)
        out[hit] += 1j * math.pi * self._sf(z[hit].real)
        return out

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        size = self._arrays[0].size
        on_atom = np.isinf(value)
        bound = np.full(z.shape, np.inf)
        terms = self._sum(z[~on_atom], lambda w, a: 1.0 / np.abs(w - a)).real
        bound[~on_atom] = EPS * (8.0 + math.log2(size + 1.0)) * terms
        return bound

    def _exact_moments(self, order: int) -> list[Fraction]:
        positions, weights = self._points()
        values = [exact(a) for a in positions]
        powers = [exact(w) for w in weights]
        total = sum(powers, Fraction(0))
        moments = [Fraction(1)]
        for _ in range(order):
            powers = [p * a for p, a in zip(powers, values, strict=True)]
            moments.append(sum(powers, Fraction(0)) / total)
        return moments

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        positions, weights = self._points()
        return Atomic([scale * a + shift for a in positions], weights)


def _long_sum(values: Real) -> float:
    """Sum of many numbers: short runs in floats, and exactly over the runs."""
    return math.fsum(np.add.reduceat(values, np.arange(0, values.size, 64)).tolist())


def _sum_of_ratios(numerators: Real, denominators: Real) -> float:
    """Σ numerator/denominator, exactly where ratios beyond the largest float might cancel."""
    with np.errstate(over="ignore"):
        ratios = numerators / denominators
    if np.isfinite(ratios).all():
        return math.fsum(ratios)
    pairs = zip(numerators.tolist(), denominators.tolist(), strict=True)
    total = sum((Fraction(p) / Fraction(d) for p, d in pairs), Fraction(0))
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Atomic(AtomicLaw):
    """Law with finitely many atoms.

    Parameters
    ----------
    positions : sequence of real
        Where the atoms lie; they are sorted, and equal positions are merged.
    weights : sequence of real
        Masses, >= 0 with sum 1 (up to rounding); atoms of mass 0 are dropped.

    Raises
    ------
    TypeError
        If `positions` or `weights` is not of the kind named above.
    ValueError
        If the lengths differ or are 0, a number is not finite, a weight is negative, or the sum is not 1.

    Examples
    --------
    >>> from rmt.laws import Atomic
    >>> Atomic((3, 0), (0.25, 0.75)).cdf([-1, 0, 3])
    array([0.  , 0.75, 1.  ])
    """

    positions: tuple[Any, ...]
    weights: tuple[Any, ...]

    def __init__(self, positions: Sequence[Any], weights: Sequence[Any]) -> None:
        places, masses = _checked("positions", positions), _checked("weights", weights, at_least=0.0)
        if len(places) != len(masses) or not places:
            raise ValueError(
                f"positions and weights must have the same length >= 1, got {len(places)} and {len(masses)}"
            )
        if not math.isclose(total := math.fsum(masses), 1.0, rel_tol=0.0, abs_tol=4 * len(masses) * EPS):
            raise ValueError(f"weights must sum to 1, got the sum {total!r}; divide them by it")
        merged: dict[Any, Any] = {}
        for i in sorted(range(len(places)), key=places.__getitem__):
            if masses[i] > 0:
                merged[places[i]] = merged.get(places[i], 0) + masses[i]
        object.__setattr__(self, "positions", tuple(merged))
        object.__setattr__(self, "weights", tuple(merged.values()))

    def _points(self) -> tuple[Sequence[Any], Sequence[Any]]:
        return self.positions, self.weights


def _checked(name: str, values: Any, **bounds: float) -> list[Any]:
    """Finite real numbers, exact ones as they come; arrays of floats are checked as a whole."""
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1:
        good = np.isfinite(values) & (values >= bounds.get("at_least", -math.inf))
        if good.all():
            return list(values.tolist())
    return [check_real(name, value, **bounds) for value in check_items(name, values)]


class _TwoPoints(AtomicLaw):
    """Transforms in closed form: mass 1 - p at one point, p at the other."""

    @abstractmethod
    def _parameters(self) -> tuple[Any, Any, Any]:
        """Mass of the upper atom, lower atom, upper atom."""

    @cached_property
    def _centred(self) -> tuple[float, float, float]:
        """Centre, half distance, and the mean in units of it."""
        p, low, high = (exact(v) for v in self._parameters())
        return float((low + high) / 2), float((high - low) / 2), float(2 * p - 1)

    def _points(self) -> tuple[Sequence[Any], Sequence[Any]]:
        p, low, high = self._parameters()
        if p == 0:
            return (low,), (1,)
        if p == 1:
            return (high,), (1,)
        return (low, high), (1 - p, p)

    def _r_transform(self, g: Complex) -> Complex:
        # δ R = c + δ (√(1 + 4 e γ + 4 γ²) − 1)/(2γ), γ = δ g, e the centred mean
        centre, half, skew = self._centred
        scaled = half * g
        root = np.sqrt(1.0 + 4.0 * scaled * (scaled + skew))
        return centre + 2.0 * half * (scaled + skew) / (1.0 + root)

    def _exact_moments(self, order: int) -> list[Fraction]:
        p, low, high = (exact(v) for v in self._parameters())
        return [(1 - p) * low**k + p * high**k for k in range(order + 1)]

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        p, low, high = (exact(v) for v in self._parameters())
        half, skew = (high - low) / 2, 2 * p - 1
        root = root_series(4 * skew, 4, order)
        cumulants = [half**k * f / 2 for k, f in enumerate(root[1:], start=1)]
        cumulants[0] += (low + high) / 2
        return cumulants

    def _r_domain(self) -> str:
        return "every complex g (off the two vertical cuts the branch is analytic)"

    def _inverse_t_transform(self, m: Complex) -> Complex:
        # m z² − (m (l + h) + μ) z + (m + 1) l h = 0, the root that tends to infinity as m -> 0
        p, low, high = (float(v) for v in self._parameters())
        mean = self.mean()
        middle = m * (low + high) + mean
        if low * high == 0.0:
            return np.asarray(middle / m)
        ends = np.roots([(high - low) ** 2, 2.0 * mean * (low + high) - 4.0 * low * high, mean * mean])
        root = mean * np.sqrt(1.0 - m / ends[0]) * np.sqrt(1.0 - m / ends[1])
        z = (middle + root) / (2.0 * m)
        if low < 0.0 < high and 0.0 < p < 1.0:
            z[(m.imag == 0.0) & (m.real < ends.real.max())] = np.nan
        return np.asarray(z)

    def _s_domain(self) -> str:
        low, high = self._hull()
        if low * high >= 0.0:
            return "every complex m off the poles of S (two radial cuts start at complex branch points)"
        return "m right of the branch point of M^-1 on the negative axis"


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Bernoulli(_TwoPoints):
    """Law of a random projection: mass `p` at `high` and ``1 - p`` at `low`.

    Parameters
    ----------
    p : real
        Mass of the upper atom, 0 <= p <= 1; at 0 and 1 one atom is left.
    low, high : real
        The two points, low < high.

    Raises
    ------
    TypeError
        If `p`, `low` or `high` is not of the kind named above.
    ValueError
        If a parameter is not finite, `p` lies outside [0, 1], or ``low >= high``.

    Examples
    --------
    >>> from rmt.laws import Bernoulli
    >>> Bernoulli(0.25).atoms
    ((0.0, 0.75), (1.0, 0.25))
    """

    p: Any
    low: Any
    high: Any

    def __init__(self, p: Any = 0.5, low: Any = 0, high: Any = 1) -> None:
        object.__setattr__(self, "p", check_real("p", p, at_least=0.0, at_most=1.0))
        object.__setattr__(self, "low", check_real("low", low))
        object.__setattr__(self, "high", check_real("high", high))
        if not self.low < self.high:
            raise ValueError(f"low must be smaller than high, got low = {low!r} and high = {high!r}")

    def _parameters(self) -> tuple[Any, Any, Any]:
        return self.p, self.low, self.high

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        ends = scale * self.low + shift, scale * self.high + shift
        return Bernoulli(self.p, *ends) if scale > 0 else Bernoulli(1 - self.p, *reversed(ends))


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Rademacher(_TwoPoints):
    """Rademacher law (symmetric Bernoulli): mass 1/2 at -1 and at +1; the law of a reflection of trace 0.

    Examples
    --------
    >>> from rmt.laws import Rademacher
    >>> Rademacher().free_cumulants(6)
    (0.0, 1.0, 0.0, -1.0, 0.0, 2.0)
    """

    def _parameters(self) -> tuple[Any, Any, Any]:
        return Fraction(1, 2), -1, 1

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return Bernoulli(Fraction(1, 2), shift - abs(scale), shift + abs(scale))


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Empirical(AtomicLaw):
    """Empirical spectral distribution: mass 1/n at each of n numbers (equal ones add up).

    Parameters
    ----------
    samples : array_like of real
        Eigenvalues or any other numbers, 1-d, not empty, finite.

    Raises
    ------
    ValueError
        If `samples` is empty, not 1-d, or holds NaN or infinity.
    TypeError
        If it is complex.

    Examples
    --------
    >>> from rmt.laws import Empirical
    >>> Empirical([3.0, 1.0, 2.0, 2.0]).cdf([1.0, 2.0])
    array([0.25, 0.75])
    """

    samples: Real

    def __init__(self, samples: ArrayLike) -> None:
        if getattr(getattr(samples, "dtype", None), "kind", None) == "c":
            raise TypeError("samples must be real, got complex numbers; take .real if they are real up to rounding")
        array = check_reals("samples", samples)
        if array.ndim != 1 or array.size == 0:
            raise ValueError(f"samples must be a non-empty 1-d array of numbers, got shape {array.shape}")
        if not np.isfinite(array).all():
            value = float(array[~np.isfinite(array)][0])
            raise ValueError(f"samples must be finite, got {value!r} among {array.size} numbers; drop such entries")
        ordered = np.sort(array + 0.0)
        ordered.flags.writeable = False
        object.__setattr__(self, "samples", ordered)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.samples.flags.writeable = False

    def __repr__(self) -> str:
        size = self.samples.size
        if size <= _MOST_SHOWN and len(text := f"Empirical(samples={tuple(self.samples.tolist())!r})") <= _LONGEST_REPR:
            return text
        digest = hashlib.sha256(self.samples.tobytes()).hexdigest()[:12]
        return f"Empirical(<{size} numbers from {self.samples[0]:.6g} to {self.samples[-1]:.6g}, digest {digest}>)"

    @cached_property
    def _counts(self) -> tuple[Real, NDArray[np.intp]]:
        return np.unique(self.samples, return_counts=True)

    @cached_property
    def _arrays(self) -> tuple[Real, Real]:
        positions, counts = self._counts
        return positions, counts / self.samples.size

    def _points(self) -> tuple[Sequence[Any], Sequence[Any]]:
        positions, counts = self._counts
        return positions.tolist(), [Fraction(k, self.samples.size) for k in counts.tolist()]

    @cached_property
    def _cumulated(self) -> tuple[Real, Real]:
        size = self.samples.size
        below = np.concatenate([[0], np.cumsum(self._counts[1])])
        return below / size, (size - below) / size

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return Empirical(float(scale) * self.samples + float(shift))

    def _exact_moments(self, order: int) -> list[Fraction]:
        # one common binary denominator turns the sums into sums of integers
        positions, counts = self._counts
        ratios = [a.as_integer_ratio() for a in positions.tolist()]
        scale = max(d for _, d in ratios)
        integers = [n * (scale // d) for n, d in ratios]
        powers, size = counts.tolist(), self.samples.size
        moments = [Fraction(1)]
        for k in range(1, order + 1):
            powers = [p * a for p, a in zip(powers, integers, strict=True)]
            moments.append(Fraction(sum(powers), size * scale**k))
        return moments

    def _float_moments(self, order: int) -> list[float]:
        if self._counts[0].size <= _FEW:
            return super()._float_moments(order)
        power = np.ones_like(self.samples)
        moments = [1.0]
        for _ in range(order):
            power = power * self.samples
            moments.append(_long_sum(power) / power.size)
        return moments

    def _exact_variance(self) -> float:
        if self._counts[0].size <= _FEW:
            return super()._exact_variance()
        return _long_sum((self.samples - self.mean()) ** 2) / self.samples.size
