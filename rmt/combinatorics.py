"""Non-crossing partitions, and the moments and cumulants they connect, in exact arithmetic.

A partition of {1, ..., n} is a tuple of blocks, each an increasing tuple of integers, in the order of their
smallest elements: ``((1, 3), (2,), (4,))``. Moment sequences leave out m_0 = 1: they are m_1, ..., m_k.

Sequences of numbers may hold the elements of any commutative ring: ``int``, ``Fraction``, symbols, polynomials.
Integers and fractions stay exact; nothing is divided except by a first moment where a function says so.
"""

from __future__ import annotations

import itertools
import math
import numbers
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from rmt.errors import check_count

Block: TypeAlias = tuple[int, ...]
Partition: TypeAlias = tuple[Block, ...]


# ---------------------------------------------------------------------- partitions
def set_partitions(n: int) -> Iterator[Partition]:
    """All partitions of {1, ..., n}, lexicographic in the block numbers of 1, 2, ..., n (Bell numbers)."""
    return _grow(check_count("n", n, minimum=0), lambda blocks: range(len(blocks)))


def interval_partitions(n: int) -> Iterator[Partition]:
    """The 2^(n-1) partitions whose blocks are intervals of consecutive integers; lexicographic."""
    return _grow(check_count("n", n, minimum=0), lambda blocks: range(len(blocks))[-1:])


