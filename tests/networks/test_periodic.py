"""Activations that oscillate: the period of their derivatives, and laws and moments over many periods."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rmt.errors import ConvergenceError
from rmt.networks import activation, squared_slope_law


def _wave(x: Any) -> Any:
    return x + np.sin(x) / 2


def _two_waves(x: Any) -> Any:
    return np.sin(x) + np.sin(math.sqrt(2.0) * x)


@pytest.mark.parametrize(
    ("function", "period"),
    [
        (_wave, 2.0 * math.pi),
        (lambda x: np.sin(3 * x), 2.0 * math.pi / 3.0),
        (lambda x: np.sin(100 * x), math.pi / 50.0),
        (lambda x: np.sin(0.3 * x), math.pi / 0.15),
        (lambda x: x + np.sin(x) ** 2, math.pi),
        (lambda x: x / 2 + math.sin(x + 1) / 3 + math.cos(2 * x) / 5, 2.0 * math.pi),
        (lambda x: np.exp(np.sin(2 * x)), math.pi),
        (np.tanh, None),
        (lambda x: np.sin(x * x), None),
        (_two_waves, None),
        (lambda x: np.sin(x) * np.exp(-(x**2) / 800), None),
        (lambda x: x * np.tanh(x), None),
    ],
)
def test_periods_of_derivatives(function: Callable[[Any], Any], period: float | None) -> None:
    found = activation(function).slope_period
    assert found == (None if period is None else pytest.approx(period, rel=1e-13))


@pytest.mark.parametrize("q", [40.0, 1.77e5, 1e12, 1e150])
def test_derivatives_of_a_wave_have_the_law_of_a_random_phase(q: float) -> None:
    """(1 + cos θ/2)², θ uniform: P(≤ t) = 1 − arccos(2√t − 2)/π; the phase is uniform to exp(−q/2)."""
    law = squared_slope_law(_wave, q)
    (interval,) = law.support
    assert (interval.low, interval.high) == pytest.approx((0.25, 2.25), rel=1e-12)
    t = np.array([0.26, 0.5, 1.0, 1.7, 2.24])
    assert np.allclose(law.cdf(t), 1.0 - np.arccos(2.0 * np.sqrt(t) - 2.0) / math.pi, rtol=0.0, atol=1e-8)
    assert law.mean() == pytest.approx(1.125, rel=1e-8)
    assert abs(float(squared_slope_law(_wave, 1.0).cdf(1.0)) - float(law.cdf(1.0))) > 0.1


@pytest.mark.parametrize("q", [1e-3, 1.0, 50.0, 120.0, 1e6, 1e100])
def test_moments_of_a_wave(q: float) -> None:
    """Closed forms of φ = x + sin(x)/2 at lengths with few and with many periods; 98.7 lies between."""
    phi = activation(_wave)
    decay, twice = math.exp(-0.5 * q), math.exp(-2.0 * q)
    assert phi.second_moment(q) == pytest.approx(q * (1.0 + decay) - 0.125 * math.expm1(-2.0 * q), rel=1e-12)
    assert phi.slope_moment(1, q) == pytest.approx(1.0 + decay + 0.125 * (1.0 + twice), rel=1e-12)
    derivative = 1.0 + decay - 0.5 * q * decay + 0.25 * twice
    assert phi.radial_moment(q) == pytest.approx(derivative, rel=1e-11)
    shifted = activation(lambda x: x + np.sin(x + 1) / 2)
    assert shifted.mean(q) == pytest.approx(0.5 * math.sin(1.0) * decay, abs=1e-11 * min(math.sqrt(q), 1e3))


def test_laws_that_miss_turns_are_refused() -> None:
    """Two waves without a common period are followed as far as their panels go; E φ'² = 3/2 is known beyond."""
    law = squared_slope_law(_two_waves, 9.0)
    mean = 1.5 + 0.5 * math.exp(-18.0) + math.exp(-36.0)
    cross = (
        2.0 * math.sqrt(2.0) * (math.exp(-4.5 * (1 + math.sqrt(2)) ** 2) + math.exp(-4.5 * (1 - math.sqrt(2)) ** 2)) / 2
    )
    assert law.log_panels.mean == pytest.approx(mean + cross, rel=1e-9)
    with pytest.raises(ConvergenceError, match="turns more often than is followed"):
        _ = squared_slope_law(_two_waves, 1e7).support
