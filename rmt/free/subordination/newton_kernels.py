"""Compiled Newton iteration over a whole expression tree, on the real axis, with a certificate.

The unknowns are the arguments at which the laws of the nodes are evaluated. One step is a traversal from the leaves
to the root, in which every node hands its parent a linear model of k around its present argument, and one from the
root to the leaves, which solves the models. The equations, with ∘ for the operation and T = Σ t_i:

* sum: F_i(ω_i) = Y for all i, Σ t_i ω_i = z + (T - 1) Y (Belinschi-Bercovici 2007);
* product: log H_i(x_i) = h for all i, Σ t_i log x_i = log x + (T - 1) h with H = x/k;
* compound free Poisson: v + rate v k/(v - k) = z at the argument v = F(z).

Subordination functions are the only solutions in the upper half plane (Denjoy-Wolff): a solution there is the right
one however it was found, also on the real axis; outside the support it is the real attracting one.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

import cmath
import math
from typing import Any, NamedTuple

from rmt.free.expressions.leaf_kernels import (
    divide,
    expm1_complex,
    leaf_potential,
    leaf_self_energy,
    log_lower,
    log_upper,
)
from rmt.numerics.compilation.jit import inner_kernel

SUM, PRODUCT, COMPOUND, AFFINE, MIXTURE, SQUARE, ROOT, INVERSE = range(16, 24)

#: what is known of a point: nothing, real and attracting (outside the support), inside the upper half plane
FAILED, OUTSIDE, INSIDE = range(3)

EPS = 2.220446049250313e-16
#: derivative of z (see criticality) below which it may be rounding error; (4 eps)^(2/3) at a cusp is 1e-10
NOISY_SLOPE = 1e-8
#: rounding errors of an equation of a node, beyond which the half plane is told from the axis
_RESOLVED = 64.0 * EPS


class CompiledTree(NamedTuple):
    """A tree as flat arrays; children follow their parent and are contiguous.

    `weight` is that in the parent; `centre` and `spread` locate the law of a node; `signed` is the child of a product
    that may take negative values, or -1; `relative` marks nodes below a product, whose arguments matter on a
    logarithmic scale.
    """

    kind: Any
    first: Any
    last: Any
    weight: Any
    offset: Any
    length: Any
    params: Any
    centre: Any
    spread: Any
    signed: Any
    relative: Any


class Solution(NamedTuple):
    """What is kept of every point."""

    y: Any
    k: Any
    d: Any
    potential: Any
    error: Any
    code: Any
    step: Any
    change: Any
    count: Any
    arguments: Any


class Anchors(NamedTuple):
    """Solutions at fixed places of the real line, kept under the key of their place; one key may oust another."""

    key: Any
    code: Any
    argument: Any
    log_argument: Any
    flipped: Any


class State(NamedTuple):
    """Unknowns and linear models, one entry a node.

    `argument` lies in the closed upper half plane; where `flipped`, the true argument is its conjugate.
    `log_argument` is the true logarithm for the children of a product (imaginary part in [0, 2 pi]) and for a
    product itself. `f`, `df` are F, F' (child of a sum) or log H, d log H/du (child of a product); `y`, `d` are the
    common value Y or h of a node and dz/dY or du/dh; `error` bounds the rounding error of k.
    """

    argument: Any
    seen: Any
    log_argument: Any
    flipped: Any
    k: Any
    dk: Any
    f: Any
    df: Any
    y: Any
    d: Any
    den: Any
    step: Any
    pivot: Any
    error: Any


@inner_kernel
def _child_k(s, c):
    """K and k' of a child at its true argument."""
    if s.flipped[c]:
        return s.k[c].conjugate(), s.dk[c].conjugate()
    return s.k[c], s.dk[c]


@inner_kernel
def _set_argument(s, c, z, flipped):
    """Give child `c` the true argument `z`, kept in the closed half plane by reflection.

    A real argument is the limit from the half plane that `flipped` names; the sign of a zero does not say which.
    """
    s.flipped[c] = flipped
    s.argument[c] = complex(z.real, abs(z.imag))


