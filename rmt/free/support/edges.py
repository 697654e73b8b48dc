"""Support of a free convolution: edges, exponents, masses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError
from rmt.free.expressions.computed_law import law_of, upper
from rmt.free.expressions.tree import AffineNode, Leaf, Node, affine, point_mass_position, post_order
from rmt.free.support.gaps import CompoundChart, FreeOperation, Opening, convolution_openings, merge
from rmt.free.support.real_axis import Factor
from rmt.laws.law import EPS, Complex, Interval, Real

#: relative distances from an edge at which an exponent is measured
_NEAR, _NEARER = 1e-6, 1e-8
#: mass that may be missing
_MASS = 1e-10
#: mass below which an interval may be rounding error of large weights
_NO_MASS = 1e-12
#: what rounding leaves of a sum of powers that is 1
_ROUNDED = 1e-12
#: exponent of no power law: below any that a mass allows
_CUT = -2.0
#: size of a factor beyond which it is scaled
_LARGE = 1e60
#: ratio of the positions of atoms beyond which they are refused
_LARGEST_RATIO = 1e140


def support_of_convolution(law: Any, *, logarithmic: bool = False) -> tuple[Interval, ...]:
    """Intervals of the absolutely continuous part of a computed law, left to right.

    Parameters
    ----------
    law : FreelyConvolved
    logarithmic : bool
        Give the intervals of log X for a product of positive laws, where X may leave the range of double precision.
        Their exponents are those of X at finite ends and at X = 0.

    Raises
    ------
    ConvergenceError
        If intervals and atoms do not carry the whole mass, to 1e-10.

    Notes
    -----
    The complement is found first: every gap, however small, is the image of gaps of the factors
    (:mod:`rmt.free.support.gaps`); where the factors are computed laws, or have too many gaps to combine, or one of
    them takes both signs, the line is scanned with the certificate of the solver instead. Masses come from the
    log-potential in the gaps.
    """
    openings = _openings(law, logarithmic)
    atoms = law._log_atoms if logarithmic else law.atoms
    blocks = _snapped(_blocks(openings), [a for a, _ in atoms])
    kept = [b for b in blocks if not _is_atom(b, [a for a, _ in atoms], 1.0 if logarithmic else 0.0)]
    masses = _masses(law, atoms, openings, kept)
    _check_mass(law, masses, atoms)
    exponent = _log_exponent if logarithmic else _exponent
    return tuple(
        Interval(low, high, exponent(law, low, 1, low_kind), exponent(law, high, -1, high_kind), mass)
        for (low, high, low_kind, high_kind), mass in zip(kept, masses, strict=True)
        if mass > 0.0
    )


def _check_mass(law: Any, masses: Sequence[float], atoms: Sequence[tuple[float, float]]) -> None:
    """Raise if intervals and atoms do not carry the whole mass: a part of the support was lost."""
    missing = 1.0 - math.fsum([*masses, *(mass for _, mass in atoms)])
    if not abs(missing) <= _MASS:
        raise ConvergenceError(
            f"the support found for {law!r} does not carry the whole mass: {missing:.3g} is missing. pdf and cdf do "
            "not need it; parts of very different sizes can be treated apart (rmt.free: factors), or in other units",
            residual=abs(missing),
        )


Block = tuple[float, float, str, str]


def _openings(law: Any, logarithmic: bool) -> list[Opening]:
    node, scale, shift = law._solver.core
    found: list[Opening] | None = None
    if node.kind == "sum" and _fills_the_line(node):
        return []
    if not all(map(_is_elementary, node.children)):
        pass
    elif node.kind == "compound":
        found = merge(CompoundChart(Factor(node.child, True), float(node.rate)).openings())
    elif node.kind == "sum" or law._solver.logarithmic:
        found = convolution_openings(_operation(node, scale, logarithmic))
    if found is None:
        from rmt.free.support.certified_gaps import scanned_openings

        found = scanned_openings(law)
        return [_exponential(o) for o in found] if law._solver.logarithmic and not logarithmic else found
    if logarithmic:
        return found
    return [
        Opening(scale * o.low + shift, scale * o.high + shift, o.above, o.low_soft, o.high_soft, o.touching)
        for o in found
    ]


def _fills_the_line(node: Node) -> bool:
    """Whether a part has the whole line as its support, so that no real argument of it lies outside."""
    for part in post_order(node, known="_fills"):
        below = [child.__dict__["_fills"] for child in part.children]
        if isinstance(part, Leaf):
            intervals = part.law.support
            fills = len(intervals) == 1 and math.isinf(intervals[0].low) and math.isinf(intervals[0].high)
        else:
            fills = part.kind in ("sum", "product", "affine", "mixture") and any(below)
        part.__dict__["_fills"] = fills
    result: bool = node.__dict__["_fills"]
    return result


def _is_elementary(node: Node) -> bool:
    """Whether the gaps of a factor are known without a search."""
    return isinstance(node, Leaf) or (isinstance(node, AffineNode) and isinstance(node.child, Leaf))


def _operation(node: Any, scale: float, logarithmic: bool) -> FreeOperation:
    """The sum or product of the children that are not point masses; those are a scale."""
    multiplicative = node.kind == "product"
    positions = [(point_mass_position(child), float(t)) for child, t in node.terms]
    terms = [(child, float(t)) for child, t in node.terms if point_mass_position(child) is None]
    log_scale = 0.0
    if multiplicative:
        log_scale = math.fsum(t * math.log(a) for a, t in positions if a is not None)
        log_scale += math.log(scale) if logarithmic else 0.0
        for i, (child, t) in enumerate(terms):
            size = _binary_size(child)
            if not 1.0 / _LARGE < size < _LARGE:  # squares of its points leave the range of doubles
                terms[i] = affine(child, 1.0 / size, 0), t
                log_scale += t * math.log(size)
    factors = [Factor(child, multiplicative) for child, _ in terms]
    return FreeOperation(factors, [t for _, t in terms], multiplicative, log_scale, logarithmic)


def _binary_size(node: Node) -> float:
    """A power of two next to the size of a law.

    Raises
    ------
    ConvergenceError
        If atoms of the law differ in size by so much that the squares of their distances leave the range of doubles.
    """
    law = law_of(node)
    ends = [abs(end) for end in law._hull() if math.isfinite(end) and end != 0.0]
    places = [abs(place) for place, _ in law.atoms if place != 0.0]
    if places and max(places) > _LARGEST_RATIO * min(places):
        raise ConvergenceError(
            f"the atoms of {law!r} differ in size by {max(places) / min(places):.3g}, and squares of their distances "
            f"leave the range of doubles beyond {_LARGEST_RATIO:g}; treat the parts of such sizes apart",
            residual=max(places) / min(places),
        )
    return 2.0 ** (math.frexp(max(ends))[1] - 1) if ends else 1.0


def _exponential(o: Opening) -> Opening:
    """A gap of X from one of log X; the one that ends at 0 contains the negative half line."""
    low, high = (math.exp(end) for end in (o.low, o.high))
    return Opening(-math.inf if o.high == -math.inf else low, high, o.above, o.low_soft, o.high_soft, o.touching)


def _blocks(openings: Sequence[Opening]) -> list[Block]:
    """What the gaps leave, with the kind of every end: soft, cusp, hard (no zero of the derivative) or open.

    Raises
    ------
    ConvergenceError
        If an end of a gap could not be computed.
    """
    for o in openings:
        if math.isnan(o.low) or math.isnan(o.high):
            raise ConvergenceError("an edge of a free convolution could not be computed", residual=math.inf)
    blocks: list[Block] = []
    end, kind = -math.inf, "open"
    for o in openings:
        if o.low > end or (o.low == end and kind != "open"):
            blocks.append((end, o.low, kind, "cusp" if o.touching else "soft" if o.low_soft else "hard"))
        end, kind = o.high, "cusp" if o.touching else "soft" if o.high_soft else "hard"
    if end < math.inf:
        blocks.append((end, math.inf, kind, "open"))
    return blocks


def _snapped(blocks: Sequence[Block], atoms: Sequence[float]) -> list[Block]:
    """The blocks, with ends that are atoms up to rounding put there."""
    places = np.array([a for a in atoms if math.isfinite(a)])

    def snapped(end: float) -> float:
        if places.size == 0 or math.isinf(end):
            return end
        nearest = float(places[np.argmin(np.abs(places - end))])
        return nearest if abs(nearest - end) <= 8.0 * EPS * abs(end) else end

    return [(snapped(low), snapped(high), low_kind, high_kind) for low, high, low_kind, high_kind in blocks]


def _is_atom(block: Block, atoms: Sequence[float], unit: float) -> bool:
    low, high = block[:2]
    if math.isinf(low) or math.isinf(high):
        return low == high
    return high - low <= 64.0 * EPS * max(unit, abs(low), abs(high)) and any(
        abs(a - low) <= 64.0 * EPS * max(unit, abs(a), abs(low)) for a in atoms if math.isfinite(a)
    )


def _masses(
    law: Any, atoms: Sequence[tuple[float, float]], openings: Sequence[Opening], blocks: Sequence[Block]
) -> list[float]:
    """Mass of every block, atoms taken off, from the masses above the gaps on its two sides."""
    masses = []
    for low, high, _, _ in blocks:
        left = max((o for o in openings if o.high <= low), key=lambda o: o.high, default=None)
        right = min((o for o in openings if o.low >= high), key=lambda o: o.low, default=None)
        total = (1.0 if left is None else left.above) - (0.0 if right is None else right.above)
        inside = math.fsum(m for a, m in atoms if low <= a <= high)
        mass = total - inside
        masses.append(mass if mass > min(64.0 * EPS * law._solver.total_weight, _NO_MASS) else 0.0)
    return masses


def _exponent(law: Any, edge: float, side: int, kind: str) -> float:
    """Exponent of the density at an edge of this kind."""
    if kind == "open" or math.isinf(edge):
        return math.nan
    if kind == "soft":
        return 0.5
    if kind == "cusp":
        return 1.0 / 3.0
    return _measured_exponent(law, edge, side)


def _log_exponent(law: Any, edge: float, side: int, kind: str) -> float:
    """Exponent of the density of X at an edge of log X."""
    if math.isinf(edge):
        return _origin_exponent(law) if edge < 0.0 else math.nan
    if kind != "hard":
        return _exponent(law, edge, side, kind)
    return _measured_slope(law._solve, edge, side, 1.0)


def _measured_exponent(law: Any, edge: float, side: int) -> float:
    """Exponent of the density at a hard edge, from the solver."""
    if edge == 0.0 and law._solver.logarithmic:
        return _origin_exponent(law)
    # the support of a product may start many orders of magnitude below its spread
    scale = min(law._solver.spread, abs(edge)) if law._solver.logarithmic else law._solver.spread
    # not pdf, which asks for the edges where the density is infinite
    return _measured_slope(law._values, edge, side, scale)


def _measured_slope(solve: Any, edge: float, side: int, scale: float) -> float:
    """Exponent from two points next to an edge; NaN, which is no exponent, where these are not certified."""
    distance = scale * np.array([_NEARER, _NEAR])
    values = solve(upper(edge + side * distance), certified=False)
    return math.nan if values.failed.any() else _slope(distance, values.g)


def _slope(distance: Real, g: Complex) -> float:
    """Slope of log density against log distance, rounded to the fraction of small denominator that it is near."""
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.log(-g.imag)
        slope = (density[1] - density[0]) / (math.log(distance[1]) - math.log(distance[0]))
    if not math.isfinite(slope):
        return math.nan
    nearest = Fraction(float(slope)).limit_denominator(12)
    return float(nearest) if abs(float(nearest) - slope) < 1e-2 else float(slope)


def _origin_exponent(law: Any) -> float:
    """Exponent at 0 of a product of positive laws.

    With ε the distance of M to its limit at 0, a factor whose density has exponent a < 0 there has x ~ ε^(1/(1+a)); one
    with a gap, or with a > 0, has E 1/x < ∞ and x = cε (1 + O(ε^a)). So x ~ ε^κ for the product and its density
    ~ x^(1/κ - 1), and where κ = 1 the least a is left. Only the factors whose atom at 0 is the largest come to 0 there.
    An infinite a is that of a density which was cut: it has no power there, and neither has the product.
    """
    factors = [(law_of(c), float(t)) for c, t in law._solver.core[0].terms if point_mass_position(c) is None]
    atoms = [dict(f.atoms).get(0.0, 0.0) for f, _ in factors]
    reaching = [(f, t) for (f, t), atom in zip(factors, atoms, strict=True) if atom == max(atoms)]
    found = [next((i.low_exponent for i in f.support if i.low == 0.0), None) for f, _ in reaching]  # None: a gap
    begun = [a for a in found if a is not None]
    powers = [0.0 if a is None or 0.0 < a < math.inf else a for a in found]
    kappa = sum(t / (1.0 + a) for a, (_, t) in zip(powers, reaching, strict=True))
    if max(atoms) == 0.0:
        kappa -= sum(t for _, t in factors) - 1.0
    if math.inf in begun:
        return 1.0 / kappa - 1.0 if kappa else _CUT
    return 1.0 / kappa - 1.0 if kappa > 1.0 + _ROUNDED else min(begun, default=0.0)
