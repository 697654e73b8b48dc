"""Number variance, spectral rigidity and form factor of the bulk, in the limit n → ∞."""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_real, check_reals

Float = NDArray[np.float64]

#: lengths and times beyond all measured ones
_LONGEST = 1e6

#: beyond, Si and Ci come from their asymptotic series: the closed form cancels
_FAR = 50.0
_SERIES = 8


@overload
def number_variance_law(length: float, beta: Any = 1) -> float: ...
@overload
def number_variance_law(length: ArrayLike, beta: Any = 1) -> Float: ...
def number_variance_law(length: ArrayLike, beta: Any = 1) -> float | Float:
    """Variance Σ²(L) of the number of levels in an interval of L mean spacings (Dyson and Mehta 1963).

    Parameters
    ----------
    length : array_like of float
        L >= 0.
    beta : {0, 1, 2, 4}
        Dyson index; 0 is for independent levels, Σ² = L.

    Returns
    -------
    float or ndarray of float, like `length`

    Raises
    ------
    TypeError, ValueError
        If an argument is no number, or out of range.

    Examples
    --------
    >>> from rmt.spectra import number_variance_law
    >>> round(number_variance_law(5.0, beta=2), 10)
    0.5089905448
    """
    lengths, index = _lengths("length", length), _index(beta)
    if index == 0:
        out = lengths.copy()
    elif index == 2:
        out = _unitary_variance(lengths)
    elif index == 1:
        si = _sine_integral(math.pi * lengths) / math.pi
        out = 2.0 * _unitary_variance(lengths) + si * si - si
    else:
        out = 0.5 * _unitary_variance(2.0 * lengths) + (0.5 * _sine_integral(2.0 * math.pi * lengths) / math.pi) ** 2
    return _plain(out)


@overload
def spectral_rigidity_law(length: float, beta: Any = 1) -> float: ...
@overload
def spectral_rigidity_law(length: ArrayLike, beta: Any = 1) -> Float: ...
def spectral_rigidity_law(length: ArrayLike, beta: Any = 1) -> float | Float:
    """Spectral rigidity Δ₃(L): mean square deviation of the counting function from its best line on L spacings.

    (2/L⁴) ∫₀^L (L³ − 2L²r + r³) Σ²(r) dr (Dyson and Mehta 1963); parameters as for :func:`number_variance_law`.

    Parameters
    ----------
    length : array_like of float
        Lengths L in mean spacings, >= 0.
    beta : {0, 1, 2, 4}
        Dyson index, as for :func:`number_variance_law`.

    Returns
    -------
    float or ndarray of float, like `length`

    Raises
    ------
    TypeError
        If `length` or `beta` is not of the kind named above.
    ValueError
        If `length` or `beta` is out of the range named above.

    Examples
    --------
    >>> from rmt.spectra import spectral_rigidity_law
    >>> round(spectral_rigidity_law(10.0, beta=1), 10)
    0.2356999466
    """
    lengths, index = _lengths("length", length), _index(beta)
    if index == 0:
        return _plain(lengths / 15.0)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    flat = lengths.ravel()
    out = np.zeros_like(flat)
    for i, size in enumerate(flat):
        if size == 0.0:
            continue
        panels = np.linspace(0.0, 1.0, math.ceil(size / 2.0) + 1)
        t = (panels[:-1, None] + np.diff(panels)[:, None] * 0.5 * (1.0 + nodes)).ravel()
        w = (np.diff(panels)[:, None] * 0.5 * weights).ravel()
        out[i] = 2.0 * float(w @ ((1.0 - 2.0 * t + t**3) * number_variance_law(size * t, index)))
    return _plain(out.reshape(lengths.shape))


@overload
def form_factor_law(time: float, beta: Any = 1) -> float: ...
@overload
def form_factor_law(time: ArrayLike, beta: Any = 1) -> Float: ...
def form_factor_law(time: ArrayLike, beta: Any = 1) -> float | Float:
    """Connected spectral form factor K(τ) of the bulk, τ in Heisenberg times: ramp and plateau.

    Exact for beta = 1, 2, 4 (Mehta 2004) and 0 (independent levels); between 1 and 4 by quadratic interpolation in
    1/β, which keeps the slope 2/β of the ramp.

    Parameters
    ----------
    time : array_like of float
        τ >= 0.
    beta : real
        Dyson index, 0 or from 1 to 4.

    Returns
    -------
    float or ndarray of float, like `time`

    Raises
    ------
    TypeError, ValueError
        If an argument is no number, or out of range.

    Examples
    --------
    >>> from rmt.spectra import form_factor_law
    >>> form_factor_law(0.5, beta=2)
    0.5
    """
    tau = _lengths("time", time)
    index = check_real("beta", beta, at_least=0.0, at_most=4.0)
    if index == 0:
        return _plain(np.ones_like(tau))
    if index < 1:
        raise ValueError(f"beta must be 0 or from 1 to 4, got {beta!r}")
    factors = {1: _orthogonal_factor(tau), 2: np.minimum(tau, 1.0), 4: _symplectic_factor(tau)}
    if index in factors:
        return _plain(factors[index])
    inverse = 1.0 / float(index)
    places = {b: 1.0 / b for b in factors}
    out = np.zeros_like(tau)
    for b, factor in factors.items():
        weight = math.prod((inverse - places[c]) / (places[b] - places[c]) for c in factors if c != b)
        out += weight * factor
    return _plain(out)


