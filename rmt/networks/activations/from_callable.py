"""Activations given as plain functions: their kinks located, their derivative by a complex step or by differences."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_real, shown
from rmt.networks.activations.activation import Activation, RealFunction
from rmt.networks.activations.difference_steps import PanelDerivative, Steps, difference_quotient, fitting_steps
from rmt.networks.activations.periodic_slopes import slope_period
from rmt.networks.activations.smooth_panels import SmoothPanels, grading, smooth_panels

Real = NDArray[np.float64]

#: a jump of the derivative counts as a kink if it exceeds this share of the derivatives beside it
SMALLEST_JUMP = 1e-6
#: mean error of the derivative, relative to its mean size, above which a function is refused
ROUGH = 1e-5
#: points |x| up to which the derivatives are compared
COMPARED = 8.0
#: relative deviation from a line that is rounding, and places far out where a line still has to be one
STRAIGHT, FAR_OUT = 1e-14, (1e3, 1e6)
#: imaginary part whose square is lost in rounding
_IMAGINARY = 1e-20


def activation_from_callable(
    function: Any, derivative: RealFunction | None, kinks: Sequence[float] | None
) -> Activation:
    """Wrap `function`; see :func:`rmt.networks.activation`."""
    raw = _vectorised(function)
    phi = _safe(raw)
    given = None if kinks is None else tuple(sorted(float(check_real("kinks", k)) for k in kinks))
    _check_finite(phi)
    panels = smooth_panels(phi)
    _check_continuous(panels)
    singular = _refined(phi, panels)
    if given is not None:
        singular = _with_given(phi, panels, singular, given)
        panels = smooth_panels(phi, singular)
    own = Activation(
        name=getattr(function, "__name__", None) or type(function).__name__,
        function=phi,
        slope=phi,
        named=False,
        recipe=(activation_from_callable, (function, derivative, given)),
    )
    if derivative is None and (lines := _straight_lines(phi, singular, panels.edges)) is not None:
        points, slopes = lines
        values = np.asarray(slopes)
        edges = np.asarray(points)
        return replace(
            own,
            slope=lambda x: values[np.searchsorted(edges, x)],
            kinks=points,
            features=points or (0.0,),
            slopes=slopes,
        )
    steps = fitting_steps(phi, panels.edges, singular)
    differences = difference_quotient(phi, singular, steps)
    noise: RealFunction | None = None
    if derivative is not None:
        slope = _vectorised(derivative)
        _check_derivative(slope, differences, steps)
    else:
        exact = complex_step(function, differences, steps) or torch_derivative(raw, differences, steps)
        if exact is None:
            _check_smooth(differences, steps)
            noise = steps.error_at
        slope = exact or PanelDerivative(phi, steps)
    scale, features = grading(panels.edges, singular)
    return replace(
        own,
        slope=slope,
        kinks=given if given is not None else _kinks(differences, singular, steps),
        features=tuple(sorted({*features, *singular})),
        scale=scale,
        panels=tuple(panels.edges.tolist()),
        slope_noise=noise,
        slope_period=slope_period(phi, slope),
    )


# ---------------------------------------------------------------------- the function
def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"an activation must return numbers, got {shown(value)} of type {type(value).__name__}; it is called with "
            "an array of floats, or with one float after another"
        ) from None


def _vectorised(function: Any) -> RealFunction:
    """`function` as a map from float arrays to float arrays of the same shape; written with NumPy, math or torch."""
    probe = np.array([-0.75, 0.5, 2.0])

    def elementwise(x: Real) -> Real:
        flat = np.array([_number(function(float(t))) for t in np.ravel(x)])
        return flat.reshape(np.shape(x))

    try:
        with np.errstate(all="ignore"):
            values = np.asarray(function(probe), dtype=np.float64)
    except (TypeError, ValueError, AttributeError):
        if "torch" in sys.modules and _wants_tensors(function):
            from rmt.networks.torch.written_activations import TensorFunction

            return TensorFunction(function)
        return elementwise
    if values.shape == probe.shape:
        return lambda x: np.asarray(function(x), dtype=np.float64)
    if values.shape == ():  # a constant written without its argument's shape
        return lambda x: np.full(np.shape(x), np.float64(np.asarray(function(x))))
    return elementwise


def _wants_tensors(function: Any) -> bool:
    """Whether a number is no argument of the function either."""
    try:
        float(function(0.5))
    except (TypeError, ValueError, AttributeError):
        return True
    return False


def _safe(function: RealFunction) -> RealFunction:
    """The function, NaN where it overflows or is not defined; one point at a time where arrays raise."""

    def values(x: Real) -> Real:
        with np.errstate(all="ignore"):
            try:
                return np.asarray(function(x), dtype=np.float64)
            except (ArithmeticError, ValueError):
                return np.array([_one(function, t) for t in np.ravel(x)]).reshape(np.shape(x))

    return values


def _one(function: RealFunction, x: float) -> float:
    try:
        return float(np.asarray(function(np.array([x])))[0])
    except (ArithmeticError, ValueError):
        return float("nan")


def _check_finite(function: RealFunction) -> None:
    x = np.linspace(-16.0, 16.0, 2049) + 1.2345678e-4
    values = function(x)
    bad = ~np.isfinite(values)
    if bad.any():
        i = int(np.argmin(np.where(bad, np.abs(x), np.inf)))
        raise ValueError(f"the activation is not finite at x = {x[i]:.6g} (value {values[i]})")


def _check_continuous(panels: SmoothPanels) -> None:
    if panels.jumps:
        where, height = min(panels.jumps, key=lambda jump: abs(jump[0]))
        raise ValueError(
            f"the activation jumps by {height:.3g} near x = {where:.6g}: its derivative is not a function, "
            "and the Jacobian does not exist. Use a continuous activation"
        )


# ---------------------------------------------------------------------- kinks and lines
def _refined(function: RealFunction, panels: SmoothPanels) -> tuple[float, ...]:
    """Singular points where the smooth branches on both sides meet."""
    points = np.array(panels.singular)
    out = []
    for point in points.tolist():
        others = np.abs(points[points != point] - point)
        place = int(np.searchsorted(panels.edges, point))
        beside = panels.widths[max(place - 1, 0) : place + 1]
        room = min([float(beside.min()), *others.tolist(), 1e-2 * max(1.0, abs(point))])
        found = _corner(function, point, room)
        near = round(found, 9)  # kinks are written down, mostly
        out.append(near if abs(near - found) <= 1e-12 * max(1.0, abs(found)) else found)
    return tuple(sorted({x + 0.0 for x in out}))


def _with_given(
    function: RealFunction, panels: SmoothPanels, found: tuple[float, ...], given: tuple[float, ...]
) -> tuple[float, ...]:
    """The kinks that are given, and the bends found besides; a kink that is found besides is an error."""
    others = tuple(x for x in found if all(abs(x - k) > 1e-5 * max(1.0, abs(x)) for k in given))
    steps = fitting_steps(function, panels.edges, found)
    hidden = _kinks(difference_quotient(function, found, steps), others, steps)
    if hidden:
        raise ValueError(
            f"the derivative of the activation jumps at x = {hidden[0]:.9g}, which kinks={list(given)} does not name; "
            "pass kinks= with every point where it jumps, or leave it out to have them located"
        )
    return tuple(sorted({*given, *others}))


def _corner(function: RealFunction, middle: float, room: float) -> float:
    """Intersection of the two smooth branches, extrapolated from outside."""
    offsets: Real = room / 10.0 * np.arange(1.0, 8.0, dtype=np.float64) + 1e-9 * abs(middle)
    scaled = offsets / room
    left = np.polynomial.Polynomial.fit(-scaled, function(middle - offsets), 6)
    right = np.polynomial.Polynomial.fit(scaled, function(middle + offsets), 6)
    gap, tilt = float(right(0.0) - left(0.0)), float(right.deriv()(0.0) - left.deriv()(0.0))
    size = float(np.abs(function(middle + offsets)).max() + np.abs(function(middle - offsets)).max())
    if not abs(tilt) > 1e-6 * size or not abs(gap / tilt) < 1e-3:
        return middle
    return middle - room * gap / tilt


def _straight_lines(
    function: RealFunction, singular: tuple[float, ...], edges: Real
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Kinks and slopes of a function that is a line between any two of its singular points, to rounding; or None.

    It is compared far out and inside of every panel: what vanishes far out may live on a few of them.
    """
    ends = [-1e3, *singular, 1e3]
    inside = np.concatenate([0.7 * edges[1:] + 0.3 * edges[:-1], 0.2 * edges[1:] + 0.8 * edges[:-1]])
    slopes: list[float] = []
    kept: list[float] = []
    for i, (low, high) in enumerate(pairwise(ends)):
        t = np.linspace(0.03, 0.97, 23)
        x = low + (high - low) * t
        if i == 0:
            x = np.concatenate([-np.array(FAR_OUT), x, high - np.geomspace(1e-6, 1.0, 7)])
        if i == len(ends) - 2:
            x = np.concatenate([x, np.array(FAR_OUT), low + np.geomspace(1e-6, 1.0, 7)])
        x = np.sort(np.concatenate([x, inside[(inside > low) & (inside < high)]]))
        values = function(x)
        if not np.isfinite(values).all():
            return None
        slope = _rounded(float((values[-1] - values[0]) / (x[-1] - x[0])))
        anchor = int(np.argmin(np.abs(x)))
        error = np.abs(values - (values[anchor] + slope * (x - x[anchor])))
        scale = np.abs(values) + abs(float(values[anchor])) + abs(slope) * (np.abs(x) + abs(float(x[anchor])))
        if (error > STRAIGHT * scale).any():
            return None
        if slopes and abs(slope - slopes[-1]) <= STRAIGHT * abs(slope):
            continue
        if slopes:
            kept.append(singular[i - 1])
        slopes.append(slope)
    return tuple(kept), tuple(slopes)


