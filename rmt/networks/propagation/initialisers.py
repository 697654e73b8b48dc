"""The initialisers of the deep-learning libraries, as points (sigma_w, sigma_b) of the phase diagram.

PyTorch's ``gain`` with ``xavier_*``, ``kaiming_*`` (fan_in) or ``orthogonal_`` on a square layer is sigma_w itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from rmt.errors import LARGEST_SCALE, check_count, check_real, shown
from rmt.networks.activations.lookup import ActivationLike, activation
from rmt.networks.propagation.mean_field import MeanField, mean_field


@dataclass(frozen=True)
class Initialiser:
    """An initialiser of one layer.

    Attributes
    ----------
    name : str
    fan_in, fan_out : int
        Shape of the layer.
    weight_variance, bias_variance : float
        Variance of an entry.
    weights : str
        ``"gaussian"``, ``"uniform"`` or ``"orthogonal"``.

    Examples
    --------
    >>> from rmt.networks import initialiser
    >>> he = initialiser("He", fan_in=50)
    >>> he.weight_variance, he.mean_field("relu").sigma_w == 2**0.5
    (0.04, True)
    """

    name: str
    fan_in: int
    fan_out: int
    weight_variance: float
    bias_variance: float
    weights: str

    @property
    def sigma_w(self) -> float:
        """The sigma_w of :class:`rmt.networks.MLP`: square root of fan_in times the variance of a weight.

        Of orthogonal weights the factor of the (semi-)orthogonal matrix, which an MLP scales by its widths itself.
        """
        size = max(self.fan_in, self.fan_out) if self.weights == "orthogonal" else self.fan_in
        return math.sqrt(size * self.weight_variance)

    @property
    def sigma_b(self) -> float:
        """Standard deviation of a bias."""
        return math.sqrt(self.bias_variance)

    def mean_field(self, activation_: ActivationLike, *, input_q: float = 1.0) -> MeanField:
        """Place the initialiser on the phase diagram of an activation.

        Parameters
        ----------
        activation_ : str, callable or Activation
            The activation function, as for :func:`activation`.
        input_q : float
            Mean square of the entries of the input, > 0.

        Returns
        -------
        MeanField
        """
        scale = math.sqrt(self.fan_in * self.weight_variance)
        return mean_field(activation_, sigma_w=scale, sigma_b=self.sigma_b, input_q=input_q)


_NAMES = (
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "torch_linear",
)
_CONVOLUTIONS = tuple(f"{kind}{n}d" for kind in ("conv", "conv_transpose") for n in (1, 2, 3))
_ALIASES = {
    "glorot": "glorot_normal",
    "xavier": "glorot_normal",
    "xavier_normal": "glorot_normal",
    "xavier_uniform": "glorot_uniform",
    "he": "he_normal",
    "kaiming": "he_normal",
    "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform",
    "lecun": "lecun_normal",
    "torch": "torch_linear",
}


def initialiser(name: str, *, fan_in: int, fan_out: int | None = None, gain: float | None = None) -> Initialiser:
    """Initialiser by its usual name.

    Parameters
    ----------
    name : str
        ``glorot_normal``, ``glorot_uniform`` (also xavier: variance ``gain² 2/(fan_in + fan_out)``, gain 1),
        ``he_normal``, ``he_uniform`` (also kaiming: ``gain²/fan_in``, gain √2),
        ``lecun_normal``, ``lecun_uniform`` (``gain²/fan_in``, gain 1), ``orthogonal`` (``gain²/max(fan_in, fan_out)``,
        gain 1), ``torch_linear`` (what ``torch.nn.Linear`` does: uniform weights and biases of variance
        ``1/(3 fan_in)``; no gain).
    fan_in, fan_out : int
        Shape; square when `fan_out` is not given.
    gain : float, optional
        Multiplies the standard deviation of the weights.

    Returns
    -------
    Initialiser

    Raises
    ------
    TypeError
        If `name`, `fan_in`, `fan_out` or `gain` is not of the kind named above.
    ValueError
        If the name is unknown, or a gain is given to ``torch_linear``.

    Examples
    --------
    >>> from rmt.networks import initialiser
    >>> initialiser("He", fan_in=50).weight_variance, initialiser("Glorot", fan_in=50, fan_out=150).weight_variance
    (0.04, 0.01)
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be one of {', '.join(_NAMES)}, got {shown(name)} of type {type(name).__name__}")
    key = name.lower().rstrip("_")
    key = _ALIASES.get(key, key)
    if key not in _NAMES:
        near = get_close_matches(key, [*_NAMES, *_ALIASES], n=3, cutoff=0.4)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise ValueError(f"unknown initialiser {name!r}{hint}. Accepted: {', '.join([*_NAMES, *_ALIASES])}")
    rows = check_count("fan_in", fan_in)
    columns = rows if fan_out is None else check_count("fan_out", fan_out)
    factor = 1.0 if gain is None else float(check_real("gain", gain, above=0.0, at_most=LARGEST_SCALE)) ** 2
    if key == "torch_linear":
        if gain is not None:
            raise ValueError("torch_linear has no gain: torch.nn.Linear draws with kaiming_uniform_(a=sqrt(5))")
        return Initialiser(key, rows, columns, 1.0 / (3.0 * rows), 1.0 / (3.0 * rows), "uniform")
    if key == "orthogonal":
        return Initialiser(key, rows, columns, factor / max(rows, columns), 0.0, "orthogonal")
    if key.startswith("glorot"):
        variance = factor * 2.0 / (rows + columns)
    elif key.startswith("he"):
        variance = (2.0 if gain is None else factor) / rows
    else:
        variance = factor / rows
    return Initialiser(key, rows, columns, variance, 0.0, "uniform" if key.endswith("uniform") else "gaussian")


