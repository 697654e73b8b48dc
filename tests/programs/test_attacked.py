"""Properties that an attack from outside found broken: claimed errors, hostile maps, extremes, files, names."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats

import rmt
from rmt.laws import Bernoulli
from rmt.programs import (
    Program,
    dot,
    exponential_mean_bound,
    interpolate,
    log_norm,
    spectral_universality,
    sufficient_width,
    tail_bound,
    tail_constant,
    universality,
)


def one(make, law="gaussian"):
    """The program of the mean of a function of one vector."""
    P = Program()
    P.mean(make(P, P.vector(law)))
    return P


def held(P, exact):
    """Whether the limit is within its claimed error, and that error is no larger than 1e-8 of it."""
    value, error = P.limit(return_error=True)
    size = max(1.0, abs(exact))
    assert abs(value - exact) <= error + 4e-15 * size
    assert error <= 1e-8 * size
    return True


# ---------------------------------------------------------------------- claimed errors
@pytest.mark.parametrize("a", [0.5, 2.0, 3.3, 6.0])
def test_maps_that_grow_exponentially(a):
    """E exp(a z) = exp(a²/2): the mass lies at z = a, where the normal density is small."""
    assert held(one(lambda P, v: np.exp(a * v)), math.exp(a * a / 2))
    assert held(one(lambda P, v: np.maximum(np.exp(a * v) - 1, 0)), _above(a))
    assert held(one(lambda P, v: v**2, scipy.stats.lognorm(a / 2)), math.exp(a * a / 2))
    P = Program()
    u, v = P.vectors([[1, Fraction(1, 2)], [Fraction(1, 2), 1]])
    P.mean(np.exp(a / 2 * u) * np.exp(a / 2 * v))
    assert held(P, math.exp(3 * a * a / 8))


def _above(a):
    """E max(exp(a z) − 1, 0) = exp(a²/2) Φ(a) − 1/2."""
    return float(mpmath.exp(mpmath.mpf(a) ** 2 / 2) * mpmath.ncdf(a) - 0.5)


@pytest.mark.parametrize("c", [0.1, 0.25, 0.4, 0.45])
def test_maps_that_grow_as_fast_as_the_density_falls(c):
    """E exp(c z²) = (1 − 2c)^(−1/2)."""
    assert held(one(lambda P, v: np.exp(c * v**2)), (1 - 2 * c) ** -0.5)


@pytest.mark.parametrize("c", [0.4999, 0.5, 0.6, 3.0])
def test_infinite_integrals_are_refused(c):
    with pytest.raises(ValueError, match="infinite, or"):
        one(lambda P, v: np.exp(c * v**2)).limit(return_error=True)
    with pytest.raises(ValueError, match="infinite, or"):
        one(lambda P, v: abs(v) ** 3.5, "student(3)").limit(return_error=True)


def test_laws_with_heavy_tails():
    """Moments up to the last that exist, some of which lie at 1e-100 of the law."""
    assert held(one(lambda P, v: v**2, "student(2.1)"), 1.0)
    assert held(one(lambda P, v: v**4, "student(4.2)"), 3 * 2.2 / 0.2)
    assert held(one(lambda P, v: v**2, "cube_root_cauchy"), 1.0)
    assert held(one(lambda P, v: v**2, "fifth_root_cauchy"), 1.0)
    cosines = math.cos(math.pi / 5) ** 2 / math.cos(2 * math.pi / 5)  # E|x|^p of the Cauchy law is 1/cos(πp/2)
    assert held(one(lambda P, v: v**4, "fifth_root_cauchy"), cosines)
    P = Program()
    P.mean((P.matrix() @ P.vector("student(2.01)")) ** 2)
    assert P.limit() == pytest.approx(1.0, abs=1e-12)


def test_narrow_maps_are_seen():
    """E exp(−k (z − a)²) for a bump of width 0.007 between the nodes of a coarse rule."""
    k, a = 1e4, 0.31
    exact = (1 + 2 * k) ** -0.5 * math.exp(-k * a * a / (1 + 2 * k))
    assert held(one(lambda P, v: np.exp(-k * (v - a) ** 2)), exact)
    assert held(one(lambda P, v: P.map(lambda x: np.exp(-k * (x - a) ** 2), v)), exact)


@pytest.mark.parametrize("width", [0.02, 2e-3, 2e-4, 2e-5])
@pytest.mark.parametrize("place", [0.31, 1.7])
def test_narrow_features_of_a_callable(width, place):
    """E exp(−(z − a)²/(2 w²)) (1 + y²) for bumps between the nodes of any rule, alone and among other variables."""

    def bump(x):
        return np.exp(-(((x - place) / width) ** 2) / 2)

    exact = width / math.hypot(1, width) * math.exp(-place * place / (2 * (1 + width * width)))
    assert held(one(lambda P, v: P.map(bump, v)), exact)
    assert held(one(lambda P, v: P.map(bump, (v + 3 * P.vector()) / 10**0.5)), exact)
    P = Program()
    x, y, z = P.vector(), P.vector(), P.vector()
    P.mean(P.map(bump, x) * np.cos(y - x) * np.cos(z + x))
    assert held(P, exact * _two_cosines(width, place))
    value, error = one(lambda P, v: P.map(bump, v)).limit(return_error=True)
    assert abs(value - 1.001 * exact) > error  # another number is told apart


def test_narrow_features_beside_kinks():
    """A bump of width 0.016 on |z|, which is a line at most points: not taken for one."""
    a, w = -0.547, 0.016
    exact = math.sqrt(2 / math.pi) + w / math.hypot(1, w) * math.exp(-a * a / (2 * (1 + w * w)))
    assert held(one(lambda P, v: P.map(lambda x: abs(x) + np.exp(-(((x - a) / w) ** 2) / 2), v)), exact)


def _two_cosines(width, place):
    """E cos(y − x) cos(z + x) = E cos² x/e under the bump: half of it with cos 2x."""
    variance, mean = width**2 / (1 + width**2), place / (1 + width**2)
    return 0.5 * (1 + math.exp(-2 * variance) * math.cos(2 * mean)) / math.e


def test_kinks_of_odd_maps_are_no_straight_lines():
    """E max(z³ − z, 0) bends at −1, 0 and 1; an odd function is on a line at −2, 0 and 2."""
    cubic = float(mpmath.quad(lambda x: abs(x**3 - x) * mpmath.npdf(x), [0, 1, 3, 12]))
    assert held(one(lambda P, v: np.maximum(v**3 - v, 0)), cubic)
    inside = 2 * mpmath.npdf(1) - mpmath.npdf(0)  # E z over (−1, 0) and (1, ∞)
    assert held(one(lambda P, v: (v**3 - v > 0) * v), float(inside))
    waves = 0.5 * float(
        mpmath.quad(lambda x: abs(mpmath.sin(3 * x)) * mpmath.npdf(x), [k * math.pi / 3 for k in range(-12, 13)])
    )
    assert held(one(lambda P, v: np.maximum(np.sin(3 * v), 0)), waves)


@pytest.mark.parametrize("power", [0.3, 0.5, 1.5, 2.5])
def test_roots_at_a_kink(power):
    """Weak singularities anywhere: two coarse rules may agree by chance."""
    mpmath.mp.dps = 30
    for a in np.random.default_rng(round(10 * power)).normal(size=6) * 1.5:
        exact = mpmath.quad(
            lambda s, a=a: 2 * s ** (2 * mpmath.mpf(power) + 1) * mpmath.npdf(mpmath.mpf(a) + s * s), [0, 0.5, 1, 2, 4]
        )
        assert held(one(lambda P, v, a=a: np.maximum(v - float(a), 0) ** power), float(exact))


@pytest.mark.parametrize(
    "law", [scipy.stats.poisson(3.0), scipy.stats.geom(0.2), scipy.stats.binom(9, 0.3), scipy.stats.nbinom(4, 0.4)]
)
def test_discrete_laws_with_infinitely_many_values(law):
    assert held(one(lambda P, v: v**3, law), float(law.moment(3)))
    exact = float(law.expect(lambda k: np.exp(-0.3 * k), maxcount=10000, tolerance=1e-16))
    assert one(lambda P, v: np.exp(-0.3 * v), law).limit() == pytest.approx(exact, abs=1e-10)


def test_discrete_laws_with_too_many_values_are_refused():
    for law in (scipy.stats.poisson(1e6), scipy.stats.zipf(4.0), scipy.stats.geom(0.001)):
        with pytest.raises(ValueError, match="either side of its median"):
            one(lambda P, v: v**2, law).limit()


# ---------------------------------------------------------------------- exact numbers
@pytest.mark.parametrize("law", ["gaussian", "rademacher"])
@pytest.mark.parametrize(
    ("mean", "scale"), [(0.5, 1), (0, 0.1), (Fraction(1, 7), Fraction(1, 3)), (np.float64(0.5), np.float32(0.25))]
)
def test_decimals_are_exact(law, mean, scale):
    """E (μ + s X)² = μ² + s² for a decimal, a fraction or a NumPy number, in all three answers."""
    P = Program()
    v = P.vector(law, mean=mean, scale=scale)
    P.mean(v * v)
    decimal = [Fraction(str(x)) if isinstance(x, float | np.floating) else Fraction(x) for x in (mean, scale)]
    exact = decimal[0] ** 2 + decimal[1] ** 2
    assert P.exact_limit() == P.exact_mean(7) == exact
    assert P.limit() == pytest.approx(float(exact), rel=1e-14)


def test_exact_moments_of_laws_given_as_objects():
    P = Program()
    v = P.vector(Bernoulli(Fraction(1, 4)), scale=2, mean=1)
    P.mean(v**3)
    assert P.exact_limit() == Fraction(1, 4) * 27 + Fraction(3, 4)


# ---------------------------------------------------------------------- variances
def test_read_out_that_is_correlated_with_the_features_is_refused():
    P = Program()
    v, u = P.vectors([[1, 0.5], [0.5, 1]])
    f = P.root_sum(v * np.tanh(u))
    with pytest.raises(ValueError, match="correlated with what is summed"):
        P.variance(f)
    drawn = P.sample(1000, f, rng=0, trials=20)
    assert abs(drawn.mean()) > 5  # E v tanh(u) is not 0, so that the sum grows like √n
    P = Program()
    v, u = P.vector(), P.vector()
    with pytest.raises(ValueError, match="also used by"):
        P.variance(P.root_sum(v * (v + u)))


def test_correlated_read_outs_of_two_sums():
    P = Program()
    v, w = P.vectors([[1, 0.5], [0.5, 1]])
    x = np.tanh(P.vector())
    f, g = P.root_sum(v * x), P.root_sum(w * x - 2 * v * x)
    square = float(mpmath.quad(lambda t: mpmath.tanh(t) ** 2 * mpmath.npdf(t), [-12, 0, 12]))
    assert P.variance(f, g) == pytest.approx((0.5 - 2) * square, abs=1e-11)
    drawn = P.sample(200, [f, g], rng=0, trials=2000)
    assert abs(np.cov(drawn.T)[0, 1] - P.variance(f, g)) < 5.5 * 2.5 * square / 2000**0.5


def test_read_outs_of_laws_given_as_objects():
    """A centred law needs no name; one that is not centred is refused."""
    square = float(mpmath.quad(lambda t: mpmath.tanh(t) ** 2 * mpmath.npdf(t), [-12, 0, 12]))
    for law, mean, spread in (
        (scipy.stats.uniform(-1, 2), 0, 1 / 3),
        (scipy.stats.uniform(0, 2), -1, 1 / 3),
        (Bernoulli(0.25), -0.25, 3 / 16),
    ):
        P = Program()
        v, u = P.vector(law, mean=mean), P.vector()
        f, g = P.root_sum(3 * v * np.tanh(u)), P.root_sum(u * v)
        assert P.variance(f) == pytest.approx(9 * spread * square, abs=1e-10)
        with pytest.raises(ValueError, match="also used by"):
            P.variance(g)
    P = Program()
    v = P.vector()
    P.root_sum(v * v)
    with pytest.raises(ValueError, match="nothing else uses"):
        P.variance()
    P = Program()
    P.root_sum(P.vector(scipy.stats.uniform(0, 2)) * np.tanh(P.vector()))
    with pytest.raises(ValueError, match="of mean 0"):
        P.variance()


# ---------------------------------------------------------------------- hostile maps
def doubles(x):
    x *= 2
    return x


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (doubles, "leave them as they are"),
        (lambda x: x - x.mean(), "coordinate by coordinate"),
        (lambda x: np.exp(x) / np.exp(x).sum(), "coordinate by coordinate"),
        (lambda x: x + np.random.default_rng().normal(size=x.shape), "coordinate by coordinate"),
        (lambda x: None, "real numbers of shape"),
        (lambda x: x[::2], "real numbers of shape"),
        (lambda x: np.outer(x, x), "real numbers of shape"),
        (lambda x: x[:, None], "real numbers of shape"),
        (lambda x: x + 0j, "real numbers of shape"),
        (math.tanh, "must take arrays"),
        (lambda x: x if x > 0 else 0, "must take arrays"),
        (lambda x, y: x, "must take arrays"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_hostile_maps_get_a_sentence(function, message):
    P = one(lambda P, v: P.map(function, P.matrix() @ v))
    with pytest.raises(ValueError, match=message):
        P.limit(return_error=True)
    if "by coordinate" not in message:
        with pytest.raises(ValueError, match=message):
            P.sample(20, rng=0)


def test_a_map_cannot_change_the_vector_it_takes():
    P = Program()
    v = P.vector()
    c, d = P.mean(v * v), P.mean(P.map(doubles, v))
    assert P.sample(50, c, rng=0) == one(lambda P, v: v * v).sample(50, rng=0)
    with pytest.raises(ValueError, match="leave them as they are"):
        P.sample(50, [c, d], rng=0)


def test_constant_maps():
    assert one(lambda P, v: P.map(lambda x: 1.5, v)).limit() == pytest.approx(1.5, rel=1e-14)


def test_numpy_functions_that_are_no_ufuncs():
    """np.mean is the mean, not the vector itself; others are refused by name."""
    P = Program()
    v = P.vector()
    c = np.mean(v * v)
    assert c.size is None
    assert P.limit(c) == pytest.approx(1.0, abs=1e-13)
    for call in (lambda: np.clip(v, 0, 1), lambda: np.where(v > 0, v, 0), lambda: np.sum(v), lambda: np.linalg.norm(v)):
        with pytest.raises(TypeError, match=r"no step of a program|NotImplemented"):
            call()
    with pytest.raises(TypeError, match=r"W\.T @ x"):
        v @ P.matrix()
    with pytest.raises(TypeError, match="mean"):
        v @ v
    W = P.matrix()
    for call in (lambda: 2 * W, lambda: W * v, lambda: v * W.T, lambda: W + W, lambda: -W, lambda: np.tanh(W)):
        with pytest.raises(TypeError, match=r"only multiplies vectors|takes vectors and scalars"):
            call()


def test_memory_of_vectors_is_checked():
    with pytest.raises(ValueError, match="too large for memory"):
        one(lambda P, v: v * v).sample(10**13)
    with pytest.raises(ValueError, match="too large for memory"):
        log_norm("relu", 10, 3).rvs(10**13)


# ---------------------------------------------------------------------- text and files
def test_text_tells_joint_vectors_apart(tmp_path):
    """Two programs that differ in a covariance print differently, and do not continue each other's files."""

    def pair(c):
        P = Program()
        a, b = P.vectors([[1, c], [c, 2]])
        P.mean(a * b)
        return P

    assert str(pair(0.9)) != str(pair(-0.9))
    assert "variance 2, covariance 0.9 with v1" in str(pair(0.9))
    file = tmp_path / "trials.npz"
    pair(0.9).sample(9, rng=1, trials=2, out=file)
    with pytest.raises(ValueError, match="holds other trials"):
        pair(-0.9).sample(9, rng=1, trials=2, out=file)
    P, Q = Program(), Program()
    P.mean(P.vectors([[4]])[0])
    Q.mean(Q.vector())
    assert str(P) != str(Q)


