"""F07. Where it fails: the edge needs four moments

Entries distributed as the cube root of a Cauchy variable have a variance, but no fourth moment. The bulk of the
spectrum still follows the semicircle; its edge does not hold the largest eigenvalues (marked), which grow with n.
Source: Pastur (1972) for the bulk; Bai and Yin (1988) for the edge.
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=2000, rng=0):
    law = rmt.Semicircle()
    values = rmt.wigner(entries="cube_root_cauchy").eigenvalues(n, rng=rng)
    escaped = values[np.abs(values) > 2 + 3 * n ** (-2 / 3)]
    figure, ax = rmt.plotting.figure()
    rmt.plotting.compare(values, law, ax=ax, label=f"cube root of Cauchy, n = {n}", legend=False)
    label = f"{escaped.size} eigenvalues beyond the edge"
    ax.plot(escaped, np.full(escaped.size, 0.012), "v", color="#D55E00", label=label)
    rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F07.png")
