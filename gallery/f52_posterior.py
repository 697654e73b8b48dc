"""F52. Outputs before and after training

Wide erf networks on a line: outputs before training are a Gaussian process (left), after training by gradient flow
they are pinched at the data (middle); the exact Bayesian posterior of the same prior is another one (right). Bands are
two standard deviations, grey lines draws from each process.
Source: Lee et al. (2019).
"""

import numpy as np

import rmt
from rmt.kernels import bayes, flow, nngp_and_ntk


@rmt.plotting.style()
def main(n=200, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=3.2, sharey=True)
    x, y = np.linspace(-3, 3, max(n, 60)), np.array([0.6, -0.8, 1.0])
    X = np.concatenate([[-1.0, 0.2, 1.2], x])[:, None]
    K, T = nngp_and_ntk(X, activation="erf", depth=2, sigma_w=1.5, sigma_b=0.5)
    prior = {"nngp": K[:3, :3], "nngp_test": K[3:, :3], "nngp_both": K[3:, 3:]}
    outs = (
        ("before", flow(T[:3, :3], y, 0.0, test=T[3:, :3], **prior)),
        ("after training", flow(T[:3, :3], y, test=T[3:, :3], **prior)),
        ("Bayes", bayes(K[:3, :3], y, test=K[3:, :3], both=K[3:, 3:])),
    )
    for ax, (name, out) in zip(axes, outs, strict=True):
        values, vectors = np.linalg.eigh(out.covariance)
        noise = np.random.default_rng(rng).standard_normal((x.size, 12))
        draws = out.mean[:, None] + vectors @ (np.maximum(values, 0)[:, None] ** 0.5 * noise)
        ax.plot(x, draws, color="0.75", linestyle="-", linewidth=0.6)
        ax.fill_between(x, out.mean - 2 * out.std, out.mean + 2 * out.std, color="C0", alpha=0.2, linewidth=0)
        ax.plot(x, out.mean, color="C0", linestyle="-")
        ax.plot(X[:3, 0], y, "o", color="k", markersize=4)
        ax.set(xlabel=f"x ({name})", ylabel="output" if name == "before" else "")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F52.png")
