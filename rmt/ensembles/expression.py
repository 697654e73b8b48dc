"""Expressions in random matrices: noncommutative polynomials whose variables are ensembles."""

from __future__ import annotations

import itertools
import operator
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Matrix, Warrant, eigenvalues_in_order
from rmt.ensembles.limits import Word, adjoint, conjugate, cyclic_runs, limit_law
from rmt.ensembles.repeats import trial_generators
from rmt.errors import shown

if TYPE_CHECKING:
    from rmt.laws.law import Law
    from rmt.laws.planar import PlanarLaw


class Expression(Ensemble):
    """A polynomial in independent random matrices, held as words and coefficients.

    Identity decides what is the same matrix: with ``X = rmt.gue()``, ``X + X`` is ``2 * X`` and has one variable;
    ``rmt.gue() + rmt.gue()`` has two. Built by the operators ``+ - @ ** *`` (numbers only for ``*``) and ``.H``.

    A sample draws each variable once, from its own child generator, in the order in which the variables first
    appear in the expression.
    """

    def __init__(self, terms: Iterable[tuple[Word, Any]]) -> None:
        collected: dict[Word, Any] = {}
        for word, coefficient in terms:
            key = tuple((variable, starred and not variable.hermitian) for variable, starred in word)
            collected[key] = collected.get(key, 0) + coefficient
        self.terms: Mapping[Word, Any] = MappingProxyType({word: c for word, c in collected.items() if c != 0})
        self.variables: tuple[Ensemble, ...] = tuple(
            dict.fromkeys(variable for word in self.terms for variable, _ in word)
        )
        fields = {variable.field for variable in self.variables}
        if "quaternion" in fields and len(fields) > 1:
            raise ValueError(
                "a quaternion ensemble (samples of size 2n) cannot be combined with a real or complex one (size n); "
                "use the same field throughout"
            )
        complex_numbers = any(isinstance(c, complex) and c.imag != 0 for c in self.terms.values())
        if fields == {"quaternion"}:
            if complex_numbers:
                raise ValueError(
                    "a complex multiple of a quaternion ensemble is no quaternion matrix: take real coefficients, or "
                    "the complex field (rmt.gue())"
                )
            self.field = "quaternion"
        else:
            self.field = "complex" if "complex" in fields or complex_numbers else "real"
        self.hermitian = {adjoint(w): conjugate(c) for w, c in self.terms.items()} == self.terms
        self.warrant = (
            Warrant.INVARIANT
            if self.variables and all(v.warrant is Warrant.INVARIANT for v in self.variables)
            else Warrant.NONE
        )

    @classmethod
    def variable(cls, ensemble: Ensemble) -> Expression:
        """Return the expression that is one ensemble."""
        return cls([(((ensemble, False),), 1)])

    # ------------------------------------------------------------------ algebra
    def _expression(self) -> Expression:
        return self

    @property
    def H(self) -> Expression:  # noqa: N802
        """Conjugate transpose: words reversed, coefficients conjugated."""
        return Expression((adjoint(word), conjugate(c)) for word, c in self.terms.items())

    def __add__(self, other: object) -> Expression:
        return Expression([*self.terms.items(), *_as_terms(other, "+")])

    __radd__ = __add__

    def __sub__(self, other: object) -> Expression:
        return Expression([*self.terms.items(), *((word, -c) for word, c in _as_terms(other, "-"))])

    def __rsub__(self, other: object) -> Expression:
        return -self + other

    def __neg__(self) -> Expression:
        return self * -1

    def __mul__(self, other: object) -> Expression:
        number = _as_number(other, "*")
        return Expression((word, c * number) for word, c in self.terms.items())

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Expression:
        number = _as_number(other, "/")
        return Expression((word, c / number) for word, c in self.terms.items())

    def __matmul__(self, other: object) -> Expression:
        if not isinstance(other, Ensemble):
            raise TypeError(f"X @ Y needs two ensembles, got {type(other).__name__}; a number multiplies with *")
        right = other._expression().terms
        return Expression((u + v, c * d) for u, c in self.terms.items() for v, d in right.items())

    def __pow__(self, exponent: object) -> Expression:
        try:
            count = operator.index(exponent)  # type: ignore[arg-type]
        except TypeError:
            raise TypeError(f"the exponent must be an integer >= 1, got {exponent!r}") from None
        if count < 1:
            raise ValueError(f"the exponent must be an integer >= 1, got {count}")
        result = self
        for _ in range(count - 1):
            result = result @ self
        return result

    def __repr__(self) -> str:
        # evaluating it gives the same polynomial: a variable that returns has a name
        counts = Counter(variable for word in self.terms for variable, _ in word)
        names: dict[Ensemble, str] = {}
        inner = " ".join(map(repr, self.variables))  # an expression inside a variable has names of its own
        free = (name for k in itertools.count(1) if (name := f"X{k}") not in inner)

        def show(variable: Ensemble) -> str:
            if counts[variable] == 1:
                return repr(variable)
            if variable in names:
                return names[variable]
            names[variable] = next(free)
            return f"({names[variable]} := {variable!r})"

        parts = []
        for word, c in self.terms.items():
            body = " @ ".join(show(v) + (".H" if starred else "") for v, starred in word)
            parts.append(body if c == 1 and body else f"{c!r} * {body}" if body else repr(c))
        return " + ".join(parts) or "0"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "terms": dict(self.terms)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({**state, "terms": MappingProxyType(state["terms"])})

    # ------------------------------------------------------------------ the matrix
    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return self._evaluate(self._draw(n, rng), n)

    def _draw(self, n: int, rng: np.random.Generator) -> dict[Ensemble, Matrix]:
        children = trial_generators(rng, len(self.variables))
        return {variable: variable._sample(n, child) for variable, child in zip(self.variables, children, strict=True)}

    def _evaluate(self, drawn: dict[Ensemble, Matrix], n: int) -> Matrix:
        total: Matrix | None = None
        for word, c in self.terms.items():
            if not word:
                continue
            product: Matrix | None = None
            for variable, starred in word:
                factor = drawn[variable].conj().T if starred else drawn[variable]
                if product is not None and product.shape[1] != factor.shape[0]:
                    self._refuse_shapes(n, product.shape, "@", factor.shape)
                product = factor if product is None else product @ factor
            assert product is not None
            if total is not None and total.shape != product.shape:
                self._refuse_shapes(n, total.shape, "+", product.shape)
            term = _plain(c) * product
            total = term if total is None else total + term
        constant = _plain(self.terms.get((), 0))
        if total is None:
            return np.asarray(constant * np.eye(n))
        rows, columns = total.shape
        if constant != 0 and rows != columns:
            self._refuse_shapes(n, total.shape, "+", f"{self.terms[()]!r} times the identity")
        return total + constant * np.eye(rows) if constant != 0 else total

    def _refuse_shapes(self, n: int, left: object, symbol: str, right: object) -> NoReturn:
        raise ValueError(f"shapes do not match in {self!r} at n = {n}: {left} {symbol} {right}")

    @property
    def is_rigid(self) -> bool:
        """Whether all variables are."""
        return all(variable.is_rigid for variable in self.variables)

    def _bytes(self, method: str, n: int) -> float:
        affine = self._affine_part()
        if affine is not None and method != "_sample":
            return affine[1]._bytes(method, n)
        return sum((variable._bytes("_sample", n) for variable in self.variables), self._dense_bytes(n))

    def _affine_part(self) -> tuple[Any, Ensemble, Any] | None:
        """``(scale, X, shift)`` if the expression is scale * X + shift with one variable, else None."""
        words = [word for word in self.terms if word]
        if len(words) != 1 or len(words[0]) != 1 or words[0][0][1]:
            return None
        return self.terms[words[0]], words[0][0][0], self.terms.get((), 0)

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        affine = self._affine_part()
        if affine is not None:
            scale, variable, shift = affine
            values = _plain(scale) * variable._eigenvalues(n, rng) + _plain(shift)
        elif self.hermitian:
            values = np.linalg.eigvalsh(self._sample(n, rng))
            if self.field == "quaternion":
                values = values[::2]  # Kramers pairs
        else:
            values = self._product_eigenvalues(n, rng)
        return np.sort(values) if self.hermitian else values

    def _product_eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        """Eigenvalues of a matrix that is not Hermitian; real ones for X @ W with a positive factor W.

        X W has the eigenvalues of W^(1/2) X W^(1/2), computed from that Hermitian matrix.
        """
        drawn = self._draw(n, rng)
        words = [word for word in self.terms if word]
        runs = cyclic_runs(words[0]) if len(words) == 1 else None
        if runs is not None and len(runs) == 2:
            factors = [np.linalg.matrix_power(drawn[variable], exponent) for variable, exponent in runs]
            for positive, other in (factors, factors[::-1]):
                weights, vectors = np.linalg.eigh(positive)
                if weights[0] >= -1e-12 * weights[-1]:
                    root = vectors * np.sqrt(np.maximum(weights, 0.0))
                    values = np.linalg.eigvalsh(root.conj().T @ other @ root)
                    if self.field == "quaternion":
                        values = values[::2]
                    return np.asarray(np.sort(_plain(self.terms[words[0]]) * values + _plain(self.terms.get((), 0))))
        return eigenvalues_in_order(self._evaluate(drawn, n))

    # ------------------------------------------------------------------ the law
    def law(self) -> Law | PlanarLaw:
        """Limit of the eigenvalue distribution.

        Raises
        ------
        FreenessError
            If two of the variables are not known to be asymptotically free.
        """
        if list(self.terms.values()) == [1] and len(next(iter(self.terms))) == 1:
            return self.variables[0].law()  # laws in the plane are those of the conjugate transpose, too
        law = limit_law(self.terms, self.variables)
        if law is None:
            raise TypeError(
                f"{self!r} is not self-adjoint and no product of two matrices, one of them positive, so its limit law "
                "does not live on the line; the law of A @ A.H or of A + A.H does, and .eigenvalues(n) samples it"
            )
        return law

    def gram_law(self) -> Law:
        """Limit law of E E* for the expression E."""
        return super().gram_law() if self.hermitian else cast("Law", (self @ self.H).law())


