"""The isometry report of a ``torch.nn.Module`` on one input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.errors import check_count
from rmt.networks.advice import TARGET
from rmt.networks.model_report import Directions, ModelReport, dense_report, lanczos_report
from rmt.networks.readings import LayerReading
from rmt.networks.report import check_target
from rmt.networks.torch.layers import has_no_activation, is_chain, matrix_factors, read_layers
from rmt.networks.torch.operator import JacobianMap
from rmt.networks.torch.recording import Recording, record, undisturbed
from rmt.networks.verdict import Verdict
from rmt.numerics.blas import one_blas_thread
from rmt.numerics.golub_kahan import lanczos_spectrum

Real = NDArray[np.float64]

#: smaller side of J up to which it is formed as a matrix
DENSE_SIDE = 2048
#: units of rounding, per square root of the side, below which singular values of a matrix in floats mean nothing
ROUNDING = 4.0
_USABLE = (torch.float32, torch.float64)


def check_isometry(
    module: Any,
    x: Any,
    *,
    layers: Any = "auto",
    dense_side: int = DENSE_SIDE,
    probes: int = 8,
    steps: int = 40,
    target: float = TARGET,
    seed: int = 0,
) -> ModelReport:
    """Measure the input-output Jacobian of a model at one input, and compare it with theory.

    Parameters
    ----------
    module : torch.nn.Module
        Any module that maps one tensor to one tensor. Linear and convolution layers, activations (as modules or
        functions), normalisations in ``eval`` mode and everything that acts unit by unit are predicted as a chain of
        factors D_l W_l; residual sums, LayerNorm, pooling and attention are measured, not predicted.
    x : Tensor
        One input, with or without a batch dimension of 1, in the number type and on the device of the model.
    layers : "auto", "all", (first, last), range, int or str
        Which layers J spans: numbers from 1 in the order of execution (a range in Python's way, its end left out),
        or the name of a submodule. J goes from the input of the first to what the last gives after its activation.
        ``"auto"`` leaves out a readout: a last layer whose result is the output itself.
    dense_side : int
        J is formed as a matrix when its smaller side is at most this (2048 by default); beyond, it is only multiplied:
        Golub-Kahan steps and Lanczos quadrature, with error bars, and with a lower end that stays unresolved.
    probes, steps : int
        Random vectors, and Golub-Kahan steps for each.
    target : float
        Relative variance of J Jᵀ that the advice aims at.
    seed : int
        Of the random vectors. The random states of torch and NumPy are not touched.

    Returns
    -------
    ModelReport
        `m1`, `relvar`, `s_max`, `s_min`, `quantiles`, `outliers`, `verdict`, `advice`, `mean_field` and
        `conditional` predictions with their KS distances, `readings` of the layers; ``print(report)``,
        ``report.to_json()``, ``report.plot()``.

    Raises
    ------
    TypeError
        If `module` is not a module, or `x` not a tensor of float32 or float64.
    ValueError
        If `x` is a batch, nothing with weights lies between input and output, the range is not in the model, or an
        operation gives NaN or infinity (it is named).

    Notes
    -----
    Mode, parameters, gradients, buffers, hooks and random states are left as they were; dropout is off meanwhile, and
    normalisations work in the mode the model is in. A dense J takes ``8 rows columns`` bytes three times over, a
    matrix-free one ``16 steps (rows + columns)`` beside the model and the graph of one forward pass: 0.2 GB for 16
    layers of width 4096, whose weights are 1.1 GB.

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
    _check_model(module, x)
    goal = check_target(target)
    side = check_count("dense_side", dense_side, minimum=0)
    rng = np.random.default_rng(seed)
    notes = _notes(module)
    # BLAS threads of NumPy beside those of torch hinder each other
    with undisturbed(module, x.device), one_blas_thread():
        plan = record(module, x, gradients=False)
        first, last = _range(plan, layers)
        _check_batch(plan, x)
        run = record(module, x, cut=first)
        end = run.output if last == len(run.layers) else run.layers[last].source
        if torch.autograd.grad(end.sum(), run.leaf, retain_graph=True, allow_unused=True)[0] is None:
            raise ValueError(f"what layer {last} gives does not depend on the input of layer {first}: no Jacobian")
        readings = read_layers(run, first, last, end, rng)
        chain = is_chain(run, first, last, end, run.leaf, readings)
        return _measured(module, run, first, last, end, readings, chain, side, probes, steps, goal, notes, rng)


def _measured(
    module: Any,
    run: Recording,
    first: int,
    last: int,
    end: Any,
    readings: list[LayerReading],
    chain: bool,
    side: int,
    probes: int,
    steps: int,
    target: float,
    notes: list[str],
    rng: np.random.Generator,
) -> ModelReport:
    subject = f"{type(module).__name__}, layers {first} to {last} of {len(run.layers)}"
    jacobian = JacobianMap(end, run.leaf)
    x = run.leaf.detach().double().reshape(-1).cpu().numpy()
    input_q = float(np.mean(x * x))
    size = float(np.linalg.norm(x))
    if min(jacobian.shape) > side:
        gain = float(np.linalg.norm(jacobian.matvec(x))) / size if size else math.nan
        spectrum = lanczos_spectrum(
            jacobian.matvec, jacobian.rmatvec, jacobian.shape, steps=steps, probes=probes, rng=rng
        )
        return lanczos_report(subject, spectrum, jacobian.shape, readings, chain, input_q, gain, notes, target)
    matrix = jacobian.matrix()
    gain = float(np.linalg.norm(matrix @ x)) / size if size else math.nan
    factors = matrix_factors(run, first, last, readings) if chain else None
    logs, floor = _log_singular_values(matrix, factors, float(torch.finfo(end.dtype).eps))
    directions = Directions(gain, _Overlaps(matrix, x))
    return dense_report(subject, logs, jacobian.shape, floor, readings, chain, input_q, directions, notes, target)


def _log_singular_values(matrix: Real, factors: list[Real] | None, eps: float) -> tuple[Real, float]:
    """Logarithms of the singular values, descending, and of the smallest value that rounding leaves resolved.

    A chain of matrices whose spectrum is too wide for the number type is decomposed factor by factor, without loss.
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    floor = ROUNDING * eps * math.sqrt(max(matrix.shape)) * float(values[0])
    if factors is not None and values[-1] < 100.0 * floor:
        from rmt.spectra import product_singular_values

        return product_singular_values(factors), -math.inf
    logs = np.full(values.shape, -math.inf)
    np.log(values, out=logs, where=values > 0.0)
    return logs, math.log(floor) if floor > 0.0 else -math.inf


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


# ---------------------------------------------------------------------- input
def _check_model(module: Any, x: Any) -> None:
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}; wrap a function in a module")
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}; use torch.as_tensor(x)")
    if not x.is_floating_point():
        raise TypeError(
            f"x has the number type {x.dtype}, and there is no derivative with respect to it; pass numbers of the type "
            "of the model, for token models the embedded tokens to the part after the embedding"
        )
    for name, kind in [("x", x.dtype), *((name, p.dtype) for name, p in module.named_parameters())]:
        if kind not in _USABLE:
            raise TypeError(
                f"{name} has the number type {kind}, which has no singular value decomposition; check a copy in single "
                "precision: copy.deepcopy(module).float() on x.float()"
            )
    if not bool(torch.isfinite(x).all()):
        raise ValueError("x must be finite, it has NaN or infinity among its entries")


def _range(plan: Recording, layers: Any) -> tuple[int, int]:
    """Numbers of the first and the last layer."""
    count = len(plan.layers)
    if count == 0 or plan.output_number is None:
        raise ValueError(
            "no layers between input and output: no operation with weights (linear, convolution, matrix product) takes "
            "a tensor that depends on x"
        )
    if isinstance(layers, str):
        if layers in ("auto", "all"):
            readout = layers == "auto" and has_no_activation(plan)
            return 1, count - 1 if readout and _has_activations(plan) else count
        inside = [
            i for i, layer in enumerate(plan.layers, 1) if layer.place == layers or layer.place.startswith(layers + ".")
        ]
        if not inside:
            places = ", ".join(dict.fromkeys(repr(layer.place) for layer in plan.layers))
            raise ValueError(
                f"layers must be 'auto', 'all', numbers or a submodule with layers, got {layers!r}; "
                f"layers lie in {places}"
            )
        return inside[0], inside[-1]
    if isinstance(layers, range):
        if layers.step != 1 or len(layers) == 0:
            raise ValueError(f"layers must be a range of steps of 1 with at least one layer, got {layers!r}")
        pair: Any = (layers.start, layers.stop - 1)
    elif isinstance(layers, (tuple, list)) and len(layers) == 2:
        pair = layers
    else:
        pair = (layers, layers)
    first, last = (check_count("layers", number) for number in pair)
    if not first <= last <= count:
        raise ValueError(f"layers must lie between 1 and {count}, first to last, got {layers!r}")
    return first, last


def _has_activations(plan: Recording) -> bool:
    from rmt.networks.torch.recording import TRANSPARENT

    return any(not o.is_layer and o.name not in TRANSPARENT for o in plan.operations)


def _check_batch(plan: Recording, x: Any) -> None:
    layer = plan.layers[0]
    single = layer.weight.dim() - 1 if layer.name.startswith("conv") else 1
    if x.dim() > single and x.shape[0] != 1:
        raise ValueError(
            f"x has batch size {x.shape[0]}; the Jacobian is that of one input: pass x[:1], and loop "
            "over several inputs"
        )


def _notes(module: Any) -> list[str]:
    notes = []
    norms = [m for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    if norms:
        modes = {m.training for m in norms}
        how = "batch statistics of this one input" if modes == {True} else "running statistics"
        notes.append(f"{'some ' if len(modes) > 1 else ''}BatchNorm layers are measured with their {how}")
    if any(isinstance(m, torch.nn.modules.dropout._DropoutNd) and m.training for m in module.modules()):
        notes.append("dropout is off in this measurement")
    return notes
