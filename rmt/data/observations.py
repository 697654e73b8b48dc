"""A data matrix and the spectrum of its sample covariance: what every other module of this room starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_real, check_reals, rounding_unit, shown

Real = NDArray[np.float64]

#: a column whose spread is below this many rounding units of its largest entry is constant
_CONSTANT = 16.0


@dataclass(frozen=True, eq=False)
class SampleSpectrum:
    """Eigenvalues and eigenvectors of a sample covariance matrix; made by :func:`sample_spectrum`.

    Attributes
    ----------
    eigenvalues : ndarray, shape (p,)
        Of X* X/m, ascending; those that rounding alone keeps from 0 are exactly 0.
    vectors : ndarray, shape (p, r)
        Unit eigenvectors of the last r = min(p, observations) eigenvalues; all others are 0.
    samples : int
        Degrees of freedom m: rows, less one for the mean that was taken away.
    location : ndarray, shape (p,)
        What was taken away.
    scale : ndarray, shape (p,)
        What the columns were divided by: ones for a covariance matrix.
    kept : ndarray of int, shape (p,)
        Numbers of the columns that are left; constant ones have no correlation and go.
    correlation : bool
        Whether this is the spectrum of a correlation matrix, whose trace is fixed.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import sample_spectrum
    >>> found = sample_spectrum(np.random.default_rng(0).normal(size=(30, 4)))
    >>> found.eigenvalues.shape, found.vectors.shape, found.samples
    ((4,), (4, 4), 29)
    >>> found.matrix(found.eigenvalues).shape
    (4, 4)
    """

    eigenvalues: Real
    vectors: Real
    samples: int
    location: Real
    scale: Real
    kept: NDArray[np.intp]
    correlation: bool

    @property
    def dimension(self) -> int:
        """Number p of variables."""
        return int(self.eigenvalues.size)

    @property
    def ratio(self) -> float:
        """p/m, dimension over samples."""
        return self.dimension / self.samples

    def matrix(self, eigenvalues: ArrayLike | None = None) -> Real:
        """Return the symmetric matrix with these eigenvectors, and these eigenvalues in place of the sample's.

        Parameters
        ----------
        eigenvalues : array_like of float, shape (p,), optional
            In the order of :attr:`eigenvalues`; where eigenvectors are missing the numbers must be equal.

        Returns
        -------
        ndarray, shape (p, p)

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        values = self.eigenvalues if eigenvalues is None else check_reals("eigenvalues", eigenvalues)
        rank = self.vectors.shape[1]
        rest = float(values[0]) if rank < self.dimension else 0.0
        out = (self.vectors * (values[self.dimension - rank :] - rest)) @ self.vectors.T
        out[np.diag_indices_from(out)] += rest
        return np.asarray(0.5 * (out + out.T))


def sample_spectrum(X: ArrayLike, *, centred: bool = False, correlation: bool = False) -> SampleSpectrum:
    """Eigenvalues and eigenvectors of the sample covariance, or correlation, matrix of a data matrix.

    Parameters
    ----------
    X : array_like, shape (observations, p)
        Rows are observations, columns are variables; NumPy arrays, lists, pandas frames of numbers.
    centred : bool
        Whether the mean of every column is known to be 0 and stays. Otherwise the mean is taken away, which costs one
        sample: m = observations − 1.
    correlation : bool
        Whether the columns are divided by their standard deviations; constant columns are left out.

    Returns
    -------
    SampleSpectrum

    Raises
    ------
    TypeError
        If the entries are not real numbers, or X is a masked array.
    ValueError
        If X is no matrix, has fewer than two observations (one if centred), or an entry is NaN or infinite: the message
        says where.

    Notes
    -----
    Eigenvalues below ε max(p, m) times the largest one are taken for zeros, ε the rounding unit of the input's own
    type (2e-16, float32 1e-7).

    Examples
    --------
    >>> from rmt.data import sample_spectrum
    >>> found = sample_spectrum([[1.0, 2.0], [3.0, 2.0], [5.0, 5.0]])
    >>> found.samples, found.eigenvalues.round(6).tolist()
    (2, [0.458619, 6.541381])
    """
    values, unit = check_observations("X", X)
    rows, columns = values.shape
    samples = rows if centred else rows - 1
    if samples < 1:
        raise ValueError(
            f"X must have at least {1 if centred else 2} observations (rows), got {rows}; with known mean 0 pass "
            "centred=True"
        )
    location = np.zeros(columns) if centred else values.mean(axis=0)
    deviations = values - location
    kept = np.arange(columns)
    scale = np.ones(columns)
    if correlation:
        scale = np.sqrt(np.einsum("ij,ij->j", deviations, deviations) / samples)
        kept = np.flatnonzero(scale > _CONSTANT * unit * np.abs(values).max(axis=0))
        if kept.size == 0:
            raise ValueError(f"X must have a column that is not constant: all {columns} are, and have no correlations")
        deviations, scale, location = deviations[:, kept] / scale[kept], scale[kept], location[kept]
    root, vectors = _singular(deviations / math.sqrt(samples))
    eigenvalues = np.zeros(kept.size)
    eigenvalues[kept.size - root.size :] = root**2
    return SampleSpectrum(
        eigenvalues=without_rounding(eigenvalues, unit, max(kept.size, rows)),
        vectors=vectors,
        samples=samples,
        location=location,
        scale=scale,
        kept=kept,
        correlation=correlation,
    )


