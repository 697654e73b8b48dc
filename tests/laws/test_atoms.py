"""Laws of many atoms are arrays: what is asked of a million numbers costs a sort."""

import copy
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest

from rmt.laws import Atomic, Empirical
from rmt.spectra import compare

NUMBERS = np.random.default_rng(0).standard_normal(10**6)
LAW = Empirical(NUMBERS)


def test_a_million_numbers():
    ordered = np.sort(NUMBERS)
    assert LAW.cdf(0.3) == np.searchsorted(ordered, 0.3, side="right") / 10**6
    assert LAW.ppf([0.25, 0.5]).tolist() == ordered[[249_999, 499_999]].tolist()
    assert Empirical(NUMBERS[::-1]) == LAW
    assert hash(LAW) == hash(Empirical(NUMBERS[::-1]))
    assert Empirical(np.append(NUMBERS[1:], 9.0)) != LAW
    assert len(repr(LAW)) <= 200
    assert repr(Empirical(np.append(NUMBERS[1:], NUMBERS[0] + 1e-15))) != repr(LAW)
    assert (2 * LAW + 1).ppf(0.5) == 2 * ordered[499_999] + 1


def test_moments_of_a_million_numbers():
    for k, moment in enumerate(LAW.moments(6), start=1):
        exact = math.fsum(NUMBERS**k) / 10**6
        assert abs(moment - exact) < 1e-15 * np.mean(np.abs(NUMBERS) ** k)
    assert abs(LAW.mean() - math.fsum(NUMBERS) / 10**6) < 1e-16
    assert LAW.var() == pytest.approx(NUMBERS.var(), rel=1e-13)
    few = Empirical([0.1, 0.2, 0.2])
    assert few.moment(2, exact=True) == (Fraction(0.1) ** 2 + 2 * Fraction(0.2) ** 2) / 3


@pytest.mark.parametrize("make", [pickle.dumps, None], ids=["pickle", "copy"])
def test_copies(make):
    again = pickle.loads(make(LAW)) if make else copy.deepcopy(LAW)
    assert again == LAW
    for law in (LAW, again):
        with pytest.raises(ValueError, match="read-only"):
            law.samples[0] = 5.0


def test_the_numbers_are_a_copy():
    values = np.array([3.0, 1.0])
    law = Empirical(values)
    values[:] = 7.0
    assert law == Empirical([1.0, 3.0])
    assert values.flags.writeable
    assert eval(repr(law)) == law


def test_compare_counts_atoms_by_bisection():
    values = np.repeat(np.arange(20000.0), 2)
    result = compare(values, Empirical(values), rigidity=False)
    assert result.ks == 0.0
    assert all(pair.measured == pair.predicted for pair in result.atoms)


def test_atoms_from_arrays():
    positions, weights = np.sort(NUMBERS[:20000]), np.full(20000, 1 / 20000)
    law = Atomic(positions, weights)
    assert law.positions == tuple(positions.tolist())
    assert law == Empirical(positions)
    with pytest.raises(ValueError, match="positions must be a finite real number, got nan"):
        Atomic(np.array([1.0, np.nan]), np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match=r"weights must be a finite real number >= 0, got -0.5"):
        Atomic(np.array([1.0, 2.0]), np.array([1.5, -0.5]))
    with pytest.raises(TypeError, match="samples must be real numbers"):
        Empirical(["a"])


@pytest.mark.parametrize("size", [100, 300, 5000])
def test_the_error_bound_at_many_atoms(size):
    """It grows with the logarithm of their number: beyond 255 atoms a wrong sign would make it negative."""
    law = Empirical(NUMBERS[:size])
    for x in (5.0, -6.5):
        value, bound = law.stieltjes(x, return_error=True)
        exact = math.fsum(1.0 / (x - NUMBERS[:size])) / size  # terms of one sign, correctly rounded but for the last
        assert 0.0 < bound < 1e-13
        assert abs(value.real - exact) <= bound
    gross = law.stieltjes(0.3 + 1e-9j, return_error=True)[1]
    assert gross >= 8.0 * np.finfo(float).eps * abs(law.stieltjes(0.3 + 1e-9j))


def test_weights_may_miss_1_by_the_rounding_of_as_many_numbers():
    """A hundred weights may be off by 400 ulps together, and by no more."""
    eps = float(np.finfo(float).eps)
    weights = [0.01] * 99
    assert Atomic(range(100), [*weights, 0.01 + 100 * eps]).mean() == pytest.approx(49.5, rel=1e-12)
    with pytest.raises(ValueError, match="weights must sum to 1"):
        Atomic(range(100), [*weights, 0.01 + 800 * eps])
