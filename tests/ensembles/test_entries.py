"""Entry laws: moments in closed form against numerical integration and draws, reproducibility, refusals."""

import math
import pickle
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import scipy.stats

import rmt
from rmt.ensembles import entries

NAMED = [
    entries.gaussian(),
    entries.uniform(),
    entries.rademacher(),
    entries.laplace(),
    entries.exponential(),
    entries.truncated_gaussian(),
    entries.student(3),
    entries.student(5),
    entries.student(9.5),
    entries.sparse(0.1),
    entries.cube_root_cauchy(),
    entries.fifth_root_cauchy(),
]
BOUND = 2 / (mpmath.erf(mpmath.sqrt(2)) * mpmath.sqrt(2 * mpmath.pi))  # twice the density of the truncated law at 0


def cdf_and_moments():
    """Continuous laws: cdf of the standardised entry, raw even moments 2 and 4 by quadrature."""
    cauchy = scipy.stats.cauchy.cdf
    sigma = math.sqrt(float(mpmath.quad(lambda x: x**2 * BOUND * mpmath.exp(-(x**2) / 2), [0, 2])))
    mass = math.erf(math.sqrt(2))
    return {
        "gaussian": scipy.stats.norm.cdf,
        "uniform": scipy.stats.uniform(-math.sqrt(3), math.sqrt(12)).cdf,
        "laplace": scipy.stats.laplace(scale=math.sqrt(0.5)).cdf,
        "exponential": scipy.stats.expon(loc=-1).cdf,
        "truncated_gaussian": lambda x: np.clip(0.5 + scipy.special.erf(x * sigma / math.sqrt(2)) / (2 * mass), 0, 1),
        "student(3)": scipy.stats.t(df=3, scale=math.sqrt(1 / 3)).cdf,
        "student(5)": scipy.stats.t(df=5, scale=math.sqrt(3 / 5)).cdf,
        "student(9.5)": scipy.stats.t(df=9.5, scale=math.sqrt(7.5 / 9.5)).cdf,
        "cube_root_cauchy": lambda x: cauchy((x * math.sqrt(2)) ** 3),
        "fifth_root_cauchy": lambda x: cauchy((x * math.sqrt(1.2360679775)) ** 5),
    }


@pytest.mark.parametrize("name", cdf_and_moments())
def test_draws_follow_the_law(name):
    cdf = cdf_and_moments()[name]
    law = entries.as_entries(name)
    size = 200_000
    numbers = law.draw(np.random.default_rng(1), size)
    # Dvoretzky-Kiefer-Wolfowitz-Massart: P(KS > c/√size) <= 2 exp(-2 c²) = 1e-10
    limit = 3.45 / math.sqrt(size)
    assert scipy.stats.ks_1samp(numbers, cdf).statistic < limit
    assert scipy.stats.ks_1samp(numbers * 1.05, cdf).statistic > limit


def test_raw_variances():
    """Normalisers: 0.7737413035 (truncation at 2 sigma), sec(pi/3) = 2, sec(pi/5) = 1.2360679775."""
    variance = mpmath.quad(lambda x: x**2 * BOUND * mpmath.exp(-(x**2) / 2), [0, 2])
    fourth = mpmath.quad(lambda x: x**4 * BOUND * mpmath.exp(-(x**2) / 2), [0, 2])
    assert float(variance) == pytest.approx(0.7737413035, abs=1e-10)
    assert entries.truncated_gaussian().kurtosis == pytest.approx(float(fourth / variance**2), rel=1e-14)
    # largest value of the truncated law: 2/sqrt(variance)
    numbers = entries.truncated_gaussian().draw(np.random.default_rng(0), 100_000)
    assert 0.99 * 2 / math.sqrt(variance) < numbers.max() <= 2 / math.sqrt(variance) * (1 + 1e-15)
    assert entries.fifth_root_cauchy().kurtosis == pytest.approx(2.1180339887, abs=1e-10)


