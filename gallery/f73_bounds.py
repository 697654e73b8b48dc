"""F73. The parts of a bound, and kinds of PAC-Bayes bounds

Left: bound on the risk of a nearly linear network of two layers against training time: complexity (dashed, it does
not depend on time) and deviation from the linear proxy for three nonlinearities; above the dotted line a coin is
better. Right: risk bounds at training risk 0.05 against the divergence from the prior per sample; vacuous where shaded.
Source: Golikov (2024); Maurer (2004); Thiemann et al. (2017).
"""

import numpy as np

import rmt
from rmt.training import nearly_linear_bound, pac_bayes


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    t = np.linspace(0.05, 7, max(n // 8, 8))
    options = {"depth": 2, "dimension": 49, "samples": 60000, "strength": 0.6, "start": 1e-3, "margin": 1e-7}
    for gap in (1e-2, 1e-3, 1e-4):
        bound = nearly_linear_bound(slope_gap=gap, **options)
        left.plot(t, np.minimum(bound.deviation(t), 1e9), label=rf"deviation, $\varepsilon$ = {gap:g}")
    left.axhline(bound.complexity, color="k", linestyle="--", linewidth=0.8)
    left.axhline(0.5, color="k", linestyle=":", linewidth=0.8)
    left.set(yscale="log", ylim=(1e-6, 10), xlabel="training time", ylabel="part of the bound")
    divergences = np.geomspace(1e-3, 2, max(n // 8, 8))
    for kind, name in (("seeger", "Seeger"), ("thiemann", "Thiemann"), ("mcallester", "McAllester")):
        bounds = [pac_bayes(0.05, 1000 * k, 1000, 0.05, kind=kind) for k in divergences]
        right.plot(divergences, bounds, label=name)
    right.axhspan(1, 1.5, color="0.9", zorder=0)
    right.set(xscale="log", ylim=(0, 1.5), xlabel="KL/m", ylabel="bound on the risk")
    for ax in (left, right):
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F73.png")
