"""Activation functions by name, or from any callable."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeAlias

from rmt.networks.activations.activation import Activation, RealFunction
from rmt.networks.activations.from_callable import activation_from_callable
from rmt.networks.activations.named_activations import named_activation, names

ActivationLike: TypeAlias = str | Activation | RealFunction


def activation(
    spec: ActivationLike,
    *,
    derivative: RealFunction | None = None,
    kinks: Sequence[float] | None = None,
    **parameters: float,
) -> Activation:
    """Activation function from its name, or from any callable.

    Parameters
    ----------
    spec : str, callable or Activation
        A name: ``linear``, ``relu``, ``leaky_relu(slope=0.01)``, ``tanh``, ``erf(scale=1)`` for erf(scale x),
        ``hard_tanh``, ``sigmoid``, ``sin``, ``arctan``, ``gelu``, ``gelu_tanh``, ``silu``, ``mish``,
        ``elu(alpha=1)``, ``selu``, ``softplus(beta=1)``, ``shifted_relu(shift=0.5)`` for max(x, −shift),
        ``clipped_relu(low=0, high=6)``. Or a function, written with NumPy, math or torch.
    derivative : callable, optional
        φ' for a callable. Without it the derivative is that of a complex step where the function takes complex
        numbers, exact to rounding, that of automatic differentiation for a function of tensors, and else a
        difference of order 8 whose step is halved until two agree, good to about 1e-12.
    kinks : sequence of float, optional
        Points where φ' of a callable jumps; located on [-64, 64] when not given. A function that is a line between
        its kinks is known as such.
    **parameters : float
        Parameters of a named activation.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If the name is unknown (the nearest names are given), a parameter is out of range, or the callable jumps, is
        not finite, or has a derivative that differences do not find or kinks that `kinks` does not name.
    TypeError
        If `spec` is none of the above, or a parameter does not belong to the name.

    Examples
    --------
    >>> activation("leaky_relu", slope=0.2).slope_moment(1, 1.0)
    0.52
    """
    if isinstance(spec, Activation):
        if derivative is not None or kinks is not None or parameters:
            raise TypeError("an Activation is complete; derivative, kinks and parameters go with a name or callable")
        return spec
    if isinstance(spec, str):
        if derivative is not None or kinks is not None:
            raise TypeError(f"derivative and kinks belong to a callable; {spec!r} is known by name")
        key = spec.lower().replace("-", "_").replace(" ", "_")
        if key not in names():
            near = get_close_matches(key, names(), n=3, cutoff=0.4)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            raise ValueError(
                f"unknown activation {spec!r}{hint}. Accepted: {', '.join(names())}, or a callable with derivative="
            )
        return named_activation(key, parameters)
    if callable(spec):
        if parameters:
            raise TypeError(f"a callable takes no parameters, got {', '.join(parameters)}")
        return activation_from_callable(spec, derivative, kinks)
    raise TypeError(f"activation must be a name, a callable or an Activation, got {spec!r}")
