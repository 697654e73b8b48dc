"""Hessian of a real model: moments with error bars, extremes and outliers against the dense matrix."""

from __future__ import annotations

import numpy as np
import pytest

import rmt

torch = pytest.importorskip("torch")
hessian = pytest.importorskip("rmt.networks.torch.hessian")


def model_and_loss(seed=0):
    generator = torch.Generator().manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) / 2)
    x = torch.randn(30, 5, generator=generator, dtype=torch.float64)
    y = torch.randn(30, generator=generator, dtype=torch.float64)
    return model, lambda: ((model(x)[:, 0] - y) ** 2).mean()


def test_against_the_dense_hessian():
    model, loss = model_and_loss()
    parameters = list(model.parameters())
    size = sum(p.numel() for p in parameters)
    dense = np.array([hessian.hessian_vector_product(loss, parameters, e) for e in np.eye(size)])
    assert np.abs(dense - dense.T).max() < 1e-12
    values = np.linalg.eigvalsh(dense)
    spectrum = hessian.hessian_spectrum(model, loss, probes=12, steps=40, rng=0)
    assert spectrum.extremes == pytest.approx((values[0], values[-1]), rel=1e-8)
    for k in (1, 2):
        mean, error = spectrum.moment(k)
        assert abs(mean - np.mean(values**k)) < 6 * error
        assert error < abs(np.mean(values**2)) ** (k / 2)
    share, error = spectrum.mass_above(0.1)
    assert abs(share - np.mean(values > 0.1)) < 6 * error + 0.02
    bulk = rmt.Uniform(-1.0, float(values[-3]) * 1.0001)
    assert spectrum.outliers(bulk, tolerance=0.0) == pytest.approx(values[-1:-3:-1], rel=1e-6)
    assert spectrum.outliers(rmt.Uniform(-1.0, 2 * float(values[-1]))).size == 0


def test_bad_input():
    model, loss = model_and_loss()
    with pytest.raises(ValueError, match="one a parameter"):
        hessian.hessian_vector_product(loss, model.parameters(), np.ones(2))
    for p in model.parameters():
        p.requires_grad_(False)
    with pytest.raises(ValueError, match="no trainable parameter"):
        hessian.hessian_spectrum(model, loss)
