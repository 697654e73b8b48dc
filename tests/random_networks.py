"""Random networks and what judges them: sampled Jacobians, and lengths and slopes on a plain grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rmt
from rmt.networks import SpectrumSummary

Real = NDArray[np.float64]

NAMED = (
    *("linear", "relu", "leaky_relu", "tanh", "hard_tanh", "erf", "sin", "sigmoid", "arctan", "gelu", "gelu_tanh"),
    *("silu", "mish", "softplus", "elu", "selu", "shifted_relu", "clipped_relu"),
)


def _double_well(x: Any) -> Any:
    return x * np.exp(-(x**2) / 2)


#: functions as a person writes them, with names for messages
CALLABLES: dict[str, Callable[[Any], Any]] = {
    "tanh(2x)": lambda x: np.tanh(2 * x),
    "x tanh x": lambda x: x * np.tanh(x),
    "x/(1 + |x|)": lambda x: x / (1 + np.abs(x)),
    "max(x, x/5)": lambda x: np.maximum(x, x / 5),
    "x + sin(x)/2": lambda x: x + np.sin(x) / 2,
    "sin(3x)": lambda x: np.sin(3 * x),
    "x exp(-x²/2)": _double_well,
    "clip(x, -1, 2)": lambda x: np.clip(x, -1.0, 2.0),
    "sign(x) log(1 + x²)": lambda x: np.sign(x) * np.log1p(x**2),
    "|x|": np.abs,
    "relu6": lambda x: np.clip(x, 0.0, 6.0),
    "hard swish": lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
}
WIDTHS: tuple[tuple[float, ...], ...] = ((1, 2), (2, 1), (1, 0.75, 0.5), (1, 2, 1), (0.5, 1, 1), (1, 3, 1, 2))


@dataclass(frozen=True)
class RandomNetwork:
    """A network, and the function of its activation."""

    seed: int
    name: str
    net: rmt.MLP


def random_network(seed: int) -> RandomNetwork:
    """Draw activation, scales, depth, widths and input; the same for the same seed."""
    rng = np.random.default_rng([20261201, seed])
    name = str(rng.choice([*NAMED, *CALLABLES]))
    sigma_w = float(np.exp(rng.uniform(np.log(0.3), np.log(4.0))))
    sigma_b = float(rng.choice([0.0, np.exp(rng.uniform(np.log(1e-3), np.log(2.0)))]))
    depth = round(float(np.exp(rng.uniform(0.0, np.log(1e4))))) if rng.random() < 0.4 else int(rng.integers(1, 9))
    weights = str(rng.choice(["gaussian", "orthogonal"]))
    input_q = float(np.exp(rng.uniform(np.log(1e-2), np.log(10.0))))
    pattern = WIDTHS[rng.integers(len(WIDTHS))] if rng.random() < 0.3 else None
    widths = None if pattern is None else (*pattern, *[pattern[-1]] * depth)[: depth + 1]
    phi: Any = CALLABLES.get(name, name)
    net = rmt.MLP(depth, phi, sigma_w, sigma_b, weights=weights, widths=widths, input_q=input_q)
    return RandomNetwork(seed, name, net)


def log_mean_on_a_grid(net: rmt.MLP) -> float:
    """Logarithm of the mean squared singular value by the midpoint rule on 40000 points, to 1e-3 a layer at kinks."""
    edges = np.linspace(-10.0, 10.0, 40001)
    z = 0.5 * (edges[1:] + edges[:-1])
    weight = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    total, square = 0.0, net.input_q or 1.0
    for layer in net.layers:
        h = math.sqrt(layer.weight_gain * square + layer.sigma_b**2) * z
        total += math.log(layer.weight_gain * float(weight @ layer.activation.derivative(h) ** 2))
        # far out derivatives do not depend on the length
        square = min(float(weight @ np.asarray(layer.activation(h)) ** 2), 1e200)
    return total


def share_distance(drawn: Real, summary: SpectrumSummary) -> float:
    """Largest distance of the shares of drawn log singular values below the quantiles of a summary from their levels.

    Levels inside a kernel or an atom, and those that are not resolved, do not count.
    """
    jumps = {round(math.log(s), 6) for s, _ in summary.atoms if 0.0 < s < math.inf}
    found = 0.0
    for level, place in zip(summary.levels, summary.log_quantiles, strict=True):
        if not math.isfinite(place) or round(place, 6) in jumps:
            continue
        found = max(found, abs(float((drawn <= place).mean()) - level))
    return found


def neighbour(random: RandomNetwork) -> rmt.MLP:
    """The same network with another activation."""
    net = random.net
    other: Any = "relu" if random.name not in ("relu", "leaky_relu", "max(x, x/5)", "gelu", "silu") else "tanh"
    return rmt.MLP(
        net.depth, other, net.sigma_w, net.sigma_b, weights=net.weights, widths=net.widths, input_q=net.input_q
    )
