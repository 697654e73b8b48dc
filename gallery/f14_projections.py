"""F14. Two random subspaces

P Q P for projections on random subspaces of dimension 3n/4 and n/2: the squared cosines of the angles between them.
They must meet in dimension n/4 (the atom at 1); half of the space is cut off (the atom at 0).
Source: Voiculescu, Dykema and Nica (1992), Example 3.6.7; Wachter (1980).
"""

import rmt


@rmt.plotting.style()
def main(n=2000, rng=0):
    figure, ax = rmt.plotting.figure()
    p, q = rmt.projection(0.75), rmt.projection(0.5)
    rmt.plotting.compare(p @ q @ p, n=n, rng=rng, ax=ax, bins=40, label=f"P Q P, traces 3/4 and 1/2, n = {n}")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F14.png")
