"""Laws in the plane of what is not Hermitian: R-diagonal elements, shifted and dilated, and elliptic ones.

An element a is R-diagonal if it has the *-distribution of u |a| with a Haar unitary u that is free from |a| (Nica and
Speicher 1997): Haar and Ginibre matrices are, and so is the product of one with anything free from it, a power, and the
sum of free ones. Its eigenvalues follow from the law of a a* (Haagerup and Larsen 2000).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from rmt.ensembles.ensemble import Ensemble, Warrant
from rmt.ensembles.letters import Word, adjoint, letters_of, reduced, rotations, word_shape
from rmt.laws.law import Law

Terms = Mapping[Word, Any]


def planar_law(terms: Terms) -> Any:
    """Law in the plane of a polynomial in separated, free letters; None where it is not known."""
    from rmt.laws.planar.planar_affine import dilated_and_shifted

    shift = terms.get((), 0)
    words = {word: c for word, c in terms.items() if word}
    if len(words) == 1:
        ((word, c),) = words.items()
        law = _word_law(word)
        return None if law is None else dilated_and_shifted(law, c, shift)
    elliptic = _elliptic_law(words)
    if elliptic is not None:
        law, scale, centre = elliptic
        return dilated_and_shifted(law, scale, shift + centre)
    gram = r_diagonal_gram(words)
    return None if gram is None else dilated_and_shifted(_ring(gram), 1, shift)


def _word_law(word: Word) -> Any:
    if len(word) == 1:
        return None if word[0][0].hermitian else word[0][0].law()
    for turned in rotations(word):
        word = reduced(turned)
        while len(word) > 1 and reduced(word[-1:] + word[:1]) == ():  # a circle: u w u* is w
            word = word[1:-1]
        gram = _word_gram(word)
        if gram is not None:
            return _ring(gram)
    return None


def _elliptic_law(words: Terms) -> tuple[Any, Any, Any] | None:
    """Law, scale and centre of Σ c_k s_k for semicircular s_k and complex c_k: an ellipse, turned."""
    from rmt.laws import CircularLaw, EllipticLaw, Semicircle

    laws: list[tuple[Any, Any]] = []
    for word, c in words.items():
        law: Any = word[0][0].law() if len(word) == 1 else None
        if not isinstance(law, Semicircle):
            return None
        laws.append((c, law))
    variance = math.fsum(abs(c) ** 2 * law.var() for c, law in laws)
    pseudo = sum(complex(c) ** 2 * law.var() for c, law in laws)
    centre = sum(c * law.mean() for c, law in laws)
    tau = abs(pseudo) / variance
    if tau > 1.0 - 1e-14:
        return None
    if tau < 1e-15:
        return CircularLaw(variance), 1, centre
    phase = (pseudo / abs(pseudo)) ** 0.5
    scale = math.sqrt(variance) * phase
    return EllipticLaw(tau), scale if scale.imag else scale.real, centre


def r_diagonal_gram(words: Terms) -> Law | None:
    """Law of a a* for a sum of R-diagonal words without a common letter; None if it is no such sum."""
    from rmt.free import boxplus, rectangular_boxplus, symmetrised
    from rmt.laws.maps.pushforward import square_root, squared

    seen: set[Ensemble] = set()
    total: Law | None = None
    for word, c in words.items():
        letters = {root for letter in letters_of([word]) for root in letter._roots}
        gram = None if not word or seen & letters else _word_gram(word)
        if gram is None:
            return None
        rows, columns = word_shape(word)
        seen |= letters
        size = c * c if not isinstance(c, complex) else abs(c) ** 2
        gram = cast("Law", size * gram)
        if total is None:
            total = gram
        elif rows == columns:  # symmetrised singular values of R-diagonal elements add freely
            parts = (symmetrised(square_root(law)) for law in (total, gram))
            total = squared(boxplus(*parts))
        else:
            total = rectangular_boxplus(total, gram, rows / columns)
    return total


def _is_r_diagonal(letter: Ensemble) -> bool:
    from rmt.ensembles.derived import InverseEnsemble
    from rmt.ensembles.expression import Expression
    from rmt.ensembles.structured import HaarConjugateEnsemble
    from rmt.laws import CircularLaw, UnitCircle
    from rmt.laws.planar.planar_rings import GinibreProduct, SingleRing, TruncatedUnitaryLaw

    if letter.hermitian or letter.shape[0] != letter.shape[1] or letter.warrant is Warrant.NONE:
        return False
    if isinstance(letter, InverseEnsemble):
        return False
    if isinstance(letter, HaarConjugateEnsemble):  # an expression inside is taken apart first
        return not isinstance(letter.ensemble, Expression) and _is_r_diagonal(letter.ensemble)
    return isinstance(letter.law(), (CircularLaw, UnitCircle, GinibreProduct, SingleRing, TruncatedUnitaryLaw))


def _word_gram(word: Word) -> Law | None:
    """Law of w w* for an R-diagonal word: one whose R-diagonal letter stands in one run, or of Haar letters only.

    A rectangular letter of independent entries counts as well, alone.
    """
    from rmt.ensembles.limits import gram_of, sandwich_law
    from rmt.ensembles.rational_limits import is_rational
    from rmt.free import boxtimes, multiplicative_power
    from rmt.laws import Atomic

    if not word or is_rational(letters_of([word])):
        return None
    if len(word) == 1 and word[0][0].shape[0] != word[0][0].shape[1]:
        return sandwich_law(*word[0], {(): 1})
    if all(v._unitary and v.warrant is not Warrant.NONE for v, _ in word):
        return Atomic((1,), (1,))
    for letter in letters_of([word]):
        if not _is_r_diagonal(letter):
            continue
        places = [i for i, (v, _) in enumerate(word) if v == letter]
        run = word[places[0] : places[-1] + 1]
        if len(run) != len(places) or len(set(run)) != 1:
            continue
        gram = letter.gram_law()
        factors = [gram if len(run) == 1 or letter._unitary else multiplicative_power(gram, len(run))]
        before, after = word[: places[0]], word[places[-1] + 1 :]
        factors += [gram_of(w) for w in (adjoint(before), after) if w]
        return boxtimes(*factors)
    return None


def _ring(gram: Law) -> Any:
    """Law of the eigenvalues of an R-diagonal element with this law of a a*."""
    from rmt.laws import Atomic, CircularLaw, FussCatalan, MarchenkoPastur, UnitCircle
    from rmt.laws.maps.pushforward import square_root
    from rmt.laws.planar.planar_affine import dilated_and_shifted
    from rmt.laws.planar.planar_rings import GinibreProduct, SingleRing

    if isinstance(gram, MarchenkoPastur) and gram.ratio == 1:
        return CircularLaw(gram.variance)
    if isinstance(gram, FussCatalan):
        return GinibreProduct(gram.order)
    points = [a for a, mass in gram.atoms if mass > 0.0]
    if not gram.support and len(points) == 1:
        return dilated_and_shifted(UnitCircle(), math.sqrt(points[0]), 0) if points[0] else Atomic((0,), (1,))
    return SingleRing(square_root(gram))
