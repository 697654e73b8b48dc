"""Matrix-valued subordination: the Cauchy transform of B + Σ a_j for free matrix-valued variables a_j.

With U_j the range of the coefficients of a_j and k_j its self-energy (:mod:`rmt.free.matrix_variables`),

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

from rmt.free.matrix_variables import Variable, inverse, log_det, solve_stack
from rmt.laws.law import EPS, Complex, Real

_CONVERGED = 1e-8  # Newton's last relative step where convergence is quadratic; one more step follows
_EXACT = 1e-13  # the same where it is linear, next to an edge
_STALLED = 1e-5  # relative step below which steps that no longer shrink are rounding noise
_SOLVED = 1e-8  # largest relative residual of a solution
_USEFUL = 1e-3  # largest relative error of G that rounding may leave
_PUSH = 1e-9  # the distance from the boundary at which a limit must have negative imaginary part
_NEWTON_STEPS = 10
_FIRST_ATTEMPT = 0.5  # Im b below which the limit is tried directly
_LEVELS = 80
_LOWEST = 1e-15  # Im b below which a point is given up
_REACH = 0.1  # distance at which a remembered point still helps
_NOISE = 1e-9  # what is smaller is rounding, in the search for symmetries
_CHUNK = 2**26  # bytes of Jacobians held at a time


@dataclass(frozen=True, eq=False)
class Solution:
    """The solutions at a stack of points on the closed upper half plane.

    Attributes
    ----------
    state : ndarray, shape (points, unknowns)
        The arguments m_j, in coordinates.
    g : ndarray, shape (points, d, d)
        The matrix-valued Cauchy transform; its corner is the scalar one.
    slope, push : ndarray, shape (points, unknowns)
        Derivatives of the state in z and in Im b.
    error : ndarray of float
        Bound on the rounding error of the corner.
    residual : ndarray of float
        Largest relative residual of the equations.
    certified : ndarray of bool
        Whether the point is the limit of the unique solution with negative imaginary parts, and G known there.
    determinant : ndarray of float
        Logarithm of the modulus of the determinant of the Jacobian, whose zeros are the edges of the spectrum.
    """

    state: Complex
    g: Complex
    slope: Complex
    push: Complex
    error: Real
    residual: Real
    certified: NDArray[np.bool_]
    determinant: Real

    def restrict(self, chosen: NDArray[np.bool_]) -> Solution:
        """The solutions at some of the points."""
        return Solution(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class _Model:
    """The equations linearised at a stack of states: m − Φ(m) = 0 for the map Φ of the module's second line."""

    matrices: list[Complex]  # m_j
    residual: list[Complex]  # Φ_j − m_j
    scale: Real  # (points, unknowns): size of the terms that make up each residual
    worst: Real  # (points,): largest relative residual
    jacobian: Complex  # (points, unknowns, unknowns)
    along: Complex  # (points, unknowns): derivative of Φ in z
    push: Complex  # (points, unknowns): derivative of Φ in Im b
    g: Complex
    corner: Complex  # (points, unknowns): derivative of the corner of G
    magnitude: Real  # (points,): size of the terms that make up the corner of G


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
    """

    def __init__(self, constant: Complex, variables: Sequence[Variable], direction: Real) -> None:
        self.constant = constant
        self.direction = direction
        self.variables = tuple(variables)
        self.dimension = len(constant)
        self.terms = len(self.variables) * self.dimension
        self._height = 2.0 * (float(np.abs(constant).sum(axis=1).max()) + sum(v.norm for v in variables))
        self._ranges = [v.vectors for v in self.variables]
        self._adjoints = [u.conj().T for u in self._ranges]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            found = [_echelon(span) for span in self._spans()]
        self._bases = [basis for basis, _ in found]
        self._pivots = [pivots for _, pivots in found]
        ends = np.cumsum([0] + [len(basis) for basis in self._bases])
        self._parts = [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]
        self._unknowns = int(ends[-1])
        self._anchors: _Anchors | None = None

    def _spans(self) -> list[Complex]:
        """Orthonormal bases (q, r, r) of the matrices that each argument can reach.

        Symmetries of the pencil confine the arguments to subspaces that the equations map into each other, often much
        smaller than all matrices; random elements of them show them.
        """
        rng = np.random.default_rng(0)
        spans = [_orthonormal(np.eye(u.shape[1], dtype=np.complex128)[None]) for u in self._ranges]
        while True:
            ranks = [len(span) for span in spans]
            count = 2 * max(ranks) + 6
            b = self._right_side(rng.standard_normal(count).astype(np.complex128), 1.0 + rng.random(count))
            arguments = []
            for span, variable in zip(spans, self.variables, strict=True):
                weights = rng.standard_normal((2, count, len(span))) / len(span)
                # arguments of the size of the variable show its high orders
                m = np.tensordot(weights[0] + 1j * weights[1], span, axes=1) - 2j * np.eye(span.shape[1])
                arguments.append(m / (2.0 * max(variable.norm, _NOISE)))
            energies = [
                self._embed(j, v.self_energy(m, span[:1])[0])
                for j, (v, m, span) in enumerate(zip(self.variables, arguments, spans, strict=True))
            ]
            images = [self._image(j, b, energies) for j in range(len(spans))]
            spans = [
                _orthonormal(np.concatenate([span, *(_normalised(x) for x in (m, inverse(m), inverse(argument)))]))
                for span, m, argument in zip(spans, images, arguments, strict=True)
            ]
            if [len(span) for span in spans] == ranks:
                return spans

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
    def solve(self, z: Complex) -> Solution:
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
        names = [f.name for f in fields(Solution)]
        return Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def remember(self, z: Complex, solution: Solution) -> None:
        """Keep certified solutions as starting points for later ones."""
        good = solution.certified & (z.imag == 0.0)
        found = _Anchors(z.real[good], solution.state[good], solution.slope[good], solution.push[good])
        self._anchors = found if self._anchors is None else self._anchors.merge(found)

    def _solve(self, z: Complex) -> Solution:
        points = len(z)
        state = np.full((points, self._unknowns), np.nan + 0j)
        certified = np.zeros(points, dtype=bool)
        for guess in (self._between, self._beside):
            rest = np.flatnonzero(~certified)
            if self._anchors is not None and self._anchors.x.size and rest.size:
                near, start = guess(z[rest])
                state[rest[near]], certified[rest[near]] = self._limit(start, z[rest[near]])
        rest = np.flatnonzero(~certified)
        if rest.size and self._anchors is not None and self._anchors.x.size:
            near, start, y = self._anchors.above(z[rest])
            state[rest[near]], certified[rest[near]] = self._follow(z[rest[near]], start, y)
        rest = np.flatnonzero(~certified)
        if rest.size:
            y = np.full(rest.size, self._height)
            state[rest], certified[rest] = self._follow(z[rest], self._start(z[rest], y), y)
        return self._finish(z, state, certified)

    def _between(self, z: Complex) -> tuple[NDArray[np.intp], Complex]:
        assert self._anchors is not None
        return self._anchors.between(z)

    def _beside(self, z: Complex) -> tuple[NDArray[np.intp], Complex]:
        assert self._anchors is not None
        return self._anchors.beside(z)

    def _limit(self, guess: Complex, z: Complex) -> tuple[Complex, NDArray[np.bool_]]:
        """Newton's method at Im b = 0, and whether it found the limit from Im b > 0."""
        state, converged, push = self._newton(guess, z, np.zeros(len(z)), _NEWTON_STEPS)
        return state, converged & self._physical(state + _PUSH * push)

    def _follow(self, z: Complex, start: Complex, y: Real) -> tuple[Complex, NDArray[np.bool_]]:
        """Follow every point from Im b = y to Im b = 0, in steps as long as Newton's method allows."""
        y = y.copy()
        state, started, push = self._newton(start, z, y, 30)
        started &= self._physical(state)
        ratio = np.full(len(z), 0.2)
        attempt = np.full(len(z), _FIRST_ATTEMPT)
        certified = np.zeros(len(z), dtype=bool)
        other = np.zeros(len(z), dtype=bool)
        active = np.flatnonzero(started)
        for _ in range(_LEVELS):
            if active.size == 0:
                break
            last = y[active] <= attempt[active]
            target = np.where(last, 0.0, y[active] * ratio[active])
            guess = self._predict(state[active], push[active], y[active], target)
            reached, accepted, new_push = self._newton(guess, z[active], target, _NEWTON_STEPS, other[active])
            accepted &= self._physical(reached + np.where(last, _PUSH, 0.0)[:, None] * new_push)
            done, failed = active[accepted], active[~accepted]
            state[done], push[done], y[done] = reached[accepted], new_push[accepted], target[accepted]
            certified[done] = last[accepted]
            ratio[done] = np.maximum(ratio[done] ** 1.2, 0.02)
            attempt[failed] = np.where(last[~accepted], 0.1 * y[failed], attempt[failed])
            ratio[failed] = np.where(last[~accepted], ratio[failed], ratio[failed] ** 0.6)
            other[failed] ^= True
            active = active[~certified[active] & (y[active] > _LOWEST) & (ratio[active] < 0.9)]
        return state, certified

    def _finish(self, z: Complex, state: Complex, certified: NDArray[np.bool_]) -> Solution:
        """One more Newton step, and the error that rounding leaves."""
        points = len(z)
        state = np.where(np.isfinite(state).all(axis=1, keepdims=True), state, self._reduced(self._idle(points)))
        refined, _, _ = self._newton(state[certified], z[certified], np.zeros(int(certified.sum())), 1)
        state[certified] = refined
        model = self._linearise(state, z, np.zeros(points))
        determinant = np.asarray(np.linalg.slogdet(model.jacobian)[1])
        residual = self._reduced(model.residual)
        usable = np.isfinite(determinant) & np.isfinite(residual).all(axis=1)
        error = np.full(points, np.inf)
        slope, push = np.full_like(state, np.nan), np.full_like(state, np.nan)
        jacobian = model.jacobian[usable]
        sensitivity = np.abs(solve_stack(jacobian.swapaxes(1, 2), model.corner[usable][..., None])[..., 0])
        moved = solve_stack(jacobian, np.stack([model.along[usable], model.push[usable]], axis=-1))
        slope[usable], push[usable] = moved[..., 0], moved[..., 1]
        floor = 2.0 * EPS * model.scale[usable] + 2.0 * np.abs(residual[usable])
        error[usable] = (sensitivity * floor).sum(axis=1)
        error += 4.0 * EPS * model.magnitude
        useful = error < _USEFUL * (1.0 + np.abs(model.g[:, 0, 0]))
        certified = certified & usable & useful & (model.worst < _SOLVED)
        g = np.where(np.isfinite(model.g), model.g, np.nan)
        return Solution(state, g, slope, push, error, model.worst, certified, determinant)

    def potential(self, solution: Solution) -> Complex:
        """(Tr ⊗ τ) log of the pencil at solved points, up to multiples of 2πi.

        −log det G + Σ P_j(m_j) with dP_j = Tr(g_j dk_j) is stationary in all m_j, so that its derivative in b is G and
        errors of the solution enter squared.
        """
        total = -log_det(solution.g)
        for variable, m in zip(self.variables, self.arguments(solution), strict=True):
            total = total + variable.potential(m)
        return np.asarray(total)

    def arguments(self, solution: Solution) -> list[Complex]:
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
            imaginary = (m.conj().swapaxes(-1, -2) - m) / 2j
            size = np.sqrt(np.abs(m).max(axis=2, initial=0.0))
            imaginary = imaginary / (size[:, :, None] * size[:, None, :])
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
        sizes = [np.abs(self._ranges[j]) @ size @ np.abs(self._adjoints[j]) for j, (_, _, size) in enumerate(solved)]
        whole = np.abs(b) + sum(sizes)
        g = inverse(b - sum(energies))
        jacobian = np.zeros((points, self._unknowns, self._unknowns), dtype=np.complex128)
        jacobian[:, np.arange(self._unknowns), np.arange(self._unknowns)] = 1.0
        corner = np.empty((points, self._unknowns), dtype=np.complex128)
        residual, scale, along, push = [], [], [], []
        for j in range(count):
            own = self.variables[j].whole
            resolvent = g if own else inverse(self._argument(j, b, energies))
            left, right = self._adjoints[j] @ resolvent, resolvent @ self._ranges[j]
            image = left @ self._ranges[j]
            residual.append(image - matrices[j])
            terms = whole if own else whole - sizes[j]
            scale.append(np.abs(left) @ terms @ np.abs(right) + np.abs(image))
            along.append(-(left * self.direction) @ right)
            push.append(-1j * (left @ right))
            for i in range(count):
                if i != j or own:
                    slopes = (left @ self._ranges[i])[:, None] @ solved[i][1] @ (self._adjoints[i] @ right)[:, None]
                    jacobian[:, self._parts[j], self._parts[i]] -= self._reduce(j, slopes).swapaxes(1, 2)
            row, column = g[:, None, :1, :] @ self._ranges[j], self._adjoints[j] @ g[:, None, :, :1]
            corner[:, self._parts[j]] = (row @ solved[j][1] @ column)[..., 0, 0]
        return _Model(
            matrices=matrices,
            residual=residual,
            scale=self._reduced(scale),
            worst=np.max([_relative(r, m) for r, m in zip(residual, matrices, strict=True)], axis=0),
            jacobian=jacobian,
            along=self._reduced(along),
            push=self._reduced(push),
            g=g,
            corner=corner,
            magnitude=(np.abs(g[:, :1]) @ whole @ np.abs(g[:, :, :1]))[:, 0, 0],
        )

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
            inverted = [(np.abs(m).max(axis=(1, 2)) > 1.0) ^ flip for m in model.matrices]
            residual = [_charted(m, r, c) for m, r, c in zip(model.matrices, model.residual, inverted, strict=True)]
            sides = np.stack([self._reduced(residual), model.push], axis=-1)
            finite = np.isfinite(model.jacobian).all(axis=(1, 2)) & np.isfinite(sides).all(axis=(1, 2))
            solved = np.full_like(sides, np.nan)
            solved[finite] = solve_stack(model.jacobian[finite], sides[finite])
            steps_taken = self._matrices(solved[..., 0])
            moved = [_moved(m, s, c) for m, s, c in zip(model.matrices, steps_taken, inverted, strict=True)]
            size = np.max([_relative(s, m) for s, m in zip(steps_taken, model.matrices, strict=True)], axis=0)
            finite &= np.isfinite(size)
            active, size = active[finite], size[finite]
            state[active] = self._reduced(moved)[finite]
            tangent[active] = solved[finite, :, 1]
            quadratic = (size < _CONVERGED) & (size < 0.01 * before[active])
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

    def between(self, z: Complex) -> tuple[NDArray[np.intp], Complex]:
        """Real points between two anchors, and the cubic guess from both."""
        left, right = self._neighbours(z.real)
        h = self.x[right] - self.x[left]
        inner = (self.x[left] <= z.real) & (z.real <= self.x[right])
        near = np.flatnonzero(inner & (z.imag == 0.0) & (h > 0.0) & (h < _REACH))
        left, right, h = left[near], right[near], h[near][:, None]
        t = (z.real[near][:, None] - self.x[left][:, None]) / h
        guess = (1.0 + 2.0 * t) * (1.0 - t) ** 2 * self.state[left] + t * t * (3.0 - 2.0 * t) * self.state[right]
        guess += h * t * (1.0 - t) * ((1.0 - t) * self.slope[left] - t * self.slope[right])
        return near, guess

    def beside(self, z: Complex) -> tuple[NDArray[np.intp], Complex]:
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
    """The residual Φ − m, or that of m⁻¹ = Φ⁻¹ turned into a step of m: m − m Φ⁻¹ m."""
    out = residual.copy()
    if inverted.any():
        chosen = m[inverted]
        out[inverted] = chosen - chosen @ inverse(chosen + residual[inverted]) @ chosen
    return out


