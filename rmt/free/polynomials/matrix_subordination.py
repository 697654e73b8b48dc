"""Matrix-valued subordination: the Cauchy transform of B + Σ a_j for free matrix-valued variables a_j.

With U_j the range of the coefficients of a_j and k_j its self-energy (:mod:`rmt.free.polynomials.matrix_variables`),

    G(b) = (id ⊗ τ)((b − B − Σ a_j)⁻¹) = (b − B − Σ U_j k_j(m_j) U_j*)⁻¹,
    m_j = U_j* (b − B − Σ_{i≠j} U_i k_i(m_i) U_i*)⁻¹ U_j:

the equations of freeness with amalgamation over the matrices (Voiculescu 1995; Belinschi-Mai-Speicher 2017) on the
ranges of the coefficients, where the arguments ω_j = (b − B − Σ_{i≠j} ...) enter through m_j = U_j* ω_j⁻¹ U_j only,
which stays finite where ω_j goes to infinity. For Im b > 0 exactly one solution has Im m_j < 0 for all j: then
Im k_j <= 0 and Im ω_j >= Im b, and the solution with positive imaginary parts of the ω_j is unique. It is found by
Newton's method, in the coordinates m_j or m_j⁻¹, and followed from Im b large to Im b = 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.free.polynomials.matrix_variables import Variable, inverse, log_det_upper, solve_stack
from rmt.free.polynomials.reachable import reachable
from rmt.laws.law import EPS, Complex, Real

_CONVERGED = 1e-9  # Newton's last relative step where convergence is quadratic
_EXACT = 1e-13  # the same where it is linear, next to an edge
_STALLED = 1e-5  # relative step below which steps that no longer shrink are rounding noise
_SOLVED = 1e-9  # largest residual of a solution, relative to its terms
_ALONE = 1e-3  # largest last step, relative to the distance of the solution that an edge makes of two
_USEFUL = 1e-3  # largest relative error of G that rounding may leave
_PUSH = 1e-5  # relative motion by which a limit is pushed inside, where it must have negative imaginary part
_NEWTON_STEPS = 10
_ATTEMPT = 0.3  # relative motion on the way to the limit from which on it is tried directly
_LEVELS = 50
_FAILURES = 8  # rejected steps after which a point is given up
_LONGEST = 0.005  # shortest ratio of two values of Im b in a row
_LOWEST = 1e-15  # Im b below which a point is given up
_REACH = 0.2  # distance at which a remembered point still helps
_FARTHEST = 1e-4  # smallest ratio of distances to a mark over which a solution is extrapolated
_CONDITION = 1e4  # condition of m from which on its inverse is no coordinate
_CHUNK = 2**26  # bytes of Jacobians held at a time


@dataclass(frozen=True, eq=False)
class MatrixSolution:
    """The solutions at a stack of points on the closed upper half plane.

    Attributes
    ----------
    state : ndarray, shape (points, unknowns)
        The arguments m_j, in coordinates.
    g : ndarray, shape (points, d, d)
        The matrix-valued Cauchy transform.
    value : ndarray, shape (points,)
        The scalar one, a weighted mean of diagonal entries of `g`.
    slope, push : ndarray, shape (points, unknowns)
        Derivatives of the state in z and in Im b.
    error : ndarray of float
        Bound on the rounding error of `value`.
    residual : ndarray of float
        Largest relative residual of the equations.
    certified : ndarray of bool
        Whether the point is the limit of the unique solution with negative imaginary parts, and G known there.
    determinant : ndarray of float
        Logarithm of the modulus of the determinant of the Jacobian, whose zeros are the edges of the spectrum.
    """

    state: Complex
    g: Complex
    value: Complex
    slope: Complex
    push: Complex
    error: Real
    residual: Real
    certified: NDArray[np.bool_]
    determinant: Real

    def restrict(self, chosen: NDArray[np.bool_]) -> MatrixSolution:
        """The solutions at some of the points."""
        return MatrixSolution(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class _Model:
    """The equations linearised at a stack of states: m − Φ(m) = 0 for the map Φ of the module's second line."""

    matrices: list[Complex]  # m_j
    residual: list[Complex]  # Φ_j − m_j
    scale: list[Real]  # sizes of the terms that make up the residuals
    worst: Real  # (points,): largest relative residual
    unit: Real  # (points, unknowns): size of each coordinate; what follows is relative to it
    jacobian: Complex  # (points, unknowns, unknowns)
    along: Complex  # (points, unknowns): derivative of Φ in z
    push: Complex  # (points, unknowns): derivative of Φ in Im b
    g: Complex
    value: Complex  # (points,): weighted mean of diagonal entries of G
    gradient: Complex  # (points, unknowns): derivative of the value
    magnitude: Real  # (points,): size of the terms that make up the value


