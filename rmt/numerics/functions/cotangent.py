"""Taylor coefficients of the cotangent and of log sinc, from Bernoulli numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

#: with this many terms the rest is below 2^-53 for arguments up to π/2
_TERMS = 26


def _bernoulli(count: int) -> list[Fraction]:
    """|B_2|, |B_4|, ..., |B_{2 count}|."""
    numbers = [Fraction(1)]
    for n in range(1, 2 * count + 1):
        numbers.append(-sum((math.comb(n + 1, k) * numbers[k] for k in range(n)), Fraction(0)) / (n + 1))
    return [abs(numbers[2 * k]) for k in range(1, count + 1)]


#: s_k in −log(sin y / y) = Σ_{k≥1} s_k y^(2k)
LOG_SINC = np.array(
    [float(b * 2 ** (2 * k - 1) / (k * math.factorial(2 * k))) for k, b in enumerate(_bernoulli(_TERMS), start=1)]
)
#: c_k in 1/y − cot y = Σ_{k≥1} c_k y^(2k−1)
COTANGENT = LOG_SINC * 2.0 * np.arange(1, _TERMS + 1)
