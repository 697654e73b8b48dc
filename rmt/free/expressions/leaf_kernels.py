"""Compiled transforms of the elementary laws: self-energy k(z) = z - 1/G(z), its derivative, log-potential.

Everything is evaluated on the closed upper half plane, ``z.imag >= +0.0``; on the real axis it is the boundary
value from above. The far-field forms keep k - mean to full relative accuracy where z - 1/G would cancel.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

import cmath
import math

import numpy as np

from rmt.numerics.compilation.jit import inner_kernel, kernel
from rmt.numerics.quadrature.line_panel_kernels import line_potential, line_transform
from rmt.numerics.quadrature.log_panel_kernels import panel_potential, panel_transform

# codes of the elementary laws; those of the inner nodes follow in tree_kernels
SEMICIRCLE, FREE_POISSON, ATOMS, CAUCHY, UNIFORM, ARCSINE, GAUSSIAN, LOG_PANELS, LINE_PANELS = range(9)

# modified trapezoidal rule for the error function (Al Azah and Chandler-Wilde 2021): error exp(-pi^2/step^2)
_TRAPEZOID_SIZE = 13
_TRAPEZOID_STEP = math.sqrt(math.pi / (_TRAPEZOID_SIZE + 1))
_LEGENDRE_NODES, _LEGENDRE_WEIGHTS = np.polynomial.legendre.leggauss(40)
_EULER_GAMMA = 0.5772156649015329


@inner_kernel
def divide(a, b):
    """Complex division without overflow; Numba's own raises ZeroDivisionError whatever the error model."""
    if abs(b.real) >= abs(b.imag):
        if b.real == 0.0:
            return complex(math.nan, math.nan)
        ratio = b.imag / b.real
        scale = b.real + b.imag * ratio
        return complex((a.real + a.imag * ratio) / scale, (a.imag - a.real * ratio) / scale)
    ratio = b.real / b.imag
    scale = b.real * ratio + b.imag
    return complex((a.real * ratio + a.imag) / scale, (a.imag * ratio - a.real) / scale)


@inner_kernel
def log_upper(z):
    """Logarithm on the closed upper half plane, imaginary part in [0, pi]; rounding below the axis is cut."""
    imag = z.imag if z.imag > 0.0 else 0.0
    return complex(math.log(math.hypot(z.real, imag)), math.atan2(imag, z.real))


@inner_kernel
def log_lower(z):
    """Logarithm on the closed lower half plane, imaginary part in [-pi, 0]; rounding above the axis is cut."""
    if z.imag >= 0.0:
        return complex(math.log(abs(z.real)), 0.0 if z.real > 0.0 else -math.pi)
    return complex(math.log(math.hypot(z.real, z.imag)), math.atan2(z.imag, z.real))


@inner_kernel
def expm1_complex(z):
    """exp(z) - 1 without cancellation near 0."""
    half = math.sin(0.5 * z.imag)
    growth = math.expm1(z.real)
    return complex(growth * math.cos(z.imag) - 2.0 * half * half, math.exp(z.real) * math.sin(z.imag))


@inner_kernel
def _semicircle_stieltjes(mean, sigma, z):
    w = z - mean
    return divide(2.0 + 0j, w + cmath.sqrt(w - 2.0 * sigma) * cmath.sqrt(w + 2.0 * sigma))


@inner_kernel
def _free_poisson_stieltjes(rate, jump, z):
    root = math.sqrt(rate)
    r = cmath.sqrt(z - jump * (1.0 - root) ** 2) * cmath.sqrt(z - jump * (1.0 + root) ** 2)
    b = z + jump * (1.0 - rate)
    # two forms of one root of a quadratic; close to an atom at 0 the first cancels
    if abs(b + r) > 0.5 * abs(b - r):
        return divide(2.0 + 0j, b + r)
    return divide(b - r, 2.0 * jump * z)