@inner_kernel
def _set_log_argument(s, c, u):
    s.log_argument[c] = u
    s.flipped[c] = u.imag > math.pi
    size = math.exp(u.real)
    if u.imag == 0.0 or u.imag == 2.0 * math.pi:
        s.argument[c] = complex(size, 0.0)
    elif u.imag == math.pi:
        s.argument[c] = complex(-size, 0.0)
    else:
        s.argument[c] = complex(size * math.cos(u.imag), size * abs(math.sin(u.imag)))


# ---------------------------------------------------------------------- linear models, leaves to root
@inner_kernel
def linearise(p, s, root_log):
    """Evaluate every node at its present argument: k, its derivative, and the model of the node."""
    for i in range(p.kind.shape[0] - 1, -1, -1):
        kind = p.kind[i]
        s.seen[i] = s.argument[i]
        if kind < SUM:
            s.k[i], s.dk[i] = leaf_self_energy(kind, p.params, p.offset[i], p.length[i], s.argument[i])
        elif kind == SUM:
            _linearise_sum(p, s, i)
        elif kind == PRODUCT:
            _linearise_product(p, s, i, root_log)
        elif kind == COMPOUND:
            _linearise_compound(p, s, i)
        else:
            _linearise_explicit(p, s, i)


@inner_kernel
def _linearise_sum(p, s, i):
    # the child with the largest |k'| is the pivot: no cancellation where F is large
    pivot = p.first[i]
    largest = -1.0
    for c in range(p.first[i], p.last[i]):
        s.f[c] = s.argument[c] - s.k[c]
        s.df[c] = 1.0 - s.dk[c]
        size = abs(s.dk[c])
        if size > largest:
            largest = size
            pivot = c
    s.pivot[i] = pivot
    f, df = s.f[pivot], s.df[pivot]
    excess = p.weight[pivot] - 1.0
    rest = 0j
    slope = 0j
    far = _far(f, s.dk[pivot], p.spread[i])
    for c in range(p.first[i], p.last[i]):
        if c != pivot:
            q = p.weight[c] * divide(s.dk[c], s.df[c])
            if far:
                q *= divide(s.f[c], f)
                rest += p.weight[c] * s.k[c] + q * (f - s.f[c])
                slope += q * divide(s.f[c], f)
            else:
                rest += p.weight[c] * s.k[c] + q * (f - s.f[c])
                slope += q
    den = 1.0 + excess * s.dk[pivot] + df * slope
    step = divide(s.argument[i] - s.argument[pivot] - excess * s.k[pivot] - rest, den)
    y = _common_value(f, df, step, far)
    s.den[i] = den
    s.step[i] = step
    s.y[i] = y
    s.d[i] = divide(den, df)
    k = p.weight[pivot] * (s.argument[pivot] + step - y if far else s.k[pivot] + s.dk[pivot] * step)
    for c in range(p.first[i], p.last[i]):
        if c != pivot:
            k += p.weight[c] * (s.k[c] + divide(s.dk[c], s.df[c]) * _approach(s.f[c], y, far))
    s.k[i] = k
    s.dk[i] = 1.0 - divide(df, den)


# functions of numbers, not of the program and its state: a call that passes those costs more than a step
@inner_kernel
def _far(f, dk, spread):
    """Whether a pivot is next to a zero of its G in a gap, so that models have to be linear in G, not in F."""
    return abs(dk) > 1.0 and abs(f) > spread


@inner_kernel
def _common_value(f, df, step, far):
    """Y after a move of the pivot, whose F and F' these are."""
    return divide(f * f, f - df * step) if far else f + df * step


@inner_kernel
def _approach(f, y, far):
    """Y - F of a child, or (far) what stands for it where the child's G is the linear function."""
    difference = y - f
    return divide(difference * f, y) if far else difference


