"""Products A B of two Hermitian matrices, one of them definite: their spectrum is real."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.ensembles.coefficients import is_hermitian, plain
from rmt.ensembles.ensemble import Ensemble, Float, Matrix
from rmt.ensembles.letters import Word, adjoint, is_self_adjoint, letters_of, rotations, word_shape
from rmt.ensembles.theorems import edges_not_asked

Terms = Mapping[Word, Any]


@dataclass(frozen=True)
class RealProduct:
    """``scale A B + shift`` with Hermitian A and B without a common letter.

    Attributes
    ----------
    scale, shift : number
        Real.
    left, right : dict
        Coefficients of the words of A and B.
    """

    scale: Any
    left: Terms
    right: Terms
    shift: Any

    @property
    def definite(self) -> int:
        """Whether A (1, −1) or B (2, −2) is definite in every sample, and its sign; 0 if none surely is."""
        for place, terms in ((1, self.left), (2, self.right)):
            sign = definite_sign(terms)
            if sign:
                return place * sign
        return 0

    def eigenvalues(self, drawn: dict[Ensemble, Matrix], n: int, side: int) -> Float:
        """Eigenvalues of a sample, ascending: those of B^(1/2) A B^(1/2)."""
        from rmt.ensembles.expression import Expression

        first, second = (Expression(t.items())._evaluate(drawn, n) for t in (self.left, self.right))
        positive, other = (first, second) if abs(self.definite) == 1 else (second, first)
        sign = 1 if self.definite > 0 else -1
        weights, vectors = np.linalg.eigh(sign * positive)
        root = vectors * np.sqrt(np.maximum(weights, 0.0))
        values = sign * np.linalg.eigvalsh(root.conj().T @ other @ root)
        return np.asarray(np.sort(plain(self.scale) * values + plain(self.shift)))


def real_product(terms: Terms) -> RealProduct | None:
    """The product of two Hermitian polynomials that a polynomial is, up to a real factor and a shift; or None."""
    shift = terms.get((), 0)
    words = {word: c for word, c in terms.items() if word}
    if isinstance(shift, complex) or not words or any(isinstance(c, complex) for c in words.values()):
        return None
    if len(words) == 1:
        ((word, scale),) = words.items()
        halves = _halves(word)
        return None if halves is None else RealProduct(scale, {halves[0]: 1}, {halves[1]: 1}, shift)
    for constant, rest in ((shift, words), (0, dict(terms))):
        factors = _factors(rest)
        if factors is not None:
            return RealProduct(1, *factors, constant)
    return None


def _halves(word: Word) -> tuple[Word, Word] | None:
    """Self-adjoint words without a common letter whose product is the word, read as a circle."""
    for candidate in rotations(word):
        for cut in range(1, len(candidate)):
            left, right = candidate[:cut], candidate[cut:]
            rows, columns = word_shape(left)
            hermitian = rows == columns and is_self_adjoint(left) and is_self_adjoint(right)
            if hermitian and not set(letters_of([left])) & set(letters_of([right])):
                return left, right
    return None


def _factors(terms: Terms) -> tuple[dict[Word, Any], dict[Word, Any]] | None:
    """Hermitian p and q without a common letter with p q = terms."""
    longest = max(terms, key=len)
    for cut in range(1, len(longest)):
        end = longest[cut:]
        # the words of p stand before every word of q
        starts = [word[: len(word) - len(end)] for word in terms if word[-len(end) :] == end]
        found = _outer_product(terms, set(letters_of(starts)))
        if found is not None and all(is_hermitian(f) for f in found):
            return found
    return None


def _outer_product(terms: Terms, chosen: set[Ensemble]) -> tuple[dict[Word, Any], dict[Word, Any]] | None:
    """The two factors of coefficients c[u v] = a[u] b[v], u in the chosen letters and v in the others."""
    table: dict[Word, dict[Word, Any]] = {}
    for word, c in terms.items():
        cut = next((i for i, (v, _) in enumerate(word) if v not in chosen), len(word))
        left, right = word[:cut], word[cut:]
        if any(v in chosen for v, _ in right):
            return None
        table.setdefault(left, {})[right] = c
    rows = list(table.values())
    if len(rows) < 1 or any(row.keys() != rows[0].keys() for row in rows):
        return None
    pivot = max(rows[0], key=lambda w: abs(rows[0][w]))
    if set(table) == {()} or set(rows[0]) == {()}:
        return None
    for row, word in itertools.product(rows, rows[0]):
        expected = row[pivot] * rows[0][word]
        if abs(row[word] * rows[0][pivot] - expected) > 1e-14 * abs(expected):
            return None
    return {u: row[pivot] / rows[0][pivot] for u, row in table.items()}, dict(rows[0])


def definite_sign(terms: Terms) -> int:
    """1 or −1 if every sample of a Hermitian polynomial is semidefinite of that sign, 0 if that is not known."""
    signs = {_word_sign(word) * (0 if isinstance(c, complex) else 1 if c > 0 else -1) for word, c in terms.items()}
    return signs.pop() if len(signs) == 1 else 0


def _word_sign(word: Word) -> int:
    while len(word) > 1 and word[-1:] == adjoint(word[:1]):
        word = word[1:-1]
    if not word:
        return 1
    return letter_sign(word[0][0]) if len(word) == 1 else 0


def letter_sign(letter: Ensemble) -> int:
    """1 or −1 if every sample of a Hermitian letter is semidefinite of that sign; else 0."""
    from rmt.ensembles.expression import Expression
    from rmt.ensembles.structured import HaarConjugateEnsemble

    if not letter.hermitian:
        return 0
    if isinstance(letter, HaarConjugateEnsemble):
        return letter_sign(letter.ensemble)
    if isinstance(letter, Expression):
        return definite_sign(letter.terms)
    with edges_not_asked():
        low, high = letter.law()._hull()  # type: ignore[union-attr]
    return 1 if low >= 0.0 else -1 if high <= 0.0 else 0
