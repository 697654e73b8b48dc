"""Files of trials: what is refused, what survives, and who is told apart."""

import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import rmt


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
    third = run("x * 3.0", 3)
    assert third.startswith("refused: ")
    assert "its numbers is" in third


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
