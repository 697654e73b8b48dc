"""Matrix-valued subordination: the Cauchy transform of B + Σ A_j ⊗ x_j for free variables x_j.

With G(b) = (id ⊗ τ)((b − B − Σ A_j ⊗ x_j)⁻¹) and F = G⁻¹, freeness with amalgamation over the matrices gives
arguments ω_j with

    F_j(ω_j) = F for all j,    Σ ω_j − (n − 1) F + η(G) = b − B,

where F_j belongs to A_j ⊗ x_j alone and η(X) = Σ variance A X A collects every semicircular and circular variable
(Voiculescu 1995; Belinschi-Mai-Speicher 2017). For Im b > 0 exactly one solution has Im ω_j > 0 for all j. It is
found by Newton's method, followed from Im b large to Im b = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.free.matrix_variables import Variable, inverse, log_det
from rmt.laws.law import EPS, Complex, Real

_CONVERGED = 1e-8  # Newton's last relative step where convergence is quadratic; one more step follows
_EXACT = 1e-13  # the same where it is linear, next to an edge
_STALLED = 1e-5  # relative step below which steps that no longer shrink are rounding noise
_SOLVED = 1e-8  # largest relative residual of a solution
_USEFUL = 1e-3  # largest relative error of G that rounding may leave
_PUSH = 1e-9  # the distance from the boundary at which a limit must have positive imaginary part
_NEWTON_STEPS = 10
_FIRST_ATTEMPT = 0.5  # Im b below which the limit is tried directly
_LEVELS = 150
_LOWEST = 1e-15  # Im b below which a point is given up
_REACH = 0.1  # distance at which a remembered point still helps
_NOISE = 1e-9  # what is smaller is rounding, in the search for symmetries
_CHUNK = 2**26  # bytes of Jacobians held at a time


@dataclass(frozen=True, eq=False)
class Solution:
    """The solutions at a stack of points on the closed upper half plane.

    Attributes
    ----------
    omega : ndarray, shape (points, variables, d, d)
        The subordination arguments.
    g : ndarray, shape (points, d, d)
        The matrix-valued Cauchy transform; its corner is the scalar one.
    slope : ndarray, shape (points, variables, d, d)
        Derivative dω/dz.
    error : ndarray of float
        Bound on the rounding error of the corner.
    residual : ndarray of float
        Largest relative residual of the equations.
    certified : ndarray of bool
        Whether the point is the limit of the unique solution with positive imaginary parts, and G known there.
    determinant : ndarray of float
        Logarithm of the modulus of the determinant of the Jacobian, whose zeros are the edges of the spectrum.
    """

    omega: Complex
    g: Complex
    slope: Complex
    error: Real
    residual: Real
    certified: NDArray[np.bool_]
    determinant: Real

    def restrict(self, chosen: NDArray[np.bool_]) -> Solution:
        """The solutions at some of the points."""
        return Solution(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class _Model:
    """The equations linearised at a stack of arguments, in coordinates of the basis."""

    residual: Complex  # (points, n q)
    scale: Real  # (points, n q): size of the terms that make up each residual
    worst: Real  # (points,): largest relative residual of all entries
    jacobian: Complex  # (points, n q, n q)
    g: Complex
    corner: Complex  # (points, n q): derivative of the corner of G
    magnitude: Real  # (points,): size of the terms that make up the corner of G


class OperatorSubordination:
    """The subordination equations of one pencil, and their solution.

    Parameters
    ----------
    constant : ndarray, shape (d, d)
        B, Hermitian; everything scaled so that the pencil has norm of order 1.
    variables : sequence of Variable
        The variables that are not semicircular; at least one, which may have coefficient 0.
    eta : ndarray, shape (d², d²)
        The covariance η of the semicircular part as a matrix on row-major vec.
    direction : ndarray, shape (d,)
        Diagonal of the coefficient of z in b.
    """

    def __init__(self, constant: Complex, variables: Sequence[Variable], eta: Complex, direction: Real) -> None:
        self.constant = constant
        self.direction = direction
        self.variables = tuple(variables)
        self.eta = eta
        self.dimension = len(constant)
        self.terms = len(self.variables) * self.dimension
        size = sum(v.norm for v in variables) + 2.0 * math.sqrt(np.abs(eta).sum(axis=1).max())
        self._height = 2.0 * (float(np.abs(constant).sum(axis=1).max()) + size)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._basis, self._pivots = _echelon(self._closure())
        self._anchors: _Anchors | None = None

    def _closure(self) -> Complex:
        """An orthonormal basis (q, d, d) of the matrices that the equations can reach from b.

        Symmetries of the pencil confine all arguments to a subspace that is closed under the transforms, often
        much smaller than all matrices; random elements of it show it.
        """
        d = self.dimension
        rng = np.random.default_rng(0)
        basis = _orthonormal(np.stack([np.eye(d), np.diag(self.direction), self.constant]).astype(np.complex128))
        norms = [v.norm for v in self.variables] + [math.sqrt(np.abs(self.eta).sum(axis=1).max())]
        while True:
            rank = len(basis)
            weights = rng.standard_normal((2, rank + 4, rank)) / rank
            omega = np.tensordot(weights[0] + 1j * weights[1], basis, axes=1) + 2j * np.eye(d)
            images = [basis]
            for norm in filter(None, norms):
                # arguments of the size of the variable show its high orders
                for variable in self.variables:
                    g = variable.transform(norm * omega, basis[:1])[0]
                    images += [g, inverse(g), (g.reshape(-1, d * d) @ self.eta.T).reshape(-1, d, d)]
            basis = _orthonormal(np.concatenate(images))
            if len(basis) == rank:
                return basis

    # ------------------------------------------------------------------ solution
    def solve(self, z: Complex) -> Solution:
        """Solve at points of the closed upper half plane.

        Each point is followed from large Im b; as soon as Newton's method reaches Im b = 0 at a solution with
        positive imaginary parts, that solution is the limit, because the one inside is unique. Where a
        remembered point is near, Newton's method starts from there, under the same certificate.
        """
        size = len(self.variables) * max(len(self._basis), self.dimension)
        chunk = max(1, _CHUNK // (16 * size * size))
        # where an argument is singular the model is not finite, and the point is given up
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            parts = [self._solve(z[i : i + chunk]) for i in range(0, max(1, len(z)), chunk)]
        names = [f.name for f in fields(Solution)]
        return Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def remember(self, z: Complex, solution: Solution) -> None:
        """Keep certified solutions as starting points for later ones."""
        good = solution.certified & (z.imag == 0.0)
        found = _Anchors(z[good], solution.omega[good], solution.slope[good])
        self._anchors = found if self._anchors is None else self._anchors.merge(found)

    def _solve(self, z: Complex) -> Solution:
        points, count, d = len(z), len(self.variables), self.dimension
        omega = np.full((points, count, d, d), np.nan + 0j)
        certified = np.zeros(points, dtype=bool)
        if self._anchors is not None and self._anchors.z.size:
            near, guess = self._anchors.extrapolate(z)
            omega[near], certified[near] = self._limit(guess, z[near])
        rest = ~certified
        if rest.any():
            omega[rest], certified[rest] = self._follow(z[rest])
        return self._finish(z, omega, certified)

    def _limit(self, guess: Complex, z: Complex) -> tuple[Complex, NDArray[np.bool_]]:
        """Newton's method at Im b = 0, and whether it found the limit from Im b > 0."""
        omega, converged, slope = self._newton(guess, z, np.zeros(len(z)), _NEWTON_STEPS)
        return omega, converged & _positive(omega + _PUSH * slope)

    def _follow(self, z: Complex) -> tuple[Complex, NDArray[np.bool_]]:
        """Follow every point from large Im b to Im b = 0, in steps as long as Newton's method allows."""
        y = np.full(len(z), self._height)
        omega, started, slope = self._newton(self._start(z, y), z, y, 30)
        ratio = np.full(len(z), 0.2)
        attempt = np.full(len(z), _FIRST_ATTEMPT)
        certified = np.zeros(len(z), dtype=bool)
        active = np.flatnonzero(started)
        for _ in range(_LEVELS):
            if active.size == 0:
                break
            last = y[active] <= attempt[active]
            target = np.where(last, 0.0, y[active] * ratio[active])
            guess = _predict(omega[active], slope[active], y[active], target)
            reached, accepted, new_slope = self._newton(guess, z[active], target, _NEWTON_STEPS)
            accepted &= _positive(reached + np.where(last, _PUSH, 0.0)[:, None, None, None] * new_slope)
            done, failed = active[accepted], active[~accepted]
            omega[done], slope[done], y[done] = reached[accepted], new_slope[accepted], target[accepted]
            certified[done] = last[accepted]
            ratio[done] = np.maximum(ratio[done] ** 1.2, 0.02)
            attempt[failed] = np.where(last[~accepted], 0.1 * y[failed], attempt[failed])
            ratio[failed] = np.where(last[~accepted], ratio[failed], ratio[failed] ** 0.6)
            active = active[~certified[active] & (y[active] > _LOWEST) & (ratio[active] < 0.9)]
        return omega, certified

    def _finish(self, z: Complex, omega: Complex, certified: NDArray[np.bool_]) -> Solution:
        """One more Newton step, and the error that rounding leaves."""
        points, count, d, _ = omega.shape
        omega = np.where(np.isfinite(omega).all(axis=(1, 2, 3), keepdims=True), omega, 1j * np.eye(d))
        refined, _, _ = self._newton(omega[certified], z[certified], np.zeros(int(certified.sum())), 1)
        omega[certified] = refined
        model = self._linearise(omega, z, np.zeros(points))
        determinant = np.asarray(np.linalg.slogdet(model.jacobian)[1])
        usable = np.isfinite(determinant) & np.isfinite(model.residual).all(axis=1)
        error = np.full(points, np.inf)
        slope = np.full_like(omega, np.nan)
        jacobian = model.jacobian[usable]
        sensitivity = np.abs(_solve_stack(jacobian.swapaxes(1, 2), model.corner[usable][..., None])[..., 0])
        towards_z = self._reduce_b(np.diag(self.direction).astype(np.complex128), count)
        moved = _solve_stack(jacobian, np.broadcast_to(towards_z[:, None], (*jacobian.shape[:2], 1)))
        slope[usable] = self._expand(moved[..., 0], count)
        floor = 2.0 * EPS * model.scale[usable] + 2.0 * np.abs(model.residual[usable])
        error[usable] = (sensitivity * floor).sum(axis=1)
        error += 4.0 * EPS * model.magnitude
        useful = error < _USEFUL * (1.0 + np.abs(model.g[:, 0, 0]))
        certified = certified & usable & useful & (model.worst < _SOLVED)
        g = np.where(np.isfinite(model.g), model.g, np.nan)
        return Solution(omega, g, slope, error, model.worst, certified, determinant)

    def potential(self, solution: Solution) -> Complex:
        """(Tr ⊗ τ) log of the pencil at solved points, up to multiples of 2πi.

        U = Σ U_j(ω_j) − (n − 1) log det F + Tr(η(G) G)/2, which is stationary in all ω_j, so that its derivative
        in b is G and errors of the solution enter squared.
        """
        points, count, d, _ = solution.omega.shape
        g = solution.g.reshape(points, d * d)
        covariance = (g @ self.eta.T).reshape(points, d, d)
        total = 0.5 * np.einsum("nab,nba->n", covariance, solution.g)
        total += (count - 1) * log_det(solution.g)
        for j, variable in enumerate(self.variables):
            total += variable.potential(solution.omega[:, j])
        return np.asarray(total)

    # ------------------------------------------------------------------ the equations
    def _right_side(self, z: Complex, y: Real) -> Complex:
        b = np.repeat(-self.constant[None], len(z), axis=0)
        diagonal = np.arange(self.dimension)
        b[:, diagonal, diagonal] += np.outer(z, self.direction) + 1j * y[:, None]
        return b

    def _reduce(self, matrices: Any) -> Any:
        """Coordinates (..., q) of matrices (..., d, d) of the span: their entries at the pivots."""
        d = self.dimension
        return matrices.reshape(*matrices.shape[:-2], d * d)[..., self._pivots]

    def _reduce_b(self, change: Complex, count: int) -> Complex:
        """Coordinates of a change of b as a right-hand side of the equations."""
        side = np.zeros((count, len(self._basis)), dtype=np.complex128)
        side[0] = self._reduce(change)
        return side.reshape(-1)

    def _expand(self, coordinates: Complex, count: int) -> Complex:
        """Matrices (points, n, d, d) from coordinates (points, n q)."""
        return np.tensordot(coordinates.reshape(len(coordinates), count, len(self._basis)), self._basis, axes=1)

    def _linearise(self, omega: Complex, z: Complex, y: Real) -> _Model:
        points, count, d, _ = omega.shape
        q = len(self._basis)
        b = self._right_side(z, y)
        residual = np.empty((points, count, d, d), dtype=np.complex128)
        scale = np.empty((points, count, d, d))
        jacobian = np.zeros((points, count, q, count, q), dtype=np.complex128)
        g, slope, magnitude = self.variables[0].transform(omega[:, 0], self._basis)
        f = inverse(g)
        # derivatives (points, direction, coordinate): transposed into columns of the Jacobian
        f_slope = self._reduce(-f[:, None] @ slope @ f[:, None]).swapaxes(1, 2)
        for j in range(1, count):
            other_g, other_slope, _ = self.variables[j].transform(omega[:, j], self._basis)
            other = inverse(other_g)
            residual[:, j] = other - f
            scale[:, j] = np.abs(other) + np.abs(f)
            jacobian[:, j, :, j] = self._reduce(-other[:, None] @ other_slope @ other[:, None]).swapaxes(1, 2)
            jacobian[:, j, :, 0] = -f_slope
        covariance = (g.reshape(points, d * d) @ self.eta.T).reshape(points, d, d)
        spread = (slope.reshape(points, q, d * d) @ self.eta.T).reshape(points, q, d, d)
        residual[:, 0] = omega.sum(axis=1) - (count - 1) * f + covariance - b
        scale[:, 0] = np.abs(omega).sum(axis=1) + count * np.abs(f) + np.abs(covariance) + np.abs(b)
        jacobian[:, 0] += np.eye(q)[:, None, :]
        jacobian[:, 0, :, 0] += self._reduce(spread).swapaxes(1, 2) - (count - 1) * f_slope
        corner = np.zeros((points, count, q), dtype=np.complex128)
        corner[:, 0] = slope[:, :, 0, 0]
        return _Model(
            residual=self._reduce(residual).reshape(points, count * q),
            scale=self._reduce(scale).reshape(points, count * q),
            worst=np.abs(residual).max(axis=(1, 2, 3)) / scale.max(axis=(1, 2, 3)),
            jacobian=jacobian.reshape(points, count * q, count * q),
            g=g,
            corner=corner.reshape(points, count * q),
            magnitude=magnitude[:, 0, 0],
        )

    def _start(self, z: Complex, y: Real) -> Complex:
        """A few sweeps of the fixed-point map, which contracts for large Im b."""
        b = self._right_side(z, y)
        points, d, _ = b.shape
        omega = np.repeat(b[:, None], len(self.variables), axis=1)
        for _ in range(4):
            g = [v.transform(omega[:, j], self._basis[:1])[0] for j, v in enumerate(self.variables)]
            pull = np.stack([inverse(x) for x in g], axis=1) - omega
            covariance = (g[0].reshape(points, d * d) @ self.eta.T).reshape(points, d, d)
            omega = (b - covariance + pull.sum(axis=1))[:, None] - pull
        return omega

    def _newton(self, omega: Complex, z: Complex, y: Real, steps: int) -> tuple[Complex, NDArray[np.bool_], Complex]:
        """Newton's method: where it leads, whether it converged, and the tangent dω/dy there."""
        points, count, d, _ = omega.shape
        omega = omega.copy()
        tangent = np.zeros_like(omega)
        converged = np.zeros(points, dtype=bool)
        push = self._reduce_b(np.asarray(1j * np.eye(d)), count)
        active = np.arange(points)
        before = np.full(points, np.inf)
        for _ in range(steps):
            if active.size == 0:
                break
            model = self._linearise(omega[active], z[active], y[active])
            finite = np.isfinite(model.jacobian).all(axis=(1, 2)) & np.isfinite(model.residual).all(axis=1)
            active = active[finite]
            residual = model.residual[finite]
            sides = np.stack([-residual, np.broadcast_to(push, residual.shape)], axis=-1)
            solved = _solve_stack(model.jacobian[finite], sides)
            step = self._expand(solved[..., 0], count)
            tangent[active] = self._expand(solved[..., 1], count)
            omega[active] += step
            size = np.abs(inverse(omega[active]) @ step).max(axis=(1, 2, 3))
            quadratic = (size < _CONVERGED) & (size < 0.01 * before[active])
            stalled = (size < _STALLED) & (size > 0.8 * before[active])
            converged[active] = quadratic | stalled | (size < _EXACT)
            before[active] = size
            active = active[~converged[active] & (size < 10.0)]
        return omega, converged, tangent


