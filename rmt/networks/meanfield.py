"""Signal propagation in wide random networks: the maps of lengths and correlations, and where they come to rest.

Layers are h_l = W_l φ(h_{l-1}) + b_l with Var W = sigma_w²/fan_in and Var b = sigma_b²; q_l is the variance of the
entries of h_l. Sources: Poole et al. 2016, Schoenholz et al. 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from rmt._cached import cached_property
from rmt.errors import LARGEST_SCALE, LARGEST_VARIANCE, ConvergenceError, check_count, check_real
from rmt.networks.activations import ActivationLike, activation
from rmt.networks.moments import Activation, Real

#: range and density of the search for fixed points of the length map
SMALLEST, LARGEST, PER_DECADE = 1e-14, 1e14, 5
#: |chi − 1| below this counts as critical
CRITICAL_TOLERANCE = 1e-9


class Phase(Enum):
    """Fate of two nearby inputs; the value is the sentence for reports."""

    ORDERED = "ordered: nearby inputs merge, gradients vanish"
    CRITICAL = "critical: on the edge of chaos, gradients keep their size"
    CHAOTIC = "chaotic: nearby inputs part, gradients explode"


@dataclass(frozen=True)
class FixedPoint:
    """A length that the length map leaves unchanged.

    Attributes
    ----------
    q : float
        The length.
    chi_par : float
        Slope of the length map there.
    stable : bool
        Whether nearby lengths return to it.
    """

    q: float
    chi_par: float
    stable: bool


@dataclass(frozen=True)
class MeanField:
    """Signal propagation at stationarity, made by :func:`mean_field`.

    Attributes
    ----------
    activation : Activation
    sigma_w, sigma_b : float
        Standard deviations of the weights (times sqrt(fan_in)) and of the biases.
    q : float
        Stable length reached from a first layer fed with `input_q`; ``inf`` if the length grows without bound.
    input_q : float
        Mean square of the entries of the input.
    """

    activation: Activation
    sigma_w: float
    sigma_b: float
    q: float
    input_q: float

    @cached_property
    def chi_perp(self) -> float:
        """sigma_w² E φ'²: mean squared singular value of a layer, growth of gradients and of small angles."""
        return self.sigma_w**2 * _slope_moment(self.activation, 1, self.q)

    @cached_property
    def chi_par(self) -> float:
        """Slope of the length map, sigma_w² E[φ'² + φ φ'']: growth of a radial perturbation."""
        if math.isinf(self.q):
            return self.chi_perp
        return self.sigma_w**2 * self.activation.radial_moment(self.q)

    @cached_property
    def spread(self) -> float:
        """Relative variance μ₂/μ₁² − 1 of D²: what one layer with orthogonal weights adds to that of J Jᵀ."""
        if math.isinf(self.q):
            return _slope_moment(self.activation, 2, self.q) / _slope_moment(self.activation, 1, self.q) ** 2 - 1.0
        return self.activation.slope_spread(self.q)

    @cached_property
    def c(self) -> float:
        """Stable correlation of two inputs: 1 in the ordered phase and at its edge, below 1 in the chaotic one.

        At q = 0 and q = inf the correlation map is that of the slopes of φ there, and the value is 1.
        """
        return 1.0 - self._gap

    @cached_property
    def _gap(self) -> float:
        """1 − c, kept to relative accuracy."""
        if not 0.0 < self.q < math.inf or self.chi_perp <= 1.0 + 1e-12 or self.activation.homogeneous:
            return 0.0
        return _correlation_gap(self.activation, self.sigma_w, self.q, self.chi_perp)

    @cached_property
    def chi_c(self) -> float:
        """Slope of the correlation map at its stable point `c`."""
        if self._gap == 0.0:
            return self.chi_perp
        return self.sigma_w**2 * self.activation.slope_covariance(self.q, self.q, self.c)

    @property
    def xi_c(self) -> float:
        """Depth over which correlations reach `c`: −1/log chi_c; inf on the edge of chaos."""
        return depth_scale(self.chi_c)

    @property
    def xi_q(self) -> float:
        """Depth over which lengths reach `q`: −1/log chi_par."""
        return depth_scale(self.chi_par)

    @property
    def xi_grad(self) -> float:
        """Depth over which mean squared gradients change by e: 1/abs(log chi_perp)."""
        return depth_scale(self.chi_perp)

    @property
    def phase(self) -> Phase:
        """Ordered, critical (within 1e-9) or chaotic, by `chi_perp`."""
        if abs(self.chi_perp - 1.0) <= CRITICAL_TOLERANCE:
            return Phase.CRITICAL
        return Phase.ORDERED if self.chi_perp < 1.0 else Phase.CHAOTIC

    @cached_property
    def fixed_points(self) -> tuple[FixedPoint, ...]:
        """All fixed points of the length map in [0, 1e14], in increasing order.

        Where every length is fixed (ReLU with sigma_w² = 2 and no bias) only `q` is listed.
        """
        return fixed_points(self.activation, sigma_w=self.sigma_w, sigma_b=self.sigma_b) or (
            (FixedPoint(self.q, self.chi_par, True),) if math.isfinite(self.q) else ()
        )

    def length_map(self, q: float) -> float:
        """Length of the next layer."""
        return length_map(self.activation, q, sigma_w=self.sigma_w, sigma_b=self.sigma_b)

    def correlation_map(self, c: float) -> float:
        """Correlation of two inputs in the next layer, both at length `q`."""
        return correlation_map(self.activation, c, q=self.q, sigma_w=self.sigma_w, sigma_b=self.sigma_b)


