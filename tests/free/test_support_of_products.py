"""The support of a product of many positive laws with gaps between their atoms."""

import numpy as np
import pytest

import rmt
from rmt.free import boxtimes


def test_product_of_different_atomic_laws():
    rng = np.random.default_rng(0)
    factors = [rmt.Atomic(np.sort(rng.uniform(0.3, 1.0, 4)).tolist(), (0.25,) * 4) for _ in range(8)]
    law = boxtimes(*factors)
    assert law.mean() == pytest.approx(np.prod([f.mean() for f in factors]), rel=1e-12)
    low, high = law.support[0].low, law.support[-1].high
    assert np.prod([min(f.positions) for f in factors]) < low < high < np.prod([max(f.positions) for f in factors])
    assert law.cdf(low) == pytest.approx(0.0, abs=1e-9)
    assert law.cdf(high) == pytest.approx(1.0, abs=1e-9)
    x = np.linspace(low, high, 20001)
    assert np.trapezoid(law.sf(x), x) + low == pytest.approx(law.mean(), rel=1e-6)
