"""F57. The proof of universality, measured

A program whose matrix turns from Gaussian to other entries, W cos(πt/2) + W̃ sin(πt/2): n E (dc/dt)² of its output is
flat in the width n (left) and in the time t (right), so that the output moves by the order of n^(−1/2) in all, whatever
the law. Bars are two standard errors of 256 runs.
Source: Golikov and Yang (2022).
"""

import numpy as np

import rmt
from rmt.programs import Program, interpolate


@rmt.plotting.style()
def main(n=256, rng=0):
    runs = max(2, n)
    figure, axes = rmt.plotting.figure(1, 2, height=3.3, sharey=True)
    P = Program()
    W, v = P.matrix(), P.vector()
    P.mean(np.tanh(v / 2 + W @ np.tanh(v)))
    times, widths = np.linspace(0.1, 0.9, 5), [w for w in (16, 32, 64, 128, 256) if w <= max(n, 16)]
    for i, law in enumerate(("rademacher", "exponential", "laplace")):
        for width in widths:
            found = interpolate(P, law, [0.5], width, runs, rng=rng + width)
            options = {"fmt": "o", "markersize": 3, "color": f"C{i}"}
            axes[0].errorbar(width * 1.06 ** (i - 1), found.speeds, 2 * found.errors, **options)
        found = interpolate(P, law, times, 64, runs, rng=rng)
        axes[1].errorbar(times + 0.012 * (i - 1), found.speeds, 2 * found.errors, label=law, **options)
    axes[0].set(xscale="log", xlabel="width n, at t = 1/2", ylabel=r"$n\,$E $(dc/dt)^2$", ylim=(0, 0.9))
    axes[0].set(xticks=widths, xticklabels=widths)
    axes[0].minorticks_off()
    axes[1].set(xlabel="time t, at n = 64", xlim=(0, 1))
    axes[1].legend(loc="lower right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F57.png")
