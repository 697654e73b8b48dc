"""The limit law of a rational expression: inverses that share matrices with the rest, and block matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rmt.ensembles.derived import DerivedEnsemble, InverseEnsemble
from rmt.ensembles.ensemble import Ensemble
from rmt.ensembles.freeness import FreeCopy, Sandwich, innermost, require_freeness
from rmt.ensembles.letters import Word, word_shape
from rmt.ensembles.nonhermitian import IndependentEntriesEnsemble
from rmt.errors import shown
from rmt.laws.law import Law

if TYPE_CHECKING:
    from rmt.ensembles.expression import Expression
    from rmt.free.polynomials.pencil_law import FreeVariable

Formula = Any


def is_rational(letters: Iterable[Ensemble]) -> bool:
    """Whether letters are no free variables, but functions of common ones, or block matrices beside others."""
    from rmt.ensembles.block_matrices import BlockEnsemble

    found = tuple(letters)
    owners: dict[Ensemble, Ensemble] = {}
    # blocks are free from each other over matrices only; from a Haar conjugate of their own size as they are
    blocks = [v for v in found if isinstance(v, (InverseEnsemble, BlockEnsemble)) and v.shape != (1, 1)]
    if len(blocks) > 1 or (blocks and any(v.shape[0] != v.shape[1] for v in found)):
        return True
    for letter in found:
        if isinstance(letter, BlockEnsemble) and not letter.hermitian:
            return True
        for root in letter._roots:
            other = owners.setdefault(root, letter)
            if other is not letter and any(isinstance(v, (InverseEnsemble, BlockEnsemble)) for v in (letter, other)):
                return True
    return False


def rational_limit(expression: Expression) -> Law:
    """Law of a Hermitian rational expression.

    Bounded inverses of matrices that converge in distribution do as well, with the same function of the free limits
    (Collins, Mai, Miyagawa, Parraud and Yin 2024).

    Raises
    ------
    FreenessError
        If two of its independent matrices are not known to be asymptotically free.
    TypeError
        If the expression is not Hermitian.
    ValueError
        If 0 is no positive distance away from the spectrum of what is inverted.
    """
    from rmt.free.polynomials.rational_law import rational_law

    if not expression.hermitian:
        raise TypeError(
            f"{shown(expression)} is not Hermitian, and no limit law is known of such a rational expression; the "
            "law of A @ A.H or of A + A.H is, and .eigenvalues(n) samples a square one"
        )
    translation = Translation()
    formula = translation.expression(expression)
    require_freeness({((leaf, False),): 1 for leaf in translation.leaves})
    return rational_law(formula, translation.laws)


def rectangular_limit(terms: Mapping[Word, Any]) -> Law:
    """Law of a Hermitian polynomial in separated, free letters, some of which are rectangles."""
    from rmt.free.polynomials.rational_law import rational_law

    translation = Translation()
    ((rows, columns),) = {word_shape(word) for word in terms if word}
    return rational_law(translation.words(terms, (rows, columns)), translation.laws)


def rational_theorems(expression: Expression) -> list[str]:
    """The theorems that make the independent matrices of a rational expression free."""
    translation = Translation(symbolic=True)
    translation.expression(expression)
    return require_freeness({((leaf, False),): 1 for leaf in translation.leaves})


def is_hermitian_function(expression: Expression) -> bool:
    """Whether a rational expression is Hermitian, whatever its matrices are."""
    from rmt.free.polynomials.rational_law import is_self_adjoint, realise

    translation = Translation(symbolic=True)
    formula = translation.expression(expression)
    laws = tuple(translation.laws)
    return is_self_adjoint(realise(formula, laws), laws)


def is_zero_function(expression: Expression) -> bool:
    """Whether a rational expression is 0, whatever its matrices are."""
    from rmt.free.polynomials.rational_law import realise

    translation = Translation(symbolic=True)
    formula = translation.expression(expression)
    return realise(formula, tuple(translation.laws)).vanishes()


class Translation:
    """From expressions to formulas of :mod:`rmt.free.polynomials.rational_law`.

    Parameters
    ----------
    symbolic : bool
        Whether variables stand for themselves, without their laws: enough to compare two expressions.
    """

    def __init__(self, *, symbolic: bool = False) -> None:
        self.laws: list[FreeVariable] = []
        self._symbolic = symbolic
        self._known: dict[Ensemble, Formula] = {}
        self._written: dict[int, tuple[Expression, Formula]] = {}

    @property
    def leaves(self) -> tuple[Ensemble, ...]:
        """The independent matrices."""
        return tuple(self._known)

    def expression(self, expression: Expression) -> Formula:
        """The formula of an expression, from its words or as it is written, whichever is shorter."""
        if id(expression) not in self._written:
            rows = expression.shape[0]
            longest = sum(len(e._summed) + len(e._multiplied) + _length(e._written) for e in expression._parts())
            if expression._bound <= longest or _length(expression.terms) <= longest:
                formula = self.words(expression.terms, expression.shape)
            else:
                formula = self._parts(expression, rows)
            self._written[id(expression)] = expression, formula
        return self._written[id(expression)][1]

    def _parts(self, e: Expression, rows: int) -> Formula:
        if e._summed:
            return "sum", *((c, self._parts(f, rows)) for c, f in e._summands)
        if e._multiplied:
            formulas = []
            for f in e._factors:
                formulas.append(self._parts(f, f.shape[0] if f._size is not None else rows))
                rows = f.shape[1] if f._size is not None else rows
            return "product", *formulas
        return self.words(e._written, (rows, rows) if e._size is None else e.shape)

    def words(self, terms: Mapping[Word, Any], shape: tuple[int, int]) -> Formula:
        """The formula of some words of a shape."""
        if not terms:
            return zero(*shape)
        parts = []
        for word, c in terms.items():
            if not word:
                parts.append((c, identity(shape[0])))
            elif len(word) == 1:
                parts.append((c, self._factor(word[0])))
            else:
                parts.append((c, ("product", *map(self._factor, word))))
        return parts[0][1] if len(parts) == 1 and parts[0][0] == 1 else ("sum", *parts)

    def _factor(self, factor: tuple[Ensemble, bool]) -> Formula:
        from rmt.free.polynomials.rational_law import adjoint

        letter, starred = factor
        formula = self._letter(letter)
        return adjoint(formula, tuple(self.laws)) if starred else formula

    def _letter(self, letter: Ensemble) -> Formula:
        from rmt.ensembles.block_matrices import BlockEnsemble
        from rmt.ensembles.expression import Expression

        if isinstance(letter, Expression):
            return self.expression(letter)
        if isinstance(letter, InverseEnsemble):
            return "inverse", self._letter(letter.base)
        if isinstance(letter, BlockEnsemble):
            return "block", *(tuple(map(self.expression, row)) for row in letter.rows)
        if isinstance(letter, DerivedEnsemble) and letter._roots != (letter.base,):
            raise TypeError(
                f"the limit law of an expression in {letter!r} is not known: transpose the matrices inside, not what "
                "is made of them"
            )
        if letter not in self._known:
            written = _written_out(letter)
            self._known[letter] = self._leaf(letter) if written is None else self.words(written, letter.shape)
        return self._known[letter]

    def _leaf(self, letter: Ensemble) -> Formula:
        from rmt.ensembles.limits import letter_image
        from rmt.free.polynomials.pencil_law import CircularElement
        from rmt.laws import Semicircle

        rows, columns = letter.shape
        place = len(self.laws)
        if (rows, columns) != (1, 1):
            if not isinstance(innermost(letter), IndependentEntriesEnsemble):
                raise TypeError(
                    f"the limit law of an expression in {letter!r}, of shape {rows}n x {columns}n, is not known; "
                    "sample it"
                )
            # the n x n blocks of a matrix of independent entries are free circular elements
            self.laws += [CircularElement(1 / columns)] * (rows * columns)
            return "block", *(tuple(range(place + i * columns, place + (i + 1) * columns)) for i in range(rows))
        if self._symbolic:
            self.laws.append(Semicircle() if letter.hermitian else CircularElement())
            return place
        image = letter_image(letter, self.laws)
        if image == {(place,): 1}:
            return place
        parts = []
        for word, c in image.items():
            parts.append((c, word[0] if len(word) == 1 else ("product", *word)))
        return "sum", *parts


def _written_out(letter: Ensemble) -> dict[Word, Any] | None:
    """The words of u p u* where it is a block matrix itself, copies of its letters for a copy; None for others."""
    if letter.shape == (1, 1):
        return None
    if isinstance(letter, Sandwich):
        return letter.written_out()
    if not isinstance(letter, FreeCopy):
        return None
    inner, family = _written_out(letter.original), letter.family
    if inner is None:
        return None
    return {tuple((FreeCopy(v, family), starred) for v, starred in word): c for word, c in inner.items()}


def _length(terms: Mapping[Word, Any]) -> int:
    return sum(max(1, len(word)) for word in terms)


def identity(rows: int) -> Formula:
    """The unit matrix."""
    return "matrix", tuple(tuple(int(i == j) for j in range(rows)) for i in range(rows))


def zero(rows: int, columns: int) -> Formula:
    """The zero matrix."""
    return "matrix", ((0,) * columns,) * rows
