"""Finite free probability: convolutions of polynomials of degree n that are mean characteristic polynomials.

For n × n matrices A and B and a random orthogonal Q (Haar, or a random signed permutation) the mean of the
characteristic polynomial of A + QBQᵀ depends on those of A and B only; so does that of AQBQᵀ (Marcus, Spielman and
Srivastava 2022). As n grows the roots follow the free convolutions, to order 1/n. Nothing here needs python-flint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_count, check_real, shown
from rmt.exact.real_rooted import big_integers, roots_of
from rmt.laws.atomic import Empirical

#: most roots
_LARGEST = 2000


@dataclass(frozen=True, repr=False)
class MonicPolynomial:
    """A polynomial Σ (−1)^i a_i x^(n−i) with a_0 = 1.

    Attributes
    ----------
    elementary : tuple of Fraction
        a_0 = 1, a_1, ..., a_n: the elementary symmetric functions of the roots.

    Examples
    --------
    >>> p = MonicPolynomial.from_roots([1, 2, Fraction(1, 2)])
    >>> p
    x^3 - 7/2 x^2 + 7/2 x - 1
    >>> p.roots()
    array([0.5, 1. , 2. ])
    """

    elementary: tuple[Fraction, ...]

    @staticmethod
    def from_roots(roots: Any) -> MonicPolynomial:
        """The polynomial with these real roots; fractions stay exact, floats give coefficients of 3n + 200 bits.

        Raises
        ------
        TypeError, ValueError
            If a root is no finite real number, or there are none.
        """
        values = [check_real("a root", r) for r in (roots.tolist() if isinstance(roots, np.ndarray) else roots)]
        n = check_count("number of roots", len(values), maximum=_LARGEST)
        if any(isinstance(v, float) for v in values):
            return MonicPolynomial(tuple(_rounded_elementary([float(v) for v in values], 3 * n + 200)))
        exact = [Fraction(v) for v in values]
        scale = math.lcm(*(v.denominator for v in exact))
        whole = [int(v * scale) for v in exact]
        e = [1]
        for r in whole:
            e = [a + r * b for a, b in zip([*e, 0], [0, *e], strict=True)]
        return MonicPolynomial(tuple(Fraction(a, scale**i) for i, a in enumerate(e)))

    @staticmethod
    def from_coefficients(coefficients: Any) -> MonicPolynomial:
        """The polynomial with these coefficients, the highest first; it is divided by the first one.

        Raises
        ------
        ValueError
            If the first coefficient is 0, or the degree is below 1.
        """
        values = [Fraction(check_real("a coefficient", c)) for c in coefficients]
        check_count("degree", len(values) - 1, maximum=_LARGEST)
        if values[0] == 0:
            raise ValueError("the first coefficient must not be 0; leave out leading zeros")
        return MonicPolynomial(tuple((-1) ** i * c / values[0] for i, c in enumerate(values)))

    @property
    def degree(self) -> int:
        """Number n of roots."""
        return len(self.elementary) - 1

    @property
    def coefficients(self) -> tuple[Fraction, ...]:
        """Coefficients, the highest first."""
        return tuple((-1) ** i * a for i, a in enumerate(self.elementary))

    def roots(self) -> np.ndarray:
        """Real roots in increasing order, to machine precision of the largest.

        Raises
        ------
        ValueError
            If some are not real.
        """
        return self._roots.copy()

    @cached_property
    def _roots(self) -> np.ndarray:
        return roots_of(self.elementary)

    def law(self) -> Empirical:
        """The uniform law on the roots."""
        return Empirical(self._roots)

    def cumulants(self, k: int | None = None) -> tuple[Fraction, ...]:
        """Finite free cumulants κ_1 ... κ_k, k <= n (Arizmendi and Perales 2018): they add under ⊞_n.

        Examples
        --------
        >>> gaussian_polynomial(6).cumulants(4) == (0, 1, 0, 0)
        True
        """
        n = self.degree
        count = n if k is None else check_count("k", k, maximum=n)
        # R(s) = −(1/n) d/ds log Σ (−n s)^i a_i (n − i)!/n!
        logarithm = _series_log(self._laplace(count))
        return tuple(-Fraction(j, n) * (-n) ** j * logarithm[j] for j in range(1, count + 1))

    def _laplace(self, count: int) -> list[Fraction]:
        """a_i (n − i)!/n! for i <= count."""
        out, factor = [Fraction(1)], Fraction(1)
        for i in range(1, count + 1):
            factor /= self.degree - i + 1
            out.append(self.elementary[i] * factor)
        return out

    def __repr__(self) -> str:
        terms = []
        for i, c in enumerate(self.coefficients):
            power = self.degree - i
            if c:
                variable = "" if power == 0 else "x" if power == 1 else f"x^{power}"
                size = "" if abs(c) == 1 and variable else str(abs(c)) + (" " if variable else "")
                terms.append((" - " if c < 0 else " + ") + size + variable)
            if len(terms) > 12:
                return "".join(terms).removeprefix(" + ") + " + ..."
        return "".join(terms).removeprefix(" + ")


def _rounded_elementary(roots: list[float], bits: int) -> list[Fraction]:
    """Elementary symmetric functions of floats, to this many bits after the point in units of the largest root."""
    largest = max(map(abs, roots)) or 1.0
    shift = math.frexp(largest)[1]
    one = 1 << bits
    scaled = [int(Fraction(r) * Fraction(2) ** (bits - shift)) for r in roots]
    e = [one]
    for r in scaled:
        e = [a + (r * b >> bits) for a, b in zip([*e, 0], [0, *e], strict=True)]
    return [Fraction(a, one) * Fraction(2) ** (shift * i) for i, a in enumerate(e)]


def as_polynomial(p: Any, name: str = "p") -> MonicPolynomial:
    """A polynomial from itself or from its roots.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(p, MonicPolynomial):
        return p
    if isinstance(p, np.ndarray | list | tuple):
        return MonicPolynomial.from_roots(p)
    raise TypeError(
        f"{name} must be a sequence of roots or a MonicPolynomial, got {shown(p)} of type {type(p).__name__}; "
        "MonicPolynomial.from_coefficients takes coefficients"
    )


