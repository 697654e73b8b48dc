"""Errors are part of the interface: a sentence that names the argument and its value, whatever is passed in."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction

import numpy as np
import pytest

import rmt
from rmt import combinatorics as cb
from rmt.errors import check_complexes, check_count, check_generator, check_numbers, check_real, check_reals, shown

HUGE = 10**400

#: what no function of real numbers can read
UNREADABLE = [
    None,
    [None, 1.0],
    "a",
    ["a"],
    b"1",
    True,
    [True, False],
    {"x": 1.0},
    np.ma.array([1.0, 2.0], mask=[False, True]),
    np.ma.masked,
    dt.datetime(2020, 1, 1),
    np.array(["2020-01-01"], dtype="datetime64[D]"),
    np.array([3], dtype="timedelta64[s]"),
]


@pytest.mark.parametrize("value", UNREADABLE, ids=[type(x).__name__ for x in UNREADABLE])
def test_arrays_of_anything_but_numbers(value):
    for check in (check_reals, check_complexes, check_numbers):
        with pytest.raises(TypeError, match="x must be real"):
            check("x", value)


@pytest.mark.parametrize("value", [HUGE, [1, HUGE], [Fraction(HUGE), 1]], ids=["int", "list", "fraction"])
def test_arrays_of_numbers_beyond_floats(value):
    for check in (check_reals, check_complexes, check_numbers):
        with pytest.raises(ValueError, match="beyond the largest float"):
            check("x", value)


def test_arrays_of_numbers():
    assert check_reals("x", [Fraction(1, 4), 2]).tolist() == [0.25, 2.0]
    assert check_reals("x", np.float32(0.5)).shape == ()
    assert np.isnan(check_reals("x", [math.nan])).all()
    assert check_complexes("x", [1, 2j]).tolist() == [1.0, 2j]
    assert check_numbers("x", [1, 2]).dtype == np.float64
    assert check_numbers("x", np.array([1, 2j], dtype=object)).dtype == np.complex128
    with pytest.raises(TypeError, match="complex"):
        check_reals("x", [1j])
    with pytest.raises(ValueError, match="different lengths"):
        check_reals("x", [1.0, [2.0, 3.0]])


@pytest.mark.parametrize(
    "value", [HUGE, -HUGE, Fraction(HUGE), 10**5000], ids=["int", "-int", "fraction", "unprintable"]
)
def test_numbers_beyond_floats(value):
    with pytest.raises(ValueError, match="beyond the largest float"):
        check_real("x", value)


@pytest.mark.parametrize("value", [None, "1", True, np.bool_(True), [1], np.array([1.0]), np.ma.masked, 1j], ids=repr)
def test_what_is_no_number(value):
    with pytest.raises(TypeError, match="x must be a finite real number"):
        check_real("x", value)


def test_counts():
    assert check_count("k", np.int64(3)) == 3
    with pytest.raises(ValueError, match="about 400 digits; no array is that long"):
        check_count("k", HUGE)
    with pytest.raises(ValueError, match=r"k must be an integer >= 1 and <= 5, got 6$"):
        check_count("k", 6, maximum=5)
    for value in (True, np.bool_(True), 2.0, None):
        with pytest.raises(TypeError, match="k must be an integer >= 1"):
            check_count("k", value)


@pytest.mark.parametrize("seed", [True, 0.0, "0", [1.5], {}, 1j], ids=repr)
def test_what_is_no_seed(seed):
    with pytest.raises(TypeError, match="rng must be a numpy"):
        check_generator(seed)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        rmt.goe().eigenvalues(3, rng=seed)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        rmt.Semicircle().rvs(3, rng=seed)


def test_seeds():
    with pytest.raises(ValueError, match="got -1"):
        check_generator(-1)
    first = check_generator(0).random()
    assert check_generator(np.array(0)).random() == first == check_generator(np.int32(0)).random()
    assert check_generator(np.random.RandomState(3)).random() == np.random.RandomState(3).random_sample()


def test_a_long_value_is_cut():
    assert len(shown(list(range(10**5)))) == 200
    assert shown([10**5000]) == "a value of type list"


# ---------------------------------------------------------------------- through the public interface
LAWS = [rmt.Semicircle(), rmt.boxplus(rmt.Semicircle(), rmt.Uniform()), 2 * rmt.Cauchy() + 1, rmt.Empirical([1.0, 2.0])]
OF_POINTS = ("pdf", "cdf", "sf", "ppf", "hilbert", "stieltjes", "cauchy", "log_potential", "t_transform")
OF_TRANSFORMS = ("r_transform", "s_transform", "blue", "inverse_t_transform")


@pytest.mark.parametrize("name", OF_POINTS + OF_TRANSFORMS)
@pytest.mark.parametrize("value", [None, [None], "a", np.ma.array([0.5], mask=[True]), np.array([0], "M8[s]"), HUGE])
def test_points_of_laws(name, value):
    for law in (rmt.MarchenkoPastur(), rmt.mixture(rmt.Uniform(1, 2), rmt.Uniform(3, 4))):
        with pytest.raises((TypeError, ValueError), match=r"must be real|beyond the largest float"):
            getattr(law, name)(value)


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_shifts_of_every_number_type(law):
    for three in (3, np.uint8(3), np.uint64(3), np.int8(3), np.float32(3.0), Fraction(3)):
        assert (law - three).support == (law - 3).support
        assert (law - three).atoms == (law - 3).atoms
    assert (rmt.Semicircle() - np.int8(-128)).mean() == 128.0


def test_intervals_without_a_power_law_are_equal():
    one, other = (rmt.laws.Interval(-1.0, 2.0, float("nan"), 0.5, 1.0) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != rmt.laws.Interval(-1.0, 2.0, 0.5, 0.5, 1.0)
    assert one != (-1.0, 2.0)


TAKE_A_LAW = {
    "outliers": lambda x: rmt.outliers(x, [2.0]),
    "spike_thresholds": lambda x: rmt.spike_thresholds(x),
    "spectra.compare": lambda x: rmt.spectra.compare([1.0, 2.0], x),
    "plotting.compare": lambda x: rmt.plotting.compare([1.0, 2.0], x),
    "plotting.law": lambda x: rmt.plotting.law(x),
    "plotting.esd": lambda x: rmt.plotting.esd([1.0, 2.0], law=x),
    "plotting.r_transform": lambda x: rmt.plotting.r_transform(x),
    "plotting.s_transform": lambda x: rmt.plotting.s_transform(x),
    "plotting.subordination": lambda x: rmt.plotting.subordination(x),
    "free_deconvolve": lambda x: rmt.free.free_deconvolve(rmt.Semicircle(), x),
    "rectangular_boxplus": lambda x: rmt.rectangular_boxplus(x, rmt.MarchenkoPastur(), 1),
    "boxplus": lambda x: rmt.boxplus(x, rmt.Semicircle()),
    "mixture": lambda x: rmt.mixture(x, rmt.Semicircle()),
    "square_root": lambda x: rmt.square_root(x),
    "dyson_law": lambda x: rmt.ensembles.dyson_law(1, start=x),
}


@pytest.mark.parametrize("name", TAKE_A_LAW)
def test_what_is_no_law(name):
    plt = pytest.importorskip("matplotlib.pyplot")
    open_before = plt.get_fignums()
    for value in (3, "semicircle", None, rmt.gue(), rmt.CircularLaw(), [1.0]):
        planar_or_missing = name in ("plotting.law", "plotting.compare", "spectra.compare") and (
            value is None or isinstance(value, rmt.CircularLaw)
        )
        if planar_or_missing or (value is None and name in ("plotting.esd", "dyson_law")):
            continue
        with pytest.raises(TypeError, match=r"must be a Law, got|takes laws, got"):
            TAKE_A_LAW[name](value)
    assert plt.get_fignums() == open_before  # nothing is left open


def test_the_remedies_for_what_is_no_law():
    with pytest.raises(TypeError, match=r"a random matrix has one in its law\(\)"):
        rmt.spike_thresholds(rmt.gue())
    assert rmt.spike_thresholds(rmt.gue().law()) == (-1.0, 1.0)
    with pytest.raises(TypeError, match=r"a law of the plane has one in its radial_law\(\)"):
        rmt.square_root(rmt.CircularLaw())
    assert rmt.square_root(rmt.CircularLaw().radial_law()).mean() == pytest.approx(0.8)
    with pytest.raises(TypeError, match=r"rmt.Empirical\(data\)"):
        rmt.square_root([1.0, 4.0])
    assert rmt.square_root(rmt.Empirical([1.0, 4.0])).mean() == 1.5


def test_draws_that_do_not_fit():
    for size in (10**15, (10**9, 10**9)):
        with pytest.raises(ValueError, match=r"too large for memory: .* draw them in parts"):
            rmt.Semicircle().rvs(size)
    for size in ("a", 2.5, (2, None)):
        with pytest.raises(TypeError, match="size must be an integer"):
            rmt.FussCatalan(2).rvs(size)
    assert rmt.Semicircle().rvs((2, 0), rng=0).shape == (2, 0)


COMBINATORICS = [
    (lambda: cb.moments_from_free_cumulants({1: 2, 2: 3}), TypeError, "come as a list"),
    (lambda: cb.free_cumulants_from_moments("12"), TypeError, "come as a list"),
    (lambda: cb.free_cumulants_from_moments(3), TypeError, "come as a list"),
    (lambda: cb.free_cumulants_from_moments(np.eye(2)), TypeError, "must be numbers"),
    (lambda: cb.s_transform_from_moments([[1, 2], [3, 4]]), TypeError, "must be numbers"),
    (lambda: cb.boxtimes_moments([1, None], [1, 2]), TypeError, "must be numbers, got None"),
    (lambda: cb.compression_moments([1, 2, 5], 2), ValueError, "fraction must be a finite real number > 0 and <= 1"),
    (lambda: cb.compression_moments([1, 2, 5], -1), ValueError, "fraction must be"),
    (lambda: cb.rectangular_cumulants_from_moments([1, 2], -1), ValueError, "ratio must be"),
    (lambda: cb.multiplicative_extension([1, 2], [[1, 2, 3]]), ValueError, "must reach order 3"),
    (lambda: cb.s_transform_from_moments([1e-300, 1.0, 1.0]), ValueError, r"give fractions\.Fraction"),
    (lambda: cb.moments_from_s_transform([1e-200, 1.0, 1.0]), ValueError, r"give fractions\.Fraction"),
    (lambda: cb.is_noncrossing(3), TypeError, "iterables of integers"),
    (lambda: cb.join([[1, "a"]], [[1, 2]]), TypeError, "iterables of integers"),
    (lambda: cb.catalan(HUGE), ValueError, "about 400 digits"),
    (lambda: rmt.plotting.partition([]), ValueError, "nothing to draw"),
]


@pytest.mark.parametrize(("call", "error", "message"), COMBINATORICS)
def test_combinatorics(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_remedy_for_moments_out_of_range():
    exact = cb.s_transform_from_moments([Fraction(1, 10**300), Fraction(1), Fraction(1)])
    assert exact[0] == 10**300
    assert cb.moments_from_s_transform(exact) == [Fraction(1, 10**300), 1, 1]


# ---------------------------------------------------------------------- parameters and requests without measure
EXTREME = [
    lambda: rmt.MarchenkoPastur(ratio=1e-320),
    lambda: rmt.MarchenkoPastur(1, 1e308),
    lambda: rmt.FreePoisson(1, 1e308),
    lambda: 1e308 * rmt.MarchenkoPastur(),
    lambda: rmt.Uniform(-1e308, 1e308),
    lambda: rmt.FreeMeixner(1e308, 1),
    lambda: rmt.FreeMeixner(1, 1e300),
]


@pytest.mark.parametrize("make", EXTREME)
def test_laws_beyond_floats_are_refused_when_they_are_made(make):
    with pytest.raises(ValueError, match=r"beyond the largest float.*in other units"):
        make()


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-160, 1e160, 1e300])
def test_no_error_of_pythons_own_from_extreme_parameters(size):
    makers = [
        lambda v: rmt.Semicircle(0, v),
        lambda v: rmt.MarchenkoPastur(v),
        lambda v: rmt.MarchenkoPastur(1, v),
        lambda v: rmt.Uniform(0, v),
        lambda v: rmt.Cauchy(0, v),
        lambda v: rmt.Gaussian(0, v),
        lambda v: rmt.Wachter(2, v),
        lambda v: rmt.FussCatalan(v),
        lambda v: rmt.FreeStable(min(v, 2)),
        lambda v: rmt.FreeMeixner(v, 1),
        lambda v: rmt.FreeMeixner(1, v),
        lambda v: rmt.Empirical([0, v]),
        lambda v: v * rmt.MarchenkoPastur(),
        lambda v: rmt.squared(rmt.Uniform(0, v)),
        lambda v: rmt.square_root(rmt.Uniform(0, v)),
    ]
    for make in makers:
        for ask in (
            lambda law: law.support,
            lambda law: law.atoms,
            lambda law: law.pdf([0.0, 1.0]),
            lambda law: law.cdf([0.0, 1.0]),
            lambda law: law.stieltjes([1j, 1j * size]),
            lambda law: law.mean(),
        ):
            try:
                value = ask(make(size))
            except (ValueError, rmt.ConvergenceError):
                continue
            except OverflowError as error:
                if "exceeds the largest float" not in str(error):
                    raise
                continue
            if isinstance(value, np.ndarray):
                assert not np.isnan(value).any()


def test_requests_that_would_not_end():
    with pytest.raises(ValueError, match=r"k must be at most 1000 .* takes about 1e\+03 minutes"):
        rmt.boxplus(rmt.Semicircle(), rmt.Uniform()).moments(10**4, exact=True)
    with pytest.raises(OverflowError, match=r"a moment of order <= 10000 of .* exceeds the largest float; ask for"):
        rmt.boxplus(rmt.Semicircle(), rmt.Uniform()).moments(10**4)
    with pytest.raises(ValueError, match="k must be at most 1000"):
        rmt.Atomic((0, 1, 3), (0.25, 0.25, 0.5)).free_cumulants(10**4)
    assert rmt.Semicircle().free_cumulants(10**4)[1:] == (1.0, *[0.0] * 9998)
    with pytest.raises(ValueError, match=r"depth must be at most 1000000, got 100000000: .*depth_limit"):
        rmt.MLP(10**8, "relu", 2**0.5)
    with pytest.raises(ValueError, match="depth must be at most 1000000"):
        rmt.networks.ResidualNetwork(10**8, "tanh", 0.1)
    with pytest.raises(ValueError, match=r"n = 1000 and depth = 100000000 would take more than a day"):
        rmt.product_wishart(depth=10**8).eigenvalues(1000)
    # the remedies
    assert rmt.product_wishart(depth=10**8).law().mean() == 1.0
    assert callable(rmt.networks.depth_limit)
