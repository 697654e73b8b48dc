"""Solutions p of ``z(p) = z`` followed along rays from infinity to the closed upper half plane.

p is G for an R-transform, where z = R(p) + 1/p, and M = zG − 1 for an S-transform, where z = (1 + p)/(p S(p)).
A vertical through a symmetric law meets branch points of R exactly, so oblique rays are taken, and two of them must
agree: then no branch point of G lies between them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rmt.laws.law import EPS, Complex, Real
from rmt.numerics.functions.branches import reciprocal
from rmt.numerics.functions.continuation import Continuation, Function

if TYPE_CHECKING:
    from rmt.laws.given.singular import LocalSeries

#: directions of the rays, in the order in which they are tried
ANGLES = (1.15, 1.85, 0.8, 2.35, 1.5, 0.5, 2.7, 0.3, 2.9)
#: where a ray begins, in lengths of the law, and the factor from one point of it to the next
_FAR, _RATIO = 40.0, 0.7
#: last distance before the point itself, in lengths of the law and in distances to a wall
_LAST, _WALL = 1e-6, 0.2
#: points further out than this see a smooth G, and the last distance there in distances to the centre
_OUTSIDE, _SMOOTH = 100.0, 0.01
#: longest step of Newton's iteration and step of the difference, in lengths on which z(p) varies
_LONGEST, _DIFFERENCE = 0.25, 1e-5
#: agreement of two rays, and residual of a solution
AGREEMENT, _RESIDUAL = 1e-7, 1e-9
#: |G| in inverse lengths that counts where G vanishes in a gap
_SMALL = 0.05
#: distance to a hard edge at the origin from which its power law is a start, and below which it is the answer where
#: the function is known at doubles only
_NEAR_EDGE, _BLURRED = 0.02, 1e-8
#: values on a circle, and Taylor coefficients that are used
_POINTS, COUNT = 128, 24
_TINY = float(np.finfo(np.float64).tiny)
#: below this distance to a hard edge at the origin z(p) underflows, and the power law is exact
_TINIEST = 1e-285


@dataclass(frozen=True)
class HardEdge:
    """A hard edge at the origin: z = −c (p − base)^q next to p = base.

    ``1 + base`` is the mass of the atom there, and ``1/q − 1`` the exponent of the density; q = 1 means that a gap
    follows.
    """

    base: float
    q: float
    c: float


class Chart(ABC):
    """The inverse function z(p) of a transform that is given as a function.

    Parameters
    ----------
    function : callable
        R or S.
    tracked : bool, optional
        Whether the branches of its roots and logarithms are followed; by default, if the function allows it.

    Attributes
    ----------
    coefficients : ndarray or None
        Taylor coefficients of the function at 0; None if it is not analytic there.
    centre, scale : float
        A place in the law and its length.
    edge : HardEdge or None
        The point 0 of a law on [0, ∞), once it is known.
    series : list of LocalSeries
        The inverse function next to places where G is infinite.
    walls : tuple of float
        Places next to which p varies fast.
    """

    walls: tuple[float, ...] = ()

    def __init__(self, function: Function, *, tracked: bool | None = None) -> None:
        self.function = function
        self.tracked = Continuation(function, tracked=tracked).tracked
        self.coefficients = self._taylor()
        self.edge: HardEdge | None = None
        self.series: list[LocalSeries] = []
        self.centre, self.scale = self._place()

    def path(self) -> Continuation:
        """Fresh branches, principal at the first point."""
        return Continuation(self.function, tracked=self.tracked)

    @property
    def shortest(self) -> float:
        """A length on which z(p) varies on a sheet where p = 0 is no singularity; 0 if there is none."""
        return 0.0

    def at_one(self, p: complex) -> complex:
        """The function at one point, on the principal branch."""
        return complex(self.path().values(np.array([p], dtype=np.complex128))[0])

    @abstractmethod
    def _taylor(self) -> Complex | None:
        """Coefficients at 0."""

    @abstractmethod
    def _place(self) -> tuple[float, float]:
        """Centre and scale."""

    @abstractmethod
    def z(self, path: Continuation, p: Complex, base: float | Real = 0.0) -> Complex:
        """Z at the parameter ``base + p``, the sum not rounded."""

    @abstractmethod
    def start(self, z: Complex) -> Complex:
        """P at points far out, roughly."""

    @abstractmethod
    def size(self, p: Complex) -> Real:
        """Length on which z(p) varies about a parameter."""

    @abstractmethod
    def green(self, p: Complex, z: Complex) -> Complex:
        """G from p."""

    def refined(self, g: Complex, z: Complex) -> Complex:
        """G with an imaginary part that keeps its digits far out on the line."""
        return g

    @abstractmethod
    def mass(self, factor: float, place: float) -> float:
        """Mass of an atom next to which z = place + factor/p."""

    def real_values(self, p: Real) -> Complex:
        """Z at real parameters of the branch next to 0, where nothing turns."""
        with np.errstate(all="ignore"):
            return self.z(self.path(), p.astype(np.complex128))

    # ------------------------------------------------------------------ rays
    def followed(self, z: Complex, angle: float) -> tuple[Complex, Continuation]:
        """P at each point from the ray in one direction (NaN where it was lost), and the branches there."""
        with np.errstate(all="ignore"):
            return self._followed(z, np.exp(1j * angle))

    def _followed(self, z: Complex, direction: complex) -> tuple[Complex, Continuation]:
        out = np.abs(z - self.centre)
        far = _FAR * (self.scale + out)
        last = np.where(out > _OUTSIDE * self.scale, _SMOOTH * out, _LAST * self.scale)
        for wall in self.walls:
            distance = np.abs(z - wall)
            last = np.where(distance > _TINIEST, np.minimum(last, _WALL * distance), last)
        path = self.path()
        distance = far.copy()
        at = z + direction * distance
        p = self._solved(path, self.start(at), at, 40, 4.0 * EPS)
        moving = np.arange(z.size)
        while moving.size:
            distance[moving] *= _RATIO
            branch = path.at(moving)
            p[moving] = self._solved(branch, p[moving], z[moving] + direction * distance[moving], 12, 1e-5)
            path.put(moving, branch)
            moving = moving[(distance[moving] > last[moving]) & np.isfinite(p[moving])]
        p = self._solved(path, p, z, 30, 4.0 * EPS)
        value = self.z(path.at(slice(None)), p)
        good = np.abs(value - z) <= _RESIDUAL * (np.abs(z) + self.scale)
        return np.where(good, p, np.nan), path

    def _solved(self, path: Continuation, p: Complex, z: Complex, sweeps: int, tolerance: float) -> Complex:
        """Newton's iteration at all points, with a central difference for the slope; the branches are moved along."""
        p = p.copy()
        active = np.flatnonzero(np.isfinite(p))
        for _ in range(sweeps):
            branch, q = path.at(active), p[active]
            step, length = self._step(branch, q, z[active], 0.0)
            size = np.abs(step) / length
            p[active] = q + step
            active = active[size > tolerance]
            if active.size == 0:
                break
        self.z(path, p)
        path.accept(p.size)
        return p

    def _step(self, path: Continuation, p: Complex, z: Complex, base: float | Real) -> tuple[Complex, Real]:
        length = self.size(p + base) if np.any(base) else self.size(p)
        h = _DIFFERENCE * length
        three = np.concatenate([p, p + h, p - h])
        value, after, before = self.z(path, three, base).reshape(3, -1)
        with np.errstate(all="ignore"):
            step = (z - value) * (2.0 * h) / (after - before)
            share = np.abs(step) / (_LONGEST * length)
            step = np.where(share > 1.0, step / share, step)
        return np.where(np.isfinite(step), step, 0.0), length

    # ------------------------------------------------------------------ what is asked
    def greens(self, z: Complex) -> Complex:
        """G at points of the closed upper half plane; NaN where no two rays agree."""
        with np.errstate(all="ignore"):
            return self._greens(z)

    def _greens(self, z: Complex) -> Complex:
        out = np.full(z.shape, np.nan + 0j)
        if self.edge is not None and self.edge.q > 1.0:
            near = np.flatnonzero((z != 0.0) & (np.abs(z) < self._reach()))
            out[near] = self._beside_edge(z[near])
        for series in self.series:
            near = np.flatnonzero((z != series.place) & (np.abs(z - series.place) < series.reach) & np.isnan(out))
            out[near] = self.green(series.parameter(z[near]), z[near])
        todo = np.flatnonzero(np.isnan(out))
        seen: list[Complex] = []
        for angle in ANGLES:
            if todo.size == 0:
                break
            g = np.full(z.shape, np.nan + 0j)
            g[todo] = self.green(self.followed(z[todo], angle)[0], z[todo])
            for other in seen:
                size = np.maximum(np.abs(g), _SMALL / self.scale)
                agree = np.isnan(out) & (np.abs(g - other) <= AGREEMENT * size)
                out[agree] = g[agree]
            seen.append(g)
            todo = np.flatnonzero(np.isnan(out))
        out = self.refined(out, z)
        # on the line by rounding only
        return np.asarray(np.where((out.imag > 0.0) & (out.imag < 1e-7 * np.abs(out)), out.real, out))

    def _reach(self) -> float:
        assert self.edge is not None
        return float(self.edge.c * (_NEAR_EDGE * abs(self.edge.base)) ** self.edge.q)

    def _beside_edge(self, z: Complex) -> Complex:
        """G next to a hard edge at 0: p − base from the power law, then Newton's iteration for it."""
        edge = self.edge
        assert edge is not None
        flat = (z.imag == 0.0) & (z.real > 0.0)
        # log(-z): on the line from above its argument is -pi
        turned = np.where(flat, np.log(np.abs(z)) - 1j * np.pi, np.log(-z))
        power_law = np.exp((turned - math.log(edge.c)) / edge.q)
        p = power_law.copy()
        sharp = np.flatnonzero((np.abs(z) > _TINIEST) & (np.abs(p) > (0.0 if self.tracked else _BLURRED)))
        for _ in range(40):
            if sharp.size == 0:
                break
            q = p[sharp]
            h = _DIFFERENCE * q
            value, after, before = self.z(self.path(), np.concatenate([q, q + h, q - h]), edge.base).reshape(3, -1)
            with np.errstate(all="ignore"):
                # z is a power of p: Newton's iteration for its logarithm
                slope = (after - before) / (2.0 * h) * q / value
                step = q * np.expm1(np.log(z[sharp] / value) / slope)
            step = np.where(np.isfinite(step), step, 0.0)
            p[sharp] = q + step
            sharp = sharp[np.abs(step) > 4.0 * EPS * np.abs(q)]
        lost = ~(np.abs(p - power_law) <= 0.5 * np.abs(power_law))
        one_more = 1.0 + edge.base + p
        g = np.where(flat, one_more.real / z.real + 1j * (one_more.imag / z.real), one_more * reciprocal(z))
        return np.where(lost, np.nan, g)


