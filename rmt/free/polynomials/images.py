"""Push-forwards: the law of p(X) for one law, and of a trigonometric polynomial of a Haar unitary.

A function is monotone between its critical points; on such a branch a point is inverted from the nearer end, through
differences to the value there that do not cancel, so that masses and densities keep their accuracy next to critical
values, where the density is a power of the distance. G is a sum over the roots of p(t) = z.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.free.polynomials.one_variable import RootEquations
from rmt.laws.law import EPS, Complex, Interval, Law, Real
from rmt.numerics.functions.bracketed_roots import bracketed_roots

Atoms = tuple[tuple[float, float], ...]

_SAME = 256.0 * EPS  # difference of two values, relative to the largest, that is rounding
_CLUSTER = 3e-4  # distance of critical points, on their scale, that are one
_ON_CIRCLE = 1e-7  # distance to the unit circle of roots that lie on it


@dataclass(frozen=True)
class InverseBranch:
    """A piece [left, right] of the line on which the function is monotone, and what happens at its ends.

    Attributes
    ----------
    left, right : float
        Ends; the density has no singularity between them.
    values : tuple of float
        Values of the function there.
    exponents : tuple of float
        Exponents of the density of the image at these values.
    mass : float
        Mass of the piece, without atoms.
    """

    left: float
    right: float
    values: tuple[float, float]
    exponents: tuple[float, float]
    mass: float

    @property
    def rising(self) -> bool:
        """Whether the function increases."""
        return self.values[1] > self.values[0]

    @property
    def span(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Value and exponent at the lower and at the upper end of the image."""
        ends = list(zip(self.values, self.exponents, strict=True))
        return (ends[0], ends[1]) if self.rising else (ends[1], ends[0])


