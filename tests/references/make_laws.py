"""Write laws.json: values of the closed-form laws to 40 digits, by routes the package does not take.

Every number is an integral of a density (mpmath, tanh-sinh, 60 digits) written as in the textbooks and not as in the
package: the package has closed forms for distribution functions and transforms, and integrates nothing. The
densities of the Fuss-Catalan laws of integer order come from the roots of the polynomial of G.

Run ``python -m references.make_laws`` in ``tests`` (some minutes); the values are quoted to 40 digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath as mp
from roots import polynomial_roots

mp.mp.dps = 55
DIGITS = 40


def exact(value: Any) -> mp.mpf:
    """The binary value of a float, or a rational number."""
    fraction = Fraction(value)
    return mp.mpf(fraction.numerator) / fraction.denominator


@dataclass
class Case:
    """A law: its density between two edges, and its atoms.

    ``place`` parametrises the support by (0, π/2) so that density times slope is smooth at both ends. A density that
    is infinite at an edge is given by its distances to both edges, as ``hard(left, right)``.
    """

    name: str
    density: Callable[[mp.mpf], mp.mpf]
    low: mp.mpf
    high: mp.mpf
    atoms: list[tuple[Any, Any]] = field(default_factory=list)
    hard: Callable[[mp.mpf, mp.mpf], mp.mpf] | None = None
    fractions: tuple[float, ...] = (1e-9, 1e-4, 0.03, 0.2, 0.45, 0.7, 0.93, 1.0 - 1e-5)

    def place(self, s: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        width = self.high - self.low
        return self.low + width * mp.sin(s) ** 2, 2 * width * mp.sin(s) * mp.cos(s)

    def position(self, x: mp.mpf) -> mp.mpf:
        return mp.asin(mp.sqrt((x - self.low) / (self.high - self.low)))

    def measure(self, s: mp.mpf) -> mp.mpf:
        x, slope = self.place(s)
        if self.hard is None:
            return mp.re(self.density(x)) * slope  # beyond an edge by rounding the root is imaginary
        width = self.high - self.low
        return self.hard(width * mp.sin(s) ** 2, width * mp.cos(s) ** 2) * slope

    def integral(self, function: Callable[[mp.mpf], Any], first: mp.mpf, last: mp.mpf, inner: list[mp.mpf]) -> Any:
        points = [first, *sorted(b for b in inner if first < b < last), last]
        return mp.quad(lambda s: function(self.place(s)[0]) * self.measure(s), points, maxdegree=12)

    # ------------------------------------------------------------------ quantities
    def pdf(self, x: float) -> mp.mpf:
        return self.density(mp.mpf(x))

    def _tail(self, x: float, lower: bool) -> mp.mpf:
        s = self.position(mp.mpf(x))
        ends = (mp.mpf(0), s) if lower else (s, mp.pi / 2)
        continuous = self.integral(lambda t: mp.mpf(1), *ends, [mp.pi / 4])
        return continuous + sum(m for a, m in self.atoms if (a <= x if lower else a > x))

    def cdf(self, x: float) -> mp.mpf:
        return self._tail(x, True)

    def sf(self, x: float) -> mp.mpf:
        return self._tail(x, False)

    def _expectation(self, function: Callable[[mp.mpf], Any], z: complex) -> Any:
        """E f(X) for a function that is singular at z: cut next to it."""
        inner = [mp.pi / 4]
        width = self.high - self.low
        for distance in (mp.mpf(0), abs(mp.mpf(z.imag)), 10 * abs(mp.mpf(z.imag))):
            for x in (mp.mpf(z.real) - distance, mp.mpf(z.real) + distance):
                if self.low < x < self.high and (distance > 0 or z.imag == 0 or abs(z.imag) < width):
                    inner.append(self.position(x))
        continuous = self.integral(function, mp.mpf(0), mp.pi / 2, inner)
        return continuous + sum(m * function(a) for a, m in self.atoms)

    def stieltjes(self, z: complex) -> mp.mpc:
        w = mp.mpc(z)
        inside = z.imag == 0.0 and self.low < z.real < self.high
        if not inside:
            scale = abs(w) + self.high - self.low
            return self._expectation(lambda t: scale / (w - t), z) / scale
        # principal value: the density at x is subtracted
        x, s0 = mp.mpf(z.real), self.position(mp.mpf(z.real))
        here = self.density(x)
        regular = mp.quad(
            lambda s: (self.measure(s) - here * self.place(s)[1]) / (x - self.place(s)[0]),
            # the integrand is analytic at s0: no cut there, or the nodes would come too close to it
            [mp.mpf(0), s0 / 2, (s0 + mp.pi / 2) / 2, mp.pi / 2],
            maxdegree=12,
        )
        value = regular + here * mp.log((x - self.low) / (self.high - x))
        value += sum(m / (x - a) for a, m in self.atoms)
        return mp.mpc(value, -mp.pi * here)

    def t_transform(self, z: complex) -> mp.mpc:
        w = mp.mpc(z)
        if z.imag == 0.0 and self.low < z.real < self.high:
            return w * self.stieltjes(z) - 1
        return self._expectation(lambda t: t / (w - t), z)

    def log_potential(self, z: complex) -> mp.mpc:
        w = mp.mpc(z)

        def logarithm(t: mp.mpf) -> mp.mpc:
            if t == w:  # the outermost nodes round to the singularity; their weights are below 10^-50
                return mp.mpc(0)
            return mp.log(w - t) if w.imag != 0 or w.real > t else mp.mpc(mp.log(t - w.real), mp.pi)

        return self._expectation(logarithm, z)

    def moment(self, k: int) -> mp.mpf:
        scale = max(abs(self.low), abs(self.high))
        share = self._expectation(lambda t: (t / scale) ** k, complex(0, 1) * float(scale))
        return scale**k * (share if abs(share) > mp.mpf(10) ** -45 else mp.mpf(0))  # odd moments of symmetric laws

    # ------------------------------------------------------------------ where
    def real_points(self) -> list[float]:
        width = self.high - self.low
        points = {float(self.low + width * mp.mpf(t)) for t in self.fractions}
        return sorted(x for x in points if self.low < x < self.high)

    def complex_points(self) -> list[complex]:
        low, high = self.low, self.high
        width = high - low

        def point(real: Any, imag: Any) -> complex:
            return complex(float(real), float(imag))

        points = [
            point(low + width * 0.3, width * 0.2),
            point(low + width * 0.8, width * mp.mpf(10) ** -3),
            point(low - width * 0.4, width * 0.5),
            point(high + width * mp.mpf(10) ** -4, width * mp.mpf(10) ** -4),
            point(high + width * 0.25, 0),
            point(low - width * 0.25, 0),
            point(0, width * 10**8),
            point(low + width * 0.15, 0),
            point(low + width * 0.6, 0),
        ]
        nonzero = [a for a, _ in self.atoms]
        return [z for z in points if z not in nonzero]


# ---------------------------------------------------------------------- densities as the textbooks write them
def semicircle(mean: Any, variance: Any) -> tuple[Callable[[mp.mpf], mp.mpf], mp.mpf, mp.mpf]:
    m, v = exact(mean), exact(variance)
    return lambda x: mp.sqrt(4 * v - (x - m) ** 2) / (2 * mp.pi * v), m - 2 * mp.sqrt(v), m + 2 * mp.sqrt(v)


def marchenko_pastur(ratio: Any, variance: Any) -> tuple[Callable[[mp.mpf], mp.mpf], mp.mpf, mp.mpf]:
    c, v = exact(ratio), exact(variance)

    def density(x: mp.mpf) -> mp.mpf:
        y = x / v
        return mp.sqrt(4 * c - (y - 1 - c) ** 2) / (2 * mp.pi * c * y) / v

    return density, v * (1 - mp.sqrt(c)) ** 2, v * (1 + mp.sqrt(c)) ** 2


def free_poisson(rate: Any, jump: Any) -> tuple[Callable[[mp.mpf], mp.mpf], mp.mpf, mp.mpf]:
    r, a = exact(rate), exact(jump)

    def density(x: mp.mpf) -> mp.mpf:
        return mp.sqrt(4 * r * a * a - (x - a * (1 + r)) ** 2) / (2 * mp.pi * a * x)

    return density, a * (1 - mp.sqrt(r)) ** 2, a * (1 + mp.sqrt(r)) ** 2


def kesten_mckay(degree: Any) -> tuple[Callable[[mp.mpf], mp.mpf], mp.mpf, mp.mpf]:
    d = exact(degree)
    edge = 2 * mp.sqrt(d - 1)
    return lambda x: d * mp.sqrt(4 * (d - 1) - x * x) / (2 * mp.pi * (d * d - x * x)), -edge, edge


def wachter(a: Any, b: Any) -> tuple[Callable[[mp.mpf], mp.mpf], mp.mpf, mp.mpf]:
    a, c = exact(a), exact(a) + exact(b)

    def discriminant(x: mp.mpf) -> mp.mpf:
        return -((c * x - 1 - a) ** 2 + 4 * a * (x - 1))

    middle, spread = (c * (1 + a) - 2 * a) / c**2, 2 * mp.sqrt(a * (c - 1) * (c - a)) / c**2
    return lambda x: mp.sqrt(discriminant(x)) / (2 * mp.pi * x * (1 - x)), middle - spread, middle + spread


def projections(first: Any, second: Any) -> tuple[Callable[[mp.mpf], mp.mpf], mp.mpf, mp.mpf]:
    s, t = exact(first), exact(second)
    middle, spread = s + t - 2 * s * t, mp.sqrt(4 * s * t * (1 - s) * (1 - t))
    return (
        lambda x: mp.sqrt(spread**2 - (x - middle) ** 2) / (2 * mp.pi * x * (1 - x)),
        middle - spread,
        middle + spread,
    )


def free_meixner(a: Any, b: Any) -> Case:
    """Density and residues of G = ((1 + 2b) z + a − √((z − a)² − 4(1 + b)))/(2 (1 + a z + b z²))."""
    p, q = exact(a), exact(b)
    half = 2 * mp.sqrt(1 + q)

    def density(x: mp.mpf) -> mp.mpf:
        return mp.sqrt(half**2 - (x - p) ** 2) / (2 * mp.pi * (1 + p * x + q * x * x))

    inner = p * p - 4 * q
    if q == 0:
        zeros = [-1 / p] if p else []
    else:
        zeros = [(-p + sign * mp.sqrt(inner)) / (2 * q) for sign in (1, -1)] if inner > 0 else []
    atoms = []
    for z in zeros:
        root = mp.sign(z - p) * mp.sqrt((z - p) ** 2 - half**2)  # ~ z at infinity
        residue = ((1 + 2 * q) * z + p - root) / (2 * (2 * q * z + p))
        if residue > mp.mpf(10) ** -30:
            atoms.append((z, residue))
    hard = (lambda left, right: mp.sqrt(right / left) / (2 * mp.pi)) if (a, b) == (1, 0) else None
    return Case(f"FreeMeixner({a!r}, {b!r})", density, p - half, p + half, sorted(atoms), hard)


def fuss_catalan_root(order: int, x: mp.mpf) -> mp.mpc:
    """w = xG from the roots of w^(L+1) − x w + x: the one whose argument lies in (−π/(L+1), 0)."""
    roots = polynomial_roots([x, -x, *[0] * (order - 1), 1], maxsteps=500, extraprec=300)
    return next(w for w in roots if -mp.pi / (order + 1) < mp.arg(w) < 0)


class FussCatalan(Case):
    """Masses and expectations through the angle f; density and G of integer orders from the roots of the polynomial.

    x(f) and the density along f are the textbook's; the slope dx/df is differentiated by hand.
    """

    order: Any = 1
    root: bool = False  # the law of √X instead

    def _sines(self, s: mp.mpf) -> tuple[mp.mpf, mp.mpf, mp.mpf]:
        """Sines of f, pf and (p + 1)f = π − 2s."""
        p, f = self.order, self._angle(s)
        return mp.sin(f), mp.sin(p * f), mp.sin(2 * s) if s < 0.7 else mp.sin((p + 1) * f)

    def _angle(self, s: mp.mpf) -> mp.mpf:
        # the outermost nodes of the quadrature round to the end of the interval
        return max(mp.pi - 2 * s, mp.mpf(10) ** -45) / (self.order + 1)

    def _log_x(self, s: mp.mpf) -> mp.mpf:
        p, (one, lower, upper) = self.order, self._sines(s)
        return (p + 1) * mp.log(upper) - mp.log(one) - p * mp.log(lower)

    def place(self, s: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        return mp.exp(self._log_x(s) / (2 if self.root else 1)), mp.mpf(0)

    def measure(self, s: mp.mpf) -> mp.mpf:
        p, (one, lower, upper) = self.order, self._sines(s)
        f = self._angle(s)
        density = one**2 * lower ** (p - 1) / (mp.pi * upper**p)
        cotangent = -mp.cot(2 * s) if s < 0.7 else mp.cot((p + 1) * f)
        slope = (p + 1) ** 2 * cotangent - mp.cot(f) - p * p * mp.cot(p * f)
        return density * mp.exp(self._log_x(s)) * -slope * 2 / (p + 1)

    def position(self, x: mp.mpf) -> mp.mpf:
        return self.position_of_log(mp.log(x) * (2 if self.root else 1))

    def position_of_log(self, u: mp.mpf) -> mp.mpf:
        # bisection in the logarithm of the distance to the end f = π/(p+1), s = 0
        first, last = mp.mpf(-3000), mp.log(mp.pi / 2)
        for _ in range(220):
            middle = (first + last) / 2
            if self._log_x(mp.exp(middle)) < u:
                first = middle
            else:
                last = middle
        return mp.exp(first)

    def _w(self, x: mp.mpf) -> mp.mpc:
        """XG(X + i0) at X = x."""
        if self.order == int(self.order) and self.order <= 10 and x > 1e-20:
            return fuss_catalan_root(int(self.order), x)
        s = self.position_of_log(mp.log(x))
        _, lower, upper = self._sines(s)
        return upper / lower * mp.expj(-self._angle(s))

    def pdf(self, x: float) -> mp.mpf:
        y = mp.mpf(x)
        return -2 * self._w(y * y).imag / (mp.pi * y) if self.root else -self._w(y).imag / (mp.pi * y)

    def stieltjes(self, z: complex) -> mp.mpc:
        if z.imag == 0.0 and self.low < z.real < self.high and not self.root:
            return self._w(mp.mpf(z.real)) / mp.mpf(z.real)
        return super().stieltjes(z)

    def complex_points(self) -> list[complex]:
        inside = [z for z in super().complex_points() if z.imag == 0.0 and 0 < z.real < self.high]
        return [z for z in super().complex_points() if not (self.root and z in inside)]

    def pdf_of_log(self, u: float) -> mp.mpf:
        one, lower, upper = self._sines(self.position_of_log(mp.mpf(u)))
        return one * upper / (mp.pi * lower)

    def cdf_of_log(self, u: float) -> mp.mpf:
        return self.integral(lambda t: mp.mpf(1), mp.mpf(0), self.position_of_log(mp.mpf(u)), [])


def fuss_catalan(order: Any, *, root: bool = False) -> FussCatalan:
    p = exact(order)
    edge = (p + 1) ** (p + 1) / p**p
    name = f"SquareRoot(FussCatalan({order!r}))" if root else f"FussCatalan({order!r})"
    case = FussCatalan(name, lambda x: mp.mpf(0), mp.mpf(0), mp.sqrt(edge) if root else edge)
    case.fractions = (1e-120, 1e-9, 0.01, 0.2, 0.6, 1.0 - 1e-5)
    case.order, case.root = p, root
    return case


class Raney(FussCatalan):
    """zG is a power of that of the Fuss-Catalan law of order p - 1."""

    power: Any = 1

    def measure(self, s: mp.mpf) -> mp.mpf:
        return super().measure(s) * self._factor(s)

    def _factor(self, s: mp.mpf) -> mp.mpf:
        """Ratio of the two densities."""
        one, lower, upper = self._sines(s)
        return (upper / lower) ** (self.power - 1) * mp.sin(self.power * self._angle(s)) / one

    def _w(self, x: mp.mpf) -> mp.mpc:
        return super()._w(x) ** self.power

    def pdf_of_log(self, u: float) -> mp.mpf:
        return super().pdf_of_log(u) * self._factor(self.position_of_log(mp.mpf(u)))


def raney(p: Any, r: Any) -> Raney:
    order = exact(p) - 1
    edge = (order + 1) ** (order + 1) / order**order
    case = Raney(f"Raney({p!r}, {r!r})", lambda x: mp.mpf(0), mp.mpf(0), edge)
    case.fractions = (1e-9, 0.01, 0.2, 0.6, 1.0 - 1e-5)
    case.order, case.power = order, exact(r)
    return case


# ---------------------------------------------------------------------- the list
def cases() -> Iterator[Case]:
    yield Case("Semicircle()", *semicircle(0, 1))
    yield Case("Semicircle(0.5, 2.25)", *semicircle(0.5, 2.25))
    yield Case("Semicircle(1e6, 2)", *semicircle(1e6, 2))
    for ratio in (1, 0.5, 2, 0.1, 1e-6, 1e6, 1 + 1e-9, 1 - 1e-9):
        density = marchenko_pastur(ratio, 1)
        atoms = [(0, 1 - 1 / exact(ratio))] if ratio > 1 else []
        hard = (lambda left, right: mp.sqrt(right / left) / (2 * mp.pi)) if ratio == 1 else None
        yield Case(f"MarchenkoPastur({ratio!r})", *density, atoms, hard)
    yield Case("MarchenkoPastur(0.3, 1e30)", *marchenko_pastur(0.3, 1e30))
    yield Case("MarchenkoPastur(3, 1e-30)", *marchenko_pastur(3, 1e-30), [(0, exact(Fraction(2, 3)))])
    yield Case("FreePoisson(0.3, 2)", *free_poisson(0.3, 2), [(0, 1 - exact(0.3))])
    for order in (1, 2, 3, 10, 0.5, 2.5, 100, 10000):
        yield fuss_catalan(order)
    two = exact(2)

    def arcsine(left: mp.mpf, right: mp.mpf) -> mp.mpf:
        return 1 / (mp.pi * mp.sqrt(left * right))

    yield Case("Arcsine(2)", lambda x: 1 / (mp.pi * mp.sqrt(4 - x * x)), -two, two, hard=arcsine)
    yield Case("KestenMcKay(2)", lambda x: 1 / (mp.pi * mp.sqrt(4 - x * x)), -two, two, hard=arcsine)
    yield Case("Uniform()", lambda x: 1 / two, mp.mpf(-1), mp.mpf(1))
    yield Case("Uniform(1, 4)", lambda x: mp.mpf(1) / 3, mp.mpf(1), mp.mpf(4))
    for degree in (3, 2.5, 1e6):
        yield Case(f"KestenMcKay({degree!r})", *kesten_mckay(degree))
    for a, b in ((2, 1.5), (1, 3), (3, 1), (1, 1), (0.5, 2), (0.75, 0.5), (1e3, 2e3), (1 + 1e-9, 2)):
        atoms = [(0, max(mp.mpf(0), 1 - exact(a))), (1, max(mp.mpf(0), 1 - exact(b)))]
        hard = _hard_wachter(a, b) if 1 in (a, b) else None
        yield Case(f"Wachter({a!r}, {b!r})", *wachter(a, b), [t for t in atoms if t[1] > 0], hard)
    for s, t in ((0.3, 0.4), (0.7, 0.6), (0.5, 0.5), (1e-6, 0.3)):
        first, second = exact(s), exact(t)
        atoms = [(0, max(1 - first, 1 - second)), (1, max(mp.mpf(0), first + second - 1))]
        hard = (lambda left, right: 1 / (2 * mp.pi * mp.sqrt(left * right))) if s == t == 0.5 else None
        name = f"ProjectionProduct({s!r}, {t!r})"
        yield Case(name, *projections(s, t), [t for t in atoms if t[1] > 0], hard)
    density, low, high = marchenko_pastur(0.5, 1)
    yield Case("SquareRoot(MarchenkoPastur())", lambda y: mp.sqrt(4 - y * y) / mp.pi, mp.mpf(0), two)
    yield Case("SquareRoot(MarchenkoPastur(0.5))", lambda y: 2 * y * density(y * y), mp.sqrt(low), mp.sqrt(high))
    yield fuss_catalan(3, root=True)
    yield Case("-2 * MarchenkoPastur(0.5) + 1", lambda y: density((1 - y) / 2) / 2, 1 - 2 * high, 1 - 2 * low)
    yield Case("Squared(MarchenkoPastur(0.5))", lambda y: density(mp.sqrt(y)) / (2 * mp.sqrt(y)), low**2, high**2)
    yield Case("Squared(Semicircle(3, 1))", lambda y: _square_of_shifted(mp.sqrt(y)), mp.mpf(1), mp.mpf(25))
    yield Case("3 * Arcsine(1) - 1", lambda y: 1 / (mp.pi * mp.sqrt(9 - (y + 1) ** 2)), mp.mpf(-4), two, hard=arcsine)
    yield Case("Semicircle(0.25, 0.5) * 2", *semicircle(0.5, 2))
    for a, b in ((1, 0), (2, 0), (0.5, 2), (2, 1), (4, 1), (3.5, 2), (0.3, -0.6), (3, -0.5), (0.25, 50), (1e-9, 1e-9)):
        yield free_meixner(a, b)
    for p, r in ((3, 2), (2.5, 2), (4, 4), (1.5, 1.25), (5, 3)):
        yield raney(p, r)


def _hard_wachter(a: Any, b: Any) -> Callable[[mp.mpf, mp.mpf], mp.mpf]:
    """An edge at 0 for a = 1, at 1 for b = 1: there the distance to it is x or 1 − x."""
    _, low, high = wachter(a, b)
    total = exact(a) + exact(b)

    def density(left: mp.mpf, right: mp.mpf) -> mp.mpf:
        x = left if a == 1 else low + left
        rest = right if b == 1 else 1 - high + right
        return total * mp.sqrt(left * right) / (2 * mp.pi * x * rest)

    return density


def _square_of_shifted(y: mp.mpf) -> mp.mpf:
    return mp.sqrt(4 - (y - 3) ** 2) / (2 * mp.pi) / (2 * y)


def gaussian_entries() -> Iterator[dict[str, Any]]:
    """The Gaussian law, whose support is the line: special functions of mpmath."""
    for x in (-30.0, -8.0, -1.5, 0.25, 3.0, 20.0):
        yield entry("Gaussian()", "pdf", x, mp.npdf(mp.mpf(x)))
        yield entry("Gaussian()", "cdf", x, mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2)
        yield entry("Gaussian()", "sf", x, mp.erfc(mp.mpf(x) / mp.sqrt(2)) / 2)
    for z in (0.5 + 0.5j, -2 + 0.01j, 6 + 1j, 12 + 0j, 1.5 + 0j, 3e6 + 1e6j):
        w = mp.mpc(z)
        g = -1j * mp.sqrt(mp.pi / 2) * mp.exp(-w * w / 2) * mp.erfc(-1j * w / mp.sqrt(2))
        with mp.workdps(200):
            v = mp.mpc(z)
            fine = -1j * mp.sqrt(mp.pi / 2) * mp.exp(-v * v / 2) * mp.erfc(-1j * v / mp.sqrt(2))
            moment = v * fine - 1 if abs(z) < 100 else mp.nsum(lambda k, v=v: mp.fac2(2 * k - 1) / v ** (2 * k), [1, 8])
        g = fine if abs(z) < 100 else (1 + moment) / w
        yield entry("Gaussian()", "stieltjes", z, g)
        yield entry("Gaussian()", "t_transform", z, moment)
        if z.imag > 0 and abs(z) < 100:
            value = mp.quad(
                lambda t, w=w: mp.log(w - t) * mp.npdf(t),
                [-20, -5, z.real - 1, z.real, z.real + 1, 8, 20],
                maxdegree=12,
            )
            yield entry("Gaussian()", "log_potential", z, value)


def cauchy_entries() -> Iterator[dict[str, Any]]:
    """The Cauchy law: arctangents of mpmath."""
    for x in (-1e12, -3.0, 0.5, 2.0, 1e9):
        t = (mp.mpf(x) - 1) / 2
        yield entry("Cauchy(1, 2)", "pdf", x, 1 / (2 * mp.pi * (1 + t * t)))
        yield entry("Cauchy(1, 2)", "cdf", x, (mp.atan2(1, -t)) / mp.pi)
        yield entry("Cauchy(1, 2)", "sf", x, (mp.atan2(1, t)) / mp.pi)


STABLE = ("0.5, 1", "0.5, 0.5", "0.25, 0.75", "0.75, 1", "1.5, 0.5", "1.5, Fraction(2, 3)", "1.25, 0.5", "2, 0.5")


def free_stable_entries(parameters: str) -> Iterator[dict[str, Any]]:
    """A free stable law: integrals of the density over the angle of F(x) = 1/G(x) = r e^(iθ).

    The curve is that of F + R(1/F) = x, R(g) = −e^(iπαρ) g^(α−1), which is checked at every point; the slope dx/dθ is
    differentiated by hand.
    """
    name = f"FreeStable({parameters})"
    alpha, rho = (exact(value) for value in eval(f"({parameters})"))
    kappa = 1 - alpha

    def curve(t: mp.mpf) -> tuple[mp.mpf, mp.mpf, mp.mpf]:
        """x, density and −dx/dθ."""
        t = min(max(t, mp.mpf(10) ** -45), mp.pi - mp.mpf(10) ** -45)
        beta, delta = mp.pi * alpha * rho + kappa * t, mp.pi * rho - t
        r = (mp.sin(beta) / mp.sin(t)) ** (1 / alpha)
        slope = alpha * mp.cos(alpha * delta)
        slope -= mp.sin(alpha * delta) * ((1 / alpha - 1) * kappa * mp.cot(beta) - mp.cot(t) / alpha)
        return r * mp.sin(alpha * delta) / mp.sin(beta), mp.sin(t) / (mp.pi * r), slope * r / mp.sin(beta)

    def angle(x: mp.mpf) -> mp.mpf:
        first, last = mp.mpf(0), mp.pi
        for _ in range(190):
            middle = (first + last) / 2
            if curve(middle)[0] > x:
                first = middle
            else:
                last = middle
        return first

    def stieltjes(x: mp.mpf, t: mp.mpf) -> mp.mpc:
        r = mp.sin(t) / (mp.pi * curve(t)[1])
        f = r * mp.expj(t)
        assert abs(f - mp.expjpi(alpha * rho) * f**kappa - x) < mp.mpf(10) ** -42 * (1 + abs(f))
        return 1 / f

    def expectation(function: Callable[[mp.mpf], Any], ends: list[Any]) -> Any:
        def integrand(t: mp.mpf) -> Any:
            x, density, slope = curve(t)
            return function(x) * density * slope

        return mp.quad(integrand, ends, maxdegree=12)

    bottom, top = curve(mp.pi)[0], curve(mp.mpf(0))[0]
    for x in (-1e6, -40.0, -1.5, -0.125, 0.3, 0.75, 1.75, 2.5, 30.0, 1e7):
        if not bottom < x < top:
            continue
        t = angle(mp.mpf(x))
        yield entry(name, "pdf", x, curve(t)[1])
        yield entry(name, "sf", x, expectation(lambda y: mp.mpf(1), [0, t / 2, t]))
        yield entry(name, "cdf", x, expectation(lambda y: mp.mpf(1), [t, (t + mp.pi) / 2, mp.pi]))
        g = stieltjes(mp.mpf(x), t)
        yield entry(name, "stieltjes", complex(x), g)
        yield entry(name, "t_transform", complex(x), mp.mpf(x) * g - 1)
    for z in (0.3 + 0.4j, -2 + 1j, 1 + 0.03125j, 1e3 + 1e3j):
        w, t = mp.mpc(z), angle(mp.mpf(z.real))
        ends = sorted({mp.mpf(0), t / 2, t, (t + mp.pi) / 2, mp.pi})
        yield entry(name, "stieltjes", z, expectation(lambda y, w=w: 1 / (w - y), ends))
        yield entry(name, "t_transform", z, expectation(lambda y, w=w: y / (w - y), ends))
        yield entry(name, "log_potential", z, expectation(lambda y, w=w: mp.log(w - y), ends))


def entry(law: str, quantity: str, at: Any, value: Any) -> dict[str, Any]:
    def text(number: mp.mpf) -> str:
        return mp.nstr(number, DIGITS, strip_zeros=True)

    place = [at.real, at.imag] if isinstance(at, complex) else at
    result = [text(mp.re(value)), text(mp.im(value))] if isinstance(value, mp.mpc) else text(value)
    return {"law": law, "quantity": quantity, "at": place, "value": result}


def entries_of(case: Case) -> Iterator[dict[str, Any]]:
    """All numbers of one law."""
    for x in case.real_points():
        for quantity in ("pdf", "cdf", "sf"):
            yield entry(case.name, quantity, x, getattr(case, quantity)(x))
    for z in case.complex_points():
        for quantity in ("stieltjes", "t_transform", "log_potential"):
            yield entry(case.name, quantity, z, mp.mpc(getattr(case, quantity)(z)))
    for k in (1, 2, 3, 6):
        yield entry(case.name, "moment", k, case.moment(k))
    if isinstance(case, FussCatalan) and not case.root:
        p = case.order
        for share in (0.01, 0.5, 1.0, 3.0, 20.0):
            u = float(mp.log(case.high) - p * mp.mpf(share))
            yield entry(case.name, "pdf_of_log", u, case.pdf_of_log(u))
            yield entry(case.name, "cdf_of_log", u, case.cdf_of_log(u))


def main() -> None:
    """Write the file next to this script."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor() as pool:
        names = [case.name for case in cases()]
        rows = [row for part in pool.map(_entries_of_name, names) for row in part]
    rows += [*gaussian_entries(), *cauchy_entries()]
    rows += [row for parameters in STABLE for row in free_stable_entries(parameters)]
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_name("laws.json").write_text(f"[\n{lines}\n]\n")


def _entries_of_name(name: str) -> list[dict[str, Any]]:
    return list(entries_of(next(case for case in cases() if case.name == name)))


if __name__ == "__main__":
    main()
