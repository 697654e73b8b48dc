"""Activations given as plain functions: their kinks located, their derivative found by differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_real
from rmt.networks.moments import Activation, RealFunction

Real = NDArray[np.float64]

#: kinks are looked for on [-SEARCH, SEARCH]
SEARCH = 64.0
#: smallest jump of the derivative that counts as a kink
SMALLEST_JUMP = 1e-4
#: a steeper rise than this is a jump of the function itself
STEEPEST = 1e3
#: points of a difference quotient, and the derivative at u of the polynomial through them: sums of u^0 ... u^7
_STENCIL = np.arange(-4.0, 5.0)
_DERIVATIVE = np.arange(1.0, 9.0)[:, None] * np.linalg.inv(np.vander(_STENCIL, increasing=True))[1:]
#: step of the differences: eighth-order truncation about balances rounding
_STEP = 0.02
#: uncertainty of the place of a kink
_BESIDE = 1e-9


def activation_from_callable(
    function: Any, derivative: RealFunction | None, kinks: Sequence[float] | None
) -> Activation:
    """Wrap `function`; see :func:`rmt.networks.activation`."""
    phi = _vectorised(function)
    given = None if kinks is None else tuple(sorted(float(check_real("kinks", k)) for k in kinks))
    points = locate_kinks(phi) if given is None else given
    slope = _vectorised(derivative) if derivative is not None else difference_quotient(phi, points)
    if derivative is not None:
        _check_derivative(phi, slope, points)
    name = getattr(function, "__name__", None) or type(function).__name__
    return Activation(
        name=name,
        function=phi,
        slope=slope,
        kinks=points,
        features=tuple(sorted({0.0, *points})),
        named=False,
        recipe=(activation_from_callable, (function, derivative, given)),
    )


def _vectorised(function: Any) -> RealFunction:
    """`function` as a map from float arrays to float arrays of the same shape."""
    probe = np.array([-0.75, 0.5, 2.0])

    def elementwise(x: Real) -> Real:
        flat = np.array([float(function(float(t))) for t in np.ravel(x)])
        return flat.reshape(np.shape(x))

    try:
        with np.errstate(all="ignore"):
            values = np.asarray(function(probe), dtype=np.float64)
    except (TypeError, ValueError, AttributeError):
        return elementwise
    if values.shape == probe.shape:
        return lambda x: np.asarray(function(x), dtype=np.float64)
    if values.shape == ():  # a constant written without its argument's shape
        return lambda x: np.full(np.shape(x), np.float64(np.asarray(function(x))))
    return elementwise


def difference_quotient(function: RealFunction, kinks: tuple[float, ...]) -> RealFunction:
    """Derivative of the polynomial through 9 equidistant points, which lie on one side of every kink."""
    edges = np.array([-np.inf, *kinks, np.inf])

    def slope(x: Real) -> Real:
        points = np.asarray(x, dtype=np.float64)
        # a point on a kink takes the derivative from the right
        right = np.searchsorted(edges, points, side="right")
        low, high = edges[right - 1], edges[np.minimum(right, edges.size - 1)]
        step = np.minimum(_STEP * np.maximum(1.0, np.abs(points) / 8.0), (high - low) / 9.0)
        centre = np.clip(points, low + 4.0 * step + _BESIDE, high - 4.0 * step - _BESIDE)
        powers = ((points - centre) / step)[..., None] ** np.arange(8)
        values = function(centre[..., None] + step[..., None] * _STENCIL)
        # differences to one of the values: the derivative of a constant is exactly 0
        rises = values - values[..., 4:5]
        return np.asarray(((powers @ _DERIVATIVE) * rises).sum(axis=-1) / step)

    return slope


def _check_derivative(function: RealFunction, slope: RealFunction, kinks: tuple[float, ...]) -> None:
    """Refuse a derivative that does not belong to the function."""
    x = np.concatenate([-np.geomspace(0.01, 8.0, 23), np.geomspace(0.0117, 7.3, 23)])
    edges = np.asarray(kinks, dtype=np.float64)
    if edges.size:
        x = x[np.min(np.abs(x[:, None] - edges), axis=1) > 0.01]
    given, found = slope(x), difference_quotient(function, kinks)(x)
    wrong = np.abs(given - found) > 1e-5 * (1.0 + np.abs(found))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(
            f"derivative({x[i]:.6g}) = {given[i]:.8g}, but the function's slope there is {found[i]:.8g}; pass the "
            "derivative of the same function, and kinks= where it jumps"
        )


def locate_kinks(function: RealFunction) -> tuple[float, ...]:
    """Points of [-64, 64] where the derivative of `function` jumps by more than 1e-4.

    Raises
    ------
    ValueError
        If the function itself jumps, or is not finite there.
    """
    # an irrational shift keeps kinks at round numbers off the grid
    grid = np.linspace(-SEARCH, SEARCH, 8193) + 1.2345678e-4
    values = _finite_values(function, grid)
    second = np.abs(values[2:] - 2.0 * values[1:-1] + values[:-2]) / (grid[1] - grid[0])
    suspects = np.flatnonzero(second > SMALLEST_JUMP / 4.0)
    found: list[float] = []
    for i in suspects:
        point = _bisect_kink(function, float(grid[i]), float(grid[i + 2]))
        if point is not None and not any(abs(point - other) < 1e-6 for other in found):
            found.append(point)
    return tuple(sorted(0.0 if abs(k) < 1e-12 else k for k in found))


def _finite_values(function: RealFunction, x: NDArray[Any]) -> Real:
    with np.errstate(all="ignore"):
        values = np.asarray(function(x), dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        where = x[bad][np.argmin(np.abs(x[bad]))]
        if abs(where) < 16.0:
            raise ValueError(f"the activation is not finite at x = {where:.6g} (value {values[bad][0]})")
        values = np.where(bad, 0.0, values)
    return values


def _bisect_kink(function: RealFunction, low: float, high: float) -> float | None:
    """Close in on the largest second difference of [low, high]; None if it fades like a smooth function's."""
    original = _slope_jump(function, low, high)
    for _ in range(60):
        width = high - low
        if width < 2e-6 * max(1.0, abs(low)):
            break
        parts = np.linspace(low, high, 9)
        bends = np.abs(np.diff(_finite_values(function, parts), 2))
        centre = parts[1 + int(np.argmax(bends))]
        low, high = centre - width / 8.0, centre + width / 8.0
    ends = _finite_values(function, np.array([low, high]))
    if abs(ends[1] - ends[0]) > STEEPEST * (high - low):
        raise ValueError(
            f"the activation jumps by {ends[1] - ends[0]:.3g} near x = {low:.6g}: its derivative is not a function, "
            "and the Jacobian does not exist. Use a continuous activation"
        )
    jump = _slope_jump(function, low, high)
    if jump < max(SMALLEST_JUMP, 0.05 * original):
        return None
    return _corner(function, low, high)


def _slope_jump(function: RealFunction, low: float, high: float) -> float:
    """Difference of the slopes just right and just left of [low, high]."""
    width = high - low
    x = np.array([low - width, low, high, high + width])
    v = _finite_values(function, x)
    return abs(float((v[3] - v[2]) - (v[1] - v[0]))) / width


def _corner(function: RealFunction, low: float, high: float) -> float:
    """Intersection of the two smooth branches, extrapolated from outside (low, high)."""
    middle, step = 0.5 * (low + high), 1e-3 * max(1.0, abs(low))
    offsets = step * np.arange(1, 8)
    left = np.polynomial.Polynomial.fit(-offsets, _finite_values(function, middle - offsets), 6)
    right = np.polynomial.Polynomial.fit(offsets, _finite_values(function, middle + offsets), 6)
    gap, tilt = float(right(0.0) - left(0.0)), float(right.deriv()(0.0) - left.deriv()(0.0))
    return middle - gap / tilt if tilt else middle
