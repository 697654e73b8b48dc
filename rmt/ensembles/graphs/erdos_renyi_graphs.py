"""Erdős-Rényi graphs of bounded mean degree."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt.ensembles.ensemble import show_call
from rmt.ensembles.graphs.graph_matrix import KINDS, Edges, GraphEnsemble
from rmt.errors import check_choice, check_real
from rmt.laws.law import Law


class ErdosRenyiEnsemble(GraphEnsemble):
    """Graphs with independent edges; made by :func:`erdos_renyi`."""

    def __init__(self, degree: Any, kind: str) -> None:
        self.degree = degree
        self.kind = kind

    @property
    def is_rigid(self) -> bool:
        """False: small trees and vertices of high degree come and go."""
        return False

    def _edges(self, n: int, rng: np.random.Generator) -> Edges:
        pairs = n * (n - 1) // 2
        count = rng.binomial(pairs, min(1.0, float(self.degree) / n)) if pairs else 0
        chosen = rng.choice(pairs, size=count, replace=False) if count else np.empty(0, dtype=np.int64)
        # pair k of the triangle j < i: i(i − 1)/2 + j
        row = np.floor(0.5 * (1.0 + np.sqrt(1.0 + 8.0 * chosen))).astype(np.int64)
        row -= row * (row - 1) // 2 > chosen
        return row, chosen - row * (row - 1) // 2

    def law(self) -> Law:
        """The law of the root of a tree with Poisson many children (Bordenave and Lelarge 2010)."""
        from rmt.laws.solved.erdos_renyi_law import ErdosRenyi

        return ErdosRenyi(self.degree, self.kind)

    def __repr__(self) -> str:
        return show_call("erdos_renyi", ("degree", self.degree, 3), ("kind", self.kind, "adjacency"))


def erdos_renyi(degree: Any = 3, kind: str = "adjacency") -> GraphEnsemble:
    """Erdős-Rényi graph G(n, degree/n): every pair of vertices is joined with probability degree/n.

    The matrix is not divided by √degree. Its limit law has no closed form; :class:`rmt.laws.ErdosRenyi` computes it by
    population dynamics, with error bars. As the degree grows, A/√degree tends to the semicircle law; for degrees that
    grow with n take ``wigner(entries="sparse(density)")``.

    Parameters
    ----------
    degree : float
        Mean degree, 0 < degree <= 100.
    kind : {"adjacency", "laplacian"}
        The adjacency matrix A, or the Laplacian D − A.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `degree` or `kind` is not of the kind named above.
    ValueError
        If `degree` or `kind` is out of the range named above.

    References
    ----------
    Bordenave and Lelarge 2010.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> A = rmt.erdos_renyi(3).sample(200, rng=0)
    >>> sorted(set(A.ravel().tolist())), bool((A == A.T).all())
    ([0.0, 1.0], True)
    """
    mean = check_real("degree", degree, above=0.0, at_most=100.0)
    return ErdosRenyiEnsemble(mean, check_choice("kind", kind, KINDS))
