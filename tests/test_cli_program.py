"""``rmt program``."""

import json

import pytest

from rmt.cli import main

CALL = ["program", "--activation", "tanh", "--depth", "2", "-n", "100", "--seed", "0"]


def test_limit_and_runs(capsys):
    assert main([*CALL, "--entries", "gaussian", "rademacher", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["limit"] == pytest.approx(0.5616705429749, abs=1e-9)
    assert [row["entries"] for row in report["runs"]] == ["gaussian", "rademacher"]
    for row in report["runs"]:
        assert abs(row["mean"] - report["limit"]) < 6 * row["standard_error"] + 0.02


def test_text_and_notation(capsys):
    assert main([*CALL, "--trials", "2"]) == 0
    assert "0.561670543" in capsys.readouterr().out
    assert main([*CALL, "--show"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("f1 = (1/n) Σ")


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--entries", "radmacher"], "rademacher"), (["--sigma-w", "0"], "sigma-w"), (["--activation", "tnh"], "tanh")],
)
def test_mistakes(capsys, options, words):
    assert main([*CALL, *options]) == 2
    assert words in capsys.readouterr().err
