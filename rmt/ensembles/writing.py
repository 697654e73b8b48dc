"""Expressions as text that makes them again: a variable that returns has a name."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rmt.ensembles.block_matrices import BlockEnsemble
from rmt.ensembles.derived import DerivedEnsemble, InverseEnsemble
from rmt.ensembles.ensemble import Ensemble

if TYPE_CHECKING:
    from rmt.ensembles.expression import Expression
    from rmt.ensembles.letters import Word


def written(expression: Expression) -> str:
    """The expression in words, or as sums and products if those are too many."""
    return _Writer(expression).expression(expression)


class _Writer:
    def __init__(self, whole: Expression) -> None:
        self._names: dict[Ensemble, str] = {}
        inner = " ".join(map(repr, whole.variables))  # an expression inside a variable has names of its own
        self._free = (name for k in itertools.count(1) if (name := f"X{k}") not in inner)
        self._counts: Counter[Ensemble] = Counter()
        self._count(whole)

    def _count(self, e: Expression) -> None:
        """How often each independent matrix is written."""
        if e._is_short:
            letters: Iterable[Ensemble] = [v for word in e.terms for v, _ in word]
        else:  # parts may return
            letters = [*e._letters, *e._letters]
        for letter in letters:
            self._counts[letter] += 1
            if self._counts[letter] == 1:
                for part in _inside(letter):
                    self._count(part)

    def expression(self, e: Expression) -> str:
        return self._words(e.terms) if e._is_short else self._parts(e)

    def _words(self, terms: Mapping[Word, object]) -> str:
        parts = []
        for word, c in terms.items():
            body = " @ ".join(self._letter(v) + (".H" if starred else "") for v, starred in word)
            parts.append(body if c == 1 and body else f"{c!r} * {body}" if body else repr(c))
        return " + ".join(parts) or "0"

    def _parts(self, e: Expression) -> str:
        if e._summed:
            return " + ".join(self._parts(f) if c == 1 else f"{c!r} * ({self._parts(f)})" for c, f in e._summands)
        if e._multiplied:
            groups = [(key, len(list(run))) for key, run in itertools.groupby(e._factors, id)]
            by_id = {id(f): f for f in e._factors}
            shown = [f"({self._parts(by_id[key])})" + (f" ** {count}" if count > 1 else "") for key, count in groups]
            return " @ ".join(shown)
        return self._words(e._written)

    def _letter(self, letter: Ensemble) -> str:
        if letter not in self._names:
            shown = self._made(letter)
            plain = isinstance(letter, DerivedEnsemble) and letter.base is not letter.base._expression()
            if self._counts[letter] < 2 or plain:
                return shown
            self._names[letter] = next(self._free)
            return f"({self._names[letter]} := {shown})"
        return self._names[letter]

    def _made(self, letter: Ensemble) -> str:
        if isinstance(letter, BlockEnsemble):
            rows = [", ".join(map(self.expression, row)) for row in letter.rows]
            return f"block([{', '.join(f'[{row}]' for row in rows)}])"
        if not isinstance(letter, DerivedEnsemble):
            return repr(letter)
        (inside,) = _inside(letter)
        shown = self.expression(inside)
        shown = f"({shown})" if letter.base is inside else shown
        return f"{shown}{'.inverse()' if isinstance(letter, InverseEnsemble) else '.T'}"


def _inside(letter: Ensemble) -> list[Expression]:
    """The expressions that a letter is made of; none for an independent matrix."""
    from rmt.ensembles.expression import Expression

    if isinstance(letter, Expression):
        return [letter]
    if isinstance(letter, BlockEnsemble):
        return [part for row in letter.rows for part in row]
    return [letter.base._expression()] if isinstance(letter, DerivedEnsemble) else []
