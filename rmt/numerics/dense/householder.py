"""Haar-distributed orthogonal, unitary and symplectic matrices as products of Householder reflections.

The QR factorisation of a Gaussian matrix is never computed: the reflection that maps the j-th remaining column to the
first axis depends on a fresh Gaussian vector of n − j + 1 entries, so the reflections are drawn directly (Stewart
1980; Diaconis and Shahshahani 1987). With the phases of the
diagonal of R the product is exactly Haar distributed (Mezzadri 2007). It costs half the normals and
half the operations of QR, and is applied to a vector in O(n²) without being formed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count
from rmt.numerics.compilation.jit import kernel
from rmt.numerics.dense.blas import scipy_blas_and_lapack

Array = NDArray[Any]
Field = Literal["real", "complex", "quaternion"]


@dataclass(frozen=True)
class HouseholderProduct:
    """The first columns of Q = H_1 H_2 ⋯ H_c D, with reflections H_j = 1 − τ_j v_j v_j* and a matrix D of phases.

    Made by :func:`haar_product`.

    Attributes
    ----------
    vectors : array (c, n)
        Row j holds v_j behind its unit entry at j. Complex vectors of twice the lengths for a quaternion matrix.
    tau : array of c
    phases : array of c, or (c, 2) for a quaternion matrix
        Numbers of modulus one; pairs (a, b) stand for the unit quaternion a + b j.
    field : {"real", "complex", "quaternion"}
    """

    vectors: Array
    tau: Array
    phases: Array
    field: Field

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix; both are even for the complex form of a quaternion one."""
        columns, rows = self.vectors.shape
        return rows, columns

    def matrix(self) -> Array:
        """Form the matrix: 4/3 n³ operations for a square one."""
        return self._form(self.vectors.T.copy(order="F"))

    def _form(self, workspace: Array) -> Array:
        """Form the matrix in place of the vectors."""
        _, lapack = scipy_blas_and_lapack()

        generate = lapack.dorgqr if self.field == "real" else lapack.zungqr
        out, _, info = generate(workspace, self.tau, lwork=64 * self.shape[1], overwrite_a=1)
        _check_info(info)
        if self.field != "quaternion":
            out *= self.phases
            return np.asarray(out)
        a, b = self.phases.T
        left = _split_rows(out[:, ::2] * a - out[:, 1::2] * b.conj())
        top, bottom = np.vsplit(left, 2)
        return np.block([[top, -bottom.conj()], [bottom, top.conj()]])

    def apply(self, other: ArrayLike) -> Array:
        """Q B for a vector or a matrix B, in O(n²) operations per column, without forming Q.

        Parameters
        ----------
        other : array_like with as many rows as Q has columns

        Raises
        ------
        ValueError
            If the number of rows is another one.
        """
        rows, columns = self.shape
        block, was_vector = self._block(other, columns)
        padded = np.zeros((rows, block.shape[1]), dtype=block.dtype, order="F")
        if self.field == "quaternion":
            padded[:columns] = _turn_rows(block[_interleaved(columns)], self.phases, adjoint=False)
        else:
            padded[:columns] = self.phases[:, np.newaxis] * block
        out = self._multiply(padded, adjoint=False)
        if self.field == "quaternion":
            out = _split_rows(out)
        return out[:, 0] if was_vector else out

    def apply_adjoint(self, other: ArrayLike) -> Array:
        """Q* B for a vector or a matrix B with as many rows as Q; errors as for :meth:`apply`."""
        rows, columns = self.shape
        block, was_vector = self._block(other, rows)
        if self.field == "quaternion":
            out = self._multiply(np.asfortranarray(block[_interleaved(rows)]), adjoint=True)[:columns]
            out = _split_rows(_turn_rows(out, self.phases, adjoint=True))
        else:
            out = self._multiply(np.array(block, order="F"), adjoint=True)[:columns]
            out = self.phases.conj()[:, np.newaxis] * out
        return out[:, 0] if was_vector else out

    def _block(self, other: ArrayLike, rows: int) -> tuple[Array, bool]:
        block = np.asarray(other, dtype=np.result_type(np.asarray(other).dtype, self.vectors.dtype))
        if block.ndim not in (1, 2) or block.shape[0] != rows:
            raise ValueError(f"the factor must be a vector or matrix with {rows} rows, got shape {block.shape}")
        if block.dtype.kind == "c" and self.field == "real":
            # a real product acts on real and imaginary parts
            block = block.astype(np.complex128)
        return (block[:, np.newaxis], True) if block.ndim == 1 else (block, False)

    def _multiply(self, block: Array, adjoint: bool) -> Array:
        _, lapack = scipy_blas_and_lapack()

        if self.field == "real" and block.dtype.kind == "c":
            return self._multiply(block.real, adjoint) + 1j * self._multiply(block.imag, adjoint)
        if self.field == "real":
            multiply, transposed = lapack.dormqr, "T"
        else:
            multiply, transposed = lapack.zunmqr, "C"
        lwork = 64 * max(block.shape)
        out, _, info = multiply(
            "L", transposed if adjoint else "N", self.vectors.T, self.tau, block, lwork, overwrite_c=1
        )
        _check_info(info)
        return np.asarray(out)


