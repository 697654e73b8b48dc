"""Files of trials: what is refused, what survives, and who is told apart."""

import copy
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

import rmt
from rmt.networks import ResidualNetwork


@pytest.fixture
def written(tmp_path):
    """A file of four trials, and the call that continues it."""
    out = tmp_path / "trials.npz"

    def call(trials=4):
        return rmt.goe().eigenvalues(5, rng=0, trials=trials, out=out)

    call()
    return out, call


def changed(out, **arrays):
    with np.load(out) as archive:
        kept = dict(archive)
    np.savez(out, **{**kept, **arrays})


# ---------------------------------------------------------------------- what is no file of trials
@pytest.mark.parametrize(
    "arrays",
    [
        {"values": np.ones((4, 7))},
        {"values": np.ones((3, 5))},
        {"values": np.ones(4)},
        {"values": np.float64(1.0)},
        {"values": np.full((4, 5), np.nan)},
        {"values": np.full((4, 5), "text")},
        {"values": np.ones((4, 5))},
        {"trials": np.float64(3.0)},
        {"trials": np.array([0, 1, 1, 3])},
        {"trials": np.array([0, 1, 2, -3])},
        {"trials": np.array([0.0, 1.0, 2.0, 3.0])},
        {"trials": np.array([1, 0, 2, 3])},
        {"identity": np.array("no JSON")},
        {"identity": np.array("[1, 2]")},
        {"identity": np.array(json.dumps({"ensemble": "goe()"}))},
        {"seal": np.array("")},
    ],
    ids=str,
)  # fmt: skip
def test_changed_arrays_are_refused(written, arrays):
    out, call = written
    changed(out, **arrays)
    with pytest.raises(ValueError, match=r"trials.npz' is not a file of trials: its? .*give another name") as caught:
        call(6)
    assert "pickle" not in str(caught.value)


