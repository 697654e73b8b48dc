"""The contract of a law: what every probability measure on the line can answer.

A law is immutable: a frozen dataclass whose fields are its parameters, so that it hashes, pickles, compares, and
``eval(repr(law)) == law``. A concrete law implements the hooks (the methods with one leading underscore); the
public methods here check arguments, keep shapes and treat NaN; of them only the properties `support` and `atoms` are
overridden (and ``subordination`` by computed laws, ``var`` where a variance is known without cancellation).
"""

# one evaluator keeps the shapes of all methods, and their overloads say what it returns
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt._cached import cached_property
from rmt.combinatorics import free_cumulants_from_moments
from rmt.errors import (
    ConvergenceError,
    check_complexes,
    check_count,
    check_flag,
    check_generator,
    check_real,
    check_reals,
    shown,
)
from rmt.laws.constructors import Constructors
from rmt.laws.exact_faces import ExactFaces, _with_digits
from rmt.numerics.functions.branches import reciprocal, times_green
from rmt.numerics.functions.exact_constants import exact_sqrt
from rmt.numerics.memory import check_memory

if TYPE_CHECKING:
    from rmt.laws.inversion import QuantileFunction

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Mask = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)

#: rounding errors of a closed form, in ulps
_ROUNDING = 32.0

#: highest order of moments and cumulants by general recursions
_HIGHEST_ORDER = 1000

#: beyond so many times its own size a law looks like a point mass
_FAR = 1e120

#: memory that one draw of ``rvs`` takes, with the work space of the quantiles
_BYTES_A_DRAW = 100.0

#: logarithm of a small number whose square does not underflow
_LOG_TINY = -340.0


@dataclass(frozen=True)
class Interval:
    """One interval of the support, with the behaviour of the density at its ends.

    Attributes
    ----------
    low, high : float
        The ends; infinite for an unbounded support.
    low_exponent, high_exponent : float
        ``a`` in ``pdf(x) ~ C |x - edge|**a``: 1/2 at a soft edge, -1/2 at a hard edge, 1/3 at a cusp,
        -L/(L+1) at the origin of a product of L squares, 0 at a jump. NaN where there is no power law.
    mass : float
        Mass of the absolutely continuous part on the interval (atoms not counted).

    Examples
    --------
    >>> import rmt
    >>> rmt.MarchenkoPastur().support[0]
    Interval(low=0.0, high=4.0, low_exponent=-0.5, high_exponent=0.5, mass=1.0)
    """

    low: float
    high: float
    low_exponent: float
    high_exponent: float
    mass: float

    def _key(self) -> tuple[float | None, ...]:
        """The fields, with None for NaN: an exponent that is not there equals another that is not there."""
        return tuple(None if math.isnan(value) else value for value in vars(self).values())

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Interval) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


