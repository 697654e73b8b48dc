"""Elliptic, truncated unitary, single-ring and product matrices against their planar laws."""

from __future__ import annotations

import math
import pickle
import re

import numpy as np
import pytest
from edge_references import rows

import rmt
from rmt.laws import (
    Atomic,
    CircularLaw,
    EllipticLaw,
    GinibreProduct,
    SingleRing,
    TruncatedUnitaryLaw,
    Uniform,
    UnitCircle,
)

RING = SingleRing(Atomic((1, 2), (0.5, 0.5)))
LAWS = [TruncatedUnitaryLaw(0.6), GinibreProduct(2), GinibreProduct(3), RING, SingleRing(Uniform(1, 2))]


def test_reference_values():
    for row in rows("tue-pdf", "tue-radial"):
        law, r = TruncatedUnitaryLaw(float(row["inputs"]["alpha"])), float(row["inputs"]["r"])
        got = law.pdf(1j * r) if "pdf" in row["id"] else law.radial_law().cdf(r)
        assert got == pytest.approx(float(row["value"]), rel=1e-12), row
    (row,) = rows("elliptic")
    law = EllipticLaw(float(row["inputs"]["tau"]))
    assert (*law.semi_axes, law.pdf(0.3 + 0.2j)) == pytest.approx(tuple(map(float, row["value"])), rel=1e-14)
    (row,) = rows("ginprod")
    law, r = GinibreProduct(row["inputs"]["L"]), float(row["inputs"]["r"])
    assert (law.pdf(-r), law.radial_law().cdf(r)) == pytest.approx(tuple(map(float, row["value"])), rel=1e-14)
    for row in rows("ring-12"):
        if row["id"] == "ring-12":
            assert RING.radii == pytest.approx(tuple(map(float, row["value"])), rel=1e-14)
        else:
            assert RING.radial_law().cdf(float(row["inputs"]["r"])) == pytest.approx(float(row["value"]), rel=1e-11)


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_contract(law):
    assert eval(repr(law), vars(rmt.laws)) == law
    assert hash(pickle.loads(pickle.dumps(law))) == hash(law)
    radial = law.radial_law()
    assert abs(radial.line_panels.defect) < 1e-10
    low, high = radial.support[0].low, radial.support[0].high
    x = low + (high - low) * np.array([0.2, 0.5, 0.9])
    np.testing.assert_allclose(law.pdf(x * 1j), radial.pdf(x) / (2 * np.pi * x), rtol=1e-12)
    assert law.pdf(1.1 * high) == 0.0
    np.testing.assert_allclose(radial.cdf(radial.ppf([0.1, 0.5, 0.9])), [0.1, 0.5, 0.9], rtol=1e-10)
    assert np.isnan(law.pdf(np.nan))


def test_special_cases():
    x = np.array([0.2, 0.7])
    np.testing.assert_allclose(GinibreProduct(1).pdf(x), CircularLaw().pdf(x))
    assert GinibreProduct(2).pdf(0) == math.inf
    # the singular values of a Ginibre matrix give the circular law
    quarter = rmt.ginibre(field="complex").singular_value_law()
    np.testing.assert_allclose(SingleRing(quarter).radial_law().cdf(x), x**2, rtol=1e-6)
    # an atom at 0 stays one
    half = SingleRing(Atomic((0, 1), (0.5, 0.5)))
    assert half.radial_law().atoms == ((0.0, 0.5),)
    assert half.radii == (0.0, math.sqrt(0.5))


@pytest.mark.parametrize(
    ("ensemble", "wrong"),
    [
        (rmt.truncated_unitary(0.6), CircularLaw(0.6)),
        (rmt.truncated_unitary(0.4, field="real"), CircularLaw(0.4)),
        (rmt.ginibre_product(3), CircularLaw()),
        (rmt.single_ring(Atomic((1, 2), (0.5, 0.5))), UnitCircle()),
    ],
    ids=repr,
)
def test_samples(ensemble, wrong):
    n = 200
    radius = np.abs(ensemble.eigenvalues(n, rng=0, trials=3)).ravel()
    radial = ensemble.law().radial_law()
    # rigid: a few eigenvalues, and the width n^(-1/2) of the edges
    grid = np.linspace(*np.quantile(radius, [0.02, 0.98]), 40)
    distance = np.abs(np.array([(radius <= x).mean() for x in grid]) - radial.cdf(grid)).max()
    assert distance < 0.05
    if not isinstance(wrong, UnitCircle):
        other = np.abs(np.array([(radius <= x).mean() for x in grid]) - wrong.radial_law().cdf(grid)).max()
        assert other > 0.08
    gram = ensemble.gram_law()
    squares = np.sort(ensemble.singular_values(n, rng=1) ** 2)
    assert rmt.spectra.compare(squares, gram).ks < 0.03


