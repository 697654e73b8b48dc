"""Moments, and the free, Boolean, classical and rectangular cumulants they have; free convolutions of moments.

Sequences of numbers may hold the elements of any commutative ring: ``int``, ``Fraction``, symbols, polynomials.
Integers and fractions stay exact; nothing is divided except by a first moment where a function says so.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

from rmt.combinatorics.partitions import as_partition
from rmt.combinatorics.power_series import (
    Powers,
    check_with_floats,
    dot,
    element_of,
    integers,
    multiply,
    numbers_of,
    revert,
    unscale,
)
from rmt.errors import check_real


def multiplicative_extension(sequence: Sequence[Any], partition: Iterable[Iterable[int]]) -> Any:
    """Product of ``sequence[|V| - 1]`` over the blocks V: κ_π of cumulants, m_π of moments.

    Parameters
    ----------
    sequence : sequence
        Moments or cumulants of orders 1, 2, ..., at least up to the largest block.
    partition : iterable of iterable of int
        Blocks of a partition of {1, ..., n}, in any order.

    Returns
    -------
    number

    Raises
    ------
    TypeError
        If `sequence` or `partition` is not of the kind named above.
    ValueError
        If `sequence` is out of the range named above.

    References
    ----------
    Speicher 1994.

    Examples
    --------
    >>> multiplicative_extension([1, 2, 5], [[1, 2, 3], [4, 5]])
    10
    """
    values, blocks = numbers_of(sequence), as_partition(partition)
    largest = max(map(len, blocks), default=0)
    if largest > len(values):
        raise ValueError(f"sequence must reach order {largest}, the largest block, got {len(values)} numbers")
    return math.prod(values[len(block) - 1] for block in blocks)


def free_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Free cumulants κ_1, ..., κ_k from the moments m_1, ..., m_k.

    Inverts m_n = Σ_{π ∈ NC(n)} κ_π (Speicher 1994) through C(z(1 + ψ(z))) = 1 + ψ(z) for the generating functions ψ(z)
    = Σ m_k z^k = M(1/z) and C(w) = 1 + Σ κ_k w^k (Nica-Speicher 2006, Theorem 10.23); O(k³) ring operations.

    Parameters
    ----------
    moments : sequence
        Moments m_1, ..., m_k, without m_0 = 1: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `moments` is not of the kind named above.
    ValueError
        If `moments` is out of the range named above.

    Examples
    --------
    >>> free_cumulants_from_moments([1, 2, 5, 14])  # Marchenko-Pastur: all cumulants are 1
    [1, 1, 1, 1]
    """
    (scaled,), scale = integers(moments)
    series = [1, *scaled]
    powers = Powers()
    cumulants: list[Any] = []
    for n in range(1, len(series)):
        powers.append(series[n - 1])
        cumulants.append(series[n] - dot(cumulants, powers.column(n)))
    return unscale(cumulants, scale)


def moments_from_free_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the free cumulants: m_n = Σ_{π ∈ NC(n)} κ_π (Speicher 1994).

    Parameters
    ----------
    cumulants : sequence
        Cumulants of orders 1, ..., k: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `cumulants` is not of the kind named above.
    ValueError
        If `cumulants` is out of the range named above.

    Examples
    --------
    >>> moments_from_free_cumulants([0, 1, 0, 0, 0, 0])  # a semicircle
    [0, 1, 0, 2, 0, 5]
    """
    (kappa,), scale = integers(cumulants)
    powers = Powers()
    series: list[Any] = [1]
    for n in range(1, len(kappa) + 1):
        powers.append(series[n - 1])
        series.append(dot(kappa, powers.column(n)))
    return unscale(series[1:], scale)


def boolean_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Boolean cumulants b_1, ..., b_k: the inverse of m_n = Σ b_π over interval partitions (Speicher-Woroudi 1997).

    They are the coefficients of the self-energy z − 1/G(z) = b_1 + b_2/z + b_3/z² + ...

    Parameters
    ----------
    moments : sequence
        Moments m_1, ..., m_k, without m_0 = 1: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `moments` is not of the kind named above.
    ValueError
        If `moments` is out of the range named above.

    Examples
    --------
    >>> boolean_cumulants_from_moments([0, 1, 0, 1])  # the Rademacher law
    [0, 1, 0, 0]
    """
    (series,), scale = integers(moments)
    cumulants: list[Any] = []
    for n, moment in enumerate(series):
        cumulants.append(moment - dot(cumulants, series[:n][::-1]))
    return unscale(cumulants, scale)


