"""Gaps of the support of any computed law, by scanning the line with the certificate of the solver.

Used where the gaps cannot be enumerated (:mod:`rmt.free.gaps`): a factor that takes both signs in a product, or too
many combinations. A gap, or an interval, narrower than the sampling is found only if dz/dF has a dip there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.free.gaps import Opening, merge
from rmt.free.real_axis import Factor
from rmt.laws.law import EPS, Mask, Real
from rmt.numerics.roots import bracketed_roots

_SAMPLES = 600
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
_BISECTIONS = 60


def scanned_openings(law: Any) -> list[Opening]:
    """Gaps of the support, left to right, the outer ones included."""
    return _Scan(law).openings()


class _Scan:
    def __init__(self, law: Any) -> None:
        self.law = law
        self.low, self.high = _bounds(law)

    def _slope(self, x: Real) -> tuple[Real, Mask]:
        """Re D², positive outside and negative next to a soft edge inside; and whether a point is outside."""
        values = self.law._values(x + 0j, certified=False)
        return np.where(values.failed, np.nan, (values.d**2).real), values.outside

    def openings(self) -> list[Opening]:
        x = self._samples()
        slope, outside = self._slope(x)
        seeds = self._hidden(x, np.abs(slope), outside)
        if seeds.size:
            x = np.sort(np.concatenate([x, seeds]))
            slope, outside = self._slope(x)
        starts = np.flatnonzero(outside[1:] & ~outside[:-1])  # a gap opens between these points
        ends = np.flatnonzero(~outside[1:] & outside[:-1])
        low, low_soft = self._edges(x[starts + 1], x[starts])
        high, high_soft = self._edges(x[ends], x[ends + 1])
        if outside[0]:
            low, low_soft = np.append(-math.inf, low), np.append(False, low_soft)
        if outside[-1]:
            high, high_soft = np.append(high, math.inf), np.append(high_soft, False)
        found = []
        for a, b, a_soft, b_soft in zip(low, high, low_soft, high_soft, strict=True):
            above = 1.0 if math.isinf(a) else 0.0 if math.isinf(b) else self._mass_above(0.5 * (a + b))
            found.append(Opening(float(a), float(b), above, bool(a_soft), bool(b_soft)))
        return merge(found)

    def _mass_above(self, x: float) -> float:
        return float(self.law._sf(np.array([x]))[0])

    def _samples(self) -> Real:
        """Chebyshev points of the hull and a little more, dense about 0 where products are singular."""
        nodes = np.cos(math.pi * (np.arange(_SAMPLES) + 0.5) / _SAMPLES)[::-1]
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            middle, scale = self.law._solver.centre, self.law._solver.spread
            return np.asarray(np.clip(middle + scale * np.sinh(12.0 * nodes), self.low, self.high))
        margin = 0.01 * (self.high - self.low)
        x = 0.5 * (self.low + self.high) + (0.5 * (self.high - self.low) + margin) * nodes
        if self.low < 0.0 < self.high:
            small = np.geomspace(1e-9, 0.1, 60)
            x = np.concatenate([x, self.low * small, self.high * small])
        return np.sort(x)

    def _hidden(self, x: Real, slope: Real, outside: Mask) -> Real:
        """Certified points of gaps between two samples: |D| has a minimum there."""
        size = np.sqrt(slope)
        inner = np.arange(1, x.size - 1)
        dip = ~outside[inner] & ~outside[inner - 1] & ~outside[inner + 1]
        dip &= (size[inner] <= size[inner - 1]) & (size[inner] <= size[inner + 1])
        dip &= size[inner] < 0.5 * np.nanmedian(size)
        at = inner[dip]
        if at.size == 0:
            return np.zeros(0)
        a, b = x[at - 1].copy(), x[at + 1].copy()
        c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
        (fc, oc), (fd, od) = self._slope(c), self._slope(d)
        hits = [c[oc], d[od]]
        active = np.flatnonzero(~(oc | od))
        for _ in range(70):
            if active.size == 0:
                break
            i = active
            left = np.abs(fc[i]) < np.abs(fd[i])
            b[i], a[i] = np.where(left, d[i], b[i]), np.where(left, a[i], c[i])
            new = np.where(left, b[i] - _GOLDEN * (b[i] - a[i]), a[i] + _GOLDEN * (b[i] - a[i]))
            f, o = self._slope(new)
            hits.append(new[o])
            c[i], d[i] = np.where(left, new, d[i]), np.where(left, c[i], new)
            fc[i], fd[i] = np.where(left, f, fd[i]), np.where(left, fc[i], f)
            wide = (b - a)[i] > 4.0 * EPS * np.maximum(np.abs(a), np.abs(b))[i]
            active = i[~o & wide]
        return np.concatenate(hits)

    def _edges(self, out: Real, into: Real) -> tuple[Real, Mask]:
        """Edges between points outside and points inside, and whether they are soft."""
        out, into = out.copy(), into.copy()
        ready = np.zeros(out.size, dtype=bool)
        for _ in range(_BISECTIONS):
            rest = np.flatnonzero(~ready)
            if rest.size == 0:
                break
            inside_slope, _ = self._slope(into[rest])
            ready[rest] = inside_slope < 0.0
            rest = rest[~ready[rest]]
            middle = 0.5 * (out[rest] + into[rest])
            _, outside = self._slope(middle)
            out[rest] = np.where(outside, middle, out[rest])
            into[rest] = np.where(outside, into[rest], middle)
        soft = np.flatnonzero(ready)
        edges = 0.5 * (out + into)
        if soft.size:
            roots = bracketed_roots(lambda x, _: self._slope(x)[0], out[soft], into[soft])
            edges[soft] = np.where(np.isnan(roots), edges[soft], roots)
        return edges, ready


def _bounds(law: Any) -> tuple[float, float]:
    """An interval that holds the support: sums of the ends for a sum, products for a product."""
    node, scale, shift = law._solver.core
    factors = [(Factor(child, False).law._hull(), float(t)) for child, t in node.terms]
    if node.kind == "sum":
        low = math.fsum(t * hull[0] for hull, t in factors)
        high = math.fsum(t * hull[1] for hull, t in factors)
        return scale * low + shift, scale * high + shift
    reach = math.prod(hull[1] ** t for hull, t in factors if hull[0] >= 0.0)
    signed = next((hull for hull, _ in factors if hull[0] < 0.0), None)
    if signed is None:
        return scale * math.prod(hull[0] ** t for hull, t in factors), scale * reach
    return scale * reach * signed[0], scale * reach * max(signed[1], 0.0)
