"""Counter-based streams: published vectors, the bits of NumPy, any threads and stretches, a statistical battery."""

import math

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from rmt.numerics.functions import elementary
from rmt.numerics.randomness import random_streams
from rmt.numerics.randomness.random_streams import TILE, fill, philox

KINDS = {
    "normal": None,
    "uniform": None,
    "symmetric uniform": None,
    "exponential": None,
    "laplace": None,
    "rademacher": None,
    "student": 3.0,
    "cauchy": None,
    "cauchy root": 5.0,
}
PER_COUNTER = {"rademacher": 128, "student": 1}
#: a correct build fails a test of this level once in a million
LEVEL = 1e-6


def words(start, stream, key):
    out = np.empty((2, TILE), np.uint64)
    philox(np.uint64(start), np.uint64(stream), np.uint64(key), *out)
    return out


# ---------------------------------------------------------------- the generator
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        # known answers of Random123 (kat_vectors, philox4x32 10)
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_published_vectors(counter, key, expected):
    pairs = [low | (high << 32) for low, high in (counter[:2], counter[2:], key, expected[:2], expected[2:])]
    first, second = words(*pairs[:3])
    assert (int(first[0]), int(second[0])) == tuple(pairs[3:])


def test_python_integers_give_the_same_words():
    def reference(counter, stream, key):
        c = [counter & 0xFFFFFFFF, counter >> 32, stream & 0xFFFFFFFF, stream >> 32]
        k = [key & 0xFFFFFFFF, key >> 32]
        for _ in range(10):
            p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        return c[0] | c[1] << 32, c[2] | c[3] << 32

    start, stream, key = 2**64 - 40, 0x0123456789ABCDEF, 0xFEDCBA9876543210
    got = words(start, stream, key)
    for j in range(TILE):
        assert (int(got[0, j]), int(got[1, j])) == reference((start + j) % 2**64, stream, key)


# ---------------------------------------------------------------- elementary functions
def test_elementary_functions_in_multiple_precision():
    rng = np.random.default_rng(0)
    with mpmath.workdps(40):
        for x in np.concatenate([rng.random(300), 2.0 ** -rng.uniform(0, 60, 100), [2.0**-53, 1.0, 0.7071067]]):
            assert abs(elementary.log(x) - mpmath.log(mpmath.mpf(x))) <= 2.3e-16 * abs(float(mpmath.log(x)))
        for t in np.concatenate([rng.random(300), [0.0, 0.125, 0.25, 0.5, 0.75, 1 - 2.0**-53, 2.0**-53]]):
            sine, cosine = elementary.sin_cos_turns(t)
            assert abs(sine - mpmath.sinpi(2 * mpmath.mpf(t))) < 4e-16
            assert abs(cosine - mpmath.cospi(2 * mpmath.mpf(t))) < 4e-16
        for x in np.concatenate(
            [rng.uniform(-699, 699, 200), rng.uniform(-1, 1, 200), 10.0 ** -rng.uniform(0, 20, 50)]
        ):
            assert abs(elementary.exp(x) / mpmath.exp(mpmath.mpf(x)) - 1) < 5e-16
            assert abs(elementary.expm1(x) / mpmath.expm1(mpmath.mpf(x)) - 1) < 1e-15


