"""The empirical law of a matrix, and what it refuses."""

import numpy as np
import pytest

import rmt
from rmt.spectra import esd


def test_esd_of_a_matrix_has_its_eigenvalues():
    matrix = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 7.0]])
    mu = esd(matrix)
    np.testing.assert_allclose([position for position, _ in mu.atoms], [1.0, 3.0, 7.0], rtol=1e-14)
    assert mu.mean() == pytest.approx(11 / 3, rel=1e-14)
    assert mu.cdf(2.0) == pytest.approx(1 / 3)


def test_esd_of_a_complex_hermitian_matrix():
    mu = esd(np.array([[0.0, -1j], [1j, 0.0]]))
    np.testing.assert_allclose([position for position, _ in mu.atoms], [-1.0, 1.0], rtol=1e-14)


def test_esd_of_eigenvalues_keeps_them():
    assert esd([3.0, 1.0, 2.0, 2.0]) == rmt.Empirical([1.0, 2.0, 2.0, 3.0])
    assert esd([1e-20, 1.0]).atoms[0][0] == 1e-20


def test_rank_deficiency_is_one_atom():
    data = np.random.default_rng(5).standard_normal((40, 10))
    gram = data @ data.T / 10
    assert 0.0 not in np.linalg.eigvalsh(gram)  # the zeros come out as rounding errors
    assert dict(esd(gram).atoms)[0.0] == pytest.approx(30 / 40)


def test_rounding_asymmetry_is_accepted():
    data = np.random.default_rng(6).standard_normal((50, 50))
    matrix = data @ data.T
    matrix[3, 4] *= 1 + 1e-15
    assert len(esd(matrix).samples) == 50


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), ValueError, r"nan at row 0, column 1, 2 of 4"),
        (np.array([[1.0, 0.0], [0.0, -np.inf]]), ValueError, r"-inf at row 1, column 1"),
        (np.array([1.0, np.inf]), ValueError, r"inf at position 1"),
        (np.ones((2, 3)), ValueError, r"shape \(2, 3\) is not square.*A @ A.conj\(\).T"),
        (np.array([[1.0, 2.0], [2.5, 1.0]]), ValueError, r"\|A - A\*\| reaches 0.5 at row 0, column 1.*\(A \+ A.conj"),
        (np.array([[1.0, 1j], [1j, 1.0]]), ValueError, "must be Hermitian"),
        (np.array([1.0, 1j]), TypeError, "must be real, got complex"),
        (np.array([]), ValueError, r"not empty; got shape \(0,\)"),
        (np.zeros((2, 2, 2)), ValueError, r"got shape \(2, 2, 2\)"),
        (np.array(["a", "b"]), TypeError, "must be real or complex numbers"),
    ],
)
def test_bad_input_is_refused(matrix, error, message):
    with pytest.raises(error, match=message):
        esd(matrix)
