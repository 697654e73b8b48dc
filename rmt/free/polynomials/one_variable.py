"""Polynomials of one variable: the push-forward of its law, from the roots of p(t) = z."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmt.free.polynomials.matrix_subordination import MatrixSolution
from rmt.free.polynomials.matrix_variables import Transform
from rmt.laws.law import EPS, Complex, Law


class RootEquations:
    """G of p(X) at z: Σ G_X(t_k)/p′(t_k) over the roots of p(t) = z, by partial fractions of 1/(z − p(t)).

    Parameters
    ----------
    coefficients : sequence of float
        p, from the constant term up; degree at least 2.
    law : Law
        Law of X.
    """

    def __init__(self, coefficients: Sequence[float], law: Law) -> None:
        self._p = np.polynomial.Polynomial(coefficients)
        self._slope, self._curvature = self._p.deriv(), self._p.deriv(2)
        self._size = np.polynomial.Polynomial(np.abs(coefficients))
        self._g = Transform(law)

    def _roots(self, z: Complex) -> Complex:
        """All roots for every z, on the side of the real axis from which they are reached for Im z > 0."""
        degree = self._p.degree()
        monic = self._p.coef / self._p.coef[-1]
        companion = np.zeros((len(z), degree, degree), dtype=np.complex128)
        companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1.0
        companion[:, :, -1] = -monic[:-1]
        companion[:, 0, -1] += z / self._p.coef[-1]
        roots = np.empty((len(z), degree), dtype=np.complex128)
        real = z.imag == 0.0
        # real matrices have exactly conjugate eigenvalues
        roots[real] = np.linalg.eigvals(companion[real].real)
        roots[~real] = np.linalg.eigvals(companion[~real])
        slope = self._slope(roots)
        step = (self._p(roots) - z[:, None]) / slope
        roots = roots - np.where(np.abs(step) < 0.01 * np.abs(roots), step, 0.0)
        # dt/dz = 1/p'
        side = np.where(slope.real < 0.0, -1e-300, 1e-300)
        on_axis = roots.imag == 0.0
        roots.imag[on_axis] = side[on_axis]
        return np.asarray(roots)

    def solve(self, z: Complex) -> MatrixSolution:
        """G at points of the closed upper half plane; certified wherever it is finite."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            roots = self._roots(z)
            values, slope = self._g.value(roots), self._slope(roots)
            shares = values / slope
            g = shares.sum(axis=1)
            uncertainty = EPS * self._size(np.abs(roots)) / np.abs(slope)
            sensitivity = np.abs(self._g.derivative(roots) / slope) + np.abs(shares * self._curvature(roots) / slope)
            error = (sensitivity * uncertainty + 4.0 * EPS * np.abs(shares)).sum(axis=1)
            determinant = np.log(np.abs(slope)).sum(axis=1)
        finite = np.isfinite(g) & np.isfinite(error) & np.isfinite(determinant)
        with np.errstate(divide="ignore", invalid="ignore"):
            motion = 1.0 / slope
        return MatrixSolution(
            state=roots,
            g=np.where(finite, g, np.nan)[:, None, None],
            value=np.where(finite, g, np.nan),
            slope=motion,
            push=1j * motion,
            error=np.where(finite, error, np.inf),
            residual=np.abs(self._p(roots) - z[:, None]).max(axis=1),
            certified=finite,
            determinant=determinant,
        )

    def potential(self, solution: MatrixSolution) -> Complex:
        """∫ log(z − p(t)), up to multiples of 2πi: log of the leading coefficient plus Σ ∫ log(t_k − t)."""
        roots = solution.state
        logarithms = self._g.potential(roots)
        lead = -self._p.coef[-1] * (-1.0) ** self._p.degree()
        return np.asarray(logarithms.sum(axis=1) + np.log(complex(lead)))
