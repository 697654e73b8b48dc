"""F82. Phases of a free sum

Number of intervals in the support of semicircle(s) + Marchenko-Pastur(c) + sign, from the discriminant of its equation:
one count in each cell between the zeros of its double discriminant. Right: one matrix at each dot, over the law.
Source: Rao and Edelman (2008).
"""

import numpy as np

import rmt
from rmt.errors import check_count


def build(s, c):
    return rmt.boxplus(rmt.boxplus(rmt.Semicircle(0, s), rmt.MarchenkoPastur(c)), rmt.Rademacher())


@rmt.plotting.style()
def main(n=600, rng=0):
    n, rng = check_count("n", n, minimum=4), np.random.default_rng(rng)
    found = rmt.exact.phase_diagram(build, (0.02, 0.8), (0.02, 0.8), points=min(n // 2, 80))
    figure, (plane, *right) = rmt.plotting.figure(1, 3, height=3.0)
    plane.contourf(found.first, found.second, found.intervals, [0.5, 1.5, 2.5], colors=["0.95", "0.8"])
    grid = np.meshgrid(found.first, found.second)
    for boundary in found.boundaries:
        plane.contour(*grid, boundary(*grid), levels=[0.0], colors="C0", linewidths=0.8)
    for ax, s, c in zip(right, (0.1, 0.5), (0.1, 0.75), strict=True):
        plane.plot(s, c, "o", color="C1", markersize=5)
        model = s**0.5 * rmt.gue() + rmt.wishart(ratio=c, field="complex") + rmt.diagonal(rmt.Rademacher())
        rmt.plotting.compare(model.eigenvalues(n, rng=rng), build(s, c), ax=ax, legend=False)
        ax.set_title(f"s = {s}, c = {c}", loc="left", fontsize=9)
    plane.set(xlabel="s", ylabel="c")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F82.png")
