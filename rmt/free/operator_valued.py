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
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import EPS, Complex, Law, Real

_CONVERGED = 1e-8  # Newton's last relative step where convergence is quadratic; one more step follows
_EXACT = 1e-13  # the same where it is linear, next to an edge
_STALLED = 1e-5  # relative step below which steps that no longer shrink are rounding noise
_PUSH = 1e-9  # the distance from the boundary at which a limit must have positive imaginary part
_NEWTON_STEPS = 10
_FIRST_ATTEMPT = 0.5  # Im b below which the limit is tried directly
_LEVELS = 150
_LOWEST = 1e-15  # Im b below which a point is given up
_REACH = 0.1  # distance at which a remembered point still helps
_CHUNK = 2**26  # bytes of Jacobians held at a time
_NEAR = 0.02  # |λ| times the radius of the law below which power series in λ are summed


class Variable(Protocol):
    """A self-adjoint matrix-valued variable, known by its matrix-valued Cauchy transform."""

    #: a bound on its norm
    norm: float

    def transform(self, omega: Complex) -> tuple[Complex, Complex, Real]:
        """G at a stack of matrices, its derivative as a matrix on row-major vec(dω), the size of its terms."""
        ...

    def potential(self, omega: Complex) -> Complex:
        """(Tr ⊗ τ) log(ω − x), up to multiples of 2πi."""
        ...


class Transform:
    """G of a scalar law, and its derivative by a difference, which is enough to steer Newton's method."""

    def __init__(self, law: Law) -> None:
        self.law = law
        low, high = law._hull()
        self.radius = max(abs(low), abs(high))
        edges = [edge for i in law.support for edge in (i.low, i.high)]
        self._singular = np.unique(edges + [position for position, _ in law.atoms])

    def value(self, w: Complex) -> Complex:
        """G(w)."""
        return np.asarray(self.law.stieltjes(w))

    def derivative(self, w: Complex) -> Complex:
        """G'(w), from steps that are small against the distance to the nearest edge or atom."""
        points = self._singular
        right = np.clip(np.searchsorted(points, w.real), 1, max(len(points) - 1, 1))
        distance = np.minimum(np.abs(w - points[right - 1]), np.abs(w - points[np.minimum(right, len(points) - 1)]))
        step = 1e-5 * np.minimum(distance, self.radius)
        return (self.value(w + step) - self.value(w - step)) / (2.0 * step)


