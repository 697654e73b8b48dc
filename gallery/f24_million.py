"""F24. A million eigenvalues in a blink

The GUE at n = 10⁶, in 200 bins: Sturm counts of its tridiagonal model count the eigenvalues below each bin edge, and no
eigenvalue is computed. Below, the number of eigenvalues left of λ minus n F(λ): among a million, none is out of place
by more than a few.
Source: Dumitriu and Edelman (2002); Gustavsson (2005) for the fluctuations, of variance log n/(2π²).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=10**6, rng=0):
    law = rmt.Semicircle()
    counts, edges = rmt.hermite(beta=2).histogram(n, np.linspace(-2.01, 2.01, max(20, min(n // 4, 200)) + 1), rng=rng)
    figure, (top, below) = rmt.plotting.figure(2, 1, height=5.0, sharex=True, height_ratios=(2, 1))
    density = counts / (n * np.diff(edges))
    top.stairs(density, edges, fill=True, color="0.8", label=f"GUE, n = {n:,}")
    rmt.plotting.law(law, top, edges=False)
    rmt.plotting.legend(top)
    top.set_xlabel("")
    below.plot(edges[1:], np.cumsum(counts) - n * law.cdf(edges[1:]), ".", color="0.35", markersize=3)
    below.axhline(0, linewidth=1)
    below.set(xlabel=r"$\lambda$", ylabel=r"$n\,(F_n - F)$", ylim=(-3.5, 3.5))
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F24.png")
