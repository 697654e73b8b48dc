"""Moments of large random matrices from products with random vectors, without eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_count, check_generator
from rmt.numerics.randomness.spawning import spawned

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TraceMoments:
    """Estimates of (1/n) E Tr X^k for k = 1, …, order.

    Attributes
    ----------
    values : ndarray
        Complex for a matrix that is not Hermitian and not real.
    errors : ndarray
        Standard errors, from the spread between the drawn matrices.

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import trace_moments
    >>> found = trace_moments(rmt.goe(), 4, 100, rng=0)
    >>> found.values.shape, bool((abs(found.values - [0, 1, 0, 2]) < 5 * found.errors + 0.1).all())
    ((4,), True)
    """

    values: NDArray[Any]
    errors: Real


def trace_moments(
    expression: Any, order: int, n: int, *, probes: int = 8, draws: int = 8, rng: Any = None
) -> TraceMoments:
    """Estimate the moments of a random matrix at dimension n by the stochastic trace (Hutchinson 1990).

    For a probe z of independent signs E z* X^k z = Tr X^k. An expression is applied word by word, so that no product of
    matrices is formed; of a Hermitian one k products with z give 2k moments.

    Parameters
    ----------
    expression : Ensemble
        A random matrix, or a polynomial in several.
    order : int
        Highest moment.
    n : int
        Dimension.
    probes : int
        Random vectors for each drawn matrix.
    draws : int
        Matrices drawn, >= 2.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    TraceMoments

    Raises
    ------
    TypeError
        If it is no random matrix.
    ValueError
        If the matrices do not fit into memory, the expression is not square, or a moment is beyond the largest float.

    Examples
    --------
    >>> import rmt
    >>> found = trace_moments(rmt.goe() + rmt.wishart(ratio=0.5), 4, 300, rng=0)
    >>> exact = (rmt.goe() + rmt.wishart(ratio=0.5)).law().moments(4)
    >>> bool((abs(found.values - exact) < 5 * found.errors + 0.1).all())
    True
    """
    if not hasattr(expression, "_expression"):
        raise TypeError(f"trace_moments needs a random matrix such as rmt.gue(), got {expression!r}")
    highest, size = check_count("order", order), check_count("n", n)
    vectors, count = check_count("probes", probes), check_count("draws", draws, minimum=2)
    polynomial = expression._expression()
    expression._check_memory("_sample", size)
    rows = []
    for child in spawned(check_generator(rng), count):
        drawn = polynomial._draw(size, child)
        dimension = size * (2 if polynomial.field == "quaternion" else 1)
        z = child.choice([-1.0, 1.0], (dimension, vectors))
        with np.errstate(all="ignore"):
            rows.append(_moments(polynomial, drawn, z, highest))
    table = np.array(rows)
    if not np.isfinite(table).all():
        last = int(np.isfinite(table).all(axis=0).argmin())
        raise ValueError(
            f"moment {last + 1} is beyond the largest float; take order={last}, or a smaller multiple of the matrix"
        )
    errors = np.abs(table - table.mean(axis=0)) ** 2
    return TraceMoments(table.mean(axis=0), np.sqrt(errors.sum(axis=0) / (count - 1) / count))


def _moments(polynomial: Any, drawn: dict[Any, NDArray[Any]], z: NDArray[Any], highest: int) -> NDArray[Any]:
    size = z.size
    if polynomial.hermitian:
        powers = [z]
        for _ in range((highest + 1) // 2):
            powers.append(_applied(polynomial, drawn, powers[-1]))
        return np.array([np.vdot(powers[k // 2], powers[k - k // 2]).real / size for k in range(1, highest + 1)])
    found, x = [], z
    for _ in range(highest):
        x = _applied(polynomial, drawn, x)
        found.append(np.vdot(z, x) / size)
    return np.array(found)


def _applied(polynomial: Any, drawn: dict[Any, NDArray[Any]], x: NDArray[Any]) -> NDArray[Any]:
    total: Any = 0.0
    for word, coefficient in polynomial.terms.items():
        product = x
        for variable, starred in reversed(word):
            factor = drawn[variable].conj().T if starred else drawn[variable]
            if factor.shape[1] != product.shape[0]:
                raise ValueError(
                    f"shapes do not match in {polynomial!r}: {factor.shape} @ ({product.shape[0]}, …); moments are of "
                    "square matrices"
                )
            product = factor @ product
        number = coefficient if isinstance(coefficient, complex) else float(coefficient)
        if product.shape != x.shape:
            raise ValueError(f"{polynomial!r} is not square: moments are of square matrices")
        total = total + number * product
    return np.asarray(total)
