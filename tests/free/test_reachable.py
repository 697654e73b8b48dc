"""Spans of the arguments of pencils, against iterates of the equations in full matrices."""

import numpy as np
import pytest
from cases import long_beyond
from random_polynomials import exact_moments, random_polynomial, sampled_eigenvalues

from rmt.free import polynomial_law, rectangular_boxplus
from rmt.laws import MarchenkoPastur, Uniform

#: polynomials with nearly dependent directions, with variables of every kind, with the largest pencils
SEEDS = (12, 22, 141, 179, 181, 208, 217, 258)


def equations(seed):
    return polynomial_law(*random_polynomial(seed))._equations


def iterates(model, rng, steps=8):
    """Arguments at random points far from the axis, and then ever nearer to the solution there."""
    z = model._height * (rng.standard_normal(5) + 0.3j)
    b = model._right_side(z, 0.5 * model._height * rng.random(5))
    energies = [np.zeros_like(b)] * len(model.variables)
    for _ in range(steps):
        matrices = [model._image(j, b, energies) for j in range(len(model.variables))]
        yield matrices
        energies = [
            model._embed(j, v.self_energy(m, m[:1])[0])
            for j, (v, m) in enumerate(zip(model.variables, matrices, strict=True))
        ]


def off(matrices, basis):
    """What a stack of matrices has off the span of a basis, relative to the largest entry of each."""
    rows = np.linalg.qr(basis.reshape(len(basis), -1).T)[0]
    flat = (matrices / np.abs(matrices).max(axis=(1, 2), keepdims=True)).reshape(len(matrices), -1).T
    return np.abs(flat - rows @ (rows.conj().T @ flat)).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_iterates_stay_in_the_spans(seed):
    model = equations(seed)
    rng = np.random.default_rng(seed)
    # hyperplanes of the spans
    smaller = [np.tensordot(rng.standard_normal((len(b) - 1, len(b))), b, axes=1) for b in model._bases]
    missed = np.zeros(len(smaller))
    for matrices in iterates(model, rng):
        for j, (m, basis) in enumerate(zip(matrices, model._bases, strict=True)):
            assert off(m, basis) < 1e-12
            missed[j] = max(missed[j], off(m, smaller[j]) if len(smaller[j]) else 1.0)
    assert (missed > 1e-6).all()


def test_symmetric_matrices():
    """A polynomial equal to itself read backwards, with real coefficients, has symmetric arguments."""
    model = equations(141)
    for basis in model._bases:
        np.testing.assert_allclose(basis, basis.swapaxes(1, 2), rtol=0, atol=1e-13)
    assert len(model._bases[0]) == 4 * 5 // 2


def test_rectangular_arguments_are_diagonal():
    law = rectangular_boxplus(MarchenkoPastur(0.5), Uniform(1, 2), 0.5)
    for basis in law._equations._bases:
        np.testing.assert_array_equal(np.sort(basis.reshape(2, 4).real, axis=0), [[0, 0, 0, 0], [1, 0, 0, 1]])


def moments_within_claims(law, expected):
    """Whether moments of G on a circle are the exact ones within the errors that are claimed there."""
    low, high = law._hull()
    centre, radius = 0.5 * (low + high), 0.75 * (high - low)
    z = centre + radius * np.exp(1j * np.pi * (np.arange(64) + 0.5) / 64)
    g, error = law.stieltjes(z, return_error=True)
    for k, exact in enumerate(expected, start=1):
        terms = z**k * (z - centre) * g
        # the rounding of the mean itself
        bound = np.mean(np.abs(z) ** k * radius * error) + 8.0 * np.finfo(float).eps * np.abs(terms).max()
        if abs(float(terms.real.mean()) - exact) > bound:
            return False
    return True


@pytest.mark.parametrize("seed", long_beyond([181, 22, 141, 179, 258], 1))
def test_claimed_errors_hold_against_exact_moments(seed):
    terms, variables = random_polynomial(seed)
    law = polynomial_law(terms, variables)
    expected = exact_moments(terms, variables, 3)
    assert moments_within_claims(law, expected)
    assert not moments_within_claims(law, [m + 1e-9 * law._scale**k for k, m in enumerate(expected, start=1)])


@pytest.mark.long
def test_a_lower_end_that_had_been_lost():
    """No eigenvalue of matrices lies below 0 by more than their fluctuation, which is n^(-2/3) at a soft edge."""
    terms, variables = random_polynomial(141)
    law = polynomial_law(terms, variables)
    smallest = sampled_eigenvalues(terms, variables, 200, np.random.default_rng(0))[0]
    assert abs(law.support[0].low - smallest) < 0.01


def test_what_is_off_the_spans_is_counted():
    terms, variables = {(0, 1, 0): 1, (1, 1): 1, (0,): 1}, [Uniform(-1, 1), MarchenkoPastur(2)]
    law = polynomial_law(terms, variables)
    expected = exact_moments(terms, variables, 3)
    assert moments_within_claims(law, expected)
    model = law._equations
    rng = np.random.default_rng(1)
    for basis, pivots in zip(model._bases, model._pivots, strict=True):
        rows = basis.reshape(len(basis), -1)
        others = np.setdiff1d(np.arange(rows.shape[1]), pivots)
        rows[:, others] += 1e-9 * rng.standard_normal((len(basis), len(others)))
    assert moments_within_claims(law, expected)
    model._beyond = lambda found: np.zeros(len(found.value))
    assert not moments_within_claims(law, expected)
