"""A multilayer perceptron at initialisation: its layers, their lengths and derivatives in the limit of large width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

import rmt
from rmt._cached import cached_property
from rmt._frozen import Frozen
from rmt.ensembles.entries import EntryLaw
from rmt.errors import LARGEST_SCALE, LARGEST_VARIANCE, ConvergenceError, check_count, check_real, shown
from rmt.laws.law import Law
from rmt.networks.activations.activation import Activation, Real
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.networks.activations.power_germs import TINY_LENGTH, power_germ
from rmt.networks.propagation.mean_field import MeanField, mean_field

ORTHOGONAL = "orthogonal"
#: layers that are laid out one by one
DEEPEST = 10**6
#: length from which on an activation has to be a cone
LONGEST = 1e200
#: lengths from which on it is taken for one if it is, relative to the square of the largest size on which φ varies, and
#: to that of the smallest for the cone next to 0; by what factor moments are compared there, and how closely
FAR_OUT, NEXT_TO_ZERO, APART, CONICAL = 1e36, 1e-32, 1e4, 1e-10
#: the smallest of these lengths
SHORTEST = 1e-250


@dataclass(frozen=True, eq=False)
class LayerMoments:
    """What a layer knows of an activation at one length; all layers of that length share it."""

    activation: Activation
    q: float

    @cached_property
    def mean_slope(self) -> float:
        """μ₁ = E φ'²."""
        return self.activation.slope_moment(1, self.q)

    @cached_property
    def square(self) -> float:
        """E φ²."""
        return self.activation.second_moment(self.q)

    @cached_property
    def radial(self) -> float:
        """E φ φ' h / q."""
        return self.activation.radial_moment(self.q)

    @cached_property
    def spread(self) -> float:
        """Relative variance of φ'²; 0 if it vanishes."""
        return self.activation.slope_spread(self.q) if self.mean_slope > 0.0 else 0.0

    @cached_property
    def dead(self) -> float:
        """Share of units whose derivative is exactly 0."""
        phi = self.activation
        if phi.named and phi.slopes is None:
            return 0.0  # the named activations that are curved are nowhere flat
        if phi.slopes is None and 10.0 * math.sqrt(self.q) < phi.flat_from:
            return 0.0
        from rmt.networks.activations.slope_law import squared_slope_law

        return dict(squared_slope_law(phi, self.q).atoms).get(0.0, 0.0)


