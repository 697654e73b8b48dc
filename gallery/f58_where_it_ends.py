"""F58. Where universality ends

Squared singular values of square matrices with entries of one variance. Left: cube roots of Cauchy numbers, without a
fourth moment, have the bulk of all others. Right: their largest values leave its edge and grow with n, while those of
entries with four moments stay (medians and quartiles of 25 matrices).
Source: Yin, Bai and Krishnaiah (1988); Auffinger, Ben Arous and Péché (2009).
"""

import warnings

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    warnings.simplefilter("ignore", rmt.MomentConditionWarning)
    heavy = rmt.wishart(ratio=1.0, entries="cube_root_cauchy")
    rmt.plotting.compare(heavy, n=n, rng=rng, ax=axes[0], legend=False)
    axes[0].set(xlim=(-0.2, 6), xlabel="eigenvalue", ylabel="density")
    widths = [w for w in (25, 50, 100, 200, 400) if w <= max(n, 25)]
    for i, law in enumerate(("cube_root_cauchy", "fifth_root_cauchy", "exponential", "rademacher")):
        top = [rmt.wishart(ratio=1.0, entries=law).eigenvalues(w, rng=rng, trials=25)[:, -1] for w in widths]
        low, middle, high = np.quantile(top, (0.25, 0.5, 0.75), axis=1)
        x = np.array(widths) * 1.05 ** (i - 1.5)
        name = law.replace("_", " ").replace("cauchy", "Cauchy")
        axes[1].errorbar(x, middle, (middle - low, high - middle), fmt="o-", markersize=3, linewidth=0.9, label=name)
    axes[1].axhline(4, color="k", linestyle="--", linewidth=0.9)
    axes[1].set(xscale="log", yscale="log", xlabel="dimension n", ylabel="largest eigenvalue", ylim=(3, 16))
    axes[1].set(xticks=widths, xticklabels=widths, yticks=[3, 4, 5, 6, 8, 10], yticklabels=[3, 4, 5, 6, 8, 10])
    axes[1].minorticks_off()
    axes[1].legend(fontsize=7, loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F58.png")