@dataclass(frozen=True, eq=False)
class _Anchors:
    """Solved points on the real axis, in ascending order, with the derivatives of their solutions."""

    z: Complex
    omega: Complex
    slope: Complex

    def merge(self, other: _Anchors) -> _Anchors:
        """Both sets of points."""
        z = np.concatenate([self.z, other.z])
        _, order = np.unique(z.real, return_index=True)
        omega = np.concatenate([self.omega, other.omega])[order]
        return _Anchors(z[order], omega, np.concatenate([self.slope, other.slope])[order])

    def extrapolate(self, z: Complex) -> tuple[NDArray[np.bool_], Complex]:
        """Which points have an anchor near, and the first-order guess from the nearest one."""
        right = np.clip(np.searchsorted(self.z.real, z.real), 1, max(len(self.z) - 1, 1))
        right = np.minimum(right, len(self.z) - 1)
        left = np.maximum(right - 1, 0)
        nearest = np.where(np.abs(z - self.z[left]) < np.abs(z - self.z[right]), left, right)
        step = z - self.z[nearest]
        near = np.abs(step) < _REACH
        chosen = nearest[near]
        return near, self.omega[chosen] + step[near][:, None, None, None] * self.slope[chosen]


def _predict(omega: Complex, tangent: Complex, y: Real, target: Real) -> Complex:
    """Extrapolate from `y` to `target`: along powers of y, as next to a singularity, and linearly to 0."""
    rate = y[:, None, None, None] * (inverse(omega) @ tangent)
    values, vectors = np.linalg.eig(rate)
    last = target == 0.0
    steps = np.log(np.where(last, 1.0, target) / y)
    growth = np.exp(values * steps[:, None, None])
    power = omega @ (vectors * growth[..., None, :]) @ inverse(vectors)
    linear = omega - omega @ rate
    return np.where(last[:, None, None, None], linear, power)


