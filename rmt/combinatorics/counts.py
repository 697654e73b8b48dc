"""Numbers of partitions and pairings of every kind, as exact integers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rmt.errors import check_count, check_items


def catalan(n: int) -> int:
    """Catalan number C(2n, n)/(n + 1): the size of NC(n), and moment 2n of the semicircle law.

    Parameters
    ----------
    n : int
        Index, >= 0.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    Examples
    --------
    >>> [catalan(n) for n in range(6)]
    [1, 1, 2, 5, 14, 42]
    """
    order = check_count("n", n, minimum=0)
    return math.comb(2 * order, order) // (order + 1)


def narayana(n: int, k: int) -> int:
    """Narayana number: how many partitions in NC(n) have k blocks; moment n of Marchenko-Pastur sums them.

    Parameters
    ----------
    n : int
        Size of the set, >= 1.
    k : int
        Number of blocks, >= 1.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `n` or `k` is not of the kind named above.
    ValueError
        If `n` or `k` is out of the range named above.

    References
    ----------
    Kreweras 1972.

    Examples
    --------
    >>> [narayana(4, k) for k in range(1, 5)]
    [1, 6, 6, 1]
    """
    size, blocks = check_count("n", n), check_count("k", k)
    return math.comb(size, blocks) * math.comb(size, blocks - 1) // size


def fuss_catalan(s: int, n: int) -> int:
    """Fuss-Catalan number C((s+1)n, n)/(sn + 1): moment n of the s-fold free product of Marchenko-Pastur laws.

    It counts the multichains of length s in NC(n) (Edelman 1980); s = 1 gives the Catalan numbers.

    Parameters
    ----------
    s : int
        Number of factors, >= 1.
    n : int
        Order of the moment, >= 0.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `s` or `n` is not of the kind named above.
    ValueError
        If `s` or `n` is out of the range named above.

    Examples
    --------
    >>> [fuss_catalan(2, n) for n in range(5)]
    [1, 1, 3, 12, 55]
    """
    power, order = check_count("s", s), check_count("n", n, minimum=0)
    return math.comb((power + 1) * order, order) // (power * order + 1)


def kreweras_number(block_sizes: Sequence[int]) -> int:
    """How many partitions in NC(n) have the given block sizes: n!/((n + 1 − b)! Π m_i!) (Kreweras 1972).

    Parameters
    ----------
    block_sizes : sequence of int
        Sizes >= 1 of all blocks, in any order; n is their sum.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `block_sizes` is not of the kind named above.
    ValueError
        If `block_sizes` is out of the range named above.

    Examples
    --------
    >>> kreweras_number([2, 1, 1]), kreweras_number([2, 2])
    (6, 2)
    """
    sizes = [check_count("block_sizes", size) for size in check_items("block_sizes", block_sizes, "integers")]
    n, b = sum(sizes), len(sizes)
    repeats = math.prod(math.factorial(sizes.count(size)) for size in set(sizes))
    return math.factorial(n) // (math.factorial(n + 1 - b) * repeats) if n else 1


def harer_zagier(n: int) -> tuple[int, ...]:
    """How many pairings of {1, ..., 2n} have genus 0, 1, ..., n // 2 (Harer-Zagier 1986).

    An N x N GUE matrix with variance 1/N per entry has E tr X^{2n} = Σ_g harer_zagier(n)[g] N^{−2g} exactly.

    Parameters
    ----------
    n : int
        Half the order of the moment, >= 0.

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError
        If `n` is not of the kind named above.
    ValueError
        If `n` is out of the range named above.

    Examples
    --------
    >>> harer_zagier(2)  # E tr X⁴ = 2 + N^−2
    (2, 1)
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