def moments_from_boolean_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the Boolean cumulants: m_n = Σ b_π over the interval partitions.

    Parameters
    ----------
    cumulants : sequence
        Cumulants of orders 1, ..., k: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `cumulants` is not of the kind named above.
    ValueError
        If `cumulants` is out of the range named above.

    References
    ----------
    Speicher and Woroudi 1997.

    Examples
    --------
    >>> moments_from_boolean_cumulants([0, 1, 0, 0])
    [0, 1, 0, 1]
    """
    (beta,), scale = integers(cumulants)
    series: list[Any] = [1]
    for _ in beta:
        series.append(dot(beta, series[::-1]))
    return unscale(series[1:], scale)


def classical_cumulants_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Classical cumulants (semi-invariants) c_1, ..., c_k: the inverse of m_n = Σ c_π over all partitions.

    Parameters
    ----------
    moments : sequence
        Moments m_1, ..., m_k, without m_0 = 1: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `moments` is not of the kind named above.
    ValueError
        If `moments` is out of the range named above.

    Examples
    --------
    >>> classical_cumulants_from_moments([0, 1, 0, 3, 0, 15])  # a Gaussian law
    [0, 1, 0, 0, 0, 0]
    """
    (scaled,), scale = integers(moments)
    series = [1, *scaled]
    cumulants: list[Any] = []
    for n in range(1, len(series)):
        weighted = [math.comb(n - 1, j) * series[n - 1 - j] for j in range(n - 1)]
        cumulants.append(series[n] - dot(cumulants, weighted))
    return unscale(cumulants, scale)


