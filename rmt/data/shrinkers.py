"""Eigenvalues in, shrunken eigenvalues out: the formulas behind :func:`rmt.data.clean_covariance`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rmt.data.smoothed_sums import smoothed_sums
from rmt.data.spike_map import spike_value

Real = NDArray[np.float64]

#: an edge is laid through so many eigenvalues at least; at most this share of all may lie beyond it
_FEWEST, _SHARE = 6, 0.1
#: eigenvalues this many widths above the edge are isolated; the 1 − 1e-3 quantile of Tracy-Widom for β = 1 is 3.3
_ISOLATED = 4.5


def quadratic_inverse(eigenvalues: Real, samples: float) -> Real:
    """Quadratic-inverse shrinkage of Ledoit and Wolf (2022), trace kept; ascending, zeros first.

    With l = 1/λ and θ + iη = mean_j 1/(1 − l_i/l_j − ih), h = min(c, 1/c)^0.7 p^(−0.35), the inverse of the shrunken
    eigenvalue is (1 − c)² l + 2c(1 − c) l θ + c² l (θ² + η²) for c <= 1 and l (θ² + η²) for c > 1, where zeros become
    1/((c − 1) mean l).
    """
    size = eigenvalues.size
    positive = eigenvalues[eigenvalues > 0.0]
    zeros = size - positive.size
    c = size / samples
    inverse = positive[-1] / positive
    width = min(c, 1.0 / c) ** 0.7 / size**0.35
    sums = smoothed_sums(np.log(inverse), width)
    power = sums.real**2 + sums.imag**2
    if zeros == 0:
        shrunk = 1.0 / (inverse * ((1.0 - c) ** 2 + 2.0 * c * (1.0 - c) * sums.real + c * c * power))
    else:
        # the share of zeros decides: it may be larger than 1 − 1/c where variables are dependent
        excess = max(c, size / positive.size) - 1.0
        shrunk = np.concatenate([np.full(zeros, 1.0 / (excess * inverse.mean())), 1.0 / (inverse * power)])
    return np.asarray(shrunk * (eigenvalues.sum() / shrunk.sum()))


def isolated(eigenvalues: Real) -> int:
    """Number of isolated eigenvalues of a covariance matrix, above all others."""
    return count_isolated(eigenvalues[eigenvalues > 0.0][::-1])


def count_isolated(ordered: Real) -> int:
    """Number of eigenvalues, given in descending order, beyond the edge of the others.

    At a soft edge the eigenvalues lie near E − γ a_j with a_j ≈ (3π(4j − 1)/8)^(2/3) (compare Onatski 2010); E
    and γ are fitted below each candidate.
    """
    size = ordered.size
    most = min(int(_SHARE * size) + 1, size - 2 * _FEWEST)
    if most < 1:
        return 0
    length = min(max(_FEWEST, int(size**0.6)), size - most)
    place = (0.375 * math.pi * (4.0 * np.arange(1, length + 1) - 1.0)) ** (2.0 / 3.0)
    centred = place - place.mean()
    # one line for each candidate, through the eigenvalues below it
    below = np.lib.stride_tricks.sliding_window_view(ordered[1 : most + length], length)
    slope = below @ centred / (centred @ centred)
    edge = below.mean(axis=1) - slope * place.mean()
    beyond = np.flatnonzero(ordered[:most] > edge - _ISOLATED * slope)
    return int(beyond[-1]) + 1 if beyond.size else 0


def leave_one_out(eigenvalues: Real, samples: float, count: int) -> Real:
    """λ/(1 − c + c λ G(λ))² of the last `count` eigenvalues, G from all others."""
    c, size = eigenvalues.size / samples, eigenvalues.size
    tops = eigenvalues[size - count :]
    out = np.empty(count)
    for k, x in enumerate(tops):
        others = np.delete(eigenvalues, size - count + k)
        out[k] = x / (1.0 - c + c * x * float(np.sum(1.0 / (x - others))) / size) ** 2
    return out


def quadratic_with_outliers(eigenvalues: Real, samples: float) -> tuple[Real, int]:
    """Quadratic-inverse for the bulk, leave-one-out for isolated eigenvalues; the bulk keeps the trace."""
    shrunk = quadratic_inverse(eigenvalues, samples)
    if eigenvalues.size > samples:
        return shrunk, 0
    count = isolated(eigenvalues)
    if count == 0:
        return shrunk, 0
    tops = np.minimum(leave_one_out(eigenvalues, samples, count), eigenvalues[-count:])
    bulk = shrunk[:-count]
    rest = float(eigenvalues.sum() - tops.sum())
    return np.concatenate([bulk * (rest / bulk.sum()), tops]), count


def clipped(eigenvalues: Real, edge: float) -> Real:
    """The eigenvalues up to the edge of noise replaced by their mean (Laloux et al. 1999)."""
    noise = eigenvalues <= edge
    out = eigenvalues.copy()
    if noise.any():
        out[noise] = eigenvalues[noise].mean()
    return out


# ---------------------------------------------------------------------- Donoho, Gavish and Johnstone (2018)
Rule = Callable[[Real, Real], Real]

#: the optimal eigenvalue for each loss, from the spike ℓ in units of the noise and the squared overlap c²
SPIKED_RULES: dict[str, Rule] = {
    "frobenius": lambda spike, c2: spike * c2 + (1.0 - c2),
    "entropy": lambda spike, c2: spike * c2 + (1.0 - c2),
    "frobenius_precision": lambda spike, c2: spike / (c2 + spike * (1.0 - c2)),
    "stein": lambda spike, c2: spike / (c2 + spike * (1.0 - c2)),
    "frobenius_relative": lambda spike, c2: (spike * c2 + spike**2 * (1.0 - c2)) / (c2 + spike**2 * (1.0 - c2)),
    "frobenius_inverse_relative": lambda spike, c2: (spike**2 * c2 + (1.0 - c2)) / (spike * c2 + (1.0 - c2)),
    "frobenius_symmetric": lambda spike, c2: 1.0 + (spike - 1.0) * c2 / (c2 + spike * (1.0 - c2)) ** 2,
    "operator": lambda spike, c2: spike,
    "nuclear": lambda spike, c2: np.maximum(1.0 + (spike - 1.0) * (2.0 * c2 - 1.0), 1.0),
    "divergence": lambda spike, c2: np.sqrt((spike**2 * c2 + spike * (1.0 - c2)) / (c2 + spike * (1.0 - c2))),
    "affinity": lambda spike, c2: ((1.0 + c2) * spike + (1.0 - c2)) / (1.0 + c2 + spike * (1.0 - c2)),
    "frechet": lambda spike, c2: (np.sqrt(spike) * c2 + (1.0 - c2)) ** 2,
}


def spiked(eigenvalues: Real, ratio: float, variance: float, count: int, loss: str) -> Real:
    """The last `count` eigenvalues by the rule of the loss, all others at the noise variance."""
    out = np.full(eigenvalues.size, variance)
    if count:
        spike = spike_value(eigenvalues[-count:] / variance, ratio)
        c2 = np.clip((1.0 - ratio / (spike - 1.0) ** 2) / (1.0 + ratio / (spike - 1.0)), 0.0, 1.0)
        out[-count:] = variance * SPIKED_RULES[loss](spike, c2)
    return out