@inner_kernel
def _linearise_product(p, s, i, root_log):
    if i > 0:
        s.log_argument[i] = log_upper(s.argument[i])
    elif root_log:
        s.log_argument[i] = s.argument[i]
    else:
        s.log_argument[i] = log_upper(s.argument[i])
    # the child with the smallest |h'| is the pivot: next to an atom at 0 its h is constant up to rounding
    pivot = p.first[i]
    smallest = math.inf
    for c in range(p.first[i], p.last[i]):
        log_k = log_lower(s.k[c])
        ratio = divide(s.argument[c] * s.dk[c], s.k[c])
        if s.flipped[c]:
            log_k = log_k.conjugate()
            ratio = ratio.conjugate()
        s.f[c] = s.log_argument[c] - log_k
        s.df[c] = 1.0 - ratio
        size = abs(s.df[c])
        if size < 1e-9 and abs(s.argument[c]) < 1e-7 * p.centre[c]:
            # next to an atom at 0: h' is -c x with some c > 0, and 1 - x k'/k rounding
            x = s.argument[c].conjugate() if s.flipped[c] else s.argument[c]
            s.df[c] = -x / p.centre[c]
            size = abs(s.df[c])
        if size < smallest:
            smallest = size
            pivot = c
    h, dh = s.f[pivot], s.df[pivot]
    u = s.log_argument[i]
    balance = u - p.params[p.offset[i]] - h - p.weight[pivot] * (s.log_argument[pivot] - h)
    slope = 1.0 - p.weight[pivot] + 0j
    for c in range(p.first[i], p.last[i]):
        if c != pivot:
            balance -= p.weight[c] * (s.log_argument[c] - h + divide(h - s.f[c], s.df[c]))
            slope += p.weight[c] * (divide(1.0 + 0j, s.df[c]) - 1.0)
    den = p.weight[pivot] + dh * slope
    step = divide(balance, den)
    h += dh * step
    s.pivot[i] = pivot
    s.den[i] = den
    s.step[i] = step
    s.y[i] = h
    s.d[i] = divide(den, dh)
    if i > 0 or not root_log:
        k = cmath.exp(u - h)
        s.k[i] = k
        s.dk[i] = cmath.exp(-h) * (1.0 - divide(dh, den))


@inner_kernel
def _linearise_compound(p, s, i):
    c = p.first[i]
    rate = p.params[p.offset[i]]
    v, k = s.argument[c], s.k[c]
    f = v - k
    s.f[c] = f
    t_transform = divide(k, f)
    d = 1.0 + rate * (divide(v * v * s.dk[c], f * f) - t_transform * t_transform)
    s.den[i] = d
    s.d[i] = d
    s.step[i] = divide(s.argument[i] - v - rate * v * t_transform, d)
    s.y[i] = v + s.step[i]
    s.k[i] = rate * v * t_transform + (d - 1.0) * s.step[i]
    s.dk[i] = 1.0 - divide(1.0 + 0j, d)


@inner_kernel
def _linearise_explicit(p, s, i):
    kind = p.kind[i]
    z = s.argument[i]
    c = p.first[i]
    k1, dk1 = _child_k(s, c)
    if kind == AFFINE:
        s.k[i] = p.params[p.offset[i]] * k1 + p.params[p.offset[i] + 1]
        s.dk[i] = dk1
    elif kind == INVERSE:
        # k(z) = 1/k_1(1/z)
        s.k[i] = divide(1.0 + 0j, k1)
        ratio = divide(s.k[i], z)
        s.dk[i] = dk1 * ratio * ratio
    elif kind == ROOT:
        s.k[i] = divide(k1, z)
        s.dk[i] = 2.0 * dk1 - divide(s.k[i], z)
    elif kind == MIXTURE:
        g = 0j
        dg = 0j
        m = 0j
        for e in range(c, p.last[i]):
            ge = divide(1.0 + 0j, z - s.k[e])
            g += p.weight[e] * ge
            m += p.weight[e] * ge * s.k[e]
            dg -= p.weight[e] * (1.0 - s.dk[e]) * ge * ge
        s.k[i] = divide(m, g)
        s.dk[i] = 1.0 + divide(dg, g * g)
    else:  # SQUARE: G(z) = (G_1(w) - G_1(-w))/(2w) with w^2 = z
        w = s.argument[c]
        k2, dk2 = _child_k(s, c + 1)
        g1 = divide(1.0 + 0j, w - k1)
        g2 = divide(1.0 + 0j, w + k2)  # -G_1(-w)
        # z G - 1 = (k_1 g_1 - k_2 g_2)/2 without cancellation
        g = divide(g1 + g2, 2.0 * w)
        m = 0.5 * (k1 * g1 - k2 * g2)
        s.k[i] = divide(m, g)
        dg1 = -(1.0 - dk1) * g1 * g1
        dg2 = -(1.0 - dk2) * g2 * g2
        dg = divide(0.5 * (dg1 + dg2) - g, 2.0 * z)
        s.dk[i] = 1.0 + divide(dg, g * g)
        if z.imag == 0.0 and z.real < 0.0:  # real by the symmetry of w and -w, which rounding breaks
            s.k[i] = complex(s.k[i].real, 0.0)
            s.dk[i] = complex(s.dk[i].real, 0.0)


