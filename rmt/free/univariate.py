"""Polynomials of one variable: the push-forward of its law, from the roots of p(t) = z."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmt.free.matrix_variables import Transform
from rmt.free.operator_valued import Solution
from rmt.laws.law import EPS, Complex, Law, Real


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
        self.terms = self._p.degree()

    def remember(self, z: Complex, solution: Solution) -> None:
        """Nothing is solved by continuation here, so nothing is worth remembering."""

    def critical_values(self) -> Real:
        """Values of p at the real zeros of p′ inside the range of X, where the density is infinite."""
        roots = self._slope.roots()
        real = roots.real[np.abs(roots.imag) < 1e-9 * (1.0 + np.abs(roots))]
        low, high = self._g.law._hull()
        inside = real[(real > low) & (real < high)]
        return np.asarray(self._p(inside[self._g.law._pdf(inside) > 0.0]))

    def mark(self, points: Real) -> None:
        """Nor are edges."""

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

    def solve(self, z: Complex) -> Solution:
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
        return Solution(
            state=roots,
            g=np.where(finite, g, np.nan)[:, None, None],
            slope=motion,
            push=1j * motion,
            error=np.where(finite, error, np.inf),
            residual=np.abs(self._p(roots) - z[:, None]).max(axis=1),
            certified=finite,
            determinant=determinant,
        )

    def masses(self, x: Real) -> tuple[Real, Real, Real]:
        """Mass of p(X) < x and of p(X) > x without atoms, and an error: the sets are unions of intervals of X."""
        found = np.array([self._masses(float(value)) for value in x]).reshape(-1, 3)
        return found[:, 0], found[:, 1], found[:, 2]

    def _masses(self, x: float) -> tuple[float, float, float]:
        cuts, radii = self._cuts(x)
        low, high = self._g.law._hull()
        places = np.concatenate([[low], np.clip(cuts, low, high), [high]])
        share = np.diff(self._continuous(places))
        sign = np.sign(self._p(0.5 * (places[1:] + places[:-1])) - x)
        blurred = self._continuous(cuts + radii) - self._continuous(cuts - radii)
        return float(share[sign < 0].sum()), float(share[sign > 0].sum()), float(np.sum(blurred)) + 8.0 * EPS

    def _cuts(self, x: float) -> tuple[Real, Real]:
        """Real solutions of p(t) = x in ascending order, and how far off they may be; several together are one."""
        roots = (self._p - x).roots()
        critical = self._slope.roots()
        size = np.maximum(self._size(np.abs(critical)), EPS)
        # zeros of p′ at which p is x up to rounding are multiple roots
        multiple = critical[(np.abs(self._p(critical) - x) < 64.0 * EPS * size) & (np.abs(critical.imag) < 1e-6)].real
        multiple = np.unique(np.round(multiple, 9) if multiple.size > 1 else multiple)
        multiple = np.array([self._settled(c) for c in multiple])
        if multiple.size:
            roots = roots[np.abs(roots[:, None] - multiple).min(axis=1) > 1e-3]
        single = np.sort(roots.real[np.abs(roots.imag) < 1e-12 * (1.0 + np.abs(roots))])
        slope = np.maximum(np.abs(self._slope(single)), np.finfo(float).tiny)
        radii = np.minimum(4.0 * EPS * self._size(np.abs(single)) / slope, np.sqrt(EPS))
        cuts = np.concatenate([single, multiple])
        order = np.argsort(cuts)
        return cuts[order], np.concatenate([radii, np.full(multiple.size, 4.0 * EPS)])[order]

    def _settled(self, c: float) -> float:
        """A zero of p′ of any multiplicity, by Newton's method for p′/p″."""
        third = self._curvature.deriv()
        for _ in range(8):
            f, df, d2f = (float(q(c)) for q in (self._slope, self._curvature, third))
            step = df * df - f * d2f
            if f == 0.0 or step == 0.0:
                break
            c -= f * df / step
        return c

    def _continuous(self, t: Real) -> Real:
        """Distribution function of X without its atoms."""
        law = self._g.law
        out = law._cdf(t)
        for position, mass in law.atoms:
            out = out - np.where(t >= position, mass, 0.0)
        return np.asarray(out)

    def potential(self, solution: Solution) -> Complex:
        """∫ log(z − p(t)), up to multiples of 2πi: log of the leading coefficient plus Σ ∫ log(t_k − t)."""
        roots = solution.state
        logarithms = self._g.potential(roots)
        lead = -self._p.coef[-1] * (-1.0) ** self._p.degree()
        return np.asarray(logarithms.sum(axis=1) + np.log(complex(lead)))
