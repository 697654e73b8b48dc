"""Squares and square roots: from singular values to squared singular values and back."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.laws.atomic import Atomic, AtomicLaw
from rmt.laws.law import EPS, Complex, Interval, Law, Mask, Real, affine, check_law, exact
from rmt.numerics.functions.branches import over, pull_back, scaled, times_green
from rmt.numerics.quadrature.adaptive_panels import panel_rule

#: points × nodes of one block of a kernel sum
_BLOCK = 1 << 16
#: numbers whose square may underflow
_SMALL = 1e-140
#: the cdf of a square is a difference of cdfs above this value
_NEAR_ZERO = 0.05
_CIRCLE = 64
#: terms of the series of G about 0: to 0.01 of the squared radius they leave 1e-20
_SERIES = 10
#: points nearer to 0 than so many times the first node of a rule are not resolved
_RESOLVED = 1e3
#: nodes of one panel, log y of the smallest node put there instead, and how far its mass may be off
_PANEL = 16
_LOWEST_LOG = -740.0
_PANEL_MASS = 1e-10
#: beyond this many squared radii M is summed as a power series
_FAR = 100.0
_FAR_TERMS = 8
#: difference of two ends, relative to the largest, that is rounding
_SAME_END = 64.0 * EPS


def squared(law: Law) -> Law:
    """Law of X²; closed where it is a named law.

    Parameters
    ----------
    law : Law
        Law of X.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law` is not of the kind named above.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> from rmt.laws.maps.pushforward import squared
    >>> squared(Semicircle())
    MarchenkoPastur(ratio=1, variance=1)
    """
    from rmt.laws.maps.affine import Affine
    from rmt.laws.named.classical_laws import Arcsine
    from rmt.laws.named.marchenko_pastur import MarchenkoPastur
    from rmt.laws.named.semicircle import Semicircle

    if isinstance(law, SquareRoot):
        return law.base
    if isinstance(law, AtomicLaw):
        return _map_atoms(law, lambda a: a * a)
    if isinstance(law, Semicircle) and law._mean == 0:
        return MarchenkoPastur(1, law.variance)
    if isinstance(law, Arcsine):  # r² cos² t = r²/2 + r²/2 cos 2t
        half = law.radius * law.radius / 2
        return affine(Arcsine(half), 1, half)
    if isinstance(law, Affine) and law.shift == 0:
        return affine(squared(law.base), law.scale * law.scale, 0)
    return Squared(law)


def square_root(law: Law) -> Law:
    """Law of √X for a law on [0, ∞): from squared singular values to singular values.

    Parameters
    ----------
    law : Law
        A law on [0, ∞).

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law` is not of the kind named above.
    ValueError
        If the law has mass on the negative half line.

    Examples
    --------
    >>> import rmt
    >>> rmt.square_root(rmt.MarchenkoPastur()).support[0].high
    2.0
    """
    if isinstance(law, AtomicLaw):
        law._require_positive("square_root")
        return _map_atoms(
            law, lambda a: math.isqrt(a) if isinstance(a, int) and math.isqrt(a) ** 2 == a else math.sqrt(a)
        )
    return SquareRoot(law)


def _map_atoms(law: AtomicLaw, function: Any) -> Law:
    positions, weights = law._points()
    return Atomic([function(a) for a in positions], weights)


@dataclass(frozen=True, init=False, repr=False)
class SquareRoot(Law):
    """Law of √X for X >= 0: singular values from squared singular values.

    ``SquareRoot(MarchenkoPastur())`` is the quarter-circle law.

    Parameters
    ----------
    base : Law
        Law of X, on [0, ∞).

    Raises
    ------
    TypeError
        If `base` is not of the kind named above.
    ValueError
        If the base law has mass on the negative half line.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur, SquareRoot
    >>> float(SquareRoot(MarchenkoPastur()).pdf(0.0))
    0.6366197723675643
    """

    base: Law

    def __init__(self, base: Law) -> None:
        check_law(base)._require_positive("SquareRoot")
        object.__setattr__(self, "base", base)

    @property
    def support(self) -> tuple[Interval, ...]:
        """Square roots of the intervals; an exponent a at 0 becomes 2a + 1."""
        return tuple(
            Interval(
                math.sqrt(i.low),
                math.sqrt(i.high),
                2.0 * i.low_exponent + 1.0 if i.low == 0.0 else i.low_exponent,
                i.high_exponent,
                i.mass,
            )
            for i in self.base.support
        )

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Square roots of the atoms."""
        return tuple((math.sqrt(a), mass) for a, mass in self.base.atoms)

    @cached_property
    def _marks(self) -> tuple[Real, Real]:
        marks = [a for a, _ in self.base.atoms]
        marks += [e for i in self.base.support for e in (i.low, i.high) if math.isfinite(e)]
        return np.array(marks), np.sqrt(np.array(marks))

    def _square(self, x: Real) -> Real:
        """x² (−1 for negative x), without moving a point across an edge or an atom."""
        return pull_back(np.where(x < 0.0, -1.0, x * x), x, *self._marks)

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        large, small = (x > _SMALL) & np.isfinite(x), (x > 0.0) & (x <= _SMALL)
        out[large] = 2.0 * x[large] * self.base._pdf(self._square(x[large]))
        out[small] = 2.0 * self.base._pdf_of_log(2.0 * np.log(x[small])) / x[small]
        out[x == 0.0] = self._density_at_zero()
        return out

    def _density_at_zero(self) -> float:
        if self._mass_at_zero() > 0.0:
            return math.inf
        exponent = 2.0 * self.base._origin_exponent() + 1.0
        if exponent > 0.0:
            return 0.0
        near = 2.0 * self.base._pdf_of_log(2.0 * np.log(np.array([_SMALL])))[0] / _SMALL
        return float(near) if exponent == 0.0 else math.inf

    def _cdf(self, x: Real) -> Real:
        return self.base._cdf(self._square(x))

    def _sf(self, x: Real) -> Real:
        return self.base._sf(self._square(x))

    def _ppf(self, u: Real) -> Real:
        return np.sqrt(self.base._ppf(u))

    def _pdf_of_log(self, u: Real) -> Real:
        return 2.0 * self.base._pdf_of_log(2.0 * u)

    def _cdf_of_log(self, u: Real) -> Real:
        return self.base._cdf_of_log(2.0 * u)

    def _ppf_of_log(self, v: Real) -> Real:
        return 0.5 * self.base._ppf_of_log(v)

    @cached_property
    def _nodes(self) -> tuple[Real, Real]:
        x, weights = self.base._expectation_rule()
        return np.sqrt(x), weights

    @cached_property
    def _nodes_towards_zero(self) -> tuple[Real, Real] | None:
        """The rule with its first panel at 0 cut geometrically, or None where its mass does not come out."""
        nodes, weights = self._nodes
        order = np.argsort(nodes)
        order = order[nodes[order] > 0.0]
        first, rest = order[:_PANEL], order[_PANEL:]
        mass = float(weights[first].sum())
        top = float(self.base._ppf_of_log(np.array([self._mass_at_zero() + mass]))[0])
        u, width = panel_rule(np.arange(top, 2.0 * _LOWEST_LOG, -2.0)[::-1])
        near = width * self.base._pdf_of_log(u)
        if not abs(float(near.sum()) / mass - 1.0) < _PANEL_MASS:
            return None
        return np.concatenate([np.exp(0.5 * u), nodes[rest]]), np.concatenate([near, weights[rest]])

    def _unresolved(self, z: Complex) -> Mask:
        """Points so near to 0 that the first panel of the rule does not resolve 1/(z + y)."""
        if self.base._origin_exponent() > -0.5:  # the density vanishes at 0
            return np.zeros(z.shape, dtype=np.bool_)
        nodes, _ = self._nodes
        return np.asarray(np.abs(z) < _RESOLVED * nodes[nodes > 0.0].min())

    def _kernel_sum(self, z: Complex, kernel: Any, rule: tuple[Real, Real] | None = None) -> Complex:
        nodes, weights = rule or self._nodes
        out = np.empty_like(z)
        rows = max(1, _BLOCK // nodes.size)
        for start in range(0, z.size, rows):
            block = slice(start, start + rows)
            out[block] = (kernel(z[block, None], nodes) * weights).sum(axis=1)
        return out

    def _stieltjes(self, z: Complex) -> Complex:
        """1/(z − y) + 1/(z + y) = 2z/(z² − y²); the second term is smooth on the right half plane."""
        out = np.empty_like(z)
        origin = z == 0.0
        right = (z.real >= 0.0) & ~origin
        left = z.real < 0.0
        w = z[right]
        out[right] = self._doubled(w) - self._smooth(w)
        out[left] = -self._smooth(-z[left])
        out[origin] = complex(-self._mean_reciprocal, -math.pi * self._density_at_zero())
        return out

    def _doubled(self, w: Complex) -> Complex:
        """2w G(w²) of the base law."""
        v, near, far = _in_range(w)
        out = times_green(2.0 * v, self._base_at_square(v, self.base._stieltjes), 0.0)
        out[far] = 2.0 / w[far]
        if near.any():
            out[near] = self._towards_zero(out[near], w[near], v[near])
        return out

    def _towards_zero(self, value: Complex, w: Complex, v: Complex) -> Complex:
        """2w G(w²) from its value at a farther point v of the same ray: a pole, a power, or a logarithm."""
        mass = self._mass_at_zero()
        exponent = 2.0 * self.base._origin_exponent() + 1.0
        rest = value - 2.0 * mass / v
        if exponent < 0.0:
            rest = rest * (np.abs(w) / np.abs(v)) ** exponent
        elif exponent > 0.0:
            rest = rest * (np.abs(w) / np.abs(v)) ** min(exponent, 1.0)
        return np.asarray(rest + (2.0 * mass / w if mass else 0.0))

    @cached_property
    def _mean_reciprocal(self) -> float:
        """E 1/Y, infinite where the density does not vanish at 0."""
        if self._mass_at_zero() > 0.0 or self._origin_exponent() <= 0.0:
            return math.inf
        nodes, weights = self._nodes
        return float(np.sum(weights / nodes))

    def _t_transform(self, z: Complex) -> Complex:
        """y/(z − y) − y/(z + y) = 2y²/(z² − y²)."""
        out = np.empty_like(z)
        right = z.real >= 0.0
        w = z[right]
        v, _, far = _in_range(w)
        there = self._base_at_square(v, self.base._t_transform)
        there[far] = 0.0
        out[right] = scaled(2.0, there) + self._kernel_sum(w, _mean_kernel)
        out[~right] = -self._kernel_sum(-z[~right], _mean_kernel)
        return out

    def _smooth(self, w: Complex) -> Complex:
        """E 1/(w + Y) for Re w >= 0, w not 0."""
        out = self._kernel_sum(w, lambda a, y: 1.0 / (a + y))
        near = self._unresolved(w)
        if near.any() and (rule := self._nodes_towards_zero):
            out[near] = self._kernel_sum(w[near], lambda a, y: 1.0 / (a + y), rule)
        return out

    def _base_at_square(self, w: Complex, function: Any) -> Complex:
        square = w * w
        on_axis = w.imag == 0.0
        square[on_axis] = self._square(w[on_axis].real)
        square.imag = np.maximum(square.imag, 0.0)
        return np.asarray(function(square))

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        # the two terms may cancel
        away = z != 0.0
        terms = np.zeros(z.shape)
        terms[away] = 2.0 * np.abs(self._smooth(np.where(z.real >= 0.0, z, -z)[away])) + np.abs(value[away])
        bound = super()._stieltjes_error(z, value) + 32.0 * EPS * terms
        lost = away & self._unresolved(z)
        if lost.any() and self._nodes_towards_zero is None:
            bound[lost] = np.inf
        return bound

    def _log_potential(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        right = z.real >= 0.0
        w = z[right]
        v, near, far = _in_range(w)
        there = self._base_at_square(v, self.base._log_potential)
        there[far] = 2.0 * np.log(w[far])
        there[near] += 2.0 * self._mass_at_zero() * np.log(np.abs(w[near]) / np.abs(v[near]))
        away = np.isfinite(there)  # at an atom log(z − y) is infinite, and log(z + y) may be
        there[away] -= self._log_smooth(w[away])
        out[right] = there
        # log(z − y) = log(y − z) + iπ on the left half plane
        out[~right] = self._log_smooth(-z[~right]) + 1j * math.pi
        return out

    def _log_smooth(self, w: Complex) -> Complex:
        """E log(w + Y) for Re w >= 0."""
        origin = w == 0.0
        out = self._kernel_sum(np.where(origin, 1.0, w), lambda a, y: np.log(a + y))
        out[origin] = 0.5 * self.base._log_potential(np.zeros(1, dtype=np.complex128)).real[0]
        return out

    def _exact_moments(self, order: int) -> list[Fraction]:
        if order > 0:
            raise ValueError(
                f"moments of odd order of {self!r} are irrational; ask for floats (exact=False), or for exact moments "
                "of the base law, which are those of even order"
            )
        return [Fraction(1)]

    def _float_moments(self, order: int) -> list[float]:
        nodes, weights = self._nodes
        even = self.base._float_moments(order // 2)
        with np.errstate(over="ignore"):
            moments = [even[k // 2] if k % 2 == 0 else float(weights @ nodes**k) for k in range(order + 1)]
        if not all(map(math.isfinite, moments)):
            raise OverflowError(f"a moment of order <= {order} of {self!r} exceeds the largest float; ask for fewer")
        return moments

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        if shift != 0 or scale < 0 or exact(scale * scale) != exact(scale) ** 2:
            return None
        return SquareRoot((scale * scale) * self.base)


@dataclass(frozen=True, init=False, repr=False)
class Squared(Law):
    """Law of X².

    Parameters
    ----------
    base : Law
        Law of X.

    Raises
    ------
    TypeError
        If `base` is not of the kind named above.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur, Squared
    >>> Squared(MarchenkoPastur()).moments(3)
    (2.0, 14.0, 132.0)
    """

    base: Law

    def __init__(self, base: Law) -> None:
        object.__setattr__(self, "base", check_law(base))

    @cached_property
    def _pieces(self) -> list[tuple[float, float, float, float, float]]:
        """The support of |X|: intervals of the right half and mirrored ones of the left, cut where either ends."""
        ends = [e for i in self.base.support for e in (i.low, i.high) if math.isfinite(e)]
        # mirror images that are equal up to rounding are one end
        same = _SAME_END * max(ends) if min(ends, default=0.0) < 0.0 < max(ends, default=0.0) else 0.0
        folded = []
        for i in self.base.support:
            for low, high, a, b in (
                (i.low, i.high, i.low_exponent, i.high_exponent),
                (-i.high, -i.low, i.high_exponent, i.low_exponent),
            ):
                if high > same:
                    at_edge = low >= -same
                    folded.append((low if low > same else 0.0, high, a if at_edge else 0.0, b))
        cuts: list[float] = []
        place: dict[float, float] = {}
        for end in sorted({end for low, high, _, _ in folded for end in (low, high)}):
            if not cuts or end - cuts[-1] > same:
                cuts.append(end)
            place[end] = cuts[-1]
        folded = [(place[low], place[high], a, b) for low, high, a, b in folded]
        pieces = []
        for low, high in itertools.pairwise(cuts):
            over = [f for f in folded if f[0] <= low and f[1] >= high]
            if not over:
                continue
            # where two branches end together the stronger singularity wins
            a = min((f[2] if f[0] == low else 0.0) for f in over)
            b = min((f[3] if f[1] == high else 0.0) for f in over)
            pieces.append((low, high, a, b, self._mass_between(low, high)))
        return pieces

    def _mass_between(self, low: float, high: float) -> float:
        ends = np.array([low, high])
        above = self.base._sf(ends) + self.base._cdf(-ends)
        inner = sum(m for a, m in self.base.atoms if low < abs(a) <= high or a == -low)
        return float(above[0] - above[1] - inner + sum(m for a, m in self.base.atoms if a == -high))

    @property
    def support(self) -> tuple[Interval, ...]:
        """Squares of the intervals; a density that is finite at 0 gets the exponent -1/2 there."""
        return tuple(
            Interval(low * low, high * high, 0.5 * (a - 1.0) if low == 0.0 else a, b, mass)
            for low, high, a, b, mass in self._pieces
        )

    @cached_property
    def _merged_atoms(self) -> tuple[tuple[float, float], ...]:
        merged: dict[float, float] = {}
        for a, mass in self.base.atoms:
            merged[a * a] = merged.get(a * a, 0.0) + mass
        return tuple(sorted(merged.items()))

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Squares of the atoms; those of opposite atoms add up."""
        return self._merged_atoms

    @cached_property
    def _marks(self) -> tuple[Real, Real]:
        marks = [abs(a) for a, _ in self.base.atoms]
        marks += [abs(e) for i in self.base.support for e in (i.low, i.high) if math.isfinite(e)]
        roots = np.unique(np.array(marks))
        return roots, roots * roots

    def _root(self, x: Real) -> Real:
        """√x, without moving a point across an edge or an atom."""
        return pull_back(np.sqrt(np.maximum(x, 0.0)), x, *self._marks)

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        positive = (x > 0.0) & np.isfinite(x)
        r = self._root(x[positive])
        out[positive] = (self.base._pdf(r) + self.base._pdf(-r)) / (2.0 * r)
        if (x == 0.0).any():
            out[x == 0.0] = self._density_at_zero()
        return out

    def _density_at_zero(self) -> float:
        exponent = self._origin_exponent()
        if exponent > 0.0:  # infinite where the support does not start at 0
            return 0.0
        return math.inf if exponent < 0.0 else float(self._pdf(np.array([_SMALL]))[0])

    def _cdf(self, x: Real) -> Real:
        r = self._root(x)
        if self.base._hull()[0] >= 0.0:
            return np.where(x >= 0.0, self.base._cdf(r), 0.0)
        out = np.where(x >= 0.0, 1.0 - self._sf(x), 0.0)
        near = (x >= 0.0) & (out < _NEAR_ZERO) & (r < self._clear_radius)
        if near.any():
            out[near] = self._mass_about_zero(r[near])
        return out

    @cached_property
    def _clear_radius(self) -> float:
        """Radius of the interval about 0 on which the density of the base law is smooth."""
        edges = [abs(e) for i in self.base.support for e in (i.low, i.high)] + [abs(a) for a, _ in self.base.atoms if a]
        return min(edges, default=0.0)

    def _mass_about_zero(self, r: Real) -> Real:
        """Mass of [−r, r] by quadrature: a difference of cdfs would cancel."""
        nodes, weights = panel_rule(np.array([0.0, 1.0]))
        out = np.zeros_like(r)
        for t, w in zip(nodes, weights, strict=True):
            out += w * (self.base._pdf(t * r) + self.base._pdf(-t * r))
        return out * r + self._mass_at_zero()

    def _sf(self, x: Real) -> Real:
        r = self._root(x)
        below = self.base._cdf(-r)
        for a, mass in self.base.atoms:
            below = below - np.where(r == -a, mass, 0.0)
        return np.where(x >= 0.0, self.base._sf(r) + below, 1.0)

    def _both(self, z: Complex, function: Any) -> tuple[Complex, Complex, Complex]:
        """√z in the first quadrant, and the function at it and (by reflection) at its opposite."""
        r = np.sqrt(z)
        on_axis = (z.imag == 0.0) & (z.real >= 0.0)
        r[on_axis] = self._root(z[on_axis].real)
        opposite = -r.conj()
        opposite.imag = np.abs(opposite.imag)
        return r, np.asarray(function(r)), np.asarray(function(opposite)).conj()

    def _stieltjes(self, z: Complex) -> Complex:
        radius, coefficients = self._about_zero
        near = (z == 0.0) | ((np.abs(z) < 0.01 * radius * radius) & (coefficients.size > 1))
        out = np.empty_like(z)
        r, plus, minus = self._both(z[~near], self.base._stieltjes)
        out[~near] = over(plus - minus, 2.0 * r)
        out[near] = np.polynomial.polynomial.polyval(z[near] / radius / radius, coefficients)
        return out

    @cached_property
    def _about_zero(self) -> tuple[float, Any]:
        """Radius r of a circle in the gap of the base law at 0, and the series of G in z/r²; without a gap 1 and −i∞.

        G is (G(√z) − G(−√z))/(2√z) of the base law, and cancels; the coefficients −E x^(−2k−2) are Cauchy's integrals.
        """
        if self._mass_at_zero() > 0.0 or any(low == 0.0 for low, *_ in self._pieces):
            return 1.0, np.array([complex(0.0, -math.inf)])
        radius = 0.5 * min([low for low, *_ in self._pieces] + [abs(a) for a, _ in self.base.atoms])
        turns = np.exp(2j * math.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
        values = self.base.stieltjes(radius * turns)
        odd = 2.0 * np.arange(_SERIES) + 1.0
        return radius, np.array([(values * turns**-k).mean().real / radius for k in odd])

    def _t_transform(self, z: Complex) -> Complex:
        out = np.full_like(z, self._mass_at_zero() - 1.0)
        far = np.abs(z) > _FAR * max(abs(e) for e in self.base._hull()) ** 2
        near = ~far & (z != 0.0)
        _, plus, minus = self._both(z[near], self.base._t_transform)
        with np.errstate(invalid="ignore"):
            total = scaled(0.5, plus + minus)
        infinite = ~np.isfinite(total)
        total[infinite] = super()._t_transform(z[near][infinite])
        out[near] = total
        if far.any():  # the mean of X cancels: sum the series
            series = np.zeros_like(z[far])
            for moment in reversed(self._float_moments(_FAR_TERMS)[1:]):
                series = (series + moment) / z[far]
            out[far] = series
        return out

    def _log_potential(self, z: Complex) -> Complex:
        # log(z − x²) = log(√z − x) + log(√z + x), and log(√z + x) = log(−√z − x) ± iπ
        _, plus, minus = self._both(z, self.base._log_potential)
        return np.asarray(plus + minus + 1j * math.pi)

    def _exact_moments(self, order: int) -> list[Fraction]:
        return self.base._exact_moments(2 * order)[::2]

    def _float_moments(self, order: int) -> list[float]:
        return self.base._float_moments(2 * order)[::2]


def _in_range(w: Complex) -> tuple[Complex, Mask, Mask]:
    """Points whose square neither underflows nor overflows, on the same rays; which were too near to 0, or too far."""
    size = np.abs(w)
    near, far = (size > 0.0) & (size < _SMALL), size > 1.0 / _SMALL
    v = np.where(near, w * (_SMALL / np.where(near, size, 1.0)), w)
    v[far] = 1.0
    return v, near, far


def _mean_kernel(w: Complex, y: Real) -> Complex:
    """y/(w + y), 0 where both vanish."""
    total = w + y
    return np.asarray(y / np.where(total == 0.0, 1.0, total))
