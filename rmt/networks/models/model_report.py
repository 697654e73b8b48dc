"""The report on a real model: its measured spectrum beside two predictions, outliers apart from the bulk."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.laws.law import Law
from rmt.networks.models.block_table import BlockReading, table_lines
from rmt.networks.models.chain_predictions import ChainPrediction, conditional_prediction, mean_field_prediction
from rmt.networks.reports.advice import Advice, advise
from rmt.networks.reports.agreement import agreement_with, independent_rows
from rmt.networks.reports.depth_growth import Growth, block_scatter, chain_scatter
from rmt.networks.reports.jacobian_report import Cause, IsometryReport, JacobianOutlier
from rmt.networks.reports.layer_readings import LayerReading, WeightLaw
from rmt.networks.reports.spectrum_summary import LEVELS, SpectrumSummary, exponential, finite, power_of_ten
from rmt.networks.reports.verdict import Verdict, judge
from rmt.numerics.deadline import Overdue, within
from rmt.numerics.eigen.golub_kahan import LanczosSpectrum

Real = NDArray[np.float64]

#: singular values outside the bulk that are set apart
MOST_OUTLIERS = 2
#: distance from the rest, in typical spacings at that end, from which a singular value stands alone
APART = 6.0
#: distance in log λ up to which a measured value belongs to an atom of the law, and the rounding of the latter
ON_ATOM, ROUNDED = 1e-3, 1e-9
#: squared overlap with a direction from which it explains a singular vector
OVERLAP = 0.5


@dataclass(frozen=True)
class Resolution:
    """What the measurement can tell.

    Attributes
    ----------
    method : str
        ``"dense"`` or ``"matrix-free"``.
    floor : float
        Singular values below this are not resolved: rounding of the model's number type, or of the Lanczos rules.
    m1_error, relvar_error, s_max_error : float
        Standard errors of the first two, distance within which a singular value surely lies for the last; 0 if dense.
    quantile_bounds : tuple of (level, low, high)
        For a matrix-free measurement: bounds of the quantiles of s; 0 and inf where nothing bounds them.
    """

    method: str
    floor: float
    m1_error: float = 0.0
    relvar_error: float = 0.0
    s_max_error: float = 0.0
    quantile_bounds: tuple[tuple[float, float, float], ...] = ()

    def lines(self) -> list[str]:
        """Sentences for the text of a report."""
        if self.method == "dense":
            return [f"singular values below {self.floor:.3g} are not resolved in the number type of the model"]
        open_levels = [f"{100.0 * u:g} %" for u, low, _ in self.quantile_bounds if low == 0.0]
        unresolved = f"; quantiles without a lower bound: {', '.join(open_levels)}" if open_levels else ""
        return [
            f"matrix-free: m1 ± {self.m1_error:.2g}, relative variance ± {self.relvar_error:.2g}, "
            f"s_max + {self.s_max_error:.2g}; KS distances are lower bounds: what the Lanczos rules surely exclude",
            f"s_min, the condition number and the kernel are unresolved below s = {self.floor:.3g}{unresolved}",
            *(
                f"{100.0 * u:g} % of s lie below a value in [{low:.4g}, {high:.4g}]"
                for u, low, high in self.quantile_bounds
                if low > 0.0 and math.isfinite(high)
            ),
        ]


@dataclass(frozen=True)
class Averages:
    """Means over several inputs, and their standard errors.

    Attributes
    ----------
    inputs : int
    log_m1, relvar, s_max, s_min : tuple of (mean, standard error)
    """

    inputs: int
    log_m1: tuple[float, float]
    relvar: tuple[float, float]
    s_max: tuple[float, float]
    s_min: tuple[float, float]

    @classmethod
    def of(cls, reports: Sequence[ModelReport]) -> Averages:
        """Averages over the reports of at least two inputs."""
        count = len(reports)

        def average(values: list[float]) -> tuple[float, float]:
            found = np.array(values)
            if not np.isfinite(found).all():
                return float(found[~np.isfinite(found)][0]), math.nan
            return float(found.mean()), float(found.std(ddof=1)) / math.sqrt(count)

        names = ("log_m1", "relvar", "s_max", "s_min")
        return cls(count, *(average([float(getattr(r, name)) for r in reports]) for name in names))

    def lines(self) -> list[str]:
        """Sentences for the text of a report."""
        names = (("log m1", self.log_m1), ("relative variance", self.relvar), ("s_max", self.s_max))
        return [
            f"{self.inputs} inputs: " + ", ".join(f"{name} {mean:.4g} ± {error:.2g}" for name, (mean, error) in names)
        ]


@dataclass(frozen=True, eq=False)
class ModelReport(IsometryReport):
    """Report on the Jacobian of a real model, made by :func:`rmt.check_isometry`.

    An :class:`IsometryReport` whose `m1`, `s_max`, `s_min`, `condition` and `quantiles` are those of all singular
    values, outliers included: `m1` is Tr J Jᵀ over the number of inputs, the mean gain of a random input direction.
    Beside the numbers of every report:

    Attributes
    ----------
    bulk : SpectrumSummary or None
        The spectrum without its outliers, on which the verdict is given.
    readings : tuple of LayerReading
        What was read from the layers.
    mean_field : Prediction or None
        From the scales of weights and biases and the length of the input alone.
    conditional : Prediction or None
        Given the derivatives of this forward pass.
    resolution : Resolution or None
    radial_gain : float or None
        abs(J x)/abs(x) along the input x of the range, as measured.
    blocks : tuple of BlockReading
        The parts of the range between tensors that nothing bypasses, as measured; ``report.table()`` is their table.
    growth : Growth or None
        How m₁ grows from block to block.
    averages : Averages or None
        Over several inputs.
    lost : float
        Share of the directions that the layer which loses most surely loses, beyond what widths take.
    withheld : str
        Why there is no verdict; empty if there is one.
    """

    readings: tuple[LayerReading, ...] = field(default=(), repr=False)
    mean_field: ChainPrediction | None = None
    conditional: ChainPrediction | None = None
    resolution: Resolution | None = None
    radial_gain: float | None = None
    bulk: SpectrumSummary | None = None
    blocks: tuple[BlockReading, ...] = field(default=(), repr=False)
    lost: float = 0.0
    averages: Averages | None = None
    withheld: str = ""

    @property
    def verdict(self) -> Verdict:
        """Grade of the bulk; WITHHELD where the numbers say nothing about training."""
        if self.withheld:
            return Verdict.WITHHELD
        bulk = self.spectrum if self.bulk is None else self.bulk
        kernel = max(1.0 - bulk.rank * (1.0 - self.lost), 0.0)
        return judge(bulk.log_m1, bulk.relvar, kernel=kernel, rank=bulk.rank, growth=self.growth)

    def table(self) -> str:
        """The blocks, one a line: mean squares of activations, gains forwards and backwards, singular values.

        `gain` is the mean squared gain of a random direction, Tr J_k J_kᵀ over the columns; `backwards` that of a
        random gradient, over the rows; `m1 so far` is that of the range up to the block.
        """
        return "\n".join(table_lines(self.blocks))

    def to_dict(self) -> dict[str, Any]:
        """The report in built-in types; None where a number is infinite or not known."""
        resolution = self.resolution
        return {
            **super().to_dict(),
            "mean_field": _prediction_record(self.mean_field),
            "conditional": _prediction_record(self.conditional),
            "resolution": None
            if resolution is None
            else {
                "method": resolution.method,
                "floor": finite(resolution.floor),
                "m1_error": finite(resolution.m1_error),
                "relvar_error": finite(resolution.relvar_error),
                "s_max_error": finite(resolution.s_max_error),
                "quantile_bounds": [[u, finite(low), finite(high)] for u, low, high in resolution.quantile_bounds],
            },
            "radial_gain": self.radial_gain,
            "bulk": None if self.bulk is None else self.bulk.to_dict(),
            "averages": None if self.averages is None else _averages_record(self.averages),
            "withheld": self.withheld or None,
            "growth": None
            if self.growth is None
            else {
                **{k: finite(getattr(self.growth, k)) for k in ("total", "rate", "rate_error", "constant", "scatter")},
                "depth": self.growth.depth,
                "power": self.growth.power,
            },
            "blocks": [block.to_dict() for block in self.blocks],
            "model_layers": [_reading_record(reading) for reading in self.readings],
        }

    def __str__(self) -> str:
        lines = [super().__str__(), ""]
        for name, prediction in (("mean field", self.mean_field), ("given the D_l", self.conditional)):
            if prediction is not None:
                judged = prediction.agreement
                shown = "" if judged is None else f", {judged.verdict}, KS distance {judged.ks:.4f}"
                lines.append(
                    f"{name:<20}m1 = {power_of_ten(prediction.log_m1)}, "
                    f"relative variance {prediction.relvar:.5g}{shown}"
                )
        if self.bulk is not None and self.outliers:
            lines.append(
                f"{'bulk alone':<20}m1 = {power_of_ten(self.bulk.log_m1)}, s from {power_of_ten(self.bulk.log_s_min)} "
                f"to {power_of_ten(self.bulk.log_s_max)}, relative variance {self.bulk.relvar:.5g}"
            )
        if self.averages is not None:
            lines += [f"{'averages':<20}{t}" for t in self.averages.lines()]
        if self.resolution is not None:
            lines += [f"{'resolution' if i == 0 else '':<20}{t}" for i, t in enumerate(self.resolution.lines())]
        if len(self.blocks) > 1:
            lines += ["", self.table()]
        kinds = sorted({str(r.weights.kind) for r in self.readings})
        if kinds:
            lines.append(f"{'weights':<20}{', '.join(kinds)}")
        return "\n".join(lines)


def _averages_record(averages: Averages) -> dict[str, Any]:
    return {k: [finite(x) for x in v] if isinstance(v, tuple) else v for k, v in vars(averages).items()}


def _prediction_record(prediction: ChainPrediction | None) -> dict[str, Any] | None:
    if prediction is None:
        return None
    return {
        "m1": finite(prediction.m1),
        "log_m1": finite(prediction.log_m1),
        "relvar": finite(prediction.relvar),
        "agreement": None if prediction.agreement is None else prediction.agreement.to_dict(),
    }


def _reading_record(reading: LayerReading) -> dict[str, Any]:
    weights = reading.weights
    return {
        "place": reading.place,
        "kind": reading.kind,
        "weights": str(weights.kind),
        "fan_in": weights.fan_in,
        "rows": weights.rows,
        "columns": weights.columns,
        "sigma_w": weights.sigma_w,
        "sigma_b": reading.sigma_b,
        "s1": finite(weights.s1),
        "q": finite(reading.q),
        "chi_perp": reading.chi_perp,
        "chi_par": reading.radial,
        "dead": reading.dead,
        "then": reading.between,
    }


# ---------------------------------------------------------------------- outliers
@dataclass(frozen=True, eq=False)
class Directions:
    """Unit vectors that may explain an outlier, and how to ask the Jacobian about them.

    Attributes
    ----------
    gain : float
        abs(J x)/abs(x) for the input x of the range.
    overlaps : callable
        From the logarithm of a singular value to the squared overlaps of its right singular vector with the input
        and with the constant vector.
    """

    gain: float
    overlaps: Any


def split_outliers(logs: Real, law: Law | None, directions: Directions) -> tuple[Real, tuple[JacobianOutlier, ...]]:
    """Bulk and outliers of measured singular values, given as logarithms in descending order.

    An outlier lies beyond the support of the predicted law and stands apart from its neighbours; at most two are
    taken, from either end. Without a law none is.
    """
    if law is None or logs.size < 16:
        return logs, ()
    alive = logs[logs > -math.inf]
    kernel = next((float(mass) for a, mass in law.atoms if a == 0.0), 0.0)
    try:
        low, high = (0.5 * float(u) for u in law.ppf_of_log([min(kernel + 1e-9, 1.0), 1.0]))
    except ConvergenceError:
        return logs, ()
    top, bottom = 0, 0
    while top + bottom < MOST_OUTLIERS and alive.size > 16:
        if alive[top] > high and _stands_apart(alive[top:]):
            top += 1
        elif kernel == 0.0 and alive[-1 - bottom] < low and _stands_apart(-alive[::-1][bottom:]):
            bottom += 1
        else:
            break
    places = [*range(top), *range(alive.size - bottom, alive.size)]
    outliers = tuple(_explained(float(alive[i]), directions) for i in places)
    return np.concatenate([alive[top : alive.size - bottom], logs[alive.size :]]), outliers


def _stands_apart(logs: Real) -> bool:
    """Whether the first of descending logarithms is farther from the next than those are from each other."""
    gaps = -np.diff(logs[:12])
    return bool(gaps[0] > APART * float(np.mean(gaps[1:])))


def _explained(log: float, directions: Directions) -> JacobianOutlier:
    along, constant = directions.overlaps(log)
    if along >= OVERLAP and along >= constant:
        gain = directions.gain
        return JacobianOutlier(log, Cause.RADIAL, math.log(gain) if gain > 0.0 else -math.inf)
    return JacobianOutlier(log, Cause.MEAN_MODE if constant >= OVERLAP else Cause.UNEXPLAINED)


def kolmogorov_distance(logs: Real, law: Law, floor: float) -> float:
    """Kolmogorov-Smirnov distance of measured singular values, in logarithms, to a law of J Jᵀ.

    Values at or below the logarithm `floor` count as unresolved: the two distribution functions meet there and are
    compared above it.
    """
    squares = 2.0 * np.sort(logs)
    atoms = np.log([atom for atom, _ in law.atoms if atom > 0.0])
    if atoms.size:
        right = np.searchsorted(atoms, squares).clip(1, max(1, atoms.size - 1))
        nearest = atoms[right - 1]
        if atoms.size > 1:
            nearest = np.where(squares - nearest <= atoms[right] - squares, nearest, atoms[right])
        squares = np.where(np.abs(squares - nearest) < ON_ATOM, nearest, squares)
    u, counts = np.unique(squares, return_counts=True)
    above = np.cumsum(counts) / squares.size
    below = above - counts / squares.size
    resolved = u > 2.0 * floor
    u = u[resolved]
    if u.size == 0:
        return math.nan
    at, before = (np.asarray(law.cdf_of_log(u + shift)) for shift in (ROUNDED, -ROUNDED))
    return float(max(np.abs(at - above[resolved]).max(), np.abs(before - below[resolved]).max()))


# ---------------------------------------------------------------------- assembly
@dataclass(frozen=True, eq=False)
class Context:
    """What a report says beside its spectrum.

    Attributes
    ----------
    subject : str
    shape : (rows, columns) of J
    readings : tuple of LayerReading
    chain : bool
        Whether J is the product of the D_l W_l of the readings.
    predict : bool
        Whether predictions are made.
    input_q : float
        Mean square of the input of the range.
    notes : tuple of str
    target : float
        Relative variance that the advice aims at.
    withheld : str
        Why there is no verdict.
    blocks : tuple of BlockReading
    budget : float
        Seconds that predictions may take.
    bound : str
        Why layers are not free of each other; empty if nothing says so.
    stack : callable or None
        For what is no chain: a prediction of its residual blocks, or why there is none.
    level : float
        Chance of rejecting a right prediction.
    """

    subject: str
    shape: tuple[int, int]
    readings: tuple[LayerReading, ...]
    chain: bool
    predict: bool
    input_q: float
    notes: tuple[str, ...]
    target: float
    withheld: str
    blocks: tuple[BlockReading, ...] = ()
    budget: float = math.inf
    bound: str = ""
    stack: Callable[[], ChainPrediction | str] | None = None
    level: float = 0.01

    @property
    def scatter(self) -> float:
        """Standard deviation of log m₁ over draws of the weights, of a chain; of given blocks, over their rotations."""
        layers = self.readings
        if self.chain and all(layer.mean_slope > 0.0 for layer in layers):
            widths = [layers[0].weights.columns, *(layer.weights.rows for layer in layers)]
            orthogonal = all(layer.weights.kind is WeightLaw.ORTHOGONAL for layer in layers)
            return chain_scatter([layer.slope_spread for layer in layers], widths, orthogonal=orthogonal)
        spreads = [block.relvar for block in self.blocks]
        if not spreads or not np.isfinite(spreads).all():
            return 0.0
        return block_scatter(spreads, min(min(block.shape) for block in self.blocks))

    @property
    def growth(self) -> Growth | None:
        """How m₁ grows from block to block; None without blocks."""
        if not self.blocks:
            return None
        logs = [0.0, *(block.log_m1 for block in self.blocks)]
        steps = [b - a if math.isfinite(a) else -math.inf for a, b in pairwise(logs)]
        return Growth.of(steps, scatter=self.scatter)

    @property
    def lost(self) -> float:
        """Share of its directions that the layer of a chain which loses most surely loses."""
        if not self.chain:
            return 0.0
        shares = [
            layer.dead - 3.0 * math.sqrt(layer.dead * (1.0 - layer.dead) / layer.weights.rows)
            for layer in self.readings
        ]
        return max(0.0, *shares)

    @property
    def rank(self) -> float:
        """Narrowest width over the rows, at most 1."""
        rows, columns = self.shape
        widths = [reading.weights.rows for reading in self.readings] if self.chain else []
        return min(1.0, min([columns, *widths]) / rows)


def dense_report(context: Context, logs: Real, floor: float, directions: Directions) -> ModelReport:
    """Report on measured singular values, given as logarithms in descending order.

    Parameters
    ----------
    context : Context
    logs : array
    floor : float
        Logarithm of the smallest singular value that is resolved.
    directions : Directions
    """
    return _in_time(context, lambda given: _dense_report(given, logs, floor, directions))


def _in_time(context: Context, report: Callable[[Context], ModelReport]) -> ModelReport:
    """A report whose predictions are dropped, with a note, when they take longer than they may."""
    if not context.predict or context.budget == math.inf:
        return report(context)
    try:
        return within(context.budget, lambda: report(context))
    except Overdue:
        note = f"the prediction is left out: it {'needs' if context.budget <= 0.0 else 'took'} more than " + (
            f"{context.budget:g} s; give it more by budget="
        )
        return report(replace(context, predict=False, notes=(*context.notes, note)))


def _dense_report(context: Context, logs: Real, floor: float, directions: Directions) -> ModelReport:
    rows, columns = context.shape
    conditional, mean_field, remarks = _predictions(context)
    reference = next((p for p in (conditional, mean_field) if p is not None and p.law is not None), None)
    bulk, outliers = split_outliers(logs, None if reference is None else reference.law, directions)
    whole = SpectrumSummary.of_values(logs, rows=rows, columns=columns, rank=context.rank)
    rest = rows - len(outliers)
    apart = SpectrumSummary.of_values(bulk, rows=rest, rank=context.rank)
    padded = np.concatenate([bulk, np.full(rest - bulk.size, -math.inf)])
    conditional, mean_field = (
        _with_agreement(context, p, whole.log_m1, given, partial(kolmogorov_distance, padded, floor=floor))
        for p, given in ((conditional, True), (mean_field, False))
    )
    return ModelReport(
        **_common(context, remarks, whole, conditional, mean_field),
        bulk=apart,
        outliers=outliers,
        values=logs,
        resolution=Resolution("dense", exponential(floor)),
        radial_gain=directions.gain,
    )


def _with_agreement(
    context: Context,
    prediction: ChainPrediction | None,
    log_m1: float,
    given_slopes: bool,
    distance_to: Callable[[Law], float],
    *,
    error: float = 0.0,
    bound: bool = False,
) -> ChainPrediction | None:
    """A prediction with the verdict on it, where it has a law whose distance can be computed.

    `error` is that of the measured log m₁.
    """
    if prediction is None or prediction.law is None:
        return prediction
    try:
        ks = distance_to(prediction.law)
    except ConvergenceError:
        return prediction
    if math.isnan(ks):  # nothing is resolved
        return prediction
    agreement = agreement_with(
        prediction.law,
        ks,
        independent_rows(context.readings if context.chain else (), min(context.shape)),
        level=context.level,
        resolution=prediction.resolution,
        bound=bound,
        shift=None if given_slopes else (log_m1 - prediction.log_m1, context.scatter, error),
    )
    return replace(prediction, agreement=agreement)


def lanczos_report(context: Context, spectrum: LanczosSpectrum, radial_gain: float) -> ModelReport:
    """Report on a spectrum known through Lanczos rules; parameters as in :func:`dense_report`."""
    return _in_time(context, lambda given: _lanczos_report(given, spectrum, radial_gain))


def _lanczos_report(context: Context, spectrum: LanczosSpectrum, radial_gain: float) -> ModelReport:
    rows, columns = context.shape
    conditional, mean_field, remarks = _predictions(context)
    first, first_error = spectrum.moment(1)
    relvar, relvar_error = spectrum.relative_variance()
    top, residual = spectrum.largest
    floor = math.sqrt(spectrum.resolved_above)
    bounds = tuple((u, *np.sqrt(spectrum.quantile_bounds(u)).tolist()) for u in LEVELS)
    inside = [float(np.mean(spectrum.cdf_bounds(level))) for level in (4.0, 0.25)]
    summary = SpectrumSummary(
        log_m1=math.log(first * rows / columns) if first > 0.0 else -math.inf,
        relvar=relvar,
        log_s_min=math.nan,
        log_s_max=math.log(top) if top > 0.0 else -math.inf,
        log_quantiles=tuple(
            0.5 * math.log(low * high) if low > 0.0 and math.isfinite(high) else math.nan for _, low, high in bounds
        ),
        atoms=(),
        fraction=max(0.0, inside[0] - inside[1]),
        rank=context.rank,
    )
    conditional, mean_field = (
        _with_agreement(
            context,
            p,
            summary.log_m1,
            given,
            lambda law: spectrum.departure(law.cdf),
            error=first_error / first if first > 0.0 else 0.0,
            bound=True,
        )
        for p, given in ((conditional, True), (mean_field, False))
    )
    resolution = Resolution("matrix-free", floor, first_error * rows / columns, relvar_error, residual, bounds)
    return ModelReport(
        **_common(context, remarks, summary, conditional, mean_field),
        resolution=resolution,
        radial_gain=radial_gain,
    )


def _predictions(context: Context) -> tuple[ChainPrediction | None, ChainPrediction | None, list[str]]:
    """The conditional and the mean-field prediction, and why one or a law of one is missing."""
    readings = context.readings
    if not context.predict:
        return None, None, []
    if not context.chain:
        remark = "the range is not a chain of layers W and diagonal D: its spectrum is measured, not predicted"
        predicted = remark if context.stack is None else context.stack()
        if not isinstance(predicted, str):
            return None, predicted, []
        return None, None, [remark] if predicted == remark else [remark, predicted]
    if context.bound:
        return None, None, [f"no prediction applies: {context.bound}"]
    conditional = conditional_prediction(readings)
    mean_field = mean_field_prediction(readings, context.input_q)
    if isinstance(mean_field, str):
        return conditional, None, [f"no mean-field prediction: {mean_field}"]
    return conditional, mean_field, []


def _summary(prediction: ChainPrediction, rank: float) -> SpectrumSummary | None:
    """Numbers of a predicted law; None where they cannot be computed with a certificate."""
    if prediction.law is None:
        return None
    try:
        return SpectrumSummary.of_law(prediction.law, log_m1=prediction.log_m1, relvar=prediction.relvar, rank=rank)
    except ConvergenceError:
        return None


def _common(
    context: Context,
    remarks: Sequence[str],
    summary: SpectrumSummary,
    conditional: ChainPrediction | None,
    mean_field: ChainPrediction | None,
) -> dict[str, Any]:
    """What dense and matrix-free reports have in common."""
    readings, rows = context.readings, context.shape[0]
    remarks = [*remarks, *_misfit(conditional, mean_field)]
    if not context.chain and mean_field is not None and mean_field.ks is None:
        remarks.append("the law of these blocks is not certified: m1 and relative variance are predicted, no more")
    shown = next((p for p in (conditional, mean_field) if p is not None and p.law is not None), None)
    kinds = {reading.weights.kind for reading in readings}
    return {
        "subject": context.subject,
        "depth": max(1, len(readings)),
        "weights": str(next(iter(kinds))).removesuffix("-like") if len(kinds) == 1 else "mixed",
        "predicted": None if shown is None else _summary(shown, summary.rank),
        "measured": summary,
        "layers": tuple(reading.share(rows) for reading in readings) if context.chain else (),
        "advice": model_advice(readings, context.target) if context.chain and context.predict else None,
        "agreement": None if shown is None else shown.agreement,
        "notes": (*([context.withheld] if context.withheld else ()), *context.notes, *remarks, *_remarks(readings)),
        "withheld": context.withheld,
        "blocks": context.blocks,
        "growth": context.growth,
        "lost": context.lost,
        "network": None if mean_field is None else mean_field.network,
        "law": None if shown is None else shown.law,
        "readings": readings,
        "mean_field": mean_field,
        "conditional": conditional,
    }


def _misfit(*predictions: ChainPrediction | None) -> list[str]:
    """What a rejection of the best prediction means."""
    agreement = next((p.agreement for p in predictions if p is not None and p.agreement is not None), None)
    if agreement is None or not agreement.rejected:
        return []
    return [
        f"the prediction is rejected (p = {agreement.p_value:.3g}, level {agreement.level:g}): weights that are not "
        "free of each other, or slopes that follow them, do that"
    ]


def _remarks(readings: Sequence[LayerReading]) -> tuple[str, ...]:
    notes = []
    trap = next((r for r in readings if r.weights.kind is WeightLaw.ORTHOGONAL_KERNEL), None)
    if trap is not None:
        notes.append(
            f"the kernel of {trap.place or trap.kind} is orthogonal, its convolution is not: relative variance "
            f"{trap.weights.spread:.3g} a layer, almost that of Gaussian weights; take delta-orthogonal kernels"
        )
    dead = max((r.dead for r in readings), default=0.0)
    if dead > 0.6:
        notes.append(f"{100.0 * dead:.0f} % of the units of a layer have slope 0: their gradient is exactly zero")
    return tuple(notes)


def model_advice(readings: Sequence[LayerReading], target: float) -> Advice | None:
    """What to set instead in a chain; None where there is more than one activation, or one without a name."""
    named = {reading.activation for reading in readings} - {None}
    nonlinear = {phi for phi in named if phi is not None and phi.name != "linear"} or named
    if len(nonlinear) != 1 or any(reading.activation is None for reading in readings):
        return None
    phi = nonlinear.pop()
    assert phi is not None
    gaussian = any(reading.weights.kind is not WeightLaw.ORTHOGONAL for reading in readings)
    widths = [readings[0].weights.columns, *(reading.weights.rows for reading in readings)]
    scales = [reading.weights.sigma_w for reading in readings]
    found = advise(
        phi,
        len(readings),
        sigma_w=math.sqrt(float(np.mean(np.square(scales)))),
        sigma_b=math.sqrt(float(np.mean([reading.sigma_b**2 for reading in readings]))),
        weights="gaussian" if gaussian else "orthogonal",
        widths=None if len(set(widths)) == 1 else widths,
        target=target,
    )
    return replace(found, layers=tuple(reading.place for reading in readings))