def _plain(number: Any) -> Any:
    """A coefficient, which may be a Fraction, as a number that arrays multiply with."""
    return number if isinstance(number, complex) else float(number)


def _as_number(value: Any, symbol: str) -> Any:
    if isinstance(value, Ensemble):
        raise TypeError(f"ensemble {symbol} ensemble is ambiguous: write X @ Y for the matrix product")
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    try:
        number = complex("" if isinstance(value, (str, np.ndarray)) else value)
    except OverflowError:
        raise ValueError(
            f"expected a number after {symbol}, got {shown(value)}, beyond the largest float, {sys.float_info.max!r}"
        ) from None
    except (TypeError, ValueError):
        raise TypeError(f"expected a number or an ensemble after {symbol}, got {type(value).__name__}") from None
    if not np.isfinite(number):
        raise ValueError(f"expected a finite number after {symbol}, got {value!r}")
    if symbol == "/" and number == 0:
        raise ValueError("division of an ensemble by zero")
    return value


def _as_terms(other: Any, symbol: str) -> Iterable[tuple[Word, Any]]:
    if isinstance(other, Ensemble):
        return other._expression().terms.items()
    from rmt.laws.law import Law

    if isinstance(other, Law):
        _refuse_law()
    return [((), _as_number(other, symbol))]


def _refuse_law() -> NoReturn:
    raise TypeError(
        "ensemble + law mixes the two faces: add rmt.haar_conjugate(rmt.diagonal(law)) for a matrix with that law, "
        "or rmt.boxplus(ensemble.law(), law) for the law of the sum"
    )
