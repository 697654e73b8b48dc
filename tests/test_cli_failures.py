"""The command line when something goes wrong: exit codes, sentences, terminals, and what counts as a value."""

import io
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cases import long_beyond

import rmt
from rmt.cli import main
from rmt.cli.parser import Parser
from rmt.errors import ConvergenceError


def outcome(capsys, *arguments):
    code = main(arguments)
    out, error = capsys.readouterr()
    assert error.count("\n") == (1 if code else 0), error
    return code, out, error


def program(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "rmt", *arguments], check=False, **options)


def WithoutText(kind):  # noqa: N802 - makes a class
    """A kind of error whose text cannot be had."""

    def refuse(self):
        raise ZeroDivisionError

    return type(f"Silent{kind.__name__}", (kind,), {"__str__": refuse})


# ---------------------------------------------------------------------- exit codes
FAILURES = [
    ConvergenceError("no root was found"),
    OverflowError(34, "Numerical result out of range"),
    ZeroDivisionError("float division by zero"),
    IndexError("list index out of range"),
    np.linalg.LinAlgError("Eigenvalues did not converge"),
    MemoryError(),
    MemoryError("Unable to allocate 7 GiB"),
    OSError(5, "Input/output error", "x"),
    OSError("no number"),
    RuntimeError("two\nlines"),
    SystemExit(1),
    SystemExit(),
    GeneratorExit("of another kind than Exception"),
    RecursionError("maximum recursion depth exceeded"),
    AssertionError(),
    BrokenPipeError(32, "Broken pipe"),
    BrokenPipeError(),
    WithoutText(ValueError)("a"),
    WithoutText(RuntimeError)("a"),
    WithoutText(OSError)("a"),
    WithoutText(MemoryError)("a"),
    OverflowError(WithoutText(ValueError)("a")),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda e: f"{type(e).__name__}{e.args[:1]}")
@pytest.mark.parametrize(
    ("place", "call"),
    [
        ("rmt.ensembles.ensemble.Ensemble.eigenvalues", "compare wishart -n 30"),
        ("rmt.spectra.compare", "compare goe -n 30"),
        ("rmt.plotting.save", "law semicircle --out x.png"),
        ("rmt.laws.named.semicircle.Semicircle._pdf", "law semicircle --at 1"),
        ("rmt.networks.MLP.isometry", "isometry --activation relu --depth 3 --sigma-w 1"),
        ("rmt.cli.gallery.Script.figure", "gallery F05 --out ."),
        ("rmt.cli.sample._as_json", "sample goe -n 3 --json"),
    ],
    ids=lambda text: text.split()[0],
)
def test_what_is_not_foreseen_is_a_sentence_and_three(capsys, tmp_path, monkeypatch, place, call, failure):
    def fail(*_, **__):
        raise failure

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(place, fail)
    refused = isinstance(failure, ValueError) and not isinstance(failure, np.linalg.LinAlgError)
    code, out, error = outcome(capsys, *call.split())
    assert code in ((2, 3) if refused else (3,))
    assert out == ""
    assert error.startswith("rmt: error: ")
    if "Silent" in type(failure).__name__:
        assert f"a {type(failure).__name__} whose text cannot be had" in error
    assert "Traceback" not in error
    assert os.listdir(tmp_path) == []


def test_one_means_rejected_and_nothing_else(capsys, monkeypatch):
    monkeypatch.setattr("rmt.ensembles.gaussian.WignerEnsemble.law", lambda self: rmt.Semicircle(variance=2))
    assert main(["compare", "goe", "-n", "200", "--seed", "0"]) == 1
    assert "rejected" in capsys.readouterr().out


def test_numbers_too_large_for_floats_are_a_sentence(capsys):
    for call in (
        "law semicircle --mean 1e308 --variance 1e300",
        "isometry --activation tanh --depth 8 --sigma-w 1e200",
    ):
        code, out, _ = outcome(capsys, *call.split())
        assert code in (2, 3)
        assert out == ""


def test_the_remedy_for_moments_too_large_works(capsys):
    call = ["law", "semicircle", "--mean", "1e308"]
    code, _, error = outcome(capsys, *call)
    assert code == 3
    assert "moments up to order 4 exceed the largest float; ask for fewer: --moments" in error
    assert outcome(capsys, *call, "--moments", "1")[0] == 0


