"""What every ensemble owes: shapes, reproducibility, a repr that rebuilds it, clear refusals."""

import pickle

import numpy as np
import pytest

import rmt

HERMITIAN = [
    rmt.goe(),
    rmt.gue(),
    rmt.gse(),
    rmt.wigner(entries="rademacher"),
    rmt.wigner(entries="uniform", field="complex"),
    rmt.wishart(ratio=2.0),
    rmt.wishart(ratio=0.5, entries="laplace", field="complex"),
    rmt.product_wishart(depth=3),
    rmt.product_wishart(depth=2, entries="exponential", field="complex"),
]


@pytest.mark.parametrize("ensemble", HERMITIAN, ids=repr)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_hermitian_samples(ensemble, n):
    size = 2 * n if ensemble.field == "quaternion" else n
    matrix = ensemble.sample(n, rng=3)
    assert matrix.shape == (size, size)
    assert np.array_equal(matrix, matrix.conj().T)
    assert np.iscomplexobj(matrix) == (ensemble.field != "real")
    values = ensemble.eigenvalues(n, rng=3, trials=2)
    assert values.shape == (2, n)
    assert values.dtype == np.float64
    assert (np.diff(values, axis=1) >= 0).all()


@pytest.mark.parametrize("ensemble", HERMITIAN, ids=repr)
def test_same_rng_same_numbers(ensemble):
    assert np.array_equal(ensemble.sample(20, rng=5), ensemble.sample(20, rng=5))
    assert not np.array_equal(ensemble.sample(20, rng=5), ensemble.sample(20, rng=6))
    assert np.array_equal(ensemble.eigenvalues(20, rng=5), ensemble.eigenvalues(20, rng=5))


@pytest.mark.parametrize("ensemble", HERMITIAN, ids=repr)
def test_repr_rebuilds_and_pickle_keeps(ensemble):
    again = eval(f"rmt.{ensemble!r}")
    copy = pickle.loads(pickle.dumps(ensemble))
    assert repr(again) == repr(copy) == repr(ensemble)
    assert again != ensemble  # variables are distinct by identity
    assert np.array_equal(copy.sample(5, rng=1), ensemble.sample(5, rng=1))


def test_gse_is_self_dual():
    n = 6
    matrix = rmt.gse().sample(n, rng=0)
    unit = np.kron([[0, 1], [-1, 0]], np.eye(n))
    assert np.array_equal(unit @ matrix.conj() @ unit.T, matrix)
    assert np.abs(np.diff(np.linalg.eigvalsh(matrix).reshape(n, 2))).max() < 1e-14


@pytest.mark.parametrize("n", [0, -3])
def test_matrix_dimension_below_one(n):
    with pytest.raises(ValueError, match=rf"n must be an integer >= 1, got {n}"):
        rmt.goe().sample(n)
    with pytest.raises(ValueError, match=rf"n must be an integer >= 1, got {n}"):
        rmt.goe().eigenvalues(n)


@pytest.mark.parametrize("n", [2.5, "10", None, True])
def test_matrix_dimension_not_an_integer(n):
    with pytest.raises(TypeError, match="n must be an integer >= 1"):
        rmt.gue().sample(n)


@pytest.mark.parametrize("ratio", [0, -1.0, float("nan"), float("inf")])
def test_bad_ratio(ratio):
    with pytest.raises(ValueError, match=r"ratio must be a finite real number > 0, got"):
        rmt.wishart(ratio=ratio)


def test_bad_depth_and_field():
    with pytest.raises(ValueError, match="depth must be an integer >= 1, got 0"):
        rmt.product_wishart(depth=0)
    with pytest.raises(ValueError, match=r"unknown field 'quaternion'; .*accepted: 'complex', 'real'"):
        rmt.wigner(field="quaternion")
