"""Limit laws of Gram matrices of random features: conjugate kernels of any depth, and entrywise kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rmt.errors import check_items, check_real
from rmt.free import boxplus, boxtimes
from rmt.kernels.normalised import NormalisedActivation, normalised_activation
from rmt.laws import Law, MarchenkoPastur, Semicircle
from rmt.networks.activations.lookup import ActivationLike


def check_ratios(ratios: Sequence[float]) -> tuple[float, ...]:
    """Return the ratios n/d_0, ..., n/d_L as floats.

    Raises
    ------
    ValueError
        If there are fewer than two, or one is not positive.
    TypeError
        If it is no sequence.
    """
    items = check_items("ratios", ratios, "n/d_0, n/d_1, ..., n/d_L")
    values = tuple(float(check_real("ratios", r, above=0.0)) for r in items)
    if len(values) < 2:
        raise ValueError(
            f"ratios must hold n/d_0 of the data and n/d_l of at least one hidden layer, got {list(values)}"
        )
    return values


def per_layer(activation: Any, q: float | Sequence[float], depth: int) -> tuple[NormalisedActivation, ...]:
    """The normalised activation of each layer."""
    specs = list(activation) if isinstance(activation, (list, tuple)) else [activation] * depth
    lengths = list(q) if isinstance(q, Sequence) else [q] * depth
    if len(specs) != depth or len(lengths) != depth:
        raise ValueError(
            f"activation and q must be one, or one for each of the {depth} hidden layers, got {len(specs)} and "
            f"{len(lengths)}"
        )
    return tuple(normalised_activation(s, length) for s, length in zip(specs, lengths, strict=True))


def conjugate_kernel_law(
    activation: ActivationLike | Sequence[ActivationLike],
    ratios: Sequence[float],
    *,
    data: Law | None = None,
    q: float | Sequence[float] = 1.0,
) -> Law:
    """Limit law of the conjugate kernel X_Lᵀ X_L, the Gram matrix of the last hidden features.

    X_l = σ(W_l X_{l−1})/√d_l with standard normal W_l, columns of X_0 nearly orthogonal and of unit length, and σ the
    activation centred and scaled to variance 1. With b² = (E σ')²

        μ_l = MP(ratio = n/d_l) ⊠ ((1 − b²) + b² μ_{l−1})

    (one layer: Pennington and Worah 2017, Louart, Liao and Couillet 2018, Benigni and Péché 2021; any depth: Fan and
    Wang 2020, theorem 3.4). An activation with a mean adds one outlier of the order of n.

    Parameters
    ----------
    activation : str, callable, Activation, or a sequence of them
        One for all hidden layers, or one each.
    ratios : sequence of L + 1 positive numbers
        n/d_0, n/d_1, ..., n/d_L for n inputs of d_0 entries and layers of d_l units.
    data : Law, optional
        Limit law of X_0ᵀ X_0, of mean 1; by default Marchenko-Pastur of ratio n/d_0 (independent entries).
    q : float or sequence of float
        Variance of the pre-activations at which φ is normalised.

    Returns
    -------
    Law
        Of mean 1.

    Raises
    ------
    TypeError
        If `activation`, `ratios` or `q` is not of the kind named above.
    ValueError
        If a ratio is not positive, φ is constant, or there are fewer than two ratios.

    Examples
    --------
    >>> law = conjugate_kernel_law("tanh", (0.75, 1.2))
    >>> round(law.moment(2), 12)
    2.849330709064
    """
    values = check_ratios(ratios)
    layers = per_layer(activation, q, len(values) - 1)
    law = MarchenkoPastur(ratio=values[0]) if data is None else _check_data(data)
    for layer, ratio in zip(layers, values[1:], strict=True):
        share = layer.linear_share
        if share == 0.0:
            law = MarchenkoPastur(ratio=ratio)
        else:
            law = boxtimes(MarchenkoPastur(ratio=ratio), law if share == 1.0 else share * law + (1.0 - share))
    return law


def _check_data(data: Law) -> Law:
    if not isinstance(data, Law):
        raise TypeError(f"data must be a Law, got {data!r}")
    if abs(data.mean() - 1.0) > 1e-9:
        raise ValueError(
            f"data must be the law of X_0ᵀ X_0 with columns of unit length, so of mean 1, got mean {data.mean():.6g}; "
            "divide the law by its mean and scale sigma_w"
        )
    return data


def entrywise_kernel_law(activation: ActivationLike, ratio: float) -> Law:
    """Limit law of A_ij = k(√p X_i·X_j)/√p off the diagonal, 0 on it, for n vectors X_i ~ N(0, 1/p).

    With k centred under N(0, 1), a_1 = E z k(z) and ν = E k(z)²: a_1 (MP(n/p) − 1) ⊞ semicircle of variance
    (n/p)(ν − a_1²) (Cheng and Singer 2013, theorem 3.4).

    Parameters
    ----------
    activation : str, callable or Activation
        k, whose mean is taken off.
    ratio : float
        n/p.

    Returns
    -------
    Law
        Of mean 0.

    Raises
    ------
    TypeError
        If `activation` or `ratio` is not of the kind named above.
    ValueError
        If the ratio is not positive, or k is constant.

    Examples
    --------
    >>> law = entrywise_kernel_law("sign", 0.5)
    >>> [round(edge, 9) for edge in (law.support[0].low, law.support[0].high)]
    [-1.215431614, 1.710656229]
    """
    gamma = float(check_real("ratio", ratio, above=0.0))
    k = normalised_activation(activation)
    linear = (k.linear_share * k.variance) ** 0.5 * _sign_of_linear_part(k)
    rest = gamma * k.variance * (1.0 - k.linear_share)
    semicircle = Semicircle(variance=rest) if rest > 0.0 else None
    if linear == 0.0:
        assert semicircle is not None
        return semicircle
    shifted = linear * (MarchenkoPastur(ratio=gamma) - 1.0)
    return shifted if semicircle is None else boxplus(shifted, semicircle)


def _sign_of_linear_part(k: NormalisedActivation) -> float:
    value = k.phi.expectation(lambda x: x * k.phi.function(x), 1.0)
    return 1.0 if value >= 0.0 else -1.0
