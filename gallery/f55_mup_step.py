"""F55. A step of training, with and without the transpose correction

Two hidden tanh layers in μP, output f after one step of gradient descent from 0 to the target 1: means of 256 runs
with three laws of the hidden matrix, against the limit. Without the correction for the meeting of W and its transpose
the prediction is wrong. Other laws of the vectors have other limits (grey).
Source: Yang (2020); Yang and Hu (2021).
"""

import rmt
from rmt.networks import MLP
from rmt.programs import Program


@rmt.plotting.style()
def main(n=512, rng=0):
    figure, axes = rmt.plotting.figure(height=3.6)
    net, runs = MLP(2, "tanh", 1.0, input_q=1.0), max(2, n // 2)
    P, widths = Program.from_mlp(net, steps=1), [w for w in (8, 16, 32, 64, 128, 256, 512) if w <= max(n, 8)]
    for i, law in enumerate(("gaussian", "rademacher", "exponential")):
        for width in widths:
            drawn = P.sample(width, rng=rng + width, trials=runs, entries=law)
            x, error = width * 1.06**i, 2 * drawn.std() / runs**0.5
            axes.errorbar(x, drawn.mean(), error, fmt="o", color=f"C{i}", markersize=3, label="_" * (width > 8) + law)
    axes.axhline(P.limit(), color="k", label="limit")
    axes.axhline(P.limit(transpose_correction=False), color="k", linestyle="--", label="without correction")
    signs = {"first": "rademacher"}, {"readout": "rademacher"}, {"first": "rademacher", "readout": "rademacher"}
    for i, laws in enumerate(signs):
        other = Program.from_mlp(net, steps=1, **laws).limit()
        axes.axhline(other, color="0.7", linewidth=0.8)
        text = ("first layer of signs", "read-out of signs", "both")[i]
        axes.text(8, other, text, fontsize=7, color="0.4", va=("bottom", "top", "bottom")[i])
    axes.set(xscale="log", xlabel="width n", ylabel="output f after one step")
    axes.legend(loc=(0.6, 0.1))
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F55.png")
