"""Compiled transforms of a positive measure given on panels of log t, exact up to and on the real axis.

A panel carries a polynomial density in a local variable ξ of [-1, 1], where log t is one of

* ``centre + half ξ``                       (plain),
* ``extreme - (centre + half ξ)²``          (around a maximum of log t: density with an inverse square root),
* ``extreme + (centre + half ξ)²``          (around a minimum),
* ``2 log|centre + half ξ|``                (around t = 0, where a root of t changes sign).

Next to a panel its Gauss-Legendre rule is exact to rounding. Near it, and on it, the kernel 1/(e^x - 1) with
x = log z - log t is split into 1/x, integrated exactly by Legendre functions of the second kind, and a smooth rest. All
panels that lie far below z, and all far above it, are expanded in powers of t/z and of z/t together.

Layout of the parameters: number of atoms, number of panels; positions of the atoms, their masses; then per panel its
type, centre, half width, extreme, the masses, log t and t at its nodes, and its Legendre coefficients; then per panel
what it and all before it have in common, and it and all behind it (:func:`far_table`).
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from rmt.numerics.compilation.jit import inner_kernel, kernel

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: types of a panel
PLAIN, MAXIMUM, MINIMUM, ZERO = 0, 1, 2, 3
#: nodes and coefficients of a panel
NODES = 16
#: doubles of a panel: type, centre, half width, extreme; masses, log t and t at the nodes; coefficients
PANEL_SIZE = 4 + 4 * NODES
#: ellipse (sum of its semi-axes) outside which the Gauss-Legendre rule is exact to rounding: 3^-32 = 5e-16
NEAR = 3.0
_GAUSS = np.polynomial.legendre.leggauss(NODES)[0]
#: distance in log t from z beyond which panels are expanded together, and the powers kept: e^-36 = 2e-16
FAR, POWERS = 6.0, 6
#: a lowest log t that no point is far below
NEVER = -1e300
#: doubles of a row of the table: highest log t and power sums of the panels up to this one; lowest log t, power sums,
#: and mean of log t of those from this one on
FAR_SIZE = 2 * (POWERS + 2) + 1
#: B_2k/(2k)!, k = 1 ... 10
_BERNOULLI = np.array(
    [
        8.333333333333333333e-2,
        -1.388888888888888889e-3,
        3.306878306878306878e-5,
        -8.267195767195767196e-7,
        2.087675698786809898e-8,
        -5.284190138687493185e-10,
        1.338253653068467883e-11,
        -3.389680296322582867e-13,
        8.586062056277844564e-15,
        -2.174868698558061873e-16,
    ]
)


@inner_kernel
def _reciprocal(z):
    """1/z, NaN at 0 (Numba's own complex division raises there)."""
    if abs(z.real) >= abs(z.imag):
        if z.real == 0.0:
            return complex(math.nan, math.nan)
        ratio = z.imag / z.real
        scale = z.real + z.imag * ratio
        return complex(1.0 / scale, -ratio / scale)
    ratio = z.real / z.imag
    scale = z.real * ratio + z.imag
    return complex(ratio / scale, -1.0 / scale)


@inner_kernel
def _log_upper(z):
    imag = z.imag if z.imag > 0.0 else 0.0
    size = math.hypot(z.real, imag)
    return complex(math.log(size) if size > 0.0 else -math.inf, math.atan2(imag, z.real))


@inner_kernel
def _smooth_rest(x):
    """1/(e^x - 1) - 1/x and its derivative, |Im x| <= pi."""
    if abs(x) < 0.8:
        square = x * x
        value = 0j
        slope = 0j
        for k in range(_BERNOULLI.size, 0, -1):
            value = value * square + _BERNOULLI[k - 1]
            slope = slope * square + (2 * k - 1) * _BERNOULLI[k - 1]
        return x * value - 0.5, slope
    inverse = _reciprocal(x)
    if x.real > 0.0:
        decay = cmath.exp(-x)
        r = _reciprocal(1.0 - decay)
        return decay * r - inverse, inverse * inverse - decay * r * r
    growth = cmath.exp(x)
    r = _reciprocal(growth - 1.0)
    return r - inverse, inverse * inverse - growth * r * r


@inner_kernel
def _smooth_logarithm(x):
    """log((1 - e^-x)/x), |Im x| <= pi."""
    if abs(x) < 0.8:
        square = x * x
        value = 0j
        for k in range(_BERNOULLI.size, 0, -1):
            value = value * square + _BERNOULLI[k - 1] / (2 * k)
        return square * value - 0.5 * x
    if x.real > 0.0:
        return cmath.log((1.0 - cmath.exp(-x)) * _reciprocal(x))
    return cmath.log((cmath.exp(x) - 1.0) * _reciprocal(x)) - x


@inner_kernel
def _is_near(zeta):
    """Whether ζ lies inside the ellipse around [-1, 1] outside which the quadrature rule suffices."""
    if abs(zeta.real) > 1.7 or abs(zeta.imag) > 1.4:
        return False
    return abs(zeta + cmath.sqrt(zeta - 1.0) * cmath.sqrt(zeta + 1.0)) < NEAR


@inner_kernel
def _by_rule(params, start, zeta):
    """The integrals of :func:`_legendre_cauchy` for ζ far from [-1, 1], from the masses at the nodes."""
    cauchy = 0j
    slope = 0j
    logarithm = 0j
    for j in range(NODES):
        distance = zeta - _GAUSS[j]
        r = _reciprocal(distance)
        cauchy += params[start + j] * r
        slope -= params[start + j] * r * r
        logarithm += params[start + j] * _log_upper(distance)
    return cauchy, slope, logarithm


@inner_kernel
def _legendre_cauchy(params, start, zeta):
    """Integrals of the panel's density against 1/(ζ - ξ), -1/(ζ - ξ)² and log(ζ - ξ), Im ζ >= 0."""
    if not _is_near(zeta):  # the recurrence would amplify rounding by the 2k-th power of the ellipse
        return _by_rule(params, start - 3 * NODES, zeta)
    plus, minus = zeta + 1.0, zeta - 1.0
    # at an end the logarithm is infinite; its neighbour's cancels it
    if plus == 0j:
        plus = complex(0.0, 1e-100)
    if minus == 0j:
        minus = complex(0.0, 1e-100)
    log_plus, log_minus = _log_upper(plus), _log_upper(minus)
    # twice the Legendre functions of the second kind
    before = log_plus - log_minus
    this = zeta * before - 2.0
    weight = -_reciprocal(plus * minus)
    c = params[start]
    cauchy = c * before
    slope = 2.0 * c * weight
    logarithm = c * (plus * log_plus - minus * log_minus - 2.0)
    for k in range(1, NODES):
        following = ((2 * k + 1) * zeta * this - k * before) / (k + 1)
        c = params[start + k]
        cauchy += c * this
        slope += c * k * (before - zeta * this) * weight
        logarithm += c * (following - before) / (2 * k + 1)
        before, this = this, following
    return cauchy, slope, logarithm


@inner_kernel
def _on_side(params, start, zeta, upper):
    """The same for ζ in the closed upper or lower half plane, as said: a real ζ is a boundary value from there."""
    if upper:
        return _legendre_cauchy(params, start, complex(zeta.real, max(zeta.imag, 0.0)))
    a, b, c = _legendre_cauchy(params, start, complex(zeta.real, max(-zeta.imag, 0.0)))
    return a.conjugate(), b.conjugate(), c.conjugate()


@inner_kernel
def _root_of(u, extreme, kind):
    """The σ with log z = extreme - σ² (maximum) or extreme + σ² (minimum)."""
    d = u - extreme
    sigma = cmath.sqrt(-d) if kind == MAXIMUM else cmath.sqrt(d)
    if kind == MAXIMUM and sigma.imag > 0.0:
        sigma = sigma.conjugate()
    if abs(sigma) < 1e-150:
        sigma = complex(1e-150, 0.0)
    return sigma


@inner_kernel
def _square_part(params, start, centre, half, z):
    """Contribution to zG, its derivative in log z, and the log-potential of a panel with t = (centre + half ξ)²."""
    coefficients = start + 4 + 3 * NODES
    sigma = cmath.sqrt(z)
    f, df, lf = _on_side(params, coefficients, (sigma - centre) / half, True)
    g, dg, lg = _on_side(params, coefficients, (-sigma - centre) / half, False)
    mass = 2.0 * params[coefficients]
    difference = (f - g) / half
    value = 0.5 * sigma * difference
    slope = 0.25 * sigma * (difference + sigma * (df + dg) / (half * half))
    return value, slope, lf + lg + complex(2.0 * mass * math.log(half), math.pi * mass)


@inner_kernel
def _singular_part(params, start, kind, centre, half, extreme, u):
    """The integral of 1/x over the panel and its derivative in u, or that of log x."""
    coefficients = start + 4 + 3 * NODES
    if kind == PLAIN:
        cauchy, slope, logarithm = _on_side(params, coefficients, (u - centre) / half, True)
        mass = 2.0 * params[coefficients]
        return cauchy / half, slope / (half * half), logarithm + mass * math.log(half)
    sigma = _root_of(u, extreme, kind)
    f, df, lf = _on_side(params, coefficients, (sigma - centre) / half, kind == MINIMUM)
    g, dg, lg = _on_side(params, coefficients, (-sigma - centre) / half, kind == MAXIMUM)
    inverse = 0.5 * _reciprocal(sigma)
    sign = -1.0 if kind == MAXIMUM else 1.0
    value = sign * (f - g) / half * inverse
    # dσ/du = ∓1/(2σ)
    slope = (sign * (df + dg) / (half * half) * inverse - 2.0 * value * inverse) * sign * inverse
    mass = 2.0 * params[coefficients]
    logarithm = lf + lg + 2.0 * mass * math.log(half)
    if kind == MINIMUM:
        logarithm += complex(0.0, math.pi * mass)
    return value, slope, logarithm


@inner_kernel
def _panel_is_near(kind, centre, half, extreme, u):
    if kind == PLAIN:
        return _is_near((u - centre) / half)
    sigma = cmath.exp(0.5 * u) if kind == ZERO else _root_of(u, extreme, kind)
    return _is_near((sigma - centre) / half) or _is_near((-sigma - centre) / half)


@inner_kernel
def _near_panels(params, table, panels, place):
    """The first and the last but one panel that is neither FAR below nor FAR above log z, by bisection."""
    first, end = 0, panels
    while first < end:
        middle = (first + end) // 2
        if params[table + middle * FAR_SIZE] < place - FAR:
            first = middle + 1
        else:
            end = middle
    last, end = first, panels
    while last < end:
        middle = (last + end) // 2
        if params[table + middle * FAR_SIZE + POWERS + 2] > place + FAR:
            end = middle
        else:
            last = middle + 1
    return first, last


@inner_kernel
def _power_sum(params, row, ratio):
    """Σ_k c_k ratio^k and Σ_k k c_k ratio^k from k = 1 on, for the sums c_k after this place."""
    value = 0j
    slope = 0j
    for k in range(POWERS, 0, -1):
        value = (value + params[row + 1 + k]) * ratio
        slope = (slope + k * params[row + 1 + k]) * ratio
    return value, slope


@inner_kernel
def _power_logarithm(params, row, ratio):
    """Σ_k c_k ratio^k/k from k = 1 on."""
    value = 0j
    for k in range(POWERS, 0, -1):
        value = (value + params[row + 1 + k] / k) * ratio
    return value


@inner_kernel
def panel_transform(params, offset, z):
    """M = zG - 1, zG, and their derivative in log z, for z in the closed upper half plane, z != 0.

    Both have relative accuracy: M far out, zG close to 0.
    """
    atoms, panels = int(params[offset]), int(params[offset + 1])
    position = offset + 2
    value = 0j
    product = 0j
    slope = 0j
    for i in range(position, position + atoms):
        a, p = params[i], params[i + atoms]
        r = _reciprocal(z - a)
        value += p * a * r
        product += p * z * r
        slope -= p * a * z * r * r
    u = _log_upper(z)
    start = position + 2 * atoms
    table = start + panels * PANEL_SIZE
    first, last = _near_panels(params, table, panels, u.real)
    if first > 0:  # 1/(1 - t/z)
        row = table + (first - 1) * FAR_SIZE
        part, rate = _power_sum(params, row, cmath.exp(params[row] - u))
        value += part
        product += part + params[row + 1]
        slope -= rate
    if last < panels:  # -(z/t)/(1 - z/t)
        row = table + last * FAR_SIZE + POWERS + 2
        part, rate = _power_sum(params, row, cmath.exp(u - params[row]))
        value -= part + params[row + 1]
        product -= part
        slope -= rate
    start += first * PANEL_SIZE
    for _ in range(first, last):
        kind = int(params[start])
        centre, half, extreme = params[start + 1], params[start + 2], params[start + 3]
        if _panel_is_near(kind, centre, half, extreme, u):
            mass = 2.0 * params[start + 4 + 3 * NODES]
            if kind == ZERO:
                part, rate, _unused = _square_part(params, start, centre, half, z)
                value += part - mass
                product += part
            else:
                part, rate, _unused = _singular_part(params, start, kind, centre, half, extreme, u)
                for j in range(start + 4, start + 4 + NODES):
                    rest, change = _smooth_rest(u - params[j + NODES])
                    part += params[j] * rest
                    rate += params[j] * change
                value += part
                product += part + mass
            slope += rate
        else:
            for j in range(start + 4, start + 4 + NODES):
                t = params[j + 2 * NODES]
                r = _reciprocal(z - t)
                weighted = params[j] * r
                value += t * weighted
                product += z * weighted
                slope -= t * z * weighted * r
        start += PANEL_SIZE
    return value, product, slope


@inner_kernel
def panel_potential(params, offset, z):
    """∫ log(z - t) for z in the closed upper half plane, imaginary part in [0, pi]."""
    atoms, panels = int(params[offset]), int(params[offset + 1])
    position = offset + 2
    value = 0j
    for i in range(position, position + atoms):
        value += params[i + atoms] * _log_upper(z - params[i])
    u = _log_upper(z)
    start = position + 2 * atoms
    table = start + panels * PANEL_SIZE
    first, last = _near_panels(params, table, panels, u.real)
    if first > 0:
        row = table + (first - 1) * FAR_SIZE
        value += params[row + 1] * u - _power_logarithm(params, row, cmath.exp(params[row] - u))
    if last < panels:
        row = table + last * FAR_SIZE + POWERS + 2
        value += complex(params[row + POWERS + 2], math.pi * params[row + 1])
        value -= _power_logarithm(params, row, cmath.exp(u - params[row]))
    start += first * PANEL_SIZE
    for _ in range(first, last):
        kind = int(params[start])
        centre, half, extreme = params[start + 1], params[start + 2], params[start + 3]
        near = _panel_is_near(kind, centre, half, extreme, u)
        if near and kind == ZERO:
            _part, _rate, logarithm = _square_part(params, start, centre, half, z)
            value += logarithm
        elif near:
            _part, _rate, logarithm = _singular_part(params, start, kind, centre, half, extreme, u)
            mass = 2.0 * params[start + 4 + 3 * NODES]
            value += logarithm + mass * u
            for j in range(start + 4, start + 4 + NODES):
                value += params[j] * _smooth_logarithm(u - params[j + NODES])
        else:
            for j in range(start + 4, start + 4 + NODES):
                value += params[j] * _log_upper(z - params[j + 2 * NODES])
        start += PANEL_SIZE
    return value


@kernel
def transform_array(params: Real, z: Complex, values: Complex, products: Complex) -> None:
    """Fill `values` with M(z) = zG - 1 and `products` with zG."""
    for i in range(z.size):
        values[i], products[i], _slope = panel_transform(params, 0, z[i])


@kernel
def potential_array(params: Real, z: Complex, values: Complex) -> None:
    """Fill `values` with the log-potential."""
    for i in range(z.size):
        values[i] = panel_potential(params, 0, z[i])


def far_table(low: Real, high: Real, masses: Real, logarithms: Real) -> Real:
    """What sorted panels have in common for a point far from them, a row a panel.

    Parameters
    ----------
    low, high : ndarray
        Smallest and largest log t of every panel.
    masses, logarithms : ndarray of shape (panels, NODES)

    Returns
    -------
    ndarray of shape (panels, FAR_SIZE)
        Of the panels up to this one, the largest log t and Σ m (t/largest)^k, k = 0 ... POWERS; of those from this one
        on, the smallest log t, Σ m (smallest/t)^k, and Σ m log t.
    """
    powers = np.arange(POWERS + 1)
    table = np.empty((low.size, FAR_SIZE))
    ends = np.maximum.accumulate(high)
    starts = np.minimum.accumulate(np.maximum(low, NEVER)[::-1])[::-1]  # a panel around t = 0 is never far above
    rows = range(low.size)
    for order, bounds, sign, columns in (
        (rows, ends, 1.0, slice(1, POWERS + 2)),
        (reversed(rows), starts, -1.0, slice(POWERS + 3, 2 * POWERS + 4)),
    ):
        total, before = np.zeros(POWERS + 1), 0.0
        for i in order:
            if total[0] > 0.0:
                total = total * np.exp(sign * powers * (before - bounds[i]))
            scaled = np.exp(sign * powers[:, None] * (logarithms[i] - bounds[i]))
            total = total + scaled @ masses[i]
            table[i, columns] = total
            before = float(bounds[i])
    table[:, 0], table[:, POWERS + 2] = ends, starts
    table[:, -1] = np.cumsum((masses * logarithms).sum(axis=1)[::-1])[::-1]
    return table
