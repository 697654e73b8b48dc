"""Functions whose obvious formula takes the wrong branch or cancels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.functions.exact_constants import TwoFloat, offset

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


def square_root_pair(z: Complex, low: float | TwoFloat, high: float | TwoFloat) -> Complex:
    """√(z − low) √(z − high) ~ z at infinity, analytic off [low, high].

    Two roots and not the root of the product, whose cut is elsewhere. For real `z` the value from above
    (``z.imag`` must be ``>= +0.0``).
    """
    below = offset(z, low) if isinstance(low, TwoFloat) else z - low
    above = offset(z, high) if isinstance(high, TwoFloat) else z - high
    return np.asarray(np.sqrt(below) * np.sqrt(above))


def stable_quotient(trace: Complex, root: Complex, leading: Complex, product: Any) -> Complex:
    """Root ``(t + r)/leading`` of a quadratic, as ``product/(t − r)`` where t and r nearly cancel.

    With ``(t + r)(t − r) = leading · product``.
    """
    direct, conjugate = trace + root, trace - root
    cancels = np.abs(direct) < np.abs(conjugate)
    return np.asarray(np.where(cancels, product, direct) / np.where(cancels, conjugate, leading))


def reciprocal(w: Complex) -> Complex:
    """1/w, NaN at 0 and at NaN."""
    lost = (w == 0.0) | np.isnan(w)
    return np.where(lost, np.nan, 1.0 / np.where(lost, 1.0, w))


def scaled(factor: Any, values: Complex) -> Complex:
    """Real factors times complex values, part by part: NumPy's product of a real number and −i∞ is NaN − i∞."""
    out = np.empty(np.broadcast_shapes(np.shape(factor), values.shape), dtype=np.complex128)
    out.real, out.imag = factor * values.real, factor * values.imag
    return out


def times_green(z: Complex, g: Complex, at_zero: float) -> Complex:
    """Product zG for G at points of the closed upper half plane; 0 G(0) is `at_zero`, the mass of an atom there.

    On the axis G may be infinite.
    """
    out = np.empty_like(z)
    line = z.imag == 0.0
    out[~line] = z[~line] * g[~line]
    origin = line & (z.real == 0.0)
    out[line & ~origin] = scaled(z[line & ~origin].real, g[line & ~origin])
    out[origin] = at_zero
    return out


def over(values: Complex, divisor: Complex) -> Complex:
    """Quotient whose divisor is real wherever a value may be infinite."""
    real = divisor.imag == 0.0
    out = np.empty_like(values)
    out[~real] = values[~real] / divisor[~real]
    out[real] = scaled(1.0 / divisor[real].real, values[real])
    return out


def log_upper(w: Complex) -> Complex:
    """Logarithm in the closed upper half plane: imaginary part in [0, π], rounding below the axis ignored."""
    out = np.empty_like(w)
    out.real, out.imag = np.log(np.abs(w)), np.arctan2(np.maximum(w.imag, 0.0) + 0.0, w.real)
    return out


def log_lower(w: Complex) -> Complex:
    """Logarithm in the closed lower half plane: imaginary part in [−π, 0]."""
    return log_upper(w.conj()).conj()


def log1p_complex(v: Complex) -> Complex:
    """Principal log(1 + v), accurate for small `v` (NumPy's log1p of complex numbers is not)."""
    x, y = v.real, v.imag
    squared = np.where(np.abs(v) < 0.5, x * (2.0 + x) + y * y, 0.0)
    out = np.empty_like(v)
    out.real = np.where(np.abs(v) < 0.5, 0.5 * np.log1p(squared), np.log(np.hypot(1.0 + x, y)))
    out.imag = np.arctan2(y, 1.0 + x)
    return out


def log1p_residual(v: Complex, log1p: Complex) -> Complex:
    """log(1 + v) − v without cancellation for small `v`, given log(1 + v) on the wanted branch for the others."""
    small = np.abs(v) < 0.4
    t = np.where(small, v, 0.0) / (2.0 + np.where(small, v, 0.0))
    square = t * t
    odd = np.zeros_like(t)
    for n in range(16, 0, -1):
        odd = (odd + 1.0 / (2 * n + 1)) * square
    # log(1 + v) = 2 artanh t and v = 2t/(1 − t)
    return np.where(small, 2.0 * t * odd - 2.0 * square / (1.0 - t), log1p - v)


def circular_segment(t: Real) -> Real:
    """Share of a disc left of the vertical line at `t` of its diameter, ``0 <= t <= 1``.

    With t = sin²(θ/2) the share is (θ − sin θ cos θ)/π, which cancels as θ³ near 0; there its power series is
    summed. Relative error below 1e-15 times a small constant for all t.
    """
    theta = 2.0 * np.arcsin(np.sqrt(t))
    direct = theta - np.sin(theta) * np.cos(theta)
    # (2θ)^3/12 (1 - (2θ)²/20 (1 - (2θ)²/42 (1 - ...))) = (2θ - sin 2θ)/2
    square = (2.0 * np.minimum(theta, 0.6)) ** 2
    series = np.ones_like(theta)
    for n in range(11, 0, -1):
        series = 1.0 - square / ((2 * n + 2) * (2 * n + 3)) * series
    small = (2.0 * theta) ** 3 / 12.0 * series
    return np.where(theta < 0.6, small, direct) / np.pi


def pull_back(y: Real, x: Real, marks: Real, images: Real, *, increasing: bool = True) -> Real:
    """Make rounded pre-images `y` of `x` under a monotone map respect given points.

    Exactly a mark where `x` is its image; elsewhere on the side of the mark on which `x` is of the image.
    """
    for mark, image in zip(marks, images, strict=True):
        below, above = (x < image, x > image) if increasing else (x > image, x < image)
        y = np.where(x == image, mark, y)
        y = np.where(below & (y >= mark), np.nextafter(mark, -np.inf), y)
        y = np.where(above & (y <= mark), np.nextafter(mark, np.inf), y)
    return y