class RChart(Chart):
    """p = G: z = R(p) + 1/p."""

    def _taylor(self) -> Complex | None:
        return taylor(self.function, COUNT, lambda c: 1.0 / max(math.sqrt(abs(c[1])), _TINY))

    def _place(self) -> tuple[float, float]:
        c = self.coefficients
        if c is not None:
            return float(c[0].real), float(math.sqrt(abs(c[1])) + abs(c[0].imag)) or 1.0
        t = 2.0 ** np.arange(-200.0, 200.0)
        size = t * np.abs(self.path().values((-1j * t).astype(np.complex128)))
        return 0.0, float(1.0 / t[int(np.argmin(np.abs(np.log(np.where(size > 0.0, size, np.nan)))))])

    @property
    def shortest(self) -> float:
        """A tenth of 1/scale."""
        return 0.1 / self.scale

    def z(self, path: Continuation, p: Complex, base: float | Real = 0.0) -> Complex:
        """Return z at the parameter ``base + p``, the sum not rounded."""
        return path.values(p) + reciprocal(p)

    def start(self, z: Complex) -> Complex:
        """Return p at points far out, roughly."""
        return reciprocal(z - (0.0 if self.coefficients is None else self.coefficients[0]))

    def size(self, p: Complex) -> Real:
        """Distance to the nearest singularity of z(p) that every transform has."""
        return np.maximum(np.abs(p), _TINY)

    def green(self, p: Complex, z: Complex) -> Complex:
        """G from p."""
        return p

    def refined(self, g: Complex, z: Complex) -> Complex:
        """G with Im(1/G) = Im z - Im R(G) far out on the line."""
        far = np.flatnonzero((z.imag == 0.0) & (np.abs(z - self.centre) > _OUTSIDE * self.scale))
        if far.size:
            g = g.copy()
            g.imag[far] = np.abs(g[far]) ** 2 * self.path().values(g[far]).imag
        return g

    def mass(self, factor: float, place: float) -> float:
        """Mass of an atom next to which z = place + factor/p."""
        return factor


