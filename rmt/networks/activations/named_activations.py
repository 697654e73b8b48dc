"""The activations known by name: φ, φ', φ'' and log|φ'|, written so that nothing overflows or cancels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, erfcx, expit, ndtr

from rmt.errors import check_real
from rmt.networks.activations.activation import Activation, GaussianFormulas

Real = NDArray[np.float64]

SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717

_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def _sech_squared(x: Real) -> Real:
    decay = np.exp(-2.0 * np.abs(x))
    return 4.0 * decay / (1.0 + decay) ** 2


def _log_sech_squared(x: Real) -> Real:
    size = np.abs(x)
    near = -np.log1p(np.sinh(np.minimum(size, 1.0)) ** 2)
    return np.where(size < 1.0, near, math.log(4.0) - 2.0 * size - 2.0 * np.log1p(np.exp(-2.0 * size)))


def _normal_density(x: Real) -> Real:
    return np.exp(-0.5 * x * x) / _ROOT_TWO_PI


def _logistic_slope(x: Real) -> Real:
    return 0.25 * _sech_squared(0.5 * x)


def _piecewise_linear(
    name: str,
    function: Callable[[Real], Real],
    kinks: tuple[float, ...],
    slopes: tuple[float, ...],
    parameters: tuple[tuple[str, float], ...] = (),
) -> Activation:
    edges, values = np.asarray(kinks), np.asarray(slopes)
    return Activation(
        name=name,
        function=function,
        slope=lambda x: values[np.searchsorted(edges, x)],
        parameters=parameters,
        kinks=kinks,
        features=kinks or (0.0,),
        slopes=slopes,
    )


def _linear() -> Activation:
    return _piecewise_linear("linear", lambda x: x, (), (1.0,))


def _relu() -> Activation:
    return _piecewise_linear("relu", lambda x: np.maximum(x, 0.0), (0.0,), (0.0, 1.0))


def _leaky_relu(slope: float) -> Activation:
    return _piecewise_linear(
        "leaky_relu", lambda x: np.where(x > 0.0, x, slope * x), (0.0,), (slope, 1.0), (("slope", slope),)
    )


def _hard_tanh() -> Activation:
    return _piecewise_linear("hard_tanh", lambda x: np.clip(x, -1.0, 1.0), (-1.0, 1.0), (0.0, 1.0, 0.0))


def _shifted_relu(shift: float) -> Activation:
    return _piecewise_linear(
        "shifted_relu", lambda x: np.maximum(x, -shift), (-shift,), (0.0, 1.0), (("shift", shift),)
    )


def _clipped_relu(low: float, high: float) -> Activation:
    if not low < high:
        raise ValueError(f"clipped_relu needs low < high, got low={low!r}, high={high!r}")
    return _piecewise_linear(
        "clipped_relu",
        lambda x: np.clip(x, low, high),
        (low, high),
        (0.0, 1.0, 0.0),
        (("low", low), ("high", high)),
    )


def _tanh() -> Activation:
    return Activation(
        name="tanh",
        function=np.tanh,
        slope=_sech_squared,
        curvature=lambda x: -2.0 * np.tanh(x) * _sech_squared(x),
        log_slope=_log_sech_squared,
    )


def _erf(scale: float) -> Activation:
    if scale == 0.0:
        raise ValueError("erf needs scale != 0, got 0")
    height = 2.0 * scale / math.sqrt(math.pi)
    return Activation(
        name="erf",
        function=lambda x: erf(scale * x),
        slope=lambda x: height * np.exp(-((scale * x) ** 2)),
        parameters=(("scale", scale),),
        scale=1.0 / abs(scale),
        curvature=lambda x: -2.0 * scale**2 * height * x * np.exp(-((scale * x) ** 2)),
        log_slope=lambda x: math.log(abs(height)) - (scale * x) ** 2,
    )


def _sigmoid() -> Activation:
    return Activation(
        name="sigmoid",
        function=expit,
        slope=_logistic_slope,
        curvature=lambda x: -_logistic_slope(x) * np.tanh(0.5 * x),
        log_slope=lambda x: _log_sech_squared(0.5 * x) - math.log(4.0),
    )


def _arctan() -> Activation:
    return Activation(
        name="arctan",
        function=np.arctan,
        slope=lambda x: 1.0 / (1.0 + x * x),
        curvature=lambda x: -2.0 * x / (1.0 + x * x) ** 2,
        log_slope=lambda x: -np.log1p(x * x),
    )


def _sin() -> Activation:
    return Activation(
        name="sin",
        function=np.sin,
        slope=np.cos,
        curvature=lambda x: -np.sin(x),
        slope_period=math.pi,
        formulas=GaussianFormulas(
            mean=lambda q: 0.0,
            second_moment=lambda q: -0.5 * math.expm1(-2.0 * q),
            radial_moment=lambda q: math.exp(-2.0 * q),
            curvature_moment=lambda q: -0.5 * math.expm1(-2.0 * q),
            slope_moment=_cosine_moment,
            covariance=lambda q1, q2, c: (
                math.exp(-0.5 * (q1 + q2)) * math.sinh(c * math.sqrt(q1 * q2))
                if q1 + q2 < 1.0
                else 0.5 * (_cosine_mean(q1, q2, c) - _cosine_mean(q1, q2, -c))
            ),
            slope_covariance=lambda q1, q2, c: 0.5 * (_cosine_mean(q1, q2, c) + _cosine_mean(q1, q2, -c)),
            divergence=lambda q, gap: -0.5 * math.expm1(-q * gap) * (1.0 + math.exp(q * (gap - 2.0))),
        ),
    )


def _cosine_mean(q1: float, q2: float, c: float) -> float:
    """E cos(u1 − u2)."""
    return math.exp(-0.5 * (q1 + q2) + c * math.sqrt(q1 * q2))


def _cosine_moment(k: int, q: float) -> float:
    """E cos(x)^{2k}, from the Fourier series of the power."""
    terms = [math.comb(2 * k, k - j) * math.exp(-2.0 * j * j * q) for j in range(1, k + 1)]
    return (math.comb(2 * k, k) + 2.0 * math.fsum(terms)) / 4.0**k


def _gelu() -> Activation:
    return Activation(
        name="gelu",
        function=lambda x: x * ndtr(x),
        slope=_gelu_slope,
        curvature=lambda x: (2.0 - x * x) * _normal_density(x),
        log_slope=_gelu_log_slope,
    )


def _gelu_slope(x: Real) -> Real:
    # for negative x, Φ and x Φ' nearly cancel: keep their common factor
    t = np.minimum(x, 0.0)
    left = np.exp(-0.5 * t * t) * (0.5 * erfcx(-t / math.sqrt(2.0)) + t / _ROOT_TWO_PI)
    return np.where(x < 0.0, left, ndtr(x) + x * _normal_density(x))


def _gelu_log_slope(x: Real) -> Real:
    t = np.minimum(x, -1.0)
    left = -0.5 * t * t + np.log(np.abs(0.5 * erfcx(-t / math.sqrt(2.0)) + t / _ROOT_TWO_PI))
    return _log_slope_near_one(x, _gelu_slope, lambda t: t * _normal_density(t) - ndtr(-t), left)


def _log_slope_near_one(
    x: Real, slope: Callable[[Real], Real], excess: Callable[[Real], Real], left: Real | None = None
) -> Real:
    """log|φ'| for a derivative that tends to 1 on the right: from φ' − 1 beyond x = 1, and `left` before x = −1."""
    with np.errstate(divide="ignore"):
        middle = np.log(np.abs(slope(np.clip(x, -1.0 if left is not None else -np.inf, 1.0))))
    out = np.where(x > 1.0, np.log1p(excess(np.maximum(x, 1.0))), middle)
    return out if left is None else np.where(x < -1.0, left, out)


def _gelu_tanh() -> Activation:
    root, cubic = math.sqrt(2.0 / math.pi), 0.044715

    def slope(x: Real) -> Real:
        gate, growth = root * (x + cubic * x**3), root * (1.0 + 3.0 * cubic * x * x)
        return expit(2.0 * gate) + 0.5 * x * growth * _sech_squared(gate)

    def excess(x: Real) -> Real:
        gate, growth = root * (x + cubic * x**3), root * (1.0 + 3.0 * cubic * x * x)
        return 0.5 * x * growth * _sech_squared(gate) - expit(-2.0 * gate)

    def curvature(x: Real) -> Real:
        gate, growth = root * (x + cubic * x**3), root * (1.0 + 3.0 * cubic * x * x)
        bend = 6.0 * root * cubic * x
        return _sech_squared(gate) * (growth + 0.5 * x * bend - x * growth**2 * np.tanh(gate))

    return Activation(
        name="gelu_tanh",
        function=lambda x: x * expit(2.0 * root * (x + cubic * x**3)),
        slope=slope,
        curvature=curvature,
        log_slope=lambda x: _log_slope_near_one(x, slope, excess),
    )


def _silu() -> Activation:
    def slope(x: Real) -> Real:
        return expit(x) * (1.0 + x * expit(-x))

    def log_slope(x: Real) -> Real:
        t = np.minimum(x, -1.0)
        with np.errstate(divide="ignore"):
            left = t - np.log1p(np.exp(t)) + np.log(np.abs(1.0 + t * expit(-t)))
        return _log_slope_near_one(x, slope, lambda t: expit(-t) * (t * expit(t) - 1.0), left)

    return Activation(
        name="silu",
        function=lambda x: x * expit(x),
        slope=slope,
        curvature=lambda x: _logistic_slope(x) * (2.0 - x * np.tanh(0.5 * x)),
        log_slope=log_slope,
    )


def _mish() -> Activation:
    def slope(x: Real) -> Real:
        soft = np.logaddexp(0.0, x)
        return np.tanh(soft) + x * _sech_squared(soft) * expit(x)

    def excess(x: Real) -> Real:
        soft = np.logaddexp(0.0, x)
        return x * _sech_squared(soft) * expit(x) - 2.0 * expit(-2.0 * soft)

    def curvature(x: Real) -> Real:
        soft, gate, sech = np.logaddexp(0.0, x), expit(x), _sech_squared(np.logaddexp(0.0, x))
        return sech * (2.0 * gate + x * (gate * expit(-x) - 2.0 * np.tanh(soft) * gate**2))

    return Activation(
        name="mish",
        function=lambda x: x * np.tanh(np.logaddexp(0.0, x)),
        slope=slope,
        curvature=curvature,
        log_slope=lambda x: _log_slope_near_one(x, slope, excess),
    )


def _elu(alpha: float) -> Activation:
    return Activation(
        name="elu",
        function=lambda x: np.where(x > 0.0, x, alpha * np.expm1(np.minimum(x, 0.0))),
        slope=lambda x: np.where(x > 0.0, 1.0, alpha * np.exp(np.minimum(x, 0.0))),
        parameters=(("alpha", alpha),),
        kinks=(0.0,),
        log_slope=lambda x: np.where(x > 0.0, 0.0, math.log(alpha) + np.minimum(x, 0.0)),
    )


def _selu() -> Activation:
    height = SELU_SCALE * SELU_ALPHA
    return Activation(
        name="selu",
        function=lambda x: np.where(x > 0.0, SELU_SCALE * x, height * np.expm1(np.minimum(x, 0.0))),
        slope=lambda x: np.where(x > 0.0, SELU_SCALE, height * np.exp(np.minimum(x, 0.0))),
        kinks=(0.0,),
        log_slope=lambda x: np.where(x > 0.0, math.log(SELU_SCALE), math.log(height) + np.minimum(x, 0.0)),
    )


def _softplus(beta: float) -> Activation:
    return Activation(
        name="softplus",
        function=lambda x: np.logaddexp(0.0, beta * x) / beta,
        slope=lambda x: expit(beta * x),
        parameters=(("beta", beta),),
        scale=1.0 / beta,
        curvature=lambda x: beta * _logistic_slope(beta * x),
        log_slope=lambda x: -np.logaddexp(0.0, -beta * x),
    )


# name -> (factory, defaults, lower bound of each parameter or None)
_TABLE: dict[str, tuple[Callable[..., Activation], dict[str, float], dict[str, float]]] = {
    "linear": (_linear, {}, {}),
    "relu": (_relu, {}, {}),
    "leaky_relu": (_leaky_relu, {"slope": 0.01}, {}),
    "tanh": (_tanh, {}, {}),
    "erf": (_erf, {"scale": 1.0}, {}),
    "hard_tanh": (_hard_tanh, {}, {}),
    "sigmoid": (_sigmoid, {}, {}),
    "sin": (_sin, {}, {}),
    "arctan": (_arctan, {}, {}),
    "gelu": (_gelu, {}, {}),
    "gelu_tanh": (_gelu_tanh, {}, {}),
    "silu": (_silu, {}, {}),
    "mish": (_mish, {}, {}),
    "elu": (_elu, {"alpha": 1.0}, {"alpha": 0.0}),
    "selu": (_selu, {}, {}),
    "softplus": (_softplus, {"beta": 1.0}, {"beta": 0.0}),
    "shifted_relu": (_shifted_relu, {"shift": 0.5}, {}),
    "clipped_relu": (_clipped_relu, {"low": 0.0, "high": 6.0}, {}),
}

_ALIASES = {"identity": "linear", "hardtanh": "hard_tanh", "swish": "silu", "atan": "arctan", "logistic": "sigmoid"}


def names() -> tuple[str, ...]:
    """Every accepted name, aliases included."""
    return (*_TABLE, *_ALIASES)


def named_activation(name: str, parameters: Mapping[str, Any]) -> Activation:
    """The activation `name` with its parameters filled in and checked."""
    name = _ALIASES.get(name, name)
    _, defaults, above = _TABLE[name]
    for key in parameters:
        if key not in defaults:
            accepted = ", ".join(defaults) or "none"
            raise TypeError(f"{name} has no parameter {key!r}; accepted: {accepted}")
    values = {
        key: float(check_real(key, parameters.get(key, default), above=above.get(key, -math.inf)))
        for key, default in defaults.items()
    }
    return _cached(name, tuple(values.items()))


@lru_cache(maxsize=256)
def _cached(name: str, parameters: tuple[tuple[str, float], ...]) -> Activation:
    made = _TABLE[name][0](**dict(parameters))
    return replace(made, recipe=(_cached, (name, parameters)))
