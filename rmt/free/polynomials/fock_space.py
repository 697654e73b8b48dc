"""Exact moments of polynomials in free variables, on their free Fock space.

The space of a free product has as basis the alternating words in the orthogonal polynomials of its variables
(Voiculescu 1985). A self-adjoint variable acts on it by the three-term recurrence of its own monic orthogonal
polynomials, a circular one by l_1 + l_2* with free creation operators, a Haar unitary by the shift. With rational
recurrence coefficients all vectors are rational, and τ(p^k) = ⟨p^a Ω, p^b Ω⟩ with a + b = k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

from rmt.free.polynomials.linearisation import Word

#: (variable, n) for its n-th orthogonal polynomial, the n-th of two creation operators (n = 1, 2), or the power u^n
Factor: TypeAlias = tuple[int, int]
Vector: TypeAlias = dict[tuple[Factor, ...], Fraction]


class WordRecurrence:
    """A self-adjoint variable: x P_n = P_{n+1} + a_n P_n + b_n P_{n−1} for its monic orthogonal polynomials."""

    def __init__(self, moments: Sequence[Fraction]) -> None:
        """Chebyshev's algorithm (Gautschi 2004, Section 2.1.7), from m_0, ..., m_{2n}."""
        previous, current = [Fraction(0)] * len(moments), list(moments)
        self.a: list[Fraction] = []
        self.b: list[Fraction] = [Fraction(1)]
        ratio = Fraction(0)
        for k in range(len(moments) // 2):
            self.a.append(current[k + 1] / current[k] - ratio)
            ratio = current[k + 1] / current[k]
            following = [
                current[i + 1] - self.a[k] * current[i] - self.b[k] * previous[i] for i in range(len(current) - 1)
            ]
            self.b.append(following[k + 1] / current[k])
            if self.b[-1] == 0:  # finitely many atoms: P_{k+1} = 0
                break
            previous, current = current, following

    def act(self, variable: int, key: tuple[Factor, ...], _adjoint: bool) -> list[tuple[tuple[Factor, ...], Fraction]]:
        """The images of a basis vector with their coefficients."""
        inside = bool(key) and key[0][0] == variable
        n, rest = (key[0][1], key[1:]) if inside else (0, key)
        images = [(((variable, n), *rest) if n else rest, self.a[n])]
        if self.b[n + 1] != 0:
            images.append((((variable, n + 1), *rest), Fraction(1)))
        if n:
            images.append((((variable, n - 1), *rest) if n > 1 else rest, self.b[n]))
        return images

    def norm(self, n: int) -> Fraction:
        """‖P_n‖² = b_1 ... b_n."""
        product = Fraction(1)
        for b in self.b[1 : n + 1]:
            product *= b
        return product


class CircularAction:
    """A circular variable c = l_1 + l_2*, c* = l_2 + l_1*, with l_i* l_i = variance."""

    def __init__(self, variance: Fraction) -> None:
        self.variance = variance

    def act(self, variable: int, key: tuple[Factor, ...], adjoint: bool) -> list[tuple[tuple[Factor, ...], Fraction]]:
        """The images of a basis vector with their coefficients."""
        created, removed = ((variable, 2), (variable, 1)) if adjoint else ((variable, 1), (variable, 2))
        images = [((created, *key), Fraction(1))]
        if key and key[0] == removed:
            images.append((key[1:], self.variance))
        return images

    def norm(self, _n: int) -> Fraction:
        """Squared norm of one created factor."""
        return self.variance


class UnitaryAction:
    """A Haar unitary, the shift of its powers u^n."""

    def act(self, variable: int, key: tuple[Factor, ...], adjoint: bool) -> list[tuple[tuple[Factor, ...], Fraction]]:
        """The image of a basis vector with its coefficient."""
        inside = bool(key) and key[0][0] == variable
        n, rest = (key[0][1], key[1:]) if inside else (0, key)
        n += -1 if adjoint else 1
        return [(((variable, n), *rest) if n else rest, Fraction(1))]

    def norm(self, _n: int) -> Fraction:
        """Squared norm of a power of u."""
        return Fraction(1)


#: how one variable acts on the Fock space
Action: TypeAlias = WordRecurrence | CircularAction | UnitaryAction


def polynomial_moments(
    terms: Mapping[Word, tuple[Fraction, Fraction]], actions: Sequence[Action], order: int
) -> list[Fraction]:
    """Moments m_0, ..., m_order of a self-adjoint polynomial.

    Parameters
    ----------
    terms : mapping
        Words to coefficients, as real and imaginary part.
    actions : sequence
        How each variable acts; a recurrence must reach the degree that occurs, see :func:`degree_needed`.
    order : int

    Notes
    -----
    The number of basis words grows exponentially with ``degree * order / 2``: order 16 of xy + yx takes about a
    second.
    """
    real = {word: re for word, (re, _) in terms.items() if re}
    imag = {word: im for word, (_, im) in terms.items() if im}
    vacuum: Vector = {(): Fraction(1)}
    powers: list[tuple[Vector, Vector]] = [(vacuum, {})]
    for _ in range((order + 1) // 2):
        x, y = powers[-1]
        powers.append(
            (
                _combine(_apply(real, actions, x), _apply(imag, actions, y), -1),
                _combine(_apply(real, actions, y), _apply(imag, actions, x), 1),
            )
        )
    moments = [Fraction(1)]
    for first, second in pairwise(powers):
        moments += [_inner(first, second, actions), _inner(second, second, actions)]
    return moments[: order + 1]


def degree_needed(terms: Mapping[Word, Any], variable: int, order: int) -> int:
    """The highest orthogonal polynomial of a variable that occurs in the first `order` moments."""
    return max((sum(x in (variable, ~variable) for x in word) for word in terms), default=0) * ((order + 1) // 2)


def _apply(terms: Mapping[Word, Fraction], actions: Sequence[Action], vector: Vector) -> Vector:
    """A polynomial applied to a vector; common suffixes of words are applied once."""
    suffixes: dict[Word, Vector] = {(): vector}
    for word in sorted({w[i:] for w in terms for i in range(len(w))}, key=len):
        letter = word[0]
        variable = letter if letter >= 0 else ~letter
        image: Vector = {}
        for key, value in suffixes[word[1:]].items():
            for target, factor in actions[variable].act(variable, key, letter < 0):
                if factor:
                    image[target] = image.get(target, Fraction(0)) + factor * value
        suffixes[word] = image
    total: Vector = {}
    for word, coefficient in terms.items():
        for key, value in suffixes[word].items():
            total[key] = total.get(key, Fraction(0)) + coefficient * value
    return total


def _combine(a: Vector, b: Vector, sign: int) -> Vector:
    total = dict(a)
    for key, value in b.items():
        total[key] = total.get(key, Fraction(0)) + sign * value
    return total


def _inner(a: tuple[Vector, Vector], b: tuple[Vector, Vector], actions: Sequence[Action]) -> Fraction:
    """Real part of ⟨a, b⟩, which is all of it for powers of a self-adjoint operator on one vector."""
    total = Fraction(0)
    for first, second in zip(a, b, strict=True):
        small, large = sorted((first, second), key=len)
        for key, value in small.items():
            if key in large:
                norm = value * large[key]
                for variable, n in key:
                    norm *= actions[variable].norm(n)
                total += norm
    return total