@dataclass(frozen=True)
class Layer:
    """One layer x_l = φ(W_l x_{l−1} + b_l) in the limit of large width; its factor of the Jacobian is D_l W_l.

    Attributes
    ----------
    activation : Activation
    sigma_w, sigma_b : float
        The weights are Gaussian-like of variance ``sigma_w²/fan_in``, or sigma_w times (semi-)orthogonal.
    q : float
        Variance of the pre-activations, in units of ``exp(log_unit)``.
    fan_in, fan_out : float
        Widths, on any common scale.
    orthogonal : bool
    log_unit : float
        0, unless the variance is so large (from 1e36 times the square of the size on which φ varies) or so small that
        neither slopes nor ratios of lengths depend on it any more, or that φ is a power c|x|^d.

    Examples
    --------
    >>> import rmt
    >>> layer = rmt.networks.MLP(2, "relu", sigma_w=2**0.5).layers[0]
    >>> layer.slope_law(), round(layer.relative_variance(1.0), 12)
    (Atomic(positions=(0.0, 1.0), weights=(0.5, 0.5)), 2.0)
    """

    activation: Activation
    sigma_w: float
    sigma_b: float
    q: float
    fan_in: float = 1.0
    fan_out: float = 1.0
    orthogonal: bool = False
    log_unit: float = 0.0

    @property
    def log_q(self) -> float:
        """Logarithm of the variance of the pre-activations; -inf if they vanish."""
        return self.log_unit + (math.log(self.q) if self.q > 0.0 else -math.inf)

    @property
    def log_slope_unit(self) -> float:
        """Logarithm of the unit of φ'², and of what lengths grow by beyond the second moment, in their own unit."""
        return (self.activation.degree - 1.0) * self.log_unit if self.activation.degree > 1.0 else 0.0

    @property
    def weight_gain(self) -> float:
        """Mean of the spectrum of W Wᵀ: sigma_w², less for an orthogonal layer that widens."""
        widening = min(1.0, self.fan_in / self.fan_out) if self.orthogonal else 1.0
        return self.sigma_w**2 * widening

    @cached_property
    def moments(self) -> LayerMoments:
        """What the layer knows of φ at its length."""
        return LayerMoments(self.activation, self.q)

    @property
    def mean_slope(self) -> float:
        """μ₁ = E φ'², in units of ``exp(log_slope_unit)``."""
        return self.moments.mean_slope

    @cached_property
    def chi_perp(self) -> float:
        """Mean squared singular value that the layer contributes: weight gain times E φ'²."""
        return self.weight_gain * self.mean_slope * math.exp(self.log_slope_unit)

    @cached_property
    def log_chi_perp(self) -> float:
        """Its logarithm; −inf where the Jacobian vanishes."""
        own = self.weight_gain * self.mean_slope
        return math.log(own) + self.log_slope_unit if own > 0.0 else -math.inf

    @cached_property
    def chi_par(self) -> float:
        """Gain of a radial perturbation of the pre-activations: weight gain times E φ φ' h / q."""
        return self.weight_gain * self.moments.radial * math.exp(self.log_slope_unit)

    @property
    def spread(self) -> float:
        """Relative variance μ₂/μ₁² − 1 of D²; 0 for a layer whose derivatives vanish."""
        return self.moments.spread

    @property
    def dead(self) -> float:
        """Share of units whose derivative is exactly 0."""
        return self.moments.dead

    def relative_variance(self, rows: float) -> float:
        """What the layer adds to the relative variance of J Jᵀ, of `rows` rows on the scale of the widths.

        Parameters
        ----------
        rows : float
            Rows of J Jᵀ on the scale of the widths.

        Returns
        -------
        float
        """
        widening = max(0.0, 1.0 / self.fan_in - 1.0 / self.fan_out)
        weights = widening if self.orthogonal else 1.0 / self.fan_in
        return rows * (self.spread / self.fan_out + weights)

    def slope_law(self) -> Law:
        """Law of D² = φ'(h)², in units of ``exp(log_slope_unit)``.

        Returns
        -------
        Law
        """
        from rmt.networks.activations.slope_law import squared_slope_law

        return squared_slope_law(self.activation, self.q)


def check_depth(depth: Any) -> int:
    """Return a number of layers that can be laid out one by one.

    Raises
    ------
    TypeError, ValueError
        If it is no integer, < 1, or above a million.
    """
    layers = check_count("depth", depth)
    if layers > DEEPEST:
        raise ValueError(
            f"depth must be at most {DEEPEST}, got {layers}: layers are followed one by one; for the limit of many "
            "layers at the edge of chaos use rmt.networks.depth_limit"
        )
    return layers


