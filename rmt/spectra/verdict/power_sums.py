"""Means and covariances, at finite n, of the power sums of a random tridiagonal matrix of independent variables.

Tr Tᵏ is a sum over closed walks of k steps on the rows of T; a walk is a monomial in a few neighbouring variables, so
that its mean and its covariance with another one are products of moments. The tridiagonal models of the β ensembles
(Dumitriu and Edelman 2002; Edelman and Sutton 2008) make the sums exact for every β and every n.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property

Real = NDArray[np.float64]
#: variables q and 1 − q of a monomial: offset from its anchor, exponent of q, exponent of 1 − q
Monomial = tuple[tuple[int, int, int], ...]

#: power sums are taken to this order
ORDER = 4
#: variables beyond both ends, which are 0
_PAD = 2 * ORDER + 2


class Variables(ABC):
    """Independent variables q_0, q_1, ... of a tridiagonal matrix, and the walks on it.

    Attributes
    ----------
    stride : int
        How many variables belong to one row.
    beta : float
        Dyson index.
    """

    stride = 1
    beta: float

    @abstractmethod
    def moments(self, a: int, b: int) -> Real:
        """E q^a (1 − q)^b of every variable."""

    @abstractmethod
    def walks(self, k: int) -> dict[Monomial, float]:
        """The monomials of the k-th power sum, with how often each of them occurs at every anchor."""

    @cached_property
    def _padded(self) -> dict[tuple[int, int], Real]:
        return {}

    def padded(self, a: int, b: int) -> Real:
        """Moments, with variables that are 0 beyond both ends."""
        if (a, b) not in self._padded:
            edge = np.full(_PAD, 1.0 if a == 0 else 0.0)
            self._padded[a, b] = np.concatenate([edge, self.moments(a, b), edge])
        return self._padded[a, b]

    def product(self, monomial: Monomial, shift: int = 0) -> Real:
        """Mean of a monomial at every anchor."""
        size = self.padded(0, 0).size - 2 * _PAD
        out = np.ones(len(range(0, size, self.stride)))
        for offset, a, b in monomial:
            start = _PAD + offset + shift
            out = out * self.padded(a, b)[start : start + size : self.stride]
        return out


@dataclass(frozen=True)
class HermiteVariables(Variables):
    """Diagonal and squared off-diagonal entries of the Hermite model, in turn; the support is [−2, 2]."""

    beta: float
    n: int
    stride = 2

    def moments(self, a: int, b: int) -> Real:
        """Normal and χ² moments; 1 − q does not occur."""
        out = np.zeros(2 * self.n - 1)
        if math.isinf(self.beta):
            out[0::2] = 1.0 if a == 0 else 0.0
        else:
            variance = 2.0 / (self.beta * self.n)
            out[0::2] = 0.0 if a % 2 else math.prod(range(1, a, 2)) * variance ** (a / 2.0)
        out[1::2] = chi_square_moment(self.n - np.arange(1.0, self.n), a, self.beta, self.n)
        return out

    def walks(self, k: int) -> dict[Monomial, float]:
        """Closed walks with steps −1, 0 and 1."""
        return dict(_tridiagonal_walks(k))


@dataclass(frozen=True)
class LaguerreVariables(Variables):
    """Squared entries of the bidiagonal Laguerre factor B of W = B Bᵀ, along the diagonal and beside it in turn."""

    beta: float
    n: int
    m: float

    def moments(self, a: int, b: int) -> Real:
        """χ² moments; 1 − q does not occur."""
        out = np.zeros(2 * self.n - 1)
        out[0::2] = chi_square_moment(self.m - np.arange(0.0, self.n), a, self.beta, self.m)
        out[1::2] = chi_square_moment(self.n - np.arange(1.0, self.n), a, self.beta, self.m)
        return out

    def walks(self, k: int) -> dict[Monomial, float]:
        """Walks of 2k steps on the bipartite matrix of B, each counted from both sides."""
        return {
            tuple((offset, power, 0) for offset, power in edges): count / 2.0 for edges, count in _path_walks(k).items()
        }


@dataclass(frozen=True)
class JacobiVariables(Variables):
    """Squared cosines of the Jacobi model: the squared entries of its factor are (1 − q_{j−1}) q_j."""

    beta: float
    n: int
    a: float
    b: float

    def moments(self, a: int, b: int) -> Real:
        """Moments of the beta law."""
        k = np.arange(self.n, 0, -1.0)
        first, second = np.empty(2 * self.n - 1), np.empty(2 * self.n - 1)
        first[0::2], second[0::2] = self.a + k, self.b + k
        first[1::2], second[1::2] = k[1:], self.a + self.b + 1.0 + k[1:]
        if math.isinf(self.beta):
            mean = first / (first + second)
            return np.asarray(mean**a * (1.0 - mean) ** b)
        p, q = 0.5 * self.beta * first, 0.5 * self.beta * second
        return rising(p, a) * rising(q, b) / rising(p + q, a + b)

    def walks(self, k: int) -> dict[Monomial, float]:
        """As for the Laguerre model, each edge a product of two neighbours."""
        out: dict[Monomial, float] = {}
        for edges, count in _path_walks(k).items():
            powers: dict[int, list[int]] = {}
            for offset, power in edges:
                powers.setdefault(offset, [0, 0])[0] += power
                powers.setdefault(offset - 1, [0, 0])[1] += power
            monomial = tuple((offset, powers[offset][0], powers[offset][1]) for offset in sorted(powers))
            out[monomial] = out.get(monomial, 0.0) + count / 2.0
        return out


def rising(x: Real, k: int) -> Real:
    """Rising factorial x (x + 1) ⋯ (x + k − 1)."""
    out = np.ones_like(x)
    for j in range(k):
        out = out * (x + j)
    return out


def chi_square_moment(degrees: Real, k: int, beta: float, size: float) -> Real:
    """E qᵏ for q = χ² with β · degrees degrees of freedom over β · size."""
    if math.isinf(beta):
        return np.asarray((degrees / size) ** k)
    return rising(0.5 * beta * degrees, k) * (2.0 / (beta * size)) ** k


def power_sum_means(variables: Variables, order: int = ORDER) -> Real:
    """E Tr Tᵏ for k = 1 ... order."""
    return np.array(
        [
            math.fsum(
                count * float(variables.product(monomial).sum()) for monomial, count in variables.walks(k).items()
            )
            for k in range(1, order + 1)
        ]
    )


def power_sum_covariance(variables: Variables, order: int = ORDER) -> Real:
    """Cov(Tr Tʲ, Tr Tᵏ) for j, k = 1 ... order."""
    walks = [variables.walks(k) for k in range(1, order + 1)]
    monomials = sorted({m for some in walks for m in some})
    table = {pair: _covariance(variables, *pair) for pair in itertools.combinations_with_replacement(monomials, 2)}
    weights = np.array([[some.get(m, 0.0) for m in monomials] for some in walks])
    matrix = np.array([[table[min(x, y), max(x, y)] for y in monomials] for x in monomials])
    return np.asarray(weights @ matrix @ weights.T)


def _covariance(variables: Variables, first: Monomial, second: Monomial) -> float:
    """Sum over all anchors of two monomials of their covariance; only overlapping ones have any."""
    mean, total = variables.product(first), 0.0
    sites = {offset for offset, _, _ in first}
    span = range(-_PAD // 2, _PAD // 2 + 1)
    for shift in (s for s in span if s % variables.stride == 0):
        if not any(offset + shift in sites for offset, _, _ in second):
            continue
        powers = {offset: (a, b) for offset, a, b in first}
        for offset, a, b in second:
            have = powers.get(offset + shift, (0, 0))
            powers[offset + shift] = (have[0] + a, have[1] + b)
        joint = tuple((offset, *powers[offset]) for offset in powers)
        total += float((variables.product(joint) - mean * variables.product(second, shift)).sum())
    return total


def _closed_walks(steps: tuple[int, ...], length: int) -> Iterator[tuple[int, ...]]:
    return (walk for walk in itertools.product(steps, repeat=length) if sum(walk) == 0)


@lru_cache(maxsize=16)
def _tridiagonal_walks(k: int) -> Counter[Monomial]:
    """Closed walks of k steps, by their loops and edges: row i has the variable 2i, the edge (i, i + 1) 2i + 1."""
    out: Counter[Monomial] = Counter()
    for walk in _closed_walks((-1, 0, 1), k):
        places = list(itertools.accumulate(walk, initial=0))
        lowest = min(places)
        powers: Counter[int] = Counter()
        for here, step in zip(places[:-1], walk, strict=True):
            powers[2 * (min(here, here + step) - lowest) + abs(step)] += 1 if step == 0 else 0
            if step == 1:  # an edge is taken as often up as down, and holds a square
                powers[2 * (here - lowest) + 1] += 1
        out[tuple((site, power, 0) for site, power in sorted(powers.items()) if power)] += 1
    return out


@lru_cache(maxsize=16)
def _path_walks(k: int) -> Counter[tuple[tuple[int, int], ...]]:
    """Closed walks of 2k steps without loops, by their edges."""
    out: Counter[tuple[tuple[int, int], ...]] = Counter()
    for walk in _closed_walks((-1, 1), 2 * k):
        places = list(itertools.accumulate(walk, initial=0))
        lowest = min(places)
        out[tuple(sorted(Counter(h - lowest for h, s in zip(places[:-1], walk, strict=True) if s == 1).items()))] += 1
    return out
