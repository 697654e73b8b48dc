"""F08. Products of Wishart type

Squared singular values of a product of L square Gaussian matrices of variance 1/n, on a logarithmic axis. The law is
Fuss-Catalan, with upper edge (L+1)^(L+1)/L^L and, for 0 < φ < π/(L+1),
λ = sin^(L+1)((L+1)φ)/(sin φ sin^L(Lφ)),  ρ = sin²φ sin^(L−1)(Lφ)/(π sin^L((L+1)φ)).
Source: Müller (2002); Haagerup and Möller (2013).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=1000, rng=0):
    rng = np.random.default_rng(rng)
    figure, axes = rmt.plotting.figure(2, 2, height=4.8)
    for ax, depth in zip(axes.flat, (1, 2, 3, 5), strict=True):
        rmt.plotting.compare(rmt.product_wishart(depth=depth), n=n, rng=rng, ax=ax, log=True, legend=False)
        ax.set_title(f"L = {depth}, n = {n}", loc="left", fontsize="medium")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F08.png")
