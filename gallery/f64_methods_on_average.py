"""F64. What a method needs is known before it runs

Left: mean error of four methods on least squares with ratio 1/2, from the law; dots are runs on one matrix. Right:
steps of heavy ball to a squared gradient below 1e-4, predicted (line) and for four laws of entries (bars over five
draws): single eigenvalues outside of the law take longer, and with heavy tails it never comes there.
Source: Pedregosa and Scieur (2020); Paquette et al. (2023).
"""

import contextlib

import numpy as np

import rmt
from rmt.optimisation import average_error, halting_time, measured_errors, measured_halting_time


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    law, k = rmt.MarchenkoPastur(ratio=0.5), np.arange(17)
    matrix = rmt.wishart(ratio=0.5).sample(n, rng=rng)
    for method in ("gradient_descent", "chebyshev", "heavy_ball", "optimal"):
        (line,) = left.plot(k, average_error(law, method, k), label=method.replace("_", " "))
        left.plot(k, measured_errors(matrix, method, 16, law=law, rng=[rng, 1]), ".", color=line.get_color())
    left.set(yscale="log", xlabel="steps k", ylabel=r"$|x_k - x^*|^2/|x_0 - x^*|^2$")
    for place, entries in enumerate(("gaussian", "rademacher", "uniform", "student(4)")):
        times = np.full(5, 1000)
        for seed in range(5):
            matrix, options = rmt.wishart(ratio=0.5, entries=entries).sample(n, rng=rng + seed), {"rng": [rng, seed]}
            with contextlib.suppress(rmt.ConvergenceError):
                times[seed] = measured_halting_time(matrix, "heavy_ball", 1e-4, law=law, max_steps=999, **options)
        right.plot([place] * 2, [times.min() - 0.5, times.max() + 0.5], f"C{place}-", linewidth=8)
    right.axhline(halting_time(law, "heavy_ball", 1e-4), color="k")
    right.set(yscale="log", xticks=range(4), xticklabels=["Gauss", "signs", "uniform", "t, 4 d.f."], ylabel="steps")
    rmt.plotting.legend(left)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F64.png")