def mean_field(activation_: ActivationLike, *, sigma_w: float, sigma_b: float = 0.0, input_q: float = 1.0) -> MeanField:
    """Signal propagation in a wide network at stationarity.

    Parameters
    ----------
    activation_ : str, callable or Activation
        See :func:`rmt.networks.activation`.
    sigma_w : float
        The weights have variance ``sigma_w**2 / fan_in``; >= 0.
    sigma_b : float
        The biases have variance ``sigma_b**2``; >= 0.
    input_q : float
        Mean square of the entries of the input. It matters where several lengths are stable, or all are.

    Returns
    -------
    MeanField
        With `q`, `chi_perp`, `chi_par`, `c`, `xi_c`, `xi_q`, `phase`, `fixed_points`.

    Examples
    --------
    >>> field = mean_field("tanh", sigma_w=1.5, sigma_b=0.0)
    >>> round(field.q, 10), round(field.chi_perp, 10)
    (0.2868942294, 1.040567565)
    """
    phi = activation(activation_)
    sw, sb = _check_scales(sigma_w, sigma_b)
    start = sw**2 * float(check_real("input_q", input_q, at_least=0.0, at_most=LARGEST_VARIANCE)) + sb**2
    return MeanField(phi, sw, sb, _resting_length(phi, sw, sb, start), float(input_q))


def length_map(activation_: ActivationLike, q: float, *, sigma_w: float, sigma_b: float = 0.0) -> float:
    """Length of the next layer, sigma_w² E φ(√q z)² + sigma_b²."""
    sw, sb = _check_scales(sigma_w, sigma_b)
    return sw**2 * activation(activation_).second_moment(q) + sb**2


def correlation_map(activation_: ActivationLike, c: float, *, q: float, sigma_w: float, sigma_b: float = 0.0) -> float:
    """Correlation in the next layer of two inputs with pre-activation variance `q` and correlation `c`.

    ``(sigma_w² E φ(u1) φ(u2) + sigma_b²) / (sigma_w² E φ² + sigma_b²)``; the denominator is `q` at a fixed point.
    """
    sw, sb = _check_scales(sigma_w, sigma_b)
    phi = activation(activation_)
    check_real("q", q, above=0.0, at_most=LARGEST_VARIANCE)
    return (sw**2 * phi.covariance(q, q, c) + sb**2) / (sw**2 * phi.second_moment(q) + sb**2)


