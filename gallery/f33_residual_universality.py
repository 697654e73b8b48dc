"""F33. Residual networks do not care about the activation

J Jᵀ of residual networks x + φ(W x) with 64 blocks and eight activations, with sigma_w chosen so that the sum c of
sigma_w² E φ'² over the blocks is 1: one law for all, S(m) = exp(−c − 2cm), with median 1 and symmetric in log λ. Where
E φ ≠ 0 one eigenvalue, beyond the frame, follows the mean of the activations and not the law.
Source: Tarnowski, Warchoł, Jastrzębski, Tabor and Nowak (2019).
"""

from scipy.optimize import brentq

import rmt
from rmt.networks import ResidualNetwork, residual_limit

NAMES = ("tanh", "hard_tanh", "erf", "sigmoid", "relu", "leaky_relu", "gelu", "elu")
BLOCKS = 64


def residual_network(name):
    sigma_w = brentq(lambda sigma: ResidualNetwork(BLOCKS, name, sigma).strength - 1, 0.05, 2.0)
    return ResidualNetwork(BLOCKS, name, sigma_w)


@rmt.plotting.style()
def main(n=300, rng=0):
    figure, axes = rmt.plotting.figure(2, 4, height=3.8, sharex=True, sharey=True)
    law = residual_limit(1)
    for ax, name in zip(axes.flat, NAMES, strict=True):
        values = residual_network(name).jacobian().singular_values(n, rng=rng) ** 2
        inside = values[values < 3 * law.ppf(1.0)]
        rmt.plotting.compare(inside, law, ax=ax, log=True, legend=False, edges=False, bins=25)
        ax.set_title(name.replace("_", "-").replace("relu", "ReLU"), loc="left", fontsize="medium")
        ax.label_outer()
    axes[0, 0].set_xlim(law.ppf(0.0) / 2, law.ppf(1.0) * 2)
    handles = axes[0, 0].get_legend_handles_labels()[0]
    figure.legend(handles, (f"n = {n}", "universal law, c = 1"), loc="outside upper left", ncols=2)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F33.png")
