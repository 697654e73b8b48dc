"""Universal laws of infinitely deep networks close to isometry, and of deep residual networks.

Depth L → ∞ with orthogonal weights, at criticality, and with the variance σ₀² = L (μ₂/μ₁² − 1) held fixed
(Pennington, Schoenholz and Ganguli 2018): two limits, by how D² leaves 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, check_choice, check_count, check_real
from rmt.laws.law import Complex, Interval, Law, Real, exact
from rmt.numerics.functions.bracketed_roots import bracketed_roots

Index = NDArray[np.intp]

#: steps of the continuation from the negative axis, where all is real, to a point of the upper half plane
PATH = 64


@dataclass(frozen=True, init=False, repr=False)
class FreeLogNormal(Law):
    """Law of positive free multiplicative Brownian motion at time t: S(m) = exp(−t m), mean 1, variance t.

    The smooth class of deep networks: the limit of J Jᵀ with orthogonal weights for activations whose derivatives leave
    1 a little everywhere (tanh, erf, sin; leaky ReLU with slope 1 − O(L^{-1/2})). Symmetric in log λ about its median,
    which is exactly exp(−t/2) (the semigroup: Bercovici and Voiculescu 1992; the density: Biane 1997b, Zhong 2012).
    Free multiplicative Brownian motion is often normalised to median 1, S = exp(−t (m + 1/2)): exp(t/2) times this law.

    Parameters
    ----------
    variance : real
        t = σ₀² > 0.

    Raises
    ------
    TypeError
        If `variance` is not of the kind named above.
    ValueError
        If ``variance <= 0``.

    Examples
    --------
    >>> round(FreeLogNormal(1).ppf(0.5), 12)
    0.606530659713
    """

    variance: Any

    def __init__(self, variance: Any = 1) -> None:
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))

    # With m = ω − 1/2:  log z + t/2 = log((ω + 1/2)/(ω − 1/2)) + t ω, odd in ω. On the support ω = x − iy with
    # x² = 1/4 − y² + y cot(t y).
    @cached_property
    def _t(self) -> float:
        return float(self.variance)

    @cached_property
    def _top(self) -> float:
        """Largest y, at the median."""
        t = self._t
        low, high = np.array([0.0]), np.array([math.pi / t * (1.0 - 1e-16)])
        return float(bracketed_roots(lambda y, _: _square(y, t), low, high)[0])

    @cached_property
    def _log_edges(self) -> tuple[float, float]:
        x = 0.5 * math.sqrt(1.0 + 4.0 / self._t)
        half = math.log((x + 0.5) / (x - 0.5)) + self._t * x
        return -0.5 * self._t - half, -0.5 * self._t + half

    @property
    def support(self) -> tuple[Interval, ...]:
        """One interval with two soft edges whose product is exp(−t)."""
        low, high = self._log_edges
        return (Interval(math.exp(low), math.exp(high), 0.5, 0.5, 1.0),)

    def _omega(self, u: Real) -> Complex:
        """ω at log λ = u on the support, from the parametrisation by y and a Newton step for the last digits."""
        t = self._t
        centred = u + 0.5 * t
        size = np.abs(centred)

        def residual(y: Real, index: Index) -> Real:
            x = np.sqrt(np.maximum(_square(y, t), 0.0))
            distance = (x + 0.5) ** 2 + y * y, (x - 0.5) ** 2 + y * y
            return 0.5 * np.log(distance[0] / distance[1]) + t * x - size[index]

        y = bracketed_roots(residual, np.full_like(u, 1e-300), np.full_like(u, self._top))
        # no change of sign, by rounding: at the median, or at an edge
        y = np.where(np.isnan(y), np.where(size < 0.5 * (self._log_edges[1] + 0.5 * t), self._top, 1e-300), y)
        omega = np.sqrt(np.maximum(_square(y, t), 0.0)) - 1j * y
        for _ in range(2):
            value = np.log((omega + 0.5) / (omega - 0.5)) + t * omega - size
            slope = t - 1.0 / (omega * omega - 0.25)
            step = np.where(np.abs(slope) > 1e-7, value / np.where(slope == 0.0, 1.0, slope), 0.0)
            omega = omega - np.where(np.abs(step) < 1e-6, step, 0.0)
        return np.asarray(np.where(centred < 0.0, -omega.conj(), omega))

    def _solve(self, z: Complex) -> Complex:
        """M(z) off the real axis, by continuation in the argument of z from the negative axis, where all is real."""
        t = self._t
        size, target = np.log(np.abs(z)), np.arctan2(z.imag, z.real)

        def real_residual(s: Real, index: Index) -> Real:
            # m = −1/(1 + e^s)
            return s - t / (1.0 + np.exp(s)) - size[index]

        start = bracketed_roots(real_residual, size - 1.0, size + t + 1.0)
        m = (-1.0 / (1.0 + np.exp(start))).astype(np.complex128)
        # steps that shrink towards the target, where an edge may be close
        for share in 1.0 - 0.7 ** np.arange(1, PATH + 1):
            m, _ = self._newton(m, size + 1j * (math.pi + (target - math.pi) * share))
        m, residual = self._newton(m, size + 1j * target)
        wrong = ~(residual < 1e-9) | (m.imag > 1e-12)
        if wrong.any():
            raise ConvergenceError(
                f"M of {self!r} did not converge; evaluate at a neighbouring point",
                point=complex(z[wrong][0]),
                residual=float(residual[wrong][0]),
            )
        return m

    def _newton(self, m: Complex, log_z: Complex) -> tuple[Complex, Real]:
        """Solve log((1 + m)/m) + t m = log z from a nearby guess; the solution and its residual."""
        residual = np.full(m.shape, np.inf)
        for _ in range(60):
            value = np.log((1.0 + m) / -m) + self._t * m + 1j * math.pi - log_z
            residual = np.abs(value)
            step = value / (self._t - 1.0 / (m * (1.0 + m)))
            room = 0.3 * np.minimum(np.abs(m), np.abs(1.0 + m))
            step *= np.minimum(1.0, room / np.maximum(np.abs(step), 1e-300))
            m = m - step
            if np.all(np.abs(step) <= 1e-15 * np.abs(m)):
                break
        return m, residual

    def _both(self, z: Complex) -> tuple[Complex, Complex]:
        """M and 1 + M, neither from the other: where λ is below the median, from ω(e^{-t}/z) = −ω(z)."""
        small = np.abs(z) < math.exp(-0.5 * self._t)
        m, above = np.empty_like(z), np.empty_like(z)
        m[~small] = self._m(z[~small])
        above[~small] = 1.0 + m[~small]
        low = z[small]
        mirrored = np.zeros_like(low)
        away = np.abs(low) > 1e-300
        image = math.exp(-self._t) / low[away].conj()
        image.imag = np.abs(image.imag)
        mirrored[away] = -self._m(image).conj()
        above[small], m[small] = mirrored, mirrored - 1.0
        return m, above

    def _m(self, z: Complex) -> Complex:
        """M(z) for |z| >= exp(−t/2)."""
        _, high = self._hull()
        on_support = (z.imag == 0.0) & (z.real > 0.0) & (z.real < high)
        above = (z.imag == 0.0) & (z.real >= high)
        out = np.empty_like(z)
        out[on_support] = self._omega(np.log(z[on_support].real)) - 0.5
        out[above] = self._m_above(z[above].real)
        rest = ~(on_support | above)
        out[rest] = self._solve(z[rest])
        return out

    def _m_above(self, z: Real) -> Complex:
        t, size = self._t, np.log(z)
        critical = 0.5 * (math.sqrt(1.0 + 4.0 / t) - 1.0)

        def residual(s: Real, index: Index) -> Real:
            m = np.exp(s)
            return np.log1p(m) - s + t * m - size[index]

        low = np.minimum(-size - 1.0, math.log(critical) - 1.0)
        found = bracketed_roots(residual, low, np.full_like(z, math.log(critical)))
        return np.where(np.isnan(found), critical, np.exp(found)).astype(np.complex128)

    def _stieltjes(self, z: Complex) -> Complex:
        _, above = self._both(z)
        zero = np.abs(z) <= 1e-300
        return np.where(zero, -math.exp(self._t), above / np.where(zero, 1.0, z))

    def _t_transform(self, z: Complex) -> Complex:
        return self._both(z)[0]

    def _log_potential(self, z: Complex) -> Complex:
        m, _ = self._both(z)
        logarithm = np.log(np.abs(m)) - 1j * np.where(m.imag < 0.0, -np.angle(m), np.where(m.real < 0.0, math.pi, 0.0))
        return np.asarray(self._t * m * (1.0 + 0.5 * m) - logarithm)

    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        low, high = self._hull()
        inside = (x > low) & (x < high)
        out[inside] = -self._omega(np.log(x[inside])).imag / (math.pi * x[inside])
        return out

    def _pdf_of_log(self, u: Real) -> Real:
        out = np.zeros_like(u)
        low, high = self._log_edges
        inside = (u > low) & (u < high)
        out[inside] = -self._omega(u[inside]).imag / math.pi
        return out

    def _sf_of_log(self, u: Real) -> Real:
        low, high = self._log_edges
        out = np.where(u <= low, 1.0, 0.0)
        inside = (u > low) & (u < high)
        m = self._omega(u[inside]) - 0.5
        potential = self._t * m * (1.0 + 0.5 * m) - np.log(m)
        out[inside] = np.clip(potential.imag / math.pi, 0.0, 1.0)
        return out

    def _cdf_of_log(self, u: Real) -> Real:
        # symmetric about −t/2
        return self._sf_of_log(-self._t - u)

    def _sf(self, x: Real) -> Real:
        with np.errstate(divide="ignore"):
            return np.where(x > 0.0, self._sf_of_log(np.log(np.maximum(x, 0.0))), 1.0)

    def _cdf(self, x: Real) -> Real:
        with np.errstate(divide="ignore"):
            return np.where(x > 0.0, self._cdf_of_log(np.log(np.maximum(x, 0.0))), 0.0)

    def _inverse_t_transform(self, m: Complex) -> Complex:
        return (1.0 + m) / m * np.exp(self._t * m)

    def _s_domain(self) -> str:
        return "every complex m (S is entire)"

    def _exact_moments(self, order: int) -> list[Fraction]:
        t = exact(self.variance)
        return [Fraction(1), *(_biane_moment(n, t) for n in range(1, order + 1))]


def _square(y: Real, t: float) -> Real:
    """The square of x on the boundary curve, with its limit 1/4 + 1/t at y = 0."""
    angle = t * np.maximum(y, 1e-300)
    return 0.25 - y * y + y / np.tan(angle)


def _biane_moment(n: int, t: Fraction) -> Fraction:
    """m_n = (1/n) Σ_{j<n} C(n, n−1−j) (n t)^j/j!."""
    terms = (Fraction(math.comb(n, n - 1 - j)) * (n * t) ** j / math.factorial(j) for j in range(n))
    return sum(terms, Fraction(0)) / n


@dataclass(frozen=True, init=False, repr=False)
class BernoulliDepthLimit(Law):
    """Limit of J Jᵀ with orthogonal weights and φ' in {0, 1}: S(m) = exp(−s m/(1 + m)), mean 1, variance s.

    The Bernoulli class of deep networks (hard-tanh, shifted and clipped ReLU), with s = L (1 − p). For s < 1 there is
    an atom at e^s of mass 1 − s, the directions in which no unit ever saturates; the rest fills [0, e s].

    Parameters
    ----------
    variance : real
        s = σ₀² > 0.

    Raises
    ------
    TypeError
        If `variance` is not of the kind named above.
    ValueError
        If ``variance <= 0``.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2018.

    Examples
    --------
    >>> from rmt.networks import BernoulliDepthLimit
    >>> law = BernoulliDepthLimit(0.5)
    >>> law.mean(), law.var(), round(law.s_transform(1.0) * 2.718281828459045**0.25, 12)
    (1.0, 0.5, 1.0)
    """

    variance: Any

    def __init__(self, variance: Any = 1) -> None:
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))

    @cached_property
    def _s(self) -> float:
        return float(self.variance)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The atom at e^s of mass 1 − s, if s < 1."""
        return ((math.exp(self._s), 1.0 - self._s),) if self._s < 1.0 else ()

    @property
    def support(self) -> tuple[Interval, ...]:
        """[0, e s]; the density at 0 is 1/(λ log² λ), no power."""
        return (Interval(0.0, math.e * self._s, math.nan, 0.5 if self._s != 1.0 else -0.5, min(1.0, self._s)),)

    def _ratio(self, z: Complex) -> Complex:
        """m/(1 + m) = −W(−s/z)/s on the closed upper half plane."""
        from scipy.special import lambertw

        w = -self._s / z
        # from above: z with +0 imaginary part puts −s/z on the upper side of the cut
        return np.asarray(-lambertw(w, 0) / self._s)

    def _stieltjes(self, z: Complex) -> Complex:
        with np.errstate(divide="ignore", invalid="ignore"):
            out = 1.0 / (z * (1.0 - self._ratio(z)))
        for position, _ in self.atoms:
            out[z == position] = complex(math.nan, -math.inf)
        out[z == 0.0] = complex(-math.inf, 0.0)
        return out

    def _t_transform(self, z: Complex) -> Complex:
        ratio = self._ratio(z)
        return ratio / (1.0 - ratio)

    def _log_potential(self, z: Complex) -> Complex:
        return self._potential(self._ratio(np.where(z == 0.0, -np.finfo(float).tiny, z)))

    def _potential(self, ratio: Complex) -> Complex:
        """H = −log m + s log(1 + m), with imaginary part in [0, π]."""
        first = np.log(np.abs(ratio)) + 1j * _lower_angle(ratio)
        second = -np.log(1.0 - ratio)
        second = second.real + 1j * np.minimum(second.imag, 0.0)
        return np.asarray(-first + (self._s - 1.0) * second)

    def _ratio_of_log(self, u: Real) -> Complex:
        """m/(1 + m) at log λ = u below the edge, where −s/λ may overflow: W + log W = log s − u + iπ."""
        from scipy.special import lambertw

        size = math.log(self._s) - u
        near = size < 500.0
        w = np.empty(u.shape, dtype=np.complex128)
        w[near] = lambertw(-np.exp(size[near]) + 0j, 0)
        logarithm = size[~near] + 1j * math.pi
        far = logarithm - np.log(logarithm)
        for _ in range(3):
            far = far - (far + np.log(far) - logarithm) / (1.0 + 1.0 / far)
        w[~near] = far
        return np.asarray(-w / self._s)

    @property
    def _log_top(self) -> float:
        return 1.0 + math.log(self._s)

    def _pdf_of_log(self, u: Real) -> Real:
        out = np.zeros_like(u)
        inside = (u < self._log_top) & np.isfinite(u)
        out[inside] = np.maximum(-(1.0 / (1.0 - self._ratio_of_log(u[inside]))).imag, 0.0) / math.pi
        return out

    def _cdf_of_log(self, u: Real) -> Real:
        out = np.where(u < self._log_top, 0.0, min(self._s, 1.0))
        inside = (u < self._log_top) & np.isfinite(u)
        out[inside] = 1.0 - np.clip(self._potential(self._ratio_of_log(u[inside])).imag / math.pi, 0.0, 1.0)
        for position, _ in self.atoms:
            out[u >= math.log(position)] = 1.0
        return out

    def _ppf_of_log(self, v: Real) -> Real:
        out = np.full_like(v, self._log_top)
        for position, mass in self.atoms:
            out[v > 1.0 - mass] = math.log(position)
        out[v <= 0.0] = -math.inf
        inner = np.flatnonzero((v > 0.0) & (v < min(self._s, 1.0)))
        if inner.size:
            levels = v[inner]
            # far below, cdf ~ s/(log s − u)
            low = math.log(self._s) - 2.0 * self._s / levels - 50.0
            high = np.full_like(levels, self._log_top)
            out[inner] = bracketed_roots(lambda u, i: self._cdf_of_log(u) - levels[i], low, high)
        return out

    def _pdf(self, x: Real) -> Real:
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.log(np.maximum(x, 0.0))
            return np.where(x > 0.0, self._pdf_of_log(u) / x, np.where(x == 0.0, np.inf, 0.0))

    def _ppf(self, u: Real) -> Real:
        return np.exp(self._ppf_of_log(u))

    def _sf(self, x: Real) -> Real:
        return 1.0 - self._cdf(x)

    def _cdf(self, x: Real) -> Real:
        with np.errstate(divide="ignore"):
            return np.where(x > 0.0, self._cdf_of_log(np.log(np.maximum(x, 0.0))), 0.0)

    def _inverse_t_transform(self, m: Complex) -> Complex:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(m == -1.0, np.nan, (1.0 + m) / m * np.exp(self._s * m / (1.0 + m)))

    def _s_domain(self) -> str:
        return "every complex m != -1"

    def _exact_moments(self, order: int) -> list[Fraction]:
        # z = e^{s r}/r in r = m/(1 + m); Lagrange inversion of r(z), then m = r/(1 − r)
        s = exact(self.variance)
        moments = [Fraction(1)]
        for n in range(1, order + 1):
            # [w^n] of r/(1 − r) for r = w e^{s r}: (1/n) [r^{n−1}] (1 − r)^{-2} e^{n s r}
            terms = ((n - k) * (n * s) ** k / Fraction(math.factorial(k)) for k in range(n))
            moments.append(sum(terms, Fraction(0)) / n)
        return moments


