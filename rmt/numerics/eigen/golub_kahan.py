"""The spectrum of A Aᵀ for a linear map known only by its products: Golub-Kahan steps and Lanczos quadrature.

Seen from a unit vector u, the spectrum of A Aᵀ is the measure Σ (uᵀu_i)² δ(s_i²) over the left singular vectors u_i.
After k steps of Golub and Kahan 1965 the singular values of a k × k bidiagonal matrix are the nodes of its Gauss
rule, exact for polynomials of degree 2k − 1; averaged over random u this is stochastic Lanczos quadrature. A Gauss
rule also bounds the distribution function on both sides (Chebyshev-Markov-Stieltjes inequalities; Golub and Meurant
2010), so that what k steps do not resolve is known to be unresolved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt._cached import cached_property
from rmt.errors import check_count, check_generator, check_real, check_reals

Real = NDArray[np.float64]
Product = Callable[[Real], ArrayLike]

EPS = float(np.finfo(np.float64).eps)
#: a coupling below this share of the norm is rounding: the space is invariant
NEGLIGIBLE = 64.0 * EPS
#: standard errors of the random start vectors that the stated bounds allow for
SIGMAS = 4.0


@dataclass(frozen=True, eq=False)
class GaussRule:
    """Gauss rule of the spectrum of A Aᵀ seen from one vector.

    Attributes
    ----------
    nodes : array of float
        Squares of the Ritz values, ascending.
    weights : array of float
        Their masses, of sum 1.
    largest : float
        Largest Ritz value; never above the largest singular value of A.
    residual : float
        Some singular value of A lies within this of `largest`.
    """

    nodes: Real
    weights: Real
    largest: float
    residual: float

    def cdf_bounds(self, x: Real) -> tuple[Real, Real]:
        """Bounds of the distribution function of the measure, whatever the measure is beyond its Gauss rule."""
        cumulated = np.concatenate([[0.0, 0.0], np.cumsum(self.weights), [1.0]])
        below = np.searchsorted(self.nodes, x, side="left")
        at = np.searchsorted(self.nodes, x, side="right")
        low = cumulated[np.where(at > below, below + 1, at)]
        high = cumulated[np.minimum(np.where(at > below, at + 1, at + 2), self.nodes.size + 2)]
        return low, np.minimum(high, 1.0)


def bidiagonalise(matvec: Product, rmatvec: Product, start: ArrayLike, steps: int) -> tuple[Real, Real, float]:
    """Golub-Kahan bidiagonalisation Uᵀ A V = B, lower bidiagonal, with full reorthogonalisation.

    Parameters
    ----------
    matvec, rmatvec : callable
        ``v -> A v`` and ``u -> Aᵀ u`` on one-dimensional float arrays.
    start : array_like of m
        First column of U, up to its length; not zero.
    steps : int
        Number of columns of U, >= 1; fewer are made if the space they span is invariant.

    Returns
    -------
    diagonal : array of k
    sub_diagonal : array of k - 1
    remainder : float
        The next coupling: 0 if A is exhausted.

    Raises
    ------
    ValueError
        If a product is not finite, or the start vector is zero.
    """
    count = check_count("steps", steps)
    u = _unit("start", check_reals("start", start))
    left: list[Real] = [u]
    right: list[Real] = []
    diagonal: list[float] = []
    couplings: list[float] = []
    scale = 0.0
    while True:
        v = _orthogonal_part(_finite(rmatvec(left[-1])), right)
        alpha = float(np.linalg.norm(v))
        diagonal.append(alpha)
        scale = max(scale, alpha)
        if alpha <= NEGLIGIBLE * scale:
            return np.array(diagonal), np.array(couplings), 0.0
        right.append(v / alpha)
        u = _orthogonal_part(_finite(matvec(right[-1])), left)
        beta = float(np.linalg.norm(u))
        scale = max(scale, beta)
        exhausted = beta <= NEGLIGIBLE * scale or len(left) == u.size
        if exhausted or len(diagonal) == count:
            return np.array(diagonal), np.array(couplings), 0.0 if exhausted else beta
        couplings.append(beta)
        left.append(u / beta)


def _unit(name: str, vector: Real) -> Real:
    norm = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not 0.0 < norm < math.inf:
        raise ValueError(f"{name} must be a finite vector that is not zero, got shape {vector.shape} and norm {norm}")
    return np.asarray(vector / norm)


def _finite(product: ArrayLike) -> Real:
    vector = np.array(product, dtype=np.float64)
    if not np.isfinite(vector).all():
        raise ValueError("a product with the linear map is not finite")
    return vector


def _orthogonal_part(vector: Real, basis: list[Real]) -> Real:
    """Part of `vector` orthogonal to the orthonormal `basis`: Gram-Schmidt, twice."""
    if basis:
        rows = np.array(basis)
        for _ in range(2):
            vector = vector - rows.T @ (rows @ vector)
    return vector


def gauss_rule_of_map(matvec: Product, rmatvec: Product, start: ArrayLike, steps: int) -> GaussRule:
    """Gauss rule of the spectrum of A Aᵀ seen from `start`; parameters as in :func:`bidiagonalise`."""
    diagonal, sub_diagonal, remainder = bidiagonalise(matvec, rmatvec, start, steps)
    u, s, vt = np.linalg.svd(np.diag(diagonal) + np.diag(sub_diagonal, -1))
    return GaussRule(s[::-1] ** 2, u[0, ::-1] ** 2, float(s[0]), remainder * abs(float(vt[0, -1])))


@dataclass(frozen=True, eq=False)
class LanczosSpectrum:
    """The spectrum of A Aᵀ as random vectors see it: made by :func:`lanczos_spectrum`.

    Attributes
    ----------
    size : int
        Dimension m of A Aᵀ.
    rules : tuple of GaussRule
        One for each start vector.
    """

    size: int
    rules: tuple[GaussRule, ...]

    def moment(self, k: int) -> tuple[float, float]:
        """Estimate of Tr (A Aᵀ)^k / m, without bias, and its standard error.

        The error is that of vectors uniform on the sphere, sqrt(2 Var λ^k / ((m + 2) probes)).
        """
        order = check_count("k", k)
        value, second = (
            math.fsum(float(r.weights @ r.nodes ** (p * order)) for r in self.rules) / len(self.rules) for p in (1, 2)
        )
        return value, self._error(max(second - value**2, 0.0))

    def relative_variance(self) -> tuple[float, float]:
        """Estimate of m₂/m₁² − 1, and its standard error; m₁ and m₂ come from the same vectors, and err together.

        The error is that of λ²/m₁² − 2 m₂ λ/m₁³, the change of the ratio to first order.
        """
        first, second = (self.moment(k)[0] for k in (1, 2))
        if not first > 0.0:
            return math.nan, 0.0
        change = [(r.weights, (r.nodes / first) ** 2 - 2.0 * second / first**2 * (r.nodes / first)) for r in self.rules]
        mean, square = (math.fsum(float(w @ g**p) for w, g in change) / len(change) for p in (1, 2))
        return second / first**2 - 1.0, self._error(max(square - mean**2, 0.0))

    def log_mean(self) -> tuple[float, float]:
        """Estimate of the mean of log λ over the nodes, and its standard error; zeros make it −inf."""
        pairs = [(rule.weights, _log(rule.nodes)) for rule in self.rules]
        value, second = (math.fsum(float(w @ t**p) for w, t in pairs) / len(pairs) for p in (1, 2))
        return value, self._error(max(second - value**2, 0.0))

    def _error(self, variance: float) -> float:
        return math.sqrt(2.0 * variance / ((self.size + 2) * len(self.rules)))

    @cached_property
    def largest(self) -> tuple[float, float]:
        """Largest singular value of A from below, and a distance within which a singular value surely lies."""
        best = max(self.rules, key=lambda rule: rule.largest)
        return best.largest, best.residual

    def cdf_bounds(self, x: ArrayLike) -> tuple[Real, Real]:
        """Lower and upper bound of the share of eigenvalues of A Aᵀ that are <= x.

        What the Gauss rules leave open, and 4 standard errors of the start vectors.
        """
        points = np.asarray(x, dtype=np.float64)
        pairs = [rule.cdf_bounds(points) for rule in self.rules]
        low, high = (np.mean([pair[i] for pair in pairs], axis=0) for i in (0, 1))
        unsure = np.clip(0.5, low, high)  # the share with the largest variance that the bounds allow
        error = SIGMAS * np.sqrt(2.0 * unsure * (1.0 - unsure) / ((self.size + 2) * len(self.rules)))
        return np.clip(low - error, 0.0, 1.0), np.clip(high + error, 0.0, 1.0)

    def quantile_bounds(self, share: float) -> tuple[float, float]:
        """Bounds of the quantile of λ at `share`: ``(low, high)``; 0 and inf where nothing bounds it."""
        u = float(check_real("share", share, above=0.0, below=1.0))
        levels = np.unique(np.concatenate([rule.nodes for rule in self.rules]))
        low, high = self.cdf_bounds(levels)
        under, over = np.flatnonzero(high < u), np.flatnonzero(low >= u)
        return (float(levels[under[-1]]) if under.size else 0.0), (float(levels[over[0]]) if over.size else math.inf)

    @cached_property
    def resolved_above(self) -> float:
        """Smallest node of any rule: of the spectrum of A Aᵀ below it only the total mass is bounded."""
        return float(min(rule.nodes[0] for rule in self.rules))

    def departure(self, cdf: Callable[[Real], ArrayLike]) -> float:
        """Distance by which a distribution function leaves the bounds: a lower bound of the Kolmogorov distance.

        Zero where nothing speaks against it at the resolution of the rules.
        """
        levels = np.unique(np.concatenate([rule.nodes for rule in self.rules]))
        low, high = self.cdf_bounds(levels)
        values = np.asarray(cdf(levels), dtype=np.float64)
        return float(max(0.0, (low - values).max(), (values - high).max()))


def _log(nodes: Real) -> Real:
    out = np.full(nodes.shape, -math.inf)
    np.log(nodes, out=out, where=nodes > 0.0)
    return out


def lanczos_spectrum(
    matvec: Product, rmatvec: Product, shape: tuple[int, int], *, steps: int = 40, probes: int = 8, rng: Any = None
) -> LanczosSpectrum:
    """Spectrum of A Aᵀ from products with A and Aᵀ alone.

    Parameters
    ----------
    matvec, rmatvec : callable
        ``v -> A v`` and ``u -> Aᵀ u`` on one-dimensional float arrays.
    shape : (int, int)
        Rows and columns of A.
    steps : int
        Golub-Kahan steps for each start vector: 2 `steps` products.
    probes : int
        Number of start vectors, uniform on the sphere.
    rng : Generator, SeedSequence, int or None

    Returns
    -------
    LanczosSpectrum

    Raises
    ------
    ValueError
        If a count is below 1, or a product is not finite.

    Notes
    -----
    Memory beyond the products: ``steps (rows + columns)`` numbers.
    """
    rows, columns = (check_count("shape", side) for side in shape)
    generator = check_generator(rng)
    rules = tuple(
        gauss_rule_of_map(matvec, rmatvec, generator.standard_normal(rows), min(steps, rows, columns + 1))
        for _ in range(check_count("probes", probes))
    )
    return LanczosSpectrum(rows, rules)


def compressed_measure(points: ArrayLike, nodes: int) -> tuple[Real, Real]:
    """Gauss rule of the uniform measure on `points`: few atoms with the same first 2 `nodes` − 1 moments.

    Fewer distinct points than `nodes` are kept as they are, with their multiplicities.

    Parameters
    ----------
    points : array_like of float
        At least one, all finite.
    nodes : int

    Returns
    -------
    positions, weights : arrays of float
        Ascending; the weights sum to 1.
    """
    count = check_count("nodes", nodes)
    values, repeats = np.unique(check_reals("points", points).ravel(), return_counts=True)
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("points must hold at least one number, and finite ones only")
    if values.size <= count:
        return values, repeats / repeats.sum()
    centre, scale = float(np.average(values, weights=repeats)), float(np.ptp(values))
    x = (values - centre) / scale
    basis = [np.sqrt(repeats / repeats.sum())]
    diagonal: list[float] = []
    couplings: list[float] = []
    while True:
        following = x * basis[-1]
        diagonal.append(float(basis[-1] @ following))
        if len(diagonal) == count:
            break
        following = _orthogonal_part(following, basis)
        couplings.append(float(np.linalg.norm(following)))
        basis.append(following / couplings[-1])
    nodes_, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(couplings, 1) + np.diag(couplings, -1))
    weights = vectors[0] ** 2
    return np.clip(centre + scale * nodes_, values[0], values[-1]), weights / weights.sum()
