"""The limit law of an expression: which free operation each shape of polynomial asks for."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from rmt.ensembles.block_matrices import BlockEnsemble
from rmt.ensembles.coefficients import collect, conjugate, is_hermitian
from rmt.ensembles.ensemble import Ensemble
from rmt.ensembles.freeness import require_freeness, separated, theorem_of
from rmt.ensembles.letters import Factor, Word, adjoint, letters_of, reduced
from rmt.ensembles.products import real_product
from rmt.ensembles.rational_limits import is_rational, rational_limit, rational_theorems, rectangular_limit
from rmt.errors import FreenessError
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw

if TYPE_CHECKING:
    from rmt.ensembles.expression import Expression
    from rmt.free.polynomials.pencil_law import FreeVariable

Terms = Mapping[Word, Any]


def limit_law(expression: Expression) -> Law | PlanarLaw | None:
    """Law of an expression in asymptotically free variables, or None if no law is known.

    What is multiplied and free from the rest is one variable. Parts without a common variable are free: the law is
    their free sum. A single word is a free product where the trace allows it; any other self-adjoint polynomial goes
    through its linearisation, and a rational expression with inverses that share matrices with the rest, or block
    matrices, as well (:mod:`rmt.ensembles.rational_limits`). Laws in the plane come from
    :mod:`rmt.ensembles.r_diagonal`.

    Raises
    ------
    FreenessError
        If two of the variables are not known to be asymptotically free.
    """
    words = blocked_terms(expression)
    if is_rational(letters_of(words)):
        return rational_limit(expression)
    terms, _ = separated(words)
    try:
        require_freeness(terms)
    except FreenessError:
        from rmt.ensembles.r_diagonal import separating_letter

        found = separating_letter(terms)
        if found is None:
            raise
        return cast("PlanarLaw", found[0])
    return _law_of(terms)


def theorems(expression: Expression) -> tuple[str, ...]:
    """The theorems that make the letters of an expression free."""
    words = blocked_terms(expression)
    letters = letters_of(words)
    if is_rational(letters) or any(isinstance(letter, BlockEnsemble) for letter in letters):
        return tuple(rational_theorems(expression))
    terms, used = separated(words)
    try:
        used += require_freeness(terms)
    except FreenessError:
        from rmt.ensembles.r_diagonal import separating_letter

        found = separating_letter(terms)
        if found is None:
            raise
        used.append(theorem_of(found[1]))
    return tuple(dict.fromkeys(used))


def polynomial_limit(terms: Terms) -> Law:
    """Law of a Hermitian polynomial, after its letters are separated.

    Raises
    ------
    FreenessError
        If two of the letters are not known to be asymptotically free.
    """
    found, _ = separated(terms)
    require_freeness(found)
    return cast("Law", _law_of(found))


# ---------------------------------------------------------------------- what is one variable
def blocked_terms(expression: Expression) -> dict[Word, Any]:
    """The words of an expression in which sums that are multiplied, and free from the rest, are letters."""
    opaque = _candidates(expression)
    while True:
        _check_words(expression, opaque)
        terms = expression._expand(opaque)
        owners: dict[Ensemble, Ensemble] = {}
        clashing: set[Ensemble] = set()
        for letter in letters_of(terms):
            for root in letter._roots:
                other = owners.setdefault(root, letter)
                if other is not letter:
                    clashing |= {letter, other}
        rest = {key: factor for key, factor in opaque.items() if factor[0] not in clashing}
        if len(rest) == len(opaque):
            return dict(terms)
        opaque = rest


def _check_words(expression: Expression, opaque: Mapping[int, Factor]) -> None:
    """Refuse what would take too many words, by the error of the part that does."""
    for part in expression._parts():
        if part._multiplied and not any(id(f) in opaque for f in part._factors):
            _ = part.terms


def _candidates(expression: Expression) -> dict[int, Factor]:
    """Sums that are factors of products, by id; equal ones are one. They are Hermitian, or R-diagonal."""
    from rmt.ensembles.r_diagonal import r_diagonal_gram

    known: dict[Any, Factor] = {}
    found: dict[int, Factor] = {}
    for part in expression._parts():
        for factor in part._factors if part._multiplied else []:
            if factor._bound < 2 or id(factor) in found:
                continue
            if factor._bound > 1000:
                if factor.hermitian:
                    found[id(factor)] = (factor, False)
                continue
            if len(factor.terms) < 2 or not (factor.hermitian or r_diagonal_gram(factor.terms) is not None):
                continue
            key = frozenset(factor.terms.items())
            if key not in known:
                known[frozenset(factor.H.terms.items())] = (factor, not factor.hermitian)
                known[key] = (factor, False)
            found[id(factor)] = known[key]
    return found


# ---------------------------------------------------------------------- laws of separated polynomials
def _law_of(terms: Terms) -> Law | PlanarLaw | None:
    shift = terms.get((), 0)
    words = {word: c for word, c in terms.items() if word}
    if not words and not isinstance(shift, complex):
        from rmt.laws import Atomic

        return Atomic((shift,), (1,))
    if is_hermitian(terms):
        return hermitian_law(terms)
    product = real_product(terms)
    if product is not None:
        law = _product_law(product.left, product.right)
        if law is not None:
            return cast("Law", product.scale * law + product.shift)
    from rmt.ensembles.r_diagonal import planar_law

    return cast("PlanarLaw | None", planar_law(terms))


def _product_law(left: Terms, right: Terms) -> Law | None:
    """Law of A B for free Hermitian A and B, one of them definite; None if neither is."""
    from rmt.free import boxtimes

    laws = hermitian_law(left), hermitian_law(right)
    if sum(low < 0.0 < high for low, high in (law._hull() for law in laws)) > 1:
        return None
    return boxtimes(*laws)


def hermitian_law(terms: Terms) -> Law:
    """Law of a Hermitian polynomial in free letters."""
    from rmt.free import boxplus
    from rmt.laws import Atomic

    shift = terms.get((), 0)
    words = {word: c for word, c in terms.items() if word}
    if not words:
        return Atomic((shift,), (1,))
    return cast("Law", boxplus(*map(_component_law, _components(words))) + shift)


def sandwich_law(outer: Ensemble, starred: bool, inner: Terms) -> Law:
    """Law of u p u* for a letter u that is free from p: moments of p u*u, or of a compound free Poisson law.

    For an n × m matrix u of variance v/m the latter is v n/m times that of rate m/n (Nica and Speicher 2006, lecture
    12).
    """
    from rmt.free import CompoundFreePoisson, boxtimes
    from rmt.laws import MarchenkoPastur

    rows, columns = outer.shape
    gram = outer.gram_law()
    if rows == columns:
        return gram if dict(inner) == {(): 1} else boxtimes(gram, polynomial_limit(inner))
    if not starred and dict(inner) == {(): 1}:
        return gram
    if not isinstance(gram, MarchenkoPastur):
        raise TypeError(f"the limit law of a product around {outer!r}, which is not square, is not known; sample it")
    middle = polynomial_limit(inner)
    side, across = (columns, rows) if starred else (rows, columns)
    return cast("Law", gram.variance * Fraction(side, columns) * CompoundFreePoisson(Fraction(across, side), middle))


def word_law(word: Word) -> Law:
    """Law of a Hermitian word."""
    from rmt.free import boxtimes

    letter, starred = word[0]
    if len(word) == 1:
        return cast("Law", letter.law())
    inner = word[1:-1]
    if not any(letter == other for other, _ in inner):
        return sandwich_law(letter, starred, {inner: 1}) if not inner else _peeled(letter, starred, inner)
    run = next(i for i, (other, _) in enumerate(word) if other != letter) if len(set(letters_of([word]))) > 1 else 0
    if run and letter.hermitian and not any(letter == other for other, _ in word[run:-run]):
        return boxtimes(_polynomial_law({((letter, False),) * (2 * run): 1}), word_law(word[run:-run]))
    return _polynomial_law({word: 1})


def _peeled(letter: Ensemble, starred: bool, inner: Word) -> Law:
    from rmt.free import boxtimes

    if letter.shape[0] != letter.shape[1]:
        return sandwich_law(letter, starred, {inner: 1})
    return boxtimes(letter.gram_law(), word_law(inner))


def _components(words: Terms) -> list[dict[Word, Any]]:
    """The smallest parts of a polynomial that share no variable, in the order in which they begin."""
    parts: list[dict[Word, Any]] = []
    owner: dict[Ensemble, dict[Word, Any]] = {}
    for word, c in words.items():
        touched: list[dict[Word, Any]] = []
        for letter in letters_of([word]):
            part = owner.get(letter)
            if part is not None and not any(part is other for other in touched):
                touched.append(part)
        home = touched[0] if touched else {}
        if not touched:
            parts.append(home)
        for other in touched[1:]:
            home.update(other)
            parts = [part for part in parts if part is not other]
            for letter in letters_of(other):
                owner[letter] = home
        home[word] = c
        for letter in letters_of([word]):
            owner[letter] = home
    order = {word: i for i, word in enumerate(words)}
    return [{w: part[w] for w in sorted(part, key=order.__getitem__)} for part in parts]


def _component_law(words: Terms) -> Law:
    """Law of a self-adjoint polynomial without constant term that does not fall into free parts."""
    if len(words) == 1:
        ((word, c),) = words.items()
        return cast("Law", c * word_law(word))
    return _circle_law(words) or _square_law(words) or _commutator_law(words) or _polynomial_law(words)


def _circle_law(words: Terms) -> Law | None:
    """Law of c u + (c u)* for a circular or Haar unitary u."""
    from rmt.laws import Arcsine, CircularLaw, Semicircle, UnitCircle

    (((variable, _), *_), c), *_ = words.items()
    if variable.hermitian or max(map(len, words)) > 1:
        return None
    law = variable.law()
    if isinstance(law, CircularLaw):
        return Semicircle(variance=2 * abs(c) ** 2 * law.variance)
    return abs(c) * Arcsine(radius=2) if isinstance(law, UnitCircle) else None


def _square_law(words: Terms) -> Law | None:
    """Law of a(y² + b y) for a real linear form y in Hermitian variables, by completing the square."""
    from rmt.free import boxplus
    from rmt.laws.maps.pushforward import squared

    variables = letters_of(words)
    first = variables[0]
    if not all(v.hermitian for v in variables) or max(map(len, words)) != 2:
        return None
    if any(isinstance(c, complex) for c in words.values()):
        return None

    def coefficient(*letters: Ensemble) -> Any:
        return words.get(tuple((v, False) for v in letters), 0)

    scale = coefficient(first, first)
    form = {v: coefficient(first, v) for v in variables}
    shift = coefficient(first)
    if scale == 0:
        return None
    pairs = [(coefficient(u, v) * scale, form[u] * form[v]) for u in variables for v in variables]
    pairs += [(coefficient(u) * scale, shift * form[u]) for u in variables]
    if any(abs(a - b) > 1e-14 * (abs(a) + abs(b)) for a, b in pairs):
        return None
    half = shift / (2 * scale) if shift else 0
    line = boxplus(*(form[v] / scale * _law(v) for v in variables)) + half
    return cast("Law", scale * squared(line) - scale * half * half)


def _commutator_law(words: Terms) -> Law | None:
    """Law of c x y + (c x y)* for x, y with centred semicircle laws: that of their commutator, dilated."""
    from rmt.free import commutator
    from rmt.laws import Semicircle

    (((first, _), *others), c), *rest = words.items()
    if len(rest) != 1 or len(others) != 1 or len(rest[0][0]) != 2:
        return None
    second = others[0][0]
    if second == first or not (first.hermitian and second.hermitian):
        return None
    laws = _law(first), _law(second)
    if any(not isinstance(law, Semicircle) or law.mean() != 0.0 for law in laws):
        return None
    return cast("Law", _modulus(c) * commutator(*laws))


def _modulus(number: Any) -> Any:
    """Modulus of a coefficient, exact where it lies on an axis."""
    parts = (number.real, number.imag) if isinstance(number, complex) else (number, 0)
    return max(map(abs, parts)) if 0 in parts else abs(number)


def _law(variable: Ensemble) -> Law:
    return cast("Law", variable.law())


# ---------------------------------------------------------------------- linearisation
def _polynomial_law(terms: Terms) -> Law:
    """Law of a self-adjoint polynomial through its linearisation; rectangles are blocks of square matrices there."""
    from rmt.free.polynomials.polynomial_law import polynomial_law

    letters = letters_of(terms)
    if any(letter.shape[0] != letter.shape[1] for letter in letters):
        return rectangular_limit(terms)
    laws: list[FreeVariable] = []
    images = {letter: letter_image(letter, laws) for letter in letters}
    total: dict[tuple[int, ...], Any] = {}
    for word, c in terms.items():
        products: dict[tuple[int, ...], Any] = {(): c}
        for letter, starred in word:
            image = images[letter]
            if starred:
                image = {tuple(~x for x in reversed(w)): conjugate(d) for w, d in image.items()}
            products = {u + v: b * d for u, b in products.items() for v, d in image.items()}
        for w, d in products.items():
            total[w] = total.get(w, 0) + d
    return polynomial_law({w: d for w, d in total.items() if d != 0}, laws)


def letter_image(variable: Ensemble, laws: list[FreeVariable]) -> dict[tuple[int, ...], Any]:
    """What stands for a letter: words in free variables, which are appended to the laws.

    An R-diagonal element is u h with a Haar unitary u and a symmetric h, |h| of the law of its singular values; an
    elliptic one a combination of two semicircular ones.
    """
    from rmt.free.polynomials.pencil_law import CircularElement, HaarUnitary
    from rmt.laws import CircularLaw, EllipticLaw, Semicircle, UnitCircle
    from rmt.laws.law import Law as LineLaw

    law: Any = variable.law()
    place = len(laws)
    if isinstance(law, LineLaw) and variable.hermitian:
        laws.append(law)
    elif isinstance(law, CircularLaw):
        laws.append(CircularElement(law.variance))
    elif isinstance(law, UnitCircle):
        laws.append(HaarUnitary())
    elif isinstance(law, EllipticLaw):
        laws += [Semicircle(0, (1 + law.tau) / 2), Semicircle(0, (1 - law.tau) / 2)]
        return {(place,): 1, (place + 1,): 1j}
    elif variable.hermitian or isinstance(law, LineLaw):
        raise TypeError(
            f"the limit law of a polynomial in {variable!r} is not known: it is not Hermitian, and its *-moments are "
            "not those of its eigenvalues; sample it"
        )
    else:
        from rmt.free import symmetrised

        # with signs that are free from u, the moments of h are those of the gram law
        laws += [HaarUnitary(), symmetrised(variable.singular_value_law())]
        return {(place, place + 1): 1}
    return {(place,): 1}


def gram_of(word: Word) -> Law:
    """Law of w w*, for a word in separated letters."""
    return polynomial_limit(collect([(reduced(word + adjoint(word)), 1)]))
