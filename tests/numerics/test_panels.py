"""Panels that an integrand refines itself: to the end, and no further than its noise."""

import numpy as np
import pytest

from rmt.numerics.quadrature.adaptive_panels import adaptive_breaks, panel_rule


def integral(function, breaks):
    nodes, weights = panel_rule(adaptive_breaks(function, np.array(breaks)))
    return float(weights @ function(nodes)), nodes.size


def test_smooth_and_singular_integrands():
    assert integral(np.exp, [0.0, 1.0])[0] == pytest.approx(np.e - 1.0, rel=1e-15)
    assert integral(np.sqrt, [0.0, 0.5, 1.0])[0] == pytest.approx(2.0 / 3.0, rel=1e-13)
    assert integral(lambda x: np.sin(300.0 * x), [0.0, np.pi / 300.0 * 301])[0] == pytest.approx(2.0 / 300.0, rel=1e-12)


def test_noise_ends_the_refinement():
    """Each halving would double the panels, sixty times over."""
    calls = []

    def noisy(x):
        calls.append(x.size)
        return np.exp(x) * (1.0 + 1e-11 * np.sin(1e9 * x) * np.cos(3.7e8 * x * x))

    value, nodes = integral(noisy, [0.0, 1.0])
    assert value == pytest.approx(np.e - 1.0, rel=1e-11)
    assert nodes < 10**6
    assert sum(calls) < 10**6