def _pair(p: Any, q: Any) -> tuple[MonicPolynomial, MonicPolynomial]:
    first, second = as_polynomial(p, "p"), as_polynomial(q, "q")
    if first.degree != second.degree:
        raise ValueError(
            f"p and q must have equal degrees, got {first.degree} and {second.degree}: they are characteristic "
            "polynomials of matrices that are added or multiplied"
        )
    return first, second


def _whole(values: Sequence[Fraction]) -> tuple[np.ndarray, int]:
    """Numerators over one denominator, as an array of Python integers."""
    scale = math.lcm(*(v.denominator for v in values))
    return np.array([v.numerator * (scale // v.denominator) for v in values], dtype=object), scale


def _convolved(p: MonicPolynomial, q: MonicPolynomial, weights: Callable[[int], int]) -> MonicPolynomial:
    """c_k = Σ a_i b_j w(i) w(j)/(w(0) w(k)), with whole w."""
    n = p.degree
    w = np.array([weights(i) for i in range(n + 1)], dtype=object)
    a, da = _whole(p.elementary)
    b, db = _whole(q.elementary)
    c = np.convolve(np.array(big_integers(a * w), dtype=object), np.array(big_integers(b * w), dtype=object))[: n + 1]
    return MonicPolynomial(tuple(Fraction(int(x), da * db * int(w[0]) * int(w[k])) for k, x in enumerate(c)))


def finite_boxplus(p: Any, q: Any) -> MonicPolynomial:
    """Finite free additive convolution p ⊞_n q: the mean characteristic polynomial of A + QBQᵀ.

    Parameters
    ----------
    p, q : sequence of real, or MonicPolynomial
        Roots, or polynomials, of equal degree n. Real roots give real roots.

    Returns
    -------
    MonicPolynomial
        Exact where p and q are.

    Raises
    ------
    TypeError, ValueError
        If the degrees differ, or an argument is not what is accepted.

    Examples
    --------
    >>> finite_boxplus([-1, 1], [-1, 1])
    x^2 - 2
    """
    first, second = _pair(p, q)
    n = first.degree
    return _convolved(first, second, lambda i: math.factorial(n - i))


def finite_boxtimes(p: Any, q: Any) -> MonicPolynomial:
    """Finite free multiplicative convolution p ⊠_n q: the mean characteristic polynomial of AQBQᵀ.

    Parameters
    ----------
    p, q : sequence of real, or MonicPolynomial
        Of equal degree n. If the roots of one are not negative and those of the other real, so are those of the result.

    Raises
    ------
    TypeError, ValueError
        As in :func:`finite_boxplus`.

    Examples
    --------
    >>> finite_boxtimes([0, 1], [0, 1])
    x^2 - 1/2 x
    """
    first, second = _pair(p, q)
    n = first.degree
    return MonicPolynomial(
        tuple(a * b / math.comb(n, k) for k, (a, b) in enumerate(zip(first.elementary, second.elementary, strict=True)))
    )


def finite_rectangular_boxplus(p: Any, q: Any, excess: int = 0) -> MonicPolynomial:
    """Finite rectangular convolution: the mean characteristic polynomial of (A + QBR)(A + QBR)ᵀ.

    Parameters
    ----------
    p, q : sequence of real, or MonicPolynomial
        Characteristic polynomials of AAᵀ and BBᵀ, of degree n.
    excess : int
        Columns minus rows, >= 0: A and B are n × (n + excess).

    Raises
    ------
    TypeError, ValueError
        As in :func:`finite_boxplus`.

    Examples
    --------
    >>> finite_rectangular_boxplus([1], [1])
    x - 2
    """
    first, second = _pair(p, q)
    n, m = first.degree, first.degree + check_count("excess", excess, minimum=0)
    return _convolved(first, second, lambda i: math.factorial(n - i) * math.factorial(m - i))


def finite_free_power(p: Any, power: Any) -> MonicPolynomial:
    """The polynomial whose finite free cumulants are those of p times `power`.

    Parameters
    ----------
    p : sequence of real, or MonicPolynomial
    power : real
        Whole powers are repeated ⊞_n; others need not have real roots.

    Examples
    --------
    >>> finite_free_power([-1, 1], 2) == finite_boxplus([-1, 1], [-1, 1])
    True
    """
    first = as_polynomial(p)
    n, t = first.degree, Fraction(check_real("power", power, above=0.0))
    logarithm = _series_log(first._laplace(n))
    series = _series_exp([t * c for c in logarithm])
    out, factor = [], Fraction(1)
    for i, c in enumerate(series):
        out.append(c * factor)
        factor *= n - i
    return MonicPolynomial(tuple(out))


def _series_log(a: Sequence[Fraction]) -> list[Fraction]:
    """Logarithm of a power series that begins with 1: i a_i = Σ j l_j a_{i−j}."""
    out = [Fraction(0)]
    for i in range(1, len(a)):
        out.append(a[i] - sum((j * out[j] * a[i - j] for j in range(1, i)), Fraction(0)) / i)
    return out


def _series_exp(a: Sequence[Fraction]) -> list[Fraction]:
    out = [Fraction(1)]
    for i in range(1, len(a)):
        out.append(sum((j * a[j] * out[i - j] for j in range(1, i + 1)), Fraction(0)) / i)
    return out


def gaussian_polynomial(n: int, variance: Any = 1) -> MonicPolynomial:
    """The Gaussian of ⊞_n: the Hermite polynomial with κ_2 = variance, whose roots tend to the semicircle law.

    Examples
    --------
    >>> gaussian_polynomial(2).roots()
    array([-0.70710678,  0.70710678])
    """
    count = check_count("n", n, maximum=_LARGEST)
    v = Fraction(check_real("variance", variance, above=0.0))
    # exp(−n s²/2 · v) in s with a_i (n − i)!/n!
    out = [Fraction(1)]
    for i in range(1, count + 1):
        k = i // 2
        weight = Fraction(0) if i % 2 else (-v / (2 * count)) ** k * math.perm(count, i) / math.factorial(k)
        out.append(weight)
    return MonicPolynomial(tuple(out))


def poisson_polynomial(n: int, rate: Any = 1) -> MonicPolynomial:
    """The free Poisson of ⊞_n: the Laguerre polynomial whose cumulants are all `rate`.

    Parameters
    ----------
    n : int
    rate : real
        rate · n >= n − 1, or a whole number.

    Examples
    --------
    >>> poisson_polynomial(3, 2).cumulants()
    (Fraction(2, 1), Fraction(2, 1), Fraction(2, 1))
    """
    count = check_count("n", n, maximum=_LARGEST)
    total = Fraction(check_real("rate", rate, above=0.0)) * count
    out, falling = [Fraction(1)], Fraction(1)
    for i in range(1, count + 1):
        falling *= (total - i + 1) / count
        out.append(math.comb(count, i) * falling)
    return MonicPolynomial(tuple(out))


def derivative(p: Any, times: int = 1) -> MonicPolynomial:
    """The derivative, as a monic polynomial.

    With times = (1 − t) n the roots tend to those of the free power 1/t dilated by t (Hoskins and Kabluchko 2021).

    Parameters
    ----------
    p : sequence of real, or MonicPolynomial
    times : int
        Below the degree.

    Examples
    --------
    >>> derivative([0, 1, 2]).roots()
    array([0.42264973, 1.57735027])
    """
    first = as_polynomial(p)
    n = first.degree
    k = check_count("times", times, minimum=0, maximum=n - 1)
    return MonicPolynomial(
        tuple(a * Fraction(math.perm(n - i, k), math.perm(n, k)) for i, a in enumerate(first.elementary[: n - k + 1]))
    )


def largest_root_bound(p: Any, q: Any) -> float:
    """Bound the largest root of p ⊞_n q: the least K_p(w) + K_q(w) − 1/w over w > 0, with K the inverse of p′/(n p).

    The bound of Marcus, Spielman and Srivastava (2022), which becomes an equation for free convolutions.

    Examples
    --------
    >>> round(largest_root_bound([-1, 1], [-1, 1]), 6)
    2.0
    """
    from scipy.optimize import minimize_scalar

    first, second = _pair(p, q)
    roots = first.roots(), second.roots()
    spread = max(float(np.ptp(r)) for r in roots) or 1.0

    def total(u: float) -> float:
        w = math.exp(u) / spread
        return sum(_inverse_transform(r, w) for r in roots) - 1.0 / w

    best = minimize_scalar(total, bounds=(-8.0, 12.0), method="bounded", options={"xatol": 1e-10})
    return float(best.fun)


def _inverse_transform(roots: np.ndarray, w: float) -> float:
    """The largest x with mean 1/(x − root) = w."""
    top = float(roots[-1])
    low, high = top + 1.0 / (len(roots) * w), top + 1.0 / w
    for _ in range(200):
        x = 0.5 * (low + high)
        if x in (low, high):
            break
        low, high = (x, high) if float(np.mean(1.0 / (x - roots))) > w else (low, x)
    return 0.5 * (low + high)
