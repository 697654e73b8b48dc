"""F68. Where the spike lives, and a staircase of catapults

Left: loss of two layers of ReLU above their critical rate, split over the five leading eigenvectors of the kernel of
the moment and all others: the spike is in the first. Right: three layers whose rate is set to 1.3 times the critical
one at every stage; each stage lowers the largest eigenvalue, so that the next may learn faster.
Source: Zhu, Liu, Radhakrishnan and Belkin (2024).
"""

import numpy as np

import rmt
from rmt.training import DenseNetwork, TwoLayers, critical_rate, descend, raise_after_catapult


@rmt.plotting.style()
def main(n=60, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    n, generator = max(8, min(n, 200)), np.random.default_rng(rng)
    x = generator.standard_normal((n, 20))
    y = np.sign(x[:, 0] * x[:, 1])
    net = TwoLayers.drawn(20, 4 * n, rng=generator)
    run = descend(net, x, y, rate=1.6 * critical_rate(net.kernel(x)), steps=40)
    left.plot(run.leading, "C0-", label="five leading eigenvectors")
    left.plot(run.rest, "C1--", label="all others")
    left.set(yscale="log", xlabel="steps", ylabel="loss")
    net = DenseNetwork([20, 2 * n, 2 * n, 1], "relu", rng=generator)
    run = descend(net, x, y, rate=raise_after_catapult(1.3, every=25), steps=99, goal=1e-12)
    right.plot(run.losses, "C0-", label="loss")
    right.plot(run.eigenvalues / n, "C2-", label=r"$\lambda_1/n$")
    right.plot(1 / run.rates, "k:", label="1/rate")
    right.set(yscale="log", xlabel="steps")
    for ax in (left, right):
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F68.png")
