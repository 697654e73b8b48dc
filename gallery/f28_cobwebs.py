"""F28. Where signals come to rest

Length q and correlation c of signals from layer to layer of a tanh network, sigma_b = 0.3: the maps of mean-field
theory with their iterations, and a sampled network (crosses). With derivative chi > 1 at c = 1 nearby signals part.
Source: Poole et al. (2016); Schoenholz et al. (2017).
"""

import numpy as np

import rmt
from rmt.networks import critical_sigma_w, mean_field


def lengths_and_correlations(field, n, rng, c, depth=12):
    mix = np.array([[1, 0, 0], [0, 1, 0], [0, c, np.sqrt(1 - c * c)]])
    h = np.sqrt([[3.0], [field.q], [field.q]]) * (mix @ rng.standard_normal((3, n)))
    for _ in range(depth):
        yield h[0] @ h[0] / n, h[1] @ h[2] / np.linalg.norm(h[1]) / np.linalg.norm(h[2])
        h = np.tanh(h) @ rng.normal(0, field.sigma_w / np.sqrt(n), (n, n)) + field.sigma_b * rng.standard_normal(n)


@rmt.plotting.style()
def main(n=2000, rng=0):
    figure, axes = rmt.plotting.figure(2, 3, height=5.0)
    scales = (0.9, 0.2), (critical_sigma_w("tanh", sigma_b=0.3), 0.2), (2.0, 0.98)
    for column, (sigma_w, start) in zip(axes.T, scales, strict=True):
        field = mean_field("tanh", sigma_w=sigma_w, sigma_b=0.3)
        rmt.plotting.cobweb(field.length_map, (0.05, 3), column[0], window=(0, 3.6), label="mean field")
        rmt.plotting.cobweb(field.correlation_map, start, column[1], window=(0, 1), points=40)
        found = np.array(list(lengths_and_correlations(field, n, np.random.default_rng(rng), start)))
        for ax, x, symbol in zip(column, found.T, "qc", strict=True):
            ax.plot(x[:-1], x[1:], "x", color="C1", zorder=5, label=f"n = {n}")
            ax.set(xlabel=f"${symbol}_l$", ylabel=f"${symbol}_{{l+1}}$")
        column[0].set_title(f"{field.phase.name.lower()}, $\\sigma_w$ = {sigma_w:.3g}", loc="left", fontsize="medium")
    axes[0, 0].legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F28.png")
