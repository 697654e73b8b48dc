"""Laws whose G comes from a linear matrix pencil in free variables: polynomials and rational functions."""

from __future__ import annotations

import itertools
import math
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from rmt._cached import cached_property
from rmt.errors import CostWarning, check_real, shown
from rmt.free.polynomials.linearisation import Pencil
from rmt.free.polynomials.matrix_subordination import MatrixSolution, OperatorSubordination
from rmt.free.polynomials.matrix_variables import GaussianVariable, MatrixVariable, UnitaryVariable, Variable
from rmt.free.polynomials.pointwise_law import Equations, SearchedLaw
from rmt.laws.atomic import AtomicLaw
from rmt.laws.law import Complex, Law, Real
from rmt.laws.named.semicircle import Semicircle

#: combinations of atoms at which places are looked for
_MOST_PLACES = 9
#: rows of a pencil from which on it is said that they are many
_MANY_ROWS = 24


@dataclass(frozen=True)
class CircularElement:
    """Voiculescu's circular element: the limit of Ginibre matrices with entries of variance ``variance``/n.

    A variable for :func:`polynomial_law` that is not self-adjoint: τ(c c*) = τ(c* c) = variance, and c has the
    distribution of (s_1 + i s_2) √(variance/2) for free standard semicirculars.

    Parameters
    ----------
    variance : real
        > 0.

    Raises
    ------
    TypeError
        If `variance` is not of the kind named above.
    ValueError
        If `variance` is out of the range named above.

    References
    ----------
    Voiculescu 1991.

    Examples
    --------
    >>> import rmt
    >>> rmt.polynomial_law({(0,): 1, (~0,): 1}, [rmt.CircularElement()])  # c + c*
    Semicircle(mean=0, variance=2)
    """

    variance: Any = 1

    def __post_init__(self) -> None:
        check_real("variance", self.variance, above=0.0)


@dataclass(frozen=True)
class HaarUnitary:
    """A Haar unitary: the limit of Haar-distributed unitary or orthogonal matrices.

    A variable for :func:`polynomial_law` that is not self-adjoint: u u* = u* u = 1, and τ(u^k) = 0 for k != 0.

    References
    ----------
    Voiculescu 1991.

    Examples
    --------
    >>> import rmt
    >>> rmt.polynomial_law({(0,): 1, (~0,): 1}, [rmt.HaarUnitary()])  # u + u*
    Arcsine(radius=2)
    """


#: what stands for one variable of a polynomial or a rational function
FreeVariable: TypeAlias = Law | CircularElement | HaarUnitary


def norm(variable: FreeVariable) -> float:
    """The operator norm of a variable."""
    if isinstance(variable, CircularElement):
        return 2.0 * math.sqrt(variable.variance)
    return 1.0 if isinstance(variable, HaarUnitary) else max(map(abs, variable._hull()))


def self_adjoint(variables: Sequence[FreeVariable]) -> frozenset[int]:
    """Numbers of the variables that are self-adjoint."""
    return frozenset(i for i, v in enumerate(variables) if isinstance(v, Law))


