"""The language: building, printing, sampling, and what it refuses."""

from __future__ import annotations

import copy
import math
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.stats
from programs.examples import mup_step, tied, wishart

from rmt.networks import MLP
from rmt.programs import Program, interpolate, universality
from rmt.programs.notation import dot


def test_notation():
    P = Program()
    W, v, u = P.matrix(name="W"), P.vector(name="v"), P.vector("rademacher", name="u")
    x = np.tanh(W @ u)
    P.mean(v * (W.T @ x) - 2 * v**2 / (1 + P.mean(x * x)), name="c")
    P.mean(x * (v > 0))
    assert str(P).splitlines() == [
        "W: n × n matrix of gaussian entries with variance 1/n",
        "v = vector of n gaussian coordinates",
        "u = vector of n rademacher coordinates",
        "g1 = W u",
        "x1 = tanh(g1)",
        "g2 = Wᵀ x1",
        "c1 = (1/n) Σ x1 x1",
        "c = (1/n) Σ (v g2 − 2 v^2/(1 + c1))",
        "x2 = 1[v > 0]",
        "c2 = (1/n) Σ x1 x2",
    ]
    assert dot(P).count("->") == sum(len(set(node.parents)) for node in P.nodes)
    assert str(Program()) == "an empty program"


def test_sampling_is_what_numpy_does():
    P = Program()
    W, v, u = P.matrix(), P.vector(), P.vector()
    x = np.tanh(W @ u)
    y = W.T @ x
    c = P.mean(v * y)
    d = P.root_sum(x + 1.0)
    from rmt.ensembles.repeats import trial_generators

    children = trial_generators(3, 1)[0].spawn(4)
    n = 50
    from rmt.ensembles.entries import as_entries

    A = as_entries("gaussian").draw(children[0], (n, n), scale=n**-0.5)
    b, a = (as_entries("gaussian").draw(child, n) for child in children[2:])
    t = np.tanh(A @ a)
    expected = [np.mean(b * (A.T @ t)), np.sum(t + 1.0) / n**0.5]
    np.testing.assert_allclose(P.sample(n, [c, d], rng=3), expected, rtol=1e-13)
    assert P.sample(n, c, rng=3) == pytest.approx(expected[0], rel=1e-13)


def test_vectors_do_not_depend_on_the_law_of_the_matrices():
    P = Program()
    W, v = P.matrix(), P.vector()
    c, d = P.mean(v), P.mean((W @ v) ** 2)
    a, b = (P.sample(30, [c, d], rng=0, entries=law) for law in ("gaussian", "rademacher"))
    assert a[0] == b[0]
    assert a[1] != b[1]
    assert (P.sample(30, [c, d], rng=0, entries={W.T: "rademacher"}) == b).all()


def test_workers_and_files_give_the_same_numbers(tmp_path):
    P = mup_step()
    one = P.sample(20, rng=0, trials=6)
    with ThreadPoolExecutor(3) as pool:
        assert (P.sample(20, rng=0, trials=6, executor=pool) == one).all()
    file = tmp_path / "trials.npz"
    P.sample(20, rng=0, trials=3, out=file)
    assert (P.sample(20, rng=0, trials=6, out=file) == one).all()
    with pytest.raises(ValueError, match="holds"):
        P.sample(20, rng=0, trials=6, out=file, entries="uniform")


def test_programs_travel():
    P = Program.from_mlp(MLP(2, "gelu", 1.2, input_q=1.0), steps=1)
    Q = pickle.loads(pickle.dumps(P))
    assert Q.sample(20, rng=0) == P.sample(20, rng=0)
    assert Q != P
    assert hash(P) == hash(P)
    assert P in {P}


def test_shapes_of_results():
    P = tied()
    assert P.sample(10, rng=0).shape == (6,)
    assert P.sample(10, rng=0, trials=2).shape == (2, 6)
    assert P.sample(10, P.outputs[0], rng=0, trials=2).shape == (2,)
    assert isinstance(P.sample(10, P.outputs[0], rng=0), float)
    assert P.limit([P.outputs[0]]).shape == (1,)


def test_rectangular_lengths():
    P = Program()
    A, v = P.matrix(0.5, 2), P.vector(size=2)
    g = A @ v
    assert g.size == 0.5
    assert abs(P.sample(2000, P.mean(g**2), rng=0) - 1) < 0.3


