"""A measure on panels of the real line, built from a density and its behaviour at the ends of the support."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.quadrature.log_panel_kernels import MAXIMUM, MINIMUM, NODES, PANEL_SIZE, PLAIN

Real = NDArray[np.float64]
#: density at signed distances from a point, as if points had not been rounded
Beside = Callable[[float, Real], Real]

_X, _W = np.polynomial.legendre.leggauss(NODES)
#: values at the nodes to Legendre coefficients
_TO_SERIES = (np.arange(NODES) + 0.5)[:, None] * np.polynomial.legendre.legvander(_X, NODES - 1).T * _W
#: a panel is resolved when its last coefficients are below this share of the whole mass
_TOLERANCE, _NOISE = 2e-15, 1e-9
_DEPTH = 60
#: panels with less mass are left out, and tails beyond
_NEGLIGIBLE = 1e-18
_OCTAVES, _FURTHEST, _DEEPEST = 60, 800, 480
_CUT = 0.4712388980384690


@dataclass(frozen=True)
class Stretch:
    """An interval that carries a density, with the exponents of the density at its ends (NaN if there are none).

    ``low_is_root`` tells whether at a low end of exponent ±1/2 the density is analytic in the root of the distance.
    """

    low: float
    high: float
    low_exponent: float
    high_exponent: float
    low_is_root: bool = True


def build_line_panels(
    density: Callable[[Real], Real],
    stretches: Sequence[Stretch],
    atoms: Sequence[tuple[float, float]],
    scale: float,
    beside: Beside | None = None,
) -> tuple[Real, float]:
    """Panels that represent a probability measure, in the layout of :mod:`rmt.numerics.quadrature.line_panel_kernels`.

    Next to an end with a square root in the density, x is the end plus or minus a square; next to other
    singularities panels shrink geometrically; towards infinity they grow so.

    Parameters
    ----------
    density : callable
    stretches : sequence of Stretch
    atoms : sequence of (position, mass)
    scale : float
        Length on which the density varies in an unbounded stretch.
    beside : callable, optional
        The density at signed distances from an end of negative exponent, NaN where it is not known so; by default that
        at the nearest double, and a power law from there.

    Returns
    -------
    parameters : ndarray
    defect : float
        1 minus the mass found, before the panels were scaled to make it 1.
    """
    rows: list[Real] = []
    for s in stretches:
        rows.extend(_panels(density, s, scale, beside))
    total = math.fsum(float(row[4 : 4 + NODES].sum()) for row in rows) + math.fsum(m for _, m in atoms)
    header = [float(len(atoms)), float(len(rows)), *(a for a, _ in atoms), *(m / total for _, m in atoms)]
    for row in rows:
        row[4 : 4 + NODES] /= total
        row[4 + 3 * NODES :] /= total
    return np.concatenate([np.array(header), *rows]), 1.0 - total


def _panels(density: Callable[[Real], Real], s: Stretch, scale: float, beside: Beside | None) -> list[Real]:
    """Resolved panels of one stretch: pieces (kind, extreme, first, last in the local variable), halved."""
    found: list[Real] = []
    pieces = _first_pieces(density, s, scale)
    before = np.full(len(pieces), np.inf)
    for depth in range(_DEPTH + 1):
        if not pieces:
            break
        kind = np.array([p[0] for p in pieces])
        extreme, first, last = (np.array([p[k] for p in pieces]) for k in (1, 2, 3))
        local = 0.5 * (first + last)[:, None] + 0.5 * (last - first)[:, None] * _X
        sign = np.where(kind == MAXIMUM, -1.0, 1.0)[:, None]
        plain = (kind == PLAIN)[:, None]
        x = np.where(plain, local, extreme[:, None] + sign * local * local)
        values = _at_distances(density, beside, s, kind, extreme, local, x)
        jacobian = np.where(plain, 1.0, 2.0 * np.abs(local)) * 0.5 * (last - first)[:, None]
        values = values * jacobian
        series = values @ _TO_SERIES.T
        masses = values * _W
        tail = np.abs(series[:, -2:]).max(axis=1)
        size = np.abs(masses).sum(axis=1)
        noisy = (tail < _NOISE) & (tail > 0.1 * before)  # halving no longer helps: rounding of x next to an end
        resolved = (tail <= _TOLERANCE) | noisy | (depth == _DEPTH)
        for i in np.flatnonzero(resolved & (size > _NEGLIGIBLE)):
            centre, half = 0.5 * (first[i] + last[i]), 0.5 * (last[i] - first[i])
            head = np.array([float(kind[i]), centre, half, extreme[i]])
            found.append(np.concatenate([head, masses[i], np.zeros(NODES), x[i], series[i]]))
        rest = np.flatnonzero(~resolved)
        middle = 0.5 * (first + last)
        pieces = [
            (int(kind[i]), extreme[i], a, b) for i in rest for a, b in ((first[i], middle[i]), (middle[i], last[i]))
        ]
        before = np.repeat(tail[rest], 2)
    assert all(row.size == PANEL_SIZE for row in found)
    return found


def _at_distances(
    density: Callable[[Real], Real],
    beside: Beside | None,
    s: Stretch,
    kind: NDArray[np.int_],
    extreme: Real,
    local: Real,
    x: Real,
) -> Real:
    """The density at the points x = extreme ± local² as if they had not been rounded."""
    points = x.copy()
    power, ratio, known = np.zeros_like(x), np.ones_like(x), np.full_like(x, np.nan)
    for code, end, other, exponent in (
        (MINIMUM, s.low, s.high, s.low_exponent),
        (MAXIMUM, s.high, s.low, s.high_exponent),
    ):
        here = (kind == code) & (extreme == end)
        if end != 0.0 and exponent < 0.0 and here.any():
            points[here] = np.where(x[here] == end, np.nextafter(end, other), x[here])
            power[here] = exponent
            distance = local[here] ** 2
            ratio[here] = distance / np.abs(points[here] - end)
            if beside is not None:
                known[here] = beside(end, distance if code == MINIMUM else -distance)
    with np.errstate(invalid="ignore", over="ignore"):
        values = density(points.ravel()).reshape(x.shape) * ratio**power
    values = np.where(np.isnan(known), values, known)
    return np.where(np.isfinite(values), values, 0.0)


def _first_pieces(density: Callable[[Real], Real], s: Stretch, scale: float) -> list[tuple[int, float, float, float]]:
    """Two halves; the cut is at no place that somebody would ask for, since transforms have to cancel there."""
    if math.isfinite(s.low) and math.isfinite(s.high):
        middle = s.low + _CUT * (s.high - s.low)
    elif math.isfinite(s.low) or math.isfinite(s.high):
        middle = s.low + _CUT * scale if math.isfinite(s.low) else s.high - _CUT * scale
    else:
        middle = (_CUT - 0.5) * scale
    return [
        *_half(density, s.low, middle, s.low_exponent, scale, s.low_is_root),
        *_half(density, s.high, middle, s.high_exponent, scale, True),
    ]


def _half(
    density: Callable[[Real], Real], end: float, middle: float, exponent: float, scale: float, is_root: bool
) -> list[tuple[int, float, float, float]]:
    lower = end < middle
    if math.isinf(end):
        edges = np.concatenate([[0.0], scale * 2.0 ** np.arange(0, _FURTHEST)])
        masses = edges * density(middle - edges if lower else middle + edges)
        edges = edges[: max(_OCTAVES, int(np.flatnonzero(masses > _NEGLIGIBLE).max(initial=0))) + 1]
        points = middle - edges if lower else middle + edges
        return [(PLAIN, 0.0, min(a, b), max(a, b)) for a, b in itertools.pairwise(points.tolist())]
    if exponent == 0.0:
        return [(PLAIN, 0.0, min(end, middle), max(end, middle))]
    length = math.sqrt(abs(middle - end))
    kind = MINIMUM if lower else MAXIMUM
    if is_root and math.isfinite(exponent) and abs(exponent) % 1.0 == 0.5:
        return [(kind, end, 0.0, length)]
    # another singularity: geometric panels, in the square root of the distance
    decay = 2.0 * (1.0 + exponent) if -1.0 < exponent < 0.0 else 2.0
    octaves = min(math.ceil(_OCTAVES / decay), _DEEPEST)
    edges = length * np.concatenate([[0.0], 2.0 ** -np.arange(octaves, -1.0, -1.0)])
    return [(kind, end, a, b) for a, b in itertools.pairwise(edges.tolist())]
