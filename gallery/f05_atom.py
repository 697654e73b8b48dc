"""F05. Marchenko-Pastur with an atom

X X*/m with X of shape n × m and ratio n/m = 2: half of the eigenvalues are exactly 0, the others fill
[(1 − √2)², (1 + √2)²]. The height of the stem is its mass.
Source: Marchenko and Pastur (1967).
"""

import rmt


@rmt.plotting.style()
def main(n=2000, rng=0):
    figure, ax = rmt.plotting.figure()
    rmt.plotting.compare(rmt.wishart(ratio=2.0), n=n, rng=rng, ax=ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F05.png")
