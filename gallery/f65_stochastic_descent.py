"""F65. Stochastic gradient descent on its Volterra equation

Left: loss of single-sample gradient descent on n rows and n/2 columns, without noise: the solution for three steps, and
three runs at each (dots). Right: below γ* the lowest eigenvalue sets the rate, above it the noise of the samples, above
2 the loss grows; black, the step at which full-batch descent would stop.
Source: Paquette, Lee, Pedregosa and Paquette (2021).
"""

import numpy as np

import rmt
from rmt.optimisation import sgd_critical_step, sgd_loss, sgd_run, sgd_transition_step


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    law, t, d = rmt.MarchenkoPastur(ratio=0.5) * 2, np.linspace(0, 8, 33), max(1, n // 2)
    for step in (0.4, 1.2, 1.95):
        (line,) = left.plot(t, sgd_loss(law, t, ratio=0.5, step=step), label=rf"$\gamma$ = {step:g}")
        for seed in range(rng, rng + 3):
            rows = np.random.default_rng(seed).standard_normal((n, d)) / d**0.5
            run = sgd_run(rows, t, step=step, rng=[seed, 1])
            left.plot(t[1:], np.maximum(run[1:], 1e-12), "o", color=line.get_color(), markersize=2)
    left.set(yscale="log", ylim=(1e-3, 2), xlabel="epochs", ylabel="loss")
    ratios = np.linspace(0.02, 0.98, 49)
    laws = [rmt.MarchenkoPastur(ratio=r) * (1 / r) for r in ratios.tolist()]
    star = [sgd_transition_step(law, ratio=r) for law, r in zip(laws, ratios, strict=True)]
    critical = [sgd_critical_step(law, ratio=r) for law, r in zip(laws, ratios, strict=True)]
    right.plot(ratios, critical, "C3", label="loss grows above")
    right.plot(ratios, star, "C0", label=r"$\gamma^*$: the rate leaves the edge")
    right.plot(ratios, [2 / a.support[-1].high for a in laws], "k--", label="full batch, n times")
    right.set(xlabel="r = columns/rows", ylabel=r"step $\gamma$", xlim=(0, 1), ylim=(0, 3.2))
    for ax in (left, right):
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F65.png")
