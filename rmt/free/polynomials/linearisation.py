"""Self-adjoint polynomials in free variables: words, linear pencils, exact moments.

A word is a tuple of letters: ``i`` is variable number i, ``~i`` its adjoint (the same letter for a self-adjoint
variable). The empty word is the unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Word: TypeAlias = tuple[int, ...]
Matrix: TypeAlias = NDArray[np.complex128]

_PULL = 0.1  # weight of sizes D near 1, against that of entries near 1
_PAIR = 0.05  # size of a pivot off the diagonal, on the scale of those on it, from which on it is taken


def adjoint(word: Word) -> Word:
    """The adjoint of a word; letters of self-adjoint variables must be brought to ``i >= 0`` afterwards."""
    return tuple(~letter for letter in reversed(word))


@dataclass(frozen=True, eq=False)
class Pencil:
    """A linear matrix pencil 𝓛(z) = diag(z, ..., z, 0, ..., 0) − B − Σ A_x ⊗ x whose inverse has the corner (z − p)⁻¹.

    Attributes
    ----------
    constant : ndarray
        B, Hermitian d x d.
    coefficients : dict
        Letter x to A_x; A_{x*} is the conjugate transpose of A_x.
    negative : int
        Negative eigenvalues of the lower block of a polynomial; its determinant has modulus 1.
    outer : int
        Size of the corner, that of the matrices that p has as values.
    uncertainty : float
        Norm by which the function of the pencil may differ from p.
    """

    constant: Matrix
    coefficients: dict[int, Matrix]
    negative: int = 0
    outer: int = 1
    uncertainty: float = 0.0

    @property
    def dimension(self) -> int:
        """The size d of the matrices."""
        return len(self.constant)


def linearise(terms: Mapping[Word, complex], self_adjoint: frozenset[int]) -> Pencil:
    """The smallest self-adjoint linearisation of a self-adjoint polynomial.

    Exists for every self-adjoint polynomial (Anderson 2013). Here it is read off the Hankel matrix
    H[u, v] = coefficient of u* v over nonempty words u, v: with H = E* K E, K = K* = K⁻¹, and the shifts
    M_x E_v = E_{xv}, the part of degree >= 2 equals e* (K − Σ M_x K x)⁻¹ e for the vector e = Σ E_x x, and the size
    1 + rank H is minimal (Schützenberger's minimal realisation, in its self-adjoint form).

    Parameters
    ----------
    terms : mapping
        Words to coefficients; the coefficient of w* is the conjugate of that of w.
    self_adjoint : frozenset of int
        The self-adjoint variables.
    """

    def normal(word: Word) -> Word:
        return tuple(~x if x < 0 and ~x in self_adjoint else x for x in word)

    def star(word: Word) -> Word:
        return normal(adjoint(word))

    suffixes = sorted({word[i:] for word in terms for i in range(1, len(word))}, key=lambda word: (len(word), word))
    place = {word: index for index, word in enumerate(suffixes)}
    hankel = np.array([[terms.get(star(u) + v, 0) for v in suffixes] for u in suffixes], dtype=np.complex128)
    hankel = hankel.reshape(len(suffixes), len(suffixes))
    embedding, inverse, signature = _factor(hankel)
    rank = len(signature)
    letters = {x for word in terms for x in word} | {x for word in terms for x in star(word)}
    coefficients = {}
    for x in letters:
        matrix = np.zeros((rank + 1, rank + 1), dtype=np.complex128)
        matrix[0, 0] = terms.get((x,), 0)
        if (x,) in place:
            matrix[1:, 0] = -embedding[:, place[(x,)]]
        if star((x,)) in place:
            matrix[0, 1:] = -embedding[:, place[star((x,))]].conj()
        shifted = np.zeros_like(embedding)
        for word, column in place.items():
            if (x, *word) in place:
                shifted[:, column] = embedding[:, place[(x, *word)]]
        matrix[1:, 1:] = shifted @ inverse @ signature
        coefficients[x] = matrix
    constant = np.zeros((rank + 1, rank + 1), dtype=np.complex128)
    constant[0, 0] = terms.get((), 0)
    constant[1:, 1:] = -signature
    for x, matrix in coefficients.items():
        mirrored = coefficients[star((x,))[0]].conj().T
        coefficients[x] = (matrix + mirrored) / 2
    sizes = _balance(signature, list(coefficients.values()))
    coefficients = {x: sizes[:, None] * matrix * sizes for x, matrix in coefficients.items()}
    return Pencil(constant, coefficients, int((np.linalg.eigvalsh(signature) < 0).sum()))


def _balance(signature: Matrix, coefficients: list[Matrix]) -> Matrix:
    """Powers of two D for which the entries of all D A D are near 1, and D K D = K.

    A choice of isotropic vectors: each may be multiplied by what the other one of its pair is divided by.
    """
    pairs = [(1 + int(i), 1 + int(j)) for i, j in np.argwhere(np.triu(np.abs(signature), 1))]
    exponents = np.zeros((len(signature) + 1, len(pairs)))
    for k, (i, j) in enumerate(pairs):
        exponents[i, k], exponents[j, k] = 1.0, -1.0
    rows, sides = [_PULL * np.eye(len(pairs))], [np.zeros(len(pairs))]
    for matrix in coefficients:
        size = np.abs(matrix)
        a, b = np.nonzero(size > 1e-12 * size.max(initial=0.0))
        rows.append(exponents[a] + exponents[b])
        sides.append(-np.log2(size[a, b]))
    found = np.linalg.lstsq(np.concatenate(rows), np.concatenate(sides), rcond=None)[0]
    return np.asarray(2.0 ** (exponents @ np.round(found)))


def _factor(hankel: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """E, a right inverse of it, and K = K* = K⁻¹ with H = E* K E for a Hermitian H.

    Symmetric elimination with pivots of size 1 and 2 (Bunch-Parlett 1971). The latter give isotropic pairs and are
    preferred: entries that are 0 stay 0, and the arguments of the pencil stay graded next to a singularity.
    """
    size = len(hankel)
    rest = hankel.copy()
    rows, pivots, blocks = [], [], []
    threshold = 1e-12 * np.abs(hankel).max(initial=0.0)
    while np.abs(rest).max(initial=0.0) > threshold:
        diagonal = rest.diagonal().real
        cross = np.abs(rest - np.diag(diagonal))
        i, j = map(int, np.unravel_index(np.argmax(cross), rest.shape))
        largest = int(np.argmax(np.abs(diagonal)))
        pair = cross[i, j] > _PAIR * abs(diagonal[largest]) and diagonal[i] * diagonal[j] < 0.5 * cross[i, j] ** 2
        if pair:
            chosen, block = [i, j], np.eye(2)[::-1]
            congruence = _isotropic(rest[np.ix_(chosen, chosen)])
        else:
            chosen, block = [largest], np.sign(diagonal[largest]) * np.eye(1)
            congruence = np.eye(1, dtype=np.complex128) / math.sqrt(abs(diagonal[largest]))
        # congruence* B congruence = block for the pivot B
        part = block @ congruence.conj().T @ rest[chosen]
        rest = rest - part.conj().T @ block @ part
        rest[chosen], rest[:, chosen] = 0.0, 0.0
        rows.append(part)
        pivots += chosen
        blocks.append(block)
    embedding = np.concatenate([np.zeros((0, size)), *rows]).astype(np.complex128)
    inverse = np.zeros((size, len(pivots)), dtype=np.complex128)
    inverse[pivots] = np.linalg.inv(embedding[:, pivots])
    signature = np.zeros((len(pivots), len(pivots)), dtype=np.complex128)
    start = 0
    for block in blocks:
        stop = start + len(block)
        signature[start:stop, start:stop] = block
        start = stop
    return embedding, inverse, signature


def _isotropic(b: Matrix) -> Matrix:
    """Columns v, w with v* B v = w* B w = 0 and v* B w = 1, for an indefinite Hermitian B of size 2."""
    size = abs(b[0, 1])
    phase = b[0, 1] / size
    reach = size + math.sqrt(size * size - (b[0, 0] * b[1, 1]).real)
    first = np.array([1.0, -b[0, 0].real / reach * phase.conjugate()])
    second = np.array([-b[1, 1].real / reach * phase, 1.0])
    return np.stack([first, second / (first.conj() @ b @ second)], axis=1)
