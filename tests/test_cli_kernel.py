"""``rmt kernel``: numbers, files, exit codes, messages."""

from __future__ import annotations

import json
import math

import pytest

import rmt
from rmt.cli import main
from rmt.kernels import SphereKernelMatrix, critical_step, zonal

CALL = ["kernel", "--activation", "relu", "--depth", "2", "--points", "sphere", "-n", "60", "--dimension", "120"]


def test_json_agrees_with_the_package(capsys):
    assert main([*CALL, "--seed", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    h = zonal(rmt.MLP(2, "relu", math.sqrt(2.0)))
    law = h.gram_law(0.5)
    assert report["bulk"] == [law.support[0].low, law.support[0].high]
    assert report["outlier"] == h.outlier(60, 120)
    assert report["critical_step_half_sum"] == critical_step(law, outlier=h.outlier(60, 120))
    assert report["critical_step_mean"] == pytest.approx(30.0 * report["critical_step_half_sum"], rel=1e-13)
    drawn = SphereKernelMatrix(h, 0.5).eigenvalues(60, rng=1)
    assert report["largest_drawn"] == drawn[-1]
    assert report["largest_drawn"] == pytest.approx(report["outlier"], rel=0.02)


def test_text_and_figure(capsys, tmp_path):
    out = tmp_path / "spectrum.png"
    assert main([*CALL, "--seed", "1", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "critical step" in text
    assert "outlier" in text
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--activation", "step"], "no tangent kernel"),
        (["--activation", "reul"], "unknown activation"),
        (["--sigma-w", "-1"], "--sigma-w must be > 0"),
        (["--depth", "0"], "--depth"),
        (["--dimension", "1"], "--dimension"),
    ],
)
def test_mistakes(capsys, change, message):
    assert main([*CALL, *change]) == 2
    assert message in capsys.readouterr().err


def test_odd_activations_have_no_outlier(capsys):
    assert main(["kernel", "--activation", "erf", "--depth", "1", "--sigma-w", "1.2", "-n", "40", "--seed", "0"]) == 0
    assert "outlier             none" in capsys.readouterr().out
