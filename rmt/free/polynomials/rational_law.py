"""Laws of self-adjoint rational functions, and of block matrices of such, in free variables.

A function is written as nested tuples:

- an integer: ``i`` is variable number i, ``~i`` its adjoint;
- ``("matrix", rows)``: a matrix of numbers;
- ``("sum", (c, f), ...)`` and ``("product", f, ...)``;
- ``("inverse", f)``;
- ``("block", row, ...)``: a matrix of functions, row by row.

A variable is a 1 x 1 block. The trace of a p x p block matrix is the mean of the traces of its diagonal blocks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from rmt._cached import cached_property
from rmt.errors import shown
from rmt.free.polynomials.linearisation import Pencil, Word
from rmt.free.polynomials.pencil_law import FreeVariable, HaarUnitary, PencilLaw, norm, self_adjoint
from rmt.free.polynomials.realisation import Matrix, Realisation, points
from rmt.laws.atomic import Atomic, AtomicLaw
from rmt.laws.law import Law

Formula: TypeAlias = Any
Variables: TypeAlias = tuple[FreeVariable, ...]

_MOST_ROWS = 60  # size of a pencil beyond which its equations take too long
_TOUCHING = 1e-10  # distance of a spectrum from 0, relative to its size, that is rounding
_COMMUTES = 1e-9  # relative size of a commutator that is rounding
_SAMPLED = 8  # rows of the matrices at which a realisation is held against its function
_TRANSFORMED = 64  # points of the half circle on which the determinant of the lower block is averaged


def rational_law(formula: Formula, laws: Sequence[FreeVariable]) -> Law:
    """Law of a self-adjoint rational function, or block matrix, in free variables.

    Parameters
    ----------
    formula : int or tuple
        As in the head of :mod:`rmt.free.polynomials.rational_law`.
    laws : sequence of Law, CircularElement or HaarUnitary
        The law of each variable, on a bounded interval.

    Returns
    -------
    Law
        A :class:`RationalLaw`; a simpler one where the function is a polynomial or block diagonal in some basis.

    Raises
    ------
    ValueError
        If the function is not self-adjoint, a law is unbounded, 0 is no positive distance away from the spectrum of
        what is inverted, or the pencil is too large.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> shifted = ("sum", (1, ("matrix", ((3,),))), (1, 0))
    >>> law = rational_law(("sum", (1, ("inverse", shifted)), (1, 0)), [Semicircle()])
    >>> round(law.mean(), 12)  # (3 − √5)/2
    0.38196601125
    """
    variables = tuple(laws)
    for variable in variables:
        if isinstance(variable, Law) and not all(map(math.isfinite, variable._hull())):
            raise ValueError(f"laws must have bounded support, got {variable!r}; truncate it")
    return _law(formula, variables)


@lru_cache(maxsize=256)
def _law(formula: Formula, laws: Variables) -> Law:
    terms = _words(formula, laws)
    if terms is not None:
        return _of_words(terms, laws)
    for inner in _inverted(formula):
        _reciprocal(inner, laws)
    function = realise(formula, laws)
    if not is_self_adjoint(function, laws):
        raise ValueError(f"the function is not self-adjoint: {shown(formula)}; f and its adjoint make (f + f*)/2")
    if function.size == 0 and not function.letters:
        values = np.linalg.eigvalsh(function.coefficients[None])
        return Atomic(values.tolist(), [Fraction(1, len(values))] * len(values))
    if function.size > _MOST_ROWS:
        raise ValueError(
            f"the linear pencil of the expression has {function.size} rows, more than {_MOST_ROWS}; sample the "
            "expression, or give parts of it by their laws, rmt.haar_conjugate(rmt.diagonal(law))"
        )
    parts = _reducing(function)
    if len(parts) > 1:
        return _mixed([(_compressed(formula, basis), basis.shape[1]) for basis in parts], laws)
    if function.shape == (1, 1):
        if function.size == 0:
            return _of_words(_affine_words(function, laws), laws)
        (first, *others) = {max(x, ~x) for x in function.letters}
        if not others and isinstance(only := laws[first], AtomicLaw):
            return _of_atoms(formula, laws, first, only)
    return RationalLaw(formula, laws)


def _mixed(parts: list[tuple[Formula, int]], laws: Variables) -> Law:
    """Law of a block diagonal matrix."""
    from rmt.free.operations import mixture

    found: dict[Law, int] = {}
    for part, size in parts:
        law = _law(part, laws)
        found[law] = found.get(law, 0) + size
    if len(found) == 1:
        return next(iter(found))
    total = sum(found.values())
    return mixture(*found, weights=[Fraction(size, total) for size in found.values()])


def _of_words(terms: dict[Word, Any], laws: Variables) -> Law:
    from rmt.free.polynomials.polynomial_law import polynomial_law

    if not any(terms):
        return Atomic((complex(terms.get((), 0)).real,), (1,))
    return polynomial_law(terms, laws)


def _affine_words(function: Realisation, laws: Variables) -> dict[Word, Any]:
    """The self-adjoint polynomial of degree 1 that a realisation without inner rows is, exactly self-adjoint."""
    out: dict[Word, Any] = {}
    for x, m in function.coefficients.items():
        if x is None or isinstance(laws[max(x, ~x)], Law):
            value: Any = float(m[0, 0].real)
        else:
            value = (complex(m[0, 0]) + complex(function.coefficients.get(~x, m)[0, 0]).conjugate()) / 2
        if value:
            out[() if x is None else (x,)] = value if x is None else value / norm(laws[max(x, ~x)])
    return out


def _of_atoms(formula: Formula, laws: Variables, place: int, law: AtomicLaw) -> Law:
    """Law of a function of one variable with atoms only: they move."""
    positions, masses = law._points()
    values = [float(evaluate(formula, {place: np.array([[float(a)]])})[0, 0].real) for a in positions]
    return Atomic(values, masses)


# ---------------------------------------------------------------------- formulas
def shape(formula: Formula) -> tuple[int, int]:
    """Rows and columns of the values."""
    if isinstance(formula, int):
        return 1, 1
    kind, *parts = formula
    if kind == "matrix":
        return len(parts[0]), len(parts[0][0])
    if kind == "sum":
        return shape(parts[0][1])
    if kind == "product":
        return shape(parts[0])[0], shape(parts[-1])[1]
    if kind == "inverse":
        return shape(parts[0])
    return sum(shape(row[0])[0] for row in parts), sum(shape(part)[1] for part in parts[0])


def adjoint(formula: Formula, laws: Variables) -> Formula:
    """The formula of the adjoint."""
    if isinstance(formula, int):
        return formula if isinstance(laws[max(formula, ~formula)], Law) else ~formula
    kind, *parts = formula
    if kind == "matrix":
        (rows,) = parts
        return kind, tuple(tuple(_conjugate(row[j]) for row in rows) for j in range(len(rows[0])))
    if kind == "sum":
        return kind, *((_conjugate(c), adjoint(f, laws)) for c, f in parts)
    if kind == "product":
        return kind, *(adjoint(f, laws) for f in reversed(parts))
    if kind == "inverse":
        return kind, adjoint(parts[0], laws)
    return kind, *(tuple(adjoint(row[j], laws) for row in parts) for j in range(len(parts[0])))


def _conjugate(number: Any) -> Any:
    return number.conjugate() if isinstance(number, complex) else number


def _children(formula: Formula) -> tuple[Formula, ...]:
    if isinstance(formula, int) or formula[0] == "matrix":
        return ()
    kind, *parts = formula
    if kind == "sum":
        return tuple(f for _, f in parts)
    return tuple(part for row in parts for part in row) if kind == "block" else tuple(parts)


def _inverted(formula: Formula) -> list[Formula]:
    """What is inverted, the innermost first."""
    found = [inner for child in _children(formula) for inner in _inverted(child)]
    if not isinstance(formula, int) and formula[0] == "inverse":
        found.append(formula[1])
    return list(dict.fromkeys(found))


def _compressed(formula: Formula, basis: Matrix) -> Formula:
    """V* f V for an isometry V."""
    columns = tuple(tuple(_plain(v) for v in row) for row in basis.tolist())
    rows = tuple(tuple(_plain(v) for v in row) for row in basis.conj().T.tolist())
    return "product", ("matrix", rows), formula, ("matrix", columns)


def _plain(number: complex) -> complex | float:
    return number if number.imag else number.real


def _words(formula: Formula, laws: Variables) -> dict[Word, Any] | None:
    """The polynomial of a formula without inverses and blocks; None for others."""
    if isinstance(formula, int):
        return {(formula,): 1}
    kind, *parts = formula
    if kind == "matrix" and shape(formula) == (1, 1):
        return {(): parts[0][0][0]}
    if kind not in ("sum", "product"):
        return None
    total: dict[Word, Any] = {}
    if kind == "sum":
        for c, f in parts:
            words = _words(f, laws)
            if words is None:
                return None
            for word, d in words.items():
                total[word] = total.get(word, 0) + c * d
        return total
    total = {(): 1}
    for f in parts:
        words = _words(f, laws)
        if words is None:
            return None
        product: dict[Word, Any] = {}
        for (u, c), (v, d) in itertools.product(total.items(), words.items()):
            product[u + v] = product.get(u + v, 0) + c * d
        total = product
    return total


def evaluate(formula: Formula, point: dict[int, Matrix], size: int = 1) -> Matrix:
    """The matrix that a formula is at matrices of some size in place of the variables.

    Raises
    ------
    LinAlgError
        If something that is inverted is singular there.
    """
    if isinstance(formula, int):
        return point[formula] if formula >= 0 else point[~formula].conj().T
    kind, *parts = formula
    if kind == "matrix":
        return np.kron(np.array([[complex(v) for v in row] for row in parts[0]]), np.eye(size))
    if kind == "sum":
        return np.asarray(sum(complex(c) * evaluate(f, point, size) for c, f in parts))
    if kind == "product":
        out = evaluate(parts[0], point, size)
        for f in parts[1:]:
            out = out @ evaluate(f, point, size)
        return out
    if kind == "inverse":
        return np.asarray(np.linalg.inv(evaluate(parts[0], point, size)))
    return np.block([[evaluate(part, point, size) for part in row] for row in parts])


def _numbers(values: Sequence[float]) -> dict[int, Matrix]:
    return {i: np.array([[value]], dtype=np.complex128) for i, value in enumerate(values)}


# ---------------------------------------------------------------------- realisations
@lru_cache(maxsize=256)
def realise(formula: Formula, laws: Variables) -> Realisation:
    """The smallest realisation of a formula, in variables of norm 1."""
    return _realised(formula, laws).reduced()


def _realised(formula: Formula, laws: Variables) -> Realisation:
    if isinstance(formula, int):
        return Realisation.variable(formula).scaled(norm(laws[max(formula, ~formula)]))
    kind, *parts = formula
    if kind == "matrix":
        return Realisation.constant(evaluate(formula, {}))
    if kind == "inverse":
        return realise(parts[0], laws).inverse()
    if kind == "block":
        return Realisation.block([[realise(part, laws) for part in row] for row in parts])
    total: Realisation | None = None
    for part in parts:
        if kind == "sum":
            c, f = part
            following = realise(f, laws).scaled(complex(c))
            total = following if total is None else (total + following).reduced()
        else:
            following = realise(part, laws)
            total = following if total is None else (total @ following).reduced()
    assert total is not None
    return total


def is_self_adjoint(function: Realisation, laws: Variables) -> bool:
    """Whether a function is its own adjoint, up to rounding."""
    if function.shape[0] != function.shape[1]:
        return False
    return (function + function.adjoint(self_adjoint(laws)).scaled(-1.0)).vanishes()


def _reducing(function: Realisation) -> list[Matrix]:
    """Orthonormal bases of constant subspaces, as small as possible, that the function leaves invariant."""
    p = function.shape[0]
    if p == 1:
        return [np.eye(1, dtype=np.complex128)]
    conditions = []
    for point in points(set(function.letters), 4):
        value = function.at(point)[0]
        m = len(value) // p
        blocks = value.reshape(p, m, p, m).transpose(1, 3, 0, 2).reshape(m * m, p, p)
        eye = np.eye(p)
        conditions += [np.kron(b, eye) - np.kron(eye, b.T) for b in blocks]  # on row-major vec
    _, sizes, rows = np.linalg.svd(np.concatenate(conditions))
    commutant = rows[sizes < _COMMUTES * sizes[0]].conj().reshape(-1, p, p)
    rng = np.random.default_rng(0)
    chosen = np.tensordot(rng.standard_normal(len(commutant)), commutant, axes=1)
    values, vectors = np.linalg.eigh(chosen + chosen.conj().T)
    cuts = np.flatnonzero(np.diff(values) > 1e-6 * np.abs(values).max()) + 1
    return np.split(vectors, cuts, axis=1)


# ---------------------------------------------------------------------- what is inverted
@lru_cache(maxsize=256)
def _reciprocal(formula: Formula, laws: Variables) -> tuple[float, float]:
    """An interval that contains the spectrum of the inverse, or plus and minus a bound on its norm.

    Raises
    ------
    ValueError
        If 0 is no positive distance away from the spectrum of what is inverted, or of f f* if it is not self-adjoint.
    """
    hermitian = is_self_adjoint(realise(formula, laws), laws)
    law = _law(formula if hermitian else ("product", formula, adjoint(formula, laws)), laws)
    low, high = law._hull()
    size = max(abs(low), abs(high))
    what = "what is inverted" if hermitian else "f f*, for the f that is inverted,"
    remedy = "add a constant, (X + c).inverse(), that moves it away from 0"
    mass = dict(law.atoms).get(0.0, 0.0)
    if mass > 0.0:
        raise ValueError(f"the inverse does not exist: the law of {what} has mass {mass:.6g} at 0; {remedy}")
    ends = [(i.low, i.high) for i in law.support] + [(a, a) for a, m in law.atoms if m > 0.0]
    for a, b in ends:
        if a < 0.0 < b:
            raise ValueError(
                f"the inverse is unbounded, so that no law is known of an expression in it: 0 is inside the spectrum "
                f"of {what} [{a:.6g}, {b:.6g}]; {remedy}"
            )
        if min(abs(a), abs(b)) < _TOUCHING * size:
            raise ValueError(
                f"the inverse is unbounded, so that no law is known of an expression in it: the spectrum of {what} "
                f"[{a:.6g}, {b:.6g}] has its edge at 0; {remedy}"
            )
    values = [1.0 / end for pair in ends for end in pair]
    if hermitian:
        return min(values), max(values)
    bound = math.sqrt(max(values))
    return -bound, bound


def _hull(formula: Formula, laws: Variables) -> tuple[float, float]:
    """An interval that contains the spectrum of a self-adjoint function; plus and minus a norm for others."""
    if isinstance(formula, int):
        variable = laws[max(formula, ~formula)]
        return variable._hull() if isinstance(variable, Law) else (-norm(variable), norm(variable))
    kind, *parts = formula
    if kind == "inverse":
        return _reciprocal(parts[0], laws)
    if kind == "matrix":
        matrix = evaluate(formula, {})
        if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, matrix.conj().T):
            values = np.linalg.eigvalsh(matrix)
            return float(values[0]), float(values[-1])
        bound = float(np.linalg.norm(matrix, 2))
    elif kind == "sum":
        low = high = 0.0
        for c, f in parts:
            ends = _hull(f, laws)
            if isinstance(c, complex):
                ends = (-_norm(f, laws), _norm(f, laws))
            a, b = (abs(c) * end if isinstance(c, complex) else float(c) * end for end in ends)
            low, high = low + min(a, b), high + max(a, b)
        return low, high
    elif kind == "product":
        bound = math.prod(_norm(f, laws) for f in parts)
    else:
        norms = np.array([[_norm(part, laws) for part in row] for row in parts])
        bound = float(np.linalg.norm(norms, 2))
    return -bound, bound


def _norm(formula: Formula, laws: Variables) -> float:
    """A bound on the norm of a function."""
    return max(map(abs, _hull(formula, laws)))


# ---------------------------------------------------------------------- the law
@dataclass(frozen=True, repr=False)
class RationalLaw(PencilLaw):
    """Law of a self-adjoint rational function, or block matrix of such, in free variables.

    Build it with :func:`rmt.free.polynomials.rational_law.rational_law`, or as the law of an expression with
    ``.inverse()`` or :func:`rmt.block`. The function is the Schur complement of a linear pencil, of minimal size and
    with Hermitian coefficients (Helton, Mai and Speicher 2018); values come from the matrix-valued subordination
    equations of the pencil, with the certificates of :class:`PolynomialLaw`. Moments are contour integrals of G around
    the spectrum.

    Attributes
    ----------
    formula : int or tuple
        As in the head of :mod:`rmt.free.polynomials.rational_law`.
    laws : tuple of Law, CircularElement or HaarUnitary

    References
    ----------
    Helton, Mai and Speicher 2018.

    Examples
    --------
    >>> import rmt
    >>> X, W = rmt.gue(), rmt.wishart(ratio=0.5)
    >>> law = ((X + W + 4).inverse() + X).law()
    >>> type(law).__name__, round(law.mean(), 12)
    ('RationalLaw', 0.213198184928)
    """

    formula: Formula
    laws: tuple[FreeVariable, ...]

    # ------------------------------------------------------------------ the equations
    @cached_property
    def _interval(self) -> tuple[float, float]:
        return _hull(self.formula, self.laws)

    @property
    def _centre(self) -> float:
        return 0.5 * (self._interval[0] + self._interval[1])

    @property
    def _scale(self) -> float:
        return 0.5 * (self._interval[1] - self._interval[0])

    @cached_property
    def _pencil(self) -> Pencil:
        function = realise(self.formula, self.laws).hermitian(self_adjoint(self.laws))
        outer = function.shape[0]
        coefficients = {x: m.copy() for x, m in function.coefficients.items()}
        coefficients[None][:outer, :outer] -= self._centre * np.eye(outer)
        size = np.ones(outer + function.size)
        size[:outer] = 1.0 / math.sqrt(self._scale)
        for _ in range(4):  # all rows of the lower block of the size 1
            largest = np.max([np.abs(m[outer:]) for m in coefficients.values()], axis=0)
            rows = (largest * size * size[outer:, None]).max(axis=1, initial=0.0)
            size[outer:] /= np.sqrt(rows)
        made = {x: m * size * size[:, None] for x, m in coefficients.items()}
        constant = made.pop(None)
        letters = {x: m for x, m in made.items() if x is not None}
        return Pencil(constant, letters, outer=outer, uncertainty=self._defect(function) / self._scale)

    def _defect(self, function: Realisation) -> float:
        """Largest difference of the function and its realisation at random matrices in place of the variables."""
        rng = np.random.default_rng(0)
        rows = _SAMPLED
        point: dict[int, Matrix] = {}
        for i, variable in enumerate(self.laws):
            g = rng.standard_normal((rows, rows)) + 1j * rng.standard_normal((rows, rows))
            if isinstance(variable, Law):  # a spectrum as that of the law, where inverses are bounded
                basis, _ = np.linalg.qr(g)
                values = variable.ppf((rng.permutation(rows) + 0.5) / rows)
                point[i] = (basis * values) @ basis.conj().T
            else:
                left, sizes, right = np.linalg.svd(g)
                scale = 1.0 if isinstance(variable, HaarUnitary) else sizes / sizes[0] * norm(variable)
                point[i] = (left * scale) @ right
        scaled = {i: m / norm(self.laws[i]) for i, m in point.items()}
        scaled |= {~i: m.conj().T for i, m in scaled.items()}
        value = evaluate(self.formula, point, rows)
        return float(np.linalg.norm(function.at({x: scaled[x] for x in function.letters})[0] - value, 2))

    @cached_property
    def _lower(self) -> tuple[float, float]:
        # log of the determinant less that of z: on a circle around the spectrum its mean is the value at infinity
        angles = (np.arange(_TRANSFORMED) + 0.5) * math.pi / _TRANSFORMED
        circle = self._centre + self._scale * np.append(2.0 * np.exp(1j * angles), 2.0 + 0j)
        total = self._equations.potential(self._certified(circle.astype(np.complex128)))
        outer = self._pencil.outer
        return float(total.real[:-1].mean() - outer * math.log(2.0)), float(total.imag[-1] / math.pi)

    def _at(self, point: Sequence[float]) -> list[float]:
        try:
            value = evaluate(self.formula, _numbers(point))
        except np.linalg.LinAlgError:
            return []
        found = np.linalg.eigvalsh(value)
        return [float(x) for x in found if math.isfinite(x)]

    # ------------------------------------------------------------------ moments and algebra
    def _exact_moments(self, order: int) -> list[Fraction]:
        if order > 0:
            raise ValueError(f"the moments of {self!r} are known as floats only (exact=False)")
        return [Fraction(1)]

    def _affine(self, scale: Any, shift: Any) -> Law:
        rows = shape(self.formula)[0]
        identity = tuple(tuple(int(i == j) for j in range(rows)) for i in range(rows))
        return _law(("sum", (scale, self.formula), (shift, ("matrix", identity))), self.laws)
