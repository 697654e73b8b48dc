"""What every law must satisfy: each check takes a law and compares two independent routes to the same number.

A new law joins by calling ``run(law)``; ``CHECKS`` lists the checks by name.
"""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import rmt.laws
from rmt.combinatorics import moments_from_free_cumulants
from rmt.laws import Atomic, Law

EPS = float(np.finfo(float).eps)


# ---------------------------------------------------------------------- helpers
def scale_of(law: Law) -> float:
    """Length scale: half the hull, or the interquartile range of an unbounded law."""
    low, high = law._hull()
    if math.isfinite(high - low) and high > low:
        return 0.5 * (high - low)
    if high == low:
        return max(abs(high), 1.0)
    return float(law.ppf(0.75) - law.ppf(0.25))


def centre_of(law: Law) -> float:
    low, high = law._hull()
    return 0.5 * (low + high) if math.isfinite(high - low) else float(law.ppf(0.5))


def ends_of(law: Law) -> Iterator[tuple[float, float, float, float]]:
    """Low and high end of every interval, cut to the bulk where it is infinite, with exponents."""
    for i in law.support:
        low = i.low if math.isfinite(i.low) else float(law.ppf(1e-3))
        high = i.high if math.isfinite(i.high) else float(law.ppf(1.0 - 1e-3))
        yield low, high, i.low_exponent, i.high_exponent


def has_moments(law: Law) -> bool:
    try:
        law.moments(6)
    except ValueError:
        return False
    return True


def heavy(law: Law, distance: float) -> float:
    """Mass of a law without moments beyond a distance, in units of its scale: zG − 1 is of this size there."""
    if has_moments(law):
        return 0.0
    reach = distance * scale_of(law)
    return float(law.cdf(centre_of(law) - reach) + law.sf(centre_of(law) + reach))


def interior(law: Law, shares: tuple[float, ...] = (0.03, 0.2, 0.5, 0.77, 0.97)) -> np.ndarray:
    """Points inside the support, away from edges and atoms."""
    points = [low + (high - low) * t for low, high, _, _ in ends_of(law) for t in shares]
    atoms = {a for a, _ in law.atoms}
    return np.array(sorted({x for x in points if x not in atoms}))


def off_axis(law: Law) -> np.ndarray:
    """Complex points above the real line, at several distances."""
    s, c = scale_of(law), centre_of(law)
    return c + s * np.array([0.3 + 0.4j, -0.8 + 0.7j, 1.5 + 0.2j, 3j, -4 + 1j, 30 + 40j])


def conditioning(law: Law, x: np.ndarray) -> np.ndarray:
    """Mass within two ulps of x: what the rounding of x does to a distribution function."""
    with np.errstate(invalid="ignore"):
        density = law.pdf(x)
    return 4.0 * np.where(np.isfinite(density), density, 1.0 / EPS) * np.spacing(np.abs(x))


