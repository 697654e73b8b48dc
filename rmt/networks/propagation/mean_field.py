"""Signal propagation in wide random networks: the maps of lengths and correlations, and where they come to rest.

Layers are h_l = W_l φ(h_{l-1}) + b_l with Var W = sigma_w²/fan_in and Var b = sigma_b²; q_l is the variance of the
entries of h_l. Sources: Poole et al. 2016, Schoenholz et al. 2017.

A length map may fall, as for every even activation, but never faster than q^{-1/2}: the density of N(0, q) does not. So
chi_par >= -1/2 at every fixed point, lengths that swing about one come to rest there, and there are no cycles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from rmt._cached import cached_property
from rmt.errors import LARGEST_SCALE, LARGEST_VARIANCE, ConvergenceError, check_count, check_real
from rmt.networks.activations.activation import Activation, Real
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.networks.propagation.length_search import (
    MOST,
    NOISE,
    PER_DECADE,
    LengthFunction,
    all_roots,
    bracketed_root,
    guarded,
    length_grid,
    next_root,
)

#: |chi − 1| below this counts as critical
CRITICAL_TOLERANCE = 1e-9
#: |chi_par − 1| below which the sides of a fixed point are looked at, and how far from it
MARGINAL, BESIDE = 1e-6, 0.05
#: steps that a length is followed, to see whether it jumps across the next fixed point
FOLLOWED = 30


class Phase(Enum):
    """Fate of two nearby inputs; the value is the sentence for reports.

    Examples
    --------
    >>> from rmt.networks import Phase
    >>> [phase.name for phase in Phase]
    ['ORDERED', 'CRITICAL', 'CHAOTIC']
    """

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
        Derivative of the length map there.
    stable : bool
        Whether nearby lengths return to it.
    half_stable : bool
        Whether they do on one side only: a double point, where the map touches the diagonal.

    Examples
    --------
    >>> from rmt.networks import fixed_points
    >>> round(fixed_points("linear", sigma_w=0.5, sigma_b=1.0)[0].q, 12)  # 1/(1 − 1/4)
    1.333333333333
    """

    q: float
    chi_par: float
    stable: bool
    half_stable: bool = False

    @property
    def marginal(self) -> bool:
        """Whether chi_par = 1 within 1e-9: lengths come and go more slowly than any exponential."""
        return abs(self.chi_par - 1.0) <= CRITICAL_TOLERANCE

    @property
    def oscillating(self) -> bool:
        """Whether lengths swing about it, chi_par < 0; they come to rest, since chi_par >= -1/2."""
        return self.chi_par < 0.0


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

    Examples
    --------
    >>> from rmt.networks import mean_field
    >>> field = mean_field("relu", sigma_w=2**0.5, input_q=1.0)
    >>> field.phase.name, round(field.length_map(3.0), 12), round(field.correlation_map(1.0), 12)
    ('CRITICAL', 3.0, 1.0)
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
        """Derivative of the length map, sigma_w² E[φ'² + φ φ'']: growth of a radial perturbation."""
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

        At q = 0 and q = inf the correlation map is that of the derivatives of φ there, and the value is 1.
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
        """Derivative of the correlation map at its stable point `c`."""
        if self._gap == 0.0:
            return self.chi_perp
        return self.sigma_w**2 * self.activation.slope_covariance(self.q, self.q, self.c)

    @property
    def xi_c(self) -> float:
        """Depth over which correlations reach `c`: 1/abs(log abs(chi_c)); inf on the edge of chaos."""
        return depth_scale(self.chi_c)

    @property
    def xi_q(self) -> float:
        """Depth over which lengths reach `q`: 1/abs(log abs(chi_par)); they swing about it where chi_par < 0."""
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
        """All fixed points of the length map, in increasing order.

        Where every length is fixed (ReLU with sigma_w² = 2 and no bias) only `q` is listed.
        """
        return fixed_points(self.activation, sigma_w=self.sigma_w, sigma_b=self.sigma_b) or (
            (FixedPoint(self.q, self.chi_par, True),) if math.isfinite(self.q) else ()
        )

    def length_map(self, q: float) -> float:
        """Length of the next layer.

        Parameters
        ----------
        q : float
            Variance of the pre-activation, >= 0; 0 stands for the limit from above.

        Returns
        -------
        float
        """
        return length_map(self.activation, q, sigma_w=self.sigma_w, sigma_b=self.sigma_b)

    def correlation_map(self, c: float) -> float:
        """Correlation of two inputs in the next layer, both at length `q`.

        Parameters
        ----------
        c : float
            Correlation of the pre-activations of two inputs, in [−1, 1].

        Returns
        -------
        float
        """
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

    Raises
    ------
    TypeError
        If `activation_`, `sigma_w`, `sigma_b` or `input_q` is not of the kind named above.
    ValueError
        If `activation_`, `sigma_w`, `sigma_b` or `input_q` is out of the range named above.

    References
    ----------
    Poole et al. 2016; Schoenholz et al. 2017.

    Examples
    --------
    >>> field = mean_field("tanh", sigma_w=1.5, sigma_b=0.0)
    >>> round(field.q, 10), round(field.chi_perp, 10)
    (0.7933540426, 1.139323225)
    """
    phi = activation(activation_)
    sw, sb = _check_scales(sigma_w, sigma_b)
    start = sw**2 * float(check_real("input_q", input_q, at_least=0.0, at_most=LARGEST_VARIANCE)) + sb**2
    return MeanField(phi, sw, sb, _resting_length(phi, sw, sb, start), float(input_q))


def length_map(activation_: ActivationLike, q: float, *, sigma_w: float, sigma_b: float = 0.0) -> float:
    """Length of the next layer, sigma_w² E φ(√q z)² + sigma_b².

    Parameters
    ----------
    activation_ : str, callable or Activation
        The activation function, as for :func:`activation`.
    q : float
        Variance of the pre-activation, >= 0; 0 stands for the limit from above.
    sigma_w : float
        Scale of the weights, whose variance is sigma_w² / fan_in.
    sigma_b : float
        Standard deviation of the biases.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `activation_`, `q`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        If `activation_`, `q`, `sigma_w` or `sigma_b` is out of the range named above.

    References
    ----------
    Poole et al. 2016.

    Examples
    --------
    >>> from rmt.networks import length_map
    >>> round(length_map("relu", 3.0, sigma_w=2**0.5), 12)
    3.0
    """
    sw, sb = _check_scales(sigma_w, sigma_b)
    return sw**2 * activation(activation_).second_moment(q) + sb**2


def correlation_map(activation_: ActivationLike, c: float, *, q: float, sigma_w: float, sigma_b: float = 0.0) -> float:
    """Correlation in the next layer of two inputs with pre-activation variance `q` and correlation `c`.

    ``(sigma_w² E φ(u1) φ(u2) + sigma_b²) / (sigma_w² E φ² + sigma_b²)``; the denominator is `q` at a fixed point.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The activation function, as for :func:`activation`.
    c : float
        Correlation of the two pre-activations, in [−1, 1].
    q : float
        Variance of the pre-activation, >= 0; 0 stands for the limit from above.
    sigma_w : float
        Scale of the weights, whose variance is sigma_w² / fan_in.
    sigma_b : float
        Standard deviation of the biases.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `activation_`, `c`, `q`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        If `activation_`, `c`, `q`, `sigma_w` or `sigma_b` is out of the range named above.

    References
    ----------
    Poole et al. 2016.

    Examples
    --------
    >>> from rmt.networks import correlation_map
    >>> round(correlation_map("linear", 0.25, q=1.0, sigma_w=1.0), 12)
    0.25
    """
    sw, sb = _check_scales(sigma_w, sigma_b)
    phi = activation(activation_)
    check_real("q", q, above=0.0, at_most=LARGEST_VARIANCE)
    return (sw**2 * phi.covariance(q, q, c) + sb**2) / (sw**2 * phi.second_moment(q) + sb**2)


def lengths(activation_: ActivationLike, depth: int, *, sigma_w: float, sigma_b: float = 0.0, input_q: float) -> Real:
    """Pre-activation variances q_1, ..., q_depth of a network fed with entries of mean square `input_q`.

    ``q_1 = sigma_w² input_q + sigma_b²``, then the length map.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The activation function, as for :func:`activation`.
    depth : int
        Number of layers, >= 1.
    sigma_w : float
        Scale of the weights, whose variance is sigma_w² / fan_in.
    sigma_b : float
        Standard deviation of the biases.
    input_q : float
        Mean square of the entries of the input, >= 0.

    Returns
    -------
    ndarray of float, shape (depth,)

    Raises
    ------
    TypeError
        If `activation_`, `depth`, `sigma_w`, `sigma_b` or `input_q` is not of the kind named above.
    ValueError
        If a length overflows.

    References
    ----------
    Poole et al. 2016.

    Examples
    --------
    >>> from rmt.networks import lengths
    >>> lengths("linear", 3, sigma_w=0.5, input_q=4.0).round(12)
    array([1.    , 0.25  , 0.0625])
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
    """1/abs(log abs(chi)): the number of layers over which a factor chi per layer makes e; inf where it is 1 or -1."""
    size = abs(chi)
    if size == 0.0:
        return 0.0
    if size == 1.0:
        return math.inf
    return 1.0 / abs(math.log(size))


