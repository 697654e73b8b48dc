"""An activation function and its moments under Gaussian arguments.

Everything mean-field theory asks of an activation φ is an expectation over x ~ N(0, q): E φ², E φ'^{2k},
E φ φ' x, E φ(u1) φ(u2). They are computed by quadrature split at the kinks of φ, accurate to about 1e-13 relative
for every q in [1e-12, 1e6].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import LARGEST_VARIANCE, ConvergenceError, check_count, check_real
from rmt.networks.gaussian import correlated_rule, gaussian_rule, legendre_rule

Real = NDArray[np.float64]
RealFunction = Callable[[Real], Any]

#: q = 0 stands for the limit from above
SMALLEST_LENGTH = 1e-290


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
        For a piecewise linear φ the slopes between the kinks, left to right.
    curvature : callable or None
        φ'' between the kinks, where known in closed form.
    log_slope : callable or None
        log|φ'| without underflow far from 0, where known.
    slope_period : float or None
        Period of φ'², for an oscillating activation.
    formulas : GaussianFormulas or None
        Closed forms of the moments, used instead of quadrature.
    named : bool
        Whether `features` and `scale` are known, so that one resolution suffices.
    recipe : tuple
        ``(factory, arguments)`` that makes this activation again; its identity.
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
    recipe: tuple[Any, ...] = ()

    # ------------------------------------------------------------------ values
    def __call__(self, x: ArrayLike) -> Any:
        """φ(x)."""
        values = np.asarray(self.function(np.asarray(x, dtype=np.float64)))
        return values[()]

    def derivative(self, x: ArrayLike) -> Any:
        """φ'(x); at a kink the value from the right or the left, as the formula of φ' has it."""
        values = np.asarray(self.slope(np.asarray(x, dtype=np.float64)))
        return values[()]

    def log_abs_derivative(self, x: ArrayLike) -> Any:
        """log|φ'(x)|, −inf where φ' vanishes."""
        points = np.asarray(x, dtype=np.float64)
        if self.log_slope is not None:
            return np.asarray(self.log_slope(points))[()]
        with np.errstate(divide="ignore"):
            return np.log(np.abs(self.slope(points)))[()]

    # ------------------------------------------------------------------ expectations on the line
    def expectation(self, function: RealFunction, q: float) -> float:
        """E f(x) for x ~ N(0, q), where f is as smooth as φ between the kinks of φ.

        Raises
        ------
        ValueError
            If f is not finite at a node, or the integral diverges.
        ConvergenceError
            If two resolutions disagree (only for activations that are not from the table, whose scale of
            variation is not known in advance).
        """
        length = max(float(check_real("q", q, at_least=0.0, at_most=LARGEST_VARIANCE)), SMALLEST_LENGTH)
        x, w = gaussian_rule(length, self.features, scale=self.scale)
        value = self._weighted(function, x, w)
        if self.named:
            return value
        return self._refined(function, length, value)

    def _weighted(self, function: RealFunction, x: Real, w: Real) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(function(x), dtype=np.float64)
        bad = ~np.isfinite(values) & (w > 0.0)
        if bad.any():
            where = float(x[bad].flat[np.argmin(np.abs(x[bad]))])
            raise ValueError(
                f"activation {self.name!r} gives a value that is not finite near x = {where:.6g}; every x met by a "
                "Gaussian pre-activation must be in its domain"
            )
        return float(np.sum(values * w))

    def _refined(self, function: RealFunction, q: float, coarse: float) -> float:
        error = math.inf
        for refine in (1, 2, 3, 4):
            x, w = gaussian_rule(q, self.features, scale=self.scale, refine=refine)
            fine = self._weighted(function, x, w)
            scale = self._weighted(lambda t: np.abs(function(t)), x, w)
            error = abs(fine - coarse)
            if error <= 1e-12 * scale:
                return fine
            coarse = fine
        raise ConvergenceError(
            f"a Gaussian moment of activation {self.name!r} at q = {q:.6g} did not settle under refinement; pass "
            "kinks= with every point where its derivative jumps, or derivative= if none was given",
            residual=error,
        )

    def mean(self, q: float) -> float:
        """E φ(x), x ~ N(0, q)."""
        if self.formulas is not None:
            return self.formulas.mean(q)
        return self.expectation(self.function, q)

    def second_moment(self, q: float) -> float:
        """E φ(x)²: the length map is ``sigma_w² E φ² + sigma_b²``."""
        if self.formulas is not None:
            return self.formulas.second_moment(q)
        return self.expectation(lambda x: self.function(x) ** 2, q)

    def slope_moment(self, k: int, q: float) -> float:
        """μ_k = E φ'(x)^{2k}: the k-th moment of D²."""
        order = check_count("k", k, minimum=0)
        if self.formulas is not None:
            return self.formulas.slope_moment(order, q)
        return self.expectation(lambda x: self.slope(x) ** (2 * order), q)

    def slope_spread(self, q: float) -> float:
        """Relative variance μ₂/μ₁² − 1 of D², without cancellation at small q."""
        mean = self.slope_moment(1, q)
        if mean == 0.0:
            raise ValueError(
                f"the slope of activation {self.name!r} vanishes almost surely at q = {q:.6g}: D = 0, and its "
                "relative variance is undefined"
            )
        second = self.curvature
        if second is not None and q < 1e-3:
            return self._spread_near_zero(second, q) / mean**2
        if self.formulas is not None:
            return self.formulas.slope_moment(2, q) / mean**2 - 1.0
        return self.expectation(lambda x: (self.slope(x) ** 2 - mean) ** 2, q) / mean**2

    def _spread_near_zero(self, second: RealFunction, q: float) -> float:
        """Variance of φ'², whose increments φ'(x)² − φ'(0)² are integrals of 2 φ' φ''."""
        x, w = gaussian_rule(max(q, SMALLEST_LENGTH), (0.0,), scale=self.scale)
        t, v = legendre_rule(12)
        inside = 0.5 * x[:, None] * (1.0 + t)
        increments = x * ((self.slope(inside) * second(inside)) @ v)
        centred = increments - increments @ w
        return float((centred * centred) @ w)

    def radial_moment(self, q: float) -> float:
        """E φ φ' x / q = E[φ'² + φ φ'']: the derivative of E φ² in q."""
        if self.formulas is not None:
            return self.formulas.radial_moment(q)
        second = self.curvature
        # φ(0) E φ' x / q cancels at small q, E φ'² + E φ φ'' at large q
        if second is not None and q <= 1.0:
            return self.expectation(lambda x: self.slope(x) ** 2 + self.function(x) * second(x), q)
        length = max(float(check_real("q", q, at_least=0.0, at_most=LARGEST_VARIANCE)), SMALLEST_LENGTH)
        scale = math.sqrt(length)
        return self.expectation(lambda x: self.function(x) / scale * self.slope(x) * (x / scale), length)

    def curvature_moment(self, q: float) -> float:
        """E φ''(x)², for the slow decay of correlations on the edge of chaos.

        Raises
        ------
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

    # ------------------------------------------------------------------ expectations in the plane
    def covariance(self, q1: float, q2: float, c: float) -> float:
        """E φ(u1) φ(u2) for a centred Gaussian pair with variances q1, q2 and correlation c."""
        if self.formulas is not None:
            return self.formulas.covariance(q1, q2, c)
        function = self.function
        return self._pair_expectation(lambda u, v: np.asarray(function(u)) * function(v), q1, q2, c)

    def slope_covariance(self, q1: float, q2: float, c: float) -> float:
        """E φ'(u1) φ'(u2) for a centred Gaussian pair with variances q1, q2 and correlation c."""
        if self.formulas is not None:
            return self.formulas.slope_covariance(q1, q2, c)
        slope = self.slope
        return self._pair_expectation(lambda u, v: np.asarray(slope(u)) * slope(v), q1, q2, c)

    def divergence(self, q: float, gap: float) -> float:
        """E (φ(u1) − φ(u2))²/2 = E φ² − E φ(u1) φ(u2) at correlation 1 − gap, without cancellation at small gap."""
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

    # ------------------------------------------------------------------ growth
    def slopes_at_infinity(self) -> tuple[float, float]:
        """Limits of φ(x)/x at −∞ and +∞: 0 for a bounded activation."""
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
