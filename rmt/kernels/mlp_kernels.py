"""Kernels of wide multilayer perceptrons: NNGP and NTK.

h_1 = σ_w W x/√d + σ_b b and h_{l+1} = σ_w W φ(h_l)/√n + σ_b b with standard normal entries; L hidden layers; the last
h is the output. In the limit of wide layers

    K_1 = σ_w² x·x'/d + σ_b²,   K_{l+1} = σ_w² F(K_l) + σ_b²                     (Neal 1996; Lee et al. 2018)
    Θ_1 = K_1,                  Θ_{l+1} = K_{l+1} + σ_w² F'(K_l) Θ_l             (Jacot, Gabriel and Hongler 2018)

with F and F' the dual activations of φ and of its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.ensembles.repeats import progress_bar
from rmt.errors import LARGEST_SCALE, check_choice, check_count, check_real
from rmt.kernels.covariances import (
    bias_block,
    check_inputs,
    covariance_block,
    dense_block,
    first_gaps,
    squared_norms,
)
from rmt.kernels.engines import Engine, engine
from rmt.kernels.kernel_activations import activation as kernel_activation
from rmt.kernels.kernel_activations import require_slope
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.architecture import mlp as networks
from rmt.numerics.dense.blas import one_blas_thread
from rmt.numerics.memory import available_memory

Real = NDArray[np.float64]
Parametrization = Literal["ntk", "standard", "mup"]

PARAMETRIZATIONS = ("ntk", "standard", "mup")
#: variances stay below, so that products of two are finite
LARGEST_LENGTH = 1e150
#: which kernel is wanted
NNGP, NTK = "nngp", "ntk"
#: entries of a block of rows, if the caller does not say
BLOCK_ENTRIES = 4_000_000
#: arrays of the size of a block that are alive at once
BLOCK_ARRAYS = 4


@dataclass(frozen=True)
class LayerRecursion:
    """Layers of a network as the kernels see them.

    Attributes
    ----------
    activations : tuple of Activation
        Of the L hidden layers.
    sigma_w, sigma_b : tuple of float
        Of the L + 1 dense layers.
    parametrization : str
    widths : tuple of int or None
        Of the hidden layers, for the standard parametrization.
    train_biases : bool
        Whether biases are trained; with ``has_biases`` False there are none.
    has_biases : bool
    """

    activations: tuple[Activation, ...]
    sigma_w: tuple[float, ...]
    sigma_b: tuple[float, ...]
    parametrization: str = "ntk"
    widths: tuple[int, ...] | None = None
    train_biases: bool = True
    has_biases: bool = True

    def added(self, layer: int, dimension: int) -> tuple[float, float]:
        """Factors of F and of 1 in what dense layer `layer` adds to the tangent kernel; F = x·x'/d in the first."""
        trained = self.train_biases and self.has_biases
        if self.parametrization == "standard":
            assert self.widths is not None
            fan_in = dimension if layer == 0 else self.widths[layer - 1]
            return float(fan_in), 1.0 if trained else 0.0
        return self.sigma_w[layer] ** 2, self.sigma_b[layer] ** 2 if trained else 0.0


def nngp(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    activation: ActivationLike,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    rows: int | None = None,
    out: Any = None,
    progress: bool = False,
) -> Real:
    """Covariance of the outputs of a wide random network: the kernel of its Gaussian process.

    Parameters
    ----------
    X : array_like of shape (n, d)
        Inputs, one a row.
    Y : array_like of shape (m, d), optional
        Other inputs; the same by default.
    activation : str, callable or Activation
        See :func:`rmt.kernels.activation`.
    depth : int
        Number L of hidden layers, >= 0.
    sigma_w, sigma_b : float
        Weights have variance ``sigma_w²/fan_in``, biases ``sigma_b²``; x·x' enters divided by d.
    rows : int, optional
        Rows computed at a time; by default as many as make blocks of about 4 million entries.
    out : array of shape (n, m), optional
        Where to write the kernel, such as a ``numpy.memmap``: besides it only the blocks are in memory.
    progress : bool
        Show a progress bar on stderr (needs tqdm).

    Returns
    -------
    ndarray of shape (n, m)
        Symmetric to the bit without `Y`; its diagonal is the recursion of a single input.

    Raises
    ------
    TypeError
        If `X`, `Y`, `activation`, `depth`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        If the inputs are not a finite two-dimensional array, a scale is negative, φ is not square integrable at the
        largest variance met, or the kernel does not fit into memory.

    References
    ----------
    Neal 1996; Lee et al. 2018.

    Examples
    --------
    >>> K = nngp([[1.0, 0.0], [0.0, 1.0]], activation="relu", depth=1, sigma_w=2**0.5)
    >>> K[0].round(12).tolist()
    [1.0, 0.318309886184]
    """
    layers = _equal_layers(activation, depth, sigma_w, sigma_b)
    return _one(gram(layers, X, Y, wanted=(NNGP,), rows=rows, out=out, progress=progress))


