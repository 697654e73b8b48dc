import math

import numpy as np
import pytest
import scipy.linalg

from rmt.free import boxplus, boxtimes, mixture, polynomial_law, sample_covariance
from rmt.free.spikes import Outlier, nonlinear_shrinkage, outliers, spike_thresholds
from rmt.laws import Cauchy, FreeStable, Gaussian, MarchenkoPastur, Semicircle
from rmt.laws.atomic import Atomic, Rademacher
from rmt.laws.named.uniform import Uniform

PROJECTION = Atomic((0, 1), (0.5, 0.5))


# ---------------------------------------------------------------------- closed forms
@pytest.mark.parametrize("theta", [2.0, -1.5, 1.001, 1e6])
def test_semicircle(theta):
    # position θ + 1/θ, overlap 1 − 1/θ² (Péché 2006; Benaych-Georges, Nadakuditi 2011)
    (found,) = outliers(Semicircle(), theta)
    assert found.spike == theta
    assert found.position == pytest.approx(theta + 1 / theta, rel=1e-14)
    assert found.overlap == pytest.approx(1 - theta**-2, rel=1e-10)


def test_spiked_covariance():
    # ratio 1/2, spike 3: 3.75 and 0.7 (Baik, Ben Arous, Péché 2005; Paul 2007)
    (found,) = outliers(MarchenkoPastur(0.5), [3.0], perturbation="multiplicative")
    assert found.position == pytest.approx(3.75, rel=1e-14)
    assert found.overlap == pytest.approx(0.7, rel=1e-13)
    low, high = spike_thresholds(MarchenkoPastur(0.5), perturbation="multiplicative")
    assert high - 1 == pytest.approx(0.7071067811865476, abs=1e-14)
    assert 1 - low == pytest.approx(0.7071067811865476, abs=1e-14)


@pytest.mark.parametrize(("ratio", "spike"), [(0.5, 0.2), (2.0, 3.0), (1.0, 2.5), (0.01, 0.5)])
def test_spiked_covariance_of_any_ratio(ratio, spike):
    (found,) = outliers(MarchenkoPastur(ratio), spike, perturbation="multiplicative")
    excess = spike - 1
    assert found.position == pytest.approx(spike * (1 + ratio / excess), rel=1e-13)
    assert found.overlap == pytest.approx((1 - ratio / excess**2) / (1 + ratio / excess), rel=1e-11)


def test_thresholds_of_wide_samples():
    # 1 ± sqrt(ratio): no spike below the bulk is seen for ratio >= 1
    low, high = spike_thresholds(MarchenkoPastur(2.0), perturbation="multiplicative")
    assert low == pytest.approx(1 - math.sqrt(2), abs=1e-14)
    assert high == pytest.approx(1 + math.sqrt(2), abs=1e-14)
    assert spike_thresholds(MarchenkoPastur(1.0), perturbation="multiplicative")[0] == pytest.approx(0, abs=1e-14)


def test_uniform():
    # G(ρ) = 1 at ρ = coth 1; overlap 1/sinh² 1, and every spike is seen: the density jumps at the edge
    law = Uniform(-1, 1)
    (found,) = outliers(law, 1.0)
    assert found.position == pytest.approx(1 / math.tanh(1), rel=1e-14)
    assert found.overlap == pytest.approx(0.7240616609663104664, rel=1e-13)
    assert spike_thresholds(law) == (0.0, 0.0)


def test_anticommutator():
    # K(g) = 1/g + 2g/(1 − g²) (Nica, Speicher 1998): position K(1/θ), overlap −K'(1/θ)/θ²
    law = polynomial_law({(0, 1): 1, (1, 0): 1}, [Semicircle(), Semicircle()])
    (found,) = outliers(law, 3.0)
    assert found.position == pytest.approx(3.75, rel=1e-13)
    assert found.overlap == pytest.approx(0.6875, rel=1e-10)


def test_thresholds_of_the_semicircle():
    assert spike_thresholds(Semicircle(0, 4)) == pytest.approx((-2.0, 2.0), abs=1e-14)
    assert outliers(Semicircle(), [0.99, -0.5]) == ()


def test_hard_edges_let_every_spike_out():
    (found,) = outliers(MarchenkoPastur(1.0), -0.2)
    # G = (1 − sqrt(1 − 4/z))/2
    z = found.position
    assert z < 0
    assert (1 - math.sqrt(1 - 4 / z)) / 2 == pytest.approx(-5.0, rel=1e-12)