def fixed_points(activation_: ActivationLike, *, sigma_w: float, sigma_b: float = 0.0) -> tuple[FixedPoint, ...]:
    """All fixed points of the length map, in increasing order.

    Double (half-stable) ones are found when the map comes within 1e-12 of the diagonal. Empty where none is isolated.
    The search spans 14 decades below and above the squared scales on which the activation varies, reaches down to
    sigma_b² and up to where the length shrinks; lengths at which a moment cannot be computed are left out.

    Parameters
    ----------
    activation_ : str, callable or Activation
        Its name, a function of arrays, or an :class:`~rmt.networks.Activation`.
    sigma_w, sigma_b : float
        Scales of weights and biases, >= 0.

    Returns
    -------
    tuple of FixedPoint

    Raises
    ------
    TypeError
        If `activation_`, `sigma_w` or `sigma_b` is not of the kind named above.
    ValueError
        If `activation_`, `sigma_w` or `sigma_b` is out of the range named above.

    References
    ----------
    Poole et al. 2016.

    Examples
    --------
    >>> [round(point.q, 6) for point in fixed_points("tanh", sigma_w=2.0)]
    [0.0, 2.121474]
    """
    phi = activation(activation_)
    sw, sb = _check_scales(sigma_w, sigma_b)
    if sw == 0.0:
        return (FixedPoint(sb**2, 0.0, True),)
    if phi.homogeneous:
        return _homogeneous_fixed_points(phi, sw, sb)
    excess = _excess(phi, sw, sb)
    grid = _search_range(phi, sw, sb, excess)
    roots = all_roots(excess, grid)
    found = []
    if sb == 0.0 and float(phi(0.0)) == 0.0:
        gain = sw**2 * phi.slope_moment(1, 0.0)
        marginal = abs(gain - 1.0) <= MARGINAL
        found.append(FixedPoint(0.0, gain, _shrinks(excess, grid) if marginal else gain < 1.0))
    for i, root in enumerate(roots):
        below = root / roots[i - 1] if i else math.inf
        above = roots[i + 1] / root if i + 1 < len(roots) else math.inf
        found.append(_classified(phi, sw, root, excess, below, above))
    return tuple(found)


