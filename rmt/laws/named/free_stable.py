"""Free stable laws."""

from __future__ import annotations

import decimal
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import EPS, Complex, Interval, Law, Real, exact
from rmt.numerics.functions.bracketed_roots import bracketed_roots
from rmt.numerics.functions.branches import log_upper
from rmt.numerics.functions.cotangent import COTANGENT, LOG_SINC
from rmt.numerics.functions.exact_constants import TwoFloat, offset, two_float

#: αρ this close to 1 counts as 1
_SNAP = 4 * Fraction(EPS)
#: logarithms of θ/δ between which the angle is looked for
_REACH = 745.0
#: positions closer to the origin count as this one
_SMALLEST = 1e-300
#: angles from a finite end of the support up to which log(x/end) and masses come from expansions there
_NEAR = 0.8
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NEWTON_LIMIT = 80


class _Angles(NamedTuple):
    """F = r e^(iθ) at a point of (0, ∞): θ and what is left of it up to its value πρ at 0."""

    theta: Real
    delta: Real


@dataclass(frozen=True)
class _Side:
    """The positive half line: x = r sin(α δ)/sin β with β = πρ − (1 − α)δ, r = (sin β/sin θ)^(1/α), θ + δ = πρ.

    Attributes
    ----------
    alpha, rho : Fraction
    """

    alpha: Fraction
    rho: Fraction

    @cached_property
    def a(self) -> float:
        """The index as a float."""
        return float(self.alpha)

    @cached_property
    def top(self) -> float:
        """The angle πρ at the origin."""
        return math.pi * float(self.rho)

    @cached_property
    def bounded(self) -> bool:
        """Whether the support ends at a positive point: from below for α < 1, ρ = 1, from above for α > 1, αρ = 1."""
        return self.rho == 1 if self.alpha < 1 else self.alpha * self.rho == 1 and self.alpha > 1

    @cached_property
    def end(self) -> TwoFloat:
        """That point, α |1 − α|^(1/α − 1)."""
        with decimal.localcontext() as context:
            context.prec = 50
            alpha = Decimal(self.alpha.numerator) / Decimal(self.alpha.denominator)
            return two_float(Fraction(alpha * ((1 / alpha - 1) * abs(1 - alpha).ln()).exp()))

    # ------------------------------------------------------------------ along the curve
    def _sines(self, at: _Angles) -> tuple[Real, Real, Real]:
        """Sines of θ, β and αδ, those of angles beyond π/2 from the supplement."""
        theta, delta = at
        left, beyond = math.pi * float(1 - self.rho), math.pi * float(1 - self.alpha * self.rho)
        growth = float(1 - self.alpha)
        beta = self.top - growth * delta
        rest = left + growth * delta if self.alpha < 1 else beyond - growth * theta
        first = np.where(theta < 0.5 * math.pi, np.sin(theta), np.sin(left + delta))
        second = np.where(beta < 0.5 * math.pi, np.sin(beta), np.sin(rest))
        third = np.where(self.a * delta < 0.5 * math.pi, np.sin(self.a * delta), np.sin(beyond + self.a * theta))
        return first, second, third

    def log_radius(self, at: _Angles) -> Real:
        """Log r."""
        with np.errstate(divide="ignore", invalid="ignore"):
            theta, beta, _ = self._sines(at)
            out = np.asarray((np.log(beta) - np.log(theta)) / self.a)
        if self.bounded:
            t = at.delta if self.alpha < 1 else at.theta
            out[t < _NEAR] = self._log_radius_near(t[t < _NEAR])
        return out

    def _log_radius_near(self, t: Real) -> Real:
        """Log r at the angle t from a finite end."""
        k = abs(1.0 - self.a)
        return (math.log(k) + _log_sinc(k * t) - _log_sinc(t)) / self.a

    def _log_x(self, at: _Angles) -> Real:
        """Log x; the logarithm of x/end where that end is finite."""
        theta, beta, alpha = self._sines(at)
        with np.errstate(divide="ignore", invalid="ignore"):
            out = (1.0 / self.a - 1.0) * np.log(beta) - np.log(theta) / self.a + np.log(alpha)
        if not self.bounded:
            return np.asarray(out)
        t = at.delta if self.alpha < 1 else at.theta
        near = t < _NEAR
        return np.where(near, self._log_ratio(np.where(near, t, 0.0)), out - math.log(self.end.high))

    def _log_ratio(self, t: Real) -> Real:
        """log(x/end) at the angle t from a finite end."""
        k = abs(1.0 - self.a)
        return (1.0 / self.a - 1.0) * _log_sinc(k * t) - _log_sinc(t) / self.a + _log_sinc(self.a * t)

    def _log_ratio_slope(self, t: Real) -> Real:
        k = abs(1.0 - self.a)
        outer = (1.0 / self.a - 1.0) * k * _log_sinc_slope(k * t)
        return outer - _log_sinc_slope(t) / self.a + self.a * _log_sinc_slope(self.a * t)

    def _angles(self, u: Real) -> _Angles:
        """The angles at u = log(θ/δ)."""
        ratio = np.exp(-np.abs(u))
        small = self.top * ratio / (1.0 + ratio)
        large = self.top - small
        return _Angles(np.where(u < 0.0, small, large), np.where(u < 0.0, large, small))

    def at(self, x: Real) -> _Angles:
        """The angles at points x > 0 of the support."""
        target = np.log(np.maximum(x, _SMALLEST))
        if self.bounded:
            near = x > 0.5 * self.end.high
            target -= math.log(self.end.high)
            target[near] = np.log1p(offset(x[near], self.end) / self.end.high)
        return self._solve(lambda at, index: self._log_x(at) - target[index], x.size)

    def at_mass(self, mass: Real, above: bool) -> _Angles:
        """The angles where the mass above, or below a finite lower end, is given."""
        target = np.log(mass)

        def residual(at: _Angles, index: Any) -> Real:
            with np.errstate(divide="ignore"):
                return np.asarray(np.log(self.above(at) if above else self.below(at)) - target[index])

        return self._solve(residual, mass.size)

    def _solve(self, residual: Any, count: int) -> _Angles:
        reach = np.full(count, _REACH)
        u = bracketed_roots(lambda u, index: np.asarray(residual(self._angles(u), index)), -reach, reach)
        return self._angles(u)

    def point(self, at: _Angles) -> Real:
        """The point x itself."""
        scale = self.end.high if self.bounded else 1.0
        with np.errstate(over="ignore"):
            return np.asarray(scale * np.exp(self._log_x(at)))

    # ------------------------------------------------------------------ density and masses
    def density(self, at: _Angles) -> Real:
        """Sin θ/(π r)."""
        sine, _, _ = self._sines(at)
        return np.asarray(sine * np.exp(-self.log_radius(at)) / math.pi)

    def above(self, at: _Angles) -> Real:
        """Mass above."""
        closed = (at.theta + self._turned(at)) / math.pi
        if self.bounded and self.alpha > 1:
            near = at.theta < _NEAR
            closed[near] = self._tail(at.theta[near])
        return np.asarray(closed)

    def below(self, at: _Angles) -> Real:
        """Mass between a finite lower end and the point."""
        closed = (at.delta - self._turned(at)) / math.pi
        near = at.delta < _NEAR
        closed[near] = self._tail(at.delta[near])
        return np.asarray(closed)

    def _turned(self, at: _Angles) -> Real:
        theta, beta, alpha = self._sines(at)
        with np.errstate(invalid="ignore"):
            return (1.0 / self.a - 1.0) * theta * (alpha / beta)

    def _tail(self, t: Real) -> Real:
        """Mass between a finite end and the angle t from it: a Gauss rule."""
        nodes = 0.5 * t[:, None] * (1.0 + _NODES)
        radius = self._log_radius_near(nodes)
        weight = np.sin(nodes) * np.exp(self._log_ratio(nodes) - radius) * np.abs(self._log_ratio_slope(nodes))
        return np.asarray(t * (weight @ (0.5 * _WEIGHTS)) * self.end.high / math.pi)

    # ------------------------------------------------------------------ off the support
    def log_radius_in_gap(self, x: Real) -> Real:
        """log|F| at real points off the support: x = ±(s − s^(1−α)), s = |F|, below a lower end, above an upper one."""
        start = math.log(abs(1.0 - self.a)) / self.a
        sign = -1.0 if self.alpha < 1 else 1.0

        k = abs(1.0 - self.a)

        def residual(t: Real, index: Any) -> Real:
            # distance from the end, with s = s_0 e^t and s_0^α = |1 − α|
            other = _exp_excess(-k * t) / k if self.alpha > 1 else -_exp_excess(k * t) / k
            grown = start + np.log(np.maximum(_exp_excess(t) + other, 1e-300))
            return np.asarray(grown - np.log(distance[index]))

        distance = np.maximum(sign * offset(x, self.end), 1e-290)
        t = bracketed_roots(residual, np.full_like(x, 1e-145), np.full_like(x, 705.0))
        return np.asarray(start + t)


