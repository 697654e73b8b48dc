"""The branch of an algebraic function that is G, followed with balls from infinity into the upper half plane.

Every step proves, by Rouché's theorem over a whole disc, that exactly one root of the equation stays near a moving
point; so the root at its end is the analytic continuation of that at its beginning. Single values are enclosed by
Krawczyk's test (Krawczyk 1969) in the ball arithmetic of Arb (Johansson 2017).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.exact.branch_choice import reversed_rows, series_of
from rmt.exact.rings import require_flint

Ball = Any

#: steps after which a path is given up
_MOST_STEPS = 400


@contextlib.contextmanager
def working_bits(bits: int) -> Iterator[Any]:
    """Flint at this working precision; the old one is set back."""
    flint = require_flint()
    old = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield flint
    finally:
        flint.ctx.prec = old


@dataclass(frozen=True)
class Disc:
    """A proven disc: for z = centre + s span with |s| <= radius, one root is within `width` of value + s tilt."""

    centre: Ball
    span: Ball
    value: Ball
    tilt: Ball
    radius: float
    width: float

    def holds(self, s: Any, ball: Ball) -> bool:
        """Whether a ball at s lies inside."""
        return bool(abs(ball - self.value - self.tilt * s).upper() < self.width)


class Curve:
    """Σ row_i(z) y^i with integer or rational rows, and what Krawczyk's test needs of it."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = list(rows)
        self.slopes = [row.derivative() for row in rows]

    def at(self, z: Ball, y: Ball, *, in_z: bool = False) -> tuple[Ball, Ball, Ball]:
        """Value, derivative in y, and that in z if wanted."""
        value = self.rows[-1](z)
        slope = value * 0
        for row in reversed(self.rows[:-1]):
            slope = slope * y + value
            value = value * y + row(z)
        along = value * 0
        if in_z:
            for row in reversed(self.slopes):
                along = along * y + row(z)
        return value, slope, along

    def newton(self, z: Ball, y: Ball, steps: int = 60) -> Ball | None:
        """A root near y by Newton's method on midpoints, no proof."""
        z, y = z.mid(), y.mid()
        last = None
        for _ in range(steps):
            value, slope, _ = self.at(z, y)
            step = (value.mid() / slope.mid()).mid()
            if not step.is_finite():
                return None
            y = (y - step).mid()
            size = float(abs(step).mid())
            if last is not None and size >= 0.5 * last and size <= 1e-3 * (1e-300 + float(abs(y).mid())):
                return y
            if size == 0.0:
                return y
            last = size
        return y if last is not None and last <= 1e-6 * (1e-300 + float(abs(y).mid())) else None

    def point(self, z: Ball, start: Ball) -> Ball | None:
        """A small ball near `start` that holds exactly one root at z, or None."""
        y = self.newton(z, start)
        return None if y is None else self.proven(z, y)

    def proven(self, z: Ball, y: Ball) -> Ball | None:
        """A ball around y with exactly one root at z, by Krawczyk's test."""
        flint = require_flint()
        value, slope, _ = self.at(z, y)
        if slope.mid() == 0:
            return None
        inverse = (1 / slope.mid()).mid()
        first = inverse * value
        tiny = abs(y).mid() * flint.arb(2) ** (-flint.ctx.prec + 4) + flint.arb(2) ** (-4 * flint.ctx.prec)
        radius = 2 * flint.arb(abs(first).upper()) + tiny
        for _ in range(4):
            box = square_ball(radius)
            _, slope, _ = self.at(z, y + box)
            image = -first + (1 - inverse * slope) * box
            if box.contains_interior(image):
                return y + image
            radius = 8 * radius
        return None

    def disc(self, z: Ball, y: Ball, span: Ball) -> Disc | None:
        """The largest disc, at most 1 in units of `span`, in which the root in the ball `y` is proven to be alone.

        With F(s, h) = P(z + s span, y + s tilt + h) = Σ a_ij s^i h^j there is one root with |h| < r for all
        |s| <= σ where the sum of all other |a_ij| σ^i r^j is below |a_01| r (Rouché).
        """
        flint = require_flint()
        z, y, span = z.mid(), y.mid(), span.mid()
        _, slope, along = self.at(z, y, in_z=True)
        tilt = (-along.mid() / slope.mid() * span).mid()
        if not tilt.is_finite():
            return None
        line, moved = flint.acb_poly([z, span]), flint.acb_poly([y, tilt])
        powers: list[Any] = []  # coefficients of h^j, polynomials in s
        for row in reversed(self.rows):
            shifted = [flint.acb_poly(0), *powers]
            powers = [
                (powers[j] * moved if j < len(powers) else flint.acb_poly(0)) + shifted[j] for j in range(len(shifted))
            ]
            powers[0] += flint.acb_poly(row)(line)
        size = np.zeros((max(len(p) for p in powers), len(powers)))
        for j, p in enumerate(powers):
            for i, c in enumerate(p.coeffs()):
                size[i, j] = float(abs(c).upper())
        lead = float(abs(powers[1][0]).lower()) * (1.0 - 1e-12)
        size = size * (1.0 + 1e-12) + 1e-300
        size[0, 1] = 0.0
        if not (lead > 0.0 and np.isfinite(size).all()):
            return None
        exponents = np.arange(size.shape[0])
        scaled = _SHARES[:, None] ** exponents  # shares x powers of s
        columns = scaled @ size  # shares x powers of h
        best: tuple[int, float] | None = None
        with np.errstate(over="ignore", invalid="ignore"):
            for factor in (1.5, 3.0):
                width = factor * columns[:, 0] / np.maximum(lead - columns[:, 1], 1e-3 * lead)
                total = (columns * width[:, None] ** np.arange(size.shape[1])).sum(axis=1)
                good = np.flatnonzero(total < 0.999 * lead * width)
                if good.size and (best is None or good[0] < best[0]):
                    best = int(good[0]), float(width[good[0]])
        if best is None:
            return None
        return Disc(z, span, y, tilt, float(_SHARES[best[0]]) * (1.0 - 1e-12), best[1])


