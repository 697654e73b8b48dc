"""F66. The training curve and the critical rate of a wide network, before its data are drawn

Left: loss of two layers of ReLU on n random points of a sphere in n dimensions with random labels, against the Laplace
transform of the law of its tangent kernel; nothing is fitted. Right: critical rates of random batches
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
    points = (raw := generator.standard_normal((n, n))) * math.sqrt(n) / np.linalg.norm(raw, axis=1, keepdims=True)
    half, labels, steps = TwoLayers.drawn(n, 5 * n, rng=generator), generator.choice([-1.0, 1.0], n), np.arange(101)
    model = TwoLayers(np.vstack([half.first] * 2), np.concatenate([half.second, -half.second]))  # begins at 0
    left.plot(steps, [model.step(points, labels, 2.0) for _ in steps], "C1.", label="network")
    left.plot(steps, loss_curve(zonal(net).gram_law(1.0), 4 / n * steps), "C0-", label="law")
    left.set(xlabel="steps", ylabel="loss")
    gram, sizes = ntk(points, activation="relu", depth=1, sigma_w=1.0), range(1, n + 1, max(1, n // 20))
    right.plot(sizes, [batch_critical_rate(net, b) for b in sizes], "C0-")
    for b in sizes:
        right.plot([b] * 9, batch_critical_rates(gram, b, 9, rng=rng), "C1.", markersize=3)
    right.plot([1, batch_threshold(net), batch_threshold(net)], [math.pi, math.pi, 0], "k--", linewidth=0.8)
    right.set(xscale="log", xlabel="batch size b", ylabel="critical rate", ylim=(0, 7))
    rmt.plotting.legend(left)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F66.png")
