"""How the mean squared singular value grows with depth: a constant factor, a rate a layer, or a power of the depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

#: layers up to which the rate is a median, and from which a power of the depth can be told from a rate
FEW, ENOUGH = 8, 6
#: share of the misfit of a rate that a power must leave at most, and its largest offset as a share of the depth
POWER_FIT, OFFSET = 0.25, 0.5


@dataclass(frozen=True)
class Growth:
    """Logarithms of what makes m₁ of a Jacobian of several layers or blocks.

    Attributes
    ----------
    total : float
        log m₁.
    depth : int
        Layers or blocks.
    rate : float
        log m₁ that a layer adds: the median of all layers but the first, for more than eight the mean of those between
        the outer eighths. Of two layers the smaller change: a constant factor cannot be told from a rate there.
    rate_error : float
        Standard error of the rate, from the scatter of these layers; NaN for fewer than three.
    power : float or None
        Exponent p where m₁ ~ (l₀ + l)^p after l layers fits and a rate does not: pre-norm networks, tanh at (1, 0).
    scatter : float
        Standard deviation of log m₁ over draws of the weights of this width; 0 in the limit.
    """

    total: float
    depth: int
    rate: float
    rate_error: float
    power: float | None = None
    scatter: float = 0.0

    @classmethod
    def of(cls, increments: Sequence[float], *, scatter: float = 0.0) -> Growth:
        """Growth from the change of log m₁ in every layer.

        Raises
        ------
        ValueError
            If there is no layer.
        """
        g = np.asarray(increments, dtype=np.float64)
        if g.size == 0:
            raise ValueError("increments must hold the change of log m1 in at least one layer, got none")
        total = float(g.sum())
        if not np.isfinite(g).all():
            return cls(total, g.size, total, math.nan, scatter=scatter)
        if g.size == 1:
            return cls(total, 1, total, math.nan, scatter=scatter)
        if g.size == 2:
            rate = float(min(g, key=abs)) if g[0] * g[1] > 0.0 else 0.0
            return cls(total, 2, rate, math.nan, scatter=scatter)
        inner = g[1:] if g.size <= FEW else g[g.size // 8 : g.size - g.size // 8]
        rate = float(np.median(inner) if g.size <= FEW else inner.mean())
        error = float(inner.std(ddof=1)) / math.sqrt(inner.size)
        return cls(total, g.size, rate, error, _power(g), scatter)

    @property
    def constant(self) -> float:
        """Logarithm of the constant factor: what the rate leaves of log m₁; 0 where a power of the depth fits."""
        return 0.0 if self.power is not None else self.total - self.depth * self.rate

    @property
    def shift(self) -> float:
        """What a verdict is about: the rate times the depth, or all of log m₁ for a power; without the bias of width.

        In a finite width log m₁ of a network that keeps the mean of its gradients is −scatter²/2 on average.
        """
        grown = self.total if self.power is not None else self.depth * self.rate
        return grown + 0.5 * self.scatter**2

    @property
    def slack(self) -> float:
        """Two standard deviations of log m₁ over draws, or of the rate times the depth where that is more."""
        seen = 0.0 if math.isnan(self.rate_error) or self.power is not None else self.depth * self.rate_error
        return 2.0 * max(self.scatter, seen)

    def __str__(self) -> str:
        if self.power is not None:
            text = f"m1 grows like depth^{self.power:.3g}, not exponentially"
        elif self.depth == 1:
            text = f"m1 changes by a factor {math.exp(self.rate):.4g} in one layer" if self.rate > -700.0 else "m1 is 0"
        elif not math.isfinite(self.total):
            text = "m1 is 0"
        else:
            error = "" if math.isnan(self.rate_error) else f" ± {math.exp(self.rate) * self.rate_error:.1g}"
            text = f"m1 changes by a factor {math.exp(self.rate):.4g}{error} a layer"
            if abs(self.constant) > 0.05:
                text += f", beside a constant factor {_factor(self.constant)}"
        if self.scatter > 0.0:
            text += f"; log m1 of other draws of this width scatters by {self.scatter:.2g}"
        return text


def _factor(log: float) -> str:
    return f"{math.exp(log):.3g}" if abs(log) < 600.0 else f"e^{log:.4g}"


def _power(g: Real) -> float | None:
    """Exponent of the depth, where a power fits the sums of the changes and a rate does not."""
    if g.size < ENOUGH:
        return None
    begin = g.size // 4  # what the first layers do, until lengths are settled, is neither
    sums, layers = np.cumsum(g)[begin:], np.arange(begin + 1.0, g.size + 1.0)
    straight = _misfit(layers, sums)[0]
    offsets = np.geomspace(0.05, OFFSET * g.size, 40)
    misfits = [_misfit(np.log(layers + offset), sums) for offset in offsets]
    best = min(misfits, key=lambda found: found[0])
    return best[1] if best[0] < POWER_FIT * straight else None


def _misfit(x: Real, y: Real) -> tuple[float, float]:
    """Sum of squares that a straight line leaves, and its slope."""
    centred, values = x - x.mean(), y - y.mean()
    slope = float(centred @ values / (centred @ centred))
    return float(np.sum((values - slope * centred) ** 2)), slope


def chain_scatter(spreads: Sequence[float], widths: Sequence[int], *, orthogonal: bool) -> float:
    """Standard deviation of log m₁ over draws of a chain of layers D_l W_l of these widths.

    Exact second moments of Tr J Jᵀ for independent D_l of independent entries and Gaussian or Haar weights, by a
    recursion over Tr (J Jᵀ)² and (Tr J Jᵀ)²; log m₁ is normal to a good approximation, with this standard deviation s
    and mean −s²/2 (Hanin and Nica 2020a for the gain of one direction).

    Parameters
    ----------
    spreads : sequence of float
        μ₂/μ₁² − 1 of the derivatives of every layer.
    widths : sequence of int
        N_0, ..., N_L.
    orthogonal : bool
        Haar weights instead of Gaussian ones.
    """
    _, power = _chain_moments(spreads, widths, orthogonal=orthogonal)
    return math.sqrt(max(math.log(power), 0.0))


def chain_relvar(spreads: Sequence[float], widths: Sequence[int], *, orthogonal: bool) -> float:
    """Relative variance of J Jᵀ of a chain of finite widths, mean of the second moment over the square of the mean.

    Parameters as for :func:`chain_scatter`; Σ (μ₂/μ₁² − 1 − s₁) for large widths, more for small ones, whose slopes
    multiply coherently.
    """
    return widths[-1] * _chain_moments(spreads, widths, orthogonal=orthogonal)[0] - 1.0


def _chain_moments(spreads: Sequence[float], widths: Sequence[int], *, orthogonal: bool) -> tuple[float, float]:
    """E Tr S² and E (Tr S)² over (E Tr S)², for S = J Jᵀ of a chain."""
    trace = float(widths[0])
    square, power = trace, trace * trace  # E Tr S² and E (Tr S)² for S = J Jᵀ
    for spread, n, p in zip(spreads, widths, widths[1:], strict=False):
        mu = 1.0 + spread
        side = max(n, p) if orthogonal else n
        if orthogonal and side > 1:
            norm = side * (side + 2.0)
            diagonal = (2.0 * square + power) / norm
            mixed = (side * square - power) / ((side - 1.0) * norm)
            apart = ((side + 1.0) * power - 2.0 * square) / ((side - 1.0) * norm)
        else:
            diagonal, mixed, apart = (power + 2.0 * square) / side**2, square / side**2, power / side**2
        trace *= p / side
        square, power = p * (mu * diagonal + (p - 1.0) * mixed), p * (mu * diagonal + (p - 1.0) * apart)
        square, power, trace = square / trace**2, power / trace**2, 1.0
    return square, power


def block_scatter(relative_variances: Sequence[float], width: int) -> float:
    """Standard deviation of log m₁ over relative rotations of given blocks J_k of one width, to leading order.

    For S and B of trace n and relative variances v and w, Tr S O B Oᵀ over Haar O has relative variance 2vw/n²; the
    relative variances of free blocks add.
    """
    found, before = 0.0, 0.0
    for v in relative_variances:
        found += 2.0 * before * v / width**2
        before += v
    return math.sqrt(found)
