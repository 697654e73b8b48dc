"""The spectrum of convolution layers: why ``orthogonal_`` on a k × k kernel is not isometric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import LARGEST_SCALE, check_choice, check_count, check_generator, check_items, check_real, check_reals
from rmt.laws.law import Law
from rmt.networks.architecture.mlp import MLP

INITIALISERS = ("orthogonal", "delta_orthogonal", "gaussian")


def kernel_taps(kernel_size: int | Sequence[int]) -> int:
    """Number of positions of a kernel: k² for a k × k one, given as (k, k)."""
    return math.prod(_sizes(kernel_size))


def _sizes(kernel_size: int | Sequence[int]) -> tuple[int, ...]:
    one = not hasattr(kernel_size, "__len__") or getattr(kernel_size, "ndim", 1) == 0
    sizes = [kernel_size] if one else check_items("kernel_size", kernel_size, "integers")
    return tuple(check_count("kernel_size", k) for k in sizes)


def convolution_gram_law(
    kernel_size: int | Sequence[int], initialiser: str = "orthogonal", *, sigma_w: float = 1.0
) -> Law:
    """Law of K Kᵀ for a circular convolution K with as many output as input channels, many of them.

    Parameters
    ----------
    kernel_size : int or sequence of int
        3 for a one-dimensional kernel, (3, 3) for a two-dimensional one.
    initialiser : {"orthogonal", "delta_orthogonal", "gaussian"}
        ``"orthogonal"`` is what ``torch.nn.init.orthogonal_`` does: the kernel reshaped to a matrix of
        channels × (channels · taps) has orthonormal rows. ``"delta_orthogonal"`` puts an orthogonal matrix on the
        central tap and zeros elsewhere (Xiao et al. 2018).
    sigma_w : float
        Every output has sigma_w² times the mean square of the inputs that it sees.

    Returns
    -------
    Law
        The unit mass at sigma_w² for delta-orthogonal kernels; Marchenko-Pastur (ratio 1) for Gaussian ones; for
        ``orthogonal_`` with T taps S(m) = (1 + m/T)/(1 + m): a free Jacobi law on [0, 4(1 − 1/T)] with relative
        variance 1 − 1/T, close to the Gaussian one.

    Raises
    ------
    TypeError
        If `kernel_size`, `initialiser` or `sigma_w` is not of the kind named above.
    ValueError
        If `kernel_size`, `initialiser` or `sigma_w` is out of the range named above.

    Notes
    -----
    In Fourier space the layer is one channels × channels block a frequency: √T times a corner of a Haar matrix for
    ``orthogonal_``.

    Examples
    --------
    >>> from rmt.networks import convolution_gram_law
    >>> convolution_gram_law(3, "gaussian"), convolution_gram_law(3, "delta_orthogonal")
    (MarchenkoPastur(ratio=1, variance=1.0), Atomic(positions=(1.0,), weights=(1,)))
    """
    from rmt.free import compress
    from rmt.laws import Atomic, Bernoulli, MarchenkoPastur

    taps = kernel_taps(kernel_size)
    check_choice("initialiser", initialiser, INITIALISERS)
    variance = float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE)) ** 2
    if initialiser == "gaussian":
        return MarchenkoPastur(variance=variance)
    if initialiser == "delta_orthogonal" or taps == 1:
        return Atomic((variance,), (1,))
    trace = Fraction(1, taps)
    return variance * taps * compress(Bernoulli(trace), trace)


def convolution_relative_variance(kernel_size: int | Sequence[int], initialiser: str = "orthogonal") -> float:
    """Relative variance that a convolution layer adds to that of J Jᵀ: 1 − 1/taps, 0 or 1.

    Parameters
    ----------
    kernel_size : int or sequence of int
        Number of taps, in each direction.
    initialiser : {"orthogonal", "delta_orthogonal", "gaussian"}
        How the kernel is drawn, as for :func:`convolution_kernel`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `kernel_size` or `initialiser` is not of the kind named above.
    ValueError
        If `kernel_size` or `initialiser` is out of the range named above.

    Examples
    --------
    >>> from rmt.networks import convolution_relative_variance
    >>> convolution_relative_variance(4), convolution_relative_variance(4, "gaussian")
    (0.75, 1.0)
    """
    check_choice("initialiser", initialiser, INITIALISERS)
    if initialiser == "gaussian":
        return 1.0
    return 1.0 - 1.0 / kernel_taps(kernel_size) if initialiser == "orthogonal" else 0.0


def convolutional_jacobian_law(net: MLP, kernel_size: int | Sequence[int], initialiser: str = "orthogonal") -> Law:
    """Law of J Jᵀ of a convolutional network with circular padding and the lengths of `net`.

    Parameters
    ----------
    net : MLP
        Gives depth, activation, scales and lengths; its own weights are not used. Widths must be equal.
    kernel_size, initialiser
        See :func:`convolution_gram_law`.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `net`, `kernel_size` or `initialiser` is not of the kind named above.
    ValueError
        If the widths differ.

    References
    ----------
    Xiao et al. 2018.

    Examples
    --------
    >>> from rmt.networks import MLP, convolutional_jacobian_law
    >>> convolutional_jacobian_law(MLP(2, "linear", sigma_w=1.0), 3, "delta_orthogonal")
    Atomic(positions=(1,), weights=(1,))
    """
    from rmt.free import boxtimes, multiplicative_power
    from rmt.networks.architecture.mlp import check_network

    check_network("net", net)
    check_choice("initialiser", initialiser, INITIALISERS)
    if not net.square:
        raise ValueError("convolutional_jacobian_law needs equal numbers of channels in all layers")
    slopes = net.with_weights("orthogonal").jacobian().gram_law()
    if initialiser == "delta_orthogonal" or kernel_taps(kernel_size) == 1:
        return slopes
    weights = convolution_gram_law(kernel_size, initialiser)
    return boxtimes(slopes, multiplicative_power(weights, net.depth))


def convolution_kernel(
    channels: int,
    kernel_size: int | Sequence[int],
    initialiser: str = "orthogonal",
    *,
    sigma_w: float = 1.0,
    rng: Any = None,
) -> NDArray[np.float64]:
    """Draw a kernel of shape (channels, channels, *kernel size), as the weight of ``torch.nn.Conv1d`` or ``Conv2d``.

    Parameters
    ----------
    channels : int
        Channels of the input and of the output.
    kernel_size, initialiser, sigma_w
        See :func:`convolution_gram_law`; a delta-orthogonal kernel needs odd sizes, which have a central tap.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of float

    Raises
    ------
    TypeError
        If `channels`, `kernel_size`, `initialiser`, `sigma_w` or `rng` is not of the kind named above.
    ValueError
        If the initialiser is unknown, or a delta-orthogonal kernel has an even size.

    References
    ----------
    Xiao et al. 2018.

    Examples
    --------
    >>> from rmt.networks import convolution_kernel
    >>> convolution_kernel(8, (3, 3), rng=0).shape
    (8, 8, 3, 3)
    """
    from rmt.numerics.dense.householder import haar_product

    n, taps = check_count("channels", channels), kernel_taps(kernel_size)
    sizes = _sizes(kernel_size)
    check_choice("initialiser", initialiser, INITIALISERS)
    scale = float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE))
    generator = check_generator(rng)
    if initialiser == "gaussian":
        return scale / math.sqrt(n * taps) * generator.standard_normal((n, n, *sizes))
    if initialiser == "orthogonal":
        rows = haar_product(n * taps, generator, n, "real").matrix().T
        return np.asarray(scale * rows.reshape(n, n, *sizes))
    if any(k % 2 == 0 for k in sizes):
        raise ValueError(f"a delta-orthogonal kernel needs odd sizes, which have a central tap, got {kernel_size!r}")
    kernel = np.zeros((n, n, *sizes))
    centre: Any = (slice(None), slice(None), *(k // 2 for k in sizes))
    kernel[centre] = scale * haar_product(n, generator, n, "real").matrix()
    return kernel


def circular_convolution_singular_values(kernel: ArrayLike, shape: Sequence[int]) -> NDArray[np.float64]:
    """Singular values of a convolution with circular padding, from one small matrix a frequency (Sedghi et al. 2019).

    Parameters
    ----------
    kernel : array_like of shape (channels out, channels in, *kernel size)
        As the weight of ``torch.nn.Conv1d`` or ``Conv2d`` (stride 1, no dilation).
    shape : sequence of int
        Spatial size of the input, at least the kernel size.

    Returns
    -------
    ndarray
        All of them, descending.

    Raises
    ------
    TypeError
        If `kernel` or `shape` is not of the kind named above.
    ValueError
        If `kernel` or `shape` is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.networks import circular_convolution_singular_values
    >>> circular_convolution_singular_values(np.array([[[0.0, 2.0, 0.0]]]), (4,))  # twice the identity
    array([2., 2., 2., 2.])
    """
    array = check_reals("kernel", kernel)
    if not np.isfinite(array).all():
        raise ValueError("kernel must hold finite numbers, got NaN or an infinity")
    sizes = tuple(check_count("shape", s) for s in check_items("shape", shape, "integers"))
    if array.ndim != 2 + len(sizes) or any(k > s for k, s in zip(array.shape[2:], sizes, strict=True)):
        raise ValueError(
            f"kernel must have shape (out, in, *k) with k no larger than the input {sizes}, got {array.shape}"
        )
    axes: Any = tuple(range(2, array.ndim))
    blocks = np.moveaxis(np.fft.fftn(array, sizes, axes=axes), (0, 1), (-2, -1))
    return np.sort(np.linalg.svd(blocks, compute_uv=False).ravel())[::-1]
