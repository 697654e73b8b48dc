"""Kernels of stacks of layers: dense, convolutional, residual and normalised networks in the limit of many channels.

Convolutional networks with many channels are Gaussian processes (Novak et al. 2019).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import LARGEST_SCALE, check_choice, check_count, check_real, check_reals
from rmt.kernels.covariances import check_inputs
from rmt.kernels.engines import engine
from rmt.kernels.features import Features, Sites, input_features
from rmt.kernels.kernel_activations import activation as kernel_activation
from rmt.kernels.kernel_activations import gaussian_mean, require_slope
from rmt.networks.activations.activation import Activation
from rmt.numerics.dense.blas import one_blas_thread
from rmt.numerics.memory import available_memory

Real = NDArray[np.float64]

PADDINGS = ("circular", "zero")
#: arrays of the size of all pairs that are alive at once
ARRAYS = 12


@dataclass(frozen=True)
class Dense:
    """Affine layer σ_w W x/√n + σ_b b.

    Attributes
    ----------
    sigma_w, sigma_b : float
        Weights have variance ``sigma_w²/fan_in``, biases ``sigma_b²``.

    Raises
    ------
    TypeError
        If `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        If `sigma_w` or `sigma_b` is out of the range named above.

    Examples
    --------
    >>> from rmt.kernels import Dense, Stack
    >>> Stack([Dense(sigma_w=2.0, sigma_b=1.0)]).nngp([[1.0, 0.0]])  # 4/2 + 1
    array([[3.]])
    """

    sigma_w: float = 1.0
    sigma_b: float = 0.0

    def __post_init__(self) -> None:
        check_real("sigma_w", self.sigma_w, at_least=0.0, at_most=LARGEST_SCALE)
        check_real("sigma_b", self.sigma_b, at_least=0.0, at_most=LARGEST_SCALE)


@dataclass(frozen=True)
class Conv:
    """Convolution over all offsets of a window, averaged: weights have variance ``sigma_w²/(channels · offsets)``.

    Attributes
    ----------
    sigma_w, sigma_b : float
    size : int or tuple of int
        Odd side of the window, for each axis of the image or for all.
    stride : int or tuple of int
    padding : {"circular", "zero"}
        What lies beyond the border. With ``"zero"`` the window still counts all of its offsets.

    Raises
    ------
    TypeError
        If `sigma_w`, `sigma_b`, `size`, `stride` or `padding` is not of the kind named above.
    ValueError
        If `sigma_w`, `sigma_b`, `size`, `stride` or `padding` is out of the range named above.

    Examples
    --------
    >>> from rmt.kernels import Conv, Flatten, Stack
    >>> Stack([Conv(size=3), "relu", Flatten()]).nngp([[[[1.0], [0.0], [0.0]]]]).shape
    (1, 1)
    """

    sigma_w: float = 1.0
    sigma_b: float = 0.0
    size: int | tuple[int, ...] = 3
    stride: int | tuple[int, ...] = 1
    padding: str = "circular"

    def __post_init__(self) -> None:
        check_real("sigma_w", self.sigma_w, at_least=0.0, at_most=LARGEST_SCALE)
        check_real("sigma_b", self.sigma_b, at_least=0.0, at_most=LARGEST_SCALE)
        check_choice("padding", self.padding, PADDINGS)
        for side in _per_axis(self.size):
            if check_count("size", side) % 2 == 0:
                raise ValueError(f"size must be odd, so that the window has a centre, got {side}")
        for step in _per_axis(self.stride):
            check_count("stride", step)


@dataclass(frozen=True)
class LayerNorm:
    """Normalisation to mean 0 and variance 1 over the features, those of one pixel in an image.

    Examples
    --------
    >>> from rmt.kernels import Dense, LayerNorm, Stack
    >>> Stack([Dense(), LayerNorm(), "relu", Dense()]).nngp([[3.0, 0.0]]).round(9)  # E relu(x)²
    array([[0.5]])
    """


@dataclass(frozen=True)
class Flatten:
    """All pixels and channels as one vector.

    Examples
    --------
    >>> from rmt.kernels import Flatten
    >>> Flatten()
    Flatten()
    """


@dataclass(frozen=True)
class GlobalAveragePool:
    """Mean over all pixels.

    Examples
    --------
    >>> from rmt.kernels import GlobalAveragePool
    >>> GlobalAveragePool()
    GlobalAveragePool()
    """


class Residual:
    """Skip connection h + scale · f(h).

    Parameters
    ----------
    layers : sequence
        What f is made of, such as ``["relu", Dense(2**0.5)]``; the last one has weights of its own.
    scale : float
        Factor of the branch f.

    Raises
    ------
    TypeError
        If `layers` or `scale` is not of the kind named above.
    ValueError
        If the last layer is neither dense nor a convolution: h and f(h) would not be independent.

    Examples
    --------
    >>> from rmt.kernels import Dense, Residual, Stack
    >>> Stack([Dense(), Residual([Dense()], scale=2.0)]).nngp([[1.0]])  # 1 + 2²
    array([[5.]])
    """

    def __init__(self, layers: Sequence[Any], scale: float = 1.0) -> None:
        self.layers = parse_layers(layers)
        self.scale = float(check_real("scale", scale))
        if not self.layers or not isinstance(self.layers[-1], (Dense, Conv)):
            raise ValueError(
                "a residual branch must end with Dense or Conv, whose fresh weights make it independent of what it is "
                f"added to; got {self.layers[-1] if self.layers else 'no layers'!r}"
            )

    def __repr__(self) -> str:
        return f"Residual({list(self.layers)!r}, scale={self.scale!r})"


def attention(*arguments: Any, **options: Any) -> NoReturn:
    """Refuse attention, and say why.

    Parameters
    ----------
    *arguments, **options : object
        Whatever comes.

    Returns
    -------
    never

    Raises
    ------
    ValueError
        Always: the scores QKᵀ of one head stay random in the limit of large width, so that its output is a mixture of
        Gaussians and no Gaussian process (Hron et al. 2020).

    Examples
    --------
    >>> from rmt.kernels import attention
    >>> try:
    ...     attention()
    ... except ValueError as error:
    ...     print(str(error)[:42])
    attention has no kernel here: the scores o
    """
    raise ValueError(
        "attention has no kernel here: the scores of one head stay random at infinite width, so that its output is not "
        "a Gaussian process; only infinitely many heads are one. Use Dense, Conv, Residual and LayerNorm"
    )


def parse_layers(layers: Sequence[Any]) -> tuple[Any, ...]:
    """The layers, with activations in place of their names.

    Raises
    ------
    TypeError
        If something is neither a layer nor an activation.
    """
    if isinstance(layers, (str, bytes)) or not isinstance(layers, Sequence):
        raise TypeError(f"layers must be a sequence of layers and activations, got {layers!r}")
    known = (Dense, Conv, LayerNorm, Flatten, GlobalAveragePool, Residual, Activation)
    return tuple(layer if isinstance(layer, known) else kernel_activation(layer) for layer in layers)


class Stack:
    """A network of layers in the limit of many channels, and its kernels.

    Parameters
    ----------
    layers : sequence
        :class:`Dense`, :class:`Conv`, :class:`Residual`, :class:`LayerNorm`, :class:`Flatten`,
        :class:`GlobalAveragePool`, and activations by name, callable or object.

    Raises
    ------
    TypeError
        If something is neither a layer nor an activation.
    ValueError
        If `layers` is out of the range named above.

    Notes
    -----
    A convolution sums the tangent kernel once over the offsets of its window, for weights at different offsets are
    independent (Arora et al. 2019). LayerNorm divides covariance and tangent kernel by √(K11 K22): the projections in
    its derivative are of the order of 1/width.

    Examples
    --------
    >>> net = Stack([Dense(1.0), Residual(["relu", Dense(2**0.5)], scale=0.5), "relu", Dense(2**0.5)])
    >>> net.nngp([[1.0, 1.0]]).shape
    (1, 1)
    >>> Stack([Dense(), "relu", Dense()]).ntk([[1.0, 0.0]]).shape
    (1, 1)
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        self.layers = parse_layers(layers)

    def __repr__(self) -> str:
        return f"Stack({list(self.layers)!r})"

    def nngp(self, X: ArrayLike, Y: ArrayLike | None = None) -> Real:
        """Covariance of the outputs.

        Parameters
        ----------
        X : array_like of shape (n, d), or (n, channels, pixels, ...)
            Vectors, or images with the channels first.
        Y : array_like, optional
            Other inputs.

        Returns
        -------
        ndarray of shape (n, m)

        Raises
        ------
        ValueError
            If the inputs do not fit the layers, or the output still has pixels.
        """
        features = self._run(X, Y)
        return _symmetric(features.covariance()[0], Y is None)

    def ntk(self, X: ArrayLike, Y: ArrayLike | None = None, *, train_biases: bool = True) -> Real:
        """Neural tangent kernel, all parameters standard normal times their scales.

        Parameters
        ----------
        X, Y : array_like
            As for :meth:`nngp`.
        train_biases : bool
            False keeps the biases as they were drawn.

        Returns
        -------
        ndarray of shape (n, m)

        Raises
        ------
        ValueError
            As for :meth:`nngp`, and for an activation that jumps.
        """
        for layer in _leaves(self.layers):
            if isinstance(layer, Activation):
                require_slope(layer)
        return _symmetric(self._run(X, Y, train_biases).tangent[0], Y is None)

    def _run(self, X: ArrayLike, Y: ArrayLike | None, train_biases: bool = True) -> Features:
        first, shape = _as_images("X", X)
        second, other = (first, shape) if Y is None else _as_images("Y", Y)
        if shape != other or first.shape[2] != second.shape[2]:
            raise ValueError(f"X and Y must have the same shape but for the first axis, got {X!r} and {Y!r}")
        pooled = any(isinstance(layer, GlobalAveragePool) for layer in _leaves(self.layers))
        sites = first.shape[1]
        _check_memory(first.shape[0], second.shape[0], sites, pooled)
        with one_blas_thread():
            cross = input_features(first, second, pooled)
            selves = [_self_features(t) for t in (first, second)] if pooled else []
            state = _State(cross, selves, shape, train_biases)
            for layer, following in zip(self.layers, [*self.layers[1:], None], strict=True):
                state = state.after(layer, following)
        if state.shape:
            raise ValueError(
                f"the output still has {math.prod(state.shape)} pixels; end with Flatten or GlobalAveragePool, then "
                "Dense"
            )
        return state.cross


def _leaves(layers: Sequence[Any]) -> Iterator[Any]:
    for layer in layers:
        if isinstance(layer, Residual):
            yield from _leaves(layer.layers)
        else:
            yield layer


def _symmetric(kernel: Real, wanted: bool) -> Real:
    if not wanted:
        return kernel
    return np.asarray(np.tril(kernel) + np.tril(kernel, -1).T)


def _as_images(name: str, value: ArrayLike) -> tuple[Real, tuple[int, ...]]:
    """Inputs as (n, pixels, channels) and the shape of the pixels; () for vectors."""
    array = check_reals(name, value)
    if array.ndim <= 2:
        return check_inputs(name, value)[:, None, :], ()
    flat = check_inputs(name, array.reshape(array.shape[0], -1)).reshape(*array.shape[:2], -1)
    return np.ascontiguousarray(flat.transpose(0, 2, 1)), array.shape[2:]


def _self_features(X: Real) -> list[Features]:
    """Every input with itself, on every pair of sites."""
    return [input_features(X[i : i + 1], X[i : i + 1], True) for i in range(X.shape[0])]


def _check_memory(n: int, m: int, sites: int, pooled: bool) -> None:
    needed = 8.0 * ARRAYS * n * m * (sites * sites if pooled else sites)
    available = available_memory()
    if needed > available:
        raise ValueError(
            f"the kernel of {n} × {m} images of {sites} pixels takes {needed / 1e9:.2f} GB, {available / 1e9:.2f} GB "
            "are free; pass fewer inputs at a time" + (", or Flatten instead of pooling" if pooled else "")
        )


def _per_axis(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


@dataclass(frozen=True, eq=False)
class _State:
    """Features between and within the sets of inputs, and the shape of their pixels."""

    cross: Features
    selves: list[list[Features]]
    shape: tuple[int, ...]
    train_biases: bool
    means: tuple[Real, Real] | None = None

    def _everywhere(self, change: Any, shape: tuple[int, ...] | None = None) -> _State:
        selves = [[change(one) for one in side] for side in self.selves]
        return _State(change(self.cross), selves, self.shape if shape is None else shape, self.train_biases)

    def after(self, layer: Any, following: Any = None) -> _State:
        """The state after one more layer."""
        if isinstance(layer, Dense):
            if self.shape:
                raise ValueError("Dense takes vectors; put Flatten() or GlobalAveragePool() between it and an image")
            return self._everywhere(lambda one: self._affine(one, layer))
        if isinstance(layer, Conv):
            return self._convolved(layer)
        if isinstance(layer, Residual):
            return self._residual(layer)
        if isinstance(layer, LayerNorm):
            return self._everywhere(lambda one: one.normalised(self.means))
        if isinstance(layer, Flatten):
            return _State(self.cross.flattened(), [], (), self.train_biases)
        if isinstance(layer, GlobalAveragePool):
            return self._pooled()
        return self._activated(layer, isinstance(following, LayerNorm))

    def _affine(self, one: Features, layer: Dense | Conv) -> Features:
        scaled = one.scaled(layer.sigma_w**2)
        bias = layer.sigma_b**2
        return scaled.with_added(bias, scaled.covariance() + (bias if self.train_biases else 0.0))

    def _convolved(self, layer: Conv) -> _State:
        if not self.shape:
            raise ValueError("Conv takes images of shape (n, channels, pixels, ...), got vectors")
        neighbours, shape = _neighbours(layer, self.shape)

        def change(one: Features) -> Features:
            total = one.taken(neighbours[0])
            for sites in neighbours[1:]:
                total = total.plus(one.taken(sites))
            return self._affine(total.scaled(1.0 / len(neighbours)), layer)

        return self._everywhere(change, shape)

    def _residual(self, layer: Residual) -> _State:
        branch = self
        for inner, following in zip(layer.layers, [*layer.layers[1:], None], strict=True):
            branch = branch.after(inner, following)
        if branch.shape != self.shape:
            raise ValueError(f"a residual branch must keep the shape of images, got {self.shape} and {branch.shape}")
        weight = layer.scale**2
        selves = [
            [a.plus(b.scaled(weight)) for a, b in zip(one, two, strict=True)]
            for one, two in zip(self.selves, branch.selves, strict=True)
        ]
        return _State(self.cross.plus(branch.cross.scaled(weight)), selves, self.shape, self.train_biases)

    def _pooled(self) -> _State:
        if not self.shape:
            raise ValueError("GlobalAveragePool takes images of shape (n, channels, pixels, ...), got vectors")
        left, right = (np.array([[float(one.covariance().mean()) for one in side]]) for side in self.selves)
        return _State(self.cross.pooled(left, right), [], (), self.train_biases)

    def _activated(self, phi: Activation, with_means: bool) -> _State:
        made = engine(phi, np.concatenate([self.cross.left.ravel(), self.cross.right.ravel()]))
        after = self._everywhere(lambda one: one.activated(made))
        if not with_means:
            return after
        means = tuple(_means(phi, side) for side in (self.cross.left, self.cross.right))
        return _State(after.cross, after.selves, after.shape, after.train_biases, (means[0], means[1]))


def _means(phi: Activation, q: Real) -> Real:
    distinct, inverse = np.unique(q.ravel(), return_inverse=True)
    values = np.array([gaussian_mean(phi, float(t)) for t in distinct])
    return np.asarray(values[np.asarray(inverse).ravel()].reshape(q.shape))


def _neighbours(layer: Conv, shape: tuple[int, ...]) -> tuple[list[Sites], tuple[int, ...]]:
    """For every offset of the window the site that each output site sees (−1 beyond the border), and the new shape."""
    sizes, strides = (
        axis * len(shape) if len(axis) == 1 else axis for axis in (_per_axis(layer.size), _per_axis(layer.stride))
    )
    if len(sizes) != len(shape) or len(strides) != len(shape):
        raise ValueError(f"size and stride must be one number or one for each of the {len(shape)} axes of the image")
    outputs = [np.arange(0, length, step) for length, step in zip(shape, strides, strict=True)]
    centres = np.stack([t.ravel() for t in np.meshgrid(*outputs, indexing="ij")])
    offsets = np.stack([t.ravel() - t.max() // 2 for t in np.indices(sizes)], axis=1)
    lengths = np.array(shape)[:, None]
    found: list[Sites] = []
    for offset in offsets:
        place = centres + offset[:, None]
        sites = np.ravel_multi_index(tuple(place % lengths), shape)
        inside = ((place >= 0) & (place < lengths)).all(axis=0)
        found.append(np.where(inside, sites, -1) if layer.padding == "zero" else sites)
    return found, tuple(len(t) for t in outputs)