def test_names_are_strings_and_differ():
    P = Program()
    v = P.vector(name='a"b')
    P.mean(v)
    assert '"a\\"b" ->' in dot(P)
    with pytest.raises(ValueError, match="taken"):
        P.mean(v, name='a"b')
    for name in (5, "", " "):
        with pytest.raises(TypeError, match="name must be a string"):
            P.matrix(name=name)


# ---------------------------------------------------------------------- extremes
def test_tail_bounds_at_extremes():
    assert tail_bound(100, 0.3, 2000) == 1.0
    assert tail_bound(100, 1e-300, 1) == 1.0
    assert tail_bound(10**4, 0.3, 3, lengths=[1e300, 1e300]) == 1.0
    assert sufficient_width(0.05, 1e300, 1) == 1
    for call in (
        lambda: sufficient_width(0.05, 1e-300, 1),
        lambda: sufficient_width(0.05, 0.3, 2, lipschitz=1e100),
        lambda: tail_constant(0.3, 3, lengths=[1e308, 1e308], kind="general"),
    ):
        with pytest.raises(ValueError, match="beyond the largest float"):
            call()
    with pytest.raises(ValueError, match=r"2\^depth"):
        tail_bound(100, 0.3, 30, kind="general")
    for lipschitz in (1e-200, 1e200):
        with pytest.raises(ValueError, match="lipschitz"):
            tail_bound(10, 0.3, 2, lipschitz=lipschitz)
    with pytest.raises(TypeError, match="lengths"):
        tail_bound(10, 0.3, 2, lengths=3)


