"""What the matrices of random graphs have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.ensembles.ensemble import Ensemble, Matrix
from rmt.spectra.verdict.prediction import Fluctuations

KINDS = ("adjacency", "laplacian")
Edges = tuple[NDArray[np.int64], NDArray[np.int64]]


class GraphEnsemble(Ensemble):
    """The adjacency matrix or the Laplacian of a random graph."""

    degree: Any
    kind: str

    @abstractmethod
    def _edges(self, n: int, rng: np.random.Generator) -> Edges:
        """Both ends of every edge."""

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        first, second = self._edges(n, rng)
        adjacency = np.zeros((n, n))
        adjacency[first, second] = 1.0
        adjacency[second, first] = 1.0
        if self.kind == "adjacency":
            return adjacency
        return np.asarray(np.diag(adjacency.sum(axis=1)) - adjacency)

    def fluctuations(self) -> Fluctuations:
        """Not known: eigenvalues repeat, and the degree itself is one of them."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(
            1.0,
            reason="the covariances of sums over a random graph are not known",
            rigid=self.is_rigid,
            biased=True,
            exact_atoms=False,
            continuous=False,
            strays=True,
        )
