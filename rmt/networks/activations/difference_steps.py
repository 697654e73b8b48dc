"""Derivatives by differences whose steps are halved until two agree, with the error that is left."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rmt.networks.activations.activation import RealFunction

Real = NDArray[np.float64]

#: points of a difference quotient, and the derivative at u of the polynomial through them: sums of u^0 ... u^7
_STENCIL = np.arange(-4.0, 5.0)
_DERIVATIVE = np.arange(1.0, 9.0)[:, None] * np.linalg.inv(np.vander(_STENCIL, increasing=True))[1:]
#: first step as a share of a panel on which the function is smooth, and most halvings
_FIRST, _HALVINGS = 1.0 / 24.0, 40
#: halvings below the step that suits the cell itself, nearest cells to 0 and to bends, and order on a cell
_BELOW, _CLOSEST, _ORDER = 5, 1e-7, 18
#: step where no panels are known: eighth-order truncation about balances rounding
_STEP = 0.02
#: uncertainty of the place of a kink, relative to it
_BESIDE = 1e-9
#: points of a panel at which two steps are compared
_PLACES = np.array([-0.93, -0.41, 0.07, 0.53, 0.97])


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps by cells, and what the derivatives err by there.

    Attributes
    ----------
    edges : array
        Increasing ends of the cells; beyond them the last step grows with the argument.
    steps, errors : array
        One for every cell.
    low, high : array
        Ends of the panel that holds the cell, on which the function is smooth; no difference leaves it.
    """

    edges: Real
    steps: Real
    errors: Real
    low: Real
    high: Real

    def cell(self, x: Real) -> NDArray[np.intp]:
        """Number of the cell of each point."""
        return np.asarray(np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, self.steps.size - 1))

    def at(self, x: Real) -> Real:
        """Step at each point."""
        beyond = np.maximum(1.0, np.maximum(x / self.edges[-1], x / self.edges[0]))
        return np.asarray(self.steps[self.cell(x)] * beyond)

    def error_at(self, x: Real) -> Real:
        """Error of the derivative at each point."""
        return np.asarray(self.errors[self.cell(x)])


def difference_quotient(function: RealFunction, kinks: tuple[float, ...], steps: Steps | None = None) -> RealFunction:
    """Derivative of the polynomial through 9 equidistant points, on one side of every kink and on one panel."""
    edges = np.array([-np.inf, *kinks, np.inf])

    def slope(x: Real) -> Real:
        points = np.asarray(x, dtype=np.float64)
        if steps is not None:
            cell = steps.cell(points)
            low, high, wanted = steps.low[cell], steps.high[cell], steps.at(points)
        else:
            # a point on a kink takes the derivative from the right
            right = np.searchsorted(edges, points, side="right")
            low, high = edges[right - 1], edges[np.minimum(right, edges.size - 1)]
            wanted = _STEP * np.maximum(1.0, np.abs(points) / 8.0)
        step = np.minimum(wanted, (high - low) / 9.0)
        beside = np.minimum(_BESIDE * np.maximum(np.abs(points), step), 0.1 * step)
        centre = np.clip(points, low + 4.0 * step + beside, high - 4.0 * step - beside)
        powers = ((points - centre) / step)[..., None] ** np.arange(8)
        with np.errstate(over="ignore", invalid="ignore"):
            values = function(centre[..., None] + step[..., None] * _STENCIL)
            # differences to one of the values: the derivative of a constant is exactly 0
            rises = values - values[..., 4:5]
            return np.asarray(((powers @ _DERIVATIVE) * rises).sum(axis=-1) / step)

    return slope


def fitting_steps(function: RealFunction, panels: Real, centres: tuple[float, ...] = ()) -> Steps:
    """On every panel, and in cells ever closer to `centres`, the step that agrees best with half of it."""
    offsets = np.geomspace(_CLOSEST, 64.0, 46)
    near = np.concatenate([np.concatenate([c - offsets[::-1], c + offsets]) for c in (0.0, *centres)])
    edges = np.unique(np.concatenate([panels, near[(near > panels[0]) & (near < panels[-1])]]))
    holder = np.clip(np.searchsorted(panels, 0.5 * (edges[1:] + edges[:-1])) - 1, 0, panels.size - 2)
    low, high = panels[:-1].copy(), panels[1:].copy()
    low[0], high[-1] = -np.inf, np.inf
    widths, wide = np.diff(edges), np.diff(panels)[holder]
    x = 0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * widths[:, None] * _PLACES
    best, errors = _FIRST * wide, np.full(widths.size, np.inf)
    trial = Steps(edges, _FIRST * wide, errors, low[holder], high[holder])
    before = difference_quotient(function, (), trial)(x)
    for _ in range(_HALVINGS):
        active = trial.steps > _FIRST * widths * 0.5**_BELOW
        if not active.any():
            break
        trial = replace(trial, steps=np.where(active, 0.5 * trial.steps, trial.steps))
        part = replace(trial, steps=trial.steps[active], low=trial.low[active], high=trial.high[active])
        found = before.copy()
        found[active] = _on_rows(function, x[active], part)
        with np.errstate(invalid="ignore"):
            distance = np.where(active, np.abs(found - before).max(axis=1), np.inf)
        better = distance < errors
        errors, best = np.where(better, distance, errors), np.where(better, trial.steps, best)
        before = found
    return Steps(edges, best, errors, low[holder], high[holder])


def _on_rows(function: RealFunction, x: Real, steps: Steps) -> Real:
    """Differences at points of which row i lies in cell i."""
    step = np.minimum(steps.steps, (steps.high - steps.low) / 9.0)[:, None]
    beside = np.minimum(_BESIDE * np.maximum(np.abs(x), step), 0.1 * step)
    centre = np.clip(x, steps.low[:, None] + 4.0 * step + beside, steps.high[:, None] - 4.0 * step - beside)
    powers = ((x - centre) / step)[..., None] ** np.arange(8)
    with np.errstate(over="ignore", invalid="ignore"):
        values = function(centre[..., None] + step[..., None] * _STENCIL)
        return np.asarray(((powers @ _DERIVATIVE) * (values - values[..., 4:5])).sum(axis=-1) / step)


class PanelDerivative:
    """The differences of a function as polynomials on the cells of their steps: fast where the function is slow."""

    def __init__(self, function: RealFunction, steps: Steps) -> None:
        self.steps, self.differences = steps, difference_quotient(function, (), steps)
        self.low, self.half = steps.edges[:-1], 0.5 * np.diff(steps.edges)
        nodes = np.cos(np.pi * (np.arange(_ORDER) + 0.5) / _ORDER)
        transform = np.polynomial.chebyshev.chebvander(nodes, _ORDER - 1).T * (2.0 / _ORDER)
        transform[0] *= 0.5
        self.coefficients = self.differences((self.low + self.half)[:, None] + self.half[:, None] * nodes) @ transform.T

    def __call__(self, x: Real) -> Real:
        """φ'."""
        points = np.asarray(x, dtype=np.float64)
        flat = points.ravel()
        cell = self.steps.cell(flat)
        u = (flat - self.low[cell]) / self.half[cell] - 1.0
        # Clenshaw's recurrence
        rows = self.coefficients[cell]
        first, second = np.zeros_like(flat), np.zeros_like(flat)
        for k in range(_ORDER - 1, 0, -1):
            first, second = rows[:, k] + 2.0 * u * first - second, first
        out = rows[:, 0] + u * first - second
        beyond = (flat < self.steps.edges[0]) | (flat > self.steps.edges[-1])
        if beyond.any():
            out[beyond] = self.differences(flat[beyond])
        return np.asarray(out.reshape(points.shape))
