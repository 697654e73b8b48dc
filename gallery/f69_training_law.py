"""F69. The training curve and the critical rate of a wide network, before its data are drawn

Left: loss of two layers of ReLU on n random points of a sphere in n dimensions with random labels, against the Laplace
transform of the law of its tangent kernel; nothing is fitted. Right: critical rates of random batches (median and 90 %)
on their law b/(1 + (b - 1)/(2 pi)). Half of the full-batch rate, dashed, is too much for batches below 2 pi - 1.
Source: Jacot, Gabriel and Hongler (2018); Zhu, Liu, Radhakrishnan and Belkin (2024).
"""

import math

import numpy as np

import rmt
from rmt.kernels import ntk, zonal
from rmt.optimisation import loss_curve
from rmt.training import TwoLayers, batch_critical_rate, batch_critical_rates, batch_threshold


@rmt.plotting.style()
def main(n=200, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    generator, net = np.random.default_rng(rng), rmt.MLP(depth=1, activation="relu", sigma_w=1.0)
    points = generator.standard_normal((n, n))
    points *= math.sqrt(n) / np.linalg.norm(points, axis=1, keepdims=True)
    half, labels = TwoLayers.drawn(n, 5 * n, rng=generator), generator.choice([-1.0, 1.0], n)
    model = TwoLayers(np.vstack([half.first] * 2), np.concatenate([half.second, -half.second]))  # begins at 0
    rate, steps = 2.0, np.arange(101)
    losses = [model.step(points, labels, rate) for _ in steps]
    left.plot(steps[::5], losses[::5], "C1o", markersize=3, label="network")
    left.plot(steps, loss_curve(zonal(net).gram_law(1.0), 2 * rate / n * steps), "C0-", label="law")
    left.set(xlabel="steps", ylabel="loss", ylim=(0, 1.05))
    sizes = np.unique(np.geomspace(1, n, 12).round().astype(int)).tolist()
    gram = ntk(points, activation="relu", depth=1, sigma_w=1.0)
    spread = np.array(
        [np.quantile(batch_critical_rates(gram, b, 100, rng=generator), [0.05, 0.5, 0.95]) for b in sizes]
    )
    right.plot(sizes, [batch_critical_rate(net, b) for b in sizes], "C0-", label="law")
    right.errorbar(
        sizes, spread[:, 1], np.abs(spread[:, ::2].T - spread[:, 1]), fmt="C1o", markersize=3, label="batches"
    )
    right.axhline(math.pi, color="k", linestyle="--", linewidth=0.8)
    right.axvline(batch_threshold(net), color="k", linestyle=":", linewidth=0.8)
    right.set(xscale="log", xlabel="batch size b", ylabel="critical rate", ylim=(0, 7))
    for ax in (left, right):
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F69.png")
