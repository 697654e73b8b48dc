"""Values of laws with any number of digits, as mpmath numbers.

Laws with an equation are enclosed by balls of the precision that is asked, so that all digits are right. Others solve
the same subordination equations as in double precision, by Newton's method in mpmath (:mod:`rmt.exact.tree_digits`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from rmt.errors import ConvergenceError, check_choice, check_count, check_real
from rmt.exact.algebraic_numbers import arb_ends
from rmt.exact.enclosures import enclose_ball
from rmt.exact.equation import Equation, equation_of, in_variable
from rmt.exact.horner import with_derivative
from rmt.exact.sheets import working_bits
from rmt.laws.law import Law

#: most digits
_MOST = 5000
#: monomials up to which an equation is made for digits
_SIZE = 3000
_NAMES = ("pdf", "cdf", "sf", "ppf", "stieltjes", "r_transform", "s_transform", "moment", "moments", "edges")


def with_digits(law: Law, name: str, argument: Any, digits: Any) -> Any:
    """Value of a method of a law with this many right digits.

    Parameters
    ----------
    law : Law
    name : str
        Of the method.
    argument : number, or sequence of them
        What the method takes; an ndarray gives an ndarray of mpmath numbers.
    digits : int

    Raises
    ------
    ValueError
        If a law in the expression is known in double precision only.
    """
    check_choice("name", name, _NAMES)
    count = check_count("digits", digits, maximum=_MOST)
    if name == "edges":
        return _edges(law, count)
    if name in ("moment", "moments"):
        return _moments(law, name, argument, count)
    function = _function(law, name, count)
    if isinstance(argument, list | tuple | np.ndarray):
        points = np.asarray(argument, dtype=object)
        out = np.empty(points.shape, dtype=object)
        for place, point in np.ndenumerate(points):
            out[place] = function(point)
        return out
    return function(argument)


def _equation(law: Law) -> Equation | None:
    """The equation with floats as the binary numbers they store, or None."""
    kept = law.__dict__.get("_digits_equation", 0)
    if kept == 0:
        try:
            kept = equation_of(law, limit=_SIZE, binary=True)
            if not kept.seed:
                kept = None
        except (ValueError, ImportError, ConvergenceError):
            kept = None
        law.__dict__["_digits_equation"] = kept
    found: Equation | None = kept
    return found


def _function(law: Law, name: str, digits: int) -> Callable[[Any], Any]:
    equation = _equation(law)
    if name == "ppf":
        return lambda u: _quantile(law, u, digits)
    if name in ("r_transform", "s_transform"):
        return lambda g: _inverse_function(law, equation, name, g, digits)
    if equation is not None:
        return lambda x: _by_balls(equation, name, x, digits)
    from rmt.exact.tree_digits import tree_value

    return lambda x: tree_value(law, name, x, digits)


def _by_balls(equation: Equation, name: str, x: Any, digits: int) -> Any:
    """Raise the precision until the ball is small enough."""
    import mpmath

    if name in ("cdf", "sf", "pdf"):
        real = Fraction(x) if isinstance(x, int | float | Fraction) else None
        ends = equation.critical_points
        if real is not None and name in ("cdf", "sf") and (real <= ends[0] or real >= ends[-1]):
            outside = real < ends[0] or (real == ends[0] and not _atom_at(equation, real))
            return mpmath.mpf(int(outside == (name == "sf")))
    bits = int(3.33 * digits) + 40
    for _ in range(6):
        ball = enclose_ball(equation, x, name, bits)
        parts = (ball.real, ball.imag) if name == "stieltjes" else (ball,)
        size = max(float(abs(p).mid()) for p in parts)
        with working_bits(bits):
            good = all(_is_sharp(p, size, digits) for p in parts)
        if good:
            with mpmath.workdps(digits + 5):
                values = [_number(p) for p in parts]
                return mpmath.mpc(*values) if name == "stieltjes" else values[0]
        bits *= 2
    raise ConvergenceError(f"{digits} digits of {name} at {x!r} were not reached", point=None)


def _atom_at(equation: Equation, x: Fraction) -> bool:
    return any(place == x for place, _ in equation.poles())


def _is_sharp(ball: Any, size: float, digits: int) -> bool:
    low, high = arb_ends(ball)
    return high - low <= Fraction(10) ** -(digits + 1) * max(abs(low), abs(high), Fraction(size) / 10**6)


def _number(ball: Any) -> Any:
    import mpmath

    low, high = arb_ends(ball)
    middle = (low + high) / 2
    return mpmath.mpf(middle.numerator) / middle.denominator


def _edges(law: Law, digits: int) -> tuple[Any, ...]:
    equation = _equation(law)
    if equation is not None:
        return tuple(edge.digits(digits) for edge in equation.edges())
    from rmt.exact.tree_digits import leaf_edges

    return leaf_edges(law, digits)


def _moments(law: Law, name: str, k: Any, digits: int) -> Any:
    import mpmath

    order = check_count("k", k, minimum=0 if name == "moment" else 1)
    with mpmath.workdps(digits + 5):
        values = [mpmath.mpf(m.numerator) / m.denominator for m in map(Fraction, law._exact_moments(order))]
    return values[order] if name == "moment" else tuple(values[1:])


def _quantile(law: Law, u: Any, digits: int) -> Any:
    """Newton's method on the distribution function, digits doubled in each step."""
    import mpmath

    check_real("u", u, at_least=0.0, at_most=1.0)
    start = float(law.ppf(float(u)))
    if any(a == start for a, _ in law.atoms) or not 0.0 < float(u) < 1.0:
        places = [e for e in _edges(law, digits) if abs(float(e) - start) <= 1e-12 * (1 + abs(start))]
        return places[0] if places else mpmath.mpf(start)
    known = 12
    with mpmath.workdps(digits + 10):
        level = mpmath.mpf(u.numerator) / u.denominator if isinstance(u, Fraction) else mpmath.mpf(u)
        x = mpmath.mpf(start)
        while True:
            wanted = min(2 * known + 4, digits + 6)
            slope = with_digits(law, "pdf", x, known)
            step = (with_digits(law, "cdf", x, wanted + 4) - level) / slope
            x -= step
            small = abs(step) < mpmath.mpf(10) ** -(digits + 2) * (abs(x) + abs(step)) or 2 * known >= digits + 6
            if small and known >= digits // 2 and abs(step) < mpmath.mpf(10) ** (-known // 2):
                return +x
            known = min(2 * known, digits + 6)
            if not mpmath.isfinite(x) or abs(step) > 1e3 * (1 + abs(start)):
                raise ConvergenceError(f"the quantile of {law!r} at {u!r} did not converge", point=start)


