"""Bounds on the probability that a mean of a wide network is far from its limit, with all constants.

Two bounds for a network g^{l+1} = A^l φ(g^l), φ Lipschitz with φ(0) = 0 and Gaussian matrices: a general one, for
pseudo-Lipschitz means of all layers, and a restricted one, for the mean square of the last layer. Both are of the form
B (exp(−n (τ/C)²) + n exp(−C₀ n)); their constants C grow fast with the depth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_choice, check_count, check_items, check_real

Real = NDArray[np.float64]

#: which bound
KINDS = ("restricted", "general")
#: C₀ of the two bounds
RATE_RESTRICTED, RATE_GENERAL = 8.0 * math.exp(-0.5), 8.0 * math.exp(-2.0 / math.pi)
#: largest depth of the general bound, whose recursion takes 2^depth steps; for λ = τ = 1 its constant is 3e22 there
DEEPEST_GENERAL = 22
#: λ and κ lie between this and its inverse
SMALLEST = 1e-150
#: K of the restricted bound
RESTRICTED_FACTOR = math.sqrt(2.0 * (3.0 + 64.0 * math.exp(0.5)))


def tail_constant(
    tau: float,
    depth: int,
    *,
    kind: str = "restricted",
    lipschitz: float = 1.0,
    lengths: Sequence[float] | None = None,
    offset: float = 0.0,
) -> float:
    """The constant C of a tail bound.

    Parameters
    ----------
    tau : float
        Deviation, > 0.
    depth : int
        Number of matrices.
    kind : {"restricted", "general"}
        ``"restricted"``: one-sided, for the mean of χ(g)² with χ and φ λ-Lipschitz, monotone and 0 at 0.
        ``"general"``: for the mean of ψ(g¹, …, g^L), with
        |ψ(x) − ψ(y)| ≤ λ² (offset + Σ |x_i| + Σ |y_i|) Σ |x_i − y_i|.
    lipschitz : float
        λ.
    lengths : sequence of float, optional
        Limits v_1, … of the mean square of φ(g) after each layer; λ^{2l} (a linear network) by default.
    offset : float
        Constant of the general bound, >= 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a parameter is out of range, there are fewer lengths than layers but the last, the general bound is asked
        for more than 22 layers, or the constant is beyond the largest float.

    Examples
    --------
    >>> round(tail_constant(0.7 * 2**5, 5, lipschitz=2**0.5, lengths=[1.0] * 5), 5)
    2233.39435
    """
    found = _constant(tau, depth, kind, lipschitz, lengths, offset)
    if not math.isfinite(found):
        raise ValueError(
            "the constant of these parameters is beyond the largest float: no width helps; take a larger tau"
        )
    return found


def _constant(
    tau: float, depth: int, kind: str, lipschitz: float, lengths: Sequence[float] | None, offset: float
) -> float:
    """The constant, infinite where it is beyond the largest float."""
    general = check_choice("kind", kind, KINDS) == "general"
    deviation = float(check_real("tau", tau, above=0.0))
    layers = check_count("depth", depth)
    if general and layers > DEEPEST_GENERAL:
        raise ValueError(
            f"the general bound has a recursion of 2^depth steps and is taken up to depth {DEEPEST_GENERAL}, got "
            f"{layers}; take kind='restricted'"
        )
    scale = float(check_real("lipschitz", lipschitz, at_least=SMALLEST, at_most=1.0 / SMALLEST))
    if lengths is None:
        given = [scale * scale]
        for _ in range(layers - 2):
            given.append(given[-1] * scale * scale)
    else:
        given = [float(check_real("lengths", v, above=0.0)) for v in check_items("lengths", lengths)]
    if len(given) < layers - 1:
        raise ValueError(f"lengths must be at least {layers - 1} numbers for depth {layers}, got {len(given)}")
    extra = float(check_real("offset", offset, at_least=0.0))
    square = scale * scale
    if general:
        found = _general(deviation, extra, layers, square, [1.0, *given])
    else:
        found = _restricted(deviation, layers, square, given)
    return found if found > 0.0 else math.inf  # NaN: ∞ met ∞ or 0


def _restricted(tau: float, depth: int, square: float, lengths: Sequence[float]) -> float:
    """λ² C(τ/λ², L − 1) + λ² (v_{L−1} + τ/λ²) K from the last layer to the first, with C = λ² K for one."""
    total, factor = 0.0, square
    for layer in range(depth - 1, 0, -1):
        tau /= square
        total += factor * (lengths[layer - 1] + tau)
        factor *= square
    return RESTRICTED_FACTOR * (total + factor)


def _general(tau: float, offset: float, depth: int, square: float, lengths: Sequence[float]) -> float:
    """Recursion over the last layer; lengths[l] is v_l with v_0 = 1.

    The constant of (τ, ν) is a term of its own, a factor times the constant of (τ', ν) one layer less deep, and that of
    (τ, ν'): layer by layer the arrays of all (τ, ν) with their factors double.
    """
    taus, offsets, factors, total = np.array([tau]), np.array([offset]), np.ones(1), 0.0
    with np.errstate(all="ignore"):  # what overflows is infinite
        for layer in range(depth, 1, -1):
            v = lengths[layer - 1]
            d = _mean_square_sum(offsets, lengths[: layer - 1])
            slope = 1.0 + np.sqrt(d / (2.0 * math.pi * v))
            inner = taus / (square * slope)
            total += float(factors @ _one_layer(v + inner, d + 4.0 * inner / square, square))
            further = offsets + np.sqrt(8.0 / math.pi * (v + inner))
            factors = np.concatenate([factors * square * slope, factors])
            taus, offsets = np.concatenate([inner, taus]), np.concatenate([offsets, further])
        return total + float(factors @ _one_layer(np.ones(1), offsets * offsets, square))


def _one_layer(v: Real, d: Real, square: float) -> Real:
    e = math.exp(2.0 / math.pi)
    inside = (3.0 + 256.0 * e) * v * v
    inside = inside + (2.0 + 32.0 * math.pi * e) * np.sqrt(8.0 * v * v * v * d / math.pi)
    inside = inside + (1.0 + 8.0 * math.pi * e) * v * d
    return np.asarray(square * np.sqrt(2.0 * inside))


def _mean_square_sum(offset: Real, variances: Sequence[float]) -> Real:
    """E (ν + 2 Σ |g_i|)² for independent centred normal g_i."""
    first = [math.sqrt(2.0 * v / math.pi) for v in variances]
    total = sum(first)
    squares = sum(variances) + total * total - sum(f * f for f in first)
    return np.asarray(offset * offset + 4.0 * offset * total + 4.0 * squares)


def tail_bound(
    width: int,
    tau: float,
    depth: int,
    *,
    kind: str = "restricted",
    lipschitz: float = 1.0,
    lengths: Sequence[float] | None = None,
    offset: float = 0.0,
) -> float:
    """Bound on P(c − lim c > τ) for a mean c of a network of some width; 1 where it says nothing.

    Parameters
    ----------
    width : int
        Units in a layer.
    tau, depth, kind, lipschitz, lengths, offset
        As for :func:`tail_constant`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        As for :func:`tail_constant`.

    Examples
    --------
    >>> round(tail_bound(400, 0.3, 1, lipschitz=2**0.5), 3)
    0.959
    """
    n = check_count("width", width)
    constant = _constant(tau, depth, kind, lipschitz, lengths, offset)
    return min(1.0, _bound(n, tau / constant, depth, kind))


def _bound(n: int, ratio: float, depth: int, kind: str) -> float:
    count = float(depth) if kind == "restricted" else (3.0**depth - 1.0) / 2.0
    rate = RATE_RESTRICTED if kind == "restricted" else RATE_GENERAL
    return count * (math.exp(-n * ratio * ratio) + n * math.exp(-rate * n))


def sufficient_width(
    probability: float,
    tau: float,
    depth: int,
    *,
    kind: str = "restricted",
    lipschitz: float = 1.0,
    lengths: Sequence[float] | None = None,
    offset: float = 0.0,
) -> int:
    """Smallest width at which :func:`tail_bound` is at most `probability`.

    Parameters
    ----------
    probability : float
        In (0, 1).
    tau, depth, kind, lipschitz, lengths, offset
        As for :func:`tail_constant`.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        As for :func:`tail_constant`.

    Examples
    --------
    >>> sufficient_width(0.05, 1.0, 1, lipschitz=2**0.5)
    2601
    """
    wanted = float(check_real("probability", probability, above=0.0, below=1.0))
    constant = tail_constant(tau, depth, kind=kind, lipschitz=lipschitz, lengths=lengths, offset=offset)
    ratio = tau / constant
    if ratio < SMALLEST:
        raise ValueError(
            f"the width is beyond the largest float: tau over the constant is {ratio:.3g}; take a larger tau"
        )
    high = 1
    while _bound(high, ratio, depth, kind) > wanted:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _bound(middle, ratio, depth, kind) > wanted else (low, middle)
    return high


def exponential_mean_bound(n: int, t: float, *, rate: float, mean: float, second_moment: float) -> float:
    """Bernstein-type bound on the mean of n independent copies of x ≥ 0 with P(x > s) ≤ exp(−κ s).

    P(mean − E x > t) ≤ exp(−n t²/(2q)) + n exp(−n q κ²/2) with q = E x² + 16/(κ² exp(κ E x)) (after Bakhshizadeh
    et al. 2023).

    Parameters
    ----------
    n : int
        Number of copies.
    t : float
        Deviation, > 0.
    rate : float
        κ, > 0.
    mean, second_moment : float
        E x <= 1/κ and E x² <= 2/κ², as they are for such an x.

    Returns
    -------
    float
        1 where the bound says nothing.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If a number is out of range, the moments are too large for such a tail, or the second is below the squared mean.

    Examples
    --------
    >>> exponential_mean_bound(1000, 1.0, rate=1.0, mean=1.0, second_moment=2.0) < 1e-20
    True
    """
    count = check_count("n", n)
    deviation = float(check_real("t", t, above=0.0))
    kappa = float(check_real("rate", rate, at_least=SMALLEST, at_most=1.0 / SMALLEST))
    most = (1.0 + 1e-12) / kappa  # ∫ P(x > s) ds, and twice ∫ s P(x > s) ds
    first = float(check_real("mean", mean, at_least=0.0, at_most=most))
    second = float(check_real("second_moment", second_moment, at_least=0.0, at_most=2.0 * most / kappa))
    if second < first * first:
        raise ValueError(f"second_moment must be at least mean² = {first * first:.6g}, got {second_moment!r}")
    scaled = kappa * kappa * second + 16.0 * math.exp(-kappa * first)  # q κ²
    ratio = deviation * kappa
    bound = math.exp(-count * ratio * ratio / (2.0 * scaled))
    return min(1.0, bound + count * math.exp(-0.5 * count * scaled))
