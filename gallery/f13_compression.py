"""F13. A corner of a matrix

The upper left corner with αn rows of a random matrix with eigenvalues ±1: atoms of mass max(0, 1 − 1/(2α)) stay for
α > 1/2, the arcsine law appears at 1/2, and small corners are semicircular. Compression is a free power:
μ_α = μ^(⊞1/α) dilated by α.
Source: Nica and Speicher (1996).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=2000, rng=0):
    matrix = 2 * rmt.projection(0.5).sample(n, rng=rng) - np.eye(n)
    figure, axes = rmt.plotting.figure(2, 2, height=4.8, sharex=True)
    for ax, alpha in zip(axes.flat, (0.9, 0.7, 0.5, 0.1), strict=True):
        size = max(1, round(alpha * n))
        corner = matrix[:size, :size]
        law = rmt.compress(rmt.Rademacher(), alpha)
        rmt.plotting.compare(np.linalg.eigvalsh(corner), law, ax=ax, legend=False, edges=False, bins=25)
        ax.set(xlim=(-1.25, 1.25), xlabel="" if ax in axes[0] else r"$\lambda$")
        ax.set_title(f"α = {alpha:g}, n = {n}", loc="left", fontsize="medium")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F13.png")
