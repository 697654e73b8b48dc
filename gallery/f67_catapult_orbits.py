"""F67. Three regimes of one orbit, and what catapults conserve

Left: loss of the quadratic model with one example at rates 1.5, 2.5 and 4.1 over the eigenvalue: it falls, shoots up
and comes back, or does not. Right: catapults from V = 2 + delta in the plane of U (scaled squared residual) and V =
rate times eigenvalue run along level curves of U + s^2/2 + s^3/3, s = V - 2, and end near 2 - delta - 2 delta^2/3
(circles).
Source: Lewkowycz et al. (2020); Zhu et al. (2022).
"""

import numpy as np

import rmt
from rmt.training import catapult, catapult_invariant, catapult_law


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    for rate in (1.5, 2.5, 4.1):
        orbit = catapult(output=1.0, eigenvalue=1.0, curvature=1e-3, rate=rate, steps=30)
        left.plot(np.maximum(orbit.losses, 1e-12), label=f"{rate:g}: {orbit.regime}")
    left.set(yscale="log", ylim=(1e-9, 1e9), xlabel="steps", ylabel="loss")
    v, u = np.meshgrid(np.linspace(1.6, 2.4, max(4, n // 4)), np.linspace(0, 0.075, max(4, n // 4)))
    levels = [d**2 / 2 + d**3 / 3 for d in (0.1, 0.2, 0.3)]
    right.contour(v, u, catapult_invariant(u, v), levels, colors="0.7", linewidths=1)
    for delta in (0.1, 0.2, 0.3):
        orbit = catapult(output=1e-3, eigenvalue=2 + delta, curvature=1e-2, rate=1.0, steps=2000)
        right.plot(orbit.eigenvalues, 2e-2 * orbit.losses, ".", label=rf"$\delta$ = {delta:g}")
        right.plot(catapult_law(delta).final, 0.0, "ko", fillstyle="none", clip_on=False)
    right.set(xlabel=r"V = rate $\times$ eigenvalue", ylabel="U", ylim=(0, 0.075))
    for ax in (left, right):
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F67.png")
