"""Limits of programs against closed forms, reference values and sampling; the wrong ones rejected."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from programs.examples import mup_step, recurrent, tied, wishart, word
from programs.values import VALUES, numbers

from rmt.errors import ConvergenceError
from rmt.kernels import nngp
from rmt.laws import Bernoulli, Uniform
from rmt.networks import MLP
from rmt.programs import Program
from rmt.programs.program_limits import Limit
from rmt.programs.runs import needed

LAWS = ("gauss", "rademacher")
ENTRIES = {"gauss": "gaussian", "rademacher": "rademacher"}


@pytest.mark.parametrize("v", LAWS)
@pytest.mark.parametrize("w", LAWS)
def test_mup_step(w, v):
    expected, slope = numbers(f"mup-step-tanh-1-{w}-{v}")
    for P in (
        mup_step(ENTRIES[w], ENTRIES[v]),
        Program.from_mlp(MLP(2, "tanh", 1.0, input_q=1.0), steps=1, first=ENTRIES[w], readout=ENTRIES[v]),
    ):
        value, error = P.limit(return_error=True)
        assert abs(value - expected) < 1e-11
        assert abs(value - expected) <= error < 1e-9
    P = mup_step(ENTRIES[w], ENTRIES[v])
    limit = Limit(P, level=4)
    limit.scalars_of(P.outputs)
    ((coefficient, _),) = (terms[0] for terms in limit.terms.values() if terms)
    assert coefficient == pytest.approx(slope, abs=1e-11)


def test_mup_step_without_the_correction_is_another_number():
    P = mup_step()
    wrong = P.limit(transpose_correction=False)
    assert wrong == pytest.approx(0.4161, abs=1e-4)
    drawn = P.sample(600, rng=1, trials=24, entries="rademacher")
    error = drawn.std(ddof=1) / 24**0.5
    assert abs(drawn.mean() - P.limit()) < 5.5 * error + 2 / 600
    assert abs(drawn.mean() - wrong) > 10 * error


def test_tied_weights():
    *expected, wrong = numbers("tp-tied-tanh")
    P = tied()
    np.testing.assert_allclose(P.limit(), expected, atol=1e-12)
    assert P.limit(P.outputs[3], transpose_correction=False) == pytest.approx(wrong, abs=1e-12)


def test_recurrent_network():
    np.testing.assert_allclose(recurrent().limit(), numbers("tp-rnn-tanh-ref"), atol=1e-12)


def test_catalan_numbers_three_ways():
    P = wishart(6)
    expected = numbers("tp-wishart")
    assert [float(x) for x in P.exact_limit()] == expected
    np.testing.assert_allclose(P.limit(), expected, rtol=1e-13)


def test_words():
    entry = VALUES["tp-nc-words-ref"]
    for letters, expected in zip(entry["inputs"]["words"], numbers("tp-nc-words-ref"), strict=True):
        P = word(letters)
        assert P.exact_limit() == expected
        assert P.limit() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("law", "place"), [("gaussian", 0), ("rademacher", 1)])
def test_vector_sensitivity(law, place):
    """A map with jumps sees the law of a vector: E z φ(z) with φ(x) = x 1[|x| ≤ 1/2]."""
    P = Program()
    z = P.vector(law)
    P.mean(z * P.map(lambda x: x * (np.abs(x) <= 0.5), z, kinks=(-0.5, 0.5)))
    P.mean(z * z * (abs(z) <= 0.5))
    expected = (numbers("tp-vector-sensitivity")[0], 0.0)[place]
    np.testing.assert_allclose(P.limit(), expected, atol=1e-13)


def test_rectangular_matrices_exactly():
    P = Program()
    A, v = P.matrix(Fraction(1, 2), 1), P.vector(size=Fraction(1, 2))
    x = v
    for _ in range(3):
        x = A @ (A.T @ x)
        P.mean(v * x)
    c = Fraction(1, 2)  # rows/columns: Marchenko-Pastur moments Σ Narayana c^k
    expected = [1, 1 + c, 1 + 3 * c + c**2]
    assert P.exact_limit() == expected
    np.testing.assert_allclose(P.limit(), [float(m) for m in expected], rtol=1e-13)
    drawn = P.sample(400, rng=0, entries="exponential", trials=60)
    assert (np.abs(drawn.mean(axis=0) - P.limit()) < 5.5 * drawn.std(axis=0, ddof=1) / 60**0.5 + 10 / 400).all()


def test_kinks_against_closed_forms():
    """ReLU: the arc-cosine kernel, and a tied pair whose correction is found without a derivative."""
    P = Program()
    u, v = P.vectors([[1.0, 0.3], [0.3, 2.0]])
    P.mean(np.maximum(u, 0) * np.maximum(v, 0))
    P.mean(P.map("relu", u) * (v > 0))
    P.mean(abs(u - v))
    k, theta = 0.3 / 2**0.5, math.acos(0.3 / 2**0.5)
    expected = [
        2**0.5 * (math.sin(theta) + (math.pi - theta) * k) / (2 * math.pi),
        (1 + k) / (2 * math.sqrt(2 * math.pi)),
        math.sqrt(2.4 * 2 / math.pi),
    ]
    np.testing.assert_allclose(P.limit(), expected, atol=2e-11)
    P = Program()
    W, x = P.matrix(), P.vector()
    y = W.T @ P.map("relu", W @ x)
    P.mean(x * y)
    P.mean(y * y)
    np.testing.assert_allclose(P.limit(), [0.5, 0.75], atol=1e-12)


def test_kinks_of_a_callable_are_found():
    P = Program()
    x = P.vector()
    P.mean(P.map(lambda t: np.clip(t - 0.3, -1, 1), x))
    exact = mpmath.quad(lambda t: min(1, max(-1, t - 0.3)) * mpmath.npdf(t), [-12, -0.7, 1.3, 12])
    assert P.limit() == pytest.approx(float(exact), abs=1e-12)


@pytest.mark.parametrize(
    "law", ["uniform", "laplace", "exponential", "truncated_gaussian", "student(7)", "sparse(0.3)"]
)
def test_laws_of_vectors(law):
    """Second, third and fourth moments, which the table of entry laws has in closed form."""
    from rmt.ensembles.entries import as_entries

    P = Program()
    v = P.vector(law)
    for f in (lambda x: x**2, lambda x: x**3, lambda x: x**4):
        P.mean(P.map(f, v))
    known = as_entries(law)
    values, errors = P.limit(return_error=True)
    assert (np.abs(values - [1.0, known.skewness, known.kurtosis]) <= np.maximum(errors, 1e-9)).all()
    assert errors.max() < 1e-3


def test_laws_given_as_objects():
    P = Program()
    a, b = P.vector(Uniform(0.0, 1.0)), P.vector(Bernoulli(0.25), scale=2, mean=1)
    P.mean(np.exp(a) * b)
    assert P.limit() == pytest.approx((math.e - 1) * 1.5, abs=1e-9)
    drawn = P.sample(4000, rng=0, trials=20)
    assert abs(drawn.mean() - P.limit()) < 5.5 * drawn.std(ddof=1) / 20**0.5


def test_singular_covariances():
    """Two products with the same argument, and their transposes: the pseudo-inverse shares the correction."""
    P = Program()
    W, x = P.matrix(), P.vector()
    g, h = W @ x, W @ x
    y = W.T @ np.tanh(g + h)
    P.mean(x * y)
    single = Program()
    V, z = single.matrix(), single.vector()
    single.mean(z * (V.T @ np.tanh(2 * (V @ z))))
    assert P.limit() == pytest.approx(single.limit(), abs=1e-12)


def test_more_than_four_dimensions_have_an_error_bar():
    P = Program()
    parts = [P.vector() for _ in range(6)]
    P.mean(np.tanh(sum(x**2 for x in parts) / 6))
    with pytest.raises(ConvergenceError, match="more than 4 dimensions"):
        P.limit()
    value, error = P.limit(return_error=True)
    exact = mpmath.quad(lambda r: mpmath.tanh(r / 6) * r**2 * mpmath.exp(-r / 2) / 16, [0, 5, 10, 20, 60, 120])
    assert abs(value - float(exact)) <= error < 1e-3
    assert P.limit(accuracy=0.01) == value


def test_read_out_of_a_network_is_gaussian():
    X = np.array([[1.0, 0.0], [0.3, 0.5]])
    net = MLP(2, "tanh", 1.1, 0.3, input_q=1.0)
    P = Program.from_mlp(net, inputs=X)
    K = nngp(X, activation="tanh", depth=2, sigma_w=1.1, sigma_b=0.3)
    a, b = P.outputs
    for pair, expected in (((a, a), K[0, 0]), ((a, b), K[0, 1]), ((b, b), K[1, 1])):
        assert P.variance(*pair) == pytest.approx((expected - 0.09) / 1.21, abs=1e-11)
    with pytest.raises(ValueError, match="stays random"):
        P.limit()
    drawn = P.sample(100, rng=0, trials=300)
    assert abs(drawn[:, 0].var() / P.variance(a) - 1) < 5.5 * (2 / 300) ** 0.5 + 0.05


def test_variance_is_refused_where_it_is_not_known():
    P = Program()
    W, v = P.matrix(), P.vector()
    f = P.root_sum(v * np.tanh(W @ v))
    with pytest.raises(ValueError, match="also used by"):
        P.variance(f)
    g = P.root_sum(np.tanh(W @ v))
    with pytest.raises(ValueError, match="nothing else uses"):
        P.variance(g)


def test_gradients_of_a_relu_network_keep_their_size():
    P = Program.from_mlp(MLP(4, "relu", 2**0.5), backward=True)
    np.testing.assert_allclose(P.limit(), [0.5, 0.5, 0.5, 0.5], atol=1e-11)


def test_first_move_of_a_network_is_its_tangent_kernel():
    """f moves by −rate · kernel · (f − y), the kernel of the standard recursions."""
    from rmt.kernels import ntk

    net = MLP(3, "tanh", 1.2, input_q=1.0)
    rate = 1e-4
    f1 = Program.from_mlp(net, steps=1, rate=rate, inputs=[[1.0, 0.4]]).limit(accuracy=1e-9)
    kernel = ntk([[1.0, 0.4]], activation="tanh", depth=3, sigma_w=1.2)[0, 0] / 1.2**2
    # the read-out of the kernel has the factor 1.44, too, here it is 1 and moves with the factor 1
    assert f1 / rate == pytest.approx(kernel, rel=2e-3)


def masked():
    """A vector through a mask that another one makes, and back; the output has a kink and a jump."""
    P = Program()
    W, u = P.matrix(rows=2), P.vector("uniform")
    h = W @ u
    P.mean(u * (W.T @ (h * (h > 0))))
    return P


SAMPLED = {
    "one step in muP": mup_step,
    "one step in muP, vectors of signs": lambda: mup_step("rademacher", "rademacher"),
    "tied weights": tied,
    "recurrent": recurrent,
    "Wishart": lambda: wishart(3),
    "word": lambda: word("WWwWww"),
    "mask": masked,
    "gradients": lambda: Program.from_mlp(MLP(3, "relu", 2**0.5), backward=True),
}
#: quantile of Student's t with 23 degrees of freedom at 1e-6 over the 50 comparisons below, both sides
_T = 8.4


@pytest.mark.parametrize("entries", ["gaussian", "exponential"])
@pytest.mark.parametrize("name", SAMPLED)
def test_sampling_at_large_width(name, entries):
    """The mean of 24 runs within its standard error; the term of order 1/n has three thousandths of the value."""
    P = SAMPLED[name]()
    drawn = P.sample(1000, P.outputs, rng=5, trials=24, entries=entries)
    drawn = np.reshape(drawn, (24, -1))
    limit = np.atleast_1d(P.limit(P.outputs, accuracy=1e-6))
    error = drawn.std(axis=0, ddof=1) / 24**0.5
    assert (np.abs(drawn.mean(axis=0) - limit) < _T * error + 3e-3 * np.abs(limit)).all()
    if name in ("one step in muP", "tied weights"):
        wrong = np.atleast_1d(P.limit(P.outputs, transpose_correction=False))
        assert (np.abs(drawn.mean(axis=0) - wrong) > 10 * error).any()


@pytest.mark.parametrize("name", ["one step in muP", "recurrent", "mask"])
def test_fluctuations_fall_like_the_root_of_n(name):
    """Logarithm of the ratio of two standard deviations from 400 runs each: its own error is 1/√400 = 0.05."""
    P = SAMPLED[name]()
    spread = [np.reshape(P.sample(n, rng=n, trials=400), (400, -1)).std(axis=0) for n in (32, 512)]
    slope = np.log(spread[1] / spread[0]) / np.log(16)
    np.testing.assert_allclose(slope, -0.5, atol=5.5 * 0.05 / np.log(16) + 0.05)


def test_sampling_approaches_the_limit_at_the_rate_one_over_n():
    P = mup_step()
    gaps = []
    for n in (32, 128):
        drawn = P.sample(n, rng=n, trials=300, entries="exponential")
        gaps.append((drawn.mean() - P.limit(), drawn.std(ddof=1) / 300**0.5))
    (a, e), (b, d) = gaps
    assert abs(a - 4 * b) < 5.5 * math.hypot(e, 4 * d) + 0.01
    assert drawn.std() * 128**0.5 < 1.2


def test_order_of_needed_nodes():
    P = tied()
    order = [node.index for node in needed((P.outputs[-1],))]
    assert order == sorted(order)
