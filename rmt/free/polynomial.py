"""Laws of self-adjoint polynomials in free variables, by linearisation and matrix-valued subordination."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError, check_real
from rmt.free.interpolated import InterpolatedInterval
from rmt.free.linearisation import Word, adjoint, linearise
from rmt.free.operator_valued import MatrixVariable, OperatorSubordination, Solution
from rmt.free.scan import Samples, find_support
from rmt.free.words import CircularAction, Recurrence, degree_needed, polynomial_moments
from rmt.laws.law import EPS, Complex, Interval, Law, Real
from rmt.laws.semicircle import Semicircle


@dataclass(frozen=True)
class Circular:
    """Voiculescu's circular element: the limit of Ginibre matrices with entries of variance ``variance``/n.

    A variable for :func:`polynomial_law` that is not self-adjoint: τ(c c*) = τ(c* c) = variance, and c has the
    distribution of (s_1 + i s_2) √(variance/2) for free standard semicirculars.

    Parameters
    ----------
    variance : real
        > 0.
    """

    variance: Any = 1

    def __post_init__(self) -> None:
        check_real("variance", self.variance, above=0.0)


def polynomial_law(terms: Mapping[Word, Any], laws: Sequence[Law | Circular]) -> Law:
    """Law of a self-adjoint polynomial in free variables.

    Parameters
    ----------
    terms : mapping
        Words to coefficients. A word is a tuple of letters, ``i`` for variable number i and ``~i`` for its adjoint;
        ``()`` is the unit. ``{(0, 1): 1, (1, 0): 1}`` is xy + yx, ``{(0, ~0): 1}`` is c c*.
    laws : sequence of Law or Circular
        The law of each variable, on a bounded interval; different positions are free, also with equal laws.

    Returns
    -------
    Law
        A :class:`PolynomialLaw`; for a polynomial of degree 1 the free sum, as :func:`rmt.free.boxplus` gives it.

    Raises
    ------
    ValueError
        If the polynomial is not self-adjoint, or constant, a letter names no variable, a coefficient is not finite,
        or a law is unbounded.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> anticommutator = polynomial_law({(0, 1): 1, (1, 0): 1}, [Semicircle(), Semicircle()])
    >>> round(anticommutator.support[0].high, 12)
    3.330190676786
    """
    if not isinstance(terms, Mapping):
        raise TypeError(f"terms must map words to coefficients, got {terms!r}")
    variables = tuple(laws)
    for variable in variables:
        if not isinstance(variable, (Law, Circular)):
            raise TypeError(f"laws must hold a Law or Circular for each variable, got {variable!r}")
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
    if max(map(len, merged)) == 1:
        return _free_sum(merged, variables)
    ordered = sorted(
        merged.items(), key=lambda item: (len(item[0]), [2 * x if x >= 0 else 2 * ~x + 1 for x in item[0]])
    )
    return PolynomialLaw(tuple(ordered), variables)


def _free_sum(terms: Mapping[Word, Any], variables: Sequence[Law | Circular]) -> Law:
    """Law of a polynomial of degree 1; a c + (a c)* of a circular element is semicircular."""
    from rmt.free.convolution import boxplus

    summands: list[Law] = []
    for word, value in terms.items():
        if word and word[0] >= 0:
            v = variables[word[0]]
            summands.append(Semicircle(0, 2 * abs(value) ** 2 * v.variance) if isinstance(v, Circular) else value * v)
    total: Law = boxplus(*summands) + terms.get((), 0)
    return total


def _normal(word: Word, variables: Sequence[Law | Circular]) -> Word:
    """The word with x* written as x for self-adjoint variables."""
    letters = []
    for letter in word:
        index = letter if letter >= 0 else ~letter
        if index >= len(variables):
            raise ValueError(f"letter {letter} of word {word} names no variable: laws has {len(variables)} entries")
        letters.append(letter if isinstance(variables[index], Circular) else index)
    return tuple(letters)


def _check_coefficient(word: Any, value: Any) -> Any:
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, complex):
        check_real(f"the real part of terms[{word}]", number.real)
        check_real(f"the imaginary part of terms[{word}]", number.imag)
        return number.real if number.imag == 0 else number
    return check_real(f"terms[{word}]", number)


@dataclass(frozen=True, repr=False)
class PolynomialLaw(Law):
    """Law of a self-adjoint polynomial in free variables; build it with :func:`polynomial_law`.

    Values come from Newton's method on the matrix-valued subordination equations (Belinschi-Mai-Speicher 2017) of
    the smallest self-adjoint linearisation, on the real axis itself. A point is certified when its solution is
    the limit of solutions with positive imaginary parts, which are unique. The distribution function comes from
    the matrix-valued log-potential, without integration.

    Attributes
    ----------
    terms : tuple of (word, coefficient)
    laws : tuple of Law or Circular
    """

    terms: tuple[tuple[Word, Any], ...]
    laws: tuple[Law | Circular, ...]

    # ------------------------------------------------------------------ the equations
    @cached_property
    def _radii(self) -> list[float]:
        """Norms of the variables."""
        return [2.0 * math.sqrt(v.variance) if isinstance(v, Circular) else max(map(abs, v._hull())) for v in self.laws]

    @cached_property
    def _scale(self) -> float:
        """A bound on the norm of the polynomial without its constant term."""
        return math.fsum(
            abs(complex(value)) * math.prod(self._radii[x if x >= 0 else ~x] for x in word)
            for word, value in self.terms
            if word
        )

    @cached_property
    def _constant(self) -> float:
        return float(complex(dict(self.terms).get((), 0)).real)

    @cached_property
    def _equations(self) -> tuple[OperatorSubordination, int]:
        """The subordination equations of (p − constant)/scale in variables of norm 1, and the sign of the pencil."""
        scaled = {
            word: complex(value) * math.prod(self._radii[x if x >= 0 else ~x] for x in word) / self._scale
            for word, value in self.terms
            if word
        }
        hermitian = frozenset(i for i, v in enumerate(self.laws) if isinstance(v, Law))
        pencil = linearise(scaled, hermitian)
        d = pencil.dimension
        constant = pencil.constant
        eta = np.zeros((d * d, d * d), dtype=np.complex128)
        variables = []
        for i, v in enumerate(self.laws):
            if i not in pencil.coefficients:
                continue
            a = pencil.coefficients[i] / self._radii[i]
            if isinstance(v, Circular):
                # X -> a X a* + a* X a on row-major vec
                eta += float(v.variance) * (np.kron(a, a.conj()) + np.kron(a.conj().T, a.T))
            elif isinstance(v, Semicircle):
                constant = constant + v.mean() * a
                eta += v.var() * np.kron(a, a.T)
            else:
                variables.append(MatrixVariable(a, v))
        if not variables:
            variables.append(MatrixVariable(np.zeros((d, d), dtype=np.complex128), Semicircle()))
        return OperatorSubordination(constant, variables, eta), pencil.negative

    def _solve(self, z: Complex) -> Solution:
        return self._equations[0].solve((z - self._constant) / self._scale)

    def _remember(self, x: Real, solution: Solution) -> None:
        self._equations[0].remember(((x - self._constant) / self._scale).astype(np.complex128), solution)

    def _require_certified(self, z: Complex, solution: Solution) -> None:
        if not solution.certified.all():
            first = int(np.argmin(solution.certified))
            raise ConvergenceError(
                f"the law of {self!r} could not be certified at a point; it may be an edge or a singularity of the "
                "density, try a point beside it",
                point=complex(z[first]),
                residual=float(solution.residual[first]),
            )

    def _above(self, solution: Solution) -> Real:
        """Im U/π in [0, 1]: the mass above a real point."""
        equations, negative = self._equations
        turns = equations.potential(solution).imag / math.pi - negative
        # known up to multiples of 2; the right one is next to [0, 1]
        return np.clip((turns + 0.5) % 2.0 - 0.5, 0.0, 1.0)

    # ------------------------------------------------------------------ support
    @cached_property
    def _spectrum(self) -> tuple[tuple[Interval, ...], tuple[tuple[float, float], ...]]:
        return find_support(_Probe(self), self._constant - self._scale, self._constant + self._scale)

    @property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, found by search; see :mod:`rmt.free.scan`."""
        return self._spectrum[0]

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Atoms ``(position, mass)``, found as jumps of the distribution function."""
        return self._spectrum[1]

    def _interior(self, x: Real) -> Any:
        inside = np.zeros(x.shape, dtype=bool)
        for interval in self.support:
            inside |= (x > interval.low) & (x < interval.high)
        return inside

    # ------------------------------------------------------------------ values
    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for interval in self.support:
            for edge, exponent in (
                (interval.low, interval.low_exponent),
                (interval.high, interval.high_exponent),
            ):
                if exponent < 0.0:
                    out[x == edge] = np.inf
        inside = self._interior(x)
        if inside.any():
            z = x[inside].astype(np.complex128)
            solution = self._solve(z)
            self._require_certified(z, solution)
            out[inside] = np.maximum(-solution.g[:, 0, 0].imag, 0.0) / (math.pi * self._scale)
        return out

    def _sf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for interval in self.support:
            out[x <= interval.low] += interval.mass
        for position, mass in self.atoms:
            out[x < position] += mass
        inside = self._interior(x)
        if inside.any():
            z = x[inside].astype(np.complex128)
            solution = self._solve(z)
            self._require_certified(z, solution)
            out[inside] = self._above(solution)
        return np.clip(out, 0.0, 1.0)

    def _cdf(self, x: Real) -> Real:
        return 1.0 - self._sf(x)

    def _ppf(self, u: Real) -> Real:
        if not all(piece.converged for piece in self._pieces):
            return super()._ppf(u)
        parts: list[tuple[float, float, InterpolatedInterval | None]] = [(x, mass, None) for x, mass in self.atoms]
        parts += [(piece.interval.low, piece.interval.mass, piece) for piece in self._pieces]
        out = np.full_like(u, self._hull()[1])
        reached = 0.0
        for low, mass, piece in sorted(parts, key=lambda part: part[0]):
            here = (u > reached) & (u <= reached + mass)
            out[here] = low if piece is None else piece.ppf(u[here])
            reached += mass
        return out

    @cached_property
    def _pieces(self) -> list[InterpolatedInterval]:
        return [InterpolatedInterval(interval, self._cdf) for interval in self.support]

    def _stieltjes(self, z: Complex) -> Complex:
        out = np.empty_like(z)
        rest = np.ones(z.shape, dtype=bool)
        for position, _ in self.atoms:
            out[z == position] = complex(0.0, -math.inf)
            rest &= z != position
        solution = self._solve(z[rest])
        self._require_certified(z[rest], solution)
        values = solution.g[:, 0, 0] / self._scale
        outside = (z[rest].imag == 0.0) & ~self._interior(z[rest].real)
        out[rest] = np.where(outside, values.real, values)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        solution = self._solve(z)
        self._require_certified(z, solution)
        size = self._equations[0].potential(solution).real + math.log(self._scale)
        return np.asarray(size + 1j * math.pi * self._above(solution))

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return np.where(value > 0.0, self._stieltjes_error(x.astype(np.complex128), value) / math.pi, 0.0)

    def _cdf_error(self, x: Real, value: Real) -> Real:
        equations = self._equations[0]
        return np.full_like(x, EPS * (16.0 + 8.0 * len(equations.variables) * equations.dimension))

    def _stieltjes_error(self, z: Complex, value: Any) -> Real:
        return self._solve(z).error / self._scale

    # ------------------------------------------------------------------ moments and algebra
    def _exact_moments(self, order: int) -> list[Fraction]:
        terms = {word: _parts(value) for word, value in self.terms}
        actions: list[Recurrence | CircularAction] = []
        for i, v in enumerate(self.laws):
            if isinstance(v, Circular):
                actions.append(CircularAction(Fraction(v.variance)))
            else:
                degree = degree_needed(terms, i, order)
                actions.append(Recurrence(v._exact_moments(2 * degree + 2)))
        return polynomial_moments(terms, actions, order)

    def _affine(self, scale: Any, shift: Any) -> Law:
        terms = {word: scale * value for word, value in self.terms}
        terms[()] = terms.get((), 0) + shift
        return polynomial_law(terms, self.laws)


class _Probe:
    """Values of a polynomial law for the search of its support."""

    def __init__(self, law: PolynomialLaw) -> None:
        self._law = law

    def sample(self, x: Real) -> Samples:
        """G, its error, the mass above and the certificate."""
        law = self._law
        solution = law._solve(x.astype(np.complex128))
        law._remember(x, solution)
        # a point within rounding of an atom says nothing
        good = solution.certified & (np.abs(solution.g[:, 0, 0]) < 0.01 / EPS)
        above = np.full(x.shape, np.nan)
        above[good] = law._above(solution.restrict(good))
        return Samples(x, solution.g[:, 0, 0] / law._scale, solution.error / law._scale, above, good)

    def discriminant(self, x: Real) -> Real:
        """Logarithm of the modulus of the determinant of the Jacobian."""
        solution = self._law._solve(x.astype(np.complex128))
        return np.where(solution.certified, solution.determinant, np.nan)


def _parts(value: Any) -> tuple[Fraction, Fraction]:
    if isinstance(value, complex):
        return Fraction(value.real), Fraction(value.imag)
    return Fraction(value), Fraction(0)
