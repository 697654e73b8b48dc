"""F21. A spike comes out of the noise

GOE + θ v v*: above θ = 1 the largest eigenvalue leaves the bulk, for θ + 1/θ, and its eigenvector has the squared
overlap 1 − 1/θ² with v; below, the noise hides both.
Source: Péché (2006); Féral and Péché (2007); Benaych-Georges and Nadakuditi (2011).
"""

import numpy as np
from scipy.linalg import eigh

import rmt


@rmt.plotting.style()
def main(n=1000, rng=0):
    rng, law = np.random.default_rng(rng), rmt.Semicircle()
    figure, axes = rmt.plotting.figure(2, 1, height=5.0, sharex=True)
    grid = np.linspace(1, 2.5, 200)[1:]
    found = rmt.outliers(law, grid)
    limits = ([out.position for out in found], 2), ([out.overlap for out in found], 0)
    measured = []
    for theta in (thetas := np.linspace(0.25, 2.5, 10)):
        spiked = rmt.goe().sample(n, rng=rng)
        spiked[0, 0] += theta
        values, vectors = eigh(spiked, subset_by_index=[n - 1, n - 1])
        measured.append((values[-1], vectors[0, -1] ** 2))
    for ax, (limit, below), dots in zip(axes, limits, zip(*measured, strict=True), strict=True):
        ax.plot(thetas, dots, "o", color="0.5", label=f"GOE + θvv*, n = {n}")
        ax.plot(np.append([0, 1], grid), [below, below, *limit], label="law")
    axes[0].set_ylabel("largest eigenvalue λ")
    axes[0].legend(loc="upper left")
    axes[1].set(xlabel="θ", ylabel="overlap |⟨u, v⟩|²")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F21.png")
