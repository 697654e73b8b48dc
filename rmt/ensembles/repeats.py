"""Independent repeats of one random-matrix computation: serial or through any executor, resumable, reproducible.

Trial i draws from the i-th spawned child of the generator, whoever runs it, with BLAS on one thread: the numbers are
the same for 1, 2 or 8 workers, for threads, processes and clusters.
"""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import TrialError, check_generator
from rmt.numerics.dense.blas import one_blas_thread
from rmt.numerics.randomness.spawning import counting

if TYPE_CHECKING:
    from rmt.ensembles.ensemble import Ensemble

Result = NDArray[Any]

#: trials travel in at most this many batches: enough to balance hundreds of workers, few enough to send
_MAX_BATCHES = 256
#: matrix dimension and number of the trials that tell ensembles of one name apart
_FINGERPRINT_SIZE, _FINGERPRINT_TRIALS = 64, 3
#: children counted off in one step
_SPAWNED_AT_ONCE = 10_000
#: seconds of work before a progress bar appears
_PROGRESS_DELAY = 2.0


@dataclass(frozen=True)
class TrialStreams:
    """The spawned children of a generator, in a form small enough to send to every worker.

    Attributes
    ----------
    bit_generator : type
        Class of the parent's bit generator.
    entropy : int or tuple of int
        Of the parent's seed sequence, as `spawn_key` and `pool_size` are.
    spawn_key : tuple of int
    pool_size : int
    first : int
        How many children the parent had before.
    """

    bit_generator: type[np.random.BitGenerator]
    entropy: Any
    spawn_key: tuple[int, ...]
    pool_size: int
    first: int

    @classmethod
    def spawn(cls, rng: Any, trials: int) -> TrialStreams:
        """Children of ``numpy.random.default_rng(rng)``; a later call with the same generator gets others.

        They are those of its seed while it stands where its seed puts it. Of a generator that has moved on, by
        drawing, ``advance``, ``jumped`` or a restored state, the state counts: four words of it seed the children.
        """
        bit_generator = check_generator(rng).bit_generator
        parent = bit_generator.seed_seq
        with counting:  # threads that share a generator get different children
            if not isinstance(parent, np.random.SeedSequence) or not _stands_at(parent, bit_generator):
                words = np.random.Generator(bit_generator).integers(0, 2**64, size=4, dtype=np.uint64)
                return cls(np.random.PCG64, tuple(words.tolist()), (), 4, 0)
            first = parent.n_children_spawned
            if isinstance(rng, (np.random.Generator, np.random.BitGenerator, np.random.RandomState)):
                for start in range(0, trials, _SPAWNED_AT_ONCE):  # the caller's generator must not give them again
                    parent.spawn(min(_SPAWNED_AT_ONCE, trials - start))
        return cls(type(bit_generator), _plain(parent.entropy), _plain(parent.spawn_key), parent.pool_size, first)

    def generator(self, trial: int) -> np.random.Generator:
        """The generator of one trial, always from its beginning."""
        key = (*self.spawn_key, self.first + trial)
        seed = np.random.SeedSequence(self.entropy, spawn_key=key, pool_size=self.pool_size)
        return np.random.Generator(self.bit_generator(seed))


def _plain(entropy: Any) -> Any:
    """Entropy without arrays, which can be neither compared nor written as text; it seeds the same."""
    if isinstance(entropy, (np.ndarray, np.generic)):
        entropy = entropy.tolist()
    return tuple(_plain(part) for part in entropy) if isinstance(entropy, (list, tuple)) else entropy


def _stands_at(seed: np.random.SeedSequence, bit_generator: np.random.BitGenerator) -> bool:
    """Whether a bit generator is in the state that a seed sequence puts it in."""
    try:
        fresh = type(bit_generator)(seed)
    except TypeError:  # a class with another constructor
        return False
    return _same_state(fresh.state, bit_generator.state)


def _same_state(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same_state(a[key], b[key]) for key in a)
    return np.array_equal(a, b)


def trial_generators(rng: Any, trials: int) -> list[np.random.Generator]:
    """One child generator a trial: the same children for the same `rng`, however many workers there are."""
    streams = TrialStreams.spawn(rng, trials)
    return [streams.generator(trial) for trial in range(trials)]


