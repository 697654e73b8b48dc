"""F74. A market mode, fitted and cleaned

Correlation matrix of n series that share one factor, from 2n observations. Left: its eigenvalues under the
Marchenko-Pastur law that was fitted to them, and an arrow to the market mode, which lies far outside. Right: all of
them by rank, before and after cleaning, and what the true eigenvectors of the sample would give.
Source: Laloux et al. (1999); Ledoit and Wolf (2022) for the cleaning.
"""

import numpy as np

import rmt
from rmt.data import clean_covariance, fit_marchenko_pastur
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=200, rng=0):
    n, rng = check_count("n", n, minimum=8), np.random.default_rng(rng)
    X = rng.normal(size=(2 * n, n)) + 0.65 * rng.normal(size=(2 * n, 1))
    cleaned = clean_covariance(X, correlation=True)
    values = cleaned.sample.eigenvalues
    fit = fit_marchenko_pastur(values, samples=cleaned.sample.samples, correlation=True)
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    rmt.plotting.esd(fit.bulk, axes[0], law=fit.law, label="noise")
    rmt.plotting.law(fit.law, axes[0], edges=False, label=f"fitted, variance {fit.variance:.2f}")
    text = f"{len(fit.spikes)} outside, the largest at {values[-1]:.0f}"
    axes[0].text(0.97, 0.35, text + " →", transform=axes[0].transAxes, ha="right", fontsize=8)
    axes[0].legend()
    true = (0.65**2 + np.eye(n)) / (1 + 0.65**2)
    vectors, rank = np.linalg.eigh(np.corrcoef(X.T))[1], np.arange(n, 0, -1)
    axes[1].plot(rank, values, ".", color="0.6", label="sample")
    axes[1].plot(rank, np.einsum("ij,ik,kj->j", vectors, true, vectors), "x", color="C1", label="oracle")
    axes[1].plot(rank, cleaned.eigenvalues, "-", label="cleaned")
    axes[1].set(xscale="log", yscale="log", xlabel="rank", ylabel="eigenvalue")
    axes[1].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F74.png")
