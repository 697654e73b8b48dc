"""F18. The Stieltjes transform in the plane

Phase of G(z) = ∫ μ(dx)/(z − x) for eigenvalues ±1 with Gaussian noise of variance 1/2: the hue is the argument, light
where G > 0, and each band is a factor 2 in modulus. Colours jump across the two cuts, the support of the law; all
hues meet at the zero between them. Far away G is 1/z.
Source: Voiculescu (1993); Wegert (2012) for phase portraits.
"""

import rmt


@rmt.plotting.style()
def main(n=700, rng=0):
    figure, ax = rmt.plotting.figure(height=4.2)
    law = rmt.boxplus(rmt.Rademacher(), rmt.Semicircle(variance=0.5))
    rmt.plotting.domain_coloring(law, ax, xlim=(-3.2, 3.2), ylim=(-1.8, 1.8), points=n)
    for interval in law.support:
        ax.plot([interval.low, interval.high], [0, 0], "-w", linewidth=1.2)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F18.png")