# ---------------------------------------------------------------------- factors of computed laws
def test_deformed_wigner():
    # noise of variance s: ρ = θ + s G_A(θ), overlap 1 − s ∫ dA/(θ − t)² (Capitaine et al. 2011)
    s, theta = 0.25, 1.7
    law = boxplus(Semicircle(0, s), Rademacher())
    place = [law for law, _ in law.factors].index(Rademacher())
    (found,) = outliers(law, theta, factor=place)
    assert found.position == pytest.approx(theta + s * theta / (theta**2 - 1), rel=1e-13)
    assert found.overlap == pytest.approx(1 - s * (theta**2 + 1) / (theta**2 - 1) ** 2, rel=1e-11)
    # a spike between the two populations comes out in the inner gap
    (inner,) = outliers(law, 0.1, factor=place)
    assert inner.position == pytest.approx(0.1 + s * 0.1 / (0.01 - 1), rel=1e-13)
    low, high = spike_thresholds(law, factor=place)
    # the double root of 1 = s (θ² + 1)/(θ² − 1)²
    edge = math.sqrt((2 + s + math.sqrt(s * s + 8 * s)) / 2)
    assert high == pytest.approx(edge, abs=1e-8)
    assert low == pytest.approx(-edge, abs=1e-8)


def test_spiked_population():
    # ρ = θ (1 + c ∫ t/(θ − t) dH) and overlap θ ρ'(θ)/ρ (Bai, Yao 2012; Ledoit, Péché 2011)
    c, theta = 0.25, 6.0
    law = boxtimes(Atomic((1, 3), (0.5, 0.5)), MarchenkoPastur(c))
    position = theta * (1 + c * (0.5 / (theta - 1) + 1.5 / (theta - 3)))
    slope = 1 - c * (0.5 / (theta - 1) ** 2 + 0.5 * 9 / (theta - 3) ** 2)
    (found,) = outliers(law, theta, factor=0)
    assert found.position == pytest.approx(position, rel=1e-13)
    assert found.overlap == pytest.approx(theta * slope / position, rel=1e-11)


def test_one_spike_may_have_an_outlier_in_every_gap():
    s = 0.25
    law = boxplus(Semicircle(0, s), Rademacher())
    found = outliers(law, 2.0)
    assert [round(x.position) for x in found] == [0, 3]
    assert sum(x.overlap for x in found) < 1
    for x in found:
        assert law.stieltjes(x.position) == pytest.approx(0.5, rel=1e-12)


def test_shrinkage_of_semicircular_noise():
    # E[a|x] = x − s Hilbert part: Im((x − sG)G)/Im G = x − 2 s Re G (Bun, Allez, Bouchaud, Potters 2016)
    s = 0.3
    law = boxplus(Uniform(-1, 1), Semicircle(0, s))
    x = np.linspace(-1.5, 1.5, 31)
    place = [law for law, _ in law.factors].index(Uniform(-1, 1))
    expected = x - 2 * s * law.hilbert(x)
    np.testing.assert_allclose(nonlinear_shrinkage(law, x, factor=place), expected, atol=1e-12)
    # what is left is the noise
    np.testing.assert_allclose(nonlinear_shrinkage(law, x, factor=1 - place), x - expected, atol=1e-12)


def test_shrinkage_of_sample_covariance_is_ledoit_peche():
    c = 0.4
    law = boxtimes(Atomic((1, 3), (0.5, 0.5)), MarchenkoPastur(c))
    (low, high) = law.support[0].low, law.support[0].high
    x = np.linspace(low, high, 22)[1:-1]
    expected = x / np.abs(1 - c + c * x * law.stieltjes(x)) ** 2
    np.testing.assert_allclose(nonlinear_shrinkage(law, x, factor=0), expected, rtol=1e-11)


# ---------------------------------------------------------------------- bad input
def test_bad_input():
    with pytest.raises(ValueError, match="must differ from 0"):
        outliers(Semicircle(), 0.0)
    with pytest.raises(ValueError, match="must differ from 1"):
        outliers(MarchenkoPastur(), 1.0, perturbation="multiplicative")
    with pytest.raises(ValueError, match="spikes"):
        outliers(Semicircle(), math.nan)
    with pytest.raises(ValueError, match="spikes"):
        outliers(MarchenkoPastur(), -2.0, perturbation="multiplicative")
    with pytest.raises(ValueError, match=r"needs a law on \[0, inf\)"):
        outliers(Semicircle(), 2.0, perturbation="multiplicative")
    with pytest.raises(ValueError, match="accepted: 'additive', 'multiplicative'"):
        outliers(Semicircle(), 2.0, perturbation="rank one")
    with pytest.raises(ValueError, match="no factors"):
        outliers(Semicircle(), 2.0, factor=0)
    law = boxplus(Semicircle(), Rademacher())
    with pytest.raises(ValueError, match="factor must be an integer"):
        outliers(law, 2.0, factor=2)
    place = [law for law, _ in law.factors].index(Rademacher())
    with pytest.raises(ValueError, match="outside the support"):
        outliers(law, 1.0, factor=place)
    with pytest.raises(ValueError, match="inside the support"):
        nonlinear_shrinkage(law, 10.0)


# ---------------------------------------------------------------------- random matrices
def spiked_wigner(n, spike, rng):
    a = rng.standard_normal((n, n))
    x = (a + a.T) / math.sqrt(2 * n)
    x[0, 0] += spike
    values, vectors = scipy.linalg.eigh(x, subset_by_index=[n - 1, n - 1])
    return values[0], vectors[0, 0] ** 2


