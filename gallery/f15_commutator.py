"""F15. Anticommutator and commutator

XY + YX and i(XY − YX) for two independent GUE matrices: polynomials that are no sums and no products of X and Y. They
have the same law, with R(g) = 2g/(1 − g²), edges ±√((11 + 5√5)/2) = ±3.3302 and ρ(0) = 1/π.
Source: Nica and Speicher (1998); Deya and Nourdin (2012).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=1000, rng=0):
    rng = np.random.default_rng(rng)
    x, y = rmt.gue(), rmt.gue()
    figure, axes = rmt.plotting.figure(1, 2, height=3.0, sharex=True, sharey=True)
    for ax, name, polynomial in zip(
        axes, ("XY + YX", "i(XY − YX)"), (x @ y + y @ x, 1j * (x @ y - y @ x)), strict=True
    ):
        rmt.plotting.compare(polynomial, n=n, rng=rng, ax=ax, legend=False)
        ax.set_title(f"{name}, n = {n}", loc="left", fontsize="medium")
        ax.label_outer()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F15.png")
