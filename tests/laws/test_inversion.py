"""The numerical inverses that a law gets when it has no closed ones."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pytest
from laws.law_suite import CHECKS

from rmt.errors import ConvergenceError
from rmt.laws import Bernoulli, Interval, Law, MarchenkoPastur, Semicircle, Wachter


class OnlyForward:
    """Takes the closed inverses of a law away."""

    _ppf = Law._ppf
    _r_transform = Law._r_transform
    _r_domain = Law._r_domain
    _inverse_t_transform = Law._inverse_t_transform
    _s_transform = Law._s_transform
    _s_domain = Law._s_domain
    _affine = Law._affine


class PlainMarchenkoPastur(OnlyForward, MarchenkoPastur):
    pass


class PlainWachter(OnlyForward, Wachter):
    pass


class PlainBernoulli(OnlyForward, Bernoulli):
    pass


class PlainSemicircle(OnlyForward, Semicircle):
    pass


PAIRS = [
    (PlainMarchenkoPastur(0.5), MarchenkoPastur(0.5)),
    (PlainMarchenkoPastur(), MarchenkoPastur()),
    (PlainMarchenkoPastur(3, 2), MarchenkoPastur(3, 2)),
    (PlainWachter(2, 1.5), Wachter(2, 1.5)),
    (PlainBernoulli(0.3, 1, 4), Bernoulli(0.3, 1, 4)),
    (PlainBernoulli(0.3, -4, -1), Bernoulli(0.3, -4, -1)),
]


@pytest.mark.parametrize(("plain", "law"), PAIRS, ids=repr)
def test_inverses_equal_the_closed_ones(plain: Law, law: Law):
    low, high = law._hull()
    radius = 0.5 * (high - low)
    z = np.concatenate([high + radius * np.geomspace(1e-3, 1e6, 10), low - radius * np.geomspace(1e-3, 1e6, 10)])
    z = z[np.abs(z) > 1e-2]
    g, m = law.stieltjes(z).real, law.t_transform(z).real
    np.testing.assert_allclose(plain.r_transform(g), law.r_transform(g), rtol=1e-9)
    np.testing.assert_allclose(plain.r_transform(1e-13), law.r_transform(1e-13), rtol=1e-14)
    np.testing.assert_allclose(plain.inverse_t_transform(m), z, rtol=1e-11)
    far = 0.5 * (low + high) + 2.0 * radius * np.exp(1j * np.array([0.3, 1.5, -2.0]))
    np.testing.assert_allclose(plain.blue(law.stieltjes(far)), far, rtol=1e-12)
    far = 8.0 * max(abs(low), abs(high)) * np.exp(1j * np.array([0.3, 1.5, -2.0]))
    np.testing.assert_allclose(plain.inverse_t_transform(law.t_transform(far)), far, rtol=1e-12)


def test_inverse_of_a_signed_law_stays_on_its_branch():
    plain, law = PlainSemicircle(1, 1), Semicircle(1, 1)
    m = np.array([-0.05, 0.04, 0.03j])
    np.testing.assert_allclose(plain.s_transform(m), law.s_transform(m), rtol=1e-12)
    with pytest.raises(ValueError, match=re.escape("m = 5.0 is outside the domain")):
        plain.s_transform(5.0)


def test_points_without_a_certificate_are_refused():
    plain = PlainMarchenkoPastur(0.5)
    edge = float(plain.stieltjes(plain.support[0].high).real)
    assert plain.blue(edge * (1 - 1e-6)) == pytest.approx(plain.support[0].high, rel=1e-4)
    with pytest.raises(ValueError, match="image under G"):
        plain.blue(edge * 1.01)
    with pytest.raises(ValueError, match="image under G"):
        plain.blue(0.9 + 0.9j)


@dataclass(frozen=True)
class Toy(Law):
    """Uniform on [0, 1] and [2, 3], with atoms inside the first interval and at the end of the second."""

    @property
    def support(self):
        return (Interval(0.0, 1.0, 0.0, 0.0, 0.25), Interval(2.0, 3.0, 0.0, 0.0, 0.25))

    @property
    def atoms(self):
        return ((0.5, 0.25), (3.0, 0.25))

    def _pdf(self, x):
        return np.where(((x >= 0) & (x <= 1)) | ((x >= 2) & (x <= 3)), 0.25, 0.0)

    def _cdf(self, x):
        continuous = 0.25 * (np.clip(x, 0, 1) + np.clip(x - 2, 0, 1))
        return continuous + 0.25 * (x >= 0.5) + 0.25 * (x >= 3.0)

    def _sf(self, x):
        return 1.0 - self._cdf(x)

    def _stieltjes(self, z):
        raise AssertionError

    _log_potential = _stieltjes

    def _exact_moments(self, order):
        raise ValueError


def test_quantiles_across_atoms_and_gaps():
    u = np.array([0.0, 0.1, 0.125, 0.126, 0.375, 0.4, 0.5, 0.5 + 1e-9, 0.6, 0.75, 0.76, 1.0])
    expected = np.array([0.0, 0.4, 0.5, 0.5, 0.5, 0.6, 1.0, 2.0, 2.4, 3.0, 3.0, 3.0])
    np.testing.assert_allclose(Toy().ppf(u), expected, atol=1e-8)


@dataclass(frozen=True)
class Laplace(Law):
    """Two exponential tails about a centre: an unbounded law with nothing closed but its distribution function."""

    centre: float = 0.0
    scale: float = 1.0

    @property
    def support(self):
        return (Interval(-math.inf, math.inf, math.nan, math.nan, 1.0),)

    def _pdf(self, x):
        return np.exp(-np.abs(x - self.centre) / self.scale) / (2 * self.scale)

    def _cdf(self, x):
        t = (x - self.centre) / self.scale
        return np.where(t < 0, 0.5 * np.exp(np.minimum(t, 0)), 1 - 0.5 * np.exp(-np.maximum(t, 0)))

    def _sf(self, x):
        return self._cdf(2 * self.centre - x)

    def _stieltjes(self, z):
        raise AssertionError

    _log_potential = _stieltjes

    def _exact_moments(self, order):
        raise ValueError


@pytest.mark.parametrize("law", [Laplace(), Laplace(1e6, 1e-3), Laplace(-3.0, 1e8)], ids=repr)
def test_quantiles_of_an_unbounded_law(law: Laplace):
    u = np.array([1e-300, 1e-12, 0.1, 0.4999, 0.7, 1 - 1e-12])
    expected = law.centre + law.scale * np.where(u < 0.5, np.log(2 * u), -np.log(2 * (1 - u)))
    np.testing.assert_allclose(law.ppf(u), expected, rtol=1e-13, atol=1e-13 * law.scale)
    np.testing.assert_array_equal(law.ppf([0.0, 1.0]), [-np.inf, np.inf])


@dataclass(frozen=True)
class Broken(Toy):
    """A distribution function with a hole."""

    def _cdf(self, x):
        return np.where((x > 0.3) & (x < 0.45), np.nan, super()._cdf(x))


def test_a_broken_law_does_not_converge():
    assert Broken().ppf(0.02) == pytest.approx(0.08)
    with pytest.raises(ConvergenceError, match="check that its cdf is monotone") as caught:
        Broken().ppf(0.0875)
    assert caught.value.point is not None


def test_plain_laws_pass_the_suite():
    for law in (PlainMarchenkoPastur(0.5), PlainWachter(2, 1.5)):
        for name, check in CHECKS.items():
            if name != "identity":  # the classes of this file are not in the namespace of repr
                check(law)
