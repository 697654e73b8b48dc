"""F78. A graph too large to diagonalise

Three random matchings of n vertices make a random graph of degree 3. Its density from 100 products with one vector of
signs, beside the Kesten-McKay law, and the difference of their distribution functions; `-n 10000000` takes minutes.
Source: Kesten (1959), McKay (1981); Weiße et al. (2006) for the method.
"""

import numpy as np

import rmt
from rmt.spectra import density_of_states


@rmt.plotting.style()
def main(n=1_000_000, rng=0):
    n, rng = 2 * max(n // 2, 1), np.random.default_rng(rng)
    partner = np.empty((3, n), np.int32)
    for row in partner:
        left, right = rng.permutation(n).reshape(2, -1)
        row[left], row[right] = right, left

    def neighbours(v):
        return v[partner[0]] + v[partner[1]] + v[partner[2]]

    found = density_of_states(neighbours, size=n, probes=1, interval=(-3.03, 3.03), rng=rng)
    law, x = rmt.KestenMcKay(degree=3), np.linspace(-3.02, 3.02, 601)
    figure, axes = rmt.plotting.figure(1, 2, height=3.2)
    axes[0].plot(x, found.pdf(x), color="C1", label=f"graph, n = {n}")
    rmt.plotting.law(law, axes[0], label="Kesten–McKay")
    axes[0].legend(loc="lower center")
    share = found.cdf_with_errors(x)
    axes[1].fill_between(x, -share.bias - 2 * share.noise, share.bias + 2 * share.noise, color="0.85", label="errors")
    axes[1].plot(x, share.value - law.cdf(x), color="C1", label="difference")
    axes[1].set(xlabel="$x$", ylabel="graph's share − law's")
    axes[1].legend(loc="lower center")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F78.png")