def _positive(omega: Complex) -> NDArray[np.bool_]:
    """Whether the imaginary parts of all arguments are positive definite."""
    imaginary = (omega - omega.conj().swapaxes(-1, -2)) / 2j
    finite = np.isfinite(imaginary).all(axis=(1, 2, 3))
    out = np.zeros(len(omega), dtype=bool)
    out[finite] = (np.linalg.eigvalsh(imaginary[finite]) > 0.0).all(axis=(1, 2))
    return out


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
    q, d, _ = span.shape
    rows = span.reshape(q, d * d).copy()
    pivots = []
    for k in range(q):
        row, column = divmod(int(np.argmax(np.abs(rows[k:]))), d * d)
        rows[[k, k + row]] = rows[[k + row, k]]
        rows[k] /= rows[k, column]
        others = np.arange(q) != k
        rows[others] -= np.outer(rows[others, column], rows[k])
        pivots.append(column)
    for value in (0.0, 1.0, -1.0):
        rows[np.abs(rows - value) < _NOISE] = value
    return rows.reshape(q, d, d), np.array(pivots)


def _solve_stack(matrices: Complex, sides: Complex) -> Complex:
    """Solve a stack of linear systems; NaN where a matrix is exactly singular."""
    try:
        return np.asarray(np.linalg.solve(matrices, sides))
    except np.linalg.LinAlgError:
        out = np.full(sides.shape, np.nan + 0j)
        regular = np.linalg.det(matrices) != 0
        out[regular] = np.linalg.solve(matrices[regular], sides[regular])
        return out
