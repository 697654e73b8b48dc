"""Atoms of free convolutions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rmt.free.computed import law_of
from rmt.free.tree import Node
from rmt.laws.law import EPS

Pairs = tuple[tuple[float, float], ...]


def atoms_of_convolution(node: Node) -> Pairs:
    """Atoms of a sum, product or compound free Poisson node.

    Notes
    -----
    A free sum has an atom at Σ t_i a_i of mass Σ t_i μ_i({a_i}) - (T - 1) where that is positive (Bercovici and
    Voiculescu 1998). A free product has at Π a_i^{t_i} ≠ 0 the same, and at 0 the largest of the masses of its
    factors there (Belinschi 2003). A compound free Poisson law has one at 0, of mass 1 - rate (1 - ν({0})).
    """
    if node.kind == "compound":
        jumps = law_of(node.children[0])
        mass = 1.0 - float(node.rate) * (1.0 - dict(jumps.atoms).get(0.0, 0.0))  # type: ignore[attr-defined]
        return ((0.0, mass),) if mass > 4.0 * EPS else ()
    weights = [float(t) for t in node.weights]
    choices = [law_of(child).atoms for child in node.children]
    found: dict[float, float] = {}
    noise = 4.0 * EPS * (1.0 + sum(weights))
    if node.kind == "sum":
        for positions, mass in _combinations(choices, weights):
            if mass > noise:
                found[math.fsum(t * a for t, a in zip(weights, positions, strict=True))] = mass
    else:
        at_zero = max((dict(atoms).get(0.0, 0.0) for atoms in choices), default=0.0)
        if at_zero > 0.0:
            found[0.0] = at_zero
        nonzero = [tuple(pair for pair in atoms if pair[0] != 0.0) for atoms in choices]
        for positions, mass in _combinations(nonzero, weights):
            if mass > noise:
                found[_power_product(positions, weights)] = mass
    return tuple(sorted(found.items()))


def _power_product(positions: Sequence[float], weights: Sequence[float]) -> float:
    """Π a_i^{t_i}; a negative position can only have weight 1."""
    result = 1.0
    for a, t in zip(positions, weights, strict=True):
        result *= a**t if t != int(t) else a ** int(t)
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
