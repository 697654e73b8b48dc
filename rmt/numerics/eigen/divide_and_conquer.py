"""All eigenvalues of a symmetric tridiagonal matrix in O(n log n) operations and O(n) memory.

Divide and conquer (Cuppen 1981) for eigenvalues alone needs only the first and the last row of the eigenvector matrices
(Gill and Tadmor 1990); the secular equations and the new rows are Cauchy sums, taken by a one-dimensional fast
multipole method (Gu and Eisenstat 1995; Coakley and Rokhlin 2013). The far field of a leaf is one Chebyshev
series in the unknown root, so the multipole method runs once per merge and not once per iteration.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.numerics.compilation.jit import inner_kernel, kernel
from rmt.numerics.eigen.secular import solve_secular

Array = NDArray[Any]
Real = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
BASE = 16
QL_ITERATIONS = 60
#: an eigenvalue stays when the update would move it by less than this many rounding units of the norm
DEFLATION = 2.0


@inner_kernel
def _rotate(row: Array, i: int, c: float, s: float) -> None:
    upper = row[i + 1]
    row[i + 1] = s * row[i] + c * upper
    row[i] = c * row[i] - s * upper


@inner_kernel
def _small_block(d: Array, e: Array, top: Array, bottom: Array) -> bool:
    """Implicit QL: `d` becomes the ascending eigenvalues, `top` and `bottom` the end rows of the eigenvectors.

    Couplings below a quarter of the rounding unit (the norm of the whole matrix is one) are dropped. Returns whether
    every eigenvalue converged. `e` has one entry more than couplings and is destroyed.
    """
    n = d.size
    for i in range(n):
        top[i] = 0.0
        bottom[i] = 0.0
    top[0] = 1.0
    bottom[n - 1] = 1.0
    e[n - 1] = 0.0
    for k in range(n):
        for iteration in range(QL_ITERATIONS + 1):
            m = k
            while m < n - 1 and abs(e[m]) > 0.25 * EPS:
                m += 1
            if m == k:
                break
            if iteration == QL_ITERATIONS:
                return False
            g = (d[k + 1] - d[k]) / (2.0 * e[k])
            g = d[m] - d[k] + e[k] / (g + math.copysign(math.hypot(g, 1.0), g))
            s = 1.0
            c = 1.0
            p = 0.0
            i = m - 1
            while i >= k:
                f = s * e[i]
                b = c * e[i]
                r = math.hypot(f, g)
                e[i + 1] = r
                if r == 0.0:
                    d[i + 1] -= p
                    e[m] = 0.0
                    break
                s = f / r
                c = g / r
                g = d[i + 1] - p
                r = (d[i] - g) * s + 2.0 * c * b
                p = s * r
                d[i + 1] = g + p
                g = c * r - b
                _rotate(top, i, c, s)
                _rotate(bottom, i, c, s)
                i -= 1
            if i < k:
                d[k] -= p
                e[k] = g
                e[m] = 0.0
    for i in range(1, n):
        value, t, b = d[i], top[i], bottom[i]
        j = i
        while j > 0 and d[j - 1] > value:
            d[j], top[j], bottom[j] = d[j - 1], top[j - 1], bottom[j - 1]
            j -= 1
        d[j], top[j], bottom[j] = value, t, b
    return True


@inner_kernel
def _interleave(d: Array, top: Array, bottom: Array, start: int, middle: int, stop: int, out: Array) -> None:
    """Sort two children together; rows of `out`: eigenvalue, z, first row, last row."""
    i, j = start, middle
    for k in range(stop - start):
        if j >= stop or (i < middle and d[i] <= d[j]):
            out[0, k], out[1, k], out[2, k], out[3, k] = d[i], bottom[i], top[i], 0.0
            i += 1
        else:
            out[0, k], out[1, k], out[2, k], out[3, k] = d[j], top[j], 0.0, bottom[j]
            j += 1


@inner_kernel
def _deflate(pair: Array, tolerance: float, rho: float, kept: Array, dropped: Array) -> tuple[int, int]:
    """Split the columns of `pair` into those that move and those that stay (LAPACK dlaed2).

    A component of z below the tolerance stays; of two nearly equal eigenvalues one is rotated out of z.
    Returns the two counts.
    """
    d, z = pair[0], pair[1]
    movers, stayers, previous = 0, 0, -1
    for k in range(pair.shape[1]):
        if rho * abs(z[k]) <= tolerance:
            dropped[stayers] = k
            stayers += 1
            continue
        if previous >= 0:
            length = math.hypot(z[k], z[previous])
            c, s = z[k] / length, -z[previous] / length
            if abs((d[k] - d[previous]) * c * s) <= tolerance:
                z[k], z[previous] = length, 0.0
                for row in (2, 3):
                    a, b = pair[row, previous], pair[row, k]
                    pair[row, previous], pair[row, k] = c * a + s * b, c * b - s * a
                a, b = d[previous], d[k]
                d[previous], d[k] = a * c * c + b * s * s, a * s * s + b * c * c
                dropped[stayers] = previous
                stayers += 1
            else:
                kept[movers] = previous
                movers += 1
        previous = k
    if previous >= 0:
        kept[movers] = previous
        movers += 1
    return movers, stayers


@kernel
def _rank_one_update(
    d: Array, top: Array, bottom: Array, start: int, middle: int, stop: int, rho: float
) -> tuple[Array, Array, Array]:
    """Rank-one update that joins the solved blocks [start, middle) and [middle, stop), after deflation.

    Returns poles and charges of :func:`rmt.numerics.eigen.secular.solve_secular`, and the columns that stay as they are
    (eigenvalue, first row, last row; ascending).
    """
    n = stop - start
    pair = np.empty((4, n))
    _interleave(d, top, bottom, start, middle, stop, pair)
    largest = 0.0
    for k in range(n):
        pair[1, k] *= math.sqrt(0.5)
        largest = max(largest, max(abs(pair[0, k]), rho * abs(pair[1, k])))
    kept = np.empty(n, np.int64)
    dropped = np.empty(n, np.int64)
    movers, stayers = _deflate(pair, DEFLATION * EPS * largest, rho, kept, dropped)
    poles = np.empty(movers)
    charge = np.empty((3, movers))
    for k in range(movers):
        i = kept[k]
        z = pair[1, i]
        poles[k] = pair[0, i]
        charge[0, k], charge[1, k], charge[2, k] = z * z, z * pair[2, i], z * pair[3, i]
    stay = np.empty((3, stayers))
    for k in range(stayers):
        i = dropped[k]
        value = pair[0, i]
        j = k
        while j > 0 and stay[0, j - 1] > value:  # few steps: deflation hardly disturbs the order
            stay[0, j], stay[1, j], stay[2, j] = stay[0, j - 1], stay[1, j - 1], stay[2, j - 1]
            j -= 1
        stay[0, j], stay[1, j], stay[2, j] = value, pair[2, i], pair[3, i]
    return poles, charge, stay


@kernel
def _store(d: Array, top: Array, bottom: Array, start: int, moved: Array, stay: Array) -> None:
    """Merge new and unchanged eigenvalues, with their rows, in ascending order."""
    i, j = 0, 0
    for k in range(start, start + moved.shape[1] + stay.shape[1]):
        if j >= stay.shape[1] or (i < moved.shape[1] and moved[0, i] <= stay[0, j]):
            d[k], top[k], bottom[k] = moved[0, i], moved[1, i], moved[2, i]
            i += 1
        else:
            d[k], top[k], bottom[k] = stay[0, j], stay[1, j], stay[2, j]
            j += 1


@kernel
def _base_blocks(d: Array, e: Array, top: Array, bottom: Array) -> bool:
    """Cut the matrix into blocks of BASE rows and solve them; `e` has one entry to spare."""
    n = d.size
    for cut in range(BASE, n, BASE):
        d[cut - 1] -= abs(e[cut - 1])
        d[cut] -= abs(e[cut - 1])
    for start in range(0, n, BASE):
        stop = min(start + BASE, n)
        coupling = e[stop - 1]
        good = _small_block(d[start:stop], e[start:stop], top[start:stop], bottom[start:stop])
        e[stop - 1] = coupling
        if not good:
            return False
    return True


def eigenvalues_by_division(diagonal: Real, off_diagonal: Real) -> Real:
    """All eigenvalues, ascending, in O(n log n).

    Parameters
    ----------
    diagonal : array of n
    off_diagonal : array of n - 1
        The caller scales the matrix to norm one.

    Raises
    ------
    ConvergenceError
        If an iteration did not converge; not known to happen.
    """
    n = diagonal.size
    d = diagonal.copy()
    couplings = np.append(off_diagonal, 0.0)
    top, bottom = np.empty(n), np.empty(n)
    if not _base_blocks(d, couplings, top, bottom):
        raise ConvergenceError("QL iterations did not converge on a block of this tridiagonal matrix")
    width = BASE
    while width < n:
        for start in range(0, n - width, 2 * width):
            middle = start + width
            stop = min(middle + width, n)
            rho = 2.0 * abs(couplings[middle - 1])
            poles, charge, stay = _rank_one_update(d, top, bottom, start, middle, stop, rho)
            moved = solve_secular(poles, charge, rho) if poles.size > 0 else np.empty((3, 0))
            _store(d, top, bottom, start, moved, stay)
        width *= 2
    return d
