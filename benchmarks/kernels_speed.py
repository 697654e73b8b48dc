"""Kernels of wide networks: Gram matrices, correlations, row blocks and the law of the tangent kernel.

Run as ``python benchmarks/kernels_speed.py``. The peer, neural-tangents 0.6.5, does not import with a current JAX; its
figures on the same sizes (one thread, float64) are printed beside: jit repeated, and the first call.
"""

from __future__ import annotations

import time

import numpy as np

from rmt.kernels import dual, nngp, nngp_and_ntk, ntk_law

#: seconds of neural-tangents, repeated and first, for 1000 inputs of dimension 100 at depth 5
PEER = {"relu": (0.34, 1.17), "erf": (0.36, 1.19), "gelu": (0.53, 1.77), "tanh": (19.0, 29.0)}
DEPTH = 5


def seconds(call, repeats=3):
    """Smallest processor time of some calls."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def gram_matrices():
    X = np.random.default_rng(0).standard_normal((1000, 100))
    print("NNGP and NTK of 1000 inputs, depth 5, one thread")
    print(f"{'activation':<12}{'rmt':>8}{'peer, again':>13}{'first':>8}{'ratio':>8}")
    for name, (again, first) in PEER.items():
        options = {"activation": name, "depth": DEPTH, "sigma_w": 1.2, "sigma_b": 0.1}
        nngp_and_ntk(X[:5], **options)
        own = seconds(lambda options=options: nngp_and_ntk(X, **options), repeats=1 if name == "tanh" else 3)
        print(f"{name:<12}{own:>7.3f}s{again:>12.2f}s{first:>7.2f}s{again / own:>8.1f}")
    print("(the peer's tanh: 300 inputs only, wrong by 2e-4 in the NNGP and 1.4e-2 in the NTK)\n")


def correlations():
    c = np.random.default_rng(1).uniform(-1.0, 1.0, 10**6)
    for name in ("relu", "gelu", "elu"):
        dual(name, 1.0, 1.0, c[:30_000])
        print(
            f"10^6 correlations at equal variances, {name}: {seconds(lambda name=name: dual(name, 1.0, 1.0, c)):.3f}s"
        )
    print()


def row_blocks(n=4000):
    X = np.random.default_rng(2).standard_normal((n, 50))
    out = np.empty((n, n))
    options = {"activation": "relu", "depth": 2, "sigma_w": 1.4, "rows": 500, "out": out}
    own = seconds(lambda: nngp(X, **options), repeats=1)
    rate = n * n * 2 / own / 1e6
    print(f"{n} × {n} ReLU Gram matrix in blocks of 500 rows: {rate:.1f} million pairs a second and layer")
    print(f"memory besides the matrix: {4 * 500 * n * 8 / 1e6:.0f} MB\n")


def tangent_law():
    law = ntk_law("tanh", (0.75, 1.2, 0.5))
    x = np.linspace(1.0, 15.0, 1000)
    print(f"law of the tangent kernel, 1000 densities: {seconds(lambda: law.pdf(x)):.3f}s")


if __name__ == "__main__":
    gram_matrices()
    correlations()
    row_blocks()
    tangent_law()
