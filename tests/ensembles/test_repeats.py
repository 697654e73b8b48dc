"""Repeats: the same numbers whoever runs them; failures, death and interruption lose nothing that was finished."""

import copy
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import rmt
from rmt.ensembles.repeats import TrialError, TrialStreams, trial_generators
from rmt.numerics.randomness.spawning import spawned

SPAWN = get_context("spawn")


class Flawed(rmt.Ensemble):
    """Fails, or dies, in one trial, the first `times` times (counted by files, so across processes)."""

    def __init__(self, folder, trial, times, *, die=False):
        self.folder, self.trial, self.times, self.die = str(folder), trial, times, die

    def law(self):
        return rmt.Semicircle()

    def _sample(self, n, rng):
        return np.diag(rng.standard_normal(n))

    def _eigenvalues(self, n, rng):
        if rng.bit_generator.seed_seq.spawn_key[-1] == self.trial:
            count = len(os.listdir(self.folder))
            if count < self.times:
                open(os.path.join(self.folder, str(count)), "w").close()
                if self.die:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise ArithmeticError("a cosmic ray")
        return np.sort(rng.standard_normal(n))

    def __repr__(self):
        return "Flawed()"


class Silent(Executor):
    """Never runs anything."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_exception(ArithmeticError("this executor never works"))
        return future


# ---------------------------------------------------------------------- streams
@pytest.mark.parametrize(
    "seed", [3, np.random.SeedSequence(3, spawn_key=(4,)), np.random.Generator(np.random.SFC64(2))]
)
def test_children_are_numpys(seed):
    ours = trial_generators(copy.deepcopy(seed), 3)
    theirs = np.random.default_rng(copy.deepcopy(seed)).spawn(3)
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.random(5), b.random(5))


def test_a_generator_gives_its_children_once():
    rng = np.random.default_rng(1)
    goe = rmt.goe()
    first, second = goe.eigenvalues(5, rng=rng, trials=2), goe.eigenvalues(5, rng=rng, trials=2)
    assert not np.array_equal(first, second)
    both = rmt.goe().eigenvalues(5, rng=1, trials=4)
    assert np.array_equal(both, np.concatenate([first, second]))
    assert TrialStreams.spawn(1, 2) == TrialStreams.spawn(1, 9)


def test_the_state_of_a_generator_counts():
    goe = rmt.goe()
    stream = np.random.PCG64(5)
    start = goe.eigenvalues(4, rng=np.random.PCG64(5))
    assert np.array_equal(start, goe.eigenvalues(4, rng=5))
    advanced = [goe.eigenvalues(4, rng=np.random.PCG64(5).advance(2**64)) for _ in range(2)]
    jumped = [goe.eigenvalues(4, rng=np.random.Generator(stream.jumped())) for _ in range(2)]
    later = [goe.eigenvalues(4, rng=np.random.Philox(5, counter=2**128)) for _ in range(2)]
    restored = []
    for _ in range(2):  # a state that some other generator had
        generator = np.random.default_rng()
        generator.bit_generator.state = np.random.PCG64(77).state
        restored.append(goe.eigenvalues(4, rng=generator))
    for first, second in (advanced, jumped, later, restored):
        assert np.array_equal(first, second)
    different = [start, advanced[0], jumped[0], later[0], restored[0], goe.eigenvalues(4, rng=np.random.Philox(5))]
    assert len({values.tobytes() for values in different}) == len(different)


def test_a_moved_generator_gives_its_children_once():
    rng = np.random.default_rng(3)
    rng.standard_normal()
    goe = rmt.goe()
    first, second = goe.eigenvalues(5, rng=rng, trials=2), goe.eigenvalues(5, rng=rng, trials=2)
    assert not np.array_equal(first, second)
    rng = np.random.default_rng(3)
    rng.standard_normal()
    assert np.array_equal(goe.eigenvalues(5, rng=rng, trials=3)[:2], first)
    assert (
        np.array_equal(rmt.hermite(2).largest(50, rng=rng), rmt.hermite(2).largest(50, rng=copy.deepcopy(rng))) is False
    )


@pytest.mark.parametrize("shared", ["generator", "sequence", "moved"])
def test_threads_that_share_a_generator_get_different_trials(shared):
    """The count of children is read and written by one thread at a time."""
    seed = np.random.SeedSequence(3)
    one = np.random.default_rng(seed)
    if shared == "moved":
        one.random()
    found = []

    def take():
        rng = np.random.default_rng(seed) if shared == "sequence" else one
        mine = []
        for _ in range(200):
            streams = TrialStreams.spawn(rng, 1)
            mine.append((streams.entropy, streams.spawn_key, streams.first))
        mine += [tuple(child.bit_generator.seed_seq.spawn_key) for child in spawned(rng, 100)] * (shared != "moved")
        found.extend(mine)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=take) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(set(found)) == len(found) >= 600


def test_a_random_state_gives_its_children_once():
    state = np.random.RandomState(np.random.PCG64(1))
    first, second = (rmt.goe().eigenvalues(5, rng=state, trials=2) for _ in range(2))
    assert np.array_equal(rmt.goe().eigenvalues(5, rng=1, trials=4), np.concatenate([first, second]))


def test_a_seed_sequence_is_a_seed():
    seed = np.random.SeedSequence(4)
    assert np.array_equal(rmt.goe().eigenvalues(4, rng=seed), rmt.goe().eigenvalues(4, rng=seed))
    assert np.array_equal(rmt.goe().sample(4, rng=seed), rmt.goe().sample(4, rng=seed))


def test_trials_are_different_and_one_trial_is_the_first():
    values = rmt.gue().eigenvalues(6, rng=0, trials=3)
    assert len(np.unique(values)) == 18
    assert np.array_equal(rmt.gue().eigenvalues(6, rng=0), values[0])


# ---------------------------------------------------------------------- executors
@pytest.fixture(scope="module")
def ensembles():
    return [rmt.wishart(ratio=0.5, entries="student(5)"), rmt.goe(), rmt.ginibre(field="complex")]


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_threads_give_the_serial_numbers(ensembles, workers):
    for ensemble in ensembles:
        serial = ensemble.eigenvalues(60, rng=5, trials=30)
        with ThreadPoolExecutor(workers) as pool:
            assert np.array_equal(ensemble.eigenvalues(60, rng=5, trials=30, executor=pool), serial)


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_give_the_serial_numbers(ensembles, workers):
    expression = ensembles[1] @ ensembles[1] + rmt.gue()
    # above n = 300 the last bits of LAPACK depend on its threads: each trial has one
    cases = [(ensemble, 40) for ensemble in ensembles] + [(expression, 40), (rmt.wigner("uniform"), 320)]
    serial = [ensemble.eigenvalues(n, rng=6, trials=3) for ensemble, n in cases]
    with ProcessPoolExecutor(workers, mp_context=SPAWN) as pool:
        for (ensemble, n), expected in zip(cases, serial, strict=True):
            assert np.array_equal(ensemble.eigenvalues(n, rng=6, trials=3, executor=pool), expected)


@pytest.mark.slow
def test_dask_gives_the_serial_numbers():
    distributed = pytest.importorskip("distributed")
    serial = rmt.goe().eigenvalues(50, rng=7, trials=20)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        values = rmt.goe().eigenvalues(50, rng=7, trials=20, executor=client.get_executor())
        with pytest.raises(TypeError, match=r"client.get_executor\(\)"):
            rmt.goe().eigenvalues(50, rng=7, trials=2, executor=client)
    assert np.array_equal(values, serial)


# ---------------------------------------------------------------------- failures
@pytest.mark.parametrize("make_pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_a_failed_trial_is_repeated_with_the_same_numbers(tmp_path, make_pool):
    expected = Flawed(tmp_path, 7, 0).eigenvalues(4, rng=1, trials=12)
    with make_pool(2) as pool:
        values = Flawed(tmp_path, 7, 1).eigenvalues(4, rng=1, trials=12, executor=pool)
    assert np.array_equal(values, expected)


def test_a_killed_worker_loses_no_trial(tmp_path):
    expected = Flawed(tmp_path, 7, 0).eigenvalues(4, rng=1, trials=12)
    with ProcessPoolExecutor(2) as pool:
        values = Flawed(tmp_path, 7, 1, die=True).eigenvalues(4, rng=1, trials=12, executor=pool)
    assert np.array_equal(values, expected)


@pytest.mark.parametrize("die", [False, True])
def test_a_trial_that_fails_twice_is_reported(tmp_path, die):
    counters, out = tmp_path / "counters", tmp_path / "trials.npz"
    counters.mkdir()
    ensemble = Flawed(counters, 7, 2, die=die)
    with (
        ProcessPoolExecutor(2) as pool,
        pytest.raises(TrialError, match=r"trial 7 of Flawed\(\).eigenvalues\(n=4\) failed twice") as caught,
    ):
        ensemble.eigenvalues(4, rng=1, trials=12, executor=pool, out=out)
    assert caught.value.trial == 7
    assert set(range(7)) <= set(caught.value.finished)
    assert set(np.load(out)["trials"]) == set(caught.value.finished)
    # the flaw is gone: the same call finishes from the file
    values = ensemble.eigenvalues(4, rng=1, trials=12, out=out)
    assert np.array_equal(values, ensemble.eigenvalues(4, rng=1, trials=12))


def test_a_mistake_is_raised_as_itself():
    with ThreadPoolExecutor(2) as pool, pytest.raises(ValueError, match="is not square, so it has no eigenvalues"):
        rmt.ginibre(shape=(1, 2)).eigenvalues(4, rng=1, trials=3, executor=pool)


def test_an_executor_that_never_works(tmp_path):
    with pytest.raises(TrialError, match=r"ArithmeticError: this executor never works; 0 finished"):
        rmt.goe().eigenvalues(4, rng=0, trials=3, executor=Silent())


def test_a_pool_that_is_shut_down_while_trials_wait(tmp_path):
    """The trials in it are cancelled, and nobody tells those who wait."""
    pool = ThreadPoolExecutor(1)
    pool.submit(time.sleep, 1.0)
    threading.Timer(0.3, pool.shutdown, kwargs={"wait": False, "cancel_futures": True}).start()
    found = []

    def call():
        with pytest.raises(ValueError, match="executor must be open while it works"):
            rmt.goe().eigenvalues(4, rng=0, trials=3, executor=pool)
        found.append(True)

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(20.0)
    assert found == [True]


# ---------------------------------------------------------------------- the file
def test_resuming_computes_only_what_is_missing(tmp_path):
    out = tmp_path / "trials.npz"
    counters = tmp_path / "counters"
    counters.mkdir()
    flawed = Flawed(counters, 5, 1)
    with pytest.raises(ArithmeticError, match="cosmic"):
        flawed.eigenvalues(4, rng=1, trials=8, out=out)
    assert np.load(out)["trials"].tolist() == [0, 1, 2, 3, 4]
    values = flawed.eigenvalues(4, rng=1, trials=8, out=out)
    assert np.array_equal(values, flawed.eigenvalues(4, rng=1, trials=8))
    longer = flawed.eigenvalues(4, rng=1, trials=10, out=out)
    assert np.array_equal(longer[:8], values)
    before = out.stat().st_mtime_ns
    assert np.array_equal(flawed.eigenvalues(4, rng=1, trials=3, out=out), values[:3])
    assert out.stat().st_mtime_ns == before
    assert sorted(os.listdir(tmp_path)) == ["counters", "trials.npz"]


def test_a_killed_run_resumes(tmp_path):
    out = tmp_path / "trials.npz"
    code = (
        "import rmt, sys, rmt.ensembles.trial_file as f; f._SAVE_EVERY = 0.0; "
        f"rmt.wigner('uniform').eigenvalues(60, rng=3, trials=int(sys.argv[1]), out={str(out)!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code, "100000"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (out.exists() and len(np.load(out)["trials"]) > 3):
        time.sleep(0.02)
    process.kill()
    process.wait()
    finished = np.load(out)["trials"]
    assert finished.tolist() == list(range(len(finished)))
    trials = len(finished) + 5
    values = rmt.wigner("uniform").eigenvalues(60, rng=3, trials=trials, out=out)
    assert np.array_equal(values, rmt.wigner("uniform").eigenvalues(60, rng=3, trials=trials))


def test_a_file_of_other_trials_is_refused(tmp_path):
    out = tmp_path / "trials.npz"
    rmt.wishart(ratio=2).eigenvalues(5, rng=0, trials=2, out=out)
    with pytest.raises(ValueError, match=r"holds other trials: its ensemble is 'wishart\(ratio=2\)', not 'goe\(\)'"):
        rmt.goe().eigenvalues(5, rng=0, trials=2, out=out)
    with pytest.raises(ValueError, match=r"its n is 5, not 6"):
        rmt.wishart(ratio=2).eigenvalues(6, rng=0, trials=2, out=out)
    with pytest.raises(ValueError, match=r"its entropy is 0, not 1"):
        rmt.wishart(ratio=2).eigenvalues(5, rng=1, trials=2, out=out)
    with pytest.raises(ValueError, match=r"its method is 'eigenvalues', not 'singular_values'"):
        rmt.wishart(ratio=2).singular_values(5, rng=0, trials=2, out=out)


def test_bad_files(tmp_path):
    garbage = tmp_path / "garbage.npz"
    garbage.write_text("not an archive")
    with pytest.raises(ValueError, match="is not a file of trials"):
        rmt.goe().eigenvalues(5, rng=0, trials=2, out=garbage)
    with pytest.raises(FileNotFoundError):
        rmt.goe().eigenvalues(5, rng=0, trials=2, out=tmp_path / "missing" / "trials.npz")
    with pytest.raises(ValueError, match=r"out= needs rng= \(a seed\), got None"):
        rmt.goe().eigenvalues(5, trials=2, out=tmp_path / "trials.npz")


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"executor must be a concurrent.futures.Executor, got 4"):
        rmt.goe().eigenvalues(5, executor=4)
    with pytest.raises(ValueError, match="trials must be an integer >= 1, got 0"):
        rmt.goe().eigenvalues(5, trials=0)


# ---------------------------------------------------------------------- progress
def test_progress_is_silent_when_stderr_is_not_a_terminal(capsys):
    rmt.goe().eigenvalues(5, rng=0, trials=3, progress=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("delay", "shown"), [(0.0, True), (60.0, False)])
def test_progress_on_a_terminal(monkeypatch, capsys, delay, shown):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("rmt.ensembles.repeats._PROGRESS_DELAY", delay)
    rmt.goe().eigenvalues(5, rng=0, trials=3, progress=True)
    assert ("trial" in capsys.readouterr().err) == shown


def test_progress_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert rmt.goe().eigenvalues(5, rng=0, trials=3, progress=True).shape == (3, 5)
