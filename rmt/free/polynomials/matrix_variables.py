"""Self-energies of matrix-valued variables: A ⊗ x of any law, A ⊗ u + A* ⊗ u* of a Haar unitary, Gaussian ones.

With U the range of the coefficients, a variable a enters the resolvent of a pencil only through its self-energy
k = Z − (U* E[(ω − a)⁻¹] U)⁻¹ at the compressed argument Z = m⁻¹, m = U* ω⁻¹ U: E[(ω − a)⁻¹] = (ω − U k U*)⁻¹. The
argument m stays finite where ω goes to infinity.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from rmt.free.polynomials.reachable import Closure, of_norm_one, symmetrised
from rmt.laws.law import EPS, Complex, Law, Real

_NEAR = 0.02  # |λ| times the radius of the law below which power series in λ are summed
_CLOSE = 1e-5  # relative distance of two λ below which a divided difference is a derivative
_REAL = 1e-9  # relative imaginary part below which λ is real
_SAME = 1e-13  # relative difference of two values of a transform that is rounding
_REDUCTIONS = 60  # steps of cyclic reduction; the last ones double the accuracy


class Variable(Protocol):
    """A self-adjoint matrix-valued variable, known by its self-energy."""

    #: orthonormal basis (d, r) of the range U of its coefficients
    vectors: Complex
    #: a bound on its norm
    norm: float
    #: whether m is the compression of the resolvent of the whole sum, instead of that without this variable
    whole: bool

    def self_energy(self, m: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """Values of k, its derivatives in some directions, and the size of its terms.

        Parameters
        ----------
        m : ndarray, shape (points, r, r)
        directions : ndarray, shape (q, r, r)

        Returns
        -------
        k : ndarray, shape (points, r, r)
        derivatives : ndarray, shape (points, q, r, r)
        magnitude : ndarray, shape (points, r, r)
        """
        ...

    def energies(self, span: Complex, closure: Closure) -> Complex:
        """Matrices (q, r, r) whose span holds k(m) for all m of a span, given by an orthonormal basis.

        Parameters
        ----------
        span : ndarray, shape (q, r, r)
        closure : Closure
        """
        ...

    def potential(self, m: Complex) -> Complex:
        """A function of m whose differential is Tr(g dk), g = (m⁻¹ − k)⁻¹, and that vanishes with m."""
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

    def _step(self, w: Complex) -> Real:
        """A step that is small against the distance to the nearest edge or atom."""
        points = self._singular
        right = np.clip(np.searchsorted(points, w.real), 1, max(len(points) - 1, 1))
        distance = np.minimum(np.abs(w - points[right - 1]), np.abs(w - points[np.minimum(right, len(points) - 1)]))
        return np.asarray(1e-5 * np.minimum(distance, self.radius))

    def derivative(self, w: Complex) -> Complex:
        """G'(w)."""
        step = self._step(w)
        right_value, left_value = self.value(np.stack([w + step, w - step]))
        return np.asarray((right_value - left_value) / (2.0 * step))

    def with_derivative(self, w: Complex) -> tuple[Complex, Complex]:
        """G(w) and G'(w), from one call of the law."""
        step = self._step(w)
        value, right_value, left_value = self.value(np.stack([w, w + step, w - step]))
        return value, np.asarray((right_value - left_value) / (2.0 * step))

    def potential(self, w: Complex) -> Complex:
        """∫ log(w − x), by reflection in the lower half plane."""
        upper = w.real + 1j * np.abs(w.imag)
        value = np.asarray(self.law.log_potential(upper))
        return np.where(w.imag < 0.0, value.conj(), value)


