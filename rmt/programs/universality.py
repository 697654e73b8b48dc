"""What the law of the entries changes: distances between runs, interpolation between two laws, spectra, masks."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.ensembles.ensemble import Ensemble
from rmt.ensembles.entries import as_entries
from rmt.ensembles.repeats import trial_generators
from rmt.ensembles.theorems import edges_not_asked
from rmt.ensembles.trial_file import check_path
from rmt.errors import check_count, check_items, check_reals
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.programs.nodes import ProgramNode
from rmt.programs.runs import ProgramRun
from rmt.programs.tensor_program import Program
from rmt.programs.vector_laws import repr_of
from rmt.spectra.alternating_moments import freeness
from rmt.spectra.compare import compare
from rmt.spectra.comparison import Comparison

Real = NDArray[np.float64]

#: resamplings for errors and for the floor, and the share of null distances below the level
RESAMPLINGS, LEVEL = 200, 0.99
#: step of the derivative in time
_STEP = 1e-4


def wasserstein(a: Real, b: Real) -> float:
    """Wasserstein-1 distance of two samples of equal size: the mean difference of their order statistics."""
    return float(np.abs(np.sort(a) - np.sort(b)).mean())


@dataclass(frozen=True, eq=False)
class UniversalityReport:
    """Distances between runs with some law of the entries and runs with Gaussian entries.

    Attributes
    ----------
    laws : tuple of str
    widths : tuple of int
    runs : int
    distances, errors : ndarray of shape (laws, widths)
        Wasserstein-1 distances and their bootstrap standard errors.
    floors, levels : ndarray of shape (widths,)
        Mean distance of two Gaussian batches of that size, and the distance that 99 % of such pairs stay below.
    means : ndarray of shape (laws + 1, widths)
        Means of the output; the first row is the Gaussian one.

    Examples
    --------
    >>> from rmt.programs import Program, universality
    >>> P = Program()
    >>> c = P.mean(P.map("relu", P.matrix() @ P.vector()))
    >>> found = universality(P, ["rademacher"], [4, 8], 20, rng=0)
    >>> found.distances.shape, found.runs
    ((1, 2), 20)
    >>> found = universality(P, ["exponential"], [2, 4, 8], 2000, rng=0)
    >>> len(found.slope("exponential"))
    2
    """

    laws: tuple[str, ...]
    widths: tuple[int, ...]
    runs: int
    distances: Real
    errors: Real
    floors: Real
    levels: Real
    means: Real

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Whether a distance is above what two Gaussian batches have."""
        return self.distances > self.levels

    def slope(self, law: str) -> tuple[float, float]:
        """Slope of log distance against log width and its standard error, from the widths where one is seen.

        Parameters
        ----------
        law : str
            Name of an entry law of the report.

        Returns
        -------
        tuple of two floats

        Raises
        ------
        ValueError
            If the law is not in the report, or a distance is seen at fewer than two widths.
        """
        if law not in self.laws:
            raise ValueError(f"law must be one of {', '.join(self.laws)}, got {law!r}")
        i = self.laws.index(law)
        kept = self.seen[i]
        if kept.sum() < 2:
            raise ValueError(f"no slope for {law}: a distance is seen at {int(kept.sum())} widths; take more runs")
        x = np.log(np.array(self.widths, dtype=np.float64)[kept])
        relative = self.errors[i][kept] / self.distances[i][kept]
        weights = relative**-2.0
        centre = float(weights @ x / weights.sum())
        spread = float(weights @ (x - centre) ** 2)
        return float(weights @ ((x - centre) * np.log(self.distances[i][kept])) / spread), spread**-0.5

    def __str__(self) -> str:
        head = f"{'law':<22}{'n':>7}{'distance':>11}{'error':>10}{'floor':>10}  reading"
        lines = [head]
        for i, law in enumerate(self.laws):
            for j, n in enumerate(self.widths):
                reading = "differs" if self.seen[i, j] else "no difference seen"
                lines.append(
                    f"{law:<22}{n:>7}{self.distances[i, j]:>11.3g}{self.errors[i, j]:>10.2g}{self.floors[j]:>10.2g}"
                    f"  {reading}"
                )
            if self.seen[i].sum() > 1:
                slope, error = self.slope(law)
                lines.append(f"{law:<22}  slope of log distance against log n: {slope:.2f} ± {error:.2f}")
        return "\n".join(lines)


