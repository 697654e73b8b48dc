"""The report on the spectrum of a Jacobian, predicted or measured: its parts, its text and its JSON.

All positions are singular values s of J and all masses are shares of its N_L rows, as in the law of J Jᵀ; m₁ and the
relative variance are those of the eigenvalues s². Numbers that may leave the range of a double are kept as logarithms.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.errors import check_count, check_real
from rmt.laws.law import Law
from rmt.networks.architecture.mlp import MLP
from rmt.networks.architecture.residual_network import ResidualNetwork
from rmt.networks.reports.advice import Advice
from rmt.networks.reports.agreement import Agreement
from rmt.networks.reports.depth_growth import Growth
from rmt.networks.reports.spectrum_summary import SpectrumSummary, exponential, finite, power_of_ten
from rmt.networks.reports.verdict import Verdict

Real = NDArray[np.float64]

#: layers that the text of a report shows
SHOWN_LAYERS = 8


class Cause(Enum):
    """Why a singular value lies outside the bulk.

    Examples
    --------
    >>> import rmt
    >>> from rmt.networks import Cause
    >>> report = rmt.networks.isometry(rmt.networks.MLP(20, "relu", sigma_w=2**0.5))
    >>> all(outlier.cause in Cause for outlier in report.outliers)
    True
    """

    RADIAL = "radial direction"
    MEAN_MODE = "mean mode"
    UNEXPLAINED = "unexplained"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class JacobianOutlier:
    """A singular value outside the bulk.

    Attributes
    ----------
    log_position : float
        Logarithm of the singular value; below the bulk a bound: the smallest one lies at or below it.
    cause : Cause
        The radial direction (the input itself, whose gain is the product of the chi_par), the mean mode of a
        residual network, or unexplained.
    expected : float or None
        Logarithm of the gain of the direction that causes it: Π chi_par for the radial one.
    is_bound : bool
        Whether `log_position` is an upper bound, as it is below the bulk, and not the value.

    Examples
    --------
    >>> from rmt.networks import Cause, JacobianOutlier
    >>> outlier = JacobianOutlier(log_position=0.0, cause=next(iter(Cause)))
    >>> outlier.position, outlier.is_bound
    (1.0, False)
    """

    log_position: float
    cause: Cause
    expected: float | None = None
    is_bound: bool = False

    @property
    def position(self) -> float:
        """The singular value; below the bulk the bound on it."""
        return exponential(self.log_position)

    def __str__(self) -> str:
        text = f"s {'<=' if self.is_bound else '='} {power_of_ten(self.log_position)}: {self.cause}"
        if self.expected is not None and self.expected != self.log_position:
            text += f", gain {power_of_ten(self.expected)}"
        return text


@dataclass(frozen=True)
class LayerShare:
    """What one layer does to the spectrum.

    Attributes
    ----------
    name : str
        Activation, or what else the layer is.
    sigma_w, sigma_b, q, chi_perp, chi_par : float or None
        As in :class:`rmt.networks.MeanField`; None where a measured layer has no such number.
    log_m1, relvar : float
        What the layer adds to the logarithm of m₁ and to the relative variance.
    dead : float
        Share of units whose derivative is exactly 0.

    Examples
    --------
    >>> import rmt
    >>> share = rmt.networks.isometry(rmt.networks.MLP(2, "relu", sigma_w=2**0.5)).layers[0]
    >>> round(share.chi_perp, 12), share.dead
    (1.0, 0.5)
    """

    name: str
    sigma_w: float | None
    sigma_b: float | None
    q: float | None
    chi_perp: float | None
    chi_par: float | None
    log_m1: float
    relvar: float
    dead: float = 0.0


@dataclass(frozen=True)
class DepthScales:
    """Numbers of layers over which things change by a factor e, at the stationary length; inf where they do not.

    Attributes
    ----------
    xi_c : float
        Correlations of two inputs.
    xi_q : float
        Lengths.
    xi_grad : float
        Mean squared gradients.

    References
    ----------
    Schoenholz et al. 2017.

    Examples
    --------
    >>> import rmt
    >>> scales = rmt.networks.isometry(rmt.networks.MLP(4, "tanh", sigma_w=0.5, sigma_b=0.5)).scales
    >>> scales.xi_c > 0.0, scales.xi_q > 0.0, scales.xi_grad > 0.0
    (True, True, True)
    """

    xi_c: float
    xi_q: float
    xi_grad: float


@dataclass(frozen=True, eq=False)
class IsometryReport:
    """How far a Jacobian is from an isometry, why, and what to set instead.

    The numbers are those of the measured spectrum where there is one, else of the predicted one.

    Attributes
    ----------
    subject : str
        The network.
    depth : int
        Number of layers.
    weights : str
        What their law is called.
    predicted, measured : SpectrumSummary or None
        At least one of them.
    layers : tuple of LayerShare
        From the input to the output.
    outliers : tuple of JacobianOutlier
        Singular values outside the bulk, which the verdict leaves out.
    scales : DepthScales or None
        At stationarity; None for layers that differ.
    advice : Advice or None
        What to set instead.
    agreement : Agreement or None
        Whether the measured bulk agrees with the predicted law: verdict, p-value and parts, in the words of
        :func:`rmt.spectra.compare`.
    notes : tuple of str
        Remarks: unstable lengths, saturation, what is not predicted.
    network : MLP, ResidualNetwork or None
        The network of the prediction.
    law : Law or None
        Predicted law of J Jᵀ, divided by ``exp(log_scale)``.
    log_scale : float
        Logarithm of what the law was divided by, so that it fits the range of a double; 0 for the law itself.
    values : array or None
        Logarithms of the measured singular values, outliers included.
    growth : Growth or None
        How m₁ grows from layer to layer, where it was measured.

    Examples
    --------
    >>> import json, rmt
    >>> report = rmt.networks.isometry(rmt.networks.MLP(10, "relu", sigma_w=2**0.5))
    >>> report.verdict.value, report.depth
    ('STABLE BUT NOT ISOMETRIC', 10)
    >>> sorted(report.to_dict()) == sorted(json.loads(report.to_json()))
    True
    >>> ax = report.plot(n=20)
    """

    subject: str
    depth: int
    weights: str
    predicted: SpectrumSummary | None
    measured: SpectrumSummary | None = None
    layers: tuple[LayerShare, ...] = ()
    outliers: tuple[JacobianOutlier, ...] = ()
    scales: DepthScales | None = None
    advice: Advice | None = None
    agreement: Agreement | None = None
    notes: tuple[str, ...] = ()
    network: MLP | ResidualNetwork | None = field(default=None, repr=False)
    law: Law | None = field(default=None, repr=False)
    log_scale: float = 0.0
    values: Real | None = field(default=None, repr=False)
    growth: Growth | None = None

    def __post_init__(self) -> None:
        check_count("depth", self.depth)
        if self.predicted is None and self.measured is None:
            raise ValueError("a report needs a predicted or a measured spectrum, got neither")

    # ------------------------------------------------------------------ the numbers
    @property
    def spectrum(self) -> SpectrumSummary:
        """The measured spectrum where there is one, else the predicted one."""
        chosen = self.measured if self.measured is not None else self.predicted
        assert chosen is not None
        return chosen

    @property
    def m1(self) -> float:
        """Mean squared singular value."""
        return self.spectrum.m1

    @property
    def log_m1(self) -> float:
        """Its logarithm."""
        return self.spectrum.log_m1

    @property
    def gain_per_layer(self) -> float:
        """m₁^(1/L), the growth of mean squared gradients a layer."""
        return exponential(self.log_m1 / self.depth)

    @property
    def relvar(self) -> float:
        """Relative variance of the squared singular values."""
        return self.spectrum.relvar

    @property
    def s_min(self) -> float:
        """Lower end of the bulk."""
        return self.spectrum.s_min

    @property
    def s_max(self) -> float:
        """Upper end of the bulk."""
        return self.spectrum.s_max

    @property
    def condition(self) -> float:
        """s_max / s_min of the bulk."""
        return self.spectrum.condition

    @property
    def quantiles(self) -> dict[float, float]:
        """Singular values by level, 0.001 to 0.999."""
        return self.spectrum.quantiles

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Singular values of positive mass, as (s, mass)."""
        return self.spectrum.atoms

    @property
    def fraction(self) -> float:
        """Share of singular values in [1/2, 2]."""
        return self.spectrum.fraction

    @property
    def verdict(self) -> Verdict:
        """Grade of the bulk."""
        return self.spectrum.verdict

    @property
    def ks(self) -> float | None:
        """Kolmogorov-Smirnov distance of the measured bulk to the predicted law."""
        return None if self.agreement is None else self.agreement.ks

    @cached_property
    def log_m1_shares(self) -> Real:
        """Share of every layer in log m₁; they sum to 1, or are NaN where m₁ = 1 or 0."""
        return _shares([layer.log_m1 for layer in self.layers])

    @cached_property
    def relvar_shares(self) -> Real:
        """Share of every layer in the relative variance; they sum to 1, or are NaN where it is 0."""
        return _shares([layer.relvar for layer in self.layers])

    # ------------------------------------------------------------------ forms
    def to_dict(self) -> dict[str, Any]:
        """The report in built-in types; None where a number is infinite or not known.

        Returns
        -------
        dict
        """
        chosen = self.spectrum.to_dict()
        return {
            "subject": self.subject,
            "depth": self.depth,
            "weights": self.weights,
            "verdict": str(self.verdict),
            **chosen,
            "gain_per_layer": finite(self.gain_per_layer),
            "outliers": [
                {
                    "position": finite(o.position),
                    "log_position": finite(o.log_position),
                    "is_bound": o.is_bound,
                    "cause": str(o.cause),
                }
                for o in self.outliers
            ],
            "scales": None if self.scales is None else {k: finite(v) for k, v in vars(self.scales).items()},
            "layers": [_layer_record(*run) for run in runs(self.layers)],
            "advice": None if self.advice is None else self.advice.to_dict(),
            "agreement": None if self.agreement is None else self.agreement.to_dict(),
            "notes": list(self.notes),
            "predicted": None if self.predicted is None else self.predicted.to_dict(),
            "measured": None if self.measured is None else self.measured.to_dict(),
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """The report as strict JSON: no NaN, no infinity, ``null`` instead.

        Parameters
        ----------
        indent : int, optional
            Spaces of indentation; one line when None.

        Returns
        -------
        str
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def plot(self, ax: Any = None, *, n: int = 400, rng: Any = 0) -> Any:
        """Draw the spectrum on the Axes `ax`, or the whole report on a figure of its own: ``rmt.plotting.isometry``.

        Returns the Axes of the spectrum; `n` and `rng` are for the network that is sampled where nothing was measured.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw the spectrum; a figure with all panels when None.
        n : int
            Width of the network that is sampled where nothing was measured.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.

        Returns
        -------
        matplotlib.axes.Axes
            The Axes of the spectrum.
        """
        import rmt  # through the lazy table of names: pictures live on a higher floor

        return rmt.plotting.isometry(self, ax, n=n, rng=rng)

    def __str__(self) -> str:
        from rmt.networks.reports.report_text import report_text

        return report_text(self)


# ---------------------------------------------------------------------- helpers
def runs(layers: tuple[LayerShare, ...]) -> Iterator[tuple[int, int, LayerShare]]:
    """Stretches of equal layers as (first, last, layer), counted from 1."""
    start = 0
    for stop in range(1, len(layers) + 1):
        if stop == len(layers) or layers[stop] != layers[start]:
            yield start + 1, stop, layers[start]
            start = stop


def _layer_record(first: int, last: int, layer: LayerShare) -> dict[str, Any]:
    numbers: Mapping[str, Any] = vars(layer)
    return {
        "first": first,
        "last": last,
        **{k: finite(v) if isinstance(v, float) else v for k, v in numbers.items()},
    }


def _shares(parts: list[float]) -> Real:
    values = np.array(parts, dtype=np.float64)
    total = float(values.sum()) if values.size else 0.0
    if total == 0.0 or not math.isfinite(total):
        return np.full(values.size, np.nan)
    return values / total


def check_target(value: Any) -> float:
    """Relative variance that advice may aim at."""
    return float(check_real("target", value, above=0.0))
