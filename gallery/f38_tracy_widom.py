"""F38. The largest eigenvalue

Tracy-Widom laws of β = 1, 2, 4 on the scale of the stochastic Airy operator, and largest eigenvalues of the
Gaussian β ensembles, centred and scaled with n′ = n + 1/2 − 1/β. What small matrices still miss is the next order.
Source: Tracy and Widom (1994, 1996); Johnstone and Ma (2012) for the centring.
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS = 1000


@rmt.plotting.style()
def main(n=400, rng=0):
    n = check_count("n", n, minimum=2)
    sizes = np.unique(np.geomspace(min(n, 10), n, 3).astype(int))
    streams = np.random.default_rng(rng).spawn(3)
    figure, axes = rmt.plotting.figure(1, 3, height=3.0, sharey=True)
    edges = np.linspace(-6, 4, 41)
    for ax, beta, stream in zip(axes, (1, 2, 4), streams, strict=True):
        for size, grey in zip(sizes, ("0.75", "0.5", "0.2"), strict=False):
            edge = rmt.hermite(beta).largest_law(int(size), method="first_order")
            largest = rmt.hermite(beta).largest(int(size), rng=stream, trials=TRIALS)[:, 0]
            s = (largest - edge.centre) / edge.scale
            ax.hist(s, edges, density=True, histtype="step", color=grey, label=f"n = {size}")
        x = np.linspace(-6, 4, 400)
        ax.plot(x, rmt.TracyWidom(beta).pdf(x), label="Tracy–Widom")
        ax.set_title(f"β = {beta}", loc="left")
        ax.set_xlabel("$s$")
    axes[0].set_ylabel("density")
    axes[0].set_ylim(0, 0.95)
    axes[0].legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F38.png")