def test_moments_that_no_such_tail_has_are_refused():
    """x ≥ 0 with P(x > s) ≤ exp(−κs) has E x ≤ 1/κ and E x² ≤ 2/κ²."""
    for arguments in (
        {"mean": 5, "second_moment": 30},
        {"mean": -1, "second_moment": 2},
        {"mean": 1, "second_moment": 3},
    ):
        with pytest.raises(ValueError, match="must be a finite real number"):
            exponential_mean_bound(10, 1.0, rate=1.0, **arguments)
    tiny, huge = (exponential_mean_bound(9, 1.3 / k, rate=k, mean=1 / k, second_moment=2 / k**2) for k in (1e-60, 1e60))
    assert tiny == pytest.approx(huge, rel=1e-13)
    assert tiny == pytest.approx(exponential_mean_bound(9, 1.3, rate=1, mean=1, second_moment=2), rel=1e-13)


@pytest.mark.parametrize("n", [1, 2, 19, 40, 1000, 10**6, 10**9, 10**12])
def test_lengths_are_exact_at_any_width(n):
    mpmath.mp.dps = 60
    half = mpmath.mpf(n) / 2
    law = log_norm("linear", n, 1)
    assert law.mean == pytest.approx(float(mpmath.digamma(half) - mpmath.log(half)), rel=1e-13, abs=0)
    law = log_norm("relu", n, 1)
    if n <= 40:
        weights = [mpmath.binomial(n, k) / (mpmath.mpf(2) ** n - 1) for k in range(1, n + 1)]
        logs = [mpmath.digamma(mpmath.mpf(k) / 2) - mpmath.log(half / 2) for k in range(1, n + 1)]
        exact = sum(w * x for w, x in zip(weights, logs, strict=True))
        assert law.mean == pytest.approx(float(exact), rel=1e-13)
    else:  # cumulants of the mean of n: E ln = −κ₂/2n + (κ₃/3 − 3κ₂²/4)/n² + …, with κ₂ = 5 and κ₃ = 44
        series = -2.5 / n + (44 / 3 - 75 / 4) / n**2
        assert law.mean == pytest.approx(series, rel=max(1e-11, 40 / n**2))
        assert law.variance == pytest.approx(5 / n, rel=20 / n + 1e-12)


