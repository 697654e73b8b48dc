"""Expressions in random matrices: noncommutative polynomials whose variables are ensembles."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np

from rmt._cached import cached_property
from rmt.ensembles.coefficients import as_number, collect, conjugate, is_hermitian, multiply, plain
from rmt.ensembles.ensemble import Ensemble, Matrix, Warrant, eigenvalues_in_order
from rmt.ensembles.letters import Shape, Word, adjoint, factor_shape, letters_of, reduced, word_shape
from rmt.ensembles.repeats import trial_generators
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.spectra.verdict.prediction import Fluctuations

if TYPE_CHECKING:
    from rmt.ensembles.products import RealProduct

_MOST_WORDS = 100_000  # words that are written out
_FEW_WORDS = 1000  # words that are written out for a look at them
_COUNT_LIMIT = 10**12  # beyond it words are not counted


class Expression(Ensemble):
    """A polynomial in independent random matrices.

    Identity decides what is the same matrix: with ``X = rmt.gue()``, ``X + X`` is ``2 * X`` and has one variable;
    ``rmt.gue() + rmt.gue()`` has two. Built by the operators ``+ - @ ** *`` (numbers only for ``*``), ``.H``, ``.T``
    and ``.inverse()``. Sums and products keep how they were written, so that an expression costs no more than its
    text; :attr:`terms` writes out its words.

    A sample draws each variable once, from its own child generator, in the order in which the variables first
    appear in the expression.

    Parameters
    ----------
    terms : iterable of (word, coefficient)
        A word is a tuple of (ensemble, conjugate transpose or not).

    Raises
    ------
    ValueError
        If the shapes of factors or summands do not match, a quaternion matrix meets another one or a complex number,
        or a number is added to a rectangle.
    """

    def __init__(
        self,
        terms: Iterable[tuple[Word, Any]] = (),
        *,
        summands: Sequence[tuple[Any, Expression]] = (),
        factors: Sequence[Expression] = (),
    ) -> None:
        self._summed, self._multiplied = tuple(summands), tuple(factors)
        self._written: dict[Word, Any] = {}
        #: shape, None for a number; whether letters are quaternion; bound on the number of words
        self._size: Shape | None
        if self._summed:
            self._size, self._quaternion = self._of_sum()
            bound = sum(e._bound for _, e in self._summed)
        elif self._multiplied:
            self._size, self._quaternion = self._of_product()
            bound = 1
            for e in self._multiplied:
                bound = min(bound * e._bound, _COUNT_LIMIT)
        else:
            self._written = collect((reduced(word), c) for word, c in terms)
            self._size, self._quaternion = self._of_words()
            bound = max(1, len(self._written))
        self._bound: int = min(bound, _COUNT_LIMIT)

    @classmethod
    def variable(cls, ensemble: Ensemble) -> Expression:
        """Return the expression that is one ensemble."""
        return cls([(((ensemble, False),), 1)])

    @classmethod
    def number(cls, value: Any, size: Shape | None = None) -> Expression:
        """Return a multiple of the identity."""
        made = cls([((), value)])
        made.__dict__["_size"] = size
        return made

    # ------------------------------------------------------------------ what can be formed
    def _of_words(self) -> tuple[Shape | None, bool]:
        size: Shape | None = None
        fields: set[bool] = set()
        for word, c in self._written.items():
            for left, right in itertools.pairwise(word):
                if factor_shape(left)[1] != factor_shape(right)[0]:
                    _refuse_shapes(factor_shape(left), "@", factor_shape(right))
            if word:
                if size is not None and size != word_shape(word):
                    _refuse_shapes(size, "+", word_shape(word))
                size = word_shape(word)
                fields |= {variable.field == "quaternion" for variable, _ in word}
            if isinstance(c, complex) and True in fields:
                _refuse_complex()
        return self._checked(size, fields, () in self._written)

    def _of_sum(self) -> tuple[Shape | None, bool]:
        size: Shape | None = None
        for c, e in self._summed:
            if e._size is not None:
                if size is not None and size != e._size:
                    _refuse_shapes(size, "+", e._size)
                size = e._size
            if isinstance(c, complex) and e._quaternion:
                _refuse_complex()
        fields = {e._quaternion for _, e in self._summed if e._size is not None}
        constant = any(e._size is None and e._written for _, e in self._summed)
        if True in fields and any(isinstance(v, complex) for _, e in self._summed for v in e._written.values()):
            _refuse_complex()
        return self._checked(size, fields, constant)

    def _of_product(self) -> tuple[Shape | None, bool]:
        size: Shape | None = None
        for e in self._multiplied:
            if e._size is not None:
                if size is not None and size[1] != e._size[0]:
                    _refuse_shapes(size, "@", e._size)
                size = e._size if size is None else (size[0], e._size[1])
        fields = {e._quaternion for e in self._multiplied if e._size is not None}
        return self._checked(size, fields, False)

    def _checked(self, size: Shape | None, fields: set[bool], constant: bool) -> tuple[Shape | None, bool]:
        if len(fields) > 1:
            raise ValueError(
                "a quaternion ensemble (samples of size 2n) cannot be combined with a real or complex one (size n); "
                "use the same field throughout"
            )
        if constant and size is not None and size[0] != size[1]:
            raise ValueError(
                f"shapes do not match: a matrix of shape {size[0]}n x {size[1]}n + a multiple of the identity, which "
                "is square; A @ A.H + 1 is a square matrix"
            )
        return size, True in fields

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """Rows and columns as multiples of n."""
        return self._size or (1, 1)

    def _require_square(self, wanted: str) -> None:
        rows, columns = self.shape
        if rows != columns:
            raise ValueError(
                f"{_shown(self)} of shape {rows}n x {columns}n is not square, so it has no {wanted}; use "
                "singular_values(n) and gram_law()"
            )

    # ------------------------------------------------------------------ words
    @cached_property
    def _summands(self) -> list[tuple[Any, Expression]]:
        """Coefficients and expressions that are no sums."""
        return self._flattened({})

    def _flattened(self, opaque: Mapping[int, Any]) -> list[tuple[Any, Expression]]:
        """Coefficients and expressions that are no sums, or opaque."""
        out: list[tuple[Any, Expression]] = []
        stack: list[tuple[Any, Expression]] = [(1, self)]
        while stack:
            c, e = stack.pop()
            if e._summed and id(e) not in opaque:
                stack.extend((multiply(c, d), f) for d, f in reversed(e._summed))
            else:
                out.append((c, e))
        return out

    @cached_property
    def _factors(self) -> list[Expression]:
        """Expressions that are no products."""
        out: list[Expression] = []
        stack: list[Expression] = [self]
        while stack:
            e = stack.pop()
            if e._multiplied:
                stack.extend(reversed(e._multiplied))
            else:
                out.append(e)
        return out

    @cached_property
    def terms(self) -> Mapping[Word, Any]:
        """Coefficients of the words, reduced and written out.

        Raises
        ------
        ValueError
            If there may be more than 100000 words.
        """
        if self._bound > _MOST_WORDS:
            count = f"{self._bound}" if self._bound < _COUNT_LIMIT else "more than 10^12"
            raise ValueError(
                f"writing out this expression takes up to {count} words, more than {_MOST_WORDS}; its sample(n) and "
                "eigenvalues(n) need none of them, nor does law() where what is multiplied is free from the rest"
            )
        if not self._summed and not self._multiplied:
            return MappingProxyType(self._written)
        return MappingProxyType(self._expand({}))

    def _expand(self, opaque: Mapping[int, tuple[Ensemble, bool]]) -> dict[Word, Any]:
        """Coefficients of the words, in which some expressions (by id) stay as letters."""
        if id(self) in opaque:
            return {(opaque[id(self)],): 1}
        if self._summed:
            terms: list[tuple[Word, Any]] = []
            for c, e in self._flattened(opaque) if opaque else self._summands:
                terms += ((word, multiply(c, d)) for word, d in e._expand(opaque).items())
            return collect(terms)
        if self._multiplied:
            product: dict[Word, Any] = {(): 1}
            for e in self._factors:
                right = e._expand(opaque)
                product = collect(
                    (reduced(u + v), multiply(c, d)) for u, c in product.items() for v, d in right.items()
                )
            return product
        return self._written

    @cached_property
    def _letters(self) -> tuple[Ensemble, ...]:
        """Letters of the expression as it is written, cancelled ones included."""
        out: dict[Ensemble, None] = {}
        stack, seen = [self], set()
        while stack:
            e = stack.pop()
            if id(e) in seen:
                continue
            seen.add(id(e))
            out.update(dict.fromkeys(letters_of(e._written)))
            stack.extend(reversed([f for _, f in e._summed] + list(e._multiplied)))
        return tuple(out)

    @property
    def _roots(self) -> tuple[Ensemble, ...]:
        return self.variables

    @cached_property
    def variables(self) -> tuple[Ensemble, ...]:
        """The independent random matrices, in the order in which they first appear."""
        letters = letters_of(self.terms) if self._bound <= _FEW_WORDS else self._letters
        return tuple(dict.fromkeys(root for letter in letters for root in letter._roots))

    @cached_property
    def field(self) -> str:  # type: ignore[override]
        """Field of the entries: "real", "complex" or "quaternion"."""
        if self._quaternion:
            return "quaternion"
        if self._bound > _FEW_WORDS:
            numbers: Iterable[Any] = (
                c for e in self._parts() for c in [*e._written.values(), *(d for d, _ in e._summed)]
            )
            letters: Iterable[Ensemble] = self._letters
        else:
            numbers, letters = self.terms.values(), letters_of(self.terms)
        has_complex = any(isinstance(c, complex) for c in numbers)
        return "complex" if has_complex or any(v.field == "complex" for v in letters) else "real"

    def _parts(self) -> list[Expression]:
        """All expressions of which this one is made, each once."""
        found: dict[int, Expression] = {}
        stack = [self]
        while stack:
            e = stack.pop()
            if id(e) not in found:
                found[id(e)] = e
                stack.extend([f for _, f in e._summed] + list(e._multiplied))
        return list(found.values())

    @cached_property
    def hermitian(self) -> bool:  # type: ignore[override]
        """Whether every sample equals its conjugate transpose, up to rounding of the coefficients."""
        rows, columns = self.shape
        if rows != columns:
            return False
        if self._reads_hermitian() or is_hermitian(self.terms):
            return True
        from rmt.ensembles.rational_limits import is_hermitian_function, is_rational

        return is_rational(letters_of(self.terms)) and is_hermitian_function(self)

    @property
    def is_zero(self) -> bool:
        """Whether every sample is 0, up to rounding of the coefficients."""
        from rmt.ensembles.rational_limits import is_rational, is_zero_function

        return not self.terms or (is_rational(letters_of(self.terms)) and is_zero_function(self))

    @property
    def _is_short(self) -> bool:
        """Whether the words are few enough to be looked at."""
        return self._bound <= _FEW_WORDS

    def _reads_hermitian(self) -> bool:
        """Whether the expression is Hermitian as it is written, without writing out long ones."""
        if self._bound <= _FEW_WORDS:
            return is_hermitian(self.terms)
        if self._summed:
            return all(not isinstance(c, complex) and e.hermitian for c, e in self._summands)
        factors = self._factors
        pairs = zip(factors[: (len(factors) + 1) // 2], reversed(factors), strict=False)
        return all(
            (a is b and a.hermitian) or (min(a._bound, b._bound) <= _FEW_WORDS and a.H.terms == b.terms)
            for a, b in pairs
        )

    @cached_property
    def warrant(self) -> Warrant:  # type: ignore[override]
        """Why it is asymptotically free from independent matrices: what its letters say, or Haar matrices around it."""
        from rmt.ensembles.freeness import warrant_of

        return warrant_of(self.terms if self._bound <= _FEW_WORDS else {((v, False),): 1 for v in self._letters})

    # ------------------------------------------------------------------ algebra
    def _expression(self) -> Expression:
        return self

    @property
    def H(self) -> Expression:  # noqa: N802
        """Conjugate transpose: words reversed, coefficients conjugated."""
        if self._bound <= _FEW_WORDS and self.hermitian:
            return self
        if self._summed:
            return Expression(summands=[(conjugate(c), e.H) for c, e in self._summands])
        if self._multiplied:
            return Expression(factors=[e.H for e in reversed(self._factors)])
        return Expression((adjoint(word), conjugate(c)) for word, c in self._written.items())

    @property
    def T(self) -> Ensemble:  # noqa: N802
        """Transpose: words reversed, their letters transposed."""
        if self._quaternion:
            raise TypeError(f"the transpose of {_shown(self)} is no quaternion matrix; X.H is the conjugate transpose")
        if self._summed:
            return Expression(summands=[(c, e.T._expression()) for c, e in self._summands])
        if self._multiplied:
            return Expression(factors=[e.T._expression() for e in reversed(self._factors)])
        total: list[tuple[Any, Expression]] = []
        for word, c in self._written.items():
            product = [(v.T.H if starred else v.T)._expression() for v, starred in reversed(word)]
            total.append((c, Expression(factors=product) if product else Expression([((), 1)])))
        return Expression(summands=total) if total else self

    def inverse(self) -> Ensemble:
        """Inverse of the same random matrix: of each factor of a product, in reversed order.

        Raises
        ------
        ValueError
            If the matrix is not square, or its limit law has mass at 0.
        """
        self._require_square("inverse")
        if self._multiplied:
            if all(e.shape[0] == e.shape[1] for e in self._factors):
                return Expression(factors=[e.inverse()._expression() for e in reversed(self._factors)])
        elif len(self.terms) == 1:
            ((word, c),) = self.terms.items()
            if all(v.shape[0] == v.shape[1] for v, _ in word):
                inverses = [(v.inverse().H if starred else v.inverse())._expression() for v, starred in reversed(word)]
                return Expression(factors=inverses or [Expression([((), 1)])])._times(_quotient(1, c))
        elif not self.terms:
            raise ValueError("the zero matrix has no inverse")
        from rmt.ensembles.derived import inverted

        return inverted(self)

    def _formed(self, drawn: dict[Ensemble, Matrix], n: int) -> Matrix:
        return self._evaluate(drawn, n)

    def __add__(self, other: object) -> Expression:
        return Expression(summands=[(1, self), (1, _as_expression(other, "+"))])

    def __radd__(self, other: object) -> Expression:
        return Expression(summands=[(1, _as_expression(other, "+")), (1, self)])

    def __sub__(self, other: object) -> Expression:
        return Expression(summands=[(1, self), (-1, _as_expression(other, "-"))])

    def __rsub__(self, other: object) -> Expression:
        return Expression(summands=[(1, _as_expression(other, "-")), (-1, self)])

    def __neg__(self) -> Expression:
        return self * -1

    def __mul__(self, other: object) -> Expression:
        return self._times(_as_factor(other, "*"))

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Expression:
        number = _as_factor(other, "/")
        if not self._summed and not self._multiplied:
            return Expression([(word, _quotient(c, number)) for word, c in self._written.items()])._sized(self._size)
        return self._times(_quotient(1, number))

    def _times(self, number: Any) -> Expression:
        if not self._summed and not self._multiplied:
            made = Expression([(word, multiply(c, number)) for word, c in self._written.items()])
            return made._sized(self._size, self._quaternion)
        if number == 0:
            return Expression()._sized(self._size, self._quaternion)
        return Expression(summands=[(number, self)])

    def _sized(self, size: Shape | None, quaternion: bool = False) -> Expression:
        """The same terms with a shape that they need not show, as zero does."""
        self.__dict__["_size"] = size
        self.__dict__["_quaternion"] = self._quaternion or quaternion
        return self

    def __matmul__(self, other: object) -> Expression:
        if not isinstance(other, Ensemble):
            raise TypeError(f"X @ Y needs two ensembles, got {type(other).__name__}; a number multiplies with *")
        return Expression(factors=[self, other._expression()])

    def __pow__(self, exponent: object) -> Expression:
        try:
            count = operator.index(exponent)  # type: ignore[arg-type]
        except TypeError:
            raise TypeError(f"the exponent must be an integer >= 0, got {exponent!r}") from None
        if count < 0:
            raise ValueError(f"the exponent must be an integer >= 0, got {count}; X.inverse() is the inverse")
        if count == 0:
            self._require_square("powers")
            return Expression.number(1, self._size)._sized(self._size, self._quaternion)
        return self if count == 1 else Expression(factors=[self] * count)

    def __repr__(self) -> str:
        from rmt.ensembles.writing import written

        return written(self)

    def __getstate__(self) -> dict[str, Any]:
        state = {key: self.__dict__[key] for key in ("_written", "_size", "_quaternion", "_bound", "_finished")}
        return {
            **state,
            "_summed": tuple(self._summands) if self._summed else (),
            "_multiplied": tuple(self._factors) if self._multiplied else (),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # ------------------------------------------------------------------ the matrix
    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return self._evaluate(self._draw(n, rng), n)

    def _draw(self, n: int, rng: np.random.Generator) -> dict[Ensemble, Matrix]:
        children = trial_generators(rng, len(self.variables))
        return {variable: variable._sample(n, child) for variable, child in zip(self.variables, children, strict=True)}

    def _evaluate(self, drawn: dict[Ensemble, Matrix], n: int) -> Matrix:
        side = 2 * n if self._quaternion else n
        formed: dict[Ensemble, Matrix] = dict(drawn)
        if self._bound <= _FEW_WORDS:
            total = _of_terms(self.terms, formed, n, side, self.shape)
        else:
            total = self._of_parts(formed, n, side)
        if self.hermitian:
            total = (total + total.conj().T) / 2.0
        return total

    def _of_parts(self, formed: dict[Ensemble, Matrix], n: int, side: int) -> Matrix:
        """The matrix, from those of its summands and factors."""
        known: dict[int, Matrix] = {}

        def form(e: Expression) -> Matrix:
            if id(e) not in known:
                if e._summed:
                    rows, columns = e.shape
                    total: Any = np.zeros((side * rows, side * columns))
                    for c, f in e._summands:
                        part = form(f) if f._size is not None else plain(f.terms.get((), 0)) * np.eye(side * rows)
                        total = total + plain(c) * part
                    known[id(e)] = total
                elif e._multiplied:
                    product: Any = 1.0
                    for f in e._factors:
                        if f._size is None:
                            product = product * plain(f.terms.get((), 0))
                        else:
                            product = product * form(f) if np.ndim(product) == 0 else product @ form(f)
                    known[id(e)] = product
                else:
                    known[id(e)] = _of_terms(e._written, formed, n, side, e.shape)
            return known[id(e)]

        return form(self)

    def fluctuations(self) -> Fluctuations:
        """Those of the variable, for a multiple of one plus a constant; else the covariances that `cov` knows."""
        from rmt.spectra.verdict.kinds import AffineFluctuations

        affine = self._affine_part() if self.hermitian else None
        if affine is not None and affine[1].hermitian:
            from rmt.ensembles.theorems import edges_not_asked

            scale, variable, shift = affine
            with edges_not_asked():
                law = cast("Law", variable.law())
            return AffineFluctuations(variable.fluctuations(), law, float(scale), float(shift))
        return self._own_fluctuations

    @cached_property
    def _own_fluctuations(self) -> Fluctuations:
        """Those of an expression that is more than a multiple of one variable."""
        from rmt.ensembles.fluctuations import WordFluctuations
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        known = UnknownFluctuations(
            float(self.beta),
            reason="the covariances of the sums of this expression are not among those that are known here",
            rigid=self.is_rigid,
            continuous=not any(_is_discrete(v) for v in self.variables),
        )
        if not self.hermitian or self._bound > _FEW_WORDS:
            return known
        return WordFluctuations(self, known, float(self.beta))

    @property
    def is_rigid(self) -> bool:
        """Whether all variables are."""
        return all(variable.is_rigid for variable in self.variables)

    def _bytes(self, method: str, n: int) -> float:
        affine = self._affine_part()
        if affine is not None and method != "_sample":
            return affine[1]._bytes(method, n)
        rows, columns = self.shape
        own = self._dense_bytes(n) * rows * columns
        return sum((variable._bytes("_sample", n) for variable in self.variables), own)

    def _affine_part(self) -> tuple[Any, Ensemble, Any] | None:
        """``(scale, X, shift)`` if the expression is scale * X + shift with one variable, else None."""
        if self._bound > _FEW_WORDS:
            return None
        words = [word for word in self.terms if word]
        if len(words) != 1 or len(words[0]) != 1 or words[0][0][1]:
            return None
        return self.terms[words[0]], words[0][0][0], self.terms.get((), 0)

    @cached_property
    def _real_product(self) -> RealProduct | None:
        """The product of two Hermitian matrices, one of them definite, that this is up to a shift; or None."""
        from rmt.ensembles.products import real_product

        if self._bound > _FEW_WORDS:
            return None
        found = real_product(self.terms)
        return found if found is not None and found.definite else None

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        self._require_square("eigenvalues")
        affine = self._affine_part()
        if affine is not None:
            scale, variable, shift = affine
            values = plain(scale) * variable._eigenvalues(n, rng) + plain(shift)
            return np.sort(values) if self.hermitian else np.sort(np.asarray(values, dtype=np.complex128))
        if self.hermitian:
            values = np.linalg.eigvalsh(self._sample(n, rng))
            return np.asarray(values[::2] if self._quaternion else values)  # Kramers pairs
        drawn = self._draw(n, rng)
        if self._real_product is None:
            return eigenvalues_in_order(self._evaluate(drawn, n))
        values = self._real_product.eigenvalues(drawn, n, 2 * n if self._quaternion else n)
        return values[::2] if self._quaternion else values

    # ------------------------------------------------------------------ the law
    def law(self) -> Law | PlanarLaw:
        """Limit of the eigenvalue distribution.

        Raises
        ------
        ValueError
            If the matrix is not square.
        FreenessError
            If two of the variables are added or multiplied and not known to be asymptotically free.
        TypeError
            If the spectrum is not real, and no law in the plane is known.
        """
        from rmt.ensembles.limits import limit_law

        self._require_square("eigenvalues")
        law = limit_law(self)
        if law is None:
            raise TypeError(
                f"{_shown(self)} is not self-adjoint and no product of two matrices, one of them positive, so its "
                "limit law does not live on the line, and none in the plane is known; the law of A @ A.H or of "
                "A + A.H is, and .eigenvalues(n) samples it"
            )
        return law

    def gram_law(self) -> Law:
        """Limit law of E E* for the expression E."""
        from rmt.ensembles.r_diagonal import r_diagonal_gram

        if self.hermitian:
            return super().gram_law()
        if self._bound <= _FEW_WORDS and not self.terms:
            from rmt.laws import Atomic

            return Atomic((0,), (1,))
        gram = r_diagonal_gram(self.terms) if self._bound <= _FEW_WORDS else None
        if gram is not None:
            return gram
        return cast("Law", (self @ self.H).law())

    @property
    def theorems(self) -> tuple[str, ...]:
        """The theorems that make its parts asymptotically free; :meth:`law` rests on them.

        Raises
        ------
        FreenessError
            If two of the variables are added or multiplied and not known to be asymptotically free.

        Examples
        --------
        >>> import rmt
        >>> U, D = rmt.haar_unitary(), rmt.diagonal(rmt.Uniform(1, 2))
        >>> (U @ D @ U.H + rmt.diagonal(rmt.Rademacher())).theorems
        ('haar_unitary() is free from any algebra of the others (Voiculescu 1991)',)
        """
        from rmt.ensembles.limits import theorems

        return theorems(self)


def _of_terms(terms: Mapping[Word, Any], formed: dict[Ensemble, Matrix], n: int, side: int, shape: Shape) -> Matrix:
    """The matrix of some words; prefixes that words share are multiplied once."""
    total = np.zeros((side * shape[0], side * shape[1]))
    products: dict[Word, Matrix] = {}
    for word, c in terms.items():
        if word:
            total = total + plain(c) * _of_word(word, formed, n, products)
        else:
            total = total + plain(c) * np.eye(side * shape[0])
    return total


def _of_word(word: Word, formed: dict[Ensemble, Matrix], n: int, products: dict[Word, Matrix]) -> Matrix:
    product: Matrix | None = None
    for end, (variable, starred) in enumerate(word, start=1):
        if word[:end] not in products:
            if variable not in formed:
                formed[variable] = variable._formed(formed, n)
            factor = formed[variable].conj().T if starred else formed[variable]
            products[word[:end]] = factor if product is None else product @ factor
        product = products[word[:end]]
    assert product is not None
    return product


def _shown(expression: Expression) -> str:
    from rmt.errors import shown

    return shown(expression)


def _quotient(left: Any, right: Any) -> Any:
    return multiply(left, 1 / right) if isinstance(right, complex) else left / right


def _as_factor(other: object, symbol: str) -> Any:
    from rmt.laws.law import Law

    if isinstance(other, Ensemble):
        raise TypeError(f"ensemble {symbol} ensemble is ambiguous: write X @ Y for the matrix product")
    if isinstance(other, Law):
        _refuse_law(symbol)
    return as_number(other, symbol)


def _as_expression(other: object, symbol: str) -> Expression:
    if isinstance(other, Ensemble):
        return other._expression()
    from rmt.laws.law import Law

    if isinstance(other, Law):
        _refuse_law(symbol)
    return Expression([((), as_number(other, symbol))])


def _refuse_law(symbol: str) -> NoReturn:
    if symbol in "+-":
        raise TypeError(
            "ensemble + law mixes the two faces: add rmt.haar_conjugate(rmt.diagonal(law)) for a matrix with that law, "
            "or rmt.boxplus(ensemble.law(), law) for the law of the sum"
        )
    raise TypeError(
        "ensemble * law mixes the two faces: multiply (@) with rmt.haar_conjugate(rmt.diagonal(law)) for a matrix with "
        "that law, or take rmt.boxtimes(ensemble.law(), law) for the law of the product"
    )


def _refuse_complex() -> NoReturn:
    raise ValueError(
        "a complex multiple of a quaternion ensemble is no quaternion matrix: take real coefficients, or "
        "the complex field (rmt.gue())"
    )


def _refuse_shapes(left: Shape, symbol: str, right: Shape) -> NoReturn:
    raise ValueError(
        f"shapes do not match: a matrix of shape {left[0]}n x {left[1]}n {symbol} one of shape "
        f"{right[0]}n x {right[1]}n; conjugate transposes (.H) exchange rows and columns"
    )


def _is_discrete(variable: Ensemble) -> bool:
    """Whether exact zeros and equal eigenvalues have a positive probability."""
    return bool(
        getattr(variable, "_discrete", False) or getattr(getattr(variable, "entries", None), "is_discrete", False)
    )
