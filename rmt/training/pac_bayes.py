"""PAC-Bayes bounds: the risk of a random classifier from that on the data and its divergence from a prior."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import check_choice, check_count, check_real, check_reals

Kind = Literal["mcallester", "seeger", "catoni", "catoni_best", "thiemann"]
KINDS = ("mcallester", "seeger", "catoni", "catoni_best", "thiemann")


def kl_bernoulli(q: float, p: float) -> float:
    """Divergence q log(q/p) + (1 − q) log((1 − q)/(1 − p)) between two coins, in nats.

    Parameters
    ----------
    q, p : float
        In [0, 1].

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
    >>> kl_bernoulli(0.5, 0.5), kl_bernoulli(0.5, 0.0)
    (0.0, inf)
    """
    a, b = (float(check_real(name, v, at_least=0.0, at_most=1.0)) for name, v in (("q", q), ("p", p)))
    if (a > 0.0 and b == 0.0) or (a < 1.0 and b == 1.0):
        return math.inf
    left = a * math.log(a / b) if a > 0.0 else 0.0
    right = (1.0 - a) * (math.log1p(-a) - math.log1p(-b)) if a < 1.0 else 0.0
    return max(0.0, left + right)


def kl_inverse(q: float, c: float) -> float:
    """Largest p with kl(q‖p) <= c: the risk that an observed risk does not rule out.

    Parameters
    ----------
    q : float
        In [0, 1].
    c : float
        >= 0.

    Returns
    -------
    float
        To about 1e-15; 1 − e^{−c} at q = 0, q at c = 0.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Seeger 2002; Maurer 2004.

    Examples
    --------
    >>> round(kl_inverse(0.05, 0.1), 12)
    0.206401407806
    """
    a, bound = float(check_real("q", q, at_least=0.0, at_most=1.0)), float(check_real("c", c, at_least=0.0))
    if a == 1.0 or bound == 0.0:
        return a
    if a == 0.0:
        return -math.expm1(-bound)
    # with p = 1 − (1 − q) e^{−v}: a log(a/p) + (1 − a) v = c, increasing and convex in v > 0; from the right
    low, high = 0.0, bound / (1.0 - a) + math.log(2.0) / (1.0 - a)
    for _ in range(200):
        v = 0.5 * (low + high)
        p = -math.expm1(math.log1p(-a) - v)
        if a * math.log(a / p) + (1.0 - a) * v > bound:
            high = v
        else:
            low = v
        if high - low <= 1e-17 + 4e-16 * high:
            break
    return min(1.0, -math.expm1(math.log1p(-a) - low))


def maurer_sum(m: int) -> float:
    """Σ_k C(m, k) (k/m)^k (1 − k/m)^{m−k}, at most 2√m: the constant inside Seeger's bound (Maurer 2004).

    Parameters
    ----------
    m : int
        Number of samples.

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
    >>> round(maurer_sum(20), 9) < 2 * 20**0.5
    True
    """
    from scipy.special import gammaln, xlogy

    n = check_count("m", m)
    k = np.arange(n + 1.0)
    logs = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0) + xlogy(k, k / n) + xlogy(n - k, 1.0 - k / n)
    return float(math.fsum(np.exp(logs)))


def pac_bayes(
    train_risk: float, kl: float, m: int, delta: float, *, kind: Kind = "seeger", strength: float | None = None
) -> float:
    """Bound on the risk of a random classifier that holds with probability 1 − δ over m samples.

    Parameters
    ----------
    train_risk : float
        Its mean risk on the data, in [0, 1].
    kl : float
        Divergence of its law from a prior that is independent of the data, >= 0, in nats.
    m : int
        Samples.
    delta : float
        In (0, 1).
    kind : str
        ``"mcallester"``: R + √((log(4m/δ) + KL)/(2m − 1)) (McAllester 2003). ``"seeger"``:
        kl⁻¹(R, (KL + log(2√m/δ))/m) (Seeger 2002, Maurer 2004). ``"catoni"``: (1 − e^{−CR − (KL + log 1/δ)/m})/(1 −
        e^{−C}) with C = `strength` fixed in advance (Catoni 2007); ``"catoni_best"``: the least over C, which is no
        bound but what one could hope for, equal to kl⁻¹(R, (KL + log 1/δ)/m). ``"thiemann"``: R/(1 − l/2) +
        (KL + log(2√m/δ))/(m l (1 − l/2)) at its best l, which it allows (Thiemann et al. 2017).
    strength : float, optional
        C > 0, for Catoni's bound.

    Returns
    -------
    float
        May exceed 1: the bound is then vacuous. Seeger's is at most McAllester's and at most Thiemann's.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If δ is not in (0, 1), the risk not in [0, 1], or C missing or superfluous.

    Examples
    --------
    >>> [round(pac_bayes(0.05, 10.0, 1000, 0.05, kind=k), 6) for k in ("seeger", "thiemann", "mcallester")]
    [0.100782, 0.111955, 0.1532]
    """
    risk = float(check_real("train_risk", train_risk, at_least=0.0, at_most=1.0))
    divergence, n = float(check_real("kl", kl, at_least=0.0)), check_count("m", m)
    part = float(check_real("delta", delta, above=0.0, below=1.0))
    check_choice("kind", kind, KINDS)
    if (kind == "catoni") != (strength is not None):
        raise ValueError(
            f"strength= is Catoni's C, fixed in advance: kind='catoni' needs it and no other takes it; got {kind!r}"
        )
    if kind == "mcallester":
        return risk + math.sqrt((math.log(4.0 * n / part) + divergence) / (2.0 * n - 1.0))
    if kind == "seeger":
        return kl_inverse(risk, (divergence + math.log(2.0 * math.sqrt(n) / part)) / n)
    price = (divergence - math.log(part)) / n
    if kind == "catoni_best":
        return kl_inverse(risk, price)
    if kind == "catoni":
        c = float(check_real("strength", strength, above=0.0))
        return math.expm1(-c * risk - price) / math.expm1(-c)
    cost = (divergence + math.log(2.0 * math.sqrt(n) / part)) / n
    # the minimum over l of R/(1 − l/2) + cost/(l(1 − l/2)) is at l = 2/(√(2R/cost + 1) + 1)
    best = 2.0 / (math.sqrt(2.0 * risk / cost + 1.0) + 1.0)
    return risk / (1.0 - best / 2.0) + cost / (best * (1.0 - best / 2.0))


def gaussian_kl(mean: ArrayLike, log_variance: ArrayLike, prior_mean: ArrayLike, prior_log_variance: float) -> float:
    """Divergence of N(mean, diag e^log_variance) from N(prior_mean, e^prior_log_variance · 1), in nats.

    Parameters
    ----------
    mean, log_variance, prior_mean : array_like of one shape
        One entry for each coordinate.
    prior_log_variance : float
        One for all coordinates.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> gaussian_kl([1.0], [0.0], [0.0], 0.0)
    0.5
    """
    parts = [check_reals(n, v) for n, v in (("mean", mean), ("log_variance", log_variance), ("prior_mean", prior_mean))]
    if len({part.shape for part in parts}) != 1:
        raise ValueError(
            "mean, log_variance and prior_mean must have one shape, got " + ", ".join(str(p.shape) for p in parts)
        )
    mu, logs, origin = parts
    prior = float(check_real("prior_log_variance", prior_log_variance))
    terms = np.exp(logs - prior) + (mu - origin) ** 2 * math.exp(-prior) - logs + prior - 1.0
    return 0.5 * math.fsum(terms.ravel())


def prior_price(j: int, *, m: int, delta: float) -> float:
    """log(4m/δ_j) = log(2π² m j²/(3δ)): what McAllester's bound pays for the j-th prior of a grid, δ_j = 6δ/(π² j²).

    Parameters
    ----------
    j : int
        Prior log variance log c − j/b.
    m : int
    delta : float
        In (0, 1).
    """
    part = float(check_real("delta", delta, above=0.0, below=1.0))
    index, n = check_count("j", j), check_count("m", m)
    return math.log(2.0 * math.pi**2 * n * index**2 / (3.0 * part))


def dziugaite_roy_bound(
    sampled_risk: float, kl: float, m: int, *, j: int, draws: int, delta: float = 0.025, sampling_delta: float = 0.01
) -> float:
    """Bound on the risk of a stochastic network whose training risk was sampled (Dziugaite and Roy 2017).

    kl is inverted twice: with log(2/δ')/draws for the draws of the network, and with (KL + log(m/δ_j))/(m − 1),
    δ_j = 6δ/(π² j²), for the samples of the data.

    Parameters
    ----------
    sampled_risk : float
        Mean training risk over draws of the weights.
    kl : float
        Divergence from the prior whose log variance is log c − j/b.
    m : int
        Number of samples of the data.
    j : int
        Index of that prior in its grid.
    draws : int
        Number of draws of the weights behind `sampled_risk`.
    delta, sampling_delta : float
        The bound holds with probability 1 − delta − sampling_delta.

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
    >>> round(dziugaite_roy_bound(0.008, 387.0, 1400, j=100, draws=300), 2)
    0.35
    """
    divergence, n = float(check_real("kl", kl, at_least=0.0)), check_count("m", m, minimum=2)
    other = float(check_real("sampling_delta", sampling_delta, above=0.0, below=1.0))
    risk = kl_inverse(sampled_risk, math.log(2.0 / other) / check_count("draws", draws))
    price = prior_price(j, m=n, delta=delta) - math.log(4.0)  # log(m/δ_j): the bound by kl has no 4
    return kl_inverse(risk, (divergence + price) / (n - 1))