class MatrixVariable:
    """One self-adjoint variable x with its Hermitian coefficient A: transforms of A ⊗ x.

    Functions of A ⊗ x reduce to scalar ones: with A = U C U* and N = C U* ω⁻¹ U, the transform of the law of x is
    needed at the inverses of the eigenvalues of N only, whatever the law.
    """

    def __init__(self, coefficient: Complex, law: Law) -> None:
        values, vectors = np.linalg.eigh(coefficient)
        kept = np.abs(values) > 1e-13 * np.abs(values).max()
        self.weights: Real = values[kept]
        self.vectors: Complex = vectors[:, kept]
        self._g = Transform(law)
        self.norm = float(np.abs(values).max()) * self._g.radius
        self._taylor = np.array(law._float_moments(10)[1:])

    def spectrum(self, inverse: Complex) -> tuple[Complex, Complex, Complex]:
        """Eigenvalues of N, with L and R such that (ω − A x)⁻¹ = ω⁻¹ + L diag(x/(1 − λ x)) R."""
        left = np.asarray(inverse @ self.vectors)
        right = self.weights[:, None] * (self.vectors.conj().T @ inverse)
        eigenvalues, basis = map(np.asarray, np.linalg.eig(self.weights[:, None] * (self.vectors.conj().T @ left)))
        left, right = np.asarray(left @ basis), np.asarray(np.linalg.solve(basis, right))
        # 1/λ never crosses the real axis; once there, it belongs to the half plane a push of Im ω moves it into
        real = np.abs(eigenvalues.imag) < 1e-9 * np.abs(eigenvalues)
        side = np.where(np.einsum("nka,nak->nk", right, left).real < 0.0, 1.0, -1.0)
        eigenvalues.imag[real] = np.copysign(np.maximum(np.abs(eigenvalues.imag), 1e-300), side)[real]
        return eigenvalues, left, right

    def transform(self, omega: Complex) -> tuple[Complex, Complex, Real]:
        """G at a stack of matrices, its derivative as a matrix on row-major vec(dω), the size of its terms."""
        inverse = _inverse(omega)
        eigenvalues, left, right = self.spectrum(inverse)
        f = self._first(eigenvalues)
        excess = (left * f[:, None, :]) @ right
        pieces = np.einsum("nak,nkb->nkab", left, right)
        divided = self._second(eigenvalues, f)
        derivative = np.einsum("nab,nce->naebc", inverse, inverse)
        derivative += np.einsum("nab,nce->naebc", excess, inverse)
        derivative += np.einsum("nab,nce->naebc", inverse, excess)
        derivative += np.einsum("nkl,nkab,nlce->naebc", divided, pieces, pieces, optimize=True)
        size = omega.shape[-1] ** 2
        magnitude = np.abs(inverse) + (np.abs(left) * np.abs(f)[:, None, :]) @ np.abs(right)
        return inverse + excess, -derivative.reshape(-1, size, size), magnitude

    def _first(self, eigenvalues: Complex) -> Complex:
        """∫ x/(1 − λ x) μ(dx)."""
        out = np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        out[near] = np.polynomial.polynomial.polyval(eigenvalues[near], self._taylor)
        w = 1.0 / eigenvalues[~near]
        out[~near] = w * (w * self._g.value(w) - 1.0)
        return out

    def _second(self, eigenvalues: Complex, first: Complex) -> Complex:
        """∫ x²/((1 − λ_k x)(1 − λ_l x)) μ(dx): a divided difference, or the derivative for equal λ."""
        gap = eigenvalues[:, :, None] - eigenvalues[:, None, :]
        close = np.abs(gap) < 1e-5 * np.abs(eigenvalues).max(axis=1, initial=0.0)[:, None, None]
        out = (first[:, :, None] - first[:, None, :]) / gap
        middle = 0.5 * (eigenvalues[:, :, None] + eigenvalues[:, None, :])
        out[close] = self._slope(middle[close])
        return out

    def _slope(self, eigenvalues: Complex) -> Complex:
        """Derivative of the first function: only steers Newton's method, a difference is enough."""
        out = np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        slopes = np.polynomial.polynomial.polyder(self._taylor)
        out[near] = np.polynomial.polynomial.polyval(eigenvalues[near], slopes)
        w = 1.0 / eigenvalues[~near]
        # d/dλ = −w² d/dw
        out[~near] = -w * w * (w * (2.0 * self._g.value(w) + w * self._g.derivative(w)) - 1.0)
        return out

    def potential(self, omega: Complex) -> Complex:
        """(Tr ⊗ τ) log(ω − A x), up to multiples of 2πi: log det ω + Σ ∫ log(1 − λ_k x) μ(dx)."""
        inverse = _inverse(omega)
        eigenvalues, _, _ = self.spectrum(inverse)
        out = np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        series = np.concatenate([[0.0], -self._taylor / np.arange(1, len(self._taylor) + 1)])
        out[near] = np.polynomial.polynomial.polyval(eigenvalues[near], series)
        w = 1.0 / eigenvalues[~near]
        upper = w.real + 1j * np.abs(w.imag)
        branch = np.asarray(self._g.law.log_potential(upper)) - np.log(upper)
        out[~near] = np.where(w.imag < 0.0, branch.conj(), branch)
        return np.asarray(_log_det(omega) + out.sum(axis=1))


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
        Whether the point is the limit of the unique solution with positive imaginary parts.
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
    """The equations linearised at a stack of arguments."""

    residual: Complex  # (points, n d²)
    jacobian: Complex  # (points, n d², n d²)
    scale: Real  # (points, n d²): size of the terms that make up each residual
    g: Complex
    corner: Complex  # (points, n d²): derivative of the corner of G
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
        size = sum(v.norm for v in variables) + 2.0 * math.sqrt(np.abs(eta).sum(axis=1).max())
        self._height = 2.0 * (float(np.abs(constant).sum(axis=1).max()) + size)
        self._anchors: _Anchors | None = None

    # ------------------------------------------------------------------ solution
    def solve(self, z: Complex) -> Solution:
        """Solve at points of the closed upper half plane.

        Each point is followed from large Im b; as soon as Newton's method reaches Im b = 0 at a solution with
        positive imaginary parts, that solution is the limit, because the one inside is unique. Where a
        remembered point is near, Newton's method starts from there, under the same certificate.
        """
        size = len(self.variables) * self.dimension**2
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
        with np.errstate(divide="ignore", invalid="ignore"):
            determinant = np.asarray(np.linalg.slogdet(model.jacobian)[1])
        usable = np.isfinite(determinant) & np.isfinite(model.residual).all(axis=1)
        error = np.full(points, np.inf)
        residual = np.full(points, np.inf)
        slope = np.full_like(omega, np.nan)
        towards_z = np.zeros((count, d, d), dtype=np.complex128)
        towards_z[0] = np.diag(self.direction)
        jacobian = model.jacobian[usable]
        sensitivity = _solve_stack(jacobian.swapaxes(1, 2), model.corner[usable][..., None])[..., 0]
        moved = _solve_stack(jacobian, np.broadcast_to(towards_z.reshape(-1, 1), (*jacobian.shape[:2], 1)))
        slope[usable] = moved.reshape(-1, count, d, d)
        floor = 2.0 * EPS * model.scale[usable] + 2.0 * np.abs(model.residual[usable])
        error[usable] = (np.abs(sensitivity) * floor).sum(axis=1)
        error += 4.0 * EPS * model.magnitude
        relative = np.abs(model.residual[usable]) / np.maximum(model.scale[usable], np.finfo(float).tiny)
        residual[usable] = relative.max(axis=1)
        return Solution(omega, model.g, slope, error, residual, certified & usable, determinant)

    def potential(self, solution: Solution) -> Complex:
        """(Tr ⊗ τ) log of the pencil at solved points, up to multiples of 2πi.

        U = Σ U_j(ω_j) − (n − 1) log det F + Tr(η(G) G)/2, which is stationary in all ω_j, so that its derivative
        in b is G and errors of the solution enter squared.
        """
        points, count, d, _ = solution.omega.shape
        g = solution.g.reshape(points, d * d)
        covariance = (g @ self.eta.T).reshape(points, d, d)
        total = 0.5 * np.einsum("nab,nba->n", covariance, solution.g)
        total += (count - 1) * _log_det(solution.g)
        for j, variable in enumerate(self.variables):
            total += variable.potential(solution.omega[:, j])
        return np.asarray(total)

    # ------------------------------------------------------------------ the equations
    def _right_side(self, z: Complex, y: Real) -> Complex:
        b = np.repeat(-self.constant[None], len(z), axis=0)
        diagonal = np.arange(self.dimension)
        b[:, diagonal, diagonal] += np.outer(z, self.direction) + 1j * y[:, None]
        return b

    def _linearise(self, omega: Complex, z: Complex, y: Real) -> _Model:
        points, count, d, _ = omega.shape
        size = d * d
        b = self._right_side(z, y)
        residual = np.empty((points, count, size), dtype=np.complex128)
        scale = np.empty((points, count, size))
        jacobian = np.zeros((points, count, size, count, size), dtype=np.complex128)
        g, slope, magnitude = self.variables[0].transform(omega[:, 0])
        f, f_slope = _invert(g, slope)
        for j in range(1, count):
            other, other_slope = _invert(*self.variables[j].transform(omega[:, j])[:2])
            residual[:, j] = (other - f).reshape(points, size)
            scale[:, j] = (np.abs(other) + np.abs(f)).reshape(points, size)
            jacobian[:, j, :, j] = other_slope
            jacobian[:, j, :, 0] = -f_slope
        covariance = (g.reshape(points, size) @ self.eta.T).reshape(points, d, d)
        residual[:, 0] = (omega.sum(axis=1) - (count - 1) * f + covariance - b).reshape(points, size)
        terms = np.abs(omega).sum(axis=1) + count * np.abs(f) + np.abs(covariance) + np.abs(b)
        scale[:, 0] = terms.reshape(points, size)
        jacobian[:, 0] += np.eye(size)[:, None, :]
        jacobian[:, 0, :, 0] += self.eta @ slope - (count - 1) * f_slope
        corner = np.zeros((points, count, size), dtype=np.complex128)
        corner[:, 0] = slope[:, 0]
        flat = (points, count * size)
        return _Model(
            residual.reshape(flat),
            jacobian.reshape(*flat, count * size),
            scale.reshape(flat),
            g,
            corner.reshape(flat),
            magnitude[:, 0, 0],
        )

    def _start(self, z: Complex, y: Real) -> Complex:
        """A few sweeps of the fixed-point map, which contracts for large Im b."""
        b = self._right_side(z, y)
        points, d, _ = b.shape
        omega = np.repeat(b[:, None], len(self.variables), axis=1)
        for _ in range(4):
            g = [v.transform(omega[:, j])[0] for j, v in enumerate(self.variables)]
            pull = np.stack([np.linalg.inv(x) for x in g], axis=1) - omega
            covariance = (g[0].reshape(points, d * d) @ self.eta.T).reshape(points, d, d)
            omega = (b - covariance + pull.sum(axis=1))[:, None] - pull
        return omega

    def _newton(self, omega: Complex, z: Complex, y: Real, steps: int) -> tuple[Complex, NDArray[np.bool_], Complex]:
        """Newton's method: where it leads, whether it converged, and the tangent dω/dy there."""
        points, count, d, _ = omega.shape
        omega = omega.copy()
        tangent = np.zeros_like(omega)
        converged = np.zeros(points, dtype=bool)
        push = np.zeros((count, d, d), dtype=np.complex128)
        push[0] = 1j * np.eye(d)
        active = np.arange(points)
        before = np.full(points, np.inf)
        for _ in range(steps):
            if active.size == 0:
                break
            model = self._linearise(omega[active], z[active], y[active])
            finite = np.isfinite(model.jacobian).all(axis=(1, 2)) & np.isfinite(model.residual).all(axis=1)
            active = active[finite]
            residual = model.residual[finite]
            sides = np.stack([-residual, np.broadcast_to(push.reshape(-1), residual.shape)], axis=-1)
            solved = _solve_stack(model.jacobian[finite], sides)
            step = solved[..., 0].reshape(-1, count, d, d)
            tangent[active] = solved[..., 1].reshape(-1, count, d, d)
            omega[active] += step
            size = np.abs(_inverse(omega[active]) @ step).max(axis=(1, 2, 3))
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
    rate = y[:, None, None, None] * (_inverse(omega) @ tangent)
    values, vectors = np.linalg.eig(rate)
    last = target == 0.0
    steps = np.log(np.where(last, 1.0, target) / y)
    growth = np.exp(values * steps[:, None, None])
    power = omega @ (vectors * growth[..., None, :]) @ _inverse(vectors)
    linear = omega - omega @ rate
    return np.where(last[:, None, None, None], linear, power)


