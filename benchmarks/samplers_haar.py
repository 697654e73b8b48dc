"""Haar matrices from Householder products against scipy.stats, formed and applied."""

import numpy as np
import scipy.stats
from interleaved import options, race

from rmt.numerics.dense.householder import haar_orthogonal_matrix, haar_product, haar_unitary_matrix


def main():
    size, repeats = options(__doc__)
    rng = np.random.default_rng(0)
    for n, target in ((size(1000), 2), (size(2000), None)):
        race(
            f"Haar O({n}), scipy ortho_group",
            lambda n=n: haar_orthogonal_matrix(n, rng),
            lambda n=n: scipy.stats.ortho_group.rvs(n, random_state=rng),
            target,
            repeats,
        )
    n = size(1000)
    race(
        f"Haar U({n}), scipy unitary_group",
        lambda: haar_unitary_matrix(n, rng),
        lambda: scipy.stats.unitary_group.rvs(n, random_state=rng),
        None,
        repeats,
    )
    n = size(2000)
    for columns in (1, 32, 512):
        block = rng.standard_normal((n, columns))
        race(
            f"Q B, n = {n}, {columns} columns, form and multiply",
            lambda block=block: haar_product(n, rng).apply(block),
            lambda block=block: scipy.stats.ortho_group.rvs(n, random_state=rng) @ block,
            None,
            max(1, repeats // 2),
        )


if __name__ == "__main__":
    main()