def moments_from_classical_cumulants(cumulants: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the classical cumulants: m_n = Σ c_π over all set partitions.

    Parameters
    ----------
    cumulants : sequence
        Cumulants of orders 1, ..., k: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `cumulants` is not of the kind named above.
    ValueError
        If `cumulants` is out of the range named above.

    Examples
    --------
    >>> moments_from_classical_cumulants([0, 1, 0, 0, 0, 0])
    [0, 1, 0, 3, 0, 15]
    """
    (values,), scale = integers(cumulants)
    series: list[Any] = [1]
    for n in range(1, len(values) + 1):
        series.append(dot(values, [math.comb(n - 1, j) * series[n - 1 - j] for j in range(n)]))
    return unscale(series[1:], scale)


# ---------------------------------------------------------------------- S-transform and free convolutions
def s_transform_from_moments(moments: Sequence[Any]) -> list[Any]:
    """Coefficients s_0, ..., s_{k−1} of S(m) = Σ s_j m^j from the moments m_1, ..., m_k (Voiculescu 1987).

    S(m) = (1 + m) χ(m)/m, where χ is the inverse of ψ(w) = Σ m_k w^k.

    Parameters
    ----------
    moments : sequence
        Moments m_1, ..., m_k, without m_0 = 1: numbers or elements of any commutative ring.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `moments` is not of the kind named above.
    ValueError
        If the first moment is 0: S is then not a power series.

    Examples
    --------
    >>> s_transform_from_moments([1, 2, 5])  # 1/(1 + m)
    [Fraction(1, 1), Fraction(-1, 1), Fraction(1, 1)]
    """
    chi = revert("the first moment", [0, *numbers_of(moments)])
    return [chi[j + 1] + chi[j] for j in range(len(moments))]


def moments_from_s_transform(coefficients: Sequence[Any]) -> list[Any]:
    """Moments m_1, ..., m_k from the coefficients s_0, ..., s_{k−1} of the S-transform.

    Parameters
    ----------
    coefficients : sequence
        Coefficients s_0, ..., s_{k−1} of S(m) = Σ s_j m^j.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `coefficients` is not of the kind named above.
    ValueError
        If s_0 = 1/m_1 is 0.

    References
    ----------
    Voiculescu 1987.

    Examples
    --------
    >>> moments_from_s_transform([1, -1, 1])  # 1/(1 + m): Marchenko-Pastur
    [Fraction(1, 1), Fraction(2, 1), Fraction(5, 1)]
    """
    chi: list[Any] = [0]
    for coefficient in numbers_of(coefficients):
        chi.append(coefficient - chi[-1])
    return revert("the constant coefficient of S", chi)[1:]


def rectangular_cumulants_from_moments(moments: Sequence[Any], ratio: Any) -> list[Any]:
    """Rectangular free cumulants of X from the moments of X X*, for X with ``ratio`` = rows/columns.

    With ψ(s) = Σ m_k s^k they are the coefficients of C(u) = ψ(s) at u = s (1 + ψ)(1 + ratio ψ), and add for sums of
    free rectangular matrices (Benaych-Georges 2009). Ratio 0 gives the free cumulants of X X*, ratio 1 those of
    even order of the symmetrised law of the singular values.

    Parameters
    ----------
    moments : sequence
        Moments m_1, ..., m_k of X X*.
    ratio : number
        Rows over columns of X, >= 0.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `moments` or `ratio` is not of the kind named above.
    ValueError
        If `moments` or `ratio` is out of the range named above.

    Examples
    --------
    >>> rectangular_cumulants_from_moments([1, 2, 5], 1)
    [1, 0, 0]
    """
    c = _ratio(ratio, moments)
    (scaled,), scale = integers(moments)
    powers = Powers()
    cumulants: list[Any] = []
    for n in range(1, len(scaled) + 1):
        powers.append(_quadratic(scaled[: n - 1], c))
        cumulants.append(scaled[n - 1] - dot(cumulants, powers.column(n)))
    return unscale(cumulants, scale)


def moments_from_rectangular_cumulants(cumulants: Sequence[Any], ratio: Any) -> list[Any]:
    """Moments of X X* from the rectangular free cumulants of X, the inverse of the function above.

    Parameters
    ----------
    cumulants : sequence
        Cumulants of orders 1, ..., k: numbers or elements of any commutative ring.
    ratio : number
        Rows over columns of X, >= 0.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `cumulants` or `ratio` is not of the kind named above.
    ValueError
        If `cumulants` or `ratio` is out of the range named above.

    References
    ----------
    Benaych-Georges 2009.

    Examples
    --------
    >>> moments_from_rectangular_cumulants([1, 0, 0], 1)  # Gaussian matrices: Marchenko-Pastur
    [1, 2, 5]
    """
    c = _ratio(ratio, cumulants)
    (kappa,), scale = integers(cumulants)
    powers = Powers()
    series: list[Any] = []
    for n in range(1, len(kappa) + 1):
        powers.append(_quadratic(series, c))
        series.append(dot(kappa, powers.column(n)))
    return unscale(series, scale)


def _ratio(ratio: Any, sequence: Sequence[Any]) -> Any:
    """Return the ratio, >= 0 if it is a number."""
    value = element_of("ratio", ratio)
    if isinstance(value, float):
        for element in numbers_of(sequence):
            check_with_floats(element)
    return check_real("ratio", value, at_least=0.0) if isinstance(value, numbers.Real) else value


def _quadratic(series: Sequence[Any], ratio: Any) -> Any:
    """Coefficient of s^k in (1 + ψ)(1 + ratio ψ), for the k known coefficients of ψ."""
    if not series:
        return 1
    return (1 + ratio) * series[-1] + ratio * dot(series[:-1], series[-2::-1])


def boxplus_moments(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Moments of a + b for free a and b: the free cumulants add. As many as the shorter sequence has.

    Parameters
    ----------
    a, b : sequence
        Moments of a and of b from order 1 on, without m_0 = 1.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `a` or `b` is not of the kind named above.
    ValueError
        If `a` or `b` is out of the range named above.

    References
    ----------
    Voiculescu 1986; Speicher 1994.

    Examples
    --------
    >>> boxplus_moments([0, 1, 0, 2], [0, 1, 0, 2])  # two semicircles: one of variance 2
    [0, 2, 0, 8]
    """
    kappa = zip(free_cumulants_from_moments(a), free_cumulants_from_moments(b), strict=False)
    return moments_from_free_cumulants([x + y for x, y in kappa])


def boxtimes_moments(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Moments of the free product: m_n(ab) = Σ_{π ∈ NC(n)} κ_π(a) m_{K(π)}(b) (Nica-Speicher 2006, Theorem 14.4).

    Computed from the subordination equations q_a = s k_b(q_b), q_b = s k_a(q_a) of the self-energies
    k = Σ b_{j+1} s^j over power series in s = 1/z, in O(k³) ring operations without division: the first moments
    may be 0, where the S-transform does not exist.

    Parameters
    ----------
    a, b : sequence
        Moments of a and of b from order 1 on, without m_0 = 1.

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `a` or `b` is not of the kind named above.
    ValueError
        If `a` or `b` is out of the range named above.

    Examples
    --------
    >>> boxtimes_moments([1, 2, 5], [1, 2, 5])  # Marchenko-Pastur squared: Fuss-Catalan numbers
    [1, 3, 12]
    """
    of_a, of_b = numbers_of(a), numbers_of(b)
    order = min(len(of_a), len(of_b))
    (of_a, of_b), scale = integers(of_a[:order], of_b[:order])
    first, second = boolean_cumulants_from_moments(of_a), boolean_cumulants_from_moments(of_b)
    q_first, q_second = Powers(), Powers()
    for n in range(1, order + 1):
        # [s^(n-1)] of k(q): the constant term of k, then the powers of q
        of_first = first[0] if n == 1 else dot(first[1:], q_first.column(n - 1))
        of_second = second[0] if n == 1 else dot(second[1:], q_second.column(n - 1))
        q_first.append(of_second)
        q_second.append(of_first)
    beta = multiply(q_first.series[1:], q_second.series[1:])
    return unscale(moments_from_boolean_cumulants(beta), scale and scale * scale)


def compression_moments(moments: Sequence[Any], fraction: Any) -> list[Any]:
    """Moments of the free compression p a p, in the corner of the free projection p of trace `fraction`.

    Its free cumulants are κ_n fraction^{n−1} (Nica-Speicher 2006, lecture 14).

    Parameters
    ----------
    moments : sequence
        Moments m_1, ..., m_k, without m_0 = 1: numbers or elements of any commutative ring.
    fraction : number
        Trace of the projection, in (0, 1].

    Returns
    -------
    list

    Raises
    ------
    TypeError
        If `moments` or `fraction` is not of the kind named above.
    ValueError
        If `fraction` is a number outside (0, 1].

    Examples
    --------
    >>> from fractions import Fraction
    >>> compression_moments([0, 1, 0, 2], Fraction(1, 2))  # a semicircle of variance 1/2
    [Fraction(0, 1), Fraction(1, 2), Fraction(0, 1), Fraction(1, 2)]
    """
    alpha = element_of("fraction", fraction)
    if isinstance(alpha, numbers.Real):
        check_real("fraction", alpha, above=0.0, at_most=1.0)
    if isinstance(alpha, float):
        for element in numbers_of(moments):
            check_with_floats(element)
    kappa = free_cumulants_from_moments(moments)
    return moments_from_free_cumulants([k * alpha**n for n, k in enumerate(kappa)])
