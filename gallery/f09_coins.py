"""F09. Two symmetric Bernoulli laws: independent or free

The sum of two matrices with eigenvalues ±1. Left: both diagonal, so that they add like independent signs. Right: with
eigenvectors turned by a Haar matrix, so that they are free: Bernoulli ⊞ Bernoulli is the arcsine law,
ρ(λ) = 1/(π√(4 − λ²)).
Source: Voiculescu (1986); Nica and Speicher (2006), lecture 12.
"""

import numpy as np

import rmt

COIN = rmt.Bernoulli(0.5, low=-1, high=1)


@rmt.plotting.style()
def main(n=2000, rng=0):
    rng = np.random.default_rng(rng)
    coin = rmt.diagonal(COIN)
    independent = coin.eigenvalues(n) + rng.permutation(coin.eigenvalues(n))
    free = (coin + rmt.haar_conjugate(coin)).eigenvalues(n, rng=rng)
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.0, sharex=True)
    classical = rmt.Atomic((-2, 0, 2), (0.25, 0.5, 0.25))
    rmt.plotting.compare(independent, classical, ax=left, legend=False)
    rmt.plotting.compare(free, rmt.boxplus(COIN, COIN), ax=right, legend=False, edges=False)
    left.set_xlim(-2.5, 2.5)
    left.set_title(f"independent, n = {n}", loc="left", fontsize="medium")
    right.set_title(f"free, n = {n}", loc="left", fontsize="medium")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F09.png")