# ---------------------------------------------------------------------- new arguments, root to leaves
@inner_kernel
def update(p, s, root_log):
    """Move every argument to the solution of the linear models.

    The root is moved by the difference between its argument and the one seen at the linearisation.

    Returns
    -------
    relative, distance
        The largest relative step; the largest step in a metric in which 0 and infinity are points like others for
        the arguments of sums (G may vanish in a gap), less what rounding explains.
    """
    relative, distance = 0.0, 0.0
    for i in range(p.kind.shape[0]):
        kind = p.kind[i]
        if kind < SUM:
            continue
        if kind == SUM:
            step, moved = _update_sum(p, s, i)
        elif kind == PRODUCT:
            step = _update_product(p, s, i, root_log)
            moved = step
        elif kind == COMPOUND:
            c = p.first[i]
            step, moved = _move(p, s, i, c, s.step[i] + divide(s.argument[i] - s.seen[i], s.den[i]))
        else:
            pass_argument(p, s, i)
            continue
        if step > relative or step != step:
            relative = step
        if moved > distance or moved != moved:
            distance = moved
    return relative, distance


@inner_kernel
def _move(p, s, i, c, step):
    """Add `step` to the argument of child `c` of node `i`, which stays in the closed half plane.

    A step across the axis is reflected, which keeps quadratic convergence to a real solution, and damped.
    """
    old = s.argument[c]
    z = old + step
    if z.imag < 0.0:
        z = complex(z.real, min(0.25 * old.imag, -z.imag))
    s.argument[c] = z
    size = abs(step)  # not that of the reflected step: what the axis holds back is no solution
    if p.relative[i]:
        return size / (abs(z) + 1e-300), size / (abs(z) + 1e-300)
    scale = p.spread[c]
    w = abs(z - p.centre[c]) / scale
    noise = min(256.0 * EPS * (abs(s.argument[i]) / p.spread[i] + 1.0) / abs(s.den[i]), 1e-3)
    return size / (abs(z) + 1e-300), max(size / (scale * (1.0 + w * w)) - noise, 0.0)


@inner_kernel
def _update_sum(p, s, i):
    pivot = s.pivot[i]
    pivot_step = s.step[i] + divide(s.argument[i] - s.seen[i], s.den[i])
    far = _far(s.f[pivot], s.dk[pivot], p.spread[i])
    y = _common_value(s.f[pivot], s.df[pivot], pivot_step, far)
    relative, distance = 0.0, 0.0
    for c in range(p.first[i], p.last[i]):
        # F of a child far from its support is nearly its argument; next to a zero of its G it is not
        move = pivot_step if c == pivot else divide(_approach(s.f[c], y, far and abs(s.dk[c]) > 1.0), s.df[c])
        size, moved = _move(p, s, i, c, move)
        if size > relative or size != size:
            relative = size
        if moved > distance or moved != moved:
            distance = moved
    return relative, distance


@inner_kernel
def _update_product(p, s, i, root_log):
    if i == 0 and root_log:
        moved = s.argument[0] - s.log_argument[0]
    elif s.argument[i] == s.seen[i]:
        moved = 0j
    else:
        moved = log_upper(s.argument[i]) - s.log_argument[i]
    pivot = s.pivot[i]
    pivot_step = s.step[i] + divide(moved, s.den[i])
    h = s.f[pivot] + s.df[pivot] * pivot_step
    top = 2.0 * math.pi if p.signed[i] >= 0 else math.pi
    largest = 0.0
    for c in range(p.first[i], p.last[i]):
        step = pivot_step if c == pivot else divide(h - s.f[c], s.df[c])
        size = abs(step)
        if size > 1.0:
            # trust region: 1, or half of the way to the mean of the law from far away
            limit = 1.0
            if c != p.signed[i]:
                limit += 0.5 * abs(s.log_argument[c].real - math.log(p.centre[c]))
            if size > limit:
                step *= limit / size
                size = limit
        if size > largest or size != size:
            largest = size
        u = s.log_argument[c] + step
        ceiling = math.pi if c == p.signed[i] else top
        if u.imag < 0.0:
            u = complex(u.real, min(0.25 * s.log_argument[c].imag, -u.imag))
        elif u.imag > ceiling:
            u = complex(u.real, ceiling - min(0.25 * (ceiling - s.log_argument[c].imag), u.imag - ceiling))
        _set_log_argument(s, c, u)
    return largest


