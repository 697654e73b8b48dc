"""F44. A cut opens

Equilibrium measures of V(x) = μx²/2 + x⁴/4: the density in the middle falls as μ decreases, vanishes like x² at μ = −2,
and then the support splits into two intervals.
Source: Brézin, Itzykson, Parisi and Zuber (1978).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=600, rng=0):
    figure, ax = rmt.plotting.figure()
    x = np.linspace(-2.6, 2.6, max(n, 100))
    for k, mu in enumerate((1, -1, -2, -3)):
        law = rmt.QuarticEquilibrium(mu, 1)
        ax.plot(x, law.pdf(x), color=f"C{k}", label=f"μ = {mu}")
    ax.set_xlabel("$x$")
    ax.set_ylabel("density")
    ax.set_ylim(0, 0.85)
    ax.legend(loc="upper center")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F44.png")