@inner_kernel
def _atoms(params, offset, length, z):
    """Discrete measure. Parameters: centre (the mean), radius about it, G(0), positions, masses."""
    centre = params[offset]
    w = z - centre
    x, y = z.real, z.imag
    near = abs(w) < 2.0 * params[offset + 1]
    base = 0.0 if near else centre
    g = 0j
    m = 0j  # (z - base) G - 1
    n = 0j  # -m'
    q = 0j  # -G'
    start = offset + 3
    nearest = math.inf
    for i in range(start, start + length):
        p = params[i + length]
        nearest = min(nearest, abs(params[i]))
        dx = x - params[i]
        norm = dx * dx + y * y
        if norm < 1e-290:  # so close to an atom that the others do not count
            steep = 1.0 - 1.0 / p
            return complex(params[i] + steep * dx, steep * y), complex(steep, 0.0)
        inverse = 1.0 / norm
        d = complex(dx * inverse, -y * inverse)
        a = params[i] - base
        t = p * d
        t2 = t * d
        g += t
        q += t2
        m += a * t
        n += a * t2
    if near:
        if abs(z) < 1e-6 * nearest:  # G may vanish at 0, and would be a difference of rounded numbers
            g = params[offset + 2] + 0j
            q = 0j
            for i in range(start, start + length):
                r = z / params[i]
                t = params[i + length] / params[i]
                g -= t * r * (1.0 + r)
                q += t / params[i] * (1.0 + 2.0 * r)
        return divide(m, g), 1.0 - divide(q, g * g)
    return centre + divide(w * m, 1.0 + m), divide(m * (1.0 + m) - n * w, (1.0 + m) * (1.0 + m))


@inner_kernel
def _uniform(centre, half, z):
    w = z - centre
    if abs(half) < 0.3 * abs(w):
        s = divide(complex(half, 0.0), w)
        s2 = s * s
        excess = 0j  # artanh(s)/s - 1
        for j in range(16, 0, -1):
            excess = s2 * (1.0 / (2 * j + 1) + excess)
        a2 = (1.0 + excess) * (1.0 + excess)
        k = divide(w * excess, 1.0 + excess)
        return centre + k, divide(excess * (2.0 + excess) - s2 * a2, (1.0 - s2) * a2)
    low, high = z - (centre - half), z - (centre + half)
    if low == 0j or high == 0j:
        return z, complex(-math.inf, 0.0)
    artanh = 0.5 * log_lower(divide(low, high))
    f = divide(complex(half, 0.0), artanh)
    # F' = F^2 / (w^2 - half^2), without squares of large numbers
    return z - f, 1.0 - divide(f, high) * divide(f, low)


@inner_kernel
def _arcsine(centre, radius, z):
    w = z - centre
    r = cmath.sqrt(w - radius) * cmath.sqrt(w + radius)
    k = radius * divide(complex(radius, 0.0), w + r)
    return centre + k, -divide(k, r)


@inner_kernel
def _gaussian(w):
    """Standard normal law, |w| <= 9: G and w G - 1, by the trapezoidal rule and the residue at its pole."""
    h = _TRAPEZOID_STEP
    v = w * math.sqrt(0.5)
    g = 0j
    m = 0j
    # nodes k h or (k + 1/2) h, whichever stay farther from the pole at v
    phase = v.real / h - math.floor(v.real / h)
    shift = 0.5 if phase < 0.25 or phase > 0.75 else 0.0
    for k in range(-_TRAPEZOID_SIZE - 1, _TRAPEZOID_SIZE + 1):
        t = (k + shift) * h
        d = divide(complex(math.exp(-t * t), 0.0), v - t)
        g += d
        m += t * d
    g *= h / math.sqrt(math.pi)
    m *= h / math.sqrt(math.pi)
    if v.imag < math.pi / h:
        wave = cmath.exp(2j * math.pi * v / h) * (-1.0 if shift == 0.5 else 1.0)
        pole = -2j * math.sqrt(math.pi) * divide(cmath.exp(-v * v) * wave, wave - 1.0)
        g += pole
        m += v * pole
    return g * math.sqrt(0.5), m


@inner_kernel
def _gaussian_far(w):
    """Asymptotic series, |w| >= 9 (smallest term exp(-|w|^2/2)): m = w G - 1, w m' and log w - U."""
    inverse = divide(1.0 + 0j, w * w)
    term = 1.0 + 0j
    m = 0j
    slope = 0j
    potential = 0j
    for j in range(1, 31):
        term *= (2 * j - 1) * inverse
        m += term
        slope -= 2 * j * term
        potential += term / (2 * j)
    return m, slope, potential


@inner_kernel
def _gaussian_potential(w):
    """∫ log(w - t) dN(t): integrates G from 0, or takes the far series."""
    if abs(w) > 9.0:
        return log_upper(w) - _gaussian_far(w)[2]
    total = 0j
    for panel in range(2):
        for j in range(_LEGENDRE_NODES.size):
            s = 0.5 * (panel + 0.5 * (_LEGENDRE_NODES[j] + 1.0))
            total += 0.25 * _LEGENDRE_WEIGHTS[j] * _gaussian(s * w)[0]
    return complex(-0.5 * (_EULER_GAMMA + math.log(2.0)), 0.5 * math.pi) + w * total


