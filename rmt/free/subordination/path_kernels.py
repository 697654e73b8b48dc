"""Compiled paths to a solution: start, Newton iteration, homotopy in the imaginary part, the anchors next to a point.

The path to a point depends on the point alone, so its values do not depend on the points asked for with it.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

import cmath
import math

from rmt.free.expressions.leaf_kernels import divide, expm1_complex, leaf_self_energy, log_lower, log_upper
from rmt.free.subordination.newton_kernels import (
    AFFINE,
    COMPOUND,
    EPS,
    FAILED,
    INSIDE,
    INVERSE,
    NOISY_SLOPE,
    OUTSIDE,
    PRODUCT,
    ROOT,
    SQUARE,
    SUM,
    _set_log_argument,
    certify,
    is_real,
    linearise,
    log_potential,
    pass_argument,
    rounding_error,
    update,
)
from rmt.numerics.compilation.jit import inner_kernel, kernel

#: positivity of imaginary parts is tested up to this multiple of the modulus
TOLERANCE = 1e-13
#: the same on the way to a point, where Newton's iteration is stopped early
ROUGH_TOLERANCE = 1e-6
#: size of the next step (see update) below which a state counts as a solution
ARRIVED = 1e-7
#: larger steps are never taken for rounding
LARGEST_NOISE = 1e-4
#: the same inside the support, where it is all that rounding leaves next to an edge
AT_EDGE = 1e-6
#: and at a cusp, (4 eps)^(1/3)
AT_CUSP = 3e-5
#: steps down to a target, those that succeed among them
MOST_DESCENTS = 400
#: Newton steps at the point itself; next to an edge, a double root, they are halved only
PATIENCE = 40
#: the same from an anchor, where steps that do not shrink are given up
TRIAL = 30
#: change of the value below which a real state counts as a solution: just inside an edge there is none
SNAPPED = 1e-8


# ---------------------------------------------------------------------- start
@inner_kernel
def _weight(p, i):
    total = 0.0
    for c in range(p.first[i], p.last[i]):
        total += p.weight[c]
    return total


@inner_kernel
def _log_centre(p, i, skip):
    """Log of the mean of a product of positive laws (mean of a free product = product of the means)."""
    total = p.params[p.offset[i]]
    for c in range(p.first[i], p.last[i]):
        if c != skip:
            total += p.weight[c] * math.log(p.centre[c])
    return total


@inner_kernel
def start(p, s, root_log):
    """First guess of all arguments from the location of the laws alone."""
    for i in range(p.kind.shape[0]):
        kind = p.kind[i]
        c = p.first[i]
        if kind < SUM:
            continue
        if kind == SUM:
            for e in range(c, p.last[i]):
                s.argument[e] = s.argument[i] - p.centre[i] + p.centre[e]
        elif kind == COMPOUND:
            s.argument[c] = s.argument[i] - p.centre[i]
        elif kind == PRODUCT:
            _start_product(p, s, i, root_log)
        else:
            pass_argument(p, s, i)


@inner_kernel
def _start_product(p, s, i, root_log):
    u = s.argument[0] if i == 0 and root_log else log_upper(s.argument[i])
    signed = p.signed[i]
    d = u - _log_centre(p, i, signed)
    if signed < 0:
        if d.real <= 0.0:
            d = complex(d.real / _weight(p, i), max(d.imag, 2.0))
        for c in range(p.first[i], p.last[i]):
            _set_log_argument(s, c, math.log(p.centre[c]) + d)
        return
    _set_log_argument(s, signed, complex(d.real, min(max(d.imag, 0.1), math.pi - 0.1)))
    x = s.argument[signed]
    h = d - log_lower(p.centre[signed] + divide(complex(p.spread[signed] ** 2, 0.0), x - p.centre[signed]))
    h = complex(h.real, min(max(h.imag, 0.1), 2.0 * math.pi - 0.1))
    for c in range(p.first[i], p.last[i]):
        if c != signed:
            _set_log_argument(s, c, math.log(p.centre[c]) + h)


@inner_kernel
def sweep(p, s, root_log):
    """One averaged fixed-point step w_i <- (1 - 1/T) w_i + (z - Σ t_j k_j + k_i)/T, in logarithms for products.

    An average of self-maps of the half plane (or strip), so it never leaves it, whatever the number of factors; for
    equal factors it is the iteration of their free power (Belinschi and Bercovici 2007).
    """
    for i in range(p.kind.shape[0] - 1, -1, -1):
        kind = p.kind[i]
        c = p.first[i]
        if kind < SUM:
            s.k[i], s.dk[i] = leaf_self_energy(kind, p.params, p.offset[i], p.length[i], s.argument[i])
        elif kind == SUM:
            s.k[i] = 0j
            for e in range(c, p.last[i]):
                s.k[i] += p.weight[e] * s.k[e]
        elif kind == PRODUCT:
            log_k = p.params[p.offset[i]] + 0j
            for e in range(c, p.last[i]):
                part = log_lower(s.k[e])
                log_k += p.weight[e] * (part.conjugate() if s.flipped[e] else part)
            s.y[i] = log_k
            if i > 0 or not root_log:
                s.k[i] = cmath.exp(complex(log_k.real, min(max(log_k.imag, -math.pi), 0.0)))
        elif kind == COMPOUND:
            v = s.argument[c]
            s.k[i] = p.params[p.offset[i]] * v * divide(s.k[c], v - s.k[c])
        else:
            _sweep_explicit(p, s, i)
    for i in range(p.kind.shape[0]):
        kind = p.kind[i]
        c = p.first[i]
        if kind < SUM:
            continue
        if kind == SUM:
            share = 1.0 / _weight(p, i)
            for e in range(c, p.last[i]):
                z = (1.0 - share) * s.argument[e] + share * (s.argument[i] - s.k[i] + s.k[e])
                s.argument[e] = complex(z.real, max(z.imag, 0.0))
        elif kind == PRODUCT:
            _sweep_product(p, s, i, root_log)
        elif kind == COMPOUND:
            z = s.argument[i] - s.k[i]
            s.argument[c] = complex(z.real, max(z.imag, 0.0))
        else:
            pass_argument(p, s, i)


@inner_kernel
def _sweep_explicit(p, s, i):
    kind = p.kind[i]
    c = p.first[i]
    k = s.k[c].conjugate() if s.flipped[c] else s.k[c]
    z = s.argument[i]
    if kind == AFFINE:
        s.k[i] = p.params[p.offset[i]] * k + p.params[p.offset[i] + 1]
    elif kind == INVERSE:
        s.k[i] = divide(1.0 + 0j, k)
    elif kind == ROOT:
        s.k[i] = divide(k, z)
    elif kind == SQUARE:
        w = s.argument[c]
        k2 = s.k[c + 1].conjugate()
        g1 = divide(1.0 + 0j, w - k)
        g2 = divide(1.0 + 0j, w + k2)
        s.k[i] = divide((k * g1 - k2 * g2) * w, g1 + g2)
    else:  # mixture
        g = 0j
        m = 0j
        for e in range(c, p.last[i]):
            ge = divide(p.weight[e] + 0j, z - s.k[e])
            g += ge
            m += ge * s.k[e]
        s.k[i] = divide(m, g)


@inner_kernel
def _sweep_product(p, s, i, root_log):
    u = s.argument[0] if i == 0 and root_log else log_upper(s.argument[i])
    share = 1.0 / _weight(p, i)
    for c in range(p.first[i], p.last[i]):
        log_k = log_lower(s.k[c])
        if s.flipped[c]:
            log_k = log_k.conjugate()
        v = (1.0 - share) * s.log_argument[c] + share * (u - s.y[i] + log_k)
        ceiling = math.pi if p.signed[i] < 0 or c == p.signed[i] else 2.0 * math.pi
        _set_log_argument(s, c, complex(v.real, min(max(v.imag, 0.0), ceiling)))


# ---------------------------------------------------------------------- Newton
@inner_kernel
def value(p, s):
    """What is asked for, free of scale: zG for a product, G in units of the spread otherwise."""
    if p.kind[0] == PRODUCT:
        return divide(-1.0 + 0j, expm1_complex(-s.y[0]))
    return divide(complex(p.spread[0], 0.0), s.y[0])


@inner_kernel
def newton(p, s, root_log, iterations, tolerance):
    """Newton steps until the next one would be below rounding.

    Returns
    -------
    distance, change, count
        Estimates of the next step of the arguments (:func:`update`) and of the next change of the value; the number
        of steps. The linear models then belong to the last but one iterate and the arguments to the last: Y and k,
        being linear predictions, are as accurate as the arguments.
    """
    previous = math.inf
    distance, change = math.inf, math.inf
    old = complex(math.inf, 0.0)
    for it in range(iterations):
        linearise(p, s, root_log)
        size, distance = update(p, s, root_log)
        if not size < 1e300:
            return math.inf, math.inf, it + 1
        new = value(p, s)
        change = abs(new - old) if it > 0 else size * abs(new)
        old = new
        ratio = min(size / previous, 1.0) ** 2 if previous < 0.1 else 1.0  # quadratic convergence
        if size * ratio < tolerance:
            return distance * ratio, change * ratio, it + 1
        if it > 2 and size >= previous and distance < 1e-10:  # rounding floor
            return distance, change, it + 1
        if it >= 10 and iterations == TRIAL and size > 0.02:  # even next to an edge steps are halved
            return distance, change, it + 1
        previous = size
    return distance, change, iterations


@inner_kernel
def snap(p, s, root_log):
    """Real solution next to a nearly real state; returns its certificate, distance and change of the value."""
    if not _nearly_real(p, s, 1e-5):
        return FAILED, 1.0, 1.0
    size = 1.0
    distance, change = math.inf, math.inf
    old = complex(math.inf, 0.0)
    for it in range(8):
        _make_real(p, s)
        linearise(p, s, root_log)
        if not is_real(p, s):  # a leaf has density at its argument
            return FAILED, 1.0, 1.0
        before = size
        size, distance = update(p, s, root_log)
        if not distance < 1.0:
            return FAILED, 1.0, 1.0
        new = value(p, s)
        change = abs(new - old)
        old = new
        if (it > 0 and size < 2.0 * EPS) or (it > 2 and size >= before and distance < 1e-9):
            break
    if not _nearly_real(p, s, 1e-9):
        return FAILED, distance, change
    _make_real(p, s)
    linearise(p, s, root_log)
    # just inside an edge there is no real solution, and the value keeps moving; the scale of that edge may be far below
    # the spread that distances are measured in
    if distance < ARRIVED and change < SNAPPED * max(abs(value(p, s)), 1e-2):
        return certify(p, s, 1e-12), distance, change
    return FAILED, distance, change


@inner_kernel
def _solves_on_axis(p, s, i):
    """Whether a node at a real argument has to solve for those of its children."""
    return p.kind[i] in (SUM, PRODUCT, COMPOUND) and (i == 0 or s.argument[i].imag == 0.0)


@inner_kernel
def _nearly_real(p, s, tolerance):
    """Whether all arguments that are solved for at real points are within `tolerance` of the axis."""
    for i in range(p.kind.shape[0]):
        if _solves_on_axis(p, s, i):
            for c in range(p.first[i], p.last[i]):
                if s.argument[c].imag > tolerance * (abs(s.argument[c]) + p.spread[c]):
                    return False
    return True


@inner_kernel
def _make_real(p, s):
    for i in range(p.kind.shape[0]):
        if _solves_on_axis(p, s, i):
            for c in range(p.first[i], p.last[i]):
                if p.kind[i] == PRODUCT:
                    u = s.log_argument[c]
                    _set_log_argument(s, c, complex(u.real, math.pi * round(u.imag / math.pi)))
                else:
                    s.argument[c] = complex(s.argument[c].real, 0.0)
        elif p.kind[i] > COMPOUND:
            pass_argument(p, s, i)


# ---------------------------------------------------------------------- homotopy
@inner_kernel
def _copy(source, target):
    for i in range(source.argument.shape[0]):
        target.argument[i] = source.argument[i]
        target.log_argument[i] = source.log_argument[i]
        target.flipped[i] = source.flipped[i]


@inner_kernel
def descend(p, s, backup, other, root_log, target, height):
    """Solve at `target`, coming down from imaginary part `height`; returns certificate, step, change, count."""
    y = max(height, target.imag)
    s.argument[0] = complex(target.real, y)
    start(p, s, root_log)
    for _ in range(6):
        sweep(p, s, root_log)
    step, change, count = newton(p, s, root_log, 60, 1e-12)
    code = certify(p, s, TOLERANCE)
    if code == FAILED or step > 1e-6:
        # the averaged map contracts slowly at worst; take many steps of it before Newton
        start(p, s, root_log)
        for _ in range(200 + (int(min(4.0 * abs(target.real), 5000.0)) if root_log else 0)):
            sweep(p, s, root_log)
        step, change, extra = newton(p, s, root_log, 100, 1e-12)
        count += extra
    if y == target.imag:
        return _finish(p, s, backup, root_log, step, change, count)
    factor, smallest, lowest = 0.3, 0.02, 1e-12 * height
    if p.kind[0] == PRODUCT and not root_log:  # powers of z near 0, which are straight in its logarithm
        smallest, lowest = 1e-6, 1e-3 * abs(target)
    failures = 0
    for _ in range(MOST_DESCENTS):
        if failures > 40:
            break
        _copy(s, backup)
        lower = y * factor
        if lower <= target.imag or lower < lowest:
            lower = target.imag
        last = lower == target.imag
        linearise(p, s, root_log)
        s.argument[0] = complex(target.real, lower)
        update(p, s, root_log)
        step, change, used = newton(p, s, root_log, PATIENCE if last else 6, 2.0 * EPS if last else 1e-7)
        count += used + 1
        linearise(p, s, root_log)  # the certificate looks at the logarithms of the last linearisation
        good = step < 1e-2 and certify(p, s, ROUGH_TOLERANCE) != FAILED
        if last:
            code, step, change, count = _finish(p, s, other, root_log, step, change, count)
            if code != FAILED:
                return code, step, change, count
        elif good:
            y = lower
            if used <= 3:
                factor = max(smallest, factor * 0.6)
            continue
        failures += 1
        _copy(backup, s)
        s.argument[0] = complex(target.real, y)
        factor = 1.0 - 0.5 * (1.0 - factor) if factor > 0.5 else math.sqrt(factor)
    return FAILED, step, change, count


@inner_kernel
def criticality(p, s):
    """|dz/dG| in units of the spread, or |dz/dF| if that is larger: 0 where two or three solutions meet."""
    if p.kind[0] == PRODUCT:
        return abs(s.d[0])
    return abs(s.d[0]) * max(1.0, (abs(s.y[0]) / p.spread[0]) ** 2)


@inner_kernel
def _finish(p, s, backup, root_log, step, change, count):
    """Certify the state reached at the target, after making it real if it is so up to rounding.

    The linear models are left at the final state.
    """
    linearise(p, s, root_log)
    code = certify(p, s, TOLERANCE)
    # at a triple point Newton's steps stay finite; D says how much is left, and the error estimate knows. Next to an
    # edge of a product of many factors they stay as large as the rounding errors of the factors together
    arrived = ARRIVED
    if code == INSIDE:
        arrived = AT_CUSP if criticality(p, s) < NOISY_SLOPE else AT_EDGE
        if p.kind[0] == PRODUCT and step >= arrived:
            arrived = max(arrived, min(4.0 * rounding_error(p, s), LARGEST_NOISE))
    if not step < arrived:
        code = FAILED
    if code == OUTSIDE and not change < SNAPPED * max(abs(value(p, s)), 1e-2):
        code = FAILED
    on_axis = s.argument[0].imag == 0.0 or (root_log and s.argument[0].imag == math.pi)
    if code == OUTSIDE or not on_axis:
        return code, step, change, count + 1
    if code == INSIDE:
        reached = value(p, s)
        if abs(reached.imag) > 1e-6 * abs(reached):
            return code, step, change, count + 1
    _copy(s, backup)
    snapped, size, moved = snap(p, s, root_log)
    if snapped != FAILED:
        return snapped, size, moved, count + 4
    _copy(backup, s)
    linearise(p, s, root_log)
    if code == INSIDE:  # far out in a tail: imaginary parts far below the real ones are right after one more step
        update(p, s, root_log)
        linearise(p, s, root_log)
        code = certify(p, s, TOLERANCE)
    return code, step, change, count + 5


@inner_kernel
def _at_zero(p, s, root_log, change):
    """Whether the value is 0 up to rounding, at a point that is not a cusp."""
    size = abs(value(p, s))
    if p.kind[0] == PRODUCT and not root_log:  # the value is zG, and z may be small
        size *= p.spread[0] / max(abs(s.argument[0]), 1e-300)
    return (size < 1e-13 or change > 0.1 * size) and criticality(p, s) > NOISY_SLOPE


# ---------------------------------------------------------------------- anchors
#: cells in a unit of the coordinate on the coarsest level, and how many times more there are on the next
FIRST_CELLS, FINER_CELLS, LEVELS = 16, 32, 2
#: coordinate from which they are wider
FAR = 4.0


@inner_kernel
def _approach(p, s, backup, other, anchors, root_log, target, height):
    """Solve from the solution in the middle of the cell of the target, on one level after the other.

    Cells are those of log z for a product, of arsinh z for a sum (both relative to the law), an octave of the distance
    from the axis high.
    """
    centre, unit = (0.0, 1.0) if root_log else (p.centre[0], p.spread[0])
    logarithmic = p.kind[0] == PRODUCT
    if root_log:
        place, imag = target.real, target.imag
    elif logarithmic:
        u = log_upper(target / unit)
        place, imag = u.real, u.imag
    else:
        place, imag = math.asinh((target.real - centre) / unit), target.imag / unit
        if abs(place) > FAR:  # where Newton's iteration needs no near start
            place = math.copysign(FAR + (abs(place) - FAR) / FIRST_CELLS, place)
    beyond = logarithmic and imag > 0.5 * math.pi
    if beyond:
        imag = math.pi - imag
    row = 0
    if imag > 0.0:  # the middle of its octave
        row = 1100 + math.frexp(imag)[1]
        imag = 0.75 * 2.0 ** (row - 1100)
    if beyond:
        imag = math.pi - imag
    step, change, count = math.inf, math.inf, 0
    cells = FIRST_CELLS
    for level in range(LEVELS):
        cell = math.floor(place * cells)
        if abs(cell) > 1e12:
            break
        number = int(cell) * LEVELS + level
        key = (number * 4096 + row) * 2 + (1 if beyond else 0)
        slot = (number * 40503 + row * 977 + (1 if beyond else 0)) % anchors.key.shape[0]
        middle = (cell + 0.5) / cells
        cells *= FINER_CELLS
        if root_log:
            point = complex(middle, imag)
        elif logarithmic:
            point = complex(unit * math.exp(middle) * math.cos(imag), unit * math.exp(middle) * math.sin(imag))
            if row == 0:
                point = complex(point.real, 0.0)
        else:
            if abs(middle) > FAR:
                middle = math.copysign(FAR + (abs(middle) - FAR) * FIRST_CELLS, middle)
            point = complex(centre + unit * math.sinh(middle), unit * imag)
        if anchors.key[slot] != key:
            code, _, _, extra = descend(p, s, backup, other, root_log, point, height)
            count += extra
            anchors.key[slot] = key
            anchors.code[slot] = code
            for i in range(p.kind.shape[0]):
                anchors.argument[slot, i] = s.argument[i]
                anchors.log_argument[slot, i] = s.log_argument[i]
                anchors.flipped[slot, i] = s.flipped[i]
        if anchors.code[slot] == FAILED:
            continue
        for i in range(p.kind.shape[0]):
            s.argument[i] = anchors.argument[slot, i]
            s.log_argument[i] = anchors.log_argument[slot, i]
            s.flipped[i] = anchors.flipped[slot, i]
        s.argument[0] = point
        linearise(p, s, root_log)
        s.argument[0] = target
        update(p, s, root_log)
        step, change, extra = newton(p, s, root_log, TRIAL, EPS)
        count += extra
        code, step, change, count = _finish(p, s, backup, root_log, step, change, count)
        if code != FAILED:
            return code, step, change, count
    return FAILED, step, change, count


# ---------------------------------------------------------------------- an array of points
@kernel
def solve_points(p, s, backup, other, anchors, potentials, root_log, height, targets, want_potential, out):
    """Solve at every target (z, or log z if `root_log`), by a path that depends on the target alone.

    A target at a singularity of the coordinates is moved by a few ulp of the spread, also in `targets`.
    """
    for j in range(targets.shape[0]):
        target = targets[j]
        code, step, change, count = _approach(p, s, backup, other, anchors, root_log, target, height)
        if code == FAILED:
            code, step, change, extra = descend(p, s, backup, other, root_log, target, height)
            count += extra
        if code == FAILED or (target.imag == 0.0 and _at_zero(p, s, root_log, change)):
            # an isolated singularity of the coordinates (a zero of G in a gap): move by a few ulp
            nudge = 2.0**-48
            if not root_log:
                size = abs(target) if p.kind[0] == PRODUCT else p.spread[0]
                nudge = math.copysign(nudge * size, target.real)
            targets[j] = target + nudge
            code, step, change, extra = descend(p, s, backup, other, root_log, targets[j], height)
            count += extra
            if p.kind[0] == PRODUCT and not root_log:  # next to z = 0 the move is large
                change = max(change, abs(value(p, s)) * abs(nudge / targets[j]))
        out.code[j] = code
        out.step[j] = step
        out.change[j] = change
        out.count[j] = count
        if code == FAILED:
            continue
        out.y[j] = s.y[0]
        out.k[j] = s.k[0]
        out.d[j] = s.d[0]
        out.error[j] = rounding_error(p, s)
        if want_potential:
            out.potential[j] = log_potential(p, s, potentials)
        if out.arguments.shape[0] > 0:
            for i in range(p.kind.shape[0]):
                out.arguments[j, i] = s.argument[i].conjugate() if s.flipped[i] else s.argument[i]