def _lower_angle(w: Complex) -> Real:
    """Argument in [−π, 0] of numbers of the closed lower half plane."""
    return -np.arctan2(np.maximum(-w.imag, 0.0), w.real)


def residual_limit(strength: Any, *, skip: float = 1.0, depth: int | None = None) -> Law:
    """Law of J Jᵀ of a deep residual network x_l = a x_{l−1} + φ(W_l x_{l−1}), any activation and weights.

    With ``strength`` c = (1/a²) Σ_l sigma_w,l² E φ'² fixed as the depth grows: S = exp(−c − 2cm) for a = 1; mean e^c,
    relative variance 2c, median 1, symmetric under λ → 1/λ (Tarnowski, Warchoł, Jastrzębski, Tabor and Nowak 2019).

    Parameters
    ----------
    strength : real
        c > 0.
    skip : float
        The factor a of the skip connection.
    depth : int, optional
        Number of blocks, needed where |a| ≠ 1: the spectrum scales by a^(2 depth).

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `strength`, `skip` or `depth` is not of the kind named above.
    ValueError
        If `strength`, `skip` or `depth` is out of the range named above, or `depth` is missing.
    ConvergenceError
        If the scale of the spectrum leaves the range of a double.

    Notes
    -----
    The law is that of the bulk. Where E φ(h) ≠ 0 (ReLU, GELU) the mean of the activations grows from block to block
    and carries one outlier, of size up to exp(O(√depth)).

    Examples
    --------
    >>> from rmt.networks import residual_limit
    >>> residual_limit(0.5, depth=10).mean() > 1.0
    True
    """
    c = check_real("strength", strength, above=0.0)
    a = float(check_real("skip", skip))
    if a == 0.0:
        raise ValueError("skip must not be 0: without skip connections use MLP")
    if depth is None and abs(a) != 1.0:
        raise ValueError(f"depth is needed where skip is not 1 or -1: the spectrum scales by skip^(2 depth), got {a!r}")
    log_scale = float(c) + 2.0 * check_count("depth", depth or 1) * math.log(abs(a))
    if abs(log_scale) > 700.0:
        raise ConvergenceError("the scale of the spectrum leaves the range of a double; lower strength or depth")
    return math.exp(log_scale) * FreeLogNormal(2 * c)


def depth_limit(activation_class: str, variance: Any) -> Law:
    """The universal law of deep networks near isometry: ``"smooth"`` or ``"bernoulli"``, with variance σ₀².

    Parameters
    ----------
    activation_class : {"smooth", "bernoulli"}
        Whether φ' leaves 1 a little everywhere, or is 0 or constant.
    variance : real
        σ₀² > 0, the limit of the relative variance of J Jᵀ.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `activation_class` or `variance` is not of the kind named above.
    ValueError
        If `activation_class` or `variance` is out of the range named above.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2018.

    Examples
    --------
    >>> from rmt.networks import depth_limit
    >>> depth_limit("smooth", 1), depth_limit("bernoulli", 0.5)
    (FreeLogNormal(variance=1), BernoulliDepthLimit(variance=0.5))
    """
    laws = {"smooth": FreeLogNormal, "bernoulli": BernoulliDepthLimit}
    return laws[check_choice("activation_class", activation_class, laws)](variance)