def _shrinks(excess: LengthFunction, grid: Real) -> bool:
    """Whether the shortest lengths on which the map is not the identity to rounding shrink."""
    for q in grid.tolist():
        value = excess(q)
        if abs(value) > 1e-14:
            return value < 0.0
    return False


def _classified(
    phi: Activation, sw: float, root: float, excess: LengthFunction, below: float, above: float
) -> FixedPoint:
    """A fixed point with its stability: by its derivative, and where that is 1 by the signs of the map beside it."""
    slope = sw**2 * phi.radial_moment(root)
    if abs(slope - 1.0) > MARGINAL:
        return FixedPoint(root, slope, abs(slope) < 1.0)
    left = excess(root * math.exp(-min(BESIDE, 0.5 * math.log(below))))
    right = excess(root * math.exp(min(BESIDE, 0.5 * math.log(above))))
    from_below, from_above = left > 0.0, right < 0.0
    return FixedPoint(root, slope, from_below and from_above, from_below != from_above)


def _search_range(phi: Activation, sw: float, sb: float, excess: LengthFunction) -> Real:
    """Lengths between which every fixed point lies: from sb² to where the length shrinks, or grows for ever."""
    lowest = 0.5 * sb**2 if sb > 0.0 else None
    top = length_grid(phi)[-1]
    gain = _gain_at_infinity(phi, sw)
    for _ in range(12):
        value = guarded(excess)(top)
        if not value > 0.0 or gain > 1.0 or top >= MOST:
            break
        top = min(max(top * math.exp(min(value, 400.0)) * 10.0, top * 1e4), MOST)
    return length_grid(phi, lowest, top)


