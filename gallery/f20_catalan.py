"""F20. Moments are counted pictures

The moment of order 2k of the semicircle law counts the ways to pair 2k points on a circle without crossings: the
Catalan numbers 1, 2, 5, 14. On the left the mean of tr X^2k of one GUE matrix.
Source: Wigner (1955); Harer and Zagier (1986) for the corrections in 1/n².
"""

import numpy as np

import rmt
from rmt.combinatorics import catalan, noncrossing_pairings


@rmt.plotting.style()
def main(n=2000, rng=0):
    values = rmt.gue().eigenvalues(n, rng=rng)
    figure, ax = rmt.plotting.figure(height=2.2)
    for k in range(1, 5):
        for i, pairing in enumerate(noncrossing_pairings(2 * k)):
            rmt.plotting.partition(pairing, ax, centre=(i + 1, -1.3 * k), radius=0.38, numbers=False)
    ax.set_axis_on()
    ax.spines[:].set_visible(False)
    moments = [np.mean(values ** (2 * k)) for k in range(1, 5)]
    names = [f"$m_{2 * k}$ = {catalan(k)}, measured {m:.2f}" for k, m in enumerate(moments, 1)]
    ax.set_yticks([-1.3 * k for k in range(1, 5)], names)
    ax.tick_params(length=0)
    ax.set_xticks([])
    ax.set(xlabel=f"non-crossing pairings (GUE of size n = {n})", ylabel="moment")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F20.png")
