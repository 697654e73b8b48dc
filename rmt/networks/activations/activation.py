"""An activation function and its moments under Gaussian arguments.

Everything mean-field theory asks of an activation φ is an expectation over x ~ N(0, q): E φ², E φ'^{2k},
E φ φ' x, E φ(u1) φ(u2). They are computed by quadrature split at the kinks of φ, accurate to about 1e-13 relative
for every q in [1e-12, 1e6].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt._cached import cached_property
from rmt.errors import LARGEST_VARIANCE, ConvergenceError, check_count, check_real
from rmt.networks.activations.gaussian_rules import (
    correlated_rule,
    gaussian_edges,
    gaussian_rule,
    legendre_rule,
    panel_nodes,
    standard_density,
)
from rmt.networks.activations.periodic_slopes import MANY, period_average

Real = NDArray[np.float64]
RealFunction = Callable[[Real], Any]

#: q = 0 stands for the limit from above
SMALLEST_LENGTH = 1e-290
#: relative accuracy at which a panel of a callable is left alone, and that its moments must have
ACCURACY, SETTLED = 1e-13, 3e-11
#: rounds of halving, and most panels of one
DEEPEST, MOST_PANELS = 24, 20000


@dataclass(frozen=True)
class GaussianFormulas:
    """Closed forms of the moments of an oscillating activation, for which panels cannot resolve large q.

    Attributes
    ----------
    mean, second_moment, radial_moment, curvature_moment : callable
        Functions of q.
    slope_moment : callable
        E φ'^{2k} as a function of (k, q).
    covariance, slope_covariance : callable
        Functions of (q1, q2, c).
    divergence : callable
        E (φ(u1) − φ(u2))²/2 as a function of (q, 1 − c).
    """

    mean: Callable[[float], float]
    second_moment: Callable[[float], float]
    radial_moment: Callable[[float], float]
    curvature_moment: Callable[[float], float]
    slope_moment: Callable[[int, float], float]
    covariance: Callable[[float, float, float], float]
    slope_covariance: Callable[[float, float, float], float]
    divergence: Callable[[float, float], float]


@dataclass(frozen=True, eq=False, repr=False)
class Activation:
    """An activation function φ with its derivative, and its moments under Gaussian arguments.

    Made by :func:`rmt.networks.activation`; two activations are equal when they have the same name and parameters,
    or wrap the same functions.

    Attributes
    ----------
    name : str
        Name in the table of :func:`activation`, or the name of the callable.
    parameters : tuple of (str, float)
        Parameters of a named activation, sorted by name.
    function, slope : callable
        φ and φ', from float arrays to float arrays of the same shape.
    kinks : tuple of float
        Points where φ' jumps.
    features : tuple of float
        Points near which φ varies on the scale `scale`; the kinks are among them.
    scale : float
        Width over which φ varies near a feature.
    slopes : tuple of float or None
        For a piecewise linear φ the derivatives between the kinks, left to right.
    curvature : callable or None
        φ'' between the kinks, where known in closed form.
    log_slope : callable or None
        log|φ'| without underflow far from 0, where known.
    slope_period : float or None
        Period of φ'², for an oscillating activation; of φ' itself where `formulas` is None.
    formulas : GaussianFormulas or None
        Closed forms of the moments, used instead of quadrature.
    named : bool
        Whether `features` and `scale` are known, so that one resolution suffices.
    panels : tuple of float
        Ends of panels on which φ is smooth, for a callable.
    slope_noise : callable or None
        Error of φ' at each point, where φ' is a difference quotient.
    degree : float
        Of a power c|x|^degree; 1 else.
    recipe : tuple
        ``(factory, arguments)`` that makes this activation again; its identity.

    Examples
    --------
    >>> from rmt.networks import activation
    >>> relu = activation("relu")
    >>> float(relu(-1.0)), float(relu.derivative(2.0)), float(relu.log_abs_derivative(2.0)), relu.slopes_at_infinity()
    (0.0, 1.0, 0.0, (0.0, 1.0))
    >>> round(relu.mean(1.0) ** 2 * 6.283185307179586, 12), round(relu.second_moment(1.0), 12)  # 1/√(2π), 1/2
    (1.0, 0.5)
    >>> round(relu.slope_moment(2, 1.0), 12), round(relu.slope_spread(1.0), 12), round(relu.radial_moment(1.0), 12)
    (0.5, 1.0, 0.5)
    >>> relu.divergence(1.0, 0.0), round(relu.covariance(1.0, 1.0, 1.0), 12)
    (0.0, 0.5)
    >>> round(relu.slope_covariance(1.0, 1.0, 0.0), 12)
    0.25
    >>> round(relu.expectation(abs, 1.0) ** 2 * 1.5707963267948966, 12), activation("sin").curvature_moment(1.0) < 0.5
    (1.0, True)
    """

    name: str
    function: RealFunction
    slope: RealFunction
    parameters: tuple[tuple[str, float], ...] = ()
    kinks: tuple[float, ...] = ()
    features: tuple[float, ...] = (0.0,)
    scale: float = 1.0
    slopes: tuple[float, ...] | None = None
    curvature: RealFunction | None = None
    log_slope: RealFunction | None = None
    slope_period: float | None = None
    formulas: GaussianFormulas | None = None
    named: bool = True
    panels: tuple[float, ...] = ()
    slope_noise: RealFunction | None = None
    degree: float = 1.0
    recipe: tuple[Any, ...] = ()

    # ------------------------------------------------------------------ values
    def __call__(self, x: ArrayLike) -> Any:
        """φ(x)."""
        values = np.asarray(self.function(np.asarray(x, dtype=np.float64)))
        return values[()]

    @overload
    def derivative(self, x: float) -> float: ...
    @overload
    def derivative(self, x: ArrayLike) -> Real: ...
    def derivative(self, x: ArrayLike) -> float | Real:
        """φ'(x); at a kink the value from the right or the left, as the formula of φ' has it.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        float or ndarray of float, like `x`
        """
        values = np.asarray(self.slope(np.asarray(x, dtype=np.float64)))
        return values[()]

    @overload
    def log_abs_derivative(self, x: float) -> float: ...
    @overload
    def log_abs_derivative(self, x: ArrayLike) -> Real: ...
    def log_abs_derivative(self, x: ArrayLike) -> float | Real:
        """log|φ'(x)|, −inf where φ' vanishes.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        float or ndarray of float, like `x`
        """
        points = np.asarray(x, dtype=np.float64)
        if self.log_slope is not None:
            return np.asarray(self.log_slope(points))[()]
        with np.errstate(divide="ignore"):
            value: float | Real = np.log(np.abs(self.slope(points)))[()]
            return value

    # ------------------------------------------------------------------ expectations on the line
    def expectation(self, function: RealFunction, q: float, *, floor: float = 0.0) -> float:
        """E f(x) for x ~ N(0, q), where f is as smooth as φ between the kinks of φ.

        Parameters
        ----------
        function : callable
            f, of float arrays.
        q : float
            Variance, >= 0.
        floor : float
            Absolute error that may be left.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If f is not finite at a node, or the integral diverges.
        ConvergenceError
            If two rules disagree however often the panels are halved (only for activations that are not from the table,
            whose scales of variation are not known in advance).
        """
        length = max(float(check_real("q", q, at_least=0.0, at_most=LARGEST_VARIANCE)), SMALLEST_LENGTH)
        if not (self.named or self.slopes is not None):
            return self._refined(function, length, floor)
        x, w = gaussian_rule(length, self.features, scale=self.scale)
        return float(np.sum(self._finite(function, x, w) * w))

    def _finite(self, function: RealFunction, x: Real, w: Real) -> Real:
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(function(x), dtype=np.float64)
        bad = ~np.isfinite(values) & (w > 0.0)
        if bad.any():
            where = float(x[bad].flat[np.argmin(np.abs(x[bad]))])
            raise ValueError(
                f"activation {self.name!r} gives a value that is not finite near x = {where:.6g}; every x met by a "
                "Gaussian pre-activation must be in its domain"
            )
        return np.where(w > 0.0, values, 0.0)

    def _refined(self, function: RealFunction, q: float, floor: float) -> float:
        """The expectation on panels that are halved where two rules disagree."""
        deviation = math.sqrt(q)
        edges = gaussian_edges(q, self.features, scale=self.scale)
        inside = np.asarray(self.panels) / deviation
        edges = np.unique(np.concatenate([edges, inside[np.abs(inside) < edges[-1]]]))
        low, high = edges[:-1], edges[1:]
        total = size = settled = 0.0
        before = math.inf
        coarse, _ = self._panel_sums(function, deviation, low, high)
        for _ in range(DEEPEST):
            middle = 0.5 * (low + high)
            left, left_size = self._panel_sums(function, deviation, low, middle)
            right, right_size = self._panel_sums(function, deviation, middle, high)
            error, sizes = np.abs(left + right - coarse), left_size + right_size
            whole = size + float(sizes.sum())
            good = error <= ACCURACY * np.maximum(sizes, whole / (8.0 * (low.size + 64)))
            total += float((left + right)[good].sum())
            size += float(sizes[good].sum())
            settled += float(error[good].sum())
            rest = float(error[~good].sum())
            fallen, before = rest < 0.5 * before, rest
            enough = ACCURACY if fallen else SETTLED  # rounding does not fall when panels are halved
            if good.all() or settled + rest <= enough * whole + floor or 2 * int((~good).sum()) > MOST_PANELS:
                total, size = total + float((left + right)[~good].sum()), size + float(sizes[~good].sum())
                break
            low, high = np.concatenate([low[~good], middle[~good]]), np.concatenate([middle[~good], high[~good]])
            coarse = np.concatenate([left[~good], right[~good]])
        else:
            total, size = total + float(coarse.sum()), whole
        error_left = settled + (0.0 if good.all() else rest)
        if error_left <= max(SETTLED * size, floor):
            return total
        raise ConvergenceError(
            f"a Gaussian moment of activation {self.name!r} at q = {q:.6g} did not settle under refinement; pass "
            "kinks= with every point where its derivative jumps, or derivative= if none was given",
            residual=error_left,
        )

    def _panel_sums(self, function: RealFunction, deviation: float, low: Real, high: Real) -> tuple[Real, Real]:
        """Integral of f and of its size over every panel."""
        z, w = panel_nodes(np.stack([low, high], axis=-1))
        w = w * standard_density(z)
        terms = self._finite(function, deviation * z, w) * w
        return terms.sum(axis=-1), np.abs(terms).sum(axis=-1)

    def mean(self, q: float) -> float:
        """E φ(x), x ~ N(0, q).

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float
        """
        if self.formulas is not None:
            return self.formulas.mean(q)
        if self._many_periods(q):
            return self._period_mean(self._periodic_part)
        return self.expectation(self.function, q)

    def second_moment(self, q: float) -> float:
        """E φ(x)²: the length map is ``sigma_w² E φ² + sigma_b²``.

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If `q` is not of the kind named above.
        ValueError
            If `q` is out of the range named above.
        """
        if self.formulas is not None:
            return self.formulas.second_moment(q)
        if self._many_periods(q):  # Stein: E x p(x) = q E p', and p' is 0 on average
            return self._rise**2 * q + self._period_mean(lambda x: self._periodic_part(x) ** 2)
        return self.expectation(lambda x: self.function(x) ** 2, q)

    def slope_moment(self, k: int, q: float) -> float:
        """μ_k = E φ'(x)^{2k}: the k-th moment of D².

        Parameters
        ----------
        k : int
            Order, >= 1.
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        order = check_count("k", k, minimum=0)
        if self.formulas is not None:
            return self.formulas.slope_moment(order, q)
        if self._many_periods(q):
            return self._period_mean(lambda x: self.slope(x) ** (2 * order))
        return self.expectation(lambda x: self.slope(x) ** (2 * order), q)

    def slope_spread(self, q: float) -> float:
        """Relative variance μ₂/μ₁² − 1 of D², without cancellation at small q.

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float
        """
        mean = self.slope_moment(1, q)
        if mean == 0.0:
            raise ValueError(
                f"the slope of activation {self.name!r} vanishes almost surely at q = {q:.6g}: D = 0, and its "
                "relative variance is undefined"
            )
        second = self.curvature
        if second is not None and q < 1e-3 * self.scale**2:
            return self._spread_near_zero(second, q) / mean**2
        if self.formulas is not None:
            return self.formulas.slope_moment(2, q) / mean**2 - 1.0
        if self._many_periods(q):
            return self._period_mean(lambda x: (self.slope(x) ** 2 / mean - 1.0) ** 2)
        return self.expectation(lambda x: (self.slope(x) ** 2 / mean - 1.0) ** 2, q, floor=1e-20)

    def _spread_near_zero(self, second: RealFunction, q: float) -> float:
        """Variance of φ'², whose increments φ'(x)² − φ'(0)² are integrals of 2 φ' φ''."""
        x, w = gaussian_rule(max(q, SMALLEST_LENGTH), (0.0,), scale=self.scale)
        t, v = legendre_rule(12)
        inside = 0.5 * x[:, None] * (1.0 + t)
        increments = x * ((self.slope(inside) * second(inside)) @ v)
        centred = increments - increments @ w
        return float((centred * centred) @ w)

    def radial_moment(self, q: float) -> float:
        """E φ φ' x / q = E[φ'² + φ φ'']: the derivative of E φ² in q.

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        if self.formulas is not None:
            return self.formulas.radial_moment(q)
        if self._many_periods(q):
            return self._rise**2
        second = self.curvature
        # φ(0) E φ' x / q cancels at small q, E φ'² + E φ φ'' at large q
        if second is not None and q <= self.scale**2:
            return self.expectation(lambda x: self.slope(x) ** 2 + self.function(x) * second(x), q)
        length = max(float(check_real("q", q, at_least=0.0, at_most=LARGEST_VARIANCE)), SMALLEST_LENGTH)
        scale = math.sqrt(length)
        return self.expectation(lambda x: self.function(x) / scale * self.slope(x) * (x / scale), length)

    def curvature_moment(self, q: float) -> float:
        """E φ''(x)², for the slow decay of correlations on the edge of chaos.

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If `q` is not of the kind named above.
        ValueError
            If φ has kinks (φ'' is then not square integrable) or no closed second derivative.
        """
        if self.formulas is not None:
            return self.formulas.curvature_moment(q)
        second = self.curvature
        if self.kinks or second is None:
            reason = "has kinks" if self.kinks else "has no second derivative in closed form"
            raise ValueError(f"E φ''² is not available: activation {self.name!r} {reason}")
        return self.expectation(lambda x: second(x) ** 2, q)

    # ------------------------------------------------------------------ lengths that hold many periods
    def _many_periods(self, q: float) -> bool:
        return self.slope_period is not None and q >= MANY * self.slope_period**2

    @cached_property
    def _rise(self) -> float:
        """Mean of φ' over a period."""
        assert self.slope_period is not None
        ends = np.asarray(self.function(np.array([-0.5, 0.5]) * self.slope_period), dtype=np.float64)
        return float(ends[1] - ends[0]) / self.slope_period

    def _periodic_part(self, x: Real) -> Real:
        return np.asarray(self.function(x) - self._rise * x, dtype=np.float64)

    def _period_mean(self, function: RealFunction) -> float:
        assert self.slope_period is not None
        return period_average(function, self.slope_period, np.asarray([*self.panels, *self.kinks]))

    # ------------------------------------------------------------------ expectations in the plane
    def covariance(self, q1: float, q2: float, c: float) -> float:
        """E φ(u1) φ(u2) for a centred Gaussian pair with variances q1, q2 and correlation c.

        Parameters
        ----------
        q1, q2 : float
            Variances, >= 0.
        c : float
            Correlation, in [−1, 1].

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If `q1`, `q2` or `c` is not of the kind named above.
        ValueError
            If `q1`, `q2` or `c` is out of the range named above.
        """
        if self.formulas is not None:
            return self.formulas.covariance(q1, q2, c)
        function = self.function
        return self._pair_expectation(lambda u, v: np.asarray(function(u)) * function(v), q1, q2, c)

    def slope_covariance(self, q1: float, q2: float, c: float) -> float:
        """E φ'(u1) φ'(u2) for a centred Gaussian pair with variances q1, q2 and correlation c.

        Parameters
        ----------
        q1, q2 : float
            Variances, >= 0.
        c : float
            Correlation, in [−1, 1].

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If `q1`, `q2` or `c` is not of the kind named above.
        ValueError
            If `q1`, `q2` or `c` is out of the range named above.
        """
        if self.formulas is not None:
            return self.formulas.slope_covariance(q1, q2, c)
        slope = self.slope
        return self._pair_expectation(lambda u, v: np.asarray(slope(u)) * slope(v), q1, q2, c)

    def divergence(self, q: float, gap: float) -> float:
        """E (φ(u1) − φ(u2))²/2 = E φ² − E φ(u1) φ(u2) at correlation 1 − gap, without cancellation at small gap.

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.
        gap : float
            One minus the correlation, in [0, 2].

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If `q` or `gap` is not of the kind named above.
        ValueError
            If `q` or `gap` is out of the range named above.
        """
        check_real("gap", gap, at_least=0.0, at_most=2.0)
        if self.formulas is not None:
            return self.formulas.divergence(q, gap)
        function = self.function
        return self._pair_expectation(
            lambda u, v: 0.5 * (np.asarray(function(u)) - function(v)) ** 2, q, q, 1.0 - gap, gap
        )

    def _pair_expectation(
        self,
        function: Callable[[Real, Real], Real],
        q1: float,
        q2: float,
        c: float,
        gap: float | None = None,
    ) -> float:
        check_real("q1", q1, at_least=0.0, at_most=LARGEST_VARIANCE)
        check_real("q2", q2, at_least=0.0, at_most=LARGEST_VARIANCE)
        check_real("c", c, at_least=-1.0, at_most=1.0)
        coarse = math.nan
        error = math.inf
        for refine in (0,) if self.named else (0, 1, 2, 3):
            u1, u2, w = correlated_rule(
                q1, q2, c, self.features, gap=gap, scale=self.scale, refine=refine, kinked=bool(self.kinks)
            )
            with np.errstate(over="ignore", invalid="ignore"):
                terms = function(u1, u2) * w
            if not np.isfinite(terms).all():
                raise ValueError(f"activation {self.name!r} gives values that are not finite within 9 sqrt(q)")
            fine = float(np.sum(terms))
            error = abs(fine - coarse)
            if self.named or error <= 1e-11 * float(np.sum(np.abs(terms))):
                return fine
            coarse = fine
        raise ConvergenceError(
            f"a pair expectation of activation {self.name!r} did not settle under refinement; pass kinks= with "
            "every point where its derivative jumps",
            residual=error,
        )

    # ------------------------------------------------------------------ scales
    @cached_property
    def slope_of_slope(self) -> RealFunction:
        """φ'' between the kinks: in closed form where known, else by differences."""
        from rmt.networks.activations.difference_steps import difference_quotient, fitting_steps

        if self.curvature is not None:
            return self.curvature
        if not self.panels:
            return difference_quotient(self.slope, self.kinks)
        edges = np.unique(np.concatenate([self.panels, self.kinks]))
        return difference_quotient(self.slope, self.kinks, fitting_steps(self.slope, edges, self.kinks))

    @cached_property
    def variation(self) -> tuple[float, float]:
        """Smallest and largest size of x on which φ changes its course: far below it is a line, far above a power."""
        places = [abs(f) for f in self.features if f != 0.0]
        sizes = places if self.slopes is not None else [self.scale, *places]
        return (min(sizes), max(sizes)) if sizes else (1.0, 1.0)

    @cached_property
    def flat_from(self) -> float:
        """Smallest |x| at which two neighbours of a grid over all sizes have φ' = 0; inf if there are none."""
        x = np.geomspace(1e-3, 1e9, 290)
        edges = np.unique([0.0, *self.kinks, *self.panels])
        x = np.unique(np.concatenate([-x, x, 0.5 * (edges[1:] + edges[:-1])]))
        with np.errstate(all="ignore"):
            zero = np.asarray(self.slope(x)) == 0.0
        met = np.flatnonzero(zero[:-1] & zero[1:])
        return float(np.minimum(np.abs(x[met]), np.abs(x[met + 1])).min(initial=math.inf))

    # ------------------------------------------------------------------ growth
    def slopes_at_infinity(self) -> tuple[float, float]:
        """Limits of φ(x)/x at −∞ and +∞: 0 for a bounded activation.

        Returns
        -------
        tuple of two floats
        """
        far = 1e100
        with np.errstate(over="ignore", invalid="ignore"):
            left, right = (float(np.asarray(self.function(np.array([x])))[0]) / x for x in (-far, far))
        return tuple(0.0 if not abs(a) > 1e-50 else a for a in (left, right))  # type: ignore[return-value]

    @property
    def homogeneous(self) -> bool:
        """Whether φ(b x) = b φ(x) for b > 0, as for linear, ReLU and leaky ReLU."""
        return self.slopes is not None and self.kinks in ((), (0.0,)) and float(self(0.0)) == 0.0

    # ------------------------------------------------------------------ identity
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and self.recipe == other.recipe

    def __hash__(self) -> int:
        return hash(self.recipe)

    def __repr__(self) -> str:
        arguments = "".join(f", {name}={value!r}" for name, value in self.parameters)
        return f"activation({self.name!r}{arguments})"

    def __reduce__(self) -> tuple[Any, ...]:
        return self.recipe
