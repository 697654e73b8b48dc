"""Laws that are known by the logarithms of their two tails: relative accuracy down to the smallest probabilities."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from rmt.laws.given.density import NumericLaw
from rmt.laws.given.panel_measure import PanelMeasure
from rmt.laws.law import EPS, Complex, Interval, Mask, Real, _evaluate


@dataclass(frozen=True)
class LogTails:
    """The smaller tail at some points.

    Attributes
    ----------
    lower : ndarray of bool
        Whether the tail is the cdf; else it is the survival function.
    value : ndarray
        Logarithm of the tail.
    slope : ndarray
        Derivative of `value`: the density over the tail, negative for the survival function.
    """

    lower: Mask
    value: Real
    slope: Real


class LogTailLaw(NumericLaw):
    """A law whose cdf left of the median, and survival function right of it, come as logarithms.

    ``logcdf`` and ``logsf`` keep their relative accuracy where the probabilities themselves underflow.
    """

    @abstractmethod
    def _log_tails(self, x: Real) -> LogTails:
        """The smaller tail at finite points inside the support."""

    @abstractmethod
    def _grid(self) -> Real:
        """Some hundred ascending points over all of the mass but 1e-18."""

    def _intervals(self) -> tuple[Interval, ...]:
        return (Interval(-math.inf, math.inf, math.nan, math.nan, 1.0),)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval that carries the law; exponents are NaN where there is no power law."""
        return self._intervals()

    @property
    def line_panels(self) -> PanelMeasure:
        """The density on panels between the ends of the grid, from which transforms and moments come."""
        return panels_of(self)

    def _stretch(self) -> Interval:
        """The part of the support that goes on panels."""
        grid = self._grid()
        return Interval(float(grid[0]), float(grid[-1]), 0.0, 0.0, 1.0)

    def _stieltjes(self, z: Complex) -> Complex:
        out = super()._stieltjes(z)
        real = z.imag == 0.0
        if real.any():  # the density itself, not that of the panels
            out.imag[real] = -math.pi * self._pdf(z[real].real)
        return out

    def _log_potential(self, z: Complex) -> Complex:
        out = super()._log_potential(z)
        real = z.imag == 0.0
        if real.any():
            out.imag[real] = math.pi * self._sf(z[real].real)
        return out

    def _float_moments(self, order: int) -> list[float]:
        return [1.0, *self.line_panels.moments(order)[1:]]

    def _ppf(self, u: Real) -> Real:
        from rmt.laws.edges.tail_quantiles import log_quantiles

        return log_quantiles(self, u)

    @overload
    def logcdf(self, x: float) -> float: ...
    @overload
    def logcdf(self, x: ArrayLike) -> Real: ...
    def logcdf(self, x: ArrayLike) -> float | Real:
        """Logarithm of the cdf, accurate where the cdf underflows; −inf left of the support.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        float or ndarray of float, like `x`

        Raises
        ------
        TypeError
            If `x` is not real.
        """
        value: float | Real = _evaluate(x, lambda t: self._log_tail(t, lower=True))
        return value

    @overload
    def logsf(self, x: float) -> float: ...
    @overload
    def logsf(self, x: ArrayLike) -> Real: ...
    def logsf(self, x: ArrayLike) -> float | Real:
        """Logarithm of the survival function, accurate where it underflows; −inf right of the support.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        float or ndarray of float, like `x`

        Raises
        ------
        TypeError
            If `x` is not real.
        """
        value: float | Real = _evaluate(x, lambda t: self._log_tail(t, lower=False))
        return value

    def _log_tail(self, x: Real, *, lower: bool) -> Real:
        low, high = self._hull()
        out = np.where(x <= low, -np.inf if lower else 0.0, 0.0 if lower else -np.inf)
        inside = (x > low) & (x < high)
        tails = self._log_tails(x[inside])
        with np.errstate(divide="ignore"):
            other = np.log(-np.expm1(tails.value))
        out[inside] = np.where(
            tails.lower == lower, tails.value, np.where(tails.value < -0.7, np.log1p(-np.exp(tails.value)), other)
        )
        return out

    def _tail(self, x: Real, *, lower: bool) -> Real:
        low, high = self._hull()
        out = np.where(x <= low, 0.0 if lower else 1.0, 1.0 if lower else 0.0)
        inside = (x > low) & (x < high)
        tails = self._log_tails(x[inside])
        out[inside] = np.where(tails.lower == lower, np.exp(tails.value), -np.expm1(tails.value))
        return out

    def _cdf(self, x: Real) -> Real:
        return self._tail(x, lower=True)

    def _sf(self, x: Real) -> Real:
        return self._tail(x, lower=False)

    def _density(self, x: Real) -> Real:
        out = np.zeros_like(x)
        finite = np.isfinite(x)
        tails = self._log_tails(x[finite])
        out[finite] = np.exp(tails.value) * np.abs(tails.slope)
        return out

    def _log_tail_error(self, x: Real) -> Real:
        """Bound on the absolute error of the logarithm of the smaller tail."""
        value = np.zeros_like(x)
        finite = np.isfinite(x)
        value[finite] = np.abs(self._log_tails(x[finite]).value)
        return np.asarray(8.0 * EPS * (4.0 + value))

    def _cdf_error(self, x: Real, value: Real) -> Real:
        low, high = self._hull()
        inside = (x > low) & (x < high)
        out = np.zeros_like(x)
        tails = self._log_tails(x[inside])
        error = self._log_tail_error(x[inside])
        moved = 4.0 * EPS * np.abs(x[inside] * tails.slope)
        out[inside] = np.exp(tails.value) * (error + moved) + EPS * value[inside]
        return out

    def _pdf_error(self, x: Real, value: Real) -> Real:
        return np.asarray(np.where(np.isfinite(x), value, 0.0) * (256.0 * EPS + 16.0 * self._log_tail_error(x)))


@lru_cache(maxsize=128)
def panels_of(law: LogTailLaw) -> PanelMeasure:
    """Panels of a law, kept."""
    stretch = law._stretch()
    return PanelMeasure(law._density, (stretch,), (), stretch.high - stretch.low, repr(law), tolerance=law._tolerance)
