"""Deep linear networks with weight decay: shrinkage of singular values, its threshold, and the flow of one mode.

min |A − W_L ⋯ W_1|² + λ Σ |W_l|² over weight matrices is, for every singular value σ of A, min (s − σ)² + λ L s^{2/L}.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_real, check_reals

Real = NDArray[np.float64]


class DeepThreshold(NamedTuple):
    """Where learning begins.

    Attributes
    ----------
    target : float
        Singular value of the target below which nothing is learnt.
    learnt : float
        Singular value that is learnt just above it.
    """

    target: float
    learnt: float


def deep_threshold(decay: float, depth: int) -> DeepThreshold:
    """Least singular value σ_c of a target that a regularised deep linear network learns, and the jump s_c there.

    For L >= 3 s_c = (λ(L − 2))^{L/(2L−2)} and σ_c = s_c (L − 1)/(L − 2): a hard threshold. At L = 2 the threshold is λ
    and there is no jump.

    Parameters
    ----------
    decay : float
        λ >= 0.
    depth : int
        L >= 2: one layer is ridge regression and has no threshold.

    Returns
    -------
    DeepThreshold

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> [round(v, 12) for v in deep_threshold(0.2, 3)]
    [0.598139512488, 0.299069756244]
    """
    lam, layers = float(check_real("decay", decay, at_least=0.0)), check_count("depth", depth, minimum=2)
    if layers == 2:
        return DeepThreshold(lam, 0.0)
    learnt = (lam * (layers - 2)) ** (layers / (2 * layers - 2))
    return DeepThreshold(learnt * (layers - 1) / (layers - 2), learnt)


def deep_shrinkage(sigma: ArrayLike, decay: float, depth: int) -> Any:
    """Singular values that a regularised deep linear network learns of a target: argmin (s − σ)² + λ L s^{2/L}.

    Ridge σ/(1 + λ) at L = 1, soft thresholding (σ − λ)₊ at L = 2; from L = 3 on 0 below :func:`deep_threshold` and the
    largest root of s − σ + λ s^{2/L−1} above.

    Parameters
    ----------
    sigma : array_like
        Singular values >= 0 of the target.
    decay : float
        λ >= 0.
    depth : int
        L >= 1.

    Returns
    -------
    float or ndarray
        To rounding.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> deep_shrinkage([1.0, 0.3], 0.2, 3).round(9).tolist()
    [0.783009354, 0.0]
    """
    values = check_reals("sigma", sigma)
    bad = ~(np.isfinite(values) & (values >= 0.0))
    if bad.any():
        raise ValueError(f"sigma must hold finite singular values >= 0, got {float(values[bad].flat[0])!r}")
    lam, layers = float(check_real("decay", decay, at_least=0.0)), check_count("depth", depth)
    if layers == 1:
        return (values / (1.0 + lam))[()]
    if layers == 2 or lam == 0.0:
        return np.maximum(values - (lam if layers == 2 else 0.0), 0.0)[()]
    power = 2.0 / layers - 1.0
    kept = values >= deep_threshold(lam, layers).target
    s = values.copy()
    turning = (lam * -power) ** (1.0 / (1.0 - power))  # where the derivative of s + λ s^power vanishes
    for _ in range(100):  # Newton's method for a convex increasing function, from above
        safe = np.maximum(s, turning)
        step = (safe + lam * safe**power - values) / (1.0 + lam * power * safe ** (power - 1.0) + 1e-300)
        new = np.where(kept, safe - step, 0.0)
        if np.all(np.abs(new - s) <= 2e-16 * np.abs(values)):
            break
        s = new
    return np.where(kept, s, 0.0)[()]


def noise_killing_decay(ratio: float, depth: int, *, noise: float = 1.0) -> float:
    """Least λ at which a depth-L linear network learns nothing of a noise matrix with Marchenko-Pastur bulk.

    The edge noise (1 + √c) of the singular values is put at the threshold: ((edge (L − 2)/(L − 1))^{(2L−2)/L}/(L − 2).

    Parameters
    ----------
    ratio : float
        c, as for :class:`rmt.MarchenkoPastur`.
    depth : int
        L >= 2.
    noise : float
        Standard deviation of the entries times the root of the number of samples.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> round(noise_killing_decay(0.5, 3), 12)
    0.809669144429
    """
    layers = check_count("depth", depth, minimum=2)
    edge = float(check_real("noise", noise, above=0.0)) * (1.0 + math.sqrt(check_real("ratio", ratio, above=0.0)))
    if layers == 2:
        return edge
    return float((edge * (layers - 2) / (layers - 1)) ** ((2 * layers - 2) / layers) / (layers - 2))


class ModeGains(NamedTuple):
    """Gains u^L at rest; NaN where there is none but 0.

    Attributes
    ----------
    unstable : float
        A mode that starts below it dies; 0 at depth 2, where nothing has to be overcome.
    stable : float
    """

    unstable: float
    stable: float


def decaying_mode_gains(strength: float, depth: int, decay: float) -> ModeGains:
    """Gains p = u^L at which the mode of a deep linear network with weight decay rests: s p^{1−2/L} − p^{2−2/L} = λ.

    From L = 3 on du/dt = u^{L−1}(s − u^L) − λu is bistable: 0 is always stable, and the larger gain where it exists.

    Parameters
    ----------
    strength : float
        s > 0.
    depth : int
        L >= 2.
    decay : float
        λ >= 0.

    Returns
    -------
    ModeGains

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> [round(v, 12) for v in decaying_mode_gains(1.0, 3, 0.1)]
    [0.001003015092, 0.896282585857]
    """
    from scipy.optimize import brentq

    s = float(check_real("strength", strength, above=0.0))
    layers, lam = check_count("depth", depth, minimum=2), float(check_real("decay", decay, at_least=0.0))
    if layers == 2:
        return ModeGains(0.0, s - lam) if lam < s else ModeGains(math.nan, math.nan)
    power = 1.0 - 2.0 / layers

    def force(p: float) -> float:
        return float(s * p**power - p ** (1.0 + power) - lam)

    best = s * power / (1.0 + power)
    if lam == 0.0:
        return ModeGains(0.0, s)
    if force(best) < 0.0:
        return ModeGains(math.nan, math.nan)
    tiny = 0.5 * (lam / s) ** (1.0 / power)
    return ModeGains(
        float(brentq(force, tiny, best, xtol=1e-300, rtol=1e-14)),
        float(brentq(force, best, s, xtol=1e-300, rtol=1e-14)),
    )


def decaying_mode(t: ArrayLike, *, strength: float, depth: int, start: float, decay: float = 0.0) -> Real:
    """Gain u^L of a mode of a deep linear network under gradient flow with weight decay: du/dt = u^{L−1}(s − u^L) − λu.

    Parameters
    ----------
    t : array_like
        Increasing times >= 0.
    strength : float
        s > 0.
    depth : int
        L >= 2.
    start : float
        u at time 0, > 0.
    decay : float
        λ >= 0.

    Returns
    -------
    ndarray
        u(t)^L, with a relative error of about 1e-9.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> decaying_mode([0.0, 50.0], strength=1.0, depth=3, start=0.2, decay=0.1).round(6).tolist()
    [0.008, 0.896283]
    """
    from scipy.integrate import solve_ivp

    times = check_reals("t", t)
    s, u = float(check_real("strength", strength, above=0.0)), float(check_real("start", start, above=0.0))
    layers, lam = check_count("depth", depth, minimum=2), float(check_real("decay", decay, at_least=0.0))
    if times.ndim != 1 or times.size == 0 or times[0] < 0.0 or (np.diff(times) < 0.0).any():
        raise ValueError("t must be a list of increasing times >= 0")

    def flow(_: float, v: Real) -> Real:  # in log u, which may fall by decades
        gain = np.exp(layers * v)
        return np.asarray(np.exp((layers - 2) * v) * (s - gain) - lam)

    found = solve_ivp(
        flow, (0.0, float(times[-1])), [math.log(u)], t_eval=times, rtol=1e-11, atol=1e-12, method="DOP853"
    )
    return np.asarray(np.exp(layers * found.y[0]))