class OperatorSubordination:
    """The subordination equations of one pencil, and their solution.

    Parameters
    ----------
    constant : ndarray, shape (d, d)
        B, Hermitian; everything scaled so that the pencil has norm of order 1.
    variables : sequence of Variable
        At least one.
    direction : ndarray, shape (d,)
        Diagonal of the coefficient of z in b.
    marks : sequence of float
        Points z of the real axis next to which solutions follow powers of the distance: 0, edges, atoms.
    weights : ndarray, shape (k,), optional
        Weights of the first k diagonal entries of G in the scalar transform; without it, the corner alone.
    uncertainty : float
        Norm by which the function of the pencil may differ from the one that is meant; it enters the errors.
    """

    def __init__(
        self,
        constant: Complex,
        variables: Sequence[Variable],
        direction: Real,
        marks: Sequence[float] = (0.0,),
        weights: Real | None = None,
        uncertainty: float = 0.0,
    ) -> None:
        self.constant = constant
        self.direction = direction
        self.weights = np.ones(1) if weights is None else weights
        self.uncertainty = uncertainty
        self.variables = tuple(variables)
        self.dimension = len(constant)
        self.terms = len(self.variables) * self.dimension
        self._height = 2.0 * (float(np.abs(constant).sum(axis=1).max()) + sum(v.norm for v in variables))
        self._ranges = [v.vectors for v in self.variables]
        self._adjoints = [u.conj().T for u in self._ranges]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            found = reachable(constant, direction, self.variables)
        self._bases = [basis for basis, _ in found]
        self._pivots = [pivots for _, pivots in found]
        ends = np.cumsum([0] + [len(basis) for basis in self._bases])
        self._parts = [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]
        self._unknowns = int(ends[-1])
        self._anchors: _Anchors | None = None
        self._marks = np.unique(np.asarray(marks, dtype=np.float64))

    def _embed(self, j: int, inner: Any) -> Any:
        return self._ranges[j] @ inner @ self._adjoints[j]

    def _image(self, j: int, b: Complex, energies: Sequence[Complex]) -> Complex:
        """m_j from the self-energies (points, d, d)."""
        return np.asarray(self._adjoints[j] @ inverse(self._argument(j, b, energies)) @ self._ranges[j])

    def _argument(self, j: int, b: Complex, energies: Sequence[Complex]) -> Complex:
        omega = b.copy()
        for i, energy in enumerate(energies):
            if i != j or self.variables[j].whole:
                omega -= energy
        return omega

    # ------------------------------------------------------------------ solution
    def solve(self, z: Complex) -> MatrixSolution:
        """Solve at points of the closed upper half plane.

        Each point is followed from large Im b; as soon as Newton's method reaches Im b = 0 at a solution that moves
        to negative imaginary parts, that solution is the limit, because the one inside is unique. Where remembered
        points are near, Newton's method starts from them, under the same certificate.
        """
        size = max(self._unknowns, self.dimension)
        chunk = max(1, _CHUNK // (32 * size * size))
        # where an argument is singular the model is not finite, and the point is given up
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            parts = [self._solve(z[i : i + chunk]) for i in range(0, max(1, len(z)), chunk)]
        names = [f.name for f in fields(MatrixSolution)]
        return MatrixSolution(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def remember(self, z: Complex, solution: MatrixSolution) -> None:
        """Keep certified solutions as starting points for later ones."""
        good = solution.certified & (z.imag == 0.0)
        found = _Anchors(z.real[good], solution.state[good], solution.slope[good], solution.push[good])
        self._anchors = found if self._anchors is None else self._anchors.merge(found)

    def mark(self, points: Real) -> None:
        """Add edges and atoms."""
        self._marks = np.unique(np.concatenate([self._marks, points]))

    def _solve(self, z: Complex) -> MatrixSolution:
        points = len(z)
        state = np.full((points, self._unknowns), np.nan + 0j)
        certified = np.zeros(points, dtype=bool)
        for guess in (_Anchors.between, _Anchors.towards, _Anchors.beside):
            rest = np.flatnonzero(~certified)
            if self._anchors is not None and self._anchors.x.size and rest.size:
                near, start = guess(self._anchors, z[rest], self._marks)
                state[rest[near]], certified[rest[near]] = self._limit(start, z[rest[near]])
        started = certified.copy()
        rest = np.flatnonzero(~certified)
        if rest.size and self._anchors is not None and self._anchors.x.size:
            near, start, y = self._anchors.above(z[rest])
            state[rest[near]], certified[rest[near]], started[rest[near]] = self._follow(z[rest[near]], start, y)
        rest = np.flatnonzero(~started)
        if rest.size:
            y = np.full(rest.size, self._height)
            state[rest], certified[rest], _ = self._follow(z[rest], self._start(z[rest], y), y)
        return self._finish(z, state, certified)

    def _limit(self, guess: Complex, z: Complex) -> tuple[Complex, NDArray[np.bool_]]:
        """Newton's method at Im b = 0, and whether it found the limit from Im b > 0."""
        state, converged, push = self._newton(guess, z, np.zeros(len(z)), _NEWTON_STEPS)
        return state, converged & self._physical(self._pushed(state, push))

    def _pushed(self, state: Complex, push: Complex) -> Complex:
        """The state moved inside, to the first order, by a small share of itself."""
        return np.asarray(state + _PUSH * push / self._rate(state, push)[:, None])

    def _rate(self, state: Complex, push: Complex) -> Real:
        """Relative speed of the state in Im b."""
        pairs = zip(self._matrices(state), self._matrices(push), strict=True)
        return np.asarray(np.max([_largest(p, _sizes(m)) for m, p in pairs], axis=0))

    def _follow(self, z: Complex, start: Complex, y: Real) -> tuple[Complex, NDArray[np.bool_], NDArray[np.bool_]]:
        """Follow every point from Im b = y to Im b = 0, in steps as long as Newton's method allows.

        Returns the state, whether the limit is certified, and whether the state at the start was.
        """
        y = y.copy()
        state, started, push = self._newton(start, z, y, 30)
        started &= self._physical(state)
        ratio = np.full(len(z), 0.2)
        attempt = np.full(len(z), _ATTEMPT)
        certified = np.zeros(len(z), dtype=bool)
        other = np.zeros(len(z), dtype=bool)
        failures = np.zeros(len(z), dtype=np.intp)
        active = np.flatnonzero(started)
        for _ in range(_LEVELS):
            if active.size == 0:
                break
            last = y[active] * self._rate(state[active], push[active]) <= attempt[active]
            target = np.where(last, 0.0, y[active] * ratio[active])
            guess = self._predict(state[active], push[active], y[active], target)
            reached, accepted, new_push = self._newton(guess, z[active], target, _NEWTON_STEPS, other[active])
            accepted &= self._physical(np.where(last[:, None], self._pushed(reached, new_push), reached))
            done, failed = active[accepted], active[~accepted]
            state[done], push[done], y[done] = reached[accepted], new_push[accepted], target[accepted]
            certified[done] = last[accepted]
            ratio[done] = np.maximum(ratio[done] ** 1.3, _LONGEST)
            attempt[failed] *= np.where(last[~accepted], 0.1, 1.0)
            ratio[failed] = np.where(last[~accepted], ratio[failed], ratio[failed] ** 0.6)
            other[failed] ^= True
            failures[failed] += 1
            active = active[~certified[active] & (y[active] > _LOWEST) & (failures[active] < _FAILURES)]
        return state, certified, started

    def _finish(self, z: Complex, state: Complex, certified: NDArray[np.bool_]) -> MatrixSolution:
        """G, how it moves, and the error that rounding leaves."""
        points = len(z)
        state = np.where(np.isfinite(state).all(axis=1, keepdims=True), state, self._reduced(self._idle(points)))
        model = self._linearise(state, z, np.zeros(points))
        determinant = np.asarray(np.linalg.slogdet(model.jacobian)[1])
        residual = self._reduced(model.residual)
        usable = np.isfinite(determinant) & np.isfinite(residual).all(axis=1)
        error = np.full(points, np.inf)
        slope, push = np.full_like(state, np.nan), np.full_like(state, np.nan)
        jacobian = model.jacobian[usable]
        unit = model.unit[usable]
        sensitivity = np.abs(solve_stack(jacobian.swapaxes(1, 2), model.gradient[usable][..., None])[..., 0])
        left = residual[usable] / unit
        moved = solve_stack(jacobian, np.stack([model.along[usable], model.push[usable], left], axis=-1))
        # next to an edge a second solution lies at the distance 1/slope: no residual may reach as far
        reach = np.full(points, np.inf)
        speed, _, step = np.abs(moved).max(axis=1).T
        reach[usable] = step * np.maximum(speed, 1.0)
        slope[usable], push[usable] = unit * moved[..., 0], unit * moved[..., 1]
        scale = self._reduced(model.scale)
        floor = 2.0 * EPS * scale[usable] + 2.0 * np.abs(residual[usable])
        error[usable] = (sensitivity * floor / unit).sum(axis=1)
        error[usable] += sensitivity.sum(axis=1) * self._beyond(model)[usable]
        error += 4.0 * EPS * model.magnitude
        if self.uncertainty:
            error[usable] += self.uncertainty * np.abs(self._slope(model, usable, moved[..., 0]))
        useful = error < _USEFUL * (1.0 + np.abs(model.value))
        certified = certified & usable & useful & ((np.abs(residual) / (scale + model.unit)).max(axis=1) < _SOLVED)
        g = np.where(np.isfinite(model.g), model.g, np.nan)
        return MatrixSolution(state, g, self._value(g), slope, push, error, model.worst, certified, determinant)

    def _beyond(self, model: _Model) -> Real:
        """The residual off the spans of the arguments, relative to those, as far as it is not that of one rounding."""
        parts = []
        for j, (m, r, scale) in enumerate(zip(model.matrices, model.residual, model.scale, strict=True)):
            off = np.abs(r - np.tensordot(self._reduce(j, r), self._bases[j], axes=1))
            parts.append(_largest(np.maximum(off - 8.0 * EPS * scale, 0.0), _sizes(m)))
        return np.asarray(np.max(parts, axis=0))

    def _slope(self, model: _Model, usable: NDArray[np.bool_], moved: Complex) -> Complex:
        """Derivative of the value in z."""
        first = np.arange(len(self.weights))
        g = model.g[usable]
        direct = ((g[:, first] * self.direction) @ g[:, :, first])[:, first, first] @ self.weights
        return np.asarray((model.gradient[usable] * moved).sum(axis=1) - direct)

    def potential(self, solution: MatrixSolution) -> Complex:
        """(Tr ⊗ τ) log of the pencil at solved points, the branch that is real for large positive matrices.

        −log det G + Σ P_j(m_j) with dP_j = Tr(g_j dk_j) is stationary in all m_j, so that its derivative in b is G and
        errors of the solution enter squared.
        """
        total = -log_det_upper(solution.g.conj()).conj()
        for variable, m in zip(self.variables, self.arguments(solution), strict=True):
            total = total + variable.potential(m)
        return np.asarray(total)

    def arguments(self, solution: MatrixSolution) -> list[Complex]:
        """The arguments m_j at solved points."""
        return self._matrices(solution.state)

    # ------------------------------------------------------------------ coordinates
    def _matrices(self, state: Complex) -> list[Complex]:
        """Matrices m_j (points, r, r) from coordinates."""
        return [
            np.tensordot(state[:, part], basis, axes=1) for part, basis in zip(self._parts, self._bases, strict=True)
        ]

    def _reduce(self, j: int, matrices: Any) -> Any:
        """Coordinates (..., q) of matrices (..., r, r) of a span: their entries at the pivots."""
        size = matrices.shape[-1] ** 2
        return matrices.reshape(*matrices.shape[:-2], size)[..., self._pivots[j]]

    def _reduced(self, matrices: Sequence[Any]) -> Any:
        """Coordinates (..., unknowns) of one matrix for each variable."""
        return np.concatenate([self._reduce(j, m) for j, m in enumerate(matrices)], axis=-1)

    def _idle(self, points: int) -> list[Complex]:
        """Arguments far out, for points that are given up."""
        return [np.repeat(-1j * np.eye(u.shape[1])[None], points, axis=0) for u in self._ranges]

    def _physical(self, state: Complex) -> NDArray[np.bool_]:
        """Whether the imaginary parts of all arguments are negative definite."""
        out = np.ones(len(state), dtype=bool)
        for m in self._matrices(state):
            imaginary = (m.conj().swapaxes(-1, -2) - m) / 2j / _sizes(m)
            out &= np.isfinite(imaginary).all(axis=(1, 2))
            out[out] = np.linalg.eigvalsh(imaginary[out])[:, 0] > 0.0
        return out

    # ------------------------------------------------------------------ the equations
    def _right_side(self, z: Complex, y: Real) -> Complex:
        b = np.repeat(-self.constant[None], len(z), axis=0)
        diagonal = np.arange(self.dimension)
        b[:, diagonal, diagonal] += np.outer(z, self.direction) + 1j * y[:, None]
        return b

    def _linearise(self, state: Complex, z: Complex, y: Real) -> _Model:
        points, count = len(state), len(self.variables)
        b = self._right_side(z, y)
        matrices = self._matrices(state)
        solved = [v.self_energy(m, basis) for v, m, basis in zip(self.variables, matrices, self._bases, strict=True)]
        energies = [self._embed(j, k) for j, (k, _, _) in enumerate(solved)]
        terms = [np.abs(self._ranges[j]) @ size @ np.abs(self._adjoints[j]) for j, (_, _, size) in enumerate(solved)]
        whole = np.abs(b) + sum(terms)
        g = inverse(b - sum(energies))
        jacobian = np.zeros((points, self._unknowns, self._unknowns), dtype=np.complex128)
        jacobian[:, np.arange(self._unknowns), np.arange(self._unknowns)] = 1.0
        gradient = np.empty((points, self._unknowns), dtype=np.complex128)
        first = np.arange(len(self.weights))
        residual, scale, along, push = [], [], [], []
        for j in range(count):
            own = self.variables[j].whole
            resolvent = g if own else inverse(self._argument(j, b, energies))
            left, right = self._adjoints[j] @ resolvent, resolvent @ self._ranges[j]
            image = left @ self._ranges[j]
            residual.append(image - matrices[j])
            others = whole if own else whole - terms[j]
            scale.append(np.abs(left) @ others @ np.abs(right) + np.abs(image))
            along.append(-(left * self.direction) @ right)
            push.append(-1j * (left @ right))
            for i in range(count):
                if i != j or own:
                    slopes = (left @ self._ranges[i])[:, None] @ solved[i][1] @ (self._adjoints[i] @ right)[:, None]
                    jacobian[:, self._parts[j], self._parts[i]] -= self._reduce(j, slopes).swapaxes(1, 2)
            rows, columns = g[:, first, :] @ self._ranges[j], self._adjoints[j] @ g[:, :, first]
            moved = rows[:, None] @ solved[j][1] @ columns[:, None]
            gradient[:, self._parts[j]] = moved[..., first, first] @ self.weights
        sizes = [_sizes(m) for m in matrices]
        unit = self._reduced(sizes)
        return _Model(
            matrices=matrices,
            residual=residual,
            scale=scale,
            worst=np.max([_largest(r, size) for r, size in zip(residual, sizes, strict=True)], axis=0),
            unit=unit,
            jacobian=jacobian * unit[:, None, :] / unit[:, :, None],
            along=self._reduced(along) / unit,
            push=self._reduced(push) / unit,
            g=g,
            value=self._value(g),
            gradient=gradient * unit,
            magnitude=(np.abs(g[:, first]) @ whole @ np.abs(g[:, :, first]))[:, first, first] @ self.weights,
        )

    def _value(self, g: Complex) -> Complex:
        first = np.arange(len(self.weights))
        return np.asarray(g[:, first, first] @ self.weights)

    def _start(self, z: Complex, y: Real) -> Complex:
        """A few sweeps of the fixed-point map, which contracts for large Im b."""
        b = self._right_side(z, y)
        nothing = [np.zeros_like(b)] * len(self.variables)
        matrices = [self._image(j, b, nothing) for j in range(len(self.variables))]
        for _ in range(4):
            energies = [
                self._embed(j, v.self_energy(m, basis[:1])[0])
                for j, (v, m, basis) in enumerate(zip(self.variables, matrices, self._bases, strict=True))
            ]
            matrices = [self._image(j, b, energies) for j in range(len(matrices))]
        return np.asarray(self._reduced(matrices))

    def _newton(
        self, state: Complex, z: Complex, y: Real, steps: int, other: NDArray[np.bool_] | None = None
    ) -> tuple[Complex, NDArray[np.bool_], Complex]:
        """Newton's method: where it leads, whether it converged, and the tangent d(state)/dy there.

        It works in the coordinate m_j or m_j⁻¹, whichever is smaller, or the larger one for the points of `other`.
        """
        points = len(state)
        state = state.copy()
        tangent = np.zeros_like(state)
        converged = np.zeros(points, dtype=bool)
        active = np.arange(points)
        before = np.full(points, np.inf)
        for _ in range(steps):
            if active.size == 0:
                break
            model = self._linearise(state[active], z[active], y[active])
            flip = np.zeros(active.size, dtype=bool) if other is None else other[active]
            inverted = [_invertible(m) & ((np.abs(m).max(axis=(1, 2)) > 1.0) ^ flip) for m in model.matrices]
            residual = [_charted(m, r, c) for m, r, c in zip(model.matrices, model.residual, inverted, strict=True)]
            sides = np.stack([self._reduced(residual) / model.unit, model.push], axis=-1)
            finite = np.isfinite(model.jacobian).all(axis=(1, 2)) & np.isfinite(sides).all(axis=(1, 2))
            solved = np.full_like(sides, np.nan)
            solved[finite] = solve_stack(model.jacobian[finite], sides[finite])
            solved *= model.unit[..., None]
            taken = self._matrices(solved[..., 0])
            moved = [_moved(m, s, c) for m, s, c in zip(model.matrices, taken, inverted, strict=True)]
            size = np.max([_largest(s, _sizes(m)) for m, s in zip(model.matrices, taken, strict=True)], axis=0)
            finite &= np.isfinite(size)
            active, size = active[finite], size[finite]
            state[active] = self._reduced(moved)[finite]
            tangent[active] = solved[finite, :, 1]
            quadratic = (size < _CONVERGED) & (size < 1e-3 * before[active])
            stalled = (size < _STALLED) & (size > 0.8 * before[active])
            converged[active] = quadratic | stalled | (size < _EXACT)
            before[active] = size
            active = active[~converged[active] & (size < 10.0)]
        return state, converged, tangent

    def _predict(self, state: Complex, push: Complex, y: Real, target: Real) -> Complex:
        """Extrapolate from `y` to `target`: along powers of y, as next to a singularity, and linearly to 0."""
        last = target == 0.0
        steps = np.log(np.where(last, 1.0, target) / y)
        out = []
        for m, slope in zip(self._matrices(state), self._matrices(push), strict=True):
            rate = y[:, None, None] * (inverse(m) @ slope)
            rate = np.where(np.isfinite(rate).all(axis=(1, 2), keepdims=True), rate, 0.0)
            values, vectors = np.linalg.eig(rate)
            power = m @ (vectors * np.exp(values * steps[:, None])[:, None, :]) @ inverse(vectors)
            linear = m - y[:, None, None] * slope
            out.append(np.where(last[:, None, None] | ~np.isfinite(power), linear, power))
        return np.asarray(self._reduced(out))


@dataclass(frozen=True, eq=False)
class _Anchors:
    """Solved points on the real axis, in ascending order, with the derivatives of their solutions."""

    x: Real
    state: Complex
    slope: Complex
    push: Complex

    def merge(self, other: _Anchors) -> _Anchors:
        """Both sets of points."""
        x, order = np.unique(np.concatenate([self.x, other.x]), return_index=True)
        both = [np.concatenate([getattr(self, f), getattr(other, f)])[order] for f in ("state", "slope", "push")]
        return _Anchors(x, *both)

    def _neighbours(self, x: Real) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        right = np.clip(np.searchsorted(self.x, x), 1, max(len(self.x) - 1, 1))
        right = np.minimum(right, len(self.x) - 1)
        return np.maximum(right - 1, 0), right

    def _nearest(self, x: Real) -> NDArray[np.intp]:
        left, right = self._neighbours(x)
        return np.where(np.abs(x - self.x[left]) < np.abs(x - self.x[right]), left, right)

    def between(self, z: Complex, marks: Real) -> tuple[NDArray[np.intp], Complex]:
        """Real points between two anchors without a mark in between, and the cubic guess from both."""
        left, right = self._neighbours(z.real)
        h = self.x[right] - self.x[left]
        inner = (self.x[left] <= z.real) & (z.real <= self.x[right])
        inner &= np.searchsorted(marks, self.x[left]) == np.searchsorted(marks, self.x[right], side="right")
        near = np.flatnonzero(inner & (z.imag == 0.0) & (h > 0.0) & (h < _REACH))
        left, right, h = left[near], right[near], h[near][:, None]
        t = (z.real[near][:, None] - self.x[left][:, None]) / h
        guess = (1.0 + 2.0 * t) * (1.0 - t) ** 2 * self.state[left] + t * t * (3.0 - 2.0 * t) * self.state[right]
        guess += h * t * (1.0 - t) * ((1.0 - t) * self.slope[left] - t * self.slope[right])
        return near, guess

    def towards(self, z: Complex, marks: Real) -> tuple[NDArray[np.intp], Complex]:
        """Real points between a mark and two anchors, and the guess constant + power of the distance to the mark.

        The power follows from the slopes at both anchors, for each entry, its real and its imaginary part.
        """
        x = z.real
        right = np.clip(np.searchsorted(marks, x), 1, max(len(marks) - 1, 1))
        below, above = marks[right - 1], marks[np.minimum(right, len(marks) - 1)]
        mark = np.where(np.abs(x - below) <= np.abs(x - above), below, above)
        left, right = self._neighbours(x)
        first = np.where(x > mark, right, left)
        second = np.clip(np.where(x > mark, right + 1, left - 1), 0, len(self.x) - 1)
        reach, beyond = self.x[first] - mark, self.x[second] - mark
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (x - mark) / reach
            spread = np.log(beyond / reach)
        near = np.flatnonzero((z.imag == 0.0) & (np.abs(reach) < _REACH) & (ratio > _FARTHEST) & (ratio <= 1.0))
        first, second, reach, spread = first[near], second[near], reach[near, None], spread[near, None]
        logarithm = np.log(ratio[near, None])
        guess = self.state[first].copy()
        for part in ("real", "imag"):
            slope, other = getattr(self.slope[first], part), getattr(self.slope[second], part)
            with np.errstate(divide="ignore", invalid="ignore"):
                power = 1.0 + np.log(other / slope) / spread
            power = np.where(np.isfinite(power) & (np.abs(power) < 3.0), power, 0.5)
            power = np.where(np.abs(power) < 1e-6, 1e-6, power)
            getattr(guess, part)[...] += slope * reach * np.expm1(power * logarithm) / power
        return near, guess

    def beside(self, z: Complex, _marks: Real) -> tuple[NDArray[np.intp], Complex]:
        """Points with an anchor near, and the first-order guess from the nearest one."""
        nearest = self._nearest(z.real)
        step = z - self.x[nearest]
        near = np.flatnonzero(np.abs(step) < _REACH)
        chosen = nearest[near]
        return near, self.state[chosen] + step[near][:, None] * self.slope[chosen]

    def above(self, z: Complex) -> tuple[NDArray[np.intp], Complex, Real]:
        """Points with an anchor near, and a guess above them at an Im b of the size of their distance."""
        nearest = self._nearest(z.real)
        step = z - self.x[nearest]
        near = np.flatnonzero(np.abs(step) < _REACH)
        chosen = nearest[near]
        y = 2.0 * np.maximum(np.abs(step[near]), 10.0 * _LOWEST)
        guess = self.state[chosen] + step[near][:, None] * self.slope[chosen] + y[:, None] * self.push[chosen]
        return near, guess, y


def _charted(m: Complex, residual: Complex, inverted: NDArray[np.bool_]) -> Complex:
    """The residual r = Φ − m, or that of m⁻¹ = Φ⁻¹ turned into a step of m: m − m Φ⁻¹ m = r (m + r)⁻¹ m."""
    out = residual.copy()
    if inverted.any():
        chosen, r = m[inverted], residual[inverted]
        out[inverted] = r @ inverse(chosen + r) @ chosen
    return out


def _moved(m: Complex, step: Complex, inverted: NDArray[np.bool_]) -> Complex:
    """Take a step s of m, or the step of m⁻¹ with the same differential: m (m − s)⁻¹ m = m + s (m − s)⁻¹ m."""
    out = m + step
    if inverted.any():
        chosen, s = m[inverted], step[inverted]
        out[inverted] = chosen + s @ inverse(chosen - s) @ chosen
    return out


def _invertible(m: Complex) -> NDArray[np.bool_]:
    """Whether m is well conditioned, up to the sizes of its entries."""
    return np.asarray(np.abs(inverse(m / _sizes(m))).max(axis=(1, 2)) < _CONDITION)


def _sizes(m: Complex) -> Real:
    """Sizes s_a s_b of the entries of m: m_ab/(s_a s_b) has a largest entry of about 1 in each row."""
    scaled = np.abs(m)
    out = np.ones_like(scaled)
    for _ in range(3):
        s = np.sqrt(scaled.max(axis=2))
        factor = s[:, :, None] * s[:, None, :]
        scaled, out = scaled / factor, out * factor
    return out


def _largest(step: Complex, sizes: Real) -> Real:
    """Largest entry of a step relative to the sizes of the entries."""
    return np.asarray((np.abs(step) / sizes).max(axis=(1, 2), initial=0.0))
