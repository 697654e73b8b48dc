"""F87. Without a variance

Lévy matrices: symmetric, with stable entries of index α. Their laws have no edge and the tail of the entries,
α x^(−α−1)/2 (dotted); the largest eigenvalues are the largest entries.
Source: Cizeau and Bouchaud (1994); Ben Arous and Guionnet (2008).
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS, INDICES = 20, (0.8, 1.2, 1.7)


@rmt.plotting.style()
def main(n=400, rng=0):
    n = check_count("n", n, minimum=2)
    figure, ax = rmt.plotting.figure()
    x, edges = np.geomspace(0.02, 1e3, 300), np.geomspace(0.02, 1e3, 41)
    for k, alpha in enumerate(INDICES):
        sizes = np.abs(rmt.levy(alpha).eigenvalues(n, rng=rng, trials=TRIALS)).ravel()
        counts, _ = np.histogram(sizes, edges)
        heights = counts / (2 * np.diff(edges) * sizes.size)
        seen = counts > 5
        ax.loglog(np.sqrt(edges[1:] * edges[:-1])[seen], heights[seen], ".", color=f"C{k}")
        ax.loglog(x, rmt.LevyMatrix(alpha).pdf(x), color=f"C{k}", label=f"α = {alpha}")
        far = x[x > 8]
        ax.loglog(far, 0.5 * alpha * far ** (-alpha - 1), ":", color="0.4", linewidth=1)
    ax.set(xlabel=r"$|\lambda|$", ylabel="density", ylim=(1e-8, 2))
    ax.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F87.png")