def _inverse_function(law: Law, equation: Equation | None, name: str, g: Any, digits: int) -> Any:
    """R or S: the root of its polynomial next to the value in double precision."""
    import mpmath

    near = complex(getattr(law, name)(complex(g) if isinstance(g, complex) else float(g)))
    if equation is None:
        from rmt.exact.tree_digits import tree_inverse

        return tree_inverse(law, name, g, digits, near)
    p = in_variable(equation, "R" if name == "r_transform" else "S")
    with mpmath.workdps(digits + 20):
        at = mpmath.mpmathify(Fraction(g).numerator) / Fraction(g).denominator if not isinstance(g, complex) else g
        coefficients = [mpmath.mpf(0)] * (p.degrees[0] + 1)
        for (i, j), c in p.terms:
            coefficients[p.degrees[0] - i] += c * mpmath.mpmathify(at) ** j
        value = mpmath.mpmathify(near if isinstance(g, complex) else near.real)
        for _ in range(math.ceil(math.log2(digits + 20)) + 6):
            f, slope = with_derivative(coefficients, value)
            if slope == 0:
                break
            step = f / slope
            value -= step
            if abs(step) <= mpmath.mpf(10) ** -(digits + 8) * abs(value):
                if abs(value - near) > 1e-6 * (1 + abs(near)):
                    break
                return +value
    raise ConvergenceError(f"{name} of {law!r} at {g!r} did not converge; two branches meet near there")