def noncrossing_partitions(n: int) -> Iterator[Partition]:
    """The non-crossing partitions NC(n), lexicographic in the block numbers of 1, 2, ..., n.

    No a < b < c < d has a, c in one block and b, d in another. They are counted by the Catalan numbers
    (Kreweras 1972).

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
    """The (n-1)!! partitions of {1, ..., n} into pairs, lexicographic in the partners; none for odd n."""
    return _pair(tuple(range(1, check_count("n", n, minimum=0) + 1)), noncrossing=False)


def noncrossing_pairings(n: int) -> Iterator[Partition]:
    """The Catalan(n/2) non-crossing partitions of {1, ..., n} into pairs; none for odd n."""
    return _pair(tuple(range(1, check_count("n", n, minimum=0) + 1)), noncrossing=True)


def _grow(n: int, choices: Callable[[list[list[int]]], Iterable[int]]) -> Iterator[Partition]:
    """Place 1, ..., n one after the other: into a block named by `choices`, or into a new one."""
    blocks: list[list[int]] = []

    def place(element: int) -> Iterator[Partition]:
        if element > n:
            yield tuple(map(tuple, blocks))
            return
        for index in list(choices(blocks)):
            blocks[index].append(element)
            yield from place(element + 1)
            blocks[index].pop()
        blocks.append([element])
        yield from place(element + 1)
        blocks.pop()

    return place(1)


def _pair(elements: Block, noncrossing: bool) -> Iterator[Partition]:
    if len(elements) % 2:
        return
    if not elements:
        yield ()
        return
    first = elements[0]
    # an arc of a non-crossing pairing encloses an even number of points
    for position in range(1, len(elements), 2 if noncrossing else 1):
        inside, outside = elements[1:position], elements[position + 1 :]
        rests = _pair(inside + outside, False)
        if noncrossing:
            rests = (a + b for a in _pair(inside, True) for b in _pair(outside, True))
        for rest in rests:
            yield ((first, elements[position]), *rest)


def as_partition(blocks: Iterable[Iterable[int]]) -> Partition:
    """Return the blocks in canonical order, after checking that they partition {1, ..., n}.

    Raises
    ------
    ValueError
        If a block is empty, or the blocks overlap or leave out a number.
    """
    partition = tuple(sorted(tuple(sorted(map(operator.index, block))) for block in blocks))
    elements = sorted(element for block in partition for element in block)
    if () in partition or elements != list(range(1, len(elements) + 1)):
        raise ValueError(f"blocks must be disjoint, not empty, and cover {{1, ..., n}} for some n, got {partition!r}")
    return partition


def is_noncrossing(partition: Iterable[Iterable[int]]) -> bool:
    """Whether no a < b < c < d has a, c in one block and b, d in another."""
    blocks = as_partition(partition)
    return not any(_cross(v, w) for i, v in enumerate(blocks) for w in blocks[:i])


def _cross(v: Block, w: Block) -> bool:
    """Whether two disjoint blocks cross: read in order, their labels alternate at least three times."""
    labels = [element in v for element in sorted(v + w)]
    return sum(a != b for a, b in itertools.pairwise(labels)) >= 3


def _size(partition: Partition) -> int:
    return sum(map(len, partition))


def _require_noncrossing(name: str, partition: Iterable[Iterable[int]]) -> Partition:
    blocks = as_partition(partition)
    if not is_noncrossing(blocks):
        raise ValueError(f"{name} must be non-crossing, got {blocks!r}")
    return blocks


def _same_size(a: Partition, b: Partition) -> None:
    if _size(a) != _size(b):
        raise ValueError(f"the partitions must have equal size, got {a!r} and {b!r}")


# ---------------------------------------------------------------------- the lattice of non-crossing partitions
def refines(lower: Iterable[Iterable[int]], upper: Iterable[Iterable[int]]) -> bool:
    """Whether ``lower <= upper``: every block of `lower` lies inside a block of `upper`."""
    fine, coarse = as_partition(lower), as_partition(upper)
    _same_size(fine, coarse)
    label = {element: index for index, block in enumerate(coarse) for element in block}
    return all(len({label[element] for element in block}) == 1 for block in fine)


def meet(a: Iterable[Iterable[int]], b: Iterable[Iterable[int]]) -> Partition:
    """The coarsest partition finer than both: their blocks intersected."""
    first, second = as_partition(a), as_partition(b)
    _same_size(first, second)
    common = (tuple(sorted(set(v) & set(w))) for v in first for w in second)
    return tuple(sorted(block for block in common if block))


def join(a: Iterable[Iterable[int]], b: Iterable[Iterable[int]]) -> Partition:
    """The finest *non-crossing* partition coarser than both.

    It can be coarser than the join among all partitions: blocks that cross are merged.
    """
    first, second = as_partition(a), as_partition(b)
    _same_size(first, second)
    merged = list(first)
    for block in second:
        touched = [v for v in merged if set(v) & set(block)]
        merged = [v for v in merged if v not in touched] + [tuple(sorted(sum(touched, ())))]
    while crossing := [(v, w) for i, v in enumerate(merged) for w in merged[:i] if _cross(v, w)]:
        v, w = crossing[0]
        merged = [u for u in merged if u not in (v, w)] + [tuple(sorted(v + w))]
    return tuple(sorted(merged))


def covers(partition: Iterable[Iterable[int]]) -> list[Partition]:
    """The partitions that cover it in NC(n): two blocks merged, still non-crossing; sorted."""
    blocks = _require_noncrossing("partition", partition)
    above = []
    for i, v in enumerate(blocks):
        for w in blocks[:i]:
            candidate = tuple(sorted([u for u in blocks if u not in (v, w)] + [tuple(sorted(v + w))]))
            if is_noncrossing(candidate):
                above.append(candidate)
    return sorted(above)


def hasse_diagram(n: int) -> list[tuple[Partition, Partition]]:
    """The edges ``(lower, upper)`` of the Hasse diagram of NC(n): C(2n, n−2) of them, 28 for n = 4.

    The height of a partition in the picture is its rank, n minus the number of blocks.
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

    Raises
    ------
    ValueError
        If the partition is crossing.
    """
    blocks = _require_noncrossing("partition", partition)
    n = _size(blocks)
    previous = {element: v[i - 1] for v in blocks for i, element in enumerate(v)}
    if inverse:
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
    """
    blocks = as_partition(partition)
    n = _size(blocks)
    previous = {element: v[i - 1] for v in blocks for i, element in enumerate(v)}
    faces = len(_cycles({i: previous[i % n + 1] for i in previous}))
    return (n + 1 - len(blocks) - faces) // 2 if n else 0


# ---------------------------------------------------------------------- counts
def catalan(n: int) -> int:
    """Catalan number C(2n, n)/(n + 1): the size of NC(n), and moment 2n of the semicircle law."""
    order = check_count("n", n, minimum=0)
    return math.comb(2 * order, order) // (order + 1)


def narayana(n: int, k: int) -> int:
    """Narayana number: how many partitions in NC(n) have k blocks; moment n of Marchenko-Pastur sums them."""
    size, blocks = check_count("n", n), check_count("k", k)
    return math.comb(size, blocks) * math.comb(size, blocks - 1) // size


def fuss_catalan(s: int, n: int) -> int:
    """Fuss-Catalan number C((s+1)n, n)/(sn + 1): moment n of the s-fold free product of Marchenko-Pastur laws.

    It counts the multichains of length s in NC(n) (Edelman 1980); s = 1 gives the Catalan numbers.
    """
    power, order = check_count("s", s), check_count("n", n, minimum=0)
    return math.comb((power + 1) * order, order) // (power * order + 1)


