"""F48. The law of the tangent kernel

Tangent kernel of tanh networks with widths proportional to the number of inputs: one hidden layer, and two. The
summands share their weights and are not free; the law comes from a nested fixed point for all layers at once.
Source: Fan and Wang (2020), theorem 3.7.
"""

import rmt
from rmt.kernels import TangentKernelMatrix


@rmt.plotting.style()
def main(n=800, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    for ax, ratios in zip(axes, ((0.75, 1.2), (0.75, 1.2, 0.5)), strict=True):
        ensemble = TangentKernelMatrix("tanh", ratios)
        rmt.plotting.compare(ensemble.eigenvalues(n, rng=rng), ensemble.law(), ax=ax, legend=False)
        name = ", ".join(f"{r:g}" for r in ratios)
        ax.set(xlabel=rf"$\lambda$ (n/d = {name})", ylabel=r"$\rho(\lambda)$" if len(ratios) == 2 else "")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F48.png")
