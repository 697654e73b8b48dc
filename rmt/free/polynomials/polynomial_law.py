"""Laws of self-adjoint polynomials in free variables, by linearisation and matrix-valued subordination."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rmt._cached import cached_property
from rmt.errors import check_items, check_real
from rmt.free.polynomials.fock_space import (
    Action,
    CircularAction,
    UnitaryAction,
    WordRecurrence,
    degree_needed,
    polynomial_moments,
)
from rmt.free.polynomials.images import circle_image, polynomial_image
from rmt.free.polynomials.linearisation import Pencil, Word, adjoint, linearise
from rmt.free.polynomials.pencil_law import CircularElement, FreeVariable, HaarUnitary, PencilLaw, self_adjoint
from rmt.laws.atomic import Atomic, AtomicLaw
from rmt.laws.law import Law, exact
from rmt.laws.named.classical_laws import Arcsine
from rmt.laws.named.semicircle import Semicircle


def polynomial_law(terms: Mapping[Word, Any], laws: Sequence[FreeVariable]) -> Law:
    """Law of a self-adjoint polynomial in free variables.

    Parameters
    ----------
    terms : mapping
        Words to coefficients. A word is a tuple of letters, ``i`` for variable number i and ``~i`` for its adjoint;
        ``()`` is the unit. ``{(0, 1): 1, (1, 0): 1}`` is xy + yx, ``{(0, ~0): 1}`` is c c*.
    laws : sequence of Law, CircularElement or HaarUnitary
        The law of each variable, on a bounded interval; different positions are free, also with equal laws.

    Returns
    -------
    Law
        A :class:`PolynomialLaw`; for a polynomial of degree 1 the free sum, as :func:`rmt.free.boxplus` gives it.

    Raises
    ------
    TypeError
        If `terms` or `laws` is not of the kind named above.
    ValueError
        If the polynomial is not self-adjoint, or constant, a letter names no variable, a coefficient is not finite,
        or a law is unbounded.

    References
    ----------
    Belinschi, Mai and Speicher 2017.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> anticommutator = polynomial_law({(0, 1): 1, (1, 0): 1}, [Semicircle(), Semicircle()])
    >>> round(anticommutator.support[0].high, 12)
    3.330190676786
    """
    if not isinstance(terms, Mapping):
        raise TypeError(f"terms must map words to coefficients, got {terms!r}")
    variables = tuple(check_items("laws", laws, "laws"))
    for variable in variables:
        if not isinstance(variable, (Law, CircularElement, HaarUnitary)):
            raise TypeError(f"laws must hold a Law, CircularElement or HaarUnitary for each variable, got {variable!r}")
        if isinstance(variable, Law) and not all(map(math.isfinite, variable._hull())):
            raise ValueError(f"laws must have bounded support, got {variable!r}; truncate it")
    merged: dict[Word, Any] = {}
    for word, coefficient in terms.items():
        letters = _normal(tuple(word), variables)
        merged[letters] = merged.get(letters, 0) + _check_coefficient(word, coefficient)
    merged = {word: _check_coefficient(word, value) for word, value in merged.items() if value != 0}
    if not any(merged):
        raise ValueError(f"terms must not be constant, got {dict(terms)!r}; the law is a point mass, rmt.laws.Atomic")
    for word, value in merged.items():
        mirrored = merged.get(_normal(adjoint(word), variables), 0)
        if mirrored != complex(value).conjugate() and mirrored != value.conjugate():
            raise ValueError(
                f"the polynomial is not self-adjoint: the coefficient of {word} is {value!r}, that of its adjoint "
                f"{_normal(adjoint(word), variables)} is {mirrored!r} and should be its conjugate"
            )
    merged = _reduced(merged, variables)
    longest = max(map(len, merged), default=0)
    if longest == 0:
        return Atomic((merged.get((), 0),), (1,))
    if longest == 1:
        return _free_sum(merged, variables)
    (first, *others) = {max(letter, ~letter) for word in merged for letter in word}
    if not others and isinstance(only := variables[first], AtomicLaw):
        return _of_atoms(merged, only)
    if not others:
        return _image(merged, variables)
    return PolynomialLaw(_ordered(merged), variables)


def _free_sum(terms: Mapping[Word, Any], variables: Sequence[FreeVariable]) -> Law:
    """Law of a polynomial of degree 1; a c + (a c)* is semicircular for circular c, an arcsine law for unitary c."""
    from rmt.free.operations import boxplus

    summands: list[Law] = []
    for word, value in terms.items():
        if word and word[0] >= 0:
            v = variables[word[0]]
            if isinstance(v, CircularElement):
                summands.append(Semicircle(0, 2 * abs(value) ** 2 * v.variance))
            elif isinstance(v, HaarUnitary):
                summands.append(Arcsine(radius=2 * abs(value)))
            else:
                summands.append(value * v)
    total: Law = boxplus(*summands) + terms.get((), 0)
    return total


def _image(terms: Mapping[Word, Any], variables: Sequence[FreeVariable]) -> Law:
    """Law of a polynomial of one variable: a push-forward, unless the variable is circular."""
    ((index, *_), *_) = (word for word in terms if word)
    v = variables[max(index, ~index)]
    degree = max(map(len, terms))
    if isinstance(v, HaarUnitary):
        upper = {len(word) if word[0] >= 0 else -len(word): value for word, value in terms.items() if word}
        return circle_image([terms.get((), 0), *(upper.get(k, 0) for k in range(1, degree + 1))])
    if isinstance(v, CircularElement):
        return PolynomialLaw(_ordered(terms), (v,) if len(variables) == 1 else tuple(variables))
    coefficients: list[Any] = [0] * (degree + 1)
    for word, value in terms.items():
        coefficients[len(word)] = value.real if isinstance(value, complex) else value
    return polynomial_image(v, coefficients)


def _ordered(terms: Mapping[Word, Any]) -> tuple[tuple[Word, Any], ...]:
    return tuple(
        sorted(terms.items(), key=lambda item: (len(item[0]), [2 * x if x >= 0 else 2 * ~x + 1 for x in item[0]]))
    )


def _normal(word: Word, variables: Sequence[FreeVariable]) -> Word:
    """The word with x* written as x for self-adjoint variables, and without u u* and u* u for unitary ones."""
    letters: list[int] = []
    for letter in word:
        index = letter if letter >= 0 else ~letter
        if index >= len(variables):
            raise ValueError(f"letter {letter} of word {word} names no variable: laws has {len(variables)} entries")
        if letters and letters[-1] == ~letter and isinstance(variables[index], HaarUnitary):
            letters.pop()
        else:
            letters.append(index if isinstance(variables[index], Law) else letter)
    return tuple(letters)


def _reduced(terms: Mapping[Word, Any], variables: Sequence[FreeVariable]) -> dict[Word, Any]:
    """The polynomial without powers that a law of few atoms makes superfluous: x² = x for a projection, 1 for signs.

    Their equations would have several solutions in one, where Newton's method is slow and knows half of the digits.
    """
    relations = {i: _relation(v) for i, v in enumerate(variables) if isinstance(v, AtomicLaw) and len(v.atoms) <= 3}
    if not relations:
        return dict(terms)
    out: dict[Word, Any] = {}
    rest = list(terms.items())
    while rest:
        word, value = rest.pop()
        for k, letter in enumerate(word):
            degree = len(relations.get(letter, ())) or len(word) + 1
            if word[k : k + degree] == (letter,) * degree:
                powers = enumerate(relations[letter])
                shorter = [(word[:k] + (letter,) * j + word[k + degree :], value * c) for j, c in powers if c]
                rest += [(_normal(w, variables), c) for w, c in shorter]
                break
        else:
            out[word] = out.get(word, 0) + value
    return {word: _plainer(value) for word, value in out.items() if value != 0}


def _of_atoms(terms: Mapping[Word, Any], law: AtomicLaw) -> Law:
    """Law of a polynomial of one variable with atoms only: they move."""
    positions, masses = law._points()
    coefficients = {len(word): exact(value) for word, value in terms.items()}
    moved = [sum(c * exact(a) ** k for k, c in coefficients.items()) for a in positions]
    return Atomic([_plainer(a) for a in moved], masses)


def _relation(law: AtomicLaw) -> list[Fraction]:
    """The coefficients c_0, ..., c_{d−1} of x^d = Σ c_j x^j for a law of d atoms."""
    product = [Fraction(1)]
    for position in map(exact, law._points()[0]):
        product = [a - position * b for a, b in zip([Fraction(0), *product], [*product, Fraction(0)], strict=True)]
    return [-c for c in product[:-1]]


def _plainer(value: Any) -> Any:
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


def _check_coefficient(word: Any, value: Any) -> Any:
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, complex):
        check_real(f"the real part of terms[{word}]", number.real)
        check_real(f"the imaginary part of terms[{word}]", number.imag)
        return number.real if number.imag == 0 else number
    return check_real(f"terms[{word}]", number)


@dataclass(frozen=True, repr=False)
class PolynomialLaw(PencilLaw):
    """Law of a self-adjoint polynomial in free variables; build it with :func:`polynomial_law`.

    Values come from Newton's method on the matrix-valued subordination equations (Belinschi-Mai-Speicher 2017) of
    the smallest self-adjoint linearisation, on the real axis itself. A point is certified when its solution is
    the limit of solutions with positive imaginary parts, which are unique. The distribution function comes from
    the matrix-valued log-potential, without integration.

    Attributes
    ----------
    terms : tuple of (word, coefficient)
    laws : tuple of Law, CircularElement or HaarUnitary

    Examples
    --------
    >>> import rmt
    >>> law = rmt.polynomial_law({(0, 1): 1, (1, 0): 1}, [rmt.Semicircle(), rmt.MarchenkoPastur()])
    >>> type(law).__name__, law.moments(2, exact=True)
    ('PolynomialLaw', (Fraction(0, 1), Fraction(6, 1)))
    """

    terms: tuple[tuple[Word, Any], ...]
    laws: tuple[FreeVariable, ...]

    # ------------------------------------------------------------------ the equations
    @cached_property
    def _scale(self) -> float:
        """A bound on the norm of the polynomial without its constant term."""
        return math.fsum(
            abs(complex(value)) * math.prod(self._radii[x if x >= 0 else ~x] for x in word)
            for word, value in self.terms
            if word
        )

    @cached_property
    def _centre(self) -> float:
        return float(complex(dict(self.terms).get((), 0)).real)

    @cached_property
    def _scaled_terms(self) -> dict[Word, complex]:
        """(p − constant)/scale in variables of norm 1."""
        return {
            word: complex(value) * math.prod(self._radii[x if x >= 0 else ~x] for x in word) / self._scale
            for word, value in self.terms
            if word
        }

    @cached_property
    def _pencil(self) -> Pencil:
        return linearise(self._scaled_terms, self_adjoint(self.laws))

    @property
    def _lower(self) -> tuple[float, float]:
        return 0.0, float(self._pencil.negative)

    def _at(self, point: Sequence[float]) -> list[float]:
        values = (complex(value) * math.prod(point[max(x, ~x)] for x in word) for word, value in self.terms)
        return [float(sum(values).real)]

    # ------------------------------------------------------------------ moments and algebra
    def _exact_moments(self, order: int) -> list[Fraction]:
        terms = {word: _parts(value) for word, value in self.terms}
        actions: list[Action] = []
        for i, v in enumerate(self.laws):
            if isinstance(v, CircularElement):
                actions.append(CircularAction(Fraction(v.variance)))
            elif isinstance(v, HaarUnitary):
                actions.append(UnitaryAction())
            else:
                degree = degree_needed(terms, i, order)
                actions.append(WordRecurrence(v._exact_moments(2 * degree + 2)))
        return polynomial_moments(terms, actions, order)

    def _float_moments(self, order: int) -> list[float]:
        if all(_has_exact_moments(v) for v in self.laws):
            return Law._float_moments(self, order)
        return super()._float_moments(order)

    def _affine(self, scale: Any, shift: Any) -> Law:
        terms = {word: scale * value for word, value in self.terms}
        terms[()] = terms.get((), 0) + shift
        return polynomial_law(terms, self.laws)


def _has_exact_moments(variable: FreeVariable) -> bool:
    if not isinstance(variable, Law):
        return True
    try:
        variable._exact_moments(2)
    except ValueError:
        return False
    return True


def _parts(value: Any) -> tuple[Fraction, Fraction]:
    if isinstance(value, complex):
        return Fraction(value.real), Fraction(value.imag)
    return Fraction(value), Fraction(0)