@dataclass(frozen=True)
class Task:
    """What every trial computes: ``ensemble.<method>(n, generator)``; picklable, so that processes can receive it."""

    ensemble: Ensemble
    method: str
    n: int
    streams: TrialStreams

    def run(self, trial: int) -> Result:
        """One trial on one BLAS thread."""
        with one_blas_thread():
            return np.asarray(getattr(self.ensemble, self.method)(self.n, self.streams.generator(trial)))

    def run_batch(self, trials: Sequence[int]) -> list[tuple[int, Result | Exception]]:
        """Several trials; a failing one does not lose the others."""
        outcome: list[tuple[int, Result | Exception]] = []
        for trial in trials:
            try:
                outcome.append((trial, self.run(trial)))
            except Exception as error:  # handed to the caller, who repeats the trial
                outcome.append((trial, error))
        return outcome


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
) -> list[Result]:
    """Call ``ensemble.<method>(n, child)`` once a trial and return the results in the order of the trials.

    Parameters
    ----------
    ensemble : Ensemble
    method : str
        Name of the method, which takes n and a generator.
    n : int
        Matrix dimension.
    rng : Generator, SeedSequence, int or None
    trials : int
        Number of trials.
    executor : concurrent.futures.Executor, optional
        Runs the trials; this thread does by default.
    out : path, optional
        A ``.npz`` file that keeps finished trials. A call with the same arguments resumes from it; the number of
        trials may grow.
    progress : bool
        Show a progress bar on stderr if tqdm is installed, stderr is a terminal and the work takes over two seconds.

    Raises
    ------
    TrialError
        If a trial fails twice; it carries the finished results, and so does the `out` file.
    ValueError
        If the `out` file holds trials of other arguments, or `out` is given without a seed.
    TypeError
        If `executor` is not an executor.
    """
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            f"executor must be a concurrent.futures.Executor, got {executor!r} of type {type(executor).__name__}; "
            "a Dask client gives one with client.get_executor()"
        )
    if out is not None and rng is None:
        raise ValueError("out= needs rng= (a seed), got None: otherwise a second call cannot continue the first")
    task = Task(ensemble, method, n, TrialStreams.spawn(rng, trials))
    finished: dict[int, Result] = {}
    with one_blas_thread(), _keeper(task, out, finished) as keep, progress_bar(trials, progress) as advance:
        advance(sum(trial < trials for trial in finished))

        def take(trial: int, result: Result) -> None:
            finished[trial] = result
            keep()
            advance(1)

        pending = [trial for trial in range(trials) if trial not in finished]
        if executor is None:
            for trial in pending:
                take(trial, task.run(trial))
        else:
            _run_on(executor, task, pending, take, finished)
    return [finished[trial] for trial in range(trials)]


