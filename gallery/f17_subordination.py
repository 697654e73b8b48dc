"""F17. The subordination curve

The law of eigenvalues ±1 with Gaussian noise of variance t has G(z) = ½/(ω(z) − 1) + ½/(ω(z) + 1). As z runs along the
real line, ω(z + i0) runs along the boundary of the domain t ∫ μ(dx)/|w − x|² < 1: above the axis where the law has a
density, on the axis in its gaps. The two arches join at t = 1.
Source: Voiculescu (1993); Biane (1997a).
"""

import numpy as np

import rmt
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=400, rng=0):
    check_count("n", n, minimum=8)  # points of each curve
    figure, ax = rmt.plotting.figure()
    for t in (0.5, 0.8, 1.0, 1.5):
        law = rmt.boxplus(rmt.Rademacher(), rmt.Semicircle(variance=t))
        place = [part for part, _ in law.factors].index(rmt.Rademacher())
        rmt.plotting.subordination(law, ax, factor=place, label=f"t = {t:g}", points=n)
    ax.plot([-1, 1], np.zeros(2), "ok", clip_on=False, label="eigenvalues without noise")
    rmt.plotting.legend(ax, ncols=3)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F17.png")
