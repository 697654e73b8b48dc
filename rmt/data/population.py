"""Numbers of the population spectrum behind a sample, with standard errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.data.observations import check_eigenvalues
from rmt.errors import check_count, check_generator, check_real, check_reals
from rmt.free.deconvolution import population_spectrum
from rmt.laws.atomic import Atomic
from rmt.numerics.randomness.spawning import spawned

Real = NDArray[np.float64]

#: an atom lighter than this many eigenvalues is not the largest one
_LIGHTEST = 0.5


@dataclass(frozen=True, eq=False)
class PopulationFunctionals:
    """Numbers of a population spectrum; made by :func:`population_functionals`.

    Attributes
    ----------
    law : Atomic
        The estimated population spectrum. Its single atoms are no estimates: neighbours may share their mass in many
        ways.
    mean, mean_error : float
    levels : ndarray
        Levels of the quantiles.
    quantiles, quantile_errors : ndarray
    largest, largest_error : float
    draws : int
        Number of simulated samples behind the errors.

    Examples
    --------
    >>> import rmt
    >>> from rmt.data import population_functionals
    >>> found = population_functionals(rmt.wishart(ratio=0.1).eigenvalues(50, rng=0), 0.1, draws=2, rng=0)
    >>> abs(found.mean - 1.0) < 0.1, found.draws
    (True, 2)
    """

    law: Atomic
    mean: float
    mean_error: float
    levels: Real
    quantiles: Real
    quantile_errors: Real
    largest: float
    largest_error: float
    draws: int


def population_functionals(
    eigenvalues: ArrayLike,
    ratio: Any,
    *,
    levels: Sequence[float] = (0.25, 0.5, 0.75),
    draws: int = 30,
    rng: Any = None,
) -> PopulationFunctionals:
    """Mean, quantiles and largest eigenvalue of a population covariance, with standard errors by parametric bootstrap.

    Gaussian samples of the estimated population are drawn and estimated in the same way. The scatter of these
    estimates is the error; it does not contain the bias of the method.

    Parameters
    ----------
    eigenvalues : array_like of float
        All eigenvalues of the sample covariance, zeros included.
    ratio : real
        Dimension over samples.
    levels : sequence of float
        Levels of the quantiles, in (0, 1).
    draws : int
        Simulated samples, at least 2. Each costs an eigenvalue problem and a fit, about a second at p = 300.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    PopulationFunctionals

    Raises
    ------
    TypeError, ValueError
        As :func:`rmt.population_spectrum`; or if a level is not in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.data import population_functionals
    >>> X = np.random.default_rng(0).normal(size=(200, 50)) * np.repeat([1.0, 2.0], 25)
    >>> found = population_functionals(np.linalg.eigvalsh(X.T @ X / 200), 0.25, draws=3, rng=0)
    >>> abs(found.mean - 2.5) < 0.2
    True
    """
    values = check_eigenvalues("eigenvalues", eigenvalues)
    c = float(check_real("ratio", ratio, above=0.0))
    count, generator = check_count("draws", draws, minimum=2), check_generator(rng)
    places = check_reals("levels", levels)
    if not ((places > 0.0) & (places < 1.0)).all():
        raise ValueError(f"levels must lie in (0, 1), got {levels!r}")
    size, samples = values.size, max(1, round(values.size / c))
    law = population_spectrum(values, c).law
    population = np.asarray(law.ppf((np.arange(size) + 0.5) / size))
    population *= law.mean() / population.mean()
    scatter = []
    for stream in spawned(generator, count):
        data = stream.standard_normal((samples, size)) * np.sqrt(population)
        singular = np.linalg.svd(data, compute_uv=False)
        drawn = np.zeros(size)
        drawn[: singular.size] = singular**2 / samples
        scatter.append(_numbers(population_spectrum(drawn, c).law, places, size))
    found, errors = _numbers(law, places, size), np.std(scatter, axis=0, ddof=1)
    return PopulationFunctionals(
        law, float(found[0]), float(errors[0]), places, found[2:], errors[2:], float(found[1]), float(errors[1]), count
    )


def _numbers(law: Atomic, levels: Real, size: int) -> Real:
    heavy = [x for x, mass in law.atoms if mass > _LIGHTEST / size] or [math.nan]
    return np.concatenate([[law.mean(), max(heavy)], np.asarray(law.ppf(levels))])
