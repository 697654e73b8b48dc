"""Every number of a report beside samples, for the networks of the table of activations.

Networks of n = 200 and 400 rows are drawn, and their means are continued to infinite width, which leaves errors of
order 1/n². Four networks belong to the suite; ``RMT_REPORTS=60`` in the environment adds all sixty of the table.
"""

from __future__ import annotations

import math
import os
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from cases import long_beyond
from numpy.typing import NDArray
from references import make_activation_table as table
from scipy import stats

from rmt.networks import MLP, IsometryReport, SpectrumSummary, activation
from rmt.networks.reports.verdict import judge

Real = NDArray[np.float64]

SMALL, LARGE, DRAWS, DEPTH = 200, 400, 16, 3
#: a correct network fails in one number less than once in 10⁸
BOUND = float(stats.t.isf(0.5e-8, DRAWS - 1))
#: what is left of order 1/n², and of edges of order n^(-2/3), for logarithms and shares
LEFT, AT_EDGE = 2e-3, 4.0 * LARGE ** (-2.0 / 3.0)
#: what stands for a relative variance of 0
TINY = 1e-12
LEVELS = slice(2, 7)  # of .05 to .95: the others are few rows of these

ACTIVATIONS: dict[str, Any] = {
    **{", ".join([name, *(f"{k}={v:g}" for k, v in extra.items())]): (name, extra) for name, extra in table.NAMED},
    **table.WRITTEN,
}
SUITE = ("tanh", "relu", "gelu", "clipped_relu", "math.tanh(20 * x)", "1e6 * np.tanh(x)")
#: no unit of 400 has a derivative that a double holds; the law is refused for the noise of its differences
LEFT_OUT = ("erf, scale=10000", "x - np.tanh(x)")


def network(label: str) -> MLP:
    """Three layers of length 1; the weights of every second one of the table are orthogonal."""
    spec = ACTIVATIONS[label]
    phi = activation(spec[0], **spec[1]) if isinstance(spec, tuple) else activation(spec)
    power = phi.second_moment(1.0)
    weights = "orthogonal" if list(ACTIVATIONS).index(label) % 2 else "gaussian"
    return MLP(DEPTH, phi, power**-0.5, weights=weights, input_q=power)


def resolved(report: IsometryReport) -> list[int]:
    """Levels whose quantile is a point of the continuous part."""
    atoms = [math.log(s) for s, _ in report.spectrum.atoms if s > 0.0]
    places = enumerate(report.spectrum.log_quantiles[LEVELS])
    return [i for i, v in places if math.isfinite(v) and min((abs(v - a) for a in atoms), default=1.0) > 1e-6]


def numbers(logs: Real, report: IsometryReport) -> Real:
    """Log m₁, log of the relative variance, fraction, kernel, shares below quantiles, and extremes of one draw."""
    found = SpectrumSummary.of_values(logs)
    below = [float((logs <= report.spectrum.log_quantiles[LEVELS][i]).mean()) for i in resolved(report)]
    ends = [found.log_s_max, *([found.log_s_min] if report.spectrum.log_s_min > -math.inf else [])]
    flat = [found.kernel] if report.spectrum.kernel > 0.0 else []  # else zeros are derivatives that underflow
    return np.array([found.log_m1, math.log(found.relvar + TINY), found.fraction, *flat, *below, *ends])


def predicted(report: IsometryReport) -> Real:
    """The same of the report."""
    s = report.spectrum
    shares = [s.levels[LEVELS][i] for i in resolved(report)]
    ends = [s.log_s_max, *([s.log_s_min] if s.log_s_min > -math.inf else [])]
    flat = [s.kernel] if s.kernel > 0.0 else []
    return np.array([s.log_m1, math.log(s.relvar + TINY), s.fraction, *flat, *shares, *ends])


@lru_cache(maxsize=1)
def draws(label: str) -> tuple[Real, Real]:
    """Log singular values of networks of two sizes, ascending, a row a draw."""
    jacobian = network(label).jacobian()
    found = [jacobian.log_singular_values(n, rng=n, trials=DRAWS).reshape(DRAWS, -1) for n in (SMALL, LARGE)]
    return np.sort(found[0]), np.sort(found[1])


def distances(label: str, report: IsometryReport) -> Real:
    """Distances of the numbers of a report from samples of a network, in units of what is allowed."""
    above = sum(o.log_position > report.spectrum.log_s_max for o in report.outliers)
    below = len(report.outliers) - above  # singular values that stand apart from the bulk
    small, large = (np.array([numbers(row[below : row.size - above], report) for row in logs]) for logs in draws(label))
    mean = 2.0 * large.mean(axis=0) - small.mean(axis=0)
    scatter = np.sqrt((4.0 * large.var(axis=0, ddof=1) + small.var(axis=0, ddof=1)) / DRAWS)
    left = np.full(mean.size, LEFT)
    left[-1 if report.spectrum.log_s_min == -math.inf else -2 :] = AT_EDGE
    return np.asarray(np.abs(mean - predicted(report)) / (BOUND * scatter + left))


MANY = os.environ.get("RMT_REPORTS", "0") == "60"
OTHERS = [a for a in ACTIVATIONS if MANY and a not in (*LEFT_OUT, *SUITE)]


@pytest.mark.parametrize(
    "label", long_beyond([a for a in ACTIVATIONS if (MANY and a not in LEFT_OUT) or a in SUITE], 3)
)
def test_reports_of_the_table_beside_samples(label: str) -> None:
    net = network(label)
    report = net.isometry(width=LARGE)
    found = distances(label, report)
    assert not np.isnan(found).any()
    assert found.max() < 1.0
    small = draws(label)[0]
    verdicts = {SpectrumSummary.of_values(row).verdict for row in small}
    assert report.spectrum.verdict in verdicts
    if label in SUITE:  # a report of other weights is rejected
        other = MLP(DEPTH, net.activations[0], 1.2 * net.sigma_w[0], weights=net.weights, input_q=net.input_q)
        assert distances(label, other.isometry(width=LARGE)).max() > 1.0


@pytest.mark.parametrize(
    "label", long_beyond(["tanh", "erf", "sin", "arctan", "np.tanh(x)", "1e6 * np.tanh(x)", "np.arcsinh(x)"], 3)
)
def test_applied_advice_delivers(label: str) -> None:
    """The network that the advice of a report names has what it promises, and samples of it have, too."""
    net = network(label)
    advice = MLP(DEPTH, net.activations[0], 1.5 * net.sigma_w[0], input_q=net.input_q).isometry().advice
    assert advice is not None
    assert advice.sigma_w is not None
    made = MLP(DEPTH, net.activations[0], advice.sigma_w, advice.sigma_b or 0.0, advice.weights, input_q=advice.input_q)
    assert made.relative_variance == pytest.approx(advice.relvar, rel=1e-5)
    assert judge(made.log_mean, made.relative_variance) is advice.verdict
    drawn = [SpectrumSummary.of_values(row) for row in made.jacobian().log_singular_values(SMALL, rng=1, trials=4)]
    assert np.mean([s.relvar for s in drawn]) == pytest.approx(advice.relvar, rel=0.25)
    assert np.mean([s.log_m1 for s in drawn]) == pytest.approx(made.log_mean, abs=0.1)
