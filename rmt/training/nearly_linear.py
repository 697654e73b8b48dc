"""An a priori bound on the risk of nearly linear networks, with all of its parts, and its linear proxies.

Leaky ReLU x − ε min(0, x), L layers, whitened inputs, gradient flow on the half mean loss (Golikov 2024). The
constants are those of the corrected theorem: s̄_ρ with ρ and not √ρ, and w at the starting point β̄ of u.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_real, check_reals

Real = NDArray[np.float64]


@dataclass(frozen=True)
class NearlyLinearBound:
    """A bound on the classification risk of a nearly linear network: margin risk + complexity + deviation.

    Attributes
    ----------
    depth : int
    dimension : int
    samples : int
    bits : int
        Precision p of the linear model, in bits a weight.
    order : int
        κ: 1 or 2, the order in ε of the proxy that is compared.
    slope_gap : float
        ε.
    strength : float
        s, the norm of the whitened correlation of inputs and labels.
    start : float
        β, the norm of every weight matrix at the start.
    stable_rank_root : float
        ρ, |W_1|_F/|W_1| at the start.
    margin : float
        γ > 0.
    confidence : float
        δ: the bound holds with probability 1 − δ.

    References
    ----------
    Golikov 2024.

    Examples
    --------
    >>> from rmt.training import nearly_linear_bound
    >>> bound = nearly_linear_bound(
    ...     depth=2, dimension=10, samples=1000, slope_gap=0.01, strength=1.0, start=0.1, margin=0.5)
    >>> bound.norm(0.0), bound.difference(0.0), bound.deviation(1.0) > 0.0, bound.gap(1.0) > bound.deviation(1.0)
    (0.1, 0.0, True, True)
    >>> round(bound.deviation(bound.time_at(0.1)), 9)
    0.1
    >>> bound.report(1.0).splitlines()[0]
    'nearly linear bound at t = 1 (blow-up at inf)'
    >>> len(bound.best_time([0.5, 1.0], [0.2, 0.1]))
    2
    """

    depth: int
    dimension: int
    samples: int
    bits: int
    order: int
    slope_gap: float
    strength: float
    start: float
    stable_rank_root: float
    margin: float
    confidence: float

    # ------------------------------------------------------------------ constants of the theorem
    @property
    def _one(self) -> float:
        return 1.0 + self.stable_rank_root * self.start**self.depth

    def _rate(self, r: float) -> float:
        eps, rho = self.slope_gap, self.stable_rank_root
        return (1.0 - eps) * (self.strength + rho * self.start**self.depth) + eps * r * (self.depth - 1) * self._one

    @property
    def growth_rate(self) -> float:
        """s̄: rate at which the bound on the norms grows."""
        return self._rate(1.0)

    @property
    def effective_start(self) -> float:
        """β̄ = β s̄_ρ/s̄: where that bound starts."""
        return self.start * self._rate(self.stable_rank_root) / self.growth_rate

    @property
    def blow_up(self) -> float:
        """Time at which u is infinite: β̄^{2−L}/((L − 2) s̄), never at depth 2."""
        if self.depth == 2:
            return math.inf
        return self.effective_start ** (2 - self.depth) / ((self.depth - 2) * self.growth_rate)

    @property
    def prefactor(self) -> float:
        """Φ_κ."""
        layers, rho, root = self.depth, self.stable_rank_root, math.sqrt(self.dimension)
        if self.order == 1:
            return layers * root + 1.0 + (layers - 1) * rho
        return (layers - 1) * ((layers + 1 + (layers - 1) * rho) * root + 2.0 * (1.0 + (layers - 1) * rho))

    @property
    def complexity(self) -> float:
        """Υ = √((κ p d log 2 + log 1/δ)/(2m)): the union over all linear models of p bits a weight."""
        many = self.order * self.bits * self.dimension * math.log(2.0) + math.log(1.0 / self.confidence)
        return math.sqrt(many / (2.0 * self.samples))

    @property
    def least_samples(self) -> int:
        """Samples from which the complexity is below 1/2, where a coin is better than the bound."""
        many = self.order * self.bits * self.dimension * math.log(2.0) + math.log(1.0 / self.confidence)
        return math.ceil(2.0 * many)

    # ------------------------------------------------------------------ functions of time
    @overload
    def norm(self, t: float) -> float: ...
    @overload
    def norm(self, t: ArrayLike) -> Real: ...
    def norm(self, t: ArrayLike) -> float | Real:
        """u(t), the bound on the norm of every weight matrix; infinite from :attr:`blow_up` on.

        Parameters
        ----------
        t : array_like of float
            Times, >= 0, in units of the gradient flow.

        Returns
        -------
        float or ndarray of float, like `t`
        """
        times = self._times(t)
        with np.errstate(over="ignore", divide="ignore"):
            if self.depth == 2:
                return _plain(self.effective_start * np.exp(self.growth_rate * times))
            left = self.effective_start ** (2 - self.depth) - (self.depth - 2) * self.growth_rate * times
            return _plain(np.where(left > 0.0, np.maximum(left, 1e-320) ** (1.0 / (2 - self.depth)), np.inf))

    @overload
    def difference(self, t: float) -> float: ...
    @overload
    def difference(self, t: ArrayLike) -> Real: ...
    def difference(self, t: ArrayLike) -> float | Real:
        """v(t), the bound on the distance of the weights from those of the linear network, over ε; v(0) = 0.

        The solution of dv/dt = v ((1 + (L−1)ρ) u^{2L−2} + (L−1) s̄ u^{L−2}) + (L−1) u^{L−1} (1 + ρβ^L + ρ u^L), in
        closed form by incomplete gamma functions; infinite where it exceeds the largest float.

        Parameters
        ----------
        t : array_like of float
            Times, >= 0, in units of the gradient flow.

        Returns
        -------
        float or ndarray of float, like `t`
        """
        times = self._times(t)
        values = np.array([self._difference(float(u)) for u in np.ravel(self.norm(times))])
        return _plain(values.reshape(times.shape))

    def _difference(self, u: float) -> float:
        import mpmath as mp

        layers, rho, rate = self.depth, self.stable_rank_root, self.growth_rate
        beta = self.effective_start
        if u <= beta:
            return 0.0
        scale = layers * rate / (1.0 + (layers - 1) * rho)  # ŝ
        exponent = u**layers / scale if u < 1e150 else math.inf
        if exponent > 800.0:
            return math.inf
        with mp.workdps(40):
            size, low, high = mp.mpf(scale), mp.mpf(beta) ** layers / mp.mpf(scale), mp.mpf(u) ** layers / mp.mpf(scale)
            a, b = mp.mpf(2 - layers) / layers, mp.mpf(2) / layers
            first = mp.gammainc(a, low) - mp.gammainc(a, high)
            second = mp.gammainc(b, low) - mp.gammainc(b, high)
            whole = self._one / rate * first + rho * size / rate * second
            value = mp.mpf(layers - 1) / layers * size**a * mp.mpf(u) ** (layers - 1) * whole * mp.exp(high)
            return float(value) if value < mp.mpf("1e308") else math.inf

    @overload
    def deviation(self, t: float) -> float: ...
    @overload
    def deviation(self, t: ArrayLike) -> Real: ...
    def deviation(self, t: ArrayLike) -> float | Real:
        """Φ_κ v u^{L−1} ε^κ/γ: the price of comparing the network with its linear proxy.

        Parameters
        ----------
        t : array_like of float
            Times, >= 0, in units of the gradient flow.

        Returns
        -------
        float or ndarray of float, like `t`
        """
        u, v = np.asarray(self.norm(t)), np.asarray(self.difference(t))
        with np.errstate(over="ignore", invalid="ignore"):
            product = np.where(v == 0.0, 0.0, v * u ** (self.depth - 1))
        return _plain(self.prefactor * product * self.slope_gap**self.order / self.margin)

    @overload
    def gap(self, t: float) -> float: ...
    @overload
    def gap(self, t: ArrayLike) -> Real: ...
    def gap(self, t: ArrayLike) -> float | Real:
        """Υ plus the deviation: what the bound adds to the margin risk on the training data.

        Parameters
        ----------
        t : array_like of float
            Times, >= 0, in units of the gradient flow.

        Returns
        -------
        float or ndarray of float, like `t`
        """
        return self.complexity + self.deviation(t)

    def time_at(self, deviation: float) -> float:
        """Time at which the deviation reaches a value.

        Parameters
        ----------
        deviation : float
            The deviation to reach, > 0.

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
        from scipy.optimize import brentq

        value = float(check_real("deviation", deviation, above=0.0))
        high = min(1.0, 0.5 * self.blow_up)
        while not self.deviation(high) > value:
            high = 2.0 * high if self.depth == 2 else 0.5 * (high + self.blow_up)
        return float(brentq(lambda t: min(self.deviation(t), 1e300) - value, 0.0, high, xtol=1e-14, rtol=1e-13))

    def best_time(self, times: ArrayLike, margin_risks: ArrayLike) -> tuple[float, float]:
        """Time and value of the least bound, given the margin risks of a run.

        Parameters
        ----------
        times, margin_risks : array_like of one length
            Share of training points with y f < γ, at these times.

        Returns
        -------
        tuple of two floats

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        when, risks = self._times(times), check_reals("margin_risks", margin_risks)
        if when.shape != risks.shape or when.ndim != 1 or when.size == 0:
            raise ValueError(f"times and margin_risks must be lists of one length, got {when.shape} and {risks.shape}")
        total = risks + self.gap(when)
        best = int(np.argmin(total))
        return float(when[best]), float(total[best])

    def report(self, t: float) -> str:
        """The parts of the bound at a time, as text.

        Parameters
        ----------
        t : float
            Time, >= 0.

        Returns
        -------
        str
        """
        u, v = float(self.norm(t)), float(self.difference(t))
        verdict = "vacuous" if self.gap(t) >= 0.5 else "above zero risk by less than 1/2"
        return "\n".join(
            [
                f"nearly linear bound at t = {t:g} (blow-up at {self.blow_up:.6g})",
                f"  u = {u:.6g}, v = {v:.6g}, prefactor {self.prefactor:.6g}",
                f"  complexity {self.complexity:.6g} ({self.samples} samples; below 1/2 from {self.least_samples} on)",
                f"  deviation  {float(self.deviation(t)):.6g}",
                f"  gap        {float(self.gap(t)):.6g}: {verdict}",
            ]
        )

    @staticmethod
    def _times(t: ArrayLike) -> Real:
        times = check_reals("t", t)
        if not (np.isfinite(times) & (times >= 0.0)).all():
            raise ValueError("t must hold finite times >= 0")
        return times


def _plain(values: Real) -> float | Real:
    return float(values) if values.ndim == 0 else values


def nearly_linear_bound(
    *,
    depth: int,
    dimension: int,
    samples: int,
    strength: float,
    start: float,
    slope_gap: float,
    margin: float | None = None,
    bits: int = 32,
    order: int = 2,
    stable_rank_root: float = 1.0,
    confidence: float = 0.01,
) -> NearlyLinearBound:
    """Bound on the risk of a nearly linear network before it is trained (Golikov 2024).

    Parameters
    ----------
    depth : int
        L >= 2.
    dimension, samples : int
        d and m.
    strength : float
        s in (0, 1]: norm of Y X̃ᵀ/m with whitened inputs X̃ and labels ±1.
    start : float
        β > 0.
    slope_gap : float
        ε in [0, 1]: leaky ReLU with slope 1 − ε below 0.
    margin : float, optional
        γ, β^L by default.
    bits : int
        p.
    order : int
        κ, 1 or 2.
    stable_rank_root : float
        ρ >= 1.
    confidence : float
        δ in (0, 1).

    Returns
    -------
    NearlyLinearBound

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> bound = nearly_linear_bound(
    ...     depth=2, dimension=49, samples=60000, strength=0.6, start=1e-3, slope_gap=1e-3, margin=1e-7
    ... )
    >>> round(bound.complexity, 6), round(bound.deviation(3.0), 6)
    (0.134732, 0.035221)
    """
    beta = float(check_real("start", start, above=0.0))
    layers = check_count("depth", depth, minimum=2)
    check_choice("order", str(order), ("1", "2"))
    return NearlyLinearBound(
        depth=layers,
        dimension=check_count("dimension", dimension),
        samples=check_count("samples", samples),
        bits=check_count("bits", bits),
        order=int(order),
        slope_gap=float(check_real("slope_gap", slope_gap, at_least=0.0, at_most=1.0)),
        strength=float(check_real("strength", strength, above=0.0, at_most=1.0)),
        start=beta,
        stable_rank_root=float(check_real("stable_rank_root", stable_rank_root, at_least=1.0)),
        margin=beta**layers if margin is None else float(check_real("margin", margin, above=0.0)),
        confidence=float(check_real("confidence", confidence, above=0.0, below=1.0)),
    )


@dataclass(frozen=True, eq=False)
class LinearProxies:
    """Trained leaky networks beside two models made of the trained linear network.

    Attributes
    ----------
    slope_gaps : array of float
        ε.
    first, second : array of float
        Mean |f − g_1| and |f − g_2| on the queries: of order ε and ε².
    """

    slope_gaps: Real
    first: Real
    second: Real

    @property
    def orders(self) -> tuple[float, float]:
        """Slopes of log deviation against log ε."""
        logs = np.log(self.slope_gaps)
        return (
            float(np.polyfit(logs, np.log(self.first), 1)[0]),
            float(np.polyfit(logs, np.log(self.second), 1)[0]),
        )


def linear_proxies(
    x: ArrayLike,
    y: ArrayLike,
    queries: ArrayLike,
    *,
    weights: tuple[ArrayLike, ArrayLike],
    slope_gaps: ArrayLike,
    time: float,
    rate: float = 0.01,
) -> LinearProxies:
    """Train two layers with slopes 1 and 1 − ε by gradient descent, and measure how far their linear proxies are.

    g_1 has the activation of ε and the weights of the trained linear network; g_2 = g_1 + (f(X) − g_1(X)) X⁺ x.

    Parameters
    ----------
    x : array_like of shape (d, m)
        Whitened data, one point a column.
    y : array_like of shape (m,)
        Targets.
    queries : array_like of shape (d, k)
        Points at which the proxies are compared, one a column.
    weights : tuple of array_like
        W_1 of shape (h, d) and W_2 of shape (1, h) at the start.
    slope_gaps : array_like
        ε, each in (0, 1].
    time : float
        Of training, in steps of `rate`.
    rate : float
        Of gradient descent, > 0.

    Returns
    -------
    LinearProxies

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import linear_proxies
    >>> x = np.array([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]]) / 2**0.5  # whitened
    >>> weights = (np.array([[0.3, 0.1], [-0.2, 0.4]]), np.array([[0.5, -0.3]]))
    >>> found = linear_proxies(x, [1.0, 1.0, -1.0, -1.0], x, weights=weights, slope_gaps=[0.01, 0.1], time=0.5)
    >>> bool(found.first[0] < found.first[1])  # of order ε
    True
    """
    points, labels, asked = check_reals("x", x), check_reals("y", y), check_reals("queries", queries)
    gaps = np.atleast_1d(check_reals("slope_gaps", slope_gaps))
    if not ((gaps > 0.0) & (gaps <= 1.0)).all():
        raise ValueError(f"slope_gaps must lie in (0, 1], got {gaps.tolist()}")
    steps = round(float(check_real("time", time, above=0.0)) / float(check_real("rate", rate, above=0.0)))
    linear = _train(points, labels, weights, 0.0, rate, steps)
    inverse = np.linalg.pinv(points)
    first, second = [], []
    for eps in gaps.tolist():
        own = _train(points, labels, weights, eps, rate, steps)
        near = _leaky(own, asked, eps) - _leaky(linear, asked, eps)
        correction = (_leaky(own, points, eps) - _leaky(linear, points, eps)) @ inverse
        first.append(float(np.abs(near).mean()))
        second.append(float(np.abs(near - correction @ asked).mean()))
    return LinearProxies(gaps, np.array(first), np.array(second))


def _leaky(weights: list[Real], x: Real, eps: float) -> Real:
    z = weights[0] @ x
    return np.asarray((weights[1] @ (z - eps * np.minimum(0.0, z)))[0])


def _train(x: Real, y: Real, start: tuple[ArrayLike, ArrayLike], eps: float, rate: float, steps: int) -> list[Real]:
    first, second = (check_reals("weights", w).copy() for w in start)
    for _ in range(steps):
        z = first @ x
        a = z - eps * np.minimum(0.0, z)
        r = (second @ a - y) / y.size
        slope = np.where(z > 0.0, 1.0, 1.0 - eps)
        upper, lower = r @ a.T, ((second.T @ r) * slope) @ x.T
        second -= rate * upper
        first -= rate * lower
    return [first, second]