def _run_on(
    executor: Executor,
    task: Task,
    pending: Sequence[int],
    take: Callable[[int, Result], None],
    finished: dict[int, Result],
) -> None:
    """Run the trials on an executor, and those that fail once more."""
    size = -(-len(pending) // _MAX_BATCHES)
    batches = [pending[start : start + size] for start in range(0, len(pending), size or 1)]
    failed = _collect(executor, task, batches, take)
    if not failed:
        return
    alone = [[trial] for trial in sorted(failed)]
    if any(isinstance(error, BrokenExecutor) for error in failed.values()):
        # a dead worker breaks its pool: one fresh process takes the rest, in order, so that a second death has a name
        with ProcessPoolExecutor(max_workers=1) as fresh:
            failed = _collect(fresh, task, alone, take)
    else:
        failed = _collect(executor, task, alone, take)
    for trial in sorted(failed):
        error = failed[trial]
        raise TrialError(
            f"trial {trial} of {task.ensemble!r}.{task.method.lstrip('_')}(n={task.n}) failed twice: "
            f"{type(error).__name__}: {error}; {len(finished)} finished trials are kept",
            trial,
            dict(finished),
        ) from error


def _collect(
    executor: Executor, task: Task, batches: Sequence[Sequence[int]], take: Callable[[int, Result], None]
) -> dict[int, BaseException]:
    """Submit the batches, take what they return as it comes, return the failed trials with their errors.

    A mistake in the arguments fails every trial in the same way: it is raised at once, as itself.
    """
    futures: dict[Future[list[tuple[int, Result | Exception]]], Sequence[int]] = {}
    failed: dict[int, BaseException] = {}
    try:
        for batch in batches:
            try:
                futures[executor.submit(task.run_batch, batch)] = batch
            except BrokenExecutor as error:
                failed.update(dict.fromkeys(batch, error))
            except RuntimeError as error:
                raise ValueError(
                    f"executor must be open while it works, got {executor!r}, which takes no more work ({error}); "
                    "call inside its with block"
                ) from error
        # not as_completed: a pool that is shut down with cancel_futures=True does not tell those who wait there
        done: SimpleQueue[Future[list[tuple[int, Result | Exception]]]] = SimpleQueue()
        for future in futures:
            future.add_done_callback(done.put)
        for future in (done.get() for _ in futures):
            try:
                outcome = future.result()
            except Exception as error:  # the worker died, or could not be sent its work
                _check_sendable(task)
                failed.update(dict.fromkeys(futures[future], error))
                continue
            for trial, result in outcome:
                if not isinstance(result, Exception):
                    take(trial, result)
                elif _is_mistake(result):
                    raise result
                else:
                    failed[trial] = result
    finally:
        for future in futures:
            future.cancel()
    return failed


def _check_sendable(task: Task) -> None:
    """Raise if what failed is that the ensemble cannot leave this process."""
    try:
        pickle.dumps(task)
    except Exception as error:
        raise TypeError(
            f"{task.ensemble!r} cannot be sent to another process ({error}); run it on threads (ThreadPoolExecutor), "
            "or build it from functions that are defined at the top level of a module"
        ) from error


def _is_mistake(error: Exception) -> bool:
    return isinstance(error, (ValueError, TypeError)) and not isinstance(error, np.linalg.LinAlgError)


@contextmanager
def progress_bar(trials: int, wanted: bool) -> Iterator[Callable[[int], Any]]:
    """Give a function that advances a progress bar, if one is wanted and can be had."""
    bar: Any = None
    if wanted:
        try:
            from tqdm import tqdm
        except ImportError:
            pass
        else:
            # disable=None: silent when stderr is not a terminal
            bar = tqdm(total=trials, unit="trial", delay=_PROGRESS_DELAY, disable=None, leave=False)
    try:
        yield (lambda count: None) if bar is None else bar.update
    finally:
        if bar is not None:
            bar.close()


def _keeper(
    task: Task, out: str | os.PathLike[str] | None, finished: dict[int, Result]
) -> AbstractContextManager[Callable[[], None]]:
    """Context whose value saves what is finished, now and then; it loads at the start and saves at the end."""
    if out is None:
        return nullcontext(lambda: None)
    from rmt.ensembles.trial_file import keeping_trials

    streams = task.streams
    identity = {
        # functions have another place in every process
        "ensemble": re.sub(r" at 0x[0-9a-fA-F]+", "", repr(task.ensemble)),
        "method": task.method.lstrip("_"),
        "n": task.n,
        "bit generator": streams.bit_generator.__name__,
        "entropy": streams.entropy,
        "spawn key": [*streams.spawn_key, streams.first],
        "pool size": streams.pool_size,
    }
    digest = getattr(task.ensemble, "_data_digest", None)  # of what is made of data alone, and no functions
    known_by = {"numbers": _numbers(task)} if digest is None else {"digest": digest()}
    return keeping_trials(out, identity | known_by, finished)


def _numbers(task: Task) -> list[float]:
    """What small trials from fixed seeds give: a repr need not show all that an ensemble is made of.

    Functions of one name may compute anything, and arrays are printed in part.
    """
    fixed = replace(task, streams=TrialStreams.spawn(0, _FINGERPRINT_TRIALS))
    if task.n <= _FINGERPRINT_SIZE:
        return _drawn(fixed)
    try:
        return _drawn(replace(fixed, n=_FINGERPRINT_SIZE))
    except Exception:  # an ensemble need not exist at every size
        return _drawn(fixed)


def _drawn(task: Task) -> list[float]:
    """The numbers of all trials; NaN for one that fails, as it may, but not all."""
    results = [result for _, result in task.run_batch(range(_FINGERPRINT_TRIALS))]
    failed = [result for result in results if isinstance(result, Exception)]
    if len(failed) == len(results):
        raise failed[0]
    return [x for result in results for x in ([np.nan] if isinstance(result, Exception) else _unordered(result))]


def _unordered(values: Result) -> list[float]:
    """Real numbers that fix the values; those of complex ones do not depend on their order, which rounding decides."""
    if np.iscomplexobj(values):
        values = np.sort([values.real.ravel(), values.imag.ravel(), abs(values).ravel()], axis=1)
    return [float(value) for value in values.ravel()]
