"""F12. The free central limit theorem

Sums of k free copies of a projection of trace 1/3, centred and scaled to variance 1: the atom at the lower end has
mass 1 − k/3 and is gone at k = 3; by k = 10 the law is near the semicircle (dotted).
Source: Voiculescu (1985); Bercovici and Voiculescu (1998) for the atom.
"""

from fractions import Fraction

import numpy as np

import rmt

P = Fraction(1, 3)


@rmt.plotting.style()
def main(n=900, rng=0):
    rng = np.random.default_rng(rng)
    figure, axes = rmt.plotting.figure(5, 2, height=7.4, sharex=True, sharey=True)
    total = np.zeros((n, n))
    for k, ax in enumerate(axes.flat, 1):
        total += rmt.projection(1 / 3).sample(n, rng=rng) - np.eye(n) / 3
        scale = 1 / np.sqrt(2 * k / 9)
        law = scale * (rmt.free_power(rmt.Bernoulli(P), k) - k * P)
        values = np.linalg.eigvalsh(scale * total)
        rmt.plotting.compare(values, law, ax=ax, legend=False, edges=False, bins=40)
        rmt.plotting.law(rmt.Semicircle(), ax, edges=False, color="0.35", linestyle=":", linewidth=1)
        ax.set_ylim(0, 0.75)
        ax.set_title(f"k = {k}, n = {n}", loc="left", fontsize="medium")
        ax.label_outer()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F12.png")