@overload
def gue_form_factor(n: int, time: float) -> float: ...
@overload
def gue_form_factor(n: int, time: ArrayLike) -> Float: ...
def gue_form_factor(n: int, time: ArrayLike) -> float | Float:
    """Connected form factor E|Tr e^(itH)|² − |E Tr e^(itH)|² of the n × n GUE, exactly; t in units of 1/eigenvalue.

    n − Σ_jk |⟨j|e^(itx)|k⟩|² in Laguerre functions (Mehta 2004). Parameters: n >= 1, t real.

    Parameters
    ----------
    n : int
        Matrix dimension, >= 1.
    time : array_like of float
        t, real.

    Returns
    -------
    float or ndarray of float, like `time`

    Raises
    ------
    TypeError
        If `n` or `time` is not of the kind named above.
    ValueError
        If `n` or `time` is out of the range named above.

    Examples
    --------
    >>> from rmt.spectra import gue_form_factor
    >>> round(gue_form_factor(2, 1.0), 12)
    0.635306015647
    """
    size = check_count("n", n)
    times = check_reals("time", time)
    bad = ~(np.abs(times) <= 1e100)
    if bad.any():
        raise ValueError(f"time must be finite and at most 1e100 in size, got {float(times[bad].flat[0])!r}")
    flat = np.array([size - _gue_overlap(size, float(t) ** 2 / size) for t in times.ravel()])
    return _plain(flat.reshape(times.shape))


def _gue_overlap(n: int, y: float) -> float:
    """Σ_jk (j!/k!) y^(k−j) e^(−y) L_j^(k−j)(y)², by recurrences of the normalised functions."""
    if y == 0.0:
        return float(n)
    total = 0.0
    for gap in range(n):
        # f_j = sqrt(j!/(j + gap)!) y^(gap/2) e^(−y/2) L_j^(gap)(y)
        before, f = 0.0, math.exp(0.5 * (gap * math.log(y) - y - math.lgamma(gap + 1.0)))
        part = f * f
        for j in range(n - gap - 1):
            step = (2.0 * j + 1.0 + gap - y) * f - math.sqrt(j * (j + gap)) * before
            before, f = f, step / math.sqrt((j + 1.0) * (j + 1.0 + gap))
            part += f * f
        total += part if gap == 0 else 2.0 * part
    return total


# ---------------------------------------------------------------------- parts
def _unitary_variance(length: Float) -> Float:
    """Σ² for beta = 2."""
    from scipy.special import sici

    x = 2.0 * math.pi * length
    out = np.zeros_like(x)
    near = (x > 0.0) & (length < _FAR)
    t = x[near]
    sine, cosine = sici(t)
    constant = np.euler_gamma + 1.0
    out[near] = (np.log(t) + constant - np.cos(t) - cosine) / math.pi**2 + length[near] * (1.0 - 2.0 / math.pi * sine)
    far = length >= _FAR
    t = x[far]
    f, g = _auxiliary(t)
    # Si = π/2 − f cos − g sin, Ci = f sin − g cos
    rest = f * np.cos(t) + g * np.sin(t)
    out[far] = (np.log(t) + constant - np.cos(t) - f * np.sin(t) + g * np.cos(t) + t * rest) / math.pi**2
    return out


def _sine_integral(x: Float) -> Float:
    from scipy.special import sici

    return np.asarray(sici(x)[0])


def _auxiliary(x: Float) -> tuple[Float, Float]:
    """The auxiliary functions f and g of the sine and cosine integrals, for large x."""
    f, g = np.zeros_like(x), np.zeros_like(x)
    for k in range(_SERIES):
        sign = (-1.0) ** k
        f += sign * math.factorial(2 * k) / x ** (2 * k + 1)
        g += sign * math.factorial(2 * k + 1) / x ** (2 * k + 2)
    return f, g


def _orthogonal_factor(tau: Float) -> Float:
    late = np.maximum(tau, 1.0)
    return np.where(
        tau <= 1.0,
        2.0 * tau - tau * np.log1p(2.0 * tau),
        2.0 - late * np.log((2.0 * late + 1.0) / (2.0 * late - 1.0)),
    )


def _symplectic_factor(tau: Float) -> Float:
    with np.errstate(divide="ignore"):
        early = 0.5 * tau - 0.25 * tau * np.log(np.abs(1.0 - tau))
    return np.where(tau <= 2.0, early, 1.0)


def _plain(values: Float) -> float | Float:
    """A number for a number, an array for an array."""
    return values.item() if values.ndim == 0 else values


def _lengths(name: str, value: ArrayLike) -> Float:
    array = check_reals(name, value)
    bad = ~((array >= 0.0) & (array <= _LONGEST))
    if bad.any():
        raise ValueError(f"{name} must be finite, >= 0 and <= {_LONGEST:g}, got {float(array[bad].flat[0])!r}")
    return array


def _index(beta: Any) -> int:
    index = check_real("beta", beta, at_least=0.0)
    if index not in (0, 1, 2, 4):
        raise ValueError(f"beta must be 0, 1, 2 or 4, got {beta!r}")
    return int(index)