def _singular(matrix: Real) -> tuple[Real, Real]:
    """Singular values, ascending, and right singular vectors as columns."""
    _, values, vectors = np.linalg.svd(matrix, full_matrices=False)
    return values[::-1], np.ascontiguousarray(vectors[::-1].T)


def without_rounding(eigenvalues: Real, unit: float, size: int) -> Real:
    """Eigenvalues of a positive matrix, with zeros in place of what rounding leaves of them."""
    largest = float(np.abs(eigenvalues).max(initial=0.0))
    return np.where(np.abs(eigenvalues) <= unit * size * largest, 0.0, eigenvalues)


# ---------------------------------------------------------------------- checks
def check_observations(name: str, X: ArrayLike) -> tuple[Real, float]:
    """Return a data matrix as floats, and the rounding unit it came with."""
    array = np.asarray(X) if not isinstance(X, np.ma.MaskedArray) else X
    values = check_reals(name, array)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(
            f"{name} must be a matrix whose rows are observations and whose columns are variables, not empty; got "
            f"shape {values.shape}. One variable is {name}.reshape(-1, 1)"
        )
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{name} must be finite: {values[row, column]} at row {row}, column {column}, {int(bad.sum())} of "
            f"{values.size} entries are NaN or infinite; fill them in or leave their rows out"
        )
    return values, rounding_unit(array)


def check_eigenvalues(name: str, eigenvalues: ArrayLike, *, least: int = 2) -> Real:
    """Return the eigenvalues of a covariance matrix, ascending, zeros up to rounding made exact."""
    values = check_reals(name, eigenvalues)
    if values.ndim != 1 or values.size < least:
        hint = (
            "; a square array is a matrix: pass numpy.linalg.eigvalsh(matrix), or rmt.data.sample_spectrum(X)."
            "eigenvalues for a data matrix"
            if values.ndim == 2
            else ""
        )
        raise ValueError(f"{name} must be at least {least} numbers on one axis, got shape {values.shape}{hint}")
    bad = ~np.isfinite(values)
    if bad.any():
        place = int(np.argmax(bad))
        raise ValueError(f"{name} must be finite: {values[place]} at position {place}")
    out = np.sort(without_rounding(values, rounding_unit(eigenvalues), values.size))
    if out[0] < 0.0:
        raise ValueError(
            f"{name} must be those of a covariance matrix, >= 0, got {float(out[0])!r}, which rounding does not explain"
        )
    if not out[-1] > 0.0:
        raise ValueError(f"{name} must not all be 0, got {shown(eigenvalues)}")
    return np.asarray(out)


def check_samples(samples: Any, ratio: Any, dimension: int) -> float | None:
    """Return the number of samples, given as such or by the ratio; None if neither is."""
    if samples is not None and ratio is not None:
        raise ValueError(f"pass samples or ratio, not both: got samples={samples!r} and ratio={ratio!r}")
    if ratio is not None:
        return dimension / float(check_real("ratio", ratio, above=0.0))
    if samples is not None:
        return float(check_real("samples", samples, at_least=1.0))
    return None
