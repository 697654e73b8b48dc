"""A matrix of low rank in white noise: optimal shrinkage of its singular values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.data.noise_fit import fit_marchenko_pastur
from rmt.errors import check_choice, check_numbers, check_real

LOSSES = ("frobenius", "operator", "nuclear", "hard")


@dataclass(frozen=True, eq=False)
class Denoised:
    """A matrix without its noise; made by :func:`denoise`.

    Attributes
    ----------
    matrix : ndarray
        The estimate.
    rank : int
        Number of singular values that are left.
    singular_values, shrunk : ndarray
        Before and after, descending.
    noise : float
        Standard deviation of the noise, given or estimated.
    edge : float
        Where the singular values of the noise end.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import denoise
    >>> rng = np.random.default_rng(0)
    >>> signal = 5 * np.outer(np.ones(40) / 40**0.5, np.ones(60) / 60**0.5)
    >>> found = denoise(signal + rng.normal(size=(40, 60)) / 60**0.5)
    >>> found.rank, found.matrix.shape
    (1, (40, 60))
    """

    matrix: NDArray[Any]
    rank: int
    singular_values: NDArray[np.float64]
    shrunk: NDArray[np.float64]
    noise: float
    edge: float


def denoise(matrix: ArrayLike, *, noise: Any = None, loss: str = "frobenius") -> Denoised:
    """Estimate a matrix of low rank from itself plus white noise.

    With noise of standard deviation σ, β = short/long side and y the singular values over σ√long, values up to 1 + √β
    become 0 and the others √((y² − β − 1)² − 4β)/y, for the Frobenius norm (Gavish and Donoho 2017).

    Parameters
    ----------
    matrix : array_like, shape (rows, columns)
        Real or complex.
    noise : real, optional
        Standard deviation of the noise in every entry. By default it is fitted to the bulk of the singular values,
        large ones set aside (:func:`fit_marchenko_pastur`); their median alone would be too large beside many of them.
    loss : {"frobenius", "operator", "nuclear", "hard"}
        Norm whose error is least; ``"hard"`` keeps what lies above the best threshold, unchanged (Gavish and Donoho
        2014).

    Returns
    -------
    Denoised

    Raises
    ------
    TypeError, ValueError
        If the matrix is none, an entry is not finite (the message says where), or the sides are below 4 and the noise
        is not given.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import denoise
    >>> signal = np.outer(np.arange(50.0), np.ones(80))
    >>> found = denoise(signal + np.random.default_rng(0).normal(size=(50, 80)))
    >>> found.rank, bool(np.linalg.norm(found.matrix - signal) < 0.3 * np.sqrt(50 * 80))
    (1, True)
    """
    array = check_numbers("matrix", matrix)
    rule = check_choice("loss", loss, LOSSES)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"matrix must have two axes and not be empty, got the shape {array.shape}")
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"matrix must be finite: {array[row, column]} at row {row}, column {column}")
    short, long = sorted(array.shape)
    left, values, right = np.linalg.svd(array, full_matrices=False)
    if noise is not None:
        deviation = float(check_real("noise", noise, at_least=0.0))
    elif not values[0] > 0.0:
        deviation = 0.0
    elif short < 4:
        raise ValueError(f"the noise of a matrix with a side of {short} cannot be estimated: pass noise=")
    else:
        index = 2 if np.iscomplexobj(array) else 1
        deviation = math.sqrt(fit_marchenko_pastur(values**2 / long, short / long, beta=index).variance)
    beta, scale = short / long, deviation * math.sqrt(long)
    shrunk = values if scale == 0.0 else scale * _shrunk(values / scale, beta, rule)
    rank = int((shrunk > 0.0).sum())
    found = (left[:, :rank] * shrunk[:rank]) @ right[:rank]
    return Denoised(found, rank, values, shrunk, deviation, (1.0 + math.sqrt(beta)) * scale)


def hard_threshold(beta: float) -> float:
    """Best threshold in units of σ√long."""
    root = math.sqrt(beta * beta + 14.0 * beta + 1.0)
    return math.sqrt(2.0 * (beta + 1.0) + 8.0 * beta / (beta + 1.0 + root))


def _shrunk(y: NDArray[np.float64], beta: float, loss: str) -> NDArray[np.float64]:
    """Singular values in units of σ√long."""
    if loss == "hard":
        return np.where(y > hard_threshold(beta), y, 0.0)
    out = np.zeros_like(y)
    seen = y > 1.0 + math.sqrt(beta)
    t = y[seen]
    square = t * t - beta - 1.0
    product = np.sqrt(np.maximum(square * square - 4.0 * beta, 0.0))
    if loss == "frobenius":
        out[seen] = product / t
    else:
        signal = np.sqrt(0.5 * (square + product))
        if loss == "operator":
            out[seen] = signal
        else:
            excess = signal**4 - beta - math.sqrt(beta) * signal * t
            out[seen] = np.maximum(excess, 0.0) / (signal**2 * t)
    return out
