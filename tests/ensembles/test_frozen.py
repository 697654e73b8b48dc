"""What a random matrix or a network was made with stays: its answers are kept, and would not follow a change."""

import pickle
from dataclasses import FrozenInstanceError

import pytest

import rmt

OBJECTS = [
    (rmt.gue(), "field"),
    (rmt.wigner("uniform"), "entries"),
    (rmt.wishart(ratio=2), "ratio"),
    (rmt.product_wishart(depth=2), "depth"),
    (rmt.ginibre(), "shape"),
    (rmt.laguerre(ratio=2), "ratio"),
    (rmt.jacobi(a=1), "a"),
    (rmt.circular(), "_beta"),
    (rmt.projection(0.3), "fraction"),
    (rmt.diagonal(rmt.Semicircle()), "points"),
    (rmt.haar_unitary(), "field"),
    (rmt.gue() + rmt.goe(), "terms"),
    (rmt.MLP(4, "tanh", 1.2, 0.1), "sigma_w"),
    (rmt.MLP(4, "tanh", 1.2, 0.1).jacobian(), "net"),
    (rmt.networks.ResidualNetwork(4, "tanh", 0.1), "sigma_w"),
    (rmt.wigner("uniform").entries, "kurtosis"),
]


@pytest.mark.parametrize(("thing", "name"), OBJECTS, ids=[type(thing).__name__ for thing, _ in OBJECTS])
def test_nothing_can_be_set(thing, name):
    before = repr(thing)
    with pytest.raises(FrozenInstanceError, match=f"'{name}' of a {type(thing).__name__} cannot be changed"):
        setattr(thing, name, -3)
    with pytest.raises(FrozenInstanceError, match="make a new one"):
        thing.anything_new = 1
    with pytest.raises(FrozenInstanceError):
        delattr(thing, name)
    again = pickle.loads(pickle.dumps(thing))
    assert repr(again) == repr(thing) == before
    with pytest.raises(FrozenInstanceError):
        setattr(again, name, -3)


def test_the_report_of_a_network_cannot_go_stale():
    net = rmt.MLP(4, "tanh", 1.2, 0.1)
    first = net.isometry().predicted.log_m1
    with pytest.raises(FrozenInstanceError):
        net.sigma_w = (3.0,) * 4
    assert net.isometry().predicted.log_m1 == first
    assert rmt.MLP(4, "tanh", 3.0, 0.1).isometry().predicted.log_m1 != first


# ---------------------------------------------------------------------- rectangular matrices
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (3, 1), (3, 2)])
def test_the_law_of_singular_values_counts_as_the_sample_does(shape):
    """min(rows, columns) of them: a tall X has no zeros among them, though X X* does."""
    ensemble = rmt.ginibre(shape=shape)
    values = ensemble.singular_values(60, rng=0, trials=20)
    law = ensemble.singular_value_law()
    assert law.atoms == ()
    assert rmt.spectra.compare(values, law).verdict == "accepted"
    if shape[0] > shape[1]:
        assert rmt.spectra.compare(values, rmt.square_root(ensemble.gram_law())).verdict == "rejected"


def test_the_law_of_singular_values_of_a_widening_network():
    jacobian = rmt.MLP(1, "linear", 1.0, widths=(1, 2), input_q=1.0).jacobian()
    values = jacobian.singular_values(300, rng=0, trials=4)
    assert values.shape == (4, 150)
    law = jacobian.singular_value_law()
    assert law.atoms == ()
    assert rmt.spectra.compare(values, law).verdict == "accepted"
