"""Values with many digits of laws without an equation, by the subordination equations of their expression in mpmath."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError
from rmt.exact.curves import CurveBuilder
from rmt.exact.horner import with_derivative
from rmt.exact.rings import require_flint, ring
from rmt.free.expressions import tree
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.exact_moments import moments as series_moments
from rmt.laws.law import Law
from rmt.laws.named.classical_laws import Gaussian
from rmt.laws.named.uniform import Uniform

#: steps of Newton's method
_STEPS = 60


def tree_value(law: Law, name: str, x: Any, digits: int) -> Any:
    """pdf, cdf, sf or stieltjes at a point."""
    import mpmath

    _check_leaves(law)
    with mpmath.workdps(digits + 15):
        z = _number(x)
        if name == "stieltjes":
            value = _Tree(law).transform(mpmath.mpc(z))
        elif name == "pdf":
            value = _Tree(law).transform(mpmath.mpc(z))
            value = max(-value.imag / mpmath.pi, mpmath.mpf(0)) if float(law.pdf(float(x))) else mpmath.mpf(0)
        else:
            above = _mass_above(law, z, digits)
            value = above if name == "sf" else 1 - above
        return +value


def _number(x: Any) -> Any:
    import mpmath

    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpmath.mpmathify(x)


def _check_leaves(law: Law) -> None:
    for node in tree.post_order(tree.node_of(law)):
        if isinstance(node, tree.Leaf):
            _leaf_transform(node.law)


def _leaf_transform(law: Law) -> Callable[[Any, complex], Any]:
    """G of a named law in mpmath, next to its value in double precision.

    Raises
    ------
    ValueError
        If it is known in double precision only.
    """
    import mpmath

    kept = law.__dict__.get("_mpmath")
    if kept is not None:
        found: Callable[[Any, complex], Any] = kept
        return found
    if isinstance(law, Uniform):
        low, high = _exact(law.low), _exact(law.high)

        def uniform(z: Any, near: complex) -> Any:
            return (mpmath.log(z - low()) - mpmath.log(z - high())) / (high() - low())

        made: Callable[[Any, complex], Any] = uniform
    elif isinstance(law, Gaussian):
        mean, variance = _exact(law._mean), _exact(law.variance)

        def gaussian(z: Any, near: complex) -> Any:
            scale = mpmath.sqrt(2 * variance())
            w = (z - mean()) / scale
            # −i √π erfc(−i w) exp(−w²)/scale in the upper half plane
            return -1j * mpmath.sqrt(mpmath.pi) * mpmath.exp(-w * w) * mpmath.erfc(-1j * w) / scale

        made = gaussian
    else:
        try:
            r = ring((), binary=True)
            p = CurveBuilder(r, {}).of_law(law)
        except ValueError as error:
            raise ValueError(
                f"{law!r} is known in double precision only, so that no more digits can be had; laws with more are the "
                "algebraic ones, Uniform and Gaussian, and what free operations make of them"
            ) from error
        table: dict[int, list[tuple[int, int]]] = {}
        for monomial, c in p.to_dict().items():
            table.setdefault(int(monomial[0]), []).append((int(monomial[1]), int(c)))

        def algebraic(z: Any, near: complex) -> Any:
            degree = max(table)
            coefficients = [sum((c * z**j for j, c in table.get(i, [])), mpmath.mpc(0)) for i in range(degree, -1, -1)]
            g = mpmath.mpc(near)
            for _ in range(_STEPS):
                value, slope = with_derivative(coefficients, g)
                step = value / slope if slope else mpmath.mpc(0)
                g -= step
                if abs(step) <= abs(g) * mpmath.mpf(10) ** (-mpmath.mp.dps + 3):
                    return g
            raise ConvergenceError(f"G of {law!r} did not converge in {mpmath.mp.dps} digits", point=complex(z))

        made = algebraic
    law.__dict__["_mpmath"] = made
    return made


def _exact(value: Any) -> Callable[[], Any]:
    import mpmath

    fraction = Fraction(value)
    return lambda: mpmath.mpf(fraction.numerator) / fraction.denominator


class _Tree:
    """The transform of one law."""

    def __init__(self, law: Law) -> None:
        self._law = law

    def transform(self, z: Any) -> Any:
        """G at a point of the closed upper half plane."""
        return self._of(tree.node_of(self._law), z, None)

    def _of(self, node: Any, z: Any, near: complex | None) -> Any:
        import mpmath

        if isinstance(node, tree.Leaf):
            start = complex(node.law.stieltjes(_point(z)))
            return _leaf_transform(node.law)(z, start)
        if isinstance(node, tree.AffineNode):
            scale, shift = _exact(node.scale)(), _exact(node.shift)()
            w = (z - shift) / scale
            if scale < 0:
                return mpmath.conj(self._of(node.child, mpmath.conj(w), None)) / scale
            return self._of(node.child, w, None) / scale
        if isinstance(node, tree.Mixture):
            return sum((_exact(p)() * self._of(c, z, None) for c, p in node.terms), mpmath.mpc(0))
        if isinstance(node, tree.BooleanSum):
            f = z + sum((_exact(t)() * (1 / self._of(c, z, None) - z) for c, t in node.terms), mpmath.mpc(0))
            return 1 / f
        if isinstance(node, tree.Monotone):
            return self._of(node.first, 1 / self._of(node.second, z, None), None)
        if isinstance(node, tree.SymmetricRoot):
            w = z * z
            below = w.imag < 0 or (w.imag == 0 and z.real < 0)
            g = self._of(node.child, mpmath.conj(w) if below else w, None)
            return z * (mpmath.conj(g) if below else g)
        if isinstance(node, tree.Square):
            root = mpmath.sqrt(z)
            minus = mpmath.conj(self._of(node.child, -mpmath.conj(root), None))
            return (self._of(node.child, root, None) - minus) / (2 * root)
        if isinstance(node, tree.Inverse):
            g = mpmath.conj(self._of(node.child, mpmath.conj(1 / z), None))
            return 1 / z - g / (z * z)
        return self._convolved(node, z)

    def _convolved(self, node: Any, z: Any) -> Any:
        """Newton's method on the subordination equations, from their solution in double precision."""
        import mpmath

        law = law_of(node)
        omegas = [mpmath.mpc(w) for w in np.atleast_1d(np.array(law.subordination(_point(z)), dtype=complex)).tolist()]
        children = node.children
        weights = [_exact(t)() for t in node.weights]
        total = sum(weights, mpmath.mpf(0))

        def transforms(points: list[Any]) -> list[Any]:
            return [self._of(c, w, None) for c, w in zip(children, points, strict=True)]

        turns = None
        if node.kind == "product":
            g = transforms(omegas)
            m = omegas[0] * g[0] - 1
            lead = sum((t * mpmath.log(w) for t, w in zip(weights, omegas, strict=True)), mpmath.mpc(0))
            lead -= mpmath.log(z) + (total - 1) * mpmath.log((1 + m) / m)
            turns = 2j * mpmath.pi * round(float(lead.imag / (2 * mpmath.pi)))

        def residuals(points: list[Any]) -> list[Any]:
            g = transforms(points)
            if node.kind == "sum":
                first = sum((t * w for t, w in zip(weights, points, strict=True)), mpmath.mpc(0))
                return [first - (total - 1) / g[0] - z, *(h - g[0] for h in g[1:])]
            if node.kind == "compound":
                u = points[0]
                return [u + _exact(node.rate)() * u * (u * g[0] - 1) - z]
            ms = [w * h - 1 for w, h in zip(points, g, strict=True)]
            lead = sum((t * mpmath.log(w) for t, w in zip(weights, points, strict=True)), mpmath.mpc(0))
            lead -= mpmath.log(z) + (total - 1) * mpmath.log((1 + ms[0]) / ms[0]) + turns
            return [lead, *(h - ms[0] for h in ms[1:])]

        last = None
        for _ in range(_STEPS):
            now = residuals(omegas)
            size = len(omegas)
            jacobian = mpmath.matrix(size, size)
            for j, w in enumerate(omegas):
                h = mpmath.mpf(10) ** (-mpmath.mp.dps // 2) * (1 + abs(w))
                moved = residuals([*omegas[:j], w + h, *omegas[j + 1 :]])
                for i in range(size):
                    jacobian[i, j] = (moved[i] - now[i]) / h
            step = mpmath.lu_solve(jacobian, mpmath.matrix(now))
            omegas = [w - s for w, s in zip(omegas, step, strict=True)]
            largest = max(abs(s) / (1 + abs(w)) for s, w in zip(step, omegas, strict=True))
            if largest < mpmath.mpf(10) ** (-mpmath.mp.dps // 2 - 6):
                # the next step is below the precision
                now = residuals(omegas)
                step = mpmath.lu_solve(jacobian, mpmath.matrix(now))
                omegas = [w - s for w, s in zip(omegas, step, strict=True)]
                break
            if last is not None and largest > last > 1e-3:
                raise ConvergenceError(f"the digits of {law!r} did not converge", point=complex(z))
            last = largest
        if node.kind == "compound":
            return 1 / omegas[0]
        g = self._of(children[0], omegas[0], None)
        return g if node.kind == "sum" else omegas[0] * g / z


def _point(z: Any) -> Any:
    return complex(z) if z.imag else float(z.real)


def _mass_above(law: Law, x: Any, digits: int) -> Any:
    """Im U/π: the series of U far above x, and Gauss-Legendre rules down to it on pieces that halve."""
    import mpmath

    low, high = law._hull()
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(
            f"masses of {law!r} with many digits need a bounded law or an equation; take pdf, or cdf without digits="
        )
    if not low < float(x) < high:
        return mpmath.mpf(int(float(x) <= low))
    reach = mpmath.mpf(max(abs(low), abs(high)))
    count = int(digits * 3.4 / 2) + 10
    moments = series_moments(law, count)
    top = mpmath.mpc(x, 5 * reach)
    t = 1 / top
    total = mpmath.log(top) - sum(
        (mpmath.mpf(m.numerator) / m.denominator * t**k / k for k, m in enumerate(moments) if k), mpmath.mpc(0)
    )
    tree_of_law = _Tree(law)
    heights = [5 * reach]
    while heights[-1] > reach * mpmath.mpf(10) ** -3:
        heights.append(heights[-1] / 2)
    nodes, weights = _gauss(int(1.1 * digits) + 12)
    for above, below in itertools.pairwise([*heights, mpmath.mpf(0)]):
        half, middle = (above - below) / 2, (above + below) / 2
        values = [tree_of_law.transform(mpmath.mpc(x, middle + half * s)) for s in nodes]
        total -= 1j * half * sum((w * g for w, g in zip(weights, values, strict=True)), mpmath.mpc(0))
    return total.imag / mpmath.pi


def _gauss(count: int) -> tuple[list[Any], list[Any]]:
    """Nodes and weights of Gauss's rule in mpmath."""
    import mpmath

    start, _ = np.polynomial.legendre.leggauss(count)
    nodes, weights = [], []
    for s in start.tolist():
        x = mpmath.mpf(s)
        for _ in range(8):
            p, q = mpmath.mpf(1), x
            for k in range(2, count + 1):
                p, q = q, ((2 * k - 1) * x * q - (k - 1) * p) / k
            slope = count * (x * q - p) / (x * x - 1)
            step = q / slope
            x -= step
            if abs(step) < mpmath.mpf(10) ** (-mpmath.mp.dps + 3):
                break
        nodes.append(x)
        weights.append(2 / ((1 - x * x) * slope * slope))
    return nodes, weights


def tree_inverse(law: Law, name: str, g: Any, digits: int, near: complex) -> Any:
    """R or S as the inverse of G or M, by Newton's method."""
    import mpmath

    _check_leaves(law)
    with mpmath.workdps(digits + 15):
        at = _number(g)
        z = near + 1 / complex(at) if name == "r_transform" else (1 + complex(at)) / (complex(at) * near)
        z = mpmath.mpmathify(z)
        transform = _Tree(law).transform
        for _ in range(_STEPS):
            lower = z.imag < 0

            def value(w: Any, lower: bool = lower) -> Any:
                found = transform(mpmath.mpc(mpmath.conj(w) if lower else w))
                found = mpmath.conj(found) if lower else found
                return found if name == "r_transform" else w * found - 1

            h = mpmath.mpf(10) ** (-mpmath.mp.dps // 3) * (1 + abs(z))
            now = value(z)
            slope = (value(z + h) - value(z - h)) / (2 * h)
            step = (now - at) / slope
            z -= step
            if abs(step) < abs(z) * mpmath.mpf(10) ** (-digits - 5):
                found = z - 1 / at if name == "r_transform" else (1 + at) / (at * z)
                return +(found if isinstance(g, complex) else found.real)
    raise ConvergenceError(f"{name} of {law!r} at {g!r} did not converge in {digits} digits")


def leaf_edges(law: Law, digits: int) -> tuple[Any, ...]:
    """Edges of a law without an equation: those of a named law; of others, where dz/dG = 0."""
    import mpmath

    require_flint()
    if isinstance(law, Uniform):
        with mpmath.workdps(digits + 5):
            return _exact(law.low)(), _exact(law.high)()
    tree_of_law = _Tree(law)
    out = []
    with mpmath.workdps(2 * digits + 20):
        for i in law.support:
            for e, side in ((i.low, -1), (i.high, 1)):
                if math.isfinite(e):
                    out.append(_soft_edge(tree_of_law, e, side, i.high - i.low, digits))
    return tuple(out)


def _soft_edge(tree_of_law: _Tree, edge: float, side: int, width: float, digits: int) -> Any:
    """The zero of 1/G′(z) outside the support, extrapolated: (G′)^−2 is linear in the distance there."""
    import mpmath

    x = mpmath.mpf(edge) + side * mpmath.mpf(width) * mpmath.mpf(10) ** -6
    for _ in range(_STEPS):
        h = abs(x - edge) * mpmath.mpf(10) ** (-digits // 3) + mpmath.mpf(10) ** (-digits)

        def flat(y: Any, h: Any = h) -> Any:
            g = [tree_of_law.transform(mpmath.mpc(y + d)).real for d in (-h, h)]
            return (2 * h / (g[1] - g[0])) ** 2

        d = abs(x - edge) / 100 + mpmath.mpf(10) ** (-digits)
        slope = (flat(x + d) - flat(x - d)) / (2 * d)
        step = flat(x) / slope
        if abs(step) < mpmath.mpf(10) ** (-digits - 2) * abs(x):
            return x - step
        x -= step * (1 - mpmath.mpf(10) ** -3)
    raise ConvergenceError(
        "an edge did not converge in many digits; ask the law for it in double precision", point=edge
    )