def haar_product(
    n: int, rng: np.random.Generator, columns: int | None = None, field: Field = "real"
) -> HouseholderProduct:
    """Draw a Haar matrix, or the first columns of one, as a product of reflections.

    Parameters
    ----------
    n : int
        Rows (quaternion rows for the symplectic group).
    rng : numpy.random.Generator
    columns : int, optional
        From 1 to n; n by default. Fewer give the uniform law on the Stiefel manifold.
    field : {"real", "complex", "quaternion"}
        O(n), U(n) or Sp(n).

    Returns
    -------
    HouseholderProduct
        With methods ``matrix()``, ``apply(B)`` and ``apply_adjoint(B)``.

    Raises
    ------
    ValueError
        If ``columns`` is not between 1 and n, or the field is another one.
    """
    rows = check_count("n", n)
    width = rows if columns is None else check_count("columns", columns)
    if width > rows:
        raise ValueError(f"columns must be at most n = {rows}, got {width}: orthonormal columns need as many rows")
    check_choice("field", field, ("real", "complex", "quaternion"))
    vectors: Array
    tau: Array
    phases: Array
    if field == "real":
        vectors, tau, phases = np.zeros((width, rows)), np.empty(width), np.empty(width)
        draw_real(rng, vectors, tau, phases)
    elif field == "complex":
        vectors = np.zeros((width, rows), dtype=np.complex128)
        tau, phases = np.empty((2, width), dtype=np.complex128)
        draw_complex(rng, vectors, tau, phases)
    else:
        vectors = np.zeros((2 * width, 2 * rows), dtype=np.complex128)
        tau, phases = np.empty(2 * width, dtype=np.complex128), np.empty((width, 2), dtype=np.complex128)
        draw_quaternion(rng, vectors, tau, phases)
    return HouseholderProduct(vectors, tau, phases, field)


def haar_orthogonal_matrix(n: int, rng: np.random.Generator, columns: int | None = None) -> Array:
    """Haar orthogonal matrix of n rows, or its first columns; parameters as for :func:`haar_product`."""
    return haar_matrix(n, rng, columns, "real")


def haar_unitary_matrix(n: int, rng: np.random.Generator, columns: int | None = None) -> Array:
    """Haar unitary matrix of n rows, or its first columns; parameters as for :func:`haar_product`."""
    return haar_matrix(n, rng, columns, "complex")


def haar_symplectic_matrix(n: int, rng: np.random.Generator, columns: int | None = None) -> Array:
    """Haar matrix of Sp(n) as the complex matrix [[A, B], [−B̄, Ā]] of 2n rows; `columns` columns of A and of B."""
    return haar_matrix(n, rng, columns, "quaternion")


def haar_matrix(n: int, rng: np.random.Generator, columns: int | None = None, field: Field = "real") -> Array:
    """Form a Haar matrix at once; parameters as for :func:`haar_product`."""
    product = haar_product(n, rng, columns, field)
    return product._form(product.vectors.T)


@kernel
def draw_real(rng: np.random.Generator, vectors: Array, tau: Array, phases: Array) -> None:
    """Fill the rows with the reflections of fresh normal vectors of decreasing length."""
    columns, n = vectors.shape
    for j in range(columns):
        first = rng.standard_normal()
        square = 0.0
        for i in range(j + 1, n):
            x = rng.standard_normal()
            vectors[j, i] = x
            square += x * x
        sign = 1.0 if first >= 0.0 else -1.0
        vectors[j, j] = 1.0
        if square == 0.0:
            tau[j], phases[j] = 0.0, sign
            continue
        # x is mapped to −sign |x|; the unit entry of v stands for first + sign |x|
        length = math.sqrt(first * first + square)
        pivot = abs(first) + length
        for i in range(j + 1, n):
            vectors[j, i] *= sign / pivot
        tau[j], phases[j] = pivot / length, -sign


