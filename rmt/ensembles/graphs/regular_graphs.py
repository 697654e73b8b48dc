"""Random regular graphs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rmt.ensembles.ensemble import show_call
from rmt.ensembles.graphs.graph_matrix import KINDS, Edges, GraphEnsemble
from rmt.errors import check_choice, check_count
from rmt.laws.law import Law

Vertices = NDArray[np.int64]

#: attempts to place one edge before the pairing is drawn anew
_ATTEMPTS = 10_000


class RandomRegularEnsemble(GraphEnsemble):
    """Simple graphs whose vertices all have one degree; made by :func:`random_regular`."""

    def __init__(self, degree: int, kind: str) -> None:
        self.degree = degree
        self.kind = kind

    def _edges(self, n: int, rng: np.random.Generator) -> Edges:
        check_order(n, self.degree)
        ends = regular_neighbours(n, self.degree, rng)
        return ends[:, 0], ends[:, 1]

    def law(self) -> Law:
        """Kesten-McKay law (McKay 1981), turned and shifted for the Laplacian."""
        from rmt.laws.named.kesten_mckay import KestenMcKay

        law = KestenMcKay(self.degree)
        return law if self.kind == "adjacency" else -law + self.degree

    def __repr__(self) -> str:
        return show_call("random_regular", ("degree", self.degree, 3), ("kind", self.kind, "adjacency"))


def random_regular(degree: int = 3, kind: str = "adjacency") -> GraphEnsemble:
    """Random regular graph: n vertices, all of one degree, no loops and no double edges.

    The eigenvalue `degree` of the adjacency matrix (0 of the Laplacian) stands outside the law; the second one is at
    most 2 √(degree − 1) + o(1) (Friedman 2008). The limit law is that of Kesten and McKay.

    Parameters
    ----------
    degree : int
        Degree of every vertex, >= 2.
    kind : {"adjacency", "laplacian"}
        The adjacency matrix A, or the Laplacian degree − A.

    Returns
    -------
    Ensemble
        Its n must be larger than the degree, and n · degree even.

    Raises
    ------
    TypeError
        If `degree` or `kind` is not of the kind named above.
    ValueError
        If `degree` or `kind` is out of the range named above.

    Notes
    -----
    A random pairing of n · degree half-edges, in which loops and double edges exchange an end with random edges so that
    no new ones arise (McKay and Wormald 1990, without their rejections): the distance from the uniform law vanishes as
    n grows with the degree fixed. From degree n/2 on it is the complement that is drawn.

    References
    ----------
    McKay 1981.

    Examples
    --------
    >>> import rmt
    >>> A = rmt.random_regular(3).sample(20, rng=0)
    >>> A.sum(axis=0).max(), A.sum(axis=0).min(), rmt.random_regular(3).law()
    (np.float64(3.0), np.float64(3.0), KestenMcKay(degree=3))
    """
    return RandomRegularEnsemble(check_count("degree", degree, minimum=2), check_choice("kind", kind, KINDS))


def check_order(n: int, degree: int) -> None:
    """Refuse sizes for which there is no simple regular graph.

    Raises
    ------
    ValueError
        If n <= degree, or n · degree is odd.
    """
    if n <= degree:
        raise ValueError(f"n must be larger than the degree {degree} of the graph, got {n}: a vertex has n − 1 others")
    if n * degree % 2:
        raise ValueError(f"n must be even for the odd degree {degree}, got {n}: every edge has two ends")


def regular_neighbours(n: int, degree: int, rng: np.random.Generator) -> Vertices:
    """Edges of a random simple regular graph, one row (first, second) each."""
    if 2 * degree >= n:  # the complement has fewer edges
        joined = np.ones((n, n), dtype=bool)
        if degree < n - 1:
            first, second = regular_neighbours(n, n - 1 - degree, rng).T
            joined[first, second] = joined[second, first] = False
        return np.argwhere(np.triu(joined, 1))
    while True:
        ends = rng.permutation(np.repeat(np.arange(n), degree)).reshape(-1, 2)
        if _switched(ends, n, rng):
            return ends


def _switched(ends: Vertices, n: int, rng: np.random.Generator) -> bool:
    """Remove loops and double edges in place: a–b and c–d become a–c and b–d; False if that does not end."""
    count = np.zeros((n, n), dtype=np.int16)
    for first, second in ((0, 1), (1, 0)):
        np.add.at(count, (ends[:, first], ends[:, second]), 1)
    for edge in _bad_edges(ends, n):
        for _ in range(_ATTEMPTS):
            other = int(rng.integers(len(ends)))
            (a, b), (c, d) = ends[edge], rng.permutation(ends[other])
            if other != edge and a != c and b != d and not count[a, c] and not count[b, d] and {a, c} != {b, d}:
                break
        else:
            return False
        for x, y, step in ((a, b, -1), (c, d, -1), (a, c, 1), (b, d, 1)):
            count[x, y] += step
            count[y, x] += step
        ends[edge], ends[other] = (a, c), (b, d)
    return True


def _bad_edges(ends: Vertices, n: int) -> Vertices:
    """Loops, and all but one of the edges between the same vertices."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    _, first = np.unique(low * n + high, return_index=True)
    bad = np.ones(len(ends), dtype=bool)
    bad[first] = False
    return np.flatnonzero(bad | (low == high))