class Law(Constructors, ExactFaces, ABC):
    """A probability law on the real line: the limit of the spectrum of a random matrix.

    Scalar in, scalar out; array in, array of the same shape out; NaN in, NaN out. Off the support ``pdf`` is
    exactly 0, ``cdf`` exactly 0 or 1 (or the mass to the left, in a gap). At an atom ``pdf`` is that of the
    absolutely continuous part and ``cdf`` includes the jump. Functions that compute take
    ``return_error=True`` and then give ``(value, error)`` with ``error`` a bound on the absolute error.

    Sums of laws are ambiguous and refused (``law + law``); ``law + 3.0`` shifts and ``2 * law`` dilates.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.MarchenkoPastur(ratio=1)
    >>> law.support[0].high, law.atoms
    (4.0, ())
    >>> round(law.pdf(1.0) * 6.283185307179586, 12), law.cdf(4.0), law.sf(4.0), law.ppf(1.0)  # √3/(2π)
    (1.732050807569, 1.0, 0.0, 4.0)
    >>> round(law.hilbert(2.0), 12), round(law.stieltjes(4.0).real, 12), round(law.log_potential(0.0).real, 12)
    (0.5, 0.5, -1.0)
    >>> law.s_transform(1.0), law.r_transform(0.5), law.blue(0.5)  # 1/(1 + m), 1/(1 − g), R + 1/g
    (0.5, 2.0, 4.0)
    >>> round(law.t_transform(law.inverse_t_transform(0.5)).real, 12)
    0.5
    >>> law.moment(3), law.moments(3, exact=True), law.free_cumulants(3)
    (5.0, (Fraction(1, 1), Fraction(2, 1), Fraction(5, 1)), (1.0, 1.0, 1.0))
    >>> law.mean(), law.var(), law.std()
    (1.0, 1.0, 1.0)
    >>> law.pdf_of_log(0.0) == law.pdf(1.0), law.cdf_of_log(0.0) == law.cdf(1.0), law.ppf_of_log(0.5) < 0.0
    (True, True, True)
    >>> law.rvs(3, rng=0).shape, law.to_scipy().cdf(4.0)
    ((3,), np.float64(1.0))
    >>> len(rmt.boxplus(law, rmt.Uniform()).subordination(1j))
    2
    >>> law.cauchy(4.0) == law.stieltjes(4.0)
    True
    """

    #: uncertainty of the edges in ulps; 0 for a law that knows them beyond double precision
    _edge_ulps: ClassVar[float] = 4.0

    #: scipy and numpy must not take over ``array * law``
    __array_ufunc__: ClassVar[None] = None

    # ------------------------------------------------------------------ hooks a concrete law implements
    @property
    @abstractmethod
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the absolutely continuous part, left to right; empty for a purely atomic law."""

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Atoms ``(position, mass)``, left to right."""
        return ()

    @abstractmethod
    def _pdf(self, x: Real) -> Real:
        """Density at `x` (1-d, without NaN, infinities allowed); exactly 0 off the support."""

    @abstractmethod
    def _cdf(self, x: Real) -> Real:
        """Mass of ``(-inf, x]``, with relative accuracy in the lower tail."""

    @abstractmethod
    def _sf(self, x: Real) -> Real:
        """Mass of ``(x, inf)``, with relative accuracy in the upper tail."""

    @abstractmethod
    def _stieltjes(self, z: Complex) -> Complex:
        """G at `z` (1-d, ``z.imag >= +0.0``); on the real axis the boundary value from above."""

    @abstractmethod
    def _log_potential(self, z: Complex) -> Complex:
        """Integral of log(z - t), ``z.imag >= +0.0``, imaginary part in [0, pi]."""

    @abstractmethod
    def _exact_moments(self, order: int) -> list[Fraction]:
        """Moments m_0 ... m_order in exact arithmetic, each float parameter taken at its binary value.

        Raises ``ValueError`` where the moments do not exist or are irrational.
        """

    def _float_moments(self, order: int) -> list[float]:
        """Moments m_0 ... m_order as floats; override where :meth:`_exact_moments` may refuse."""
        return _as_floats(self._exact_moments(order), f"a moment of order <= {order} of {self!r}")

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        """Free cumulants κ_1 ... κ_order in exact arithmetic; override where there is a formula.

        Raises ``ValueError`` as :meth:`_exact_moments` does.
        """
        check_order(order)
        return list(free_cumulants_from_moments(self._exact_moments(order)[1:]))

    def _ppf(self, u: Real) -> Real:
        """Generalised inverse of the cdf at `u` in (0, 1)."""
        return self._quantile_function(u)

    def _pdf_beside(self, end: float, distance: Real) -> Real:
        """Density at signed distances from an end of the support, as if the points had not been rounded."""
        upward = bool(distance.size and distance[0] > 0.0)
        exponents = [i.low_exponent if upward else i.high_exponent for i in self.support]
        ends = [i.low if upward else i.high for i in self.support]
        exponent = exponents[ends.index(end)] if end in ends else 0.0
        x = end + distance
        x = np.where(x == end, np.nextafter(end, end + np.sign(distance)), x)
        power = exponent if math.isfinite(exponent) else 0.0
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return np.asarray(self._pdf(x) * np.abs(distance / (x - end)) ** power)

    def _expectation_rule(self) -> tuple[Real, Real]:
        """Nodes and weights of E f(X) for functions with singularities near the origin only."""
        from rmt.laws.expectation import expectation_rule

        return expectation_rule(self)

    def _r_transform(self, g: Complex) -> Complex:
        """R at `g`; NaN outside the domain stated by :meth:`_r_domain`."""
        from rmt.laws.inversion import r_by_inversion

        return r_by_inversion(self, g)

    def _inverse_t_transform(self, m: Complex) -> Complex:
        """M^{-1} at `m`; NaN outside the domain."""
        from rmt.laws.inversion import inverse_t_by_inversion

        return inverse_t_by_inversion(self, m)

    def _t_transform(self, z: Complex) -> Complex:
        """M at `z`, ``z.imag >= +0.0``; override where zG - 1 cancels for large `z`."""
        out = times_green(z, self._stieltjes(z), self._mass_at_zero()) - 1.0
        for position, mass in self.atoms:
            if position:  # the finite part beside the pole: z/(z − a) = 1 + a/(z − a)
                out[z == position] += mass
        return out

    def _s_transform(self, m: Complex) -> Complex:
        """S at `m` (not 0); NaN outside the domain."""
        return np.asarray((1.0 + m) * reciprocal(m * self._inverse_t_transform(m)))

    def _r_domain(self) -> str:
        """State where :meth:`r_transform` is defined, for its error message."""
        return "g in the image under G of the real line outside the convex hull of the support"

    def _s_domain(self) -> str:
        """State where :meth:`s_transform` is defined, for its error message."""
        return "m in the image under M of the real line outside the convex hull of the support"

    def _r_ends(self) -> tuple[float, float]:
        """Real numbers between which R is accepted, where :meth:`_r_transform` may go on beyond its domain."""
        return -math.inf, math.inf

    def _s_ends(self) -> tuple[float, float]:
        """The same for S."""
        return -math.inf, math.inf

    def _pdf_error(self, x: Real, value: Real) -> Real:
        """Bound the absolute error of :meth:`_pdf`: rounding, and the conditioning of the distance to an edge."""
        relative = np.full_like(x, _ROUNDING)
        bound = np.zeros_like(x)
        for edge, exponent, inward in self._edges():
            if exponent != 0.0:
                distance = np.maximum(np.abs(x - edge), EPS * max(abs(edge), np.finfo(float).tiny))
                relative += self._edge_ulps * abs(exponent) * abs(edge) / distance
            if exponent > 0.0:  # the edge itself is rounded
                bound[x == edge] = self._pdf(np.array([np.nextafter(edge, inward)]))[0]
        return bound + EPS * relative * np.abs(value)

    def _cdf_error(self, x: Real, value: Real) -> Real:
        """Bound the absolute error of :meth:`_cdf` and :meth:`_sf`: rounding, and edges off by some ulps."""
        with np.errstate(invalid="ignore"):
            density = self._pdf(x)
        bound = np.zeros_like(x)
        furthest = 0.0
        for edge, exponent, inward in self._edges():
            furthest = max(furthest, abs(edge))
            beside = np.nextafter(edge, inward)
            bound[x == edge] = abs(beside - edge) * self._pdf(np.array([beside]))[0] / (1.0 + exponent)
        moved = np.where(np.isfinite(density), density, 0.0) * furthest * self._edge_ulps
        return bound + EPS * (_ROUNDING * value + moved)

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        """Bound the absolute error of :meth:`_stieltjes`."""
        relative = np.full(z.shape, _ROUNDING)
        for edge, _, _ in self._edges():
            distance = np.maximum(np.abs(z - edge), EPS * max(abs(edge), np.finfo(float).tiny))
            relative += self._edge_ulps * abs(edge) / distance
        return EPS * relative * np.abs(value)

    def _log_potential_error(self, z: Complex, value: Complex) -> Real:
        """Bound the absolute error of :meth:`_log_potential`, whose derivative is G."""
        furthest = max((abs(edge) for edge, _, _ in self._edges()), default=0.0)
        slope = np.abs(self._stieltjes(z))
        moved = np.where(np.isfinite(slope), slope, 0.0) * furthest * self._edge_ulps
        return EPS * (2.0 * _ROUNDING * (1.0 + np.abs(value)) + moved)

    def _edges(self) -> list[tuple[float, float, float]]:
        """Finite ends of the intervals: position, exponent (0 where there is no power law), a point inside."""
        ends = []
        for i in self.support:
            for edge, exponent, inward in ((i.low, i.low_exponent, i.high), (i.high, i.high_exponent, i.low)):
                if math.isfinite(edge):
                    ends.append((edge, exponent if math.isfinite(exponent) else 0.0, inward))
        return ends

    def _affine(self, scale: float, shift: float) -> Law | None:
        """Law of ``scale * X + shift`` in closed form, or None."""
        return None

    # ------------------------------------------------------------------ density and distribution function
    @overload
    def pdf(self, x: float, *, return_error: Literal[False] = False, digits: None = None) -> float: ...
    @overload
    def pdf(self, x: ArrayLike, *, return_error: Literal[False] = False, digits: None = None) -> Real: ...
    @overload
    def pdf(self, x: ArrayLike, *, return_error: Literal[True]) -> tuple[Any, Any]: ...
    @overload
    def pdf(self, x: ArrayLike, *, return_error: bool, digits: None = None) -> Any: ...
    @overload
    def pdf(self, x: ArrayLike, *, digits: int | None) -> Any: ...
    def pdf(
        self, x: ArrayLike, *, return_error: bool = False, digits: int | None = None
    ) -> float | Real | tuple[Any, Any]:
        """Density of the absolutely continuous part.

        Parameters
        ----------
        x : array_like of float
            Points on the line.
        return_error : bool
            Also return a bound on the absolute error.
        digits : int, optional
            Return mpmath numbers with this many right digits (in an array of objects for an array `x`), here and in
            the other methods that take it: proven by balls for a law with an equation, by Newton's method in mpmath for
            others (the extra ``rmt[exact]``). A float counts as the binary number it stores.

        Returns
        -------
        float or ndarray, or a pair of them
            0 off the support; ``inf`` at an edge where the density is unbounded.

        Raises
        ------
        TypeError
            If `x` or `return_error` is not of the kind named above.
        ValueError
            If `x` is out of the range named above.
        """
        if digits is not None:
            return _with_digits(self, "pdf", x, digits)
        return _evaluate(x, self._pdf, self._pdf_error, return_error)

    @overload
    def cdf(self, x: float, *, return_error: Literal[False] = False, digits: None = None) -> float: ...
    @overload
    def cdf(self, x: ArrayLike, *, return_error: Literal[False] = False, digits: None = None) -> Real: ...
    @overload
    def cdf(self, x: ArrayLike, *, return_error: Literal[True]) -> tuple[Any, Any]: ...
    @overload
    def cdf(self, x: ArrayLike, *, return_error: bool, digits: None = None) -> Any: ...
    @overload
    def cdf(self, x: ArrayLike, *, digits: int | None) -> Any: ...
    def cdf(
        self, x: ArrayLike, *, return_error: bool = False, digits: int | None = None
    ) -> float | Real | tuple[Any, Any]:
        """Mass of ``(-inf, x]``, atoms included (right-continuous).

        Parameters
        ----------
        x : array_like of float
            Points on the line.
        return_error : bool
            Also return a bound on the absolute error.
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        float or ndarray of float, like `x`, or a pair of them with `return_error`

        Raises
        ------
        TypeError
            If `x` is not of the kind named above.
        ValueError
            If `x` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """
        if digits is not None:
            return _with_digits(self, "cdf", x, digits)
        return _evaluate(x, self._cdf, self._cdf_error, return_error)

    @overload
    def sf(self, x: float, *, return_error: Literal[False] = False, digits: None = None) -> float: ...
    @overload
    def sf(self, x: ArrayLike, *, return_error: Literal[False] = False, digits: None = None) -> Real: ...
    @overload
    def sf(self, x: ArrayLike, *, return_error: Literal[True]) -> tuple[Any, Any]: ...
    @overload
    def sf(self, x: ArrayLike, *, return_error: bool, digits: None = None) -> Any: ...
    @overload
    def sf(self, x: ArrayLike, *, digits: int | None) -> Any: ...
    def sf(
        self, x: ArrayLike, *, return_error: bool = False, digits: int | None = None
    ) -> float | Real | tuple[Any, Any]:
        """Mass of ``(x, inf)``: ``cdf + sf = 1``, each accurate in its own tail.

        Parameters
        ----------
        x : array_like of float
            Points on the line.
        return_error : bool
            Also return a bound on the absolute error.
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        float or ndarray of float, like `x`, or a pair of them with `return_error`

        Raises
        ------
        TypeError
            If `x` is not of the kind named above.
        ValueError
            If `x` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """
        if digits is not None:
            return _with_digits(self, "sf", x, digits)
        return _evaluate(x, self._sf, self._cdf_error, return_error)

    @overload
    def ppf(self, u: float, *, digits: None = None) -> float: ...
    @overload
    def ppf(self, u: ArrayLike, *, digits: None = None) -> Real: ...
    @overload
    def ppf(self, u: ArrayLike, *, digits: int | None) -> Any: ...
    def ppf(self, u: ArrayLike, *, digits: int | None = None) -> float | Real:
        """Quantile: the smallest ``x`` with ``cdf(x) >= u``; inside the jump of an atom, the atom.

        Parameters
        ----------
        u : array_like of float
            Levels in [0, 1].
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        float or ndarray of float, like `u`

        Raises
        ------
        TypeError
            If `u` is not of the kind named above.
        ValueError
            If a `u` lies outside [0, 1].
        """
        if digits is not None:
            return _with_digits(self, "ppf", u, digits)
        level = _check_levels(u)
        low, high = self._hull()

        def quantile(v: Real) -> Real:
            out = np.where(v <= 0.0, low, high)
            inside = (v > 0.0) & (v < 1.0)
            if inside.any():
                out[inside] = self._ppf(v[inside])
            return out

        return _evaluate(level, quantile)

    @overload
    def rvs(self, size: None = None, *, rng: Any = None) -> float: ...
    @overload
    def rvs(self, size: int | tuple[int, ...], *, rng: Any = None) -> Real: ...
    def rvs(self, size: int | tuple[int, ...] | None = None, *, rng: Any = None) -> float | Real:
        """Draw independent numbers from the law.

        These are **not** eigenvalues of a random matrix: eigenvalues repel, these do not. For eigenvalues use an
        ensemble.

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the result; a float when None.
        rng : Generator, SeedSequence, int or None
            Passed to :func:`numpy.random.default_rng`.

        Returns
        -------
        float or ndarray of float, of shape `size`

        Raises
        ------
        TypeError
            If `size` or `rng` is not of the kind named above.
        ValueError
            If `size` or `rng` is out of the range named above.
        """
        generator = check_generator(rng)
        check_draws(size)
        # (0, 1): a quantile of exactly 0 would return the edge
        u = (generator.integers(0, 2**53, size=size) + 0.5) * 2.0**-53
        return self.ppf(u)

    # ------------------------------------------------------------------ transforms
    @overload
    def stieltjes(self, z: complex, *, return_error: Literal[False] = False, digits: None = None) -> complex: ...  # type: ignore[overload-overlap]
    @overload
    def stieltjes(self, z: ArrayLike, *, return_error: Literal[False] = False, digits: None = None) -> Complex: ...
    @overload
    def stieltjes(self, z: ArrayLike, *, return_error: Literal[True]) -> tuple[Any, Any]: ...
    @overload
    def stieltjes(self, z: ArrayLike, *, return_error: bool, digits: None = None) -> Any: ...
    @overload
    def stieltjes(self, z: ArrayLike, *, digits: int | None) -> Any: ...
    def stieltjes(
        self, z: ArrayLike, *, return_error: bool = False, digits: int | None = None
    ) -> complex | Complex | tuple[Any, Any]:
        """G(z) = ∫ μ(dx)/(z − x): Im z > 0 gives Im G < 0 (Bai-Silverstein's and Tao's s(z) is −G).

        Also called the Cauchy transform. On the real axis the boundary value from above is returned, so that
        ``pdf(x) = -stieltjes(x).imag / pi``; at an atom that value is infinite (``-inf`` as imaginary part).

        Parameters
        ----------
        z : array_like of complex
            Points of the plane; their shape is that of the answer.
        return_error : bool
            Also return a bound on the absolute error.
        digits : int, optional
            As in :meth:`pdf`.

        Returns
        -------
        complex or ndarray of complex, like `z`, or with its error with `return_error`

        Raises
        ------
        TypeError
            If `z` is not of the kind named above.
        ValueError
            If `z` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """
        if digits is not None:
            return _with_digits(self, "stieltjes", z, digits)
        return _evaluate_complex(
            z, self._far_or(self._stieltjes, 0), self._stieltjes_error, return_error, at_infinity=0.0
        )

    cauchy = stieltjes

    @overload
    def t_transform(self, z: complex) -> complex: ...  # type: ignore[overload-overlap]
    @overload
    def t_transform(self, z: ArrayLike) -> Complex: ...
    def t_transform(self, z: ArrayLike) -> complex | Complex:
        """M(z) = zG(z) − 1 = Σ_{k≥1} m_k z^{-k}, the moment generating function at 1/z (Potters-Bouchaud's T).

        Parameters
        ----------
        z : array_like of complex
            Points of the plane; below the real axis the value is the conjugate of that above, on it the limit from
            above.

        Returns
        -------
        complex or ndarray of complex, like `z`

        Raises
        ------
        TypeError
            If `z` is not of the kind named above.
        ValueError
            If `z` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """
        return _evaluate_complex(z, self._far_or(self._t_transform, 1), at_infinity=0.0)

    @overload
    def hilbert(self, x: float, *, return_error: Literal[False] = False) -> float: ...
    @overload
    def hilbert(self, x: ArrayLike, *, return_error: Literal[False] = False) -> Real: ...
    @overload
    def hilbert(self, x: ArrayLike, *, return_error: Literal[True]) -> tuple[Any, Any]: ...
    @overload
    def hilbert(self, x: ArrayLike, *, return_error: bool) -> Any: ...
    def hilbert(self, x: ArrayLike, *, return_error: bool = False) -> float | Real | tuple[Any, Any]:
        """Principal value of ∫ μ(dt)/(x − t) = Re G(x + i0), without a factor 1/π.

        Parameters
        ----------
        x : array_like of float
            Points on the line.
        return_error : bool
            Also return a bound on the absolute error.

        Returns
        -------
        float or ndarray of float, like `x`, or a pair of them with `return_error`

        Raises
        ------
        TypeError
            If `x` is not of the kind named above.
        ValueError
            If `x` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """

        def error(t: Real, value: Real) -> Real:
            out = np.zeros_like(t)
            finite = np.isfinite(t)
            z = t[finite].astype(np.complex128)
            out[finite] = self._stieltjes_error(z, self._stieltjes(z))
            return out

        def value(t: Real) -> Real:
            out = np.zeros_like(t)  # the value at infinity
            finite = np.isfinite(t)
            out[finite] = self._far_or(self._stieltjes, 0)(t[finite].astype(np.complex128)).real
            return out

        return _evaluate(x, value, error, return_error)

    @overload
    def log_potential(self, z: complex, *, return_error: Literal[False] = False) -> complex: ...  # type: ignore[overload-overlap]
    @overload
    def log_potential(self, z: ArrayLike, *, return_error: Literal[False] = False) -> Complex: ...
    @overload
    def log_potential(self, z: ArrayLike, *, return_error: Literal[True]) -> tuple[Any, Any]: ...
    @overload
    def log_potential(self, z: ArrayLike, *, return_error: bool) -> Any: ...
    def log_potential(self, z: ArrayLike, *, return_error: bool = False) -> complex | Complex | tuple[Any, Any]:
        """U(z) = ∫ log(z − t) μ(dt), with U′ = G; on the real axis the boundary value from above.

        ``Im U(x + i0) = pi * sf(x)`` and ``Re U(0)`` is the mean of log abs(X).

        Parameters
        ----------
        z : array_like of complex
            Points of the plane; below the real axis the value is the conjugate of that above, on it the limit from
            above.
        return_error : bool
            Also return a bound on the absolute error.

        Returns
        -------
        complex or ndarray of complex, like `z`, or with its error with `return_error`

        Raises
        ------
        TypeError
            If `z` is not of the kind named above.
        ValueError
            If `z` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """

        def potential(points: Complex) -> Complex:
            far = self._is_far(points)
            out = np.empty_like(points)
            out[far] = np.log(points[far])
            out[~far] = self._log_potential(points[~far])
            return out

        return _evaluate_complex(z, potential, self._log_potential_error, return_error, at_infinity=math.inf)

    def _is_far(self, z: Complex) -> Mask:
        """Points from which a bounded law looks like a point mass, and whose square may overflow."""
        far = np.abs(z) > _FAR
        if far.any():
            reach = max(map(abs, self._hull()))
            far &= np.abs(z) > _FAR * reach
        return far

    def _far_or(self, function: Callable[[Complex], Complex], order: int) -> Callable[[Complex], Complex]:
        """G (order 0) or M (order 1) by the first terms of its expansion at infinity where that is all there is."""

        def value(z: Complex) -> Complex:
            far = self._is_far(z)
            if not far.any():
                return function(z)
            out = np.empty_like(z)
            out[~far] = function(z[~far])
            first, second = ((1.0, self.mean()), (self.mean(), self.moment(2)))[order]
            out[far] = (first + second / z[far]) / z[far]
            return out

        return value

    @overload
    def r_transform(self, g: float, *, digits: None = None) -> float: ...
    @overload
    def r_transform(self, g: ArrayLike, *, digits: None = None) -> Any: ...
    @overload
    def r_transform(self, g: ArrayLike, *, digits: int | None) -> Any: ...
    def r_transform(self, g: ArrayLike, *, digits: int | None = None) -> Any:
        """R(g) = Σ κ_{n+1} g^n with the free cumulants κ: R(G(z)) + 1/G(z) = z (Voiculescu 1986).

        R is the inverse of G, minus 1/g, on the image of the line outside the support. A law with a formula for it
        continues the formula as far as the error message of a point outside says; a computed law does not.

        Parameters
        ----------
        g : array_like of float or complex
            Points of the domain: values of G outside the support, and 0.
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        float, complex or ndarray, like `g`

        Raises
        ------
        TypeError
            If `g` is not of the kind named above.
        ValueError
            If a `g` lies outside the domain on which this branch is defined.
        """
        if digits is not None:
            return _with_digits(self, "r_transform", g, digits)
        return self._on_domain("g", g, self._r_transform_with_origin, self._r_domain(), self._r_ends)

    @overload
    def blue(self, g: float) -> float: ...
    @overload
    def blue(self, g: ArrayLike) -> Any: ...
    def blue(self, g: ArrayLike) -> Any:
        """B(g) = R(g) + 1/g, the functional inverse of G (Zee 1996); the domain is that of R without 0.

        Parameters
        ----------
        g : array_like of float or complex
            Points of the domain, not 0.

        Returns
        -------
        float, complex or ndarray, like `g`

        Raises
        ------
        TypeError
            If `g` is not of the kind named above.
        ValueError
            If `g` is out of the range named above.
        """
        if (check_complexes("g", g) == 0).any():
            raise ValueError("blue(g) has a pole at g = 0; use r_transform, which is regular there")
        return self._on_domain("g", g, lambda h: self._r_transform(h) + 1.0 / h, self._r_domain(), self._r_ends)

    @overload
    def inverse_t_transform(self, m: float) -> float: ...
    @overload
    def inverse_t_transform(self, m: ArrayLike) -> Any: ...
    def inverse_t_transform(self, m: ArrayLike) -> Any:
        """M^{-1}(m): the z with M(z) = m; the step between the S-transform and G.

        Parameters
        ----------
        m : array_like of float or complex
            Points of the domain of S, not 0.

        Returns
        -------
        float, complex or ndarray, like `m`

        Raises
        ------
        TypeError
            If `m` is not of the kind named above.
        ValueError
            If `m` is out of the range named above.
        """
        self._require_mean("inverse_t_transform")
        if (check_complexes("m", m) == 0).any():
            raise ValueError("inverse_t_transform(m) has a pole at m = 0 (M vanishes at infinity)")
        return self._on_domain("m", m, self._inverse_t_transform, self._s_domain(), self._s_ends)

    @overload
    def s_transform(self, m: float, *, digits: None = None) -> float: ...
    @overload
    def s_transform(self, m: ArrayLike, *, digits: None = None) -> Any: ...
    @overload
    def s_transform(self, m: ArrayLike, *, digits: int | None) -> Any: ...
    def s_transform(self, m: ArrayLike, *, digits: int | None = None) -> Any:
        """S(m) = (1 + m)/(m M^{-1}(m)): multiplicative under free products (Voiculescu 1987).

        Parameters
        ----------
        m : array_like of float or complex
            Points of the domain: values of M outside the support, and 0.
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        float, complex or ndarray, like `m`

        Raises
        ------
        TypeError
            If `m` is not of the kind named above.
        ValueError
            If the mean is zero (S has two branches or none), or a `m` lies outside the domain.
        """
        mean = self._require_mean("s_transform")
        if digits is not None:
            return _with_digits(self, "s_transform", m, digits)

        def transform(w: Complex) -> Complex:
            out = np.full(w.shape, 1.0 / mean, dtype=np.complex128)
            away = w != 0
            if away.any():
                out[away] = self._s_transform(w[away])
            return out

        return self._on_domain("m", m, transform, self._s_domain(), self._s_ends)

    def subordination(self, z: ArrayLike) -> tuple[Any, ...]:
        """Subordination functions, one for each factor: G = G_i ∘ ω_i for sums, M = M_i ∘ ω_i for products.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane; below the real axis the value is the conjugate of that above, on it the limit from
            above.

        Returns
        -------
        tuple of complex or ndarray of complex, like `z`
            One for each factor.
        """
        raise ValueError(
            f"{self!r} was not built as a free convolution, so it has no subordination functions; "
            "build it with rmt.boxplus, rmt.boxtimes, rmt.free_power or rmt.compress"
        )

    # ------------------------------------------------------------------ moments and cumulants
    def moment(self, k: int, *, exact: bool = False, digits: int | None = None) -> Any:
        """k-th moment ∫ x^k μ(dx), k ≥ 0; a ``Fraction`` with ``exact=True``.

        Parameters
        ----------
        k : int
            Order, >= 0.
        exact : bool
            Whether to return a ``Fraction``; ValueError where the law has no exact moments.
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        float or Fraction

        Raises
        ------
        TypeError
            If `k` or `exact` is not of the kind named above.
        ValueError
            If `k` is out of the range named above.
        """
        if digits is not None:
            return _with_digits(self, "moment", k, digits)
        order = check_count("k", k, minimum=0)
        return self._exact_moments(order)[order] if check_flag("exact", exact) else self._float_moments(order)[order]

    def moments(self, k: int, *, exact: bool = False, digits: int | None = None) -> tuple[Any, ...]:
        """Moments m_1, ..., m_k.

        With ``exact=True`` they are ``Fraction``: an integer or ``Fraction`` parameter counts as it is, a float
        as the binary fraction it stores.

        Parameters
        ----------
        k : int
            Highest order, >= 1.
        exact : bool
            Whether to return fractions; ValueError where the law has no exact moments.
        digits : int, optional
            Return mpmath numbers with this many right digits, as in :meth:`pdf`.

        Returns
        -------
        tuple of float or Fraction, of length `k`

        Raises
        ------
        TypeError
            If `k` or `exact` is not of the kind named above.
        ValueError
            If `k` is out of the range named above.
        """
        order = check_count("k", k)
        if digits is not None:
            return _with_digits(self, "moments", k, digits)
        moments = self._exact_moments(order) if check_flag("exact", exact) else self._float_moments(order)
        return tuple(moments[1:])

    def mean(self) -> float:
        """First moment.

        Returns
        -------
        float
        """
        return self._float_moments(1)[1]

    def var(self) -> float:
        """Variance.

        Returns
        -------
        float
        """
        return self._exact_variance()

    def _exact_variance(self) -> float:
        moments: Sequence[Any]
        try:
            moments = self._exact_moments(2)
        except ValueError:
            moments = self._float_moments(2)
        try:
            return float(moments[2] - moments[1] * moments[1])
        except OverflowError:
            raise OverflowError(
                f"the variance of {self!r} exceeds the largest float; take std(), or moments(2, exact=True)"
            ) from None

    def std(self) -> float:
        """Standard deviation.

        Returns
        -------
        float
        """
        try:
            return math.sqrt(self.var())
        except OverflowError:
            moments = self._exact_moments(2)
            return float(exact_sqrt(Fraction(moments[2] - moments[1] * moments[1])))

    def free_cumulants(self, k: int, *, exact: bool = False) -> tuple[Any, ...]:
        """Free cumulants κ_1, ..., κ_k: the coefficients of R(g) = Σ κ_{n+1} g^n (Speicher 1994).

        Parameters
        ----------
        k : int
            Highest order, >= 1.
        exact : bool
            Whether to return fractions; ValueError where the law has no exact moments.

        Returns
        -------
        tuple of float or Fraction, of length `k`

        Raises
        ------
        TypeError
            If `k` or `exact` is not of the kind named above.
        ValueError
            If `k` is out of the range named above.
        """
        order = check_count("k", k)
        if check_flag("exact", exact):
            return tuple(self._exact_free_cumulants(order))
        try:
            # float recursions lose digits geometrically: go through exact arithmetic wherever it exists
            cumulants = self._exact_free_cumulants(order)
        except ValueError:
            check_order(order)
            return tuple(free_cumulants_from_moments(self._float_moments(order)[1:]))
        return tuple(_as_floats(cumulants, f"a free cumulant of order <= {order} of {self!r}"))

    # ------------------------------------------------------------------ laws over many decades
    @overload
    def pdf_of_log(self, u: float) -> float: ...
    @overload
    def pdf_of_log(self, u: ArrayLike) -> Real: ...
    def pdf_of_log(self, u: ArrayLike) -> float | Real:
        """Density of log X at `u`, for a law on [0, ∞); does not underflow where ``x = exp(u)`` would.

        Parameters
        ----------
        u : array_like of float
            Logarithms of points of the line.

        Returns
        -------
        float or ndarray of float, like `u`

        Raises
        ------
        TypeError
            If `u` is not of the kind named above.
        ValueError
            If `u` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """
        self._require_positive("pdf_of_log")
        return _evaluate(u, self._pdf_of_log)

    @overload
    def cdf_of_log(self, u: float) -> float: ...
    @overload
    def cdf_of_log(self, u: ArrayLike) -> Real: ...
    def cdf_of_log(self, u: ArrayLike) -> float | Real:
        """Mass of X ≤ exp(u), an atom at 0 included, for a law on [0, ∞).

        Parameters
        ----------
        u : array_like of float
            Logarithms of points of the line.

        Returns
        -------
        float or ndarray of float, like `u`

        Raises
        ------
        TypeError
            If `u` is not of the kind named above.
        ValueError
            If `u` is out of the range named above.
        ConvergenceError
            If a value cannot be certified.
        """
        self._require_positive("cdf_of_log")
        return _evaluate(u, self._cdf_of_log)

    @overload
    def ppf_of_log(self, u: float) -> float: ...
    @overload
    def ppf_of_log(self, u: ArrayLike) -> Real: ...
    def ppf_of_log(self, u: ArrayLike) -> float | Real:
        """Logarithm of the quantile; −inf inside an atom at 0.

        Parameters
        ----------
        u : array_like of float
            Levels in [0, 1].

        Returns
        -------
        float or ndarray of float, like `u`

        Raises
        ------
        TypeError
            If `u` is not of the kind named above.
        ValueError
            If `u` is out of the range named above.
        """
        self._require_positive("ppf_of_log")
        level = _check_levels(u)
        return _evaluate(level, self._ppf_of_log)

    def _pdf_of_log(self, u: Real) -> Real:
        # below _LOG_TINY the density is its power law at 0, if the support reaches 0
        x = np.exp(np.maximum(u, _LOG_TINY))
        with np.errstate(invalid="ignore"):
            value = np.where(np.isfinite(x), x * self._pdf(x), 0.0)
            decay = np.exp((1.0 + self._origin_exponent()) * np.minimum(u - _LOG_TINY, 0.0))
        return np.where(u < _LOG_TINY, value * decay, value)

    def _cdf_of_log(self, u: Real) -> Real:
        atom = self._mass_at_zero()
        value = self._cdf(np.exp(np.maximum(u, _LOG_TINY)))
        with np.errstate(invalid="ignore"):
            decay = np.exp((1.0 + self._origin_exponent()) * np.minimum(u - _LOG_TINY, 0.0))
        return np.where(u < _LOG_TINY, atom + (value - atom) * decay, value)

    def _ppf_of_log(self, v: Real) -> Real:
        atom = self._mass_at_zero()
        first = float(self._cdf(np.exp(np.array([_LOG_TINY])))[0]) - atom
        if first <= 0.0:  # nothing but the atom near 0
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(self.ppf(v)))
        tiny = (v > atom) & (v - atom < first)
        out = np.asarray(self.ppf(np.where(tiny, 1.0, v)))
        with np.errstate(divide="ignore"):
            power = _LOG_TINY + np.log((v - atom) / first, where=tiny, out=np.zeros_like(v)) / (
                1.0 + self._origin_exponent()
            )
            return np.where(tiny, power, np.log(out))

    def _origin_exponent(self) -> float:
        """Exponent of the density at 0, where the support starts there; infinite where it does not."""
        return next((i.low_exponent for i in self.support if i.low == 0.0), math.inf)

    def _mass_at_zero(self) -> float:
        return next((mass for position, mass in self.atoms if position == 0.0), 0.0)

    # ------------------------------------------------------------------ bridges and algebra
    def to_scipy(self) -> Any:
        """The same law as a frozen ``scipy.stats`` continuous distribution.

        Returns
        -------
        frozen scipy.stats distribution

        Raises
        ------
        ValueError
            If the law has an atom: SciPy's continuous distributions cannot hold one.
        """
        if self.atoms:
            position, mass = self.atoms[0]
            raise ValueError(
                f"{self!r} has an atom of mass {mass:.6g} at {position:.6g}; scipy.stats cannot represent atoms. "
                "Use the law itself: it has pdf, cdf, sf, ppf, rvs and moment"
            )
        from rmt.laws.scipy_bridge import as_scipy

        return as_scipy(self)

    def __add__(self, other: Any) -> Law:
        if isinstance(other, Law):
            _refuse_arithmetic("+")
        if _answers(other):
            return NotImplemented
        return affine(self, 1, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Law:
        if isinstance(other, Law):
            _refuse_arithmetic("-")
        if _answers(other):
            return NotImplemented
        return affine(self, 1, -check_real("shift", other))

    def __rsub__(self, other: Any) -> Law:
        return NotImplemented if _answers(other) else affine(self, -1, other)

    def __mul__(self, other: Any) -> Law:
        if isinstance(other, Law):
            _refuse_arithmetic("*")
        if _answers(other):
            return NotImplemented
        return affine(self, other, 0)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Law:
        if isinstance(other, Law):
            _refuse_arithmetic("/")
        divisor = check_real("divisor", other)
        if divisor == 0:
            raise ValueError(f"divisor must not be 0, got {other!r}")
        return affine(self, 1 / (divisor if isinstance(divisor, float) else exact(divisor)), 0)

    def __neg__(self) -> Law:
        return affine(self, -1, 0)

    def __pos__(self) -> Self:
        return self

    def __repr__(self) -> str:
        values = ", ".join(
            f"{f.name.lstrip('_')}={getattr(self, f.name)!r}"
            for f in fields(self)  # type: ignore[arg-type]
        )
        return f"{type(self).__name__}({values})"

    # ------------------------------------------------------------------ helpers
    @cached_property
    def _outer(self) -> tuple[float, float]:
        lows = [i.low for i in self.support] + [a for a, _ in self.atoms]
        highs = [i.high for i in self.support] + [a for a, _ in self.atoms]
        return min(lows), max(highs)

    @cached_property
    def _quantile_function(self) -> QuantileFunction:
        from rmt.laws.inversion import QuantileFunction

        return QuantileFunction(self)

    def _hull(self) -> tuple[float, float]:
        """Smallest and largest point of the support, atoms included."""
        return self._outer

    def __getstate__(self) -> dict[str, Any]:
        # caches (cached_property) are recomputed after unpickling
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def _require_positive(self, method: str) -> None:
        low, _ = self._hull()
        if low < 0.0:
            raise ValueError(f"{method} needs a law on [0, inf); the support of {self!r} starts at {low:.6g}")

    def _require_mean(self, method: str) -> float:
        mean = self.mean()
        low, high = self._hull()
        # a law on a half line has the mean 0 only as the point mass at 0, however small the mean is
        if abs(mean) <= 4.0 * EPS * self.std() if low < 0.0 < high else mean == 0.0:
            raise ValueError(
                f"{method} is not defined for {self!r}: its mean is zero, so M(z) = zG(z) - 1 has no single-valued "
                "inverse at 0 (Rao-Speicher 2007). Use stieltjes, or rmt.boxtimes, which needs no S-transform"
            )
        return mean

    def _r_transform_with_origin(self, g: Complex) -> Complex:
        out = np.full(g.shape, np.nan + 0j)
        away = g != 0
        if not away.all():
            out[~away] = self.mean()
        if away.any():
            out[away] = self._r_transform(g[away])
        return out

    def _on_domain(
        self,
        name: str,
        argument: ArrayLike,
        function: Callable[[Complex], Complex],
        domain: str,
        ends: Callable[[], tuple[float, float]],
    ) -> Any:
        """Evaluate an inverse function; NaN out of a finite argument means "outside the domain"."""
        array = check_complexes(name, argument)
        flat = array.ravel()
        finite = ~np.isnan(flat)
        if np.isinf(flat).any():
            raise ValueError(f"{name} must be finite, got {_plain(flat[np.isinf(flat)][0])!r}; accepted: {domain}")
        out = np.full(flat.shape, np.nan + 0j)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            out[finite] = function(flat[finite])
        line = finite & (flat.imag == 0.0) & (flat.real != 0.0)
        if line.any():
            low, high = ends()
            slack = 1.0 + 8.0 * EPS
            out[line & ~((flat.real >= slack * low) & (flat.real <= slack * high))] = np.nan
        lost = finite & np.isnan(out)
        if lost.any():
            raise ValueError(
                f"{name} = {_plain(flat[lost][0])!r} is outside the domain for {self!r}; accepted: {domain}"
            )
        real_in = not np.iscomplexobj(argument)
        result = (out.real if real_in else out).reshape(array.shape)
        return result.item() if array.ndim == 0 else result


def affine(law: Law, scale: Any, shift: Any) -> Law:
    """Law of ``scale * X + shift``: the law itself, a closed form, or an :class:`~rmt.laws.maps.affine.Affine`."""
    a = check_real("scale", scale)
    b = check_real("shift", shift)
    if a == 1 and b == 0:
        return law
    if a == 0:
        from rmt.laws.atomic import Atomic

        return Atomic((b,), (1,))
    closed = law._affine(a, b)
    if closed is not None:
        return closed
    from rmt.laws.maps.affine import Affine

    return Affine(law, a, b)


def _answers(other: Any) -> bool:
    """Whether the other operand is a random matrix, which says itself why it does not mix with a law."""
    return hasattr(other, "eigenvalues") and hasattr(other, "law")


def _refuse_arithmetic(symbol: str) -> NoReturn:
    raise TypeError(
        f"law {symbol} law is ambiguous: how are the two variables related? Use rmt.boxplus / rmt.boxtimes for free "
        "variables (rmt.free_subtract / rmt.free_divide to undo them), rmt.classical_convolution for independent "
        "ones, rmt.mixture for a mixture. A number shifts (law + 3.0) or dilates (2 * law)"
    )


def _evaluate(
    x: ArrayLike,
    function: Callable[[Real], Real],
    error: Callable[[Real, Real], Real] | None = None,
    return_error: bool = False,
) -> Any:
    """Apply a 1-d function to an array of any shape; NaN passes through."""
    if isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", None) == "c":
        raise TypeError("a real argument is needed here; complex points go to stieltjes or log_potential")
    array = check_reals("x", x)
    flat = array.ravel()
    good = ~np.isnan(flat)
    out = np.full(flat.shape, np.nan)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        out[good] = function(flat[good])
    _check_values(flat[good], out[good])
    result = out.reshape(array.shape)
    value = result.item() if array.ndim == 0 else result
    if not check_flag("return_error", return_error) or error is None:
        return value
    bound = np.full(flat.shape, np.nan)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        bound[good] = error(flat[good], out[good])
    shaped = bound.reshape(array.shape)
    return value, (shaped.item() if array.ndim == 0 else shaped)


def _evaluate_complex(
    z: ArrayLike,
    function: Callable[[Complex], Complex],
    error: Callable[[Complex, Complex], Real] | None = None,
    return_error: bool = False,
    *,
    at_infinity: float,
) -> Any:
    """Apply a function of the closed upper half plane everywhere, by reflection below the real axis."""
    array = check_complexes("z", z)
    flat = array.ravel()
    below = flat.imag < 0.0
    upper = np.where(below, flat.conj(), flat)
    upper.imag[upper.imag == 0.0] = 0.0  # -0.0 would land on the other side of a branch cut
    good = np.isfinite(upper)
    infinite = np.isinf(upper) & ~np.isnan(upper)
    out = np.full(flat.shape, complex(np.nan, np.nan))
    out[infinite] = at_infinity
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        out[good] = function(upper[good])
    _check_values(upper[good], out[good])
    result = np.where(below, out.conj(), out).reshape(array.shape)
    value = result.item() if array.ndim == 0 else result
    if not check_flag("return_error", return_error) or error is None:
        return value
    bound = np.where(infinite, 0.0, np.nan)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        bound[good] = error(upper[good], out[good])
    shaped = bound.reshape(array.shape)
    return value, (shaped.item() if array.ndim == 0 else shaped)


def _check_values(points: Any, values: Any) -> None:
    """Refuse to hand out a value that is not a number."""
    lost = np.isnan(values)
    if lost.any():
        point = points[lost][0].item()
        raise ConvergenceError(
            "the value leaves the range of floats on the way; ask at another point, or for a law nearer to size 1",
            point=_plain(point),
        )


def _as_floats(values: Sequence[Fraction], name: str) -> list[float]:
    try:
        return [float(value) for value in values]
    except OverflowError:
        raise OverflowError(f"{name} exceeds the largest float; ask for exact=True") from None


def _check_levels(u: ArrayLike) -> Real:
    """Return the levels of quantiles as floats in [0, 1], NaN allowed."""
    level = check_reals("u", u)
    bad = (level < 0.0) | (level > 1.0)
    if bad.any():
        raise ValueError(f"u must lie in [0, 1], got {float(level[bad].flat[0])!r}")
    return level


def check_draws(size: Any) -> None:
    """Check the shape of draws, and that they fit into memory."""
    lengths = () if size is None else size if isinstance(size, tuple) else (size,)
    count = math.prod(check_count("size", length, minimum=0) for length in lengths)
    check_memory(
        f"size = {size!r}", _BYTES_A_DRAW * min(count, sys.maxsize), "drawing them", lambda: "draw them in parts"
    )


def _plain(value: complex) -> complex:
    """A complex number for a message: as a float where it is real."""
    number = complex(value)
    return number.real if number.imag == 0 else number


def check_law(law: Any, name: str = "base") -> Law:
    """Return `law` if it is one.

    Raises
    ------
    TypeError
        If it is not; the message says how to get the law of an ensemble, a law of the plane or data.
    """
    if isinstance(law, Law):
        return law
    remedy = "data become one with rmt.Empirical(data)"
    if callable(getattr(law, "radial_law", None)):
        remedy = "a law of the plane has one in its radial_law()"
    elif callable(getattr(law, "law", None)):
        remedy = "a random matrix has one in its law()"
    raise TypeError(f"{name} must be a Law, got {shown(law)} of type {type(law).__name__}; {remedy}")


def check_order(order: int) -> None:
    """Refuse orders whose recursions of order³ operations take more than a minute, without a word.

    Raises
    ------
    ValueError
    """
    if order > _HIGHEST_ORDER:
        raise ValueError(
            f"k must be at most {_HIGHEST_ORDER} for a law without a formula for its moments and free cumulants, got "
            f"{order}: the recursion takes about {(order / 1000.0) ** 3:.3g} minutes"
        )


def check_range(law: Law) -> None:
    """Refuse a law whose edges, atoms or scales are beyond floats, when it is made and not when it is asked.

    Raises
    ------
    ValueError
        With the remedy.
    """
    try:
        ends = [law.support, law.atoms]
    except OverflowError:
        ends = []
    if not ends:
        raise ValueError(
            f"{law!r} has edges or scales beyond the largest float, {sys.float_info.max:.3g}, or an inverse that is; "
            "measure X in other units, so that its parameters are nearer to 1"
        )


def exact(value: Any) -> Fraction:
    """The exact rational value of a parameter: a float counts as the binary fraction it stores."""
    return Fraction(value)