@inner_kernel
def pass_argument(p, s, i):
    """Set the arguments of the children of a node whose law is an explicit function of them."""
    kind = p.kind[i]
    c = p.first[i]
    z = s.argument[i]
    if kind == AFFINE:
        scale = p.params[p.offset[i]]
        _set_argument(s, c, (z - p.params[p.offset[i] + 1]) / scale, scale < 0.0)
    elif kind == INVERSE:
        _set_argument(s, c, divide(1.0 + 0j, z), True)
    elif kind == ROOT:
        _set_argument(s, c, z * z, z.real < 0.0)
    elif kind == SQUARE:
        w = cmath.sqrt(z)
        s.argument[c] = w
        s.flipped[c + 1] = True
        s.argument[c + 1] = complex(-w.real, w.imag)
    else:
        for e in range(c, p.last[i]):
            s.argument[e] = z


# ---------------------------------------------------------------------- certificate
@inner_kernel
def certify(p, s, tolerance):
    """INSIDE: all arguments in the upper half plane; OUTSIDE: all real and attracting; else FAILED.

    The proof goes from the leaves to the root. A node whose arguments lie in the open half plane has the right ones
    (Denjoy-Wolff); if one of them does, so do the others. Arguments that are all on the axis, or nearer to it than
    rounding lets know, are the right ones if the laws of the children are analytic there and the multiplier of the
    fixed-point map is below 1, D > 0 (Julia-Wolff-Caratheodory; Belinschi-Bercovici 2007); the law of the node is then
    analytic at its argument, too.
    At tolerances above 1e-9, on the way to a point, multipliers are not looked at. OUTSIDE asks that all arguments are
    exactly real and that no leaf has density at its own.
    """
    height = s.argument[0].imag
    real = height == 0.0 or (p.kind[0] == PRODUCT and p.signed[0] < 0 and height == math.pi)
    for i in range(p.kind.shape[0]):
        kind = p.kind[i]
        if kind < SUM:
            if s.argument[i].imag == 0.0 and s.k[i].imag != 0.0:
                real = False
            continue
        if kind > COMPOUND:
            continue
        on_axis = i == 0 or s.argument[i].imag == 0.0
        lifted = False
        if kind == PRODUCT:
            lifted, possible = _angles(p, s, i, tolerance)
            if not possible:
                return FAILED
        for c in range(p.first[i], p.last[i]):
            z = s.argument[c]
            if on_axis and z.imag != 0.0:
                real = False
            if kind != PRODUCT:
                # rounding of the equations, and of the arguments that solve them
                noise = _RESOLVED * (abs(s.argument[i]) + p.spread[i]) / (abs(s.d[i]) * abs(s.df[c]))
                noise = max(tolerance * (abs(z) + p.spread[c]), min(noise, 1e-6 * (abs(z) + p.spread[c])))
                if not z.imag >= s.argument[i].imag * (1.0 - 1e-8) - noise:
                    return FAILED
                lifted = lifted or z.imag > noise
        if not lifted and tolerance < 1e-9:
            if kind == PRODUCT:
                if not _product_attracts(p, s, i):
                    return FAILED
            elif not _attracts(s.d[i]):
                return FAILED
    return OUTSIDE if real else INSIDE


@inner_kernel
def _angles(p, s, i, tolerance):
    """Whether an argument of the children of a product lies off the axis, and whether all can be the right ones.

    Angles lie between that of the node and pi; those of the positive factors beside a signed one, by reflection.
    """
    signed = p.signed[i]
    angle = s.log_argument[i].imag
    size = 1.0 + abs(s.log_argument[i].real)
    tolerance = max(0.01 * tolerance * size + tolerance, min(_RESOLVED * size / abs(s.den[i]), 1e-6))
    lifted = angle > tolerance and angle < math.pi - tolerance
    if signed >= 0:
        own = s.log_argument[signed].imag
        lifted = lifted or (own > tolerance and own < math.pi - tolerance)
        angle = s.y[i].imag
        for c in range(p.first[i], p.last[i]):
            if c != signed:
                angle += p.weight[c] * (s.log_argument[c].imag - s.y[i].imag)
    reflected = angle > math.pi
    if reflected:
        angle = 2.0 * math.pi - angle
    for c in range(p.first[i], p.last[i]):
        if c != signed:
            own = s.log_argument[c].imag
            if reflected:
                own = 2.0 * math.pi - own
            if not (own >= angle * (1.0 - 1e-8) - tolerance and own <= math.pi + tolerance):
                return False, False
            lifted = lifted or (own > tolerance and own < math.pi - tolerance)
    return lifted, True