@pytest.mark.parametrize("law", NAMED, ids=repr)
def test_moments_of_draws(law):
    size = 400_000
    real = law.draw(np.random.default_rng(2), (size // 4, 4))
    both = law.draw(np.random.default_rng(3), size, field="complex")
    assert real.shape == (size // 4, 4)
    assert real.dtype == np.float64
    assert both.dtype == np.complex128
    assert abs(real.mean()) < 6 / math.sqrt(size)
    assert abs(both.mean()) < 6 / math.sqrt(size)
    if law.finite_moments > 4:
        spread = math.sqrt(law.kurtosis - 1)
        assert abs(np.mean(real**2) - 1) < 6 * spread / math.sqrt(size) + 1e-9
        assert abs(np.mean(np.abs(both) ** 2) - 1) < 6 * spread / math.sqrt(2 * size) + 1e-9
        assert abs(np.mean(both**2)) < 12 / math.sqrt(size) * (1 + spread)
    if law.finite_moments > 8:
        eighth = np.mean(real**8)
        assert abs(np.mean(real**4) - law.kurtosis) <= 6 * math.sqrt(eighth / size)
        assert abs(np.mean(np.abs(both) ** 4) - (law.kurtosis + 1) / 2) <= 6 * math.sqrt(eighth / size)
    if law.finite_moments > 6:
        assert abs(np.mean(real**3) - law.skewness) <= 6 * math.sqrt(np.mean(real**6) / size)


def test_complex_rademacher_has_four_values():
    numbers = entries.rademacher().draw(np.random.default_rng(0), 4000, field="complex")
    assert np.allclose(np.abs(numbers), 1.0, rtol=1e-15)
    assert len(np.unique(np.round(numbers, 12))) == 4


def test_sparse_density():
    numbers = entries.sparse(0.05).draw(np.random.default_rng(0), 200_000)
    count = np.count_nonzero(numbers)
    assert abs(count - 10_000) < 6 * math.sqrt(200_000 * 0.05 * 0.95)


def test_which_moments_exist():
    assert [law.finite_moments for law in NAMED] == [math.inf] * 6 + [3, 5, 9.5, math.inf, 3, 5]
    assert [law.has_fourth_moment for law in NAMED] == [True] * 6 + [False] + [True] * 3 + [False, True]
    assert math.isnan(entries.student(3).skewness)
    assert entries.student(4).kurtosis == math.inf


def test_every_bit_generator_keys_a_stream_of_its_own():
    drawn = [
        entries.gaussian().draw(np.random.Generator(generator(7)), 1000)
        for generator in (np.random.PCG64, np.random.Philox, np.random.MT19937)
    ]
    assert len(np.unique(drawn)) == 3000


@pytest.mark.parametrize("law", NAMED, ids=repr)
def test_one_stream_in_order(law):
    """Scale and shape do not change the stream, and drawing is repeatable."""
    first = law.draw(np.random.default_rng(4), 1000)
    again = law.draw(np.random.default_rng(4), (10, 100), scale=2.0)
    assert np.array_equal(first.reshape(10, 100) * 2.0, again)
    assert pickle.loads(pickle.dumps(law)) == law
    assert entries.as_entries(law.spec) == law
    assert eval(f"entries.as_entries({law.argument!r})") == law


@pytest.mark.parametrize(
    ("source", "index", "skewness", "kurtosis"),
    [
        (scipy.stats.norm(3, 2), math.inf, 0.0, 3.0),
        (scipy.stats.t(df=5), 5.0, 0.0, 9.0),
        (scipy.stats.t(2.5), 2.5, math.nan, math.inf),
        (scipy.stats.poisson(3), math.inf, 3**-0.5, 3 + 1 / 3),
        (scipy.stats.lognorm(1), math.inf, (math.e + 2) * math.sqrt(math.e - 1), 113.9363921763115),
        (scipy.stats.pareto(4.5), 4.5, 5.465943944999486, 149.44444444444446),
        (scipy.stats.bernoulli(0.25), math.inf, 2 / math.sqrt(3), 7 / 3),
        (rmt.Semicircle(mean=1, variance=3), math.inf, 0.0, 2.0),
        (rmt.MarchenkoPastur(ratio=2), math.inf, math.sqrt(2), 4.0),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_laws_given_as_objects(source, index, skewness, kurtosis):
    law = entries.as_entries(source)
    assert law.finite_moments == index
    assert law.skewness == pytest.approx(skewness, rel=1e-9, abs=1e-12, nan_ok=True)
    assert law.kurtosis == pytest.approx(kurtosis, rel=1e-9)
    numbers = law.draw(np.random.default_rng(5), 100_000)
    assert abs(numbers.mean()) < 6 / math.sqrt(100_000)
    if index > 8:
        assert abs(numbers.var() - 1) < 6 * math.sqrt((kurtosis - 1) / 100_000)
    assert np.array_equal(pickle.loads(pickle.dumps(law)).draw(np.random.default_rng(5), 50), numbers[:50])


def test_repr_of_an_ensemble_with_an_object():
    assert repr(rmt.wigner(entries=scipy.stats.t(df=5))) == "wigner(entries=scipy.stats.t(df=5))"
    law = "Semicircle(mean=1, variance=3)"
    assert repr(rmt.wishart(entries=rmt.Semicircle(mean=1, variance=3))) == f"wishart(entries={law})"
    assert repr(rmt.ginibre(entries="student( df = 5 )")) == "ginibre(entries='student(5)')"


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("gausian", ValueError, "unknown entries 'gausian'; did you mean 'gaussian'"),
        ("cauchy", ValueError, "unknown entries 'cauchy'; did you mean 'cube_root_cauchy'"),
        ("student(2)", ValueError, r"df must be > 2, got 2: the variance of student\(2\) is infinite"),
        ("student", ValueError, r"'student' needs its parameter, for example 'student\(5\)'"),
        ("student(x)", ValueError, "'x' is not a number"),
        ("uniform(3)", ValueError, "'uniform' takes no parameter"),
        ("sparse(0)", ValueError, r"density must be a finite real number > 0 and <= 1, got 0"),
        ("sparse(1.5)", ValueError, "density must be a finite real number > 0 and <= 1, got 1.5"),
        ("a b", ValueError, "entries must be a name such as"),
        (scipy.stats.cauchy(), ValueError, r"entries must have a finite variance > 0, got scipy.stats.cauchy\(\)"),
        (scipy.stats.t(df=2), ValueError, r"finite variance > 0, got scipy.stats.t\(df=2\) of variance inf"),
        (scipy.stats.pareto(1.5), ValueError, r"finite variance > 0, got scipy.stats.pareto\(1.5\) of variance inf"),
        (scipy.stats.bernoulli(1.0), ValueError, r"finite variance > 0, got .* of variance 0"),
        (3.0, TypeError, r"entries must be a name \(gaussian, .*, got 3.0 of type float"),
        (scipy.stats.norm, TypeError, "entries must be a name"),
    ],
)
@pytest.mark.parametrize("make", [rmt.wigner, rmt.wishart, rmt.product_wishart, rmt.ginibre])
def test_refused(make, value, error, message):
    with pytest.raises(error, match=message):
        make(entries=value)


THREADS = """
import hashlib, numba, rmt
numba.set_num_threads(int({threads}))
parts = [rmt.wigner("student(5)").sample(400, rng=1), rmt.wishart(ratio=0.5).sample(400, rng=1),
         rmt.haar_unitary().sample(300, rng=1), rmt.goe().eigenvalues(400, rng=1),
         rmt.product_wishart(3, "rademacher").eigenvalues(300, rng=1), rmt.ginibre().eigenvalues(300, rng=1)]
print(hashlib.sha256(b"".join(p.tobytes() for p in parts)).hexdigest())
"""


@pytest.mark.slow
def test_same_bits_on_one_and_two_threads():
    digests = set()
    for threads in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", THREADS.format(threads=threads)],
            env={"OPENBLAS_NUM_THREADS": threads, "NUMBA_NUM_THREADS": "2", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1
