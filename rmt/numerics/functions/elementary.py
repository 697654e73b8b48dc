"""Elementary functions without branches and without calls, so that loops over them run in SIMD lanes.

Polynomials in plain multiplications and additions, each rounded: the same bits on every machine, which calls to the C
library do not give. Coefficients and splitting constants of log, sin and cos are those of fdlibm (Sun Microsystems
1993), of exp the Taylor series. Errors are below two rounding units on the stated ranges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt.numerics.compilation.jit import inner_kernel, kernel

LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
INVERSE_LN2 = 1.4426950408889634
TWO_PI = 6.283185307179586476925
_SQRT_HALF_BITS = 0x3FE6A09E00000000


@kernel
def log(x: Any) -> Any:
    """Natural logarithm of a positive normal number."""
    bits = np.float64(x).view(np.int64)
    power = (bits - _SQRT_HALF_BITS) >> 52
    f = np.int64(bits - (power << 52)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    k = np.float64(power)
    return k * LN2_HIGH - ((half - (s * (half + (even + odd)) + k * LN2_LOW)) - f)


@kernel
def sin_cos_turns(turns: Any) -> Any:
    """Sine and cosine of 2π times a number in [0, 1)."""
    quarter = np.float64(np.int64(turns * 4.0 + 0.5))
    r = (turns - 0.25 * quarter) * TWO_PI
    z = r * r
    sine = r + r * z * (
        -1.66666666666666324348e-01
        + z
        * (
            8.33333333332248946124e-03
            + z
            * (
                -1.98412698298579493134e-04
                + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
            )
        )
    )
    cosine = (
        1.0
        - 0.5 * z
        + z
        * z
        * (
            4.16666666666666019037e-02
            + z
            * (
                -1.38888888888741095749e-03
                + z
                * (
                    2.48015872894767294178e-05
                    + z
                    * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11))
                )
            )
        )
    )
    q = np.int64(quarter)
    odd = (q & 1) != 0
    first = cosine if odd else sine
    second = sine if odd else cosine
    return (-first if (q & 2) != 0 else first), (-second if ((q + 1) & 2) != 0 else second)


@inner_kernel
def _reduced_exponential(x: Any) -> Any:
    """Power of two and q with exp(x) = power (1 + q)."""
    k = np.float64(np.int64(x * INVERSE_LN2 + (0.5 if x >= 0.0 else -0.5)))
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    p = 1.0 / 6227020800.0
    p = 1.0 / 479001600.0 + r * p
    p = 1.0 / 39916800.0 + r * p
    p = 1.0 / 3628800.0 + r * p
    p = 1.0 / 362880.0 + r * p
    p = 1.0 / 40320.0 + r * p
    p = 1.0 / 5040.0 + r * p
    p = 1.0 / 720.0 + r * p
    p = 1.0 / 120.0 + r * p
    p = 1.0 / 24.0 + r * p
    p = 1.0 / 6.0 + r * p
    p = 0.5 + r * p
    return np.int64((np.int64(k) + 1023) << 52).view(np.float64), r + r * r * p


@kernel
def exp(x: Any) -> Any:
    """Exponential of a number between -700 and 700."""
    power, q = _reduced_exponential(x)
    return power + power * q


@kernel
def expm1(x: Any) -> Any:
    """exp(x) - 1 for a number between -700 and 700, accurate near 0 too."""
    power, q = _reduced_exponential(x)
    return (power - 1.0) + power * q