def kreweras_number(block_sizes: Sequence[int]) -> int:
    """How many partitions in NC(n) have the given block sizes: n!/((n + 1 − b)! Π m_i!) (Kreweras 1972)."""
    sizes = [check_count("block_sizes", size) for size in block_sizes]
    n, b = sum(sizes), len(sizes)
    repeats = math.prod(math.factorial(sizes.count(size)) for size in set(sizes))
    return math.factorial(n) // (math.factorial(n + 1 - b) * repeats) if n else 1


def harer_zagier(n: int) -> tuple[int, ...]:
    """How many pairings of {1, ..., 2n} have genus 0, 1, ..., n // 2 (Harer-Zagier 1986).

    An N x N GUE matrix with variance 1/N per entry has E tr X^{2n} = Σ_g harer_zagier(n)[g] N^{−2g} exactly.
    """
    order = check_count("n", n, minimum=0)
    rows = [[1], [1]]
    for m in range(2, order + 1):
        before, two_before = rows[m - 1] + [0], [0, *rows[m - 2]]
        rows.append(
            [
                (2 * (2 * m - 1) * before[g] + (2 * m - 1) * (m - 1) * (2 * m - 3) * two_before[g]) // (m + 1)
                for g in range(m // 2 + 1)
            ]
        )
    return tuple(rows[order])


# ---------------------------------------------------------------------- moments and cumulants
def multiplicative_extension(sequence: Sequence[Any], partition: Iterable[Iterable[int]]) -> Any:
    """Product of ``sequence[|V| - 1]`` over the blocks V: κ_π of cumulants, m_π of moments."""
    return math.prod(sequence[len(block) - 1] for block in as_partition(partition))


def free_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Free cumulants κ_1, ..., κ_k from the moments m_1, ..., m_k.

    Inverts m_n = Σ_{π ∈ NC(n)} κ_π (Speicher 1994) through C(z M(z)) = M(z) for the generating functions
    M(z) = 1 + Σ m_k z^k, C(w) = 1 + Σ κ_k w^k (Nica-Speicher 2006, Theorem 10.23); O(k³) ring operations.
    """
    (scaled,), scale = _integers(moments)
    series = [1, *scaled]
    powers = _Powers()
    cumulants: list[Any] = []
    for n in range(1, len(series)):
        powers.append(series[n - 1])
        cumulants.append(series[n] - _dot(cumulants, powers.column(n)))
    return _unscale(cumulants, scale)


def moments_from_free_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the free cumulants: m_n = Σ_{π ∈ NC(n)} κ_π (Speicher 1994)."""
    (kappa,), scale = _integers(cumulants)
    powers = _Powers()
    series: list[Any] = [1]
    for n in range(1, len(kappa) + 1):
        powers.append(series[n - 1])
        series.append(_dot(kappa, powers.column(n)))
    return _unscale(series[1:], scale)


def boolean_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Boolean cumulants b_1, ..., b_k: the inverse of m_n = Σ b_π over interval partitions (Speicher-Woroudi 1997).

    They are the coefficients of the self-energy z − 1/G(z) = b_1 + b_2/z + b_3/z² + ...
    """
    (series,), scale = _integers(moments)
    cumulants: list[Any] = []
    for n, moment in enumerate(series):
        cumulants.append(moment - _dot(cumulants, series[:n][::-1]))
    return _unscale(cumulants, scale)


def moments_from_boolean_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the Boolean cumulants: m_n = Σ b_π over the interval partitions."""
    (beta,), scale = _integers(cumulants)
    series: list[Any] = [1]
    for _ in beta:
        series.append(_dot(beta, series[::-1]))
    return _unscale(series[1:], scale)


def classical_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Classical cumulants (semi-invariants) c_1, ..., c_k: the inverse of m_n = Σ c_π over all partitions."""
    (scaled,), scale = _integers(moments)
    series = [1, *scaled]
    cumulants: list[Any] = []
    for n in range(1, len(series)):
        weighted = [math.comb(n - 1, j) * series[n - 1 - j] for j in range(n - 1)]
        cumulants.append(series[n] - _dot(cumulants, weighted))
    return _unscale(cumulants, scale)


def moments_from_classical_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the classical cumulants: m_n = Σ c_π over all set partitions."""
    (values,), scale = _integers(cumulants)
    series: list[Any] = [1]
    for n in range(1, len(values) + 1):
        series.append(_dot(values, [math.comb(n - 1, j) * series[n - 1 - j] for j in range(n)]))
    return _unscale(series[1:], scale)


# ---------------------------------------------------------------------- S-transform and free convolutions
def s_transform_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Coefficients s_0, ..., s_{k−1} of S(m) = Σ s_j m^j from the moments m_1, ..., m_k (Voiculescu 1987).

    S(m) = (1 + m) χ(m)/m, where χ is the inverse of ψ(w) = Σ m_k w^k.

    Raises
    ------
    ValueError
        If the first moment is 0: S is then not a power series.
    """
    chi = _revert("the first moment", [0, *map(_exact, moments)])
    return [chi[j + 1] + chi[j] for j in range(len(moments))]


def moments_from_s_transform(coefficients: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the coefficients s_0, ..., s_{k−1} of the S-transform.

    Raises
    ------
    ValueError
        If s_0 = 1/m_1 is 0.
    """
    chi: list[Any] = [0]
    for coefficient in map(_exact, coefficients):
        chi.append(coefficient - chi[-1])
    return _revert("the constant coefficient of S", chi)[1:]


def rectangular_cumulants_from_moments(moments: Sequence[Any], ratio: Any) -> list[Any]:
    """Rectangular free cumulants of X from the moments of X X*, for X with ``ratio`` = rows/columns.

    With ψ(s) = Σ m_k s^k they are the coefficients of C(u) = ψ(s) at u = s (1 + ψ)(1 + ratio ψ), and add for sums of
    free rectangular matrices (Benaych-Georges 2009). Ratio 0 gives the free cumulants of X X*, ratio 1 those of
    even order of the symmetrised law of the singular values.
    """
    c = _exact(ratio)
    (scaled,), scale = _integers(moments)
    powers = _Powers()
    cumulants: list[Any] = []
    for n in range(1, len(scaled) + 1):
        powers.append(_quadratic(scaled[: n - 1], c))
        cumulants.append(scaled[n - 1] - _dot(cumulants, powers.column(n)))
    return _unscale(cumulants, scale)


def moments_from_rectangular_cumulants(cumulants: Sequence[Any], ratio: Any) -> list[Any]:
    """Moments of X X* from the rectangular free cumulants of X, the inverse of the function above."""
    c = _exact(ratio)
    (kappa,), scale = _integers(cumulants)
    powers = _Powers()
    series: list[Any] = []
    for n in range(1, len(kappa) + 1):
        powers.append(_quadratic(series, c))
        series.append(_dot(kappa, powers.column(n)))
    return _unscale(series, scale)


def _quadratic(series: Sequence[Any], ratio: Any) -> Any:
    """Coefficient of s^k in (1 + ψ)(1 + ratio ψ), for the k known coefficients of ψ."""
    if not series:
        return 1
    return (1 + ratio) * series[-1] + ratio * _dot(series[:-1], series[-2::-1])


def boxplus_moments(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Moments of a + b for free a and b: the free cumulants add. As many as the shorter sequence has."""
    kappa = zip(free_cumulants_from_moments(a), free_cumulants_from_moments(b), strict=False)
    return moments_from_free_cumulants([x + y for x, y in kappa])


def boxtimes_moments(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Moments of the free product: m_n(ab) = Σ_{π ∈ NC(n)} κ_π(a) m_{K(π)}(b) (Nica-Speicher 2006, Theorem 14.4).

    Computed from the subordination equations q_a = s k_b(q_b), q_b = s k_a(q_a) of the self-energies
    k = Σ b_{j+1} s^j over power series in s = 1/z, in O(k³) ring operations without division: the first moments
    may be 0, where the S-transform does not exist.
    """
    order = min(len(a), len(b))
    (of_a, of_b), scale = _integers(a[:order], b[:order])
    first, second = boolean_cumulants_from_moments(of_a), boolean_cumulants_from_moments(of_b)
    q_first, q_second = _Powers(), _Powers()
    for n in range(1, order + 1):
        # [s^(n-1)] of k(q): the constant term of k, then the powers of q
        of_first = first[0] if n == 1 else _dot(first[1:], q_first.column(n - 1))
        of_second = second[0] if n == 1 else _dot(second[1:], q_second.column(n - 1))
        q_first.append(of_second)
        q_second.append(of_first)
    beta = _multiply(q_first.series[1:], q_second.series[1:])
    return _unscale(moments_from_boolean_cumulants(beta), scale and scale * scale)


def compression_moments(moments: Sequence[Any], fraction: Any) -> list[Any]:
    """Moments of the free compression p a p, in the corner of the free projection p of trace `fraction`.

    Its free cumulants are κ_n fraction^{n−1} (Nica-Speicher 2006, Corollary 14.13).
    """
    alpha = _exact(fraction)
    kappa = free_cumulants_from_moments(moments)
    return moments_from_free_cumulants([k * alpha**n for n, k in enumerate(kappa)])


# ---------------------------------------------------------------------- power series
class _Powers:
    """Coefficients of the powers of a series q without constant term, known so far: extended one by one."""

    def __init__(self) -> None:
        self.series: list[Any] = [0]
        self._rows: list[list[Any]] = [[1]]

    def append(self, coefficient: Any) -> None:
        """Append the next coefficient q_n, and with it the coefficient of s^n in q, q², ..., q^n."""
        q = self.series
        q.append(coefficient)
        n = len(q) - 1
        self._rows[0].append(0)
        self._rows.append([0] * n)
        for j in range(1, n + 1):
            below = self._rows[j - 1]
            total: Any = 0
            for i in range(1, n - j + 2):
                if q[i] != 0 and below[n - i] != 0:
                    total = total + q[i] * below[n - i]
            self._rows[j].append(total)

    def column(self, n: int) -> list[Any]:
        """The coefficients of s^n in q, q², ..., q^n."""
        return [self._rows[j][n] for j in range(1, n + 1)]


def _revert(name: str, series: Sequence[Any]) -> list[Any]:
    """Compositional inverse of a series without constant term; divides by its linear coefficient only."""
    if len(series) == 1:
        return [0]
    lead = series[1]
    if lead == 0:
        raise ValueError(f"{name} must not be 0, got {lead!r}: then the S-transform is not a power series")
    if all(isinstance(x, numbers.Rational) for x in series):
        return _revert_rational(lead, series)
    powers = _Powers()
    inverse: list[Any] = []
    for n in range(1, len(series)):
        powers.append(series[n])
        target = 1 if n == 1 else 0
        inverse.append((target - _dot(inverse, powers.column(n))) / lead**n)
    return [0, *inverse]


def _revert_rational(lead: Any, series: Sequence[Any]) -> list[Any]:
    """The same for rationals, in integers: f(s) = lead d h(s/d) with h_1 = 1 and integer h_n."""
    monic = [Fraction(x) / lead for x in series[2:]]
    d = _common_scale(monic)
    scaled = [1, *(int(x * d**n) for n, x in enumerate(monic, start=1))]
    powers = _Powers()
    inverse: list[int] = []
    for n, coefficient in enumerate(scaled, start=1):
        powers.append(coefficient)
        inverse.append((n == 1) - _dot(inverse, powers.column(n)))
    return [Fraction(0), *(Fraction(x) / d ** (n - 1) / lead**n for n, x in enumerate(inverse, start=1))]


def _multiply(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Product of two power series of the same length, truncated to it."""
    return [_dot(a[: n + 1], b[n::-1]) for n in range(len(a))]


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Sum of products over the shorter length."""
    total: Any = 0
    for x, y in zip(a, b, strict=False):
        total = total + x * y
    return total


def _exact(value: Any) -> Any:
    """Python's own integers for integers of any origin: NumPy's would overflow."""
    return int(value) if isinstance(value, numbers.Integral) else value


def _integers(*sequences: Sequence[Any]) -> tuple[list[list[Any]], int | None]:
    """Scale fractions by d^n in place n to integers, which are many times faster; find d.

    Moments and cumulants are homogeneous of degree n, so the results scale alike. Anything but fractions stays
    as it is, with None for d.
    """
    values = [list(map(_exact, sequence)) for sequence in sequences]
    flat = [x for sequence in values for x in sequence]
    if not all(isinstance(x, numbers.Rational) for x in flat) or all(isinstance(x, int) for x in flat):
        return values, None
    scale = math.lcm(*map(_common_scale, values))
    return [[int(x * scale**n) for n, x in enumerate(sequence, start=1)] for sequence in values], scale


def _common_scale(values: Sequence[Any]) -> int:
    """An integer d such that d^n times the n-th rational is an integer, for n = 1, 2, ..."""
    scale = 1
    for n, x in enumerate(values, start=1):
        missing = x.denominator // math.gcd(x.denominator, scale**n)
        twos = (missing & -missing).bit_length() - 1  # the denominators of floats are powers of 2
        scale *= (missing >> twos) << -(-twos // n)
    return scale


def _unscale(values: list[Any], scale: int | None) -> list[Any]:
    return values if scale is None else [Fraction(x) / scale**n for n, x in enumerate(values, start=1)]
