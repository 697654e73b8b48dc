"""F16. R adds and S multiplies, where both are defined

Left: R of the semicircle law, g, and of the Marchenko-Pastur law of ratio 1/2, 1/(1 − g/2); the R of their free sum is
the sum. Right: S of the Marchenko-Pastur laws of ratio 1/2 and 1/4, 1/(1 + m/2) and 1/(1 + m/4), and of their free
product. The bars are the domains; a dot is the value at an edge of the support, where the branch ends.
Source: Voiculescu (1986, 1987).
"""

import rmt
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=400, rng=0):
    check_count("n", n, minimum=8)  # points of each curve
    x, a, b = rmt.Semicircle(), rmt.MarchenkoPastur(ratio=0.5), rmt.MarchenkoPastur(ratio=0.25)
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.8)
    for law, label in ((x, "semicircle"), (a, "Marchenko–Pastur ½"), (rmt.boxplus(x, a), "free sum")):
        rmt.plotting.r_transform(law, left, label=label, points=n, window=(-1.5, 1.5))
    for law, label in ((a, "Marchenko–Pastur ½"), (b, "Marchenko–Pastur ¼"), (rmt.boxtimes(a, b), "free product")):
        rmt.plotting.s_transform(law, right, label=label, points=n)
    rmt.plotting.legend(left)
    rmt.plotting.legend(right)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F16.png")