def test_an_interrupt(capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("rmt.ensembles.ensemble.Ensemble.eigenvalues", interrupt)
    assert outcome(capsys, "compare", "goe") == (130, "", "rmt: error: interrupted\n")


def test_an_interrupt_while_the_command_line_loads():
    loading = (
        "import runpy, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'rmt.cli.parser': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.argv = ['rmt', '--version']\n"
        "runpy.run_module('rmt', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "rmt: error: interrupted\n")


def test_a_law_whose_moments_no_float_holds_is_not_sent_to_python(capsys):
    code, out, error = outcome(capsys, "compare", "wishart", "--ratio", "1e308", "-n", "10", "--seed", "0")
    assert code in (0, 2, 3)
    assert "exact=" not in out + error


# ---------------------------------------------------------------------- terminals
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_the_reader_of_a_file_leaves(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    call = ("sample", "haar-unitary", "-n", "120", "--matrix", "--seed", "0", "--out", str(pipe))
    with subprocess.Popen([sys.executable, "-m", "rmt", *call], stdout=-1, stderr=-1, text=True) as running:
        with pipe.open("rb") as reader:
            reader.read(1)
        out, error = running.communicate()
    assert (running.returncode, out) == (3, "")
    assert error.startswith("rmt: error: cannot read or write")


@pytest.mark.parametrize("buffered", [True, False])
def test_the_reader_of_the_output_leaves(buffered):
    environment = {**os.environ} if buffered else {**os.environ, "PYTHONUNBUFFERED": "1"}
    call = [sys.executable, "-m", "rmt", "sample", "haar-unitary", "-n", "120", "--matrix", "--seed", "0"]
    with subprocess.Popen(call, stdout=-1, stderr=-1, env=environment) as running:
        running.stdout.read(1)
        running.stdout.close()
        error = running.stderr.read()
    assert (running.returncode, error) == (0, b"")


def test_a_full_disk_behind_the_output():
    always_full = Path("/dev/full")  # Linux has it
    calls = (["--help"], ["law", "--help"], ["law", "semicircle", "--json"]) if always_full.exists() else ()
    for call in calls:
        with always_full.open("wb") as full:
            done = program(*call, stdout=full, stderr=subprocess.PIPE)
            assert done.returncode == 3
            assert done.stderr == b"rmt: error: cannot read or write the output: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(
    "call", long_beyond(["law nonsense", "sample goe -n 5 --trials 2", "compare goe -n 5 --seed 0", "list"], 2)
)
def test_a_process_whose_streams_are_closed(call, closed):
    command = f"{sys.executable} -m rmt {call} {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == (2 if "nonsense" in call else 0)
    assert (done.stderr == "") == ("2>&-" in closed or "nonsense" not in call)
    assert (done.stdout == "") == (">&-" in closed.split() or "nonsense" in call)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("it does not divide; pass n=100 or give input_q=.", "it does not divide; pass -n 100 or give --input-q ."),
        ("set band=(-1, 1), or use digits=50 here", "set --band (-1, 1), or use --digits 50 here"),
        ("too large; ask for exact=True", "too large"),
        ("too large; ask for exact=True; or take -n 3", "too large; or take -n 3"),
        ("gue() + wishart(ratio=2) is not square", "gue() + wishart(ratio=2) is not square"),
    ],
)
def test_remedies_name_options(sentence, said):
    parser = Parser(prog="rmt law")
    for option in ("-n", "--input-q", "--band", "--digits"):
        parser.add_argument(option)
    assert parser.in_options(sentence) == said