def _rounded(slope: float) -> float:
    """The number of 12 digits that the derivative is, if it is one to rounding."""
    near = float(f"{slope:.12g}")
    return near if abs(near - slope) <= STRAIGHT * abs(slope) else slope


def _kinks(differences: RealFunction, singular: tuple[float, ...], steps: Steps) -> tuple[float, ...]:
    """The singular points where the derivative itself jumps."""
    if not singular:
        return ()
    points = np.array(singular)
    beside = 4e-9 * np.maximum(np.abs(points), np.minimum(1.0, steps.at(points)))
    left, right = differences(points - beside), differences(points + beside)
    errors = steps.error_at(points - beside) + steps.error_at(points + beside)
    away = 0.1 * np.minimum(1.0, 24.0 * steps.at(points))
    around = np.abs(differences(points - away)) + np.abs(differences(points + away))
    with np.errstate(invalid="ignore"):
        jumps = ~(np.abs(right - left) <= SMALLEST_JUMP * (np.abs(right) + np.abs(left) + around) + 100.0 * errors)
    return tuple(points[jumps].tolist())


def _steepest(slope: RealFunction, steps: Steps) -> float:
    """Largest derivative where it is compared."""
    x = 0.5 * (steps.edges[1:] + steps.edges[:-1])
    x = np.concatenate([np.linspace(-COMPARED, COMPARED, 257) + 1.2345678e-4, x[np.abs(x) < COMPARED]])
    with np.errstate(all="ignore"):
        found = np.abs(slope(x))
    return float(np.max(found[np.isfinite(found)], initial=0.0))


