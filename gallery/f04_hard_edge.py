"""F04. The hard edge

Square data matrices (ratio 1): the smallest eigenvalues crowd at 0, where the density grows as λ^(−1/2)/π. It does so
down to λ ≈ n⁻², the size of the smallest eigenvalue.
Source: Marchenko and Pastur (1967); Edelman (1988) for the smallest eigenvalue.
"""

import numpy as np

import rmt
from rmt.plotting.binning import histogram

TRIALS = 40


@rmt.plotting.style()
def main(n=400, rng=0):
    wishart = rmt.wishart(ratio=1.0)
    law = wishart.law()
    measured = histogram(wishart.eigenvalues(n, rng=rng, trials=TRIALS), law, log=True, bins=60)
    density = measured.density * np.diff(np.log(measured.edges)) / np.diff(measured.edges)
    seen = n * TRIALS * np.diff(law.cdf(measured.edges)) > 5  # fewer eigenvalues say little
    figure, ax = rmt.plotting.figure()
    centres = np.sqrt(measured.edges[1:] * measured.edges[:-1])[seen]
    ax.loglog(centres, density[seen], "o", color="0.6", label=f"Wishart, ratio 1, n = {n}, {TRIALS} matrices")
    x = 4 * np.geomspace(centres[0] / 4, 1, 400, endpoint=False)
    ax.loglog(x, law.pdf(x), label="Marchenko–Pastur law, ratio 1")
    ax.loglog(x, x**-0.5 / np.pi, label=r"$\lambda^{-1/2}/\pi$")
    ax.axvline(n**-2.0, color="0.6", linewidth=1, linestyle=":", label=r"$n^{-2}$")
    ax.set_xlabel(r"$\lambda$")
    ax.set_ylabel(r"$\rho(\lambda)$")
    ax.legend(loc="upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F04.png")
