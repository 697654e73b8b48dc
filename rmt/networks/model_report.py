"""The report on a real model: its measured spectrum beside two predictions, outliers apart from the bulk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.laws.law import Law
from rmt.networks.advice import Advice, advise
from rmt.networks.conditional import Prediction, conditional_prediction, mean_field_prediction
from rmt.networks.readings import LayerReading, WeightLaw
from rmt.networks.report import Cause, IsometryReport, JacobianOutlier
from rmt.networks.spectrum_summary import LEVELS, SpectrumSummary, exponential, finite, power_of_ten
from rmt.numerics.golub_kahan import LanczosSpectrum

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


@dataclass(frozen=True, eq=False)
class ModelReport(IsometryReport):
    """Report on the Jacobian of a real model, made by :func:`rmt.check_isometry`.

    An :class:`IsometryReport` with, beside the numbers of every report:

    Attributes
    ----------
    readings : tuple of LayerReading
        What was read from the layers.
    mean_field : Prediction or None
        From the scales of weights and biases and the length of the input alone.
    conditional : Prediction or None
        Given the slopes of this forward pass.
    resolution : Resolution or None
    radial_gain : float or None
        abs(J x)/abs(x) along the input x of the range, as measured.
    """

    readings: tuple[LayerReading, ...] = field(default=(), repr=False)
    mean_field: Prediction | None = None
    conditional: Prediction | None = None
    resolution: Resolution | None = None
    radial_gain: float | None = None

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
            "model_layers": [_reading_record(reading) for reading in self.readings],
        }

    def __str__(self) -> str:
        lines = [super().__str__(), ""]
        for name, prediction in (("mean field", self.mean_field), ("given the D_l", self.conditional)):
            if prediction is not None:
                ks = "" if prediction.ks is None else f", KS distance {prediction.ks:.4f}"
                lines.append(
                    f"{name:<20}m1 = {power_of_ten(prediction.log_m1)}, relative variance {prediction.relvar:.5g}{ks}"
                )
        if self.resolution is not None:
            lines += [f"{'resolution' if i == 0 else '':<20}{t}" for i, t in enumerate(self.resolution.lines())]
        kinds = sorted({str(r.weights.kind) for r in self.readings})
        if kinds:
            lines.append(f"{'weights':<20}{', '.join(kinds)}")
        return "\n".join(lines)


def _prediction_record(prediction: Prediction | None) -> dict[str, Any] | None:
    if prediction is None:
        return None
    return {
        "m1": finite(prediction.m1),
        "log_m1": finite(prediction.log_m1),
        "relvar": finite(prediction.relvar),
        "ks": prediction.ks,
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
    for atom, _ in law.atoms:
        if atom > 0.0:
            squares[np.abs(squares - math.log(atom)) < ON_ATOM] = math.log(atom)
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
def dense_report(
    subject: str,
    logs: Real,
    shape: tuple[int, int],
    floor: float,
    readings: Sequence[LayerReading],
    chain: bool,
    input_q: float,
    directions: Directions,
    notes: Sequence[str],
    target: float,
) -> ModelReport:
    """Report on measured singular values, given as logarithms in descending order.

    Parameters
    ----------
    subject : str
    logs : array
    shape : (rows, columns) of J
    floor : float
        Logarithm of the smallest singular value that is resolved.
    readings : sequence of LayerReading
    chain : bool
        Whether J is the product of the D_l W_l of the readings.
    input_q : float
        Mean square of the input of the range.
    directions : Directions
    notes : sequence of str
    target : float
        Relative variance that the advice aims at.
    """
    rows, columns = shape
    conditional, mean_field, remarks = _predictions(readings, chain, input_q)
    reference = next((p for p in (conditional, mean_field) if p is not None and p.law is not None), None)
    bulk, outliers = split_outliers(logs, None if reference is None else reference.law, directions)
    rank = _rank(rows, columns, readings if chain else ())
    summary = SpectrumSummary.of_values(bulk, rows=rows - len(outliers), rank=min(1.0, rank))
    conditional, mean_field = (_with_distance(p, bulk, rows - len(outliers), floor) for p in (conditional, mean_field))
    return ModelReport(
        **_common(subject, readings, chain, (*notes, *remarks), target, summary, rows, conditional, mean_field),
        outliers=outliers,
        values=logs,
        resolution=Resolution("dense", exponential(floor)),
        radial_gain=directions.gain,
    )


def _with_distance(prediction: Prediction | None, bulk: Real, rows: int, floor: float) -> Prediction | None:
    if prediction is None or prediction.law is None:
        return prediction
    padded = np.concatenate([bulk, np.full(rows - bulk.size, -math.inf)])
    try:
        return replace(prediction, ks=kolmogorov_distance(padded, prediction.law, floor))
    except ConvergenceError:
        return prediction


def lanczos_report(
    subject: str,
    spectrum: LanczosSpectrum,
    shape: tuple[int, int],
    readings: Sequence[LayerReading],
    chain: bool,
    input_q: float,
    radial_gain: float,
    notes: Sequence[str],
    target: float,
) -> ModelReport:
    """Report on a spectrum known through Lanczos rules; parameters as in :func:`dense_report`."""
    conditional, mean_field, remarks = _predictions(readings, chain, input_q)
    first, first_error = spectrum.moment(1)
    second, second_error = spectrum.moment(2)
    top, residual = spectrum.largest
    floor = math.sqrt(spectrum.resolved_above)
    bounds = tuple((u, *np.sqrt(spectrum.quantile_bounds(u)).tolist()) for u in LEVELS)
    inside = [float(np.mean(spectrum.cdf_bounds(level))) for level in (4.0, 0.25)]
    summary = SpectrumSummary(
        log_m1=math.log(first) if first > 0.0 else -math.inf,
        relvar=second / first**2 - 1.0 if first > 0.0 else math.nan,
        log_s_min=math.nan,
        log_s_max=math.log(top) if top > 0.0 else -math.inf,
        log_quantiles=tuple(
            0.5 * math.log(low * high) if low > 0.0 and math.isfinite(high) else math.nan for _, low, high in bounds
        ),
        atoms=(),
        fraction=max(0.0, inside[0] - inside[1]),
        rank=min(1.0, _rank(*shape, readings if chain else ())),
    )
    conditional, mean_field = (
        p if p is None or p.law is None else replace(p, ks=spectrum.departure(p.law.cdf))
        for p in (conditional, mean_field)
    )
    relvar_error = math.hypot(second_error / first**2, 2.0 * second * first_error / first**3) if first > 0.0 else 0.0
    resolution = Resolution("matrix-free", floor, first_error, relvar_error, residual, bounds)
    return ModelReport(
        **_common(subject, readings, chain, (*notes, *remarks), target, summary, shape[0], conditional, mean_field),
        resolution=resolution,
        radial_gain=radial_gain,
    )


def _rank(rows: int, columns: int, readings: Sequence[LayerReading]) -> float:
    """Narrowest width over the rows."""
    return min([columns, *(reading.weights.rows for reading in readings)]) / rows


def _predictions(
    readings: Sequence[LayerReading], chain: bool, input_q: float
) -> tuple[Prediction | None, Prediction | None, list[str]]:
    """The conditional and the mean-field prediction, and why one or a law of one is missing."""
    if not chain:
        return (
            None,
            None,
            ["the range is not a chain of layers W and diagonal D: its spectrum is measured, not predicted"],
        )
    conditional = conditional_prediction(readings)
    mean_field = mean_field_prediction(readings, input_q)
    if isinstance(mean_field, str):
        return conditional, None, [f"no mean-field prediction: {mean_field}"]
    return conditional, mean_field, []


def _summary(prediction: Prediction, rank: float) -> SpectrumSummary | None:
    """Numbers of a predicted law; None where they cannot be computed with a certificate."""
    if prediction.law is None:
        return None
    try:
        return SpectrumSummary.of_law(prediction.law, log_m1=prediction.log_m1, relvar=prediction.relvar, rank=rank)
    except ConvergenceError:
        return None


def _common(
    subject: str,
    readings: Sequence[LayerReading],
    chain: bool,
    notes: Sequence[str],
    target: float,
    summary: SpectrumSummary,
    rows: int,
    conditional: Prediction | None,
    mean_field: Prediction | None,
) -> dict[str, Any]:
    """What dense and matrix-free reports have in common."""
    shown = next((p for p in (conditional, mean_field) if p is not None and p.law is not None), None)
    kinds = {reading.weights.kind for reading in readings}
    return {
        "subject": subject,
        "depth": max(1, len(readings)),
        "weights": str(next(iter(kinds))).removesuffix("-like") if len(kinds) == 1 else "mixed",
        "predicted": None if shown is None else _summary(shown, summary.rank),
        "measured": summary,
        "layers": tuple(reading.share(rows) for reading in readings) if chain else (),
        "advice": model_advice(readings, chain, target),
        "ks": None if shown is None else shown.ks,
        "notes": (*notes, *_remarks(readings)),
        "network": None if mean_field is None else mean_field.network,
        "law": None if shown is None else shown.law,
        "readings": tuple(readings),
        "mean_field": mean_field,
        "conditional": conditional,
    }


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


def model_advice(readings: Sequence[LayerReading], chain: bool, target: float) -> Advice | None:
    """What to set instead; None where there is more than one activation, or one without a name."""
    named = {reading.activation for reading in readings} - {None}
    nonlinear = {phi for phi in named if phi is not None and phi.name != "linear"} or named
    if not chain or len(nonlinear) != 1 or any(reading.activation is None for reading in readings):
        return None
    phi = nonlinear.pop()
    assert phi is not None
    gaussian = any(reading.weights.kind is not WeightLaw.ORTHOGONAL for reading in readings)
    widths = [readings[0].weights.columns, *(reading.weights.rows for reading in readings)]
    scales = [reading.weights.sigma_w for reading in readings]
    return advise(
        phi,
        len(readings),
        sigma_w=math.sqrt(float(np.mean(np.square(scales)))),
        sigma_b=math.sqrt(float(np.mean([reading.sigma_b**2 for reading in readings]))),
        weights="gaussian" if gaussian else "orthogonal",
        widths=None if len(set(widths)) == 1 else widths,
        target=target,
    )
