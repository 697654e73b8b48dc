"""Hessians of wide networks: exact spectra of two layers, norms by Lanczos, the edge of stability."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_generator, check_real, check_reals
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.training.curvatures import curvature
from rmt.training.dense_networks import DenseNetwork
from rmt.training.descents import Trainable

Real = NDArray[np.float64]


class SecondOrder(Protocol):
    """What is needed of a network."""

    @property
    def parameters(self) -> int:
        """Number of weights."""

    def hessian_vector(self, x: ArrayLike, vector: ArrayLike) -> Real:
        """Product of the Hessian of the output at one point with a vector."""


def hessian_norm(net: SecondOrder, x: ArrayLike, *, rng: Any = None) -> float:
    """Spectral norm of the Hessian of the output at one point in all weights, by Lanczos.

    It falls like width^{−1/2}: wide networks are close to linear in their weights (Liu, Zhu and Belkin 2020).

    Parameters
    ----------
    net : object
        With ``parameters`` and ``hessian_vector``: :class:`DenseNetwork` or :class:`GraphNetwork`.
    x : array_like of shape (d,)
        The point.
    rng : Generator, SeedSequence, int or None
        Of the first vector.

    Returns
    -------
    float
        Relative error about 1e-8.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import DenseNetwork
    >>> net = DenseNetwork([4, 100, 1], "relu", rng=0)
    >>> round(hessian_norm(net, [1.0, 1.0, 1.0, 1.0], rng=0) * 10, 9)  # |x|/√(m d)
    1.0
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    size, point = net.parameters, check_reals("x", x)
    start = check_generator(rng).standard_normal(size)
    if size < 3:
        columns = np.array([net.hessian_vector(point, row) for row in np.eye(size)])
        return float(np.abs(np.linalg.eigvalsh(columns)).max())
    operator = LinearOperator((size, size), matvec=lambda v: net.hessian_vector(point, v), dtype=np.float64)
    values = eigsh(operator, k=1, which="LM", v0=start, tol=1e-9, return_eigenvectors=False)
    return float(abs(values[0]))


def two_layer_hessian_eigenvalues(
    first: ArrayLike, second: ArrayLike, x: ArrayLike, activation_name: ActivationLike = "relu"
) -> Real:
    """All eigenvalues that are not 0 of the Hessian of m^{−1/2} Σ v_i φ(u_i·x/√d) in u and v, exactly.

    Two a neuron: (a_i ± √(a_i² + 4 φ'(z_i)² c))/(2√m) with a_i = v_i φ''(z_i) c and c = |x|²/d. For ReLU ±|x|/√(m d).

    Parameters
    ----------
    first : array_like of shape (m, d)
        The u_i in rows.
    second : array_like of shape (m,)
        The v_i.
    x : array_like of shape (d,)
        The point.
    activation_name : str or Activation
        The name of φ, a function of arrays, or an :class:`~rmt.networks.Activation`.

    Returns
    -------
    ndarray of shape (2 m,)
        Increasing.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> two_layer_hessian_eigenvalues([[1.0]], [1.0], [2.0]).tolist()
    [-2.0, 2.0]
    """
    u, v, point = check_reals("first", first), check_reals("second", second), check_reals("x", x)
    if u.ndim != 2 or v.shape != u.shape[:1] or point.shape != u.shape[1:]:
        raise ValueError(
            f"first, second and x must have the shapes (m, d), (m,) and (d,), got {u.shape}, {v.shape}, {point.shape}"
        )
    m, d = u.shape
    z = u @ point / np.sqrt(d)
    c = float(point @ point) / d
    a = v * curvature(activation_name)(z) * c
    slope: Any = activation(activation_name).derivative(z)
    root = np.hypot(a, 2.0 * slope * np.sqrt(c))
    return np.asarray(np.sort(np.concatenate([a - root, a + root])) / (2.0 * np.sqrt(m)))


def kernel_drift(net: Trainable, x: ArrayLike, y: ArrayLike, *, rate: float, steps: int, every: int = 10) -> float:
    """Largest relative change |K_t − K_0|/|K_0| of the tangent kernel along a run of gradient descent.

    Parameters
    ----------
    net : object
        As for :func:`descend`; it is changed.
    x, y : array_like
        Training data: inputs in rows, and targets.
    rate : float
        Of the mean loss.
    steps, every : int
        Length of the run, and how often the kernel is looked at.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork, kernel_drift
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    >>> 0.0 < kernel_drift(DenseNetwork((3, 50, 1), "tanh", rng=0), x, y, rate=0.05, steps=20) < 1.0
    True
    """
    eta, often = float(check_real("rate", rate, above=0.0)), check_count("every", every)
    start = net.kernel(x)
    size, worst = float(np.linalg.norm(start, 2)), 0.0
    for t in range(check_count("steps", steps)):
        net.step(x, y, eta)
        if (t + 1) % often == 0:
            worst = max(worst, float(np.linalg.norm(net.kernel(x) - start, 2)) / size)
    return worst


def sharpness(net: DenseNetwork, x: ArrayLike, y: ArrayLike, *, rng: Any = None) -> float:
    """Largest eigenvalue of the Hessian of the mean loss (1/n) Σ r², by Lanczos.

    Parameters
    ----------
    net : DenseNetwork
        The network.
    x : array_like of shape (n, d)
        Inputs in rows.
    y : array_like of shape (n,)
        Targets.
    rng : Generator, SeedSequence, int or None
        Of the first vector.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork, sharpness
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    >>> sharpness(DenseNetwork((3, 20, 1), "tanh", rng=0), x, y, rng=0) > 0.0
    True
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    size = net.parameters
    operator = LinearOperator((size, size), matvec=lambda v: net.loss_hessian_vector(x, y, v), dtype=np.float64)
    start = check_generator(rng).standard_normal(size)
    return float(eigsh(operator, k=1, which="LA", v0=start, tol=1e-6, return_eigenvectors=False)[0])


def sharpness_path(
    net: DenseNetwork, x: ArrayLike, y: ArrayLike, *, rate: float, steps: int, every: int = 25
) -> tuple[NDArray[np.int64], Real]:
    """Sharpness along a run of gradient descent: it rises to 2/rate and stays there (Cohen et al. 2021).

    Parameters
    ----------
    net : DenseNetwork
        It is changed.
    x, y : array_like
        Training data: inputs in rows, and targets.
    rate : float
        Of the mean loss, > 0.
    steps, every : int
        Length of the run, and how often the sharpness is looked at.

    Returns
    -------
    steps, sharpness : ndarray

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork, sharpness_path
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    >>> steps, values = sharpness_path(DenseNetwork((3, 20, 1), "tanh", rng=0), x, y, rate=0.05, steps=20, every=10)
    >>> steps, values.shape
    (array([ 0, 10, 20]), (3,))
    """
    eta, often = float(check_real("rate", rate, above=0.0)), check_count("every", every)
    times, values = [], []
    for t in range(check_count("steps", steps) + 1):
        if t % often == 0:
            times.append(t)
            values.append(sharpness(net, x, y, rng=0))
        net.step(x, y, eta)
    return np.array(times), np.array(values)
