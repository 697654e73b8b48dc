"""The limit law of an expression: which free operation each shape of polynomial asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from rmt.ensembles.ensemble import Ensemble, Warrant
from rmt.errors import FreenessError

if TYPE_CHECKING:
    from rmt.free.polynomial import FreeVariable
    from rmt.laws.law import Law

#: a variable and whether its conjugate transpose is meant
Factor = tuple[Ensemble, bool]
Word = tuple[Factor, ...]


def limit_law(terms: Mapping[Word, Any], variables: Sequence[Ensemble]) -> Law | None:
    """Law of a polynomial in asymptotically free variables, or None if its spectrum need not be real.

    Parts without a common variable are free: the law is their free sum. A single word is a free product where the
    trace allows it (:func:`word_law`), and a quadratic polynomial that is a square up to a constant is one; any other
    self-adjoint polynomial goes through its linearisation.

    Raises
    ------
    FreenessError
        If two of the variables are not known to be asymptotically free.
    """
    require_freeness(variables)
    shift = terms.get((), 0)
    words = {word: c for word, c in terms.items() if word}
    if not words:
        from rmt.laws import Atomic

        return Atomic((_real(shift),), (1,)) if _is_real(shift) else None
    if len(words) == 1 and _is_real(shift):
        ((word, coefficient),) = words.items()
        law = word_law(word) if _is_real(coefficient) else None
        if law is not None:
            return cast("Law", _real(coefficient) * law + _real(shift))
    if any(terms.get(adjoint(word), 0) != conjugate(c) for word, c in terms.items()):
        return None
    from rmt.free import boxplus

    return cast("Law", boxplus(*map(_component_law, _components(words))) + _real(shift))


def require_freeness(variables: Sequence[Ensemble]) -> None:
    """Raise unless independent `variables` are asymptotically free.

    They are when at most one of them lacks a warrant: invariance under Haar conjugation (Voiculescu 1991), or
    independent centred entries (Dykema 1993; Anderson-Guionnet-Zeitouni 2010, Theorem 5.4.5).

    Raises
    ------
    FreenessError
        Naming the first two that lack it.
    """
    generic = [variable for variable in variables if variable.warrant is Warrant.NONE]
    if len(generic) > 1:
        first, second = generic[:2]
        raise FreenessError(
            f"{first!r} and {second!r} are not known to be asymptotically free: {Warrant.NONE.value} in either. "
            "Conjugate one of them by a Haar matrix: rmt.haar_conjugate(...)"
        )


def word_law(word: Word) -> Law | None:
    """Law of one monomial in free variables, if it is a free product of laws on the line; else None.

    A word x^k y^l, read as a circle, has the spectrum of a Hermitian matrix if one of the two powers is positive. Three
    positive factors have the moments of their free product, but eigenvalues off the line.
    """
    law = _palindrome_law(word)
    if law is not None:
        return law
    runs = cyclic_runs(word)
    if runs is None or len(runs) > 2:
        return None
    factors = [_power_law(variable, exponent) for variable, exponent in runs]
    if any(factor is None for factor in factors):
        return None
    laws = [factor for factor in factors if factor is not None]
    if sum(law._hull()[0] < 0.0 for law in laws) > 1:
        raise ValueError(
            f"the product of {runs[0][0]!r} and {runs[1][0]!r} has no real spectrum: at most one factor of a product "
            "may take negative values"
        )
    if len(laws) == 1:
        return laws[0]
    from rmt.free import boxtimes

    return boxtimes(*laws)


def cyclic_runs(word: Word) -> list[tuple[Ensemble, int]] | None:
    """Variables and exponents of a word read as a circle, if every variable stands in one run; else None."""
    if any(not variable.hermitian for variable, _ in word):
        return None
    names = [variable for variable, _ in word]
    start = next((i for i in range(len(names)) if names[i] is not names[i - 1]), 0)
    runs: list[tuple[Ensemble, int]] = []
    for variable in names[start:] + names[:start]:
        if runs and runs[-1][0] is variable:
            runs[-1] = (variable, runs[-1][1] + 1)
        else:
            runs.append((variable, 1))
    return runs if len({variable for variable, _ in runs}) == len(runs) else None


def adjoint(word: Word) -> Word:
    """Conjugate transpose of a word."""
    return tuple((variable, not starred and not variable.hermitian) for variable, starred in reversed(word))


def conjugate(number: Any) -> Any:
    """Complex conjugate of a number of any kind."""
    return number.conjugate() if isinstance(number, complex) else number


def _palindrome_law(word: Word) -> Law | None:
    """Law of u M u* for a variable u that does not occur in M: u M u* has the moments of M u*u."""
    (variable, starred), inner = word[0], word[1:-1]
    if len(word) == 1:
        return _law(variable) if variable.hermitian else None
    if word[-1:] != adjoint(word[:1]) or any(variable is other for other, _ in inner):
        return None
    if not inner:
        return _gram_law(variable, starred)
    middle = _palindrome_law(inner) if _is_square(variable) else None
    if middle is None:
        return None
    from rmt.free import boxtimes

    return boxtimes(variable.gram_law(), middle)


def _gram_law(variable: Ensemble, starred: bool) -> Law | None:
    """Law of u u*, or of u* u."""
    from rmt.laws import MarchenkoPastur

    law = variable.gram_law()
    if not starred or _is_square(variable):
        return law
    if isinstance(law, MarchenkoPastur):  # u and u* change roles: samples become dimensions
        return cast("Law", law.ratio * MarchenkoPastur(ratio=1 / law.ratio, variance=law.variance))
    return None


def _components(words: Mapping[Word, Any]) -> list[dict[Word, Any]]:
    """The smallest parts of a polynomial that share no variable, in the order in which they begin."""
    parts: list[dict[Word, Any]] = []
    for word, c in words.items():
        here = {variable for variable, _ in word}
        joined: dict[Word, Any] = {}
        rest = []
        for part in parts:
            if any(variable in here for other in part for variable, _ in other):
                joined |= part
            else:
                rest.append(part)
        parts = [*rest, {**joined, word: c}]
    return parts


def _component_law(words: Mapping[Word, Any]) -> Law:
    """Law of a self-adjoint polynomial without constant term that does not fall into free parts."""
    if len(words) == 1:
        ((word, c),) = words.items()
        law = word_law(word)
        if law is not None:
            return cast("Law", _real(c) * law)
    return _circle_law(words) or _square_law(words) or _commutator_law(words) or _polynomial_law(words)


def _circle_law(words: Mapping[Word, Any]) -> Law | None:
    """Law of c u + (c u)* for a circular or Haar unitary u."""
    from rmt.laws import Arcsine, CircularLaw, Semicircle, UnitCircle

    (((variable, _), *_), c), *_ = words.items()
    if variable.hermitian or max(map(len, words)) > 1 or not _is_square(variable):
        return None
    law = variable.law()
    if isinstance(law, CircularLaw):
        return Semicircle(variance=2 * abs(c) ** 2 * law.variance)
    return abs(c) * Arcsine(radius=2) if isinstance(law, UnitCircle) else None


def _square_law(words: Mapping[Word, Any]) -> Law | None:
    """Law of a(y² + b y) for a real linear form y in Hermitian variables, by completing the square."""
    from rmt.free import boxplus
    from rmt.laws.pushforward import squared

    variables = tuple(dict.fromkeys(variable for word in words for variable, _ in word))
    first = variables[0]
    if not all(v.hermitian for v in variables) or max(map(len, words)) != 2 or not all(map(_is_real, words.values())):
        return None
    scale = _coefficient(words, first, first)
    form = {v: _coefficient(words, first, v) for v in variables}
    shift = _coefficient(words, first)
    if scale == 0 or any(
        _coefficient(words, u, v) * scale != form[u] * form[v] or _coefficient(words, u) * scale != shift * form[u]
        for u in variables
        for v in variables
    ):
        return None
    half = shift / (2 * scale) if shift else 0
    line = boxplus(*(form[v] / scale * _law(v) for v in variables)) + half
    return cast("Law", scale * squared(line) - scale * half * half)


def _commutator_law(words: Mapping[Word, Any]) -> Law | None:
    """Law of c x y + (c x y)* for x, y with centred semicircle laws: that of their commutator, dilated."""
    from rmt.free import commutator
    from rmt.laws import Semicircle

    (((first, _), *others), c), *rest = words.items()
    if len(rest) != 1 or len(others) != 1 or len(rest[0][0]) != 2:
        return None
    second = others[0][0]
    if second is first or not (first.hermitian and second.hermitian):
        return None
    laws = _law(first), _law(second)
    if any(not isinstance(law, Semicircle) or law.mean() != 0.0 for law in laws):
        return None
    return cast("Law", _modulus(c) * commutator(*laws))


def _modulus(number: Any) -> Any:
    """Modulus of a coefficient, exact where it lies on an axis."""
    parts = (number.real, number.imag) if isinstance(number, complex) else (number, 0)
    return max(map(abs, parts)) if 0 in parts else abs(number)


def _coefficient(words: Mapping[Word, Any], *variables: Ensemble) -> Any:
    return _real(words.get(tuple((variable, False) for variable in variables), 0))


def _is_square(variable: Ensemble) -> bool:
    rows, columns = getattr(variable, "shape", (1, 1))
    return bool(rows == columns)


def _power_law(variable: Ensemble, exponent: int) -> Law | None:
    """Law of X^k, for k a power of two."""
    from rmt.laws.pushforward import squared

    law = _law(variable)
    if exponent & (exponent - 1):
        return None
    for _ in range(exponent.bit_length() - 1):
        law = squared(law)
    return law


def _polynomial_law(terms: Mapping[Word, Any]) -> Law:
    """Law of a self-adjoint polynomial through its linearisation."""
    from rmt.free.polynomial import polynomial_law

    variables = tuple(dict.fromkeys(variable for word in terms for variable, _ in word))
    index = {variable: i for i, variable in enumerate(variables)}
    words = {tuple(~index[v] if starred else index[v] for v, starred in word): c for word, c in terms.items()}
    return polynomial_law(words, [_free_variable(variable) for variable in variables])


def _free_variable(variable: Ensemble) -> FreeVariable:
    """What stands for the limit of a random matrix in a polynomial."""
    from rmt.free.polynomial import Circular, HaarUnitary
    from rmt.laws import CircularLaw, UnitCircle
    from rmt.laws.planar import PlanarLaw

    if not _is_square(variable):
        raise TypeError(
            f"{variable!r} is not square, and only as A @ A.H or A.H @ A can it enter an expression with a limit law; "
            "sample the expression"
        )
    law = variable.law()
    if isinstance(law, CircularLaw):
        return Circular(law.variance)
    if isinstance(law, UnitCircle):
        return HaarUnitary()
    if isinstance(law, PlanarLaw):
        raise TypeError(
            f"the limit law of a polynomial in {variable!r} is not known: its *-moments are not those of a circular "
            "element; use A @ A.H, or sample it"
        )
    return law


def _law(variable: Ensemble) -> Law:
    return cast("Law", variable.law())


def _real(number: Any) -> Any:
    return number.real if isinstance(number, complex) else number


def _is_real(number: Any) -> bool:
    return not isinstance(number, complex) or number.imag == 0.0
