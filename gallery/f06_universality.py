"""F06. Universality

Only the variance of the entries matters: sample covariance matrices of ratio 1/2 with Gaussian, uniform, sign and
exponential entries (centred, scaled to variance 1) have one limit.
Source: Marchenko and Pastur (1967); Yin (1986) for every entry law of finite variance.
"""

import numpy as np

import rmt

ENTRIES = ("gaussian", "uniform", "rademacher", "exponential")


@rmt.plotting.style()
def main(n=1000, rng=0):
    rng = np.random.default_rng(rng)
    figure, axes = rmt.plotting.figure(2, 2, height=4.6, sharex=True, sharey=True)
    for ax, entries in zip(axes.flat, ENTRIES, strict=True):
        wishart = rmt.wishart(ratio=0.5, entries=entries)
        rmt.plotting.compare(wishart, n=n, rng=rng, ax=ax, legend=False, edges=ax in axes[-1])
        ax.set_title(f"{entries}, n = {n}", loc="left", fontsize="medium")
        ax.label_outer()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F06.png")
