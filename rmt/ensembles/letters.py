"""Words in random matrices, and their reduction: the one place that decides what a word is.

A word is a tuple of factors, a factor an ensemble and whether its conjugate transpose is meant. A reduced word holds
no u u* of a unitary letter, no repeated projection, and no letter beside its inverse.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from rmt.ensembles.ensemble import Ensemble

#: a variable and whether its conjugate transpose is meant
Factor: TypeAlias = tuple[Ensemble, bool]
Word: TypeAlias = tuple[Factor, ...]
#: rows and columns as multiples of n
Shape: TypeAlias = tuple[int, int]


def reduced(factors: Iterable[Factor]) -> Word:
    """The shortest word with the same product: U U* = U* U = 1, P P = P, X X⁻¹ = 1."""
    word: list[Factor] = []
    for variable, starred in factors:
        factor = (variable, starred and not variable.hermitian)
        if word and _cancel(word[-1], factor):
            word.pop()
        elif not (word and variable._idempotent and word[-1] == factor):
            word.append(factor)
    return tuple(word)


def _cancel(left: Factor, right: Factor) -> bool:
    if left[0] is right[0]:
        return left[1] != right[1] and left[0]._unitary
    return left[1] == right[1] and (left[0]._inverse_of(right[0]) or right[0]._inverse_of(left[0]))


def adjoint(word: Word) -> Word:
    """Conjugate transpose of a word."""
    return tuple((variable, not starred and not variable.hermitian) for variable, starred in reversed(word))


def is_self_adjoint(word: Word) -> bool:
    """Whether a word reads the same backwards, with stars."""
    return adjoint(word) == word


def letters_of(words: Iterable[Word]) -> tuple[Ensemble, ...]:
    """The variables of some words, in the order in which they first appear."""
    return tuple(dict.fromkeys(variable for word in words for variable, _ in word))


def rotations(word: Word) -> Iterable[Word]:
    """A word read as a circle from each of its places: square matrices AB and BA have the same eigenvalues."""
    return (word[i:] + word[:i] for i in range(len(word)))


def factor_shape(factor: Factor) -> Shape:
    """Rows and columns of one factor, as multiples of n."""
    rows, columns = factor[0].shape
    return (columns, rows) if factor[1] else (rows, columns)


def word_shape(word: Word) -> Shape:
    """Rows and columns of a word; the empty word has one n of both."""
    return (factor_shape(word[0])[0], factor_shape(word[-1])[1]) if word else (1, 1)