def test_lengths_that_overflow_are_refused():
    with pytest.raises(ValueError, match="beyond the largest float"):
        log_norm("relu", 1, 10**6).second_moment  # noqa: B018
    with pytest.raises(ValueError, match="slope"):
        log_norm("leaky_relu", 10, 10, slope=1e200)
    steep, flat = log_norm("leaky_relu", 10, 10, slope=1e6), log_norm("relu", 10, 10)
    assert steep.layer_variance == pytest.approx(flat.layer_variance, rel=1e-11)


def test_freeness_refuses_what_would_never_end_or_overflows():
    A, B = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="products"):
        rmt.spectra.freeness(A, B, order=12, powers=12)
    with pytest.raises(ValueError, match="largest float"):
        rmt.spectra.freeness(1e200 * A, 1e200 * B)
    with pytest.raises(ValueError, match="take order="):
        rmt.spectra.trace_moments(3 * rmt.goe(), 1400, 20, rng=0)


def test_lists_that_are_none():
    P = one(lambda P, v: np.tanh(P.matrix() @ v))
    for call in (
        lambda: universality(P, "gaussian", [8], 3),
        lambda: universality(P, ["gaussian"], 8, 3),
        lambda: interpolate(P, "gaussian", ["a"], 8, 3),
        lambda: P.limit(5),
        lambda: P.map(np.tanh, P.nodes[0], kinks=3),
        lambda: spectral_universality(lambda law: 3, ["gaussian"], 5),
    ):
        with pytest.raises(TypeError, match=r"must be|must give"):
            call()
    with pytest.raises(ValueError, match="at least one"):
        universality(P, ["gaussian"], [], 3)