#: radii that are tried, large ones first
_SHARES = 3.0 * 2.0 ** (-0.25 * np.arange(200))


def square_ball(radius: Any) -> Ball:
    """The square of this half width around 0."""
    flint = require_flint()
    side = flint.arb(0, radius.upper() if hasattr(radius, "upper") else radius)
    return flint.acb(side, side)


class Sheet:
    """The physical branch of an equation.

    Parameters
    ----------
    rows : sequence of fmpz_poly
        Coefficients of 1, G, G², ... as polynomials in z.
    seed : sequence of Fraction
        Moments m_0, m_1, ..., enough to tell the branch from all others at infinity.
    """

    def __init__(self, rows: Sequence[Any], seed: Sequence[Fraction]) -> None:
        self.curve = Curve(rows)
        self.rows = list(rows)
        self.seed = list(seed)

    @cached_property
    def _start(self) -> tuple[Curve, Any, int, Fraction]:
        """The equation of v in G = t (s(t) + t^K v), t = 1/z, regular and with one simple root at t = 0."""
        flint = require_flint()
        rows = reversed_rows(self.rows)
        seed = [Fraction(m) for m in self.seed]
        for count in range(1, len(seed)):
            head = series_of(seed[:count])
            # Taylor coefficients in G at the head
            shifted = []
            for i in range(len(rows)):
                total = flint.fmpq_poly([0])
                for j in range(len(rows) - 1, i - 1, -1):
                    total = total * head + rows[j] * math.comb(j, i)
                shifted.append(total.left_shift((count + 1) * i))
            order = min(_order(p) for p in shifted)
            lowered = [p.right_shift(order) for p in shifted]
            at_zero = [p(0) for p in lowered]
            if at_zero[1] != 0 and all(c == 0 for c in at_zero[2:]):
                v = -at_zero[0] / at_zero[1]
                scale = math.lcm(*(int(p.denom()) for p in lowered))
                whole = [flint.fmpz_poly([int((c * scale).p) for c in p.coeffs()]) for p in lowered]
                return Curve(whole), head, count, Fraction(int(v.p), int(v.q))
        raise ConvergenceError("the moments given do not tell the branch of the law from the others at infinity")

    @cached_property
    def _far_disc(self) -> tuple[Disc, float]:
        """A disc around t = 0 in which the branch is alone, and the distance from 0 beyond which z is in it."""
        flint = require_flint()
        curve, _, _, v = self._start
        with working_bits(128):
            first = flint.acb(flint.fmpq(v.numerator, v.denominator))
            span = 1.0
            for _ in range(40):
                disc = curve.disc(flint.acb(0), first, flint.acb(span))
                if disc is not None and disc.radius > 2.0**-20:
                    return disc, 1.001 / (disc.radius * span)
                span = span / 64.0
        raise ConvergenceError("the branch of the law could not be told from the others far from the line")

    def start(self, x: Any, reach: float) -> tuple[Ball, Ball]:
        """A point above x, at least `reach` away from 0, and G there."""
        flint = require_flint()
        disc, distance = self._far_disc
        curve, head, count, _ = self._start
        z = flint.acb(flint.arb(x).mid(), max(reach, distance))
        t = 1 / z
        s = t / disc.span
        v = curve.point(t.mid(), disc.value + disc.tilt * s)
        if v is None or not disc.holds(s, v):
            raise ConvergenceError("the branch of the law could not be told from the others far from the line")
        near = flint.acb_poly(head)(t) + t ** (count + 1) * v
        value = self.curve.point(z, near)
        if value is None or not value.overlaps(near):
            raise ConvergenceError("the branch of the law could not be told from the others far from the line")
        return z, value

    def path(self, z: Ball, value: Ball, target: Ball, *, share: float = 1.0) -> Iterator[tuple[Disc, float, Ball]]:
        """Proven steps along the straight line to `target`: disc, how far it was gone in units of its span, G there.

        Each step uses this share of the radius of its disc.
        """
        flint = require_flint()
        for _ in range(_MOST_STEPS):
            rest = (target - z).mid()
            disc = self.curve.disc(z, value, rest)
            if disc is None:
                break
            last = disc.radius * share >= 1.0
            s = 1.0 if last else disc.radius * share
            z = target if last else (disc.centre + disc.span * s).mid()
            value = self.curve.point(z, disc.value + disc.tilt * s)
            if value is None or not disc.holds(s, value):
                break
            yield disc, s, value
            if last:
                return
        del flint
        raise ConvergenceError(
            "the branch could not be followed any further: there is an edge or another singular point",
            point=complex(z),
            residual=float(abs(target - z).mid()),
        )

    def value(self, target: Ball, reach: float) -> Ball:
        """G at a point of the closed upper half plane, from above on the line."""
        z, value = self.start(target.real, reach)
        steps = list(self.path(z, value, target))
        return steps[-1][2] if steps else value

    def real_at(self, x: Ball, value: Ball) -> bool:
        """Whether G is proven to be real at a real point, from the symmetry of a ball with one root."""
        flint = require_flint()
        centre = flint.acb(value.real.mid())
        proven = self.curve.point(x, centre)
        if proven is None:
            return False
        wide = flint.acb(proven.real, flint.arb(0, abs(proven.imag).upper())).union(value)
        union = flint.acb(wide.real, flint.arb(0, abs(wide.imag).upper()))
        _, slope, _ = self.curve.at(x, union.mid())
        _, over, _ = self.curve.at(x, union)
        # injective on a ball symmetric about the line: the root and its conjugate are one
        return bool(abs(1 - over / slope.mid()).upper() < 1)


def _order(p: Any) -> int:
    return next((i for i, c in enumerate(p.coeffs()) if c != 0), 10**9)
