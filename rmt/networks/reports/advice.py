"""What to set instead: critical scales, and the point of the edge of chaos where a network of this depth is isometric.

On the edge m₁ = 1, and with orthogonal weights every layer adds μ₂/μ₁² − 1 to the relative variance of J Jᵀ, which
depends on the stationary length q alone. A target for the variance at a depth is one equation for q (Pennington,
Schoenholz and Ganguli 2017, 2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from rmt.errors import LARGEST_SCALE, check_count, check_items, check_real, shown
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.networks.propagation.criticality import CriticalPoint, critical_points, critical_sigma_w, edge_of_chaos
from rmt.networks.reports.verdict import ISOMETRIC_SPREAD, Verdict, judge

#: relative variance that advice aims at, with room for the scatter of a real network below the 0.25 of ISOMETRIC
TARGET = 0.2
#: lengths between which the edge of chaos is searched, relative to the squared scales of the activation, and points
#: per decade
SHORTEST, LONGEST, PER_DECADE = 1e-8, 1e4, 6
#: length that is taken when every length will do
UNIT_LENGTH = 1.0


def check_widths(widths: Sequence[float], depth: int) -> tuple[float, ...]:
    """Return the widths N_0, ..., N_L of a network of L layers, or their ratios: positive numbers.

    Raises
    ------
    TypeError
        If they are no sequence of numbers.
    ValueError
        If one is not positive, or their number is not depth + 1.
    """
    accepted = f"the {depth + 1} numbers N_0, ..., N_{depth}"
    if isinstance(widths, (str, bytes)) or not hasattr(widths, "__iter__"):
        raise TypeError(f"widths must be {accepted}, got {shown(widths)}")
    checked = tuple(check_real("widths", width, above=0.0) for width in check_items("widths", widths, accepted))
    if len(checked) != depth + 1:
        raise ValueError(f"widths must be the {depth + 1} numbers N_0, ..., N_{depth}, got {len(checked)}")
    return checked


@dataclass(frozen=True)
class WidthProfile:
    """How the widths N_0, ..., N_L enter the relative variance of J Jᵀ.

    Attributes
    ----------
    depth : int
    slopes : float
        Σ N_L/N_l: multiplies the spread of the derivatives.
    orthogonal, gaussian : float
        What (semi-)orthogonal and Gaussian weights add, whatever their scale.
    rank : float
        Narrowest width over the last.
    """

    depth: int
    slopes: float
    orthogonal: float
    gaussian: float
    rank: float

    @classmethod
    def of(cls, depth: int, widths: Sequence[float] | None = None) -> WidthProfile:
        """Sums over the layers; all widths equal when None.

        Raises
        ------
        ValueError
            If the widths are not depth + 1 positive numbers.
        """
        if widths is not None:
            widths = check_widths(widths, depth)
        if widths is None or len(set(widths)) == 1:
            return cls(depth, float(depth), 0.0, float(depth), 1.0)
        last = float(widths[-1])
        pairs = list(pairwise(widths))
        return cls(
            depth,
            math.fsum(last / n for _, n in pairs),
            math.fsum(max(0.0, last / m - last / n) for m, n in pairs),
            math.fsum(last / m for m, _ in pairs),
            float(min(widths)) / last,
        )

    def spread(self, relvar: float) -> float:
        """Relative variance among the directions that the widths leave."""
        return (1.0 + relvar) * self.rank - 1.0

    def budget(self, target: float) -> float:
        """Spread of the derivatives per layer at which what the widths leave has this relative variance."""
        return ((1.0 + target) / self.rank - 1.0 - self.orthogonal) / self.slopes


@dataclass(frozen=True)
class Advice:
    """An initialisation to use instead, and why; ``apply_init(module, advice)`` sets it.

    Attributes
    ----------
    weights : str
        ``"orthogonal"`` (delta-orthogonal for a convolution), or the present ones if they will do.
    sigma_w, sigma_b : float or None
        Scales of weights and biases; None if the activation has no usable edge of chaos.
    q : float or None
        Stationary length, at which the input should put the first layer; None if every length will do, or none.
    relvar : float
        Relative variance of J Jᵀ that this gives at the depth at hand; NaN if there is no such setting.
    verdict : Verdict or None
        Predicted grade.
    critical_sigma_w : float or None
        The critical sigma_w at the present sigma_b; None if there is none.
    reasons : tuple of str
        One sentence each.
    layers : tuple of str
        Names of the layers of a real model that it is for, in the order of execution; empty for all.

    Examples
    --------
    >>> from rmt.networks import advise
    >>> advice = advise("relu", 10)
    >>> advice.weights, round(advice.critical_sigma_w**2, 12), sorted(advice.to_dict())[:2]
    ('orthogonal', 2.0, ['critical_sigma_w', 'input_q'])
    """

    weights: str
    sigma_w: float | None
    sigma_b: float | None
    q: float | None
    relvar: float
    verdict: Verdict | None
    critical_sigma_w: float | None = None
    reasons: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All reasons, one a line."""
        return "\n".join(self.reasons)

    @property
    def applicable(self) -> bool:
        """Whether there is a setting to apply."""
        return self.sigma_w is not None

    @property
    def input_q(self) -> float | None:
        """Mean square of the entries of the input that puts the first layer at `q`."""
        if self.q is None or self.sigma_w is None or self.sigma_b is None or self.sigma_w == 0.0:
            return None
        return max(self.q - self.sigma_b**2, 0.0) / self.sigma_w**2

    def to_dict(self) -> dict[str, Any]:
        """The advice in built-in types.

        Returns
        -------
        dict
        """
        return {
            "weights": self.weights,
            "sigma_w": self.sigma_w,
            "sigma_b": self.sigma_b,
            "q": self.q,
            "input_q": self.input_q,
            "relvar": self.relvar if math.isfinite(self.relvar) else None,
            "verdict": None if self.verdict is None else str(self.verdict),
            "critical_sigma_w": self.critical_sigma_w,
            "reasons": list(self.reasons),
            "layers": list(self.layers),
        }

    def __str__(self) -> str:
        return self.text


