"""Runs of gradient descent with their kernels watched: split losses, spikes, batches above their critical rate."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_generator, check_real, check_reals
from rmt.kernels.critical import check_kernel

Real = NDArray[np.float64]

#: mean loss from which a run counts as divergent
DIVERGED = 1e8


class Trainable(Protocol):
    """What a run needs of a network."""

    def outputs(self, x: ArrayLike) -> Real:
        """Outputs at the rows of x."""

    def kernel(self, x: ArrayLike) -> Real:
        """Tangent kernel at the rows of x."""

    def step(self, x: ArrayLike, y: ArrayLike, rate: float) -> float:
        """One step on the mean loss."""


def split_loss(gram: ArrayLike, residual: ArrayLike, top: int = 5) -> tuple[float, float]:
    """Mean loss (1/n)|r|² in the `top` leading eigenvectors of the kernel, and in all others.

    The spikes of training live in the first part (Zhu, Liu, Radhakrishnan and Belkin 2024).

    Parameters
    ----------
    gram : array_like of shape (n, n)
        Kernel matrix.
    residual : array_like of shape (n,)
        r, outputs minus targets.
    top : int
        Number of leading eigenvectors.

    Returns
    -------
    tuple of two floats

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> split_loss([[2.0, 0.0], [0.0, 1.0]], [3.0, 1.0], top=1)
    (4.5, 0.5)
    """
    matrix, r = check_kernel("gram", gram), check_reals("residual", residual)
    if r.shape != (len(matrix),):
        raise ValueError(f"residual must have the shape ({len(matrix)},), got {r.shape}")
    leading, rest, _ = _split(matrix, r, check_count("top", top, maximum=len(r)))
    return leading, rest


def _split(matrix: Real, r: Real, top: int) -> tuple[float, float, float]:
    values, vectors = np.linalg.eigh(matrix)
    shares = (vectors.T @ r) ** 2 / r.size
    return float(shares[r.size - top :].sum()), float(shares[: r.size - top].sum()), float(values[-1])


@dataclass(frozen=True, eq=False)
class Descent:
    """A run of gradient descent on the mean loss.

    Attributes
    ----------
    losses : array of float
        (1/n) Σ r² of all data at the start and after every step.
    leading, rest : array of float
        Its split over the eigenvectors of the kernel of the moment; NaN where the kernel was not looked at.
    eigenvalues : array of float
        Largest eigenvalue λ₁ of that kernel.
    rates : array of float
        Learning rate of every step.
    batch_before, batch_after : array of float
        Loss of the batch of a step, before and after it.
    batch_rates : array of float
        Critical rate b/λ₁ of that batch; the full-batch one without batches.
    regime : {"converged", "running", "divergent"}
        Whether the loss came below the goal, did not within the steps, or exceeded 1e8.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork, descend
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    >>> run = descend(DenseNetwork((3, 20, 1), "tanh", rng=0), x, y, rate=0.05, steps=20)
    >>> run.losses.shape, bool(run.losses[-1] < run.losses[0]), run.regime
    ((21,), True, 'running')
    """

    losses: Real
    leading: Real
    rest: Real
    eigenvalues: Real
    rates: Real
    batch_before: Real
    batch_after: Real
    batch_rates: Real
    regime: Literal["converged", "running", "divergent"]

    @property
    def supercritical(self) -> NDArray[np.bool_]:
        """Steps whose rate was above the critical one of their batch."""
        return np.asarray(self.rates > self.batch_rates)


Schedule = Callable[[int, float], float]


def descend(
    net: Trainable,
    x: ArrayLike,
    y: ArrayLike,
    *,
    rate: float | Schedule,
    steps: int,
    batch: int | None = None,
    top: int = 5,
    watch: bool = True,
    goal: float = 1e-4,
    rng: Any = None,
) -> Descent:
    """Train a network by gradient descent on the mean loss and watch its kernel; the network is changed.

    Parameters
    ----------
    net : object
        With ``outputs``, ``kernel`` and ``step``, such as :class:`TwoLayers` or :class:`DenseNetwork`.
    x : array_like of shape (n, d)
        Inputs in rows.
    y : array_like of shape (n,)
        Targets.
    rate : float or callable
        A number > 0, or a function of the step and of the critical rate n/λ₁ of the moment, such as
        :func:`raise_after_catapult` makes.
    steps : int
        Most steps of the run.
    batch : int, optional
        Points of a batch, drawn without replacement at every step; all by default.
    top : int
        Eigenvectors that count as leading, at most all.
    watch : bool
        Compute the kernel at every step. Without it eigenvalues and critical rates are NaN, and a schedule sees none.
    goal : float
        Loss at which the run ends.
    rng : Generator, SeedSequence, int or None
        Of the batches.

    Returns
    -------
    Descent

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a rate is not positive or the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork, descend
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    >>> run = descend(DenseNetwork((3, 20, 1), "tanh", rng=0), x, y, rate=0.05, steps=20)
    >>> bool(run.losses[-1] < run.losses[0])
    True
    """
    points, targets = check_reals("x", x), check_reals("y", y)
    if points.ndim != 2 or targets.shape != points.shape[:1]:
        raise ValueError(f"x and y must have the shapes (n, d) and (n,), got {points.shape} and {targets.shape}")
    n, generator = len(points), check_generator(rng)
    b = n if batch is None else check_count("batch", batch, maximum=n)
    leading_count = min(n, check_count("top", top))
    schedule: Schedule = rate if callable(rate) else _constant(float(check_real("rate", rate, above=0.0)))
    rows: list[tuple[float, float, float, float]] = []
    used: list[tuple[float, float, float, float]] = []
    regime: Literal["converged", "running", "divergent"] = "running"
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(check_count("steps", steps) + 1):
            r = net.outputs(points) - targets
            loss = float(r @ r / n)
            bounded = loss < DIVERGED
            split = (math.nan,) * 3
            if bounded and watch:
                split = _split(net.kernel(points), r, leading_count)
            rows.append((loss, *split))
            if not bounded or loss < goal or t == steps:
                regime = "running" if bounded and loss >= goal else "converged" if bounded else "divergent"
                break
            eta = float(check_real("rate", schedule(t, n / split[2]), above=0.0))
            chosen = slice(None) if b == n else generator.choice(n, b, replace=False)
            batch_x, batch_y = points[chosen], targets[chosen]
            limit = n / split[2]
            if b < n and watch:
                limit = b / float(np.linalg.eigvalsh(net.kernel(batch_x))[-1])
            begin = net.step(batch_x, batch_y, eta)
            left = net.outputs(batch_x) - batch_y
            used.append((eta, begin, float(left @ left / b), limit))
    losses, leading, rest, eigenvalues = np.array(rows).T
    rates, before, after, critical = np.array(used).reshape(-1, 4).T
    return Descent(losses, leading, rest, eigenvalues, rates, before, after, critical, regime)


def _constant(rate: float) -> Schedule:
    return lambda step, critical: rate


def raise_after_catapult(factor: float = 1.3, every: int = 40) -> Schedule:
    """Schedule that reads λ: at every stage the rate becomes `factor` times the critical rate n/λ₁ of the moment.

    Each stage ends in a catapult that lowers λ₁, so that the next may learn faster. Stages given as fixed multiples of
    the first critical rate catapult once only: the first one has already raised the critical rate beyond the others.

    Parameters
    ----------
    factor : float
        > 0.
    every : int
        Steps of a stage.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> schedule = raise_after_catapult(1.5, every=10)
    >>> [schedule(t, critical) for t, critical in ((0, 2.0), (1, 3.0), (10, 4.0))]
    [3.0, 3.0, 6.0]
    """
    times, stage = float(check_real("factor", factor, above=0.0)), check_count("every", every)
    current: dict[str, float] = {}

    def schedule(step: int, critical: float) -> float:
        if step % stage == 0 or "rate" not in current:
            if not math.isfinite(critical):
                raise ValueError("a schedule that reads the kernel needs watch=True in descend()")
            current["rate"] = times * critical
        return current["rate"]

    return schedule


def spikes(losses: ArrayLike, factor: float = 1.5) -> NDArray[np.int64]:
    """Steps at which a loss has a maximum above `factor` times its least value since the last spike.

    Parameters
    ----------
    losses : array_like
        One for each step.
    factor : float
        > 1.

    Returns
    -------
    ndarray of int

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> spikes([4.0, 2.0, 5.0, 1.0, 1.2, 0.5, 3.0, 0.1]).tolist()
    [2, 6]
    """
    values, times = check_reals("losses", losses), float(check_real("factor", factor, above=1.0))
    found, least = [], math.inf
    for t in range(1, len(values) - 1):
        least = min(least, float(values[t - 1]))
        if values[t] > values[t - 1] and values[t] >= values[t + 1] and values[t] > times * least:
            found.append(t)
            least = math.inf
    return np.array(found, dtype=np.int64)


def match_rate(run: Descent, event: str = "batch") -> float:
    """Share of the steps with a rise whose rate was above the critical one of their batch.

    Parameters
    ----------
    run : Descent
        What :func:`descend` gave back.
    event : {"batch", "total"}
        Whether the loss of the batch rose over its own step, or the loss of all data. The first is a theorem for linear
        models: their share is 1. The noise of small batches raises the total loss all the time, so that the second is
        far below 1 for most data, although 0.97 was seen for images (Zhu, Liu, Radhakrishnan and Belkin 2024).

    Returns
    -------
    float
        NaN, with a warning, if nothing rose.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork, descend, match_rate
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    >>> run = descend(DenseNetwork((3, 20, 1), "linear", rng=0), x, y, rate=0.8, steps=10, batch=2, rng=0)
    >>> 0.0 <= match_rate(run) <= 1.0
    True
    """
    check_choice("event", event, ("batch", "total"))
    rose = run.batch_after > run.batch_before if event == "batch" else np.diff(run.losses) > 0.0
    if not rose.any():
        warnings.warn("no step raised the loss: the match rate is 0/0", RuntimeWarning, stacklevel=2)
        return math.nan
    return float(run.supercritical[rose].mean())
