"""Kernels compile at their first call, each in seconds, and load from the cache afterwards."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import time
from numba.core import event

class Slowest(event.Listener):
    def __init__(self):
        self.started, self.slowest = {}, (0.0, "nothing")
    def on_start(self, e):
        self.started[id(e.data["dispatcher"])] = time.process_time()
    def on_end(self, e):
        d = e.data["dispatcher"]
        self.slowest = max(self.slowest, (time.process_time() - self.started[id(d)], d.py_func.__name__))

listener = Slowest()
event.register("numba:compile", listener)
import numpy as np
import rmt.numerics.tridiagonal as t
import rmt.numerics.circular, rmt.numerics.bidiagonal, rmt.numerics.random_streams, rmt.numerics.householder
import rmt.numerics.graded_product
assert listener.slowest[0] == 0.0, f"compiled at import: {listener.slowest}"
d, e = np.random.default_rng(0).random((2, 8000))
t.tridiagonal_eigenvalues(d, e[1:])
t.tridiagonal_eigenvalues(d[:300], e[1:300])
rng = np.random.default_rng(0)
rmt.numerics.bidiagonal.bidiagonal_singular_values(1e-100 * d[:50], e[1:50])
rmt.numerics.circular.verblunsky_angles([0.5, 0.5, 1.0])
for field in ("real", "complex", "quaternion"):
    rmt.numerics.householder.haar_product(3, rng, field=field)
rmt.numerics.random_streams.fill("normal", 10, rng)
rmt.numerics.random_streams.fill("cauchy root", 10, rng, parameter=3.0)
rmt.numerics.graded_product.log_singular_values_of_gaussian_product([0, 0], 3, rng)
print(*listener.slowest)
"""


@pytest.mark.slow
def test_nothing_compiles_at_import_and_no_kernel_takes_ten_seconds(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for limit in (10.0, 1e-9):
        out = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        seconds, name = out.stdout.split()
        assert float(seconds) < limit, name