def integrate(law: Law, function: Callable[[np.ndarray], np.ndarray]) -> float:
    """∫ f dμ: Gauss-Legendre on panels that halve towards the edges, and the atoms."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    breaks = np.concatenate([[0.0], 2.0 ** -np.arange(60.0, 3.0, -1.0), np.linspace(0.125, 1.0, 24)])
    t = np.concatenate([a + (b - a) * (nodes + 1.0) / 2.0 for a, b in pairwise(breaks)])
    w = np.concatenate([(b - a) * weights / 2.0 for a, b in pairwise(breaks)])
    total = math.fsum(m * float(function(np.array([a]))[0]) for a, m in law.atoms)
    for i in law.support:
        half = 0.5 * i.high - 0.5 * i.low
        for edge, sign, exponent in ((i.low, 1.0, i.low_exponent), (i.high, -1.0, i.high_exponent)):
            power = (
                1.0
                if exponent == 0.0 or math.isnan(exponent)
                else 1.0 / exponent
                if exponent > 0
                else 1 / (1 + exponent)
            )
            distance = half * t**power
            x = edge + sign * distance
            x = np.where(x == edge, np.nextafter(edge, i.high if sign > 0 else i.low), x)
            rounded, exact = np.abs(x - edge), distance
            # the rounding of x changes a power law next to its edge: undo it
            exponent = 0.0 if math.isnan(exponent) else exponent
            density = law.pdf(x) * (exact / rounded) ** exponent
            total += math.fsum(density * function(x) * exact * power / t * w)
    return total


# ---------------------------------------------------------------------- checks
def check_mass(law: Law) -> None:
    masses = math.fsum([i.mass for i in law.support] + [m for _, m in law.atoms])
    assert abs(masses - 1.0) <= 1e-13
    low, high = law._hull()
    assert law.cdf(high) == 1.0 or math.isinf(high)
    if math.isfinite(high - low):
        assert abs(integrate(law, np.ones_like) - 1.0) <= 1e-12


def check_tails_complement(law: Law) -> None:
    low, high = law._hull()
    s = scale_of(law)
    x = np.concatenate([interior(law), [a for a, _ in law.atoms], [low, high, low - s, high + s]])
    x = x[np.isfinite(x)]
    cdf, sf = law.cdf(x), law.sf(x)
    assert (np.abs(cdf + sf - 1.0) <= EPS).all()
    assert ((cdf >= 0.0) & (cdf <= 1.0) & (sf >= 0.0) & (sf <= 1.0)).all()
    order = np.argsort(x)
    assert (np.diff(cdf[order]) >= 0.0).all()
    assert law.cdf(math.inf) == law.sf(-math.inf) == 1.0
    assert law.cdf(-math.inf) == law.sf(math.inf) == 0.0


def check_jumps(law: Law) -> None:
    for position, mass in law.atoms:
        before = np.nextafter(position, -math.inf)
        jump = float(law.cdf(position)) - float(law.cdf(before))
        assert abs(jump - mass) <= 4 * EPS + float(np.nan_to_num(law.pdf(before), posinf=0.0)) * abs(position - before)
        assert law.cdf(position) + law.sf(position) == pytest.approx(1.0, abs=EPS)
        level = float(law.cdf(position)) - 0.5 * mass
        assert law.ppf(level) == position


def check_density_is_derivative(law: Law) -> None:
    x = interior(law, (0.1, 0.35, 0.6, 0.9))
    h = 1e-4 * scale_of(law)
    x = x[[all(abs(t - a) > 2 * h for a, _ in law.atoms) for t in x]] if x.size else x
    # five-point rule: the error is of the order of h^4
    slope = (8.0 * (law.cdf(x + h) - law.cdf(x - h)) - (law.cdf(x + 2 * h) - law.cdf(x - 2 * h))) / (12.0 * h)
    np.testing.assert_allclose(law.pdf(x), slope, rtol=1e-7, atol=1e-9 / scale_of(law))


def check_off_support(law: Law) -> None:
    low, high = law._hull()
    s = scale_of(law)
    if math.isfinite(low):
        x = np.array([low - s, low - 1e-3 * s, -math.inf])
        assert (law.pdf(x) == 0.0).all()
        assert (law.cdf(x) == 0.0).all()
        assert (law.sf(x) == 1.0).all()
        assert (law.stieltjes(x[:2]).imag == 0.0).all()
    if math.isfinite(high):
        x = np.array([high + 1e-3 * s, high + s, math.inf])
        assert (law.pdf(x) == 0.0).all()
        assert (law.cdf(x) == 1.0).all()
        assert (law.sf(x) == 0.0).all()
        assert (law.stieltjes(x[:2]).imag == 0.0).all()
    for left, right in pairwise(law.support):
        if left.high < right.low:
            middle = 0.5 * (left.high + right.low)
            assert law.pdf(middle) == 0.0


def check_stieltjes_at_infinity(law: Law) -> None:
    z = centre_of(law) + 1e7 * scale_of(law) * np.exp(1j * np.array([0.0, 0.4, 1.5, 2.8, np.pi]))
    size = 10.0 * heavy(law, 1e7) + 1e-6 * (1.0 + abs(centre_of(law)) / scale_of(law))
    assert (np.abs(z * law.stieltjes(z) - 1.0) <= size).all()
    assert law.stieltjes(complex(math.inf, 0.0)) == 0.0
    if not has_moments(law):
        return
    mean = law.mean()
    m = law.t_transform(z)
    second = law.moment(2)
    third = scale_of(law) * second + abs(mean) ** 3
    np.testing.assert_allclose(
        m, mean / z + second / z**2, rtol=1e-10, atol=4 * (third + second) / 1e20 / scale_of(law) ** 3
    )
    np.testing.assert_allclose(
        m, z * law.stieltjes(z) - 1.0, rtol=0, atol=1e-14 * np.abs(z / scale_of(law)).max() / 1e5
    )


def check_stieltjes_sign_and_reflection(law: Law) -> None:
    z = off_axis(law)
    g = law.stieltjes(z)
    assert (g.imag < 0.0).all()
    np.testing.assert_array_equal(law.stieltjes(z.conj()), g.conj())
    np.testing.assert_array_equal(law.log_potential(z.conj()), law.log_potential(z).conj())
    # |G| <= 1/Im z
    assert (np.abs(g) * z.imag <= 1.0 + 1e-12).all()
    u = law.log_potential(z)
    assert ((u.imag >= 0.0) & (u.imag <= np.pi)).all()


def check_stieltjes_inversion(law: Law) -> None:
    x = interior(law)
    g = law.stieltjes(x)
    np.testing.assert_allclose(-g.imag / np.pi, law.pdf(x), rtol=1e-12)
    np.testing.assert_array_equal(law.hilbert(x), g.real)
    # the boundary value is the limit from above
    if x.size:
        width = min(scale_of(law), *(high - low for low, high, _, _ in ends_of(law)))
        near = law.stieltjes(x + 1e-7j * width)
        np.testing.assert_allclose(near, g, rtol=1e-4, atol=1e-5 / width)


def check_stieltjes_is_the_integral(law: Law) -> None:
    if not math.isfinite(scale_of(law)) or any(math.isinf(e) for e in law._hull()):
        return
    for z in off_axis(law)[:4]:
        direct = complex(
            integrate(law, lambda t, z=z: (1.0 / (z - t)).real), integrate(law, lambda t, z=z: (1.0 / (z - t)).imag)
        )
        assert abs(law.stieltjes(z) - direct) <= 1e-11 * abs(direct)


def check_potential(law: Law) -> None:
    z = off_axis(law)
    h = 1e-3 * scale_of(law)
    u = law.log_potential
    slope = (u(z + h) - u(z - h) - 1j * (u(z + 1j * h) - u(z - 1j * h))) / (4.0 * h)
    np.testing.assert_allclose(slope, law.stieltjes(z), rtol=1e-9, atol=4e-13 * np.abs(u(z)).max() / h)
    x = interior(law)
    np.testing.assert_allclose(u(x).imag, np.pi * law.sf(x), rtol=0, atol=1e-13)
    s, c = scale_of(law), centre_of(law)
    far = c + 1e9 * s * np.array([1.0, 1j, -1.0])
    expected = np.log(far - c + 0j)
    np.testing.assert_allclose(u(far), expected, rtol=1e-7, atol=1e-8 + 100.0 * heavy(law, 1e9))


def check_quantiles(law: Law) -> None:
    u = np.concatenate([[1e-12, 1e-6, 1e-3, 0.999, 1 - 1e-6], np.linspace(0.01, 0.99, 21)])
    x = law.ppf(u)
    low, high = law._hull()
    assert (np.diff(x[np.argsort(u)]) >= 0.0).all()
    continuous = np.ones(u.size, dtype=bool)
    for position, mass in law.atoms:
        top = float(law.cdf(position))
        inside = (u > top - mass) & (u <= top)
        assert (x[inside] == position).all()
        continuous &= ~inside
    u, x = u[continuous], x[continuous]
    value, error = law.cdf(x, return_error=True)
    slack = conditioning(law, x) + error
    assert (np.abs(value - u) <= 1e-12 + slack).all()
    if not law.atoms or law.atoms[0][0] > low:
        assert (np.abs(value - u) <= 1e-12 * u + slack).all()
    assert law.ppf(0.0) == low
    assert law.ppf(1.0) == high
    with pytest.raises(ValueError, match=r"u must lie in \[0, 1\], got 1.5"):
        law.ppf([0.5, 1.5])


def check_moments(law: Law) -> None:
    low, high = law._hull()
    if not has_moments(law):
        with pytest.raises(ValueError, match="no moments"):
            law.moments(6)
        return
    moments = law.moments(6)
    scale = (max(abs(low), abs(high)) or 1.0) if math.isfinite(high - low) else scale_of(law)
    powers = scale ** np.arange(1.0, 7.0)
    assert law.mean() == moments[0] == law.moment(1)
    assert law.moment(0) == 1.0
    assert law.var() == pytest.approx(moments[1] - moments[0] ** 2, abs=1e-13 * powers[1], rel=1e-12)
    assert law.std() == pytest.approx(math.sqrt(law.var()))
    cumulants = law.free_cumulants(6)
    rebuilt = np.array(moments_from_free_cumulants(cumulants))
    np.testing.assert_allclose(rebuilt / powers, np.array(moments) / powers, rtol=1e-11, atol=1e-11)
    try:
        exact = law.moments(6, exact=True)
    except ValueError:
        exact = None
    if exact is not None:
        assert all(isinstance(m, Fraction) for m in exact)
        np.testing.assert_allclose([float(m) for m in exact], moments, rtol=4 * EPS, atol=0)
        assert law.moment(3, exact=True) == exact[2]
        assert [float(k) for k in law.free_cumulants(6, exact=True)] == pytest.approx(list(cumulants), rel=1e-12, abs=0)
    if math.isinf(high - low):
        return
    for k, m in enumerate(moments, start=1):
        assert abs(integrate(law, lambda t, k=k: (t / scale) ** k) - m / scale**k) <= 2e-12
    # (1/2πi) ∮ z^k G(z) dz over a circle around the support, midpoint rule
    angle = 2.0 * np.pi * (np.arange(128) + 0.5) / 128
    z = 2.0 * scale * np.exp(1j * angle)
    contour = [np.mean((z / scale) ** k * z * law.stieltjes(z)).real for k in range(1, 7)]
    np.testing.assert_allclose(contour, np.array(moments) / powers, rtol=0, atol=1e-11)


def check_r_transform(law: Law) -> None:
    low, high = law._hull()
    if not has_moments(law) or math.isinf(high - low):
        return
    mean = law.mean()
    s, c = scale_of(law), centre_of(law)
    z = c + s * np.array([1.3, 2.0, 40.0, 1e5, -1.5, -7.0])
    g = law.stieltjes(z).real
    np.testing.assert_allclose(law.r_transform(g) + 1.0 / g, z, rtol=1e-11, atol=1e-11 * s)
    np.testing.assert_allclose(law.blue(g), z, rtol=1e-11, atol=1e-11 * s)
    far = c + s * np.array([3.0 + 2.0j, -5.0 + 0.5j, 8j, 3.0 - 2.0j])
    np.testing.assert_allclose(law.blue(law.stieltjes(far)), far, rtol=1e-11)
    assert law.r_transform(0.0) == pytest.approx(mean, abs=1e-14 * s)
    with pytest.raises(ValueError, match="pole at g = 0"):
        law.blue(0.0)
    # the Taylor coefficients are the free cumulants
    h = 1e-2 / max(abs(low), abs(high), s)
    circle = h * np.exp(2j * np.pi * np.arange(16) / 16)
    values = law.r_transform(circle)
    for k, kappa in enumerate(law.free_cumulants(4)):
        coefficient = np.mean(values * circle**-k) if k else np.mean(values)
        assert abs(coefficient - kappa) * h**k <= 1e-11 * max(abs(low), abs(high), s)


def check_s_transform(law: Law) -> None:
    low, high = law._hull()
    if not has_moments(law):
        with pytest.raises(ValueError, match="moments"):
            law.s_transform(0.1)
        return
    mean = law.mean()
    if abs(mean) <= 1e-10 * scale_of(law):
        if abs(mean) <= EPS * scale_of(law):
            with pytest.raises(ValueError, match="mean is zero"):
                law.s_transform(0.1)
        return
    if math.isinf(high - low):
        return
    s = max(abs(low), abs(high))
    reach = s * s / abs(mean) * 10.0 + 10.0 * s
    z = reach * np.array([1.0, 3.0, 1e4, -1.0, -20.0])
    m = law.t_transform(z).real
    np.testing.assert_allclose(law.inverse_t_transform(m), z, rtol=1e-11)
    far = reach * np.array([1j, 2.0 - 1.0j])
    np.testing.assert_allclose(law.inverse_t_transform(law.t_transform(far)), far, rtol=1e-11)
    np.testing.assert_allclose(law.s_transform(m), (1.0 + m) / (m * z), rtol=1e-11)
    assert law.s_transform(0.0) == pytest.approx(1.0 / mean, rel=1e-12)
    with pytest.raises(ValueError, match="pole at m = 0"):
        law.inverse_t_transform(0.0)


def check_identity(law: Law) -> None:
    twin = eval(repr(law), dict(vars(rmt.laws)) | {"Fraction": Fraction})
    assert twin == law
    assert hash(twin) == hash(law)
    law.ppf(0.5)  # fill the caches
    for other in (pickle.loads(pickle.dumps(law)), copy.deepcopy(law), copy.copy(law)):
        assert other == law
        assert hash(other) == hash(law)
        assert other.cdf(centre_of(law)) == law.cdf(centre_of(law))
    assert law != Atomic((123.5,), (1,))
    assert law != "law"
    with pytest.raises(FrozenInstanceError):
        law.surprise = 1


def check_shapes(law: Law) -> None:
    c = centre_of(law)
    real = (law.pdf, law.cdf, law.sf, law.hilbert)
    compound = (law.stieltjes, law.cauchy, law.t_transform, law.log_potential)
    x = c + scale_of(law) * np.array([[0.1, np.nan, 0.3], [-0.4, 2.0, -3.0]])
    for function, argument, kind in [(f, x, float) for f in real] + [
        (f, x + 0.5j * scale_of(law), complex) for f in compound
    ]:
        out = function(argument)
        assert out.shape == (2, 3)
        assert np.isnan(out[0, 1])
        assert not np.isnan(np.delete(out.ravel(), 1)).any()
        assert isinstance(function(argument[1, 1]), kind)
        assert abs(function(argument[1, 1]) - out[1, 1]) <= 8 * EPS * abs(out[1, 1])
        assert function(list(argument[1])).shape == (3,)
        assert function(np.empty((0, 2))).shape == (0, 2)
    u = np.array([[0.25, np.nan], [0.5, 0.75]])
    assert law.ppf(u).shape == (2, 2)
    assert np.isnan(law.ppf(u)[0, 1])
    assert isinstance(law.ppf(0.5), float)
    with pytest.raises(TypeError, match="real argument"):
        law.pdf(1j)


def check_error_estimates(law: Law) -> None:
    x = interior(law)
    x = np.concatenate([x, [centre_of(law)]])
    for function in (law.pdf, law.cdf, law.sf):
        value, error = function(x, return_error=True)
        np.testing.assert_array_equal(value, function(x))
        assert (error >= 0.0).all()
        finite = np.isfinite(value)
        assert (error[finite] <= 1e-9 * (1.0 + np.abs(value[finite]))).all()
        assert isinstance(function(float(x[0]), return_error=True)[1], float)
    for function in (law.stieltjes, law.log_potential):
        value, error = function(off_axis(law), return_error=True)
        np.testing.assert_array_equal(value, function(off_axis(law)))
        assert (error >= 0.0).all()
        assert (error <= 1e-11 * (1.0 + np.abs(value))).all()
    assert (law.hilbert(x, return_error=True)[1] >= 0.0).all()


def check_affine(law: Law) -> None:
    x = interior(law)
    s = scale_of(law)
    for scale, shift in ((2.0, 0.0), (0.5, 1.0), (-1.0, 0.0), (-3.0, -2.0)):
        other = scale * law + shift
        y = scale * x + shift
        loose = 1e-9 + 1e-13 * (abs(shift) + np.abs(y)).max(initial=0.0) / (abs(scale) * s)
        np.testing.assert_allclose(other.pdf(y), law.pdf(x) / abs(scale), rtol=loose)
        tail = law.cdf(x) if scale > 0 else law.sf(x)
        np.testing.assert_allclose(other.cdf(y), tail, rtol=loose)
        np.testing.assert_allclose(other.sf(y), 1.0 - tail, rtol=loose, atol=1e-15)
        z = off_axis(law)
        w = scale * z + shift
        np.testing.assert_allclose(other.stieltjes(w), law.stieltjes(z) / scale, rtol=loose)
        turned = law.log_potential(z) + np.log(complex(scale))
        np.testing.assert_allclose(other.log_potential(w), turned - 2j * np.pi * (w.imag < 0), rtol=loose, atol=loose)
        for (a, m), (b, n) in zip(other.atoms, law.atoms if scale > 0 else law.atoms[::-1], strict=True):
            assert a == pytest.approx(scale * b + shift, rel=1e-14, abs=1e-14)
            assert abs(m - n) <= EPS
        u = np.array([0.003, 0.2, 0.5, 0.9])
        np.testing.assert_allclose(other.cdf(other.ppf(u)) >= u - 1e-12 - conditioning(other, other.ppf(u)), True)
    assert law + 0 is law
    assert law * 1 is law
    assert +law is law
    assert 0 * law + 3 == Atomic((3,), (1,))
    assert (5 - law).cdf(5 - centre_of(law)) == pytest.approx(
        1 - law.cdf(np.nextafter(centre_of(law), -np.inf)), abs=1e-9
    )
    with pytest.raises(TypeError, match="boxplus"):
        law + law
    with pytest.raises(TypeError, match="boxtimes"):
        law * law
    with pytest.raises(TypeError, match="boxplus"):
        law - law


def check_logarithmic_scale(law: Law) -> None:
    low, _ = law._hull()
    if low < 0.0:
        with pytest.raises(ValueError, match=r"needs a law on \[0, inf\)"):
            law.pdf_of_log(0.0)
        return
    x = interior(law)
    x = x[x > 0.0]
    np.testing.assert_allclose(law.pdf_of_log(np.log(x)), x * law.pdf(x), rtol=1e-9)
    np.testing.assert_allclose(law.cdf_of_log(np.log(x)), law.cdf(x), rtol=1e-9)
    tail = law.cdf_of_log(np.array([-900.0, -3000.0, -math.inf]))
    assert (np.diff(tail) <= 0.0).all()
    assert tail[2] == (law.cdf(0.0) if low == 0.0 else 0.0)
    assert law.cdf_of_log(math.inf) == 1.0
    assert law.pdf_of_log(math.inf) == law.pdf_of_log(-math.inf) == 0.0
    u = np.array([0.003, 0.2, 0.5, 0.9])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(law.ppf_of_log(u), np.log(law.ppf(u)), rtol=1e-12, atol=1e-13)


def check_sampling(law: Law) -> None:
    sample = law.rvs(400, rng=7)
    assert sample.shape == (400,)
    assert law.rvs((2, 3), rng=np.random.default_rng(1)).shape == (2, 3)
    assert isinstance(law.rvs(rng=0), float)
    np.testing.assert_array_equal(sample, law.rvs(400, rng=7))
    low, high = law._hull()
    assert ((sample >= low) & (sample <= high)).all()
    # Dvoretzky-Kiefer-Wolfowitz-Massart at 1e-7, one-sided at jumps
    bound = math.sqrt(math.log(2e7) / (2 * 400))
    ordered = np.sort(sample)
    at_most = np.searchsorted(ordered, ordered, side="right") / 400
    assert (np.abs(law.cdf(ordered) - at_most) <= bound).all()


def check_refusals(law: Law) -> None:
    with pytest.raises(ValueError, match="was not built as a free convolution"):
        law.subordination(1j)
    with pytest.raises(ValueError, match="k must be an integer >= 0"):
        law.moment(-1)
    with pytest.raises(TypeError, match="k must be an integer >= 1"):
        law.moments(2.5)
    if law.atoms:
        with pytest.raises(ValueError, match="has an atom"):
            law.to_scipy()


CHECKS = {name.removeprefix("check_"): value for name, value in list(globals().items()) if name.startswith("check_")}


def run(law: Law) -> None:
    """Run every check on a law."""
    for check in CHECKS.values():
        check(law)
