"""Free Meixner laws: orthogonal polynomials with constant recursion coefficients from the second one on."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import EPS, Complex, Interval, Law, Mask, Real, check_range, exact
from rmt.laws.moment_series import motzkin_series, root_series
from rmt.numerics.functions.branches import log1p_complex, log_lower, log_upper, scaled, square_root_pair
from rmt.numerics.functions.exact_constants import TwoFloat, exact_sqrt, offset, two_float

#: masses below this are integrated from the edge: the potential gives them to absolute accuracy only
_TAIL = 0.05
#: beyond this the square of a point may overflow
_FAR = 1e150
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
#: points of the circle on which a divided difference is taken
_CIRCLE = np.exp(2j * math.pi * (np.arange(64) + 0.5) / 64)


class _Edge(NamedTuple):
    """An end of the support, with 1 + a x + b x² next to it."""

    at: TwoFloat
    root: float  # of that polynomial there, with the sign of 1 + 2b ∓ a c
    slope: float
    pole: float  # distance, in the angle, of its nearest zero


class _Pole(NamedTuple):
    position: float
    mass: float
    regular: float  # what is left of G when the pole is taken away


class _Bulk(NamedTuple):
    """Numbers that the parameters fix once and for all."""

    a: float
    b: float
    c: float  # √(1 + b), a quarter of the width
    low: _Edge
    high: _Edge
    roots: tuple[complex, complex]  # of s² + a s + b
    left: _Pole | None
    right: _Pole | None
    mass: float
    sharpest: float  # distance from the real line, in the angle, of the zeros of 1 + a x + b x²


@dataclass(frozen=True, init=False, repr=False)
class FreeMeixner(Law):
    """Free Meixner law of mean 0 and variance 1 (Saitoh and Yoshida 2001; Anshelevich 2003).

    Its Jacobi parameters are (0, a, a, ...) and (1, 1 + b, 1 + b, ...); with c = sqrt(1 + b) the density is
    ``sqrt(4 c^2 - (x - a)^2) / (2 pi (1 + a x + b x^2))`` on ``a ± 2c``, with up to two atoms at zeros of the
    denominator, and R(g) = 2 g/(1 - a g + sqrt((1 - a g)² - 4 b g²)). Dilated and shifted, these are all laws for which
    the conditional mean and variance of X given X + Y, for a free copy Y, are linear and quadratic in X + Y
    (Bożejko and Bryc 2006). The six types, as in :attr:`family`:

    ============  =======================  ======================================================
    b = 0         a = 0                    semicircle
    b = 0         a ≠ 0                    free Poisson (Marchenko-Pastur)
    b > 0         a² > 4b                  free Pascal (free negative binomial)
    b > 0         a² = 4b                  free gamma
    b > 0         a² < 4b                  pure free Meixner
    -1 <= b < 0                            free binomial (Kesten-McKay, free Jacobi, two points)
    ============  =======================  ======================================================

    It is freely infinitely divisible exactly for b >= 0; the free power t is ``FreeMeixner(a/sqrt(t), b/t)`` dilated by
    sqrt(t), for t >= -b.

    Parameters
    ----------
    a : real
        Third free cumulant, the skewness.
    b : real
        >= -1; the kurtosis: the fourth free cumulant is a² + b. At -1 the law has two atoms and no density.

    Raises
    ------
    TypeError
        If `a` or `b` is not of the kind named above.
    ValueError
        If a parameter is not finite, or ``b < -1``.

    Examples
    --------
    >>> from rmt.laws import FreeMeixner
    >>> FreeMeixner(1, 2).free_cumulants(4)
    (0.0, 1.0, 1.0, 3.0)
    >>> FreeMeixner(2, 0).atoms
    ((-0.5, 0.75),)
    >>> FreeMeixner(2, 1).family
    'free gamma'
    """

    a: Any
    b: Any

    _edge_ulps: ClassVar[float] = 0.0

    def __init__(self, a: Any = 0, b: Any = 0) -> None:
        object.__setattr__(self, "a", check_real("a", a))
        object.__setattr__(self, "b", check_real("b", b, at_least=-1.0))
        check_range(self)

    @property
    def family(self) -> str:
        """Name of the type."""
        a, b = exact(self.a), exact(self.b)
        if b < 0:
            return "free binomial"
        if b == 0:
            return "free Poisson" if a else "semicircle"
        sign = a * a - 4 * b
        return "free gamma" if sign == 0 else "free Pascal" if sign > 0 else "pure free Meixner"

    @cached_property
    def _bulk(self) -> _Bulk:
        a, b = exact(self.a), exact(self.b)
        c = exact_sqrt(1 + b)
        inner = a * a - 4 * b
        root = exact_sqrt(abs(inner))
        first, second = (complex(-float(a) / 2, s * float(root) / 2) for s in (1, -1))
        left = right = None
        at_low, at_high = 1 + 2 * b - a * c, 1 + 2 * b + a * c
        if (1 + 2 * b) ** 2 == a * a * (1 + b):  # an edge on a zero, whatever the rounding of c
            at_low = at_low if a * (1 + 2 * b) < 0 else Fraction(0)
            at_high = at_high if a * (1 + 2 * b) > 0 else Fraction(0)
        if inner >= 0:
            smaller, larger = (-a - root) / 2, (-a + root) / 2
            first, second = complex(larger), complex(smaller)
            left = _pole(smaller, larger, c) if at_low < 0 else None
            right = _pole(larger, smaller, c) if at_high < 0 else None
        masses = sum((Fraction(p[1]) for p in (left, right) if p), Fraction(0))
        angles = [cmath.log(w / float(c)) / 1j for w in (first, second) if w and c]
        return _Bulk(
            a=float(a),
            b=float(b),
            c=float(c),
            low=_Edge(two_float(a - 2 * c), float(at_low), float(2 * b * (a - 2 * c) + a), _nearest(angles, math.pi)),
            high=_Edge(two_float(a + 2 * c), float(at_high), float(2 * b * (a + 2 * c) + a), _nearest(angles, 0.0)),
            roots=(first, second),
            left=None if left is None else _Pole(*map(float, left)),
            right=None if right is None else _Pole(*map(float, right)),
            mass=float(1 - masses),
            sharpest=min((abs(t.imag) for t in angles), default=1.0),
        )

    # ------------------------------------------------------------------ structure
    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval ``a ± 2 sqrt(1 + b)``; an edge at a zero of 1 + a x + b x² is hard. Empty for b = -1."""
        bulk = self._bulk
        if bulk.c == 0.0:
            return ()
        exponents = [-0.5 if edge.root == 0.0 else 0.5 for edge in (bulk.low, bulk.high)]
        return (Interval(bulk.low.at.high, bulk.high.at.high, exponents[0], exponents[1], bulk.mass),)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Atoms at the zeros of 1 + a x + b x² that lie off the interval on the side where G is regular."""
        return tuple((p.position, p.mass) for p in (self._bulk.left, self._bulk.right) if p is not None)

    def _distances(self, x: Real) -> tuple[Real, Real]:
        """Distances to both edges, 0 outside."""
        low, high = self._bulk.low.at, self._bulk.high.at
        left, right = np.maximum(offset(x, low), 0.0), np.maximum(-offset(x, high), 0.0)
        left[x <= low.high], right[x >= high.high] = 0.0, 0.0
        return left, right

    def _denominator(self, x: Real, left: Real, right: Real) -> tuple[Real, Real]:
        """1 + a x + b x² from the expansion, about 0 or an edge, that cancels least; and the size of its terms."""
        bulk = self._bulk
        best, least = 1.0 + x * (bulk.a + bulk.b * x), 1.0 + np.abs(bulk.a * x) + np.abs(bulk.b) * x * x
        for edge, distance, side in ((bulk.low, left, 1.0), (bulk.high, right, -1.0)):
            slope, square = side * edge.slope * distance, bulk.b * distance * distance
            size = edge.root * edge.root + np.abs(slope) + np.abs(square)
            best = np.where(size < least, edge.root * edge.root + slope + square, best)
            least = np.minimum(size, least)
        return best, least

    # ------------------------------------------------------------------ density and masses
    def _pdf(self, x: Real) -> Real:
        bulk = self._bulk
        out = np.zeros_like(x)
        inside = (x > bulk.low.at.high) & (x < bulk.high.at.high)
        left, right = self._distances(x[inside])
        q, _ = self._denominator(x[inside], left, right)
        out[inside] = np.sqrt(left) * np.sqrt(right) / (2.0 * math.pi * q)
        for edge in (bulk.low, bulk.high):
            if edge.root == 0.0 and bulk.c > 0.0:
                out[x == edge.at.high] = np.inf
        return out

    def _masses(self, x: Real) -> tuple[Real, Real]:
        """Mass of the density below and above."""
        bulk = self._bulk
        below = np.where(x >= bulk.high.at.high, bulk.mass, 0.0)
        above = bulk.mass - below
        inside = (x > bulk.low.at.high) & (x < bulk.high.at.high)
        if not inside.any():
            return below, above
        point = x[inside]
        left, right = self._distances(point)
        beyond = bulk.right.mass if bulk.right is not None else 0.0
        level = np.clip(self._log_potential(point.astype(np.complex128)).imag / math.pi - beyond, 0.0, bulk.mass)
        rest = bulk.mass - level
        # Im U has an absolute accuracy: the tails by quadrature, and all of a light bulk
        least = _TAIL * bulk.mass if bulk.mass >= _TAIL else math.inf
        upper = (level < least) & (level <= rest)
        lower = (rest < least) & ~upper
        level[upper] = self._tail(bulk.high, right[upper], -1.0)
        rest[upper] = bulk.mass - level[upper]
        rest[lower] = self._tail(bulk.low, left[lower], 1.0)
        level[lower] = bulk.mass - rest[lower]
        below[inside], above[inside] = rest, level
        return below, above

    def _tail(self, edge: _Edge, distance: Real, side: float) -> Real:
        """Mass between an edge and points at these distances: Gauss rules in the angle, finer towards its ends."""
        bulk = self._bulk
        angle = 2.0 * np.arcsin(np.sqrt(np.minimum(distance / (4.0 * bulk.c), 1.0)))
        fine, sharp = (min(40, max(1, math.ceil(-math.log2(max(d, 1e-12)))) + 1) for d in (edge.pole, bulk.sharpest))
        breaks = np.unique(
            np.concatenate([[0.0, 1.0], 0.5 ** np.arange(1.0, fine + 1.0), 1.0 - 0.5 ** np.arange(1.0, sharp + 1.0)])
        )
        half = 0.5 * np.diff(breaks)[:, None]
        t, w = ((breaks[:-1, None] + half * (1.0 + _NODES)).ravel(), (half * _WEIGHTS).ravel())
        u = angle[:, None] * t
        r = 4.0 * bulk.c * np.sin(0.5 * u) ** 2
        x = edge.at.high + side * r
        far = 4.0 * bulk.c - r
        left, right = (r, far) if side > 0.0 else (far, r)
        q, _ = self._denominator(x.ravel(), left.ravel(), right.ravel())
        return np.asarray(angle * ((np.sin(u) ** 2 / q.reshape(u.shape)) @ w) * (2.0 * bulk.c**2 / math.pi))

    def _cdf(self, x: Real) -> Real:
        out = self._masses(x)[0] + sum((np.where(x >= position, mass, 0.0) for position, mass in self.atoms), 0.0)
        return np.where(x >= self._hull()[1], 1.0, np.minimum(out, 1.0))

    def _sf(self, x: Real) -> Real:
        out = self._masses(x)[1] + sum((np.where(x < position, mass, 0.0) for position, mass in self.atoms), 0.0)
        return np.where(x < self._hull()[0], 1.0, np.minimum(out, 1.0))

    # ------------------------------------------------------------------ transforms
    def _joukowski(self, z: Complex) -> tuple[Complex, Complex]:
        """The root s with |s| >= c of s + c²/s = z − a, and s − c²/s."""
        bulk = self._bulk
        root = square_root_pair(z, bulk.low.at, bulk.high.at)
        return np.asarray(0.5 * (z - bulk.a + root)), root

    def _transforms(self, z: Complex) -> tuple[Complex, Complex, Mask]:
        """G, s and where G has a pole: G = (t − root)/(2q) = 2c²/(t + root), t = (1 + 2b) z + a, q = 1 + a z + b z²."""
        bulk = self._bulk
        s, root = self._joukowski(z)
        growth = 1.0 + 2.0 * bulk.b
        far = np.abs(z) > _FAR  # q would overflow: numerators and denominators are divided by z
        w = np.where(far, 1.0, z)
        t, q = growth * w + bulk.a, 1.0 + w * (bulk.a + bulk.b * w)
        least = np.abs(growth * w) + abs(bulk.a)
        for edge, sign in ((bulk.low, -1.0), (bulk.high, 1.0)):
            step = offset(w, edge.at)
            start = sign * 2.0 * bulk.c * edge.root
            size = abs(start) + np.abs(growth * step)
            nearer = size < least
            t = np.where(nearer, start + growth * step, t)
            q = np.where(nearer, edge.root * edge.root + step * (edge.slope + bulk.b * step), q)
            least = np.where(nearer, size, least)
        divisor = np.where(far, z, 1.0)
        t, root = np.where(far, growth, t), root / divisor
        q = np.where(far, bulk.a + bulk.b * divisor, q)
        cancels = np.abs(t - root) < np.abs(t + root)
        above = np.where(cancels, 2.0 * bulk.c**2 / divisor, t - root)
        below = np.where(cancels, t + root, 2.0 * q)
        pole = below == 0.0
        return np.asarray(above / np.where(pole, 1.0, below), dtype=np.complex128), s, np.asarray(pole)

    def _stieltjes(self, z: Complex) -> Complex:
        bulk = self._bulk
        out, _, pole = self._transforms(z)
        for edge, sign in ((bulk.low, 1.0), (bulk.high, -1.0)):
            if edge.root == 0.0:
                at = edge.at.high
                out[z == at] = complex(0.5 / at + sign * bulk.c / (at * at), -math.inf)
        for p in (bulk.left, bulk.right):
            if p is not None:
                out[(z == p.position) | (pole & (np.sign(z.real) == math.copysign(1.0, p.position)))] = complex(
                    p.regular, -math.inf
                )
        return out

    def _t_transform(self, z: Complex) -> Complex:
        g, s, pole = self._transforms(z)
        out = g / np.where(pole, 1.0, s)
        out[pole] = super()._t_transform(z[pole])
        return np.asarray(out)

    def _log_potential(self, z: Complex) -> Complex:
        # dU = (s² − c²)/(s N) ds: U = log s + f[s1, s2], a divided difference in the roots of N
        s, _ = self._joukowski(z)
        first, second = self._bulk.roots
        middle = 0.5 * (first + second).real
        radius = 0.5 * np.abs(s - middle)
        close = (abs(first - second) < 0.5 * radius) & (middle * (s.real / np.abs(s)) <= np.abs(s))
        change = np.empty_like(s)
        change[close] = self._confluent(s[close], middle, radius[close])
        far = s[~close]
        if far.size:
            if first.imag == 0.0:
                numbers = [self._coefficient(w, other) for w, other in ((first, second), (second, first))]
                logs = [_log_over(w.real, far) for w in (first, second)]
                # at a hard edge the coefficient vanishes where the logarithm is infinite
                terms = [scaled(number, log) if number else 0.0 for number, log in zip(numbers, logs, strict=True)]
                change[~close] = terms[0] + terms[1]
            else:
                values = [(w * w - self._bulk.c**2) / w * log1p_complex(-w / far) for w in (first, second)]
                change[~close] = (values[0] - values[1]) / (first - second)
        out = np.asarray(log_upper(s) + change)
        out.imag = np.clip(out.imag, 0.0, math.pi)
        return out

    def _coefficient(self, root: complex, other: complex) -> float:
        return (root.real**2 - self._bulk.c**2) / (root.real - other.real)

    def _confluent(self, s: Complex, middle: float, radius: Real) -> Complex:
        """f[s1, s2] by Cauchy's formula, where the roots are close together compared with their distance to s."""
        first, second = self._bulk.roots
        w = middle + radius[:, None] * _CIRCLE
        f = (w * w - self._bulk.c**2) / w * log1p_complex(-w / s[:, None])
        return np.asarray(np.mean(f * (w - middle) / ((w - first) * (w - second)), axis=1))

    def _r_transform(self, g: Complex) -> Complex:
        bulk = self._bulk
        away = 1.0 - bulk.a * g
        if bulk.b >= 0.0:
            ends = [1.0 - g * (bulk.a + sign * 2.0 * math.sqrt(bulk.b)) for sign in (1.0, -1.0)]
        else:
            ends = [1.0 - g * (bulk.a + sign * 2j * math.sqrt(-bulk.b)) for sign in (1.0, -1.0)]
        root = np.sqrt(ends[0]) * np.sqrt(ends[1])
        cut = (g.imag == 0.0) & (bulk.b > 0.0) & ((ends[0].real < 0.0) | (ends[1].real < 0.0))
        total = away + root
        cut |= total == 0.0
        return np.where(cut, np.nan, 2.0 * g / np.where(cut, 1.0, total))

    def _r_domain(self) -> str:
        if self._bulk.b > 0.0:
            return "complex g off the real half lines on which 1/g lies in (a - 2 sqrt(b), a + 2 sqrt(b))"
        return "every complex g but poles (off two radial cuts the branch is analytic)"

    # ------------------------------------------------------------------ moments and algebra
    def _exact_moments(self, order: int) -> list[Fraction]:
        # zG = (1 + 2b + a x − s)/(2 (b + a x + x²)) at x = 1/z, with s = √((1 − a x)² − 4 (1 + b) x²)
        a, b = exact(self.a), exact(self.b)
        if b == 0 == a:
            return motzkin_series(0, 1, order)
        root = root_series(-2 * a, a * a - 4 * (1 + b), order + 1)
        top = [-f / 2 for f in root]
        top[0] += (1 + 2 * b) / Fraction(2)
        top[1] += a / 2
        moments = [Fraction(1)]
        for k in range(1, order + 1):
            before = moments[k - 2] if k > 1 else 0
            if b:
                moments.append((top[k] - a * moments[k - 1] - before) / b)
            else:
                moments.append((top[k + 1] - moments[k - 1]) / a)
        return moments

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        return [Fraction(0), *motzkin_series(exact(self.a), exact(self.b), order)][:order]

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return FreeMeixner(-self.a, self.b) if scale == -1 and shift == 0 else None

    def _pdf_error(self, x: Real, value: Real) -> Real:
        inside = (x > self._bulk.low.at.high) & (x < self._bulk.high.at.high)
        out = super()._pdf_error(x, value)
        q, size = self._denominator(x[inside], *self._distances(x[inside]))
        out[inside] += 8.0 * EPS * size / np.maximum(q, np.finfo(float).tiny) * value[inside]
        return out


def _nearest(angles: list[complex], end: float) -> float:
    """Distance of an end of the half circle to the nearest zero of the denominator in the plane of the angle."""
    return min((abs(complex(end - abs(t.real), t.imag)) for t in angles), default=1.0)


def _pole(root: Fraction, other: Fraction, c: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Position, mass and regular part of G at the pole 1/root."""
    square, difference = c * c, root - other
    mass = (root * root - square) / (root * difference)
    regular = (square / root - other) / (difference**2 * (1 - square / root**2))
    return 1 / root, mass, regular


def _log_over(w: float, s: Complex) -> Complex:
    """log(1 − w/s)/w for Im s >= 0, continued from the upper half plane; −1/s at w = 0."""
    if w == 0.0:
        return -1.0 / s
    ratio = -w / s
    small: Mask = np.abs(ratio) < 0.5
    out = np.empty_like(s)
    out[small] = log1p_complex(ratio[small])
    with np.errstate(divide="ignore"):
        out[~small] = (log_upper if w > 0.0 else log_lower)(1.0 + ratio[~small])
    return scaled(1.0 / w, out)
