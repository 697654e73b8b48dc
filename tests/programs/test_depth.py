"""Tail bounds and their constants; log-normal lengths at depth ~ width."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from programs.values import VALUES, numbers

from rmt.programs import (
    Program,
    exponential_mean_bound,
    log_norm,
    sufficient_width,
    tail_bound,
    tail_constant,
)
from rmt.programs.tail_bounds import RATE_GENERAL, RATE_RESTRICTED, RESTRICTED_FACTOR


def test_constants():
    general, square, factor, restricted = numbers("tail-constants")
    assert pytest.approx(general, rel=1e-14) == RATE_GENERAL
    assert pytest.approx(restricted, rel=1e-14) == RATE_RESTRICTED
    assert pytest.approx(factor, rel=1e-14) == RESTRICTED_FACTOR
    assert tail_constant(1.0, 1, kind="general") ** 2 == pytest.approx(square, rel=1e-14)


def test_restricted_recursion():
    inputs = VALUES["tail-recursion-ref"]["inputs"]
    lam, rho, t = (float(inputs[k]) for k in ("lam", "rho", "t"))
    for depth, expected in zip(inputs["l"], numbers("tail-recursion-ref"), strict=True):
        lengths = [(rho * lam) ** (2 * k) for k in range(1, depth)]
        value = tail_constant(t * lam ** (2 * depth), depth, lipschitz=lam, lengths=lengths)
        assert value == pytest.approx(expected, rel=1e-12)
        closed = RESTRICTED_FACTOR * lam ** (2 * depth) * ((1 - rho ** (2 * depth)) / (1 - rho**2) + (depth - 1) * t)
        assert value == pytest.approx(closed, rel=1e-12)


def test_general_recursion_in_deep_networks():
    """The recursion of the theory page one (τ, ν) at a time, in 30 digits."""
    mpmath.mp.dps = 30
    e, v = mpmath.exp(2 / mpmath.pi), [1.0] + [1.21**k for k in range(1, 12)]

    def one(u, d):
        root = (2 + 32 * mpmath.pi * e) * mpmath.sqrt(8 * u**3 * d / mpmath.pi)
        return 1.21 * mpmath.sqrt(2 * ((3 + 256 * e) * u * u + root + (1 + 8 * mpmath.pi * e) * u * d))

    def constant(tau, nu, depth):
        if depth == 1:
            return one(1, nu * nu)
        means = [mpmath.sqrt(2 * x / mpmath.pi) for x in v[: depth - 1]]
        total = sum(means)
        d = nu * nu + 4 * nu * total + 4 * (sum(v[: depth - 1]) + total**2 - sum(m * m for m in means))
        slope = 1 + mpmath.sqrt(d / (2 * mpmath.pi * v[depth - 1]))
        inner = tau / (1.21 * slope)
        u = v[depth - 1] + inner
        further = nu + mpmath.sqrt(8 / mpmath.pi * u)
        below = 1.21 * slope * constant(inner, nu, depth - 1) + constant(tau, further, depth - 1)
        return one(u, d + 4 * inner / 1.21) + below

    found = tail_constant(0.3, 9, kind="general", lipschitz=1.1, offset=0.5)
    assert found == pytest.approx(float(constant(mpmath.mpf(0.3), mpmath.mpf(0.5), 9)), rel=1e-12)
    assert found != pytest.approx(float(constant(mpmath.mpf(0.3), mpmath.mpf(0.5001), 9)), rel=1e-9)
    steps = np.diff([math.log(tail_constant(1.0, depth, kind="general")) for depth in range(10, 22)])
    assert (np.diff(steps) > 0).all()


def test_general_recursion():
    for offset, expected in zip((0.0, 1.0), numbers("tail-general-l1"), strict=True):
        assert tail_constant(1.0, 1, kind="general", offset=offset) == pytest.approx(expected, rel=1e-14)
    for depth, expected in enumerate(numbers("tail-general-recursion-ref"), 1):
        assert tail_constant(1.0, depth, kind="general") == pytest.approx(expected, rel=1e-13)
    logs = [math.log10(tail_constant(10.0 ** (2 * d), d, kind="general", lipschitz=10.0)) for d in (1, 2, 3, 4, 5)]
    np.testing.assert_allclose(logs, [3.494, 6.000, 8.601, 13.287, 19.232], atol=6e-4)


def test_sufficient_width_is_the_smallest():
    for arguments in ((1.0, 1), (0.5, 1), (1.0, 2), (1.0, 5)):
        for kind in ("restricted", "general"):
            options = {"kind": kind, "lipschitz": 2**0.5, "lengths": [1.0] * 5}
            n = sufficient_width(0.05, *arguments, **options)
            assert tail_bound(n, *arguments, **options) <= 0.05 < tail_bound(n - 1, *arguments, **options)


def test_bounds_hold_in_samples():
    """Mean of 2 relu² over 400 units: P(c − 1 > 0.3) is far below the bound, which is far from trivial deeper down."""
    rng = np.random.default_rng(0)
    means = (2 * np.maximum(rng.standard_normal((4000, 400)), 0) ** 2).mean(axis=1)
    assert (means > 1.3).mean() < tail_bound(400, 0.3, 1, lipschitz=2**0.5) < 1
    for n in (5, 50, 200):
        chi = rng.chisquare(1, (4000, n)).mean(axis=1)
        exponential = rng.exponential(size=(4000, n)).mean(axis=1)
        for t in (0.5, 1.0, 2.0):
            assert (chi - 1 > t).mean() <= exponential_mean_bound(n, t, rate=0.5, mean=1.0, second_moment=3.0) + 0.01
            assert (exponential - 1 > t).mean() <= (
                exponential_mean_bound(n, t, rate=1.0, mean=1.0, second_moment=2.0) + 0.01
            )


def test_bad_tail_arguments():
    with pytest.raises(ValueError, match="at least 2 numbers"):
        tail_constant(1.0, 3, lengths=[1.0])
    with pytest.raises(ValueError, match="tau"):
        tail_bound(10, 0.0, 1)
    with pytest.raises(ValueError, match="second_moment"):
        exponential_mean_bound(10, 1.0, rate=1.0, mean=0.9, second_moment=0.5)
    with pytest.raises(ValueError, match="kind"):
        tail_bound(10, 1.0, 1, kind="other")


def test_linear_lengths_by_quadrature():
    law = log_norm("linear", width=7, depth=3)

    def density(x):
        return x**2.5 * mpmath.exp(-x / 2) / (2**3.5 * mpmath.gamma(3.5))

    mean = mpmath.quad(lambda x: mpmath.log(x / 7) * density(x), [0, 1, 7, 30, 200])
    square = mpmath.quad(lambda x: mpmath.log(x / 7) ** 2 * density(x), [0, 1, 7, 30, 200])
    assert law.mean == pytest.approx(3 * float(mean), rel=1e-10)
    assert law.variance == pytest.approx(3 * float(square - mean**2), rel=1e-10)


def test_relu_lengths_by_enumeration():
    """A mixture over the number of active units, of which there is at least one."""
    n = 5
    law = log_norm("relu", width=n, depth=1)
    moments = [mpmath.mpf(0), mpmath.mpf(0)]
    for k in range(1, n + 1):
        weight = mpmath.binomial(n, k) / (2**n - 1)

        def density(x, k=k):
            return x ** (k / 2 - 1) * mpmath.exp(-x / 2) / (2 ** (k / 2) * mpmath.gamma(k / 2))

        for p in (1, 2):
            # x = y²: no singularity at 0
            moments[p - 1] += weight * mpmath.quad(
                lambda y, p=p, d=density: mpmath.log(2 * y * y / n) ** p * d(y * y) * 2 * y, [0, 0.1, 1, 3, 8, 20]
            )
    assert law.mean == pytest.approx(float(moments[0]), rel=1e-8)
    assert law.variance == pytest.approx(float(moments[1] - moments[0] ** 2), rel=1e-8)
    assert law.dead == pytest.approx(2.0**-n, rel=1e-14)
    assert law.second_moment == 1 + 5 / n


def test_leading_forms():
    for name, layer in (("linear", 2.0), ("relu", 5.0)):
        law = log_norm(name, width=4000, depth=4000)
        assert law.leading_variance == layer
        assert law.mean == pytest.approx(law.leading_mean, rel=5e-3)
        assert law.variance == pytest.approx(law.leading_variance, rel=5e-3)
    law = log_norm("leaky_relu", width=100, depth=10, slope=0.3)
    assert law.layer_variance == pytest.approx(6 * (1 + 0.3**4) / 1.09**2 - 1)
    with pytest.raises(ValueError, match="leading_mean"):
        law.mean  # noqa: B018


@pytest.mark.parametrize(("name", "slope"), [("linear", None), ("relu", None), ("leaky_relu", 0.2)])
def test_networks_as_deep_as_wide(name, slope):
    """A network of 100 layers of 100 units, the product law, and the Gaussian logarithm."""
    law = log_norm(name, width=100, depth=100, slope=slope)
    drawn = law.rvs(4000, rng=0)
    error = drawn.std() / 4000**0.5
    a = law.slope
    if slope is None:
        assert abs(drawn.mean() - law.mean) < 5.5 * error
        assert abs(drawn.var() / law.variance - 1) < 5.5 * (2 / 4000) ** 0.5 * 1.2
    assert abs(drawn.mean() / law.leading_mean - 1) < 0.1
    assert abs(drawn.var() / law.leading_variance - 1) < 0.2
    P = Program()
    x = P.vector()
    for _ in range(100):
        scale = (2 / (1 + a * a)) ** 0.5
        h = P.matrix() @ x
        x = np.maximum(h, a * h) * scale
    P.mean(x * x)
    deep = np.log(P.sample(100, rng=1, trials=20))
    pooled = math.hypot(error, deep.std(ddof=1) / 20**0.5)
    assert abs(deep.mean() - drawn.mean()) < 5.5 * pooled + 0.02
