"""Set the weights of a real model as advised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.errors import LARGEST_VARIANCE, check_generator, check_real
from rmt.networks.advice import Advice

Real = NDArray[np.float64]

_CONVOLUTIONS = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)


def apply_init(module: Any, advice: Advice, *, input_q: float | None = None, rng: Any = None) -> Any:
    """Set the weights and biases of all linear and convolution layers of a model as advised.

    Linear layers get sigma_w times a Haar (semi-)orthogonal matrix, convolutions a delta-orthogonal kernel: that
    matrix on the central tap, zeros elsewhere (Xiao et al. 2018). Biases are normal of standard deviation sigma_b.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place; numbers keep their type and device.
    advice : Advice
        ``check_isometry(module, x).advice``, or what :func:`rmt.networks.advice.advise` gives.
    input_q : float, optional
        Mean square of the entries of the input that the model will see. With it the first layer is scaled so that
        every layer sits at the stationary length; J then has a constant factor in front. Without it the first layer
        is like the others, and the input should have mean square ``advice.input_q``.
    rng : Generator, SeedSequence, int or None
        The random state of torch is not touched.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    TypeError
        If `module` is not a module, or `advice` not an Advice.
    ValueError
        If there is no setting to apply (the reason is given), or no layer to apply it to.

    Examples
    --------
    >>> import torch
    >>> from rmt.networks import check_isometry
    >>> net = torch.nn.Sequential(*(f() for _ in range(8) for f in (lambda: torch.nn.Linear(64, 64), torch.nn.Tanh)))
    >>> x = torch.linspace(-1, 1, 64)
    >>> advice = check_isometry(net, x).advice
    >>> x = x * (advice.input_q / x.square().mean()) ** 0.5
    >>> print(check_isometry(apply_init(net, advice, rng=0), x).verdict)
    ISOMETRIC
    """
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    if not isinstance(advice, Advice):
        raise TypeError(f"advice must be an Advice, such as check_isometry(module, x).advice, got {advice!r}")
    if advice.sigma_w is None or advice.sigma_b is None:
        raise ValueError(f"there is no setting to apply: {advice.text}")
    layers = [m for m in module.modules() if isinstance(m, (torch.nn.Linear, *_CONVOLUTIONS))]
    if not layers:
        raise ValueError("the module has no linear or convolution layer to initialise")
    generator = check_generator(rng)
    first = advice.sigma_w
    if input_q is not None and advice.input_q is not None:
        first *= math.sqrt(advice.input_q / float(check_real("input_q", input_q, above=0.0, at_most=LARGEST_VARIANCE)))
    with torch.no_grad():
        for layer in layers:
            scale = first if layer is layers[0] else advice.sigma_w
            _copy(layer.weight, scale * delta_orthogonal(tuple(layer.weight.shape), generator))
            if layer.bias is not None:
                _copy(layer.bias, advice.sigma_b * generator.standard_normal(tuple(layer.bias.shape)))
    return module


def delta_orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> Real:
    """Haar (semi-)orthogonal matrix on the central tap of a kernel; the whole of it for a matrix."""
    from rmt.numerics.householder import haar_product

    rows, columns, *taps = shape
    matrix = haar_product(max(rows, columns), rng, min(rows, columns), "real").matrix()
    kernel = np.zeros(shape)
    central: Any = (slice(None), slice(None), *((k - 1) // 2 for k in taps))
    kernel[central] = matrix if rows >= columns else matrix.T
    return kernel


def _copy(parameter: Any, values: Real) -> None:
    parameter.copy_(torch.as_tensor(values, dtype=parameter.dtype, device=parameter.device))
