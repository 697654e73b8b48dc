"""Limits of programs: Gaussian variables for matrix products, the transpose correction, expectations of the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.programs.cones import Cones, cones
from rmt.programs.cubature import (
    MOST_POINTS,
    PANELS,
    REACHES,
    Axis,
    HeavyTailError,
    TooManyPointsError,
    expectation,
    quasi_expectation,
    with_reach,
)
from rmt.programs.integrands import Basis, Plan
from rmt.programs.nodes import Initial, Map, MatrixProduct, Mean, ProgramNode, RootSum
from rmt.programs.nonlinearities import of_ufunc
from rmt.programs.runs import check_coordinatewise, evaluated, needed

if TYPE_CHECKING:
    from rmt.programs.tensor_program import Program

Real = NDArray[np.float64]
#: the Gaussian variable of an initial vector or of a product
Base = Initial | MatrixProduct
#: coefficients of Gaussian variables
Form = dict[Base, float]
#: the same and a constant
Affine = tuple[Form, float]

#: most axes without a finite rule that are integrated on a grid
MOST_AXES = 4
#: Sobol points, their scramblings, and standard errors in the error bar (Student's law with 7 degrees, 0.2 %)
SOBOL_POINTS, SCRAMBLINGS, STANDARD_ERRORS = 2**15, 8, 4.8
#: resolution of the integrals on a grid beside Sobol points, and their largest size
SOBOL_LEVEL, SOBOL_GRID = 3, 5e5
#: resolution that cones must allow to be better than Sobol points
FIRST_LEVELS = 2
#: a difference of two resolutions at which the finer one is taken, rounding, and what a change may be by chance
SETTLED, ROUNDING, CHANCE = 1e-10, 1e-14, 1000.0
#: changes of which one at least is no smaller than the error, where functions bend at places that are not known
LUCKY = 3
#: slowest ratio of changes that is extrapolated
SLOWEST = 0.99
#: maps that may be singular where their argument is 0, or at other ends of their domain
ROOTS = (
    "power",
    "sqrt",
    "cbrt",
    "log",
    "log2",
    "log10",
    "log1p",
    "divide",
    "reciprocal",
    "arccos",
    "arcsin",
    "arctanh",
)
#: corrections below this share are none
VANISHING = 1e-12


class _TooManyAxesError(Exception):
    """An integral over more axes than a grid can have."""


def limits(
    program: Program, outputs: Sequence[ProgramNode], correction: bool, tolerance: float | None
) -> tuple[Real, Real]:
    """Limits of some scalars and bounds on their errors; see :meth:`Program.limit`."""
    _refuse_random(program, outputs)
    settled = min(SETTLED, math.inf if tolerance is None else tolerance)
    try:
        values, errors = _refined(program, outputs, correction, settled)
        remedy = (
            "give the kinks of its maps with kinks= or through np.maximum, abs and comparisons, pass a larger accuracy="
        )
    except _TooManyAxesError:
        values, errors = _scrambled(program, outputs, correction)
        remedy = (
            f"it has an integral over more than {MOST_AXES} dimensions, taken by scrambled Sobol points; pass a larger "
            "accuracy="
        )
    scale = max(1.0, float(np.abs(values).max()))
    if tolerance is not None and errors.max() > tolerance * scale:
        raise ConvergenceError(
            f"the limit of the program is known to {errors.max():.2g} only, not to {tolerance * scale:.2g}: {remedy}, "
            "or ask for return_error=True",
            residual=float(errors.max()),
        )
    return values, errors


def _refined(program: Program, outputs: Sequence[ProgramNode], correction: bool, settled: float) -> tuple[Real, Real]:
    """Limits at finer and finer resolution, until two agree."""
    sharp = False

    def level_of(level: int, follows: bool = True) -> tuple[Real, Real, bool, bool]:
        nonlocal sharp
        limit = Limit(program, correction, level, follows=follows)
        values = limit.scalars_of(outputs)
        sharp = sharp or limit.sharp
        sizes = [limit.sizes.get(node.argument, 0.0) if isinstance(node, Mean) else 0.0 for node in outputs]
        return values, np.maximum(np.abs(values), sizes), limit.bent, limit.unseen

    values, errors = _until_settled(level_of, settled)
    if sharp and errors.max() > settled * max(1.0, float(np.abs(values).max())):
        # few resolutions are within reach where what is sharp is followed: more are where it is not
        plain, bounds = _until_settled(partial(level_of, follows=False), settled)
        bounds = np.maximum(bounds, np.abs(plain - values))
        values, errors = np.where(bounds < errors, plain, values), np.minimum(bounds, errors)
    if not np.isfinite(errors).all():
        raise _TooManyAxesError
    borrowed = [node.law.borrowed_error for node in needed(tuple(outputs)) if isinstance(node, Initial)]
    return values, errors + max(borrowed, default=0.0) * np.maximum(1.0, np.abs(values))


def _until_settled(level_of: Callable[[int], tuple[Real, Real, bool, bool]], settled: float) -> tuple[Real, Real]:
    """Values at finer and finer resolution and twice their last change; infinite if there was none, NaN if no value.

    `level_of` gives values, what their rounding is a share of, whether maps bend, and whether one bends unseen.

    Where maps bend, two coarse resolutions may agree by chance: their change counts many times, and later ones at least
    as a share of the change before. Where one bends at places that are not known, the last changes are of one size, and
    the largest counts.
    """
    found: list[Real] = []
    changes: list[Real] = []
    errors = np.full(1, math.inf)
    for level in range(len(PANELS)):
        try:
            values, sizes, bent, unseen = level_of(level)
        except TooManyPointsError:
            break
        found.append(values)
        if level:
            change = np.abs(values - found[-2])
            changes.append(change)
            if level > 1 and bent:
                # what is still to come, if changes go on to shrink by the last ratio
                before = changes[-2]
                ratio = np.divide(change, before, out=np.zeros_like(change), where=before > 0.0)
                ratio = np.minimum(ratio, SLOWEST)
                change = change * np.maximum(1.0, 1.5 * ratio / (1.0 - ratio))
            if unseen:
                change = np.maximum(change, np.max(changes[-LUCKY:], axis=0))
            if bent:
                change = np.maximum(change, (CHANCE * change) if level == 1 else changes[-2] / CHANCE)
            errors = 2.0 * change + ROUNDING * np.maximum(1.0, sizes)
            if errors.max() <= settled * max(1.0, float(np.abs(values).max())):
                break
    return (found[-1] if found else np.full(1, math.nan)), errors


def _scrambled(program: Program, outputs: Sequence[ProgramNode], correction: bool) -> tuple[Real, Real]:
    """Mean and error bar over independent scramblings of the Sobol points of the whole program."""
    table = np.array([Limit(program, correction, SOBOL_LEVEL, seed).scalars_of(outputs) for seed in range(SCRAMBLINGS)])
    return table.mean(axis=0), STANDARD_ERRORS * table.std(axis=0, ddof=1) / math.sqrt(SCRAMBLINGS)


def _refuse_random(program: Program, outputs: Sequence[ProgramNode]) -> None:
    for node in needed(tuple(outputs)):
        if isinstance(node, RootSum):
            name = program._name(node)
            raise ValueError(
                f"{name} = (1/√n) Σ {program._name(node.argument)} stays random as n grows: it has a limit law, not a "
                f"limit; P.variance gives its variance, and P.mean its scale-free counterpart"
            )


def root_sum_covariance(program: Program, first: RootSum, second: RootSum, accuracy: float) -> float:
    """Limit of E first · second; see :meth:`Program.variance`."""
    for node in (first, second):
        _check_read_out(program, node)
    pair = (first.argument, second.argument)
    _refuse_random(program, pair)

    def level_of(level: int) -> tuple[Real, Real, bool, bool]:
        limit = Limit(program, True, level)
        values = np.array([limit.second_moment(*pair)])
        return values, np.abs(values), limit.bent, limit.unseen

    try:
        values, errors = _until_settled(level_of, SETTLED)
    except _TooManyAxesError:
        values, errors = np.zeros(1), np.full(1, math.inf)
    value, error = float(values[0]), float(errors[0])
    if not error <= accuracy * max(1.0, abs(value)):
        raise ConvergenceError(
            "the variance could not be integrated to the accuracy: it has an integral over too many dimensions, "
            "or a map with kinks that were not given",
            residual=error,
        )
    return value


def _check_read_out(program: Program, node: RootSum) -> None:
    """Refuse a sum whose variance has other parts than E Z²: it must be linear in unused vectors of mean 0."""
    name = program._name(node)
    found = _read_out_vectors(node.argument)
    if not found or not _are_centred(found[0]):
        raise ValueError(
            f"the variance of {name} is known where {program._name(node.argument)} is v * x with an initial vector v "
            "of mean 0 that nothing else uses; otherwise its fluctuations depend on those of the whole program"
        )
    fresh: set[Initial] = set(found[0])
    inside: set[ProgramNode] = {node}
    for root in program.nodes:
        if isinstance(root, RootSum) and (own := _read_out_vectors(root.argument)):
            inside |= {root, *own[1]}
    for other in program.nodes:
        for used in other.parents:
            tied = isinstance(used, Initial) and (used in fresh or any(_correlation(used, v) for v in fresh))
            if tied and other not in inside:
                what = "is" if used in fresh else "is correlated with what is summed and"
                raise ValueError(
                    f"the variance of {name} is not known: {program._name(used)} {what} also used by "
                    f"{program._name(other)}"
                )


def _are_centred(vectors: list[Initial]) -> bool:
    means = [(v.law.low_moment(1), float(v.law.scale)) for v in vectors]
    return all(mean is not None and abs(mean) <= 1e-12 * scale for mean, scale in means)


def _correlation(a: Initial, b: Initial) -> float:
    """Covariance of two initial vectors of one group."""
    if a.group != b.group:
        return 0.0
    low, high = sorted((a, b), key=lambda v: v.index)
    return float(high.covariance[low.index - high.index - 1])


def _read_out_vectors(node: ProgramNode) -> tuple[list[Initial], list[ProgramNode]] | None:
    """The initial vectors v_i of a sum Σ v_i x_i and the steps that make it; None if it has another form."""
    if isinstance(node, Initial):
        return [node], []
    if not isinstance(node, Map):
        return None
    name, arguments = (
        node.function.name,
        [a for a in node.arguments if isinstance(a, ProgramNode) and a.size is not None],
    )
    below: list[tuple[list[Initial], list[ProgramNode]] | None] = []
    if name in ("add", "subtract"):
        below = [_read_out_vectors(a) for a in arguments]
        if len(below) < len(node.arguments):
            return None
    elif name == "negative":
        below = [_read_out_vectors(arguments[0])]
    elif name in ("multiply", "divide"):
        factors = arguments if name == "multiply" else [a for a in arguments if a is node.arguments[0]]
        if len(factors) == 2 and factors[0] is factors[1]:
            return None
        linear = [part for a in factors if (part := _read_out_vectors(a)) and _are_centred(part[0])]
        below = [*sorted(linear, key=lambda part: len(part[1]))[:1]]
    parts = [part for part in below if part is not None]
    if not parts or len(parts) < len(below):
        return None
    return [v for part in parts for v in part[0]], [node, *(n for part in parts for n in part[1])]


# ---------------------------------------------------------------------- one resolution
class Limit:
    """The limit of a program with all integrals at one resolution.

    Attributes
    ----------
    scalars : dict
        Values of the scalars.
    terms : dict
        For each product, the vectors of its transpose correction and their coefficients.
    sizes : dict
        For vectors whose mean was integrated, E|Z|.
    bent : bool
        Whether a map bends in some integral.
    unseen : bool
        Whether one bends at places that are not known.
    sharp : bool
        Whether a map is steep, or two bend nearly together; `follows` says whether the axes are split there.
    """

    def __init__(
        self, program: Program, correction: bool = True, level: int = 3, seed: int | None = None, follows: bool = True
    ) -> None:
        self.program, self.correction, self.level, self.seed = program, correction, level, seed
        self.scalars: dict[ProgramNode, float] = {}
        self.sizes: dict[ProgramNode, float] = {}
        self.terms: dict[ProgramNode, list[tuple[float, ProgramNode]]] = {}
        self.kinks: dict[ProgramNode, tuple[float, ...]] = {}
        self._covariances: dict[tuple[Base, Base], float] = {}
        self._done: list[MatrixProduct] = []
        self._bases: dict[ProgramNode, frozenset[Base]] = {}
        self._affine: dict[ProgramNode, Affine | None] = {}
        self.bent = self.sharp = self.unseen = False
        self.follows = follows
        self._calls = self._steps = 0
        self._integrated: dict[Any, float] = {}
        self._members: dict[int, list[Initial]] = {}
        for node in program.nodes:
            if isinstance(node, Initial):
                self._members.setdefault(node.group, []).append(node)

    def scalars_of(self, outputs: Sequence[ProgramNode]) -> Real:
        """Values of some scalars."""
        self._advance(needed(tuple(outputs)))
        return np.array([self.scalars[node] for node in outputs])

    def second_moment(self, x: ProgramNode, y: ProgramNode) -> float:
        """E Z(x) Z(y)."""
        self._advance(needed((x, y)))
        return self.expect((x, y))

    def _advance(self, nodes: Sequence[ProgramNode]) -> None:
        for node in nodes:
            if isinstance(node, Mean):
                self.scalars[node] = self.expect((node.argument,))
            elif isinstance(node, MatrixProduct):
                self._product(node)
            elif isinstance(node, Map):
                arguments = [self._number(a) for a in node.arguments]
                if node.size is None:
                    self.scalars[node] = evaluated(self.program, node, arguments, None)
                else:
                    check_coordinatewise(self.program, node, arguments)
                    self.kinks[node] = node.function.kinks_at(arguments)
            self._note(node)

    def _number(self, argument: Any) -> Any:
        """A number or the value of a scalar; None for a vector."""
        if not isinstance(argument, ProgramNode):
            return float(argument)
        return self.scalars[argument] if argument.size is None else None

    # ------------------------------------------------------------------ matrices
    def _product(self, node: MatrixProduct) -> None:
        x, gain = node.argument, float(node.gain)
        square = self.expect((x, x))
        if not math.isfinite(square):
            raise ValueError(
                f"{self.program._name(node)} has no limit: E {self.program._name(x)}² is infinite, and a coordinate of "
                "the product is Gaussian only with a second moment"
            )
        same = [p for p in self._done if p.matrix is node.matrix and p.transposed == node.transposed]
        for other in same:
            value = gain * self.expect((x, other.argument))
            self._covariances[node, other] = self._covariances[other, node] = value
        self._covariances[node, node] = gain * square
        self.terms[node] = self._corrections(node, gain, square) if self.correction else []
        self._done.append(node)

    def _corrections(self, node: MatrixProduct, gain: float, square: float) -> list[tuple[float, ProgramNode]]:
        """Gain · E[∂Z(x)/∂Ẑ_i] for each y_i that met the transpose, by Stein's identity."""
        inside = self._bases[node.argument]
        opposite = [
            p for p in self._done if p.matrix is node.matrix and p.transposed != node.transposed and p in inside
        ]
        if not opposite:
            return []
        basis = Basis(self, [{p: 1.0} for p in opposite])
        moments = [self.expect((node.argument,), (axis,)) for axis in basis.axes]
        slopes = [
            math.fsum(m * axis.get(p, 0.0) for m, axis in zip(moments, basis.axes, strict=True)) for p in opposite
        ]
        found = []
        for slope, p in zip(slopes, opposite, strict=True):
            size = math.sqrt(max(self._covariances[p, p] / max(float(p.gain), 1e-300), 0.0))
            if abs(slope) * math.sqrt(gain) * size > VANISHING * math.sqrt(square):
                found.append((gain * slope, p.argument))
        return found

    # ------------------------------------------------------------------ structure
    def _note(self, node: ProgramNode) -> None:
        """Which Gaussian variables a vector depends on, and its coefficients if it is an affine function of them."""
        if node.size is None:
            return
        vectors = (
            [node] if isinstance(node, (Initial, MatrixProduct)) else [a for a in node.parents if a.size is not None]
        )
        vectors += [y for _, y in self.terms.get(node, ())]
        self._bases[node] = frozenset({n for n in vectors if isinstance(n, (Initial, MatrixProduct))}).union(
            *(self._bases[v] for v in vectors if v is not node)
        )
        self._affine[node] = self._affine_form(node)

    def _affine_form(self, node: ProgramNode) -> Affine | None:
        if isinstance(node, Initial):
            return ({node: float(node.law.scale)}, float(node.law.mean)) if node.law.is_gaussian else None
        if isinstance(node, MatrixProduct):
            form: Affine | None = ({node: 1.0}, 0.0)
            for coefficient, y in self.terms.get(node, ()):
                form = _combined(form, self._affine[y], 1.0, coefficient)
            return form
        assert isinstance(node, Map)
        name, parts = node.function.name, [self._form_of(a) for a in node.arguments]
        if name in ("add", "subtract"):
            return _combined(parts[0], parts[1], 1.0, -1.0 if name == "subtract" else 1.0)
        if name in ("negative", "linear"):
            return _combined(parts[0], ({}, 0.0), -1.0 if name == "negative" else 1.0, 0.0)
        if name in ("multiply", "divide") and None not in parts:
            for number, vector in ((parts[1], parts[0]), (parts[0], parts[1])):
                if number is not None and not number[0] and (name == "multiply" or number is parts[1]):
                    factor = number[1] if name == "multiply" else 1.0 / number[1] if number[1] else math.nan
                    return _combined(vector, ({}, 0.0), factor, 0.0) if math.isfinite(factor) else None
        return None

    def _form_of(self, argument: Any) -> Affine | None:
        if isinstance(argument, ProgramNode) and argument.size is not None:
            return self._affine[argument]
        return {}, self._number(argument)

    # ------------------------------------------------------------------ expectations
    def expect(self, factors: tuple[ProgramNode, ...], gaussians: tuple[Form, ...] = ()) -> float:
        """E of the product of some vectors' Z, times the Gaussian variables Ẑ of some products."""
        known = self._known_moment(factors, gaussians)
        if known is not None:
            return known
        plan = Plan(self, factors, gaussians)
        self.unseen = self.unseen or plan.bends_unseen()
        curved = sum(axis.is_curved for axis in plan.axes)
        self._calls += 1
        parts = cones(plan)
        if parts is not None and self._suits(parts, curved):
            try:
                return self._kept(factors, gaussians, self._over_cones(plan, parts))
            except TooManyPointsError:
                if self.seed is None and self.level:
                    raise
        self.bent = self.bent or any(axis.is_curved and not axis.is_smooth for axis in plan.axes)
        if self.seed is None and curved > MOST_AXES:
            raise _TooManyAxesError
        if curved <= MOST_AXES:
            axes, all_points = self._reaching(plan)
            try:
                most = MOST_POINTS if self.seed is None else SOBOL_GRID
                return self._kept(factors, gaussians, expectation(plan.integrand, axes, self.level, all_points, most))
            except TooManyPointsError:
                if self.seed is None:
                    raise
        assert self.seed is not None
        return quasi_expectation(plan.integrand, plan.axes, SOBOL_POINTS, 1000 * self._calls + self.seed)

    def _suits(self, parts: Cones, curved: int) -> bool:
        """Whether cones are better than a grid, or than Sobol points: if some resolutions are within reach."""
        if curved > MOST_AXES:
            return parts.count(FIRST_LEVELS) <= MOST_POINTS
        return parts.is_polynomial or curved == MOST_AXES

    def _over_cones(self, plan: Plan, parts: Cones) -> tuple[float, float]:
        """E of an integrand that is smooth on cones, and of its absolute value."""
        if parts.is_polynomial:
            return parts.expectation(self.level)
        self.bent = self.bent or any(isinstance(node, Map) and node.function.name in ROOTS for node in plan.nodes)
        axes, _ = self._reaching(plan)
        return parts.expectation(self.level, max(axis.reach for axis in axes if axis.is_curved))

    def _kept(self, factors: tuple[ProgramNode, ...], gaussians: tuple[Form, ...], found: tuple[float, float]) -> float:
        """A value, with the size of what is integrated noted where it is an output."""
        if not gaussians and len(factors) == 1:
            self.sizes[factors[0]] = found[1]
        return found[0]

    def _known_moment(self, factors: tuple[ProgramNode, ...], gaussians: tuple[Form, ...]) -> float | None:
        """Mean or mean square of an initial vector, which a law with heavy tails gives better than any integral."""
        first = factors[0]
        if gaussians or len(factors) > 2 or any(node is not first for node in factors):
            return None
        return first.law.low_moment(len(factors)) if isinstance(first, Initial) and not first.law.is_gaussian else None

    def _reaching(self, plan: Plan) -> tuple[list[Axis], bool]:
        """The axes of a plan with the reach that they need."""
        try:
            return with_reach(plan.unchecked, plan.axes)
        except HeavyTailError:
            raise ValueError(
                f"E {plan.what} is infinite, or has a share beyond {REACHES[-1]:g} standard deviations of the Gaussian "
                "variables, where no double reaches: take maps that grow more slowly, or vectors with lighter tails"
            ) from None

    def covariance(self, a: Base, b: Base) -> float:
        """Covariance of two Gaussian variables."""
        if isinstance(a, MatrixProduct) or isinstance(b, MatrixProduct):
            return self._covariances.get((a, b), 0.0)
        return float(self._given(a, b))

    def _given(self, a: Base, b: Base) -> Any:
        """Covariance of two initial vectors, as it was given."""
        assert isinstance(a, Initial)
        assert isinstance(b, Initial)
        if a.group != b.group:
            return 0
        members = self._members[a.group]
        i, j = sorted(k for x in (a, b) for k, other in enumerate(members) if other is x)
        return members[j].covariance[i]

    def joint(self, a: Form, b: Form) -> float:
        """Covariance of two combinations of Gaussian variables whose terms cancel."""
        families: dict[Any, tuple[Form, Form]] = {}
        for form, place in ((a, 0), (b, 1)):
            for base, c in form.items():
                key = (base.matrix, base.transposed) if isinstance(base, MatrixProduct) else base.group
                families.setdefault(key, ({}, {}))[place][base] = c
        return math.fsum(self._joint_of_family(x, y) for x, y in families.values() if x and y)

    def _joint_of_family(self, a: Form, b: Form) -> float:
        """The same for initial vectors of one group, or products with one matrix: gain · E Σ c Z(x) Σ d Z(y)."""
        first = next(iter(a))
        if not isinstance(first, MatrixProduct):
            exact = sum(
                Fraction(c) * Fraction(d) * Fraction(self._given(p, q)) for p, c in a.items() for q, d in b.items()
            )
            return float(exact)
        key = tuple(tuple((p.index, c) for p, c in form.items()) for form in (a, b))
        if key not in self._integrated:
            x = self._sum_of_arguments(a)
            y = x if a == b else self._sum_of_arguments(b)
            self._integrated[key] = float(first.gain) * self.expect((x, y))
        return self._integrated[key]

    def _sum_of_arguments(self, form: Form) -> ProgramNode:
        total: ProgramNode | None = None
        for p, c in form.items():
            assert isinstance(p, MatrixProduct)
            term = self._step("multiply", p.argument, c)
            total = term if total is None else self._step("add", total, term)
        assert total is not None
        return total

    def _step(self, name: str, x: ProgramNode, y: Any) -> ProgramNode:
        """A step that is no part of the program."""
        index = len(self.program.nodes) + self._steps
        node = Map(self.program, index, x.size, None, of_ufunc(getattr(np, name)), (x, y))
        self._steps += 1
        self._note(node)
        return node


def _combined(a: Affine | None, b: Affine | None, left: float, right: float) -> Affine | None:
    if a is None or b is None:
        return None
    found = {base: left * c for base, c in a[0].items()}
    for base, c in b[0].items():
        found[base] = found.get(base, 0.0) + right * c
    return found, left * a[1] + right * b[1]
