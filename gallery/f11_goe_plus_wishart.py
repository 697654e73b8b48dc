"""F11. A sum of two matrices is a free convolution

GOE plus Wishart of ratio 1/2: the two matrices are asymptotically free, so their laws convolve, and
R(g) = g + 1/(1 − g/2). The line is computed, not fitted.
Source: Collins and Śniady (2006) for freeness from a GOE; Pastur (1972).
"""

import rmt


@rmt.plotting.style()
def main(n=2000, rng=0):
    figure, ax = rmt.plotting.figure()
    both = rmt.goe() + rmt.wishart(ratio=0.5)
    rmt.plotting.compare(both, n=n, rng=rng, ax=ax, label=f"GOE + Wishart, n = {n}")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F11.png")
