"""The learning rate at which a network stops being stable, from the law of its tangent kernel, for any batch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_real
from rmt.kernels import MLP, ZonalKernel, critical_step, zonal
from rmt.kernels.critical import Loss, check_kernel, loss_factor
from rmt.laws import Law

Real = NDArray[np.float64]


def critical_rate(
    kernel: ArrayLike | Law | ZonalKernel | MLP,
    n: int | None = None,
    *,
    dimension: int | None = None,
    loss: Loss = "mean",
    outlier: float | None = None,
) -> float:
    """Largest stable learning rate of gradient descent on the squared loss, n/λ₁ for the mean loss (1/n) Σ r².

    Parameters
    ----------
    kernel : array_like of shape (n, n), Law, ZonalKernel or MLP
        The tangent kernel of the data; the law of its spectrum; or a network, whose kernel on `n` points on the sphere
        of radius √`dimension` is predicted: bulk a + b MP(n/d) and one eigenvalue above it, of size
        n h(0) + (n/d) h''(0)/2 moved by the bulk.
    n : int, optional
        Number of points; a matrix knows it.
    dimension : int, optional
        d, for a network.
    loss : {"mean", "half_sum", "sum", "half_mean"}
        (1/n) Σ r², ½ Σ r², Σ r², (1/2n) Σ r²: n/λ₁, 2/λ₁, 1/λ₁, 2n/λ₁.
    outlier : float, optional
        Eigenvalue above the bulk, for a law.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the matrix is not symmetric, or `n` or `dimension` is missing.

    References
    ----------
    Lewkowycz et al. 2020.

    Examples
    --------
    >>> import rmt
    >>> round(critical_rate(rmt.MLP(depth=1, activation="relu", sigma_w=1.0), 1000, dimension=1000), 4)
    6.2408
    """
    if isinstance(kernel, (MLP, ZonalKernel)):
        if n is None or dimension is None:
            raise ValueError("the critical rate of a network needs n= points in dimension= d, one of them is missing")
        count, d = check_count("n", n), check_count("dimension", dimension, minimum=2)
        return 2.0 / (loss_factor(loss, count) * _top(_zonal(kernel), count, d))
    if isinstance(kernel, Law):
        return critical_step(kernel, loss, n=n, outlier=outlier)
    if n is not None or dimension is not None or outlier is not None:
        raise ValueError("a matrix has its own size and largest eigenvalue: leave out n=, dimension= and outlier=")
    return critical_step(kernel, loss)


def batch_critical_rate(
    kernel: ArrayLike | ZonalKernel | MLP,
    batch: int,
    *,
    dimension: int | None = None,
    loss: Loss = "mean",
    rng: int = 0,
) -> float:
    """Critical rate of a batch of b points: b/(h(1) + (b − 1) h(0)) for the mean loss, as the dimension grows.

    A small batch is less stable than all data: its rate is lower as long as h(1) > h(0).

    Parameters
    ----------
    kernel : array_like of shape (n, n), ZonalKernel or MLP
        With a matrix, the median over 200 random batches of it.
    batch : int
        b.
    dimension : int, optional
        d: then at finite d, where the batch has the bulk a + b MP(b/d) and an eigenvalue above it.
    loss : {"mean", "half_sum", "sum", "half_mean"}
        Divided by the points of the batch where it is a mean.
    rng : int
        Seed of the batches, for a matrix.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Zhu, Liu, Radhakrishnan and Belkin 2024.

    Examples
    --------
    >>> import rmt
    >>> round(batch_critical_rate(rmt.MLP(depth=1, activation="relu", sigma_w=1.0), 5), 12)
    3.055077351758
    """
    b = check_count("batch", batch)
    if not isinstance(kernel, (MLP, ZonalKernel)):
        return float(np.median(batch_critical_rates(kernel, b, 200, loss=loss, rng=rng)))
    h = _zonal(kernel)
    if dimension is not None and b > 1:
        top = _top(h, b, check_count("dimension", dimension, minimum=2))
    else:
        on, off = float(h(gap=0.0)), float(h(0.0))
        top = max(on + (b - 1) * off, on - off if b > 1 else on)
    return 2.0 / (loss_factor(loss, b) * top)


def batch_critical_rates(gram: ArrayLike, batch: int, count: int, *, loss: Loss = "mean", rng: object = None) -> Real:
    """Critical rates of random batches of a given kernel matrix.

    Parameters
    ----------
    gram : array_like of shape (n, n)
        Kernel matrix of all n points.
    batch : int
        Points in a batch, at most n.
    count : int
        Number of batches.
    loss : {"mean", "half_sum", "sum", "half_mean"}
        How the loss is normalised, as for :func:`critical_rate`.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import batch_critical_rates
    >>> batch_critical_rates(np.eye(4), 2, 3, loss="sum", rng=0)
    array([1., 1., 1.])
    """
    from rmt.errors import check_generator

    matrix = check_kernel("gram", gram)
    b = check_count("batch", batch, maximum=len(matrix))
    generator = check_generator(rng)
    tops = []
    for _ in range(check_count("count", count)):
        chosen = generator.choice(len(matrix), b, replace=False)
        tops.append(np.linalg.eigvalsh(matrix[np.ix_(chosen, chosen)])[-1])
    return np.asarray(2.0 / (loss_factor(loss, b) * np.array(tops)))


def batch_threshold(kernel: ZonalKernel | MLP, *, share: float = 0.5) -> float:
    """Batch size below which a share of the full-batch critical rate is too much for the batch.

    At half of the full-batch rate 1/h(0) it is h(1)/h(0) − 1: 2π − 1 for two layers of ReLU.

    Parameters
    ----------
    kernel : ZonalKernel or MLP
        The function h, or a network with its tangent kernel.
    share : float
        Of the full-batch critical rate, in (0, 1).

    Returns
    -------
    float
        Infinite where h(0) <= 0: then every batch has about the same rate.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import math
    >>> import rmt
    >>> net = rmt.MLP(depth=1, activation="relu", sigma_w=1.0)
    >>> math.isclose(batch_threshold(net), 2 * math.pi - 1, rel_tol=1e-12)
    True
    """
    h, part = _zonal(kernel), float(check_real("share", share, above=0.0, below=1.0))
    on, off = float(h(gap=0.0)), float(h(0.0))
    return (on - off) / off * part / (1.0 - part) if off > 0.0 else math.inf


def _zonal(kernel: ZonalKernel | MLP) -> ZonalKernel:
    return zonal(kernel, "ntk") if isinstance(kernel, MLP) else kernel


def _top(h: ZonalKernel, n: int, dimension: int) -> float:
    outlier = h.outlier(n, dimension)
    if outlier is not None:
        return outlier
    law = h.gram_law(n / dimension)
    return max([i.high for i in law.support] + [a for a, _ in law.atoms])
