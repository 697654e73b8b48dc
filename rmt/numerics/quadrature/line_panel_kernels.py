"""Compiled transforms of a measure on panels of the real line, exact up to and on the real axis.

A panel carries a polynomial density in a local variable ξ of [-1, 1], where with s = centre + half ξ the point is s
(plain), ``extreme - s²`` (next to an upper end with a square root) or ``extreme + s²`` (next to a lower one). Far
from a panel its Gauss-Legendre rule is exact to rounding; near it and on it 1/(z - t) is integrated exactly by
Legendre functions of the second kind. The layout is that of :mod:`rmt.numerics.quadrature.log_panel_kernels`, with the
points in the place of t.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from rmt.numerics.compilation.jit import inner_kernel, kernel
from rmt.numerics.quadrature.log_panel_kernels import (
    NODES,
    PANEL_SIZE,
    _log_upper,
    _panel_is_near,
    _reciprocal,
    _singular_part,
)


@kernel
def line_transform(params, offset, z):
    """G, G' and zG - 1 for z in the closed upper half plane; the last without cancellation far out."""
    atoms, panels = int(params[offset]), int(params[offset + 1])
    position = offset + 2
    g = 0j
    dg = 0j
    m = 0j
    for i in range(position, position + atoms):
        a, p = params[i], params[i + atoms]
        r = _reciprocal(z - a)
        g += p * r
        dg -= p * r * r
        m += p * a * r
    start = position + 2 * atoms
    for _ in range(panels):
        kind = int(params[start])
        centre, half, extreme = params[start + 1], params[start + 2], params[start + 3]
        if _panel_is_near(kind, centre, half, extreme, z):
            value, slope, _unused = _singular_part(params, start, kind, centre, half, extreme, z)
            g += value
            dg += slope
            m += z * value - 2.0 * params[start + 4 + 3 * NODES]
        else:
            for j in range(start + 4, start + 4 + NODES):
                t = params[j + 2 * NODES]
                r = _reciprocal(z - t)
                g += params[j] * r
                dg -= params[j] * r * r
                m += params[j] * t * r
        start += PANEL_SIZE
    return g, dg, m


@inner_kernel
def line_potential(params, offset, z):
    """∫ log(z - t) for z in the closed upper half plane, imaginary part in [0, pi]."""
    atoms, panels = int(params[offset]), int(params[offset + 1])
    position = offset + 2
    value = 0j
    for i in range(position, position + atoms):
        value += params[i + atoms] * _log_upper(z - params[i])
    start = position + 2 * atoms
    for _ in range(panels):
        kind = int(params[start])
        centre, half, extreme = params[start + 1], params[start + 2], params[start + 3]
        if _panel_is_near(kind, centre, half, extreme, z):
            value += _singular_part(params, start, kind, centre, half, extreme, z)[2]
        else:
            for j in range(start + 4, start + 4 + NODES):
                value += params[j] * _log_upper(z - params[j + 2 * NODES])
        start += PANEL_SIZE
    return value


@kernel
def line_potential_array(params, z, values):
    """Fill `values` with the log-potential."""
    for i in range(z.size):
        values[i] = line_potential(params, 0, z[i])
