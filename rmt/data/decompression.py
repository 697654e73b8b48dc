"""Free decompression: the spectrum of a matrix of which one has seen a principal block."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from rmt.data.family_fit import FittedLaw, fit
from rmt.errors import check_real, check_reals
from rmt.free.operations import free_power
from rmt.laws.law import Law
from rmt.laws.named.free_meixner import FreeMeixner


@dataclass(frozen=True, eq=False)
class Decompression:
    """The law of a large matrix behind that of its block; made by :func:`decompress`.

    Attributes
    ----------
    law : Law
        Of the large matrix.
    block : Law
        Of the block, given or fitted.
    factor : float
    largest_factor : float or None
        Up to this factor the answer is a law: beyond it no matrix has such a block. None where it is not known.
    fitted : FittedLaw or None
        The fit of the block, with its errors.

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import decompress
    >>> found = decompress(rmt.Semicircle(0, 0.5), 2)
    >>> found.factor, round(found.law.var(), 12)
    (2.0, 1.0)
    """

    law: Law
    block: Law
    factor: float
    largest_factor: float | None
    fitted: FittedLaw | None


def decompress(
    eigenvalues: ArrayLike | Law,
    factor: Any,
    *,
    family: Callable[..., Law] | None = None,
    start: Sequence[float] | None = None,
    beta: Any = 1,
) -> Decompression:
    """Law of a matrix whose principal block, 1/factor of its rows and columns, has these eigenvalues.

    The block of a matrix in general position is a free compression, of law μ^{⊞1/t} dilated by t for the fraction t
    (Nica and Speicher 1996). Backwards, the law of the matrix is the free power 1/factor of that of the block, dilated
    by the factor. Powers below 1 of a measured spectrum do not exist: a law is fitted to it first.

    Parameters
    ----------
    eigenvalues : array_like of float, or Law
        Eigenvalues of the block, or its law.
    factor : real
        Size of the matrix over that of the block, >= 1.
    family : callable, optional
        Family of laws, as for :func:`fit`. By default the free Meixner laws in place and scale, four parameters
        (semicircle, Marchenko-Pastur, Kesten-McKay, Wachter, ...), closed under these powers.
    start : sequence of float, optional
        Start of the fit, with `family`.
    beta : real
        Dyson index.

    Returns
    -------
    Decompression

    Raises
    ------
    TypeError, ValueError
        If the factor is beyond the largest one, or the free power is not known to exist.

    Notes
    -----
    In general position means that the eigenvectors are Haar distributed, independent of the eigenvalues. A block of a
    structured matrix, such as a band matrix, is none.

    Examples
    --------
    >>> import rmt
    >>> import numpy as np
    >>> from rmt.data import decompress
    >>> block = rmt.goe().sample(900, rng=0)[:300, :300]
    >>> found = decompress(np.linalg.eigvalsh(block), 3)
    >>> abs(found.law.support[0].high - 2.0) < 0.05
    True
    """
    size = float(check_real("factor", factor, at_least=1.0))
    if (family is None) != (start is None):
        raise ValueError("pass family and start together, or neither")
    fitted: FittedLaw | None = None
    if isinstance(eigenvalues, Law):
        block = eigenvalues
    elif family is not None and start is not None:
        fitted = fit(family, eigenvalues, start, beta=beta)
        block = fitted.law
    else:
        fitted = fit(_meixner, eigenvalues, _moments(eigenvalues), beta=beta)
        m, s, a, b = fitted.parameters.tolist()
        largest = math.inf if b >= 0.0 else -1.0 / b
        if size > largest:
            raise ValueError(
                f"factor must be at most {largest:.6g}: the fitted block has no larger matrix around it, got {factor!r}"
            )
        return Decompression(
            m + s * math.sqrt(size) * FreeMeixner(a * math.sqrt(size), b * size), fitted.law, size, largest, fitted
        )
    law = size * free_power(block, 1.0 / size) if size > 1.0 else block
    divisible = math.inf if _divisible(block) else None
    return Decompression(law, block, size, divisible, fitted)


def _meixner(mean: float, deviation: float, a: float, b: float) -> Law:
    if not deviation > 0.0:
        raise ValueError("the standard deviation must be positive")
    return mean + deviation * FreeMeixner(a, b)


def _moments(eigenvalues: ArrayLike) -> list[float]:
    values = check_reals("eigenvalues", eigenvalues)
    mean, deviation = float(values.mean()), float(values.std())
    if not deviation > 0.0:
        raise ValueError("eigenvalues must not be all equal")
    standard = (values - mean) / deviation
    a = float((standard**3).mean())
    return [mean, deviation, a, max(float((standard**4).mean()) - 2.0 - a * a, -0.95)]


def _divisible(law: Law) -> bool:
    """Whether all powers are known to exist."""
    try:
        free_power(law, 1e-3)
    except ValueError:
        return False
    return True
