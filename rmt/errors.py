"""Errors and warnings of the package, and the checks that raise them.

Every message names the argument, shows the value it got, says what is accepted, and what to do.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Iterable
from typing import Any


class ConvergenceError(ArithmeticError):
    """A computation could not be certified.

    Parameters
    ----------
    message : str
        What was computed, and the remedy.
    point : float or complex or None
        The argument at which it failed.
    residual : float or None
        Size of the last residual.
    """

    def __init__(self, message: str, *, point: complex | None = None, residual: float | None = None) -> None:
        self.point = point
        self.residual = residual
        details = []
        if point is not None:
            details.append(f"point {point!r}")
        if residual is not None:
            details.append(f"residual {residual:.3g}")
        super().__init__(f"{message} ({', '.join(details)})" if details else message)


class FreenessError(ValueError):
    """A free sum or product was asked for and nothing warrants that its terms are asymptotically free."""


class MomentConditionWarning(UserWarning):
    """A limit theorem does not cover these entries; the message names the moment that is missing."""


def check_count(name: str, value: Any, *, minimum: int = 1) -> int:
    """Return `value` as an ``int`` that is at least `minimum`.

    Raises
    ------
    TypeError
        If `value` is not an integer (``True`` and ``False`` are not).
    ValueError
        If it is smaller than `minimum`.
    """
    accepted = f"an integer >= {minimum}"
    if isinstance(value, bool):
        raise TypeError(f"{name} must be {accepted}, got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {accepted}, got {value!r} of type {type(value).__name__}") from None
    if number < minimum:
        raise ValueError(f"{name} must be {accepted}, got {number}")
    return number


def check_real(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Any:
    """Return `value`, a finite real number (``int``, ``float`` or ``Fraction``) inside the stated bounds.

    The number is returned as it came, so that exact parameters stay exact; NumPy scalars become Python ones.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is NaN, infinite or outside the bounds.
    """
    bounds = [
        text
        for text, active in (
            (f"> {above:g}", above > -math.inf),
            (f">= {at_least:g}", at_least > -math.inf),
            (f"< {below:g}", below < math.inf),
            (f"<= {at_most:g}", at_most < math.inf),
        )
        if active
    ]
    accepted = "a finite real number" + (" " + " and ".join(bounds) if bounds else "")
    if isinstance(value, (bool, str, bytes)):
        raise TypeError(f"{name} must be {accepted}, got {value!r}")
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {accepted}, got {value!r} of type {type(value).__name__}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    if not (above < number < below and at_least <= number <= at_most):
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    return value


def check_choice(name: str, value: Any, accepted: Iterable[str]) -> str:
    """Return `value` if it is one of the `accepted` names.

    Raises
    ------
    TypeError
        If `value` is not a string.
    ValueError
        If it is another name; the message gives the nearest ones, then all of them.
    """
    names = sorted(accepted)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(map(repr, names))}, got {value!r}")
    if value in names:
        return value
    near = difflib.get_close_matches(value, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise ValueError(f"unknown {name} {value!r}; {hint}accepted: {', '.join(map(repr, names))}")
