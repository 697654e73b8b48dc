"""Correlation kernels of the unitary ensembles at finite n: every correlation function is a determinant of them."""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import check_real, check_reals
from rmt.laws.finite.extreme_laws import check_size
from rmt.laws.finite.orthogonal_functions import hermite_functions, laguerre_functions
from rmt.laws.law import Real

#: beyond this the functions of every dimension vanish in floats
_FAR = 1e8


@overload
def gue_kernel(n: int, x: float, y: float) -> float: ...
@overload
def gue_kernel(n: int, x: ArrayLike, y: ArrayLike) -> Real: ...
def gue_kernel(n: int, x: ArrayLike, y: ArrayLike) -> float | Real:
    """Correlation kernel K(x, y) of the eigenvalues of the n × n GUE on the package's scale (Mehta 2004, chapter 6).

    The k-point correlation function is det K(x_i, x_j); K(x, x) is n times the mean density.

    Parameters
    ----------
    n : int
        Matrix dimension, 1 <= n <= 400.
    x, y : array_like of float
        Points; shapes are broadcast together.

    Returns
    -------
    float or ndarray of float, of the shape that `x` and `y` broadcast to

    Raises
    ------
    TypeError, ValueError
        If n is no integer or out of range.

    Examples
    --------
    >>> from rmt.laws import GaussianDensity, gue_kernel
    >>> round(gue_kernel(5, 1.0, 1.0) / 5 - GaussianDensity(2, 5).pdf(1.0), 12)
    0.0
    """
    size = check_size("n", n)
    root = math.sqrt(size)
    value: float | Real = _kernel(lambda t: math.sqrt(root) * hermite_functions(size, root * t), x, y)
    return value


@overload
def complex_wishart_kernel(n: int, samples: Any, x: float, y: float) -> float: ...
@overload
def complex_wishart_kernel(n: int, samples: Any, x: ArrayLike, y: ArrayLike) -> Real: ...
def complex_wishart_kernel(n: int, samples: Any, x: ArrayLike, y: ArrayLike) -> float | Real:
    """Correlation kernel of the eigenvalues of a complex n × n Wishart matrix A A*/m, m = samples (Mehta 2004).

    Parameters
    ----------
    n : int
        Matrix dimension, 1 <= n <= 400.
    samples : real
        m > n − 1.
    x, y : array_like of float
        Points; shapes are broadcast together. The kernel is 0 off [0, ∞).

    Returns
    -------
    float or ndarray of float, of the shape that `x` and `y` broadcast to

    Raises
    ------
    TypeError, ValueError
        If n or samples is no number or out of range.

    Examples
    --------
    >>> import rmt
    >>> round(rmt.complex_wishart_kernel(1, 1, 0.5, 0.5), 12)  # e^(−x), the density of one |a|²
    0.606530659713
    """
    size = check_size("n", n)
    m = float(check_real("samples", samples, above=size - 1.0, at_most=1e9))

    def functions(t: Real) -> Real:
        inside = t > 0.0
        values = laguerre_functions(size, m - size, np.where(inside, m * t, 1.0))
        return math.sqrt(m) * np.where(inside, values, 0.0)

    value: float | Real = _kernel(functions, x, y)
    return value


def _kernel(functions: Any, x: ArrayLike, y: ArrayLike) -> Any:
    points = check_reals("x", x), check_reals("y", y)
    try:
        first, second = np.broadcast_arrays(*points)
    except ValueError:
        shapes = " and ".join(str(p.shape) for p in points)
        raise ValueError(f"x and y must have shapes that broadcast together, got {shapes}") from None
    # the functions vanish out there, faster than their factors overflow
    ends = [np.clip(p.ravel(), -_FAR, _FAR) for p in (first, second)]
    total = (functions(ends[0]) * functions(ends[1])).sum(axis=0)
    out = total.reshape(first.shape)
    return out.item() if out.ndim == 0 else out