def ntk(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    activation: ActivationLike,
    depth: int,
    sigma_w: float = 1.0,
    sigma_b: float | None = 0.0,
    parametrization: Parametrization = "ntk",
    width: int | None = None,
    train_biases: bool = True,
    rows: int | None = None,
    out: Any = None,
    progress: bool = False,
) -> Real:
    """Neural tangent kernel of a wide network at initialisation.

    Parameters
    ----------
    X, Y, activation, depth, sigma_w
        As for :func:`nngp`.
    sigma_b : float or None
        Standard deviation of the biases; None for a network without any.
    parametrization : {"ntk", "standard", "mup"}
        ``"ntk"``: standard normal parameters times their scales. ``"standard"``: weights of variance
        ``sigma_w²/fan_in``, biases of variance ``sigma_b²``, all trained at one rate: the kernel is of the order of
        `width`, and a bias adds 1 even where ``sigma_b = 0``. ``"mup"``: maximal-update scaling with its layerwise
        rates, whose kernel *at initialisation* is that of ``sigma_w = 1``, ``sigma_b = 0``; it moves in training.
    width : int, optional
        Hidden width, for ``"standard"``.
    train_biases : bool
        False keeps the biases as they were drawn.
    rows, out, progress
        As for :func:`nngp`.

    Returns
    -------
    ndarray of shape (n, m)

    Raises
    ------
    TypeError
        If `X`, `Y`, `activation`, `depth`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        As for :func:`nngp`; for an activation that jumps; if `width` is missing or superfluous; if ``"mup"`` is given
        scales.

    References
    ----------
    Jacot, Gabriel and Hongler 2018.

    Examples
    --------
    >>> float(ntk([[1.0, 1.0]], activation="relu", depth=3, sigma_w=2**0.5).round(12)[0, 0])  # (L + 1) K_1
    8.0
    """
    layers = _equal_layers(activation, depth, sigma_w, 0.0 if sigma_b is None else sigma_b)
    layers = _parametrized(layers, parametrization, width, train_biases, sigma_b is not None)
    return _one(gram(layers, X, Y, wanted=(NTK,), rows=rows, out=out, progress=progress))


def nngp_and_ntk(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    activation: ActivationLike,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    rows: int | None = None,
    progress: bool = False,
) -> tuple[Real, Real]:
    """Both kernels in one pass: :func:`nngp` and :func:`ntk` in the NTK parametrization.

    Parameters
    ----------
    X, Y, activation, depth, sigma_w, sigma_b, rows, progress
        As for :func:`nngp`.

    Returns
    -------
    K, theta : ndarray of shape (n, m)

    Raises
    ------
    TypeError
        If `X`, `Y`, `activation`, `depth`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        As for the two.

    Examples
    --------
    >>> K, theta = nngp_and_ntk([[1.0, 1.0]], activation="relu", depth=3, sigma_w=2**0.5)
    >>> float((theta / K).round(12)[0, 0])
    4.0
    """
    layers = _parametrized(_equal_layers(activation, depth, sigma_w, sigma_b), "ntk", None, True, True)
    K, theta = gram(layers, X, Y, wanted=(NNGP, NTK), rows=rows, progress=progress)
    return K, theta