def advise(
    activation_: ActivationLike,
    depth: int,
    *,
    sigma_w: float | None = None,
    sigma_b: float = 0.0,
    weights: str = "orthogonal",
    widths: Sequence[float] | None = None,
    target: float = TARGET,
) -> Advice:
    """Initialisation that makes a network of this activation and depth as isometric as it can be.

    Parameters
    ----------
    activation_ : str, callable or Activation
        Its name, a function of arrays, or an :class:`~rmt.networks.Activation`.
    depth : int
        Number of layers.
    sigma_w : float, optional
        Present scale of the weights, for the comparison.
    sigma_b : float
        Present scale of the biases, at which the critical sigma_w is given.
    weights : str
        Present weights: ``"orthogonal"``, or any other word for independent entries.
    widths : sequence of float, optional
        N_0, ..., N_L; all equal when None.
    target : float
        Relative variance of J Jᵀ to reach, by default 0.2: ISOMETRIC, with room for the scatter of a real network.

    Returns
    -------
    Advice
        Orthogonal weights at the point of the edge of chaos with the longest stationary length whose relative variance
        does not exceed the target; if all do, at the shortest where it is within a tenth of the least.

    Raises
    ------
    TypeError
        If `activation_`, `depth`, `sigma_w`, `sigma_b`, `weights`, `widths` or `target` is not of the kind named above.
    ValueError
        If the activation is unknown, ``depth < 1``, a scale is negative, the target not positive, or the widths are not
        depth + 1 positive numbers.

    References
    ----------
    Pennington, Schoenholz and Ganguli 2017, 2018.

    Examples
    --------
    >>> found = advise("tanh", 32, target=0.25)
    >>> round(found.q, 10), round(found.sigma_w, 10), round(found.sigma_b, 10)
    (0.0365171145, 1.0341652193, 0.0073001674)
    """
    phi = activation(activation_)
    profile = WidthProfile.of(check_count("depth", depth), widths)
    if not isinstance(weights, str):
        raise TypeError(f"weights must be 'orthogonal' or the name of an entry law, got {shown(weights)}")
    present_b = float(check_real("sigma_b", sigma_b, at_least=0.0, at_most=LARGEST_SCALE))
    present_w = None if sigma_w is None else float(check_real("sigma_w", sigma_w, at_least=0.0, at_most=LARGEST_SCALE))
    goal = float(check_real("target", target, above=0.0))
    critical, critical_reason = _critical(phi, present_w, present_b)
    point = isometric_point(phi, profile.budget(goal))
    reasons = [*_weights_reason(weights, profile), critical_reason]
    if point is None:
        reasons += [_no_edge(phi), _alternatives(profile, goal)]
        return Advice("orthogonal", None, None, None, math.nan, None, critical, tuple(reasons))
    relvar = profile.slopes * point.spread + profile.orthogonal
    grade = judge(math.log(profile.rank), relvar, rank=profile.rank)
    reasons += _point_reasons(phi, point, profile, relvar, goal)
    q = None if phi.homogeneous else point.q
    return Advice("orthogonal", point.sigma_w, point.sigma_b, q, relvar, grade, critical, tuple(reasons))


