"""Dense matrices: Wishart, Wigner and entry by entry, against NumPy and SciPy."""

import numpy as np
import scipy.stats
from interleaved import options, race

import rmt


def gram(a):
    return a @ a.T / a.shape[1]


def symmetric(g):
    return (g + g.T) / np.sqrt(2.0 * len(g))


def main():
    size, repeats = options(__doc__)
    rng = np.random.default_rng(0)
    n, m = size(1000), size(4000)
    wishart, peer = rmt.wishart(ratio=n / m), scipy.stats.wishart(m, np.eye(n) / m)
    ours = lambda: wishart.sample(n, rng=rng)  # noqa: E731
    race(f"Wishart ({n}, {m}), A @ A.T", ours, lambda: gram(rng.standard_normal((n, m))), 6, repeats)
    race(f"Wishart ({n}, {m}), scipy.stats.wishart", ours, lambda: peer.rvs(random_state=rng), 3, repeats)
    rademacher = rmt.wishart(ratio=n / m, entries="rademacher")
    race(
        f"Rademacher Wishart ({n}, {m}), A @ A.T",
        lambda: rademacher.sample(n, rng=rng),
        lambda: gram(rng.integers(0, 2, (n, m)) * 2.0 - 1.0),
        None,
        repeats,
    )
    n = size(2000)
    race(
        f"GOE, n = {n}, symmetrised normals",
        lambda: rmt.goe().sample(n, rng=rng),
        lambda: symmetric(rng.standard_normal((n, n))),
        None,
        repeats,
    )


if __name__ == "__main__":
    main()
