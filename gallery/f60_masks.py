"""F60. Masks are free from the weights that made them

D holds the derivatives of a ReLU layer, A = W Wᵀ its weights. D is a function of W, yet the centred alternating moment
τ(D° A° D° A°) (root mean square over runs), 0 for free matrices, falls like 1/n for every law of entries; without the
centring it does not (open dots). Skewed entries have the largest term of order 1/n.
Source: Yang (2020); Golikov and Yang (2022).
"""

import numpy as np

import rmt
from rmt.programs import mask_freeness


@rmt.plotting.style()
def main(n=256, rng=0):
    figure, axes = rmt.plotting.figure(height=3.5)
    runs = max(2, n // 3)
    widths = [w for w in (16, 32, 64, 128, 256) if w <= max(n, 16)]
    for i, law in enumerate(("gaussian", "rademacher", "exponential")):
        found = mask_freeness(law, widths, runs, rng=rng)
        k = found.words.index("A B A B")
        size = np.sqrt(found.means[:, k] ** 2 + runs * found.errors[:, k] ** 2)
        axes.plot(widths, size, "o-", markersize=3, linewidth=0.9, color=f"C{i}", label=f"{law} entries")
    plain = []
    for w in widths:
        W = np.random.default_rng(rng).standard_normal((20, w, w)) / w**0.5
        A, on = W @ W.mT, W.sum(axis=2) > 0
        plain.append(np.einsum("ti,tij,tj->", on, A**2, on) / (20 * w))
    axes.plot(widths, plain, "o", markerfacecolor="none", color="0.4", label="not centred")
    axes.plot(widths, [1 / w for w in widths], "k--", linewidth=0.9, label="1/n")
    axes.set(xscale="log", yscale="log", xlabel="width n", ylabel="alternating moment")
    axes.set(xticks=widths, xticklabels=widths)
    axes.minorticks_off()
    axes.legend(loc="lower left", fontsize=8)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F60.png")
