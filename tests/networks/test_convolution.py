"""Convolution layers: the law of one layer, what PyTorch's orthogonal initialisation does, delta-orthogonality."""

import math

import numpy as np
import pytest

import rmt
from rmt.networks import (
    MLP,
    circular_convolution_singular_values,
    convolution_gram_law,
    convolution_kernel,
    convolution_relative_variance,
    convolutional_jacobian_law,
)


def kolmogorov(law, values):
    x = np.sort(values)
    ranks = np.arange(x.size + 1) / x.size
    return max(np.max(np.abs(law.cdf(x) - ranks[1:])), np.max(np.abs(law.cdf(x) - ranks[:-1])))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_orthogonal_initialisation_of_square_kernels_is_not_isometric(size):
    # S(m) = (1 + m/k²)/(1 + m): edge 4(1 - 1/k²), relative variance 1 - 1/k²
    law = convolution_gram_law((size, size))
    taps = size**2
    assert law.support[-1].high == pytest.approx(4.0 * (1.0 - 1.0 / taps), rel=1e-14)
    assert law.mean() == pytest.approx(1.0, rel=1e-14)
    assert law.var() == pytest.approx(1.0 - 1.0 / taps, rel=1e-13)
    assert convolution_relative_variance((size, size)) == pytest.approx(1.0 - 1.0 / taps, rel=1e-15)
    m = np.array([-0.4, 0.2, 1.0])
    assert np.allclose(law.s_transform(m), (1 + m / taps) / (1 + m), rtol=1e-10)


def test_the_other_initialisers():
    assert convolution_gram_law((3, 3), "delta_orthogonal") == rmt.Atomic((1.0,), (1,))
    assert convolution_gram_law(1) == rmt.Atomic((1.0,), (1,))
    assert convolution_gram_law((3, 3), "gaussian", sigma_w=1.5) == rmt.MarchenkoPastur(variance=2.25)
    assert convolution_relative_variance((3, 3), "delta_orthogonal") == 0.0
    assert convolution_relative_variance((3, 3), "gaussian") == 1.0
    assert convolution_gram_law(3, sigma_w=2.0).mean() == pytest.approx(4.0)


def dense(kernel, length):
    """The matrix of a one-dimensional convolution with circular padding, entry by entry."""
    out, channels, taps = kernel.shape
    matrix = np.zeros((out * length, channels * length))
    for x in range(length):
        for t in range(taps):
            source = (x + t) % length
            matrix[x::length, source::length] += kernel[:, :, t]
    return matrix


def test_singular_values_from_frequencies_are_those_of_the_dense_matrix():
    kernel = np.random.default_rng(1).standard_normal((4, 3, 3))
    found = circular_convolution_singular_values(kernel, (7,))
    exact = np.linalg.svd(dense(kernel, 7), compute_uv=False)
    assert np.allclose(found, exact, rtol=1e-12)


@pytest.mark.parametrize("initialiser", ["orthogonal", "gaussian"])
def test_sampled_layers_follow_the_law(initialiser):
    kernel = convolution_kernel(96, (3, 3), initialiser, rng=2)
    values = circular_convolution_singular_values(kernel, (6, 6)) ** 2
    law = convolution_gram_law((3, 3), initialiser)
    assert kolmogorov(law, values) < 0.01
    other = "gaussian" if initialiser == "orthogonal" else "orthogonal"
    # 3 × 3 orthogonal is nearly Gaussian: 2 × 2 can be told apart
    assert abs(values.var() - convolution_relative_variance((3, 3), initialiser)) < 0.03
    assert abs(values.var() - convolution_relative_variance((3, 3), other)) > 0.05


def test_kernels_are_what_their_names_say():
    kernel = convolution_kernel(12, (3, 3), rng=3, sigma_w=1.5)
    rows = kernel.reshape(12, -1)
    assert np.allclose(rows @ rows.T, 2.25 * np.eye(12), atol=1e-13)
    delta = convolution_kernel(12, (3, 3), "delta_orthogonal", rng=3)
    assert np.count_nonzero(delta.reshape(12, 12, 9).any(axis=(0, 1))) == 1
    assert np.allclose(circular_convolution_singular_values(delta, (5, 4)), 1.0, atol=1e-13)


def test_delta_orthogonal_networks_are_orthogonal_ones():
    net = MLP(8, "tanh", 1.1, 0.1)
    law = convolutional_jacobian_law(net, (3, 3), "delta_orthogonal")
    assert law == net.with_weights("orthogonal").jacobian().gram_law()
    assert convolutional_jacobian_law(net, (3, 3), "gaussian") == net.jacobian().gram_law()
    law = convolutional_jacobian_law(net, (3, 3))
    expected = net.with_weights("orthogonal").relative_variance + 8 * 8 / 9
    assert law.var() / law.mean() ** 2 == pytest.approx(expected, rel=1e-11)


def test_a_deep_linear_convolutional_network():
    # blocks of different frequencies do not mix: one product of small matrices a frequency
    rng = np.random.default_rng(4)
    blocks = [
        np.moveaxis(np.fft.fftn(convolution_kernel(64, (3, 3), rng=rng), (6, 6), axes=(2, 3)), (0, 1), (-2, -1))
        for _ in range(3)
    ]
    values = np.linalg.svd(blocks[0] @ blocks[1] @ blocks[2], compute_uv=False).ravel() ** 2
    law = convolutional_jacobian_law(MLP(3, "linear", 1.0), (3, 3))
    assert kolmogorov(law, values) < 0.02
    assert kolmogorov(convolutional_jacobian_law(MLP(4, "linear", 1.0), (3, 3)), values) > 0.04


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: convolution_gram_law(3, "xavier"), "unknown initialiser"),
        (lambda: convolution_gram_law(0), "kernel_size must be"),
        (lambda: convolution_kernel(4, (2, 2), "delta_orthogonal"), "odd sizes"),
        (lambda: circular_convolution_singular_values(np.ones((2, 2, 5)), (3,)), "no larger than the input"),
        (lambda: convolutional_jacobian_law(MLP(1, "relu", 1.0, widths=[1, 2], input_q=1.0), 3), "equal numbers"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_relative_variance_of_the_law_of_nine_taps():
    assert math.isclose(convolution_gram_law((3, 3)).var(), 8 / 9, rel_tol=1e-13)


def test_a_kernel_with_nan_is_refused():
    with pytest.raises(ValueError, match="kernel must hold finite numbers"):
        circular_convolution_singular_values(np.full((2, 2, 3), np.nan), (4,))