def isometric_point(phi: Activation, budget: float) -> CriticalPoint | None:
    """The stable point of the edge of chaos with the longest q whose spread per layer is at most `budget`.

    If every spread exceeds the budget, the shortest q whose spread is within a tenth of the least; None if no point of
    the edge is stable.
    """
    from scipy.optimize import brentq

    if phi.homogeneous:
        return critical_points(phi, sigma_b=0.0)[0]
    low, high = SHORTEST * phi.variation[0] ** 2, LONGEST * phi.variation[1] ** 2
    grid = np.geomspace(low, high, round(PER_DECADE * math.log10(high / low)) + 1)
    curve = edge_of_chaos(phi, q=grid)
    q, spread = curve.q[curve.stable], curve.spread[curve.stable]
    if q.size == 0:
        return None
    within = spread <= budget
    if not within.any():
        return _flattest(phi, q, spread)
    if within.all():
        return _point(phi, float(np.clip(UNIT_LENGTH, q[0], q[-1])))
    last = int(np.flatnonzero(within)[-1])
    if last == q.size - 1:
        return _point(phi, float(q[last]))

    def excess(log_q: float) -> float:
        return phi.slope_spread(math.exp(log_q)) - budget

    root = brentq(excess, math.log(q[last]), math.log(q[last + 1]), xtol=1e-14, rtol=1e-14)
    return _point(phi, math.exp(root))


def _flattest(phi: Activation, q: Any, spread: Any) -> CriticalPoint:
    """The shortest length of the edge where the derivatives vary least, to within a tenth."""
    return _point(phi, float(q[np.flatnonzero(spread <= 1.1 * spread.min())[0]]))


def _point(phi: Activation, q: float) -> CriticalPoint:
    point: CriticalPoint = edge_of_chaos(phi, q=q)
    return point


# ---------------------------------------------------------------------- sentences
def _critical(phi: Activation, sigma_w: float | None, sigma_b: float) -> tuple[float | None, str]:
    try:
        value = critical_sigma_w(phi, sigma_b=sigma_b)
    except ValueError as error:
        return None, str(error)
    now = "" if sigma_w is None else f" (now {sigma_w:.6g})"
    return value, f"at sigma_b = {sigma_b:.6g} the critical sigma_w of {phi.name} is {value:.6g}{now}"


def _weights_reason(weights: str, profile: WidthProfile) -> list[str]:
    if weights == "orthogonal":
        return []
    kind = weights[:1].upper() + weights[1:]
    floor = profile.spread(profile.gaussian)
    if floor <= ISOMETRIC_SPREAD:
        return []
    return [
        f"{kind} weights cannot: relative variance >= {floor:.4g}, one for every layer, whatever sigma_w and sigma_b; "
        "take orthogonal ones (delta-orthogonal for a convolution)"
    ]


def _point_reasons(
    phi: Activation, point: CriticalPoint, profile: WidthProfile, relvar: float, target: float
) -> list[str]:
    scales = f"sigma_w = {point.sigma_w:.6g}, sigma_b = {point.sigma_b:.6g}"
    reached = profile.spread(relvar)
    value = f"relative variance {reached:.4g} at depth {profile.depth}"
    length = "any stationary length" if phi.homogeneous else f"q* = {point.q:.4g}"
    if reached > target * (1.0 + 1e-6):
        return [
            f"{phi.name} cannot be isometric at depth {profile.depth}: the best it can do is about relative variance "
            f"{reached:.4g}, with orthogonal weights, {scales} ({length})",
            _alternatives(profile, target),
        ]
    reasons = [f"orthogonal weights with {scales} ({length}) give {value}"]
    if not phi.homogeneous:
        mean_square = max(point.q - point.sigma_b**2, 0.0) / point.sigma_w**2
        reasons.append(f"scale the input to mean square {mean_square:.4g}, so that every layer sits at q*")
        radial = point.chi_par**profile.depth
        if radial < 0.5:
            reasons.append(f"a change along the input itself still fades, by about chi_par^L = {radial:.3g}")
    return reasons


def _no_edge(phi: Activation) -> str:
    return f"{phi.name} is critical at no stable length, whatever sigma_b: no initialisation keeps its gradients alive"


def _alternatives(profile: WidthProfile, target: float) -> str:
    """Activations and architectures that reach the target at this depth."""
    budget = profile.budget(target)
    if budget <= 0.0:
        return "the widths alone spread the spectrum further than that: widen the layers in fewer steps"
    options = []
    smooth = isometric_point(activation("tanh"), budget)
    if smooth is not None:
        options.append(f"tanh (sigma_w = {smooth.sigma_w:.5g}, sigma_b = {smooth.sigma_b:.3g})")
    root = math.sqrt(budget)
    if root < 1.0:  # ((1 − a²)/(1 + a²))² = budget
        options.append(f"leaky ReLU of slope >= {math.sqrt((1.0 - root) / (1.0 + root)):.4g}")
    options.append("a looks-linear (mirrored) start")
    options.append(f"residual branches with L sigma_w² E φ'² = {target / 2.0:.3g}")
    return f"relative variance {target:.3g} at depth {profile.depth} is in reach of {', '.join(options)}"
