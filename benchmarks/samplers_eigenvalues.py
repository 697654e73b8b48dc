"""Eigenvalues without matrices: tridiagonal, bidiagonal and circular models against dense and LAPACK routes."""

import math

import numpy as np
import scipy.stats
from interleaved import clock, options, race
from scipy.linalg import eigvalsh_tridiagonal, lapack

import rmt
from rmt.ensembles.beta import hermite_model
from rmt.numerics.eigen.tridiagonal import tridiagonal_counts, tridiagonal_eigenvalues


def dense_goe(n, rng):
    g = rng.standard_normal((n, n))
    return np.linalg.eigvalsh((g + g.T) / math.sqrt(2 * n))


def dense_wishart(n, m, rng):
    a = rng.standard_normal((n, m))
    return np.linalg.eigvalsh(a @ a.T / m)


def spot_check(n, rng):
    """Largest error of random eigenvalues in units of eps ‖T‖, from Sturm counts."""
    d, e = hermite_model(n, 2.0, rng)
    values = tridiagonal_eigenvalues(d, e)
    k = np.sort(rng.choice(n, min(n, 512), replace=False))
    for units in (1, 2, 4, 8, 16, 32):
        radius = units * np.finfo(float).eps * np.abs(values).max()
        below = tridiagonal_counts(d, e, values[k] - radius)
        above = tridiagonal_counts(d, e, values[k] + radius)
        if (below <= k).all() and (above > k).all():
            break
    print(f"{f'  {k.size} of {n} eigenvalues enclosed within eps ‖T‖ times':58} {units:9d} {'':19} {'<=8':>9}")


def main():
    size, repeats = options(__doc__)
    rng = np.random.default_rng(0)
    few = max(1, repeats // 2)
    n = size(4000)
    race(
        f"GOE eigenvalues, n = {n}, dense eigvalsh",
        lambda: rmt.goe().eigenvalues(n, rng=rng),
        lambda: dense_goe(n, rng),
        100,
        few,
    )
    d, e = hermite_model(n, 1.0, rng)
    race(
        f"same tridiagonal, n = {n}, dsterf",
        lambda: tridiagonal_eigenvalues(d, e),
        lambda: lapack.dsterf(d, e),
        3,
        repeats,
    )
    race(
        f"same tridiagonal, n = {n}, scipy eigvalsh_tridiagonal",
        lambda: tridiagonal_eigenvalues(d, e),
        lambda: eigvalsh_tridiagonal(d, e),
        3,
        few,
    )
    for n, limit in ((size(10**5), 6), (size(10**6), 90)):
        clock(f"all eigenvalues, beta = 2, n = {n}", lambda n=n: rmt.hermite(2).eigenvalues(n, rng=rng), limit, 1)
        spot_check(n, rng)
    n = size(10**6)
    clock(f"histogram of 200 bins, n = {n}", lambda: rmt.hermite(2).histogram(n, 200, rng=rng), 0.5, repeats)
    for n, limit in ((1000, 0.002), (10**6, 0.010)):
        clock(
            f"largest eigenvalue, beta = 1, n = {n}", lambda n=n: rmt.hermite(1).largest(n, rng=rng), limit, 5 * repeats
        )
    n = size(4000)
    race(
        f"Wishart eigenvalues, n = {n}, m = {2 * n}, dense",
        lambda: rmt.wishart(0.5).eigenvalues(n, rng=rng),
        lambda: dense_wishart(n, 2 * n, rng),
        40,
        few,
    )
    n = size(1000)
    race(
        f"CUE eigenangles, n = {n}, unitary_group + eigvals",
        lambda: rmt.circular(2).eigenvalues(n, rng=rng),
        lambda: np.linalg.eigvals(scipy.stats.unitary_group.rvs(n, random_state=rng)),
        100,
        few,
    )


if __name__ == "__main__":
    main()