@kernel
def draw_complex(rng: np.random.Generator, vectors: Array, tau: Array, phases: Array) -> None:
    """Fill the rows as :func:`draw_real` does, from complex normals."""
    columns, n = vectors.shape
    for j in range(columns):
        first = complex(rng.standard_normal(), rng.standard_normal())
        square = 0.0
        for i in range(j + 1, n):
            x, y = rng.standard_normal(), rng.standard_normal()
            vectors[j, i] = complex(x, y)
            square += x * x + y * y
        phase = first / abs(first)
        vectors[j, j] = 1.0
        if square == 0.0:
            tau[j], phases[j] = 0.0, phase
            continue
        length = math.sqrt(abs(first) ** 2 + square)
        pivot = abs(first) + length
        scale = phase.conjugate() / pivot
        for i in range(j + 1, n):
            vectors[j, i] *= scale
        tau[j], phases[j] = pivot / length, -phase


@kernel
def draw_quaternion(rng: np.random.Generator, vectors: Array, tau: Array, phases: Array) -> None:
    """Fill pairs of rows with the complex columns of quaternion reflections.

    The quaternion a + b j is the block [[a, b], [−b̄, ā]]. A reflection of a quaternion vector is the product of the
    reflections of the two columns of its blocks, which are orthogonal; with the coordinates of each quaternion next to
    each other both have the unit entry where LAPACK expects it.
    """
    pairs, n = phases.shape[0], vectors.shape[1] // 2
    for j in range(pairs):
        a = complex(rng.standard_normal(), rng.standard_normal())
        b = complex(rng.standard_normal(), rng.standard_normal())
        square = 0.0
        for i in range(j + 1, n):
            u, v, w, x = rng.standard_normal(), rng.standard_normal(), rng.standard_normal(), rng.standard_normal()
            vectors[2 * j, 2 * i], vectors[2 * j + 1, 2 * i] = complex(u, v), complex(w, x)
            square += u * u + v * v + w * w + x * x
        size = math.sqrt(abs(a) ** 2 + abs(b) ** 2)
        a, b = a / size, b / size
        vectors[2 * j, 2 * j] = 1.0
        vectors[2 * j + 1, 2 * j + 1] = 1.0
        if square == 0.0:
            tau[2 * j] = 0.0
            tau[2 * j + 1] = 0.0
            phases[j, 0], phases[j, 1] = a, b
            continue
        length = math.sqrt(size * size + square)
        pivot = size + length
        for i in range(j + 1, n):
            # (p + q j) times the conjugate of a + b j, over the pivot
            p, q = vectors[2 * j, 2 * i], vectors[2 * j + 1, 2 * i]
            first = (p * a.conjugate() + q * b.conjugate()) / pivot
            second = (q * a - p * b) / pivot
            vectors[2 * j, 2 * i], vectors[2 * j, 2 * i + 1] = first, -second.conjugate()
            vectors[2 * j + 1, 2 * i], vectors[2 * j + 1, 2 * i + 1] = second, first.conjugate()
        tau[2 * j] = pivot / length
        tau[2 * j + 1] = pivot / length
        phases[j, 0], phases[j, 1] = -a, -b


def _interleaved(size: int) -> NDArray[np.int64]:
    """Order that puts the two coordinates of each quaternion next to each other."""
    return np.arange(size).reshape(2, -1).T.ravel()


def _deinterleaved(size: int) -> NDArray[np.int64]:
    return np.arange(size).reshape(-1, 2).T.ravel()


def _split_rows(array: Array) -> Array:
    """First coordinates of all quaternions, then the second ones."""
    return np.asarray(array[_deinterleaved(array.shape[0])])


def _turn_rows(array: Array, phases: Array, adjoint: bool) -> Array:
    """Multiply quaternion rows by unit quaternions, or by their conjugates, from the left."""
    a, b = phases.T[:, :, np.newaxis]
    if adjoint:
        a, b = a.conj(), -b
    first, second = array[::2], array[1::2]
    out = np.empty_like(array)
    out[::2] = a * first + b * second
    out[1::2] = -b.conj() * first + a.conj() * second
    return out


def _check_info(info: int) -> None:
    if info != 0:
        raise ArithmeticError(f"LAPACK refused its argument number {-info}")
