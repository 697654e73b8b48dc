"""Gauss-Legendre quadrature on panels that an integrand refines itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
_NODES = 16
_DEPTH = 60
#: so many panels at once that do not settle follow the noise of the integrand; a singular point adds one a halving
_MOST_UNSETTLED = 512
_X, _W = np.polynomial.legendre.leggauss(_NODES)
_X, _W = 0.5 * (1.0 + _X), 0.5 * _W  # from [-1, 1] to [0, 1]


def panel_rule(breaks: Real) -> tuple[Real, Real]:
    """Nodes and weights of the 16-point rule on every panel between consecutive breaks."""
    width = np.diff(breaks)
    nodes = breaks[:-1, None] + width[:, None] * _X
    return nodes.ravel(), (width[:, None] * _W).ravel()


def adaptive_breaks(function: Callable[[Real], Real], breaks: Real, tolerance: float = 64.0 * EPS) -> Real:
    """Halve panels until the integral of `function` over each no longer changes, or only its noise does.

    Parameters
    ----------
    function : callable
        Maps nodes of shape (n,) to values of shape (n,) or, for several integrands at once, (k, n).
    breaks : ndarray
        Increasing end points of the first panels.
    tolerance : float
        Change that is accepted, relative to the integral of the absolute value over everything.

    Returns
    -------
    ndarray
        Increasing end points of the final panels.
    """
    edges = np.column_stack([breaks[:-1], breaks[1:]])
    final: list[Real] = []
    coarse, size = _integrals(function, edges)
    allowed = tolerance * size.sum(axis=-1, keepdims=True)
    for _ in range(_DEPTH):
        middle = edges.mean(axis=1)
        halves = np.stack([np.column_stack([edges[:, 0], middle]), np.column_stack([middle, edges[:, 1]])], axis=1)
        fine = _integrals(function, halves.reshape(-1, 2))[0].reshape(*coarse.shape, 2)
        change = np.abs(fine.sum(axis=-1) - coarse)
        settled = np.asarray((change <= allowed).reshape(-1, len(edges)).all(axis=0))
        final.append(edges[settled])
        edges = halves[~settled].reshape(-1, 2)
        if not 0 < len(edges) <= _MOST_UNSETTLED:
            break
        coarse = fine[..., ~settled, :].reshape(*coarse.shape[:-1], len(edges))
    kept = np.concatenate([*final, edges])
    kept = kept[np.argsort(kept[:, 0])]
    return np.append(kept[:, 0], kept[-1, 1])


def _integrals(function: Callable[[Real], Real], edges: Real) -> tuple[Real, Real]:
    """Integrals of the function and of its absolute value over every panel."""
    width = np.diff(edges, axis=1)
    values = function((edges[:, :1] + width * _X).ravel())
    values = values.reshape(*values.shape[:-1], len(edges), _NODES)
    return values @ _W * width[:, 0], np.abs(values) @ _W * width[:, 0]
