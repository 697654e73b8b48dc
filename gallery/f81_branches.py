"""F81. All branches of one algebraic curve

The equation P(G, x) = 0 of the free sum of a semicircle and three atoms has four solutions for each x (grey). The
Cauchy transform on the real line is one of them (colour): the only one that goes on to 1/z in the upper half plane.
Source: Rao and Edelman (2008).
"""

from fractions import Fraction

import numpy as np

import rmt
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=600, rng=0):
    n = check_count("n", n, minimum=20)
    atoms = rmt.Atomic((-2, 0, 2), (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)))
    law = rmt.boxplus(rmt.Semicircle(0, Fraction(1, 4)), atoms)
    x = np.linspace(-4, 4, n)
    coefficients = np.zeros((law.equation().degrees[0] + 1, n))
    for (power_of_g, power_of_x), c in law.equation().terms:
        coefficients[power_of_g] += float(c) * x**power_of_x
    branches = np.array([np.roots(column[::-1]) for column in coefficients.T])
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    for ax, part in zip(axes, (-branches.imag / np.pi, branches.real), strict=True):
        ax.plot(x, part, ".", color="0.7", markersize=2)
        ax.set(xlabel="$x$")
    axes[0].plot(x, law.pdf(x), linewidth=1.8, label="density")
    axes[1].plot(x, law.hilbert(x), linewidth=1.8, label="Re G on the real line")
    axes[0].set(ylabel=r"$-\operatorname{Im} G/\pi$")
    axes[1].set(ylabel=r"$\operatorname{Re} G$")
    for ax in axes:
        ax.legend(loc="upper left" if ax is axes[1] else "upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F81.png")
