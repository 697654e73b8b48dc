"""Expectations of polynomial programs at finite width, exactly and for any law of the entries.

A mean of a polynomial program is a sum over graphs: vertices are indices from 1 to n, edges entries of matrices,
tokens on the vertices coordinates of vectors. Its expectation is a sum over the ways in which indices coincide (Mingo
and Speicher 2017, Chapter 4): for each, the moments of the entries and coordinates that occur, and the falling
factorial that counts the indices.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rmt.ensembles.entries import EntryLaw
from rmt.programs.exact_limits import as_fraction, polynomial_map, refuse_root_sum
from rmt.programs.nodes import Initial, Map, Matrix, MatrixProduct, Mean, ProgramNode
from rmt.programs.runs import length, needed
from rmt.programs.vector_laws import standard_moment

if TYPE_CHECKING:
    from rmt.programs.tensor_program import Program

#: more indices than these coincide in too many ways (115 975 for ten)
MOST_INDICES = 10


@dataclass(frozen=True)
class IndexGraph:
    """A product of matrix entries and vector coordinates, summed over all indices but the root.

    Attributes
    ----------
    lengths : tuple of int
        Range of each index; index 0 is the root, if there is one.
    edges : tuple of (int, int, int)
        Index of the matrix, and the vertices of its row and column.
    tokens : tuple of (int, int)
        Index of the vector's node, and its vertex.
    """

    lengths: tuple[int, ...]
    edges: tuple[tuple[int, int, int], ...] = ()
    tokens: tuple[tuple[int, int], ...] = ()

    def joined(self, other: IndexGraph, rooted: bool) -> IndexGraph:
        """The product of two graphs, with one root or side by side."""
        shift = len(self.lengths) - rooted

        def place(vertex: int) -> int:
            return 0 if rooted and vertex == 0 else vertex + shift

        return IndexGraph(
            self.lengths + other.lengths[int(rooted) :],
            self.edges + tuple((m, place(i), place(j)) for m, i, j in other.edges),
            self.tokens + tuple((v, place(i)) for v, i in other.tokens),
        )


class IndexSums:
    """A combination of graphs with rational coefficients: a vector (rooted) or a scalar.

    Attributes
    ----------
    terms : dict
        Graphs to coefficients.
    size : int or None
        Number of coordinates of a vector.
    """

    def __init__(self, terms: dict[IndexGraph, Fraction], size: int | None) -> None:
        self.terms, self.size = {g: c for g, c in terms.items() if c != 0}, size

    def _constant(self, value: Any) -> IndexSums:
        graph = IndexGraph(()) if self.size is None else IndexGraph((self.size,))
        return IndexSums({graph: Fraction(value)}, self.size)

    def _matched(self, other: Any) -> tuple[IndexSums, IndexSums]:
        right = other if isinstance(other, IndexSums) else self._constant(other)
        if self.size is None and right.size is not None:
            return self._lifted(right.size), right
        if self.size is not None and right.size is None:
            return self, right._lifted(self.size)
        return self, right

    def _lifted(self, size: int) -> IndexSums:
        """A scalar as a vector with equal coordinates."""
        root = IndexGraph((size,))
        return IndexSums({root.joined(g, False): c for g, c in self.terms.items()}, size)

    def __add__(self, other: Any) -> IndexSums:
        a, b = self._matched(other)
        terms = dict(a.terms)
        for g, c in b.terms.items():
            terms[g] = terms.get(g, Fraction(0)) + c
        return IndexSums(terms, a.size)

    __radd__ = __add__

    def __neg__(self) -> IndexSums:
        return IndexSums({g: -c for g, c in self.terms.items()}, self.size)

    def __sub__(self, other: Any) -> IndexSums:
        total: IndexSums = self + (-other)
        return total

    def __rsub__(self, other: Any) -> IndexSums:
        total: IndexSums = (-self) + other
        return total

    def __mul__(self, other: Any) -> IndexSums:
        a, b = self._matched(other)
        terms: dict[IndexGraph, Fraction] = {}
        for g, c in a.terms.items():
            for h, d in b.terms.items():
                key = g.joined(h, a.size is not None)
                terms[key] = terms.get(key, Fraction(0)) + c * d
        return IndexSums(terms, a.size)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> IndexSums:
        if isinstance(other, IndexSums):
            return NotImplemented
        return self * (1 / Fraction(other))

    def __pow__(self, exponent: Any) -> IndexSums:
        if isinstance(exponent, IndexSums) or exponent < 0 or Fraction(exponent).denominator != 1:
            return NotImplemented
        result = self._constant(1)
        for _ in range(int(exponent)):
            result = result * self
        return result


def exact_means(
    program: Program, outputs: Sequence[ProgramNode], n: int, entries: Sequence[EntryLaw]
) -> list[Fraction]:
    """Expectations of some scalars; see :meth:`Program.exact_mean`."""
    values: dict[ProgramNode, IndexSums] = {}
    for node in needed(tuple(outputs)):
        refuse_root_sum(program, node)
        if isinstance(node, Initial):
            size = length(node.size, n)
            values[node] = IndexSums({IndexGraph((size,), (), ((node.index, 0),)): Fraction(1)}, size)
        elif isinstance(node, MatrixProduct):
            values[node] = _multiplied(node, values[node.argument], n)
        elif isinstance(node, Mean):
            vector = values[node.argument]
            assert vector.size is not None
            share = Fraction(1, vector.size)
            values[node] = IndexSums({g: c * share for g, c in vector.terms.items()}, None)
        else:
            assert isinstance(node, Map)
            arguments = [values[a] if isinstance(a, ProgramNode) else as_fraction(a) for a in node.arguments]
            values[node] = polynomial_map(program, node, arguments)
    expectation = _Expectation(program, n, entries)
    return [sum((c * expectation.of(g) for g, c in values[node].terms.items()), Fraction(0)) for node in outputs]


def _multiplied(node: MatrixProduct, x: IndexSums, n: int) -> IndexSums:
    """W x: a new root, and an edge from it to the old one, which is summed over."""
    size = length(node.size, n)
    terms = {}
    for graph, c in x.terms.items():
        moved = IndexGraph((size,)).joined(graph, False)
        ends = (1, 0) if node.transposed else (0, 1)
        terms[IndexGraph(moved.lengths, (*moved.edges, (node.matrix.index, *ends)), moved.tokens)] = c
    return IndexSums(terms, size)


class _Expectation:
    def __init__(self, program: Program, n: int, entries: Sequence[EntryLaw]) -> None:
        self.program, self.entries = program, entries
        self.scales = [as_fraction(m.variance) / length(m.columns, n) for m in program.matrices]
        self.initial = {node.index: node for node in program.nodes if isinstance(node, Initial)}
        self._matrices: tuple[Matrix, ...] = program.matrices

    def of(self, graph: IndexGraph) -> Fraction:
        """E of the sum over all indices, the root among them."""
        if len(graph.lengths) > MOST_INDICES:
            raise ValueError(
                f"the exact mean sums over {len(graph.lengths)} indices, and {MOST_INDICES} are accepted: they "
                "coincide in too many ways. Take limit() or sample()"
            )
        total = Fraction(0)
        for blocks in _coincidences(graph.lengths):
            value = self._value(graph, blocks)
            if value:
                for size, used in Counter(graph.lengths[blocks.index(b)] for b in set(blocks)).items():
                    value *= math.perm(size, used)
                total += value
        return total

    def _value(self, graph: IndexGraph, blocks: tuple[int, ...]) -> Fraction:
        """Moments of the entries and coordinates, when the indices of a block are equal and all others differ."""
        counts = Counter((m, blocks[i], blocks[j]) for m, i, j in graph.edges)
        if any(count == 1 for count in counts.values()):
            return Fraction(0)
        value = Fraction(1)
        for (matrix, _, _), count in counts.items():
            value *= self._entry_moment(matrix, count)
            if not value:
                return value
        tokens: dict[int, list[int]] = {}
        for vector, vertex in graph.tokens:
            tokens.setdefault(blocks[vertex], []).append(vector)
        for together in tokens.values():
            value *= self._joint_moment(tuple(sorted(together)))
        return value

    def _entry_moment(self, matrix: int, order: int) -> Fraction:
        law = self.entries[matrix]
        standard = standard_moment(law, order)
        if standard is None:
            raise ValueError(
                f"the exact mean needs E x^{order} of the entries as a rational number, and that of {law!r} is "
                "infinite or not known as one"
            )
        if order % 2 and standard:
            root = (
                math.isqrt((self.scales[matrix] ** order).numerator),
                math.isqrt((self.scales[matrix] ** order).denominator),
            )
            power = self.scales[matrix] ** order
            if (root[0] ** 2, root[1] ** 2) != (power.numerator, power.denominator):
                raise ValueError(
                    f"the exact mean has the odd moment E x^{order} of {law!r} and is no rational number at this n; a "
                    "square number n makes it one"
                )
            return standard * Fraction(*root)
        return standard * self.scales[matrix] ** (order // 2)

    def _joint_moment(self, vectors: tuple[int, ...]) -> Fraction:
        """E of a product of coordinates of initial vectors at one index."""
        value = Fraction(1)
        for group in {self.initial[v].group for v in vectors}:
            members = tuple(v for v in vectors if self.initial[v].group == group)
            law = self.initial[members[0]].law
            if len(self.initial[members[0]].mixing) == 1:
                own = law.moment(len(members))
                if own is None:
                    raise ValueError(f"the exact mean needs E v^{len(members)} of {law!r} as a rational number")
                value *= own * (self._covariance(members[0], members[0]) ** (len(members) // 2))
            else:
                value *= self._wick(members)
        return value

    def _wick(self, members: tuple[int, ...]) -> Fraction:
        if not members:
            return Fraction(1)
        if len(members) % 2:
            return Fraction(0)
        first, rest = members[0], members[1:]
        return sum(
            (self._covariance(first, other) * self._wick(rest[:i] + rest[i + 1 :]) for i, other in enumerate(rest)),
            Fraction(0),
        )

    def _covariance(self, a: int, b: int) -> Fraction:
        node = self.initial[max(a, b)]
        members = [i for i, other in self.initial.items() if other.group == node.group]
        return as_fraction(node.covariance[members.index(min(a, b))])


def _coincidences(lengths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All partitions of the indices into blocks of equal range, as the block of each index."""

    def grow(blocks: tuple[int, ...], ranges: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        position = len(blocks)
        if position == len(lengths):
            yield blocks
            return
        for block, size in enumerate(ranges):
            if size == lengths[position]:
                yield from grow((*blocks, block), ranges)
        yield from grow((*blocks, len(ranges)), (*ranges, lengths[position]))

    return grow((), ())
