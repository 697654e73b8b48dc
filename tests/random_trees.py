"""Random nested free expressions for the fuzz tests: fixed seeds, every kind of leaf, powers from 1 to 5."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from rmt.free import boxplus, boxtimes
from rmt.laws import Atomic, Law, MarchenkoPastur, Semicircle, Uniform


def random_law(rng: np.random.Generator, depth: int, *, positive: bool) -> Law:
    """A tree of nested sums and products, at most `depth` deep; on [0, inf) if `positive`."""
    kind = rng.choice(["leaf", "sum", "product"], p=[0.2, 0.4, 0.4])
    if depth == 0 or kind == "leaf":
        return random_leaf(rng, positive=positive)
    count = int(rng.integers(1, 4)) if kind == "sum" else int(rng.integers(1, 3))
    signed = 0 if kind == "product" and not positive and rng.random() < 0.5 else -1
    laws, powers = [], []
    for i in range(count):
        nonnegative = positive if kind == "sum" else i != signed
        laws.append(random_law(rng, depth - 1, positive=nonnegative))
        free = rng.random() < 0.5 and i != signed
        powers.append(Fraction(int(rng.integers(4, 21)), 4) if free else 1)
    operation = boxplus if kind == "sum" else boxtimes
    return operation(*laws, powers=powers, closed_form=False)


def random_leaf(rng: np.random.Generator, *, positive: bool) -> Law:
    """Semicircle, free Poisson, uniform or atomic law of size about 1."""
    kind = rng.choice(["semicircle", "free Poisson", "uniform", "atoms"])
    shift = 0.0 if positive else float(rng.normal())
    if kind == "semicircle":
        sigma = float(rng.uniform(0.2, 1.2))
        return Semicircle(2.0 * sigma + float(rng.exponential(0.5)) if positive else shift, sigma**2)
    if kind == "free Poisson":
        return MarchenkoPastur(float(rng.uniform(0.2, 3.0)), float(rng.uniform(0.5, 2.0)))
    if kind == "uniform":
        low = float(rng.exponential(0.3)) if positive else shift
        return Uniform(low, low + float(rng.uniform(0.5, 3.0)))
    count = int(rng.integers(2, 5))
    positions = np.cumsum(rng.uniform(0.2, 1.5, count)) - 0.2 + shift
    if positive:
        positions *= 1.0 if rng.random() < 0.5 else (np.arange(count) > 0)
        positions = np.abs(positions)
    masses = rng.dirichlet(np.full(count, 2.0))
    masses[-1] = 1.0 - masses[:-1].sum()
    return Atomic(tuple(positions.tolist()), tuple(masses.tolist()))
