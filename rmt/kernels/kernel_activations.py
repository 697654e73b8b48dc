"""Activations of kernels: those of :mod:`rmt.networks`, and some that have kernels but no Jacobian."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_count
from rmt.kernels import pair_kernels as kinds
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.activations.lookup import activation as network_activation
from rmt.networks.activations.named_activations import SELU_ALPHA, SELU_SCALE

Real = NDArray[np.float64]

#: names that only this room knows; the degree of the monomial is its parameter
_OWN = ("step", "sign", "abs", "cos", "exp", "gaussian", "relu_squared", "monomial")
_ALIASES = {"heaviside": "step", "absolute": "abs", "relu2": "relu_squared", "relu^2": "relu_squared"}
_POWER = re.compile(r"x\^(\d+)")


@dataclass(frozen=True)
class ClosedForm:
    """Kind of closed form and its two parameters, as :func:`rmt.kernels.pair_kernels.closed_pair` takes them."""

    kind: int
    first: float = 0.0
    second: float = 0.0


@dataclass(frozen=True)
class Pieces:
    """φ = A + B x + C expm1(x) on each piece between the kinks.

    Attributes
    ----------
    kinks : tuple of float
    constant, slope, exponential : tuple of float
        A, B and C of each piece, left to right. C is not 0 on the leftmost piece only, where x <= 0.
    """

    kinks: tuple[float, ...]
    constant: tuple[float, ...]
    slope: tuple[float, ...]
    exponential: tuple[float, ...]


def activation(spec: ActivationLike, **parameters: Any) -> Activation:
    """Activation from its name, for kernels.

    Parameters
    ----------
    spec : str, callable or Activation
        What :func:`rmt.networks.activation` takes, or one of ``step``, ``sign``, ``abs``, ``cos``, ``exp``,
        ``gaussian`` for exp(−x²), ``relu_squared``, ``monomial(degree=3)``, also written ``x^3``.
    **parameters
        Parameters of a named activation.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If the name is unknown or a parameter out of range.
    TypeError
        If a parameter does not belong to the name.

    Examples
    --------
    >>> activation("monomial", degree=2)
    activation('monomial', degree=2)
    """
    if not isinstance(spec, str):
        with np.errstate(over="ignore", invalid="ignore"):
            if callable(spec) and not isinstance(spec, Activation) and _is_fast(spec):
                parameters = {"kinks": (), **parameters}
            return network_activation(spec, **parameters)
    key = spec.lower().replace("-", "_").replace(" ", "_")
    key = _ALIASES.get(key, key)
    if power := _POWER.fullmatch(key):
        key, parameters = "monomial", {"degree": int(power.group(1)), **parameters}
    if key == "monomial":
        degree = check_count("degree", parameters.pop("degree", 3), minimum=0)
        _refuse_parameters(key, parameters)
        return _made("monomial", degree)
    if key in _OWN:
        _refuse_parameters(key, parameters)
        return _made(key, 0)
    try:
        return network_activation(spec, **parameters)
    except ValueError as error:
        if "unknown activation" in str(error):
            raise ValueError(f"{error}; kernels also know {', '.join(_OWN)}") from None
        raise


def _is_fast(function: Any) -> bool:
    """Whether a callable leaves the range of kinks by size: where it overflows, a jump is not one."""
    try:
        values = np.asarray(function(np.linspace(-64.0, 64.0, 257)), dtype=np.float64)
    except (TypeError, ValueError, AttributeError):
        return False
    return bool(np.any(np.abs(values) > 1e100))


def _refuse_parameters(name: str, parameters: dict[str, Any]) -> None:
    if parameters:
        raise TypeError(f"{name} has no parameter {next(iter(parameters))!r}")


@lru_cache(maxsize=64)
def _made(name: str, degree: int) -> Activation:
    # named=False: the table of rmt.networks does not hold them
    own: dict[str, Any] = {"named": False, "recipe": (_made, (name, degree))}
    if name == "step":
        return Activation("step", lambda x: np.where(x > 0.0, 1.0, 0.0), np.zeros_like, kinks=(0.0,), **own)
    if name == "sign":
        return Activation("sign", np.sign, np.zeros_like, kinks=(0.0,), **own)
    if name == "abs":
        return Activation(
            "abs", np.abs, lambda x: np.where(x > 0.0, 1.0, -1.0), kinks=(0.0,), slopes=(-1.0, 1.0), **own
        )
    if name == "cos":
        return Activation("cos", np.cos, lambda x: -np.sin(x), curvature=lambda x: -np.cos(x), **own)
    if name == "exp":
        return Activation("exp", np.exp, np.exp, curvature=np.exp, **own)
    if name == "gaussian":
        return Activation(
            "gaussian",
            lambda x: np.exp(-x * x),
            lambda x: -2.0 * x * np.exp(-x * x),
            curvature=lambda x: (4.0 * x * x - 2.0) * np.exp(-x * x),
            **own,
        )
    if name == "relu_squared":
        return Activation("relu_squared", lambda x: np.maximum(x, 0.0) ** 2, lambda x: 2.0 * np.maximum(x, 0.0), **own)
    return Activation(
        "monomial",
        lambda x: np.asarray(x) ** degree,
        lambda x: degree * np.asarray(x) ** max(degree - 1, 0),
        (("degree", degree),),
        curvature=lambda x: degree * (degree - 1) * np.asarray(x) ** max(degree - 2, 0),
        **own,
    )


def is_known(phi: Activation) -> bool:
    """Whether φ is known by name, here or in :mod:`rmt.networks`."""
    return phi.named or phi.recipe[:1] == (_made,)


def has_jump(phi: Activation) -> bool:
    """Whether φ itself jumps, so that no tangent kernel exists."""
    return is_known(phi) and phi.name in ("step", "sign")


def require_slope(phi: Activation) -> None:
    """Raise if φ has no derivative kernel.

    Raises
    ------
    ValueError
        For an activation that jumps.
    """
    if has_jump(phi):
        raise ValueError(
            f"{phi.name} has no tangent kernel: it jumps at 0, and E φ'(u) φ'(v) with φ' = δ diverges on the diagonal "
            "like 1/√(1 − c²). Use nngp, or a continuous activation such as erf(scale=10)"
        )


def closed_form(phi: Activation) -> ClosedForm | None:
    """The closed form of the dual activation of φ, if it has one in elementary functions."""
    if not is_known(phi):
        return None
    parameters = dict(phi.parameters)
    simple = {
        "step": ClosedForm(kinds.JUMP, 0.0, 1.0),
        "sign": ClosedForm(kinds.JUMP, -1.0, 1.0),
        "sin": ClosedForm(kinds.SIN),
        "cos": ClosedForm(kinds.COS),
        "exp": ClosedForm(kinds.EXP),
        "gaussian": ClosedForm(kinds.GAUSSIAN),
        "relu_squared": ClosedForm(kinds.RELU_SQUARED),
        "gelu": ClosedForm(kinds.GELU),
    }
    if phi.name in simple:
        return simple[phi.name]
    if phi.name == "erf":
        return ClosedForm(kinds.ERF, parameters["scale"])
    if phi.name == "monomial":
        return ClosedForm(kinds.MONOMIAL, float(parameters["degree"]))
    if phi.homogeneous:
        assert phi.slopes is not None
        return ClosedForm(kinds.HOMOGENEOUS, phi.slopes[0], phi.slopes[-1])
    return None


def pieces(phi: Activation) -> Pieces | None:
    """The pieces of φ, if it is made of straight lines and, on the left, an exponential."""
    if not is_known(phi):
        return None
    if phi.name in ("elu", "selu"):
        height = dict(phi.parameters)["alpha"] if phi.name == "elu" else SELU_SCALE * SELU_ALPHA
        return Pieces((0.0,), (0.0, 0.0), (0.0, 1.0 if phi.name == "elu" else SELU_SCALE), (height, 0.0))
    if phi.slopes is None:
        return None
    anchors = [*phi.kinks, phi.kinks[-1] + 1.0] if phi.kinks else [0.0]
    constants = [float(phi(x)) - s * x for x, s in zip(anchors, phi.slopes, strict=True)]
    return Pieces(phi.kinks, tuple(constants), phi.slopes, (0.0,) * len(phi.slopes))


def is_odd(phi: Activation) -> bool:
    """Whether φ(−x) = −φ(x) at a few points."""
    x = np.array([0.1, 0.37, 1.0, 1.9, 4.3])
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(phi.function(x) + phi.function(-x)) <= 1e-14 * np.abs(phi.function(x))))


def gaussian_mean(phi: Activation, q: float) -> float:
    """E φ(x) for x ~ N(0, q), exactly 0 for an odd φ."""
    if is_known(phi) and phi.name in ("cos", "exp"):
        return math.exp(-0.5 * q if phi.name == "cos" else 0.5 * q)
    return 0.0 if is_odd(phi) else phi.mean(q)
