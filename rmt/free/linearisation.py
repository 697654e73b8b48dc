"""Self-adjoint polynomials in free variables: words, linear pencils, exact moments.

A word is a tuple of letters: ``i`` is variable number i, ``~i`` its adjoint (the same letter for a self-adjoint
variable). The empty word is the unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Word: TypeAlias = tuple[int, ...]
Matrix: TypeAlias = NDArray[np.complex128]


def adjoint(word: Word) -> Word:
    """The adjoint of a word; letters of self-adjoint variables must be brought to ``i >= 0`` afterwards."""
    return tuple(~letter for letter in reversed(word))


@dataclass(frozen=True, eq=False)
class Pencil:
    """A linear matrix pencil 𝓛(z) = diag(z, 0, ..., 0) − B − Σ A_x ⊗ x with ((𝓛(z))⁻¹)_{00} = (z − p)⁻¹.

    Attributes
    ----------
    constant : ndarray
        B, Hermitian d x d.
    coefficients : dict
        Letter x to A_x; A_{x*} is the conjugate transpose of A_x.
    negative : int
        Determinant of the lower block: its sign is (−1)^negative, its modulus 1.
    """

    constant: Matrix
    coefficients: dict[int, Matrix]
    negative: int

    @property
    def dimension(self) -> int:
        """The size d of the matrices."""
        return len(self.constant)


def linearise(terms: Mapping[Word, complex], self_adjoint: frozenset[int]) -> Pencil:
    """The smallest self-adjoint linearisation of a self-adjoint polynomial.

    Exists for every self-adjoint polynomial (Anderson 2013). Here it is read off the Hankel matrix
    H[u, v] = coefficient of u* v over nonempty words u, v: with H = E* K E, K = diag(±1), and the shifts
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
    values, vectors = np.linalg.eigh(hankel)
    kept = np.abs(values) > 1e-12 * np.abs(values).max(initial=0.0)
    signs, vectors = np.sign(values[kept]), vectors[:, kept]
    embedding = np.sqrt(np.abs(values[kept]))[:, None] * vectors.conj().T
    inverse = vectors / np.sqrt(np.abs(values[kept]))

    rank = len(signs)
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
        matrix[1:, 1:] = (shifted @ inverse) * signs
        coefficients[x] = matrix
    constant = np.zeros((rank + 1, rank + 1), dtype=np.complex128)
    constant[0, 0] = terms.get((), 0)
    constant[1:, 1:] = -np.diag(signs)
    for x, matrix in coefficients.items():
        mirrored = coefficients[star((x,))[0]].conj().T
        coefficients[x] = (matrix + mirrored) / 2
    return Pencil(constant, coefficients, int((signs < 0).sum()))
