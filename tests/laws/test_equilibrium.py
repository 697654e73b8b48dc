"""Equilibrium measures of quartic potentials: closed values, the variational condition, the cut transition."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from edge_references import rows
from laws.law_suite import run

from rmt.laws import QuarticEquilibrium, Semicircle

LAWS = [QuarticEquilibrium(1, 1), QuarticEquilibrium(-1.5, 1), QuarticEquilibrium(-3, 1), QuarticEquilibrium(-2, 1)]


@pytest.mark.parametrize("law", LAWS[1:3], ids=repr)
def test_law_suite(law: QuarticEquilibrium):
    run(law)


def test_reference_values():
    for row in rows("quartic"):
        i = row["inputs"]
        law = QuarticEquilibrium(float(i["mu"]), float(i["g"]))
        if "edges" in row["id"]:
            got = sorted({e for interval in law.support for e in (interval.low, interval.high)} - {0.0})
            assert got == pytest.approx(list(map(float, row["value"])), rel=1e-14), row
        elif "pdf" in row["id"]:
            assert law.pdf(float(i["x"])) == pytest.approx(float(row["value"]), rel=1e-13), row
        else:
            assert law.energy == pytest.approx(float(row["value"]), rel=1e-13), row


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_balance_of_forces(law: QuarticEquilibrium):
    """2 p.v. ∫ ρ(y)/(x − y) dy = V′(x) on the support, and the energy is that of the measure."""
    mu, g = float(law.mu), float(law.g)
    for interval in law.support:
        x = interval.low + (interval.high - interval.low) * np.array([0.1, 0.5, 0.8])
        np.testing.assert_allclose(2 * law.hilbert(x), mu * x + g * x**3, rtol=1e-9, atol=1e-9)
    # V − 2U is the same on all cuts, and the energy is half of it and of the mean of V
    levels = [
        0.5 * mu * t**2 + 0.25 * g * t**4 - 2 * law.log_potential(t).real
        for t in (0.3 * i.low + 0.7 * i.high for i in law.support)
    ]
    assert max(levels) - min(levels) <= 1e-9
    field = 0.5 * mu * law.moment(2) + 0.25 * g * law.moment(4)
    assert 0.5 * (field + levels[0]) == pytest.approx(law.energy, rel=1e-9)


def test_transition():
    # from both sides of mu = −2 the energy is −5/8
    for mu in (-2 + 1e-7, -2, -2 - 1e-7):
        assert QuarticEquilibrium(mu, 1).energy == pytest.approx(-0.625, abs=1e-6)
    assert [QuarticEquilibrium(mu, 1).cuts for mu in (-1.99, -2, -2.01)] == [1, 1, 2]
    assert QuarticEquilibrium(-2, 1).pdf(1e-3) == pytest.approx(1e-6 * 2 / (2 * math.pi), rel=1e-5)
    x = np.array([-1.0, 0.3])
    np.testing.assert_allclose(QuarticEquilibrium(1, 0).pdf(x), Semicircle().pdf(x), rtol=1e-14)
    assert QuarticEquilibrium(1, 0).energy == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1, -1), ValueError, "g must be a finite real number >= 0, got -1"),
        ((0, 0), ValueError, "mu must be > 0 for g = 0, got 0"),
        (("a", 1), TypeError, "mu must be a finite real number, got 'a'"),
    ],
)
def test_bad_input(arguments, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        QuarticEquilibrium(*arguments)
