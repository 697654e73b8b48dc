"""The blocks of a range: its parts between tensors that nothing bypasses, each with weights of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.networks.models.block_table import BlockReading, spectrum_of_block
from rmt.networks.torch.operator import JacobianMap
from rmt.networks.torch.ranges import Graph
from rmt.networks.torch.recording import TRANSPARENT, Recording

Real = NDArray[np.float64]

#: numbers in the Jacobians of all blocks up to which these are formed, and the work of their singular values
BLOCK_NUMBERS, BLOCK_WORK = 1 << 26, 1 << 34
#: random vectors that measure gains where blocks are too large
PROBES = 8


def block_ends(plan: Recording, graph: Graph) -> list[int]:
    """Numbers of the operations between which the blocks of a range lie, its ends included.

    Between two tensors that nothing bypasses, parts without weights belong to the block before them, and to the first
    one at the beginning. A block of a chain is a layer with its activation, one of a residual network a branch with
    its skip connection. An operation that gives several tensors is no end, each of these is.
    """
    several = {o.operands[0] for o in plan.operations if o.name == "item of"}
    cuts = [number for number in graph.cuts() if number not in several]
    weighted = [number for number in graph.numbers if number != graph.start and plan.operations[number].weights]
    ends, filled = [cuts[0]], False
    for before, after in pairwise(cuts):
        has = any(before < number <= after for number in weighted)
        if has and filled and before != ends[-1]:
            ends.append(before)
        filled = filled or has
    if ends[-1] != cuts[-1]:
        ends.append(cuts[-1])
    return ends


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of a range as measured.

    Attributes
    ----------
    readings : tuple of BlockReading
    matrices : list of array or None
        Their Jacobians, from the first; None where they are too large.
    """

    readings: tuple[BlockReading, ...]
    matrices: list[Real] | None


def measure_blocks(run: Recording, ends: Sequence[int], rng: np.random.Generator) -> Blocks | None:
    """Measure the blocks between kept tensors; None if their Jacobians do not multiply to that of the whole range.

    Parameters
    ----------
    run : Recording
        With the results of the operations `ends` kept.
    ends : sequence of int
    rng : Generator
        For random vectors.
    """
    tensors = [run.leaf, *(run.kept[number] for number in ends[1:])]
    sources = [run.leaf, *(run.kept[number] for number in ends[1:-1])]
    maps = [JacobianMap(target, source) for source, target in zip(sources, tensors[1:], strict=True)]
    if not _multiply(maps, JacobianMap(tensors[-1], run.leaf), rng):
        return None
    names = _names(run, ends)
    scales = [float(t.detach().double().square().mean()) for t in tensors]
    numbers = sum(m.shape[0] * m.shape[1] for m in maps)
    columns = maps[0].shape[1]
    dense = numbers + sum(columns * m.shape[0] for m in maps) <= BLOCK_NUMBERS
    matrices = [m.matrix() for m in maps] if dense else None
    work = sum(m.shape[0] * m.shape[1] * min(m.shape) for m in maps)
    sofar: Any = None if dense else rng.standard_normal((columns, PROBES))
    log_scale, readings = 0.0, []
    for k, m in enumerate(maps):
        if matrices is not None:
            sofar = matrices[k] if k == 0 else matrices[k] @ sofar
            if work <= BLOCK_WORK:
                spectrum = spectrum_of_block(_values(matrices[k]), m.shape[1])
            else:
                spectrum = {"log_gain": _log(float(np.sum(matrices[k] ** 2)) / m.shape[1])}
        else:
            sofar = np.stack([m.matvec(v) for v in sofar.T], axis=1)
            probes = rng.standard_normal((m.shape[1], PROBES))
            images = [m.matvec(v) for v in probes.T]
            spectrum = {"log_gain": _log(float(np.sum(np.square(images)) / np.sum(probes**2)))}
        size = float(np.abs(sofar).max())
        if size > 0.0:
            sofar, log_scale = sofar / size, log_scale + math.log(size)
        total = float(np.sum(sofar**2)) / (columns if dense else columns * PROBES)
        place, kind = names[k]
        readings.append(
            BlockReading(
                place, kind, m.shape, scales[k], scales[k + 1], log_m1=_log(total) + 2.0 * log_scale, **spectrum
            )
        )
    return Blocks(tuple(readings), matrices)


def _values(matrix: Real) -> Real:
    """Singular values, descending, through the smaller Gram matrix: those below 1e-8 of the largest are rough."""
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0)))


def _log(value: float) -> float:
    return math.log(value) if value > 0.0 else -math.inf


def _multiply(maps: Sequence[JacobianMap], whole: JacobianMap, rng: np.random.Generator) -> bool:
    """Whether one random vector is pulled back through the blocks as through the whole, as far as numbers reach."""
    if len(maps) == 1:
        return True
    import torch

    u = rng.standard_normal(whole.shape[0])
    expected, pulled = whole.rmatvec(u), u
    for m in reversed(maps):
        size = float(np.linalg.norm(pulled))
        if size < 1e-30 or not math.isfinite(size):  # both are below what the number type holds
            return bool(np.linalg.norm(expected) < 1e-25)
        pulled = m.rmatvec(pulled)
    size = max(float(np.linalg.norm(expected)), float(np.linalg.norm(pulled)))
    tolerance = 1e4 * float(torch.finfo(whole.target.dtype).eps) * len(maps)
    return bool(np.linalg.norm(pulled - expected) <= tolerance * size + 1e-30)


def _names(run: Recording, ends: Sequence[int]) -> list[tuple[str, str]]:
    """Place and kind of the weights of every block."""
    named = []
    for before, after in pairwise(ends):
        inside = [o for o in run.operations[before + 1 : after + 1] if o.weights]
        acting = inside or [o for o in run.operations[before + 1 : after + 1] if o.name not in TRANSPARENT]
        places = [o.place.split(".") for o in acting]
        common = []
        for parts in zip(*places, strict=False):
            if len(set(parts)) > 1:
                break
            common.append(parts[0])
        kinds = list(dict.fromkeys(o.name.replace("_", " ") for o in acting))
        named.append((".".join(common), ", ".join(kinds[:3])))
    return named
