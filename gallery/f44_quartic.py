"""F44. A cut opens

Equilibrium measures of V(x) = μx²/2 + x⁴/4: the density in the middle falls as μ decreases, vanishes like x² at μ = −2,
and then the support splits into two intervals. Dots: a gas of 30 charges at β = 2, by Metropolis steps.
Source: Brézin, Itzykson, Parisi and Zuber (1978).
"""

import numpy as np

import rmt

CHARGES, SWEEPS = 30, 80


def gas(law, chains, rng):
    x = np.tile(law.ppf((np.arange(CHARGES) + 0.5) / CHARGES), (chains, 1))
    for i in np.tile(np.arange(CHARGES), SWEEPS):
        others, moved = np.delete(x, i, axis=1), x[:, i] + 0.2 * rng.standard_normal(chains)
        gain = 2 * np.log(np.abs((moved[:, None] - others) / (x[:, i, None] - others))).sum(axis=1)
        gain -= CHARGES * (law.mu * (moved**2 - x[:, i] ** 2) / 2 + law.g * (moved**4 - x[:, i] ** 4) / 4)
        x[:, i] = np.where(np.log(rng.random(chains)) < gain, moved, x[:, i])
    return x.ravel()


@rmt.plotting.style()
def main(n=600, rng=0):
    figure, ax = rmt.plotting.figure()
    x, edges = np.linspace(-2.6, 2.6, 600), np.linspace(-2.6, 2.6, 53)
    for k, mu in enumerate((1, -1, -2, -3)):
        law = rmt.QuarticEquilibrium(mu, 1)
        heights, _ = np.histogram(gas(law, max(n // 4, 4), np.random.default_rng(rng)), edges, density=True)
        ax.plot(x, law.pdf(x), color=f"C{k}", label=f"μ = {mu}")
        ax.plot(0.5 * (edges[1:] + edges[:-1]), heights, ".", color=f"C{k}", markersize=3)
    ax.set(xlabel="$x$", ylabel="density", ylim=(0, 0.85))
    ax.legend(loc="upper center")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F44.png")
