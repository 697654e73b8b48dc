"""Test loss against learning rate for a network, its quadratic and its linear model, over seeds and executors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.ensembles.repeats import run_trials
from rmt.errors import check_count, check_real, check_reals
from rmt.training.two_layers import KINDS, TwoLayers

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SweepResult:
    """Best test losses of a sweep.

    Attributes
    ----------
    relative_rates : array of shape (k,)
        In units of the critical rate of the network at its start.
    network, quadratic, linear : array of shape (trials, k)
        Least test loss of a run; infinite where it diverged.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import RateSweep
    >>> x = np.random.default_rng(0).normal(size=(8, 2))
    >>> found = RateSweep(x, x[:, 0], x, x[:, 0], width=10, relative_rates=(0.5, 1.0), steps=5).run()
    >>> found.relative_rates, found.linear.shape
    (array([0.5, 1. ]), (1, 2))
    """

    relative_rates: Real
    network: Real
    quadratic: Real
    linear: Real


class RateSweep:
    """Best test loss of two layers of ReLU and of both models of them, against the learning rate.

    Below the critical rate the three agree; above it the linear model diverges, and the other two catapult and get
    better (Zhu et al. 2022).

    Parameters
    ----------
    x, y : array_like of shape (n, d) and (n,)
        Training data.
    x_test, y_test : array_like
        Test data, of the same kind.
    width : int
        Hidden units.
    relative_rates : sequence of float
        In units of n/λ₁ at the start.
    steps : int
        Length of each run.

    Raises
    ------
    ValueError
        If a rate is not positive or shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import RateSweep
    >>> x = np.random.default_rng(0).normal(size=(8, 2))
    >>> sweep = RateSweep(x, x[:, 0], x, x[:, 0], width=10, relative_rates=(0.5, 1.0), steps=5)
    >>> sweep.run().network.shape
    (1, 2)
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        x_test: ArrayLike,
        y_test: ArrayLike,
        *,
        width: int,
        relative_rates: Sequence[float],
        steps: int = 300,
    ) -> None:
        self.x, self.y = check_reals("x", x), check_reals("y", y)
        self.x_test, self.y_test = check_reals("x_test", x_test), check_reals("y_test", y_test)
        for points, targets in ((self.x, self.y), (self.x_test, self.y_test)):
            if points.ndim != 2 or targets.shape != points.shape[:1]:
                raise ValueError(f"data must have the shapes (n, d) and (n,), got {points.shape} and {targets.shape}")
        self.width, self.steps = check_count("width", width), check_count("steps", steps)
        self.relative_rates = [float(check_real("relative_rates", rate, above=0.0)) for rate in relative_rates]

    def __repr__(self) -> str:
        count, dimensions = self.x.shape
        return (
            f"RateSweep(<{count} points in {dimensions} dimensions, {len(self.x_test)} test points, "
            f"digest {self._data_digest()[:12]}>, width={self.width}, relative_rates={self.relative_rates}, "
            f"steps={self.steps})"
        )

    def _data_digest(self) -> str:
        """Of all data, by which :mod:`rmt.ensembles.repeats` knows them."""
        digest = hashlib.sha256()
        for array in (self.x, self.y, self.x_test, self.y_test):
            digest.update(repr((array.shape, array.dtype.str)).encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def run(
        self,
        trials: int = 1,
        *,
        rng: Any = None,
        executor: Executor | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> SweepResult:
        """Train all models at all rates from `trials` starts; the numbers do not depend on who runs them.

        Parameters
        ----------
        trials : int
            Number of starts.
        rng, executor, out, progress
            As for :meth:`rmt.Ensemble.eigenvalues`: seed, workers, a file to resume from, a bar.

        Returns
        -------
        SweepResult

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        count = check_count("trials", trials)
        subject: Any = self
        rows = run_trials(subject, "_best", self.width, rng, count, executor=executor, out=out, progress=progress)
        table = np.array(rows).reshape(count, 3, len(self.relative_rates))
        return SweepResult(np.array(self.relative_rates), table[:, 0], table[:, 1], table[:, 2])

    def _best(self, width: int, rng: np.random.Generator) -> Real:
        start = TwoLayers.drawn(self.x.shape[1], width, rng=rng)
        critical = len(self.x) / float(np.linalg.eigvalsh(start.kernel(self.x))[-1])
        best = np.empty((len(KINDS), len(self.relative_rates)))
        for i, kind in enumerate(KINDS):
            for j, relative in enumerate(self.relative_rates):
                best[i, j] = self._train(TwoLayers(start.first, start.second, kind), relative * critical)
        return best.ravel()

    def _train(self, net: TwoLayers, rate: float) -> float:
        least = np.inf
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(self.steps):
                loss = net.step(self.x, self.y, rate)
                if not loss < 1e8:
                    return np.inf
                if t % 5 == 0 or t == self.steps - 1:
                    least = min(least, float(np.mean((net.outputs(self.x_test) - self.y_test) ** 2)))
                if loss < 1e-3:
                    break
        return least