def test_remedies_of_a_command(capsys, monkeypatch):
    def run(arguments):
        raise OverflowError("the mean exceeds the largest float; ask for exact=True; or pass moments=2")

    monkeypatch.setattr("rmt.cli.law.run", run)
    code, _, error = outcome(capsys, "law", "semicircle")
    assert code == 3
    assert error.endswith("the largest float; or pass --moments 2\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_text_fits_every_terminal(encoding, monkeypatch):
    name = "gö\u03b5\udcff"
    for call in (["list"], ["--help"], ["gallery"], ["gallery", "--index"], ["cite", "product-wishart"], ["law", name]):
        streams = io.TextIOWrapper(io.BytesIO(), encoding), io.TextIOWrapper(io.BytesIO(), encoding)
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        code = main(call)
        out, error = (stream.buffer.getvalue().decode(encoding) for stream in streams)
        assert code == (2 if name in call else 0)
        assert bool(out) != bool(error)
        assert [stream.errors for stream in streams] == ["strict", "strict"]
        if call == ["list"]:
            assert ("Młotkowski" if encoding == "utf-8" else "Mlotkowski") in out
            assert ("Müller" if encoding != "ascii" else "Muller") in out


def test_a_process_in_an_ascii_terminal():
    done = program("isometry", "--help", env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"sigma_w" in done.stdout


# ---------------------------------------------------------------------- values
@pytest.mark.parametrize(
    ("call", "law"),
    [
        ("semicircle --mean -1/3", rmt.Semicircle(mean=Fraction(-1, 3))),
        ("semicircle --mean -.5", rmt.Semicircle(mean=-0.5)),
        ("semicircle --mean -1e-3", rmt.Semicircle(mean=-1e-3)),
        ("uniform --low -1/2 --high 1/2", rmt.Uniform(low=Fraction(-1, 2), high=Fraction(1, 2))),
        ("atomic --positions -1,1 --weights .5,.5", rmt.Atomic((-1, 1), (0.5, 0.5))),
        ("atomic --positions -1/2,-.25,3 --weights 1/4,1/4,1/2",
         rmt.Atomic((Fraction(-1, 2), -0.25, 3), (Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)))),
    ],
)  # fmt: skip
def test_negative_fractions_and_lists_are_values(capsys, call, law):
    code, out, _ = outcome(capsys, "law", *call.split(), "--at", "-1/3", "-.5", "-1", "-inf", "--json")
    record = json.loads(out)
    assert (code, record["law"]) == (0, repr(law))
    assert [row["pdf"] for row in record["at"][:3]] == [law.pdf(x) for x in (-1 / 3, -0.5, -1.0)]
    assert record["at"][3]["cdf"] == 0.0


@pytest.mark.parametrize("value", ["-nan", "-inf", "-1/3", "-1,1", "-1e3x"])
def test_what_looks_like_a_negative_number_is_a_value_beside_the_option_n(capsys, value):
    code, _, error = outcome(capsys, "sample", "wishart", "--ratio", value)
    assert code == 2
    assert "expected one argument" not in error


@pytest.mark.parametrize("value", ["-x", "--1", "-1x", "-n,1"])
def test_what_only_looks_like_a_negative_number(capsys, value):
    code, _, _ = outcome(capsys, "law", "semicircle", "--mean", value)
    assert code == 2


@pytest.mark.parametrize("text", ["2", "0.5", "1/3", "2e-1", "7/2"])
def test_ensembles_read_the_numbers_that_laws_read(capsys, text):
    assert outcome(capsys, "law", "marchenko-pastur", "--ratio", text, "--json")[0] == 0
    call = ("sample", "wishart", "--ratio", text, "-n", "24", "--seed", "0", "--json")
    values = json.loads(outcome(capsys, *call)[1])["values"]
    expected = rmt.wishart(ratio=Fraction(text)).eigenvalues(24, rng=0)
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)


def test_every_real_parameter_of_an_ensemble_takes_a_fraction(capsys):
    from rmt.ensembles.catalogue import CATALOGUE

    tried = 0
    for entry in CATALOGUE.values():
        for option in [f"--{p.name}=1/2" for p in entry.parameters if p.kind == "float"]:
            tried += 1
            code, out, _ = outcome(capsys, "sample", entry.name, option, "-n", "6", "--seed", "0", "--json")
            assert code == 0, (entry.name, option)
            assert np.isfinite(json.loads(out)["values"]).all()
    assert tried >= 5


def test_an_empty_name_is_not_ignored(capsys):
    for call in ("sample goe", "compare goe", "law semicircle", "isometry --activation relu --depth 2 --sigma-w 1"):
        code, out, error = outcome(capsys, *call.split(), "--out", "")
        assert (code, out) == (2, "")
        assert "is written to a file ending in" in error
    assert "the folder is empty" in outcome(capsys, "gallery", "--out", "")[2]


# ---------------------------------------------------------------------- gallery
def test_size_too_small_for_a_figure_is_a_sentence(capsys, tmp_path):
    code, out, error = outcome(capsys, "gallery", "F16", "-n", "7", "--out", str(tmp_path))
    assert (code, out, error) == (2, "", "rmt: error: F16: n must be an integer >= 8, got 7\n")
    assert "-n must be an integer >= 2, got 1" in outcome(capsys, "gallery", "F01", "-n", "1", "--out", ".")[2]
    assert "not allowed with" in outcome(capsys, "gallery", "--json", "--index")[2]


def test_a_figure_named_twice_is_built_once(capsys, tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr("rmt.cli.gallery._build", lambda script, *_: built.append(script.id) or "x.png")
    assert outcome(capsys, "gallery", "f05", "F04", "F05", "--out", str(tmp_path))[0] == 0
    assert built == ["F05", "F04"]
