"""F30. The largest singular value of a deep network

Critical networks: at every depth L the mean of s² is 1. With Gaussian weights s_max grows as √(eL) or faster. With
orthogonal ones a linear network is an isometry and ReLU hardly gains; erf and hard-tanh (q* = 0.25) start near 1.
Source: Pennington, Schoenholz and Ganguli (2017).
"""

import numpy as np

import rmt

DEPTHS = (1, 2, 4, 8, 16, 32)
CRITICAL = {name: rmt.networks.edge_of_chaos(name, q=0.25) for name in ("linear", "relu", "erf", "hard_tanh")}


def largest(net, n, rng):
    product = np.eye(n)
    for depth, (weights, slopes) in enumerate(net.jacobian().forward(n, rng), 1):
        product = slopes[:, None] * (weights @ product)
        if depth in DEPTHS:
            yield np.linalg.norm(product, 2)


@rmt.plotting.style()
def main(n=800, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.8, sharey=True)
    for ax, weights in zip(axes, ("gaussian", "orthogonal"), strict=True):
        for (name, critical), marker in zip(CRITICAL.items(), "os^v", strict=True):
            net = rmt.MLP(DEPTHS[-1], name, critical.sigma_w, critical.sigma_b, weights)
            tops = [net.with_depth(depth).jacobian().gram_law().ppf(1.0) ** 0.5 for depth in DEPTHS]
            (line,) = ax.loglog(DEPTHS, tops, label=name.replace("_", "-").replace("relu", "ReLU"))
            ax.loglog(DEPTHS, list(largest(net, n, np.random.default_rng(rng))), marker, color=line.get_color())
        ax.set(xlabel="depth L", xticks=DEPTHS, xticklabels=DEPTHS, ylabel=r"$s_{\max}$")
        ax.set_title(f"{weights} weights, n = {n}", loc="left", fontsize="medium")
    axes[0].legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F30.png")
