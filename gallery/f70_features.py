"""F70. Small batches learn features

Two layers of ReLU on n points of the target x_1 x_2 at half of the full-batch critical rate, 25 passes for each batch
size, so that small ones also take more steps: average gradient outer product in six coordinates after full-batch and
after small-batch training, its alignment with that of the target, and the test loss, without runs that diverge.
Source: Zhu, Liu, Radhakrishnan and Belkin (2024); Radhakrishnan et al. (2024).
"""

import numpy as np

import rmt
from rmt.training import TwoLayers, agop, alignment, critical_rate, egop, target_values


@rmt.plotting.style()
@np.errstate(all="ignore")
def main(n=200, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=2.6)
    n, d, generator, rows = max(8, min(n, 400)), 20, np.random.default_rng(rng), []
    x = generator.standard_normal((n + 500, d))
    y, start = target_values("rank2", x), TwoLayers.drawn(d, 64, readout="gaussian", rng=generator)
    rate, sizes = 0.5 * critical_rate(start.kernel(x[:n])), [n, n // 4, n // 8, 4]
    for batch, net in [(size, start.copy()) for size in sizes]:
        for chosen in [generator.permutation(n) for _ in range(25)]:
            for k in range(0, n - batch + 1, batch):
                net.step(x[chosen[k : k + batch]], y[chosen[k : k + batch]], rate)
        matrix = agop(net, x[:n])
        aligned = alignment(matrix, egop("rank2", d)) if np.isfinite(matrix).all() else np.nan
        rows.append((aligned, np.mean((net.outputs(x[n:]) - y[n:]) ** 2)))
        for ax in [axes[0]] * (batch == n) + [axes[1]] * (batch == 4):
            ax.imshow(matrix[:6, :6] / np.abs(matrix).max(), cmap="Blues", vmin=0, vmax=1)
            ax.set(xlabel=f"batch {batch}", xticks=[0, 1], yticks=[0, 1], xticklabels=[1, 2], yticklabels=[1, 2])
    axes[2].plot(sizes, rows, "o-", markersize=4, label=["alignment", "test loss"])
    axes[2].set(xscale="log", xlabel="batch size", ylabel="cosine, loss")
    rmt.plotting.legend(axes[2])
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F70.png")
