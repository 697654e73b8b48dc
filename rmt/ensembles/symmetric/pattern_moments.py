"""Moments of the limits of random Toeplitz and Hankel matrices: volumes of polytopes, exactly.

A closed walk x_0, x_1, ..., x_2k = x_0 in [0, 1] counts for a pairing of its steps if paired steps x_i − x_(i−1) are
opposite (Toeplitz), or paired sums x_i + x_(i−1) equal (Hankel; with the signs of every other point turned these are
opposite steps, too). A pair is open from its first step to its second, so every unknown enters the walk on an interval
of times: the matrix of the constraints has consecutive ones, is totally unimodular, and the polytope has integral
vertices. Its volume is then the leading coefficient of its Ehrhart polynomial, which lattice points determine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache

import numpy as np

#: highest order: 945 pairings of ten steps
HIGHEST = 10

Pairing = tuple[tuple[int, int], ...]


def pattern_moments(pattern: str, order: int) -> tuple[Fraction, ...]:
    """Moments m_1, ..., m_order."""
    return tuple(Fraction(0) if k % 2 else _even_moment(pattern, k // 2) for k in range(1, order + 1))


@cache
def _even_moment(pattern: str, pairs: int) -> Fraction:
    turned = pattern == "hankel"
    total = Fraction(0)
    for pairing in pairings(range(2 * pairs)):
        if turned and any((a + b) % 2 == 0 for a, b in pairing):
            continue  # sums at two even or two odd places make the walk close on a plane only
        total += volume(pairing, turned)
    return total


def pairings(steps: Sequence[int]) -> Iterator[Pairing]:
    """All pairings of an even number of steps."""
    if not steps:
        yield ()
        return
    first, *rest = steps
    for i, other in enumerate(rest):
        for inner in pairings(rest[:i] + rest[i + 1 :]):
            yield ((first, other), *inner)


def volume(pairing: Pairing, turned: bool) -> Fraction:
    """Volume of the walks of a pairing, in their starting point and one step of every pair."""
    dimension = len(pairing) + 1
    # values of the Ehrhart polynomial: lattice points for t >= 0, and inner ones with a sign for t < 0
    places = range(-(dimension // 2), dimension - dimension // 2 + 1)
    total = Fraction(0)
    for t in places:
        count = lattice_points(pairing, turned, abs(t), strictly=t < 0)
        value = (-1) ** dimension * count if t < 0 else count
        total += Fraction(value, math.prod(t - s for s in places if s != t))
    return total


def lattice_points(pairing: Pairing, turned: bool, size: int, strictly: bool) -> int:
    """Number of walks with integer points in [0, size], or in (0, size), every other one in [−size, 0] if `turned`."""
    first = {a for a, _ in pairing}
    partner = {b: a for a, b in pairing}
    low, high = (1, size - 1) if strictly else (0, size)
    inside = np.arange(low, high + 1)
    # walks are rows; a first step goes to any point of the interval, a second one undoes its partner
    here = inside[:, None]
    steps = np.zeros((here.shape[0], 0), dtype=np.int64)
    for i in range(2 * len(pairing)):
        sign = -1 if turned and i % 2 == 0 else 1
        if i in first:
            count = here.shape[0]
            here, steps = np.repeat(here, inside.size, axis=0), np.repeat(steps, inside.size, axis=0)
            there = sign * np.tile(inside, count)
        else:
            there = here[:, i] - steps[:, partner[i]]
        steps = np.column_stack([steps, there - here[:, i]])
        here = np.column_stack([here, there])
        kept = (sign * there >= low) & (sign * there <= high)
        here, steps = here[kept], steps[kept]
    return len(here)