def _positive(omega: Complex) -> NDArray[np.bool_]:
    """Whether the imaginary parts of all arguments are positive definite."""
    imaginary = (omega - omega.conj().swapaxes(-1, -2)) / 2j
    finite = np.isfinite(imaginary).all(axis=(1, 2, 3))
    out = np.zeros(len(omega), dtype=bool)
    out[finite] = (np.linalg.eigvalsh(imaginary[finite]) > 0.0).all(axis=(1, 2))
    return out


def _invert(g: Complex, slope: Complex) -> tuple[Complex, Complex]:
    """F = G⁻¹ and its derivative −F dG F."""
    points, d, _ = g.shape
    f = _inverse(g)
    sandwich = np.einsum("nab,nce->naebc", f, f).reshape(points, d * d, d * d)
    return f, np.asarray(-sandwich @ slope)


def _inverse(matrices: Complex) -> Complex:
    return np.asarray(np.linalg.inv(matrices))


def _solve_stack(matrices: Complex, sides: Complex) -> Complex:
    """Solve a stack of linear systems; NaN where a matrix is exactly singular."""
    try:
        return np.asarray(np.linalg.solve(matrices, sides))
    except np.linalg.LinAlgError:
        out = np.full(np.broadcast_shapes(sides.shape, sides.shape), np.nan + 0j)
        regular = np.linalg.det(matrices) != 0
        out[regular] = np.linalg.solve(matrices[regular], sides[regular])
        return out


def _log_det(matrices: Complex) -> Complex:
    sign, size = np.linalg.slogdet(matrices)
    return np.asarray(size + 1j * np.angle(sign))
