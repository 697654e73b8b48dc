"""F35. Predicted minus measured, against width

Networks of depth 4: mean, 90 % quantile and largest eigenvalue of J Jᵀ, predicted minus measured as a share of the
prediction; bars are two standard errors. Flat is right; what is taken from the edge converges last.
Source: Pennington, Schoenholz and Ganguli (2017); Hanin and Nica (2020a) for finite width.
"""

import numpy as np

import rmt
from rmt.networks import edge_of_chaos


@rmt.plotting.style()
def main(n=512, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=3.4, sharey=True)
    widths = [n // 2**k for k in range(5, -1, -1) if n // 2**k >= 8]
    for ax, name, weights in zip(axes, ("tanh", "tanh", "relu"), ("orthogonal", "gaussian", "orthogonal"), strict=True):
        critical = edge_of_chaos(name, q=0.2)
        jacobian = rmt.MLP(4, name, critical.sigma_w, critical.sigma_b, weights).jacobian()
        law = jacobian.gram_law()
        samples = [jacobian.singular_values(w, rng=rng, trials=16 * n // w) ** 2 for w in widths]
        for i, (label, u) in enumerate((("mean", None), ("90 %", 0.9), ("largest", 1.0))):
            found = [
                s.mean(axis=1) / law.mean() if u is None else np.quantile(s, u, axis=1) / law.ppf(u) for s in samples
            ]
            means, errors = [1 - x.mean() for x in found], [2 * x.std(ddof=1) / len(x) ** 0.5 for x in found]
            ax.errorbar(np.array(widths) * 1.08**i, means, errors, fmt="osv"[i], linestyle="none", label=label)
        ax.axhline(0, color="0.5", linewidth=0.8)
        ax.set(xscale="log", xlabel="width n", xticks=widths[1::2], xticklabels=widths[1::2])
        ax.minorticks_off()
        ax.set_title(f"{name}, {weights}".replace("relu", "ReLU"), loc="left", fontsize="medium")
    axes[0].set_ylabel("(predicted − measured) / predicted")
    axes[0].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F35.png")
