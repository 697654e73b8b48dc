"""F69. Beyond the critical rate the network learns better and its linear model diverges

Least test loss of two layers of ReLU, of their quadratic and of their linear model, trained on n points of a rank-2
target, against the learning rate in units of the critical one; medians over three starts. Below 1 all
three learn; above it the linear model diverges, the network learns better, the quadratic model up to a point.
Source: Zhu et al. (2022).
"""

import numpy as np

import rmt
from rmt.training import RateSweep, target_values


@rmt.plotting.style()
def main(n=100, rng=0):
    figure, axes = rmt.plotting.figure(height=3.2)
    n, generator = max(4, min(n, 400)), np.random.default_rng(rng)
    x = generator.standard_normal((n + 300, 10))
    y = target_values("rank2", x)
    rates = [0.3, 0.6, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9, 2.2]
    sweep = RateSweep(x[:n], y[:n], x[n:], y[n:], width=2 * n, relative_rates=rates, steps=2 * n)
    found = sweep.run(3, rng=rng)
    for name, mark in (("network", "C0o-"), ("quadratic", "C1s--"), ("linear", "C2^:")):
        losses = np.median(getattr(found, name), axis=0)
        axes.plot(np.array(rates)[np.isfinite(losses)], losses[np.isfinite(losses)], mark, markersize=4, label=name)
    axes.axvline(1, color="k", linewidth=0.8, linestyle=":")
    axes.set(xlabel="rate / critical rate", ylabel="least test loss", xlim=(0.2, 2.3))
    rmt.plotting.legend(axes)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F69.png")