def universality(
    program: Program,
    laws: Sequence[Any],
    widths: Sequence[int],
    runs: int,
    *,
    output: ProgramNode | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> UniversalityReport:
    """How far the law of one output with some entries is from that with Gaussian entries, width by width.

    Parameters
    ----------
    program : Program
        The program to be run.
    laws : sequence of laws of entries
        Laws of the entries that are compared with Gaussian ones.
    widths : sequence of int
        Values of n, each measured by itself.
    runs : int
        Runs of each batch. Two Gaussian batches differ by about σ/√runs, below which nothing is seen.
    output : scalar of the program, optional
        The only output by default.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.
    executor : concurrent.futures.Executor, optional
        Runs the trials; the numbers do not depend on it.
    out : path, optional
        A folder that keeps finished runs, one file a batch; a repeated call resumes from it.
    progress : bool
        Whether a bar shows the runs.

    Returns
    -------
    UniversalityReport

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the program has several outputs and none is chosen, or `out` is given without a seed.

    References
    ----------
    Golikov and Yang 2022.

    Examples
    --------
    >>> import numpy as np
    >>> P = Program()
    >>> W, v = P.matrix(), P.vector()
    >>> c = P.mean(np.tanh(W @ v) ** 2)
    >>> report = universality(P, ["rademacher", "exponential"], [10, 40], 50, rng=0)
    >>> report.distances.shape
    (2, 2)
    """
    chosen = _one_output(program, output)
    sizes = _widths(widths, 1)
    count = check_count("runs", runs, minimum=2)
    entries = [as_entries(law, "laws") for law in _some("laws", laws, "laws of entries")]
    if out is not None and rng is None:
        raise ValueError("out= needs rng= (a seed), got None: otherwise a second call cannot continue the first")
    batches = ["gaussian", "gaussian", *entries]
    streams = trial_generators(rng, len(batches) * len(sizes) + 1)
    folder = None if out is None else check_path(out, "a folder")
    if folder is not None:
        if folder.is_file():
            raise NotADirectoryError(f"out={str(out)!r} is a file: the batches go into a folder, one file each")
        folder.mkdir(parents=True, exist_ok=True)
    table = np.empty((len(batches), len(sizes), count))
    for j, n in enumerate(sizes):
        for i, law in enumerate(batches):
            k = j * len(batches) + i
            file = None if folder is None else folder / f"batch-{k}-n{n}.npz"
            table[i, j] = program.sample(
                n,
                chosen,
                rng=streams[k],
                entries=law,
                trials=count,
                executor=executor,
                out=file,
                progress=progress,
            )
    judge = streams[-1]
    nulls = np.array([_null_distances(table[0, j], table[1, j], judge) for j in range(len(sizes))])
    shape = (len(entries), len(sizes))
    distances, errors = np.empty(shape), np.empty(shape)
    for i, j in np.ndindex(shape):
        distances[i, j] = wasserstein(table[0, j], table[i + 2, j])
        errors[i, j] = _bootstrap_error(table[0, j], table[i + 2, j], judge)
    return UniversalityReport(
        tuple(repr_of(law) for law in entries),
        sizes,
        count,
        distances,
        errors,
        nulls.mean(axis=1),
        np.quantile(nulls, LEVEL, axis=1),
        table[[0, *range(2, len(batches))]].mean(axis=2),
    )


def _widths(widths: Sequence[int], minimum: int) -> tuple[int, ...]:
    return tuple(check_count("widths", n, minimum=minimum) for n in _some("widths", widths, "integers"))


def _some(name: str, value: Any, of: str) -> list[Any]:
    items = check_items(name, value, of)
    if not items:
        raise ValueError(f"{name} must be at least one of {of}, got none")
    return items


def _one_output(program: Program, output: ProgramNode | None) -> ProgramNode:
    chosen = program._chosen(output)
    if len(chosen) != 1:
        raise ValueError(f"the program has {len(chosen)} outputs: say which one with output=")
    return chosen[0]


def _null_distances(a: Real, b: Real, rng: np.random.Generator) -> Real:
    """Distances of random halves of two Gaussian batches."""
    pool = np.concatenate([a, b])
    found = []
    for _ in range(RESAMPLINGS):
        mixed = rng.permutation(pool)
        found.append(wasserstein(mixed[: a.size], mixed[a.size :]))
    return np.array(found)


def _bootstrap_error(a: Real, b: Real, rng: np.random.Generator) -> float:
    found = [wasserstein(rng.choice(a, a.size), rng.choice(b, b.size)) for _ in range(RESAMPLINGS)]
    return float(np.std(found, ddof=1))


# ---------------------------------------------------------------------- interpolation
@dataclass(frozen=True, eq=False)
class Interpolation:
    """Speed of an output while the entries of all matrices turn from Gaussian to another law.

    Attributes
    ----------
    times : ndarray
    speeds, errors : ndarray
        n E (dc/dt)² at these times, and standard errors.
    change, change_error : float
        n E (c(1) − c(0))², and its standard error.

    Examples
    --------
    >>> from rmt.programs import Program, interpolate
    >>> P = Program()
    >>> c = P.mean(P.map("relu", P.matrix() @ P.vector()))
    >>> found = interpolate(P, "rademacher", [0.5], 20, 20, rng=0)
    >>> found.speeds.shape == found.times.shape, found.change_error > 0.0
    (True, True)
    """

    times: Real
    speeds: Real
    errors: Real
    change: float
    change_error: float


def interpolate(
    program: Program,
    law: Any,
    times: Sequence[float],
    n: int,
    runs: int,
    *,
    output: ProgramNode | None = None,
    rng: Any = None,
    executor: Executor | None = None,
) -> Interpolation:
    """Run a program with the matrices W cos(πt/2) + W̃ sin(πt/2), W Gaussian and W̃ of another law.

    The vectors and both matrices stay the same while t goes from 0 to 1. The mean square of the derivative of an
    output is of order 1/n at every time, which proves that its limit does not depend on the law (Golikov and Yang
    2022).

    Parameters
    ----------
    program : Program
        The program to be run.
    law : law of entries
        Of the entries of W̃.
    times : sequence of float
        In [0, 1].
    n, runs : int
        Width, and runs at every time.
    output : scalar of the program, optional
        The only output by default.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.
    executor : concurrent.futures.Executor, optional
        Runs the trials; the numbers do not depend on it.

    Returns
    -------
    Interpolation

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a time is outside [0, 1], or the program has several outputs and none is chosen.

    Examples
    --------
    >>> import numpy as np
    >>> P = Program()
    >>> W, v = P.matrix(), P.vector()
    >>> c = P.mean(np.tanh(v / 2 + W @ np.tanh(v)))
    >>> interpolate(P, "rademacher", [0.5], 50, 100, rng=0).speeds.shape
    (1,)
    """
    moments = check_reals("times", times).reshape(-1)
    if not moments.size:
        raise ValueError("times must be at least one number, got none")
    if not ((moments >= 0.0) & (moments <= 1.0)).all():
        raise ValueError(f"times must lie in [0, 1], got {times!r}")
    chosen = _one_output(program, output)
    count = check_count("runs", runs, minimum=2)
    around = np.stack([moments - _STEP, moments + _STEP], axis=1).reshape(-1)
    angles = tuple(0.5 * math.pi * np.concatenate([[0.0, 1.0], around]))
    run = ProgramRun(program, (chosen,), (as_entries(law, "law"),) * len(program.matrices), angles)
    table = run.repeated(check_count("n", n), rng, count, executor, None, False, scalar=False)
    change = n * (table[:, 1] - table[:, 0]) ** 2
    speeds = n * ((table[:, 3::2] - table[:, 2::2]) / (2.0 * _STEP)) ** 2
    return Interpolation(
        moments,
        speeds.mean(axis=0),
        speeds.std(axis=0, ddof=1) / count**0.5,
        float(change.mean()),
        float(change.std(ddof=1) / count**0.5),
    )


# ---------------------------------------------------------------------- spectra
@dataclass(frozen=True)
class SpectrumComparison:
    """A spectrum with entries of some law beside the limit law.

    Attributes
    ----------
    law : str
        Of the entries.
    comparison : Comparison
        The spectrum beside the limit law, with its verdict; see :func:`rmt.spectra.compare`.
    edge, largest : float
        Upper end of the limit law, and the mean of the largest eigenvalues.
    escaped : float
        Share of the spectra whose largest eigenvalue is above 1.2 times the edge.

    Examples
    --------
    >>> import rmt
    >>> from rmt.programs import spectral_universality
    >>> found = spectral_universality(lambda entries: rmt.wigner(entries), laws=("rademacher",), n=50, rng=0)
    >>> found[0].law, found[0].bulk < 0.2, found[0].comparison.verdict
    ('rademacher', True, 'accepted')
    """

    law: str
    comparison: Comparison
    edge: float
    largest: float
    escaped: float

    @property
    def bulk(self) -> float:
        """Kolmogorov-Smirnov distance of the spectrum from the limit law."""
        return self.comparison.ks


def spectral_universality(
    make: Callable[[Any], Ensemble],
    laws: Sequence[Any],
    n: int,
    *,
    trials: int = 8,
    rng: Any = None,
    executor: Executor | None = None,
) -> list[SpectrumComparison]:
    """Spectra with entries of several laws: the bulk is the same, the edge only with four moments.

    Parameters
    ----------
    make : callable
        Gives the random matrix for a law of entries: ``lambda law: rmt.wigner(entries=law)``, or
        ``lambda law: net.with_weights(law).jacobian()``. Of a matrix that is not Hermitian the squared singular values
        are taken.
    laws : sequence of laws of entries
        Laws to be compared, each by its name or as an object.
    n : int
        Dimension.
    trials : int
        Matrices for each law.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.
    executor : concurrent.futures.Executor, optional
        Runs the trials; the numbers do not depend on it.

    Returns
    -------
    list of SpectrumComparison
        One for each law.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Bai and Yin 1988; Yin 1986.

    Examples
    --------
    >>> import rmt
    >>> rows = spectral_universality(lambda law: rmt.wigner(entries=law), ["rademacher"], 100, trials=2, rng=0)
    >>> rows[0].edge, rows[0].bulk < 0.05
    (2.0, True)
    """
    named = _some("laws", laws, "laws of entries")
    streams = trial_generators(rng, len(named))
    count = check_count("trials", trials)
    rows = []
    for given, stream in zip(named, streams, strict=True):
        entries = as_entries(given, "laws")
        with edges_not_asked():
            ensemble = make(given)
            if not isinstance(ensemble, Ensemble):
                raise TypeError(
                    f"make(law) must give a random matrix such as rmt.wigner(entries=law), got {ensemble!r}"
                )
            power = 1.0 if ensemble.hermitian else 2.0
            if ensemble.hermitian:
                law: Any = ensemble.law()
                draw, known = ensemble.eigenvalues, ensemble.fluctuations()
            else:
                law = ensemble.singular_value_law()
                draw, known = ensemble.singular_values, ensemble.singular_value_fluctuations()
        table = np.reshape(draw(n, rng=stream, trials=count, executor=executor), (count, -1))
        edge = float(max([piece.high for piece in law.support] + [x for x, _ in law.atoms])) ** power
        largest = table.max(axis=1) ** power
        rows.append(
            SpectrumComparison(
                repr_of(entries),
                compare(table, law, ensemble=known),
                edge,
                float(largest.mean()),
                float((largest > 1.2 * edge).mean()),
            )
        )
    return rows


# ---------------------------------------------------------------------- masks
@dataclass(frozen=True, eq=False)
class MaskFreeness:
    """Centred alternating moments of masks D and weights W Wᵀ of a network.

    Attributes
    ----------
    law : str
        Of the entries.
    widths : tuple of int
    words : tuple of str
    means, errors : ndarray of shape (widths, words)
        Means over the runs and their standard errors.

    Examples
    --------
    >>> from rmt.programs import mask_freeness
    >>> found = mask_freeness("rademacher", [20], 4, rng=0)
    >>> found.words, found.means.shape == found.errors.shape
    (('A B', 'A B A B'), True)
    """

    law: str
    widths: tuple[int, ...]
    words: tuple[str, ...]
    means: Real
    errors: Real


def mask_freeness(
    law: Any,
    widths: Sequence[int],
    runs: int,
    *,
    act: ActivationLike = "relu",
    order: int = 4,
    rng: Any = None,
) -> MaskFreeness:
    """Whether the slopes of a layer are free from the weights that made them.

    With x = φ(h) for a Gaussian h, D = diag(φ'(W x)) and A = W Wᵀ: the centred alternating moments, which vanish
    for free matrices, are of order 1/n for every law of entries with four moments, though D is a function of W
    (Yang 2020; Golikov and Yang 2022).

    Parameters
    ----------
    law : law of entries
        Of the entries of the weights.
    widths : sequence of int
        Units in a layer; each width is measured by itself.
    runs : int
        Networks drawn at each width.
    act : str, callable or Activation
        Its name, a function of arrays, or an :class:`~rmt.networks.Activation`.
    order : int
        Longest word.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    MaskFreeness

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a width or the number of runs is < 2.

    Examples
    --------
    >>> mask_freeness("rademacher", [20, 40], 4, rng=0).words
    ('A B', 'A B A B')
    """
    phi, entries = activation(act), as_entries(law, "law")
    count = check_count("runs", runs, minimum=2)
    sizes = _widths(widths, 2)
    means, errors = [], []
    words: tuple[str, ...] = ()
    for n, stream in zip(sizes, trial_generators(rng, len(sizes)), strict=True):
        rows = []
        for child in stream.spawn(count):
            x = np.asarray(phi(child.standard_normal(n)))
            W = entries.draw(child, (n, n), scale=n**-0.5)
            found = freeness(np.diag(np.asarray(phi.derivative(W @ x))), W @ W.T, order=order)
            words = found.words
            rows.append(found.moments)
        table = np.array(rows)
        means.append(table.mean(axis=0))
        errors.append(table.std(axis=0, ddof=1) / count**0.5)
    return MaskFreeness(repr_of(entries), sizes, words, np.array(means), np.array(errors))
