"""What ``Law.from_stieltjes``, ``Law.from_r_transform`` and ``Law.from_s_transform`` do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.laws.atomic import Atomic
from rmt.laws.given.density import as_pairs, require_callable
from rmt.laws.given.green import TransformLaw
from rmt.laws.given.inverted import InvertedLaw, RTransformLaw, STransformLaw
from rmt.laws.law import Law
from rmt.numerics.functions.continuation import Function


def stieltjes_law(stieltjes: Function, bounds: Any) -> Law:
    """Implement :meth:`rmt.laws.Law.from_stieltjes`."""
    require_callable("stieltjes", stieltjes)
    pairs = as_pairs("bounds", bounds)
    if len(pairs) != 1 or not all(map(math.isfinite, pairs[0])):
        raise ValueError(f"bounds must be one pair of finite numbers, got {bounds!r}")
    return TransformLaw(stieltjes, pairs[0]).validated()


def r_transform_law(r_transform: Function) -> Law:
    """Implement :meth:`rmt.laws.Law.from_r_transform`."""
    require_callable("r_transform", r_transform)
    law = RTransformLaw(r_transform)
    first = _first(law)
    if first.imag > 1e-12 * (abs(first) + law._chart.scale):
        raise ValueError(
            f"r_transform must have an imaginary part <= 0 at g = 0, where it is the mean, got {first!r}: G would lie "
            "in the upper half plane"
        )
    if _is_constant(law):
        if abs(first.imag) <= 1e-12 * abs(first):
            return Atomic((first.real,), (1,))
        from rmt.laws.named.classical_laws import Cauchy

        return Cauchy(first.real, -first.imag)
    return _simplest(law.validated())


def s_transform_law(s_transform: Function) -> Law:
    """Implement :meth:`rmt.laws.Law.from_s_transform`."""
    require_callable("s_transform", s_transform)
    law = STransformLaw(s_transform)
    first = _first(law)
    coefficients = law._chart.coefficients
    if coefficients is not None:
        if not (abs(first.imag) <= 1e-12 * abs(first) and first.real > 0.0):
            raise ValueError(
                f"s_transform must be > 0 at m = 0, where it is 1/mean, got {first!r}; a law of mean zero has no "
                "S-transform (Rao-Speicher 2007)"
            )
        if _is_constant(law):
            return Atomic((1.0 / first.real,), (1,))
    else:
        beside = law._chart.at_one(-1e-9)
        if not (beside.real > 0.0 and abs(beside.imag) <= 1e-9 * abs(beside)):
            raise ValueError(
                f"s_transform must be > 0 next to m = 0-, got {beside!r} at m = -1e-9; S(0) is 1/mean, 0 where the "
                "mean is infinite; a law of mean zero has no S-transform (Rao-Speicher 2007)"
            )
    return _simplest(law.validated())


def _first(law: InvertedLaw) -> complex:
    """The value at 0.

    Raises
    ------
    ValueError
        If the function is not finite next to 0.
    """
    coefficients = law._chart.coefficients
    beside = law._chart.at_one(-1e-9 - 1e-9j)
    if not np.isfinite(beside):
        raise ValueError(f"{law._transform} must be finite next to 0, got {beside!r} at -1e-9-1e-9j")
    if coefficients is None:
        return 0j
    first = complex(coefficients[0])
    return complex(first.real, 0.0) if abs(first.imag) <= 1e-14 * np.abs(coefficients).max() else first


def _is_constant(law: InvertedLaw) -> bool:
    coefficients = law._chart.coefficients
    return coefficients is not None and not np.any(coefficients[1:])


def _simplest(law: InvertedLaw) -> Law:
    """The law itself, or the atomic law that it is."""
    if law._intervals():
        return law
    total = math.fsum(m for _, m in law.atoms)  # 1 to rounding: the law was validated
    return Atomic(tuple(a for a, _ in law.atoms), tuple(m / total for _, m in law.atoms))
