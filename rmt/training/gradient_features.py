"""What a network has learnt of its input: the average gradient outer product, and its alignment with the target's."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_reals

Real = NDArray[np.float64]

TARGETS = ("rank2", "rank3", "rank4", "full")


class Differentiable(Protocol):
    """What is needed of a network."""

    def input_gradients(self, x: ArrayLike) -> Real:
        """Gradients in the input, one row a point."""


def agop(net: Differentiable, x: ArrayLike) -> Real:
    """Average gradient outer product (1/n) Σ ∇f(x_i) ∇f(x_i)ᵀ of a network (Radhakrishnan et al. 2024).

    Parameters
    ----------
    net : object
        With ``input_gradients``, such as :class:`TwoLayers` or :class:`DenseNetwork`.
    x : array_like of shape (n, d)
        Points in rows.

    Returns
    -------
    ndarray of shape (d, d)

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import TwoLayers
    >>> agop(TwoLayers([[2.0]], [3.0]), [[1.0], [-1.0]]).tolist()  # 6 on one side, 0 on the other
    [[18.0]]
    """
    gradients = check_reals("gradients", net.input_gradients(x))
    return np.asarray(gradients.T @ gradients / len(gradients))


def egop(target: str, dimension: int) -> Real:
    """Expected gradient outer product E ∇f ∇fᵀ of the usual test targets under standard normal inputs, exactly.

    Parameters
    ----------
    target : {"rank2", "rank3", "rank4", "full"}
        x₁x₂; x₁x₂(x₁ + ... + x₁₀); x₁ + x₁x₂ + x₁x₂x₃ + x₁x₂x₃x₄; |x|/√d.
    dimension : int
        At least 2, 10, 4, 1.

    Returns
    -------
    ndarray of float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Radhakrishnan et al. 2024.

    Examples
    --------
    >>> import numpy as np
    >>> np.linalg.eigvalsh(egop("rank3", 12))[::-1][:4].round(12).tolist()
    [24.0, 10.0, 4.0, 0.0]
    """
    check_choice("target", target, TARGETS)
    least = {"rank2": 2, "rank3": 10, "rank4": 4, "full": 1}[target]
    d = check_count("dimension", dimension, minimum=least)
    out = np.zeros((d, d))
    if target == "full":
        return np.eye(d) / d**2
    if target == "rank2":
        out[[0, 1], [0, 1]] = 1.0
    elif target == "rank4":
        out[range(4), range(4)] = [4.0, 3.0, 2.0, 1.0]
    else:
        out[:10, :10] = 1.0
        out[:2, 2:10] = out[2:10, :2] = 2.0
        out[:2, :2] = [[15.0, 5.0], [5.0, 15.0]]
    return out


def target_values(target: str, x: ArrayLike) -> Real:
    """Values of the targets of :func:`egop` at the rows of x.

    Parameters
    ----------
    target : {"rank2", "rank3", "rank4", "full"}
        Its name.
    x : array_like of shape (n, d)
        Points in rows.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import target_values
    >>> target_values("rank2", [[1.0] * 8, [2.0] * 8]).shape
    (2,)
    """
    check_choice("target", target, TARGETS)
    points = check_reals("x", x)
    if target == "rank2":
        return np.asarray(points[:, 0] * points[:, 1])
    if target == "rank3":
        return np.asarray(points[:, 0] * points[:, 1] * points[:, :10].sum(axis=1))
    if target == "rank4":
        return np.asarray(np.cumprod(points[:, :4], axis=1).sum(axis=1))
    return np.asarray(np.linalg.norm(points, axis=1) / math.sqrt(points.shape[1]))


def alignment(a: ArrayLike, b: ArrayLike) -> float:
    """Cosine tr(AᵀB)/(|A| |B|) between two matrices.

    Parameters
    ----------
    a, b : array_like of one shape
        The two matrices A and B, neither of them 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the shapes differ, or a matrix vanishes or is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> round(alignment(np.eye(100), egop("rank2", 100)), 7)
    0.1414214
    """
    first, second = check_reals("a", a), check_reals("b", b)
    if first.shape != second.shape:
        raise ValueError(f"a and b must have one shape, got {first.shape} and {second.shape}")
    return float(np.sum(_of_norm_one("a", first) * _of_norm_one("b", second)))


def _of_norm_one(name: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = float(np.abs(matrix).max(initial=0.0))
    if not math.isfinite(largest):
        raise ValueError(f"{name} must be finite, got {largest}: a run that diverges has no alignment")
    if largest == 0.0:
        raise ValueError(f"the alignment with a matrix that vanishes is not defined, and {name} does")
    scaled = matrix / largest  # squares of the entries themselves may leave the range of doubles
    unit: NDArray[np.float64] = scaled / np.linalg.norm(scaled)
    return unit
