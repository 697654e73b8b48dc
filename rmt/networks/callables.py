"""Activations given as plain functions: their kinks located, their derivative by a complex step or by differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_real, shown
from rmt.networks.moments import Activation, RealFunction

Real = NDArray[np.float64]

#: kinks are looked for on [-SEARCH, SEARCH]
SEARCH = 64.0
#: smallest jump of the derivative that counts as a kink
SMALLEST_JUMP = 1e-4
#: where an activation has grown beyond this, no kink is looked for
LARGEST_VALUE = 1e100
#: a steeper rise than this is a jump of the function itself
STEEPEST = 1e3
#: points of a difference quotient, and the derivative at u of the polynomial through them: sums of u^0 ... u^7
_STENCIL = np.arange(-4.0, 5.0)
_DERIVATIVE = np.arange(1.0, 9.0)[:, None] * np.linalg.inv(np.vander(_STENCIL, increasing=True))[1:]
#: step of the differences: eighth-order truncation about balances rounding
_STEP = 0.02
#: imaginary part whose square is lost in rounding
_IMAGINARY = 1e-20
#: uncertainty of the place of a kink
_BESIDE = 1e-9


def activation_from_callable(
    function: Any, derivative: RealFunction | None, kinks: Sequence[float] | None
) -> Activation:
    """Wrap `function`; see :func:`rmt.networks.activation`."""
    phi = _vectorised(function)
    given = None if kinks is None else tuple(sorted(float(check_real("kinks", k)) for k in kinks))
    points = locate_kinks(phi) if given is None else given
    if derivative is not None:
        slope = _vectorised(derivative)
        _check_derivative(phi, slope, points)
    else:
        slope = complex_step(function, phi, points) or difference_quotient(phi, points)
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


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"an activation must return numbers, got {shown(value)} of type {type(value).__name__}; it is called with "
            "an array of floats, or with one float after another"
        ) from None


def _vectorised(function: Any) -> RealFunction:
    """`function` as a map from float arrays to float arrays of the same shape."""
    probe = np.array([-0.75, 0.5, 2.0])

    def elementwise(x: Real) -> Real:
        flat = np.array([_number(function(float(t))) for t in np.ravel(x)])
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


class _Ordered(complex):
    """A complex number that compares like NumPy's, but that a cast to float refuses instead of warning."""

    def __lt__(self, other: Any) -> bool:
        return bool(self.real < np.real(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.real <= np.real(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.real > np.real(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.real >= np.real(other))


def complex_step(function: Any, phi: RealFunction, kinks: tuple[float, ...]) -> RealFunction | None:
    """Derivative Im φ(x + ih)/h with h = 1e-20, free of cancellation; None unless φ is written for complex x too.

    A function that takes complex arguments but is not analytic in them (through abs, say) is found out by its
    differences on the real axis.
    """
    differences = difference_quotient(phi, kinks)

    def slope(x: Real) -> Real:
        points = np.asarray(x, dtype=np.float64)
        with np.errstate(all="ignore"):
            values = np.broadcast_to(np.imag(function(points + 1j * _IMAGINARY)) / _IMAGINARY, points.shape)
        finite = np.isfinite(values)
        if not finite.all():  # inf/inf in complex arithmetic
            values = values.copy()
            values[~finite] = differences(points[~finite])
        return values

    try:
        with np.errstate(all="ignore"):
            function(_Ordered(0.5, _IMAGINARY))
            _, given, found = _compared(phi, slope, kinks)
    except Exception:  # whatever a function of real numbers does to complex ones
        return None
    return None if _differs(given, found).any() else slope


def _compared(function: RealFunction, slope: RealFunction, kinks: tuple[float, ...]) -> tuple[Real, Real, Real]:
    """Points off the kinks, the slope there, and the difference quotient of the function."""
    x = np.concatenate([-np.geomspace(0.01, 40.0, 47), np.geomspace(0.0117, 37.3, 47)])
    edges = np.asarray(kinks, dtype=np.float64)
    if edges.size:
        x = x[np.min(np.abs(x[:, None] - edges), axis=1) > 0.01]
    high, low = (x + sign * 1e-5 * np.maximum(1.0, np.abs(x) / 8.0) for sign in (1.0, -1.0))
    with np.errstate(all="ignore"):
        return x, np.asarray(slope(x)), (function(high) - function(low)) / (high - low)


def _differs(given: Real, found: Real) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(given - found) > 1e-5 * (1.0 + np.abs(found)))


def _check_derivative(function: RealFunction, slope: RealFunction, kinks: tuple[float, ...]) -> None:
    """Refuse a derivative that does not belong to the function."""
    x, given, found = _compared(function, slope, kinks)
    wrong = _differs(given, found)
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
    with np.errstate(all="ignore"):
        second = np.abs(values[2:] - 2.0 * values[1:-1] + values[:-2]) / (grid[1] - grid[0])
        raw = np.abs(np.asarray(function(grid), dtype=np.float64))
    # an activation that grows beyond floats is no kink there
    within = raw < LARGEST_VALUE
    suspects = np.flatnonzero((second > SMALLEST_JUMP / 4.0) & within[2:] & within[1:-1] & within[:-2])
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
        with np.errstate(over="ignore", invalid="ignore"):
            bends = np.abs(np.diff(_finite_values(function, parts), 2))
        centre = parts[1 + int(np.argmax(bends))]
        low, high = centre - width / 8.0, centre + width / 8.0
    around = _finite_values(function, np.array([2.0 * low - high, low, high, 2.0 * high - low]))
    with np.errstate(over="ignore"):
        before, step, after = np.diff(around)
    # a steep function rises about as much just before and just after
    if abs(step) > max(STEEPEST * (high - low), 4.0 * max(abs(before), abs(after))):
        raise ValueError(
            f"the activation jumps by {step:.3g} near x = {low:.6g}: its derivative is not a function, "
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
    with np.errstate(over="ignore", invalid="ignore"):
        return abs(float((v[3] - v[2]) - (v[1] - v[0]))) / width


def _corner(function: RealFunction, low: float, high: float) -> float:
    """Intersection of the two smooth branches, extrapolated from outside (low, high)."""
    middle, step = 0.5 * (low + high), 1e-3 * max(1.0, abs(low))
    offsets = step * np.arange(1, 8)
    left = np.polynomial.Polynomial.fit(-offsets, _finite_values(function, middle - offsets), 6)
    right = np.polynomial.Polynomial.fit(offsets, _finite_values(function, middle + offsets), 6)
    gap, tilt = float(right(0.0) - left(0.0)), float(right.deriv()(0.0) - left.deriv()(0.0))
    return middle - gap / tilt if tilt else middle
