"""The largest stable step of gradient descent, and the condition number, from a kernel matrix or from its law."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_real, check_reals
from rmt.kernels.zonal import zonal
from rmt.laws import Law
from rmt.networks.architecture.mlp import MLP

Real = NDArray[np.float64]
Loss = Literal["half_sum", "sum", "mean", "half_mean"]

LOSSES = ("half_sum", "sum", "mean", "half_mean")


def loss_factor(loss: str, n: int) -> float:
    """Factor c of the residual map r ← (1 − c η K) r: 1, 2, 2/n or 1/n.

    Raises
    ------
    ValueError
        If the loss is none of the four.
    """
    check_choice("loss", loss, LOSSES)
    return {"half_sum": 1.0, "sum": 2.0, "mean": 2.0 / n, "half_mean": 1.0 / n}[loss]


def check_kernel(name: str, value: ArrayLike) -> Real:
    """Return a symmetric positive semidefinite matrix, up to rounding.

    Raises
    ------
    ValueError
        If it is not square, finite and symmetric.
    """
    array = check_reals(name, value)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        raise ValueError(f"{name} must be a square matrix, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}")
    difference = float(np.abs(array - array.T).max())
    if difference > 1e-10 * float(np.abs(array).max()):
        raise ValueError(f"{name} must be symmetric, but differs from its transpose by {difference:.3g}")
    return 0.5 * (array + array.T)


def critical_step(
    kernel: ArrayLike | Law, loss: Loss = "half_sum", *, n: int | None = None, outlier: float | None = None
) -> float:
    """Largest step size at which gradient descent on the squared loss does not diverge: 2/(c λ_max).

    Parameters
    ----------
    kernel : array_like of shape (n, n), or Law
        Tangent kernel of the training set; or the limit law of its spectrum, before anything is sampled.
    loss : {"half_sum", "sum", "mean", "half_mean"}
        ½ Σ r², Σ r², (1/n) Σ r², (1/2n) Σ r²: critical steps 2/λ, 1/λ, n/λ, 2n/λ.
    n : int, optional
        Number of training points, with a law and a mean loss.
    outlier : float, optional
        Position of an outlier above the law, such as :meth:`ZonalKernel.outlier` gives.

    Returns
    -------
    float
        Infinite if the kernel vanishes.

    Raises
    ------
    TypeError
        If `kernel` or `loss` is not of the kind named above.
    ValueError
        If the kernel is no symmetric finite matrix, the loss is unknown, or a law comes without the `n` that its loss
        needs.

    Examples
    --------
    >>> import rmt
    >>> round(critical_step(rmt.MarchenkoPastur(ratio=0.25)), 12)  # 2/(1 + 1/2)²
    0.888888888889
    """
    check_choice("loss", loss, LOSSES)
    if isinstance(kernel, Law):
        if loss in ("mean", "half_mean") and n is None:
            raise ValueError(f"loss={loss!r} divides by the number of points, which a law does not know; pass n=")
        count = 1 if n is None else check_count("n", n)
        highs = [i.high for i in kernel.support] + [x for x, _ in kernel.atoms]
        top = max(highs) if outlier is None else max(*highs, float(check_real("outlier", outlier)))
    else:
        matrix = check_kernel("kernel", kernel)
        if n is not None or outlier is not None:
            raise ValueError("n and outlier belong to a law; a matrix has its own size and largest eigenvalue")
        count = matrix.shape[0]
        top = float(np.linalg.eigvalsh(matrix)[-1])
    if top <= 0.0:
        return float("inf")
    return 2.0 / (loss_factor(loss, count) * top)


def condition_number(kernel: ArrayLike | Law | MLP, n: int | None = None) -> float:
    """λ_max/λ_min of a kernel matrix, of a law, or of the tangent kernel of a network on n orthogonal points.

    Parameters
    ----------
    kernel : array_like of shape (n, n), Law, or MLP
        For a network: its tangent kernel on `n` orthogonal inputs of one length, (D + (n − 1) O)/(D − O) with D on the
        diagonal and O off it. It is not monotone in depth: for He-scaled ReLU it rises first, then tends to (n + 3)/3.
    n : int, optional
        Number of points, with a network.

    Returns
    -------
    float
        Infinite for a singular kernel.

    Raises
    ------
    TypeError
        If `kernel` is not of the kind named above.
    ValueError
        If `kernel` is no symmetric finite matrix, or `n` is missing or superfluous.

    Examples
    --------
    >>> import rmt
    >>> net = rmt.MLP(depth=1, activation="relu", sigma_w=2**0.5)
    >>> round(condition_number(net, n=10), 6)
    2.892798
    """
    if isinstance(kernel, MLP):
        if n is None:
            raise ValueError("the condition number of a network needs n=, the number of orthogonal points")
        count = check_count("n", n)
        h = zonal(kernel, "ntk")
        on, off = float(h(gap=0.0)), float(h(0.0))
        low, high = sorted((on + (count - 1) * off, on - off)) if count > 1 else (on, on)
    elif isinstance(kernel, Law):
        points = [(i.low, i.high) for i in kernel.support] + [(x, x) for x, _ in kernel.atoms]
        low, high = min(a for a, _ in points), max(b for _, b in points)
    else:
        values = np.linalg.eigvalsh(check_kernel("kernel", kernel))
        low, high = float(values[0]), float(values[-1])
        low = low if low > 1e-14 * values.size * high else 0.0
    return high / low if low > 0.0 else float("inf")
