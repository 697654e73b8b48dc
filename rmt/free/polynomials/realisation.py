"""Linear realisations of rational functions of noncommuting variables, with matrices as values.

A realisation is an affine pencil M = M_0 + Σ M_x ⊗ x whose upper left corner P, of the size of the values, and the
rest [[P, u], [v, Q]] give the function as the Schur complement P − u Q⁻¹ v (Helton, Mai and Speicher 2018). Sums,
products, inverses and block matrices of functions are pencils put together of their pencils. A letter is an integer,
``i`` for variable number i and ``~i`` for its adjoint; the letter of the constant M_0 is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError

Matrix: TypeAlias = NDArray[np.complex128]
Letter: TypeAlias = int | None

_POINTS = 3  # random points at which functions are compared
_LARGEST = 10  # most rows of the matrices there
_DEPENDENT = 1e-8  # relative distance below which functions are linearly dependent
_ZERO = 1e-12  # relative size of a function or a row that is rounding
_SNAP = 1e-13  # distance from an integer that is rounding
_HERMITIAN = 1e-9  # relative difference of a pencil and its adjoint that is rounding


@dataclass(frozen=True, eq=False)
class Realisation:
    """A rational function with p x q matrices as values.

    Attributes
    ----------
    shape : tuple of int
        p, q.
    coefficients : dict
        Letter, or None for the constant, to a matrix of shape (p + N, q + N).
    """

    shape: tuple[int, int]
    coefficients: dict[Letter, Matrix]

    @property
    def size(self) -> int:
        """The number N of inner rows."""
        return len(self.coefficients[None]) - self.shape[0]

    @property
    def letters(self) -> list[int]:
        """The letters that occur."""
        return [x for x in self.coefficients if x is not None]

    # ------------------------------------------------------------------ algebra
    @classmethod
    def constant(cls, matrix: Matrix) -> Realisation:
        """A matrix of numbers."""
        rows, columns = matrix.shape
        return cls((rows, columns), {None: np.asarray(matrix, dtype=np.complex128)})

    @classmethod
    def variable(cls, letter: int) -> Realisation:
        """One letter."""
        return cls((1, 1), {None: np.zeros((1, 1), dtype=np.complex128), letter: np.ones((1, 1), dtype=np.complex128)})

    def scaled(self, number: complex) -> Realisation:
        """The function times a number."""
        p, _ = self.shape
        factor = np.ones((p + self.size, 1), dtype=np.complex128)
        factor[:p] = number
        return Realisation(self.shape, {x: np.asarray(factor * m) for x, m in self.coefficients.items()})

    def adjoint(self, self_adjoint: frozenset[int]) -> Realisation:
        """The adjoint function: letters of the others than these variables become their stars."""
        p, q = self.shape
        stars = {x: x if x is None or x in self_adjoint else ~x for x in self.coefficients}
        return Realisation((q, p), {stars[x]: m.conj().T for x, m in self.coefficients.items()})

    def __add__(self, other: Realisation) -> Realisation:
        p, q = self.shape
        rows, columns = self.size, other.size

        def put(first: Matrix, second: Matrix) -> Matrix:
            out = np.zeros((p + rows + columns, q + rows + columns), dtype=np.complex128)
            out[: p + rows, : q + rows] = first
            out[:p, :q] += second[:p, :q]
            out[:p, q + rows :], out[p + rows :, :q] = second[:p, q:], second[p:, :q]
            out[p + rows :, q + rows :] = second[p:, q:]
            return out

        return Realisation(self.shape, self._with(other, put))

    def __matmul__(self, other: Realisation) -> Realisation:
        (p, middle), q = self.shape, other.shape[1]
        first_size, second_size = self.size, other.size
        if first_size == 0 and not self.letters:
            return other._multiplied(self.coefficients[None], left=True)
        if second_size == 0 and not other.letters:
            return self._multiplied(other.coefficients[None], left=False)
        # rows p | middle | N1 | N2, columns q | middle | N1 | N2, with −1 in the middle
        a, b, c, d = np.cumsum([p, middle, first_size, second_size])
        e, f, g, h = np.cumsum([q, middle, first_size, second_size])

        def put(first: Matrix, second: Matrix) -> Matrix:
            out = np.zeros((d, h), dtype=np.complex128)
            out[:a, e:g] = first[:p]
            out[b:c, e:g] = first[p:]
            out[a:b, :e], out[a:b, g:] = second[:middle, :q], second[:middle, q:]
            out[c:, :e], out[c:, g:] = second[middle:, :q], second[middle:, q:]
            return out

        made = self._with(other, put)
        made[None][a:b, e:f] = -np.eye(middle)
        return Realisation((p, q), made)

    def _multiplied(self, matrix: Matrix, *, left: bool) -> Realisation:
        p, q = self.shape
        n = self.size
        if left:
            wide = np.zeros((matrix.shape[0] + n, p + n), dtype=np.complex128)
            wide[: matrix.shape[0], :p], wide[matrix.shape[0] :, p:] = matrix, np.eye(n)
            return Realisation((matrix.shape[0], q), {x: wide @ m for x, m in self.coefficients.items()})
        wide = np.zeros((q + n, matrix.shape[1] + n), dtype=np.complex128)
        wide[:q, : matrix.shape[1]], wide[q:, matrix.shape[1] :] = matrix, np.eye(n)
        return Realisation((p, matrix.shape[1]), {x: m @ wide for x, m in self.coefficients.items()})

    def inverse(self) -> Realisation:
        """The inverse of a square function: the Schur complement of [[0, 1], [1, −r]]."""
        p = self.shape[0]
        n = self.size
        made = {}
        for x, m in self.coefficients.items():
            out = np.zeros((2 * p + n, 2 * p + n), dtype=np.complex128)
            out[p:, p:] = -m
            made[x] = out
        made[None][:p, p : 2 * p] = made[None][p : 2 * p, :p] = np.eye(p)
        return Realisation((p, p), made)

    @classmethod
    def block(cls, rows: Sequence[Sequence[Realisation]]) -> Realisation:
        """The block matrix of some functions."""
        heights = [row[0].shape[0] for row in rows]
        widths = [part.shape[1] for part in rows[0]]
        total: Realisation | None = None
        for i, row in enumerate(rows):
            for j, part in enumerate(row):
                left = np.zeros((sum(heights), heights[i]), dtype=np.complex128)
                left[sum(heights[:i]) : sum(heights[: i + 1])] = np.eye(heights[i])
                right = np.zeros((widths[j], sum(widths)), dtype=np.complex128)
                right[:, sum(widths[:j]) : sum(widths[: j + 1])] = np.eye(widths[j])
                placed = part._multiplied(left, left=True)._multiplied(right, left=False)
                total = placed if total is None else total + placed
        assert total is not None
        return total

    def _with(self, other: Realisation, put: object) -> dict[Letter, Matrix]:
        assert callable(put)
        nothing, none = np.zeros_like(self.coefficients[None]), np.zeros_like(other.coefficients[None])
        letters = dict.fromkeys([*self.coefficients, *other.coefficients])
        return {x: put(self.coefficients.get(x, nothing), other.coefficients.get(x, none)) for x in letters}

    # ------------------------------------------------------------------ values
    def at(self, point: Mapping[int, Matrix]) -> tuple[Matrix, Matrix]:
        """The function and the solution f of Q f = v at matrices, of shapes (pm, qm) and (Nm, qm)."""
        m = len(next(iter(point.values()))) if point else 1
        whole = np.asarray(sum(np.kron(c, np.eye(m) if x is None else point[x]) for x, c in self.coefficients.items()))
        p, q = (m * side for side in self.shape)
        f = np.linalg.solve(whole[p:, q:], whole[p:, :q])
        return np.asarray(whole[:p, :q] - whole[:p, q:] @ f), np.asarray(f)

    def _families(self, self_adjoint: frozenset[int] | None = None) -> Matrix:
        """Columns: constants, then the functions f, at random points; or those of the adjoint at the same ones."""
        chosen = self if self_adjoint is None else self.adjoint(self_adjoint)
        n, q = self.size, chosen.shape[1]
        letters = set(self.letters) | set(chosen.letters)
        out = []
        for point in points(letters, min(max(3, n + 1), _LARGEST)):
            m = len(next(iter(point.values()))) if point else 1
            f = chosen.at(point)[1].reshape(n, m * m * q)
            units = np.stack([np.kron(np.eye(q)[j : j + 1], np.eye(m)).ravel() for j in range(q)])
            out.append(np.concatenate([units, f]).T)
        return np.concatenate(out)

    # ------------------------------------------------------------------ the smallest one
    def reduced(self) -> Realisation:
        """A realisation of the same function without superfluous rows.

        It is minimal when the entries of Q⁻¹v, and those of uQ⁻¹, are linearly independent of each other and of
        constants (Cohn and Reutenauer 1994). Both are decided at random matrices.
        """
        current = self
        while True:
            size = current.size
            current = current._without_dependent()
            current = current._transposed()._without_dependent()._transposed()
            if current.size == size:
                return current

    def _transposed(self) -> Realisation:
        """The pencil transposed: the function read from right to left."""
        p, q = self.shape
        return Realisation((q, p), {x: m.T for x, m in self.coefficients.items()})

    def _without_dependent(self) -> Realisation:
        if self.size == 0:
            return self
        p, q = self.shape
        family = self._families()
        chosen = _independent(family, q, float(np.linalg.norm(family, axis=0).max()))
        if len(chosen) == self.size:
            return self
        basis = np.concatenate([family[:, :q], family[:, q:][:, chosen]], axis=1)
        shares = _snapped(_least_squares(basis, family[:, q:]))  # (q + N', N): f = shares[q:]ᵀ w + shares[:q]ᵀ
        # columns of [[P, u], [v, Q]] times [[1, 0], [−β, T]]
        change = np.zeros((q + self.size, q + len(chosen)), dtype=np.complex128)
        change[:q, :q] = np.eye(q)
        change[q:, :q], change[q:, q:] = -shares[:q].T, shares[q:].T
        made = {x: m @ change for x, m in self.coefficients.items()}
        rows = np.concatenate([m[p:] for m in made.values()], axis=1)
        largest = max(float(np.abs(m).max()) for m in self.coefficients.values())
        kept = _independent(rows.T, 0, largest)
        if len(kept) != len(chosen):
            return self
        rest = [*range(p), *(p + k for k in kept)]
        return Realisation(self.shape, {x: m[rest] for x, m in made.items()})

    def hermitian(self, self_adjoint: frozenset[int]) -> Realisation:
        """A minimal realisation with Hermitian coefficients of a self-adjoint function, A_{x*} = A_x*.

        The adjoint of a minimal realisation is one as well, and only one change of basis leads from the one to the
        other: f = R f' − β, and M [[1, 0], [β, R]] is Hermitian.

        Raises
        ------
        ConvergenceError
            If it is not, so that rounding has spoiled the realisation.
        """
        q = self.shape[1]
        change = np.eye(q + self.size, dtype=np.complex128)
        if self.size:
            own, other = self._families(), self._families(self_adjoint)
            shares = _snapped(_least_squares(other, own[:, q:]))
            change[q:, :q], change[q:, q:] = -shares[:q].T, shares[q:].T
        made = {x: m @ change for x, m in self.coefficients.items()}
        mirrored = Realisation(self.shape, made).adjoint(self_adjoint).coefficients
        nothing = np.zeros_like(made[None])
        letters = dict.fromkeys([*made, *mirrored])
        pairs = {x: (made.get(x, nothing), mirrored.get(x, nothing)) for x in letters}
        size = max(np.abs(m).max(initial=0.0) for m in made.values())
        defect = max(np.abs(a - b).max(initial=0.0) for a, b in pairs.values()) / size if size else 0.0
        if not defect < _HERMITIAN:
            raise ConvergenceError(
                "the linear realisation of a self-adjoint rational expression is not Hermitian up to rounding; write "
                "the expression with fewer operations",
                residual=defect,
            )
        return Realisation(self.shape, {x: 0.5 * (a + b) for x, (a, b) in pairs.items()})

    def vanishes(self) -> bool:
        """Whether the function is 0."""
        smallest = self.reduced()
        largest = max(np.abs(m).max(initial=0.0) for m in smallest.coefficients.values())
        return smallest.size == 0 and bool(largest < _DEPENDENT)


def points(letters: set[int], rows: int) -> list[dict[int, Matrix]]:
    """Random matrices in place of letters; a variable and its adjoint are two of them."""
    rng = np.random.default_rng(0)
    shape = (2, rows, rows)
    parts = [{x: rng.standard_normal(shape) / np.sqrt(2.0 * rows) for x in sorted(letters)} for _ in range(_POINTS)]
    return [{x: m[0] + 1j * m[1] for x, m in part.items()} for part in parts]


def _independent(columns: Matrix, first: int, scale: float) -> list[int]:
    """Numbers of columns, beyond the `first` ones, that with those make a basis of the span of all; early ones win."""
    sizes = np.linalg.norm(columns, axis=0)
    basis, _ = np.linalg.qr(columns[:, :first])
    found: list[int] = []
    for k in np.flatnonzero(sizes[first:] > _ZERO * scale):
        column = columns[:, first + k] / sizes[first + k]
        for _ in range(2):
            column = column - basis @ (basis.conj().T @ column)
        size = np.linalg.norm(column)
        if size > _DEPENDENT:
            basis = np.concatenate([basis, column[:, None] / size], axis=1)
            found.append(int(k))
    return found


def _least_squares(basis: Matrix, sides: Matrix) -> Matrix:
    """Coefficients of some columns in a basis, refined once."""
    q, r = np.linalg.qr(basis)
    found = np.linalg.solve(r, q.conj().T @ sides)
    return np.asarray(found + np.linalg.solve(r, q.conj().T @ (sides - basis @ found)))


def _snapped(values: Matrix) -> Matrix:
    """Values with parts that are integers up to rounding made so."""
    out = values.copy()
    for part in (out.real, out.imag):
        whole = np.round(part)
        near = np.abs(part - whole) < _SNAP
        part[near] = whole[near]
    return out
