"""The law that continues finitely many moments by constant Jacobi coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_items, check_real
from rmt.laws.atomic import Atomic
from rmt.laws.given.panel_measure import PanelMeasure, set_atoms
from rmt.laws.law import EPS, Complex, Interval, Law, Real, exact
from rmt.numerics.functions.branches import square_root_pair

#: a squared norm below this share of the variance is rounding of the moments: the measure has finitely many atoms
_SINGULAR = Fraction(1, 10**11)
#: how far moments may miss those of that measure
_MISFIT = Fraction(1, 10**7)
_NO_MASS = 1e-13
_ROUNDING = 1e-13
_RESONANCE = 1e-9


def moment_law(moments: Sequence[Any]) -> Law:
    """Implement :meth:`rmt.laws.Law.from_moments`."""
    given = tuple(check_real("moments", m) for m in check_items("moments", moments))
    if not given:
        raise ValueError("moments must hold at least the mean, got none")
    diagonal, squares = jacobi_coefficients(given)
    if len(given) == 1 or squares[-1] == 0:
        return _atomic(diagonal, squares)
    return MomentLaw(given)


def jacobi_coefficients(moments: Sequence[Any]) -> tuple[list[Fraction], list[Fraction]]:
    """Coefficients a_0, a_1, ... and b_1, b_2, ... of the orthogonal polynomials.

    They are p_{n+1} = (x − a_n) p_n − b_n p_{n-1}.

    By Chebyshev's algorithm in exact arithmetic; a measure with finitely many atoms ends in a coefficient b_n = 0.

    Raises
    ------
    ValueError
        If a b_n is negative, or moments follow a b_n = 0 that are not those of the finite measure.
    """
    m = [Fraction(1), *map(Fraction, moments)]
    count = len(m)
    diagonal, squares = [m[1]], list[Fraction]()
    before, row = [Fraction(0)] * count, list(m)
    for n in range(1, (count + 1) // 2):
        square = squares[-1] if squares else Fraction(0)
        new = [Fraction(0)] * count
        for j in range(n, count - n):
            new[j] = row[j + 1] - diagonal[-1] * row[j] - square * before[j]
        ratio = new[n] / row[n - 1]
        if abs(ratio) <= _SINGULAR * (squares[0] if squares else m[2]) or ratio == 0:
            squares.append(Fraction(0))
            _check_finite(m, diagonal, squares)
            return diagonal, squares
        if ratio < 0:
            raise ValueError(
                f"moments must be those of a probability law, got {_shown(moments)}: the Hankel determinant of "
                f"m_0 ... m_{2 * n} is negative (the squared norm of the orthogonal polynomial of degree {n} is "
                f"{float(ratio):.6g} times that before)"
            )
        squares.append(ratio)
        if n + 1 < count - n:
            diagonal.append(new[n + 1] / new[n] - row[n] / row[n - 1])
        before, row = row, new
    return diagonal, squares


def _shown(moments: Sequence[Any]) -> str:
    """The first moments, for a message."""
    dots = ", ..." if len(moments) > 6 else ""
    return "(" + ", ".join(f"{float(m):.6g}" for m in moments[:6]) + dots + ")"


def jacobi_moments(diagonal: Sequence[Fraction], squares: Sequence[Fraction], order: int) -> list[Fraction]:
    """Moments m_0 ... m_order; the last coefficients are repeated, unless the last b is 0."""
    size = order // 2 + 2
    a = [diagonal[min(i, len(diagonal) - 1)] for i in range(size)]
    b = [squares[min(i, len(squares) - 1)] if squares else Fraction(0) for i in range(size)]
    vector = [Fraction(1)] + [Fraction(0)] * (size - 1)
    found = []
    for _ in range(order + 1):
        found.append(vector[0])
        # monic recursion: x p_n = p_{n+1} + a_n p_n + b_n p_{n-1}
        vector = [
            (b[i] * vector[i + 1] if i + 1 < size else Fraction(0))
            + a[i] * vector[i]
            + (vector[i - 1] if i else Fraction(0))
            for i in range(size)
        ]
    return found


def _check_finite(m: Sequence[Fraction], diagonal: Sequence[Fraction], squares: Sequence[Fraction]) -> None:
    spread = max(abs(x) for x in m)
    for k, (given, own) in enumerate(zip(m, jacobi_moments(diagonal, squares, len(m) - 1), strict=True)):
        if abs(given - own) > _MISFIT * spread:
            raise ValueError(
                f"moments must be those of a probability law: m_1 ... m_{2 * len(squares)} leave only the law with "
                f"{len(squares)} atoms, whose m_{k} is {float(own):.12g} and not {float(given):.12g}"
            )


def _atomic(diagonal: Sequence[Fraction], squares: Sequence[Fraction]) -> Law:
    if len(diagonal) == 1:
        a = diagonal[0]
        return Atomic((int(a) if a.denominator == 1 else a,), (1,))
    off = np.sqrt(np.array(squares[: len(diagonal) - 1], dtype=np.float64))
    matrix = np.diag(np.array(diagonal, dtype=np.float64)) + np.diag(off, 1) + np.diag(off, -1)
    places, vectors = np.linalg.eigh(matrix)
    weights = vectors[0] ** 2
    return Atomic(places.tolist(), (weights / weights.sum()).tolist())


@dataclass(frozen=True, init=False, repr=False)
class MomentLaw(Law):
    """Law with given moments m_1 ... m_k whose further Jacobi coefficients are constant; see :meth:`Law.from_moments`.

    G is a finite continued fraction that ends in the G of a semicircle law.

    Parameters
    ----------
    given : sequence of real
        The moments.

    Raises
    ------
    ValueError
        If they are not the moments of a law with infinitely many points (:meth:`Law.from_moments` takes all).

    Examples
    --------
    >>> from rmt.laws import MomentLaw
    >>> MomentLaw((0, 1, 0, 3)).moments(6, exact=True)[3:]
    (Fraction(3, 1), Fraction(0, 1), Fraction(13, 1))
    """

    given: tuple[Any, ...]

    def __init__(self, given: Sequence[Any]) -> None:
        object.__setattr__(self, "given", tuple(check_real("given", m) for m in given))
        if len(self.given) < 2 or self._jacobi[1][-1] == 0:
            raise ValueError(f"given must hold at least the moments of a law that is not atomic, got {self.given!r}")

    @cached_property
    def _jacobi(self) -> tuple[list[Fraction], list[Fraction]]:
        return jacobi_coefficients(self.given)

    @cached_property
    def _levels(self) -> tuple[list[float], list[float], float, float]:
        """The coefficients a_n and b_n before the constant tail, and those of the tail."""
        diagonal, squares = ([float(x) for x in c] for c in self._jacobi)
        a, b = diagonal[-1], squares[-1]
        squares += [b] * (len(diagonal) - len(squares))  # level n of the fraction has a_n and b_{n+1}
        while diagonal and (diagonal[-1], squares[-1]) == (a, b):
            diagonal.pop()
            squares.pop()
        return diagonal, squares, a, b

    @cached_property
    def _ends(self) -> tuple[float, float]:
        _, _, a, b = self._levels
        return a - 2.0 * math.sqrt(b), a + 2.0 * math.sqrt(b)

    # ------------------------------------------------------------------ structure
    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """One interval, that of the semicircle law at the end of the continued fraction."""
        low, high = self._ends
        bottom, top = self._edge_exponents
        mass = 1.0 - math.fsum(m for _, m in self.atoms)
        return (Interval(low, high, bottom, top, mass),)

    @cached_property
    def _edge_exponents(self) -> tuple[float, float]:
        polynomial = self._denominator
        size = np.abs(polynomial.coef).sum()
        bottom, top = (-0.5 if abs(polynomial(w)) < _RESONANCE * size else 0.5 for w in (-1.0, 1.0))
        return bottom, top

    @cached_property
    def _denominator(self) -> np.polynomial.Polynomial:
        """w^n times the denominator of G at z = a + √b (w + 1/w), |w| < 1, where the tail is w/√b."""
        diagonal, squares, a, b = self._levels
        root = math.sqrt(b)
        w = np.polynomial.Polynomial([0.0, 1.0])
        below, here = np.polynomial.Polynomial([0.0]), np.polynomial.Polynomial([1.0])
        z = np.polynomial.Polynomial([root, a, root])  # w z
        for n, d in enumerate(diagonal):
            square = squares[n - 1] if n else 0.0
            below, here = here, (z - d * w) * here - square * w * w * below
        last = squares[-1] if squares else 0.0
        found = here - (last / root) * w * w * below if diagonal else here
        return found.trim(_ROUNDING * np.abs(found.coef).max())

    @cached_property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Poles of G outside the interval."""
        _, _, a, b = self._levels
        root = math.sqrt(b)
        found = []
        roots: Complex = self._denominator.roots().astype(np.complex128)
        for w in roots.tolist():
            if abs(w.imag) < 1e-10 and 1e-12 < abs(w.real) < 1.0 - _RESONANCE:
                place = a + root * (w.real + 1.0 / w.real)
                gap = min(abs(place - e) for e in self._ends)
                circle = 0.5 * gap * np.exp(1j * math.pi * (np.arange(64) + 0.5) / 64)
                mass = float(np.mean((self._green(place + circle) * circle).real))
                if mass > _NO_MASS:
                    found.append((place if abs(place) > _ROUNDING * gap else 0.0, mass))
        return tuple(sorted(found))

    @cached_property
    def line_panels(self) -> PanelMeasure:
        """The density on panels, from which masses and the log-potential come."""
        interval = Interval(*self._ends, *self._edge_exponents, math.nan)
        return PanelMeasure(self._density, [interval], self.atoms, self._ends[1] - self._ends[0], repr(self))

    # ------------------------------------------------------------------ values
    def _tail(self, z: Complex) -> Complex:
        """G of the semicircle law that ends the fraction."""
        a = self._levels[2]
        root = square_root_pair(z, *self._ends)
        return np.asarray(2.0 / (z - a + root))

    def _fraction(self, z: Complex) -> tuple[Complex, Real]:
        """G, and −Im G over −Im of the tail on the real line: the product of b |G_n|² over the levels."""
        diagonal, squares, _, _ = self._levels
        g = self._tail(z)
        gain = np.ones(z.shape)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for d, square in zip(reversed(diagonal), reversed(squares), strict=True):
                g = 1.0 / (z - d - square * g)
                gain = gain * square * np.abs(g) ** 2
        return g, gain

    def _green(self, z: Complex) -> Complex:
        return self._fraction(z)[0]

    def _density(self, x: Real) -> Real:
        _, _, _, b = self._levels
        low, high = self._ends
        inside = (x > low) & (x < high)
        out = np.zeros_like(x)
        y = x[inside]
        _, gain = self._fraction(y.astype(np.complex128))
        out[inside] = np.sqrt(y - low) * np.sqrt(high - y) / (2.0 * math.pi * b) * gain
        return out

    def _pdf(self, x: Real) -> Real:
        out = self._density(x)
        for edge, exponent in zip(self._ends, self._edge_exponents, strict=True):
            if exponent < 0.0:
                out[x == edge] = math.inf
        return out

    def _cdf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[0]

    def _sf(self, x: Real) -> Real:
        return self.line_panels.masses(x)[1]

    def _cdf_error(self, x: Real, value: Real) -> Real:
        return self.line_panels.error + super()._cdf_error(x, value)

    def _stieltjes(self, z: Complex) -> Complex:
        g = self._green(z)
        low, high = self._ends
        outside = (z.imag == 0.0) & ((z.real <= low) | (z.real >= high))
        g[outside] = g[outside].real
        set_atoms(g, z, self.atoms, high - low)
        for edge, exponent in zip(self._ends, self._edge_exponents, strict=True):
            if exponent < 0.0:
                g[z == edge] = complex(0.0, -math.inf)
        return g

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        bound = super()._stieltjes_error(z, value)
        with np.errstate(invalid="ignore"):
            for place, mass in self.atoms:
                bound = bound + 64.0 * EPS * abs(place) * mass / np.maximum(np.abs(z - place), EPS) ** 2
            levels = len(self._levels[0]) + 1
            bound = bound + 16.0 * levels * EPS * np.abs(value) * (
                1.0 + np.abs(value) * (self._ends[1] - self._ends[0])
            )
        return np.asarray(bound)

    def _pdf_error(self, x: Real, value: Real) -> Real:
        bound = super()._pdf_error(x, value)
        inside = (value > 0.0) & np.isfinite(value)
        z = x[inside].astype(np.complex128)
        bound[inside] += self._stieltjes_error(z, self._green(z)) / math.pi
        return bound

    def _t_transform(self, z: Complex) -> Complex:
        # zG − 1 = (a_0 + b_1 G_1) G
        diagonal, squares, a, b = self._levels
        g = self._tail(z)
        inner = g
        for d, square in zip(reversed(diagonal[1:]), reversed(squares[1:]), strict=True):
            inner = 1.0 / (z - d - square * inner)
        first, square = (diagonal[0], squares[0]) if diagonal else (a, b)
        return np.asarray((first + square * inner) * self._stieltjes(z))

    def _log_potential(self, z: Complex) -> Complex:
        return self.line_panels.log_potential(z)

    def _log_potential_error(self, z: Complex, value: Complex) -> Real:
        return super()._log_potential_error(z, value) + self.line_panels.error * (1.0 + np.abs(value))

    def _exact_moments(self, order: int) -> list[Fraction]:
        return jacobi_moments(*self._jacobi, order)

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        s, c = exact(scale), exact(shift)
        m = [Fraction(1), *map(Fraction, self.given)]
        moved = [
            sum((math.comb(k, j) * s**j * c ** (k - j) * m[j] for j in range(k + 1)), Fraction(0))
            for k in range(1, len(m))
        ]
        return MomentLaw(tuple(int(x) if x.denominator == 1 else x for x in moved))
