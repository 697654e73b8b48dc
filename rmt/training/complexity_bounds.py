"""The classical bounds on generalisation, with the constants that proofs give, and their values for a spectrum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_real, check_reals
from rmt.laws import Law
from rmt.laws.law import check_law
from rmt.optimisation.law_nodes import check_spectrum

Real = NDArray[np.float64]

#: points up to which all signs are enumerated
_ENUMERATED = 20


def hoeffding_bound(m: int, delta: float, *, classifiers: int = 1) -> float:
    """√((log(1/δ) + log N)/(2m)): deviation of the risk of N classifiers over m samples (Hoeffding 1963).

    Parameters
    ----------
    m : int
        Number of samples.
    delta : float
        In (0, 1).
    classifiers : int
        N.

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
    >>> round(hoeffding_bound(1000, 0.05), 12)
    0.038702275602
    """
    return math.sqrt((-math.log(_part(delta)) + math.log(check_count("classifiers", classifiers))) / (2 * _size(m)))


def sauer_bound(dimension: int, m: int) -> int:
    """Σ_{k<=d} C(m, k): the most labellings of m points by a class of Vapnik-Chervonenkis dimension d (Sauer 1972).

    At most (em/d)^d for m >= d.

    Parameters
    ----------
    dimension, m : int
        d and m.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> sauer_bound(3, 10)
    176
    """
    n = _size(m)
    return sum(math.comb(n, k) for k in range(check_count("dimension", dimension, minimum=0) + 1))


def massart_bound(labellings: int, m: int) -> float:
    """√((2/m) log 2N): Rademacher complexity, with modulus, of N labellings of m points (Massart 2000).

    Parameters
    ----------
    labellings, m : int
        N and m.

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
    >>> round(massart_bound(9, 8), 12)
    0.850054668521
    """
    return math.sqrt(2.0 / _size(m) * math.log(2 * check_count("labellings", labellings)))


def vc_bound(dimension: int, m: int) -> float:
    """√((2/m)(log 2 + d(1 + log m − log d))): Massart's bound with Sauer's number.

    Parameters
    ----------
    dimension, m : int
        m >= dimension.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Sauer 1972; Massart 2000.

    Examples
    --------
    >>> round(vc_bound(10, 1000), 12)
    0.33688232082
    """
    d = check_count("dimension", dimension)
    n = check_count("m", m, minimum=d)
    return math.sqrt(2.0 / n * (math.log(2.0) + d * (1.0 + math.log(n) - math.log(d))))


def dudley_spectral(scale: float, m: int) -> float:
    """(12K/m)(1 − log(6K/m)): the entropy integral of log N(ε) = K²/ε², cut at its best ε = 3K/√m (Dudley 1967).

    Parameters
    ----------
    scale : float
        K > 0, below m/6.
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
        If K is not below m/6: the bound says nothing there.

    Examples
    --------
    >>> round(dudley_spectral(5.0, 1000), 12)
    0.270393473839
    """
    n = _size(m)
    k = float(check_real("scale", scale, above=0.0))
    if not 6.0 * k < n:
        raise ValueError(f"scale must be below m/6 = {n / 6:g} for the bound to say anything, got {scale!r}")
    return 12.0 * k / n * (1.0 - math.log(6.0 * k / n))


def rademacher_thresholds(m: int) -> float:
    """Exact Rademacher complexity E max_a |Σ_{z_i >= a} σ_i|/m of all thresholds on m points.

    The mean largest modulus of a simple random walk of m steps, by counting its paths.

    Parameters
    ----------
    m : int
        Number of points.

    Returns
    -------
    float

    Examples
    --------
    >>> rademacher_thresholds(8) == 399 / 1024
    True
    """
    n = _size(m)
    total = 0.0
    for height in range(n):  # P(max |S| > height) = 1 − P(walk stays within)
        inside = np.zeros(2 * height + 3)
        inside[height + 1] = 1.0
        for _ in range(n):
            inside[1:-1] = 0.5 * (inside[:-2] + inside[2:])
            inside[0] = inside[-1] = 0.0
        total += 1.0 - float(inside.sum())
    return total / n


def rademacher_linear(x: ArrayLike, *, exact: bool = False) -> float:
    """Rademacher complexity of {x → w·x, |w| <= 1} on given points, exactly or by its bound √(Σ |x_i|²)/m.

    Parameters
    ----------
    x : array_like of shape (m, d)
        The points x_i in rows.
    exact : bool
        Enumerate all 2^m signs; for m up to 20.

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
    >>> rademacher_linear([[3.0, 0.0], [0.0, 4.0]]), rademacher_linear([[3.0, 0.0], [0.0, 4.0]], exact=True)
    (2.5, 2.5)
    """
    points = check_reals("x", x)
    if points.ndim != 2 or points.size == 0:
        raise ValueError(f"x must have the shape (m, d), got {points.shape}")
    m = len(points)
    if not exact:
        return math.sqrt(float(np.sum(points**2))) / m
    if m > _ENUMERATED:
        raise ValueError(f"exact=True enumerates 2^m signs, for m up to {_ENUMERATED}; got m = {m}")
    signs = np.array(list(product((1.0, -1.0), repeat=m - 1))).reshape(-1, m - 1)
    sums = points[0] + signs @ points[1:]
    return float(np.linalg.norm(sums, axis=1).mean()) / m


def spectral_complexity(spectral_norms: ArrayLike, group_norms: ArrayLike) -> float:
    """Π s_l (Σ (b_l/s_l)^{2/3})^{3/2} with s = |W|₂ and b = |Wᵀ|_{2,1} (Bartlett, Foster and Telgarsky 2017).

    Parameters
    ----------
    spectral_norms, group_norms : array_like of one length
        The s_l and the b_l, layer by layer.

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
    >>> round(spectral_complexity([1.5, 2.0, 0.8], [3.0, 5.0, 2.0]), 9)
    29.0471965
    """
    s, b = check_reals("spectral_norms", spectral_norms), check_reals("group_norms", group_norms)
    if s.ndim != 1 or s.shape != b.shape or not (s > 0.0).all() or not (b >= 0.0).all():
        raise ValueError("spectral_norms and group_norms must be lists of one length, of numbers > 0 and >= 0")
    return float(np.prod(s) * np.sum((b / s) ** (2.0 / 3.0)) ** 1.5)


def _norms(weights: Sequence[ArrayLike]) -> tuple[list[Real], Real]:
    matrices = [check_reals("weights", w) for w in weights]
    if not matrices or any(w.ndim != 2 for w in matrices):
        raise ValueError("weights must be a list of matrices")
    return matrices, np.array([np.linalg.norm(w, 2) for w in matrices])


def spectral_margin_bound(weights: Sequence[ArrayLike], x: ArrayLike, *, margin: float, delta: float) -> float:
    """Twice the Rademacher complexity of margin losses by spectral norms, plus its confidence term.

    2 (12K/m)(1 − log(6K/m)) + √(log(1/δ)/(2m)), K = √(log(2 max n²)) |X| R/γ with R of :func:`spectral_complexity`:
    what is added to the share of training points with a margin below γ, for weights whose norms were bounded in advance
    (Bartlett, Foster and Telgarsky 2017).

    Parameters
    ----------
    weights : sequence of array_like
        W_1, ..., W_L.
    x : array_like of shape (m, d)
        The m training inputs in rows.
    margin : float
        γ > 0.
    delta : float
        In (0, 1).

    Returns
    -------
    float
        Infinite where the entropy integral says nothing; above 1 vacuous.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> import numpy as np
    >>> spectral_margin_bound([np.eye(2)], np.eye(2), margin=0.1, delta=0.05)
    inf
    """
    matrices, spectral = _norms(weights)
    points, gamma = check_reals("x", x), float(check_real("margin", margin, above=0.0))
    m = len(points)
    width = max(max(w.shape) for w in matrices)
    group = np.array([np.linalg.norm(w, axis=1).sum() for w in matrices])
    k = (
        math.sqrt(math.log(2.0 * width**2))
        * float(np.linalg.norm(points))
        * spectral_complexity(spectral, group)
        / gamma
    )
    if not 6.0 * k < m:
        return math.inf
    return 2.0 * dudley_spectral(k, m) + hoeffding_bound(m, delta)


def perturbation_margin_bound(
    weights: Sequence[ArrayLike], *, input_norm: float, margin: float, m: int, delta: float
) -> float:
    """PAC-Bayes margin bound by perturbation of the weights (Neyshabur, Bhojanapalli and Srebro 2018).

    √((log(8Lm/δ) + log m/(2L) + 8e⁴ (BR/γ)² L² n log(2Ln))/(2m − 1)) with R = Π |W|₂ √(Σ |W|_F²/|W|₂²).

    Parameters
    ----------
    weights : sequence of array_like
        W_1, ..., W_L.
    input_norm : float
        B, the largest norm of an input.
    margin : float
        γ.
    m : int
        Number of samples.
    delta : float
        In (0, 1).

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
    >>> import numpy as np
    >>> round(perturbation_margin_bound([np.eye(100)] * 3, input_norm=1.0, margin=1.0, m=10**6, delta=0.05), 9)
    19.421677755
    """
    matrices, spectral = _norms(weights)
    layers, width, n = len(matrices), max(max(w.shape) for w in matrices), _size(m)
    b, gamma = (float(check_real(name, v, above=0.0)) for name, v in (("input_norm", input_norm), ("margin", margin)))
    if not (spectral > 0.0).all():
        raise ValueError("weights must not vanish: a network that is 0 has no margin")
    square = float(np.prod(spectral) ** 2 * sum(np.sum(w * w) / s**2 for w, s in zip(matrices, spectral, strict=True)))
    heavy = 8.0 * math.e**4 * square * (b / gamma) ** 2 * layers**2 * width * math.log(2.0 * layers * width)
    light = math.log(8.0 * layers * n / _part(delta)) + math.log(n) / (2.0 * layers)
    return math.sqrt((light + heavy) / (2.0 * n - 1.0))


def local_rademacher(spectrum: Law | ArrayLike, radius: float) -> float:
    """∫ min(r, x) dμ: local complexity of a kernel class of radius r per eigenvalue.

    (Bartlett, Bousquet and Mendelson 2005.) The local Rademacher complexity is √((2/m) Σ min(r, λ_i)).

    Parameters
    ----------
    spectrum : Law or array_like
        Law of the eigenvalues, or the eigenvalues.
    radius : float
        r >= 0.

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
    >>> import rmt
    >>> round(local_rademacher(rmt.MarchenkoPastur(ratio=0.5), 0.5), 9)
    0.431690114
    """
    from scipy.integrate import quad

    r = float(check_real("radius", radius, at_least=0.0))
    if not isinstance(spectrum, Law):
        return float(np.mean(np.minimum(r, _eigenvalues(spectrum))))
    law, _, high = check_spectrum(spectrum)
    ends = sorted({0.0, min(r, high), *(e for i in law.support for e in (i.low, i.high) if 0.0 < e < min(r, high))})
    # ∫ min(r, x) dμ = ∫₀^r P(X > x) dx
    value = sum(
        quad(lambda x: float(law.sf(x)), a, b, epsabs=1e-14, epsrel=1e-12, limit=200)[0] for a, b in pairwise(ends)
    )
    return float(value)


def effective_dimension(spectrum: Law | ArrayLike, ridge: float) -> float:
    """∫ x/(x + κ) dμ = 1 + κ G(−κ): share of the directions that a ridge leaves free.

    Parameters
    ----------
    spectrum : Law or array_like
        μ, or the eigenvalues that it is made of.
    ridge : float
        κ > 0.

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
    >>> import rmt
    >>> round(effective_dimension(rmt.MarchenkoPastur(ratio=0.5), 0.1), 12)
    0.851668522645
    """
    kappa = float(check_real("ridge", ridge, above=0.0))
    if not isinstance(spectrum, Law):
        values = _eigenvalues(spectrum)
        return float(np.mean(values / (values + kappa)))
    law, _, _ = check_spectrum(check_law(spectrum, "spectrum"))
    return 1.0 + kappa * float(np.real(law.stieltjes(-kappa)))


def _eigenvalues(spectrum: ArrayLike) -> Real:
    values = check_reals("spectrum", spectrum)
    if values.size == 0 or not (np.isfinite(values) & (values >= 0.0)).all():
        raise ValueError("spectrum must hold finite eigenvalues >= 0, at least one")
    return values


def _part(delta: float) -> float:
    return float(check_real("delta", delta, above=0.0, below=1.0))


def _size(m: int) -> int:
    return check_count("m", m)