@inner_kernel
def is_real(p, s):
    """Whether all arguments that are solved for at real points are real, and the leaves have no density there.

    No leaf has its argument inside its support then: its self-energy is not real there.
    """
    for i in range(p.kind.shape[0]):
        kind = p.kind[i]
        if kind < SUM:
            if s.argument[i].imag == 0.0 and s.k[i].imag != 0.0:
                return False
        elif kind <= COMPOUND and (i == 0 or s.argument[i].imag == 0.0):
            for c in range(p.first[i], p.last[i]):
                if s.argument[c].imag != 0.0:
                    return False
    return True


@inner_kernel
def _line(angle):
    """Whether a logarithm with this imaginary part (near a multiple of pi) belongs to a negative number."""
    return abs(angle - math.pi) < 0.5 * math.pi


@inner_kernel
def _sign_of_slope(p, s, i, c):
    """Sign of d log H/d log x of a child at a real point, by theory where rounding hides it (next to an atom at 0)."""
    if abs(s.df[c].real) > 1e-8 or c == p.signed[i]:
        return math.copysign(1.0, s.df[c].real)
    return 1.0 if _line(s.log_argument[c].imag) == _line(s.f[c].imag) else -1.0


@inner_kernel
def _attracts(d):
    """Whether D next to the real line is positive, or cannot be told from it.

    Just inside an edge it is imaginary, and at the edge rounding error.
    """
    return d.real > 0.0 or abs(d.imag) > 0.5 * abs(d.real) or abs(d) < NOISY_SLOPE


@inner_kernel
def _product_attracts(p, s, i):
    """Real solution of a product: D has the sign that d log H/d log x of the result must have."""
    h = s.y[i]
    if p.signed[i] < 0:
        sign = 1.0 if _line(s.log_argument[i].imag) == _line(h.imag) else -1.0
        return _attracts(s.den[i] * (_sign_of_slope(p, s, i, s.pivot[i]) * sign))
    # binary product of the signed factor and the product of the positive ones: the derivative of the fixed point
    # map is 1 - D h_signed' h_positive'
    d = 1.0 + 0j
    u = h
    for c in range(p.first[i], p.last[i]):
        if c != p.signed[i]:
            d += p.weight[c] * (divide(1.0 + 0j, s.df[c]) - 1.0)
            u += p.weight[c] * (s.log_argument[c] - h)
    sign = 1.0 if _line(u.imag) == _line(h.imag) else -1.0
    return _attracts(d * sign) and _attracts(s.d[i] * s.df[p.signed[i]] * d)


# ---------------------------------------------------------------------- rounding error, log-potential
@inner_kernel
def rounding_error(p, s):
    """First-order bound of the rounding error of Y (or of h) at the root, from those of all nodes."""
    for i in range(p.kind.shape[0] - 1, -1, -1):
        kind = p.kind[i]
        if kind < SUM:
            z = s.argument[i]
            s.error[i] = 2.0 * EPS * (abs(s.k[i]) + abs(s.dk[i]) * abs(z - p.centre[i]))
        elif kind == SUM:
            slope = abs(s.df[s.pivot[i]])
            total = 2.0 * EPS * (abs(s.argument[i]) + p.spread[i]) * slope
            for c in range(p.first[i], p.last[i]):
                total += p.weight[c] * s.error[c] * (1.0 if c == s.pivot[i] else slope / abs(s.df[c]))
            s.error[i] = total / abs(s.den[i]) + EPS * abs(s.y[i])
        elif kind == PRODUCT:
            slope = abs(s.df[s.pivot[i]])
            total = EPS * (1.0 + abs(s.log_argument[i])) * slope
            for c in range(p.first[i], p.last[i]):
                relative = s.error[c] / abs(s.k[c]) * (1.0 if c == s.pivot[i] else slope / abs(s.df[c]))
                total += p.weight[c] * (relative + EPS * abs(s.log_argument[c] - s.y[i]) * slope)
            error = total / abs(s.den[i]) + EPS * abs(s.y[i])
            s.error[i] = error if i == 0 else error * abs(s.k[i])
        elif kind == COMPOUND:
            c = p.first[i]
            rate = p.params[p.offset[i]]
            v = s.argument[c]
            total = 2.0 * EPS * (abs(s.argument[i]) + p.spread[i])
            total += rate * abs(v) ** 2 / abs(s.f[c]) ** 2 * s.error[c]
            s.error[i] = total / abs(s.d[i]) + EPS * abs(v)
        else:
            total = 0.0
            for c in range(p.first[i], p.last[i]):
                total = max(total, s.error[c] / (abs(s.k[c]) + 1e-300))
            s.error[i] = (total + 2.0 * EPS) * abs(s.k[i])
    return s.error[0]


