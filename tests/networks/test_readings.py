"""How measured weights are read: the numbers behind the verdicts orthogonal, Gaussian, other."""

import math

import numpy as np
import pytest

from rmt.laws import MarchenkoPastur
from rmt.networks.reports.layer_readings import _defect, _looks_gaussian
from rmt.training.tanh_runs import tanh_start


@pytest.mark.parametrize("ratio", [0.2, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("dense", [True, False])
def test_gaussian_weights_have_the_moments_of_marchenko_pastur(ratio, dense):
    moments = MarchenkoPastur(ratio=ratio).moments(4)[1:]
    assert _looks_gaussian(moments, ratio, 1e9, 10**9, dense)
    for k in range(3):
        for factor in (0.97, 1.03):
            other = tuple(m * (factor if i == k else 1.0) for i, m in enumerate(moments))
            assert not _looks_gaussian(other, ratio, 1e9, 10**9, dense)


def test_defect_is_the_distance_from_a_multiple_of_the_identity():
    rng = np.random.default_rng(0)
    frame, _ = np.linalg.qr(rng.standard_normal((12, 5)))
    assert _defect(np.stack([4.0 * frame.T @ frame] * 3)) < 1e-14
    spread = 0.25
    gram = np.diag([1.0 + spread, 1.0 - spread, 1.0 + spread, 1.0 - spread])
    assert _defect(np.stack([gram, 1.0 * gram])) == pytest.approx(spread, rel=1e-14)
    # two blocks, each a multiple of the identity, but not the same one
    assert _defect(np.stack([(1.0 + spread) * np.eye(3), (1.0 - spread) * np.eye(3)])) == pytest.approx(spread)
    assert _defect(np.zeros((2, 3, 3))) == math.inf


def test_the_start_of_pytorch():
    weights, biases, mean_square = tanh_start(3, 400, "default", np.random.default_rng(1))
    assert mean_square == 1.0
    assert [w.shape for w in weights] == [(400, 400)] * 3
    for values in (np.concatenate([w.ravel() for w in weights]), np.concatenate(biases)):
        bound = 1.0 / math.sqrt(400)
        assert np.abs(values).max() <= bound
        # uniform: variance bound²/3, with standard error bound² √(4/45/size)
        assert abs(values.var() - bound**2 / 3) < 6.0 * bound**2 * math.sqrt(4 / 45 / values.size)