class MLP(Frozen):
    """A wide multilayer perceptron at initialisation, with L layers x_l = φ_l(W_l x_{l−1} + b_l).

    Parameters
    ----------
    depth : int
        Number L of layers, and of factors D_l W_l of the Jacobian.
    activation : str, callable, Activation, or a sequence of them
        One for all layers, or one each.
    sigma_w : float or sequence of float
        Weights have variance ``sigma_w² / fan_in``; orthogonal ones are sigma_w times an orthogonal matrix
        (orthonormal rows if the layer narrows, columns if it widens).
    sigma_b : float or sequence of float
        Standard deviation of the biases.
    weights : str, EntryLaw, frozen scipy.stats distribution, or Law
        ``"gaussian"``, ``"orthogonal"``, or any entry law of :mod:`rmt.ensembles.entries`.
    widths : sequence of L + 1 positive numbers, optional
        Widths N_0, ..., N_L, or their ratios; all equal by default.
    input_q : float, optional
        Mean square of the entries of the input. Without it every layer sits at the stationary length q*, which
        exists only if all layers are equal.

    Raises
    ------
    TypeError
        If `depth`, `activation`, `sigma_w`, `sigma_b` or `weights` is not of the kind named above.
    ValueError
        If ``depth < 1`` or above a million, a scale is negative, a sequence has the wrong length, or there is no
        stationary length.

    References
    ----------
    Poole et al. 2016.

    Examples
    --------
    >>> net = MLP(depth=32, activation="tanh", sigma_w=1.0341652193, sigma_b=0.0073001675, weights="orthogonal")
    >>> round(net.relative_variance, 6)
    0.25
    >>> net = rmt.networks.MLP(4, "relu", sigma_w=2**0.5)
    >>> net.with_depth(3).depth, net.with_weights("orthogonal").weights
    (3, 'orthogonal')
    >>> net.jacobian().singular_values(4, rng=0).shape, net.isometry().verdict.value
    ((4,), 'STABLE BUT NOT ISOMETRIC')
    """

    def __init__(
        self,
        depth: int,
        activation: ActivationLike | Sequence[ActivationLike],
        sigma_w: float | Sequence[float],
        sigma_b: float | Sequence[float] = 0.0,
        weights: Any = "gaussian",
        widths: Sequence[float] | None = None,
        input_q: float | None = None,
    ) -> None:
        self.depth = check_depth(depth)
        self.activations = _activations(activation, self.depth)
        self.sigma_w = _scales("sigma_w", sigma_w, self.depth)
        self.sigma_b = _scales("sigma_b", sigma_b, self.depth)
        self.weights = parse_weights(weights)
        self.widths = _widths(widths, self.depth)
        self.input_q = (
            None if input_q is None else float(check_real("input_q", input_q, at_least=0.0, at_most=LARGEST_VARIANCE))
        )
        if self.input_q is None and not self.uniform:
            raise ValueError(
                "layers that differ have no common stationary length; pass input_q, the mean square of the entries of "
                "the input"
            )
        if self.input_q is None and math.isinf(self.mean_field.q) and not self.scale_free:
            raise ValueError(
                f"the length of {self.activations[0].name} layers grows without bound at sigma_w = "
                f"{self.sigma_w[0]:.6g}, sigma_b = {self.sigma_b[0]:.6g}: there is no stable q*. Lower sigma_w, or "
                "pass input_q for the finite depth at hand"
            )

    @property
    def orthogonal(self) -> bool:
        """Whether the weights are (semi-)orthogonal."""
        return self.weights == ORTHOGONAL

    @property
    def square(self) -> bool:
        """Whether all widths are equal."""
        return len(set(self.widths)) == 1

    @property
    def uniform(self) -> bool:
        """Whether all layers have the same activation and scales, and all widths are equal."""
        return self.square and all(len(set(v)) == 1 for v in (self.activations, self.sigma_w, self.sigma_b))

    @property
    def scale_free(self) -> bool:
        """Whether slopes do not depend on lengths: homogeneous activations (linear, ReLU, leaky ReLU), no biases."""
        return all(phi.homogeneous for phi in self.activations) and max(self.sigma_b) == 0.0

    @cached_property
    def mean_field(self) -> MeanField:
        """Signal propagation at stationarity, for equal layers.

        Raises
        ------
        ValueError
            If the layers differ.
        """
        if not self.uniform:
            raise ValueError("layers that differ have no common mean field; see the attribute layers")
        start = 1.0 if self.input_q is None else self.input_q
        return mean_field(self.activations[0], sigma_w=self.sigma_w[0], sigma_b=self.sigma_b[0], input_q=start)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers with their lengths: stationary, or followed from the input; 1 where lengths do not matter."""
        shapes = list(zip(self.widths[:-1], self.widths[1:], strict=True))
        rows = zip(self.activations, self.sigma_w, self.sigma_b, shapes, strict=True)
        if self.input_q is None:
            q = 1.0 if self.scale_free else self.mean_field.q
            one = Layer(self.activations[0], self.sigma_w[0], self.sigma_b[0], q, 1.0, 1.0, self.orthogonal)
            return (one,) * self.depth
        made: list[Layer] = []
        before, log_unit = self.input_q, 0.0
        for phi, sw, sb, (fan_in, fan_out) in rows:
            empty = Layer(phi, sw, sb, 0.0, fan_in, fan_out, self.orthogonal)
            log_q = _log_length(empty, before, log_unit)
            germ = power_germ(phi) if log_q < math.log(TINY_LENGTH * phi.variation[0] ** 2) else None
            if germ is not None:
                layer, log_unit = replace(empty, activation=germ, q=1.0), log_q
            else:
                q = empty.weight_gain * before + sb**2 if log_unit == 0.0 else math.exp(min(log_q, 700.0))
                q, log_unit = _in_range(phi, q, log_q, len(made) + 1)
                layer = replace(empty, q=q)
            layer = replace(layer, log_unit=log_unit)
            if made:  # equal layers share all that they have computed, others what they know of φ
                layer = made[-1] if made[-1] == layer else with_moments_of(made[-1], layer)
            made.append(layer)
            before = layer.moments.square
            log_unit += layer.log_slope_unit
        return tuple(made)

    @property
    def q(self) -> Real:
        """Pre-activation variances q_1, ..., q_L; inf beyond the range of a double."""
        with np.errstate(over="ignore"):
            return np.array([layer.q for layer in self.layers]) * np.exp([layer.log_unit for layer in self.layers])

    @cached_property
    def log_mean(self) -> float:
        """Logarithm of m₁, the mean of the spectrum of J Jᵀ: the sum of log chi_perp."""
        return math.fsum(logs) if min(logs := [layer.log_chi_perp for layer in self.layers]) > -math.inf else -math.inf

    @property
    def mean(self) -> float:
        """m₁ = Π chi_perp, the mean squared singular value of the Jacobian."""
        return math.exp(self.log_mean) if self.log_mean < 709.0 else math.inf

    @cached_property
    def relative_variance(self) -> float:
        """Relative variance of the spectrum of J Jᵀ: the sum of what the layers contribute."""
        return math.fsum(layer.relative_variance(self.widths[-1]) for layer in self.layers)

    @cached_property
    def log_radial_gain(self) -> float:
        """Logarithm of Π chi_par: the gain of a perturbation along the signal in its own direction.

        It is ⟨x_L, J x_0⟩/(‖x_L‖ ‖x_0‖), not squared; J x_0 has components across x_L as well.
        """
        gains = [layer.chi_par for layer in self.layers]
        return math.fsum(map(math.log, gains)) if min(gains) > 0.0 else -math.inf

    def jacobian(self) -> rmt.networks.Jacobian:
        """The input-output Jacobian J = D_L W_L ⋯ D_1 W_1 as a random matrix.

        Returns
        -------
        Jacobian
        """
        from rmt.networks.architecture.jacobian import Jacobian

        return Jacobian(self)

    def isometry(self, **options: Any) -> rmt.networks.IsometryReport:
        """How far the Jacobian is from an isometry, why, and what to set instead: :func:`rmt.networks.isometry`.

        Parameters
        ----------
        **options : object
            As for :func:`rmt.networks.isometry`.

        Returns
        -------
        IsometryReport

        Raises
        ------
        TypeError
            If `target` is not of the kind named above.
        ValueError
            If `target` is out of the range named above.
        """
        from rmt.networks.reports.network_isometry import isometry

        return isometry(self, **options)

    def with_weights(self, weights: Any) -> MLP:
        """The same network with other weights.

        Parameters
        ----------
        weights : str, EntryLaw, frozen scipy.stats distribution, or Law
            As for the class.

        Returns
        -------
        MLP
        """
        return MLP(self.depth, self.activations, self.sigma_w, self.sigma_b, weights, self.widths, self.input_q)

    def with_depth(self, depth: int) -> MLP:
        """The same layers, all equal, in another number.

        Parameters
        ----------
        depth : int
            Number of layers, >= 1.

        Returns
        -------
        MLP

        Raises
        ------
        ValueError
            If the layers differ.
        """
        if not self.uniform:
            raise ValueError("only a network of equal layers can be made deeper or shallower")
        return MLP(depth, self.activations[0], self.sigma_w[0], self.sigma_b[0], self.weights, input_q=self.input_q)

    def __repr__(self) -> str:
        parts = [f"depth={self.depth}", f"activation={_shown([_short(a) for a in self.activations])}"]
        parts += [f"sigma_w={_shown(self.sigma_w)}", f"sigma_b={_shown(self.sigma_b)}"]
        parts.append(f"weights={self.weights if isinstance(self.weights, str) else self.weights.argument!r}")
        if not self.square:
            parts.append(f"widths={self.widths!r}")
        if self.input_q is not None:
            parts.append(f"input_q={self.input_q!r}")
        return f"MLP({', '.join(parts)})".replace("weights=orthogonal", "weights='orthogonal'")


def _log_length(layer: Layer, before: float, log_unit: float) -> float:
    """Logarithm of the length that a mean square `before`, in units of ``exp(log_unit)``, leads to."""
    signal = layer.weight_gain * before
    drive = math.log(signal) + log_unit if signal > 0.0 else -math.inf
    return float(np.logaddexp(drive, 2.0 * math.log(layer.sigma_b) if layer.sigma_b > 0.0 else -math.inf))


def with_moments_of(known: Layer, layer: Layer) -> Layer:
    """The second layer, which shares what the first knows of φ if it is at the same length."""
    if known.activation is layer.activation and known.q == layer.q:
        vars(layer)["moments"] = known.moments
    return layer


def _in_range(phi: Activation, q: float, log_q: float, layer: int) -> tuple[float, float]:
    """The length at which φ is looked at, and the logarithm of the unit that makes it the length asked for.

    Raises
    ------
    ValueError
        If the length exceeds 1e200, and φ has no limit of φ(b x)/b as b grows.
    """
    low, high = cone_lengths(phi)
    if log_q > math.log(high if high < math.inf else LONGEST):
        if high == math.inf:
            raise ValueError(
                f"the length exceeds 1e200 at layer {layer}: the network is unstable, and the derivatives of "
                f"{phi.name} have no limit far out; lower sigma_w"
            )
        return high, log_q - math.log(high)
    return (low, log_q - math.log(low)) if low > 0.0 and -math.inf < log_q < math.log(low) else (q, 0.0)


@lru_cache(maxsize=64)
def cone_lengths(phi: Activation) -> tuple[float, float]:
    """Lengths below and above which neither slopes nor ratios of lengths depend on them; 0 and inf for none."""
    smallest, largest = phi.variation
    low, high = max(NEXT_TO_ZERO * smallest**2, SHORTEST), min(FAR_OUT * largest**2, LONGEST)
    near = phi.degree == 1.0 and _is_cone(phi, low, low / APART)
    return (low if near else 0.0), (high if _is_cone(phi, high, high / APART) else math.inf)


def _is_cone(phi: Activation, q: float, other: float) -> bool:
    """Whether lengths and slopes are those of φ(b x) = b φ(x) at these lengths."""
    if phi.homogeneous:
        return True
    try:
        pairs = [(phi.second_moment(v) / v, phi.slope_moment(1, v)) for v in (q, other)]
    except (ValueError, ConvergenceError):  # not finite there
        return False
    return all(abs(a - b) <= CONICAL * abs(a) and 0.0 < abs(a) < math.inf for a, b in zip(*pairs, strict=True))


def _short(phi: Activation) -> Any:
    return phi.name if phi.named and phi == activation(phi.name) else phi


def _shown(values: Iterable[Any]) -> str:
    values = list(values)
    return repr(values[0]) if all(v == values[0] for v in values) else repr(values)


def _activations(spec: Any, depth: int) -> tuple[Activation, ...]:
    if isinstance(spec, (list, tuple)):
        if len(spec) != depth:
            raise ValueError(f"activation must be one, or one for each of the {depth} layers, got {len(spec)}")
        return tuple(activation(a) for a in spec)
    return (activation(spec),) * depth


def _scales(name: str, value: Any, depth: int) -> tuple[float, ...]:
    if isinstance(value, (list, tuple, np.ndarray)) and getattr(value, "ndim", 1) > 0 and not hasattr(value, "filled"):
        if len(value) != depth:
            raise ValueError(f"{name} must be one number, or one for each of the {depth} layers, got {len(value)}")
        return tuple(float(check_real(name, v, at_least=0.0, at_most=LARGEST_SCALE)) for v in value)
    return (float(check_real(name, value, at_least=0.0, at_most=LARGEST_SCALE)),) * depth


def parse_weights(value: Any) -> EntryLaw | str:
    """An entry law, or the word "orthogonal"."""
    if isinstance(value, str) and value == ORTHOGONAL:
        return ORTHOGONAL
    from rmt.ensembles.entries import as_entries

    try:
        return as_entries(value, "weights")
    except ValueError as error:
        raise ValueError(f"{error}; or 'orthogonal'") from None


def _widths(value: Sequence[float] | None, depth: int) -> tuple[float, ...]:
    from rmt.networks.reports.advice import check_widths

    return (1.0,) * (depth + 1) if value is None else check_widths(value, depth)


def check_network(name: str, net: Any) -> MLP:
    """Return `net` if it is a network of dense layers.

    Raises
    ------
    TypeError
        If it is anything else.
    """
    if isinstance(net, MLP):
        return net
    remedy = "a residual network reports in its own isometry()" if callable(getattr(net, "isometry", None)) else ""
    raise TypeError(
        f"{name} must be a network, as rmt.networks.MLP makes it, got {shown(net)} of type {type(net).__name__}"
        f"{'; ' if remedy else ''}{remedy}"
    )
