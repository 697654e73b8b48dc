"""``rmt isometry``: numbers, files, exit codes, messages."""

import json
import math

import pytest

import rmt
from rmt.cli import main

ARGUMENTS = ("isometry", "--activation", "tanh", "--depth", "64", "--sigma-w", "1.05", "--sigma-b", "0.2")


def succeeds(capsys, *arguments):
    assert main(arguments) == 0
    out, error = capsys.readouterr()
    assert error == ""
    return out


def fails(capsys, *arguments):
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("rmt: error: ")
    assert error.count("\n") == 1
    return error


def test_prints_the_report_of_the_library(capsys):
    out = succeeds(capsys, *ARGUMENTS, "--weights", "orthogonal")
    report = rmt.MLP(64, "tanh", 1.05, 0.2, "orthogonal").isometry()
    assert out == f"{report}\n"
    assert "VANISHING" in out


def test_json_holds_the_same_numbers(capsys):
    record = json.loads(succeeds(capsys, *ARGUMENTS, "--weights", "orthogonal", "--json"))
    report = rmt.MLP(64, "tanh", 1.05, 0.2, "orthogonal").isometry()
    assert {key: record[key] for key in report.to_dict()} == report.to_dict()
    assert (record["figure"], record["seed"]) == (None, None)


def test_writes_the_figure(capsys, tmp_path):
    out = tmp_path / "report.svg"
    text = succeeds(capsys, *ARGUMENTS, "-n", "40", "--seed", "3", "--out", str(out))
    assert str(out) in text
    assert "sampled network, n = 40" in out.read_text(encoding="utf-8")
    again = tmp_path / "again.svg"
    succeeds(capsys, *ARGUMENTS, "-n", "40", "--seed", "3", "--out", str(again))
    assert again.read_bytes() == out.read_bytes()


def test_initialisers_and_widths(capsys):
    he = ("isometry", "--activation", "relu", "--depth", "3", "--initialiser", "he", "--json")
    assert json.loads(succeeds(capsys, *he))["m1"] == pytest.approx(1.0)
    shape = ("--widths", "300,600,200,400", "--input-q", "1")
    assert json.loads(succeeds(capsys, *he, *shape))["relvar"] == pytest.approx(23.0 / 3.0)
    default = ("isometry", "--activation", "relu", "--depth", "9", "--initialiser", "torch_linear", "--sigma-b", "0")
    record = json.loads(succeeds(capsys, *default, "--json"))
    assert record["log_m1"] == pytest.approx(-9.0 * math.log(6.0))
    assert record["weights"] == "uniform"


def test_mistakes(capsys):
    call = ("isometry", "--depth", "4", "--sigma-w", "1")
    assert "nearest: tanh" in fails(capsys, *call, "--activation", "tnah")
    assert "required: --activation" in fails(capsys, *call)
    tanh = ("isometry", "--activation", "tanh")
    assert "--depth must be an integer >= 1, got 0" in fails(capsys, *tanh, "--depth", "0", "--sigma-w", "1")
    assert "sigma_w must be" in fails(capsys, *tanh, "--depth", "4", "--sigma-w", "-1")
    assert "--sigma-w needs a number" in fails(capsys, *tanh, "--depth", "4", "--sigma-w", "one")
    assert "--sigma-w or --initialiser" in fails(capsys, *tanh, "--depth", "4")
    assert "unknown initialiser" in fails(capsys, *tanh, "--depth", "4", "--initialiser", "kaimin")
    assert "'orthogonal'" in fails(capsys, *tanh, "--depth", "4", "--sigma-w", "1", "--weights", "orthogonl")
    assert "target" in fails(capsys, *tanh, "--depth", "4", "--sigma-w", "1", "--target", "0")
    relu = fails(capsys, "isometry", "--activation", "relu", "--depth", "4", "--sigma-w", "2", "--sigma-b", "0.1")
    assert "grows without bound" in relu
    assert "--out" in fails(capsys, *ARGUMENTS, "--out", "report.txt")


def test_help_has_an_example(capsys):
    out = succeeds(capsys, "isometry", "--help")
    assert "rmt isometry --activation tanh --depth 64" in out.split("examples:")[1]