# ---------------------------------------------------------------------- the derivative
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


def complex_step(function: Any, differences: RealFunction, steps: Steps) -> RealFunction | None:
    """Derivative Im φ(x + ih)/h with h = 1e-20, free of cancellation; None unless φ is written for complex x too.

    A function that takes complex arguments but is not analytic in them (through abs, say) is found out by its
    differences on the real axis.
    """

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
            wrong = _wrong(slope, differences, steps)[1]
    except Exception:  # whatever a function of real numbers does to complex ones
        return None
    return None if wrong.any() else slope


def torch_derivative(phi: RealFunction, differences: RealFunction, steps: Steps) -> RealFunction | None:
    """Derivative by automatic differentiation of a function of tensors; None for others."""
    slope = getattr(phi, "derivative", None)
    if slope is None or _wrong(slope, differences, steps)[1].any():
        return None
    return slope  # type: ignore[no-any-return]


def _wrong(slope: RealFunction, differences: RealFunction, steps: Steps) -> tuple[Real, NDArray[np.bool_], Real, Real]:
    """Points inside the panels, whether the derivative there is wrong, the derivative, and the differences."""
    edges = steps.edges
    x = (edges[:-1, None] + np.diff(edges)[:, None] * np.array([0.19, 0.47, 0.83])).ravel()
    x = x[np.abs(x) < 40.0]
    with np.errstate(all="ignore"):
        given, found = np.asarray(slope(x), dtype=np.float64), differences(x)
        slack = 1e-5 * np.abs(found) + 100.0 * steps.error_at(x) + 1e-9 * _steepest(differences, steps)
        wrong = np.isfinite(found) & ~(np.abs(given - found) <= slack)
    return x, np.asarray(wrong), given, found


def _check_derivative(slope: RealFunction, differences: RealFunction, steps: Steps) -> None:
    """Refuse a derivative that does not belong to the function."""
    x, wrong, given, found = _wrong(slope, differences, steps)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(
            f"derivative({x[i]:.6g}) = {given[i]:.8g}, but the function's slope there is {found[i]:.8g}; pass the "
            "derivative of the same function, and kinks= where it jumps"
        )


def _check_smooth(differences: RealFunction, steps: Steps) -> None:
    """Refuse a function whose derivative differences do not find."""
    widths, middles = np.diff(steps.edges), 0.5 * (steps.edges[1:] + steps.edges[:-1])
    inside = np.abs(middles) < COMPARED
    with np.errstate(all="ignore"):
        slopes = np.abs(differences(middles))
    errors = np.where(inside & np.isfinite(steps.errors), steps.errors * widths, 0.0)
    if errors.sum() > ROUGH * float((slopes * widths)[inside & np.isfinite(slopes)].sum()):
        worst = int(np.argmax(errors))
        raise ValueError(
            f"the derivative of the activation is not found by differences: near x = {middles[worst]:.4g} steps of "
            f"{steps.steps[worst]:.2g} and half of it disagree by {steps.errors[worst]:.2g}. Pass derivative=, or a "
            "function computed in double precision"
        )
