"""Residual blocks of a real model, recognised by what they compute, as the blocks that theory knows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.networks.architecture.block_network import BlockNetwork
from rmt.networks.architecture.residual_branches import MLPBranch
from rmt.networks.models.chain_predictions import ChainPrediction, pooled_scales
from rmt.networks.reports.layer_readings import WeightLaw
from rmt.networks.torch.layers import bound_weights, named_activation, read_weights
from rmt.networks.torch.recording import Operation, Recording

Real = NDArray[np.float64]

#: relative difference of tensors that are the same
SAME = 2e-3
#: groups of blocks whose strengths differ, in the law
GROUPS = 2
#: least width for which the scales of the weights mean something
NARROWEST = 16


class UnknownBlockError(Exception):
    """A block is none of those that theory knows; the text says why."""


def predict_blocks(run: Recording, ends: Sequence[int]) -> ChainPrediction | str:
    """Prediction for residual blocks x + a W₂ φ(W₁ x̂) from the scales of the weights and the length of the input.

    Parameters
    ----------
    run : Recording
        With the results of the operations `ends` kept.
    ends : sequence of int
        Between them the blocks lie.

    Returns
    -------
    Prediction or str
        Or why there is none.
    """
    try:
        return _prediction(run, ends)
    except UnknownBlockError as error:
        return str(error)


def _prediction(run: Recording, ends: Sequence[int]) -> ChainPrediction:
    tensors = [run.leaf, *(run.kept[number] for number in ends[1:])]
    found = [
        _read_block(run, ends[k], ends[k + 1], _array(tensors[k]), _array(tensors[k + 1])) for k in range(len(ends) - 1)
    ]
    common = set.intersection(*(norms for norms, _, _, _ in found))
    if not common:
        kinds = ", ".join(sorted({" or ".join(sorted(norms)) for norms, _, _, _ in found}))
        raise UnknownBlockError(f"blocks are normalised in different ways: {kinds}")
    norm = sorted(common)[-1]  # alphabetical: pre before post, peri and none
    firsts, seconds = ([layers[i] for _, layers, _, _ in found] for i in (0, 1))
    named = [(layer.place, layer.weight) for layer in (*firsts, *seconds)]
    if reason := bound_weights(named) or _turned(firsts, seconds):
        raise UnknownBlockError(reason)
    readings = [(read_weights(a, _rng()), read_weights(b, _rng())) for a, b in zip(firsts, seconds, strict=True)]
    if any(r.kind is not WeightLaw.GAUSSIAN for pair in readings for r in pair):
        raise UnknownBlockError("weights of residual branches are predicted where they look Gaussian")
    counts = [layer.weight.numel() for layer in firsts]
    sizes = [a for _, _, _, a in found]
    columns = (
        pooled_scales([r.sigma_w for r, _ in readings], counts),
        pooled_scales([abs(a) * r.sigma_w for (_, r), a in zip(readings, sizes, strict=True)], counts),
        pooled_scales([_bias(layer) for layer in firsts], [layer.weight.shape[0] for layer in firsts]),
        pooled_scales(
            [abs(a) * _bias(layer) for layer, a in zip(seconds, sizes, strict=True)],
            [layer.weight.shape[0] for layer in seconds],
        ),
    )
    width = firsts[0].weight.shape[1]
    branches = [
        MLPBranch(phi, one, two, layer.weight.shape[0] / width, b_one, b_two)
        for (_, _, phi, _), layer, one, two, b_one, b_two in zip(found, firsts, *columns, strict=True)
    ]
    stream = _array(tensors[0])
    centred = norm in ("pre LayerNorm", "peri LayerNorm")
    input_q = float((stream.var(axis=1) if centred else np.mean(stream**2, axis=1)).mean())
    net = BlockNetwork(branches, norm=norm.split()[0], input_q=input_q)
    return ChainPrediction(net.log_m1, net.relvar, net.gram_law(distinct=GROUPS))


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _array(tensor: Any) -> Real:
    """A stream as rows of features."""
    found = np.asarray(tensor.detach().double().cpu().numpy(), dtype=np.float64)
    return found.reshape(-1, found.shape[-1]) if found.ndim else found.reshape(1, 1)


def _bias(layer: Operation) -> float:
    return 0.0 if layer.bias is None else float(layer.bias.detach().double().square().mean().sqrt())


def _read_block(
    run: Recording, start: int, stop: int, before: Real, after: Real
) -> tuple[set[str], tuple[Operation, Operation], Any, float]:
    """Norms that the block may have (some are the same for a normalised input), its two layers, φ and the factor a."""
    inside = range(start + 1, stop + 1)
    places = [k for k in inside if run.operations[k].weights]
    layers = [run.operations[k] for k in places]
    name = layers[0].place if layers else f"block {start + 1}"
    if len(layers) != 2 or not all(layer.is_layer and layer.name in ("linear", "addmm", "matmul") for layer in layers):
        raise UnknownBlockError(f"the block around {name!r} is measured, not predicted: it has not two layers")
    if before.shape != after.shape or min(before.shape[1], layers[0].weight.shape[0]) < NARROWEST:
        raise UnknownBlockError(f"the block around {name!r} is measured, not predicted: its width changes or is small")
    phi = named_activation([run.operations[k] for k in range(places[0] + 1, places[1])])
    if phi is None:
        raise UnknownBlockError(f"the activation behind {name!r} has no name in the table")
    entering, leaving = _array(layers[0].source), _array(layers[1].target)
    entries = [kind for kind, value in _normalised(before).items() if _same(entering, value)]
    added = after - before
    size = float(np.vdot(leaving, leaving))
    factor = float(np.vdot(added, leaving)) / size if size > 0.0 else 0.0
    if entries and _same(added, factor * leaving, scale=float(np.linalg.norm(before))):
        norms = {"none" if entry == "none" else f"pre {entry}" for entry in entries}
        return norms, (layers[0], layers[1]), phi, factor
    around = [kind for kind, value in _normalised(leaving).items() if kind != "none" and _same(added, value)]
    behind = [kind for kind, value in _normalised(before + leaving).items() if kind != "none" and _same(after, value)]
    norms = {f"peri {entry}" for entry in entries if entry != "none" and around}
    norms |= {f"post {kind}" for kind in behind if "none" in entries}
    if not norms:
        raise UnknownBlockError(f"the block around {name!r} is measured, not predicted: it is none of x + a f(x)")
    return norms, (layers[0], layers[1]), phi, 1.0


def _normalised(x: Real) -> dict[str, Real]:
    """A stream as it is, and normalised, by the name of what did it."""
    centred = x - x.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=1, keepdims=True))
    root = np.sqrt(np.mean(x**2, axis=1, keepdims=True))
    tiny = 1e-300
    return {"none": x, "LayerNorm": centred / np.maximum(deviation, tiny), "RMSNorm": x / np.maximum(root, tiny)}


def _same(a: Real, b: Real, scale: float = 0.0) -> bool:
    if a.shape != b.shape:
        return False
    return bool(np.linalg.norm(a - b) <= SAME * max(float(np.linalg.norm(b)), 1e-3 * scale))


def _turned(firsts: Sequence[Operation], seconds: Sequence[Operation]) -> str:
    """Why two layers of one block are not free: W₂ has a part along W₁ᵀ."""
    for first, second in zip(firsts, seconds, strict=True):
        a = first.weight.detach().double().cpu().numpy()
        b = second.weight.detach().double().cpu().numpy()
        cosine = float(np.vdot(a.T, b)) / (float(np.linalg.norm(a)) * float(np.linalg.norm(b)) + 1e-300)
        if abs(cosine) > max(0.05, 6.0 / math.sqrt(a.size)):
            return (
                f"the weights of {second.place or 'a layer'} are along the transpose of those of {first.place} "
                f"({cosine:.2g}), so that the branch is not free"
            )
    return ""
