"""From a recorded forward pass to readings of its layers, in the terms of the theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import activation
from rmt.networks.reports.layer_readings import LayerReading, WeightReading, read_kernel, read_matrix
from rmt.networks.torch.operator import JacobianMap, diagonal_derivative
from rmt.networks.torch.recording import TRANSPARENT, Operation, Recording

Array = NDArray[Any]
Real = NDArray[np.float64]

#: standard deviations of correlations of independent weights from which, and values from which, weights are bound
BOUND_DEVIATIONS, BOUND_FLOOR = 6.0, 0.05
#: entries of weights that are compared
BOUND_ENTRIES = 1 << 14
#: activations that go by the same or another name in torch
_NAMES = {
    "relu": "relu",
    "relu6": "clipped_relu",
    "tanh": "tanh",
    "erf": "erf",
    "sigmoid": "sigmoid",
    "sin": "sin",
    "arctan": "arctan",
    "atan": "arctan",
    "silu": "silu",
    "mish": "mish",
    "selu": "selu",
}


def named_activation(operations: Sequence[Operation]) -> Activation | None:
    """φ of the operations between two layers; None if it has no name in the table of activations."""
    acting = [o for o in operations if o.name not in TRANSPARENT and o.name != "dropout"]
    if not acting:
        return activation("linear")
    if len(acting) > 1:
        return None
    name, options = acting[0].name, acting[0].options
    numbers = [v for k, v in options.items() if k.startswith("argument")]
    if name in _NAMES:
        return activation(_NAMES[name])
    if name == "leaky_relu":
        return activation(name, slope=float(options.get("negative_slope", numbers[0] if numbers else 0.01)))
    if name == "elu":
        return activation(name, alpha=float(options.get("alpha", numbers[0] if numbers else 1.0)))
    if name == "softplus":
        return activation(name, beta=float(options.get("beta", numbers[0] if numbers else 1.0)))
    if name == "gelu":
        return activation("gelu_tanh" if options.get("approximate", "none") == "tanh" else "gelu")
    if name in ("hardtanh", "clamp", "clip"):
        low = options.get("min_val", options.get("min", numbers[0] if numbers else -1.0))
        high = options.get("max_val", options.get("max", numbers[1] if len(numbers) > 1 else 1.0))
        if (low, high) == (-1, 1):
            return activation("hard_tanh")
        return activation("clipped_relu", low=float(low), high=float(high)) if low == 0 else None
    return None


def read_weights(layer: Operation, rng: np.random.Generator) -> WeightReading:
    """Read the weights of a recorded layer."""
    weight = layer.weight.detach().cpu().numpy()
    if layer.name.startswith("conv"):
        spatial = weight.ndim - 2
        shape_in, shape_out = (tuple(t.shape[-spatial:]) for t in (layer.source, layer.target))
        plain = all(_all_ones(layer.options[key]) for key in ("stride", "dilation", "groups"))
        padding = _padding(layer.options["padding"], weight.shape[2:])
        circular = bool(layer.options["circular"])
        return read_kernel(weight, shape_in, shape_out, rng, padding=None if circular else padding, plain=plain)
    return read_matrix(weight, rng, positions=max(1, layer.source.numel() // weight.shape[1]))


def _all_ones(value: Any) -> bool:
    return all(v == 1 for v in (value if isinstance(value, (tuple, list)) else (value,)))


def _padding(value: Any, taps: Sequence[int]) -> list[int]:
    if value == "same":
        return [(k - 1) // 2 for k in taps]
    if value == "valid":
        return [0 for _ in taps]
    return list(value) if isinstance(value, (tuple, list)) else [int(value)] * len(taps)


def kind_of(layer: Operation) -> str:
    """``"linear"``, or ``"conv2d 3×3"``."""
    if not layer.name.startswith("conv"):
        return "linear"
    return f"{layer.name} {'×'.join(map(str, layer.weight.shape[2:]))}"


def read_layers(recording: Recording, numbers: Sequence[int], end: Any, rng: np.random.Generator) -> list[LayerReading]:
    """Readings of the layers among operations with these numbers, in order; `end` is where the range ends."""
    places = [i for i in numbers if i >= 0 and recording.operations[i].weights]
    readings = []
    for place, following in zip(places, [*places[1:], None], strict=False):
        layer = recording.operations[place]
        if not layer.is_layer:
            readings += _read_inside(layer, rng)
            continue
        after = end if following is None else recording.operations[following].source
        stop = numbers[-1] + 1 if following is None else following
        between = [o for o in recording.operations[place + 1 : stop] if o.name not in TRANSPARENT]
        if following is None and end is layer.target:
            between = []
        readings.append(_read_layer(layer, between, after, rng))
    return readings


def _read_inside(layer: Operation, rng: np.random.Generator) -> list[LayerReading]:
    """Readings of the weights in an operation that is more than one layer: their laws, and no derivatives."""
    return [
        LayerReading(
            place=layer.place,
            kind=f"{layer.name.replace('_', ' ')} {'×'.join(map(str, weight.shape))}",
            weights=read_matrix(weight.detach().flatten(1).cpu().numpy(), rng),
            sigma_b=0.0,
            q=math.nan,
            slopes=None,
            activation=None,
            between="",
        )
        for weight in layer.weights
    ]


def _read_layer(layer: Operation, between: list[Operation], after: Any, rng: np.random.Generator) -> LayerReading:
    h = layer.target.detach().double().reshape(-1).cpu().numpy()
    q = float(np.mean(h * h))
    weights = read_weights(layer, rng)
    slopes = None if after is None else diagonal_derivative(after, layer.target, rng)
    phi = named_activation(between) if slopes is not None else None
    radial = None
    if slopes is not None and q > 0.0:
        values = after.detach().double().reshape(-1).cpu().numpy()
        radial = weights.gain * float(np.mean(values * slopes * h)) / q
    bias = None if layer.bias is None else layer.bias.detach().double()
    return LayerReading(
        place=layer.place,
        kind=kind_of(layer),
        weights=weights,
        sigma_b=0.0 if bias is None else math.sqrt(float(torch.mean(bias * bias))),
        q=q,
        slopes=slopes,
        activation=phi,
        between=" ".join(o.name for o in between if o.name != "dropout"),
        radial=radial,
    )


def is_chain(layers: Sequence[Operation], end: Any, source: Any, readings: Sequence[LayerReading]) -> bool:
    """Whether the Jacobian from `source` to `end` is the product of the D_l W_l of the readings.

    Asked of the model itself: one random vector is pulled back through the whole, and layer by layer.
    """
    if not readings or any(reading.slopes is None for reading in readings):
        return False
    rng = np.random.default_rng(0)
    u = rng.standard_normal(end.numel())
    whole = JacobianMap(end, source).rmatvec(u)
    pulled = u
    for layer, reading in zip(reversed(layers), reversed(list(readings)), strict=True):
        assert reading.slopes is not None
        pulled = JacobianMap(layer.target, layer.source).rmatvec(reading.slopes * pulled)
    if pulled.size != whole.size:
        return False
    tolerance = 1e4 * float(torch.finfo(end.dtype).eps) * len(layers)
    return bool(np.linalg.norm(pulled - whole) <= tolerance * max(np.linalg.norm(whole), np.linalg.norm(pulled)))


def bound_layers(layers: Sequence[Operation]) -> str:
    """Why layers of a chain are not free of each other; empty if the statistics of their weights say nothing."""
    return bound_weights([(layer.place or f"layer {n}", layer.weight) for n, layer in enumerate(layers, 1)])


def bound_weights(named: Sequence[tuple[str, Any]], *, identity: bool = True) -> str:
    """Why weights, given with their names, are not free of each other; empty if their statistics say nothing.

    Independent weights have tr W_kᵀ W_l/(|W_k||W_l|) and tr W/(√n |W|) of mean 0 and standard deviation 1/√(entries);
    the first is taken over evenly spaced entries.
    """
    alike: dict[Any, list[tuple[str, Real]]] = {}
    for name, tensor in named:
        weight = tensor.detach()
        size = float(weight.double().norm())
        if size == 0.0:
            continue
        centre = weight[(..., *((taps - 1) // 2 for taps in weight.shape[2:]))]
        if identity and centre.shape[0] == centre.shape[1]:
            share = float(centre.diagonal().double().sum()) / (math.sqrt(len(centre)) * size)
            if abs(share) > _bound_limit(len(centre) ** 2):
                return f"the weights of {name} have a share of {share:.2g} of the identity, so that layers are not free"
        some = weight.reshape(-1)[:: max(1, weight.numel() // BOUND_ENTRIES)].double().cpu().numpy()
        alike.setdefault(tuple(weight.shape), []).append((name, some / max(float(np.linalg.norm(some)), 1e-300)))
    for group in alike.values():
        vectors = np.stack([vector for _, vector in group])
        cosines = np.triu(vectors @ vectors.T, 1)
        k, j = np.unravel_index(int(np.argmax(np.abs(cosines))), cosines.shape)
        if abs(cosines[k, j]) > _bound_limit(vectors.shape[1]):
            what = "are the same" if cosines[k, j] > 0.999 else f"have a correlation of {cosines[k, j]:.2g}"
            return f"the weights of {group[k][0]} and {group[j][0]} {what}, so that layers are not free of each other"
    return ""


def _bound_limit(entries: int) -> float:
    return max(BOUND_FLOOR, BOUND_DEVIATIONS / math.sqrt(entries))
