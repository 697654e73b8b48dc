"""The blocks of a real model as a figure: activations, gains and singular values, one after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rmt.networks.models.model_report import ModelReport
from rmt.plotting.canvas import figure, legend, style

#: blocks up to which their names stand on the axis
NAMED = 24


@style()
def model_blocks(report: ModelReport, axes: Any = None, *, label: str = "") -> Any:
    r"""Draw the blocks of a model: mean squares of activations, m₁ so far, and singular values of each block.

    Parameters
    ----------
    report : ModelReport
        From :func:`rmt.check_isometry`.
    axes : sequence of two Axes, optional
        For activations and m₁, and for singular values; a figure of their own when None.
    label : str
        Put before the names of the lines, for several models in one picture.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If `report` is no report on a real model.
    ValueError
        If it has no blocks.

    Examples
    --------
    >>> import importlib.util
    >>> import rmt
    >>> if importlib.util.find_spec("torch"):
    ...     import torch
    ...     model = torch.nn.Sequential(*[torch.nn.Linear(8, 8) for _ in range(3)])
    ...     figure = rmt.plotting.model_blocks(rmt.check_isometry(model, torch.ones(8)))
    """
    if not isinstance(report, ModelReport):
        raise TypeError(f"report must be a ModelReport, from check_isometry, got {type(report).__name__}")
    if not report.blocks:
        raise ValueError("the report has no blocks: nothing but its beginning and end cuts the model")
    upper, lower = _axes(axes)
    numbers = np.arange(1, len(report.blocks) + 1)
    prefix = f"{label}: " if label else ""
    scale = [report.blocks[0].q_in, *(block.q_out for block in report.blocks)]
    (line,) = upper.plot([0, *numbers], scale, "o-", markersize=3, label=rf"{prefix}$q$")
    colour = line.get_color()
    sofar = [math.exp(min(block.log_m1, 700.0)) for block in report.blocks]
    upper.plot([0, *numbers], [1.0, *sofar], "s--", markersize=3, color=colour, label=rf"{prefix}$m_1$ so far")
    upper.set_yscale("log")
    upper.set_ylabel("mean squares")
    legend(upper)
    low, middle, high = (np.array([block.quantiles[i] for block in report.blocks]) for i in range(3))
    top = [block.s_max for block in report.blocks]
    lower.fill_between(numbers, low, high, alpha=0.25, color=colour, linewidth=0.0)
    lower.plot(numbers, middle, "-", color=colour, label=f"{prefix}median, 5 to 95 %")
    lower.plot(numbers, top, ".", color=colour, label=rf"{prefix}$s_{{\max}}$")
    lower.set_ylabel("singular values of the block")
    if len(numbers) <= NAMED:
        names = [block.place or str(k) for k, block in zip(numbers, report.blocks, strict=True)]
        lower.set_xticks(numbers, names, rotation=60, ha="right", fontsize="small")
    else:
        lower.set_xlabel("block")
    legend(lower)
    return upper.figure


def _axes(axes: Any) -> tuple[Axes, Axes]:
    if axes is not None:
        upper, lower = axes
        return upper, lower
    _, (upper, lower) = figure(2, 1, height=6.4)
    return upper, lower
