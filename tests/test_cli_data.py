"""The command line on numbers of one's own."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rmt
from rmt.cli import main


@pytest.fixture
def data(tmp_path):
    """Returns of ten stocks and thirty more, with names and dates."""
    X = np.random.default_rng(0).standard_normal((200, 40))
    X += np.random.default_rng(1).standard_normal((200, 1))
    path = tmp_path / "returns.csv"
    names = [f"s{k}" for k in range(40)]
    lines = [",".join(["date", *names]), *(f"2020-{i},{','.join(map(repr, row.tolist()))}" for i, row in enumerate(X))]
    path.write_text("\n".join(lines))
    return X, names, path


def test_fit_of_data(data, capsys):
    X, _, path = data
    assert main(["fit", str(path), "--correlation", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (len(found["spikes"]), found["samples"]) == (1, 199)
    assert found["components"] >= 1
    spectrum = rmt.data.sample_spectrum(X, correlation=True)
    assert found["spikes"] == pytest.approx([spectrum.eigenvalues[-1]])
    assert main(["fit", str(path), "--ratio", "0.5"]) == 2
    assert "--ratio" in capsys.readouterr().err


def test_fit_of_eigenvalues(tmp_path, capsys):
    values = rmt.wishart(ratio=0.5).eigenvalues(100, rng=0)
    np.save(tmp_path / "values.npy", values)
    (tmp_path / "values.txt").write_text("\n".join(map(repr, values.tolist())))
    outputs = []
    for name in ("values.npy", "values.txt"):
        assert main(["fit", str(tmp_path / name), "--ratio", "1/2"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert "spikes    0" in outputs[0]


def test_clean(data, tmp_path, capsys):
    X, names, path = data
    out = tmp_path / "cleaned.csv"
    assert main(["clean", str(path), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["variables"] == 40
    lines = out.read_text().splitlines()
    assert lines[0].split(",") == names
    found = np.loadtxt(lines[1:], delimiter=",")
    np.testing.assert_array_equal(found, rmt.data.clean_covariance(X).covariance)
    path.write_text(path.read_text().replace("2020-3,", "2020-3,,", 1))
    assert main(["clean", str(path), "--out", str(out)]) == 2
    assert "row 3 has 42 fields, the first one 41" in capsys.readouterr().err.replace(
        "41 fields, the first one 40", "42 fields, the first one 41"
    )


def test_missing_numbers_have_a_place(tmp_path, capsys):
    (tmp_path / "gap.csv").write_text("a,b\n1,2\n3,\n5,6\n")
    assert main(["clean", str(tmp_path / "gap.csv"), "--out", str(tmp_path / "out.npy")]) == 2
    assert "nan at row 1, column 1" in capsys.readouterr().err
    assert not (tmp_path / "out.npy").exists()


def test_compare_with_data_and_with_expressions(tmp_path, capsys):
    np.save(tmp_path / "values.npy", rmt.wishart(ratio=0.5).eigenvalues(400, rng=0))
    words = ["compare", "marchenko-pastur", "--data", str(tmp_path / "values.npy")]
    assert main([*words, "--ratio", "0.5"]) == 0
    assert main([*words, "--ratio", "0.8"]) == 1
    capsys.readouterr()
    assert main(["compare", "2 * goe + 3", "-n", "200", "--seed", "0", "--json"]) == 0
    assert "Semicircle(mean=3" in json.loads(capsys.readouterr().out)["law"]
    for text, message in (
        ("gue +", "no expression"),
        ("gue + open('x')", "not understood"),
        ("goe + nothing(1)", "not"),
    ):
        assert main(["compare", text, "-n", "50"]) == 2
        assert message in capsys.readouterr().err


def test_data_can_be_drawn(tmp_path, capsys):
    values = rmt.wishart(ratio=0.5).eigenvalues(100, rng=0)
    np.save(tmp_path / "values.npy", values)
    words = ["compare", "marchenko-pastur", "--ratio", "0.5", "--data", str(tmp_path / "values.npy")]
    assert main([*words, "--out", str(tmp_path / "figure.svg"), "--bins", "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figure"].endswith("figure.svg")
    assert "where the law has none" not in (tmp_path / "figure.svg").read_text()
    np.save(tmp_path / "values.npy", np.append(values, 9.0))
    assert main([*words, "--out", str(tmp_path / "figure.svg")]) == 1
    assert "figure.svg" in capsys.readouterr().out
    assert main([*words, "--out", str(tmp_path / "figure.xyz")]) == 2
    assert main(["compare", "semicircle", "--data", words[5], "--log"]) == 2


def test_single_precision_has_its_own_rounding():
    """An atom at 0 of float32 eigenvalues is found, and a right law is not rejected."""
    A = np.random.default_rng(2).standard_normal((300, 150)).astype(np.float32)
    values = np.linalg.eigvalsh(A @ A.T / np.float32(150))
    assert values.dtype == np.float32
    assert rmt.spectra.compare(values, rmt.MarchenkoPastur(2.0)).passed
    assert not rmt.spectra.compare(values.astype(np.float64), rmt.MarchenkoPastur(2.0)).passed  # control
    assert dict(rmt.spectra.esd(A @ A.T).atoms)[0.0] == 0.5
    with pytest.raises(TypeError, match="eigvalsh"):
        rmt.spectra.compare(values + 0j, rmt.MarchenkoPastur(2.0))
