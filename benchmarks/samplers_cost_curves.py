"""Time against dimension: one line per sampler, one column per n, and the exponent of the last step."""

import math
from functools import partial

import numpy as np
from interleaved import seconds, show
from threadpoolctl import threadpool_limits

import rmt
from rmt.numerics.dense.householder import haar_product
from rmt.spectra import gaussian_product_log_singular_values

SIZES = (100, 1000, 10_000, 100_000, 1_000_000)


def samplers(rng):
    """(name, largest n, work)."""
    yield "Hermite eigenvalues", 10**6, lambda n: rmt.hermite(2).eigenvalues(n, rng=rng)
    yield "Laguerre eigenvalues", 10**5, lambda n: rmt.laguerre(2, 0.5).eigenvalues(n, rng=rng)
    yield "Jacobi eigenvalues", 10**5, lambda n: rmt.jacobi(2, 1, 1).eigenvalues(n, rng=rng)
    yield "circular eigenvalues", 10**4, lambda n: rmt.circular(2).eigenvalues(n, rng=rng)
    yield "Hermite histogram", 10**6, lambda n: rmt.hermite(2).histogram(n, 200, rng=rng)
    yield "Laguerre histogram", 10**6, lambda n: rmt.laguerre(2, 0.5).histogram(n, 200, rng=rng)
    yield "circular histogram", 10**6, lambda n: rmt.circular(2).histogram(n, 200, rng=rng)
    yield "largest, beta = 1", 10**6, lambda n: rmt.hermite(1).largest(n, rng=rng)
    yield "smallest, hard edge", 10**6, lambda n: rmt.laguerre(1).smallest(n, rng=rng)
    yield "dense GOE eigvalsh", 1000, lambda n: np.linalg.eigvalsh(rmt.goe().sample(n, rng=rng))
    yield "Haar O(n), formed", 1000, lambda n: haar_product(n, rng).matrix()
    yield "Haar O(n), applied to a vector", 10**4, lambda n: haar_product(n, rng).apply(np.ones(n))
    yield "Gaussian product, L = 64", 1000, lambda n: gaussian_product_log_singular_values(n, 64, rng)


def main(sizes=SIZES):
    print(f"{'sampler':32}" + "".join(f"{n:>10}" for n in sizes) + "  exponent")
    with threadpool_limits(1):
        for name, largest, work in samplers(np.random.default_rng(0)):
            work(100)
            used = [n for n in sizes if n <= largest]
            times = [min(seconds(partial(work, n)) for _ in range(3 if n < 10**5 else 1)) for n in used]
            exponent = math.log(times[-1] / times[-2]) / math.log(used[-1] / used[-2]) if len(used) > 1 else math.nan
            cells = "".join(f"{show(t):>10}" for t in times) + " " * 10 * (len(sizes) - len(used))
            print(f"{name:32}{cells}  {exponent:8.2f}", flush=True)


if __name__ == "__main__":
    main()
