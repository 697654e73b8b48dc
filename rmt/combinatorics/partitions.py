"""Partitions of {1, ..., n}: all, in pairs, by intervals, without crossings; and the lattice of those.

Everything that is asked of one partition takes O(n) or O(n log n) operations; nothing recurses, so that n may be
thousands.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from rmt.combinatorics.counts import catalan
from rmt.errors import check_count, check_flag, shown

Block: TypeAlias = tuple[int, ...]
Partition: TypeAlias = tuple[Block, ...]


# ---------------------------------------------------------------------- all partitions of a kind
def set_partitions(n: int) -> Iterator[Partition]:
    """All partitions of {1, ..., n}, lexicographic in the block numbers of 1, 2, ..., n (Bell numbers).

    Parameters
    ----------
    n : int
        Size of the set {1, ..., n}, >= 0.

    Returns
    -------
    iterator of tuple

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    Examples
    --------
    >>> len(list(set_partitions(4)))  # Bell number
    15
    """
    return _grow(check_count("n", n, minimum=0), lambda blocks: range(len(blocks)))


def interval_partitions(n: int) -> Iterator[Partition]:
    """The 2^(n-1) partitions whose blocks are intervals of consecutive integers; lexicographic.

    Parameters
    ----------
    n : int
        Size of the set {1, ..., n}, >= 0.

    Returns
    -------
    iterator of tuple

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    Examples
    --------
    >>> list(interval_partitions(3))
    [((1, 2, 3),), ((1, 2), (3,)), ((1,), (2, 3)), ((1,), (2,), (3,))]
    """
    return _grow(check_count("n", n, minimum=0), lambda blocks: range(len(blocks))[-1:])


def noncrossing_partitions(n: int) -> Iterator[Partition]:
    """The non-crossing partitions NC(n), lexicographic in the block numbers of 1, 2, ..., n.

    No a < b < c < d has a, c in one block and b, d in another. They are counted by the Catalan numbers
    (Kreweras 1972).

    Parameters
    ----------
    n : int
        Size of the set {1, ..., n}, >= 0.

    Returns
    -------
    iterator of tuple

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    Examples
    --------
    >>> [p for p in noncrossing_partitions(3)][:2]
    [((1, 2, 3),), ((1, 2), (3,))]
    """

    def reachable(blocks: list[list[int]]) -> Iterator[int]:
        # a block is closed once an earlier one has continued behind its last element
        latest = 0
        for index, block in enumerate(blocks):
            if block[-1] > latest:
                yield index
                latest = block[-1]

    return _grow(check_count("n", n, minimum=0), reachable)


def pairings(n: int) -> Iterator[Partition]:
    """The (n-1)!! partitions of {1, ..., n} into pairs, lexicographic in the partners; none for odd n.

    Parameters
    ----------
    n : int
        Size of the set {1, ..., n}, >= 0.

    Returns
    -------
    iterator of tuple

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    Examples
    --------
    >>> list(pairings(4))
    [((1, 2), (3, 4)), ((1, 3), (2, 4)), ((1, 4), (2, 3))]
    """
    return _pair(check_count("n", n, minimum=0), _free_partners)


def noncrossing_pairings(n: int) -> Iterator[Partition]:
    """The Catalan(n/2) non-crossing partitions of {1, ..., n} into pairs; none for odd n.

    Parameters
    ----------
    n : int
        Size of the set {1, ..., n}, >= 0.

    Returns
    -------
    iterator of tuple

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    References
    ----------
    Nica and Speicher 2006.

    Examples
    --------
    >>> list(noncrossing_pairings(4))
    [((1, 2), (3, 4)), ((1, 4), (2, 3))]
    """
    return _pair(check_count("n", n, minimum=0), _enclosed_partners)


def _grow(n: int, choices: Callable[[list[list[int]]], Iterable[int]]) -> Iterator[Partition]:
    """Place 1, ..., n one after the other: into a block named by `choices`, or into a new one."""
    if n == 0:
        yield ()
        return
    blocks: list[list[int]] = []
    placed: list[int] = []  # the block of each element so far
    untried: list[Iterator[int]] = [iter([0])]  # the blocks that the elements up to the next one have not tried yet
    while untried:
        if len(placed) == len(untried):
            last = placed.pop()
            blocks[last].pop()
            if not blocks[last]:
                blocks.pop()
        index = next(untried[-1], None)
        if index is None:
            untried.pop()
            continue
        if index == len(blocks):
            blocks.append([])
        placed.append(index)
        blocks[index].append(len(placed))
        if len(placed) == n:
            yield tuple(map(tuple, blocks))
        else:
            untried.append(iter([*choices(blocks), len(blocks)]))


def _pair(n: int, partners: Callable[[int, list[int]], Iterable[int]]) -> Iterator[Partition]:
    """Give the smallest free number one of its `partners`, one after the other."""
    if n % 2:
        return
    if n == 0:
        yield ()
        return
    partner = [0] * (n + 1)
    firsts: list[int] = []
    untried: list[Iterator[int]] = [iter(partners(1, partner))]
    while untried:
        if len(firsts) == len(untried):
            last = firsts.pop()
            partner[partner[last]] = partner[last] = 0
        first = firsts[-1] + 1 if firsts else 1
        while partner[first]:
            first += 1
        second = next(untried[-1], None)
        if second is None:
            untried.pop()
            continue
        partner[first], partner[second] = second, first
        firsts.append(first)
        if len(firsts) == n // 2:
            yield tuple((a, partner[a]) for a in firsts)
        else:
            while first <= n and partner[first]:
                first += 1
            untried.append(iter(list(partners(first, partner))))


def _free_partners(first: int, partner: list[int]) -> Iterable[int]:
    return [k for k in range(first + 1, len(partner)) if not partner[k]]


def _enclosed_partners(first: int, partner: list[int]) -> Iterable[int]:
    """Those before the end of the innermost arc over `first`, with an even number of points between."""
    end = min((b for b in partner[1:first] if b > first), default=len(partner))
    return range(first + 1, end, 2)


# ---------------------------------------------------------------------- one partition
def as_partition(blocks: Iterable[Iterable[int]]) -> Partition:
    """Return the blocks in canonical order, after checking that they partition {1, ..., n}.

    Parameters
    ----------
    blocks : iterable of iterable of int
        Blocks of a partition of {1, ..., n}, in any order.

    Returns
    -------
    tuple of tuple of int

    Raises
    ------
    TypeError
        If it is not an iterable of iterables of integers.
    ValueError
        If a block is empty, or the blocks overlap or leave out a number.

    Examples
    --------
    >>> as_partition([[2, 4], [3], [1]])
    ((1,), (2, 4), (3,))
    """
    try:
        partition = tuple(sorted(tuple(sorted(map(operator.index, block))) for block in blocks))
    except TypeError:
        raise TypeError(f"blocks must be iterables of integers, as [[1, 3], [2]], got {shown(blocks)}") from None
    elements = sorted(element for block in partition for element in block)
    if () in partition or elements != list(range(1, len(elements) + 1)):
        raise ValueError(
            f"blocks must be disjoint, not empty, and cover {{1, ..., n}} for some n, got {shown(partition)}"
        )
    return partition


def is_noncrossing(partition: Iterable[Iterable[int]]) -> bool:
    """Whether no a < b < c < d has a, c in one block and b, d in another.

    Parameters
    ----------
    partition : iterable of iterable of int
        Blocks of a partition of {1, ..., n}, in any order.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If `partition` is not of the kind named above.

    References
    ----------
    Kreweras 1972.

    Examples
    --------
    >>> is_noncrossing([[1, 4], [2, 3]]), is_noncrossing([[1, 3], [2, 4]])
    (True, False)
    """
    blocks = as_partition(partition)
    return len(_without_crossings(blocks)) == len(blocks)


def _without_crossings(blocks: Partition) -> Partition:
    """The finest non-crossing partition that is coarser: blocks that cross are merged.

    Reading 1, 2, ..., n, the blocks that have begun and not ended lie on a stack; one that goes on below the top
    crosses all above it.
    """
    owner = _labels(blocks)
    root = list(range(len(blocks)))
    end = [block[-1] for block in blocks]
    stack: list[int] = []
    for element in range(1, len(owner) + 1):
        index = owner[element]
        if element == blocks[index][0]:
            stack.append(index)
        else:
            top = _root(root, index)
            while stack[-1] != top:
                other = stack.pop()
                root[other] = top
                end[top] = max(end[top], end[other])
        while stack and end[stack[-1]] <= element:
            stack.pop()
    return _collected(owner, root)


def _labels(blocks: Partition) -> dict[int, int]:
    """Number of the block of each element."""
    return {element: index for index, block in enumerate(blocks) for element in block}


def _root(root: list[int], index: int) -> int:
    """Representative of a class of merged blocks, with the path to it halved."""
    while root[index] != index:
        root[index] = root[root[index]]
        index = root[index]
    return index


def _collected(owner: dict[int, int], root: list[int]) -> Partition:
    """The partition of the elements by the classes of their blocks."""
    merged: dict[int, list[int]] = {}
    for element in range(1, len(owner) + 1):
        merged.setdefault(_root(root, owner[element]), []).append(element)
    return tuple(map(tuple, merged.values()))


def _size(partition: Partition) -> int:
    return sum(map(len, partition))


def _require_noncrossing(name: str, partition: Iterable[Iterable[int]]) -> Partition:
    blocks = as_partition(partition)
    if not is_noncrossing(blocks):
        raise ValueError(f"{name} must be non-crossing, got {shown(blocks)}")
    return blocks


def _same_size(a: Partition, b: Partition) -> None:
    if _size(a) != _size(b):
        raise ValueError(f"the partitions must have equal size, got {shown(a)} and {shown(b)}")


# ---------------------------------------------------------------------- the lattice of non-crossing partitions
def refines(lower: Iterable[Iterable[int]], upper: Iterable[Iterable[int]]) -> bool:
    """Whether ``lower <= upper``: every block of `lower` lies inside a block of `upper`.

    Parameters
    ----------
    lower, upper : iterable of iterable of int
        Partitions of the same set.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If `lower` or `upper` is not of the kind named above.
    ValueError
        If `lower` or `upper` is out of the range named above.

    Examples
    --------
    >>> refines([[1], [2], [3]], [[1, 2], [3]]), refines([[1, 2], [3]], [[1, 3], [2]])
    (True, False)
    """
    fine, coarse = as_partition(lower), as_partition(upper)
    _same_size(fine, coarse)
    label = _labels(coarse)
    return all(len({label[element] for element in block}) == 1 for block in fine)


def meet(a: Iterable[Iterable[int]], b: Iterable[Iterable[int]]) -> Partition:
    """The coarsest partition finer than both: their blocks intersected.

    Parameters
    ----------
    a, b : iterable of iterable of int
        Partitions of the same set.

    Returns
    -------
    tuple of tuple of int

    Raises
    ------
    TypeError
        If `a` or `b` is not of the kind named above.
    ValueError
        If `a` or `b` is out of the range named above.

    References
    ----------
    Kreweras 1972.

    Examples
    --------
    >>> meet([[1, 2, 3], [4]], [[1, 2], [3, 4]])
    ((1, 2), (3,), (4,))
    """
    first, second = as_partition(a), as_partition(b)
    _same_size(first, second)
    of_first, of_second = _labels(first), _labels(second)
    common: dict[tuple[int, int], list[int]] = {}
    for element in range(1, len(of_first) + 1):
        common.setdefault((of_first[element], of_second[element]), []).append(element)
    return tuple(map(tuple, common.values()))


def join(a: Iterable[Iterable[int]], b: Iterable[Iterable[int]]) -> Partition:
    """The finest *non-crossing* partition coarser than both.

    It can be coarser than the join among all partitions: blocks that cross are merged.

    Parameters
    ----------
    a, b : iterable of iterable of int
        Non-crossing partitions of the same set.

    Returns
    -------
    tuple of tuple of int

    Raises
    ------
    TypeError
        If `a` or `b` is not of the kind named above.
    ValueError
        If `a` or `b` is out of the range named above.

    References
    ----------
    Kreweras 1972.

    Examples
    --------
    >>> join([[1, 3], [2], [4]], [[1], [3], [2, 4]])
    ((1, 2, 3, 4),)
    """
    first, second = as_partition(a), as_partition(b)
    _same_size(first, second)
    owner, root = _labels(first), list(range(len(first)))
    for block in second:
        for element in block[1:]:
            root[_root(root, owner[element])] = _root(root, owner[block[0]])
    return _without_crossings(_collected(owner, root))


def covers(partition: Iterable[Iterable[int]]) -> list[Partition]:
    """The partitions that cover it in NC(n): two blocks merged, still non-crossing; sorted.

    Two blocks can be merged exactly if one block of the Kreweras complement touches both.

    Parameters
    ----------
    partition : iterable of iterable of int
        Blocks of a partition of {1, ..., n}, in any order.

    Returns
    -------
    list of tuple

    Raises
    ------
    TypeError
        If `partition` is not of the kind named above.

    References
    ----------
    Kreweras 1972.

    Examples
    --------
    >>> covers([[1], [2], [3]])
    [((1,), (2, 3)), ((1, 2), (3,)), ((1, 3), (2,))]
    """
    blocks = _require_noncrossing("partition", partition)
    n, owner = _size(blocks), _labels(blocks)
    above = []
    for region in kreweras_complement(blocks):
        for i, j in itertools.combinations([owner[point % n + 1] for point in region], 2):
            rest = [block for k, block in enumerate(blocks) if k not in (i, j)]
            above.append(tuple(sorted([*rest, tuple(sorted(blocks[i] + blocks[j]))])))
    return sorted(above)


def hasse_diagram(n: int) -> list[tuple[Partition, Partition]]:
    """The edges ``(lower, upper)`` of the Hasse diagram of NC(n): C(2n, n−2) of them, 28 for n = 4.

    The height of a partition in the picture is its rank, n minus the number of blocks.

    Parameters
    ----------
    n : int
        Size of the set {1, ..., n}, >= 0.

    Returns
    -------
    list of pairs

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    References
    ----------
    Kreweras 1972.

    Examples
    --------
    >>> len(hasse_diagram(4))
    28
    """
    return [(lower, upper) for lower in noncrossing_partitions(n) for upper in covers(lower)]


def kreweras_complement(partition: Iterable[Iterable[int]], *, inverse: bool = False) -> Partition:
    """Kreweras complement: the coarsest partition of the points between the points.

    With new points in the order 1, 1', 2, 2', ..., n, n', it is the largest partition of the primed points that
    does not cross the given one; as permutations K(π) = π^{-1} γ with γ = (1 2 ... n) (Kreweras 1972;
    Nica-Speicher 2006, Definition 9.21). It reverses the order of NC(n), and |π| + |K(π)| = n + 1.

    Parameters
    ----------
    partition : iterable of blocks
        A non-crossing partition of {1, ..., n}.
    inverse : bool
        Return the partition whose complement is the given one.

    Returns
    -------
    tuple of tuple of int

    Raises
    ------
    TypeError
        If `partition` or `inverse` is not of the kind named above.
    ValueError
        If the partition is crossing.

    Examples
    --------
    >>> kreweras_complement([[1, 2], [3]])
    ((1,), (2, 3))
    >>> kreweras_complement(kreweras_complement([[1, 2], [3]]), inverse=True)
    ((1, 2), (3,))
    """
    blocks = _require_noncrossing("partition", partition)
    n = _size(blocks)
    previous = {element: v[i - 1] for v in blocks for i, element in enumerate(v)}
    if check_flag("inverse", inverse):
        return _cycles({i: previous[i] % n + 1 for i in previous})
    return _cycles({i: previous[i % n + 1] for i in previous})


def _cycles(permutation: dict[int, int]) -> Partition:
    """The cycles of a permutation of {1, ..., n}, as the blocks of a partition."""
    seen: set[int] = set()
    blocks = []
    for start in sorted(permutation):
        if start in seen:
            continue
        cycle = [start]
        while (element := permutation[cycle[-1]]) != start:
            cycle.append(element)
        seen.update(cycle)
        blocks.append(tuple(sorted(cycle)))
    return tuple(blocks)


def moebius(lower: Iterable[Iterable[int]], upper: Iterable[Iterable[int]] | None = None) -> int:
    """Möbius function μ(lower, upper) of the lattice NC(n) (Kreweras 1972; Speicher 1994).

    μ(π, 1_n) is the product of (−1)^{k−1} Catalan(k−1) over the block sizes k of the Kreweras complement of π;
    an interval factorises over the blocks of its upper end. 0 unless ``lower <= upper``.

    Parameters
    ----------
    lower, upper : iterable of blocks
        Non-crossing partitions of the same set; `upper` is {1, ..., n} in one block by default.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `lower` or `upper` is not of the kind named above.
    ValueError
        If `lower` or `upper` is out of the range named above.

    Examples
    --------
    >>> moebius([[1], [2], [3], [4]])  # −Catalan(3)
    -5
    """
    fine = _require_noncrossing("lower", lower)
    if upper is None:
        sizes = map(len, kreweras_complement(fine))
        return math.prod((-1) ** (k - 1) * catalan(k - 1) for k in sizes)
    coarse = _require_noncrossing("upper", upper)
    if not refines(fine, coarse):
        return 0
    return math.prod(moebius(_restrict(fine, block)) for block in coarse)


def _restrict(partition: Partition, subset: Block) -> Partition:
    """The blocks inside `subset`, its elements renumbered 1, 2, ..."""
    rank = {element: index for index, element in enumerate(subset, start=1)}
    return tuple(tuple(rank[e] for e in block) for block in partition if block[0] in rank)


def genus(partition: Iterable[Iterable[int]]) -> int:
    """Genus g of a partition: |π| + |π^{-1} γ| = n + 1 − 2g, counting cycles; 0 exactly if non-crossing.

    For a pairing, the genus of the surface glued from an n-gon: its weight in E tr X^n of an N x N GUE matrix is
    N^{−2g} ('t Hooft 1974).

    Parameters
    ----------
    partition : iterable of iterable of int
        Blocks of a partition of {1, ..., n}, in any order.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `partition` is not of the kind named above.

    Examples
    --------
    >>> genus([[1, 2], [3, 4]]), genus([[1, 3], [2, 4]])
    (0, 1)
    """
    blocks = as_partition(partition)
    n = _size(blocks)
    previous = {element: v[i - 1] for v in blocks for i, element in enumerate(v)}
    faces = len(_cycles({i: previous[i % n + 1] for i in previous}))
    return (n + 1 - len(blocks) - faces) // 2 if n else 0
