"""Equilibrium measures of polynomial potentials: closed forms, preimages, variational inequalities, a sampled gas."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from laws.law_suite import run
from numpy.polynomial import polynomial as poly

from rmt.laws import PolynomialEquilibrium, QuarticEquilibrium


def edges(law) -> np.ndarray:
    return np.array([(i.low, i.high) for i in law.support]).ravel()


@pytest.mark.parametrize("law", [PolynomialEquilibrium([0, 0.1, -2, 0, 0.5])], ids=repr)
def test_law_suite(law: PolynomialEquilibrium):
    run(law)


@pytest.mark.parametrize(("mu", "g"), [(1, 1), (-1.5, 1), (-1.99, 1), (-2.001, 1), (-3, 1), (-2, 0.5), (1, 0)])
def test_even_quartics(mu: float, g: float):
    found, exact = PolynomialEquilibrium([0, 0, mu / 2, 0, g / 4]), QuarticEquilibrium(mu, g)
    np.testing.assert_allclose(edges(found), edges(exact), atol=1e-12)
    assert found.energy == pytest.approx(exact.energy, abs=1e-11)
    x = np.array([0.2, 0.9, 1.3])
    np.testing.assert_allclose(found.pdf(x), exact.pdf(x), atol=1e-11)
    assert abs(found.energy - QuarticEquilibrium(mu + 0.01, g).energy) > 1e-5


@pytest.mark.parametrize(
    "monic",
    [[0.3, -3.5, 0, 1], [1, -4, 0, 1], [-3, 0, 1], [3.5, 0.3, -5.5, 0, 1], [0.5, 6, 0, -5.5, 0, 1]],
    ids=lambda monic: f"degree {len(monic) - 1}",
)
def test_preimages_of_the_semicircle(monic: list[float]):
    """V = P²/2k, P monic of degree k whose values ±2 are taken k times: k cuts of mass 1/k, energy 3/4k, density known.

    The potential of the pull-back is U(P(x))/k, so that V − 2U is that of the semicircle over k.
    """
    k = len(monic) - 1
    ends = np.concatenate([poly.polyroots(poly.polysub(monic, [s])) for s in (2, -2)])
    assert np.abs(ends.imag).max() < 1e-9, "the case is none"
    law = PolynomialEquilibrium(poly.polymul(monic, monic) / (2 * k))
    np.testing.assert_allclose(edges(law), np.sort(ends.real), atol=1e-10)
    assert law.cuts == k
    assert law.energy == pytest.approx(0.75 / k, abs=1e-10)
    assert [i.mass for i in law.support] == pytest.approx([1 / k] * k, abs=1e-10)
    x = np.array([0.3 * i.low + 0.7 * i.high for i in law.support])
    value, slope = poly.polyval(x, monic), poly.polyval(x, poly.polyder(monic))
    np.testing.assert_allclose(law.pdf(x), np.abs(slope) * np.sqrt(4 - value**2) / (2 * math.pi * k), rtol=1e-9)


def balance(law: PolynomialEquilibrium) -> tuple[float, float]:
    """How far V − 2U is from constant on the support, and the least of it beyond, over its value there."""
    levels, beyond = [], []
    spread = edges(law)[-1] - edges(law)[0]
    for x in np.linspace(edges(law)[0] - 0.5 * spread, edges(law)[-1] + 0.5 * spread, 201):
        value = poly.polyval(x, law.coefficients) - 2 * law.log_potential(float(x)).real
        (levels if any(i.low <= x <= i.high for i in law.support) else beyond).append(value)
    return max(levels) - min(levels), min(beyond) - max(levels)


def test_random_potentials():
    """Twenty random potentials: positive, of mass 1, V − 2U constant on the support and larger off it."""
    rng = np.random.default_rng(0)
    cuts = []
    for _ in range(20):
        degree = int(rng.choice([4, 6, 8]))
        coefficients = [*rng.normal(0, 2, degree), 1.0]
        law = PolynomialEquilibrium(coefficients)
        uneven, below = balance(law)
        scale = 1 + abs(law.level)
        assert uneven < 1e-8 * scale
        assert below > -1e-8 * scale
        assert abs(law.line_panels.defect) < 1e-9
        assert 2 * law.energy == pytest.approx(
            law.level + np.dot(law.coefficients, [1, *law.moments(degree)]), rel=1e-9
        )
        cuts.append(law.cuts)
    assert {1, 2} <= set(cuts)
    # the control: another potential's measure is not in balance
    moved = PolynomialEquilibrium([*coefficients[:-1], 1.01])
    for name in ("_cuts", "_frame"):
        object.__setattr__(moved, name, getattr(law, name))
    assert balance(moved)[0] > 1e-6


def test_affine_images():
    """V((x − s)/a) has the image of the measure under x ↦ a x + s, and an energy lower by log a."""
    base = PolynomialEquilibrium([0, 0.1, -2, 0, 0.5])
    a, s = 30.0, -100.0
    moved, power = np.zeros(1), np.ones(1)
    for c in base.coefficients:
        moved, power = poly.polyadd(moved, float(c) * power), poly.polymul(power, [-s / a, 1 / a])
    law = PolynomialEquilibrium(moved)
    np.testing.assert_allclose(edges(law), a * edges(base) + s, rtol=1e-9)
    assert law.energy == pytest.approx(base.energy - math.log(a), abs=1e-7)


def test_a_sampled_gas():
    """A gas at β = 2 by Metropolis steps, against the cut masses of an uneven potential (fillings fluctuate by ~ 1)."""
    law, n, rng = PolynomialEquilibrium([0, 0.1, -0.5, 0, 0.25]), 40, np.random.default_rng(1)
    x = np.sort(np.asarray(law.ppf((np.arange(n) + 0.5) / n)))
    total = np.zeros(4)
    sweeps, burn = 600, 100
    for sweep in range(sweeps):
        for i in range(n):
            trial = x[i] + 0.15 * rng.standard_normal()
            others = np.delete(x, i)
            gain = 2 * (np.log(np.abs(trial - others)) - np.log(np.abs(x[i] - others))).sum()
            gain -= n * (poly.polyval(trial, law.coefficients) - poly.polyval(x[i], law.coefficients))
            if math.log(rng.random()) < gain:
                x[i] = trial
        if sweep >= burn:
            total += [(x**k).mean() for k in range(1, 5)]
    measured = total / (sweeps - burn)
    np.testing.assert_allclose(measured, law.moments(4), atol=0.02)
    assert np.abs(measured - PolynomialEquilibrium([0, 0, -0.6, 0, 0.25]).moments(4)).max() > 0.02


@pytest.mark.parametrize(
    ("coefficients", "error", "message"),
    [
        ([0, 1], ValueError, "coefficients must be those of a polynomial of even degree from 2 to 20"),
        ([0, 0, 0, 1], ValueError, "got [0, 0, 0, 1]: other potentials do not hold the eigenvalues together"),
        ([0, 0, -1], ValueError, "with a leading coefficient > 0"),
        ([0, math.nan, 1], ValueError, "coefficients must be a finite real number"),
        (3, TypeError, "coefficients must be a sequence of numbers"),
    ],
)
def test_bad_input(coefficients, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        PolynomialEquilibrium(coefficients)
