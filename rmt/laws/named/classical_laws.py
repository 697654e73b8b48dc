"""Laws of classical probability that free probability meets: arcsine, Cauchy, Gaussian."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NoReturn

import numpy as np

from rmt.errors import check_real
from rmt.laws.law import EPS, Complex, Interval, Law, Real, exact
from rmt.laws.moment_series import connected_pairings, root_series
from rmt.numerics.functions.branches import log_upper, reciprocal, scaled, square_root_pair


@dataclass(frozen=True, init=False, repr=False)
class Arcsine(Law):
    """Arcsine law: density ``1/(pi sqrt(radius² - x²))``, the free sum of two Rademacher laws for radius 2.

    Parameters
    ----------
    radius : real
        Half length of the support [-radius, radius], > 0.

    Raises
    ------
    TypeError
        If `radius` is not of the kind named above.
    ValueError
        If `radius` is not finite or not > 0.

    References
    ----------
    Voiculescu 1986.

    Examples
    --------
    >>> from rmt.laws import Arcsine
    >>> Arcsine().moments(6)
    (0.0, 2.0, 0.0, 6.0, 0.0, 20.0)
    """

    radius: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, radius: Any = 2) -> None:
        object.__setattr__(self, "radius", check_real("radius", radius, above=0.0))

    @property
    def _edge(self) -> float:
        return float(self.radius)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval [-radius, radius] with hard edges."""
        return (Interval(-self._edge, self._edge, -0.5, -0.5, 1.0),)

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        inside = np.abs(x) < self._edge
        t = x[inside]
        out[inside] = 1.0 / (math.pi * np.sqrt(self._edge - t) * np.sqrt(self._edge + t))
        out[np.abs(x) == self._edge] = np.inf
        return out

    def _cdf(self, x: Real) -> Real:
        inside = np.clip(x, -self._edge, self._edge)
        return 2.0 / math.pi * np.arctan2(np.sqrt(self._edge + inside), np.sqrt(self._edge - inside))

    def _sf(self, x: Real) -> Real:
        return self._cdf(-x)

    def _ppf(self, u: Real) -> Real:
        # sin² instead of 1 − cos keeps the distance to the nearer edge
        lower = u < 0.5
        distance = 2.0 * self._edge * np.sin(0.5 * math.pi * np.where(lower, u, 1.0 - u)) ** 2
        return np.where(lower, distance - self._edge, self._edge - distance)

    def _root(self, z: Complex) -> Complex:
        return square_root_pair(z, -self._edge, self._edge)

    def _stieltjes(self, z: Complex) -> Complex:
        edge = np.abs(z) == self._edge
        edge &= z.imag == 0.0
        out = reciprocal(self._root(z))
        out[edge] = complex(0.0, -math.inf)
        return out

    def _t_transform(self, z: Complex) -> Complex:
        # (z − s)/s with (z − s)(z + s) = radius²
        edge = (np.abs(z) == self._edge) & (z.imag == 0.0)
        root = np.where(edge, 1.0, self._root(z))
        out = self._edge / root * (self._edge / (z + root))
        out[edge] = scaled(z[edge].real, np.full(np.count_nonzero(edge), complex(0.0, -math.inf))) - 1.0
        return out

    def _log_potential(self, z: Complex) -> Complex:
        return log_upper(0.5 * (z + self._root(z)))

    def _r_transform(self, g: Complex) -> Complex:
        scaled = self._edge * g
        return np.asarray(self._edge * scaled / (1.0 + np.sqrt(1.0 + scaled * scaled)))

    def _r_domain(self) -> str:
        return "every complex g (off the two vertical cuts that start at ±i/radius the branch is analytic)"

    def _exact_moments(self, order: int) -> list[Fraction]:
        half = exact(self.radius) / 2
        return [half**k * math.comb(k, k // 2) if k % 2 == 0 else Fraction(0) for k in range(order + 1)]

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        # R(g) = (√(1 + radius² g²) − 1)/g
        return root_series(0, exact(self.radius) ** 2, order)[1:]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return Arcsine(abs(scale) * self.radius) if shift == 0 else None


@dataclass(frozen=True, init=False, repr=False)
class Cauchy(Law):
    """Cauchy law: free and classical convolution with it are the same shift into the complex plane.

    It has no moments; G(z) = 1/(z - location + i scale) for Im z > 0.

    Parameters
    ----------
    location : real
        Median.
    scale : real
        Half width at half height, > 0.

    Raises
    ------
    TypeError
        If `location` or `scale` is not of the kind named above.
    ValueError
        If a parameter is not finite, or ``scale <= 0``.

    Examples
    --------
    >>> from rmt.laws import Cauchy
    >>> float(Cauchy().cdf(1.0))
    0.75
    """

    location: Any
    scale: Any

    def __init__(self, location: Any = 0, scale: Any = 1) -> None:
        object.__setattr__(self, "location", check_real("location", location))
        object.__setattr__(self, "scale", check_real("scale", scale, above=0.0))

    @property
    def _floats(self) -> tuple[float, float]:
        return float(self.location), float(self.scale)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The whole line; the exponents are NaN."""
        return (Interval(-math.inf, math.inf, math.nan, math.nan, 1.0),)

    def _pdf(self, x: Real) -> Real:
        centre, scale = self._floats
        reach = np.hypot(x - centre, scale)  # its square may overflow
        return np.asarray(scale / reach / reach / math.pi)

    def _cdf(self, x: Real) -> Real:
        centre, scale = self._floats
        return np.arctan2(scale, centre - x) / math.pi

    def _sf(self, x: Real) -> Real:
        centre, scale = self._floats
        return np.arctan2(scale, x - centre) / math.pi

    def _ppf(self, u: Real) -> Real:
        centre, scale = self._floats
        tail = np.minimum(u, 1.0 - u)
        # tan next to 0, and its reciprocal next to the median
        distance = np.where(
            tail < 0.25,
            1.0 / np.tan(math.pi * np.minimum(tail, 0.25)),
            np.tan(math.pi * (0.5 - np.maximum(tail, 0.25))),
        )
        return centre + scale * np.where(u < 0.5, -distance, distance)

    def _stieltjes(self, z: Complex) -> Complex:
        centre, scale = self._floats
        return np.asarray(1.0 / (z - centre + 1j * scale))

    def _t_transform(self, z: Complex) -> Complex:
        centre, scale = self._floats
        return np.asarray(complex(centre, -scale) / (z - centre + 1j * scale))

    def _log_potential(self, z: Complex) -> Complex:
        centre, scale = self._floats
        return np.log(z - centre + 1j * scale)

    def _r_transform(self, g: Complex) -> Complex:
        centre, scale = self._floats
        value = centre - 1j * np.where(g.imag < 0.0, scale, -scale)
        return np.where(g.imag == 0.0, np.nan, value)

    def _r_domain(self) -> str:
        return "complex g off the real line (R is location ∓ i scale below and above it)"

    def _exact_moments(self, order: int) -> list[Fraction]:
        if order > 0:
            _refuse_moments(self)
        return [Fraction(1)]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return Cauchy(scale * self.location + shift, abs(scale) * self.scale)


def _refuse_moments(law: Law) -> NoReturn:
    raise ValueError(f"{law!r} has no moments of order >= 1: their integrals diverge; use ppf (the median is ppf(0.5))")


@dataclass(frozen=True, init=False, repr=False)
class Gaussian(Law):
    """Normal law of classical probability (its free analogue is :class:`~rmt.laws.Semicircle`).

    Parameters
    ----------
    mean : real
        Mean.
    variance : real
        Variance, > 0.

    Raises
    ------
    TypeError
        If `mean` or `variance` is not of the kind named above.
    ValueError
        If a parameter is not finite, or ``variance <= 0``.

    Examples
    --------
    >>> from rmt.laws import Gaussian
    >>> Gaussian().free_cumulants(8)
    (0.0, 1.0, 0.0, 1.0, 0.0, 4.0, 0.0, 27.0)
    """

    _mean: Any
    variance: Any

    def __init__(self, mean: Any = 0, variance: Any = 1) -> None:
        object.__setattr__(self, "_mean", check_real("mean", mean))
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))

    @property
    def _floats(self) -> tuple[float, float]:
        return float(self._mean), math.sqrt(self.variance)

    def _standard(self, x: Any) -> Any:
        mean, sigma = self._floats
        return (x - mean) / sigma

    @property
    def support(self) -> tuple[Interval, ...]:
        """The whole line; the exponents are NaN."""
        return (Interval(-math.inf, math.inf, math.nan, math.nan, 1.0),)

    def _pdf(self, x: Real) -> Real:
        return np.asarray(np.exp(-0.5 * self._standard(x) ** 2) / (math.sqrt(2.0 * math.pi) * self._floats[1]))

    def _cdf(self, x: Real) -> Real:
        return _upper_tail(-self._standard(x))

    def _sf(self, x: Real) -> Real:
        return _upper_tail(self._standard(x))

    def _ppf(self, u: Real) -> Real:
        from scipy.special import ndtri

        mean, sigma = self._floats
        return mean + sigma * np.where(u < 0.5, ndtri(u), -ndtri(1.0 - u))

    def _stieltjes(self, z: Complex) -> Complex:
        from scipy.special import wofz

        w = self._standard(z)
        return np.asarray(-1j * math.sqrt(math.pi / 2.0) / self._floats[1] * wofz(w / math.sqrt(2.0)))

    def _t_transform(self, z: Complex) -> Complex:
        mean, sigma = self._floats
        w = self._standard(z)
        out = super()._t_transform(z)
        # zG − 1 = G (z − 1/G), and the second factor is a continued fraction
        above = (w.imag > _ABOVE) & (np.abs(w) > _AWAY)
        for part, levels in ((above, _LEVELS), (~above & (np.abs(w) > _FAR), _LEVELS_NEAR_LINE)):
            tail = np.zeros_like(w[part])
            for k in range(levels, 0, -1):
                tail = k / (w[part] - tail)
            out[part] = self._stieltjes(z[part]) * (mean + sigma * tail)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        """Trapezoidal rule on a line in the lower half plane, below the branch point at z."""
        w = self._standard(z)
        t = _STEP * np.arange(-_REACH, _REACH + 1) - 1j * _DEPTH
        weights = _STEP / math.sqrt(2.0 * math.pi) * np.exp(-0.5 * t * t)
        out: Complex = np.zeros_like(w)
        for node, weight in zip(t, weights, strict=True):
            out += weight * np.log(w - node)
        out += math.log(self._floats[1])
        on_line = z.imag == 0.0
        out.imag[on_line] = math.pi * self._sf(z[on_line].real)
        return out

    def _r_transform(self, g: Complex) -> Complex:
        return np.full_like(g, np.nan)

    def _r_domain(self) -> str:
        return "g = 0 only: the support is the whole line and the series of the free cumulants diverges"

    def _exact_moments(self, order: int) -> list[Fraction]:
        mean, variance = exact(self._mean), exact(self.variance)
        moments = [Fraction(1), mean]
        for k in range(2, order + 1):  # Stein's identity
            moments.append(mean * moments[-1] + (k - 1) * variance * moments[-2])
        return moments[: order + 1]

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        mean, variance = exact(self._mean), exact(self.variance)
        counts = connected_pairings(order // 2)
        even = [counts[k // 2 - 1] * variance ** (k // 2) if k % 2 == 0 else Fraction(0) for k in range(2, order + 1)]
        return [mean, *even][:order]

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return np.asarray(EPS * (16.0 + 4.0 * self._standard(x) ** 2) * value)

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return np.asarray(EPS * (16.0 + 4.0 * self._standard(x) ** 2) * value)

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        variance = scale * scale * self.variance
        return Gaussian(scale * self._mean + shift, variance) if 0 < variance < math.inf else None


#: the continued fraction of G converges fast above this height and distance (in standard deviations); far away its
#: first levels, whose poles lie nearer, are good to exp(−_FAR²/2) on the real line too; elsewhere zG − 1 loses |z|²
#: ulps of G
_ABOVE = 2.0
_AWAY = 4.0
_LEVELS = 100
_FAR = 9.5
_LEVELS_NEAR_LINE = 15
#: trapezoidal rule of the log-potential: error exp(−2π depth/step) = 6e-19, magnification exp(depth²/2) = 3
_DEPTH = 1.5
_STEP = 0.225
_REACH = 42


def _upper_tail(t: Real) -> Real:
    """Mass of the standard normal law right of `t`, to relative accuracy in the far tail."""
    from scipy.special import erfcx, ndtr

    far = t > 1.0
    s = np.where(far & np.isfinite(t), t, 1.0)
    # exp(−t²/2) with the square split, so that its rounding is not magnified
    high = np.round(s * 16.0) / 16.0
    tail = 0.5 * erfcx(s / math.sqrt(2.0)) * np.exp(-0.5 * high * high) * np.exp(-0.5 * (s - high) * (s + high))
    return np.where(far, np.where(np.isfinite(t), tail, 0.0), ndtr(-t))
