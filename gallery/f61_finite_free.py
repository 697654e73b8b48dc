"""F61. Finite free convolution over the free one

Distribution of the roots of p ⊞ p, p with half of its n roots at 1 and half at −1, for n = 6, 20 and 100 (steps), and
the arcsine law, the free sum of two signs; right: the distance of the roots from its quantiles, times n.
Source: Marcus, Spielman and Srivastava (2022).
"""

import numpy as np

import rmt
from rmt.exact import finite


@rmt.plotting.style()
def main(n=100, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    law, sizes = rmt.Arcsine(2), [6, 20, max(22, 2 * (n // 2))]
    for i, k in enumerate(sizes):
        half = [1] * (k // 2) + [-1] * (k // 2)
        roots = finite.finite_boxplus(half, half).roots()
        axes[0].step(
            np.append(roots, 2.2),
            np.append(np.arange(1, k + 1), k) / k,
            where="post",
            color=f"C{i + 1}",
            label=f"n = {k}",
        )
        levels = (np.arange(k) + 0.5) / k
        axes[1].plot(levels, k * (roots - law.ppf(levels)), ".-", color=f"C{i + 1}", label=f"n = {k}")
    x = np.linspace(-2.2, 2.2, 300)
    axes[0].plot(x, law.cdf(x), color="k", label="arcsine law")
    axes[0].set(xlabel="x", ylabel="distribution function")
    axes[1].set(xlabel="level", ylabel="n × (root − quantile)")
    axes[0].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F61.png")