def _moved(m: Complex, step: Complex, inverted: NDArray[np.bool_]) -> Complex:
    """Take a step of m, or the step of m⁻¹ with the same differential."""
    out = m + step
    if inverted.any():
        chosen = m[inverted]
        out[inverted] = chosen @ inverse(chosen - step[inverted]) @ chosen
    return out


def _relative(step: Complex, m: Complex) -> Real:
    """Largest entry of a step, on the scale of the rows of m."""
    size = np.sqrt(np.abs(m).max(axis=2))
    return np.asarray((np.abs(step) / (size[:, :, None] * size[:, None, :])).max(axis=(1, 2), initial=0.0))


def _normalised(matrices: Complex) -> Complex:
    """The finite ones of a stack of matrices, of norm 1."""
    finite = matrices[np.isfinite(matrices).all(axis=(1, 2))]
    return np.asarray(finite / np.maximum(np.abs(finite).max(axis=(1, 2), keepdims=True), np.finfo(float).tiny))


def _orthonormal(span: Complex) -> Complex:
    """Orthonormal basis of the span of some matrices."""
    flat = span.reshape(len(span), -1)
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), np.finfo(float).tiny)
    _, sizes, rows = np.linalg.svd(flat, full_matrices=False)
    return np.asarray(rows[sizes > _NOISE * sizes[0]].reshape(-1, *span.shape[1:]))


def _echelon(span: Complex) -> tuple[Complex, NDArray[np.int64]]:
    """Basis of a span in reduced echelon form, and the entries in which it is the identity.

    Coordinates are then entries, and graded matrices next to a singularity keep the accuracy of small ones.
    """
    q, r, _ = span.shape
    rows = span.reshape(q, r * r).copy()
    pivots = []
    for k in range(q):
        row, column = divmod(int(np.argmax(np.abs(rows[k:]))), r * r)
        rows[[k, k + row]] = rows[[k + row, k]]
        rows[k] /= rows[k, column]
        others = np.arange(q) != k
        rows[others] -= np.outer(rows[others, column], rows[k])
        pivots.append(column)
    for value in (0.0, 1.0, -1.0):
        rows[np.abs(rows - value) < _NOISE] = value
    return rows.reshape(q, r, r), np.array(pivots)
