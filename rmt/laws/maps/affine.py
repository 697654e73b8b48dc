"""Laws shifted and dilated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.errors import check_real
from rmt.laws.law import EPS, Complex, Interval, Law, Real, affine, check_law, exact
from rmt.numerics.functions.branches import pull_back, scaled


@dataclass(frozen=True, init=False, repr=False)
class Affine(Law):
    """Law of ``scale * X + shift``; written ``scale * law + shift``.

    Parameters
    ----------
    base : Law
        Law of X.
    scale : real
        Not 0.
    shift : real
        Added after scaling.

    Raises
    ------
    TypeError
        If `base`, `scale` or `shift` is not of the kind named above.
    ValueError
        If `scale` is 0 or a parameter is not finite.

    Examples
    --------
    >>> import rmt
    >>> 2 * rmt.Rademacher() + 1
    Bernoulli(p=Fraction(1, 2), low=-1, high=3)
    >>> law = 3 * rmt.MarchenkoPastur() - 1
    >>> law.base, law.scale, law.shift
    (MarchenkoPastur(ratio=1, variance=3), 1, -1)
    """

    base: Law
    scale: Any
    shift: Any

    def __init__(self, base: Law, scale: Any = 1, shift: Any = 0) -> None:
        object.__setattr__(self, "base", check_law(base))
        object.__setattr__(self, "scale", check_real("scale", scale))
        object.__setattr__(self, "shift", check_real("shift", shift))
        if self.scale == 0:
            raise ValueError(f"scale must not be 0, got {scale!r}; 0 * law is the point mass Atomic((shift,), (1,))")

    @cached_property
    def _floats(self) -> tuple[float, float]:
        return float(self.scale), float(self.shift)

    def _push(self, x: float) -> float:
        a, b = self._floats
        return a * x + b

    @cached_property
    def _marks(self) -> tuple[Real, Real]:
        """Edges and atoms of the base law, and their images: rounding must not move a point across one."""
        marks = [a for a, _ in self.base.atoms]
        marks += [e for i in self.base.support for e in (i.low, i.high) if math.isfinite(e)]
        return np.array(marks), np.array([self._push(e) for e in marks])

    def _pull(self, x: Real) -> Real:
        a, b = self._floats
        return pull_back((x - b) / a, x, *self._marks, increasing=a > 0.0)

    @property
    def support(self) -> tuple[Interval, ...]:
        """Images of the intervals of the base law."""
        if self._floats[0] > 0.0:
            return tuple(
                Interval(self._push(i.low), self._push(i.high), i.low_exponent, i.high_exponent, i.mass)
                for i in self.base.support
            )
        return tuple(
            Interval(self._push(i.high), self._push(i.low), i.high_exponent, i.low_exponent, i.mass)
            for i in reversed(self.base.support)
        )

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Images of the atoms of the base law."""
        images = [(self._push(x), mass) for x, mass in self.base.atoms]
        return tuple(images if self._floats[0] > 0.0 else reversed(images))

    def _pdf(self, x: Real) -> Real:
        return self.base._pdf(self._pull(x)) / abs(self._floats[0])

    def _atom_masses(self, x: Real) -> Real:
        out = np.zeros_like(x)
        for position, mass in self.atoms:
            out[x == position] = mass
        return out

    def _cdf(self, x: Real) -> Real:
        y = self._pull(x)
        return self.base._cdf(y) if self._floats[0] > 0.0 else self.base._sf(y) + self._atom_masses(x)

    def _sf(self, x: Real) -> Real:
        y = self._pull(x)
        if self._floats[0] > 0.0:
            return self.base._sf(y)
        below, at = self.base._cdf(y), self._atom_masses(x)
        # an atom of most of the mass would cancel
        return np.where(at > 0.5 * below, 1.0 - (self.base._sf(y) + at), below - at)

    def _ppf(self, u: Real) -> Real:
        a, b = self._floats
        if a > 0.0:
            return np.asarray(a * self.base._ppf(u) + b)
        if self.base.atoms:
            return self._quantile_function(u)
        # 1 − u has lost the digits of a small u
        tail = u < 2.0**-10
        out = np.empty_like(u)
        out[~tail] = a * self.base._ppf(1.0 - u[~tail]) + b
        if tail.any():
            out[tail] = self._quantile_function(u[tail])
        return out

    @property
    def _is_dilation(self) -> bool:
        """Whether log X only shifts."""
        return self._floats[0] > 0.0 and self._floats[1] == 0.0

    def _require_positive(self, method: str) -> None:
        # the base law may know without its edges, which can leave the range of doubles
        if self._is_dilation:
            self.base._require_positive(method)
        else:
            super()._require_positive(method)

    def _pdf_of_log(self, u: Real) -> Real:
        return self.base._pdf_of_log(u - math.log(self._floats[0])) if self._is_dilation else super()._pdf_of_log(u)

    def _cdf_of_log(self, u: Real) -> Real:
        return self.base._cdf_of_log(u - math.log(self._floats[0])) if self._is_dilation else super()._cdf_of_log(u)

    def _ppf_of_log(self, v: Real) -> Real:
        return math.log(self._floats[0]) + self.base._ppf_of_log(v) if self._is_dilation else super()._ppf_of_log(v)

    def _reflect(self, z: Complex) -> tuple[Complex, bool]:
        """The point of the base law, reflected into the upper half plane when the scale is negative."""
        a, b = self._floats
        w = (z - b) / a
        w.imag = np.abs(w.imag)
        on_axis = w.imag == 0.0
        w[on_axis] = self._pull(z[on_axis].real)
        return w, a < 0.0

    def _stieltjes(self, z: Complex) -> Complex:
        w, reflected = self._reflect(z)
        g = self.base._stieltjes(w)
        return scaled(1.0 / self._floats[0], g.conj() if reflected else g)

    def _log_potential(self, z: Complex) -> Complex:
        w, reflected = self._reflect(z)
        u = self.base._log_potential(w)
        out = math.log(abs(self._floats[0])) + (u.conj() + 1j * math.pi if reflected else u)
        return np.asarray(out)

    def _pdf_beside(self, end: float, distance: Real) -> Real:
        for edge in (e for i in self.base.support for e in (i.low, i.high)):
            if math.isfinite(edge) and self._push(edge) == end:
                a = self._floats[0]
                return self.base._pdf_beside(edge, distance / a) / abs(a)
        return super()._pdf_beside(end, distance)

    def _expectation_rule(self) -> tuple[Real, Real]:
        a, b = self._floats
        if b != 0.0:
            return super()._expectation_rule()
        nodes, weights = self.base._expectation_rule()
        return a * nodes, weights

    def _r_transform(self, g: Complex) -> Complex:
        a, b = self._floats
        return np.asarray(b + a * self.base._r_transform(a * g))

    def _r_domain(self) -> str:
        return f"{self._floats[0]!r} * g as for {self.base!r}: {self.base._r_domain()}"

    def _t_transform(self, z: Complex) -> Complex:
        # (aX + b)/(z − aX − b) = X/(w − X) + (b/a)/(w − X)
        a, b = self._floats
        w, reflected = self._reflect(z)
        m = self.base._t_transform(w)
        if b != 0.0:
            with np.errstate(invalid="ignore"):
                m = m + scaled(b / a, self.base._stieltjes(w))
            infinite = ~np.isfinite(m)  # the terms may cancel
            m[infinite] = super()._t_transform(z[infinite])
            m[~infinite & reflected] = m[~infinite & reflected].conj()
            return m
        return m.conj() if reflected else m

    def _inverse_t_transform(self, m: Complex) -> Complex:
        a, b = self._floats
        if b != 0.0:
            return super()._inverse_t_transform(m)
        return np.asarray(a * self.base._inverse_t_transform(m))

    def _s_transform(self, m: Complex) -> Complex:
        a, b = self._floats
        if b != 0.0:
            return super()._s_transform(m)
        return np.asarray(self.base._s_transform(m) / a)

    def _s_domain(self) -> str:
        return self.base._s_domain() if self._floats[1] == 0.0 else super()._s_domain()

    def _exact_moments(self, order: int) -> list[Fraction]:
        return _binomial(self.base._exact_moments(order), exact(self.scale), exact(self.shift))

    def _exact_free_cumulants(self, order: int) -> list[Fraction]:
        scale, shift = exact(self.scale), exact(self.shift)
        cumulants = [scale**k * c for k, c in enumerate(self.base._exact_free_cumulants(order), start=1)]
        cumulants[0] += shift
        return cumulants

    def _float_moments(self, order: int) -> list[float]:
        try:
            return super()._float_moments(order)
        except ValueError:
            return _binomial(self.base._float_moments(order), *self._floats)

    def _pdf_error(self, x: Real, value: Real) -> Real:
        a, _ = self._floats
        y = self._pull(x)
        scale = abs(a)
        here = value * scale
        bound = self.base._pdf_error(y, here) + self._motion(self.base._pdf, y, x, here)
        return bound / scale + 2.0 * EPS * np.abs(value)

    def _cdf_error(self, x: Real, value: Real) -> Real:
        y = self._pull(x)
        bound = self.base._cdf_error(y, value)
        # both tails move by the same mass; the smaller one shows it without rounding
        moved = np.maximum(
            self._motion(self.base._cdf, y, x, self.base._cdf(y)), self._motion(self.base._sf, y, x, self.base._sf(y))
        )
        return bound + moved + 2.0 * EPS * value

    def _stieltjes_error(self, z: Complex, value: Complex) -> Real:
        w, _ = self._reflect(z)
        a, b = self._floats
        here = self.base._stieltjes(w)
        shift = 2.0 * EPS * (np.abs(z) + abs(b)) / abs(a)
        with np.errstate(invalid="ignore"):
            moved = np.maximum(
                np.abs(self.base._stieltjes(w + shift) - here), np.abs(self.base._stieltjes(w - shift) - here)
            )
        return (self.base._stieltjes_error(w, here) + moved) / abs(a) + 2.0 * EPS * np.abs(value)

    def _motion(self, function: Any, y: Real, x: Real, here: Real) -> Real:
        """Change of a function of the base law under the rounding of (x − shift)/scale."""
        a, b = self._floats
        shift = 2.0 * EPS * (np.abs(x) + abs(b)) / abs(a)
        with np.errstate(invalid="ignore"):
            moved = np.maximum(np.abs(function(y + shift) - here), np.abs(function(y - shift) - here))
        return np.where(np.isfinite(here), moved, 0.0)

    def _affine(self, scale: Any, shift: Any) -> Law | None:
        return affine(self.base, scale * self.scale, scale * self.shift + shift)


def _binomial(moments: list[Any], scale: Any, shift: Any) -> list[Any]:
    """Moments of ``scale * X + shift``."""
    return [
        sum(math.comb(k, j) * scale**j * shift ** (k - j) * moments[j] for j in range(k + 1))
        for k in range(len(moments))
    ]
