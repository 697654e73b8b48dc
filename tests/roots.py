"""Roots of a polynomial in mpmath, whose versions disagree about the order of the coefficients."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import mpmath as mp

_ORDERED = "asc" in inspect.signature(mp.polyroots).parameters


def polynomial_roots(coefficients: Sequence[Any], **options: Any) -> list[Any]:
    """Roots of Σ c_k x^k, from c_0 on: mpmath 1.3 reads the highest power first, 1.4 warns unless told the order."""
    if _ORDERED:
        return list(mp.polyroots(list(coefficients), asc=True, **options))
    return list(mp.polyroots(list(coefficients)[::-1], **options))