class MatrixVariable:
    """One self-adjoint variable x with its Hermitian coefficient A = U C U*.

    k = h(C m) C for the scalar function h(λ) = w − 1/G(w) at w = 1/λ: the transform of the law of x is needed at the
    inverses of the eigenvalues of C m only, whatever the law.
    """

    whole = False

    def __init__(self, coefficient: Complex, law: Law) -> None:
        self._core, self.vectors = _core(coefficient)
        self._g = Transform(law)
        self.norm = float(np.linalg.norm(coefficient, 2)) * self._g.radius
        self._taylor = np.array(law._float_moments(10)[1:])

    def self_energy(self, m: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """Values of k, its derivatives and the size of its terms."""
        eigenvalues, left, right = self._spectrum(m)
        h, slope = self._scalar(eigenvalues)
        right_core = right @ self._core
        k = (left * h[:, None, :]) @ right_core
        magnitude = (np.abs(left) * np.abs(h)[:, None, :]) @ np.abs(right_core)
        inner = right_core[:, None] @ directions @ left[:, None]
        inner *= self._differences(eigenvalues, h, slope)[:, None]
        return k, left[:, None] @ inner @ right_core[:, None], magnitude

    def energies(self, span: Complex, closure: Closure) -> Complex:
        """Matrices (q, r, r) whose span holds k(m) for all m of a span, given by an orthonormal basis."""
        c = of_norm_one(self._core)
        linear, odd = self._shape()
        if linear:
            return np.asarray(c @ span @ c)
        if odd:
            return np.asarray(c @ closure.closed(self, span, lambda x, y, z: symmetrised(x, c @ z @ c, y), 3) @ c)
        return np.concatenate([c[None], c @ closure.closed(self, span, lambda x, y: symmetrised(x, c, y)) @ c])

    def _shape(self) -> tuple[bool, bool]:
        """Whether h is linear without a constant, and whether it is odd."""
        turns = np.exp(1j * np.linspace(0.3, 2.8, 5))
        points = np.concatenate([turns, 0.5 * turns]).astype(np.complex128) / (2.0 * self._g.radius)
        h, other = self._scalar(points)[0], self._scalar(-points)[0]
        size = _SAME * np.abs(h)
        slopes = h / points
        linear = bool((np.abs(slopes - slopes[0]) < _SAME * np.abs(slopes)).all())
        return linear, bool((np.abs(h + other) < size).all())

    def potential(self, m: Complex) -> Complex:
        """The sum of log G(w) + ∫ log(w − x) over the eigenvalues."""
        eigenvalues, _, _ = self._spectrum(m)
        out = np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        series = np.concatenate([[0.0], -self._taylor / np.arange(1, len(self._taylor) + 1)])
        small = eigenvalues[near]
        out[near] = np.polynomial.polynomial.polyval(small, series) + np.log1p(small * self._first(small))
        w = 1.0 / eigenvalues[~near]
        out[~near] = np.log(self._g.value(w)) + self._g.potential(w)
        return np.asarray(out.sum(axis=1))

    def _spectrum(self, m: Complex) -> tuple[Complex, Complex, Complex]:
        """Eigenvalues λ, eigenvectors V and V⁻¹ of C m."""
        n = self._core @ m
        if n.shape[-1] == 1:
            eigenvalues, basis = n[:, :, 0].copy(), np.ones_like(n)
        else:
            finite = np.asarray(np.isfinite(n).all(axis=(1, 2)))
            eigenvalues, basis = map(np.asarray, np.linalg.eig(np.where(finite[:, None, None], n, 0.0)))
            eigenvalues[~finite] = np.nan
        right = inverse(basis)
        # w = 1/λ never crosses the real axis; once there, it belongs to the half plane where −i in m moves it
        real = np.abs(eigenvalues.imag) < _REAL * np.abs(eigenvalues)
        side = np.where(np.einsum("nka,ab,nbk->nk", right, self._core, basis).real < 0.0, 1.0, -1.0)
        eigenvalues.imag[real] = np.copysign(np.maximum(np.abs(eigenvalues.imag), 1e-300), side)[real]
        return eigenvalues, basis, right

    def _first(self, eigenvalues: Complex) -> Complex:
        """∫ x/(1 − λ x) μ(dx) by its series."""
        return np.asarray(np.polynomial.polynomial.polyval(eigenvalues, self._taylor))

    def _scalar(self, eigenvalues: Complex) -> tuple[Complex, Complex]:
        """h(λ) = f/(1 + λ f) with f = ∫ x/(1 − λ x) μ(dx), and its derivative."""
        h, slope = np.empty_like(eigenvalues), np.empty_like(eigenvalues)
        near = np.abs(eigenvalues) * self._g.radius < _NEAR
        small = eigenvalues[near]
        f = self._first(small)
        f_slope = np.polynomial.polynomial.polyval(small, np.polynomial.polynomial.polyder(self._taylor))
        h[near] = f / (1.0 + small * f)
        slope[near] = (f_slope - f * f) / (1.0 + small * f) ** 2
        w = 1.0 / eigenvalues[~near]
        g, g_slope = self._g.with_derivative(w)
        h[~near] = w - 1.0 / g
        # d/dλ = −w² d/dw
        slope[~near] = -w * w * (1.0 + g_slope / g**2)
        return h, slope

    def _differences(self, eigenvalues: Complex, h: Complex, slope: Complex) -> Complex:
        """Divided differences h[λ_k, λ_l]."""
        gap = eigenvalues[:, :, None] - eigenvalues[:, None, :]
        size = np.maximum(np.abs(eigenvalues), 1.0 / self._g.radius)
        close = np.abs(gap) < _CLOSE * np.maximum(size[:, :, None], size[:, None, :])
        mean = 0.5 * (slope[:, :, None] + slope[:, None, :])
        return np.where(close, mean, (h[:, :, None] - h[:, None, :]) / np.where(close, 1.0, gap))


class GaussianVariable:
    """Σ A_i ⊗ s_i of semicircular and circular variables: k = η(m), with m = U* G U for the whole sum.

    Parameters
    ----------
    eta : ndarray, shape (d², d²)
        The covariance η(X) = Σ variance A X A as a matrix on row-major vec.
    """

    whole = True

    def __init__(self, eta: Complex) -> None:
        d = round(len(eta) ** 0.5)
        rows = np.flatnonzero(np.abs(eta).reshape(d, d, d * d).max(axis=(1, 2)))
        self.vectors = np.eye(d, dtype=np.complex128)[:, rows]
        places = (d * rows[:, None] + rows[None, :]).ravel()
        self._eta = eta[np.ix_(places, places)].T
        self.norm = 2.0 * float(np.abs(eta).sum(axis=1).max()) ** 0.5

    def _covariance(self, m: Complex) -> Complex:
        return np.asarray((m.reshape(*m.shape[:-2], len(self._eta)) @ self._eta).reshape(m.shape))

    def self_energy(self, m: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """Values of k, its derivatives and the size of its terms."""
        k = self._covariance(m)
        slopes = self._covariance(directions)
        return k, np.broadcast_to(slopes, (len(m), *slopes.shape)), np.abs(k)

    def energies(self, span: Complex, closure: Closure) -> Complex:
        """Matrices (q, r, r) whose span holds k(m) for all m of a span, given by an orthonormal basis."""
        found = self._covariance(span)
        return np.asarray(found / np.linalg.norm(found, axis=(1, 2)).max())

    def potential(self, m: Complex) -> Complex:
        """Tr(η(m) m)/2."""
        return np.asarray(0.5 * np.einsum("nab,nba->n", self._covariance(m), m))


class UnitaryVariable:
    """A Haar unitary u with its coefficient A: A ⊗ u + A* ⊗ u*.

    u is the shift of ℓ²(Z), so the resolvent is the inverse of a block Toeplitz matrix, and k = A R A* + A* R' A with
    the resolvents R, R' of its two halves, R = (Z − A R A*)⁻¹, R' = (Z − A* R' A)⁻¹. Cyclic reduction (Bini-Meini 1996)
    finds both at once, with quadratic convergence.
    """

    whole = False

    def __init__(self, coefficient: Complex) -> None:
        self.vectors = _range(np.concatenate([coefficient, coefficient.conj().T], axis=1))
        self._a = self.vectors.conj().T @ coefficient @ self.vectors
        self._star = self._a.conj().T
        self.norm = 2.0 * float(np.linalg.norm(coefficient, 2))

    def _halves(self, z: Complex) -> tuple[Complex, Complex, Complex]:
        """(Z − k), R⁻¹ and R'⁻¹."""
        centre, first, second = z.copy(), z.copy(), z.copy()
        up, down = np.broadcast_to(self._a, z.shape), np.broadcast_to(self._star, z.shape)
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

    def self_energy(self, m: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """Values of k, its derivatives and the size of its terms."""
        z = inverse(m)
        _, first, second = self._halves(z)
        r, r_other = inverse(first), inverse(second)
        k = self._a @ r @ self._star + self._star @ r_other @ self._a
        moved = -z[:, None] @ directions @ z[:, None]
        derivatives = self._pull(r, self._a, self._star, moved) + self._pull(r_other, self._star, self._a, moved)
        return k, derivatives, np.abs(k)

    def _pull(self, r: Complex, up: Complex, down: Complex, directions: Complex) -> Complex:
        """A dR A* for dR = −(1 − R A · A* R)⁻¹ (R dZ R)."""
        points, d, _ = r.shape
        q = directions.shape[1]
        left, right = r @ up, down @ r
        forward = np.eye(d * d) - np.einsum("nab,nce->naebc", left, right).reshape(points, d * d, d * d)
        sides = -(r[:, None] @ directions @ r[:, None]).reshape(points, q, d * d).swapaxes(1, 2)
        solved = solve_stack(forward, sides).swapaxes(1, 2).reshape(points, q, d, d)
        return np.asarray(up @ solved @ down)

    def energies(self, span: Complex, closure: Closure) -> Complex:
        """Matrices (q, r, r) whose span holds k(m) for all m of a span, given by an orthonormal basis."""
        a = of_norm_one(self._a)
        star = a.conj().T
        # R = m + m A R A* m + ...
        r, r_other = (
            closure.closed((self, k), span, lambda x, y, z, up=up, down=down: symmetrised(x, up @ z @ down, y), 3)
            for k, (up, down) in enumerate([(a, star), (star, a)])
        )
        return np.concatenate([a @ r @ star, star @ r_other @ a])

    def potential(self, m: Complex) -> Complex:
        """The logarithm log det R⁻¹ by Szegő's theorem, minus log det (Z − k)."""
        whole, half, _ = self._halves(inverse(m))
        return log_det_upper(half) - log_det_upper(whole)


def _core(coefficient: Complex) -> tuple[Complex, Complex]:
    """C and U with A = U C U* and C invertible; rows that vanish are left out, others are mixed only if they must be.

    Graded arguments ω then give graded C m, whose eigenvalues keep their relative accuracy.
    """
    vectors = _range(coefficient)
    return vectors.conj().T @ coefficient @ vectors, vectors


def _range(matrix: Complex) -> Complex:
    """Orthonormal basis of the range of a matrix: rows of the unit matrix, unless they must be mixed.

    By elimination of the longest column in turn, so that entries that are 0 stay 0.
    """
    rows = np.flatnonzero(np.abs(matrix).max(axis=1))
    vectors = np.eye(len(matrix), dtype=np.complex128)[:, rows]
    rest = matrix[rows]
    found: list[Complex] = []
    smallest = 1e-13 * np.linalg.norm(rest, 2) if rows.size else 0.0
    while len(found) < len(rows):
        lengths = np.linalg.norm(rest, axis=0)
        k = int(np.argmax(lengths))
        if lengths[k] <= smallest:
            return vectors @ np.stack(found, axis=1)
        new = rest[:, k] / lengths[k]
        for other in found:
            new = new - other * (other.conj() @ new)
        new /= np.linalg.norm(new)
        found.append(new)
        rest = rest - np.outer(new, new.conj() @ rest)
    return vectors


def inverse(matrices: Complex) -> Complex:
    """Inverses of a stack of matrices; NaN where one is exactly singular."""
    if matrices.shape[-1] == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1.0 / matrices)
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        sides = np.broadcast_to(np.eye(matrices.shape[-1], dtype=np.complex128), matrices.shape)
        return solve_stack(matrices, sides)


def solve_stack(matrices: Complex, sides: Complex) -> Complex:
    """Solve a stack of linear systems; NaN where a matrix is exactly singular."""
    try:
        return np.asarray(np.linalg.solve(matrices, sides))
    except np.linalg.LinAlgError:
        out = np.full(sides.shape, np.nan + 0j)
        sign, _ = np.linalg.slogdet(matrices)
        regular = np.abs(sign) > 0.5
        out[regular] = np.linalg.solve(matrices[regular], sides[regular])
        return out


def log_det_upper(matrices: Complex) -> Complex:
    """Logarithms of the determinants of matrices with imaginary part >= 0: every eigenvalue has an angle in [0, π]."""
    sign, size = np.linalg.slogdet(matrices)
    angle = np.angle(sign)
    if matrices.shape[-1] == 1:
        return np.asarray(size + 1j * np.abs(angle))
    finite = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    eigenvalues = np.linalg.eigvals(np.where(finite[:, None, None], matrices, 0.0))
    turns = np.arctan2(np.maximum(eigenvalues.imag, 0.0), eigenvalues.real).sum(axis=1)
    return np.asarray(size + 1j * (angle + 2.0 * np.pi * np.round((turns - angle) / (2.0 * np.pi))))