class MLP(networks.MLP):
    """A wide multilayer perceptron: :class:`rmt.networks.MLP` with its two kernels.

    Its L layers are the hidden layers of the kernels; the read-out that follows has the scales of the last of them.

    Parameters
    ----------
    depth : int
        Number L of layers, and of factors D_l W_l of the Jacobian.
    activation : str, callable, Activation, or a sequence of them
        One for all layers, or one each.
    sigma_w : float or sequence of float
        Weights have variance ``sigma_w² / fan_in``; orthogonal ones are sigma_w times an orthogonal matrix
        (orthonormal rows if the layer narrows, columns if it widens).
    sigma_b : float or sequence of float
        Standard deviation of the biases.
    weights : str, EntryLaw, frozen scipy.stats distribution, or Law
        ``"gaussian"``, ``"orthogonal"``, or any entry law of :mod:`rmt.ensembles.entries`.
    widths : sequence of L + 1 positive numbers, optional
        Widths N_0, ..., N_L, or their ratios; all equal by default.
    input_q : float, optional
        Mean square of the entries of the input. Without it every layer sits at the stationary length q*, which
        exists only if all layers are equal.

    Raises
    ------
    TypeError
        If `depth`, `activation`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        If `depth`, `activation`, `sigma_w` or `sigma_b` is out of the range named above.

    Examples
    --------
    >>> import rmt
    >>> net = rmt.MLP(2, "relu", sigma_w=2**0.5)
    >>> net.nngp([[1.0, 0.0]]).round(6), net.ntk([[1.0, 0.0]]).round(6)  # the latter L + 1 times the former
    (array([[1.]]), array([[3.]]))
    >>> net.with_depth(3).depth, net.with_weights("orthogonal").weights
    (3, 'orthogonal')
    """

    def nngp(self, X: ArrayLike, Y: ArrayLike | None = None, **options: Any) -> Real:
        """Covariance of the outputs: :func:`rmt.kernels.nngp`, which names the options.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Inputs, one a row.
        Y : array_like of float, shape (m, d), optional
            Other inputs; `X` again when None.
        **options : object
            As for :func:`rmt.kernels.nngp`.

        Returns
        -------
        ndarray of float, shape (n, n) or (n, m)
        """
        return _one(gram(recursion(self), X, Y, wanted=(NNGP,), **options))

    def ntk(
        self,
        X: ArrayLike,
        Y: ArrayLike | None = None,
        *,
        parametrization: Parametrization = "ntk",
        train_biases: bool = True,
        **options: Any,
    ) -> Real:
        """Neural tangent kernel: :func:`rmt.kernels.ntk`, which names the options.

        With ``parametrization="standard"`` the attribute `widths` gives the widths.

        Parameters
        ----------
        X : array_like of float, shape (n, d)
            Inputs, one a row.
        Y : array_like of float, shape (m, d), optional
            Other inputs; `X` again when None.
        parametrization : {"ntk", "standard", "mup"}
            As for :func:`rmt.kernels.ntk`.
        train_biases : bool
            Whether biases are trained.
        **options : object
            As for :func:`rmt.kernels.ntk`.

        Returns
        -------
        ndarray of float, shape (n, n) or (n, m)
        """
        width = None
        if parametrization == "standard":
            if max(self.widths) < 2:
                raise ValueError("the standard parametrization needs widths=, the widths N_0, ..., N_L of the network")
            width = tuple(round(w) for w in self.widths[1:])
        layers = _parametrized(recursion(self), parametrization, width, train_biases, True)
        return _one(gram(layers, X, Y, wanted=(NTK,), **options))

    def with_weights(self, weights: Any) -> MLP:
        """The same network with other weights.

        Parameters
        ----------
        weights : str, EntryLaw, frozen scipy.stats distribution, or Law
            As for the class.

        Returns
        -------
        MLP
        """
        return MLP(self.depth, self.activations, self.sigma_w, self.sigma_b, weights, self.widths, self.input_q)

    def with_depth(self, depth: int) -> MLP:
        """The same layers, all equal, in another number.

        Parameters
        ----------
        depth : int
            Number of layers, >= 1.

        Returns
        -------
        MLP
        """
        made = super().with_depth(depth)
        return MLP(depth, made.activations, made.sigma_w, made.sigma_b, made.weights, input_q=made.input_q)


