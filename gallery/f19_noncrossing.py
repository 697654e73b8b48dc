"""F19. The lattice of non-crossing partitions

The 14 non-crossing partitions of {1, 2, 3, 4}, finest at the bottom; a line joins a partition to one with two of its
blocks united. Moments are sums over this lattice, m_n = Σ κ_π, and free cumulants come back by Möbius inversion. The
one partition that crosses, {1, 3}, {2, 4}, makes the classical fourth cumulant different.
Source: Kreweras (1972); Speicher (1994).
"""

import rmt
from rmt.plotting.partition_pictures import ROW


@rmt.plotting.style()
def main(n=4, rng=0):
    figure, ax = rmt.plotting.figure(height=5.4)
    rmt.plotting.noncrossing_lattice(4, ax)
    ax.set_axis_on()
    ax.spines[:].set_visible(False)
    ax.set_yticks([ROW * rank for rank in range(4)], ["4 blocks", "3 blocks", "2 blocks", "1 block"])
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.set(xlabel="non-crossing partitions of {1, 2, 3, 4}", ylabel="finer → coarser")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F19.png")