# ---------------------------------------------------------------- the same bits everywhere
def numpy_normals(size, stream, key):
    """The normal stream in NumPy, whose operations are rounded one by one: no fused multiplication and addition."""
    out = np.empty((-(-size // (2 * TILE)), 2, TILE))
    for tile in range(out.shape[0]):
        first, second = words(tile * TILE, stream, key)
        u = ((first >> np.uint64(11)).astype(float) + 1.0) * 2.0**-53
        v = (second >> np.uint64(11)).astype(float) * 2.0**-53
        bits = u.view(np.int64)
        power = (bits - 0x3FE6A09E00000000) >> 52
        f = (bits - (power << 52)).view(float) - 1.0
        s = f / (2.0 + f)
        z = s * s
        w = z * z
        even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
        odd = z * (
            6.666666666666735130e-01
            + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860510658591e-01))
        )
        half, k = 0.5 * f * f, power.astype(float)
        log = k * elementary.LN2_HIGH - ((half - (s * (half + (even + odd)) + k * elementary.LN2_LOW)) - f)
        radius = np.sqrt(-2.0 * log)
        sine, cosine = np.transpose([elementary.sin_cos_turns.py_func(t) for t in v])
        out[tile, 0], out[tile, 1] = radius * cosine, radius * sine
    return out.ravel()[:size]


def test_normals_have_the_bits_of_unfused_arithmetic():
    rng = np.random.default_rng(1)
    key, stream = np.random.default_rng(1).integers(0, 2**64 - 1, size=2, dtype=np.uint64, endpoint=True)
    np.testing.assert_array_equal(fill("normal", 1000, rng), numpy_normals(1000, stream, key))


@pytest.mark.parametrize("kind", KINDS)
def test_threads_and_stretches_give_the_same_bits(kind):
    parameter = KINDS[kind]
    size = 5 * PER_COUNTER.get(kind, 2) * TILE + 17
    whole = fill(kind, size, np.random.default_rng(2), parameter=parameter)
    for threads in (2, 3, 64):
        again = fill(kind, size, np.random.default_rng(2), parameter=parameter, threads=threads)
        np.testing.assert_array_equal(again, whole)
    # a longer stream begins with the shorter one, and any tile can be made alone
    longer = fill(kind, 2 * size, np.random.default_rng(2), parameter=parameter)
    np.testing.assert_array_equal(longer[:size], whole)
    key, stream = np.random.default_rng(2).integers(0, 2**64 - 1, size=2, dtype=np.uint64, endpoint=True)
    function, per_counter = random_streams._KINDS[kind]
    alone = np.zeros(size)
    function(alone, stream, key, 3, 4, 1.0, parameter or 1.0)
    width = per_counter * TILE
    np.testing.assert_array_equal(alone[3 * width : 4 * width], whole[3 * width : 4 * width])
    assert not alone[: 3 * width].any()


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_is_rounded_double_and_scale_multiplies(kind):
    double = fill(kind, 3000, np.random.default_rng(3), parameter=KINDS[kind])
    single = fill(kind, (30, 100), np.random.default_rng(3), parameter=KINDS[kind], dtype=np.float32)
    np.testing.assert_array_equal(single.ravel(), double.astype(np.float32))
    scaled = fill(kind, 3000, np.random.default_rng(3), parameter=KINDS[kind], scale=0.5)
    np.testing.assert_array_equal(scaled, 0.5 * double)


def test_the_generator_advances():
    rng = np.random.default_rng(4)
    first, second = fill("normal", 100, rng), fill("normal", 100, rng)
    assert not np.isin(first, second).any()
    assert fill("uniform", 0, rng).shape == (0,)
    assert fill("uniform", (3, 0), rng).shape == (3, 0)


# ---------------------------------------------------------------- statistical battery
LAWS = {
    "normal": stats.norm.cdf,
    "uniform": stats.uniform.cdf,
    "symmetric uniform": stats.uniform(-1, 2).cdf,
    "exponential": stats.expon.cdf,
    "laplace": stats.laplace.cdf,
    "student": stats.t(3.0).cdf,
    "cauchy": stats.cauchy.cdf,
    "cauchy root": lambda x: stats.cauchy.cdf(np.sign(x) * np.abs(x) ** 5),
}
SIZE = 400_000


@pytest.mark.parametrize("kind", LAWS)
def test_distribution(kind):
    sample = fill(kind, SIZE, np.random.default_rng(5), parameter=KINDS[kind])
    u = LAWS[kind](sample)
    assert stats.kstest(u, stats.uniform.cdf).pvalue > LEVEL
    # and of the two halves of every tile, of neighbours as a pair, and at a lag of one tile
    lattice = np.histogram2d(u[:-1:2], u[1::2], bins=32, range=[[0, 1], [0, 1]])[0].ravel()
    assert stats.chisquare(lattice).pvalue > LEVEL
    lagged = np.histogram2d(u[:-TILE], u[TILE:], bins=32, range=[[0, 1], [0, 1]])[0].ravel()
    assert stats.chisquare(lagged).pvalue > LEVEL
    # the negative control: one bin in a hundred is 3 % too full
    biased = np.where(u < 0.01, u * 0.5, u)
    assert stats.kstest(biased, stats.uniform.cdf).pvalue < LEVEL


@pytest.mark.long
def test_tails_of_ten_million():
    """Numbers beyond 4, 4.5 and 5 standard deviations, each a Poisson count."""
    sample = fill("normal", 10_000_000, np.random.default_rng(6))
    for bound in (4.0, 4.5, 5.0):
        expected = 1e7 * special.erfc(bound / math.sqrt(2))
        count = int((np.abs(sample) > bound).sum())
        assert min(stats.poisson.cdf(count, expected), stats.poisson.sf(count - 1, expected)) > LEVEL
    moments = [np.mean(sample**k) for k in (1, 2, 3, 4, 6)]
    deviations = np.sqrt(np.array([1.0, 2.0, 15.0, 96.0, 10170.0]) / 1e7)
    assert (np.abs(np.array(moments) - [0, 1, 0, 3, 15]) < 5 * deviations).all()


def test_smallest_and_largest_words_stay_in_range():
    ends = np.array([0, 2**64 - 1], dtype=np.uint64)
    for word in ends:
        u, v, t = (f(word) for f in (random_streams._open_unit, random_streams._half_open_unit, random_streams._turns))
        assert 0.0 < u < 1.0
        assert 0.0 < v <= 1.0
        assert 0.0 <= t < 1.0
    # the largest normal number
    assert 8.5 < math.sqrt(-2 * elementary.log(random_streams._half_open_unit(ends[0]))) < 8.6


def test_signs_are_fair_bits():
    signs = fill("rademacher", 2**20, np.random.default_rng(7))
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert abs(signs.sum()) < 5 * 2**10
    for lag in (1, 2, 64, 128, 64 * TILE, 128 * TILE):
        assert abs(np.dot(signs[:-lag], signs[lag:])) < 5.5 * math.sqrt(2**20)
    # every position of the word, every byte value
    assert stats.chisquare(signs.reshape(-1, 64).clip(0).sum(axis=0)).pvalue > LEVEL
    values = np.packbits((signs > 0).astype(np.uint8))
    assert stats.chisquare(np.bincount(values, minlength=256)).pvalue > LEVEL


def test_streams_and_keys_are_independent():
    """Neighbouring keys and streams: correlations, equal words, and half of the bits flipped."""
    base = words(0, 5, 9)
    for stream, key in ((6, 9), (5, 10), (4, 9), (5, 9 + 2**32), (5 + 2**32, 9)):
        flipped = np.bitwise_count(base ^ words(0, stream, key)).sum() / base.size
        assert abs(flipped - 32) < 5.5 * 4 / math.sqrt(base.size)
    normals = np.array([fill("normal", 20_000, np.random.default_rng(seed)) for seed in range(30)])
    correlation = np.corrcoef(normals)[np.triu_indices(30, 1)] * math.sqrt(20_000)
    assert np.abs(correlation).max() < 5.5
    assert stats.kstest(correlation, stats.norm.cdf).pvalue > LEVEL


def test_birthday_spacings():
    """Marsaglia's test: repeats among the spacings of 512 birthdays in a year of 2^24 days, Poisson of mean 2."""
    counts = np.zeros(2)
    for stream in range(400):
        days = np.sort(np.concatenate([words(TILE * i, stream, 1).ravel() for i in range(4)]))
        for which, shift in enumerate((40, 5)):
            year = np.sort((days >> np.uint64(shift)).astype(np.uint64) & np.uint64(2**24 - 1))
            spacings = np.sort(np.diff(year))
            counts[which] += (np.diff(spacings) == 0).sum()
    expected = 400 * 512**3 / 2**26
    for count in counts:
        assert min(stats.poisson.cdf(count, expected), stats.poisson.sf(count - 1, expected)) > LEVEL


# ---------------------------------------------------------------- contract
def test_bad_input():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="unknown kind 'gaussian'"):
        fill("gaussian", 3, rng)
    with pytest.raises(ValueError, match="needs a parameter"):
        fill("student", 3, rng)
    with pytest.raises(ValueError, match="takes no parameter"):
        fill("normal", 3, rng, parameter=2.0)
    with pytest.raises(ValueError, match=r"parameter must be a finite real number >= 0.125"):
        fill("student", 3, rng, parameter=0.1)
    with pytest.raises(ValueError, match="dtype must be float64 or float32"):
        fill("normal", 3, rng, dtype=np.int64)
    with pytest.raises(ValueError, match="threads must be an integer >= 1"):
        fill("normal", 3, rng, threads=0)