# ---------------------------------------------------------------------- a second attack: what is narrow or nearly equal
def pair(r, s, make):
    """The program of the mean of a function of two vectors of correlation r, the first s times as large."""
    P = Program()
    a, b = P.vectors([[1, r], [r, 1]])
    P.mean(make(s * a, b))
    return P


@pytest.mark.parametrize("s", [1.0, 3e3, 1e-3])
@pytest.mark.parametrize("r", [0.3, 0.999999, 1 - 1e-12, -1 + 1e-9])
def test_pairs_of_any_correlation_and_scale(r, s):
    """Arcsine and arc-cosine laws, where the kinks of the two are nearly one: the region between them has mass."""
    mpmath.mp.dps = 40
    angle, root = mpmath.acos(mpmath.mpf(r)), mpmath.sqrt(1 - mpmath.mpf(r) ** 2)
    exact = {
        "signs": 1 - 2 * angle / mpmath.pi,
        "steps": (mpmath.pi - angle) / (2 * mpmath.pi),
        "relus": s * (root + (mpmath.pi - angle) * r) / (2 * mpmath.pi),
        "largest": mpmath.sqrt((1 + mpmath.mpf(s) ** 2 - 2 * r * mpmath.mpf(s)) / (2 * mpmath.pi)),
    }
    assert held(pair(r, s, lambda a, b: np.sign(a) * np.sign(b)), float(exact["signs"]))
    assert held(pair(r, s, lambda a, b: (a > 0) * (b > 0)), float(exact["steps"]))
    assert held(pair(r, s, lambda a, b: np.maximum(a, 0) * np.maximum(b, 0)), float(exact["relus"]))
    assert held(pair(r, s, np.maximum), float(exact["largest"]))
    smooth = 2 / mpmath.pi * mpmath.asin(2 * r * mpmath.mpf(s) / mpmath.sqrt((1 + 2 * mpmath.mpf(s) ** 2) * 3))
    assert held(pair(r, s, lambda a, b: scipy.special.erf(a) * scipy.special.erf(b)), float(smooth))


