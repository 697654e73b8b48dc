"""The four ways to a dual activation behind one interface, and the choice between them.

A closed form where there is one; for lines and exponentials an inner mean in closed form; for smooth activations a
certified Hermite series; for all others quadrature in the plane, interpolated where there are many pairs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.kernels import hermite, interpolation, pair_kernels, piece_kernels
from rmt.kernels import plane_quadrature as plane
from rmt.kernels.kernel_activations import ClosedForm, Pieces, closed_form, has_jump, pieces
from rmt.networks.activations.activation import SMALLEST_LENGTH, Activation
from rmt.networks.activations.gaussian_rules import gaussian_rule

Real = NDArray[np.float64]

#: distinct pairs up to which quadrature in the plane is used for each
FEW_PAIRS = 200
#: pairs from which on integrals over pieces with one kink at 0 are interpolated
MANY_PAIRS = 20_000
#: accuracy asked of interpolants of integrals known to rounding, and of quadrature in the plane
EXACT_SOURCE, PLANE_SOURCE = 5e-14, 1e-12
#: relative accuracy claimed for closed forms
CLOSED_ACCURACY = 1e-13
#: share of E φ² beyond 12 standard deviations from which on the integral counts as divergent
_FAR, _FAR_SHARE = 12.0, 1e-9


class Engine(ABC):
    """Pair integrals of one activation over a range of variances."""

    @abstractmethod
    def moments(self, q: Real) -> Real:
        """E φ² at the variances `q`."""

    @abstractmethod
    def pairs(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real, Real, Real]:
        """E φ φ, E φ' φ' and bounds on their absolute errors, for 1-d arrays."""

    @abstractmethod
    def block(self, q1: Real, q2: Real, gap: Real, start: int) -> tuple[Real, Real, Real]:
        """One activation on a matrix of pairs.

        Parameters
        ----------
        q1, q2 : ndarray
            Variances of rows and columns.
        gap : ndarray
            Replaced by the gaps of the images.
        start : int
            Index of the first row in a symmetric matrix, of which only the lower triangle is computed; −1 otherwise.

        Returns
        -------
        moments of the rows, moments of the columns, derivative covariances
        """


class ClosedEngine(Engine):
    """Elementary functions."""

    def __init__(self, phi: Activation, form: ClosedForm) -> None:
        self.phi, self.form = phi, form
        self.key = (form.kind, form.first, form.second)

    def moments(self, q: Real) -> Real:
        """E φ² at the variances `q`."""
        value, slope = np.empty_like(q), np.empty_like(q)
        pair_kernels.closed_many(*self.key, q, q, np.zeros_like(q), value, slope)
        return _finite(self.phi, value, q)

    def pairs(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real, Real, Real]:
        """Values and derivatives; the bound is that of the diagonal times 1e-13."""
        value, slope = np.empty_like(q1), np.empty_like(q1)
        pair_kernels.closed_many(*self.key, q1, q2, gap, value, slope)
        scale, tilt = _diagonals(self._diagonal, q1, q2)
        _finite(self.phi, scale, np.maximum(q1, q2))
        return value, slope, CLOSED_ACCURACY * scale, CLOSED_ACCURACY * tilt

    def _diagonal(self, q: Real) -> tuple[Real, Real]:
        value, slope = np.empty_like(q), np.empty_like(q)
        pair_kernels.closed_many(*self.key, q, q, np.zeros_like(q), value, slope)
        return value, slope

    def block(self, q1: Real, q2: Real, gap: Real, start: int) -> tuple[Real, Real, Real]:
        """One activation on a matrix of pairs."""
        moment1, moment2, slope = self.moments(q1), self.moments(q2), np.empty_like(gap)
        pair_kernels.closed_block(*self.key, q1, q2, moment1, moment2, gap, start, slope)
        return moment1, moment2, slope


class PieceEngine(Engine):
    """Inner mean closed, outer integral by panels; interpolated for many pairs unless kinks lie off 0."""

    def __init__(self, phi: Activation, made: Pieces, q: Real) -> None:
        self.phi = phi
        self.q = np.maximum(q, SMALLEST_LENGTH)
        self.analytic = made.kinks == (0.0,)
        kinks, constant, slope = (np.array(t, dtype=np.float64) for t in (made.kinks, made.constant, made.slope))
        self.arrays = (kinks, constant, slope, np.array(made.exponential, dtype=np.float64))
        self._found: interpolation.Interpolant | None = None

    def _source(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real]:
        value, slope = np.empty_like(gap), np.empty_like(gap)
        piece_kernels.piece_many(*self.arrays, q1, q2, gap, value, slope)
        return value, slope

    def moments(self, q: Real) -> Real:
        """E φ² at the variances `q`."""
        return np.where(q == 0.0, float(self.phi(0.0)) ** 2, self._diagonal(q)[0])

    def _diagonal(self, q: Real) -> tuple[Real, Real]:
        distinct, inverse = np.unique(np.maximum(q, SMALLEST_LENGTH), return_inverse=True)
        value, slope = self._source(distinct, distinct, np.zeros_like(distinct))
        return value[inverse], slope[inverse]

    def pairs(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real, Real, Real]:
        """Values and derivatives; the bound is relative to the diagonal."""
        low, high = np.maximum(q1, SMALLEST_LENGTH), np.maximum(q2, SMALLEST_LENGTH)
        scale, tilt = _diagonals(self._diagonal, q1, q2)
        found = self._interpolant() if self.analytic and gap.size > MANY_PAIRS else None
        value, slope = self._source(low, high, gap) if found is None else found.pairs(low, high, gap)
        bound = CLOSED_ACCURACY if found is None else 10.0 * found.error + 1e-14
        return value, slope, bound * scale, bound * tilt

    def _interpolant(self) -> interpolation.Interpolant | None:
        if self._found is None:
            try:
                self._found = interpolation.interpolant(self._source, self.q, self.phi.name, EXACT_SOURCE)
            except ConvergenceError:
                self.analytic = False  # variances too far apart
        return self._found

    def block(self, q1: Real, q2: Real, gap: Real, start: int) -> tuple[Real, Real, Real]:
        """One activation on a matrix of pairs."""
        moment1, moment2, slope = self.moments(q1), self.moments(q2), np.empty_like(gap)
        low, high = np.maximum(q1, SMALLEST_LENGTH), np.maximum(q2, SMALLEST_LENGTH)
        found = self._interpolant() if self.analytic and gap.size > MANY_PAIRS else None
        if found is None:
            piece_kernels.piece_block(*self.arrays, low, high, moment1, moment2, gap, start, slope)
        else:
            _interpolated_block(found, low, high, moment1, moment2, gap, start, slope)
        return moment1, moment2, slope


class SeriesEngine(Engine):
    """Certified Hermite series; made for the variances at hand."""

    def __init__(self, phi: Activation, series: hermite.HermiteSeries) -> None:
        self.phi = phi
        self.series = series  # sorted distinct variances

    def _rows(self, q: Real) -> NDArray[np.intp]:
        return np.asarray(np.searchsorted(self.series.q, q))

    def moments(self, q: Real) -> Real:
        """E φ² at the variances `q`."""
        return np.where(q == 0.0, float(self.phi(0.0)) ** 2, self.series.moments[self._rows(q)])

    def pairs(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real, Real, Real]:
        """Values and derivatives; the bound comes from the tail and from rounding."""
        first, second = self._rows(q1), self._rows(q2)
        table, moments = self.series.coefficients, self.series.moments
        value, slope = np.empty_like(q1), np.empty_like(q1)
        hermite.series_many(table, table, first, second, gap, value, slope)
        roots = np.sqrt(np.maximum(self.series.q, SMALLEST_LENGTH))
        slope /= roots[first] * roots[second]
        k = np.arange(table.shape[1])
        tilts = (table**2 @ k) / roots**2
        share = self.series.tail + 1e-14
        scale = np.sqrt(moments[first] * moments[second])
        return value, slope, share * scale, 10.0 * share * np.sqrt(tilts[first] * tilts[second])

    def block(self, q1: Real, q2: Real, gap: Real, start: int) -> tuple[Real, Real, Real]:
        """One activation on a matrix of pairs."""
        first, second = self._rows(q1), self._rows(q2)
        table = self.series.coefficients
        moment1, moment2, slope = self.moments(q1), self.moments(q2), np.empty_like(gap)
        low, high = np.maximum(q1, SMALLEST_LENGTH), np.maximum(q2, SMALLEST_LENGTH)
        hermite.series_block(table[first], table[second], low, high, moment1, moment2, gap, start, slope)
        return moment1, moment2, slope


class PlaneEngine(Engine):
    """Quadrature in the plane, interpolated if there are many pairs and an interpolant can be certified."""

    def __init__(self, phi: Activation, q: Real) -> None:
        self.phi = phi
        self.q = np.maximum(q, SMALLEST_LENGTH)
        self._found: interpolation.Interpolant | None = None

    def _source(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real]:
        value, slope, _, _ = plane.plane_many(self.phi, q1, q2, gap)
        return value, slope

    def moments(self, q: Real) -> Real:
        """E φ² at the variances `q`."""
        distinct, inverse = np.unique(q, return_inverse=True)
        values = np.array([self.phi.second_moment(float(t)) for t in distinct])
        return values[np.asarray(inverse)]

    def _interpolant(self) -> interpolation.Interpolant:
        if self._found is None:
            self._found = interpolation.interpolant(self._source, self.q, self.phi.name, PLANE_SOURCE)
        return self._found

    def _diagonal(self, q: Real) -> tuple[Real, Real]:
        distinct, inverse = np.unique(q, return_inverse=True)
        tilt = np.array([self.phi.slope_moment(1, float(t)) for t in distinct])[inverse]
        return self.moments(q), tilt

    def pairs(self, q1: Real, q2: Real, gap: Real) -> tuple[Real, Real, Real, Real]:
        """Values and derivatives, each with its own bound."""
        low, high = np.maximum(q1, SMALLEST_LENGTH), np.maximum(q2, SMALLEST_LENGTH)
        if low.size > FEW_PAIRS and len(np.unique(np.stack([low, high, gap]), axis=1).T) > FEW_PAIRS:
            try:
                found = self._interpolant()
            except ConvergenceError:
                pass  # kinks off 0: every pair for itself
            else:
                value, slope = found.pairs(low, high, gap)
                scale, tilt = _diagonals(self._diagonal, low, high)
                bound = 10.0 * found.error + 1e-14
                return value, slope, bound * scale, bound * tilt
        return plane.plane_many(self.phi, low, high, gap)

    def block(self, q1: Real, q2: Real, gap: Real, start: int) -> tuple[Real, Real, Real]:
        """One activation on a matrix of pairs."""
        low, high = np.maximum(q1, SMALLEST_LENGTH), np.maximum(q2, SMALLEST_LENGTH)
        moment1, moment2, slope = self.moments(low), self.moments(high), np.empty_like(gap)
        if gap.size > FEW_PAIRS:
            try:
                found = self._interpolant()
            except ConvergenceError:
                pass  # kinks off 0: every pair for itself
            else:
                _interpolated_block(found, low, high, moment1, moment2, gap, start, slope)
                return moment1, moment2, slope
        used = np.ones(gap.shape, dtype=bool)
        if start >= 0:
            used = np.tril(used, start)
        rows, columns = np.nonzero(used)
        value, slope[used], _, _ = plane.plane_many(self.phi, low[rows], high[columns], gap[used])
        same = (gap[used] == 0.0) & (low[rows] == high[columns])
        scale = np.sqrt(moment1[rows] * moment2[columns])
        with np.errstate(invalid="ignore", divide="ignore"):
            gap[used] = np.where(same | (scale == 0.0), 0.0, np.clip(1.0 - value / scale, 0.0, 2.0))
        return moment1, moment2, slope


def _interpolated_block(
    found: interpolation.Interpolant,
    q1: Real,
    q2: Real,
    moment1: Real,
    moment2: Real,
    gap: Real,
    start: int,
    slope: Real,
) -> None:
    points = (found.points(q1), found.points(q2))
    interpolation.grid_block(found.value, found.slope, *points, q1, q2, moment1, moment2, gap, start, slope)


def _diagonals(diagonal: Any, q1: Real, q2: Real) -> tuple[Real, Real]:
    """√(F11 F22) and the same of the derivatives."""
    (f1, s1), (f2, s2) = diagonal(q1), diagonal(q2)
    with np.errstate(over="ignore"):
        return np.sqrt(f1) * np.sqrt(f2), np.sqrt(np.abs(s1)) * np.sqrt(np.abs(s2))


def _finite(phi: Activation, moments: Real, q: Real) -> Real:
    bad = ~np.isfinite(moments)
    if bad.any():
        where = float(q[bad].min())
        raise ValueError(
            f"E {phi.name}(x)² exceeds the largest float for x ~ N(0, {where:.6g}); scale the inputs, sigma_w or "
            "sigma_b down"
        )
    return moments


def require_square_integrable(phi: Activation, q: float) -> None:
    """Raise unless E φ² is finite at the largest variance met.

    Raises
    ------
    ValueError
        If φ² outgrows the Gaussian density, or is not finite.
    """
    if closed_form(phi) is not None:
        return
    length = max(q, SMALLEST_LENGTH)
    x, w = gaussian_rule(length, phi.features, scale=phi.scale)
    with np.errstate(over="ignore", invalid="ignore"):
        energy = np.asarray(phi.function(x), dtype=np.float64) ** 2 * w
    far = np.abs(x) > _FAR * math.sqrt(length)
    total = float(energy.sum())
    if math.isfinite(total) and float(energy[far].sum()) <= _FAR_SHARE * total:
        return
    finite = np.isfinite(np.asarray(phi.function(x[np.abs(x) < 8.0 * math.sqrt(length)])))
    reason = "it outgrows the Gaussian density" if finite.all() else "it is not finite everywhere"
    raise ValueError(
        f"activation {phi.name!r} is not square integrable under N(0, {q:.6g}), the largest variance met: {reason}. "
        "Scale the inputs, sigma_w or sigma_b down, or take a slower activation"
    )


def engine(phi: Activation, q: Real) -> Engine:
    """The best way to the pair integrals of φ for variances `q`."""
    require_square_integrable(phi, float(q.max()))
    form = closed_form(phi)
    if form is not None:
        return ClosedEngine(phi, form)
    made = pieces(phi)
    if made is not None:
        return PieceEngine(phi, made, q)
    assert not has_jump(phi)
    distinct = np.unique(q)
    series = hermite.hermite_series(phi, distinct)
    return PlaneEngine(phi, distinct) if series is None else SeriesEngine(phi, series)
