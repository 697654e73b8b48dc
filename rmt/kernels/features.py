"""What a stack of layers carries from layer to layer: variances, gaps and tangent kernels of features on sites.

Vectors have one site; images have one a pixel. Between two sets of inputs either the same site of both is compared
(enough up to a read-out that keeps sites apart) or every pair of sites (needed for pooling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt.kernels.covariances import first_gaps, squared_norms
from rmt.kernels.engines import Engine

Real = NDArray[np.float64]
Sites = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Features:
    """Features of two sets of inputs at one depth.

    Attributes
    ----------
    left, right : ndarray of shape (S, n) and (S, m)
        Variances on each site.
    gap, tangent : ndarray of shape (S, n, m) or (S, S, n, m)
        1 − correlation, and tangent kernel, on the same site of both or on every pair of sites.
    """

    left: Real
    right: Real
    gap: Real
    tangent: Real

    @property
    def every_pair(self) -> bool:
        """Whether every pair of sites is there."""
        return self.gap.ndim == 4

    def _sides(self) -> tuple[Real, Real]:
        """Variances in the shape of the gaps."""
        if self.every_pair:
            return self.left[:, None, :, None], self.right[None, :, None, :]
        return self.left[:, :, None], self.right[:, None, :]

    def covariance(self) -> Real:
        """Covariances of the features."""
        a, b = self._sides()
        return np.asarray(np.sqrt(a * b) * (1.0 - self.gap))

    def scaled(self, factor: float) -> Features:
        """All covariances times `factor`."""
        return Features(factor * self.left, factor * self.right, self.gap, factor * self.tangent)

    def plus(self, other: Features) -> Features:
        """Sum with independent features."""
        (a1, a2), (b1, b2) = self._sides(), other._sides()
        first, second = np.sqrt(a1 * a2), np.sqrt(b1 * b2)
        whole = np.sqrt((a1 + b1) * (a2 + b2))
        cross = np.sqrt(a1 * b2) - np.sqrt(b1 * a2)
        size = whole + first + second
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = (first * self.gap + second * other.gap + cross * cross / size) / whole
        gap = np.where(whole > 0.0, gap, 0.0)
        return Features(self.left + other.left, self.right + other.right, gap, self.tangent + other.tangent)

    def with_added(self, variance: float, tangent: Real) -> Features:
        """Biases of one variance added, and something to the tangent kernel."""
        moved = Features(self.left, self.right, self.gap, self.tangent + tangent)
        if variance == 0.0:
            return moved
        zero = np.zeros_like(self.gap)
        return moved.plus(Features(np.full_like(self.left, variance), np.full_like(self.right, variance), zero, zero))

    def taken(self, sites: Sites) -> Features:
        """The features at other sites, in order; −1 stands for padding with zeros."""
        inside = sites >= 0
        row = np.where(inside, sites, 0)
        left = self.left[row] * inside[:, None]
        right = self.right[row] * inside[:, None]
        if self.every_pair:
            both = (inside[:, None] & inside[None, :])[:, :, None, None]
            return Features(left, right, self.gap[np.ix_(row, row)] * both, self.tangent[np.ix_(row, row)] * both)
        here = inside[:, None, None]
        return Features(left, right, self.gap[row] * here, self.tangent[row] * here)

    def activated(self, engine: Engine) -> Features:
        """Images under an activation."""
        gap, slope = self.gap.copy(), np.empty_like(self.gap)
        if self.every_pair:
            sites, _, n, m = gap.shape
            flat = np.ascontiguousarray(gap.transpose(0, 2, 1, 3)).reshape(sites * n, sites * m)
            left, right, tilt = engine.block(self.left.ravel(), self.right.ravel(), flat, -1)
            gap = np.ascontiguousarray(flat.reshape(sites, n, sites, m).transpose(0, 2, 1, 3))
            slope = tilt.reshape(sites, n, sites, m).transpose(0, 2, 1, 3)
            left, right = left.reshape(sites, n), right.reshape(sites, m)
        else:
            left, right = np.empty_like(self.left), np.empty_like(self.right)
            for site in range(gap.shape[0]):
                left[site], right[site], slope[site] = engine.block(self.left[site], self.right[site], gap[site], -1)
        # a derivative that does not exist (of a jump) matters only where a tangent kernel is there already
        with np.errstate(invalid="ignore"):
            return Features(left, right, gap, np.where(self.tangent == 0.0, 0.0, slope * self.tangent))

    def normalised(self, means: tuple[Real, Real] | None) -> Features:
        """Features over their standard deviation, less their means where given."""
        one, two = np.ones_like(self.left), np.ones_like(self.right)
        if means is None:
            a, b = self._sides()
            return Features(one, two, self.gap, self.tangent / np.sqrt(a * b))
        a, b = Features(self.left - means[0] ** 2, self.right - means[1] ** 2, self.gap, self.gap)._sides()
        m1, m2 = Features(*means, self.gap, self.gap)._sides()
        gap = np.clip(1.0 - (self.covariance() - m1 * m2) / np.sqrt(a * b), 0.0, 2.0)
        same = (self.gap == 0.0) & (a == b)
        return Features(one, two, np.where(same, 0.0, gap), self.tangent / np.sqrt(a * b))

    def flattened(self) -> Features:
        """One vector of all sites, each counted alike."""
        if self.every_pair:
            sites = np.arange(self.gap.shape[0])
            return Features(self.left, self.right, self.gap[sites, sites], self.tangent[sites, sites]).flattened()
        count = self.gap.shape[0]
        total = self.taken(np.array([0]))
        for site in range(1, count):
            total = total.plus(self.taken(np.array([site])))
        return total.scaled(1.0 / count)

    def pooled(self, left: Real, right: Real) -> Features:
        """Mean over all sites; `left` and `right` are its variances, of shape (1, n) and (1, m)."""
        covariance = self.covariance().mean(axis=(0, 1))[None]
        scale = np.sqrt(left[:, :, None] * right[:, None, :])
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.where(scale > 0.0, np.clip(1.0 - covariance / scale, 0.0, 2.0), 0.0)
        return Features(left, right, gap, self.tangent.mean(axis=(0, 1))[None])


def input_features(X: Real, Y: Real, every_pair: bool) -> Features:
    """Features of inputs of shape (n, S, C): inner products over C, divided by C."""
    n, sites, channels = X.shape
    m = Y.shape[0]
    rows, columns = (np.ascontiguousarray(t.transpose(1, 0, 2)) for t in (X, Y))
    left = np.stack([squared_norms(t) for t in rows]) / channels
    right = np.stack([squared_norms(t) for t in columns]) / channels
    pairs: Sequence[tuple[int, int]]
    pairs = [(s, t) for s in range(sites) for t in range(sites)] if every_pair else [(s, s) for s in range(sites)]
    gap = np.empty((len(pairs), n, m))
    for index, (s, t) in enumerate(pairs):
        gap[index] = rows[s] @ columns[t].T
        norms = left[s] * channels, right[t] * channels
        first_gaps(rows[s], columns[t], *norms, 1.0 / channels, 0.0, gap[index], -1)
    shaped = gap.reshape(sites, sites, n, m) if every_pair else gap
    return Features(left, right, shaped, np.zeros_like(shaped))
