"""``rmt equation``: expressions, options, messages."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

import rmt
from rmt.cli import main
from rmt.cli.equation_command import read_law

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("semicircle + marchenko-pastur(ratio=1/2)", rmt.boxplus(rmt.Semicircle(), rmt.MarchenkoPastur(HALF))),
        ("2 * semicircle - 1", 2 * rmt.Semicircle() - 1),
        ("(semicircle + rademacher) / 2", rmt.boxplus(rmt.Semicircle(), rmt.Rademacher()) / 2),
        ("bernoulli(p=1/3) * marchenko-pastur", rmt.boxtimes(rmt.Bernoulli(Fraction(1, 3)), rmt.MarchenkoPastur())),
        ("-semicircle(mean=-1, variance=2)", -rmt.Semicircle(-1, 2)),
    ],
)
def test_expressions(text, law):
    assert read_law(text) == law


def test_json_and_text(capsys):
    pytest.importorskip("flint")
    call = ["equation", "semicircle + marchenko-pastur(ratio=1/2)"]
    assert main([*call, "--edges", "--digits", "30", "--moments", "3", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    law = rmt.boxplus(rmt.Semicircle(), rmt.MarchenkoPastur(HALF))
    assert record["equation"] == str(law.equation())
    assert all(abs(float(a) - b) < 1e-15 for a, b in zip(record["edges"], law.edges(), strict=True))
    assert all(len(edge) > 30 for edge in record["edges"])
    assert record["moments"] == [str(m) for m in law.moments(3, exact=True)]
    assert main([*call, "--latex", "--edges"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("G^{3} - G^{2} z")
    assert "root of 4 x^4 -28 x^3" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("semicirlce", "did you mean 'semicircle'"),
        ("semicircle +", "ends too early"),
        ("semicircle)", "is not understood"),
        ("(semicircle", "ends too early"),
        ("semicircle(spread=2)", "no parameter 'spread'"),
        ("2 + 3", "is a number"),
    ],
)
def test_mistakes(capsys, text, message):
    assert main(["equation", text]) == 2
    assert message in capsys.readouterr().err


def test_laws_without_an_equation(capsys):
    pytest.importorskip("flint")
    assert main(["equation", "semicircle + uniform"]) == 2
    assert "has no algebraic equation" in capsys.readouterr().err
    assert main(["equation", "marchenko-pastur(ratio=0.1)"]) == 2
    assert "Fraction(1, 10)" in capsys.readouterr().err