@dataclass(frozen=True, init=False, repr=False)
class FreeStable(Law):
    """Strictly free stable law: c_1 X_1 + c_2 X_2 ~ (c_1^alpha + c_2^alpha)^(1/alpha) X for free copies.

    The limit of normalised sums of free variables with heavy tails (Bercovici and Pata 1999). Its R-transform is R(g) =
    -exp(i pi alpha rho) g^(alpha - 1) for arg g in (-pi, 0), its mass on [0, ∞) is rho. ``FreeStable(2)`` has the
    semicircle law, ``FreeStable(1, rho)`` a Cauchy law, ``FreeStable(1/2, 1)`` the free counterpart of the law of Lévy,
    with density sqrt(4x - 1)/(2 pi x²) on x > 1/4. With F = 1/G(x) = r e^(iθ) and β = pi alpha rho + (1 - alpha)θ,

        r^alpha = sin β/sin θ,   x = r sin(alpha (pi rho - θ))/sin β,   pdf = sin θ/(pi r),
        sf = θ/pi + ((1 - alpha)/alpha) sin θ sin(alpha (pi rho - θ))/(pi sin β).

    Parameters
    ----------
    alpha : real
        Index, in (0, 2]. Moments of order alpha and more do not exist for alpha < 2.
    rho : real
        Mass of the positive half line: in [0, 1] for alpha < 1, in (0, 1) for alpha = 1, in [1 - 1/alpha, 1/alpha] for
        alpha > 1. At the ends of these intervals the support is bounded on one side; give such a rho
        as a ``Fraction``, or to within rounding.

    Raises
    ------
    TypeError
        If `alpha` or `rho` is not of the kind named above.
    ValueError
        If `alpha` or `rho` lies outside these intervals.

    References
    ----------
    Bercovici and Pata 1999; Arizmendi and Hasebe (2016); Hasebe and Kuznetsov (2014).

    Examples
    --------
    >>> from rmt.laws import FreeStable
    >>> round(FreeStable(2).pdf(0.0), 15)
    0.318309886183791
    >>> FreeStable(0.5, 1).support[0].low
    0.25
    """

    alpha: Any
    rho: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, alpha: Any = 1, rho: Any = 0.5) -> None:
        object.__setattr__(self, "alpha", check_real("alpha", alpha, above=0.0, at_most=2.0))
        object.__setattr__(self, "rho", check_real("rho", rho, at_least=0.0, at_most=1.0))
        if self.alpha == 1 and self.rho in (0, 1):
            raise ValueError(
                f"rho must lie in (0, 1) for alpha = 1, got {self.rho!r}; the point masses are Atomic laws"
            )
        first, second = self._shape
        if first > 1 and not (second * first <= 1 and (1 - second) * first <= 1):
            low, high = 1.0 - 1.0 / float(first), 1.0 / float(first)
            raise ValueError(f"rho must lie in [{low:.6g}, {high:.6g}] for alpha = {self.alpha!r}, got {self.rho!r}")

    @cached_property
    def _shape(self) -> tuple[Fraction, Fraction]:
        """Both parameters, rho moved to a nearby end of its interval."""
        alpha, rho = exact(self.alpha), exact(self.rho)
        if alpha > 1:
            if abs(alpha * rho - 1) <= _SNAP:
                rho = 1 / alpha
            elif abs(alpha * (1 - rho) - 1) <= _SNAP:
                rho = 1 - 1 / alpha
        return alpha, rho

    @cached_property
    def _sides(self) -> tuple[_Side, _Side]:
        """The positive half line, and the negative one turned over."""
        alpha, rho = self._shape
        return _Side(alpha, rho), _Side(alpha, 1 - rho)

    # ------------------------------------------------------------------ structure
    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """The line, or a half line at the extreme values of rho; bounded for alpha = 2."""
        right, left = self._sides
        (low, low_exponent), (high, high_exponent) = (-math.inf, math.nan), (math.inf, math.nan)
        for side, sign in ((right, 1.0), (left, -1.0)):
            if side.bounded:
                end = sign * side.end.high
                if (side.alpha > 1) == (sign > 0.0):
                    high, high_exponent = end, 0.5
                else:
                    low, low_exponent = end, 0.5
        return (Interval(low, high, low_exponent, high_exponent, 1.0),)

    def _inside(self, x: Real) -> Any:
        low, high = self._hull()
        return (x > low) & (x < high)

    @cached_property
    def _farthest(self) -> float:
        """Points whose power alpha does not overflow."""
        return math.exp(min(690.0 / float(self._shape[0]), 709.0))

    def _split(self, x: Real) -> list[tuple[_Side, Any, bool]]:
        """The points of the support by the side they lie on."""
        inside = self._inside(x)
        right, left = self._sides
        return [(right, inside & (x > 0.0), False), (left, inside & (x < 0.0), True)]

    # ------------------------------------------------------------------ density and masses
    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for side, here, _ in self._split(x):
            if here.any():
                out[here] = side.density(side.at(np.minimum(np.abs(x[here]), self._farthest)))
        out[self._inside(x) & (x == 0.0)] = math.sin(math.pi * float(self._shape[1])) / math.pi
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        low, high = self._hull()
        rho = float(self._shape[1])
        below = np.where(x >= high, 1.0, np.where(x <= low, 0.0, 1.0 - rho))
        above = np.where(x >= high, 0.0, np.where(x <= low, 1.0, rho))
        for side, here, turned in self._split(x):
            if not here.any():
                continue
            at = side.at(np.minimum(np.abs(x[here]), self._farthest))
            outer = side.above(at)
            inner = 1.0 - outer
            if side.bounded and side.alpha < 1:
                most = outer > 0.5
                inner[most] = side.below(_Angles(at.theta[most], at.delta[most]))
                outer[most] = 1.0 - inner[most]
            above[here], below[here] = (inner, outer) if turned else (outer, inner)
        return below, above

    def _cdf(self, x: Real) -> Real:
        return self._masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self._masses(x)[1]

    def _ppf(self, u: Real) -> Real:
        rho = self._shape[1]
        right, left = self._sides
        out = np.zeros_like(u)
        for side, level, sign in ((right, 1.0 - u, 1.0), (left, u, -1.0)):
            here = level < float(side.rho) if side.rho < 1 else np.ones(u.shape, dtype=bool)
            if not here.any() or side.rho == 0:
                continue
            if side.rho == 1 and side.bounded:
                rest = u if sign > 0.0 else 1.0 - u
                points = np.empty_like(u)
                inner = rest < 0.5
                points[inner] = side.point(side.at_mass(rest[inner], above=False))
                points[~inner] = side.point(side.at_mass(level[~inner], above=True))
                out[:] = sign * points
            else:
                out[here] = sign * side.point(side.at_mass(level[here], above=True))
        out[u == float(1 - rho)] = 0.0 if 0 < rho < 1 else out[u == float(1 - rho)]
        return out

    # ------------------------------------------------------------------ transforms, in w = log F
    @cached_property
    def _turn(self) -> complex:
        """exp(i pi alpha rho)."""
        alpha, rho = self._shape
        angle = alpha * rho
        return complex(_cos_pi(angle), _cos_pi(Fraction(1, 2) - angle))

    def _log_f_on_line(self, x: Real) -> Complex:
        """Log F at real points, the boundary value from above."""
        rho = float(self._shape[1])
        out = np.full(x.shape, complex(0.0, math.pi * rho))
        for side, here, turned in self._split(x):
            if here.any():
                at = side.at(np.abs(x[here]))
                # F of the law turned over is −conj F
                left = math.pi * float(1 - side.rho) + at.delta
                out.real[here], out.imag[here] = side.log_radius(at), left if turned else at.theta
        low, high = self._hull()
        right, left_side = self._sides
        for gap, above in ((x <= low, False), (x >= high, True)):
            if gap.any():
                side, sign = (right, 1.0) if (right.alpha > 1) == above else (left_side, -1.0)
                out.real[gap] = side.log_radius_in_gap(sign * x[gap])
                out.imag[gap] = 0.0 if above else math.pi
        return out

    def _log_f(self, z: Complex) -> Complex:
        """Log F in the closed upper half plane: Newton's iteration, started between the two half lines."""
        out = np.empty_like(z)
        far = np.abs(z) > self._farthest  # F/z − 1 is of the order |z|^−alpha
        out[far] = log_upper(z[far])
        real = (z.imag == 0.0) & ~far
        if real.any():
            out[real] = self._log_f_on_line(z[real].real)
        rest = ~real & ~far
        if rest.any():
            out[rest] = self._newton(z[rest], self._between_half_lines(z[rest]))
        return out

    def _newton(self, z: Complex, w: Complex) -> Complex:
        alpha = float(self._shape[0])
        active = np.arange(z.size)
        for _ in range(_NEWTON_LIMIT):
            v, point = w[active], z[active]
            bend = self._turn * np.exp(-alpha * v)
            step = (1.0 - bend - point * np.exp(-v)) / (1.0 - (1.0 - alpha) * bend)
            size = np.abs(step)
            step = np.where(size > 0.5, 0.5 * step / np.maximum(size, 0.5), step)
            following = v - step
            following.imag = np.clip(following.imag, 0.25 * v.imag, math.pi - 0.25 * (math.pi - v.imag))
            w[active] = following
            active = active[~(size <= 4.0 * EPS * (1.0 + np.abs(v)))]
            if active.size == 0:
                break
        return w

    def _between_half_lines(self, z: Complex) -> Complex:
        """Linear interpolation in arg z between the boundary values at ±|z|."""
        modulus, share = np.abs(z), np.angle(z) / math.pi
        return np.asarray((1.0 - share) * self._log_f_on_line(modulus) + share * self._log_f_on_line(-modulus))

    def _stieltjes(self, z: Complex) -> Complex:
        out = np.exp(-self._log_f(z))
        gap = (z.imag == 0.0) & ~self._inside(z.real)
        return np.where(gap, out.real + 0j, out)

    def _t_transform(self, z: Complex) -> Complex:
        # zG − 1 = −e^(iπαρ) F^(−α)
        return np.asarray(-self._turn * np.exp(-float(self._shape[0]) * self._log_f(z)))

    def _log_potential(self, z: Complex) -> Complex:
        alpha = float(self._shape[0])
        w = self._log_f(z)
        out = np.asarray(w + (1.0 / alpha - 1.0) * self._turn * np.exp(-alpha * w))
        out.imag = np.clip(out.imag, 0.0, math.pi)
        low, high = self._hull()
        real = z.imag == 0.0
        out.imag[real & (z.real <= low)], out.imag[real & (z.real >= high)] = math.pi, 0.0
        return out

    def _r_transform(self, g: Complex) -> Complex:
        alpha, rho = self._shape
        lower = np.where(g.imag > 0.0, g.conj(), g)
        angle = np.where(lower.imag == 0.0, np.where(lower.real > 0.0, 0.0, -math.pi), np.angle(lower))
        power = np.abs(g) ** float(alpha - 1) * np.exp(1j * float(alpha - 1) * angle)
        value = -self._turn * power
        value = np.where(g.imag > 0.0, value.conj(), value)
        # on the real line only where G takes real values
        positive, negative = (alpha * rho).denominator == 1, (alpha * (1 - rho)).denominator == 1
        real = g.imag == 0.0
        allowed = np.where(g.real > 0.0, positive, negative)
        return np.where(real, np.where(allowed, value.real + 0j, np.nan), value)

    def _r_domain(self) -> str:
        return "complex g off the real line; real g where G takes real values, for a support bounded on that side"

    # ------------------------------------------------------------------ moments and algebra
    def _exact_moments(self, order: int) -> list[Fraction]:
        alpha, _ = self._shape
        if alpha == 2:
            return [Fraction(math.comb(k, k // 2), k // 2 + 1) if k % 2 == 0 else Fraction(0) for k in range(order + 1)]
        if order >= alpha:
            raise ValueError(
                f"{self!r} has no moments of order {order}: they exist below alpha = {float(alpha):g} only; use "
                "quantiles, or the R-transform"
            )
        return [Fraction(1), Fraction(0)][: order + 1]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        rest = 1 - exact(self.rho)
        plain = int(rest) if rest.denominator == 1 else rest
        return FreeStable(self.alpha, plain) if scale == -1 and shift == 0 else None

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return super()._pdf_error(x, value) + self._relative_error(x) * value

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return super()._cdf_error(x, value) + self._relative_error(x) * value

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        out = super()._stieltjes_error(z, value) + self._relative_error(np.abs(z)) * np.abs(value)
        for edge, _, _ in self._edges():  # off the line log F, which has a square root there, is the unknown
            distance = np.maximum(np.abs(z - edge) / abs(edge), EPS)
            out += 16.0 * EPS * np.abs(value) / np.sqrt(distance)
        return out

    def _relative_error(self, x: Real) -> Real:
        """Rounding of the logarithm of the point."""
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.abs(np.log(np.abs(x)))
        alpha = float(self._shape[0])
        return EPS * (16.0 + 8.0 * np.where(np.isfinite(size), size, 0.0)) * (1.0 + 1.0 / alpha)


def _exp_excess(t: Real) -> Real:
    """e^t − 1 − t."""
    small = np.abs(t) < 0.5
    u = np.where(small, t, 0.0)
    total = np.ones_like(u)
    for n in range(18, 2, -1):
        total = 1.0 + u / n * total
    return np.where(small, 0.5 * u * u * total, np.expm1(t) - t)


def _log_sinc(y: Real) -> Real:
    """log(sin y/y), 0 <= y <= 2."""
    square = y * y
    total = np.zeros_like(square)
    for coefficient in LOG_SINC[::-1]:
        total = coefficient + square * total
    return -square * total


def _log_sinc_slope(y: Real) -> Real:
    """Derivative of log(sin y/y)."""
    square = y * y
    total = np.zeros_like(square)
    for coefficient in COTANGENT[::-1]:
        total = coefficient + square * total
    return -y * total


def _cos_pi(x: Fraction) -> float:
    """Cos πx for rational x, exactly 0 and ±1 where it is."""
    reduced = abs(x) % 2
    reduced = min(reduced, 2 - reduced)
    if reduced == Fraction(1, 2):
        return 0.0
    return math.cos(math.pi * float(reduced)) if reduced < Fraction(1, 2) else -math.cos(math.pi * float(1 - reduced))
