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
    rmt.projection(fraction=0.3),
    rmt.projection(fraction=0.8, field="complex"),
    rmt.diagonal(law=rmt.Semicircle(mean=0, variance=1)),
    rmt.diagonal(law=rmt.MarchenkoPastur(ratio=2, variance=1), points="random"),
    rmt.haar_conjugate(ensemble=rmt.diagonal(law=rmt.Rademacher()), field="complex"),
]
OTHERS = [
    rmt.ginibre(),
    rmt.ginibre(entries="rademacher", field="complex"),
    rmt.haar_orthogonal(),
    rmt.haar_unitary(),
    rmt.haar_symplectic(),
    rmt.haar_conjugate(ensemble=rmt.ginibre()),
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


@pytest.mark.parametrize("ensemble", OTHERS, ids=repr)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_other_samples(ensemble, n):
    size = 2 * n if ensemble.field == "quaternion" else n
    assert ensemble.sample(n, rng=3).shape == (size, size)
    values = ensemble.eigenvalues(n, rng=3, trials=2)
    assert values.shape == (2, size)
    assert values.dtype == np.complex128
    singular = ensemble.singular_values(n, rng=3)
    assert singular.shape == (size,)
    assert (np.diff(singular) <= 0).all()


@pytest.mark.parametrize("ensemble", [*HERMITIAN, *OTHERS], ids=repr)
def test_same_rng_same_numbers(ensemble):
    assert np.array_equal(ensemble.sample(20, rng=5), ensemble.sample(20, rng=5))
    fixed = "diagonal" in repr(ensemble) and "haar" not in repr(ensemble) and "random" not in repr(ensemble)
    assert np.array_equal(ensemble.sample(20, rng=5), ensemble.sample(20, rng=6)) == fixed
    assert np.array_equal(ensemble.eigenvalues(20, rng=5), ensemble.eigenvalues(20, rng=5))


@pytest.mark.parametrize("ensemble", [*HERMITIAN, *OTHERS], ids=repr)
def test_repr_rebuilds_and_pickle_keeps(ensemble):
    again = eval(repr(ensemble), {name: getattr(rmt, name) for name in dir(rmt)})
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


def test_warrants():
    """Gaussian and Haar matrices are invariant, others of independent entries are generic, diagonal ones are not."""
    invariant, wigner, none = rmt.Warrant.INVARIANT, rmt.Warrant.WIGNER, rmt.Warrant.NONE
    for ensemble in (rmt.goe(), rmt.gse(), rmt.wishart(), rmt.product_wishart(), rmt.ginibre(), rmt.haar_unitary()):
        assert ensemble.warrant is invariant
    for make in (rmt.wigner, rmt.wishart, rmt.product_wishart, rmt.ginibre):
        assert make(entries="rademacher").warrant is wigner
    assert rmt.projection(0.5).warrant is invariant
    assert rmt.diagonal(rmt.Rademacher()).warrant is none
    assert rmt.haar_conjugate(rmt.diagonal(rmt.Rademacher())).warrant is invariant


def test_rigidity():
    """Not of independent eigenvalues, nor without a fourth moment; a combination is as rigid as its parts."""
    heavy = rmt.wigner(entries="cube_root_cauchy")
    scattered = rmt.diagonal(rmt.Semicircle(), points="random")
    assert rmt.gue().is_rigid
    assert rmt.diagonal(rmt.Semicircle()).is_rigid
    assert (rmt.gue() + rmt.wishart()).is_rigid
    for ensemble in (heavy, rmt.gue() + heavy, scattered, rmt.haar_conjugate(scattered)):
        assert not ensemble.is_rigid
    for factory in (rmt.wishart, rmt.product_wishart, rmt.ginibre):
        assert factory().is_rigid
        assert not factory(entries="cube_root_cauchy").is_rigid


def test_dyson_index():
    assert [e.beta for e in (rmt.goe(), rmt.gue(), rmt.gse(), rmt.haar_symplectic())] == [1, 2, 4, 4]
    assert rmt.wigner(field="complex").beta == 2


def test_haar_conjugate_keeps_the_eigenvalues():
    for inner in (rmt.gse(), rmt.goe() + rmt.diagonal(rmt.Rademacher()), rmt.haar_symplectic(), rmt.ginibre()):
        outer = rmt.haar_conjugate(inner)
        assert np.array_equal(outer.eigenvalues(5, rng=1), inner.eigenvalues(5, rng=1))
        assert np.array_equal(outer.singular_values(5, rng=1), inner.singular_values(5, rng=1))
        matrix = outer.sample(5, rng=1)
        drawn = inner.sample(5, rng=1)
        assert np.allclose(np.linalg.svd(matrix)[1], np.linalg.svd(drawn)[1], atol=1e-13)
        assert not np.allclose(matrix, drawn)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_bad_fraction(fraction):
    with pytest.raises(ValueError, match="fraction must be a finite real number >= 0 and <= 1"):
        rmt.projection(fraction)


def test_extreme_fractions():
    assert np.array_equal(rmt.projection(0.0).sample(4, rng=0), np.zeros((4, 4)))
    assert np.array_equal(rmt.projection(1.0).sample(4, rng=0), np.eye(4))


def test_bad_structured_arguments():
    with pytest.raises(TypeError, match=r"law must be a law of rmt.laws, got \[1, 2\].*rmt.Empirical"):
        rmt.diagonal([1, 2])
    with pytest.raises(ValueError, match="unknown points 'grid'"):
        rmt.diagonal(rmt.Semicircle(), points="grid")
    with pytest.raises(TypeError, match=r"ensemble must be a random matrix, got Semicircle.*rmt.diagonal\(law\)"):
        rmt.haar_conjugate(rmt.Semicircle())
    with pytest.raises(ValueError, match="unknown field 'real'; accepted: 'complex'"):
        rmt.haar_conjugate(rmt.gue(), field="real")
    with pytest.raises(ValueError, match="haar_conjugate needs a square matrix"):
        rmt.haar_conjugate(rmt.ginibre(shape=(1, 2))).sample(3)
    for shape in (2, (1,), "ab", (1, 2, 3)):
        with pytest.raises((TypeError, ValueError), match="shape must be"):
            rmt.ginibre(shape=shape)
    with pytest.raises(ValueError, match="shape must be an integer >= 1, got 0"):
        rmt.ginibre(shape=(0, 1))


def test_rectangular_matrices_have_no_eigenvalues():
    for call in (lambda e: e.eigenvalues(3), lambda e: e.law()):
        with pytest.raises(ValueError, match=r"ginibre\(shape=\(1, 2\)\) is not square.*use singular_values\(n\)"):
            call(rmt.ginibre(shape=(1, 2)))


@pytest.mark.parametrize("ensemble", [rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.haar_symplectic()], ids=repr)
def test_reflections_are_the_sample(ensemble):
    """Without forming the matrix: Q B, Q* B, fewer columns; the same numbers as sample for the same rng."""
    n = 6
    size = 2 * n if ensemble.field == "quaternion" else n
    product = ensemble.reflections(n, rng=2)
    matrix = ensemble.sample(n, rng=2)
    block = np.random.default_rng(0).standard_normal((size, 3))
    assert np.array_equal(product.matrix(), matrix)
    assert np.allclose(product.apply(block), matrix @ block, atol=1e-14)
    assert np.allclose(product.apply_adjoint(block[:, 0]), matrix.conj().T @ block[:, 0], atol=1e-14)
    narrow = ensemble.reflections(n, columns=2, rng=2).matrix()
    assert narrow.shape == (size, size // 3)
    assert np.allclose(narrow.conj().T @ narrow, np.eye(size // 3), atol=1e-14)
    with pytest.raises(ValueError, match="columns must be at most n = 6, got 7"):
        ensemble.reflections(n, columns=7)
    with pytest.raises(ValueError, match="n must be an integer >= 1, got 0"):
        ensemble.reflections(0)


@pytest.mark.parametrize(
    "ensemble",
    [rmt.ginibre(), rmt.ginibre(field="complex", entries="rademacher"), rmt.gue() @ rmt.gue(), 1j * rmt.goe()],
    ids=repr,
)
def test_order_of_eigenvalues_is_no_matter_of_the_processor(ensemble):
    values = ensemble.eigenvalues(12, rng=0, trials=3)
    by_parts = np.lexsort((values.imag, values.real), axis=-1)
    assert np.array_equal(by_parts, np.tile(np.arange(12), (3, 1)))


@pytest.mark.parametrize("ensemble", [rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.circular(beta=3)], ids=repr)
def test_order_of_eigenangles(ensemble):
    assert (np.diff(np.angle(ensemble.eigenvalues(12, rng=0))) > 0).all()