@inner_kernel
def log_potential(p, s, u):
    """∫ log(z - t) at the root: a critical value, so second-order accurate in the arguments.

    The multiplier of the constraint between them is added with its residual, which makes it stationary in all
    arguments separately and cancels their rounding errors.
    """
    for i in range(p.kind.shape[0] - 1, -1, -1):
        kind = p.kind[i]
        c = p.first[i]
        if kind < SUM:
            u[i] = leaf_potential(kind, p.params, p.offset[i], p.length[i], s.argument[i])
        elif kind == SUM:
            y = s.y[i]
            excess = -1.0
            residual = s.argument[i] - y
            u[i] = 0j
            for e in range(c, p.last[i]):
                u[i] += p.weight[e] * u[e]
                residual -= p.weight[e] * (s.argument[e] - y)
                excess += p.weight[e]
            u[i] += divide(residual, y) - excess * log_upper(y)
        elif kind == PRODUCT:
            h = s.y[i]
            excess = -1.0
            total = p.params[p.offset[i]] + 0j
            residual = s.log_argument[i] - p.params[p.offset[i]] - h
            for e in range(c, p.last[i]):
                total += p.weight[e] * (u[e].conjugate() + 2j * math.pi if s.flipped[e] else u[e])
                residual -= p.weight[e] * (s.log_argument[e] - h)
                excess += p.weight[e]
            # the logarithms of x and of the arguments cancel by the equation
            u[i] = total + excess * _log_psi(h) + divide(residual, -expm1_complex(-h))
        elif kind == COMPOUND:
            v = s.argument[c]
            rate = p.params[p.offset[i]]
            log_v = log_upper(v)
            u[i] = log_v + divide(s.argument[i] - v, v) + rate * (u[c] - log_v)
        elif kind == AFFINE:
            scale = p.params[p.offset[i]]
            u[i] = math.log(abs(scale)) + (u[c] if scale > 0.0 else u[c].conjugate() + 1j * math.pi)
        elif kind == INVERSE:
            at_zero = complex(p.params[p.offset[i]], p.params[p.offset[i] + 1])
            u[i] = log_upper(s.argument[i]) + (u[c] - at_zero).conjugate()
        elif kind == ROOT:
            u[i] = 0.5 * (u[c].conjugate() + 2j * math.pi if s.flipped[c] else u[c])
        elif kind == SQUARE:
            u[i] = u[c] + u[c + 1].conjugate() + 1j * math.pi
        elif kind == MIXTURE:
            u[i] = 0j
            for e in range(c, p.last[i]):
                u[i] += p.weight[e] * u[e]
        else:
            u[i] = complex(math.nan, math.nan)
    return u[0]


@inner_kernel
def _log_psi(h):
    """Log M with M = 1/(H - 1), on the branch of log(1 + M) - log H that is continuous from infinity."""
    psi = divide(1.0 + 0j, expm1_complex(h))
    one_plus = divide(1.0 + 0j, -expm1_complex(-h))
    near = (log_lower(one_plus) if h.imag <= math.pi else log_upper(one_plus)).imag - h.imag
    angle = math.atan2(psi.imag, psi.real)
    angle += 2.0 * math.pi * round((near - angle) / (2.0 * math.pi))
    return complex(math.log(math.hypot(psi.real, psi.imag)), angle)
