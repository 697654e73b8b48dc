"""A polynomial and its derivative at a point, in any arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def with_derivative(coefficients: Sequence[Any], x: Any) -> tuple[Any, Any]:
    """Value and derivative of the polynomial with these coefficients, the highest power first."""
    value, slope = coefficients[0], 0 * x
    for c in coefficients[1:]:
        value, slope = value * x + c, slope * x + value
    return value, slope
