"""Singular values of products against mpmath, exact laws, and direct multiplication where that works."""

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy import special, stats

from rmt.spectra import gaussian_product_log_singular_values, masked_product, product_singular_values


def exact_logs(factors, digits):
    """Multiply and decompose in multiple precision."""
    with mpmath.workdps(digits):
        product = None
        for factor in map(np.asarray, factors):
            matrix = (
                mpmath.matrix(factor.tolist()) if factor.ndim == 2 else mpmath.diag(list(map(mpmath.mpmathify, factor)))
            )
            product = matrix if product is None else product * matrix
        if product.rows < product.cols:
            product = product.H
        is_complex = any(np.iscomplexobj(f) for f in factors)
        decompose = mpmath.svd_c if is_complex else mpmath.svd_r
        return [mpmath.log(s) for s in sorted(decompose(product, compute_uv=False), reverse=True)]


def relative_errors(factors, digits):
    logs = product_singular_values(factors)
    return np.array([float(mpmath.mpf(x) - y) for x, y in zip(logs, exact_logs(factors, digits), strict=True)])


def gaussian(rng, *shape):
    return rng.normal(size=shape)


def spread(rng, n, low):
    return 10.0 ** rng.uniform(low, 0, n)


TEN = 10.0 ** np.arange(-60, 0, 10.0)
CHAINS = {
    "Gaussian": lambda rng: [gaussian(rng, 12, 12) for _ in range(64)],
    "512 Gaussian": lambda rng: [gaussian(rng, 6, 6) for _ in range(512)],
    "condition 1e500": lambda rng: [x for _ in range(128) for x in (gaussian(rng, 5, 5), spread(rng, 5, -6.5))],
    "orthogonal with diagonals": lambda rng: [
        x for _ in range(64) for x in (np.linalg.qr(gaussian(rng, 8, 8))[0], spread(rng, 8, -1))
    ],
    "wild diagonals left": lambda rng: [x for _ in range(8) for x in (spread(rng, 6, -30), gaussian(rng, 6, 6))],
    "wild diagonals right": lambda rng: [x for _ in range(8) for x in (gaussian(rng, 6, 6), spread(rng, 6, -30))],
    "uneven rows": lambda rng: [spread(rng, 6, -20)[:, None] * gaussian(rng, 6, 6) for _ in range(8)],
    "uneven columns": lambda rng: [gaussian(rng, 6, 6) * spread(rng, 6, -20) for _ in range(8)],
    "uneven both": lambda rng: [
        spread(rng, 6, -15)[:, None] * gaussian(rng, 6, 6) * spread(rng, 6, -15) for _ in range(6)
    ],
    "ascending": lambda rng: [gaussian(rng, 6, 6), TEN, TEN, gaussian(rng, 6, 6), TEN[::-1], gaussian(rng, 6, 6), TEN],
    "diagonals only": lambda rng: [TEN, 3.0 * TEN[::-1], -TEN],
    "complex": lambda rng: [gaussian(rng, 5, 5) + 1j * gaussian(rng, 5, 5) for _ in range(40)],
    "complex with diagonals": lambda rng: [
        x
        for _ in range(20)
        for x in (
            gaussian(rng, 5, 5) + 1j * gaussian(rng, 5, 5),
            spread(rng, 5, -5) * np.exp(1j * gaussian(rng, 5)),
        )
    ],
    "wide": lambda rng: [gaussian(rng, 5, 9), gaussian(rng, 9, 7), gaussian(rng, 7, 12)],
    "tall": lambda rng: [gaussian(rng, 12, 7), gaussian(rng, 7, 9), gaussian(rng, 9, 5)],
    "row": lambda rng: [gaussian(rng, 1, 7), gaussian(rng, 7, 9), gaussian(rng, 9, 5)],
    "beyond a double": lambda rng: [c * gaussian(rng, 4, 4) for c in (1e300, 1e300, 1e300, 1e-300, 1e-305)],
    "one": lambda rng: [gaussian(rng, 4, 6)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_every_singular_value_to_1e_11_sqrt_depth(name):
    factors = CHAINS[name](np.random.default_rng(0))
    assert np.abs(relative_errors(factors, 1300)).max() < 1e-11 * math.sqrt(len(factors))


def test_condition_number_reaches_1e500_and_the_naive_product_loses_it():
    factors = CHAINS["condition 1e500"](np.random.default_rng(0))
    logs = product_singular_values(factors)
    assert (logs[0] - logs[-1]) / math.log(10) > 500
    naive = np.eye(5)
    for factor in factors:
        naive = naive @ (factor if factor.ndim == 2 else np.diag(factor))
    lost = np.linalg.svd(naive, compute_uv=False)
    assert abs(math.log(lost[0]) - logs[0]) < 1e-9
    with np.errstate(divide="ignore"):
        assert (np.abs(np.log(lost) - logs)[1:] > 1.0).all()


@pytest.mark.slow
def test_512_gaussian_factors_of_condition_1e400():
    rng = np.random.default_rng(1)
    factors = [gaussian(rng, 12, 12) for _ in range(512)]
    assert np.abs(relative_errors(factors, 1000)).max() < 1e-11 * math.sqrt(512)


def test_order_of_factors_is_that_of_the_product():
    rng = np.random.default_rng(2)
    a, d, b = gaussian(rng, 3, 4), spread(rng, 4, -2), gaussian(rng, 4, 5)
    expected = np.linalg.svd(a @ np.diag(d) @ b, compute_uv=False)
    np.testing.assert_allclose(np.exp(product_singular_values([a, d, b])), expected, rtol=1e-13)
    np.testing.assert_allclose(np.exp(product_singular_values([b.T, d, a.T])), expected, rtol=1e-13)
    assert np.abs(np.exp(product_singular_values([a, d[::-1], b])) - expected).max() > 1e-3


def test_zeros_are_exact():
    rng = np.random.default_rng(3)
    masks = [rng.random(12) < 0.5 for _ in range(4)]
    weights = [gaussian(rng, 12, 12) for _ in range(4)]
    factors = [x for w, m in zip(weights, masks, strict=True) for x in (m.astype(float), w)]
    dense = np.linalg.multi_dot([f if f.ndim == 2 else np.diag(f) for f in factors])
    logs = product_singular_values(factors)
    rank = min(m.sum() for m in masks)
    assert np.isneginf(logs).sum() == 12 - rank
    np.testing.assert_allclose(np.exp(logs[:rank]), np.linalg.svd(dense, compute_uv=False)[:rank], rtol=1e-10)
    assert np.isneginf(product_singular_values([weights[0], np.zeros(12), weights[1]])).all()
    assert np.isneginf(product_singular_values([np.ones((3, 3)), np.diag([1.0, 0.0, 2.0]), np.eye(3)])).sum() >= 1
    narrow = product_singular_values([gaussian(rng, 6, 2), gaussian(rng, 2, 6)])
    assert np.isneginf(narrow).sum() == 4


@pytest.mark.parametrize("field", ["real", "complex"])
def test_gaussian_chain_determinant_is_a_product_of_chi_variables(field):
    """log |det| is the sum of log chi variables: its mean and variance are digamma and trigamma sums, at any depth."""
    n, depth, trials = 6, 5, 800
    beta = 1 if field == "real" else 2
    rng = np.random.default_rng(4)
    sums = np.array([gaussian_product_log_singular_values(n, depth, rng, field=field).sum() for _ in range(trials)])
    half_degrees = beta * np.arange(1, n + 1) / 2
    mean = depth * np.sum(special.digamma(half_degrees) + math.log(2 / beta)) / 2 - depth * n * math.log(n) / 2
    deviation = math.sqrt(depth * np.sum(special.polygamma(1, half_degrees)) / 4)
    assert abs(sums.mean() - mean) < 5 * deviation / math.sqrt(trials)
    assert abs(sums.std() / deviation - 1) < 5 * math.sqrt(1 / (2 * trials)) * 1.5


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize(
    ("n", "depth", "widths"), [(4, 1, None), (4, 3, None), (3, 3, (5, 3, 7, 4)), (3, 2, (6, 8, 3)), (2, 2, (2, 2, 9))]
)
def test_gaussian_chain_has_the_law_of_drawn_matrices(field, n, depth, widths):
    trials = 700
    rng = np.random.default_rng(5)
    fast = np.array(
        [gaussian_product_log_singular_values(n, depth, rng, field=field, widths=widths) for _ in range(trials)]
    )
    dimensions = widths or (n,) * (depth + 1)
    slow = []
    for _ in range(trials):
        product = np.eye(dimensions[0])
        for columns, rows in pairwise(dimensions):
            factor = rng.normal(size=(rows, columns))
            if field == "complex":
                factor = (factor + 1j * rng.normal(size=(rows, columns))) / math.sqrt(2)
            product = factor @ product / math.sqrt(columns)
        slow.append(np.log(np.linalg.svd(product, compute_uv=False)[:n]))
    for k in range(n):
        assert stats.ks_2samp(fast[:, k], np.array(slow)[:, k]).pvalue > 1e-6
    assert stats.ks_2samp(fast[:, 0], np.array(slow)[:, 0] + 0.5).pvalue < 1e-6


def test_lyapunov_exponents_of_deep_gaussian_products():
    """log σ_k / L tends to (ψ((n − k + 1)/2) + log(2/n))/2 (Newman 1986), with errors of order √(1/L)."""
    n, depth = 8, 4000
    logs = gaussian_product_log_singular_values(n, depth, 6) / depth
    half = np.arange(n, 0, -1) / 2
    exact = (special.digamma(half) + math.log(2 / n)) / 2
    deviation = np.sqrt(special.polygamma(1, half) / 4 / depth)
    assert (np.abs(logs - exact) < 5 * deviation + 3 / depth).all()


def test_masked_product_is_the_dense_one():
    rng = np.random.default_rng(7)
    widths = (5, 8, 7, 6)
    weights = [gaussian(rng, b, a) for a, b in pairwise(widths)]
    masks = [rng.random(b) < 0.6 for b in widths[1:]]
    dense = np.eye(5)
    for weight, mask in zip(weights, masks, strict=True):
        dense = mask[:, None] * (weight @ dense)
    product = masked_product(weights, masks)
    np.testing.assert_allclose(product, dense, rtol=1e-13, atol=1e-14)
    assert (product[~masks[-1]] == 0.0).all()
    np.testing.assert_array_equal(masked_product(weights, [masks[0], masks[1], np.zeros(6, bool)]), np.zeros((6, 5)))


def test_bad_input():
    a = np.ones((3, 4))
    with pytest.raises(ValueError, match="at least one matrix"):
        product_singular_values([])
    with pytest.raises(ValueError, match=r"\(3, 4\) has 4 columns and is followed by \(3, 4\) with 3 rows"):
        product_singular_values([a, a])
    with pytest.raises(ValueError, match="has 4 columns and is followed by"):
        product_singular_values([a, np.ones(3)])
    with pytest.raises(ValueError, match="factor 2 must be finite, got nan"):
        product_singular_values([a, np.full(4, np.nan)])
    with pytest.raises(ValueError, match="factor 1 must be a matrix"):
        product_singular_values([np.ones((2, 2, 2))])
    with pytest.raises(TypeError, match="factors must be real or complex numbers"):
        product_singular_values([np.array([["a"]])])
    with pytest.raises(ValueError, match="widths must be depth"):
        gaussian_product_log_singular_values(3, 2, widths=(3, 4))
    with pytest.raises(ValueError, match="the smallest of them n = 3"):
        gaussian_product_log_singular_values(3, 1, widths=(4, 4))
    with pytest.raises(ValueError, match="depth must be an integer >= 1"):
        gaussian_product_log_singular_values(3, 0)
    with pytest.raises(ValueError, match="unknown field 'quaternion'"):
        gaussian_product_log_singular_values(3, 1, field="quaternion")
    with pytest.raises(ValueError, match="as many masks as weights"):
        masked_product([a], [])
    with pytest.raises(ValueError, match=r"mask 1 must have shape \(3,\)"):
        masked_product([a], [np.ones(4)])


@pytest.mark.parametrize("complex_entries", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_zero_columns_give_exact_zeros(depth, complex_entries):
    rng = np.random.default_rng(depth)
    for place in range(depth):
        for lost in (1, 2):
            factors = [
                rng.standard_normal((6, 6)) + 1j * complex_entries * rng.standard_normal((6, 6)) for _ in range(depth)
            ]
            factors[place][:, rng.permutation(6)[:lost]] = 0.0
            factors.insert(place + 1, rng.standard_normal(6))  # a diagonal factor hides nothing
            logs = product_singular_values(factors)
            assert logs.shape == (6,)
            assert np.isneginf(logs).sum() == lost
            dense = np.linalg.multi_dot([np.diag(f) if f.ndim == 1 else f for f in factors])
            assert np.exp(logs[:-lost]) == pytest.approx(np.linalg.svd(dense, compute_uv=False)[:-lost], rel=1e-9)


def test_columns_and_rows_that_do_not_meet():
    first, second = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    assert np.isneginf(product_singular_values([first, second])).all()
    assert np.isneginf(product_singular_values([np.zeros((3, 2)), np.ones((2, 4))])).sum() == 3
    logs = product_singular_values([[[0.0, 1.0, 2.0], [0.0, 3.0, 4.0], [0.0, 5.0, 7.0]]])
    assert np.isneginf(logs).tolist() == [False, False, True]


def test_masks_are_true_or_false():
    with pytest.raises(ValueError, match="masks must hold True and False"):
        masked_product([np.eye(2)], [[1.5, 2]])
    assert masked_product([np.eye(2)], [[1, 0]]).tolist() == [[1.0, 0.0], [0.0, 0.0]]
