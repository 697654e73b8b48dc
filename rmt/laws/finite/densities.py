"""Mean eigenvalue densities at finite n."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmt.laws.finite.extreme_laws import check_classical_beta, check_size, check_wishart
from rmt.laws.finite.extreme_probabilities import _real_family, gaussian_end, skew_products, wishart_end
from rmt.laws.finite.orthogonal_functions import (
    hermite_functions,
    integration_matrix,
    laguerre_functions,
    legendre_rule,
)
from rmt.laws.given.density import NumericLaw
from rmt.laws.law import Interval, Real


@dataclass(frozen=True, eq=False)
class LegendreDensity:
    """A density on an interval as a Legendre series."""

    low: float
    high: float
    series: Real

    def __call__(self, t: Real) -> Real:
        """The density, 0 outside the interval."""
        place = (2.0 * t - self.low - self.high) / (self.high - self.low)
        inside = np.abs(place) <= 1.0
        out = np.zeros_like(t)
        out[inside] = np.maximum(np.polynomial.legendre.legval(place[inside], self.series), 0.0)
        return out


class FiniteDensity(NumericLaw):
    """A mean density, tabulated in a variable of its own."""

    @property
    @abstractmethod
    def _table(self) -> LegendreDensity:
        """The density of that variable."""

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return super()._pdf_error(x, value) + 1e-12 * (1.0 + np.where(np.isfinite(value), value, 0.0))


@dataclass(frozen=True, init=False, repr=False)
class GaussianDensity(FiniteDensity):
    """Mean density of the eigenvalues of the n × n GOE, GUE or GSE: the semicircle law at finite n.

    Parameters
    ----------
    beta : {1, 2, 4}
        Dyson index.
    n : int
        Number of (distinct) eigenvalues, 1 <= n <= 400.

    Raises
    ------
    TypeError, ValueError
        If beta is another number, or n is no integer or out of range.

    Notes
    -----
    The diagonal of the determinantal or Pfaffian kernel (Mehta 2004, chapters 6 to 8), divided by n; absolute
    accuracy 1e-12. The support is cut where the density is below 1e-17.

    Examples
    --------
    >>> from rmt.laws import GaussianDensity
    >>> round(GaussianDensity(beta=2, n=5).pdf(1.0), 12)
    0.256287194834
    """

    beta: Any
    n: int

    def __init__(self, beta: Any, n: int) -> None:
        object.__setattr__(self, "beta", check_classical_beta(beta, (1, 2, 4)))
        object.__setattr__(self, "n", check_size("n", n))

    @property
    def _table(self) -> LegendreDensity:
        return _gaussian_density(int(self.beta), self.n)

    def _intervals(self) -> tuple[Interval, ...]:
        end = self._table.high / math.sqrt(self.n)
        return (Interval(-end, end, 0.0, 0.0, 1.0),)

    def _density(self, x: Real) -> Real:
        root = math.sqrt(self.n)
        return root * self._table(root * x)


@dataclass(frozen=True, init=False, repr=False)
class WishartDensity(FiniteDensity):
    """Mean density of the eigenvalues of a Wishart matrix A A*/m: the Marchenko-Pastur law at finite n.

    Parameters
    ----------
    beta : {1, 2, 4}
        Real, complex or quaternion.
    n : int
        Matrix dimension, 1 <= n <= 400 (150 for beta = 4).
    samples : int
        Number m >= n of columns of A; with fewer there are exact zeros, and the rest is the density of exchanged sides.

    Raises
    ------
    TypeError, ValueError
        If beta is another number, n or samples is no integer or out of range, or samples < n.

    Notes
    -----
    Methods and accuracy as for :class:`GaussianDensity`, in the square root of the eigenvalue.

    Examples
    --------
    >>> from rmt.laws import WishartDensity
    >>> round(WishartDensity(beta=2, n=5, samples=10).pdf(0.8), 12)
    0.516340921428
    """

    beta: Any
    n: int
    samples: Any

    def __init__(self, beta: Any, n: int, samples: Any) -> None:
        for name, value in zip(("beta", "n", "samples"), check_wishart(beta, n, samples), strict=True):
            object.__setattr__(self, name, value)
        if self.samples < self.n:
            raise ValueError(
                f"samples must be >= n = {self.n}, got {samples!r}: with fewer samples 0 is an eigenvalue; "
                "exchange n and samples for the others"
            )

    @property
    def _table(self) -> LegendreDensity:
        return _wishart_density(int(self.beta), self.n, float(self.samples))

    def _intervals(self) -> tuple[Interval, ...]:
        power = 0.5 * self.beta * (float(self.samples) - self.n + 1.0) - 1.0
        return (Interval(0.0, self._table.high**2 / float(self.samples), power, 0.0, 1.0),)

    def _density(self, x: Real) -> Real:
        root = np.sqrt(x * float(self.samples))
        return self._table(root) * float(self.samples) / (2.0 * root)


@lru_cache(maxsize=32)
def _gaussian_density(beta: int, n: int) -> LegendreDensity:
    end = gaussian_end(beta, n)
    if beta == 4:
        count, root = 2 * n, math.sqrt(2.0)
        x, w = legendre_rule(_series_nodes(4 * n, end))
        values = hermite_functions(count, root * end * x)
        slopes = np.zeros_like(values)
        slopes[1:] = np.sqrt(np.arange(1.0, count))[:, None] * values[:-1]
        matrix = (slopes * (end * w)) @ values.T
        weights = np.linalg.solve(matrix - matrix.T, values)
        # sign: the integral is positive
        return _series(-end, end, np.einsum("kx,kx->x", weights, slopes), w)
    x, w = legendre_rule(_series_nodes(n, end))
    values = hermite_functions(n, end * x)
    density = (values**2).sum(axis=0) if beta == 2 else _orthogonal_density(values, end, w)
    return _series(-end, end, density, w)


@lru_cache(maxsize=32)
def _wishart_density(beta: int, n: int, m: float) -> LegendreDensity:
    high = math.sqrt(wishart_end(beta, n, m))
    x, w = legendre_rule(_series_nodes((16 if beta == 4 else 4) * n, 0.5 * high))
    half = 0.5 * high
    u = half * (1.0 + x)
    if beta == 4:
        matrix, values, slopes = skew_products(n, m, u, half * w)
        density = np.abs(np.einsum("kx,kx->x", np.linalg.solve(matrix, values), slopes))
    elif beta == 2:
        density = 2.0 * (laguerre_functions(n, m - n, u * u, shift=0.25) ** 2).sum(axis=0)
    else:
        density = _orthogonal_density(_real_family(n, m)(u), half, w)
    return _series(0.0, high, density, w)


def _series_nodes(n: int, half: float) -> int:
    """Nodes that resolve a density on an interval: its Fourier transform ends at 2 √n + 9."""
    return round(half * (2.0 * math.sqrt(n) + 9.0)) + 60


def _orthogonal_density(values: Real, half: float, w: Real) -> Real:
    """Density for beta = 1: the response of the logarithm of the Pfaffian to the weight."""
    count = len(values)
    weights = half * w
    total = values @ weights
    signed = total[:, None] - 2.0 * half * (values @ integration_matrix(w.size).T)
    matrix = values @ (signed * weights).T
    matrix = 0.5 * (matrix - matrix.T)
    if count % 2:
        matrix = np.block([[matrix, total[:, None]], [-total[None, :], np.zeros((1, 1))]])
        signed = np.vstack([signed, np.ones((1, w.size))])
        values = np.vstack([values, np.zeros((1, w.size))])
    return np.asarray(np.einsum("kx,kx->x", np.linalg.solve(matrix.T, signed), values))


def _series(low: float, high: float, density: Real, w: Real) -> LegendreDensity:
    """Legendre series of a density that is known at the nodes, with mass 1."""
    x, _ = legendre_rule(w.size)
    mass = 0.5 * (high - low) * float(w @ density)
    vander = np.polynomial.legendre.legvander(x, w.size - 1)
    series = (np.arange(w.size) + 0.5) * ((density / mass * w) @ vander)
    return LegendreDensity(low, high, series)
