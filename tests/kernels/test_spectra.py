"""Laws of kernel matrices: references, samples beside them with controls, Mercer spectra."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kernels.references import inputs, named, numbers

import rmt
from rmt.kernels import (
    ConjugateKernelMatrix,
    EntrywiseKernelMatrix,
    SphereKernelMatrix,
    TangentKernelMatrix,
    conjugate_kernel_law,
    entrywise_kernel_law,
    ntk_law,
    zonal,
)
from rmt.kernels.normalised import normalised_activation
from rmt.kernels.tangent_law import TangentTransform
from rmt.kernels.zonal import harmonic_dimension
from rmt.spectra import compare

ROOT2 = math.sqrt(2.0)


def he(depth):
    return rmt.MLP(depth=depth, activation="relu", sigma_w=ROOT2)


def ks(values, law):
    return compare(values, law).ks


# ---------------------------------------------------------------- Mercer
@pytest.mark.parametrize("name", named("mercer-"))
def test_mercer_reference(name):
    _, _, kernel, _, depth = name.split("-")
    given = inputs(name)
    spectrum = zonal(he(int(depth[1:])), kernel).mercer(given["d"], given["k"])
    expected = np.array(numbers(name))
    expected[expected < 1e-30] = 0.0
    assert spectrum.eigenvalues == pytest.approx(expected, rel=1e-12, abs=3e-16)
    assert (np.abs(spectrum.eigenvalues - expected) <= spectrum.errors + 1e-16 * expected).all()
    assert (spectrum.eigenvalues[expected == 0.0] == 0.0).all()
    assert list(spectrum.multiplicities) == numbers(f"harmonic-dim-d{given['d']}")


def test_mercer_on_the_circle_and_its_decay():
    """λ_0 = 6/π², λ_1 = 1/2 by hand; slopes k^-d and k^-(d+2) far out; trace of a deep kernel."""
    h, k = zonal(he(1)), zonal(he(1), "nngp")
    circle = h.mercer(2, [0, 1, 2, 3, 64, 256])
    assert circle.eigenvalues[:2] == pytest.approx([6.0 / math.pi**2, 0.5], rel=1e-13)
    assert math.log(circle.eigenvalues[4] / circle.eigenvalues[5], 4.0) == pytest.approx(2.0, abs=2e-3)
    gaussian = k.mercer(2, [64, 256]).eigenvalues
    assert math.log(gaussian[0] / gaussian[1], 4.0) == pytest.approx(4.0, abs=2e-3)
    assert [h.decay(3), k.decay(3), h.decay(10), k.decay(2)] == [3.0, 5.0, 10.0, 4.0]
    assert zonal(rmt.MLP(2, "erf", 1.2, 0.3)).decay(3) == math.inf
    deep = zonal(he(4)).mercer(6, 60)
    assert deep.repeated()[0] == deep.eigenvalues[0]
    assert 0.0 < deep.rest < 0.02 * h(1.0) * 2.5
    odd = zonal(rmt.MLP(1, "erf", 1.0, 0.0, input_q=1.0)).mercer(4, 6).eigenvalues
    assert (odd[::2] == 0.0).all()
    assert (odd[1::2] > 0.0).all()


def test_harmonic_dimensions():
    assert [harmonic_dimension(2, k) for k in range(4)] == [1, 2, 2, 2]
    assert [harmonic_dimension(3, k) for k in range(4)] == [1, 3, 5, 7]


# ---------------------------------------------------------------- inner-product kernels
@pytest.mark.parametrize("name", named("elkaroui-"))
def test_bulk_reference(name):
    kernel, given = name.split("-")[2], inputs(name)
    h = zonal(he(given["hidden_layers"]), kernel)
    value, slope, curvature, rest, low, high = numbers(name)
    assert h.derivatives_at_zero == pytest.approx((value, slope, curvature), rel=1e-11)
    law = h.gram_law(float(given["ratio"]))
    assert (law.support[0].low, law.support[0].high) == pytest.approx((low, high), rel=1e-12)
    assert rest + slope == pytest.approx(law.mean(), rel=1e-12)


def test_sphere_sample_beside_its_law_and_outlier():
    ensemble = SphereKernelMatrix(zonal(he(3)), ratio=0.5)
    values = ensemble.eigenvalues(1000, rng=1)
    assert ks(values[:-1], ensemble.law()) <= 0.03
    assert ks(values[:-1], zonal(he(2)).gram_law(0.5)) > 0.1
    assert values[-1] == pytest.approx(ensemble.outlier(1000), rel=2e-3)
    assert ensemble.outlier(1000) == pytest.approx(1063.660, rel=1e-4)
    plain = zonal(he(3)).derivatives_at_zero[0] * 1000 + ensemble.law().mean()
    assert abs(values[-1] - plain) > abs(values[-1] - ensemble.outlier(1000))


def test_odd_kernels_have_no_outlier_and_small_spikes_stay_inside():
    odd = zonal(rmt.MLP(1, "erf", 1.3, 0.0, input_q=1.0))
    assert odd.derivatives_at_zero[0] == 0.0
    assert odd.outlier(1000, 1000) is None
    assert zonal(he(1)).outlier(1000, 1000) > 300.0
    assert zonal(lambda c: c + 1e-5).outlier(1000, 1000) is None


def test_quadratic_regime_needs_the_second_marchenko_pastur():
    """n ~ d²/2: the bulk is as wide as the ratios of degrees 2 and 3 say."""
    n, d = 600, 34
    h = zonal(he(2))
    rng = np.random.default_rng(4)
    x = rng.standard_normal((n, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    gram = h(np.clip(x @ x.T, -1.0, 1.0))
    np.fill_diagonal(gram, h(1.0))
    values = np.linalg.eigvalsh(gram)
    law = h.polynomial_gram_law(n, d)
    assert ks(values[:-1], law) <= 0.03
    assert ks(values[:-1], h.polynomial_gram_law(n, d, degree=1)) > 0.1


# ---------------------------------------------------------------- conjugate kernels
@pytest.mark.parametrize("name", named("ck-law-"))
def test_conjugate_kernel_reference(name):
    given = inputs(name)
    share, *rest = numbers(name)
    ratios = (float(given["gamma0"]), float(given["gamma1"]))
    assert normalised_activation(given["activation"]).linear_share == pytest.approx(share, rel=1e-13)
    law = conjugate_kernel_law(given["activation"], ratios)
    assert law.moments(5) == pytest.approx(rest[:5], rel=1e-12)
    assert law.pdf([0.7, 1.5]) == pytest.approx(rest[5:], rel=1e-10)


def test_deep_conjugate_kernel_reference():
    ratios = [float(g) for g in inputs("ck-deep3-tanh-ref")["gammas"]]
    assert conjugate_kernel_law("tanh", ratios).moments(4) == pytest.approx(numbers("ck-deep3-tanh-ref"), rel=1e-11)


def test_conjugate_kernel_of_even_and_linear_activations():
    assert conjugate_kernel_law("abs", (0.5, 0.4)) == rmt.MarchenkoPastur(ratio=0.4)
    linear = conjugate_kernel_law("linear", (0.5, 0.4))
    assert linear.moment(2) == pytest.approx(1.0 + 0.5 + 0.4, rel=1e-13)


def test_conjugate_kernel_sample_beside_its_law():
    ensemble = ConjugateKernelMatrix("relu", (0.5, 0.5))
    values = ensemble.eigenvalues(1000, rng=2)
    law = ensemble.law()
    assert ks(values, law) <= 0.03
    assert ks(values, conjugate_kernel_law("tanh", (0.5, 0.5))) > 0.03
    assert [values[0], values[-1]] == pytest.approx([law.support[0].low, law.support[0].high], abs=0.08)


# ---------------------------------------------------------------- tangent kernels
def transform(name, ratios):
    layer = normalised_activation(name)
    depth = len(ratios) - 1
    base = rmt.MarchenkoPastur(ratio=ratios[0])
    return TangentTransform(base, ratios[1:], (layer.linear_share,) * depth, (layer.slope_energy,) * depth)


def test_tangent_kernel_reference():
    made = transform("tanh", (0.75, 1.2, 0.5))
    shift, first, second, *values = numbers("ntk-limit-tanh-L2-ref")
    assert made.weights[0] == pytest.approx(shift, rel=1e-12)
    assert made.weights[1][:2] == pytest.approx((first, second), rel=1e-12)
    z = np.array([0.2 + 0.5j, 2.0 + 0.25j, -1.0])
    found, s = made.solve(z)
    assert np.abs(found[:2] - values[:2]).max() <= 1e-11
    assert found[2].real == pytest.approx(values[2], abs=1e-11)
    assert (s[:, :2].imag > 0.0).all()


def test_tangent_kernel_of_a_linear_network_is_a_sum_of_its_conjugate_kernels():
    """One linear hidden layer with data of one value: K = X_1'X_1 + X_0'X_0 with X_0'X_0 the identity."""
    layer = normalised_activation("linear")
    made = TangentTransform(rmt.Atomic((1,), (1,)), (0.5,), (layer.linear_share,), (layer.slope_energy,))
    z = np.array([0.7 + 0.4j, 2.0 + 0.1j, 5.0])
    assert np.abs(made(z) - (rmt.MarchenkoPastur(ratio=0.5) + 1.0).stieltjes(z)).max() <= 1e-12


