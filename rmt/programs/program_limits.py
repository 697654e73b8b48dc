"""Limits of programs: Gaussian variables for matrix products, the transpose correction, expectations of the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.programs.cubature import (
    MOST_POINTS,
    PANELS,
    REACHES,
    Axis,
    HeavyTailError,
    Integrand,
    TooManyPointsError,
    expectation,
    quasi_expectation,
    with_reach,
)
from rmt.programs.nodes import Initial, Map, Mean, Node, Product, RootSum
from rmt.programs.runs import check_coordinatewise, evaluated, needed

if TYPE_CHECKING:
    from rmt.programs.tensor_program import Program

Real = NDArray[np.float64]
#: the Gaussian variable of an initial vector or of a product
Base = Initial | Product
#: coefficients of Gaussian variables, and a constant
Affine = tuple[dict[Base, float], float]

#: most axes without a finite rule that are integrated on a grid
MOST_AXES = 4
#: Sobol points, their scramblings, and standard errors in the error bar (Student's law with 7 degrees, 0.2 %)
SOBOL_POINTS, SCRAMBLINGS, STANDARD_ERRORS = 2**15, 8, 4.8
#: resolution of the integrals on a grid beside Sobol points, and their largest size
SOBOL_LEVEL, SOBOL_GRID = 3, 5e5
#: a difference of two resolutions at which the finer one is taken, rounding, and what a change may be by chance
SETTLED, ROUNDING, CHANCE = 1e-10, 1e-14, 1000.0
#: relative error of moments of laws whose quantiles are borrowed
BORROWED = 1e-12
#: conditional variances and corrections below this share are none
RANK, VANISHING = 1e-12, 1e-12


#: polynomials of a higher degree are integrated as any function
HIGHEST_DEGREE = 60


class _TooManyAxesError(Exception):
    """An integral over more axes than a grid can have."""


def limits(program: Program, outputs: Sequence[Node], correction: bool, tolerance: float | None) -> tuple[Real, Real]:
    """Limits of some scalars and bounds on their errors; see :meth:`Program.limit`."""
    _refuse_random(program, outputs)
    settled = min(SETTLED, math.inf if tolerance is None else tolerance)
    try:
        values, errors = _refined(program, outputs, correction, settled)
        remedy = "give the kinks of its maps with kinks= or through np.maximum, abs and comparisons"
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


def _refined(program: Program, outputs: Sequence[Node], correction: bool, settled: float) -> tuple[Real, Real]:
    """Limits at finer and finer resolution, until two agree."""

    def level_of(level: int) -> tuple[Real, bool]:
        limit = Limit(program, correction, level)
        return limit.scalars_of(outputs), limit.bent

    values, errors = _until_settled(level_of, settled)
    if not np.isfinite(errors).all():
        raise _TooManyAxesError
    if any(isinstance(node, Initial) and node.law.quantiles_borrowed for node in needed(tuple(outputs))):
        errors = errors + BORROWED * np.maximum(1.0, np.abs(values))
    return values, errors


def _until_settled(level_of: Callable[[int], tuple[Real, bool]], settled: float) -> tuple[Real, Real]:
    """Values at finer and finer resolution and twice their last change; infinite if there was none.

    Where maps bend, two coarse resolutions may agree by chance: their change counts many times, and later ones at least
    as a share of the change before.
    """
    found: list[Real] = []
    errors = np.full(1, math.inf)
    for level in range(len(PANELS)):
        try:
            values, bent = level_of(level)
        except TooManyPointsError:
            break
        found.append(values)
        if level:
            change = np.abs(values - found[-2])
            if bent:
                before = CHANCE**2 * change if level == 1 else np.abs(found[-2] - found[-3])
                change = np.maximum(change, before / CHANCE)
            errors = 2.0 * change + ROUNDING * np.maximum(1.0, np.abs(values))
            if errors.max() <= settled * max(1.0, float(np.abs(values).max())):
                break
    return (found[-1], errors) if found else (np.zeros(1), errors)


def _scrambled(program: Program, outputs: Sequence[Node], correction: bool) -> tuple[Real, Real]:
    """Mean and error bar over independent scramblings of the Sobol points of the whole program."""
    table = np.array([Limit(program, correction, SOBOL_LEVEL, seed).scalars_of(outputs) for seed in range(SCRAMBLINGS)])
    return table.mean(axis=0), STANDARD_ERRORS * table.std(axis=0, ddof=1) / math.sqrt(SCRAMBLINGS)


def _refuse_random(program: Program, outputs: Sequence[Node]) -> None:
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

    def level_of(level: int) -> tuple[Real, bool]:
        limit = Limit(program, True, level)
        return np.array([limit.second_moment(*pair)]), limit.bent

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
    inside: set[Node] = {node}
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


def _read_out_vectors(node: Node) -> tuple[list[Initial], list[Node]] | None:
    """The initial vectors v_i of a sum Σ v_i x_i and the steps that make it; None if it has another form."""
    if isinstance(node, Initial):
        return [node], []
    if not isinstance(node, Map):
        return None
    name, arguments = node.function.name, [a for a in node.arguments if isinstance(a, Node) and a.size is not None]
    below: list[tuple[list[Initial], list[Node]] | None] = []
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
    bent : bool
        Whether a map bends in some integral.
    """

    def __init__(self, program: Program, correction: bool = True, level: int = 3, seed: int | None = None) -> None:
        self.program, self.correction, self.level, self.seed = program, correction, level, seed
        self.scalars: dict[Node, float] = {}
        self.terms: dict[Node, list[tuple[float, Node]]] = {}
        self.kinks: dict[Node, tuple[float, ...]] = {}
        self._covariances: dict[tuple[Base, Base], float] = {}
        self._done: list[Product] = []
        self._bases: dict[Node, frozenset[Base]] = {}
        self._affine: dict[Node, Affine | None] = {}
        self.bent = False
        self._calls = 0
        self._members: dict[int, list[Initial]] = {}
        for node in program.nodes:
            if isinstance(node, Initial):
                self._members.setdefault(node.group, []).append(node)

    def scalars_of(self, outputs: Sequence[Node]) -> Real:
        """Values of some scalars."""
        self._advance(needed(tuple(outputs)))
        return np.array([self.scalars[node] for node in outputs])

    def second_moment(self, x: Node, y: Node) -> float:
        """E Z(x) Z(y)."""
        self._advance(needed((x, y)))
        return self.expect((x, y))

    def _advance(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Mean):
                self.scalars[node] = self.expect((node.argument,))
            elif isinstance(node, Product):
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
        if not isinstance(argument, Node):
            return float(argument)
        return self.scalars[argument] if argument.size is None else None

    # ------------------------------------------------------------------ matrices
    def _product(self, node: Product) -> None:
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

    def _corrections(self, node: Product, gain: float, square: float) -> list[tuple[float, Node]]:
        """Gain · E[∂Z(x)/∂Ẑ_i] for each y_i that met the transpose, by Stein's identity."""
        inside = self._bases[node.argument]
        opposite = [
            p for p in self._done if p.matrix is node.matrix and p.transposed != node.transposed and p in inside
        ]
        if not opposite:
            return []
        table = np.array([[self._covariances[a, b] for b in opposite] for a in opposite])
        scale = np.sqrt(np.maximum(np.diag(table), 0.0))
        scale[scale == 0.0] = 1.0
        moments = np.array([self.expect((node.argument,), (p,)) for p in opposite]) / scale
        values, vectors = np.linalg.eigh(table / np.outer(scale, scale))
        kept = values > RANK * values[-1]
        slopes = vectors[:, kept] @ ((vectors[:, kept].T @ moments) / values[kept]) / scale
        found = []
        for slope, p in zip(slopes, opposite, strict=True):
            size = math.sqrt(max(self._covariances[p, p] / max(float(p.gain), 1e-300), 0.0))
            if abs(slope) * math.sqrt(gain) * size > VANISHING * math.sqrt(square):
                found.append((gain * float(slope), p.argument))
        return found

    # ------------------------------------------------------------------ structure
    def _note(self, node: Node) -> None:
        """Which Gaussian variables a vector depends on, and its coefficients if it is an affine function of them."""
        if node.size is None:
            return
        vectors = [node] if isinstance(node, (Initial, Product)) else [a for a in node.parents if a.size is not None]
        vectors += [y for _, y in self.terms.get(node, ())]
        self._bases[node] = frozenset({n for n in vectors if isinstance(n, (Initial, Product))}).union(
            *(self._bases[v] for v in vectors if v is not node)
        )
        self._affine[node] = self._affine_form(node)

    def _affine_form(self, node: Node) -> Affine | None:
        if isinstance(node, Initial):
            return ({node: float(node.law.scale)}, float(node.law.mean)) if node.law.is_gaussian else None
        if isinstance(node, Product):
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
        if isinstance(argument, Node) and argument.size is not None:
            return self._affine[argument]
        return {}, self._number(argument)

    # ------------------------------------------------------------------ expectations
    def expect(self, factors: tuple[Node, ...], gaussians: tuple[Product, ...] = ()) -> float:
        """E of the product of some vectors' Z, times the Gaussian variables Ẑ of some products."""
        known = self._known_moment(factors, gaussians)
        if known is not None:
            return known
        plan = _Plan(self, factors, gaussians)
        curved = sum(axis.is_curved for axis in plan.axes)
        self.bent = self.bent or any(axis.is_curved and not axis.is_smooth for axis in plan.axes)
        if self.seed is None and curved > MOST_AXES:
            raise _TooManyAxesError
        self._calls += 1
        if curved <= MOST_AXES:
            axes, all_points = self._reaching(plan)
            try:
                most = MOST_POINTS if self.seed is None else SOBOL_GRID
                return expectation(plan.integrand, axes, self.level, all_points, most)
            except TooManyPointsError:
                if self.seed is None:
                    raise
        assert self.seed is not None
        return quasi_expectation(plan.integrand, plan.axes, SOBOL_POINTS, 1000 * self._calls + self.seed)

    def _known_moment(self, factors: tuple[Node, ...], gaussians: tuple[Product, ...]) -> float | None:
        """Mean or mean square of an initial vector, which a law with heavy tails gives better than any integral."""
        first = factors[0]
        if gaussians or len(factors) > 2 or any(node is not first for node in factors):
            return None
        return first.law.low_moment(len(factors)) if isinstance(first, Initial) and not first.law.is_gaussian else None

    def _reaching(self, plan: _Plan) -> tuple[list[Axis], bool]:
        """The axes of a plan with the reach that they need."""
        try:
            return with_reach(plan.unchecked, plan.axes)
        except HeavyTailError:
            what = " · ".join(self.program._name(f) for f in (*plan.factors, *plan.gaussians))
            raise ValueError(
                f"E {what} is infinite, or has a share beyond {REACHES[-1]:g} standard deviations of the Gaussian "
                "variables, where no double reaches: take maps that grow more slowly, or vectors with lighter tails"
            ) from None

    def covariance(self, a: Base, b: Base) -> float:
        """Covariance of two Gaussian variables."""
        if isinstance(a, Product) or isinstance(b, Product):
            return self._covariances.get((a, b), 0.0)
        if a.group != b.group:
            return 0.0
        members = self._members[a.group]
        i, j = sorted((members.index(a), members.index(b)))
        return float(members[j].covariance[i])

    def joint(self, a: Affine, b: Affine) -> float:
        """Covariance of two affine functions of Gaussian variables."""
        return math.fsum(c * d * self.covariance(p, q) for p, c in a[0].items() for q, d in b[0].items())