class ImageLaw(Law):
    """Law of f(T) for a real function f with finitely many critical points."""

    # ------------------------------------------------------------------ hooks
    @property
    @abstractmethod
    def _branches(self) -> list[InverseBranch]:
        """Where the function is monotone."""

    @abstractmethod
    def _offset(self, anchor: float, step: Real) -> tuple[Real, Real]:
        """f(anchor + step) − f(anchor) without cancellation, and f' at anchor + step."""

    @abstractmethod
    def _base_density(self, t: Real) -> Real:
        """Density of T."""

    @abstractmethod
    def _base_mass(self, left: float, t: Real) -> Real:
        """Mass of T in (left, t), without atoms."""

    # ------------------------------------------------------------------ support
    @cached_property
    def support(self) -> tuple[Interval, ...]:
        """Images of the branches, cut at critical values, where the density may be infinite."""
        branches = [b for b in self._branches if b.mass > 0.0]
        size = max((abs(v) for b in branches for v in b.values), default=0.0)
        cuts: list[float] = []
        place: dict[float, float] = {}
        for value in sorted({v for b in branches for v in b.values}):
            if not cuts or value - cuts[-1] > _SAME * size:
                cuts.append(value)
            place[value] = cuts[-1]
        out = []
        for low, high in itertools.pairwise(cuts):
            over = [b for b in branches if place[b.span[0][0]] <= low and place[b.span[1][0]] >= high]
            if not over:
                continue
            at_low = min(b.span[0][1] if place[b.span[0][0]] == low else 0.0 for b in over)
            at_high = min(b.span[1][1] if place[b.span[1][0]] == high else 0.0 for b in over)
            ends = np.array([low, high])
            mass = sum(float(np.diff(self._below(b, ends)[0])[0]) for b in over)
            out.append(Interval(low, high, at_low, at_high, mass))
        return tuple(_joined(out))

    def _invert(self, b: InverseBranch, x: Real) -> tuple[Real, Real]:
        """The t of a branch with f(t) = x, for x between its values, and |f'| there."""
        first, last = b.values
        near_left = np.abs(x - first) <= np.abs(x - last)
        t, slope = np.empty_like(x), np.empty_like(x)
        for here, anchor, value, sign in ((near_left, b.left, first, 1.0), (~near_left, b.right, last, -1.0)):
            goal = x[here] - value
            length = np.full(goal.shape, b.right - b.left)

            def miss(step: Real, index: Any, anchor: float = anchor, sign: float = sign, goal: Real = goal) -> Real:
                return np.asarray(self._offset(anchor, sign * step)[0] - goal[index])

            step = bracketed_roots(miss, np.zeros_like(goal), length)
            # rounding of the values at the ends
            step = np.where(np.isnan(step), np.where(goal == 0.0, 0.0, length), step)
            t[here] = anchor + sign * step
            slope[here] = np.abs(self._offset(anchor, sign * step)[1])
        return t, slope

    def _below(self, b: InverseBranch, x: Real) -> tuple[Real, Real]:
        """Mass of a branch up to x, and its density there."""
        (low, _), (high, _) = b.span
        mass, density = np.where(x >= high, b.mass, 0.0), np.zeros_like(x)
        inside = (x > low) & (x < high)
        if inside.any():
            t, slope = self._invert(b, x[inside])
            part = self._base_mass(b.left, t)
            mass[inside] = part if b.rising else b.mass - part
            with np.errstate(divide="ignore", invalid="ignore"):
                density[inside] = self._base_density(t) / slope
        return mass, density

    def _jumps(self, x: Real, above: bool) -> Real:
        out = np.zeros_like(x)
        for position, mass in self.atoms:
            out[x < position if above else x >= position] += mass
        return out

    # ------------------------------------------------------------------ values
    def _pdf(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for b in self._branches:
            out += self._below(b, x)[1]
        for i in self.support:
            for edge, exponent in ((i.low, i.low_exponent), (i.high, i.high_exponent)):
                out[x == edge] = np.inf if exponent < 0.0 else out[x == edge]
        return np.where(np.isnan(out), np.inf, out)

    def _cdf(self, x: Real) -> Real:
        total = sum((self._below(b, x)[0] for b in self._branches), np.zeros_like(x))
        return np.clip(total + self._jumps(x, above=False), 0.0, 1.0)

    def _sf(self, x: Real) -> Real:
        total = np.zeros_like(x)
        for b in self._branches:
            total += b.mass - self._below(b, x)[0]
        return np.clip(total + self._jumps(x, above=True), 0.0, 1.0)

    def _on_axis(self, z: Complex) -> Any:
        return z.imag == 0.0

    def _settled(self, z: Complex, g: Complex) -> Complex:
        """G with the density as imaginary part on the real axis, and a pole at atoms."""
        real = self._on_axis(z)
        x = z[real].real
        density = self._pdf(x)
        g[real] = np.where(np.isinf(density), complex(0.0, -math.inf), g[real].real - 1j * math.pi * density)
        for position, _ in self.atoms:
            g[z == position] = complex(0.0, -math.inf)
        return g

    def _turned(self, z: Complex, u: Complex) -> Complex:
        """The log-potential with its imaginary part in [0, π], exact on the real axis."""
        turns = (u.imag / math.pi + 0.5) % 2.0 - 0.5
        real = self._on_axis(z)
        turns[real] = self._sf(z[real].real)
        return np.asarray(u.real + 1j * math.pi * np.clip(turns, 0.0, 1.0))


def _joined(intervals: list[Interval]) -> list[Interval]:
    """Intervals without the cuts at which nothing is singular."""
    out: list[Interval] = []
    for i in intervals:
        if out and out[-1].high == i.low and out[-1].high_exponent == i.low_exponent == 0.0:
            last = out.pop()
            i = Interval(last.low, i.high, last.low_exponent, i.high_exponent, last.mass + i.mass)
        out.append(i)
    return out


def _clustered(points: Complex) -> list[tuple[float, int]]:
    """Real critical points with their multiplicity; close ones are one."""
    scale = float(np.abs(points).max(initial=0.0)) or 1.0
    rest = sorted(points.tolist(), key=lambda p: (p.real, p.imag))
    out: list[tuple[float, int]] = []
    while rest:
        near = [p for p in rest if abs(p - rest[0]) <= _CLUSTER * scale]
        rest = [p for p in rest if abs(p - rest[0]) > _CLUSTER * scale]
        centre = sum(near) / len(near)
        if abs(centre.imag) <= 1e-9 * scale:
            out.append((centre.real, len(near)))
    return sorted(out)


# ---------------------------------------------------------------------- polynomials of one law
@dataclass(frozen=True, repr=False)
class PolynomialImage(ImageLaw):
    """Law of p(X) for a polynomial p and a law on a bounded interval.

    Parameters
    ----------
    base : Law
        Law of X.
    coefficients : tuple of real
        Those of p, from the constant term up; degree at least 1.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> law = PolynomialImage(Semicircle(), (0, 0, 0, 1))
    >>> law.moments(4), round(law.cdf(1.0), 12)  # 2/3 + √3/(4π)
    ((0.0, 5.0, 0.0, 132.0), 0.804498890522)
    """

    base: Law
    coefficients: tuple[Any, ...]

    def __post_init__(self) -> None:
        _check_leading(self.coefficients)

    @cached_property
    def _p(self) -> np.polynomial.Polynomial:
        return np.polynomial.Polynomial([float(c) for c in self.coefficients])

    @cached_property
    def _roots(self) -> RootEquations:
        return RootEquations([float(c) for c in self.coefficients], self.base)

    @cached_property
    def _shifted(self) -> dict[float, tuple[np.polynomial.Polynomial, np.polynomial.Polynomial]]:
        return {}

    def _offset(self, anchor: float, step: Real) -> tuple[Real, Real]:
        if anchor not in self._shifted:
            exact = [Fraction(c) for c in self.coefficients]
            t = Fraction(anchor)
            taylor = [
                sum((math.comb(k, j) * exact[k] * t ** (k - j) for k in range(j, len(exact))), Fraction(0))
                for j in range(len(exact))
            ]
            critical = self._multiplicities.get(anchor, 0)
            kept = [0.0] + [0.0 if j <= critical else float(c) for j, c in enumerate(taylor[1:], start=1)]
            p = np.polynomial.Polynomial(kept)
            self._shifted[anchor] = (p, p.deriv())
        p, slope = self._shifted[anchor]
        return np.asarray(p(step)), np.asarray(slope(step))

    @cached_property
    def _multiplicities(self) -> dict[float, int]:
        """Real critical points, with the number of derivatives that vanish there."""
        slope = self._p.deriv()
        return dict(_clustered(slope.roots().astype(np.complex128))) if slope.degree() > 0 else {}

    @cached_property
    def _branches(self) -> list[InverseBranch]:
        out = []
        for i in self.base.support:
            size = max(abs(i.low), abs(i.high))
            inner = [t for t in self._multiplicities if i.low + _SAME * size < t < i.high - _SAME * size]
            ends = [i.low, *inner, i.high]
            for k, (left, right) in enumerate(itertools.pairwise(ends)):
                own = (i.low_exponent if k == 0 else 0.0, i.high_exponent if k == len(ends) - 2 else 0.0)
                orders = self._order(left, size), self._order(right, size)
                exponents = (own[0] + 1.0) / (1 + orders[0]) - 1.0, (own[1] + 1.0) / (1 + orders[1]) - 1.0
                values = float(self._p(left)), float(self._p(right))
                mass = float(self._base_mass(left, np.array([right]))[0])
                out.append(InverseBranch(left, right, values, exponents, mass))
        return out

    def _order(self, t: float, size: float) -> int:
        return next((m for c, m in self._multiplicities.items() if abs(c - t) <= _SAME * size), 0)

    def _base_density(self, t: Real) -> Real:
        return self.base._pdf(t)

    def _base_mass(self, left: float, t: Real) -> Real:
        points = np.concatenate([[left], t])
        levels = self.base._cdf(points)
        for position, mass in self.base.atoms:
            levels = levels - mass * (points >= position)
        return np.asarray(np.maximum(levels[1:] - levels[0], 0.0))

    @cached_property
    def atoms(self) -> Atoms:
        """Images of the atoms; those at one value add up."""
        found: dict[float, float] = {}
        values = sorted((float(self._p(a)), mass) for a, mass in self.base.atoms)
        size = max((abs(v) for v, _ in values), default=0.0)
        for value, mass in values:
            last = next(reversed(found), None)
            if last is not None and value - last <= _SAME * size:
                found[last] += mass
            else:
                found[value] = mass
        return tuple(found.items())

    def _stieltjes(self, z: Complex) -> Complex:
        with np.errstate(all="ignore"):
            g = self._roots.solve(z).value.copy()
        return self._settled(z, g)

    def _log_potential(self, z: Complex) -> Complex:
        with np.errstate(all="ignore"):
            return self._turned(z, self._roots.potential(self._roots.solve(z)))

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        with np.errstate(all="ignore"):
            error = self._roots.solve(z).error
        return np.asarray(error + super()._stieltjes_error(z, value))

    def _powers(self, order: int) -> list[list[Fraction]]:
        """Coefficients of p⁰, ..., p^order."""
        exact = [Fraction(c) for c in self.coefficients]
        powers = [[Fraction(1)]]
        for _ in range(order):
            last = powers[-1]
            product = [Fraction(0)] * (len(last) + len(exact) - 1)
            for (i, a), (j, b) in itertools.product(enumerate(last), enumerate(exact)):
                product[i + j] += a * b
            powers.append(product)
        return powers

    def _exact_moments(self, order: int) -> list[Fraction]:
        base = self.base._exact_moments(order * (len(self.coefficients) - 1))
        return [sum((c * m for c, m in zip(p, base, strict=False)), Fraction(0)) for p in self._powers(order)]

    def _float_moments(self, order: int) -> list[float]:
        base = self.base._float_moments(order * (len(self.coefficients) - 1))
        return [math.fsum(float(c) * m for c, m in zip(p, base, strict=False)) for p in self._powers(order)]

    def _affine(self, scale: Any, shift: Any) -> Law:
        first, *rest = self.coefficients
        return PolynomialImage(self.base, (scale * first + shift, *(scale * c for c in rest)))


# ---------------------------------------------------------------------- trigonometric polynomials
@dataclass(frozen=True, repr=False)
class CircleImage(ImageLaw):
    """Law of c_0 + Σ (c_k u^k + c̄_k u^−k) for a Haar unitary u: a trigonometric polynomial of a uniform angle.

    Parameters
    ----------
    coefficients : tuple of number
        c_0 (real), c_1, ..., c_d; the last one not 0, d at least 1.

    Examples
    --------
    >>> law = CircleImage((0, 1, 1))
    >>> law.moments(4), law.support[-1].high
    ((0.0, 4.0, 6.0, 36.0), 4.0)
    """

    coefficients: tuple[Any, ...]

    def __post_init__(self) -> None:
        _check_leading(self.coefficients)

    @cached_property
    def _c(self) -> Complex:
        return np.array([complex(c) for c in self.coefficients])

    @property
    def _degree(self) -> int:
        return len(self.coefficients) - 1

    def _value(self, t: float) -> float:
        k = np.arange(1, self._degree + 1)
        return float(self._c[0].real + 2.0 * (self._c[1:] * np.exp(1j * k * t)).real.sum())

    def _offset(self, anchor: float, step: Real) -> tuple[Real, Real]:
        k = np.arange(1, self._degree + 1)
        turned = self._c[1:] * np.exp(1j * k * anchor)
        angle = np.multiply.outer(step, k)
        half = np.sin(0.5 * angle)
        # e^{iφ} − 1 = 2i sin(φ/2) e^{iφ/2}; at a critical point the term linear in the step vanishes
        linear = (1j * k * turned).real.sum()
        if anchor in self._multiplicities:
            change = -2.0 * half**2 * turned.real - (np.sin(angle) - angle) * turned.imag
            slope = -np.sin(angle) * (k * turned.real) - (np.cos(angle) - 1.0) * (k * turned.imag)
            return 2.0 * change.sum(axis=1), 2.0 * slope.sum(axis=1)
        change = -2.0 * half**2 * turned.real - np.sin(angle) * turned.imag
        slope = -np.sin(angle) * (k * turned.real) - (np.cos(angle) - 1.0) * (k * turned.imag)
        return 2.0 * change.sum(axis=1), 2.0 * (slope.sum(axis=1) + linear)

    @cached_property
    def _multiplicities(self) -> dict[float, int]:
        """Critical angles in (−π, π], with the number of derivatives that vanish there."""
        k = np.arange(1, self._degree + 1)
        up = 1j * k * self._c[1:]
        laurent = np.concatenate([up.conj()[::-1], [0.0], up])
        roots = np.polynomial.polynomial.polyroots(laurent)
        found: dict[float, int] = {}
        rest = roots[np.abs(np.abs(roots) - 1.0) < math.sqrt(_ON_CIRCLE)]
        while rest.size:
            near = np.abs(rest - rest[0]) < _CLUSTER
            centre = rest[near].mean()
            if abs(abs(centre) - 1.0) < _ON_CIRCLE:
                found[self._polished(float(np.angle(centre)), int(near.sum()))] = int(near.sum())
            rest = rest[~near]
        return dict(sorted(found.items()))

    def _polished(self, t: float, order: int) -> float:
        """A zero of the derivative of this order, by Newton's method."""
        k = np.arange(1, self._degree + 1)
        for _ in range(3):
            wave = self._c[1:] * np.exp(1j * k * t)
            value, slope = ((((1j * k) ** d) * wave).real.sum() for d in (order, order + 1))
            if slope != 0.0:
                t -= float(value / slope)
        return t

    @cached_property
    def _branches(self) -> list[InverseBranch]:
        angles = list(self._multiplicities)
        out = []
        for left, right in itertools.pairwise([*angles, angles[0] + 2.0 * math.pi]):
            orders = self._multiplicities[left], self._multiplicities.get(right, self._multiplicities[angles[0]])
            values = self._value(left), self._value(right)
            exponents = 1.0 / (1 + orders[0]) - 1.0, 1.0 / (1 + orders[1]) - 1.0
            out.append(InverseBranch(left, right, values, exponents, (right - left) / (2.0 * math.pi)))
        return out

    def _base_density(self, t: Real) -> Real:
        return np.full_like(t, 0.5 / math.pi)

    def _base_mass(self, left: float, t: Real) -> Real:
        return np.asarray((t - left) / (2.0 * math.pi))

    def _roots(self, z: Complex) -> tuple[Complex, Complex]:
        """Roots u of f(u) = z for every z, and f'(u)."""
        d = self._degree
        laurent = np.concatenate([self._c[1:].conj()[::-1], [self._c[0]], self._c[1:]])
        companion = np.zeros((len(z), 2 * d, 2 * d), dtype=np.complex128)
        companion[:, np.arange(1, 2 * d), np.arange(2 * d - 1)] = 1.0
        companion[:, :, -1] = -laurent[:-1] / laurent[-1]
        companion[:, d, -1] += z / laurent[-1]
        u = np.linalg.eigvals(companion)
        k = np.arange(-d, d + 1)
        slope = (k * laurent * u[..., None] ** (k - 1)).sum(axis=-1)
        miss = (laurent * u[..., None] ** k).sum(axis=-1) - z[:, None]
        with np.errstate(all="ignore"):
            step = miss / slope
            u = u - np.where(np.abs(step) < 0.01 * np.abs(u), step, 0.0)
        return np.asarray(u, np.complex128), np.asarray(
            (k * laurent * u[..., None] ** (k - 1)).sum(axis=-1), np.complex128
        )

    def _inner(self, z: Complex, u: Complex, slope: Complex) -> Any:
        """Which roots lie inside the circle, or move there for Im z > 0."""
        inside = np.abs(u) < 1.0
        on_circle = (np.abs(np.abs(u) - 1.0) < _ON_CIRCLE) & (z.imag == 0.0)[:, None]
        with np.errstate(all="ignore"):
            moves = (1j * u.conj() / slope).real < 0.0
        return np.where(on_circle, moves, inside)

    def _stieltjes(self, z: Complex) -> Complex:
        u, slope = self._roots(z)
        with np.errstate(all="ignore"):
            shares = -1.0 / (u * slope)
            g = np.where(self._inner(z, u, slope), shares, 0.0).sum(axis=1)
        return self._settled(z, g)

    def _log_potential(self, z: Complex) -> Complex:
        u, slope = self._roots(z)
        inner = self._inner(z, u, slope)
        with np.errstate(all="ignore"):
            outer = np.where(inner, 0.0, np.log(-u)).sum(axis=1)
        return self._turned(z, outer + np.log(-self._c[-1]))

    def _exact_moments(self, order: int) -> list[Fraction]:
        zero = Fraction(0)
        parts = [(Fraction(complex(c).real), Fraction(complex(c).imag)) for c in self.coefficients]
        f = {0: (Fraction(self.coefficients[0]), zero)}
        for k, (a, b) in enumerate(parts[1:], start=1):
            f[k], f[-k] = (a, b), (a, -b)
        moments, power = [Fraction(1)], {0: (Fraction(1), zero)}
        for _ in range(order):
            following: dict[int, tuple[Fraction, Fraction]] = {}
            for (i, (a, b)), (j, (c, d)) in itertools.product(power.items(), f.items()):
                re, im = following.get(i + j, (zero, zero))
                following[i + j] = (re + a * c - b * d, im + a * d + b * c)
            power = following
            moments.append(power.get(0, (zero, zero))[0])
        return moments

    def _affine(self, scale: Any, shift: Any) -> Law:
        first, *rest = self.coefficients
        return CircleImage((scale * first + shift, *(scale * c for c in rest)))


def _check_leading(coefficients: tuple[Any, ...]) -> None:
    if len(coefficients) < 2 or coefficients[-1] == 0:
        raise ValueError(
            f"coefficients must have degree at least 1 and a last one that is not 0, got {coefficients!r}; a constant "
            "has the law rmt.Atomic"
        )


def polynomial_image(base: Law, coefficients: Sequence[Any]) -> Law:
    """Law of p(X), in closed form where it is a named law or a point mass."""
    from rmt.laws.atomic import Atomic, AtomicLaw

    kept = list(coefficients)
    while len(kept) > 1 and kept[-1] == 0:
        kept.pop()
    if len(kept) == 1:
        return Atomic((kept[0],), (1,))
    if len(kept) == 2:
        line: Law = kept[1] * base + kept[0]
        return line
    if isinstance(base, AtomicLaw):
        positions, weights = base._points()
        return Atomic([sum(c * a**k for k, c in enumerate(kept)) for a in positions], weights)
    return PolynomialImage(base, tuple(kept))


def circle_image(coefficients: Sequence[Any]) -> Law:
    """Law of a trigonometric polynomial of a Haar unitary; that of one power and its adjoint is an arcsine law."""
    from rmt.laws.atomic import Atomic
    from rmt.laws.named.classical_laws import Arcsine

    powers = [k for k, c in enumerate(coefficients) if k and c != 0]
    if not powers:
        return Atomic((coefficients[0],), (1,))
    step = math.gcd(*powers)
    kept = [coefficients[0], *(coefficients[k] for k in range(step, max(powers) + 1, step))]
    if len(kept) == 2:
        arcsine: Law = Arcsine(2 * abs(kept[1])) + coefficients[0]
        return arcsine
    return CircleImage(tuple(kept))
