"""F46. The Gram matrix of a tangent kernel

Tangent kernel of a ReLU network of 3 hidden layers on n points of the sphere in dimension 2n. Left: the bulk is
a + b MP(1/2). Right: one eigenvalue lies far above, at n(h(0) + h″(0)/2d) + a + b (line), so that the largest stable
step of gradient descent, 2/λ, is known before anything is sampled.
Source: El Karoui (2010), theorem 2.1.
"""

import numpy as np

import rmt
from rmt.kernels import SphereKernelMatrix, critical_step, zonal


@rmt.plotting.style()
def main(n=800, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    ensemble = SphereKernelMatrix(zonal(rmt.MLP(3, "relu", 2**0.5)), ratio=0.5)
    values = ensemble.eigenvalues(n, rng=rng)
    rmt.plotting.compare(values[:-1], ensemble.law(), ax=axes[0], legend=False)
    axes[0].set(xlabel=r"$\lambda$ (bulk)", ylabel=r"$\rho(\lambda)$")
    sizes = np.unique(np.geomspace(20, n, 8).round().astype(int))
    steps = [critical_step(ensemble.law(), outlier=ensemble.outlier(int(m))) for m in sizes]
    drawn = [critical_step(ensemble.sample(int(m), rng=rng)) for m in sizes]
    axes[1].plot(sizes, steps, label="from the law")
    axes[1].plot(sizes, drawn, "o", color="0.4", label="sampled")
    ticks = [20, 100, 500]
    axes[1].set(xscale="log", yscale="log", xlabel="n", ylabel="critical step", xticks=ticks, xticklabels=ticks)
    axes[1].minorticks_off()
    axes[1].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F46.png")
