"""Expressions with parts in common, and nested deeply: what is done once for every part, counted."""

from __future__ import annotations

import pickle

import pytest

import rmt.free.support as support
from rmt.free import boxplus, boxtimes, symmetrised
from rmt.free.computed import law_of
from rmt.free.tree import Node, post_order
from rmt.laws import Law, MarchenkoPastur, Semicircle, Uniform


def nested(depth: int) -> Law:
    """Sums and products in turn, with semicircles and free Poisson laws of rate 2."""
    law: Law = Uniform(1, 2)
    for i in range(depth):
        law = boxtimes(law, MarchenkoPastur(0.5)) if i % 2 else boxplus(law, Semicircle(0, 1 / (i + 1)))
    return law


@pytest.fixture
def searches(monkeypatch):
    """Counts the supports that are searched."""
    found = []
    search = support._openings

    def counted(law, logarithmic):
        found.append(law)
        return search(law, logarithmic)

    monkeypatch.setattr(support, "_openings", counted)
    return found


@pytest.mark.parametrize("depth", [4, 8])
def test_every_part_of_a_nested_law_is_searched_once(searches, depth):
    law = nested(depth)
    assert law.support[0].low < law.support[-1].high
    assert len(searches) <= depth
    law.ppf([0.1, 0.5])
    nested(depth).support  # noqa: B018
    assert len(searches) <= 2 * depth  # an equal law that was built anew is another object


def test_what_is_known_of_a_factor_serves_in_the_product(searches):
    inner = boxplus(Uniform(1, 2), Semicircle(0, 0.1))
    inner.support  # noqa: B018
    assert len(searches) == 1
    assert law_of(inner.node) is inner
    boxtimes(inner, MarchenkoPastur(0.5)).support  # noqa: B018
    assert len([law for law in searches if law == inner]) == 1


def test_building_with_shared_parts_hashes_every_node_once(monkeypatch):
    hashed = []
    parameters = Uniform.__hash__
    monkeypatch.setattr(Uniform, "__hash__", lambda self: (hashed.append(self), parameters(self))[1])
    law: Law = Uniform(1, 2)
    for _ in range(30):  # 2^30 leaves
        law = boxplus(symmetrised(law), Uniform())
    assert len(post_order(law.node)) < 200
    assert len(hashed) < 500
    assert hash(law) == hash(pickle.loads(pickle.dumps(law)))


def test_equality_looks_at_the_whole_expression():
    assert nested(6) == nested(6)
    assert nested(6).node == pickle.loads(pickle.dumps(nested(6).node))
    assert nested(6) != nested(7)
    assert boxplus(nested(6), Uniform()) != boxplus(nested(6), Uniform(), powers=(1, 2))
    assert isinstance(nested(6).node, Node)
    assert nested(6).node != "node"
