"""The equation of a law: a polynomial P(G, z), and what hangs on it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, check_choice, check_count, check_reals
from rmt.exact import eliminations
from rmt.exact.algebraic_numbers import AlgebraicNumber, between, real_roots
from rmt.exact.curves import LIMIT, CurveBuilder
from rmt.exact.integer_polynomials import IntegerPolynomial, Terms, _AnEquation, from_flint, primitive_terms
from rmt.exact.recurrences import Recurrence, find_recurrence
from rmt.exact.rings import MARK, Ring, Symbolic, exact_parameter, require_flint, ring
from rmt.exact.sheets import Sheet, working_bits
from rmt.laws.law import Law

#: moments kept with an equation, to know its branch
_SEED = 40
#: variables in which an equation is given, and what they are
VARIABLES = {
    "G": "the Cauchy transform G at z",
    "M": "m = zG − 1 at z",
    "R": "R(g), with z = R + 1/g",
    "B": "the inverse z = B(g) of G",
    "S": "S(m), with z = (1 + m)/(m S)",
}


class Band(NamedTuple):
    """An interval of the support between two algebraic numbers.

    Parameters
    ----------
    low, high : AlgebraicNumber
        The ends.

    Examples
    --------
    >>> import rmt
    >>> rmt.MarchenkoPastur(4).equation().bands()
    (Band(low=1, high=9),)
    """

    low: AlgebraicNumber
    high: AlgebraicNumber


class ExactAtom(NamedTuple):
    """A point mass: its position, and its mass as a fraction or algebraic number.

    Parameters
    ----------
    position : AlgebraicNumber
        Where it lies.
    mass : Fraction or AlgebraicNumber
        Its mass, in (0, 1].

    Examples
    --------
    >>> import rmt
    >>> rmt.MarchenkoPastur(4).equation().atoms()
    (ExactAtom(position=0, mass=Fraction(3, 4)),)
    """

    position: AlgebraicNumber
    mass: Fraction | AlgebraicNumber


@dataclass(frozen=True, repr=False)
class Equation(IntegerPolynomial, _AnEquation):
    """The irreducible polynomial P with P(G(z), z) = 0, of a law on the line.

    Made by :meth:`rmt.Law.equation` and :func:`rmt.exact.family`.

    Attributes
    ----------
    variables : tuple of str
        ``("G", "z")`` and the symbols, if any; ``("M", "z")``, ``("R", "g")``, ``("B", "g")`` or ``("S", "m")`` for
        the other transforms.
    terms : tuple of (exponents, coefficient)
        The monomials.
    seed : tuple of Fraction
        First moments m_0, m_1, ... of the law, which tell its branch at infinity from the others; empty where there
        are none.

    Examples
    --------
    >>> import rmt
    >>> equation = rmt.MarchenkoPastur(4).equation()
    >>> print(equation)
    4*G^2*z - G*z - 3*G + 1
    >>> equation.moments(3), equation.edges()
    ((Fraction(1, 1), Fraction(5, 1), Fraction(29, 1)), (1, 9))
    >>> equation.atoms(), equation.pieces(), equation.bands()
    ((ExactAtom(position=0, mass=Fraction(3, 4)),), (Band(low=1, high=9),), (Band(low=1, high=9),))
    >>> equation.discriminant().factors()
    ((z - 9, 1), (z - 1, 1))
    >>> equation.moebius(2, 0, 0, 1).edges(), equation.transposed(4).moments(2)
    ((2, 18), (Fraction(4, 1), Fraction(20, 1)))
    >>> equation.poles(), round(float(equation.density(4.0)), 9)
    (((0, Fraction(3, 4)),), 0.038525278)
    >>> equation.recurrence().continued([1, 1], 3)
    [Fraction(1, 1), Fraction(1, 1), Fraction(5, 1), Fraction(29, 1)]
    >>> rmt.exact.family(lambda c: rmt.MarchenkoPastur(ratio=c)).at(c=4).moments(2)
    (Fraction(1, 1), Fraction(5, 1))
    """

    seed: tuple[Fraction, ...] = field(default=(), compare=False)

    # ------------------------------------------------------------------ the curve
    def _plain(self, what: str) -> Equation:
        if len(self.variables) > 2:
            raise ValueError(
                f"{what} needs numbers in the place of the symbols {', '.join(self.variables[2:])}; "
                f"give them with equation.at({self.variables[2]}=...)"
            )
        if self.variables != ("G", "z"):
            raise ValueError(f"{what} is asked of the equation in G and z; take law.equation()")
        return self

    @cached_property
    def rows(self) -> list[Any]:
        """Coefficients of 1, G, G², ... as ``flint.fmpz_poly`` in z."""
        flint = require_flint()
        degree, other = self.degrees[:2]
        table = [[0] * (other + 1) for _ in range(degree + 1)]
        for (i, j, *_), c in self.terms:
            table[i][j] = c
        return [flint.fmpz_poly(row) for row in table]

    @cached_property
    def sheet(self) -> Sheet:
        """The physical branch, followed with balls."""
        self._plain("the branch of the law")
        return Sheet(self.rows, self._branch_seed)

    @property
    def _branch_seed(self) -> Sequence[Fraction]:
        if not self.seed:
            raise ValueError(
                "this law has no rational moments, so that its branch cannot be told from the others at infinity; "
                "its equation can be had, but not what hangs on the branch"
            )
        return self.seed

    def at(self, **values: Any) -> Any:
        """The equation at rational values of the symbols: its factor that is the law's.

        Parameters
        ----------
        **values : int or Fraction
            Values by the names of the symbols.

        Returns
        -------
        Equation

        Raises
        ------
        ValueError
            If a name is no symbol, or a value is not exact.
        """
        plain = super().at(**values)
        if plain.variables != ("G", "z"):
            return Equation(plain.variables, plain.terms) if plain.variables[:2] == ("G", "z") else plain
        return from_polynomial(plain)

    def discriminant(self) -> IntegerPolynomial:
        """The discriminant in G (or what stands for it): its zeros are where two roots meet, the edges among them.

        Returns
        -------
        IntegerPolynomial

        Examples
        --------
        >>> import rmt
        >>> rmt.Semicircle().equation().discriminant()
        z^2 - 4
        """
        return from_flint(self.flint.discriminant(self.variables[0]), self.variables).without(self.variables[0])

    # ------------------------------------------------------------------ moments
    def moments(self, k: int) -> tuple[Fraction, ...]:
        """Moments m_1 ... m_k as fractions, by Newton's iteration on the series at infinity, or the recurrence.

        Parameters
        ----------
        k : int
            Highest order, >= 1.

        Returns
        -------
        tuple of Fraction

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If symbols are left in the equation.
        """
        count = check_count("k", k)
        self._plain("moments")
        if count > _LONG:
            try:
                recurrence = self.recurrence()
            except ValueError:
                return tuple(self._series(count)[1:])
            start = self._series(max(recurrence.needed, 60))
            return tuple(recurrence.continued(start, count)[1:])
        return tuple(self._series(count)[1:])

    def recurrence(self) -> Recurrence:
        """The linear recurrence of the moments, proven; ``print`` it.

        Returns
        -------
        Recurrence

        Raises
        ------
        ValueError
            If symbols are left in the equation, or none is found.

        Examples
        --------
        >>> import rmt
        >>> rmt.MarchenkoPastur().equation().recurrence()
        (-4n - 2) m(n) + (n + 2) m(n+1) = 0
        """
        self._plain("a recurrence")
        if "_recurrence" not in self.__dict__:
            self.__dict__["_recurrence"] = find_recurrence(self._series, (self.degrees[0], self.degrees[1]))
        found: Recurrence = self.__dict__["_recurrence"]
        return found

    def _series(self, count: int) -> list[Fraction]:
        """Moments m_0 ... m_count."""
        kept: list[Fraction] = self.__dict__.get("_moments", [])
        if len(kept) <= count:
            kept = self._newton(count)
            self.__dict__["_moments"] = kept
        return kept[: count + 1]

    def _newton(self, count: int) -> list[Fraction]:
        flint = require_flint()
        curve, _, known, v = self.sheet._start
        head = [Fraction(m) for m in self.sheet.seed[:known]]
        need = count - known + 1
        if need <= 0:
            return head[: count + 1]
        y = flint.fmpq_poly([flint.fmpq(v.numerator, v.denominator)])
        rows = [flint.fmpq_poly(row) for row in curve.rows]
        inverse = flint.fmpq_poly([1 / rows[1](0)])
        length = 1
        while length < need:
            length = min(2 * length, need)
            value, slope = rows[-1].truncate(length), flint.fmpq_poly([0])
            for row in reversed(rows[:-1]):
                slope = slope.mul_low(y, length) + value
                value = value.mul_low(y, length) + row.truncate(length)
            for _ in range(2):
                inverse = inverse.mul_low(2 - slope.mul_low(inverse, length), length)
            y = (y - value.mul_low(inverse, length)).truncate(length)
        coefficients = [*y.coeffs(), *[flint.fmpq(0)] * need][:need]
        return [*head, *(Fraction(int(c.p), int(c.q)) for c in coefficients)]

    # ------------------------------------------------------------------ support
    @cached_property
    def critical_polynomials(self) -> tuple[Any, ...]:
        """Discriminant and leading coefficient as ``flint.fmpz_poly`` in z."""
        flint = require_flint()
        self._plain("edges")
        found = [self.rows[-1]]
        if self.degrees[0] > 1:
            d = self.discriminant()
            coefficients = [0] * (d.degrees[0] + 1)
            for (i,), c in d.terms:
                coefficients[i] = c
            found.append(flint.fmpz_poly(coefficients))
        return tuple(found)

    @cached_property
    def critical_points(self) -> tuple[AlgebraicNumber, ...]:
        """Real zeros of the discriminant and of the leading coefficient: G is analytic between them."""
        return tuple(sorted({x for p in self.critical_polynomials for x in real_roots(p)}))

    @cached_property
    def reach(self) -> float:
        """A radius beyond which the branch of the law has no singularity: all zeros lie nearer to 0."""
        largest = 1e-300
        for p in self.critical_polynomials:
            for factor, _ in p.factor()[1]:
                if factor.degree() > 0:
                    largest = max(largest, *(float(abs(r).upper()) for r, _ in factor.complex_roots()))
        return largest * (1 + 1e-9)

    def pieces(self) -> tuple[Band, ...]:
        """Intervals between critical points on which the density is positive.

        Returns
        -------
        tuple of Band
        """
        if "_pieces" not in self.__dict__:
            points = self.critical_points
            self.__dict__["_pieces"] = tuple(
                Band(low, high) for low, high in pairwise(points) if self._is_inside(between(low, high))
            )
        kept: tuple[Band, ...] = self.__dict__["_pieces"]
        return kept

    def bands(self) -> tuple[Band, ...]:
        """Intervals of the support with algebraic ends, from left to right; touching ones are one.

        Between two critical points the density is positive or zero throughout, which is decided at one rational point.

        Returns
        -------
        tuple of Band
        """
        bands: list[Band] = []
        for low, high in self.pieces():
            if bands and bands[-1].high == low:
                low = bands.pop().low
            bands.append(Band(low, high))
        return tuple(bands)

    def edges(self) -> tuple[AlgebraicNumber, ...]:
        """Ends of the intervals of the support, from left to right.

        Returns
        -------
        tuple of AlgebraicNumber

        Examples
        --------
        >>> import rmt
        >>> rmt.MarchenkoPastur(4).equation().edges()
        (1, 9)
        """
        return tuple(e for band in self.bands() for e in band)

    def _is_inside(self, x: Fraction) -> bool:
        """Whether the density is positive at a rational point that is not critical."""
        flint = require_flint()
        scale = x.denominator ** max(row.degree() for row in self.rows)
        at = flint.fmpq(x.numerator, x.denominator)
        exact = flint.fmpz_poly([int((row(at) * scale).p) for row in self.rows])
        for bits in (80, 160, 320):
            with working_bits(bits):
                roots = [r for factor, _ in exact.factor()[1] if factor.degree() > 0 for r, _ in factor.complex_roots()]
                value = self.sheet.value(flint.acb(at), 4.0 * self.reach + 1.0)
                touched = [r for r in roots if value.overlaps(r)]
                if len(touched) == 1:
                    return bool(touched[0].imag != 0)
        raise ConvergenceError("a root of the equation could not be told from its neighbours", point=float(x))

    def atoms(self) -> tuple[ExactAtom, ...]:
        """Point masses, from left to right: poles of G on the line.

        Returns
        -------
        tuple of ExactAtom
        """
        return tuple(ExactAtom(place, mass) for place, mass in self.poles() if mass > 0)

    def poles(self) -> tuple[tuple[AlgebraicNumber, Fraction | AlgebraicNumber], ...]:
        """Real poles of the branch of the law, with their residues, which are masses and positive for a law.

        Returns
        -------
        tuple of pairs of a position and a mass
        """
        flint = require_flint()
        found = []
        for place in real_roots(self.rows[-1]):
            with working_bits(256):
                ball = place.ball(256)
                distance = flint.arb(2) ** -40 * (1 + abs(ball))
                near = flint.acb(ball.mid(), distance.mid())
                value = self.sheet.value(near, 4.0 * self.reach + 1.0)
                mass = float((value * flint.acb(0, distance)).real.mid())
            exact = self._residue(place, mass) if abs(mass) > 1e-5 else None
            if exact is not None:
                found.append((place, exact))
        return tuple(found)

    def _residue(self, place: AlgebraicNumber, near: float) -> Fraction | AlgebraicNumber | None:
        """The mass near this number, from the lowest order of P(w/(z − a), z) at a."""
        flint = require_flint()
        factor = flint.fmpz_poly(list(place.polynomial))
        orders = []
        for row in self.rows:
            order = 0
            while row.degree() >= 0 and row % factor == 0 if row.degree() >= factor.degree() else False:
                row, order = row // factor, order + 1
            orders.append((order, row))
        lowest = min(order - i for i, (order, row) in enumerate(orders) if row.degree() >= 0)
        a = place.rational
        if a is None:  # over the number field: the resultant with its polynomial
            x, w = _two_variables()
            minimal = _as_x(factor, x)
            slope = _as_x(factor.derivative(), x)
            total = sum(
                (_as_x(row, x) * slope**order * w**i for i, (order, row) in enumerate(orders) if order - i == lowest),
                x * 0,
            )
            norm = minimal.resultant(total, "x")
            coefficients = [0] * (int(norm.degrees()[1]) + 1)
            for k, c in norm.to_dict().items():
                coefficients[int(k[1])] = int(c)
        else:
            values = [
                row(flint.fmpq(a.numerator, a.denominator)) * flint.fmpq(int(factor[1])) ** order
                if order - i == lowest
                else flint.fmpq(0)
                for i, (order, row) in enumerate(orders)
            ]
            scale = math.lcm(*(int(v.q) for v in values))
            coefficients = [int((v * scale).p) for v in values]
        candidates = [r for r in real_roots(flint.fmpz_poly(coefficients)) if abs(float(r) - near) < 1e-3 * abs(near)]
        if not candidates:
            return None
        best = min(candidates, key=lambda r: abs(float(r) - near))
        return best.rational if best.rational is not None else best

    # ------------------------------------------------------------------ density
    def density(self, x: ArrayLike) -> Any:
        """Density at `x`, by following the branch of the law with balls: a second way to ``law.pdf``.

        Parameters
        ----------
        x : array_like of float
            Points of the real axis.

        Returns
        -------
        float or ndarray of float, like `x`

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        ConvergenceError
            At an edge.
        """
        flint = require_flint()
        points = check_reals("x", x)
        self._plain("a density")
        out = np.zeros(points.shape)
        for i, point in np.ndenumerate(points):
            with working_bits(80):
                value = self.sheet.value(flint.acb(float(point)), 4.0 * self.reach + 1.0)
                density = -value.imag / flint.arb.pi()
                out[i] = 0.0 if density.contains(0) else float(density.mid())
        return out[()]

    # ------------------------------------------------------------------ operations without a law of their own
    def moebius(self, a: Any, b: Any, c: Any, d: Any) -> Equation:
        """The equation of (aX + b)/(cX + d), a d ≠ b c.

        Parameters
        ----------
        a, b, c, d : int or Fraction
            Coefficients of the map.

        Returns
        -------
        Equation

        Raises
        ------
        ValueError
            If a d = b c.
        """
        if a * d == b * c:
            raise ValueError(f"a d must differ from b c, got {(a, b, c, d)!r}: the map would be constant")
        return self._mapped(
            lambda p, r: eliminations.moebius(p, [r.quotient(v, "a coefficient") for v in (a, b, c, d)], r)
        )

    def transposed(self, ratio: Any) -> Equation:
        """The equation of X*X from that of XX*, with rows/columns = `ratio`.

        Parameters
        ----------
        ratio : int or Fraction
            Rows over columns of X, > 0.

        Returns
        -------
        Equation
        """
        return self._mapped(lambda p, r: eliminations.transposed(p, r.quotient(ratio, "ratio"), r))

    def _mapped(self, operation: Callable[[Any, Ring], Any]) -> Equation:
        self._plain("this operation")
        r = ring(())
        p = operation(r.context.from_dict({(*k, 0): c for k, c in self.terms}), r)
        candidates = [f for f, _ in p.factor()[1] if f.degrees()[0] > 0]
        return from_polynomial(_as_polynomial(candidates[0], r))


#: moments from which the recurrence pays
_LONG = 400


def _two_variables() -> tuple[Any, Any]:
    flint = require_flint()
    x, w = flint.fmpz_mpoly_ctx.get(["x", "w"], flint.Ordering.lex).gens()
    return x, w


def _as_x(p: Any, x: Any) -> Any:
    return sum((int(c) * x**i for i, c in enumerate(p.coeffs())), x * 0)


def from_polynomial(polynomial: IntegerPolynomial, moments: Sequence[Any] = ()) -> Equation:
    """The equation with this polynomial in G and z, its branch by zG → 1 or by the first moments."""
    seed = tuple(map(Fraction, moments)) or (Fraction(1),)
    if seed[0] != 1:
        seed = (Fraction(1), *seed)
    bare = Equation(("G", "z"), polynomial.terms, (*seed, Fraction(0)))
    flint = require_flint()
    factors = [f for f, _ in bare.factors() if f.degrees[0] > 0]
    del flint
    last: Exception | None = None
    for f in factors:
        candidate = Equation(("G", "z"), f.terms, (*seed, Fraction(0)))
        try:
            found = candidate._newton(_SEED)
        except (ConvergenceError, ZeroDivisionError) as error:
            last = error
            continue
        if found[: len(seed)] == list(seed):
            return Equation(("G", "z"), f.terms, tuple(found))
    raise ValueError(
        f"{polynomial} has no single branch with zG → 1 at infinity and these moments; give more of them, "
        f"moments=(m_1, m_2, ...)"
    ) from last


def equation_of(law: Law, variable: str = "G", *, limit: int = LIMIT, binary: bool = False) -> Equation:
    """Implement :meth:`rmt.Law.equation`."""
    check_choice("variable", variable, VARIABLES)
    kept: dict[str, Equation] = law.__dict__.setdefault("_equation", {})
    key = "binary" if binary and "G" not in kept else "G"
    if key not in kept:
        r = ring((), binary)
        p = CurveBuilder(r, {}, limit).of_law(law)
        kept[key] = _with_branch(_as_polynomial(p, r), law)
    return in_variable(kept[key], variable)


def _with_branch(polynomial: IntegerPolynomial, law: Law) -> Equation:
    try:
        seed = tuple(law._exact_moments(_FIRST))
    except ValueError:  # none, or no rational ones; the branch may be the only one with zG → 1
        try:
            return from_polynomial(polynomial)
        except ValueError:
            return Equation(("G", "z"), polynomial.terms)
    count = _FIRST
    while True:
        equation = Equation(("G", "z"), polynomial.terms, tuple(map(Fraction, seed)))
        try:
            _ = equation.sheet._start
        except ConvergenceError:
            count *= 2
            if count > 200:
                raise
            seed = tuple(law._exact_moments(count))
            continue
        return equation


#: moments that are tried first
_FIRST = 6


def _as_polynomial(p: Any, r: Ring) -> IntegerPolynomial:
    """The polynomial without the auxiliary variable."""
    terms = {(int(k[0]), int(k[1]), *(int(e) for e in k[3:])): int(c) for k, c in p.to_dict().items()}
    return IntegerPolynomial(("G", "z", *r.symbols), primitive_terms(terms))


def in_variable(equation: Equation, variable: str) -> Equation:
    """The same equation for another transform; see :data:`VARIABLES`."""
    if variable == "G":
        return equation
    symbols = equation.variables[2:]
    r = ring(symbols)
    p = r.context.from_dict({(k[0], k[1], 0, *k[2:]): c for k, c in equation.terms})
    y, x = r.G, r.z
    if variable == "M":
        q, names = eliminations.to_m(p, r), ("M", "z")
    elif variable == "B":
        q, names = r.substitute(p, G=(x, r.one), z=(y, r.one)), ("B", "g")
    elif variable == "R":
        q, names = r.substitute(p, G=(x, r.one), z=(x * y + 1, x)), ("R", "g")
    else:
        q, names = r.substitute(p, G=(x * y, r.one), z=(1 + x, x * y)), ("S", "m")
    q = r.without(q, (r.z, r.G, 1 + r.z))
    terms: Terms = _as_polynomial(q, r).terms
    return Equation((*names, *symbols), terms, equation.seed)


def family(build: Callable[..., Law], *, limit: int = LIMIT, **trial: Any) -> Equation:
    """The equation of a law with symbols as parameters.

    Parameters
    ----------
    build : callable
        Builds the law from its parameters; their names become the symbols.
    limit : int
        Monomials that an elimination may reach.
    **trial : real
        A point of the family at which its laws exist (default: parameters between 1 and 2), if the default is none.

    Returns
    -------
    Equation
        In G, z and the symbols.

    Raises
    ------
    ValueError
        If the trial values give no law, or a symbol is lost on the way.

    Examples
    --------
    >>> import rmt
    >>> rmt.exact.family(lambda c: rmt.MarchenkoPastur(ratio=c))
    G^2*z*c - G*z - G*c + G + 1 = 0
    """
    names = tuple(inspect.signature(build).parameters)
    if not names:
        raise ValueError("family needs a function with at least one parameter, such as lambda c: ...")
    if set(trial) - set(names):
        raise ValueError(f"unknown symbol {sorted(set(trial) - set(names))[0]!r}; the symbols are {', '.join(names)}")
    if set(names) & {"G", "z", "w"}:
        raise ValueError("the names G, z and w are taken; call the parameters otherwise")
    r = ring(names)
    values: dict[str, Fraction] = {}
    arguments = {}
    for i, name in enumerate(names):
        centre = exact_parameter(trial[name], name) if name in trial else Fraction(9 + 2 * i, 7 + i)
        values[name] = Fraction(centre) + Fraction(1 + i, MARK)
        arguments[name] = Symbolic(values[name], r.generators[i], r.one)
    p = CurveBuilder(r, values, limit).of_law(build(**arguments))
    polynomial = _as_polynomial(p, r)
    return Equation(polynomial.variables, polynomial.terms)
