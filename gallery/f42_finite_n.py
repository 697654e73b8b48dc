"""F42. Before the limit

Exact mean density of n eigenvalues of the GOE, GUE and GSE at small n against the semicircle law: the more they
repel, the more each of them shows. Dots: sampled matrices.
Source: Mehta (2004), chapters 6 to 8.
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS = 20000


@rmt.plotting.style()
def main(n=6, rng=0):
    n = min(check_count("n", n, minimum=1), 12)
    figure, axes = rmt.plotting.figure(1, 3, height=3.0, sharey=True)
    edges, x = np.linspace(-3, 3, 61), np.linspace(-3, 3, 500)
    for ax, beta, name in zip(axes, (1, 2, 4), ("GOE", "GUE", "GSE"), strict=True):
        values = rmt.hermite(beta).eigenvalues(n, rng=rng, trials=TRIALS // n)
        heights, _ = np.histogram(values, edges, density=True)
        ax.plot(0.5 * (edges[1:] + edges[:-1]), heights, ".", color="0.6")
        ax.plot(x, rmt.hermite(beta).mean_density(n).pdf(x), label=f"n = {n}")
        ax.plot(x, rmt.Semicircle().pdf(x), "--", label="limit")
        ax.set_title(name, loc="left")
        ax.set_xlabel(r"$\lambda$")
    axes[0].set_ylabel(r"$\rho(\lambda)$")
    axes[0].set_ylim(0, 0.62)
    axes[0].legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F42.png")
