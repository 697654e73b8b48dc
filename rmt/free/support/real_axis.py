"""A factor of a free convolution on the real line outside its support."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.leaves import leaf_parameters
from rmt.free.expressions.tree import AffineNode, Leaf, Node
from rmt.laws.law import EPS, Real
from rmt.numerics.functions.bracketed_roots import bracketed_roots

#: stands for the distance 0 to an atom at the origin; its square does not underflow
_TINY = 1e-140


@dataclass(frozen=True)
class Gap:
    """A component of the complement of the support; one end is infinite at an outer gap."""

    low: float
    high: float

    @property
    def outer(self) -> bool:
        """Whether it reaches infinity."""
        return math.isinf(self.low) or math.isinf(self.high)


class Factor:
    """One factor without free operations in it, on the real complement of its support.

    Gives its self-energy and the inverse of a transform there.

    Parameters
    ----------
    node : Node
        The factor.
    multiplicative : bool
        Whether the coordinate c is M = zG - 1 (products) and not G (sums). Both decrease on every gap, through 0 at
        infinity; for a law on [0, ∞) without atom at 0, M passes -1 at 0.
    """

    def __init__(self, node: Node, multiplicative: bool) -> None:
        self.law = law_of(node)
        self._self_energy = _self_energy(node)
        self._multiplicative = multiplicative

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """All gaps, left to right; the outer ones first and last, if the support is bounded on that side."""
        blocks = sorted([(i.low, i.high) for i in self.law.support] + [(a, a) for a, _ in self.law.atoms])
        found = []
        end = -math.inf
        for low, high in blocks:
            if low > end:
                found.append(Gap(end, low))
            end = max(end, high)
        if end < math.inf:
            found.append(Gap(end, math.inf))
        return tuple(found)

    @cached_property
    def inner_gaps(self) -> tuple[Gap, ...]:
        """The gaps between two parts of the support."""
        return tuple(g for g in self.gaps if not g.outer)

    @cached_property
    def upper(self) -> Gap | None:
        """The gap above the support."""
        return next((g for g in self.gaps if math.isinf(g.high)), None)

    @cached_property
    def lower(self) -> Gap | None:
        """The gap below the support."""
        return next((g for g in self.gaps if math.isinf(g.low)), None)

    def mass_above(self, gap: Gap) -> float:
        """Mass above a gap."""
        places, masses = self._masses_above
        return float(masses[np.searchsorted(places, gap.high)])

    @cached_property
    def _masses_above(self) -> tuple[Real, Real]:
        """Where intervals begin and atoms are, and the mass from each of these points on (0 beyond the last)."""
        parts = sorted([(i.low, i.mass) for i in self.law.support] + list(self.law.atoms))
        masses = np.cumsum([0.0, *(mass for _, mass in reversed(parts))])[::-1]
        return np.array([place for place, _ in parts]), masses

    def atom_at(self, place: float) -> float:
        """Mass of the atom at a point, 0 if there is none."""
        return self._atoms.get(place, 0.0)

    @cached_property
    def _atoms(self) -> dict[float, float]:
        return dict(self.law.atoms)

    def bends(self, end: float, side: int) -> bool:
        """Whether F (H for products) has an infinite slope at an end of the support, seen from this side.

        Not at an atom, and not where the density fades faster than linearly.
        """
        exponent = self._exponents[0 if side < 0 else 1].get(end)
        return self.atom_at(end) == 0.0 and exponent is not None and not exponent > 1.0

    @cached_property
    def _exponents(self) -> tuple[dict[float, float], dict[float, float]]:
        """Exponents of the density at the lower and at the upper ends of its intervals."""
        intervals = self.law.support
        return {i.low: i.low_exponent for i in intervals}, {i.high: i.high_exponent for i in intervals}

    @cached_property
    def width(self) -> float:
        """Width of the support where it is bounded, else a typical scale."""
        low, high = self.law._hull()
        if math.isfinite(low) and math.isfinite(high):
            return high - low
        quartiles = self.law.ppf(np.array([0.25, 0.75]))
        return float(quartiles[1] - quartiles[0])

    @cached_property
    def mean(self) -> float:
        """Mean, infinite where the law has none (it is then unbounded on that side)."""
        low, high = self.law._hull()
        if math.isfinite(low) and math.isfinite(high):
            return min(max(float(self.law.mean()), low), high)
        try:
            return float(self.law.mean())
        except ValueError:
            return -math.inf if math.isfinite(high) else math.inf

    def coordinate(self, x: Real) -> tuple[Real, Real, Real, Real]:
        """The transform c at `x`, dc/dx, k and dk/dx."""
        k, dk = self._self_energy(x)
        pole = ~(np.isfinite(k) & np.isfinite(dk))
        if pole.any():  # exactly at a zero of G, where k is infinite
            k, dk = self._self_energy(np.where(pole, x + 1e-15 * self.width, x))
        f = x - k
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if self._multiplicative:
                return k / f, (x * dk - k) / (f * f), k, dk
            return 1.0 / f, -(1.0 - dk) / (f * f), k, dk

    # ------------------------------------------------------------------ inverse
    def range_of(self, gap: Gap | None) -> tuple[float, float]:
        """Infimum and supremum of c on a gap; on the outer gaps together if `gap` is None."""
        if gap is not None:
            return self._limit(gap.high, -1.0), self._limit(gap.low, 1.0)
        lowest = self._limit(self.lower.high, -1.0) if self.lower else 0.0
        highest = self._limit(self.upper.low, 1.0) if self.upper else 0.0
        return lowest, highest

    def _limit(self, end: float, side: float) -> float:
        """Limit of c at an end of a gap, approached from the right (side 1) or from the left (side -1)."""
        if math.isinf(end):
            return 0.0
        exponent = self._exponents[0 if side < 0 else 1].get(end)
        mass = self.atom_at(end)
        if self._multiplicative and end == 0.0:
            return mass - 1.0
        if mass > 0.0 or exponent is None or not exponent > 0.0:
            return side * math.inf
        inside = end + side * 4.0 * EPS * max(abs(end), 1e-3 * self.width)
        return float(self.coordinate(np.array([inside]))[0][0])

    def inverse(self, gap: Gap | None, c: Real) -> Real:
        """The point where the transform is `c`: in a gap, or in the outer gaps if `gap` is None; else NaN."""
        if gap is not None:
            low, high = _open_ends(gap)
            return self.inverse_between(np.full_like(c, low), np.full_like(c, high), c)
        out = np.full_like(c, np.nan)
        above = c > 0.0
        if self.upper is not None and above.any():
            out[above] = self._inverse_above(self.upper.low, c[above])
        if self.lower is not None and not above.all():
            out[~above] = self._inverse_below(self.lower.high, c[~above])
        return out

    def _inverse_above(self, end: float, c: Real) -> Real:
        low = np.full_like(c, end + 2.0 * EPS * abs(end) + _TINY)
        if self._multiplicative:  # M <= end/(x - end)
            return self.inverse_between(low, end * (1.0 + 1.0 / c) * (1.0 + 1e-12), c)
        return self.inverse_between(low, end + (1.0 / c) * (1.0 + 1e-12) + 4.0 * EPS * abs(end), c)

    def _inverse_below(self, end: float, c: Real) -> Real:
        high = np.full_like(c, end - 2.0 * EPS * abs(end) - _TINY)
        if not self._multiplicative:
            return self.inverse_between(end + (1.0 / c) * (1.0 + 1e-12) - 4.0 * EPS * abs(end), high, c)
        top = self.law._hull()[1]
        negative = c > -1.0  # |M| <= top/(|x| + top) for x < 0
        low = np.where(negative, top * (1.0 + 1.0 / c) * (1.0 + 1e-12), 0.0)
        return self.inverse_between(low, np.where(negative, np.minimum(high, 0.0), high), c)

    def inverse_between(self, low: Real, high: Real, c: Real) -> Real:
        """The points between `low` and `high` where the transform is `c`; NaN where it does not take that value."""
        large = 1.0 if self._multiplicative else 1.0 / self.width

        def residual(x: Real, index: Any) -> Real:
            value, wanted = self.coordinate(x)[0], c[index]
            with np.errstate(divide="ignore", invalid="ignore"):
                # next to an atom the reciprocals are the smooth functions
                both = (np.abs(value) > large) & (np.abs(wanted) > large) & ((value > 0.0) == (wanted > 0.0))
                return np.asarray(np.where(both, 1.0 / wanted - 1.0 / value, value - wanted))

        return np.asarray(bracketed_roots(residual, low, high))


def _open_ends(gap: Gap) -> tuple[float, float]:
    """The ends of an inner gap moved inwards by a few ulp."""
    low = gap.low + 2.0 * EPS * abs(gap.low)
    high = gap.high - 2.0 * EPS * abs(gap.high)
    return (low if gap.low != 0.0 else _TINY), (high if gap.high != 0.0 else -_TINY)


# ---------------------------------------------------------------------- self-energies on the line
def _self_energy(node: Node) -> Callable[[Real], tuple[Real, Real]]:
    """K and k' of a leaf, or of an affine image of one, at real points outside its support."""
    if isinstance(node, AffineNode):
        inner = _self_energy(node.child)
        scale, shift = float(node.scale), float(node.shift)

        def pushed(x: Real) -> tuple[Real, Real]:
            k, dk = inner((x - shift) / scale)
            return scale * k + shift, dk

        return pushed
    assert isinstance(node, Leaf)
    return _leaf(*leaf_parameters(node.law))


def _leaf(code: int, parameters: list[float], length: int) -> Callable[[Real], tuple[Real, Real]]:
    params = np.array(parameters)

    def evaluate(x: Real) -> tuple[Real, Real]:
        from rmt.free.expressions.leaf_kernels import leaf_on_line

        k, dk = np.empty_like(x), np.empty_like(x)
        leaf_on_line(code, params, 0, length, np.ascontiguousarray(x), k, dk)  # type: ignore[no-untyped-call]
        return k, dk

    return evaluate
