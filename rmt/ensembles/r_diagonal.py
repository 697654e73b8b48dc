"""Laws in the plane of what is not Hermitian: R-diagonal elements, shifted and dilated, and elliptic ones.

An element a is R-diagonal if it has the *-distribution of u |a| with a Haar unitary u that is free from |a| (Nica and
Speicher 1997): Haar and Ginibre matrices are, and so is the product of one with anything free from it, a power, and the
sum of free ones. Its eigenvalues follow from the law of a a* (Haagerup and Larsen 2000).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, cast

from rmt.ensembles.coefficients import collect, conjugate, multiply
from rmt.ensembles.ensemble import Ensemble, Warrant
from rmt.ensembles.freeness import FreeCopy, Power, innermost, require_freeness, separated
from rmt.ensembles.letters import Word, adjoint, letters_of, reduced, rotations, word_shape
from rmt.ensembles.nonhermitian import IndependentEntriesEnsemble
from rmt.errors import FreenessError
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
    if any(letter.warrant is Warrant.PERMUTATION for letter in letters_of(words)):
        return None  # known for their *-moments, not for the eigenvalues of the sums of permutations themselves
    gram = r_diagonal_gram(words)
    return None if gram is None else dilated_and_shifted(_ring(gram), 1, shift)


def separating_letter(terms: Terms) -> tuple[Any, Ensemble] | None:
    """Law of a word, up to a shift, whose other letters an R-diagonal one takes apart, and that letter; or None.

    Read as a circle from u, the word is u m_1 ... u m_k with free copies of u, and nothing is asked of the m_i
    together: U D V B needs no freeness of D and B.
    """
    from rmt.laws.planar.planar_affine import dilated_and_shifted

    ((word, c), *others) = ((word, c) for word, c in terms.items() if word)
    if others:
        return None
    for turned in rotations(word):
        letter = turned[0][0]
        places = [i for i, (v, _) in enumerate(turned) if v == letter]
        if len({turned[i] for i in places}) == 1 and _is_r_diagonal(letter):
            try:
                gram = _gram_around(turned, places)
            except FreenessError:
                continue
            return dilated_and_shifted(_ring(gram), c, terms.get((), 0)), letter
    return None


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
    """Law, scale and centre of a linear form in semicircular, circular and elliptic letters: an ellipse, turned."""
    from rmt.laws import CircularLaw, EllipticLaw

    forms: dict[Ensemble, list[Any]] = {}
    for word, c in words.items():
        if len(word) != 1:
            return None
        ((letter, starred),) = word
        forms.setdefault(letter, [0, 0])[starred] = c
    variance, pseudo, centre = 0.0, 0j, 0j
    for letter, (a, b) in forms.items():
        found = _second_moments(letter)
        if found is None:
            return None
        mean, v, p = found
        variance += (abs(a) ** 2 + abs(b) ** 2) * v + 2.0 * (complex(a) * complex(b).conjugate()).real * p
        pseudo += (complex(a) ** 2 + complex(b) ** 2) * p + 2.0 * complex(a) * complex(b) * v
        centre += a * mean
    tau = abs(pseudo) / variance
    if tau > 1.0 - 1e-14:
        return None
    centre = centre if centre.imag else centre.real
    if tau < 1e-15:
        return CircularLaw(variance), 1, centre
    phase = (pseudo / abs(pseudo)) ** 0.5
    scale = math.sqrt(variance) * phase
    return EllipticLaw(tau), scale if scale.imag else scale.real, centre


def _second_moments(letter: Ensemble) -> tuple[float, float, float] | None:
    """Mean of an elliptic letter x, and τ(x x*) and τ(x x) of x less its mean; None for other letters."""
    from rmt.laws import CircularLaw, EllipticLaw, Semicircle

    if letter.shape != (1, 1):
        return None
    law: Any = letter.law()
    if isinstance(law, Semicircle) and letter.hermitian:
        return law.mean(), law.var(), law.var()
    if isinstance(law, EllipticLaw):
        return 0.0, 1.0, float(law.tau)
    return (0.0, float(law.variance), 0.0) if isinstance(law, CircularLaw) and _is_r_diagonal(letter) else None


def r_diagonal_gram(words: Terms) -> Law | None:
    """Law of a a* for an R-diagonal polynomial: a sum of free R-diagonal words, or u p or p u; None for others."""
    from rmt.free import boxplus, rectangular_boxplus, symmetrised
    from rmt.laws.maps.pushforward import square_root, squared

    if len(words) > 1 and () not in words:
        gram = _factored_gram(words)
        if gram is not None:
            return gram
        if not _are_free(words):
            return None
        gram = _circular_gram(words)
        if gram is not None:
            return gram
    seen: set[Ensemble] = set()
    total: Law | None = None
    for word, c in words.items():
        letters = set(letters_of([word]))
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


def _are_free(words: Terms) -> bool:
    """Whether the letters of a sum are known to be free, so that its words are if they share none."""
    try:
        require_freeness(separated(words)[0])
    except (FreenessError, TypeError):
        return False
    return True


def _circular_gram(words: Terms) -> Law | None:
    """Law of c c* for a linear form in semicircular and elliptic letters that is circular, such as x + i y."""
    from rmt.laws import CircularLaw, MarchenkoPastur

    elliptic = _elliptic_law(words)
    if elliptic is None or not isinstance(elliptic[0], CircularLaw) or elliptic[2] != 0.0:
        return None
    return MarchenkoPastur(1, variance=elliptic[0].variance)


def _roots(word: Word) -> set[Ensemble]:
    return {root for letter in letters_of([word]) for root in letter._roots}


def _factored_gram(words: Terms) -> Law | None:
    """Law of a a* for a = u p or p u with an R-diagonal letter u that p does not hold."""
    from rmt.ensembles.limits import polynomial_limit
    from rmt.free import boxtimes

    for last in (False, True):
        ends = {word[-1 if last else 0] for word in words}
        (letter, _), *others = ends
        if others or letter.shape[0] != letter.shape[1] or not _is_r_diagonal(letter):
            continue
        rest = {word[:-1] if last else word[1:]: c for word, c in words.items()}
        if letter in letters_of(rest):
            continue
        if next((word_shape(w) for w in rest if w), (1, 1)) != letter.shape:
            continue
        square = collect(
            (reduced(v + adjoint(w)), multiply(c, conjugate(d))) for v, c in rest.items() for w, d in rest.items()
        )
        return boxtimes(letter.gram_law(), polynomial_limit(square))
    return None


def _is_r_diagonal(letter: Ensemble) -> bool:
    from rmt.ensembles.derived import InverseEnsemble
    from rmt.ensembles.expression import Expression
    from rmt.ensembles.structured import HaarConjugateEnsemble
    from rmt.laws import CircularLaw, UnitCircle
    from rmt.laws.planar.planar_rings import GinibreProduct, SingleRing, TruncatedUnitaryLaw

    """Whether a letter is R-diagonal; a rectangular one, with independent entries, as a block of such."""
    if letter.hermitian or letter.warrant in (Warrant.NONE, Warrant.PERMUTATION):
        return False
    if letter.shape[0] != letter.shape[1]:
        return isinstance(innermost(letter), IndependentEntriesEnsemble)
    if isinstance(letter, InverseEnsemble):
        return False
    if isinstance(letter, HaarConjugateEnsemble):  # an expression inside is taken apart first
        return not isinstance(letter.ensemble, Expression) and _is_r_diagonal(letter.ensemble)
    return isinstance(letter.law(), (CircularLaw, UnitCircle, GinibreProduct, SingleRing, TruncatedUnitaryLaw))


def _word_gram(word: Word) -> Law | None:
    """Law of w w* for an R-diagonal word: m_0 u m_1 u ... u m_k with m_0 free from m_k, or one of Haar letters only.

    Only pairs of u and u* of the same depth count in its *-moments, so that the k letters u are as good as free copies
    of one (Nica and Speicher 2006, lecture 15). A rectangular letter of independent entries is one as well.
    """
    from rmt.ensembles.rational_limits import is_rational
    from rmt.laws import Atomic

    if not word or is_rational(letters_of([word])):
        return None
    if all(v._unitary and v.warrant is not Warrant.NONE for v, _ in word):
        return Atomic((1,), (1,))
    for letter in letters_of([word]):
        if _is_r_diagonal(letter):
            places = [i for i, (v, _) in enumerate(word) if v == letter]
            if len({word[i] for i in places}) == 1 and not _roots(word[: places[0]]) & _roots(word[places[-1] + 1 :]):
                return _gram_around(word, places)
    return None


def _gram_around(word: Word, places: list[int]) -> Law:
    """Law of w w* for a word in which copies of one R-diagonal letter stand in some places."""
    from rmt.ensembles.limits import gram_of
    from rmt.free import boxtimes, multiplicative_power

    letter, starred = word[places[0]]
    if letter.shape[0] != letter.shape[1]:
        copies = {i: (FreeCopy(letter, Power(letter, k)), starred) for k, i in enumerate(places)}
        return gram_of(tuple(copies.get(i, factor) for i, factor in enumerate(word)))
    gram = letter.gram_law()
    factors = [gram if len(places) == 1 or letter._unitary else multiplicative_power(gram, len(places))]
    between = [word[i + 1 : j] for i, j in itertools.pairwise([-1, *places, len(word)])]
    return boxtimes(*factors, *(_word_gram(w) or gram_of(w) for w in between if w))


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