@pytest.mark.slow
def test_largest_eigenvalue_of_spiked_matrices():
    """The position has variance 2 (1 − θ⁻²)/n for GOE; six deviations of the mean of 4 matrices."""
    n, theta, trials = 1000, 2.0, 4
    rng = np.random.default_rng(3)
    draws = np.array([spiked_wigner(n, theta, rng) for _ in range(trials)])
    (found,) = outliers(Semicircle(), theta)
    tolerance = 6 * math.sqrt(2 / (n * trials))
    wrong = Outlier(2.0, 2.7, 0.65)  # as in a bulk of variance 1.4

    def accepted(claim):
        position, overlap = draws.mean(axis=0)
        return abs(position - claim.position) < tolerance and abs(overlap - claim.overlap) < tolerance

    assert accepted(found)
    assert not accepted(wrong)


@pytest.mark.slow
def test_shrinkage_beats_the_eigenvalues_of_a_matrix():
    """vᵀ A v of 600 eigenvectors against the formula: deviations of order n^{-1/2} each."""
    n, s = 600, 0.5
    rng = np.random.default_rng(5)
    h = rng.standard_normal((n, n))
    noise = (h + h.T) * math.sqrt(s / (2 * n))
    signal = np.linspace(-1, 1, n)
    values, vectors = np.linalg.eigh(np.diag(signal) + noise)
    law = boxplus(Uniform(-1, 1), Semicircle(0, s))
    bulk = (values > law.support[0].low) & (values < law.support[0].high)
    measured = (vectors**2).T @ signal
    place = [law for law, _ in law.factors].index(Uniform(-1, 1))
    error = measured[bulk] - nonlinear_shrinkage(law, values[bulk], factor=place)
    # each deviation has variance at most 2 max a²/n, the mean square a hundredth of that in spread
    assert np.mean(error**2) < 4 / n
    assert np.mean((measured[bulk] - values[bulk]) ** 2) > 40 / n


# ---------------------------------------------------------------------- factors with atoms at 0, spikes at 0, no edge
@pytest.mark.parametrize("p", [0.3, 0.5, 0.6, 0.9])
def test_spikes_of_populations_with_mass_at_zero(p):
    # Bai and Yao 2012: position l (1 + ratio E t/(l - t)) where 1 - ratio E t^2/(l - t)^2 > 0, the population 1 or 0
    law, ratio = sample_covariance(Atomic((0, 1), (p, 1 - p)), 0.5), 0.5
    for spike in (0.1, 2.0):
        shift, bend = ratio * (1 - p) / (spike - 1), ratio * (1 - p) / (spike - 1) ** 2
        (found,) = outliers(law, [spike], factor=1)
        assert found.position == pytest.approx(spike * (1 + shift), rel=1e-13)
        assert found.overlap == pytest.approx((1 - bend) / (1 + shift), rel=1e-12)
    reach = math.sqrt(ratio * (1 - p))
    assert spike_thresholds(law, factor=1) == pytest.approx((1 - reach, 1 + reach), abs=1e-10)


def test_outliers_at_zero():
    # position l + v G(l), overlap 1 - v E 1/(l - t)^2 for a semicircle of variance v
    (found,) = outliers(boxplus(Rademacher(), Semicircle(0, 0.2)), [0.0], factor=0)
    assert (found.position, found.overlap) == (0.0, pytest.approx(0.8, rel=1e-13))
    first, second = outliers(mixture(Semicircle(-4), Semicircle(4)), [1e9])
    assert first.position == pytest.approx(-1e-9 / ((4 / math.sqrt(12) - 1) / 2), rel=1e-12)
    assert second.position == pytest.approx(1e9, rel=1e-15)


def test_outliers_where_a_subordination_function_is_infinite():
    # in the middle between two atoms G = 0, and omega of the semicircle is infinite
    (found,) = outliers(boxplus(Atomic((0, 1), (0.5, 0.5)), Semicircle(0, 0.01)), [0.5], factor=0)
    assert (found.position, found.overlap) == (pytest.approx(0.5, abs=1e-14), pytest.approx(0.96, abs=1e-12))


def test_thresholds_of_unbounded_supports():
    for law in (Gaussian(), Cauchy(), FreeStable(1.5), boxplus(Gaussian(), Semicircle())):
        assert spike_thresholds(law) == (-math.inf, math.inf)
        assert outliers(law, [5.0]) == ()
    low, high = spike_thresholds(FreeStable(0.5, 1))  # on [1/4, inf) without moments; G(1/4) = -4
    assert (low, high) == (pytest.approx(-0.25), math.inf)


@pytest.mark.parametrize("excess", [1e-3, 1e-6, 1e-9, 1e-12])
def test_outliers_next_to_the_threshold(excess):
    (found,) = outliers(Semicircle(), [1 + excess])
    assert found.position == pytest.approx(1 + excess + 1 / (1 + excess), rel=4e-16)
    assert found.overlap == pytest.approx(1 - 1 / (1 + excess) ** 2, rel=2e-3)
    assert outliers(Semicircle(), [1 - excess]) == ()
