"""What a map costs a network that is paid by Σ |W|²: three equivalent losses, Schatten norms, and their law values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_real, check_reals
from rmt.laws import Law, MarchenkoPastur
from rmt.laws.named.fuss_catalan import FussCatalan
from rmt.optimisation.law_nodes import check_spectrum, law_nodes

Real = NDArray[np.float64]

#: relative size of singular values that count as 0
_RANK = 1e-12


def representation_cost(target: ArrayLike | Law, depth: int) -> float:
    """Least Σ |W_l|² over all linear networks of a depth that represent a map: L Σ s_i^{2/L}.

    Parameters
    ----------
    target : array_like of shape (k, d), or Law
        A map A; or the law of A Aᵀ, for the cost per dimension L ∫ x^{1/L} dμ. In closed form for Marchenko-Pastur and
        Fuss-Catalan laws: the product of L Gaussian matrices costs exactly (L + 1)/2 while its factors cost L.
    depth : int
        L >= 1.

    Returns
    -------
    float
        Relative error about 1e-13.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the matrix is not finite or the law has eigenvalues below 0 or no bound.

    References
    ----------
    Jacot, Golikov, Hongler and Gabriel 2022.

    Examples
    --------
    >>> import numpy as np
    >>> import rmt
    >>> round(representation_cost(np.diag([1.0, 0.7, 0.4, 0.2]), 3), 12)
    8.019756686895
    >>> round(representation_cost(rmt.FussCatalan(5), 5), 12)
    3.0
    """
    layers = check_count("depth", depth)
    if isinstance(target, Law):
        return layers * _power_mean(target, 1.0 / layers)
    matrix = check_reals("target", target)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise ValueError(f"target must be a finite matrix, got shape {matrix.shape}")
    values = np.linalg.svd(matrix, compute_uv=False)
    return float(layers * np.sum(values ** (2.0 / layers)))


def _power_mean(law: Law, p: float) -> float:
    """∫ x^p dμ for 0 < p <= 1."""
    from scipy.special import gammaln, hyp2f1

    if isinstance(law, MarchenkoPastur):
        c, size = float(law.ratio), float(law.variance) ** p
        if c <= 1.0:
            return float(size * hyp2f1(1.0 - p, -p, 2.0, c))
        return float(size * c ** (p - 1.0) * hyp2f1(1.0 - p, -p, 2.0, 1.0 / c))
    if type(law) is FussCatalan:
        k = float(law.order)
        return math.exp(gammaln((k + 1.0) * p + 1.0) - gammaln(p + 1.0) - gammaln(k * p + 2.0))
    checked, _, _ = check_spectrum(law)
    nodes, weights = law_nodes(checked)
    return float(weights @ nodes**p)


def balanced_factors(target: ArrayLike, depth: int) -> list[Real]:
    """Factors W_1, ..., W_L of a map at its least Σ |W|²: all have the singular values s^{1/L}.

    Parameters
    ----------
    target : array_like of shape (k, d)
        The map W_L ⋯ W_1.
    depth : int
        Number L of factors.

    Returns
    -------
    list of ndarray
        ``W_L @ ... @ W_1`` is the target; the inner dimension is its rank.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> factors = balanced_factors([[4.0, 0.0]], 2)
    >>> round(sum(float(np.sum(w**2)) for w in factors), 12), (factors[1] @ factors[0]).round(12).tolist()
    (8.0, [[4.0, 0.0]])
    """
    layers = check_count("depth", depth)
    left, values, right = np.linalg.svd(check_reals("target", target), full_matrices=False)
    kept = values > _RANK * values.max(initial=0.0)
    left, root, right = left[:, kept], np.diag(values[kept] ** (1.0 / layers)), right[kept]
    if layers == 1:
        return [np.asarray(check_reals("target", target))]
    return [root @ right, *([root] * (layers - 2)), left @ root]


def hidden_covariances(x: ArrayLike, outputs: ArrayLike, depth: int) -> list[Real]:
    """Z_lᵀZ_l of the layers of a linear network at its least cost: Xᵀ (X^{−ᵀ} Z_LᵀZ_L X^{−1})^{l/L} X.

    Parameters
    ----------
    x : array_like of shape (d, n)
        Data, one point a column.
    outputs : array_like of shape (k, n)
        Z_L = A X for a linear map A.
    depth : int
        L.

    Returns
    -------
    list of ndarray of shape (n, n)
        For l = 1, ..., L.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Jacot, Golikov, Hongler and Gabriel 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import hidden_covariances
    >>> len(hidden_covariances(np.eye(2), np.eye(2), 3))
    3
    """
    points, ends, layers = check_reals("x", x), check_reals("outputs", outputs), check_count("depth", depth)
    if points.ndim != 2 or ends.ndim != 2 or points.shape[1] != ends.shape[1]:
        raise ValueError(f"x and outputs must have one column a point, got {points.shape} and {ends.shape}")
    gram = np.linalg.pinv(points).T @ (ends.T @ ends) @ np.linalg.pinv(points)
    values, vectors = np.linalg.eigh(0.5 * (gram + gram.T))
    values = np.where(values > _RANK * values.max(initial=0.0), values, 0.0)
    carried = vectors.T @ points
    return [carried.T @ (values[:, None] ** (level / layers) * carried) for level in range(1, layers + 1)]


class RegularisedLosses(NamedTuple):
    """Σ |W_l|² of a network, and the two forms that depend on what the layers do only.

    Attributes
    ----------
    weights : float
        Σ |W_l|².
    representations : float
        Σ |Z_l (Z_{l−1}^σ)⁺|².
    covariances : float
        Σ tr K_l (K_{l−1}^σ)⁺ with K = ZᵀZ; equal to the second, and below the first unless the weights are minimal.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import regularised_losses
    >>> losses = regularised_losses([np.eye(2), np.eye(2)], np.eye(2))
    >>> losses.weights
    4.0
    """

    weights: float
    representations: float
    covariances: float


def _states(weights: Sequence[ArrayLike], x: ArrayLike, bias: float) -> tuple[list[Real], list[Real], list[Real]]:
    """Weights, sums Z_l and inputs Z^σ_{l−1} of all layers of a ReLU network with a constant input."""
    matrices = [check_reals("weights", w) for w in weights]
    points = check_reals("x", x)
    beta = float(check_real("bias", bias, at_least=0.0))
    if points.ndim != 2:
        raise ValueError(f"x must have the shape (d, n), one point a column, got {points.shape}")
    extra = [np.full((1, points.shape[1]), beta)] if beta > 0.0 else []
    inputs, sums = [np.vstack([points, *extra])], []
    for place, w in enumerate(matrices):
        if w.ndim != 2 or w.shape[1] != inputs[-1].shape[0]:
            raise ValueError(
                f"weight matrix {place + 1} must have {inputs[-1].shape[0]} columns (the units below"
                f"{' and the constant one' if extra else ''}), got shape {w.shape}"
            )
        sums.append(w @ inputs[-1])
        inputs.append(np.vstack([np.maximum(sums[-1], 0.0), *extra]))
    return matrices, sums, inputs


def regularised_losses(weights: Sequence[ArrayLike], x: ArrayLike, *, bias: float = 0.0) -> RegularisedLosses:
    """The three forms of the L2 cost of a ReLU network (Jacot, Golikov, Hongler and Gabriel 2022).

    Parameters
    ----------
    weights : sequence of array_like
        W_1, ..., W_L; with a bias every one has one more column.
    x : array_like of shape (d, n)
        Data, one point a column.
    bias : float
        Constant input β of every layer; 0 for none.

    Returns
    -------
    RegularisedLosses

    Examples
    --------
    >>> losses = regularised_losses([[[1.0, 0.0], [0.0, 2.0]], [[1.0, 1.0]]], [[1.0], [0.0]])
    >>> [round(v, 12) for v in losses]  # the weights that see nothing are paid for
    [7.0, 2.0, 2.0]
    """
    matrices, sums, inputs = _states(weights, x, bias)
    plain = sum(float(np.sum(w * w)) for w in matrices)
    representations = covariances = 0.0
    for z, below in zip(sums, inputs, strict=False):
        representations += float(np.sum((z @ np.linalg.pinv(below)) ** 2))
        covariances += float(np.trace(z.T @ z @ np.linalg.pinv(below.T @ below, hermitian=True)))
    return RegularisedLosses(plain, representations, covariances)


def minimal_weights(weights: Sequence[ArrayLike], x: ArrayLike, *, bias: float = 0.0) -> list[Real]:
    """The cheapest weights that do on the data, in every layer, what the given ones do: Z_l (Z_{l−1}^σ)⁺.

    Parameters
    ----------
    weights, x, bias
        As for :func:`regularised_losses`.

    Returns
    -------
    list of ndarray

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import minimal_weights
    >>> [w.shape for w in minimal_weights([np.eye(2), np.eye(2)], np.eye(2))]
    [(2, 2), (2, 2)]
    """
    _, sums, inputs = _states(weights, x, bias)
    return [z @ np.linalg.pinv(below) for z, below in zip(sums, inputs, strict=False)]


def bipartite_example(size: int) -> Real:
    """Targets B_N for the inputs 1 of size N that need a hidden width of N²/4: [[N/2·1, 𝟙], [𝟙, N/2·1]].

    The completely positive rank of B_N is N²/4, the number of edges of the complete bipartite graph; its cost at depth
    2 is 2 tr B_N = N², reached from that width on only (Jacot, Golikov, Hongler and Gabriel 2022).

    Parameters
    ----------
    size : int
        N, even.

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
    >>> bipartite_example(4).astype(int).tolist()
    [[2, 0, 1, 1], [0, 2, 1, 1], [1, 1, 2, 0], [1, 1, 0, 2]]
    """
    n = check_count("size", size, minimum=2)
    if n % 2:
        raise ValueError(f"size must be even, got {size!r}")
    half = n // 2
    return np.block([[half * np.eye(half), np.ones((half, half))], [np.ones((half, half)), half * np.eye(half)]])