def lengths(activation_: ActivationLike, depth: int, *, sigma_w: float, sigma_b: float = 0.0, input_q: float) -> Real:
    """Pre-activation variances q_1, ..., q_depth of a network fed with entries of mean square `input_q`.

    ``q_1 = sigma_w² input_q + sigma_b²``, then the length map.

    Raises
    ------
    ValueError
        If a length overflows.
    """
    phi = activation(activation_)
    sw, sb = _check_scales(sigma_w, sigma_b)
    count = check_count("depth", depth)
    out = np.empty(count)
    q = sw**2 * float(check_real("input_q", input_q, at_least=0.0, at_most=LARGEST_VARIANCE)) + sb**2
    for layer in range(count):
        if q > 1e200:
            raise ValueError(f"the length exceeds 1e200 at layer {layer + 1}: the network is unstable; lower sigma_w")
        out[layer] = q
        following = sw**2 * phi.second_moment(q) + sb**2
        if following == q:
            out[layer:] = q
            break
        q = following
    return out


def depth_scale(chi: float) -> float:
    """1/abs(log chi): the number of layers over which a factor chi per layer makes e; inf at chi = 1."""
    if chi == 0.0:
        return 0.0
    if chi == 1.0:
        return math.inf
    return 1.0 / abs(math.log(chi))


def fixed_points(activation_: ActivationLike, *, sigma_w: float, sigma_b: float = 0.0) -> tuple[FixedPoint, ...]:
    """All fixed points of the length map in [0, 1e14], in increasing order.

    Tangential (half-stable) ones are found when the map comes within 1e-12 of the diagonal. Empty where none is
    isolated.
    """
    phi = activation(activation_)
    sw, sb = _check_scales(sigma_w, sigma_b)
    if phi.homogeneous:
        return _homogeneous_fixed_points(phi, sw, sb)
    excess = _excess(phi, sw, sb)
    grid = np.geomspace(SMALLEST, LARGEST, round(PER_DECADE * math.log10(LARGEST / SMALLEST)) + 1)
    roots = all_roots(excess, grid)
    found = []
    if sb == 0.0 and float(phi(0.0)) == 0.0:
        found.append(FixedPoint(0.0, sw**2 * phi.slope_moment(1, 0.0), excess(float(grid[0])) < 0.0))
    for root in roots:
        step = 1e-4 * root
        inward = excess(root - step) > 0.0 and excess(root + step) < 0.0
        found.append(FixedPoint(root, sw**2 * phi.radial_moment(root), inward))
    return tuple(found)


def _homogeneous_fixed_points(phi: Activation, sw: float, sb: float) -> tuple[FixedPoint, ...]:
    gain = sw**2 * phi.second_moment(1.0)
    if abs(gain - 1.0) <= 4.0 * np.finfo(float).eps:
        return ()
    if gain < 1.0:
        return (FixedPoint(sb**2 / (1.0 - gain), gain, True),)
    return (FixedPoint(0.0, gain, False),) if sb == 0.0 else ()


def _excess(phi: Activation, sw: float, sb: float) -> Callable[[float], float]:
    """The function log(V(q)/q), positive where the length grows."""

    def excess(q: float) -> float:
        value = sw**2 * phi.second_moment(q) + sb**2
        return math.log(value / q) if value > 0.0 else -math.inf

    return excess


def _resting_length(phi: Activation, sw: float, sb: float, start: float) -> float:
    """The fixed point to which the length map carries `start`."""
    if phi.homogeneous:
        gain = sw**2 * phi.second_moment(1.0)
        if abs(gain - 1.0) <= 4.0 * np.finfo(float).eps:
            return start if sb == 0.0 else math.inf
        return sb**2 / (1.0 - gain) if gain < 1.0 else (math.inf if start > 0.0 else 0.0)
    if start == 0.0:
        return 0.0 if float(phi(0.0)) == 0.0 else _resting_length(phi, sw, sb, sw**2 * float(phi(0.0)) ** 2)
    excess = _excess(phi, sw, sb)
    here = excess(start)
    if abs(here) <= 1e-15:
        return start
    # an increasing map moves monotonically to the next fixed point on the side it points to
    decades = math.log10(LARGEST / start) if here > 0.0 else math.log10(start / SMALLEST)
    steps = np.arange(1, round(PER_DECADE * max(decades, 1.0)) + 1) / PER_DECADE
    path = start * 10.0 ** (steps if here > 0.0 else -steps)
    low = start
    for point in path:
        value = excess(float(point))
        if value == 0.0:
            return float(point)
        if value * here < 0.0:
            return _bracketed_root(excess, low, float(point))
        low = float(point)
    return math.inf if here > 0.0 else 0.0


