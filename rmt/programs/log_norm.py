"""Lengths in networks as deep as they are wide: products of means, nearly log-normal.

The squared length of the last layer of a network of width n with homogeneous φ, E φ(z)² = 1, is a product over the L
layers of independent means (1/n) Σ φ(z_i)². For L of the order of n its logarithm is Gaussian with mean −V L/(2n) and
variance V L/n, V = Var φ(z)² (Hanin and Nica 2020a).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.errors import check_count, check_generator, check_real
from rmt.numerics.memory import check_memory

Real = NDArray[np.float64]


@dataclass(frozen=True)
class LogNorm:
    """Law of ln v, v the squared length after L layers of width n, given that no layer is dead.

    Made by :func:`log_norm`.

    Attributes
    ----------
    slope : float
        φ(x) = x for x > 0 and slope · x below, up to the factor that makes E φ² = 1.
    width, depth : int

    Examples
    --------
    >>> from rmt.programs import log_norm
    >>> law = log_norm("linear", width=100, depth=50)
    >>> law.width, law.depth, law.rvs(3, rng=0).shape
    (100, 50, (3,))
    """

    slope: float
    width: int
    depth: int

    @property
    def layer_variance(self) -> float:
        """V = Var φ(z)²: 2 for linear, 5 for ReLU."""
        below = self._below
        return 5.0 - 12.0 * below * (1.0 - below)

    @property
    def _below(self) -> float:
        """a²/(1 + a²): the share of the mean square that comes from x < 0."""
        a = abs(self.slope)
        return a * a / (1.0 + a * a) if a < 1.0 else 1.0 / (1.0 + (1.0 / a) ** 2)

    @property
    def leading_mean(self) -> float:
        """−V L/(2n)."""
        return -0.5 * self.leading_variance

    @property
    def leading_variance(self) -> float:
        """V L/n."""
        return self.layer_variance * self.depth / self.width

    @property
    def second_moment(self) -> float:
        """E v² = (1 + V/n)^L exactly, dead layers counted."""
        logarithm = self.depth * math.log1p(self.layer_variance / self.width)
        if logarithm > 709.0:
            raise ValueError(f"E v² is exp({logarithm:.6g}), beyond the largest float")
        return math.exp(logarithm)

    @property
    def dead(self) -> float:
        """Probability that some layer is 0, whose logarithm is −∞: 1 − (1 − 2^−n)^L for ReLU."""
        if self.slope != 0.0:
            return 0.0
        return float(-np.expm1(self.depth * np.log1p(-(2.0**-self.width))))

    @property
    def mean(self) -> float:
        """E ln v, exactly."""
        return self.depth * self._layer[0]

    @property
    def variance(self) -> float:
        """Var ln v, exactly."""
        return self.depth * self._layer[1]

    @cached_property
    def _layer(self) -> tuple[float, float]:
        """Mean and variance of the logarithm of one factor."""
        from scipy.special import polygamma
        from scipy.stats import binom

        n = self.width
        if self.slope in (1.0, -1.0):
            return float(_log_gap(np.array(n / 2.0))), float(polygamma(1, n / 2.0))
        if self.slope != 0.0:
            raise ValueError(
                f"exact moments are known for linear and ReLU networks (slope 1 and 0), got slope {self.slope}; "
                "leading_mean and leading_variance hold for all"
            )
        # all k, or enough of a wide binomial law: sums of smooth functions at steps below its deviation are exact
        step, reach = max(1, math.isqrt(n) // 16), 10 * math.isqrt(n) + 40
        k = np.arange(max(1, n // 2 - reach), min(n, n // 2 + reach) + 1, step, dtype=np.float64)
        mass = binom.pmf(k, n, 0.5)
        mass /= mass.sum()
        deviation = (2.0 * k - n) / n
        gap = _log_gap(k / 2.0) + (np.log1p(deviation) - deviation)  # (2/n) χ²_k; the mean of the deviation is known
        mean = float(mass @ gap) + 2.0**-n / (1.0 - 2.0**-n)
        centre = gap + deviation
        return mean, float(mass @ (polygamma(1, k / 2.0) + (centre - mean) ** 2))

    def rvs(self, size: int, *, rng: Any = None) -> Real:
        """Independent draws of ln v from the product law, given that no layer is dead.

        Parameters
        ----------
        size : int
            Number of draws.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.

        Returns
        -------
        ndarray of float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        generator, count = check_generator(rng), check_count("size", size)
        check_memory(f"size = {count}", 48.0 * count, "the draws", lambda: "take fewer at a time")
        n, share = self.width, self._below
        total = np.zeros(count)
        for _ in range(self.depth):
            positive = generator.binomial(n, 0.5, count)
            while share == 0.0 and not positive.all():
                dead = positive == 0
                positive[dead] = generator.binomial(n, 0.5, int(dead.sum()))
            above = np.where(positive > 0, generator.chisquare(np.maximum(positive, 1)), 0.0)
            below = np.where(positive < n, generator.chisquare(np.maximum(n - positive, 1)), 0.0)
            total += np.log(((1.0 - share) * above + share * below) * 2.0 / n)
        return total


def _log_gap(x: Real) -> Real:
    """ψ(x) − ln x without the cancellation of large x."""
    from scipy.special import digamma

    y = 1.0 / np.maximum(x, 20.0) ** 2
    series = -0.5 / np.maximum(x, 20.0) - y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))
    return np.asarray(np.where(x < 20.0, digamma(x) - np.log(x), series))


def log_norm(activation: str = "relu", width: int = 100, depth: int = 100, *, slope: float | None = None) -> LogNorm:
    """Law of the logarithm of the squared length in a deep and wide network with critical weights.

    Parameters
    ----------
    activation : {"linear", "relu", "leaky_relu"}
        Of every layer.
    width, depth : int
        Units in a layer, and number of layers.
    slope : float, optional
        Of a leaky ReLU below 0, up to 1e7 in size; 0.01 by default.

    Returns
    -------
    LogNorm

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the activation is another, or a slope is given for one that has none.

    References
    ----------
    Hanin and Nica 2020a.

    Examples
    --------
    >>> law = log_norm("relu", width=100, depth=50)
    >>> law.leading_mean, law.leading_variance
    (-1.25, 2.5)
    >>> round(law.mean, 2), round(law.variance, 2)
    (-1.27, 2.6)
    """
    from rmt.errors import check_choice

    name = check_choice("activation", activation, ("linear", "relu", "leaky_relu"))
    if slope is not None and name != "leaky_relu":
        raise ValueError(f"slope is for leaky_relu, got it with {name}")
    value = {"linear": 1.0, "relu": 0.0}.get(name, 0.01 if slope is None else slope)
    n, layers = check_count("width", width), check_count("depth", depth)
    return LogNorm(float(check_real("slope", value, at_least=-1e7, at_most=1e7)), n, layers)
