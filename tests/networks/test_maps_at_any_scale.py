"""Length maps and slope moments against 30 digits, for lengths from 1e-12 to 1e12 and scales from 1e-6 to 1e6."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest

from rmt.networks import activation

DIGITS = 30


def _moments(value: Callable[[Any], Any], slope: Callable[[Any], Any], q: float, scale: float) -> tuple[float, float]:
    """E φ² and E φ'² over N(0, q), panels doubling from the scale on which φ varies."""
    with mpmath.workdps(DIGITS):
        deviation = mpmath.sqrt(mpmath.mpf(q))
        places = [0.0, 1.5, 4.0, 8.0, 12.5]
        step = scale / float(deviation)
        while step < 12.0:
            places.append(step)
            step *= 4.0
        half = sorted({p for p in places if p <= 12.5})
        line = [*(-p for p in half[:0:-1]), *half]

        def average(function: Callable[[Any], Any]) -> float:
            unit = function(min(deviation, mpmath.mpf(scale)))  # mpmath stops at an absolute error

            def density(z: Any) -> Any:
                return (function(deviation * z) / unit) ** 2 * mpmath.npdf(z)

            return float(unit**2 * sum(mpmath.quad(density, pair, maxdegree=5) for pair in pairwise(line)))

        return average(value), average(slope)


def _tanh(height: float, scale: float) -> tuple[Any, Any, Any]:
    return (
        lambda x: height * np.tanh(x / scale),
        lambda x: height * mpmath.tanh(x / scale),
        lambda x: height / scale * mpmath.sech(x / scale) ** 2,
    )


@pytest.mark.parametrize("q", [1e-12, 1e-6, 1.0, 1e6, 1e12])
@pytest.mark.parametrize(("height", "scale"), [(1.0, 1.0), (1e6, 1e-6), (1e-6, 1e3), (1.0, 1e6)])
def test_functions_of_any_height_and_scale(q: float, height: float, scale: float) -> None:
    function, value, slope = _tanh(height, scale)
    phi = activation(function)
    second, mean = _moments(value, slope, q, scale)
    assert phi.second_moment(q) == pytest.approx(second, rel=1e-10, abs=0.0)
    assert phi.slope_moment(1, q) == pytest.approx(mean, rel=1e-9, abs=0.0)
    assert phi.slope_moment(1, 1.01 * q + 1e-3 * scale**2) != pytest.approx(mean, rel=1e-6, abs=0.0)


@pytest.mark.parametrize("q", [1e-12, 1e-3, 1e3, 1e12])
@pytest.mark.parametrize("beta", [1e-3, 1e6])
def test_softplus_of_any_sharpness(q: float, beta: float) -> None:
    phi = activation("softplus", beta=beta)
    second, mean = _moments(
        lambda x: mpmath.log1p(mpmath.exp(-beta * abs(x))) / beta + max(x, 0),
        lambda x: 1 / (1 + mpmath.exp(-beta * x)),
        q,
        1.0 / beta,
    )
    assert phi.second_moment(q) == pytest.approx(second, rel=1e-12, abs=0.0)
    assert phi.slope_moment(1, q) == pytest.approx(mean, rel=1e-12, abs=0.0)
    assert phi.second_moment(1.001 * q + 1e-3 * beta**-2) != pytest.approx(second, rel=1e-6, abs=0.0)
