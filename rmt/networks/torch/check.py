"""The isometry report of a ``torch.nn.Module`` on one input."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.errors import check_count, check_real
from rmt.networks.models.chain_predictions import ChainPrediction
from rmt.networks.models.model_report import Averages, Context, Directions, ModelReport, dense_report, lanczos_report
from rmt.networks.reports.advice import TARGET
from rmt.networks.reports.jacobian_report import check_target
from rmt.networks.reports.layer_readings import LayerReading
from rmt.networks.reports.verdict import Verdict
from rmt.networks.torch.inputs import (
    batch_norms,
    output_of,
    placed_in_batch,
    untouched_statistics,
    usable_input,
    usable_model,
)
from rmt.networks.torch.layers import bound_layers, bound_weights, is_chain, read_layers
from rmt.networks.torch.operator import JacobianMap
from rmt.networks.torch.range_blocks import block_ends, measure_blocks
from rmt.networks.torch.ranges import Graph, Range, find_range
from rmt.networks.torch.recording import Forward, Recording
from rmt.networks.torch.residual_blocks import predict_blocks
from rmt.networks.torch.surroundings import undisturbed
from rmt.numerics.dense.blas import one_blas_thread
from rmt.numerics.eigen.golub_kahan import lanczos_spectrum

Real = NDArray[np.float64]

#: smaller side of J up to which it is formed as a matrix
DENSE_SIDE = 2048
#: seconds that predictions may take
BUDGET = 60.0
#: units of rounding, per square root of the side, below which singular values of a matrix in floats mean nothing
ROUNDING = 4.0


def check_isometry(
    module: Any,
    x: Any,
    *,
    layers: Any = "auto",
    output: Any = None,
    argument: str | None = None,
    batch: Any = None,
    average: bool = False,
    predict: bool = True,
    budget: float = BUDGET,
    dtype: Any = None,
    dense_side: int = DENSE_SIDE,
    probes: int = 8,
    steps: int = 40,
    target: float = TARGET,
    level: float = 0.01,
    seed: int = 0,
    **arguments: Any,
) -> ModelReport:
    """Measure the input-output Jacobian of a model at one input, and compare it with theory.

    Parameters
    ----------
    module : torch.nn.Module
        Any module. Chains of linear and convolution layers, activations (as modules or functions), normalisations in
        ``eval`` mode and what else acts unit by unit are predicted as factors D_l W_l; everything else is measured.
    x : Tensor
        One input, in the number type and on the device of the model, with a batch dimension of 1 where the model takes
        batches. Integers are token indices: J begins at their embedding.
    layers : "auto", "all", str, (str, str), (int, int), range or int
        The part of the model whose Jacobian is measured: from the input of a submodule to its output, by its dotted
        name; from the input of one to the output of another; or numbers of layers from 1 in the order of execution (a
        range in Python's way, its end left out), up to what enters the next layer. ``"auto"`` leaves out a readout: a
        last layer whose result is the output itself.
    output : str, int, callable or None
        Which tensor of what the model returns is its output: a key or an attribute, a position, or a function; the
        first with a derivative when None.
    argument : str, optional
        Name of the argument of ``forward`` that `x` is, such as ``"inputs_embeds"``; the first when None.
    batch : Tensor or int, optional
        For BatchNorm in training mode: the batch in which `x` is measured, or, with `x` the whole batch, its row. J is
        the derivative of what comes out in that row by what goes in there.
    average : bool
        Measure every row of the batch `x` on its own: `averages` has the means and their standard errors, and the
        rest of the report is on the first row.
    predict : bool
        False measures only.
    budget : float
        Seconds that predictions may take, 60 by default; beyond, they are dropped with a note.
    dtype : torch.float32 or torch.float64, optional
        Measure a copy of the model in this number type.
    dense_side : int
        J is formed as a matrix when its smaller side is at most this (2048 by default); beyond, it is only multiplied:
        Golub-Kahan steps and Lanczos quadrature, with error bars, and with a lower end that stays unresolved.
    probes, steps : int
        Random vectors, and Golub-Kahan steps for each.
    target : float
        Relative variance of J Jᵀ that the advice aims at.
    level : float
        Chance of rejecting a right prediction, at most; 0 < level < 1.
    seed : int
        Of the random vectors. The random states of torch and NumPy are not touched.
    **arguments
        Other arguments of the model, such as ``attention_mask``.

    Returns
    -------
    ModelReport
        `m1` (the sum of all squared singular values over the number of inputs), `relvar`, `s_max`, `s_min`,
        `quantiles`, `outliers`, `bulk`, `verdict`, `advice`, `mean_field` and `conditional` predictions, the
        `agreement` with them in the words of :func:`rmt.spectra.compare`, `readings` of the layers;
        ``print(report)``, ``report.to_json()``, ``report.plot()``.

    Raises
    ------
    TypeError
        If `module` is not a module, `x` not a tensor of float32, float64 or integers, or an argument is not one of the
        model's.
    ValueError
        If `x` is a batch, a tensor bypasses the range (it is named), the range is empty or not in the model, the
        output no tensor, the model without numbers (meta device), on two devices or compiled by TorchScript, BatchNorm
        in training mode has no batch, or an operation gives NaN or infinity (it is named).

    Notes
    -----
    Mode, parameters, gradients, buffers, hooks and random states are left as they were. Meanwhile dropout is off,
    normalisations work in the mode the model is in, checkpoints are passed over, and compiled parts run as they are
    written. A dense J takes ``8 rows columns`` bytes three times over, a matrix-free one
    ``16 steps (rows + columns)`` beside the model and the graph of one forward pass: 0.2 GB for 16 layers of width
    4096, whose weights are 1.1 GB.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> net = torch.nn.Sequential(*(torch.nn.Linear(64, 64) for _ in range(4)))
    >>> for layer in net:
    ...     _ = torch.nn.init.orthogonal_(layer.weight, generator=torch.Generator().manual_seed(0))
    >>> print(check_isometry(net, torch.ones(64), layers="all").verdict)
    ISOMETRIC
    """
    module, x, arguments = usable_input(usable_model(module), x, arguments, dtype)
    method = Method(
        check_count("dense_side", dense_side, minimum=0),
        check_count("probes", probes),
        check_count("steps", steps),
        check_target(target),
        float(check_real("level", level, above=0.0, below=1.0)),
        seed,
        predict,
        float(check_real("budget", budget, at_least=0.0)),
    )
    if average:
        return _averaged(module, x, arguments, argument, output, layers, batch, method)
    row = None
    if batch is not None:
        x, row = placed_in_batch(x, batch)
    return _on_one_input(Forward(module, x, arguments, argument, output_of(output), row), layers, method)


@dataclass(frozen=True)
class Method:
    """How a Jacobian is measured; the options of :func:`check_isometry` by the same names."""

    dense_side: int
    probes: int
    steps: int
    target: float
    level: float
    seed: int
    predict: bool
    budget: float


def _averaged(
    module: Any,
    x: Any,
    arguments: dict[str, Any],
    argument: str | None,
    output: Any,
    layers: Any,
    batch: Any,
    method: Method,
) -> ModelReport:
    """The report on the first row of a batch, with averages over all rows."""
    if batch is not None or x.dim() < 2 or x.shape[0] < 2:
        raise ValueError(
            f"average=True measures each row of a batch x of at least two inputs, got shape {tuple(x.shape)}"
            + (" and a batch=" if batch is not None else "")
        )
    reports = []
    for row in range(x.shape[0]):
        given = {
            k: v[row : row + 1] if isinstance(v, torch.Tensor) and v.dim() and v.shape[0] == x.shape[0] else v
            for k, v in arguments.items()
        }
        forward = Forward(module, x[row : row + 1], given, argument, output_of(output))
        reports.append(_on_one_input(forward, layers, replace(method, predict=method.predict and row == 0)))
    return replace(reports[0], averages=Averages.of(reports))


def _on_one_input(forward: Forward, layers: Any, method: Method) -> ModelReport:
    dropping = any(isinstance(m, torch.nn.modules.dropout._DropoutNd) and m.training for m in forward.module.modules())
    # BLAS threads of NumPy beside those of torch hinder each other
    with undisturbed(forward.module, forward.x.device), one_blas_thread():
        try:
            plan = forward.record()
        except ValueError as error:
            if "more than 1 value per channel" in str(error):
                raise ValueError(
                    "BatchNorm in training mode has nothing to normalise in a batch of one: pass batch=, a tensor of "
                    "inputs among which x is measured, or call module.eval()"
                ) from None
            raise
        part = find_range(plan, layers)
        if forward.row is None:
            _check_batch(forward, plan)
        ends = [part.start, part.stop]
        if forward.row is None:
            ends = block_ends(plan, Graph(plan, part.start, part.stop))
        run = forward.record(part.start, frozenset(ends[1:]))
        end = run.kept[part.stop]
        if forward.row is not None:
            end = _row_of(end, forward)
        _check_cut(run, part, end)
        notes = [*_notes(forward, run), *(["dropout is off in this measurement"] if dropping else [])]
        return _measured(forward, run, part, ends, end, method, notes)


def _row_of(end: Any, forward: Forward) -> Any:
    """The row of the output of a range that belongs to the input, in a batch."""
    row, size = forward.row, forward.x.shape[0]
    assert row is not None
    if end.dim() == 0 or end.shape[0] != size:
        raise ValueError(
            f"with batch= the first dimension must count the {size} inputs, and the range ends in a tensor of shape "
            f"{tuple(end.shape)}"
        )
    return end[row : row + 1]


def _check_cut(run: Recording, part: Range, end: Any) -> None:
    """Ask the graph of gradients whether something the recording does not see bypasses the range."""
    if torch.autograd.grad(end.sum(), run.leaf, retain_graph=True, allow_unused=True)[0] is None:
        raise ValueError(f"what {part.name} gives does not depend on what it takes: no Jacobian")
    if part.start == -1:
        return
    if torch.autograd.grad(end.sum(), run.origin, retain_graph=True, allow_unused=True)[0] is not None:
        raise ValueError(
            f"a tensor changed in place bypasses the beginning of {part.name}: the range is no cut of the computation; "
            "take layers='all'"
        )


def _measured(
    forward: Forward, run: Recording, part: Range, ends: list[int], end: Any, method: Method, notes: list[str]
) -> ModelReport:
    rng = np.random.default_rng(method.seed)
    numbers = Graph(run, part.start, part.stop).numbers
    layers = [run.operations[k] for k in numbers if k > part.start and run.operations[k].weights]
    readings: list[LayerReading] = []
    chain = False
    if forward.row is None:
        readings = read_layers(run, numbers, end, rng)
        chain = all(layer.is_layer for layer in layers) and is_chain(layers, end, run.leaf, readings)
    blocks = measure_blocks(run, ends, rng) if forward.row is None else None
    subject = f"{type(forward.module).__name__}, {part.name}"
    withheld = ""
    if (name := untouched_statistics(forward.module)) is not None:
        withheld = (
            f"BatchNorm {name!r} is in evaluation mode and has never seen data: it passes its input on, and the "
            "numbers are those of a network without it; call module.train() and pass batch=, or let it see data first"
        )
    predicted: Callable[[], ChainPrediction | str] | None = None
    if blocks is not None and not chain:
        predicted = partial(predict_blocks, run, ends)
        weights = [(layer.place or layer.name, weight) for layer in layers for weight in layer.weights]
        if copies := bound_weights(weights, identity=False):
            notes = [
                *notes,
                f"{copies}: layers drawn anew would have another m1 (nn.TransformerEncoder copies its layer)",
            ]
    jacobian = JacobianMap(end, run.leaf)
    x = run.leaf.detach().double().reshape(-1).cpu().numpy()
    size = float(np.linalg.norm(x))
    context = Context(
        subject=subject,
        shape=jacobian.shape,
        readings=tuple(readings),
        chain=chain,
        predict=method.predict,
        input_q=float(np.mean(x * x)),
        notes=(*notes, *part.notes),
        target=method.target,
        level=method.level,
        withheld=withheld,
        blocks=() if blocks is None else blocks.readings,
        budget=method.budget,
        bound=bound_layers(layers) if chain else "",
        stack=predicted,
    )
    if min(jacobian.shape) > method.dense_side:
        gain = float(np.linalg.norm(jacobian.matvec(x))) / size if size else math.nan
        spectrum = lanczos_spectrum(
            jacobian.matvec, jacobian.rmatvec, jacobian.shape, steps=method.steps, probes=method.probes, rng=rng
        )
        return lanczos_report(context, spectrum, gain)
    matrix = jacobian.matrix()
    gain = float(np.linalg.norm(matrix @ x)) / size if size else math.nan
    factors = None if blocks is None else blocks.matrices
    logs, floor = _log_singular_values(matrix, factors, float(torch.finfo(end.dtype).eps), exact=chain)
    return dense_report(context, logs, floor, Directions(gain, _Overlaps(matrix, x)))


def _check_batch(forward: Forward, plan: Recording) -> None:
    """Refuse a batch of inputs that do not meet: their Jacobians are several."""
    x = forward.x
    count = x.shape[0] if x.dim() > 1 else 1
    if count == 1:
        return
    training = any(norm.training for _, norm in batch_norms(forward.module))
    if plan.output.dim() == 0 or plan.output.shape[0] != count or plan.origin.shape[0] != count:
        return
    for row in (0, count - 1):
        mark = torch.zeros_like(plan.output)
        mark[row] = 1.0
        (met,) = torch.autograd.grad(plan.output, plan.origin, mark, retain_graph=True)
        others = torch.cat([met[:row], met[row + 1 :]])
        if bool((others != 0).any()) and not training:
            return
    raise ValueError(
        f"x has batch size {count}; the Jacobian is that of one input: pass x[:1], average=True for every row on its "
        "own, or batch= with the row among the others for BatchNorm in training mode"
    )


def _notes(forward: Forward, run: Recording) -> list[str]:
    module, notes = forward.module, []
    norms = [norm for _, norm in batch_norms(module)]
    if norms:
        modes = {m.training for m in norms}
        how = "running statistics"
        if modes == {True}:
            how = f"batch statistics of {'this one input' if forward.row is None else f'{forward.x.shape[0]} inputs'}"
        notes.append(f"{'some ' if len(modes) > 1 else ''}BatchNorm layers are measured with their {how}")
    if run.embedded:
        notes.append(f"J begins at what the embedding {run.embedded!r} gives")
    unseen = [name for name, p in module.named_parameters() if p.dim() > 1 and id(p) not in run.touched]
    if unseen:
        shown = ", ".join(unseen[:4]) + (f" and {len(unseen) - 4} more" if len(unseen) > 4 else "")
        notes.append(f"these parameters take no part in this pass: {shown}")
    return notes


def _log_singular_values(matrix: Real, factors: list[Real] | None, eps: float, *, exact: bool) -> tuple[Real, float]:
    """Logarithms of the singular values, descending, and of the smallest value that rounding leaves resolved.

    Where the spectrum is too wide for the number type, it is that of the Jacobians of the blocks, multiplied without
    loss: it is resolved as far as every one of these is, and wholly (`exact`) for layers D_l W_l of a chain.
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    floor = ROUNDING * eps * math.sqrt(max(matrix.shape)) * float(values[0])
    if factors is not None and values[-1] <= 100.0 * floor:
        from rmt.spectra import product_singular_values

        logs = product_singular_values(factors[::-1])
        relative = ROUNDING * eps * math.sqrt(max(matrix.shape))
        resolved = exact or all(v[-1] > 100.0 * relative * v[0] for v in map(_singular_values, factors))
        return logs, -math.inf if resolved else float(logs[0]) + math.log(relative)
    logs = np.full(values.shape, -math.inf)
    np.log(values, out=logs, where=values > 0.0)
    return logs, math.log(floor) if floor > 0.0 else -math.inf


def _singular_values(matrix: Real) -> Real:
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=np.float64)