def recursion(net: networks.MLP) -> LayerRecursion:
    """Layers of a network, with a read-out of the scales of the last hidden layer."""
    sigma_w, sigma_b = (*net.sigma_w, net.sigma_w[-1]), (*net.sigma_b, net.sigma_b[-1])
    return LayerRecursion(net.activations, sigma_w, sigma_b)


def _equal_layers(activation: ActivationLike, depth: int, sigma_w: float, sigma_b: float) -> LayerRecursion:
    layers = check_count("depth", depth, minimum=0)
    phi = kernel_activation(activation)
    weight = float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE))
    bias = float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE))
    return LayerRecursion((phi,) * layers, (weight,) * (layers + 1), (bias,) * (layers + 1))


def _parametrized(
    layers: LayerRecursion, name: str, width: Any, train_biases: bool, has_biases: bool
) -> LayerRecursion:
    for phi in layers.activations:
        require_slope(phi)
    check_choice("parametrization", name, PARAMETRIZATIONS)
    depth = len(layers.activations)
    widths: tuple[int, ...] | None = None
    if name == "standard":
        if width is None and depth > 0:
            raise ValueError("the standard parametrization needs width=, the hidden width: its kernel grows like it")
        given = width if isinstance(width, tuple) else (width,) * depth
        widths = tuple(check_count("width", w) for w in given)
    elif width is not None:
        raise ValueError(f"width belongs to the standard parametrization, got width={width!r} with {name!r}")
    if name == "mup" and (set(layers.sigma_w) != {1.0} or set(layers.sigma_b) != {0.0}):
        raise ValueError(
            "the kernel of the mup parametrization at initialisation is that of sigma_w = 1, sigma_b = 0, got "
            f"sigma_w = {layers.sigma_w[0]:g}, sigma_b = {layers.sigma_b[0]:g}; leave them out"
        )
    return LayerRecursion(
        layers.activations, layers.sigma_w, layers.sigma_b, name, widths, bool(train_biases), has_biases
    )


@dataclass(frozen=True, eq=False)
class _Side:
    """Variances of one set of inputs at every layer."""

    inputs: Real
    norms: Real
    lengths: tuple[Real, ...]

    def part(self, chosen: slice) -> _Side:
        return _Side(self.inputs[chosen], self.norms[chosen], tuple(q[chosen] for q in self.lengths))


def gram(
    layers: LayerRecursion,
    X: ArrayLike,
    Y: ArrayLike | None,
    *,
    wanted: tuple[str, ...],
    rows: int | None = None,
    out: Any = None,
    progress: bool = False,
) -> tuple[Real, ...]:
    """The wanted kernels on all pairs of inputs; see :func:`nngp` and :func:`ntk`."""
    first = check_inputs("X", X)
    second = first if Y is None else check_inputs("Y", Y)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"X and Y must have the same number of columns, got {first.shape[1]} and {second.shape[1]}")
    shape = (first.shape[0], second.shape[0])
    size = _block_rows(rows, shape)
    kernels = _targets(out, shape, size, len(wanted))
    engines, (left, right) = _engines(layers, first, None if Y is None else second)
    starts = range(0, shape[0], size)
    with one_blas_thread(), progress_bar(len(starts), progress) as advance:
        for start in starts:
            stop = min(start + size, shape[0])
            part = left.part(slice(start, stop))
            if Y is None:
                blocks = _blocks(layers, engines, part, left.part(slice(0, stop)), start, wanted)
            else:
                blocks = _blocks(layers, engines, part, right, -1, wanted)
            for kernel, block in zip(kernels, blocks, strict=True):
                _store(kernel, block, start, stop, Y is None)
            advance(1)
    return kernels


def _store(kernel: Real, block: Real, start: int, stop: int, symmetric: bool) -> None:
    """Write a block of rows, and its mirror image."""
    if not symmetric:
        kernel[start:stop] = block
        return
    corner = np.tril(block[:, start:])
    kernel[start:stop, :start] = block[:, :start]
    kernel[:start, start:stop] = block[:, :start].T
    kernel[start:stop, start:stop] = corner + np.tril(corner, -1).T


def _one(kernels: tuple[Real, ...]) -> Real:
    (kernel,) = kernels
    return kernel


