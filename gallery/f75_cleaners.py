"""F75. What cleaning saves

Squared Frobenius loss of estimates of a covariance matrix (half of its eigenvalues 1, half 4) above that of the oracle,
which knows the best factor for each sample eigenvector, as a share of what the sample matrix loses above it, against
the ratio of variables to observations.
Source: Ledoit and Wolf (2004, 2022).
"""

import numpy as np

import rmt
from rmt.data import clean_covariance
from rmt.errors import check_count

METHODS = ("quadratic", "rotationally_invariant", "linear", "clip")


@rmt.plotting.style()
def main(n=100, rng=0):
    n, rng = check_count("n", n, minimum=10), np.random.default_rng(rng)
    population = np.diag(np.repeat([1.0, 4.0], [n // 2, n - n // 2]))
    ratios, shares = np.geomspace(0.1, 3.0, 7), []
    for ratio in ratios:
        losses = np.zeros((4, len(METHODS) + 2))
        for row in losses:
            X = rng.normal(size=(round(n / ratio), n)) * np.sqrt(population.diagonal())
            for j, method in enumerate(["oracle", "sample", *METHODS]):
                found = clean_covariance(X, method, centred=True, population=population if j == 0 else None)
                row[j] = ((found.covariance - population) ** 2).sum()
        oracle, sample, *others = losses.mean(axis=0)
        shares.append((np.array(others) - oracle) / (sample - oracle))
    figure, ax = rmt.plotting.figure(height=3.6)
    ax.plot(ratios, shares, "o-", markersize=3, label=[method.replace("_", " ") for method in METHODS])
    ax.set(xscale="log", yscale="log", xlabel="variables / observations", ylabel="loss above the oracle / sample's")
    ax.legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F75.png")