def _gain_at_infinity(phi: Activation, sw: float) -> float:
    """Limit of V(q)/q."""
    left, right = phi.slopes_at_infinity()
    return sw * sw * 0.5 * (left * left + right * right)


def _homogeneous_fixed_points(phi: Activation, sw: float, sb: float) -> tuple[FixedPoint, ...]:
    gain = sw**2 * phi.second_moment(1.0)
    if abs(gain - 1.0) <= 4.0 * np.finfo(float).eps:
        return ()
    if gain < 1.0:
        return (FixedPoint(sb**2 / (1.0 - gain), gain, True),)
    return (FixedPoint(0.0, gain, False),) if sb == 0.0 else ()


def _excess(phi: Activation, sw: float, sb: float) -> LengthFunction:
    """The function log(V(q)/q), positive where the length grows."""

    def excess(q: float) -> float:
        value = sw**2 * phi.second_moment(q) + sb**2
        return math.log(value / q) if value > 0.0 else -math.inf

    return excess


def _resting_length(phi: Activation, sw: float, sb: float, start: float) -> float:
    """The fixed point to which the length map carries `start`."""
    if sw == 0.0:
        return sb**2
    if phi.homogeneous:
        gain = sw**2 * phi.second_moment(1.0)
        if abs(gain - 1.0) <= 4.0 * np.finfo(float).eps:
            return start if sb == 0.0 else math.inf
        return sb**2 / (1.0 - gain) if gain < 1.0 else (math.inf if start > 0.0 else 0.0)
    if start == 0.0:
        height = float(phi(0.0))
        return 0.0 if height == 0.0 else _resting_length(phi, sw, sb, sw**2 * height**2)
    excess = _excess(phi, sw, sb)
    grid = _search_range(phi, sw, sb, excess)
    here = start
    found = _next_fixed_point(excess, here, grid)
    for _ in range(FOLLOWED):
        # a map that falls jumps across the next fixed point, by half the way at most
        if not 0.0 < found < math.inf or abs(math.log(here / found)) < BESIDE:
            break
        following = sw**2 * phi.second_moment(here) + sb**2
        crossed = (following - found) * (here - found) < 0.0
        here = following
        if crossed:
            found = _next_fixed_point(excess, here, grid)
    return found


def _next_fixed_point(excess: LengthFunction, start: float, grid: Real) -> float:
    """The first fixed point in the direction in which the map moves a length."""
    value = excess(start)
    if abs(value) <= NOISE:
        return start
    if value > 0.0:
        beyond = grid[grid > start * 10.0 ** (0.5 / PER_DECADE)]
        found = next_root(excess, start, beyond)
        return math.inf if found is None else found
    beyond = grid[grid < start * 10.0 ** (-0.5 / PER_DECADE)][::-1]
    found = next_root(excess, start, beyond)
    return 0.0 if found is None else found


def _correlation_gap(phi: Activation, sw: float, q: float, chi: float) -> float:
    """1 − c at the stable fixed point of the correlation map in the chaotic phase.

    The map is a power series in c with coefficients >= 0, hence convex on [0, 1]: with derivative above 1 at c = 1 it
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
    return bracketed_root(excess, low, 1.0) if low < 1.0 else 1.0


def _slope_moment(phi: Activation, k: int, q: float) -> float:
    if math.isinf(q):
        left, right = phi.slopes_at_infinity()
        sizes = 2.0 * k * np.log(np.maximum(np.abs([left, right]), 1e-300))
        return math.inf if sizes.max() > 700.0 else 0.5 * (left ** (2 * k) + right ** (2 * k))
    return phi.slope_moment(k, q)


def _check_scales(sigma_w: float, sigma_b: float) -> tuple[float, float]:
    return (
        float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE)),
        float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE)),
    )
