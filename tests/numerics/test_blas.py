"""BLAS held at one thread, also a library that is loaded later."""

import os
import subprocess
import sys

SCRIPT = """
import sys
import numpy as np
from threadpoolctl import threadpool_info
from rmt.numerics.dense.blas import one_blas_thread, scipy_blas_and_lapack

def threads():
    return {i["filepath"]: i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}

before = threads()
with one_blas_thread():
    assert "scipy.linalg" not in sys.modules
    scipy_blas_and_lapack()
    with one_blas_thread():
        scipy_blas_and_lapack()
    assert set(threads().values()) == {1}, threads()
    assert len(threads()) >= len(before)
after = threads()
assert all(after[path] == count for path, count in before.items()), (before, after)
"""


def test_a_library_loaded_inside_is_held_at_one_thread_too():
    two = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=two, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