def _block_rows(rows: int | None, shape: tuple[int, int]) -> int:
    if rows is not None:
        return min(check_count("rows", rows), shape[0])
    return max(1, min(shape[0], BLOCK_ENTRIES // shape[1]))


def _targets(out: Any, shape: tuple[int, int], size: int, count: int) -> tuple[Real, ...]:
    """The arrays to fill, if they and the blocks fit into memory."""
    whole = 0.0 if out is not None else 8.0 * count * shape[0] * shape[1]
    needed = 8.0 * BLOCK_ARRAYS * size * shape[1] + whole
    available = available_memory()
    if needed > available:
        raise ValueError(
            f"a {shape[0]} × {shape[1]} kernel in blocks of {size} rows takes {needed / 1e9:.2f} GB, "
            f"{available / 1e9:.2f} GB are free; pass out=numpy.memmap(...) to keep it on disk, and fewer rows"
        )
    if out is None:
        return tuple(np.empty(shape) for _ in range(count))
    if getattr(out, "shape", None) != shape or getattr(out, "dtype", None) != np.float64:
        raise ValueError(f"out must be a float64 array of shape {shape}, got {getattr(out, 'shape', out)!r}")
    return (cast(Real, out),)


def _engines(layers: LayerRecursion, X: Real, Y: Real | None) -> tuple[list[Engine], tuple[_Side, _Side]]:
    """One engine a hidden layer, and the variances of all inputs on the way."""
    both = X if Y is None else np.concatenate([X, Y])
    norms = squared_norms(both)
    q = layers.sigma_w[0] ** 2 * norms / X.shape[1] + layers.sigma_b[0] ** 2
    lengths, engines = [_checked_lengths(q, 1)], []
    for index, phi in enumerate(layers.activations):
        made = engine(phi, lengths[-1])
        engines.append(made)
        with np.errstate(over="ignore"):
            q = layers.sigma_w[index + 1] ** 2 * made.moments(lengths[-1]) + layers.sigma_b[index + 1] ** 2
        lengths.append(_checked_lengths(q, index + 2))
    count = X.shape[0]
    sides = [
        _Side(both[chosen], norms[chosen], tuple(t[chosen] for t in lengths))
        for chosen in (slice(0, count), slice(0 if Y is None else count, None))
    ]
    return engines, (sides[0], sides[1])


def _checked_lengths(q: Real, layer: int) -> Real:
    if not (q <= LARGEST_LENGTH).all():
        raise ValueError(
            f"the variance of the pre-activations exceeds {LARGEST_LENGTH:g} at layer {layer}: it grows like a power "
            "of the depth; lower sigma_w or depth"
        )
    return q


def _blocks(
    layers: LayerRecursion, engines: list[Engine], left: _Side, right: _Side, start: int, wanted: tuple[str, ...]
) -> tuple[Real, ...]:
    """The kernels on a block; of a symmetric matrix the lower triangle, whose diagonal starts at column `start`."""
    dimension = left.inputs.shape[1]
    tangent = NTK in wanted
    products = left.inputs @ right.inputs.T
    gap = products.copy() if tangent else products
    weight, bias = layers.sigma_w[0] ** 2 / dimension, layers.sigma_b[0] ** 2
    first_gaps(left.inputs, right.inputs, left.norms, right.norms, weight, bias, gap, start)
    factor, constant = layers.added(0, dimension)
    theta = products
    if tangent:
        if start >= 0:
            rows = np.arange(left.norms.size)
            theta[rows, rows + start] = left.norms
        theta *= factor / dimension
        theta += constant
    for index, made in enumerate(engines):
        moment1, moment2, slope = made.block(left.lengths[index], right.lengths[index], gap, start)
        weight, bias = layers.sigma_w[index + 1] ** 2, layers.sigma_b[index + 1] ** 2
        if tangent:
            dense_block(moment1, moment2, gap, slope, theta, weight, bias, layers.added(index + 1, dimension), start)
        elif bias > 0.0:
            bias_block(moment1, moment2, gap, weight, bias, start)
    if NNGP in wanted:
        covariance_block(left.lengths[-1], right.lengths[-1], gap, start)
    return tuple(gap if name == NNGP else theta for name in wanted)