@inner_kernel
def leaf_self_energy(code, params, offset, length, z):
    """K and k' of an elementary law at `z`."""
    if code == SEMICIRCLE:
        variance = params[offset + 1] ** 2
        g = _semicircle_stieltjes(params[offset], params[offset + 1], z)
        return params[offset] + variance * g, -divide(variance * g * g, 1.0 - variance * g * g)
    if code == FREE_POISSON:
        rate, jump = params[offset], params[offset + 1]
        g = _free_poisson_stieltjes(rate, jump, z)
        # k = R(g), and with w = 1/(jump g): k' = rate/(rate - (w - 1)^2)
        w = divide(1.0 + 0j, jump * g)
        k = divide(complex(rate * jump, 0.0), 1.0 - jump * g)
        if abs(w) > 1e100:  # its square overflows
            return k, -rate * (jump * g) * (jump * g)
        return k, divide(rate + 0j, (rate - 1.0) + w * (2.0 - w))
    if code == ATOMS:
        return _atoms(params, offset, length, z)
    if code == CAUCHY:
        return complex(params[offset], -params[offset + 1]), 0j
    if code == UNIFORM:
        return _uniform(params[offset], params[offset + 1], z)
    if code == ARCSINE:
        return _arcsine(params[offset], params[offset + 1], z)
    if code == GAUSSIAN:
        mean, sigma = params[offset], params[offset + 1]
        w = (z - mean) / sigma
        if abs(w) > 9.0:
            m, slope, _ = _gaussian_far(w)
            if w.imag * abs(w) < 1e-6:  # next to the axis the density is all of the imaginary part
                density = cmath.exp(-0.5 * w * w) * complex(0.0, -math.sqrt(0.5 * math.pi))
                m += w * density
                slope += w * (1.0 - w * w) * density
            k = mean + sigma * divide(w * m, 1.0 + m)
            return k, divide(m * (1.0 + m) + slope, (1.0 + m) * (1.0 + m))
        g, m = _gaussian(w)
        # G' = -m
        return mean + sigma * divide(m, g), 1.0 - divide(m, g * g)
    if code == LINE_PANELS:
        g, dg, m = line_transform(params, offset, z)
        return divide(m, g), 1.0 + divide(dg, g * g)
    m, p, slope = panel_transform(params, offset, z)  # M and 1 + M, neither from the other
    return divide(z * m, p), divide(m * p + slope, p * p)


@inner_kernel
def leaf_potential(code, params, offset, length, z):
    """∫ log(z - t) of an elementary law at `z`, imaginary part in [0, pi]."""
    if code == SEMICIRCLE:
        g = _semicircle_stieltjes(params[offset], params[offset + 1], z)
        return log_upper(divide(1.0 + 0j, g)) + 0.5 * params[offset + 1] ** 2 * g * g
    if code == FREE_POISSON:
        rate, jump = params[offset], params[offset + 1]
        g = _free_poisson_stieltjes(rate, jump, z)
        q = 1.0 - jump * g
        log_q = log_upper(q) if jump > 0.0 else log_lower(q)
        return log_upper(divide(1.0 + 0j, g)) + divide(complex(rate * jump, 0.0), q) * g + rate * log_q
    if code == ATOMS:
        u = 0j
        for i in range(offset + 3, offset + 3 + length):
            u += params[i + length] * log_upper(z - params[i])
        return u
    if code == CAUCHY:
        return log_upper(z - complex(params[offset], -params[offset + 1]))
    if code == UNIFORM:
        half = params[offset + 1]
        w = z - params[offset]
        if abs(half) < 0.3 * abs(w):
            s2 = divide(complex(half * half, 0.0), w * w)
            series = 0j
            for j in range(16, 0, -1):
                series = s2 * (1.0 / (2 * j * (2 * j + 1)) + series)
            return log_upper(w) - series
        plus, minus = w + half, w - half
        upper = plus * log_upper(plus) if plus != 0j else 0j
        lower = minus * log_upper(minus) if minus != 0j else 0j
        return (upper - lower) / (2.0 * half) - 1.0
    if code == ARCSINE:
        w = z - params[offset]
        radius = params[offset + 1]
        return log_upper(0.5 * (w + cmath.sqrt(w - radius) * cmath.sqrt(w + radius)))
    if code == GAUSSIAN:
        sigma = params[offset + 1]
        return math.log(sigma) + _gaussian_potential((z - params[offset]) / sigma)
    if code == LINE_PANELS:
        return line_potential(params, offset, z)
    return panel_potential(params, offset, z)


@kernel
def leaf_on_line(code, params, offset, length, x, k, dk):
    """K and k' at real points outside the support."""
    for j in range(x.shape[0]):
        a, b = leaf_self_energy(code, params, offset, length, complex(x[j], 0.0))
        k[j] = a.real
        dk[j] = b.real