class PencilLaw(SearchedLaw):
    """Law of the upper left corner's Schur complement of a linear pencil, under the weighted trace of its blocks."""

    laws: tuple[FreeVariable, ...]

    # ------------------------------------------------------------------ hooks
    @property
    @abstractmethod
    def _pencil(self) -> Pencil:
        """The pencil of the function, less its centre and over its scale, in variables of norm 1."""

    @property
    @abstractmethod
    def _centre(self) -> float:
        """What is taken off the function."""

    @property
    @abstractmethod
    def _scale(self) -> float:
        """A bound on the norm of the rest."""

    @property
    @abstractmethod
    def _lower(self) -> tuple[float, float]:
        """(Tr ⊗ τ) log of the lower block of the pencil: the real part, and the imaginary part over π."""

    @abstractmethod
    def _at(self, point: Sequence[float]) -> list[float]:
        """Eigenvalues of the function at numbers in place of the variables; none where it is not finite."""

    # ------------------------------------------------------------------ the equations
    @cached_property
    def _radii(self) -> list[float]:
        """Norms of the variables."""
        return [norm(variable) for variable in self.laws]

    @cached_property
    def _equations(self) -> Equations:
        pencil = self._pencil
        d, outer = pencil.dimension, pencil.outer
        if d > _MANY_ROWS:
            warnings.warn(
                f"the linear pencil of {shown(self)} has {d} rows: its equations alone may take minutes; sample the "
                "expression for a first look, or let parts that are free from the rest stand for "
                "their laws, rmt.haar_conjugate(rmt.diagonal(law))",
                CostWarning,
                stacklevel=2,
            )
        constant = pencil.constant
        eta = np.zeros((d * d, d * d), dtype=np.complex128)
        variables: list[Variable] = []
        for i, v in enumerate(self.laws):
            if i not in pencil.coefficients:
                continue
            a = pencil.coefficients[i] / self._radii[i]
            if isinstance(v, CircularElement):
                # X -> a X a* + a* X a on row-major vec
                eta += float(v.variance) * (np.kron(a, a.conj()) + np.kron(a.conj().T, a.T))
            elif isinstance(v, Semicircle):
                constant = constant + v.mean() * a
                eta += v.var() * np.kron(a, a.T)
            elif isinstance(v, HaarUnitary):
                variables.append(UnitaryVariable(a))
            else:
                variables.append(MatrixVariable(a, v))
        if eta.any():
            variables.append(GaussianVariable(eta))
        marks = self._coordinate(np.array(self._places(), dtype=np.complex128)).real
        direction = np.where(np.arange(d) < outer, 1.0, 0.0)
        weights = np.full(outer, 1.0 / outer)
        return OperatorSubordination(constant, variables, direction, marks.tolist(), weights, pencil.uncertainty)

    def _coordinate(self, z: Complex) -> Complex:
        return (z - self._centre) / self._scale

    def _transform(self, z: Complex, solution: MatrixSolution) -> tuple[Complex, Real]:
        return solution.value / self._scale, solution.error / self._scale

    def _potential(self, z: Complex, solution: MatrixSolution) -> Complex:
        size, turned = self._lower
        outer = self._pencil.outer
        total = self._equations.potential(solution)
        # rounding next to a singularity may turn an eigenvalue by 2π
        turns = ((total.imag / math.pi - turned + 0.5) % (2.0 * outer) - 0.5) / outer
        logarithm = (total.real - size) / outer + math.log(self._scale)
        return np.asarray(logarithm + 1j * math.pi * np.clip(turns, 0.0, 1.0))

    def _places(self) -> tuple[float, ...]:
        """Where kernels put atoms and hard edges: 0, and values at the atoms of laws of few and at 0 of the others."""
        few = [
            [float(a) for a, _ in v.atoms] if isinstance(v, AtomicLaw) and len(v.atoms) <= 3 else [0.0]
            for v in self.laws
        ]
        values = {0.0, self._centre}
        for point in itertools.islice(itertools.product(*few), _MOST_PLACES):
            values.update(self._at(point))
        return tuple(sorted(values))

    def _bounds(self) -> tuple[float, float]:
        return self._centre - self._scale, self._centre + self._scale

    def _float_moments(self, order: int) -> list[float]:
        """(1/2πi) ∮ x^k G(x) dx on a circle around the spectrum, by the trapezoidal rule, about its centre."""
        low, high = self._bounds() if order <= 2 else self._hull()  # low orders need no search of the support
        centre, radius = 0.5 * (low + high), 0.5 * (high - low)
        growth = 1.0 + max(0.02, min(0.5, 2.0 / max(order, 1)))
        count = math.ceil(40.0 / math.log(growth)) // 2
        circle = growth * radius * np.exp(1j * (np.arange(count) + 0.5) * math.pi / count)
        g = self._stieltjes(centre + circle)
        central = [float((circle ** (k + 1) * g).real.mean()) for k in range(order + 1)]
        central[0] = 1.0
        return [
            math.fsum(math.comb(k, j) * central[j] * centre ** (k - j) for j in range(k + 1)) for k in range(order + 1)
        ]
