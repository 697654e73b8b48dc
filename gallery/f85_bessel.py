"""F85. Against the wall

Smallest eigenvalues of square sample covariance matrices, 4 ν λ_min(A A*), for β = 1, 2, 4 and two sizes (steps),
against the laws of the hard edge. The more the eigenvalues repel each other, the further they leave the wall.
Source: Edelman (1988); Forrester (2006).
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS = 1500


@rmt.plotting.style()
def main(n=200, rng=0):
    n = check_count("n", n, minimum=2)
    streams = np.random.default_rng(rng).spawn(3)
    figure, axes = rmt.plotting.figure(1, 3, height=3.0, sharey=True)
    edges, x = np.linspace(0, 16, 41), np.linspace(0.02, 16, 400)
    for ax, beta, stream in zip(axes, (1, 2, 4), streams, strict=True):
        for size, grey in zip(np.unique([min(n, 5), n]), ("0.75", "0.4"), strict=False):
            smallest = rmt.laguerre(beta, a=0).smallest(int(size), rng=stream, trials=TRIALS)[:, 0]
            scaled = 4 * (size + 0.5 - 1 / beta) * size * smallest
            ax.hist(scaled, edges, density=True, histtype="step", color=grey, label=f"n = {size}")
        ax.plot(x, rmt.BesselEdge(beta, 0).pdf(x), label="hard edge")
        ax.set_title(f"β = {beta}", loc="left")
        ax.set_xlabel("$s$")
    axes[0].set_ylabel("density")
    axes[0].set_ylim(0, 0.6)
    axes[0].legend(loc="upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F85.png")
