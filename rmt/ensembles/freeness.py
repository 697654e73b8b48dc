"""Which letters of a polynomial are asymptotically free, and by which theorem: the one place that decides it.

Three theorems separate letters that no hypothesis of their own makes free. A Haar matrix u is free from any algebra 𝒜
of the other letters, so that u 𝒜 u* is a free copy of 𝒜; for a matrix c of independent entries c 𝒜 c* is free from 𝒜,
and so is s 𝒜 s for a Wigner matrix s (Nica and Speicher 2006, lectures 5 and 12). They apply to a letter that stands
only around others, in one orientation; what stands inside is then a family of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rmt.ensembles.coefficients import collect, conjugate, is_hermitian, multiply
from rmt.ensembles.derived import DerivedEnsemble, InverseEnsemble, TransposedEnsemble
from rmt.ensembles.ensemble import Ensemble, Matrix, Warrant
from rmt.ensembles.letters import Word, adjoint, is_self_adjoint, letters_of, reduced
from rmt.ensembles.nonhermitian import IndependentEntriesEnsemble
from rmt.ensembles.structured import HaarConjugateEnsemble
from rmt.errors import FreenessError
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw

Terms = Mapping[Word, Any]

#: what a parsed word is made of: a word outside, or (starred, word) inside u ... u*
_Piece = tuple[bool | None, Word]

_INVARIANT = "is free from any algebra of the others (Voiculescu 1991)"
_PERMUTED = "is free from other permutations, Haar conjugates and matrices of independent entries (Nica 1993)"
_ENTRIES = "is free from any algebra of the others (Dykema 1993; Anderson, Guionnet and Zeitouni 2010, Theorem 5.4.5)"


class LimitLetter(Ensemble):
    """What stands for a matrix in the limit only."""

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        raise NotImplementedError(f"{self!r} stands for a limit and has no samples")


class FreeCopy(LimitLetter):
    """A copy of a letter in a family that is free from all others: what a Haar matrix makes of u x u*."""

    def __init__(self, original: Ensemble, family: Ensemble) -> None:
        self.original = original
        self.family = family
        self.field = original.field
        self.hermitian = original.hermitian
        self.warrant = original.warrant
        self.shape = original.shape

    @property
    def _unitary(self) -> bool:  # type: ignore[override]
        return self.original._unitary

    @property
    def _idempotent(self) -> bool:  # type: ignore[override]
        return self.original._idempotent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FreeCopy) and self.original == other.original and self.family == other.family

    def __hash__(self) -> int:
        return hash((self.original, self.family))

    def law(self) -> Law | PlanarLaw:
        """The law of the letter itself."""
        return self.original.law()

    def gram_law(self) -> Law:
        """That of the letter itself."""
        return self.original.gram_law()

    def __repr__(self) -> str:
        return repr(self.original)


class Power(LimitLetter):
    """The power u^k of a Haar unitary of which no other power occurs: again a Haar unitary."""

    hermitian = False
    _unitary = True

    def __init__(self, base: Ensemble, exponent: int) -> None:
        self.base = base
        self.exponent = exponent
        self.field = base.field
        self.warrant = base.warrant

    def law(self) -> Law | PlanarLaw:
        """The law of u."""
        return self.base.law()

    def gram_law(self) -> Law:
        """The unit mass at 1."""
        return self.base.gram_law()

    def __repr__(self) -> str:
        return f"{self.base!r} ** {self.exponent}"


class Sandwich(LimitLetter):
    """u p u*, free from everything that does not hold u; its law is known."""

    def __init__(self, outer: Ensemble, starred: bool, inner: Mapping[Word, Any]) -> None:
        self.outer = outer
        self.starred = starred
        self.inner = dict(inner)
        self.field = outer.field
        self.warrant = outer.warrant
        rows, columns = outer.shape
        side = columns if starred else rows
        self.shape = side, side

    def law(self) -> Law:
        """Law of u p u*."""
        from rmt.ensembles.limits import sandwich_law

        return sandwich_law(self.outer, self.starred, self.inner)

    def written_out(self) -> dict[Word, Any]:
        """The words of u p u*."""
        left, right = (self.outer, self.starred), (self.outer, not self.starred and not self.outer.hermitian)
        return {(left, *word, right): c for word, c in self.inner.items()}

    def __repr__(self) -> str:
        return f"{self.outer!r} @ ... @ {self.outer!r}.H"


# ---------------------------------------------------------------------- the theorems
def separated(terms: Terms) -> tuple[dict[Word, Any], list[str]]:
    """The polynomial in letters that stand for free variables, and the theorems that were used on the way."""
    found = _without_powers(_without_constants(_without_conjugates(dict(terms))))
    used: dict[str, None] = {}
    done: set[Ensemble] = set()
    while True:
        for letter in letters_of(found):
            if letter not in done and _is_generic(letter):
                done.add(letter)
                following = _separate(found, letter)
                if following is not None:
                    used[theorem_of(letter)] = None
                    found = _without_constants(following)
                    break
        else:
            return found, list(used)


def require_freeness(terms: Terms) -> list[str]:
    """Raise unless the letters of a separated polynomial are asymptotically free; return the theorems that say so.

    They are if in every family at most one meets no hypothesis of freeness: invariance under Haar conjugation
    (Voiculescu 1991), or independent centred entries (Dykema 1993; Anderson-Guionnet-Zeitouni 2010, Theorem 5.4.5); or
    if those that do not are permutations (Nica 1993).

    Raises
    ------
    FreenessError
        Naming the first two that lack it.
    TypeError
        If a matrix stands beside a function of itself.
    """
    letters = letters_of(terms)
    _require_own_roots(letters)
    families: dict[tuple[Ensemble, ...], list[Ensemble]] = {}
    for letter in letters:
        families.setdefault(_family(letter), []).append(letter)
    for members in families.values():
        generic = [letter for letter in members if letter.warrant is Warrant.NONE]
        permuted = [letter for letter in members if letter.warrant is Warrant.PERMUTATION]
        if generic and permuted:
            raise FreenessError(
                f"{permuted[0]!r} and {generic[0]!r} are not known to be asymptotically free: a permutation takes "
                "diagonal matrices to diagonal ones. Conjugate the latter by a Haar matrix: rmt.haar_conjugate(...); "
                "the law of S @ D @ S.T + B for diagonal D and B is rmt.classical_convolution(D.law(), B.law())"
            )
        if len(generic) > 1:
            first, second = generic[:2]
            raise FreenessError(
                f"{first!r} and {second!r} are not known to be asymptotically free: {Warrant.NONE.value} in either. "
                "Conjugate one of them by a Haar matrix: rmt.haar_conjugate(...)"
            )
    if len(letters) < 2:
        return []
    return list(dict.fromkeys(theorem_of(letter) for letter in letters if letter.warrant is not Warrant.NONE))


def warrant_of(terms: Terms) -> Warrant:
    """Why a polynomial is asymptotically free from independent matrices."""
    found, _ = separated(terms)
    warrants = {Warrant.INVARIANT if isinstance(v, FreeCopy) else v.warrant for v in letters_of(found)}
    if not warrants or Warrant.NONE in warrants or (Warrant.PERMUTATION in warrants and len(letters_of(found)) > 1):
        return Warrant.NONE
    if Warrant.PERMUTATION in warrants:
        return Warrant.PERMUTATION
    return Warrant.WIGNER if Warrant.WIGNER in warrants else Warrant.INVARIANT


def innermost(letter: Ensemble) -> Ensemble:
    """What a copy is a copy of."""
    while isinstance(letter, FreeCopy):
        letter = letter.original
    return letter


def _family(letter: Ensemble) -> tuple[Ensemble, ...]:
    """The letters around it, from the outermost inwards."""
    return (letter.family, *_family(letter.original)) if isinstance(letter, FreeCopy) else ()


def theorem_of(letter: Ensemble) -> str:
    """The theorem that makes a letter free from independent ones."""
    sentences = {Warrant.WIGNER: _ENTRIES, Warrant.PERMUTATION: _PERMUTED}
    return f"{letter!r} {sentences.get(letter.warrant, _INVARIANT)}"


def _require_own_roots(letters: Sequence[Ensemble]) -> None:
    """Refuse functions of one matrix beside each other, but for a unitarily invariant one and its transpose."""
    owners: dict[Ensemble, Ensemble] = {}
    for letter in letters:
        for root in letter._roots if isinstance(letter, DerivedEnsemble) or _is_expression(letter) else (letter,):
            other = owners.setdefault(root, letter)
            if other is letter:
                continue
            pair = {type(letter), type(other)}
            if TransposedEnsemble in pair and InverseEnsemble not in pair:
                if root.warrant is Warrant.INVARIANT:
                    continue
                raise FreenessError(
                    f"{root!r} and its transpose are not known to be asymptotically free: it is not unitarily "
                    "invariant (Mingo-Popa 2016). Conjugate it by a Haar matrix: rmt.haar_conjugate(...)"
                )
            raise TypeError(
                f"{other!r} and {letter!r} are functions of one matrix, and no law is known of a polynomial in both; "
                "sample it"
            )


def _is_expression(letter: Ensemble) -> bool:
    from rmt.ensembles.expression import Expression

    return isinstance(letter, Expression)


# ---------------------------------------------------------------------- letters that are others
def _substituted(terms: Terms, images: Mapping[Ensemble, Terms]) -> dict[Word, Any]:
    """The polynomial with letters replaced by polynomials."""
    total: list[tuple[Word, Any]] = []
    for word, c in terms.items():
        products: list[tuple[Word, Any]] = [((), c)]
        for variable, starred in word:
            image = images.get(variable)
            if image is None:
                products = [((*w, (variable, starred)), d) for w, d in products]
            else:
                pieces = [(adjoint(v), conjugate(d)) if starred else (v, d) for v, d in image.items()]
                products = [(w + v, multiply(d, e)) for w, d in products for v, e in pieces]
        total += ((reduced(w), d) for w, d in products)
    return collect(total)


def _without_conjugates(terms: dict[Word, Any]) -> dict[Word, Any]:
    """Haar conjugates of what is not Hermitian, as free copies of the letters inside."""
    while True:
        images: dict[Ensemble, Terms] = {}
        for letter in letters_of(terms):
            original = innermost(letter)
            if isinstance(original, HaarConjugateEnsemble) and not original.hermitian:
                inner = original.ensemble._expression().terms
                copies: dict[Ensemble, Terms] = {v: {((FreeCopy(v, letter), False),): 1} for v in letters_of(inner)}
                images[letter] = _substituted(inner, copies)
        if not images:
            return terms
        terms = _substituted(terms, images)


def _without_constants(terms: dict[Word, Any]) -> dict[Word, Any]:
    """Multiples of the identity, such as a diagonal matrix of one number, as numbers."""
    from rmt.laws.atomic import AtomicLaw

    images: dict[Ensemble, Terms] = {}
    for letter in letters_of(terms):
        if letter.hermitian and not _is_expression(letter) and not isinstance(letter, Sandwich):
            law = letter.law()
            if isinstance(law, AtomicLaw):
                positions, weights = law._points()
                sure = [a for a, w in zip(positions, weights, strict=True) if w != 0]
                if len(sure) == 1:
                    images[letter] = {(): sure[0]} if sure[0] != 0 else {}
    return _substituted(terms, images) if images else terms


def _without_powers(terms: dict[Word, Any]) -> dict[Word, Any]:
    """Powers of a Haar unitary of which all are powers of one, as Haar unitaries."""
    for letter in letters_of(terms):
        if not _is_haar(letter) or isinstance(letter, Power):
            continue
        step = 0
        for word in terms:
            run = 0
            for variable, _ in (*word, (None, False)):
                if variable == letter:
                    run += 1
                else:
                    step, run = math.gcd(step, run), 0
        if step > 1:
            power = Power(letter, step)
            terms = collect((_in_powers(word, letter, power, step), c) for word, c in terms.items())
    return terms


def _in_powers(word: Word, letter: Ensemble, power: Power, step: int) -> Word:
    out: list[tuple[Ensemble, bool]] = []
    count = 0
    for variable, starred in word:
        if variable == letter:
            count += 1
            if count == step:
                out.append((power, starred))
                count = 0
        else:
            out.append((variable, starred))
    return tuple(out)


def _is_haar(letter: Ensemble) -> bool:
    return letter._unitary and letter.warrant is Warrant.INVARIANT


def _is_generic(letter: Ensemble) -> bool:
    """Whether c 𝒜 c* is free from 𝒜 for every algebra 𝒜 of independent matrices."""
    from rmt.laws.named.semicircle import Semicircle
    from rmt.laws.planar.planar_rings import EllipticLaw, GinibreProduct, SingleRing, TruncatedUnitaryLaw

    if isinstance(letter, Sandwich) or letter.warrant in (Warrant.NONE, Warrant.PERMUTATION):
        return False
    if _is_expression(letter):
        return not letter.hermitian  # a sum of R-diagonal elements
    original = innermost(letter)
    if isinstance(original, TransposedEnsemble):
        original = original.base
    if isinstance(original, InverseEnsemble):
        return False
    if letter._unitary or isinstance(original, IndependentEntriesEnsemble):
        return True
    law = original.law()
    if letter.hermitian:
        return isinstance(law, Semicircle) and law.mean() == 0.0
    return isinstance(law, (EllipticLaw, GinibreProduct, SingleRing, TruncatedUnitaryLaw))


# ---------------------------------------------------------------------- what stands inside u ... u*
def _separate(terms: Terms, letter: Ensemble) -> dict[Word, Any] | None:
    """The polynomial with what stands between u and u* in a family of its own; None if u stands elsewhere."""
    parsed: dict[Word, list[_Piece]] = {}
    orientations: set[bool] = set()
    for word in terms:
        pieces = _parse(word, letter)
        if pieces is None:
            return None
        orientations |= {starred for starred, _ in pieces if starred is not None}
        parsed[word] = pieces
    inner = list(dict.fromkeys(m for pieces in parsed.values() for starred, m in pieces if starred is not None))
    if len(orientations) != 1 or (letter.hermitian and inner == [()]):
        return None
    (starred,) = orientations
    if not _is_haar(letter):
        if len(inner) == 1 and is_self_adjoint(inner[0]):
            sandwich = Sandwich(letter, starred, {inner[0]: 1})
            return _joined(terms, parsed, lambda _: ((sandwich, False),))
        around = [word for word, pieces in parsed.items() if any(s is not None for s, _ in pieces)]
        alone = {parsed[word][0][1]: terms[word] for word in around if len(parsed[word]) == 1}
        if len(alone) == len(around) and is_hermitian(alone):
            rest = {word: c for word, c in terms.items() if word not in around}
            return {**rest, ((Sandwich(letter, starred, alone), False),): 1}
    copies = {v: FreeCopy(v, letter) for v in letters_of(inner)}

    def renamed(m: Word) -> Word:
        copy = tuple((copies[v], s) for v, s in m)
        return copy if _is_haar(letter) else ((letter, starred), *copy, (letter, not starred and not letter.hermitian))

    return _joined(terms, parsed, renamed)


def _joined(terms: Terms, parsed: Mapping[Word, list[_Piece]], image: Any) -> dict[Word, Any]:
    total = []
    for word, pieces in parsed.items():
        factors: list[tuple[Ensemble, bool]] = []
        for starred, m in pieces:
            factors += m if starred is None else image(m)
        total.append((reduced(factors), terms[word]))
    return collect(total)


def _parse(word: Word, letter: Ensemble) -> list[_Piece] | None:
    """The word as pieces outside and pieces between u and u*; None if u stands otherwise."""
    pieces: list[_Piece] = []
    outside: list[tuple[Ensemble, bool]] = []
    i = 0
    while i < len(word):
        variable, starred = word[i]
        if variable != letter:
            outside.append(word[i])
            i += 1
            continue
        end = next((j for j in range(i + 1, len(word)) if word[j][0] == letter), None)
        if end is None or (not letter.hermitian and word[end][1] == starred):
            return None
        if outside:
            pieces.append((None, tuple(outside)))
            outside = []
        pieces.append((starred, word[i + 1 : end]))
        i = end + 1
    if outside:
        pieces.append((None, tuple(outside)))
    return pieces
