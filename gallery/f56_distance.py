"""F56. How far other entries are from Gaussian ones

Mean of tanh(1 + W x) for x = ReLU(v): Wasserstein distance between 1200 runs with entries of some law and 1200 with
Gaussian entries. Two Gaussian batches differ by what is shaded (99 %): inside no difference is seen. Skewed
entries are told apart in small matrices and entries without a fourth moment in large ones; the others would need more
runs.
Source: Golikov and Yang (2022).
"""

import numpy as np

import rmt
from rmt.programs import Program, universality

LAWS = ("uniform", "rademacher", "laplace", "exponential", "cube_root_cauchy", "fifth_root_cauchy")


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, axes = rmt.plotting.figure(height=3.6)
    P = Program()
    P.mean(np.tanh(P.matrix() @ np.maximum(P.vector(), 0) + 1))
    widths = [w for w in (4, 8, 16, 32, 64, 128) if w <= max(n / 3, 4)]
    report = universality(P, LAWS, widths, max(2, 3 * n), rng=rng)
    for i, law in enumerate(report.laws):
        x, style = np.array(widths) * 1.04 ** (i - 2.5), {"fmt": "os^Dv*"[i] + "-", "markersize": 4, "linewidth": 0.9}
        style["color"] = f"C{i}" if i < 5 else "0.5"
        name = law.replace("_", " ").replace("cauchy", "Cauchy")
        axes.errorbar(x, report.distances[i], report.errors[i], label=name, **style)
    axes.fill_between(widths, 1e-4, report.levels, color="0.85", linewidth=0, label="no difference seen")
    axes.plot(widths, 0.06 / np.sqrt(widths), ":", color="0.3", linewidth=1, label="$n^{-1/2}$")
    axes.set(xscale="log", yscale="log", xlabel="width n", ylabel="Wasserstein distance", ylim=(1e-3, 0.2))
    axes.set(xticks=widths, xticklabels=widths)
    axes.minorticks_off()
    axes.legend(fontsize=7, ncols=2)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F56.png")