def all_roots(function: Callable[[float], float], grid: Real, *, noise: float = 1e-14) -> list[float]:
    """Isolated roots of a smooth function on an increasing positive grid: sign changes, and tangencies.

    Values up to `noise` count as zero; where several neighbours are zero the function vanishes on an interval,
    whose points are not isolated roots.
    """
    values = np.array([function(float(x)) for x in grid])
    values[np.abs(values) <= noise] = 0.0
    sign, size = np.sign(values), np.abs(values)
    roots = [
        _bracketed_root(function, float(grid[i]), float(grid[i + 1]))
        for i in np.flatnonzero(sign[:-1] * sign[1:] < 0.0)
    ]
    for i in range(1, grid.size - 1):
        if sign[i] == 0.0 and sign[i - 1] != 0.0 and sign[i + 1] != 0.0:
            roots.append(float(grid[i]))
        same_sign = sign[i - 1] == sign[i] == sign[i + 1] != 0.0
        if same_sign and size[i] <= min(size[i - 1], size[i + 1]) and size[i] < 0.5:
            roots += _roots_near_minimum(function, grid[i - 1 : i + 2])
    return sorted(roots)


def _roots_near_minimum(function: Callable[[float], float], bracket: Real) -> list[float]:
    """The two roots, or the double root, that may hide beside a local minimum of the size of `function`."""
    from scipy.optimize import minimize_scalar

    sign = math.copysign(1.0, function(float(bracket[1])))
    result = minimize_scalar(
        lambda t: sign * function(math.exp(t)),
        bounds=(math.log(bracket[0]), math.log(bracket[2])),
        method="bounded",
        options={"xatol": 1e-10},
    )
    lowest, value = math.exp(result.x), float(result.fun)
    if abs(value) <= 1e-12:
        return [lowest]
    if value > 0.0:
        return []
    ends = ((float(bracket[0]), lowest), (lowest, float(bracket[2])))
    return [_bracketed_root(function, low, high) for low, high in ends]


def _bracketed_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root between two positive points of opposite sign, searched on the logarithmic scale."""
    from scipy.optimize import brentq

    a, b = sorted((low, high))
    return math.exp(brentq(lambda t: function(math.exp(t)), math.log(a), math.log(b), xtol=1e-15, rtol=1e-15))


def _correlation_gap(phi: Activation, sw: float, q: float, chi: float) -> float:
    """1 − c at the stable fixed point of the correlation map in the chaotic phase.

    The map is a power series in c with coefficients >= 0, hence convex on [0, 1]: with slope above 1 at c = 1 it
    has exactly one fixed point in [0, 1).
    """

    def excess(gap: float) -> float:
        """Log of the next gap over this one: log chi at 0, negative beyond the fixed point."""
        return math.log(sw**2 * phi.divergence(q, gap) / (q * gap))

    at_zero = 1.0 - sw**2 * phi.divergence(q, 1.0) / q
    if at_zero <= 1e-14:
        return 1.0
    low = 1.0
    while excess(low) < 0.0:
        low *= 0.125
        if low < 1e-13 * (chi - 1.0):
            raise ConvergenceError(
                "the stable correlation was not bracketed; chi_perp is too close to 1", point=q, residual=chi - 1.0
            )
    return _bracketed_root(excess, low, 1.0) if low < 1.0 else 1.0


def _slope_moment(phi: Activation, k: int, q: float) -> float:
    if math.isinf(q):
        left, right = phi.slopes_at_infinity()
        return 0.5 * (left ** (2 * k) + right ** (2 * k))
    return phi.slope_moment(k, q)


def _check_scales(sigma_w: float, sigma_b: float) -> tuple[float, float]:
    return (
        float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE)),
        float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE)),
    )
