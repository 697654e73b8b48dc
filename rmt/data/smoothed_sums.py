"""Cauchy sums with a width in proportion to each pole, (1/n) Σ_j 1/(1 − ih − x_i/x_j), in O(n).

In log x they are a convolution with a function that is analytic in a strip of width h: poles are spread over an even
grid of spacing h/12 by interpolation of order ten, convolved by FFT, and read at the targets in the same way.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import kernel

Real = NDArray[np.float64]

#: grid steps in a width, nodes of the interpolation, and the size up to which sums are taken directly
_STEPS, _NODES, _DIRECT = 12, 10, 200
_SCALES = np.array([math.prod(k - m for m in range(_NODES) if m != k) for k in range(_NODES)], dtype=np.float64)


def smoothed_sums(log_x: Real, width: float) -> NDArray[np.complex128]:
    """(1/n) Σ_j 1/(1 − ih − x_i/x_j) for all i, h = width; relative error about 1e-10."""
    size = log_x.size
    if size <= _DIRECT:
        return np.asarray(np.mean(_kernel(log_x[:, None] - log_x, width), axis=1))
    low, high = float(log_x.min()), float(log_x.max())
    step = width / _STEPS
    count = int((high - low) / step) + _NODES + 2
    place = (log_x - low) / step + 0.5 * _NODES - 1.0
    padded = 1 << (2 * count - 1).bit_length()
    lags = np.arange(padded)
    lags[lags > padded // 2] -= padded
    kernel_values = _kernel(np.asarray(lags * step, dtype=np.float64), width)
    charges = np.fft.fft(_spread(place, count), padded)
    field = np.fft.ifft(np.multiply(charges, np.fft.fft(kernel_values)))[:count]
    return np.asarray(_read(place, field.real.copy(), field.imag.copy()) / size)


def _kernel(lag: Real, width: float) -> NDArray[np.complex128]:
    # far to the right the term is 0; beyond 700 its exponential would overflow
    return np.asarray(1.0 / (1.0 - 1j * width - np.exp(np.minimum(lag, 700.0))))


@kernel
def _spread(place: Real, count: int) -> Real:
    """Unit charges at these places of the grid, on the nodes around them."""
    out = np.zeros(count)
    for i in range(place.size):
        start = int(place[i]) - 4
        f = place[i] - start
        product = 1.0
        hit = -1
        for k in range(10):
            if f == k:
                hit = k
            else:
                product *= f - k
        if hit >= 0:
            out[start + hit] += 1.0
        else:
            for k in range(10):
                out[start + k] += product / ((f - k) * _SCALES[k])
    return out


@kernel
def _read(place: Real, real: Real, imag: Real) -> NDArray[np.complex128]:
    """The field on the grid at these places."""
    out = np.empty(place.size, dtype=np.complex128)
    for i in range(place.size):
        start = int(place[i]) - 4
        f = place[i] - start
        product = 1.0
        hit = -1
        for k in range(10):
            if f == k:
                hit = k
            else:
                product *= f - k
        if hit >= 0:
            out[i] = complex(real[start + hit], imag[start + hit])
        else:
            x = 0.0
            y = 0.0
            for k in range(10):
                weight = product / ((f - k) * _SCALES[k])
                x += weight * real[start + k]
                y += weight * imag[start + k]
            out[i] = complex(x, y)
    return out