@pytest.mark.parametrize("field", ["real", "complex"])
def test_elliptic_samples(field: str):
    ensemble = rmt.elliptic(0.4, field=field)
    values = ensemble.eigenvalues(300, rng=2)
    law = ensemble.law()
    for part, marginal in (
        (values.real, law.real_law()),
        (values.imag[np.abs(values.imag) > 1e-9], law.imaginary_law()),
    ):
        grid = np.linspace(-0.9, 0.9, 19) * marginal.support[0].high
        share = np.array([(part <= x).mean() for x in grid])
        assert np.abs(share - marginal.cdf(grid)).max() < 0.03
    matrix = ensemble.sample(300, rng=3)
    correlation = (matrix * matrix.T).real.sum() / 300
    assert correlation == pytest.approx(0.4, abs=0.05)
    sample = law.rvs(20000, rng=1)
    assert sample.real.std() == pytest.approx(law.real_law().std(), rel=0.03)
    assert isinstance(law.rvs(rng=0), complex)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TruncatedUnitaryLaw(1.0), ValueError, "fraction must be a finite real number > 0 and < 1, got 1.0"),
        (lambda: GinibreProduct(0), ValueError, "order must be a finite real number > 0, got 0"),
        (lambda: SingleRing(Atomic((2,), (1,))), ValueError, "singular_values must not be one point"),
        (lambda: SingleRing(rmt.Gaussian()), ValueError, "must lie on a bounded part of [0, inf)"),
        (lambda: SingleRing(3), TypeError, "must be a Law"),
        (lambda: EllipticLaw(1), ValueError, "tau must be a finite real number > -1 and < 1, got 1"),
        (lambda: rmt.elliptic(2), ValueError, "tau must be a finite real number > -1 and < 1, got 2"),
        (lambda: rmt.truncated_unitary(0), ValueError, "fraction must be a finite real number > 0 and < 1, got 0"),
        (lambda: rmt.single_ring("law"), TypeError, "must be a Law"),
        (lambda: rmt.ginibre_product(0), ValueError, "depth must be an integer >= 1, got 0"),
    ],
)
def test_bad_input(call, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize("field", ["real", "complex"])
def test_ellipses_are_compared_as_discs(field):
    ensemble = rmt.elliptic(0.5, field)
    values = ensemble.eigenvalues(300, rng=0)
    found = rmt.spectra.compare(values, ensemble.law(), ensemble=ensemble)
    assert found.passed
    assert found.law == EllipticLaw(0.5)
    for wrong in (EllipticLaw(-0.5), EllipticLaw(0.0), rmt.CircularLaw(0.75)):  # the last has the same area
        assert rmt.spectra.compare(values, wrong, ensemble=ensemble).rejected
    law = EllipticLaw(0.5)
    inside = law.rvs(2000, rng=1)
    assert np.abs(law.to_disc(inside)).max() <= 1 + 1e-12
    assert abs((np.abs(law.to_disc(inside)) ** 2).mean() - 0.5) < 6 / np.sqrt(12 * 2000)
    figure_axes = rmt.plotting.compare(ensemble, n=30, rng=0)
    (line,) = [line for line in figure_axes.get_lines() if len(line.get_xdata()) > 100]
    assert (line.get_xdata().max(), line.get_ydata().max()) == pytest.approx((1.5, 0.5))
    with pytest.raises(ValueError, match="needs a law that is the same in all directions"):
        rmt.plotting.compare(ensemble, n=30, rng=0, view="radii")