@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-9, 1e-12])
def test_products_of_nearly_equal_vectors(apart):
    """W v and W (v + ε u): their difference is ε W u, however small."""
    P = Program()
    W, v, u = P.matrix(), P.vector(), P.vector()
    a, b = W @ v, W @ (v + apart * u)
    P.mean(((b - a) / apart) ** 2)
    P.mean((a > 0) * (b < 0))
    values, errors = P.limit(return_error=True)
    exact = [1.0, math.atan(apart) / (2 * math.pi)]
    assert (np.abs(values - exact) <= errors + 4e-15).all()
    assert values[1] == pytest.approx(exact[1], rel=1e-9)
    assert errors.max() < 1e-9
    if apart < 1e-4:
        P = Program()
        W, v, u = P.matrix(), P.vector(), P.vector()
        a, b = W @ np.tanh(v), W @ np.tanh(v + apart * u)
        P.mean(((b - a) / apart) ** 2)
        slope = float(mpmath.quad(lambda x: mpmath.sech(x) ** 4 * mpmath.npdf(x), [-12, -2, 0, 2, 12]))
        value, error = P.limit(return_error=True)
        assert abs(value - slope) <= 4 * error + apart
        assert error < 1e-17 / apart + 1e-8


def test_transposes_of_nearly_equal_vectors():
    """The correction of W.T @ f(W v, W (v + ε u)) is shared among two directions that are nearly one."""
    for apart in (1e-2, 1e-5, 1e-8):
        P = Program()
        W, v, u = P.matrix(), P.vector(), P.vector()
        a, b = W @ v, W @ (v + apart * u)
        y = W.T @ np.tanh((b - a) / apart)  # tends to Ẑ + E tanh'(W u) u
        P.mean(u * y)
        P.mean(v * y)
        slope = float(mpmath.quad(lambda x: mpmath.sech(x) ** 2 * mpmath.npdf(x), [-12, 0, 12]))
        np.testing.assert_allclose(P.limit(), [slope, 0.0], atol=1e-9)