# ---------------------------------------------------------------------- what it refuses
def test_a_vector_of_another_program():
    P, Q = Program(), Program()
    W, v = P.matrix(), Q.vector()
    for action in (lambda: W @ v, lambda: P.mean(v), lambda: P.vector() * v, lambda: P.map(np.tanh, v)):
        with pytest.raises(ValueError, match="another program"):
            action()


def test_shapes_that_do_not_fit():
    P = Program()
    A, v, w = P.matrix(0.5, 2, name="A"), P.vector(name="v"), P.vector(size=2)
    with pytest.raises(ValueError, match=r"A has the shape 0\.5n × 2n and v the length 1n"):
        A @ v
    with pytest.raises(ValueError, match=r"A\.T has the shape 2n × 0\.5n"):
        A.T @ w
    with pytest.raises(ValueError, match="one length"):
        v + w
    with pytest.raises(TypeError, match="multiplies matrices with vectors"):
        A @ A.T
    with pytest.raises(TypeError, match="needs a vector"):
        A @ np.ones(3)


def test_laws_without_moments():
    P = Program()
    for law in (scipy.stats.cauchy(), "student(2)"):
        with pytest.raises(ValueError, match="no Gaussian limit"):
            P.matrix(entries=law)
    W, v = P.matrix(), P.vector(scipy.stats.t(1.5, loc=1))
    assert "vector of n scipy.stats.t(1.5, loc=1) coordinates" in str(P)  # not its place in memory
    P.mean(np.tanh(W @ v))
    with pytest.raises(ValueError, match="limits need two moments"):
        P.limit()
    P = Program()
    P.mean(P.vector("cube_root_cauchy") ** 4)
    with pytest.raises(ValueError, match="exist below 3 only"):
        P.limit()


def test_maps_that_go_wrong():
    P = Program()
    v = P.vector()
    wrong, log = P.mean(P.map(lambda x: x[:2], v)), P.mean(np.log(v))
    with pytest.raises(ValueError, match=r"must give real numbers of shape \(10,\), got shape \(2,\)"):
        P.sample(10, wrong, rng=0)
    with pytest.raises(ValueError, match="the map log of x2 gives nan"):
        P.sample(10, log, rng=0)
    with pytest.raises(ValueError, match="gives nan"):
        P.limit(log)
    with pytest.raises(ValueError, match="jumps"):
        P.limit(P.mean(P.map(lambda x: np.where(x > 0.3, 1.0, 0.0), v)))
    with pytest.raises(TypeError, match="truth value"):
        bool(v > 0)
    with pytest.raises(TypeError, match="activation"):
        P.map(3, v)


def test_an_empty_program():
    P = Program()
    for method in (P.limit, P.exact_limit, lambda: P.sample(10)):
        with pytest.raises(ValueError, match="no output"):
            method()
    with pytest.raises(TypeError, match="scalars"):
        P.sample(10, P.vector())


def test_orthogonal_networks_are_refused():
    with pytest.raises(ValueError, match="independent entries"):
        Program.from_mlp(MLP(2, "tanh", 1.0, weights="orthogonal", input_q=1.0))


def test_width_too_small():
    P = Program()
    P.mean(P.vector(size=0.01))
    with pytest.raises(ValueError, match="too small"):
        P.sample(10)


def test_memory_is_checked_first():
    P = wishart(1)
    begin = time.perf_counter()
    with pytest.raises(ValueError, match="too large for memory"):
        P.sample(10**7)
    assert time.perf_counter() - begin < 5


