"""Subspaces of matrices that the arguments of a pencil never leave.

Symmetries of a pencil confine the arguments m_j of its equations (:mod:`rmt.free.polynomials.matrix_subordination`) to
subspaces that the equations map into each other, often much smaller than all matrices. They are closed here under
products, of which every function in the equations is a series:

- The inverses of the matrices of a linear space lie in the Jordan algebra that the space and 1 generate under
  (x y + y x)/2, because they are polynomials in these matrices (Jacobson 1968).
- h(C m) C lies in the span of C and C X C, where X is what the space of m generates under (x C y + y C x)/2, and in
  C X C alone, with (x C z C y + y C z C x)/2, for odd h.

The factors are random elements of orthonormal bases, so that new directions stand out from rounding by their size
alone; those that do most come first, since faint ones are strong in later products.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import Complex, Real

#: sizes beyond a span, of products of elements of norm 1, from which on a direction is taken where none is larger; what
#: is smaller than the last is rounding
_FLOORS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
_STRONG = 0.1  # size, relative to the largest, of directions that are taken at once
_SNAP = 1e-12  # distance from 0, 1 and −1 that is rounding
_PRODUCTS = 64  # most random products of a round, with a few to spare
_SPARE = 6


class Closure:
    """Spans of matrices that grow until they are closed under products, by the same random numbers every time.

    Attributes
    ----------
    floor : float
        Size from which on directions are taken.
    """

    def __init__(self) -> None:
        self.floor = _FLOORS[0]
        self._rng = np.random.default_rng(0)
        self._spans: dict[Any, Complex] = {}

    @property
    def rank(self) -> int:
        """Total dimension of the spans."""
        return sum(map(len, self._spans.values()))

    def joined(self, name: Any, matrices: Complex, share: float = 0.0) -> Complex:
        """The span of a name, joined with what some matrices have off it; an orthonormal basis of shape (q, r, r).

        Directions off the span below `share` of the largest are left out.
        """
        r = matrices.shape[-1]
        span = self._spans.get(name, np.zeros((0, r, r), dtype=np.complex128))
        if len(span) < r * r:
            rows, rest = span.reshape(len(span), r * r), matrices.reshape(len(matrices), r * r)
            for _ in range(2):
                rest = rest - (rest @ rows.conj().T) @ rows
            _, sizes, found = np.linalg.svd(rest, full_matrices=False)
            kept = (sizes > self.floor) & (sizes >= share * sizes[0])
            span = np.concatenate([span, found[kept].reshape(-1, r, r)])
        self._spans[name] = span
        return span

    def closed(self, name: Any, matrices: Complex, product: Callable[..., Complex], factors: int = 2) -> Complex:
        """The span of a name, joined with some matrices and closed under a product of some number of factors."""
        span = self.joined(name, matrices)
        while True:
            rank = len(span)
            count = min(rank, _PRODUCTS) + _SPARE
            span = self.joined(name, product(*(self.elements(span, count) for _ in range(factors))), _STRONG)
            if len(span) == rank:
                return span

    def elements(self, span: Complex, count: int) -> Complex:
        """Random elements of norm 1."""
        weights = self._rng.standard_normal((2, count, len(span)))
        mixed = weights[0] + 1j * weights[1]
        return np.tensordot(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), span, axes=1)


def symmetrised(x: Complex, middle: Complex, y: Complex) -> Complex:
    """The product (x c y + y c x)/2 of stacks of matrices."""
    return np.asarray(0.5 * (x @ middle @ y + y @ middle @ x))


def jordan(x: Complex, y: Complex) -> Complex:
    """Jordan's product (x y + y x)/2 of stacks of matrices."""
    return np.asarray(0.5 * (x @ y + y @ x))


def of_norm_one(matrix: Complex) -> Complex:
    """A matrix over its norm."""
    return np.asarray(matrix / np.linalg.norm(matrix, 2))


def reachable(constant: Complex, direction: Real, variables: Sequence[Any]) -> list[tuple[Complex, NDArray[np.int64]]]:
    """Bases (q, r, r) of what each argument can be, in reduced echelon form, and the entries where these are 1.

    Coordinates are then entries, and graded matrices next to a singularity keep the accuracy of small ones.
    """
    ranges = [v.vectors for v in variables]
    adjoints = [u.conj().T for u in ranges]
    closure = Closure()
    pencil = [m for m in (np.eye(len(constant)), np.diag(direction), constant) if np.abs(m).max() > 0.0]
    start = np.stack([m / np.linalg.norm(m) for m in pencil]).astype(np.complex128)

    def grown() -> list[Complex]:
        """The spans of the arguments after every equation was used once."""
        units = [np.eye(u.shape[1], dtype=np.complex128)[None] / math.sqrt(u.shape[1]) for u in ranges]
        arguments = [closure.joined(("argument", j), unit) for j, unit in enumerate(units)]
        energies = [
            u @ v.energies(span, closure) @ a
            for v, span, u, a in zip(variables, arguments, ranges, adjoints, strict=True)
        ]
        for j, variable in enumerate(variables):
            others = [e for i, e in enumerate(energies) if i != j or variable.whole]
            algebra = closure.closed(("algebra", j), np.concatenate([start, *others]), jordan)
            arguments[j] = closure.joined(("argument", j), adjoints[j] @ algebra @ ranges[j])
        return arguments

    level = 0
    while level < len(_FLOORS):
        rank, closure.floor = closure.rank, _FLOORS[level]
        spans = grown()
        # faint directions are strong in later products
        level = 0 if closure.rank > rank else level + 1
    return [_echelon(span) for span in spans]


def _echelon(span: Complex) -> tuple[Complex, NDArray[np.int64]]:
    """Reduced echelon form of a basis, and its pivots."""
    q, r, _ = span.shape
    rows = span.reshape(q, r * r).copy()
    pivots = []
    for k in range(q):
        row, column = divmod(int(np.argmax(np.abs(rows[k:]))), r * r)
        rows[[k, k + row]] = rows[[k + row, k]]
        rows[k] /= rows[k, column]
        others = np.arange(q) != k
        rows[others] -= np.outer(rows[others, column], rows[k])
        pivots.append(column)
    for value in (0.0, 1.0, -1.0):
        rows[np.abs(rows - value) < _SNAP] = value
    return rows.reshape(q, r, r), np.array(pivots)
