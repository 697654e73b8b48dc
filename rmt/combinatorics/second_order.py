"""Limit covariances of traces of words in second-order free variables, in exact arithmetic.

Traces of words in independent unitarily invariant matrices fluctuate by order 1. Words are expanded into cyclically
alternating products of centred powers; two of these of k >= 2 factors have the covariance Σ_r Π_i τ(a_i b_{r−i}), and
powers of one variable their own (Mingo, Śniady and Speicher 2007). In the real case the same sum over the transposed
word is added (Redelmeier 2014).
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

#: factors of a word after neighbours are joined
_LONGEST = 14


class Algebra(ABC):
    """One variable: moments of its powers, and covariances of their traces.

    Attributes
    ----------
    real : bool
        Whether the matrices are real, so that the transposed one is in the same algebra.
    """

    real = False

    @abstractmethod
    def moment(self, k: int) -> Fraction:
        """τ(x^k)."""

    @abstractmethod
    def covariance(self, p: int, q: int) -> Fraction:
        """Limit of Cov(Tr x^p, Tr x^q)."""

    def transposed(self, k: int) -> int:
        """The power that the transposed x^k is."""
        return k


class Semicircular(Algebra):
    """GUE, or GOE if `real`: x^p = Σ_k C(p, (p − k)/2) 2 T_k(x/2), and 2 T_k has the variance 2k/β."""

    def __init__(self, variance: Fraction = Fraction(1), real: bool = False) -> None:
        self.real, self._variance = real, variance

    def moment(self, k: int) -> Fraction:
        """Catalan numbers."""
        half = k // 2
        return Fraction(0) if k % 2 else self._variance**half * Fraction(math.comb(2 * half, half), half + 1)

    def covariance(self, p: int, q: int) -> Fraction:
        """Diagonal in Chebyshev polynomials."""
        if (p + q) % 2:
            return Fraction(0)
        total = sum(
            k * math.comb(p, (p - k) // 2) * math.comb(q, (q - k) // 2)
            for k in range(1, min(p, q) + 1)
            if (p - k) % 2 == 0
        )
        return Fraction((2 if self.real else 1) * total) * self._variance ** ((p + q) // 2)


class FreePoissonian(Algebra):
    """Wishart matrices A A*/m: x = (1 + √c e^{iθ})(1 + √c e^{−iθ}), and 2 cos kθ has the variance 2k/β."""

    def __init__(self, ratio: Fraction, scale: Fraction = Fraction(1), real: bool = False) -> None:
        self.real, self._ratio, self._scale = real, ratio, scale

    def moment(self, k: int) -> Fraction:
        """Narayana polynomials."""
        c = self._ratio
        total = sum((c**j * Fraction(math.comb(k, j) * math.comb(k, j + 1), k) for j in range(k)), Fraction(0))
        return self._scale**k * total if k else Fraction(1)

    def _coefficient(self, p: int, k: int) -> Fraction:
        return sum((math.comb(p, j) * math.comb(p, j + k) * self._ratio**j for j in range(p - k + 1)), Fraction(0))

    def covariance(self, p: int, q: int) -> Fraction:
        """Diagonal in the shifted Chebyshev polynomials."""
        total = sum(
            (k * self._ratio**k * self._coefficient(p, k) * self._coefficient(q, k) for k in range(1, min(p, q) + 1)),
            Fraction(0),
        )
        return (2 if self.real else 1) * total * self._scale ** (p + q)


class Haar(Algebra):
    """Haar unitary or, if `real`, orthogonal matrices; powers may be negative (Diaconis and Shahshahani 1994)."""

    def __init__(self, real: bool = False) -> None:
        self.real = real

    def moment(self, k: int) -> Fraction:
        """0 but for k = 0."""
        return Fraction(int(k == 0))

    def covariance(self, p: int, q: int) -> Fraction:
        """|p| where the powers are inverse; real traces are those of the inverse, too."""
        return Fraction(abs(p) if p + q == 0 or (self.real and p == q) else 0)

    def transposed(self, k: int) -> int:
        """The inverse, where it is orthogonal."""
        return -k


class Fixed(Algebra):
    """A matrix whose spectrum does not fluctuate, by its moments m_0, m_1, ..."""

    def __init__(self, moments: Sequence[Fraction], real: bool = True) -> None:
        self.real, self._moments = real, list(moments)

    def moment(self, k: int) -> Fraction:
        """As given."""
        return self._moments[k]

    def covariance(self, p: int, q: int) -> Fraction:
        """Nothing."""
        return Fraction(0)


#: powers of variables, read cyclically
Letters: TypeAlias = tuple[tuple[Algebra, int], ...]


def trace_covariance(first: Letters, second: Letters, *, real: bool = False) -> Fraction:
    """Limit of E[Tr v Tr w] − E[Tr v] E[Tr w] for two words, without complex conjugation.

    Parameters
    ----------
    first, second : tuple of (Algebra, int)
        Words as powers of variables.
    real : bool
        Whether the matrices are real (orthogonally invariant).

    Raises
    ------
    ValueError
        If a word is too long.

    Examples
    --------
    >>> x = Semicircular()
    >>> trace_covariance(((x, 2),), ((x, 4),))
    Fraction(8, 1)
    """
    total = Fraction(0)
    memory: dict[Letters, dict[Letters, Fraction]] = {}
    one, two = _expanded(first, memory), _expanded(second, memory)
    for (v, a), (w, b) in itertools.product(one.items(), two.items()):
        total += a * b * _of_centred(v, w, real)
    return total


def _joined(word: Letters) -> Letters:
    """Neighbours of one variable joined, cyclically."""
    out: list[tuple[Algebra, int]] = []
    for variable, k in word:
        if out and out[-1][0] is variable:
            k += out.pop()[1]
        if k:
            out.append((variable, k))
    while len(out) > 1 and out[0][0] is out[-1][0]:
        variable, k = out.pop()
        k += out[0][1]
        out = [(variable, k), *out[1:]] if k else out[1:]
        out = list(_joined(tuple(out)))
    return tuple(out)


def _expanded(word: Letters, memory: dict[Letters, dict[Letters, Fraction]]) -> dict[Letters, Fraction]:
    """The word as a combination of single powers and of alternating products that stand for centred factors."""
    word = _joined(word)
    if word in memory:
        return memory[word]
    if len(word) > _LONGEST:
        raise ValueError(
            f"a word of {len(word)} alternating factors is too long for exact covariances, at most {_LONGEST}"
        )
    out: dict[Letters, Fraction] = {word: Fraction(1)} if word else {}
    if len(word) > 1:
        means = [variable.moment(k) for variable, k in word]
        places = [i for i, m in enumerate(means) if m]
        for size in range(1, len(places) + 1):
            for chosen in itertools.combinations(places, size):
                weight = (-1) ** (size + 1) * math.prod(means[i] for i in chosen)
                rest = tuple(letter for i, letter in enumerate(word) if i not in chosen)
                for part, c in _expanded(rest, memory).items():
                    out[part] = out.get(part, Fraction(0)) + weight * c
    memory[word] = out
    return out


def _of_centred(v: Letters, w: Letters, real: bool) -> Fraction:
    if len(v) != len(w) or not v:
        return Fraction(0)
    if len(v) == 1:
        (x, p), (y, q) = v[0], w[0]
        return x.covariance(p, q) if x is y else Fraction(0)
    total = Fraction(0)
    size = len(v)
    for r in range(size):
        total += math.prod((_pair(v[i], w[(r - i) % size]) for i in range(size)), start=Fraction(1))
        if real and all(x.real for x, _ in w):
            turned = [(x, x.transposed(k)) for x, k in w]
            total += math.prod((_pair(v[i], turned[(r + i) % size]) for i in range(size)), start=Fraction(1))
    return total


def _pair(a: tuple[Algebra, int], b: tuple[Algebra, int]) -> Fraction:
    """τ of the product of two centred powers."""
    (x, p), (y, q) = a, b
    return x.moment(p + q) - x.moment(p) * x.moment(q) if x is y else Fraction(0)
