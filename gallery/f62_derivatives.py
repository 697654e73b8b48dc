"""F62. Roots under repeated differentiation follow the free power

A polynomial of degree n with a third of its roots at each of −2, 0 and 1: roots of its derivatives of order (1 − t) n
(dots) and the edges of the free power 1/t dilated by t (lines); right: the distribution at t = 1/2, with the law.
Source: Hoskins and Kabluchko (2021).
"""

from fractions import Fraction

import numpy as np

import rmt
from rmt.exact import finite


@rmt.plotting.style()
def main(n=90, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    k = 3 * max(4, min(n, 90) // 3)
    start = finite.as_polynomial([-2] * (k // 3) + [0] * (k // 3) + [1] * (k // 3))
    law = rmt.Atomic((-2, 0, 1), (Fraction(1, 3),) * 3)
    for order in range(k // 12, k - 1, max(1, k // 30)):
        roots = finite.derivative(start, order).roots()
        axes[0].plot(roots, np.full(roots.size, 1 - order / k), ".", color="C0", markersize=2)
    for t in np.linspace(0.08, 0.98, 46):
        for i in (t * rmt.free_power(law, 1 / t)).support:
            axes[0].plot([i.low, i.high], [t, t], "_", color="C1", markersize=5)
    half = 0.5 * rmt.free_power(law, 2)
    roots = finite.derivative(start, k // 2).roots()
    axes[1].step(roots, (np.arange(roots.size) + 1) / roots.size, where="post", label="roots")
    x = np.linspace(-2.2, 1.2, 300)
    axes[1].plot(x, half.cdf(x), label="free power")
    axes[0].set(xlabel="root", ylabel="t")
    axes[1].set(xlabel="x", ylabel="distribution function, t = 1/2")
    axes[1].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F62.png")
