"""Set the weights of a real model as advised."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.errors import LARGEST_VARIANCE, check_generator, check_items, check_real
from rmt.networks.reports.advice import Advice
from rmt.networks.reports.depth_growth import chain_relvar

Real = NDArray[np.float64]

_CONVOLUTIONS = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
_TRANSPOSED = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)
_LAYERS = (torch.nn.Linear, *_CONVOLUTIONS, *_TRANSPOSED)
#: share by which the promised relative variance may be missed
TOLERANCE = 0.2
#: what old-style reparametrisations leave beside the weight that they compute
_COMPUTED = ("weight_g", "weight_v", "weight_orig")


@dataclass(frozen=True)
class PlannedLayer:
    """What :func:`apply_init` does to one layer.

    Attributes
    ----------
    name : str
        Dotted name in the model.
    kind : str
        Class of the layer.
    shape : tuple of int
        Of the weights.
    scale : float
        Of the (semi-)orthogonal matrix.
    sigma_b : float or None
        Standard deviation of the biases; None without biases.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    scale: float
    sigma_b: float | None

    def __str__(self) -> str:
        bias = "" if self.sigma_b is None else f", biases of standard deviation {self.sigma_b:.6g}"
        size = "×".join(map(str, self.shape))
        return f"{self.name or 'the module'}: {self.kind} {size}, {self.scale:.6g} times orthogonal{bias}"