@pytest.mark.parametrize("s", [370.0, 1e5, 1e9])
def test_steep_maps(s):
    """Functions that turn within 1/s of a standard deviation."""
    mpmath.mp.dps = 30
    exact = mpmath.quad(lambda x: mpmath.sech(x) ** 2 * mpmath.npdf(x / s) / s, [-60, -5, 0, 5, 60])
    assert held(one(lambda P, v: np.tanh(s * v) ** 2), float(1 - exact))
    m, width = 2.9, 1 + 2 * mpmath.mpf(s) ** 2
    bump = width**-0.5 * mpmath.exp(-(mpmath.mpf(m) ** 2) / width)
    assert held(one(lambda P, v: np.exp(-((s * v - m) ** 2))), float(bump))
    angle = mpmath.quad(lambda x: mpmath.atan(s * x) * (mpmath.npdf(x - 0.4) - mpmath.npdf(x + 0.4)), [0, 1 / s, 1, 12])
    assert held(one(lambda P, v: np.arctan(s * (v + 0.4))), float(angle))
    assert held(one(lambda P, v: 1 / (1 + np.exp(-s * v))), 0.5)  # exp overflows inside, and its inverse is 0


def test_values_beyond_the_largest_float_are_named():
    with pytest.raises(ValueError, match=r"the map exp of .* gives inf"):
        one(lambda P, v: np.log1p(np.exp(900 * v))).limit()
    assert held(one(lambda P, v: np.logaddexp(0, 900 * v)), _softplus(900))
    for scale in (1e155, 1e300):
        with pytest.raises(ValueError, match="beyond the largest float"):
            one(lambda P, v, s=scale: abs(s * v)).limit()


def _softplus(s):
    """E log(1 + e^(s z)) = E max(s z, 0) + E log(1 + e^(−s|z|))."""
    rest = mpmath.quad(lambda x: mpmath.log1p(mpmath.exp(-x)) * mpmath.npdf(x / s) / s, [0, 1, 5, 60]) * 2
    return float(s / mpmath.sqrt(2 * mpmath.pi) + rest)


