"""F84. A matrix beside its own inverse, and blocks

Left: eigenvalues of X + 6 (X + W + 4)⁻¹ for a GUE matrix X and a Wishart matrix W over their limit, a rational
function of free variables; dashed, the law that it would have if the inverse were made of another X. Right: the
block matrix [[X, W], [W, −3]]. Both laws come from linear pencils of 2 x 2 matrices.
Source: Helton, Mai and Speicher (2018).
"""

import rmt
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=800, rng=0):
    n = check_count("n", n)
    X, Y, W = rmt.gue(), rmt.gue(), rmt.wishart(ratio=0.5)
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.4)
    rmt.plotting.compare(X + 6 * (X + W + 4).inverse(), n=n, rng=rng, ax=left, label="eigenvalues", legend=False)
    free = rmt.boxplus(X.law(), 6 * (Y + W + 4).inverse().law())
    rmt.plotting.law(free, left, color="k", linestyle="--", edges=False, label="another X inside")
    rmt.plotting.compare(rmt.block([[X, W], [W, -3]]), n=n, rng=rng, ax=right, legend=False)
    left.set(title="$X + 6\\,(X + W + 4)^{-1}$", ylim=(0, 0.68))
    right.set(title="blocks $X$, $W$ over $W$, $-3$")
    left.legend(loc="upper center", fontsize="small")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F84.png")
