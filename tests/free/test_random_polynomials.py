"""Laws of random polynomials against moments by non-crossing partitions and against eigenvalues of matrices."""

import numpy as np
import pytest
from cases import long_beyond
from random_polynomials import (
    distance,
    exact_moments,
    moments_of_distribution,
    moments_of_transform,
    random_polynomial,
    sampled_eigenvalues,
)

from rmt.free import polynomial_law

DIMENSION = 200
#: polynomials that had been refused or had taken longest, and others
SEEDS = (5, 16, 20, 26, 29, 31)
SLOW = (2, 7, 12, 32, 122, 124, 140, 150, 208, 217, 228, 265, 280, 281)


@pytest.mark.parametrize("seed", [*SEEDS, *long_beyond(SLOW, 1)])
def test_moments_and_eigenvalues(seed):
    terms, variables = random_polynomial(seed)
    law = polynomial_law(terms, variables)
    mass = sum(i.mass for i in law.support) + sum(m for _, m in law.atoms)
    assert abs(mass - 1.0) < 1e-10
    size = max(map(abs, law._hull()))
    order = 3
    expected = exact_moments(terms, variables, order)
    for judge, tolerance in ((moments_of_transform, 1e-11), (moments_of_distribution, 1e-5)):
        found = judge(law, order)
        deviations = [abs(a - b) / size**k for k, (a, b) in enumerate(zip(found, expected, strict=True), start=1)]
        assert max(deviations) < tolerance, judge.__name__
    # eigenvalues are rigid: n times the distance is of order log n; another law is rejected
    eigenvalues = sampled_eigenvalues(terms, variables, DIMENSION, np.random.default_rng(seed))
    tolerance = 12.0 / DIMENSION
    assert distance(eigenvalues, law) < tolerance
    assert distance(eigenvalues + 0.25 * law.std(), law) > tolerance


def test_the_judges_know_a_free_poisson_law():
    """x² of a semicircular x, and the trace of xyxy = φ(x)² φ(y²) + φ(x²) φ(y)² − φ(x)² φ(y)² for free x, y."""
    from rmt.laws import MarchenkoPastur, Semicircle

    assert exact_moments({(0, 0): 1}, [Semicircle()], 5) == [1, 2, 5, 14, 42]
    assert moments_of_distribution(MarchenkoPastur(0.5), 3) == pytest.approx([1, 1.5, 2.75], abs=1e-9)
    x, y = MarchenkoPastur(), Semicircle(2)
    assert exact_moments({(0, 1, 0, 1): 1, (1, 0, 1, 0): 1}, [x, y], 1) == [2 * (1 * 5 + 2 * 4 - 1 * 4)]
