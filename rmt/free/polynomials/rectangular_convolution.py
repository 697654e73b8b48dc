"""Rectangular free convolution: singular values of sums of free rectangular random matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.combinatorics import moments_from_rectangular_cumulants, rectangular_cumulants_from_moments
from rmt.errors import check_flag, check_real
from rmt.free.polynomials.matrix_subordination import MatrixSolution, OperatorSubordination
from rmt.free.polynomials.matrix_variables import GaussianVariable, Transform, Variable
from rmt.free.polynomials.pointwise_law import SearchedLaw
from rmt.free.polynomials.reachable import Closure
from rmt.laws.law import EPS, Complex, Law, Real, check_law
from rmt.laws.named.marchenko_pastur import MarchenkoPastur


def rectangular_boxplus(mu: Law, nu: Law, ratio: Any, *, closed_form: bool = True) -> Law:
    """Rectangular free convolution: the law of (X + Y)(X + Y)* for free rectangular X and Y.

    X and Y are n x m with ``ratio`` = n/m, bi-unitarily invariant (Benaych-Georges 2009).
    Laws of squared singular values enter and come out; for singular values take square roots.

    Parameters
    ----------
    mu, nu : Law
        Laws of X X* and Y Y* on [0, ∞), bounded.
    ratio : real
        Rows/columns, > 0 (dimension/samples). Above 1 every law must have the atom 1 − 1/ratio at 0 that the
        shape of the matrices forces.
    closed_form : bool
        Whether two Marchenko-Pastur laws of this ratio (Gaussian X and Y) give one again, at once.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `mu` or `nu` is not a law.
    ValueError
        If a law is not on [0, ∞) or not bounded, if ``ratio <= 0``, or if an atom at 0 is missing.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur
    >>> rectangular_boxplus(MarchenkoPastur(0.5), MarchenkoPastur(0.5), 0.5)
    MarchenkoPastur(ratio=0.5, variance=2)
    """
    c = check_real("ratio", ratio, above=0.0)
    parts: list[Law] = []
    for name, law in (("mu", mu), ("nu", nu)):
        low, high = check_law(law, name)._hull()
        if low < 0.0 or not math.isfinite(high):
            raise ValueError(f"{name} must be the law of X X*, bounded and on [0, inf), got {law!r}")
        forced = 1.0 - 1.0 / float(c)
        if _mass_at_zero(law) < forced - 4.0 * EPS:
            raise ValueError(
                f"{name} must have mass at least 1 - 1/ratio = {forced:.6g} at 0 for ratio {c!r}, got {law!r}; "
                "for matrices with more rows than columns, X X* has that kernel"
            )
        nested = isinstance(law, RectangularConvolution) and law.ratio == c
        parts.extend(law.laws if isinstance(law, RectangularConvolution) and nested else [law])
    # a zero matrix adds nothing
    parts = [law for law in parts if _mass_at_zero(law) < 1.0] or parts[:1]
    if check_flag("closed_form", closed_form):
        parts = _merge_gaussians(parts, c)
    return parts[0] if len(parts) == 1 else RectangularConvolution(tuple(parts), c)


def _is_gaussian(law: Law, ratio: Any) -> bool:
    return isinstance(law, MarchenkoPastur) and law.ratio == ratio


def _merge_gaussians(laws: list[Law], ratio: Any) -> list[Law]:
    """Sums of Gaussian matrices are Gaussian: variances add."""
    gaussians = [law for law in laws if isinstance(law, MarchenkoPastur) and _is_gaussian(law, ratio)]
    if len(gaussians) < 2:
        return laws
    merged = MarchenkoPastur(ratio, sum(law.variance for law in gaussians))
    return [law for law in laws if not _is_gaussian(law, ratio)] + [merged]


def _mass_at_zero(law: Law) -> float:
    return math.fsum(mass for position, mass in law.atoms if position == 0.0)


class _RectangularVariable:
    """A rectangular matrix as the self-adjoint [[0, X], [X*, 0]], free with amalgamation over diagonal matrices.

    At ω = diag(b_1, b_2) and s = b_1 b_2, with K = s − 1/G(s) for X X* and ψ = G(s) K = s G(s) − 1:
    k = diag(K/b_2, b_2 c ψ/(1 + c ψ)).
    """

    whole = False

    def __init__(self, law: Law, ratio: float, scale: float) -> None:
        self._g = Transform(law)
        self._ratio = ratio
        self._scale = scale
        self.vectors = np.eye(2, dtype=np.complex128)
        self.norm = math.sqrt(self._g.radius) / scale

    def _square(self, m: Complex) -> tuple[Complex, Complex, Complex]:
        """b_1, b_2 and s, which passes through the lower half plane for arguments between π and 2π."""
        first, second = 1.0 / m[:, 0, 0], 1.0 / m[:, 1, 1]
        s = first * second
        real = np.abs(s.imag) < 1e-14 * np.abs(s)
        side = np.where(first.real + second.real < 0.0, -1e-300, 1e-300)
        s.imag[real] = np.where(s.imag[real] * side[real] > 0.0, s.imag[real], side[real])
        return first, second, s

    def self_energy(self, m: Complex, directions: Complex) -> tuple[Complex, Complex, Real]:
        """Values of k at diagonal matrices, its derivatives, the size of its terms."""
        first, second, s = self._square(m)
        unit = self._scale**2
        value, slope = self._g.with_derivative(s * unit)
        value, slope = unit * value, unit * unit * slope
        energy, energy_slope = s - 1.0 / value, 1.0 + slope / value**2
        psi, psi_slope = value * energy, slope * s + value
        c = self._ratio
        weight = 1.0 + c * psi
        k = np.zeros_like(m)
        k[:, 0, 0] = energy / second
        k[:, 1, 1] = second * c * psi / weight
        jacobian = np.empty((len(m), 2, 2), dtype=np.complex128)  # in b_1 and b_2
        jacobian[:, 0] = np.stack([energy_slope, (energy_slope * first - energy / second) / second], axis=1)
        share = second * c * psi_slope / weight**2
        jacobian[:, 1] = np.stack([share * second, share * first + c * psi / weight], axis=1)
        jacobian *= -(np.stack([first, second], axis=1)[:, None, :] ** 2)
        derivatives = np.zeros((len(m), *directions.shape), dtype=np.complex128)
        derivatives[:, :, [0, 1], [0, 1]] = np.einsum("nab,qb->nqa", jacobian, directions[:, [0, 1], [0, 1]])
        return k, derivatives, np.abs(k)

    def energies(self, span: Complex, closure: Closure) -> Complex:
        """All diagonal matrices."""
        return np.eye(2, dtype=np.complex128)[:, :, None] * np.eye(2)

    def potential(self, m: Complex) -> Complex:
        """The sum c ∫ log(s − t) + (1 − c) log b_2, continued from large imaginary parts."""
        _, second, s = self._square(m)
        unit = self._scale**2
        lower = s.imag < 0.0
        logarithm = np.asarray(self._g.law.log_potential(np.where(lower, s.conj(), s) * unit)) - math.log(unit)
        logarithm = np.where(lower, logarithm.conj() + 2j * math.pi, logarithm)
        return self._ratio * logarithm + (1.0 - self._ratio) * _log_upper(second)


def _log_upper(z: Complex) -> Complex:
    """Logarithm on the closed upper half plane; rounding below the axis is cut."""
    return np.asarray(np.log(np.abs(z)) + 1j * np.arctan2(np.maximum(z.imag, 0.0), z.real))


@dataclass(frozen=True, repr=False)
class RectangularConvolution(SearchedLaw):
    """Law of the squared singular values of a sum of free rectangular matrices; see :func:`rectangular_boxplus`.

    Values come from Newton's method on the subordination equations over the diagonal 2 x 2 matrices (Belinschi,
    Mai, Speicher 2017, applied to the Hermitian matrices [[0, X], [X*, 0]]), on the real axis itself, with the
    certificate of :mod:`rmt.free.polynomials.matrix_subordination`.

    Attributes
    ----------
    laws : tuple of Law
        Laws of X X* of the summands.
    ratio : real
        Rows/columns.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.rectangular_boxplus(rmt.MarchenkoPastur(0.5), rmt.Atomic([1], [1]), 0.5)
    >>> type(law).__name__, law.mean()
    ('RectangularConvolution', 2.0)
    """

    laws: tuple[Law, ...]
    ratio: Any

    # ------------------------------------------------------------------ the equations
    @cached_property
    def _scale(self) -> float:
        """A bound on the largest singular value."""
        return math.fsum(math.sqrt(law._hull()[1]) for law in self.laws)

    @cached_property
    def _equations(self) -> OperatorSubordination:
        c = float(self.ratio)
        variables: list[Variable] = []
        for law in self.laws:
            if not (isinstance(law, MarchenkoPastur) and _is_gaussian(law, self.ratio)):
                variables.append(_RectangularVariable(law, c, self._scale))
        if self._variance > 0.0:
            # (b_1, b_2) -> variance (b_2, c b_1)
            eta = np.zeros((4, 4), dtype=np.complex128)
            eta[0, 3], eta[3, 0] = self._variance, c * self._variance
            variables.append(GaussianVariable(eta))
        return OperatorSubordination(np.zeros((2, 2), dtype=np.complex128), variables, np.ones(2))

    @cached_property
    def _variance(self) -> float:
        """Variance of the Gaussian summands, in units of the scale."""
        gaussian = [law for law in self.laws if isinstance(law, MarchenkoPastur) and _is_gaussian(law, self.ratio)]
        return math.fsum(float(law.variance) for law in gaussian) / self._scale**2

    def _coordinate(self, z: Complex) -> Complex:
        """√z/scale in the closed first quadrant."""
        return np.asarray(np.sqrt(z) / self._scale)

    def _transform(self, z: Complex, solution: MatrixSolution) -> tuple[Complex, Real]:
        factor = 1.0 / (self._coordinate(z) * self._scale**2)
        return solution.value * factor, solution.error * np.abs(factor)

    def _potential(self, z: Complex, solution: MatrixSolution) -> Complex:
        """The stationary form, with the weights (c, 1) of the two corners."""
        c = float(self.ratio)
        equations = self._equations
        weights = np.array([c, 1.0])
        g = solution.g[:, [0, 1], [0, 1]]
        total = self._variance * c * g[:, 0] * g[:, 1]
        count = 0
        for variable, m in zip(equations.variables, equations.arguments(solution), strict=True):
            if isinstance(variable, _RectangularVariable):
                total = total + variable.potential(m)
                count += 1
        total = total - (count - 1) * (_log_upper(1.0 / g) @ weights)
        total = (total - (1.0 - c) * _log_upper(self._coordinate(z))) / c
        return np.asarray(total.real + 2.0 * math.log(self._scale) + 1j * np.clip(total.imag, 0.0, math.pi))

    def _bounds(self) -> tuple[float, float]:
        return 0.0, self._scale**2

    def _known_atoms(self) -> tuple[tuple[float, float], ...]:
        """The atom at 0: ranks of free matrices add as far as the shape allows."""
        together = math.fsum(_mass_at_zero(law) for law in self.laws) - (len(self.laws) - 1)
        mass = max(0.0, 1.0 - 1.0 / float(self.ratio), together)
        return ((0.0, mass),) if mass > 4.0 * EPS * len(self.laws) else ()

    # ------------------------------------------------------------------ moments and algebra
    def _exact_moments(self, order: int) -> list[Fraction]:
        ratio = Fraction(self.ratio)
        total = [Fraction(0)] * order
        for law in self.laws:
            cumulants = rectangular_cumulants_from_moments(law._exact_moments(order)[1:], ratio)
            total = [a + b for a, b in zip(total, cumulants, strict=True)]
        return [Fraction(1), *moments_from_rectangular_cumulants(total, ratio)]

    def _float_moments(self, order: int) -> list[float]:
        """Through the same cumulants in floats: laws of squared slopes have moments that are not rational."""
        ratio = float(self.ratio)
        total = [0.0] * order
        for law in self.laws:
            cumulants = rectangular_cumulants_from_moments(law._float_moments(order)[1:], ratio)
            total = [a + b for a, b in zip(total, cumulants, strict=True)]
        return [1.0, *(float(m) for m in moments_from_rectangular_cumulants(total, ratio))]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        if shift != 0 or scale < 0:
            return None
        return RectangularConvolution(tuple(scale * law for law in self.laws), self.ratio)
