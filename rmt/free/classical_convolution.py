"""Classical convolution: the law of a sum of independent commuting variables."""

from __future__ import annotations

import functools
from collections import defaultdict
from fractions import Fraction
from typing import Any

from rmt.free.explicit.explicit_law import MixedLaw
from rmt.free.operations import boxplus, check_laws, mixture
from rmt.laws.atomic import Atomic, AtomicLaw
from rmt.laws.given.independent_sums import ClassicalSum
from rmt.laws.law import Law
from rmt.laws.maps.affine import Affine
from rmt.laws.named.classical_laws import Cauchy, Gaussian

#: atoms of a result beyond which it is refused
_MANY = 10**6


def classical_convolution(*laws: Law) -> Law:
    """Classical convolution μ ∗ ν ∗ ...: the law of a sum of independent variables of classical probability.

    Parameters
    ----------
    *laws : Law
        The summands; equal laws stand for different independent copies.

    Returns
    -------
    Law
        Exact for atomic laws (a mixture of shifts), Gaussian laws, and Cauchy laws (convolution with one is the same
        as free convolution). Else the density is an integral, by the tanh-sinh rule to about 1e-14; ``return_error``
        gives the difference of two step sizes. It enters free convolutions as a quadrature leaf. A law of unbounded
        support is cut where less than 1e-15 of its mass lies beyond, or a multiple of that distance.

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If no law is given, or the result would have more than a million atoms.

    Examples
    --------
    >>> from rmt.laws import Bernoulli, Rademacher, Uniform
    >>> classical_convolution(Bernoulli(), Bernoulli()).atoms
    ((0.0, 0.25), (1.0, 0.5), (2.0, 0.25))
    >>> classical_convolution(Uniform(), Uniform()).support[0].high
    2.0
    """
    check_laws("classical_convolution", laws)
    mixed = next((i for i, law in enumerate(laws) if isinstance(law, MixedLaw)), None)
    if mixed is not None:
        others = (*laws[:mixed], *laws[mixed + 1 :])
        parts, shares = zip(*laws[mixed].factors, strict=True)  # type: ignore[attr-defined]
        return mixture(*(classical_convolution(part, *others) for part in parts), weights=shares)
    atoms, gaussian, cauchy, rest = _sorted(laws)
    smooth = [*rest, *gaussian]
    total: Law | None = functools.reduce(ClassicalSum, smooth) if smooth else None
    if cauchy:
        total = cauchy[0] if total is None else boxplus(total, cauchy[0])
    if total is None:
        return atoms
    positions, weights = atoms._points()
    shifted = [total + a for a in positions]
    return shifted[0] if len(shifted) == 1 else mixture(*shifted, weights=weights)


def _sorted(laws: tuple[Law, ...]) -> tuple[AtomicLaw, list[Law], list[Law], list[Law]]:
    """All atomic laws as one, all Gaussian ones as one, all Cauchy ones as one, and the others in a fixed order."""
    atoms: AtomicLaw = Atomic((0,), (1,))
    gaussian: list[Law] = []
    cauchy: list[Law] = []
    rest: list[Law] = []
    for law in laws:
        if isinstance(law, AtomicLaw):
            atoms = _atomic(atoms, law)
        elif isinstance(law, Gaussian):
            before = gaussian.pop() if gaussian else None
            assert before is None or isinstance(before, Gaussian)
            mean, variance = (0, 0) if before is None else (before._mean, before.variance)
            gaussian.append(Gaussian(mean + law._mean, variance + law.variance))
        elif isinstance(law, Cauchy):
            before = cauchy.pop() if cauchy else None
            assert before is None or isinstance(before, Cauchy)
            location, scale = (0, 0) if before is None else (before.location, before.scale)
            cauchy.append(Cauchy(location + law.location, scale + law.scale))
        elif isinstance(law, Affine) and law.scale == 1:
            atoms = _atomic(atoms, Atomic((law.shift,), (1,)))
            rest.append(law.base)
        elif isinstance(law, ClassicalSum):
            rest += [law.first, law.second]
        else:
            rest.append(law)
    return atoms, gaussian, cauchy, sorted(rest, key=repr)


def _atomic(first: AtomicLaw, second: AtomicLaw) -> AtomicLaw:
    (a, p), (b, q) = first._points(), second._points()
    if len(a) * len(b) > _MANY:
        raise ValueError(
            f"classical_convolution of {len(a)} and {len(b)} atoms would have up to {len(a) * len(b)}, more than "
            f"{_MANY}; put one of the laws on fewer points"
        )
    masses: dict[Any, Any] = defaultdict(int)
    for x, m in zip(a, p, strict=True):
        for y, n in zip(b, q, strict=True):
            masses[x + y] += m * n
    total = sum(map(Fraction, masses.values()), Fraction(0))
    weights = list(masses.values()) if total == 1 else [float(m / total) for m in map(Fraction, masses.values())]
    return Atomic(list(masses), weights)
