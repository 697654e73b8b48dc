"""The limit law of an expression: which free operation each shape of polynomial asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from rmt.ensembles.ensemble import Ensemble, Warrant
from rmt.errors import FreenessError

if TYPE_CHECKING:
    from rmt.laws.law import Law

#: a variable and whether its conjugate transpose is meant
Factor = tuple[Ensemble, bool]
Word = tuple[Factor, ...]


def limit_law(terms: Mapping[Word, Any], variables: Sequence[Ensemble]) -> Law | None:
    """Law of a polynomial in asymptotically free variables, or None if its spectrum need not be real.

    A linear form is a free sum. A single word is a free product where cyclic rotation (which changes no trace)
    brings each variable together; any other self-adjoint polynomial goes through its linearisation.

    Raises
    ------
    FreenessError
        If two of the variables are not known to be asymptotically free.
    """
    require_freeness(variables)
    shift = terms.get((), 0)
    words = {word: c for word, c in terms.items() if word}
    real = all(complex(c).imag == 0 for c in (*words.values(), shift))
    if real and all(len(word) == 1 and word[0][0].hermitian for word in words):
        from rmt.free import boxplus

        scaled = [_real(c) * _law(word[0][0]) for word, c in words.items()]
        return cast("Law", boxplus(*scaled) + _real(shift))
    if real and len(words) == 1:
        ((word, coefficient),) = words.items()
        law = word_law(word)
        if law is not None:
            return _real(coefficient) * law + _real(shift)
    return _polynomial_law(terms, variables)


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
    """Law of one monomial in free variables, if it is a free product of laws on the line; else None."""
    half = len(word) // 2
    if len(word) % 2 == 0 and word[half:] == adjoint(word[:half]) and len({v for v, _ in word[:half]}) == half:
        return _gram_law(word[:half])
    runs = cyclic_runs(word)
    if runs is None:
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


def _gram_law(word: Word) -> Law | None:
    """Law of w w* for a word of distinct variables: a free product of the laws of the v v*."""
    if len(word) == 1:
        (variable, starred), *_ = word
        return None if starred and not _is_square(variable) else variable.gram_law()
    if not all(_is_square(variable) for variable, _ in word):
        return None
    from rmt.free import boxtimes

    return boxtimes(*(variable.gram_law() for variable, _ in word))


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


def _polynomial_law(terms: Mapping[Word, Any], variables: Sequence[Ensemble]) -> Law | None:
    """Law through linearisation; a square iid variable enters as (X + iY)/√2 with free semicirculars X, Y."""
    from rmt.laws import CircularLaw, Semicircle
    from rmt.laws.planar import PlanarLaw

    if {adjoint(word): complex(c).conjugate() for word, c in terms.items()} != {
        w: complex(c) for w, c in terms.items()
    }:
        return None
    laws: list[Law] = []
    letters: dict[Ensemble, list[tuple[int, complex]]] = {}
    for variable in variables:
        law = variable.law()
        if isinstance(law, CircularLaw) and _is_square(variable):
            part = math.sqrt(float(law.variance) / 2.0)
            letters[variable] = [(len(laws), part), (len(laws) + 1, part * 1j)]
            laws += [Semicircle(), Semicircle()]
        elif isinstance(law, PlanarLaw):
            raise TypeError(
                f"the limit law of a polynomial in {variable!r} is not known, because it is not normal and its law in "
                "the sense of *-moments is not circular; use A @ A.H, or sample it"
            )
        else:
            letters[variable] = [(len(laws), 1.0)]
            laws.append(law)
    expanded: dict[tuple[int, ...], complex] = {}
    for word, coefficient in terms.items():
        partial: dict[tuple[int, ...], complex] = {(): complex(coefficient)}
        for variable, starred in word:
            partial = {
                (*done, index): c * (complex(weight).conjugate() if starred else weight)
                for done, c in partial.items()
                for index, weight in letters[variable]
            }
        for key, c in partial.items():
            expanded[key] = expanded.get(key, 0) + c
    from rmt.free.polynomial import polynomial_law

    return polynomial_law({word: c for word, c in expanded.items() if c != 0}, laws)


def _law(variable: Ensemble) -> Law:
    return cast("Law", variable.law())


def _real(number: Any) -> Any:
    return number.real if isinstance(number, complex) else number