@pytest.mark.parametrize("degree", [20, 40, 60])
def test_polynomials_of_high_degree(degree):
    P = Program()
    W, v = P.matrix(), P.vector()
    P.mean(v**degree)
    P.mean((1 + v + v * v) ** (degree // 2))
    P.mean((W @ (v**3)) ** degree)
    np.testing.assert_allclose(P.limit(), [float(x) for x in P.exact_limit()], rtol=1e-11)


def test_rounding_counts_what_is_added_up():
    """An odd polynomial has mean 0: what is left is rounding of terms that are large."""
    for degree in (5, 15):
        P = pair(Fraction(1, 2), 1, lambda a, b, d=degree: (a + b) ** d * (1 + a * b) ** 2)
        value, error = P.limit(return_error=True)
        assert P.exact_limit() == 0
        assert abs(value) <= error


@pytest.mark.parametrize("power", [-0.2, -0.5, -0.7, -0.9, -0.99])
def test_poles_have_honest_errors(power):
    """E |z − a|^p by Kummer's function: what lies closer to a pole than doubles reach counts in the error."""
    mpmath.mp.dps = 30
    for a in (0.3, -1.234, 0.0, 2.0):
        half = mpmath.mpf(power) / 2
        exact = 2**half * mpmath.gamma(0.5 + half) / mpmath.sqrt(mpmath.pi) * mpmath.hyp1f1(-half, 0.5, -(a**2) / 2)
        value, error = one(lambda P, v, a=a: abs(v - a) ** power).limit(return_error=True)
        assert abs(value - float(exact)) <= error
        assert error < 1e-4 or power < -0.6


def _levels(jump, count=20):
    """Σ over k of P(z > jump(k)) for k > 0 minus P(z < jump(k)) for k ≤ 0: the mean of a function with unit jumps."""
    above = sum(mpmath.ncdf(-jump(k)) for k in range(1, count))
    return float(above - sum(mpmath.ncdf(jump(k)) for k in range(1 - count, 1)))


def test_functions_with_many_jumps():
    """floor, ceil, rint, trunc, %, //: and functions that jump where one argument or their quotient has a value."""
    shift = mpmath.mpf("0.41")
    floor = _levels(lambda k: k - shift)
    assert held(one(lambda P, v: np.floor(v + 0.41)), floor)
    assert held(one(lambda P, v: (v + 0.41) // 1), floor)
    assert held(one(lambda P, v: (v + 0.41) % 1), 0.41 - floor)
    assert held(one(lambda P, v: np.ceil(v + 0.41)), floor + 1)
    assert held(one(lambda P, v: np.rint(v + 0.41)), _levels(lambda k: k - shift - 0.5))
    assert held(one(lambda P, v: np.trunc(v + 0.41)), floor + float(mpmath.ncdf(-shift)))
    assert held(one(lambda P, v: np.floor(20 * v)), -0.5)
    assert held(one(lambda P, v: np.rint(v) * v), 2 * float(sum(mpmath.npdf(k + 0.5) for k in range(20))))
    assert held(one(lambda P, v: np.signbit(v) * v), -float(mpmath.npdf(0)))
    assert held(one(lambda P, v: np.logical_and(v, 0.37)), 1.0)
    P = Program()
    u, v = P.vector(), P.vector()
    P.mean(np.copysign(u, v) * v)
    P.mean(np.heaviside(u - v, u * u))
    P.mean(np.floor(u) * np.floor(u + v))
    values, errors = P.limit(return_error=True)
    both = mpmath.quad(lambda x: mpmath.floor(x) * (x - 0.5 + _saw(x)) * mpmath.npdf(x), list(range(-10, 11)))
    exact = np.array([2 / math.pi, 0.5, float(both)])
    assert (np.abs(values - exact) <= errors + 1e-13).all()
    assert errors.max() < 1e-8
    c = P.mean(np.arctan2(u, v) ** 2)  # of an angle that is uniform, with a corner at the origin
    value, error = P.limit(c, return_error=True)
    assert abs(value - math.pi**2 / 3) <= error < 1e-5


def _saw(x):
    """E floor(x + z) − (x − 1/2), by its Fourier series: a sum of sin(2πkx) exp(−2π²k²)/(πk)."""
    waves = [mpmath.pi * k for k in (1, 2)]
    return sum(mpmath.sin(2 * w * x) * mpmath.exp(-2 * w**2) / w for w in waves)


def test_following_what_is_sharp_takes_no_accuracy_away(monkeypatch):
    """Where splitting at steep places leaves too few resolutions, those without it are compared with it."""
    monkeypatch.setattr("rmt.programs.program_limits.MOST_POINTS", 4e4)
    P = Program()
    u, v = P.vector(), P.vector()
    P.mean(np.tanh(v) ** 2 / (1 + np.exp(-7 * u - v)))  # half of E tanh², by the symmetry of (u, v)
    square = mpmath.quad(lambda t: mpmath.tanh(t) ** 2 * mpmath.npdf(t), [-12, 0, 12])
    assert held(P, float(square / 2))


def test_slow_quantiles_are_computed_once():
    """A second output, and every integral of the same rule, takes those that the first has computed."""

    def points(outputs):
        law, counted = scipy.stats.gamma(2.5), []
        quantile = law.ppf
        law.ppf = lambda u: (counted.append(np.size(u)), quantile(u))[1]
        P = Program()
        v = P.vector(law)
        for f in (np.tanh, np.arctan)[:outputs]:
            P.mean(f(v))
        P.limit()
        return sum(counted)

    assert 0 < points(2) <= points(1)
