"""F80. A curvature with outliers

Gauss-Newton matrix Xᵀ D X / m of a classifier: n columns and ten classes with means of their own in X, the variances
p(1 − p) of its outputs in D. Density from products alone, the law of the bulk (a free compound Poisson law) and the ten
outliers that the classes make, found by Lanczos steps.
Source: Papyan (2020) for the picture; Marchenko and Pastur (1967) for the law.
"""

import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import aslinearoperator, eigsh

import rmt
from rmt.errors import check_count
from rmt.spectra import density_of_states


@rmt.plotting.style()
def main(n=1000, rng=0):
    n, rng = check_count("n", n, minimum=12), np.random.default_rng(rng)
    m = 2 * n
    means = rng.normal(size=(10, n)) * np.linspace(1, 3, 10)[:, None] * np.sqrt(10 / n)
    X = rng.normal(size=(m, n)) + means[rng.integers(0, 10, m)]
    D = rng.uniform(0, 0.25, m)
    curvature = aslinearoperator(X.T / m) @ aslinearoperator(diags_array(D)) @ aslinearoperator(X)
    found = density_of_states(curvature, moments=400, rng=rng)
    top = eigsh(curvature, 10, v0=np.ones(n), return_eigenvectors=False)
    bulk = rmt.CompoundFreePoisson(m / n, rmt.Uniform(0, 0.25 * n / m))
    figure, ax = rmt.plotting.figure(height=3.6)
    rmt.plotting.law(bulk, ax, label="law of the bulk")
    x = np.linspace(found.low, found.high, 2000)
    ax.plot(x, found.pdf(x), color="C1", label="from 200 products")
    ax.plot(top, np.full(10, 2.0 / n), "v", color="k", label="ten largest")
    ax.set(yscale="log", ylim=(0.3 / n, 20), xlim=(0, None), xlabel="$x$", ylabel="density")
    ax.legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F80.png")
