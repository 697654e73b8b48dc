"""Stochastic traces against exact moments."""

from __future__ import annotations

import numpy as np
import pytest

import rmt
from rmt.spectra import trace_moments


@pytest.mark.parametrize(
    ("make", "bias"),
    [
        (rmt.gue, 1.0),
        (rmt.goe, 6.0),
        (lambda: rmt.wigner(entries="rademacher"), 20.0),
        (lambda: rmt.wishart(ratio=2.0), 100.0),
        (lambda: rmt.goe() + rmt.wishart(ratio=0.5), 60.0),
        (lambda: rmt.wishart(ratio=0.5) @ rmt.wishart(ratio=0.25), 80.0),
    ],
)
def test_moments_of_laws(make, bias):
    """Within 5.5 standard errors and the known order of the bias, with a wrong value rejected."""
    X = make()
    found = trace_moments(X, 6, 300, rng=0, draws=12)
    exact = np.array([float(m) for m in X.law().moments(6)])
    assert (np.abs(found.values - exact) < 5.5 * found.errors + bias / 300).all()
    assert (found.errors > 0).all()
    assert not (np.abs(1.2 * found.values - exact) < 5.5 * found.errors + bias / 300).all()


def test_moments_are_those_of_the_drawn_matrices():
    """With as many probes the error is that of the draws: tr X and tr X² agree with the matrices themselves."""
    A, B = rmt.goe(), rmt.goe()
    X = A @ B + B @ A
    found = trace_moments(X, 4, 60, probes=2000, draws=2, rng=5)
    rows = []
    for child in np.random.default_rng(5).spawn(2):
        matrix = X._sample(60, child)
        rows.append([np.trace(np.linalg.matrix_power(matrix, k)) / 60 for k in (1, 2, 3, 4)])
    np.testing.assert_allclose(found.values, np.mean(rows, axis=0), atol=0.1)


def test_refusals():
    with pytest.raises(TypeError, match="random matrix"):
        trace_moments(np.eye(3), 2, 10)
    with pytest.raises(ValueError, match="draws"):
        trace_moments(rmt.goe(), 2, 10, draws=1)