class SChart(Chart):
    """p = M = zG − 1: z = (1 + p)/(p S(p))."""

    walls = (0.0,)

    def _taylor(self) -> Complex | None:
        c = taylor(self.function, COUNT, lambda c: 0.5)
        return None if c is None or abs(c[0]) <= 1e-12 * abs(c[1]) else c

    def _place(self) -> tuple[float, float]:
        c = self.coefficients
        if c is None:
            middle = abs(self.at_one(-0.5))
            return 0.0, 1.0 / middle if middle > 0.0 else 1.0
        mean = 1.0 / abs(c[0])
        return 0.0, float(mean + math.sqrt(abs(c[1]) * mean**3))

    def z(self, path: Continuation, p: Complex, base: float | Real = 0.0) -> Complex:
        """Return z at the parameter ``base + p``, the sum not rounded."""
        with np.errstate(all="ignore"):
            if not np.any(base):
                return (1.0 + p) * reciprocal(p * path.values(p))
            m = p + base
            return ((1.0 + base) + p) * reciprocal(m * path.values(m, p - (m - base)))

    def start(self, z: Complex) -> Complex:
        """Return p at points far out, roughly."""
        if self.coefficients is not None:
            return reciprocal(z * self.coefficients[0])
        # infinite mean: S ~ C (-m)^beta
        near = -(2.0 ** np.array([-60.0, -62.0]))
        first, second = np.abs(self.path().values(near.astype(np.complex128)))
        beta = math.log(first / second) / math.log(4.0)
        factor = float(first / abs(near[0]) ** beta)
        return np.asarray(-((-factor * z) ** (-1.0 / (1.0 + beta))))

    def size(self, p: Complex) -> Real:
        """Distance to the nearest singularity of z(p) that every transform has."""
        return np.maximum(np.minimum(np.abs(p), np.abs(1.0 + p)), EPS)

    def green(self, p: Complex, z: Complex) -> Complex:
        """G from p."""
        return (1.0 + p) * reciprocal(z)

    def mass(self, factor: float, place: float) -> float:
        """Mass of an atom next to which z = place + factor/p."""
        return factor / place if place else 0.0


