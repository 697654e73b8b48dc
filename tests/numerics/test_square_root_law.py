"""Primitives of the closed-form laws against mpmath."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from rmt.numerics.functions.bracketed_roots import bracketed_roots
from rmt.numerics.functions.branches import (
    circular_segment,
    log1p_complex,
    log1p_residual,
    log_lower,
    log_upper,
    pull_back,
    square_root_pair,
)
from rmt.numerics.functions.cotangent import COTANGENT, LOG_SINC
from rmt.numerics.functions.exact_constants import exact_sqrt, offset, two_float
from rmt.numerics.functions.square_root_masses import pole_mass, pole_masses
from rmt.numerics.quadrature.adaptive_panels import adaptive_breaks, panel_rule


@pytest.mark.parametrize("kappa", [0.0, 1e-18, 1e-6, 0.05, 0.3, 1.0, 40.0, 1e6])
def test_pole_masses(kappa: float):
    """Both parts of (1/π) ∫ √(t(1−t))/(t+κ) dt, by quadrature with t = sin² s."""
    with mp.workdps(40):
        k = mp.mpf(kappa)

        def integrand(s):
            t = mp.sin(s) ** 2
            return 2 * t * mp.cos(s) ** 2 / (t + k) / mp.pi if t + k else 2 * mp.cos(s) ** 2 / mp.pi

        total = mp.mpf(1) / 2 + k - mp.sqrt(k * (k + 1))
        assert pole_mass(kappa) == pytest.approx(float(total), rel=4e-16)
        left = np.array([1e-30, 1e-7, 1e-3, 0.04, 0.3, 0.499, 0.501, 0.9999])
        below, above = pole_masses(left, 1.0 - left, kappa)
        for i, t in enumerate(left):
            s = mp.asin(mp.sqrt(mp.mpf(t)))
            turn = min(mp.sqrt(k), s) / s if kappa else mp.mpf(1)  # where the pole is felt
            cuts = sorted({c for c in (turn / 100, turn, 10 * turn, mp.mpf(1)) if c <= 1})
            peak = integrand(s)
            exact = peak * s * mp.quad(lambda r, s=s, peak=peak: integrand(r * s) / peak, [0, *cuts])
            assert below[i] == pytest.approx(float(exact), rel=4e-15, abs=0)
            assert above[i] == pytest.approx(float(total - exact), rel=4e-15, abs=0)


def test_exact_square_roots():
    assert exact_sqrt(Fraction(49, 9)) == Fraction(7, 3)
    assert exact_sqrt(Fraction(0)) == 0
    for value in (Fraction(2), Fraction(1, 3), Fraction(10) ** 400, Fraction(1, 10**300)):
        assert abs(exact_sqrt(value) ** 2 / value - 1) < Fraction(1, 2**190)


def test_two_floats():
    third = two_float(Fraction(1, 3))
    assert Fraction(third.high) + Fraction(third.low) == pytest.approx(Fraction(1, 3), rel=1e-31)
    x = np.nextafter(third.high, 1.0)
    assert offset(np.array([x]), third)[0] == pytest.approx(float(Fraction(x) - Fraction(1, 3)), rel=1e-15)


def test_branches():
    z = np.array([-3.0 + 0j, 0.5 + 0j, 4.0 + 0j, 1j, 1e9 + 1e9j])
    root = square_root_pair(z, -1.0, 2.0)
    assert root[0].real < 0.0 < root[2].real
    assert root[1] == pytest.approx(1j * math.sqrt(1.5 * 1.5))
    assert root[4] / z[4] == pytest.approx(1.0, rel=1e-8)
    upper = np.array([-1.0 + 0j, complex(-1.0, -0.0), 1j, complex(-2.0, -1e-18)])
    np.testing.assert_allclose(log_upper(upper).imag, [np.pi, np.pi, np.pi / 2, np.pi])
    np.testing.assert_allclose(log_lower(upper.conj()).imag, [-np.pi, -np.pi, -np.pi / 2, -np.pi])


def test_logarithms_next_to_one():
    rng = np.random.default_rng(0)
    v = 10.0 ** rng.uniform(-12, 0.5, 60) * np.exp(2j * np.pi * rng.random(60))
    with mp.workdps(40):
        exact = [mp.log(1 + mp.mpc(x)) for x in v]
        got = log1p_complex(v)
        np.testing.assert_allclose(got, [complex(e) for e in exact], rtol=1e-15)
        residual = [complex(e - mp.mpc(x)) for e, x in zip(exact, v, strict=True)]
        np.testing.assert_allclose(log1p_residual(v, got), residual, rtol=5e-15)


def test_circular_segment():
    t = np.array([0.0, 1e-20, 1e-6, 0.01, 0.08, 0.09, 0.5, 0.97, 1.0])
    with mp.workdps(40):
        exact = [2 * mp.asin(mp.sqrt(mp.mpf(x))) for x in t]
        exact = [(th - mp.sin(th) * mp.cos(th)) / mp.pi for th in exact]
        np.testing.assert_allclose(circular_segment(t), [float(e) for e in exact], rtol=2e-15)


def test_taylor_coefficients():
    with mp.workdps(40):
        for k in (1, 2, 7, 26):
            zeta = mp.zeta(2 * k) / mp.pi ** (2 * k)
            assert pytest.approx(float(zeta / k), rel=4e-16) == LOG_SINC[k - 1]
            assert pytest.approx(float(2 * zeta), rel=4e-16) == COTANGENT[k - 1]


def test_bracketed_roots():
    targets = np.array([1e-12, 0.3, 2.0, 50.0])
    roots = bracketed_roots(lambda x, i: x**3 - targets[i], np.zeros(4), np.full(4, 10.0))
    np.testing.assert_allclose(roots, np.cbrt(targets), rtol=1e-15)
    assert np.isnan(bracketed_roots(lambda x, i: x + 1.0, np.zeros(1), np.ones(1)))[0]
    # a residual that is infinite at one end
    with np.errstate(divide="ignore"):
        root = bracketed_roots(lambda x, i: 1.0 / x - 3.0, np.zeros(1), np.ones(1))
    assert root[0] == pytest.approx(1 / 3, rel=1e-15)


def test_adaptive_panels():
    breaks = adaptive_breaks(lambda t: 1.0 / (1e-6 + t * t), np.array([0.0, 1.0]))
    nodes, weights = panel_rule(breaks)
    exact = math.atan(1e3) * 1e3
    assert (weights / (1e-6 + nodes * nodes)).sum() == pytest.approx(exact, rel=1e-13)
    assert breaks[0] == 0.0
    assert breaks[-1] == 1.0
    assert breaks.size < 60


def test_pull_back_keeps_points_on_their_side():
    marks, images = np.array([1.0]), np.array([3.0])
    x = np.array([3.0, np.nextafter(3.0, 0.0), np.nextafter(3.0, 4.0)])
    y = pull_back(np.array([1.0, 1.0, 1.0]), x, marks, images)
    assert y[0] == 1.0
    assert y[1] < 1.0 < y[2]