def torch_gain(nonlinearity: str, param: float = 0.01) -> float:
    """The gain that ``torch.nn.init.calculate_gain`` tabulates, for comparison with the critical one.

    Parameters
    ----------
    nonlinearity : str
        ``linear``, ``conv1d`` to ``conv3d``, ``conv_transpose1d`` to ``conv_transpose3d``, ``sigmoid``, ``tanh``,
        ``relu``, ``leaky_relu`` or ``selu``.
    param : float
        Negative slope of ``leaky_relu``.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If `param` is not of the kind named above.
    ValueError
        If PyTorch has no gain for it; :func:`rmt.networks.critical_sigma_w` computes one.

    Examples
    --------
    >>> from rmt.networks import torch_gain
    >>> torch_gain("relu") == 2**0.5, torch_gain("tanh")
    (True, 1.6666666666666667)
    """
    slope = float(check_real("param", param, at_least=-LARGEST_SCALE, at_most=LARGEST_SCALE))
    table: dict[str, float] = {
        "linear": 1.0,
        **dict.fromkeys(_CONVOLUTIONS, 1.0),
        "sigmoid": 1.0,
        "tanh": 5.0 / 3.0,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1.0 + slope**2)),
        "selu": 0.75,
    }
    if not isinstance(nonlinearity, str) or nonlinearity not in table:
        raise ValueError(
            f"PyTorch tabulates no gain for {nonlinearity!r} (only {', '.join(table)}); "
            "rmt.networks.critical_sigma_w computes the critical sigma_w of any activation"
        )
    return table[nonlinearity]


def compare_initialisers(activation_: ActivationLike, *, width: int = 512) -> tuple[tuple[str, MeanField], ...]:
    """Every named initialiser at a square layer, with where it puts the network on the phase diagram.

    Parameters
    ----------
    activation_ : str, callable or Activation
        The activation function, as for :func:`activation`.
    width : int
        Number of units of both layers, >= 1.

    Returns
    -------
    tuple of pairs of a name and a MeanField

    Raises
    ------
    TypeError
        If `activation_` or `width` is not of the kind named above.
    ValueError
        If `activation_` or `width` is out of the range named above.

    Examples
    --------
    >>> from rmt.networks import compare_initialisers
    >>> [name for name, _ in compare_initialisers("relu")][:2]
    ['glorot_normal', 'glorot_uniform']
    """
    phi = activation(activation_)
    rows: list[tuple[str, Any]] = [(name, initialiser(name, fan_in=width).mean_field(phi)) for name in _NAMES]
    return tuple(rows)