@pytest.mark.long
def test_tangent_kernel_sample_beside_its_law():
    ensemble = TangentKernelMatrix("tanh", (0.75, 1.2, 0.5))
    values = ensemble.eigenvalues(1000, rng=3)
    law = ensemble.law()
    assert ks(values, law) <= 0.03
    assert ks(values, conjugate_kernel_law("tanh", (0.75, 1.2, 0.5)) + 1.0) > 0.1
    assert law.mean() == pytest.approx(values.mean(), rel=0.1)  # the read-out fluctuates like 2/√n
    assert values[-1] == pytest.approx(law.support[-1].high, rel=0.05)


# ---------------------------------------------------------------- entrywise kernels
def test_entrywise_reference_and_sample():
    first, energy, low, high = numbers("cheng-singer-sign-ref")
    k = normalised_activation("sign")
    assert (math.sqrt(k.linear_share), k.variance) == pytest.approx((first, energy), rel=1e-13)
    ensemble = EntrywiseKernelMatrix("sign", 0.5)
    law = ensemble.law()
    assert (law.support[0].low, law.support[0].high) == pytest.approx((low, high), rel=1e-12)
    values = ensemble.eigenvalues(1000, rng=5)
    assert ks(values, law) <= 0.03
    assert ks(values, entrywise_kernel_law("tanh", 0.5)) > 0.03
    relu = entrywise_kernel_law("relu", 1.5)
    assert (relu.support[0].low, relu.support[0].high) == pytest.approx((-1.06469, 2.07394), abs=1e-5)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: conjugate_kernel_law("relu", (0.5, -1.0)), ValueError, "ratios must be"),
        (lambda: conjugate_kernel_law("relu", (0.5,)), ValueError, "at least one hidden layer"),
        (lambda: conjugate_kernel_law("relu", 0.5), TypeError, "sequence"),
        (lambda: conjugate_kernel_law("relu", (0.5, 1.0), data=rmt.Semicircle()), ValueError, "of mean 1"),
        (lambda: conjugate_kernel_law(lambda x: 0.0 * x, (0.5, 1.0)), ValueError, "is constant"),
        (lambda: ntk_law("step", (0.5, 1.0)), ValueError, "no tangent kernel"),
        (lambda: ntk_law("abs", (0.5, 1.0)), ValueError, "even activation"),
        (lambda: entrywise_kernel_law("sign", 0.0), ValueError, "ratio must be"),
        (lambda: zonal(3.0), TypeError, "must be an rmt.MLP"),
        (lambda: zonal(he(1), "ck"), ValueError, "unknown kernel"),
        (lambda: zonal(he(1)).mercer(1, 3), ValueError, "dimension"),
        (lambda: zonal(he(1))(1.5), ValueError, "must lie in"),
        (lambda: zonal(he(1)).gram_law(-1.0), ValueError, "ratio"),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
