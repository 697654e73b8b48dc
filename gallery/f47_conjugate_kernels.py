"""F47. Conjugate kernels of depth 1, 2 and 3

Gram matrices of the features of random ReLU networks (centred), n inputs with n/d = 1/2 of every width. Each layer
multiplies freely by a Marchenko-Pastur law, μ → MP ⊠ ((1 − b²) + b² μ) with b² the linear share of the activation: the
spectrum spreads with depth.
Source: Pennington and Worah (2017) for one layer; Fan and Wang (2020), theorem 3.4, for any depth.
"""

import rmt
from rmt.kernels import ConjugateKernelMatrix


@rmt.plotting.style()
def main(n=800, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=3.2, sharey=True)
    for depth, ax in enumerate(axes, 1):
        ensemble = ConjugateKernelMatrix("relu", (0.5,) * (depth + 1))
        rmt.plotting.compare(ensemble.eigenvalues(n, rng=rng), ensemble.law(), ax=ax, legend=False)
        ax.set(xlabel=rf"$\lambda$ (depth {depth})", ylabel=r"$\rho(\lambda)$" if depth == 1 else "")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F47.png")
