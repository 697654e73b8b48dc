"""The limit law of symmetric matrices whose entries have no variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import Complex, Interval, Real

#: indices between which the law has its mass to 1e-9
SMALLEST_ALPHA, LARGEST_ALPHA = 0.5, 1.95
#: step, upper end and logarithm of the smallest share of the double exponential rule for the integrals over (0, ∞)
_STEP, _LAST, _DIGITS = 0.015, 3.0, 38.0
#: size of Y below which its powers are summed, and their number
_SMALL, _TERMS = 0.4, 60
#: points of the path from infinity to 0, their largest log |x| times α, and their smallest one in units of the peak
_PATH, _FARTHEST, _NEAREST = 600, 34.0, -17.0
_NEWTON, _RESIDUAL = 12, 1e-13


@dataclass(frozen=True, init=False, repr=False)
class LevyMatrix(NumericLaw):
    """Limit law of Lévy matrices: symmetric, with entries of tail P(|x_ij| > t) = t^(−alpha)/n and no variance.

    The law is symmetric, smooth, and has the tail of its entries, P(|x| > t) ~ t^(−alpha); at 0 its density is
    Γ(1 + 2/α) (Γ(1 + α/2)/Γ(1 − α/2))^(1/α)/π (Cizeau and Bouchaud 1994; Ben Arous and Guionnet 2008).

    Parameters
    ----------
    alpha : real
        Tail index, 0.5 <= alpha <= 1.95; from 2 on the law is the semicircle, after another normalisation.

    Raises
    ------
    TypeError
        If alpha is no number.
    ValueError
        If alpha is out of range.

    Notes
    -----
    The resolvent of the limiting tree is 1/(z − Σ ξ_k X_k) with ξ a Poisson process of intensity (α/2) x^(−α/2−1) dx
    (Bordenave, Caputo and Chafaï 2011). With w = −iz and y = E (iX)^(α/2) this is one equation in one unknown,
    y Γ(α/2) = ∫ t^(α/2−1) exp(−tw − Γ(1 − α/2) t^(α/2) y) dt (Belinschi, Dembo and Guionnet 2009), followed from
    infinity along the line; the integrals are taken on a ray where they do not oscillate. Total mass 1 to 1e-9.

    Examples
    --------
    >>> from math import gamma, pi
    >>> from rmt.laws import LevyMatrix
    >>> law = LevyMatrix(1)
    >>> abs(law.pdf(0.0) - gamma(3) * gamma(1.5) / gamma(0.5) / pi) < 1e-12
    True
    >>> round(law.cdf(0.0), 9)
    0.5
    """

    alpha: Any

    _tolerance: ClassVar[float] = 1e-9

    def __init__(self, alpha: Any) -> None:
        object.__setattr__(self, "alpha", check_real("alpha", alpha, above=0.0))
        if not SMALLEST_ALPHA <= self.alpha <= LARGEST_ALPHA:
            raise ValueError(
                f"alpha must be between {SMALLEST_ALPHA} and {LARGEST_ALPHA}, got {alpha!r}: below, "
                "the peak at 0 is too narrow to be followed; from 2 on the limit is Semicircle"
            )

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(-math.inf, math.inf, math.nan, math.nan, 1.0),)

    @cached_property
    def _length(self) -> float:
        return 1.0 / peak(float(self.alpha))

    def _density(self, x: Real) -> Real:
        return resolvent_density(float(self.alpha), np.abs(x))


def resolvent_density(alpha: float, x: Real) -> Real:
    """Density at points x >= 0."""
    at = np.maximum(x, math.exp(_nearest(alpha)))
    far = np.log(at) > _FARTHEST / alpha
    here = np.where(far, 1.0, at)
    y = _solve(alpha, here, _start(alpha, here))
    # G = h(Y)/z
    density = np.asarray(-_integrals(alpha, y)[2].imag / (math.pi * here))
    return np.where(far, 0.5 * alpha * at ** (-alpha - 1.0), density)


def _nearest(alpha: float) -> float:
    """Logarithm of a point so near to 0 that the density there, which is even, is that at 0 to rounding."""
    return _NEAREST - math.log(peak(alpha))


def peak(alpha: float) -> float:
    """The density at 0."""
    gammas = (math.lgamma(1.0 + 0.5 * alpha) - math.lgamma(1.0 - 0.5 * alpha)) / alpha
    return math.exp(math.lgamma(1.0 + 2.0 / alpha) + gammas) / math.pi


def _factor(alpha: float, x: Real) -> Complex:
    """Y/g(Y) at real points: Γ(1 − α/2)/Γ(α/2) w^(−α), w = −ix."""
    ratio = math.exp(math.lgamma(1.0 - 0.5 * alpha) - math.lgamma(0.5 * alpha))
    return np.asarray(ratio * x**-alpha * np.exp(0.5j * math.pi * alpha))


def _integrals(alpha: float, y: Complex) -> tuple[Complex, Complex, Complex]:
    """g(Y) = ∫ s^(α/2−1) exp(−s − s^(α/2) Y) ds, its derivative, and h(Y) − 1 = ∫ exp(−s) (exp(−s^(α/2) Y) − 1) ds."""
    out = np.empty((3, y.size), dtype=np.complex128)
    small = np.abs(y) < _SMALL
    out[:, small] = _by_series(alpha, y[small])
    out[:, ~small] = _by_quadrature(alpha, y[~small])
    return out[0], out[1], out[2]


def _by_series(alpha: float, y: Complex) -> Complex:
    """Powers of Y: the functions are entire, and far out the density is a small imaginary part."""
    k = np.arange(_TERMS + 1)
    gammas = np.array([math.lgamma(0.5 * alpha * (j + 1.0)) for j in k])
    factorials = np.array([math.lgamma(j + 1.0) for j in k])
    coefficients = (-1.0) ** k * np.exp(gammas - factorials)
    powers = y ** k[:, None]
    g = coefficients @ powers
    slope = (coefficients[1:] * k[1:]) @ powers[:-1]
    return np.stack([g, slope, -0.5 * alpha * y * g])


def _by_quadrature(alpha: float, y: Complex) -> Complex:
    """The integrals on a ray that takes a third of the angle of Y, in units in which the integrand ends at about 1."""
    logs, weights = _rule(alpha)
    ray = np.log(1.0 + np.abs(y)) + 1j / 3.0 * np.angle(y)
    place = logs - 2.0 / alpha * ray[:, None]
    root = np.exp(0.5 * alpha * place)
    s = np.exp(place)
    terms = np.exp(-s - root * y[:, None]) * weights
    g = (terms * root).sum(axis=1)
    slope = -(terms * root * root).sum(axis=1)
    return np.stack([g, slope, (terms * s).sum(axis=1) - 1.0])


@lru_cache(maxsize=16)
def _rule(alpha: float) -> tuple[Real, Real]:
    """Logarithms of the nodes of a double exponential rule on (0, ∞), and its weights over the nodes."""
    first = -math.asinh(_DIGITS * 4.0 / (math.pi * alpha))
    t = np.arange(first, _LAST, _STEP)
    return 0.5 * math.pi * np.sinh(t), _STEP * 0.5 * math.pi * np.cosh(t)


def _solve(alpha: float, x: Real, start: Complex) -> Complex:
    """Newton's method for Y = factor(x) g(Y)."""
    factor, y = _factor(alpha, x), start.copy()
    for _ in range(_NEWTON):
        g, slope, _ = _integrals(alpha, y)
        step = (y - factor * g) / (1.0 - factor * slope)
        y = y - step
        if (np.abs(step) <= _RESIDUAL * np.abs(y)).all():
            break
    return y


def _start(alpha: float, x: Real) -> Complex:
    """Interpolate the solution along the line, log Y in log x."""
    places, logarithms = _path(alpha)
    u = np.log(x)
    return np.exp(np.interp(u, places, logarithms.real) + 1j * np.interp(u, places, logarithms.imag))


@lru_cache(maxsize=16)
def _path(alpha: float) -> tuple[Real, Complex]:
    """Logarithms of points and of the solution Y there, followed from infinity, where Y is small and unique."""
    places = np.linspace(_FARTHEST / alpha, _nearest(alpha), _PATH)
    x = np.exp(places)
    y = _factor(alpha, x[:1]) * math.gamma(0.5 * alpha)
    found = np.empty(_PATH, dtype=np.complex128)
    for i in range(_PATH):
        ratio = found[i - 1] / found[i - 2] if i > 1 else 1.0
        y = _solve(alpha, x[i : i + 1], y * ratio)
        found[i] = y[0]
    return places[::-1], np.log(found[::-1])
