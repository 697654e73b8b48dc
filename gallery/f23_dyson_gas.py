"""F23. Dyson's gas

Eigenvalues of Hermite ensembles as charges on a line: joint density ∝ Π |λ_i − λ_j|^β exp(−β n Σ λ²/4), where β is
the inverse temperature. Nearly independent points at β = 0.1, a crystal at β = 100; all converge to the semicircle.
Source: Dyson (1962a); Dumitriu and Edelman (2002).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=100, rng=0):
    rng = np.random.default_rng(rng)
    figure, (top, ax) = rmt.plotting.figure(2, 1, height=4.6, sharex=True, height_ratios=(1, 2))
    betas = (0.1, 1, 2, 4, 100)
    for row, beta in enumerate(betas):
        values = rmt.hermite(beta=beta).eigenvalues(n, rng=rng)
        ax.vlines(values, row - 0.38, row + 0.38, color="0.25", linewidth=0.8)
    rmt.plotting.law(rmt.Semicircle(), top, edges=False)
    rmt.plotting.legend(top)
    top.set_xlabel("")
    ax.set_yticks(range(len(betas)), [f"{beta:g}" for beta in betas])
    ax.set(xlabel=r"$\lambda$", ylabel=f"β (n = {n})")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F23.png")