class _Overlaps:
    """Squared overlaps of right singular vectors with the input and with the constant vector."""

    def __init__(self, matrix: Real, x: Real) -> None:
        self._matrix, self._x = matrix, x

    def __call__(self, log: float) -> tuple[float, float]:
        """For the singular value with this logarithm, by two steps of inverse iteration."""
        gram = self._matrix.T @ self._matrix
        shift = math.exp(2.0 * log) * (1.0 + 1e-9)
        vector = np.ones(gram.shape[0]) + np.arange(gram.shape[0]) / gram.shape[0]
        for _ in range(2):
            vector = np.linalg.solve(gram - shift * np.eye(gram.shape[0]), vector)
            vector /= np.linalg.norm(vector)
        norm = float(np.linalg.norm(self._x))
        along = float(vector @ self._x) ** 2 / norm**2 if norm > 0.0 else 0.0
        return along, float(vector.sum()) ** 2 / vector.size


def assert_isometric(
    module: Any, x: Any, *, at_least: Verdict | str = Verdict.NEAR_ISOMETRIC, **options: Any
) -> ModelReport:
    """Raise AssertionError, with the report, unless a model is isometric enough: for continuous integration.

    Parameters
    ----------
    module, x, **options
        As for :func:`check_isometry`.
    at_least : Verdict or str
        ``"ISOMETRIC"``, ``"NEAR-ISOMETRIC"`` (the default) or ``"STABLE BUT NOT ISOMETRIC"``.

    Returns
    -------
    ModelReport

    Raises
    ------
    AssertionError
        If the verdict is a worse one.
    ValueError
        If `at_least` is another verdict.
    """
    grades = (Verdict.ISOMETRIC, Verdict.NEAR_ISOMETRIC, Verdict.STABLE)
    wanted = next((g for g in grades if at_least in (g, g.value)), None)
    if wanted is None:
        raise ValueError(f"at_least must be one of {', '.join(repr(g.value) for g in grades)}, got {at_least!r}")
    report = check_isometry(module, x, **options)
    if report.verdict not in grades[: grades.index(wanted) + 1]:
        raise AssertionError(f"the model is {report.verdict}, wanted {wanted} or better\n\n{report}")
    return report