def test_other_files_are_refused(written):
    out, call = written
    whole = out.read_bytes()
    kinds = [b"", b"text", whole[:-30], whole[: len(whole) // 2], pickle.dumps({"trials": 1})]
    np.save(out.with_suffix(".npy"), np.ones((4, 5)))
    kinds.append(out.with_suffix(".npy").read_bytes())
    np.save(out.with_suffix(".npy"), np.array([{}], dtype=object), allow_pickle=True)
    kinds.append(out.with_suffix(".npy").read_bytes())
    np.savez(out, trials=np.array([{}], dtype=object), values=np.ones((1, 5)), identity=np.array(""))
    kinds.append(out.read_bytes())
    np.savez(out, trials=np.arange(4), values=np.ones((4, 5)))
    kinds.append(out.read_bytes())
    for content in kinds:
        out.write_bytes(content)
        with pytest.raises(ValueError, match="is not a file of trials: it cannot be read") as caught:
            call()
        assert "pickle" not in str(caught.value)
        assert out.read_bytes() == content


def test_every_flipped_byte_is_refused_or_harmless(written):
    out, call = written
    whole, expected = out.read_bytes(), call()
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        out.write_bytes(damaged)
        try:
            values = call()
        except ValueError:
            refused += 1
        else:
            assert np.array_equal(values, expected)  # a date or a flag of the archive, which nobody reads
    assert refused > len(whole) / 7 / 2


def test_a_folder_or_a_missing_one_is_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        rmt.goe().eigenvalues(5, rng=0, out=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"missing/trials\.npz"):
        rmt.goe().eigenvalues(5, rng=0, out=tmp_path / "missing" / "trials.npz")


def test_a_link_stays_a_link(written):
    out = written[0]
    link = out.with_name("link.npz")
    link.symlink_to(out)
    values = rmt.goe().eigenvalues(5, rng=0, trials=6, out=link)
    assert link.is_symlink()
    assert np.array_equal(np.load(out)["values"], values)
    assert sorted(os.listdir(out.parent)) == ["link.npz", "trials.npz"]


# ---------------------------------------------------------------------- laws of functions
PROGRAM = """
import sys
import rmt
ballast = [object() for _ in range(int(sys.argv[3]))]
law = rmt.Law.from_pdf(lambda x: x * {slope}, (0.0, 1.0))
try:
    values = rmt.diagonal(law).eigenvalues(20, rng=0, trials=int(sys.argv[2]), out=sys.argv[1])
except ValueError as error:
    print("refused:", error)
else:
    print(values.shape, repr(values[0, :3].tolist()))
"""


def test_laws_of_functions_are_known_by_their_numbers(tmp_path):
    out = tmp_path / "trials.npz"

    def run(slope, trials):
        command = [sys.executable, "-c", PROGRAM.format(slope=slope), str(out), str(trials), str(1000 * trials)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    first, second = run("2.0", 2), run("2.0", 3)
    assert first.startswith("(2, 20)")
    assert second == first.replace("(2, 20)", "(3, 20)")
    assert "0x" not in str(np.load(out)["identity"])
    third = run("(1.0 + x) * 1.2", 3)
    assert third.startswith("refused: ")
    assert "what has this name gave other numbers then" in third


class Named:
    """A function whose repr says nothing, or an address."""

    def __init__(self, slope, shown):
        self.slope, self.shown = slope, shown

    def __call__(self, x):
        return np.tanh(self.slope * x)

    def __repr__(self):
        return self.shown


def tanh_of(slope):
    def act(x):
        return np.tanh(slope * x)

    return act


def jacobian(act):
    return rmt.MLP(depth=2, activation=act, sigma_w=1.2).jacobian()


def histogram(heights):
    return stats.rv_histogram((np.array(heights), np.linspace(-1.0, 1.0, 4)), density=False)()


@pytest.mark.parametrize(
    ("make", "method"),
    [
        (lambda c: jacobian(tanh_of(c)), "singular_values"),
        (lambda c: jacobian(Named(c, "act")), "singular_values"),
        (lambda c: jacobian(Named(c, "act at 0x12")), "singular_values"),
        (lambda c: ResidualNetwork(2, tanh_of(c), sigma_w=1.2).jacobian(), "singular_values"),
        (lambda c: rmt.wigner(entries=histogram([c, 1.0, 2.0])), "eigenvalues"),
        (lambda c: rmt.wigner(entries=stats.rv_discrete(values=([-1, 0, c], [0.3, 0.4, 0.3]))()), "eigenvalues"),
        (lambda c: rmt.ginibre(entries=histogram([c, 1.0, 2.0])) + rmt.goe(), "eigenvalues"),
    ],
    ids=["function", "repr", "repr with an address", "residual", "rv_histogram", "rv_discrete", "expression"],
)
def test_what_one_name_stands_for_is_told_apart(tmp_path, make, method):
    def draw(c, trials, out=None):
        return getattr(make(c), method)(30, rng=1, trials=trials, out=out)

    out = tmp_path / "trials.npz"
    first = draw(1, 2, out)
    assert not np.array_equal(first, draw(2, 2))  # there is something to tell apart
    assert np.array_equal(draw(1, 3, out)[:2], first)
    with pytest.raises(ValueError, match="holds other trials: what has this name gave other numbers then"):
        draw(2, 3, out)


class Half(rmt.Ensemble):
    """Numbers times `factor` in the trials that do not begin near `first`, and as they are in those that do."""

    def __init__(self, factor, first):
        self.factor, self.first = factor, first

    def law(self):
        return rmt.Semicircle()

    def _sample(self, n, rng):
        numbers = rng.standard_normal(n)
        return np.diag(numbers * (self.factor if abs(numbers[0] - self.first) > 0.1 else 1.0))

    def __repr__(self):
        return "Half()"


def test_ensembles_that_agree_on_one_trial_are_told_apart(tmp_path):
    first = np.random.default_rng(0).spawn(1)[0].standard_normal()  # of the first fixed trial, where all agree
    out = tmp_path / "trials.npz"
    Half(2.0, first).eigenvalues(30, rng=1, trials=2, out=out)
    with pytest.raises(ValueError, match="gave other numbers"):
        Half(3.0, first).eigenvalues(30, rng=1, trials=2, out=out)


class Even(rmt.Ensemble):
    """Exists where n is a multiple of 100 only."""

    def law(self):
        return rmt.Semicircle()

    def _sample(self, n, rng):
        if n % 100:
            raise ValueError("n must be a multiple of 100")
        return np.diag(rng.standard_normal(n))

    def __repr__(self):
        return "Even()"


def test_ensembles_that_do_not_exist_at_small_sizes(tmp_path):
    values = Even().eigenvalues(100, rng=1, trials=2, out=tmp_path / "trials.npz")
    assert np.array_equal(Even().eigenvalues(100, rng=1, trials=2, out=tmp_path / "trials.npz"), values)


class Unlucky(Even):
    """Fails for one of the seeds by which ensembles are told apart, as LAPACK does for some matrices."""

    def _sample(self, n, rng):
        diagonal = rng.standard_normal(n)
        if rng.bit_generator.seed_seq.entropy == 0 and rng.bit_generator.seed_seq.spawn_key == (1,):
            raise np.linalg.LinAlgError("no convergence")
        return np.diag(diagonal)


def test_a_fixed_trial_that_fails_does_not_forbid_files(tmp_path):
    out = tmp_path / "trials.npz"
    values = Unlucky().eigenvalues(100, rng=1, trials=2, out=out)
    assert np.array_equal(Unlucky().eigenvalues(100, rng=1, trials=3, out=out)[:2], values)


def rewritten(out, change):
    """The same file with another identity, sealed."""
    from rmt.ensembles.trial_file import _seal

    with np.load(out) as archive:
        trials, values, identity = archive["trials"], archive["values"], json.loads(str(archive["identity"]))
    change(identity)
    text = json.dumps(identity)
    np.savez(out, trials=trials, values=values, identity=np.array(text), seal=np.array(_seal(trials, values, text)))


def test_rounding_is_no_other_ensemble(written):
    out, call = written
    expected = call(6)

    def nudge(size):
        return lambda identity: identity.update(numbers=[x + size for x in identity["numbers"]])

    rewritten(out, nudge(1e-12))
    assert np.array_equal(call(6), expected)
    rewritten(out, nudge(1e-7))
    with pytest.raises(ValueError, match="this machine rounds otherwise"):
        call(6)


@pytest.mark.parametrize("numbers", [None, "a digest"])
def test_files_of_versions_that_kept_no_numbers_are_refused(written, numbers):
    out, call = written
    rewritten(out, lambda identity: identity.update(numbers=numbers))
    with pytest.raises(ValueError, match="does not say which numbers its functions give"):
        call()


def test_infinite_results_are_kept(tmp_path):
    """Logarithms of zeros are results; their file was refused."""

    def draw(trials):
        jacobian = rmt.MLP(depth=2, activation="relu", sigma_w=1.4).jacobian()
        return jacobian.log_singular_values(10, rng=1, trials=trials, out=tmp_path / "trials.npz")

    first = draw(2)
    assert np.isneginf(first).any()
    assert np.array_equal(draw(3)[:2], first)


# ---------------------------------------------------------------------- seeds and names
@pytest.mark.parametrize(
    "seed",
    [
        np.array([1, 2, 3]),
        np.array([1, 2, 3], dtype=np.uint32),
        [np.int64(1), 2, np.uint8(3)],
        np.random.SeedSequence(np.array([1, 2, 3])),
        np.random.default_rng(np.array([1, 2, 3])),
    ],
    ids=["array", "uint32", "mixed", "sequence", "generator"],
)
def test_seeds_that_are_arrays(tmp_path, seed):
    out = tmp_path / "trials.npz"
    expected = rmt.goe().eigenvalues(5, rng=[1, 2, 3], trials=3, out=out)
    assert np.array_equal(rmt.goe().eigenvalues(5, rng=copy.deepcopy(seed), trials=3, out=out), expected)
    assert np.array_equal(rmt.goe().eigenvalues(5, rng=seed, trials=3, out=tmp_path / "other.npz"), expected)
    with pytest.raises(ValueError, match=r"its entropy is \[1, 2, 3\], not \[1, 2, 4\]"):
        rmt.goe().eigenvalues(5, rng=np.array([1, 2, 4]), trials=3, out=out)


class Path8:
    def __fspath__(self):
        return b"trials.npz"


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        ("a\0b.npz", ValueError, r"out must be the path of a .npz file, got 'a\\x00b.npz': no file has a name with"),
        ("a\ud800.npz", ValueError, "no file has a name with such characters"),
        (b"a.npz", TypeError, r"out must be the path of a .npz file, got b'a.npz' of type bytes; os.fsdecode"),
        (Path8(), TypeError, r"of type Path8; os.fsdecode gives its text"),
    ],
    ids=["NUL", "half a surrogate", "bytes", "path of bytes"],
)
def test_names_that_no_file_has(out, error, message):
    with pytest.raises(error, match=message):
        rmt.goe().eigenvalues(5, rng=0, trials=2, out=out)


# ---------------------------------------------------------------------- executors
def unpicklable():
    return rmt.diagonal(rmt.Law.from_pdf(lambda x: 2.0 * x, (0.0, 1.0)))


def test_what_cannot_be_sent_names_threads():
    ensemble = unpicklable()
    with (
        ProcessPoolExecutor(2) as pool,
        pytest.raises(TypeError, match=r"cannot be sent to another process \(.*threads \(ThreadPoolExecutor\)"),
    ):
        ensemble.eigenvalues(5, rng=0, trials=4, executor=pool)
    with ThreadPoolExecutor(2) as pool:
        values = ensemble.eigenvalues(5, rng=0, trials=4, executor=pool)
    assert np.array_equal(values, ensemble.eigenvalues(5, rng=0, trials=4))


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_a_shut_executor_is_a_mistake(kind, tmp_path):
    with kind(1) as pool:
        pass
    with pytest.raises(ValueError, match=r"executor must be open while it works, got <.*with block"):
        rmt.goe().eigenvalues(5, rng=0, trials=3, executor=pool, out=tmp_path / "trials.npz")
