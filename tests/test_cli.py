"""The command line: numbers, files, exit codes, messages."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest

import rmt
from rmt.cli import COMMANDS, main
from rmt.numerics.progress import Progress


def fails(capsys, *arguments):
    """Message of a call that must end with exit code 2, in one line on stderr, with nothing on stdout."""
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("rmt: error: ")
    assert "Traceback" not in error
    assert error.count("\n") == 1
    return error


def succeeds(capsys, *arguments, code=0):
    assert main(arguments) == code
    out, error = capsys.readouterr()
    assert error == ""
    return out


# ---------------------------------------------------------------------- as a program
def test_program_runs_and_exits_with_its_codes(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "rmt", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
        )

    done = run("compare", "goe", "-n", "50", "--seed", "0", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "accepted"
    wrong = run("compare", "goo")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean 'goe'" in wrong.stderr
    assert run("--version").stdout == f"rmt {rmt.__version__}\n"


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m rmt sample goe -n 3000 --seed 0 | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert result.stderr == ""


def test_version_and_help_load_no_numerics():
    code = (
        "import sys; from rmt.cli import main; main(['--version']); main(['--help']); "
        "print([m for m in ('scipy', 'matplotlib', 'numba', 'rmt.ensembles') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


# ---------------------------------------------------------------------- help
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(capsys, command):
    out = succeeds(capsys, command, "--help")
    assert f"rmt {command}" in out.split("examples:")[1]


def test_overview_names_every_command(capsys):
    out = succeeds(capsys)
    assert out == succeeds(capsys, "--help")
    assert all(f"  {name} " in out for name in COMMANDS)


def test_help_of_one_ensemble_shows_its_own_options(capsys):
    out = succeeds(capsys, "compare", "wishart", "--help")
    assert "parameters of wishart:" in out
    assert "--ratio RATIO" in out
    assert "--depth DEPTH" not in out


# ---------------------------------------------------------------------- compare
def test_compare_prints_the_numbers_of_the_library(capsys):
    arguments = ("compare", "product-wishart", "--depth", "3", "-n", "120", "--seed", "7")
    record = json.loads(succeeds(capsys, *arguments, "--json"))
    ensemble = rmt.product_wishart(depth=3)
    expected = rmt.spectra.compare(ensemble.eigenvalues(120, rng=7), ensemble.law(), ensemble=ensemble)
    assert {key: record[key] for key in expected.as_dict()} == expected.as_dict()
    assert (record["ensemble"], record["seed"], record["figure"]) == ("product_wishart(depth=3)", 7, None)
    text = succeeds(capsys, *arguments)
    assert str(expected) in text
    for number in ("n = 120", f"{record['ks']:.3g}", f"{record['tolerance']:.3g}", "accepted", "9.48148", "variance"):
        assert number in text


def test_compare_writes_the_figure(capsys, tmp_path):
    for ending, start in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        out = tmp_path / f"figure.{ending}"
        assert str(out) in succeeds(
            capsys, "compare", "wishart", "--ratio", "2", "-n", "60", "--seed", "0", "--out", str(out)
        )
        assert out.read_bytes().startswith(start)
    assert "Marchenko–Pastur law, ratio 2" in (tmp_path / "figure.svg").read_text(encoding="utf-8")


def test_a_fresh_seed_is_printed_and_repeats_the_run(capsys):
    code = main(["compare", "goe", "-n", "40", "--json"])
    assert code in (0, 1)  # one matrix in a hundred is rejected
    first = json.loads(capsys.readouterr().out)
    again = json.loads(
        succeeds(capsys, "compare", "goe", "-n", "40", "--json", "--seed", str(first["seed"]), code=code)
    )
    assert again == first


def test_a_rejected_comparison_exits_with_one(capsys, monkeypatch):
    monkeypatch.setattr("rmt.ensembles.covariance.WishartEnsemble.law", lambda self: rmt.MarchenkoPastur(ratio=1.5))
    out = succeeds(capsys, "compare", "wishart", "--ratio", "2", "-n", "400", "--seed", "0", code=1)
    assert "rejected" in out


def test_too_small_for_a_verdict(capsys):
    assert "no verdict" in succeeds(capsys, "compare", "jacobi", "-n", "5", "--seed", "0")
    assert "accepted" in succeeds(capsys, "compare", "goe", "-n", "1", "--seed", "0")  # exact laws hold at every n


def test_the_level_decides_the_exit_code(capsys):
    call = ("compare", "goe", "-n", "60", "--seed", "1", "--json")
    p_value = json.loads(succeeds(capsys, *call))["p_value"]
    assert 0.01 < p_value < 0.99
    assert json.loads(succeeds(capsys, *call, "--level", "0.99", code=1))["level"] == 0.99
    assert json.loads(succeeds(capsys, *call, "--spacings"))["parts"][-1]["name"] == "spacings"


def test_heavy_tails_warn_and_get_no_verdict(capsys):
    assert main(["compare", "wigner", "--entries", "cube_root_cauchy", "-n", "60", "--seed", "0"]) == 0
    out, error = capsys.readouterr()
    assert "no verdict" in out
    assert "no fourth moment" in out
    assert error.startswith("rmt: warning: ")
    assert "Bai-Yin" in error


def test_singular_values_and_trials(capsys):
    record = json.loads(
        succeeds(capsys, "compare", "goe", "-n", "40", "--seed", "0", "--trials", "3", "--singular-values", "--json")
    )
    assert (record["n"], record["size"]) == (40, 120)


# ---------------------------------------------------------------------- law
def test_law_prints_the_numbers_of_the_library(capsys):
    arguments = ("law", "marchenko-pastur", "--ratio", "2", "--at", "-1e-3", "0.5", "1", "--quantile", "0.25", "0.9")
    record = json.loads(succeeds(capsys, *arguments, "--json"))
    law = rmt.MarchenkoPastur(ratio=2)
    assert record["law"] == repr(law)
    assert record["atoms"] == [{"position": 0.0, "mass": 0.5}]
    assert record["moments"] == [1.0, 3.0, 11.0, 45.0]
    assert record["free_cumulants"] == [1.0, 2.0, 4.0, 8.0]
    assert [row["pdf"] for row in record["at"]] == [law.pdf(x) for x in (-1e-3, 0.5, 1.0)]
    assert [row["cdf"] for row in record["at"]] == [law.cdf(x) for x in (-1e-3, 0.5, 1.0)]
    assert [row["x"] for row in record["quantiles"]] == [0.0, law.ppf(0.9)]
    assert record["support"][0]["low"] == law.support[0].low
    text = succeeds(capsys, *arguments)
    for part in ("mass 0.5 at 0", "1  3  11  45", "soft edge", "0.210542199674", "quantile"):
        assert part in text


def test_law_at_a_pole_is_infinite(capsys):
    record = json.loads(succeeds(capsys, "law", "marchenko-pastur", "--at", "0", "--json"))
    assert record["at"][0]["pdf"] is None
    assert "infinite" in succeeds(capsys, "law", "marchenko-pastur", "--at", "0")


def test_law_takes_exact_numbers_and_lists(capsys):
    assert json.loads(succeeds(capsys, "law", "semicircle", "--variance", "1/4", "--json"))["moments"][1] == 0.25
    out = succeeds(capsys, "law", "atomic", "--positions", "0,1,3", "--weights", "1/4,1/4,1/2")
    assert "mass 0.5 at 3" in out


def test_law_draws(capsys, tmp_path):
    out = tmp_path / "law.svg"
    succeeds(capsys, "law", "fuss_catalan", "--order", "4", "--out", str(out))
    assert "Fuss–Catalan law, order 4" in out.read_text(encoding="utf-8")


# ---------------------------------------------------------------------- sample
def test_sample_writes_what_the_library_draws(capsys, tmp_path):
    expected = rmt.goe().eigenvalues(30, rng=5)
    for ending, read in (
        ("npy", np.load),
        ("txt", np.loadtxt),
        ("csv", lambda path: np.loadtxt(path, delimiter=",")),
    ):
        out = tmp_path / f"e.{ending}"
        assert "30" in succeeds(capsys, "sample", "goe", "-n", "30", "--seed", "5", "--out", str(out))
        np.testing.assert_array_equal(read(out), expected)


def test_sample_trials_are_rows(capsys, tmp_path):
    out = tmp_path / "e.csv"
    succeeds(capsys, "sample", "gue", "-n", "6", "--seed", "5", "--trials", "4", "--out", str(out))
    np.testing.assert_array_equal(np.loadtxt(out, delimiter=","), rmt.gue().eigenvalues(6, rng=5, trials=4))


def test_sample_matrices_and_singular_values(capsys, tmp_path):
    out = tmp_path / "m.csv"
    succeeds(capsys, "sample", "haar-unitary", "-n", "5", "--seed", "1", "--matrix", "--out", str(out))
    matrix = np.loadtxt(out, delimiter=",", dtype=complex)
    np.testing.assert_array_equal(matrix, rmt.haar_unitary().sample(5, rng=1))
    record = json.loads(succeeds(capsys, "sample", "ginibre", "-n", "5", "--seed", "1", "--singular-values", "--json"))
    np.testing.assert_array_equal(record["values"], rmt.ginibre().singular_values(5, rng=1))


def test_sample_to_the_screen(capsys):
    out = succeeds(capsys, "sample", "goe", "-n", "4", "--seed", "2")
    assert out.startswith("# goe(), n = 4, seed 2: eigenvalues\n")
    np.testing.assert_array_equal(np.loadtxt(out.splitlines()), rmt.goe().eigenvalues(4, rng=2))
    pairs = json.loads(succeeds(capsys, "sample", "haar-unitary", "-n", "4", "--seed", "2", "--json"))["values"]
    np.testing.assert_allclose(np.hypot(*np.transpose(pairs)), 1.0)


# ---------------------------------------------------------------------- list, cite
def test_list_names_every_ensemble_and_law(capsys):
    from rmt.cli.law_table import law_table
    from rmt.ensembles.catalogue import CATALOGUE

    out = succeeds(capsys, "list")
    record = json.loads(succeeds(capsys, "list", "--json"))
    assert [row["name"] for row in record["ensembles"]] == list(CATALOGUE)
    assert [row["name"] for row in record["laws"]] == list(law_table())
    for row in record["ensembles"]:
        assert row["name"] in out
        assert str(row["year"]) in out
        assert row["theorem"] in out


def test_theorems_of_the_laws_are_in_the_bibliography():
    """Every source names a law of the table, an author of refs.bib and the year of that entry."""
    from pathlib import Path

    from rmt.cli.law_table import SOURCES, law_table

    assert set(SOURCES) <= {entry.kind.__name__ for entry in law_table().values()}
    entries = (Path(__file__).parents[1] / "refs.bib").read_text(encoding="utf-8").split("\n@")
    for kind, (year, theorem) in SOURCES.items():
        author = theorem.split(": ")[1].split("-")[0].split(",")[0]
        assert any(f"author = {{{author}" in entry and f"year = {{{year}}}" in entry for entry in entries), kind


#: ensembles whose finite-n fluctuations are not known
UNCALIBRATED = {"band", "levy", "erdos-renyi", "rosenzweig-porter", "permutation"}


def test_every_ensemble_of_the_catalogue_compares(capsys):
    from rmt.ensembles.catalogue import CATALOGUE

    needed = {"projection": ("--fraction", "0.5")}
    for name, entry in CATALOGUE.items():
        if not entry.law:
            assert "no density is known for the limit law" in fails(capsys, "compare", name, "-n", "50")
            continue
        record = json.loads(
            succeeds(capsys, "compare", name, *needed.get(name, ()), "-n", "50", "--seed", "0", "--json")
        )
        # where nothing is calibrated, there is no verdict
        assert record["passed"] or (record["passed"] is None and name in UNCALIBRATED), name


def test_cite_agrees_with_the_citation_file(capsys):
    from pathlib import Path

    from rmt.cli.cite import AUTHOR, RELEASED, TITLE

    citation = (Path(__file__).parents[1] / "CITATION.cff").read_text()
    for text in (f'title: "{TITLE}"', f'name: "{AUTHOR}"', f'date-released: "{RELEASED}"'):
        assert text in citation
    assert TITLE in succeeds(capsys, "cite")
    assert "1967" in succeeds(capsys, "cite", "wishart")


# ---------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("compre goe", "no command 'compre'; did you mean compare?"),
        ("frobnicate", "the commands are compare, fit"),
        ("compare", "the following arguments are required: ensemble"),
        ("compare wishrt", "unknown ensemble 'wishrt'; did you mean 'wishart'"),
        ("sample zzz", "unknown ensemble 'zzz'; accepted: "),
        ("law semicircl", "unknown law 'semicircl'; did you mean 'semicircle'"),
        ("cite goo", "did you mean 'goe'"),
        ("compare wishart --ratio 0", "ratio must be a finite real number > 0, got 0"),
        ("compare wishart --ratio -2", "ratio must be a finite real number > 0, got -2"),
        ("compare wishart --ratio nan", "ratio must be a finite real number > 0, got nan"),
        ("compare wishart --ratio two", "ratio must be a number, got 'two'"),
        ("law marchenko-pastur --ratio two", "--ratio needs a number such as 2, 0.5 or 1/3, got 'two'"),
        ("law marchenko-pastur --ratio 1/0", "--ratio needs a number"),
        ("law marchenko-pastur --ratio -1", "ratio must be a finite real number > 0, got -1"),
        ("law semicircle --variance 0", "variance must be a finite real number > 0, got 0"),
        ("law atomic --positions 0,1 --weights 0.5,0.6", "sum"),
        ("law atomic", "atomic needs --positions"),
        ("law semicircle --quantile 1.5", "--quantile must lie in [0, 1], got 1.5"),
        ("law semicircle --at x", "--at needs a number"),
        ("law semicircle --at 0 nan", "--at needs numbers, got nan"),
        ("law semicircle --log --out x.png", "log=True needs a law on [0, inf)"),
        ("compare goe -n 0", "-n must be an integer >= 1, got 0"),
        ("compare goe -n -5", "-n must be an integer >= 1, got -5"),
        ("compare goe -n 2.5", "-n must be an integer >= 1, got '2.5'"),
        ("sample goe --trials 0", "--trials must be an integer >= 1, got 0"),
        ("sample goe --seed -1", "--seed must be an integer >= 0, got -1"),
        ("compare goe --seed x", "--seed must be an integer >= 0, got 'x'"),
        ("compare goe --ratio 2", "goe has no option --ratio; it takes no parameters"),
        ("compare wishart --depth 2", "wishart has no option --depth; it takes --ratio"),
        ("compare goe --colour red", "unrecognized arguments: --colour red (see rmt compare --help)"),
        ("compare wishart --entries cauchy", "cauchy"),
        ("compare wishart --entries gausian", "did you mean 'gaussian'"),
        ("compare wigner --entries student(2)", "2"),
        ("compare wishart --field quaternion", "field"),
        ("compare goe --log", "--log needs a spectrum on [0, inf)"),
        ("compare goe --bins 0", "--bins must be an integer >= 1, got 0"),
        ("compare goe --out nowhere/x.png", "there is no folder 'nowhere'"),
        ("compare goe --out x.jpeg", "a figure is written to a file ending in .png, .pdf, .svg"),
        ("sample goe --out x.xlsx", "a sample is written to a file ending in .npy, .csv, .txt"),
        ("sample goe --matrix --trials 2", "--matrix writes one matrix"),
        ("sample goe --matrix --singular-values", "not allowed with"),
        ("gallery F99 --out x", "unknown figure 'F99'"),
        ("gallery F01", "--out FOLDER is needed"),
    ],
)
def test_mistakes_are_named_in_one_line(capsys, tmp_path, monkeypatch, call, message):
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *call.split())
    assert list(tmp_path.iterdir()) == []


def test_unwritable_paths_are_found_before_the_work(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("rmt.ensembles.ensemble.Ensemble.eigenvalues", lambda *_, **__: pytest.fail("sampled first"))
    folder = tmp_path / "x.png"
    folder.mkdir()
    assert "this is a folder" in fails(capsys, "compare", "goe", "--out", str(folder))
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "no permission" in fails(capsys, "compare", "goe", "--out", str(tmp_path / "y.png"))
    assert "no permission" in fails(capsys, "sample", "goe", "--out", str(tmp_path / "y.npy"))
    assert "no permission" in fails(capsys, "gallery", "--out", str(tmp_path))


def test_more_memory_than_there_is(capsys):
    assert "too large for memory" in fails(capsys, "sample", "goe", "-n", "10000000", "--matrix", "--out", "x.npy")


def test_a_number_that_cannot_be_certified_exits_with_three(capsys, monkeypatch):
    def fail(*_, **__):
        raise rmt.ConvergenceError("no convergence", point=1.0, residual=0.5)

    monkeypatch.setattr("rmt.laws.named.semicircle.Semicircle._pdf", fail)
    assert main(["law", "semicircle", "--at", "1"]) == 3
    assert "no convergence (point 1.0, residual 0.5)" in capsys.readouterr().err


# ---------------------------------------------------------------------- progress
class Terminal:
    def __init__(self, terminal):
        self.text, self.terminal = "", terminal
        self.written = threading.Event()

    def isatty(self):
        return self.terminal

    def write(self, text):
        self.text += text
        self.written.set()

    def flush(self):
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_on_a_terminal_only(monkeypatch, terminal):
    stream = Terminal(terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("rmt.numerics.progress.DELAY", 0.01)
    with Progress("sampling"):
        stream.written.wait(2.0 if terminal else 0.05)
    assert ("sampling ... 0 s" in stream.text) is terminal
    assert stream.text == "" or stream.text.endswith("\r")


def test_progress_is_silent_on_short_work(monkeypatch):
    stream = Terminal(True)
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("sampling"):
        pass
    assert stream.text == ""
