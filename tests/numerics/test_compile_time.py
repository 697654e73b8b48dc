"""Kernels compile at their first call, for one kind of arguments each, and load from the cache afterwards.

What waiting costs is counted in kernels, not in seconds: those depend on the machine.
"""

import json
import subprocess
import sys

SCRIPT = """
import json
import sys
from numba.core import event

class Compiled(event.Listener):
    def __init__(self):
        self.names = []
    def on_start(self, e):
        self.names.append(e.data["dispatcher"].py_func.__name__)
    def on_end(self, e):
        pass

listener = Compiled()
event.register("numba:compile", listener)
import numpy as np
import rmt
import rmt.numerics.eigen.tridiagonal as t
import rmt.numerics.eigen.circular, rmt.numerics.eigen.bidiagonal, rmt.numerics.dense.householder
import rmt.numerics.randomness.random_streams
import rmt.numerics.dense.graded_product, rmt.free.subordination.solver
from rmt.numerics.compilation.kernel_cache import KernelCache

def specialisations():
    found = {}
    for name, module in list(sys.modules.items()):
        for function in vars(module).values() if name.startswith("rmt.") else ():
            if isinstance(getattr(function, "_cache", None), KernelCache) and function.__module__ == name:
                found[f"{name}.{function.__name__}"] = len(function.signatures)
    return {name: count for name, count in found.items() if count}

report = {"at import": [specialisations(), list(listener.names)]}
rmt.boxplus(rmt.MarchenkoPastur(ratio=0.5), rmt.Semicircle()).pdf([0.5, 1.0])
report["free sum"] = specialisations()
d, e = np.random.default_rng(0).random((2, 8000))
t.tridiagonal_eigenvalues(d, e[1:])
t.tridiagonal_eigenvalues(d[:300], e[1:300])
rng = np.random.default_rng(0)
rmt.numerics.eigen.bidiagonal.bidiagonal_singular_values(1e-100 * d[:50], e[1:50])
rmt.numerics.eigen.circular.verblunsky_angles([0.5, 0.5, 1.0])
for field in ("real", "complex", "quaternion"):
    rmt.numerics.dense.householder.haar_product(3, rng, field=field)
rmt.numerics.randomness.random_streams.fill("normal", 10, rng)
rmt.numerics.randomness.random_streams.fill("cauchy root", 10, rng, parameter=3.0)
rmt.numerics.dense.graded_product.log_singular_values_of_gaussian_product([0, 0], 3, rng)
report["all"] = specialisations()
rmt.numerics.randomness.random_streams.fill("normal", 10, rng, dtype=np.float32)
report["in single precision"] = specialisations()
report["compiled"] = listener.names
print(json.dumps(report))
"""


def test_every_kernel_compiles_for_one_kind_of_arguments_and_only_once():
    first, second = (
        json.loads(subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout)
        for _ in range(2)
    )
    assert first["at import"] == [{}, []]
    assert 1 <= len(first["free sum"]) <= 6  # entries of the solver, each with all that it calls
    assert max(first["all"].values()) == 1, first["all"]
    # control: another kind of numbers is seen
    assert max(first["in single precision"].values()) == 2
    assert second["compiled"] == []
    assert second["all"].items() <= first["all"].items()  # what is loaded as a part of another is not counted
