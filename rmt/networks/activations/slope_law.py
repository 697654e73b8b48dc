"""The law of D² = φ'(√q z)², the squared derivatives of one layer, exact on the real axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from rmt._cached import cached_property
from rmt.errors import LARGEST_VARIANCE, ConvergenceError, check_real
from rmt.laws.atomic import Atomic
from rmt.laws.law import Complex, Interval, Law, Real
from rmt.networks.activations.activation import SMALLEST_LENGTH, Activation
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.activations.lookup import activation as as_activation
from rmt.networks.activations.slope_pieces import squared_slope_measure
from rmt.numerics.quadrature.log_panels import MAXIMUM, MINIMUM, ZERO, LogPanels, Measure, build_log_panels

#: intervals of log t closer than this are one
TOUCHING = 1e-9
#: squared derivatives of a callable below this share of the largest are hidden by rounding; less mass than `HIDDEN` at
#: 0 is that of a density next to 0, and less than `BLURRED` elsewhere that of a panel narrower than its rounding
NOTHING, HIDDEN, BLURRED = 1e-18, 1e-6, 1e-9
#: lengths below this, relative to the square of the smallest size on which φ varies, see slopes at 0 only, to 1e-14
ONE_SLOPE = 1e-30
#: relative distance of the mean of the panels of a callable from E φ'² at which they are refused
MISSED = 1e-6


def squared_slope_law(activation_: ActivationLike, q: float) -> Law:
    """Law of φ'(x)², x ~ N(0, q): the spectrum of D² in one layer.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The name of φ, a function of arrays, or an :class:`~rmt.networks.Activation`.
    q : float
        Pre-activation variance, >= 0; at 0 the limit from above.

    Returns
    -------
    Law
        :class:`rmt.laws.Atomic` for a piecewise linear activation and at q = 0, also where q is 0 to rounding, else a
        :class:`SquaredSlope`.

    Raises
    ------
    TypeError
        If `activation_` or `q` is not of the kind named above.
    ValueError
        If `activation_` or `q` is out of the range named above.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2017.

    Examples
    --------
    >>> from rmt.networks import squared_slope_law
    >>> squared_slope_law("relu", 1.0)
    Atomic(positions=(0.0, 1.0), weights=(0.5, 0.5))
    """
    phi = as_activation(activation_)
    length = float(check_real("q", q, at_least=0.0, at_most=LARGEST_VARIANCE))
    if phi.slopes is not None:
        return _piecewise_linear(phi, length)
    if length <= max(SMALLEST_LENGTH, ONE_SLOPE * phi.variation[0] ** 2):
        edges = np.array([-1.0, 1.0]) * math.sqrt(SMALLEST_LENGTH)
        left, right = (float(s) ** 2 for s in phi.slope(edges))
        if length > SMALLEST_LENGTH and min(left, right) < SMALLEST_LENGTH:
            return SquaredSlope(phi, length)
        return Atomic((left,), (1,)) if left == right else Atomic((left, right), (Fraction(1, 2), Fraction(1, 2)))
    return SquaredSlope(phi, length)


def _piecewise_linear(phi: Activation, q: float) -> Law:
    assert phi.slopes is not None
    deviation = math.sqrt(max(q, SMALLEST_LENGTH))
    scaled = np.array(phi.kinks) / deviation
    # an upper tail is its own normal probability: no 1 - (1 - p)
    below, above = np.concatenate([[0.0], ndtr(scaled), [1.0]]), np.concatenate([[1.0], ndtr(-scaled), [0.0]])
    masses = np.where(below[:-1] < 0.5, below[1:] - below[:-1], above[:-1] - above[1:])
    merged: dict[float, float] = {}
    for slope, mass in zip(phi.slopes, masses.tolist(), strict=True):
        merged[slope**2] = merged.get(slope**2, 0.0) + mass
    positions = sorted(merged)
    weights = [merged[a] for a in positions]
    largest = int(np.argmax(weights))
    weights[largest] = 1.0 - math.fsum(w for i, w in enumerate(weights) if i != largest)
    return Atomic(positions, weights)


@dataclass(frozen=True, init=False, repr=False)
class SquaredSlope(Law):
    """Law of D² = φ'(x)², x ~ N(0, q), for an activation that is not piecewise linear.

    The density follows from the change of variables on every stretch where φ'² is monotone, and is integrated
    against 1/(z − t) in closed form on panels, so that all transforms hold up to and on the real axis. Where φ' is
    constant on a stretch (SELU for x > 0) there is an atom.

    Parameters
    ----------
    activation : str, callable or Activation
        The name of φ, a function of arrays, or an :class:`~rmt.networks.Activation`.
    q : float
        Pre-activation variance, > 0.
    alive : float
        Share of the matrix that D² fills, 0 < alive <= 1; the rest of its diagonal is padded with zeros.

    Raises
    ------
    TypeError
        If `activation` or `q` is not of the kind named above.
    ValueError
        If `q` is not positive, or `alive` not in (0, 1].

    Notes
    -----
    Values are accurate to about 1e-13 (1e-10 where φ' levels off, as for GELU at large q). A callable without
    `derivative=` is differentiated as :func:`activation` says, with about 1e-12 where differences are taken.
    Differences see nothing of derivatives below 1e-14, which then count as 0 or as noise: pass `derivative=` for a
    saturating activation at large q.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2017.

    Examples
    --------
    >>> from rmt.networks import SquaredSlope
    >>> law = SquaredSlope("tanh", 1.0)
    >>> law.support[0].high, law.var() < 0.25
    (1.0, True)
    """

    activation: Activation
    q: float
    alive: float

    def __init__(self, activation: ActivationLike, q: float, alive: float = 1.0) -> None:
        object.__setattr__(self, "activation", as_activation(activation))
        object.__setattr__(self, "q", float(check_real("q", q, above=0.0, at_most=LARGEST_VARIANCE)))
        object.__setattr__(self, "alive", float(check_real("alive", alive, above=0.0, at_most=1.0)))

    @cached_property
    def log_panels(self) -> LogPanels:
        """LogPanels of log t that carry the law."""
        try:
            found = _kept_panels(self.activation, self.q)
        except TypeError:  # a function that has no hash
            found = _panels(self.activation, self.q)
        return found if self.alive == 1.0 else found.padded(1.0 - self.alive)

    @cached_property
    def _measure(self) -> Measure:
        return squared_slope_measure(self.activation, self.q)

    @cached_property
    def _parameters(self) -> Real:
        return self.log_panels.parameters

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Atoms where the derivative is constant on a stretch."""
        real = [(a, p) for a, p in self._slope_atoms if a > 0.0]
        zero = self._zero if self.log_panels.kind.size else 1.0 - math.fsum(p for _, p in real)
        return ((0.0, zero), *real) if zero > 0.0 else tuple(real)

    @cached_property
    def _zero(self) -> float:
        """Mass at 0: what is padded, and derivatives that really are 0."""
        found = math.fsum(p for a, p in self._slope_atoms if a == 0.0)
        return 1.0 - self.alive + found

    @cached_property
    def _slope_atoms(self) -> tuple[tuple[float, float], ...]:
        """Atoms of the derivatives themselves; what underflows, or what rounding hides, is none of them."""
        padding = 1.0 - self.alive if self.alive < 1.0 else 0.0
        atoms = [(a, p - padding if a == 0.0 else p) for a, p in self.log_panels.atoms]
        if self.activation.log_slope is not None:
            return tuple((a, p) for a, p in atoms if a > 0.0)
        if self.activation.named or not self.log_panels.kind.size:
            return tuple((a, p) for a, p in atoms if p > 0.0)
        # an atom of a narrow panel is the density of an interval, too
        constant = np.array([a for a, _ in self._measure.atoms])
        real = [
            (a, p)
            for a, p in atoms
            if a > 0.0 and p > BLURRED * self.alive and (np.abs(constant - a) <= 1e-9 * a).any()
        ]
        zero = math.fsum(p for a, p in self._measure.atoms if a == 0.0)
        return ((0.0, zero * self.alive), *real) if zero > HIDDEN else tuple(real)

    @property
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the density; exponent −1/2 where φ'² has an extreme or a zero.

        Derivatives beyond 9.5 standard deviations (mass 2e-21) do not count; where the support ends there the exponent
        is inf, the density having vanished faster than any power.
        """
        return self._intervals

    @cached_property
    def _intervals(self) -> tuple[Interval, ...]:
        panels = self.log_panels
        low, high = panels.ends
        masses = panels.masses.sum(axis=1)
        merged: list[list[float]] = []
        faint = float(high.max(initial=0.0)) + math.log(NOTHING) if not self.activation.named else -math.inf
        for i in np.argsort(low):
            if merged and low[i] <= max(merged[-1][1] + TOUCHING, faint):
                merged[-1][1] = max(merged[-1][1], float(high[i]))
                merged[-1][2] += float(masses[i])
            else:
                merged.append([float(low[i]), float(high[i]), float(masses[i])])
        hidden = math.fsum(p for _, p in panels.atoms) - math.fsum(p for _, p in self.atoms)
        if merged:  # else φ'² is constant to rounding, and all mass is one atom
            merged[0][2] += hidden
        return tuple(self._interval(*row) for row in merged)

    def _interval(self, low: float, high: float, mass: float) -> Interval:
        panels = self.log_panels
        top = bool(np.any((panels.kind == MAXIMUM) & (np.abs(panels.extreme - high) < TOUCHING)))
        bottom = bool(np.any((panels.kind == MINIMUM) & (np.abs(panels.extreme - low) < TOUCHING)))
        at_zero = bool(np.any((panels.kind == ZERO) & (panels.ends[0] == low)))
        # t^(-1/2) at a simple zero of φ'; at derivatives met only far out the density vanishes faster than any power
        low_exponent = -0.5 if bottom or at_zero else math.inf
        return Interval(math.exp(low), math.exp(high), low_exponent, -0.5 if top else math.inf, mass)

    # ------------------------------------------------------------------ transforms
    def _transforms(self, z: Complex) -> tuple[Complex, Complex]:
        """M = zG - 1 and zG."""
        from rmt.numerics.quadrature.log_panel_kernels import transform_array

        values, products = np.empty_like(z), np.empty_like(z)
        transform_array(self._parameters, np.where(z == 0.0, 1e-300, z), values, products)
        return values, products

    def _stieltjes(self, z: Complex) -> Complex:
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._transforms(z)[1] / np.where(z == 0.0, 1e-300, z)

    def _t_transform(self, z: Complex) -> Complex:
        return self._transforms(z)[0]

    def _log_potential(self, z: Complex) -> Complex:
        from rmt.numerics.quadrature.log_panel_kernels import potential_array

        values = np.empty_like(z)
        potential_array(self._parameters, np.where(z == 0.0, 1e-300, z), values)
        return values

    def _pdf(self, x: Real) -> Real:
        inside = np.zeros(x.shape, dtype=bool)
        for interval in self.support:
            inside |= (x > interval.low) & (x < interval.high)
        out = np.zeros_like(x)
        out[inside] = np.maximum(-self._stieltjes(x[inside].astype(np.complex128)).imag / math.pi, 0.0)
        return out

    def _sf(self, x: Real) -> Real:
        low, high = self._hull()
        out = np.where(x < low, 1.0, 0.0)
        inside = (x >= low) & (x < high)
        # an atom at x itself is not part of sf(x)
        beside = np.maximum(np.nextafter(x[inside], math.inf), 1e-300).astype(np.complex128)
        out[inside] = np.clip(self._log_potential(beside).imag / math.pi, 0.0, 1.0)
        return out

    def _cdf(self, x: Real) -> Real:
        return 1.0 - self._sf(x)

    # ------------------------------------------------------------------ moments
    def _exact_moments(self, order: int) -> list[Fraction]:
        raise ValueError(f"the moments of {self!r} are not rational; ask without exact=True")

    def _float_moments(self, order: int) -> list[float]:
        return [1.0, *(self.alive * self.activation.slope_moment(k, self.q) for k in range(1, order + 1))]

    def var(self) -> float:
        """Variance, without the cancellation of m₂ − m₁².

        Returns
        -------
        float
        """
        spread = (1.0 + self.activation.slope_spread(self.q)) / self.alive - 1.0
        return (spread if self.alive < 1.0 else self.activation.slope_spread(self.q)) * self.mean() ** 2

    def __repr__(self) -> str:
        padding = f", alive={self.alive!r}" if self.alive < 1.0 else ""
        return f"SquaredSlope(activation={self.activation!r}, q={self.q!r}{padding})"


def _panels(phi: Activation, q: float) -> LogPanels:
    """Panels of the law of φ'(√q z)²; those that missed a turn of φ' are refused, by the quadrature of E φ'²."""
    panels = build_log_panels(squared_slope_measure(phi, q))
    if phi.named:
        return panels
    mean, found = phi.slope_moment(1, q), panels.mean
    if not abs(found - mean) <= MISSED * mean:
        raise ConvergenceError(
            f"the law of the squared derivative of {phi.name} at q = {q:.6g} has mean {found:.8g}, but "
            f"E φ'² = {mean:.8g}: φ' turns more often than is followed there; lower q",
            residual=abs(found - mean) / mean if mean > 0.0 else math.inf,
        )
    return panels


#: layers of one length and the laws made of them share their panels
_kept_panels = lru_cache(maxsize=64)(_panels)
