"""NUMBA_DISABLE_JIT=1: the same numbers from interpreted kernels."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from rmt.numerics.compilation.interpreted import interpreted

SCRIPT = """
import json
import numpy as np
import rmt

uniform = rmt.boxplus(rmt.Uniform(), rmt.Bernoulli(0.3))
product = rmt.boxtimes(rmt.MarchenkoPastur(ratio=0.3), rmt.MarchenkoPastur(ratio=0.5))
panels = rmt.boxplus(rmt.Law.from_pdf(lambda x: 0.75 * (1 - x**2), [-1, 1]), rmt.Semicircle())
results = [
    rmt.goe().eigenvalues(20, rng=0),
    rmt.gse().eigenvalues(10, rng=0),
    rmt.hermite(beta=2.5).eigenvalues(20, rng=0),
    rmt.haar_unitary().eigenvalues(10, rng=0).imag,
    rmt.haar_symplectic().sample(4, rng=0).real.ravel(),
    rmt.product_wishart(depth=3).eigenvalues(6, rng=0),
    rmt.wigner(entries="laplace").sample(3, rng=0).ravel(),
    [*uniform.pdf([0.5, 1.0]), uniform.cdf(0.7), uniform.ppf(0.2)],
    [*product.pdf([0.5, 1.0]), product.cdf(0.7)],
    [panels.pdf(0.3)],
]
print(json.dumps([list(map(float, r)) for r in results]))
"""


@pytest.mark.long
def test_interpreted_kernels_give_the_numbers_of_compiled_ones():
    compiled, interpreted = (
        json.loads(
            subprocess.run(
                [sys.executable, "-W", "error", "-c", SCRIPT],
                env={**os.environ, "NUMBA_DISABLE_JIT": flag},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for flag in "01"
    )
    for a, b in zip(compiled, interpreted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def divided(x, y):
    x /= y
    return x, 1.0 / y, math.log(y), math.exp(1e4 + y), math.pi


def test_inf_and_nan_where_python_raises():
    with pytest.raises(ZeroDivisionError):
        divided(0.0, 0.0)
    np.testing.assert_array_equal(interpreted(divided)(0.0, 0.0), [math.nan, math.inf, -math.inf, math.inf, math.pi])
    np.testing.assert_array_equal(interpreted(divided)(1.0, 2.0), [0.5, 0.5, math.log(2.0), math.inf, math.pi])
