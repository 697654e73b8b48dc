"""F59. Networks as deep as they are wide

Squared length of the last layer of networks with n layers of n units and weights of critical size: its logarithm is
nearly Gaussian with mean −V/2 and variance V, V = 2 for linear and 5 for ReLU networks, however wide they are. Curves
have the exact mean and variance at this n; bars are networks.
Source: Hanin and Nica (2020a).
"""

import numpy as np

import rmt
from rmt.programs import Program, log_norm


@rmt.plotting.style()
def main(n=100, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.2, sharey=True)
    for ax, name, title in zip(axes, ("linear", "relu"), ("linear", "ReLU"), strict=True):
        P = Program()
        x = P.vector()
        for _ in range(n):
            x = P.map(name, 2 ** (0.5 * (name == "relu")) * (P.matrix() @ x))
        P.mean(x * x)
        drawn, law = P.sample(n, rng=rng, trials=max(2, 3 * n)), log_norm(name, n, n)
        ax.hist(np.log(drawn[drawn > 0]), 30, density=True, color="0.8", label=f"{title} networks, n = L = {n}")
        t = np.linspace(law.mean - 4 * law.variance**0.5, law.mean + 4 * law.variance**0.5, 300)
        for mean, variance, style, label in (
            (law.mean, law.variance, "-", "exact mean and variance"),
            (law.leading_mean, law.leading_variance, "--", "leading form"),
        ):
            y = np.exp(-((t - mean) ** 2) / (2 * variance)) / (2 * np.pi * variance) ** 0.5
            ax.plot(t, y, style, label=label)
        ax.set(xlabel=r"$\ln |x_L|^2/n$", ylim=(0, 0.48))
        ax.legend(fontsize=7, loc="upper left")
    axes[0].set(ylabel="density")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F59.png")