def apply_init(
    module: Any,
    advice: Advice,
    *,
    input_q: float | None = None,
    layers: Iterable[str] | None = None,
    dry_run: bool = False,
    rng: Any = None,
) -> Any:
    """Set the weights and biases of linear and convolution layers of a model as advised.

    Linear layers get sigma_w times a Haar (semi-)orthogonal matrix, convolutions a delta-orthogonal kernel (Xiao et al.
    2018): that matrix on one tap, zeros elsewhere; with a stride s on s taps a side, so that every position of the
    input is met once; with groups one matrix for each. Biases are normal of standard deviation sigma_b.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place; numbers keep their type and device.
    advice : Advice
        ``check_isometry(module, x).advice``, which knows the layers of its range in the order of execution and leaves a
        readout out, or what :func:`rmt.networks.advise` gives, for all layers in the order of registration.
    input_q : float, optional
        Mean square of the entries of the input that the model will see. With it the first layer is scaled so that
        every layer sits at the stationary length; J then has a constant factor in front. Without it the first layer
        is like the others, and the input should have mean square ``advice.input_q``.
    layers : iterable of str, optional
        Dotted names of the layers to set, in the order of execution, instead of those.
    dry_run : bool
        Change nothing, and return what would be done.
    rng : Generator, SeedSequence, int or None
        The random state of torch is not touched.

    Returns
    -------
    Module or tuple of PlannedLayer
        The same module; the plan for a dry run.

    Raises
    ------
    TypeError
        If `module` is not a module, or `advice` not an Advice.
    ValueError
        If there is no setting to apply (the reason is given), or no layer to apply it to; if a layer cannot be set (it
        is named): its weights are computed by a parametrisation, frozen, shared with another layer or not yet made, it
        has groups of so few channels that the promised relative variance is missed by a fifth, or it is of another
        kind; or if `input_q` is given and the order of execution is not known. Nothing is written then.

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
    first = advice.sigma_w
    if input_q is not None and advice.input_q is not None:
        first *= math.sqrt(advice.input_q / float(check_real("input_q", input_q, above=0.0, at_most=LARGEST_VARIANCE)))
    chosen = _chosen(module, advice, layers, ordered=first != advice.sigma_w)
    for name, layer in chosen:
        _check_layer(module, name, layer)
        _check_groups(name, layer, advice, len(chosen))
    plan = tuple(
        PlannedLayer(
            name,
            type(layer).__name__,
            tuple(layer.weight.shape),
            first if number == 0 else advice.sigma_w,
            None if layer.bias is None else advice.sigma_b,
        )
        for number, (name, layer) in enumerate(chosen)
    )
    if dry_run:
        return plan
    generator = check_generator(rng)
    made = [planned.scale * _orthogonal(layer, generator) for planned, (_, layer) in zip(plan, chosen, strict=True)]
    with torch.no_grad():
        for weights, (_, layer) in zip(made, chosen, strict=True):
            _copy(layer.weight, weights)
            if layer.bias is not None:
                _copy(layer.bias, advice.sigma_b * generator.standard_normal(tuple(layer.bias.shape)))
    return module


# ---------------------------------------------------------------------- which layers
def _chosen(module: Any, advice: Advice, layers: Iterable[str] | None, *, ordered: bool) -> list[tuple[str, Any]]:
    """The layers to set with their names, from the first."""
    modules = dict(module.named_modules())
    if layers is not None or advice.layers:
        names = list(check_items("layers", advice.layers if layers is None else layers, "names of layers"))
        missing = next((n for n in names if n not in modules), None)
        if missing is not None:
            raise ValueError(f"the module has no layer {missing!r}; its layers are {_known(modules)}")
        if twice := next((n for n in names if names.count(n) > 1), None):
            raise ValueError(f"{twice!r} is used more than once: one matrix in several places is no free product")
        if not names:
            raise ValueError("layers must name at least one layer, got none")
        return [(name, modules[name]) for name in names]
    found = [(name, m) for name, m in modules.items() if _is_layer(m)]
    if not found:
        raise ValueError("the module has no linear or convolution layer to initialise")
    if ordered and not _in_order(modules):
        raise ValueError(
            "input_q scales the first layer, and the order of execution is not known: take the advice of "
            "check_isometry(module, x), or give layers= in their order"
        )
    return found


def _known(modules: dict[str, Any]) -> str:
    return ", ".join(repr(name) for name, m in modules.items() if _is_layer(m)) or "none"


def _in_order(modules: dict[str, Any]) -> bool:
    """Whether layers are executed in the order of registration: all that holds them is a Sequential."""
    return all(_is_layer(m) or isinstance(m, torch.nn.Sequential) or not any(m.children()) for m in modules.values())


def _is_layer(module: Any) -> bool:
    return isinstance(module, _LAYERS) or _is_conv1d(module)


def _is_conv1d(module: Any) -> bool:
    """Whether it is the linear layer of GPT-2, whose weights have the shape (fan_in, fan_out)."""
    return type(module).__name__ == "Conv1D" and getattr(getattr(module, "weight", None), "ndim", 0) == 2


def _check_layer(module: Any, name: str, layer: Any) -> None:
    """Refuse a layer whose weights cannot be set so that it does what is promised."""
    shown = repr(name) if name else "the module"
    if not _is_layer(layer):
        raise ValueError(
            f"{shown} is {type(layer).__name__}, and only linear and convolution layers can be set; leave it out by "
            "layers="
        )
    if torch.nn.utils.parametrize.is_parametrized(layer) or any(hasattr(layer, a) for a in _COMPUTED):
        raise ValueError(
            f"the weights of {shown} are computed by a parametrisation (weight_norm, spectral_norm, orthogonal), which "
            "would undo what is written; remove it first: torch.nn.utils.parametrize.remove_parametrizations"
        )
    weight = layer.weight
    if isinstance(weight, torch.nn.parameter.UninitializedParameter):
        raise ValueError(f"the weights of {shown} are not made yet; run the model once")
    if not weight.requires_grad or (layer.bias is not None and not layer.bias.requires_grad):
        raise ValueError(f"{shown} is frozen; set requires_grad to True, or leave it out by layers=")
    sharing = [
        place
        for place, m in module.named_modules(remove_duplicate=False)
        for p in m._parameters.values()
        if p is weight and place != name
    ]
    if sharing:
        raise ValueError(f"{shown} shares its weights with {sharing[0]!r}; untie them, or leave it out by layers=")
    if isinstance(layer, (*_CONVOLUTIONS, *_TRANSPOSED)) and any(
        s > 1 and d > 1 for s, d in zip(layer.stride, layer.dilation, strict=True)
    ):
        raise ValueError(f"{shown} has stride and dilation: no kernel of it is orthogonal; leave it out by layers=")


def _check_groups(name: str, layer: Any, advice: Advice, depth: int) -> None:
    """Refuse groups of so few channels that their slopes multiply coherently, and the promised spread is missed."""
    if getattr(layer, "groups", 1) == 1 or not advice.relvar > 0.0:
        return
    side = min(layer.in_channels, layer.out_channels) // layer.groups
    # lengths of few channels scatter, and the spread of smooth slopes goes with their square
    spread = advice.relvar / depth * (1.0 if advice.q is None else 1.0 + 2.0 / side)
    found = chain_relvar([spread] * depth, [side] * (depth + 1), orthogonal=True)
    if found > (1.0 + TOLERANCE) * advice.relvar:
        raise ValueError(
            f"{name!r} mixes only {side} channels in a group: the relative variance would be about {found:.3g}, "
            f"not the promised {advice.relvar:.3g}; take fewer groups, or leave it out by layers="
        )


# ---------------------------------------------------------------------- matrices
def _orthogonal(layer: Any, rng: np.random.Generator) -> Real:
    """Weights of scale 1 of a layer: (semi-)orthogonal as a linear map, as far as its taps allow."""
    shape = tuple(layer.weight.shape)
    if _is_conv1d(layer):
        return haar_rectangle(shape[::-1], rng).T
    if isinstance(layer, torch.nn.Linear):
        return haar_rectangle(shape, rng)
    groups, sizes = layer.groups, shape[2:]
    padding = _padding(layer, sizes)
    taps = [_met_taps(k, s, p, d) for k, s, p, d in zip(sizes, layer.stride, padding, layer.dilation, strict=True)]
    # rows of the kernel are outputs, of a transposed convolution inputs: both are kernels of a convolution
    rows, columns = shape[0] // groups, shape[1]
    count = math.prod(len(t) for t in taps)
    kernel = np.zeros(shape)
    for group in range(groups):
        matrix = haar_rectangle((rows, columns * count), rng).reshape(rows, columns, *(len(t) for t in taps))
        part = np.zeros((rows, columns, *sizes))
        part[np.ix_(range(rows), range(columns), *taps)] = matrix
        kernel[group * rows : (group + 1) * rows] = part
    return kernel


def _padding(layer: Any, sizes: Sequence[int]) -> list[int]:
    if layer.padding == "same":
        return [d * (k - 1) // 2 for k, d in zip(sizes, layer.dilation, strict=True)]
    return [0] * len(sizes) if layer.padding == "valid" else list(layer.padding)


def _met_taps(size: int, stride: int, padding: int, dilation: int) -> list[int]:
    """Taps on one axis that meet every position of the input once: the one of shift 0, or with a stride as many."""
    start = padding // dilation if padding % dilation == 0 and padding // dilation < size else (size - 1) // 2
    if padding == 0:
        start = (size - 1) // 2 if stride == 1 else 0
    return list(range(start, min(start + stride, size)))


def haar_rectangle(shape: tuple[int, ...], rng: np.random.Generator) -> Real:
    """Haar (semi-)orthogonal matrix of this shape, rows by columns.

    Parameters
    ----------
    shape : (int, int)
    rng : Generator
    """
    from rmt.numerics.dense.householder import haar_product

    rows, columns = shape
    matrix = haar_product(max(rows, columns), rng, min(rows, columns), "real").matrix()
    return np.asarray(matrix if rows >= columns else matrix.T)


def _copy(parameter: Any, values: Real) -> None:
    parameter.copy_(torch.as_tensor(np.ascontiguousarray(values), dtype=parameter.dtype, device=parameter.device))