def taylor(function: Function, count: int, natural: Callable[[Complex], float]) -> Complex | None:
    """Taylor coefficients of R or S at 0 from values on circles, so that a removable 0/0 at 0 does no harm.

    Parameters
    ----------
    function : callable
    count : int
    natural : callable
        The radius that suits the coefficients; of the circles with small noise the nearest to it is taken.

    Returns
    -------
    ndarray of shape (count,) or None
        None if the function is not analytic next to 0.
    """
    turn = np.exp(2j * np.pi * (np.arange(_POINTS) + 0.5) / _POINTS)
    back = np.exp(-1j * np.pi * np.arange(_POINTS) / _POINTS) / _POINTS
    path = Continuation(function, tracked=False)
    found: list[tuple[float, float, Complex]] = []
    constant: Complex | None = None
    for radius in 2.0 ** np.arange(-100.0, 100.0):
        with np.errstate(all="ignore"):
            scaled = np.fft.fft(path.values(radius * turn)) * back
            size, slope = np.abs(scaled).max(), np.abs(scaled[1:8]).max()
            # a singularity inside, or next to, the circle leaves large coefficients of both ends; so does cancellation
            noise = float(np.abs(scaled[_POINTS // 2 - 24 :]).max() + EPS * size)
            coefficients = scaled[:count] / radius ** np.arange(count)
        if noise < 1e-9 * slope and np.isfinite(coefficients).all():
            found.append((noise / slope, float(radius), coefficients))
        elif found:
            break  # the disc in which the function is analytic ends here
        elif noise < 1e-14 * size:
            constant = np.where(np.arange(count) == 0, scaled[0], 0.0)
        else:
            constant = None
    if not found:
        return constant
    least = min(noise for noise, _, _ in found)
    good = [(r, c) for noise, r, c in found if noise <= 8.0 * least]
    return min(good, key=lambda item: abs(math.log(item[0] / natural(item[1]))))[1]