def _combined(a: Affine | None, b: Affine | None, left: float, right: float) -> Affine | None:
    if a is None or b is None:
        return None
    found = {base: left * c for base, c in a[0].items()}
    for base, c in b[0].items():
        found[base] = found.get(base, 0.0) + right * c
    return found, left * a[1] + right * b[1]


class _Plan:
    """Axes of an expectation, and the integrand as a function of their coordinates.

    The variables are the affine functions of Gaussian variables, and the other initial vectors, that the factors are
    functions of: a sum of two products that enters as such is one variable.
    """

    def __init__(self, limit: Limit, factors: tuple[Node, ...], gaussians: tuple[Product, ...]) -> None:
        self.limit, self.factors, self.gaussians = limit, factors, gaussians
        self.finite = True
        self.nodes: list[Node] = []
        leaves = self._leaves()
        degrees = self._total_degrees(leaves)
        self._check_moments(degrees)
        laws = {b: b.law for b in leaves if isinstance(b, Initial) and not b.law.is_gaussian}
        atoms = {b: found for b, law in laws.items() if (found := law.atoms()) is not None}
        self.transforms = {b: law.transform() for b, law in laws.items() if b not in atoms}

        def rank(leaf: Any) -> tuple[bool, bool, int]:
            index = leaf[0].index if isinstance(leaf, tuple) else leaf.index
            return leaf not in atoms, leaf not in laws and degrees[leaf] <= HIGHEST_DEGREE, index

        self.leaves = sorted(leaves, key=rank)
        forms = [self._form(leaf) for leaf in self.leaves]
        count = len(forms)
        table = np.zeros((count, count))
        for i, (leaf, form) in enumerate(zip(self.leaves, forms, strict=True)):
            if leaf in laws:
                table[i, i] = 1.0
                continue
            for j in range(i + 1):
                if self.leaves[j] not in laws:
                    table[i, j] = table[j, i] = limit.joint(form, forms[j])
        self.position = {leaf: i for i, leaf in enumerate(self.leaves)}
        self.shifts = [0.0 if leaf in laws else form[1] for leaf, form in zip(self.leaves, forms, strict=True)]
        self.mixing = _factor(table)
        self.axes = self._axes(atoms, degrees, laws)

    def _form(self, leaf: Any) -> Affine:
        if isinstance(leaf, tuple):
            return {leaf[0]: 1.0}, 0.0
        return self.limit._affine[leaf] or ({}, 0.0)

    def _is_leaf(self, node: Node) -> bool:
        return isinstance(node, Initial) or self.limit._affine[node] is not None

    def _leaves(self) -> list[Any]:
        """The variables; `nodes` is filled with what is computed from them, in the order of evaluation."""
        found: dict[Any, None] = {}
        inner: set[Node] = set()
        waiting = list(self.factors)
        while waiting:
            node = waiting.pop()
            if node.size is None or node in inner or node in found:
                continue
            if self._is_leaf(node):
                found[node] = None
                continue
            inner.add(node)
            if isinstance(node, Product):
                found[node,] = None  # its Gaussian variable alone
            else:
                waiting += node.parents
            waiting += [y for _, y in self.limit.terms.get(node, ())]
        for product in self.gaussians:
            found[product,] = None
        self.nodes = sorted(inner, key=lambda node: node.index)
        return list(found)

    def _total_degrees(self, leaves: list[Any]) -> dict[Any, float]:
        """Degree of the integrand in each variable; infinite where it is no polynomial."""
        table: dict[Any, dict[Any, float]] = {leaf: {leaf: 1.0} for leaf in leaves}
        for node in self.nodes:
            table[node] = self._degrees_of(node, table)
        total: dict[Any, float] = {}
        for factor in self.factors:
            _merge(total, table[factor], _plus)
        for product in self.gaussians:
            _merge(total, {(product,): 1.0}, _plus)
        return {leaf: total.get(leaf, 0.0) for leaf in leaves}

    def _degrees_of(self, node: Node, table: dict[Any, dict[Any, float]]) -> dict[Any, float]:
        found: dict[Any, float] = {}
        if isinstance(node, Product):
            found[node,] = 1.0
            for _, y in self.limit.terms.get(node, ()):
                _merge(found, table[y], max)
            return found
        assert isinstance(node, Map)
        name = node.function.name
        parts = [table[a] if isinstance(a, Node) and a.size is not None else {} for a in node.arguments]
        if name in ("add", "subtract", "negative", "linear"):
            for part in parts:
                _merge(found, part, max)
            return found
        if name == "multiply" or (name == "divide" and not parts[1]):
            for part in parts:
                _merge(found, part, _plus)
            return found
        if name == "power" and not parts[1]:
            exponent = self.limit._number(node.arguments[1])
            if exponent >= 0 and float(exponent).is_integer():
                return {leaf: degree * exponent for leaf, degree in parts[0].items() if exponent}
        return {leaf: math.inf for part in parts for leaf in part}

    def _check_moments(self, degrees: dict[Any, float]) -> None:
        for base, degree in degrees.items():
            if isinstance(base, Initial) and not base.law.is_gaussian and math.isfinite(degree):
                order, name = base.law.finite_moments, self.limit.program._name
                if degree >= order:
                    what = " · ".join(name(f) for f in self.factors)
                    raise ValueError(
                        f"E {what} is infinite: it needs E|{name(base)}|^{degree:g}, and moments of {base.law!r} exist "
                        f"below {order:g} only; limits need two moments of every vector that meets a matrix"
                    )

    def _axes(self, atoms: dict[Any, tuple[Real, Real]], degrees: dict[Any, float], laws: Any) -> list[Axis]:
        touched = self.mixing != 0.0
        surfaces = self._surfaces(touched)
        axes = []
        for j in range(self.mixing.shape[1]):
            owner = self.leaves[int(np.argmax(touched[:, j]))]
            if owner in atoms:
                axes.append(Axis(atoms=atoms[owner]))
                continue
            on = [leaf for leaf, hit in zip(self.leaves, touched[:, j], strict=True) if hit]
            if all(leaf not in laws and degrees[leaf] <= HIGHEST_DEGREE for leaf in on):
                axes.append(Axis(degree=round(sum(degrees[leaf] for leaf in on))))
                continue
            breaks = self.transforms[owner][1] if owner in self.transforms else ()
            mine = [(f, alone) for f, top, alone in surfaces if top == j]
            axes.append(Axis(breaks=breaks, surfaces=tuple(f for f, _ in mine), own=all(a for _, a in mine)))
        return axes

    def _surfaces(self, touched: NDArray[np.bool_]) -> list[tuple[Integrand, int, bool]]:
        """Where maps bend: a function that vanishes there, its last axis, and whether that is its only one."""
        found = []
        reach: dict[Any, NDArray[np.bool_]] = {leaf: touched[i] for leaf, i in self.position.items()}
        for node in self.nodes:
            below: list[Any] = (
                [(node,)] if isinstance(node, Product) else [a for a in node.parents if a.size is not None]
            )
            below += [y for _, y in self.limit.terms.get(node, ())]
            reach[node] = np.logical_or.reduce([reach[n] for n in below])
            if not isinstance(node, Map):
                continue
            vectors = [a for a in node.parents if a.size is not None]
            axes = np.flatnonzero(reach[node])
            if not axes.size:
                continue
            top, alone = int(axes[-1]), axes.size == 1
            if node.function.compares:
                found.append((self._difference(node.arguments[0], node.arguments[1]), top, alone))
            for kink in self.limit.kinks.get(node, ()):
                found.append((self._difference(vectors[0], kink), top, alone))
        return found

    def _difference(self, a: Any, b: Any) -> Integrand:
        def surface(coordinates: Sequence[Real]) -> Real:
            size = coordinates[-1].size
            memo: dict[Node, Any] = {}
            return np.asarray(self._value(a, coordinates, memo, size) - self._value(b, coordinates, memo, size))

        return surface

    def integrand(self, coordinates: Sequence[Real]) -> Real:
        """The product of the factors."""
        size = coordinates[0].size if coordinates else 1
        memo: dict[Node, Any] = {}
        total: Any = np.ones(size)
        for factor in self.factors:
            total = total * self._value(factor, coordinates, memo, size)
        for product in self.gaussians:
            total = total * self._variable((product,), coordinates, size)
        return np.asarray(total)

    def unchecked(self, coordinates: Sequence[Real]) -> Real:
        """The same, where the maps need not be finite."""
        self.finite = False
        try:
            return self.integrand(coordinates)
        finally:
            self.finite = True

    def _value(self, node: Any, coordinates: Sequence[Real], memo: dict[Node, Any], size: int) -> Any:
        if not isinstance(node, Node):
            return np.full(size, float(node))
        if node.size is None:
            return self.limit.scalars[node]
        if node in memo:
            return memo[node]
        if node in self.position:
            value = self._variable(node, coordinates, size)
        elif isinstance(node, Map):
            arguments = [
                self._value(a, coordinates, memo, size) if isinstance(a, Node) else float(a) for a in node.arguments
            ]
            value = evaluated(self.limit.program, node, arguments, size, self.finite)
        else:
            value = self._variable((node,), coordinates, size)
            for coefficient, y in self.limit.terms.get(node, ()):
                value = value + coefficient * self._value(y, coordinates, memo, size)
        memo[node] = value
        return value

    def _variable(self, leaf: Any, coordinates: Sequence[Real], size: int) -> Real:
        i = self.position[leaf]
        value = np.full(size, self.shifts[i])
        for j, coefficient in enumerate(self.mixing[i]):
            # a surface knows the axes up to its own only, on which alone it depends
            if coefficient != 0.0 and j < len(coordinates):
                value = value + coefficient * coordinates[j]
        return self.transforms[leaf][0](value) if leaf in self.transforms else value


def _plus(a: float, b: float) -> float:
    return a + b


def _merge(into: dict[Any, float], other: dict[Any, float], combine: Any) -> None:
    for leaf, degree in other.items():
        into[leaf] = combine(into[leaf], degree) if leaf in into else degree


def _factor(table: Real) -> Real:
    """Triangular factor of a covariance that may be singular."""
    count = len(table)
    factor = np.zeros((count, count))
    axes = 0
    for i in range(count):
        row = np.zeros(count)
        for axis in range(axes):
            owner = int(np.argmax(factor[:, axis] != 0.0))
            row[axis] = (table[i, owner] - row[:axis] @ factor[owner, :axis]) / factor[owner, axis]
        rest = table[i, i] - float(row @ row)
        factor[i] = row
        if rest > RANK * max(table[i, i], 0.0) and table[i, i] > 0.0:
            factor[i, axes] = math.sqrt(rest)
            axes += 1
    factor[np.abs(factor) < 1e-15 * np.sqrt(np.maximum(np.diag(table), 0.0))[:, None]] = 0.0
    return factor[:, :axes]
