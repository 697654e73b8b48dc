"""Independent repeats of one random-matrix computation, serial or through any executor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.blas import one_blas_thread

if TYPE_CHECKING:
    import os
    from concurrent.futures import Executor

    from rmt.ensembles.ensemble import Ensemble


def trial_generators(rng: Any, trials: int) -> list[np.random.Generator]:
    """One child generator a trial: the same children for the same `rng`, however many workers there are."""
    generator = np.random.default_rng(rng)
    try:
        return list(generator.spawn(trials))
    except TypeError:
        # a bit generator without a seed sequence: draw the entropy of one
        return list(np.random.default_rng(generator.integers(0, 2**63, size=4).tolist()).spawn(trials))


def run_trials(
    ensemble: Ensemble,
    method: str,
    n: int,
    rng: Any,
    trials: int,
    *,
    executor: Executor | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> list[NDArray[Any]]:
    """Call ``ensemble.<method>(n, child)`` once a trial and return the results in the order of the trials."""
    children = trial_generators(rng, trials)
    with one_blas_thread():
        return [run_trial(ensemble, method, n, child) for child in children]


def run_trial(ensemble: Ensemble, method: str, n: int, rng: np.random.Generator) -> NDArray[Any]:
    """One trial, on one BLAS thread (a module-level function, so that processes can receive it)."""
    with one_blas_thread():
        return np.asarray(getattr(ensemble, method)(n, rng))
