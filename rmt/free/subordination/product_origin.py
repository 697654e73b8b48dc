"""Zero in the law of a free product of a law of both signs and positive ones.

The mass below 0 follows from Sylvester's law of inertia; the density may pile up at 0, on both sides of it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from rmt.errors import ConvergenceError
from rmt.free.expressions.computed_law import law_of, upper
from rmt.free.expressions.tree import Node, point_mass_position
from rmt.laws.law import Interval, Law, Real

if TYPE_CHECKING:
    from rmt.free.subordination.free_convolution import FreelyConvolved

#: distances from 0, in units of the spread, at which a density is a power of the distance
_FAR, _NEAR = 1e-100, 1e-140
#: growth between them that no bounded density shows
_GROWTH = 1e-6
#: largest denominator of an exponent, and how near to such a fraction a measured one has to be
_DENOMINATOR, _CLOSE = 100, 1e-5
#: length of a half, in units of the spread, that is the rounding error of a search for edges
_ROUNDING = 1e-18
#: points on which a gap next to 0 is looked for, and halvings that find its end
_SCAN, _BISECTIONS = 120, 60


def mass_below_origin(node: Node) -> float:
    """P(X < 0) for the free product of X₁ with both signs and positive laws Y.

    Y^½ X₁ Y^½ is congruent to X₁ where Y is invertible (Sylvester), and to the corner of X₁ on the range of Y
    otherwise, a compression by the mass of Y off 0.
    """
    laws = [law_of(child) for child in node.children]
    signed = next(law for law in laws if law._hull()[0] < 0.0)
    kernel = max((law._mass_at_zero() for law in laws if law is not signed), default=0.0)
    if kernel == 0.0:
        return _mass_below(signed)
    from rmt.free.operations import compress

    return (1.0 - kernel) * _mass_below(compress(signed, 1.0 - kernel))


def _mass_below(law: Law) -> float:
    return float(law.cdf(0.0)) - law._mass_at_zero()


def origin_exponents(law: FreelyConvolved) -> tuple[float, float]:
    """Exponents of the density to the left and to the right of 0, 0 where it is bounded (or there is an atom)."""
    if law._mass_at_zero() > 0.0:
        return 0.0, 0.0
    distance = law._solver.spread * np.array([_FAR, _NEAR])
    return _exponent(law, -distance), _exponent(law, distance)


def _exponent(law: FreelyConvolved, x: Real) -> float:
    values = law._solve(upper(x))
    far, near = -values.g.imag
    if values.outside.any() or not near > far * (1.0 + _GROWTH):
        return 0.0
    slope = (math.log(near) - math.log(far)) / math.log(_NEAR / _FAR)
    nearest = Fraction(slope).limit_denominator(_DENOMINATOR)
    return float(nearest) if abs(float(nearest) - slope) < _CLOSE else slope


def cut_at_origin(law: FreelyConvolved, intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """The intervals, one across 0 cut there if the density is unbounded at 0 on one side at least.

    Next to 0 the small part of Y sees X₁ compressed to a small corner, which is near its mean: on the other side of 0
    there may be a gap, however small.
    """
    noise = _ROUNDING * law._solver.spread
    if not any(i.low < noise and i.high > -noise for i in intervals):
        return intervals
    left, right = origin_exponents(law)
    if left >= 0.0 and right >= 0.0:
        return intervals
    intervals = tuple(_ending_at_origin(i, left, right, noise) for i in intervals)
    across = [i for i in intervals if i.low < 0.0 < i.high]
    if not across:
        return intervals
    interval = across[0]
    before = math.fsum([i.mass for i in intervals if i.high <= 0.0] + [m for a, m in law.atoms if a < 0.0])
    below = min(max(law._mass_below_zero - before, 0.0), interval.mass)
    halves = (
        _half(law, replace(interval, high=0.0, high_exponent=left, mass=below), -1.0),
        _half(law, replace(interval, low=0.0, low_exponent=right, mass=interval.mass - below), 1.0),
    )
    return tuple(half for i in intervals for half in (halves if i is interval else (i,)) if half.mass > 0.0)


def _ending_at_origin(interval: Interval, left: float, right: float, noise: float) -> Interval:
    """The interval, an end within rounding of 0 put there if the density is unbounded on its side."""
    if right < 0.0 and abs(interval.low) < noise:
        interval = replace(interval, low=0.0, low_exponent=right)
    if left < 0.0 and abs(interval.high) < noise:
        interval = replace(interval, high=0.0, high_exponent=left)
    return interval


def shift_at_origin(node: Node) -> float:
    """Logarithm of what the factors that do not come to 0 are there, over their means.

    Where X comes to 0, M is −1 plus the largest atom at 0. Only factors with that atom come to 0 then; each other one
    is the number 1/S(M), which may be far below its mean.
    """
    terms = [
        (law_of(child), float(t))
        for child, t in zip(node.children, node.weights, strict=True)
        if point_mass_position(child) is None
    ]
    largest = max((law._mass_at_zero() for law, _ in terms), default=0.0)
    if largest == 0.0:
        return 0.0
    still = [(law, t) for law, t in terms if law._mass_at_zero() < largest]
    try:
        return -math.fsum(t * math.log(float(law.mean()) * float(law.s_transform(largest - 1.0))) for law, t in still)
    except (ValueError, ConvergenceError):  # S leaves the range of doubles: the means stand for the factors
        return 0.0


def _half(law: FreelyConvolved, half: Interval, side: float) -> Interval:
    """What is left of a half next to 0 after the gap there, if there is one."""
    unit = law._solver.spread
    length = half.high - half.low
    if length < _ROUNDING * unit:
        return replace(half, mass=0.0)
    logs = np.linspace(math.log(_NEAR * unit), math.log(0.9 * length), _SCAN)
    outside = law._solve(upper(side * np.exp(logs)), certified=False).outside
    if not outside[0] or outside.all():
        return half
    first = int(np.flatnonzero(~outside)[0])
    low, high = logs[first - 1], logs[first]
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if law._solve(upper(np.array([side * math.exp(middle)])), certified=False).outside[0]:
            low = middle
        else:
            high = middle
    edge = side * math.exp(high)
    if side > 0.0:
        return replace(half, low=edge, low_exponent=0.5)
    return replace(half, high=edge, high_exponent=0.5)
