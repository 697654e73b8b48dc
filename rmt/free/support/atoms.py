"""Atoms of free convolutions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.tree import Node, post_order
from rmt.laws.law import EPS

Pairs = tuple[tuple[float, float], ...]


def atoms_of_convolution(node: Node) -> Pairs:
    """Atoms of a sum, product or compound free Poisson node.

    Raises
    ------
    OverflowError
        If an atom of a product lies outside the range of double precision.

    Notes
    -----
    A free sum has an atom at Σ t_i a_i of mass Σ t_i μ_i({a_i}) - (T - 1) where that is positive (Bercovici and
    Voiculescu 1998). A free product has at Π a_i^{t_i} ≠ 0 the same, and at 0 the largest of the masses of its
    factors there (Belinschi 2003). A compound free Poisson law has one at 0, of mass 1 - rate (1 - ν({0})).
    """
    settle_atoms(node)
    if node.kind == "compound":
        jumps = law_of(node.children[0])
        mass = 1.0 - float(node.rate) * (1.0 - dict(jumps.atoms).get(0.0, 0.0))  # type: ignore[attr-defined]
        return ((0.0, mass),) if mass > 4.0 * EPS else ()
    if node.kind == "product":
        return tuple(sorted((_power_product(a, node.weights), m) for a, m in _atoms_of_product(node)))
    weights = [float(t) for t in node.weights]
    noise = 4.0 * EPS * (1.0 + sum(weights))
    found = {
        math.fsum(t * a for t, a in zip(weights, positions, strict=True)): mass
        for positions, mass in _combinations([law_of(child).atoms for child in node.children], weights)
        if mass > noise
    }
    return tuple(sorted(found.items()))


def settle_atoms(node: Node) -> None:
    """Find the atoms of all parts of an expression, children first, so that however deep it is nothing recurses."""
    for part in post_order(node, known="_atoms_settled"):
        if part is not node:
            part.__dict__["_atoms_settled"] = True
            with suppress(OverflowError):  # said where it is asked for
                law_of(part).atoms  # noqa: B018


def log_atoms_of_product(node: Node) -> Pairs:
    """Logarithms of the positions of the atoms of a product of positive laws, and the masses."""
    settle_atoms(node)
    found = []
    for places, mass in _atoms_of_product(node):
        logs = [math.log(a) if a else -math.inf for a in places]
        found.append((math.fsum(float(t) * u for t, u in zip(node.weights, logs, strict=True)), mass))
    return tuple(sorted(found))


def _atoms_of_product(node: Node) -> Iterator[tuple[list[float], float]]:
    """The positions in the factors that make an atom, and its mass."""
    weights = [float(t) for t in node.weights]
    choices = [law_of(child).atoms for child in node.children]
    at_zero = max((dict(atoms).get(0.0, 0.0) for atoms in choices), default=0.0)
    if at_zero > 0.0:
        yield [0.0] * len(weights), at_zero
    nonzero = [tuple(pair for pair in atoms if pair[0] != 0.0) for atoms in choices]
    noise = 4.0 * EPS * (1.0 + sum(weights))
    for positions, mass in _combinations(nonzero, weights):
        if mass > noise:
            yield positions, mass


def _power_product(positions: Sequence[float], weights: Sequence[Any]) -> float:
    """Π a_i^{t_i}; a negative position can only have weight 1."""
    if 0.0 in positions:
        return 0.0
    size = math.fsum(float(t) * math.log(abs(a)) for a, t in zip(positions, weights, strict=True))
    if not abs(size) < 700.0:
        raise OverflowError(
            f"an atom of this product lies at exp({size:.17g}), which double precision does not hold; divide a factor "
            "by its typical size, or work with the logarithm of the variable (pdf_of_log, cdf_of_log, ppf_of_log)"
        )
    if max(abs(float(t) * math.log(abs(a))) for a, t in zip(positions, weights, strict=True)) > 700.0:
        return math.exp(size)
    result = 1.0
    for a, t in zip(positions, weights, strict=True):
        result *= a ** float(t) if t != int(t) else a ** int(t)
    return result


def _combinations(choices: Sequence[Pairs], weights: Sequence[float]) -> Iterator[tuple[list[float], float]]:
    """One atom of each law with 1 - Σ t_i (1 - mass_i) > 0, and that number.

    A branch ends as soon as the budget is spent, so thousands of small atoms cost nothing.
    """
    sorted_choices = [sorted(atoms, key=lambda pair: -pair[1]) for atoms in choices]

    def search(i: int, budget: float, chosen: list[float]) -> Iterator[tuple[list[float], float]]:
        if i == len(choices):
            yield list(chosen), budget
            return
        for position, mass in sorted_choices[i]:
            rest = budget - weights[i] * (1.0 - mass)
            if rest <= 0.0:
                return
            chosen.append(position)
            yield from search(i + 1, rest, chosen)
            chosen.pop()

    yield from search(0, 1.0, [])
