"""Matrix-valued Cauchy transforms of one variable: A ⊗ x of any law, A ⊗ u + A* ⊗ u* of a Haar unitary."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from rmt.laws.law import EPS, Complex, Law, Real

_NEAR = 0.02  # |λ| times the radius of the law below which power series in λ are summed
_REDUCTIONS = 60  # steps of cyclic reduction; the last ones double the accuracy


class Variable(Protocol):
    """A self-adjoint matrix-valued variable, known by its matrix-valued Cauchy transform."""

    #: a bound on its norm
    norm: float

    def transform(self, omega: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """G at a stack of matrices, its derivatives in some directions, and the size of the terms of G.

        Parameters
        ----------
        omega : ndarray, shape (points, d, d)
        directions : ndarray, shape (q, d, d)

        Returns
        -------
        g : ndarray, shape (points, d, d)
        derivatives : ndarray, shape (points, q, d, d)
        magnitude : ndarray, shape (points, d, d)
        """
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
        right_value, left_value = self.value(np.stack([w + step, w - step]))
        return np.asarray((right_value - left_value) / (2.0 * step))


class MatrixVariable:
    """One self-adjoint variable x with its Hermitian coefficient A: transforms of A ⊗ x.

    Functions of A ⊗ x reduce to scalar ones: with A = U C U* and N = C U* ω⁻¹ U, the transform of the law of x is
    needed at the inverses of the eigenvalues of N only, whatever the law.
    """

    def __init__(self, coefficient: Complex, law: Law) -> None:
        self._core, self._vectors = _core(coefficient)
        self._g = Transform(law)
        self.norm = float(np.linalg.norm(coefficient, 2)) * self._g.radius
        self._taylor = np.array(law._float_moments(10)[1:])

    def transform(self, omega: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """G, its derivatives and the size of its terms."""
        resolvent = inverse(omega)
        eigenvalues, left, right = self._spectrum(resolvent)
        f = self._first(eigenvalues)
        g = resolvent + (left * f[:, None, :]) @ right
        magnitude = np.abs(resolvent) + (np.abs(left) * np.abs(f)[:, None, :]) @ np.abs(right)
        # E[(ω − A x)⁻¹ X (ω − A x)⁻¹] = G X G + L (covariance of x/(1 − λ_k x), x/(1 − λ_l x)) R
        covariance = self._second(eigenvalues, f) - f[:, :, None] * f[:, None, :]
        inner = covariance[:, None] * (right[:, None] @ directions @ left[:, None])
        derivatives = -(g[:, None] @ directions @ g[:, None] + left[:, None] @ inner @ right[:, None])
        return g, derivatives, magnitude

    def potential(self, omega: Complex) -> Complex:
        """The sum log det ω + Σ ∫ log(1 − λ_k x) μ(dx)."""
        eigenvalues, _, _ = self._spectrum(inverse(omega))
        out = np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        series = np.concatenate([[0.0], -self._taylor / np.arange(1, len(self._taylor) + 1)])
        out[near] = np.polynomial.polynomial.polyval(eigenvalues[near], series)
        w = 1.0 / eigenvalues[~near]
        upper = w.real + 1j * np.abs(w.imag)
        branch = np.asarray(self._g.law.log_potential(upper)) - np.log(upper)
        out[~near] = np.where(w.imag < 0.0, branch.conj(), branch)
        return np.asarray(log_det(omega) + out.sum(axis=1))

    def _spectrum(self, resolvent: Complex) -> tuple[Complex, Complex, Complex]:
        """Eigenvalues of N, with L and R such that (ω − A x)⁻¹ = ω⁻¹ + L diag(x/(1 − λ x)) R."""
        left = np.asarray(resolvent @ self._vectors)
        right = self._core @ (self._vectors.conj().T @ resolvent)
        n = self._core @ (self._vectors.conj().T @ left)
        eigenvalues, basis = map(np.asarray, np.linalg.eig(n))
        left, right = np.asarray(left @ basis), np.asarray(np.linalg.solve(basis, right))
        # 1/λ never crosses the real axis; once there, it belongs to the half plane a push of Im ω moves it into
        real = np.abs(eigenvalues.imag) < 1e-9 * np.abs(eigenvalues)
        side = np.where(np.einsum("nka,nak->nk", right, left).real < 0.0, 1.0, -1.0)
        eigenvalues.imag[real] = np.copysign(np.maximum(np.abs(eigenvalues.imag), 1e-300), side)[real]
        return eigenvalues, left, right

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
        """Derivative of the first function."""
        out = np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        slopes = np.polynomial.polynomial.polyder(self._taylor)
        out[near] = np.polynomial.polynomial.polyval(eigenvalues[near], slopes)
        w = 1.0 / eigenvalues[~near]
        # d/dλ = −w² d/dw
        out[~near] = -w * w * (w * (2.0 * self._g.value(w) + w * self._g.derivative(w)) - 1.0)
        return out


class UnitaryVariable:
    """A Haar unitary u with its coefficient A: transforms of A ⊗ u + A* ⊗ u*.

    u is the shift of ℓ²(Z), so G(ω) is the diagonal block of the inverse of a block Toeplitz matrix:
    G⁻¹ = ω − A R A* − A* R' A with the resolvents R, R' of its two halves, R = (ω − A R A*)⁻¹, R' = (ω − A* R' A)⁻¹.
    Cyclic reduction (Bini-Meini 1996) finds all three at once, with quadratic convergence.
    """

    def __init__(self, coefficient: Complex) -> None:
        self._a = coefficient
        self._star = coefficient.conj().T
        self.norm = 2.0 * float(np.linalg.norm(coefficient, 2))

    def _halves(self, omega: Complex) -> tuple[Complex, Complex, Complex]:
        """G⁻¹, R⁻¹ and R'⁻¹."""
        centre, first, second = omega.copy(), omega.copy(), omega.copy()
        up, down = np.broadcast_to(self._a, omega.shape), np.broadcast_to(self._star, omega.shape)
        for _ in range(_REDUCTIONS):
            resolvent = inverse(centre)
            # eliminate every other block row
            right, left = up @ resolvent @ down, down @ resolvent @ up
            first, second, centre = first - right, second - left, centre - right - left
            up, down = up @ resolvent @ up, down @ resolvent @ down
            change = np.abs(right).max(axis=(1, 2)) + np.abs(left).max(axis=(1, 2))
            if not (change > EPS * np.abs(centre).max(axis=(1, 2))).any():
                break
        return np.asarray(centre), np.asarray(first), np.asarray(second)

    def transform(self, omega: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """G, its derivatives and the size of its terms."""
        f, first, second = self._halves(omega)
        g = inverse(f)
        moved = directions - self._pull(inverse(first), self._a, self._star, directions)
        moved = moved - self._pull(inverse(second), self._star, self._a, directions)
        derivatives = -g[:, None] @ moved @ g[:, None]
        return g, derivatives, np.abs(g)

    def _pull(self, r: Complex, up: Complex, down: Complex, directions: Complex) -> Complex:
        """A dR A* for dR = −(1 − R A · A* R)⁻¹ (R dω R)."""
        points, d, _ = r.shape
        q = len(directions)
        left, right = r @ up, down @ r
        forward = np.eye(d * d) - np.einsum("nab,nce->naebc", left, right).reshape(points, d * d, d * d)
        sides = -(r[:, None] @ directions @ r[:, None]).reshape(points, q, d * d).swapaxes(1, 2)
        solved = np.linalg.solve(forward, sides).swapaxes(1, 2).reshape(points, q, d, d)
        return np.asarray(up @ solved @ down)

    def potential(self, omega: Complex) -> Complex:
        """The logarithm log det R⁻¹, by Szegő's theorem."""
        return log_det(self._halves(omega)[1])


def _core(coefficient: Complex) -> tuple[Complex, Complex]:
    """C and U with A = U C U* and C invertible; rows that vanish are left out, others are mixed only if they must be.

    Graded arguments ω then give graded N, whose eigenvalues keep their relative accuracy.
    """
    rows = np.flatnonzero(np.abs(coefficient).max(axis=1))
    core = coefficient[np.ix_(rows, rows)]
    vectors = np.eye(len(coefficient), dtype=np.complex128)[:, rows]
    values, mixing = np.linalg.eigh(core)
    kept = np.abs(values) > 1e-13 * np.abs(values).max(initial=0.0)
    if kept.all():
        return core, vectors
    return np.diag(values[kept]).astype(np.complex128), vectors @ mixing[:, kept]


def inverse(matrices: Complex) -> Complex:
    """Inverses of a stack of matrices."""
    return np.asarray(np.linalg.inv(matrices))


def log_det(matrices: Complex) -> Complex:
    """Logarithms of the determinants of a stack of matrices, up to multiples of 2πi."""
    sign, size = np.linalg.slogdet(matrices)
    return np.asarray(size + 1j * np.angle(sign))
