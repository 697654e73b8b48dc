"""Expressions with parts in common, and nested deeply: what is done once for every part, counted."""

from __future__ import annotations

import copy
import math
import pickle

import pytest

import rmt
import rmt.free.support.edges as support
from rmt.free import boxplus, boxtimes, symmetrised
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.tree import Node, post_order
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


# ---------------------------------------------------------------------- deep expressions
def deep(depth: int) -> Law:
    """Sums and products in turn, all positive."""
    law: Law = Uniform(1, 2)
    for i in range(depth):
        law = boxtimes(law, Uniform(0.5, 1.5)) if i % 2 else boxplus(law, Uniform(0, 1 / (i + 1)))
    return law


def deep_mean_and_variance(depth: int) -> tuple[float, float]:
    """Means and variances of free sums and products: add; multiply, with var(ab) = var a (E b)^2 + var b (E a)^2."""
    mean, variance = 1.5, 1 / 12
    for i in range(depth):
        if i % 2:
            variance = variance + mean**2 / 12
        else:
            mean, variance = mean + 0.5 / (i + 1), variance + 1 / (12 * (i + 1) ** 2)
    return mean, variance


def test_expressions_a_thousand_deep():
    law, mean_and_variance = deep(1000), deep_mean_and_variance(1000)
    assert law == deep(1000)
    assert law != deep(999)
    assert hash(law) == hash(deep(1000))
    assert pickle.loads(pickle.dumps(law)) == law
    assert copy.deepcopy(law) == law
    first, second, _, fourth = law.moments(4)
    assert (first, second - first**2) == pytest.approx(mean_and_variance, rel=1e-9)
    assert fourth > second**2
    assert law.atoms == ()
    names = {name: getattr(rmt, name) for name in ("boxplus", "boxtimes", "Uniform")}
    assert eval(repr(law), names) == law
    assert eval(repr(deep(60)), names) == deep(60)
    assert "p0" not in repr(deep(40))
    step = 1e-3 * math.sqrt(mean_and_variance[1])
    below, above = law.cdf([first - step, first + step])
    assert (above - below) / (2 * step) == pytest.approx(law.pdf(first), rel=1e-4)
    assert 0.5 < below < 1.0


def test_supports_of_deep_expressions():
    law = deep(80)
    (interval,) = law.support
    assert 0.0 < interval.low < interval.high
    assert interval.mass == pytest.approx(1.0, abs=1e-12)
    assert (interval.low_exponent, interval.high_exponent) == (0.5, 0.5)
    levels = [1e-3, 0.1, 0.5, 0.9, 0.999]
    assert law.cdf(law.ppf(levels)) == pytest.approx(levels, abs=1e-12)
    assert law.cdf([interval.low, interval.high]) == pytest.approx([0.0, 1.0], abs=1e-12)


def test_moments_beyond_the_largest_float_are_said():
    law: Law = Uniform(1, 2)
    for _ in range(4):
        law = boxtimes(boxplus(law, Uniform(1e40, 2e40)), Uniform(1e40, 2e40))
    with pytest.raises(OverflowError, match="exact=True"):
        law.moments(8)


def test_shared_parts_that_multiply_are_refused_with_their_number():
    law: Law = Uniform(1, 2)
    for _ in range(40):
        law = boxplus(symmetrised(law), Uniform())
    assert law.var() == pytest.approx(7 / 3 + 40 / 3, rel=1e-12)
    with pytest.raises(ValueError, match=r"about 10\^12 where shared ones are written out"):
        law.pdf(0.1)