def test_what_arrays_have_and_steps_have_not():
    """Each with a sentence that says what to write instead."""
    P = Program()
    W, v, u = P.matrix(), P.vector(), P.vector()
    assert P.limit(v.mean()) == pytest.approx(0.0, abs=1e-13)
    calls = {
        "no attribute 'sum'.*P.mean": lambda: v.sum(),
        "no attribute 'T'": lambda: v.T,
        "no attribute 'shape'": lambda: v.shape,
        "no coordinates": lambda: v[0],
        "coordinates to take or to go through": lambda: list(v),
        "no length": lambda: len(v),
        r"no number.*np\.tanh": lambda: math.tanh(v),
        "is random and no number": lambda: float(P.mean(u)),
        "np.equal": lambda: v == 0,
        "<vector v1> == <vector v2>.*`a is b`": lambda: v == u,
        "<vector v2> == <vector v1>.*np.equal": lambda: u != v,
        "<matrix W1> == <matrix W1>.T": lambda: W == W.T,
        "<vector v1> == <matrix W1>.T": lambda: v.__eq__(W.T),
        "for comparisons": lambda: v & u,
        "got <vector v1>": lambda: ~v,
        "np.add.reduce is no step": lambda: np.add.reduce(v),
        "np.modf is no step": lambda: np.modf(v),
        "without out=": lambda: np.exp(v, out=np.zeros(3)),
        "net must be an rmt.networks.MLP": lambda: Program.from_mlp(3),
    }
    for message, call in calls.items():
        with pytest.raises((TypeError, AttributeError), match=message):
            call()
    assert not hasattr(v, "__array__")
    assert v in {v: 1}
    assert u not in {v, W}
    assert v == v
    assert v is not None
    assert [v].count("v") == 0
    assert W.T.T is W
    assert W.T == W.T
    assert {W.T: 1}[W.T] == 1


def test_training_with_gradients_has_both():
    """Nothing that was asked for is left out: the step first, then the gradients of the network after it."""
    net = MLP(2, "tanh", 1.0, input_q=1.0)
    P = Program.from_mlp(net, backward=True, steps=1)
    assert [node.name for node in P.outputs] == ["f1", "dh1", "dh2"]
    values = P.limit()
    assert values[0] == pytest.approx(Program.from_mlp(net, steps=1).limit(), abs=1e-9)
    before = Program.from_mlp(net, backward=True).limit()
    drawn = P.sample(500, rng=2, trials=40)
    error = drawn.std(axis=0, ddof=1) / 40**0.5
    assert (np.abs(drawn.mean(axis=0) - values) < 5.5 * error + 5 / 500).all()
    assert (np.abs(drawn.mean(axis=0)[1:] - before) > 10 * error[1:]).all()


def test_masks_combine():
    """P(x > 0 and y < 1), or, exactly one, and not the first, of independent normal numbers."""
    P = Program()
    x, y = P.vector() > 0, P.vector() < 1
    for mask in (x & y, x | y, x ^ y, ~x):
        P.mean(mask)
    p = scipy.stats.norm.cdf(1.0)
    np.testing.assert_allclose(P.limit(), [p / 2, 0.5 + p / 2, 0.5, 0.5], atol=1e-12)
    drawn = P.sample(1000, rng=0, trials=20)
    assert (np.abs(drawn.mean(axis=0) - P.limit()) < 5.5 * 0.5 / 20000**0.5).all()


def test_maps_that_cannot_be_pickled_are_named():
    P = Program()
    P.mean(P.map(lambda x: x + 1, P.vector()))
    with pytest.raises(TypeError, match=r"the map f cannot be pickled.*top level of a module"):
        pickle.dumps(P)
    assert copy.deepcopy(P).limit() == P.limit()
    Q = Program()
    Q.mean(np.tanh(Q.vector()) ** 2)
    assert pickle.loads(pickle.dumps(Q)).limit() == Q.limit()


def test_places_of_files(tmp_path):
    P = Program()
    P.mean(np.tanh(P.vector()))
    for out, error, message in (
        (tmp_path, IsADirectoryError, "is a folder: give the name of a .npz file"),
        ("", IsADirectoryError, "out='' is a folder"),
        (tmp_path / "a" / "b.npz", FileNotFoundError, "does not exist; make it first"),
        (5, TypeError, "must be the path of a .npz file"),
    ):
        with pytest.raises(error, match=message):
            P.sample(5, rng=0, trials=2, out=out)
    (tmp_path / "file").write_text("")
    for name, error in (("a\0b", ValueError), (b"a", TypeError)):
        with pytest.raises(error, match="out must be the path of a folder, got "):
            universality(P, ["gaussian"], [5], 2, rng=0, out=name)
    with pytest.raises(NotADirectoryError, match="into a folder"):
        universality(P, ["gaussian"], [5], 2, rng=0, out=tmp_path / "file")
    with pytest.raises(ValueError, match="laws must be at least one"):
        universality(P, [], [5], 2)
    with pytest.raises(ValueError, match="times must be at least one"):
        interpolate(P, "gaussian", [], 5, 2)
