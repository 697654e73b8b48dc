"""F83. A proof beside an estimate

Density of semicircle + Marchenko-Pastur at random points: relative half width of the interval that is proven to contain
it, relative error that the solver in double precision claims, and its true error against fifty digits. Every true error
lies below the claim, and every value in its interval.
Source: Rao and Edelman (2008) for the equation; Johansson (2017) for the balls.
"""

from fractions import Fraction

import numpy as np

import rmt
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=60, rng=0):
    n = check_count("n", n, minimum=2)
    law = rmt.boxplus(rmt.Semicircle(), rmt.MarchenkoPastur(Fraction(1, 2)))
    low, high = law.support[0].low, law.support[0].high
    x = np.sort(np.random.default_rng(rng).uniform(low + 1e-3, high - 1e-3, n))
    density, claimed = law.pdf(x, return_error=True)
    proven = [law.enclose(point).radius for point in x]
    true = [abs(float(law.pdf(point, digits=50) - value)) for point, value in zip(x, density, strict=True)]
    figure, ax = rmt.plotting.figure(height=3.6)
    ax.semilogy(x, claimed / density, ".", label="claimed by the solver")
    ax.semilogy(x, np.maximum(true, 1e-18) / density, "x", color="C1", markersize=4, label="its true error")
    ax.semilogy(x, proven / density, "-", color="0.4", label="half width of the enclosure")
    ax.set(xlabel="$x$", ylabel="relative to the density")
    ax.legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F83.png")
