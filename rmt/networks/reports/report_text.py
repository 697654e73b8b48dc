"""The report on a Jacobian as text for a terminal."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from rmt.networks.reports.jacobian_report import SHOWN_LAYERS, LayerShare, runs
from rmt.networks.reports.spectrum_summary import SpectrumSummary, power_of_ten

if TYPE_CHECKING:
    from rmt.networks.reports.jacobian_report import IsometryReport

LABEL, COLUMN, WIDTH = 20, 14, 112


def report_text(report: IsometryReport) -> str:
    """All numbers of a report, its verdict first."""
    parts = [_head(report), _spectra(report), _extras(report), _layer_table(report), _advice(report)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(report: IsometryReport) -> list[str]:
    verdict, growth = report.verdict, report.growth
    gain = f"m1^(1/L) = {report.gain_per_layer:.5g} a layer" if growth is None else str(growth)
    left = f" (of the {100.0 * report.spectrum.rank:.3g} % that the widths leave)" if report.spectrum.rank < 1.0 else ""
    return [
        _row("network", report.subject),
        _row("verdict", f"{verdict}: {verdict.meaning}{left}; {gain}"),
    ]


def _spectra(report: IsometryReport) -> list[str]:
    columns = [(name, s) for name, s in (("predicted", report.predicted), ("measured", report.measured)) if s]
    lines = [" " * LABEL + "".join(f"{name:>{COLUMN}}" for name, _ in columns)] if len(columns) > 1 else []
    cells = [_cells(s) for _, s in columns]
    for label in cells[0]:
        lines.append(f"{label:<{LABEL}}" + "".join(f"{c[label]:>{COLUMN}}" for c in cells))
    return lines


def _cells(s: SpectrumSummary) -> dict[str, str]:
    rows = {
        "mean of s² (m1)": power_of_ten(s.log_m1),
        "relative variance": f"{s.relvar:.5g}",
        "s_min": power_of_ten(s.log_s_min),
        "s_max": power_of_ten(s.log_s_max),
        "condition": "infinite" if math.isinf(s.log_condition) else power_of_ten(s.log_condition),
        "share in [1/2, 2]": f"{100.0 * s.fraction:.2f} %",
    }
    if s.rank < 1.0:
        rows["rank of the widths"] = f"{100.0 * s.rank:.4g} %"
    if s.log_geometric_mean is not None:
        rows["geometric mean"] = power_of_ten(s.log_geometric_mean)
    for level, value in zip(s.levels, s.log_quantiles, strict=True):
        rows[f"quantile {100.0 * level:g} %"] = power_of_ten(value)
    return rows


def _extras(report: IsometryReport) -> list[str]:
    lines = [_row("atom", f"s = {s:.6g}, mass {mass:.5g}") for s, mass in report.atoms]
    lines += [_row("outlier", str(outlier)) for outlier in report.outliers]
    if report.agreement is not None:
        lines.append(_row("agreement", report.agreement.sentence()))
    if report.scales is not None:
        scales = (
            ("correlations", report.scales.xi_c),
            ("lengths", report.scales.xi_q),
            ("gradients", report.scales.xi_grad),
        )
        lines.append(_row("depth scales", ", ".join(f"{name} {_layers(value)}" for name, value in scales)))
    return lines + [_row("note", note) for note in report.notes]


def _layers(value: float) -> str:
    return "infinite" if math.isinf(value) or value > 1e8 else f"{value:.4g}"


def _layer_table(report: IsometryReport) -> list[str]:
    found = list(runs(report.layers))
    if not found:
        return []
    shares = report.relvar_shares
    header = f"{'layers':<{LABEL}}" + "".join(
        f"{name:>11}" for name in ("sigma_w", "sigma_b", "q", "chi_perp", "chi_par", "log m1", "relvar", "spread %")
    )
    picked = found if len(found) <= SHOWN_LAYERS else _widest(found)
    lines = [header]
    for first, last, layer in picked:
        name = f"{first}" if first == last else f"{first}-{last}"
        total = float(shares[first - 1 : last].sum())
        cells = _layer_cells(layer, last - first + 1)
        lines.append(
            f"{f'{name} {layer.name}'[: LABEL - 1]:<{LABEL}}" + "".join(f"{c:>11}" for c in (*cells, _percent(total)))
        )
    if len(picked) < len(found):
        lines.append(f"({len(found) - len(picked)} more; these spread the spectrum most)")
    return lines


def _widest(found: list[tuple[int, int, LayerShare]]) -> list[tuple[int, int, LayerShare]]:
    """The runs that add most to the relative variance, in order."""
    chosen = sorted(found, key=lambda run: -(run[1] - run[0] + 1) * run[2].relvar)[:SHOWN_LAYERS]
    return sorted(chosen, key=lambda run: run[0])


def _layer_cells(layer: LayerShare, count: int) -> tuple[str, ...]:
    numbers = (layer.sigma_w, layer.sigma_b, layer.q, layer.chi_perp, layer.chi_par)
    return (
        *("-" if value is None else f"{value:.5g}" for value in numbers),
        f"{count * layer.log_m1:.4g}",
        f"{count * layer.relvar:.4g}",
    )


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100.0 * share:.1f}"


def _advice(report: IsometryReport) -> list[str]:
    if report.advice is None:
        return []
    return [_row("advice" if i == 0 else "", reason) for i, reason in enumerate(report.advice.reasons)]


def _row(label: str, text: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=f"{label:<{LABEL}}", subsequent_indent=" " * LABEL, break_long_words=False
    )
