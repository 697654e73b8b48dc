"""F86. From trees to a semicircle

Adjacency matrices of Erdős-Rényi graphs over the root of their mean degree: peaks at the eigenvalues of small trees
sink into a semicircle as the degree grows. Lines: the law from population dynamics, in bins; the share that is exactly
0 stands apart and is written.
Source: Bordenave and Lelarge (2010); Bordenave, Lelarge and Salez (2011).
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS, DEGREES = 10, (1.5, 3, 10)


@rmt.plotting.style()
def main(n=400, rng=0):
    n = check_count("n", n, minimum=2)
    figure, axes = rmt.plotting.figure(1, 3, height=3.0, sharey=True)
    x = np.linspace(-3, 3, 1200)
    for ax, degree in zip(axes, DEGREES, strict=True):
        law, root = rmt.ErdosRenyi(degree, population=1000), degree**0.5
        values = rmt.erdos_renyi(degree).eigenvalues(n, rng=rng, trials=TRIALS)
        inner = values[np.abs(values) > 1e-9] / root
        heights, edges = np.histogram(inner, np.linspace(-3, 3, 61))
        ax.plot(0.5 * (edges[1:] + edges[:-1]), heights / (0.1 * values.size), ".", color="0.5", label="graphs")
        ax.plot(x, root * law.pdf(root * x), linewidth=1, label="law")
        ax.plot(x, rmt.Semicircle().pdf(x), "--", color="0.4", linewidth=1, label="semicircle")
        ax.set_title(f"degree {degree}: {100 * law.atoms[0][1]:.2g} % are 0", loc="left", fontsize="small")
        ax.set(xlabel=r"$\lambda/\sqrt{d}$", ylim=(0, 0.9))
    axes[0].set_ylabel("density")
    axes[2].legend(loc="upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F86.png")
