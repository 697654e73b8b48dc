"""Dyson's Brownian motion: eigenvalues of a matrix whose entries move as independent Brownian motions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rmt.ensembles.ensemble import Ensemble, Float
from rmt.ensembles.gaussian import goe, gse, gue
from rmt.errors import check_choice, check_count, check_flag, check_generator, check_real, check_reals, shown
from rmt.laws.law import Law
from rmt.numerics.dense.blas import one_blas_thread

#: the Gaussian ensemble of each field, whose matrices are the increments
_INCREMENTS = {"real": goe, "complex": gue, "quaternion": gse}


def dyson_brownian_motion(
    n: int,
    times: ArrayLike,
    *,
    field: str = "complex",
    start: Law | ArrayLike | None = None,
    confined: bool = False,
    rng: Any = None,
) -> Float:
    """Draw the eigenvalues of a Hermitian Brownian motion at given times.

    The entries of H(t) are independent Brownian motions with E|h_ij|² = t/n: H(t) − H(0) is √t times a GOE, GUE or GSE
    matrix. Its eigenvalues repel (Dyson 1962b):

        dλ_i = √(2/(βn)) dB_i + (1/n) Σ_{j≠i} dt/(λ_i − λ_j).

    With `confined` a spring −λ_i dt/2 is added: the entries are then Ornstein-Uhlenbeck processes, and the Gaussian
    ensemble is their equilibrium.

    There is no discretisation error: the joint law of the paths at the given times is exact, however far apart the
    times are, because the increments are invariant and only the eigenvalues of the past matter. Paths of other β need
    the equations themselves and are not offered.

    Parameters
    ----------
    n : int
        Matrix dimension, >= 1.
    times : array_like of float
        Increasing, from 0 or later.
    field : {"complex", "real", "quaternion"}
        β = 2, 1 or 4.
    start : Law or array_like of float, optional
        The eigenvalues at time 0: n numbers, or a law, of which the quantiles of order (i − 1/2)/n are taken. When
        None, a free motion starts from the zero matrix, and a confined one is stationary.
    confined : bool
        Whether the spring acts.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of shape (len(times), n)
        Row k holds the eigenvalues at ``times[k]``, ascending, so that column i is the path of one eigenvalue: paths
        do not cross.

    Raises
    ------
    TypeError
        If `n`, `times`, `field`, `start`, `confined` or `rng` is not of the kind named above.
    ValueError
        If the times are negative or not increasing, `start` does not hold n finite numbers, or the work does not fit
        into memory.

    See Also
    --------
    dyson_law : the limit at one time.

    Examples
    --------
    >>> import rmt
    >>> paths = rmt.dyson_brownian_motion(4, [0.0, 0.1, 1.0], start=rmt.Rademacher(), rng=0)
    >>> paths[0]
    array([-1., -1.,  1.,  1.])
    >>> paths.shape
    (3, 4)
    """
    size = check_count("n", n)
    moments = _check_times(times)
    ensemble = _INCREMENTS[check_choice("field", field, _INCREMENTS)]()
    ensemble._check_memory("_sample", size, results=8.0 * size * moments.size)
    generator = check_generator(rng)
    check_flag("confined", confined)
    paths = np.empty((moments.size, size))
    with one_blas_thread():
        stationary = start is None and confined
        values = ensemble._eigenvalues(size, generator) if stationary else _start_values(start, size)
        now = 0.0
        for row, time in zip(paths, moments, strict=True):
            row[:] = values = _step(values, time - now, ensemble, confined, generator)
            now = float(time)
    return paths


def dyson_law(time: Any, *, start: Law | None = None, confined: bool = False) -> Law:
    """Limit law of Dyson's Brownian motion at one time: the start, freely convolved with a semicircle.

    μ_t = μ_0 ⊞ semicircle of variance t; with the spring, μ_0 dilated by e^(−t/2) ⊞ semicircle of variance 1 − e^(−t)
    (Biane 1997a; Anderson, Guionnet and Zeitouni 2010, section 4.3).

    Parameters
    ----------
    time : real
        >= 0.
    start : Law, optional
        Law at time 0. When None, the unit mass at 0, and for a confined motion its equilibrium, the semicircle law.
    confined : bool
        Whether the spring acts.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `time`, `start` or `confined` is not of the kind named above.
    ValueError
        If the time is negative.

    Examples
    --------
    >>> import rmt
    >>> rmt.dyson_law(3)
    Semicircle(mean=0, variance=3)
    >>> [len(rmt.dyson_law(t, start=rmt.Rademacher()).support) for t in (0.9, 1.1)]
    [2, 1]
    """
    from rmt.free import boxplus
    from rmt.laws import Atomic, Semicircle
    from rmt.laws.law import check_law

    moment = check_real("time", time, at_least=0.0)
    check_flag("confined", confined)
    if start is None:
        if confined:
            return Semicircle()
        start = Atomic((0,), (1,))
    shrink, variance = _transition(float(moment)) if confined else (1, moment)
    moved = shrink * check_law(start, "start") if shrink > 0 else Atomic((0,), (1,))
    return boxplus(moved, Semicircle(variance=variance)) if variance > 0 else moved


def _transition(elapsed: float) -> tuple[float, float]:
    """Factor of the old matrix and variance of the new one in an Ornstein-Uhlenbeck step."""
    return math.exp(-0.5 * elapsed), -math.expm1(-elapsed)


def _step(values: Float, elapsed: float, ensemble: Ensemble, confined: bool, rng: np.random.Generator) -> Float:
    """Eigenvalues after a time, given those before: of diag(values) plus an independent Gaussian matrix."""
    if elapsed == 0.0:
        return values
    shrink, variance = _transition(elapsed) if confined else (1.0, elapsed)
    quaternion = ensemble.field == "quaternion"
    matrix = math.sqrt(variance) * ensemble._sample(values.size, rng)
    diagonal = np.einsum("ii->i", matrix)
    diagonal += shrink * (np.tile(values, 2) if quaternion else values)
    moved = np.linalg.eigvalsh(matrix)
    return np.asarray(moved[::2] if quaternion else moved, dtype=np.float64)


def _start_values(start: Any, n: int) -> Float:
    from rmt.laws.law import Law

    if start is None:
        return np.zeros(n)
    if isinstance(start, Law):
        return np.asarray(start.ppf((np.arange(n) + 0.5) / n))
    try:
        values = check_reals("start", start)
    except TypeError:
        raise TypeError(f"start must be a law or n = {n} finite numbers, got {shown(start)}") from None
    if values.shape != (n,) or not np.isfinite(values).all():
        raise ValueError(f"start must be a law or n = {n} finite numbers, got {shown(start)}")
    return np.sort(values)


def _check_times(times: Any) -> Float:
    moments = check_reals("times", times)
    if moments.ndim != 1 or moments.size == 0:
        raise ValueError(f"times must be a sequence of at least one number, got shape {moments.shape}")
    if not np.isfinite(moments).all() or moments[0] < 0.0 or (np.diff(moments) <= 0.0).any():
        raise ValueError(f"times must be finite, >= 0 and increasing, got {times!r}")
    return moments
