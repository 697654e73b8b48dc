"""Tracy-Widom laws of beta 1, 2 and 4: the table, and the expansions on both sides of it.

Everything is in the scale of the table, where F_1 = D-, F_2 = D- D+ and F_4 = (D- + D+)/2 at the same s, with
D± = det(1 ± B_s), B_s(x, y) = Ai(x + y + s) (Ferrari and Spohn 2005).
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources

import numpy as np

from rmt.laws.edges.chebyshev_pieces import ChebyshevPieces
from rmt.laws.edges.log_tails import LogTails
from rmt.laws.law import Real

ROWS = {1: 0, 2: 1, 4: 2}
LOW, HIGH = -10.0, 10.0
#: the first piece that holds log(1 - F) in place of log F
_SWITCH = {1: 9, 2: 8, 4: 7}
#: exponent of s^(3/2) and of s in the right tail
_RIGHT = {1: (2.0 / 3.0, 0.75), 2: (4.0 / 3.0, 1.5), 4: (4.0 / 3.0, 3.0)}


@cache
def _table() -> dict[str, Real]:
    with resources.files("rmt.laws.edges").joinpath("tracy_widom.npz").open("rb") as file, np.load(file) as data:
        return {name: data[name] for name in data.files}


@cache
def _pieces(beta: int) -> ChebyshevPieces:
    return ChebyshevPieces(LOW, 1.0, np.ascontiguousarray(_table()["body"][ROWS[beta]]))


def log_tails(beta: int, s: Real) -> LogTails:
    """The smaller tail at finite points."""
    value, slope = _pieces(beta)(s)
    for outside, expansion in ((s < LOW, _left), (s >= HIGH, _right)):
        if outside.any():
            value[outside], slope[outside] = expansion(beta, s[outside])
    return LogTails(_pieces(beta).piece(s) < _SWITCH[beta], value, slope)


def _left(beta: int, s: Real) -> tuple[Real, Real]:
    """Log F from the series of Painlevé II (Deift-Its-Krasovsky 2008; Baik-Buckingham-DiFranco 2008)."""
    x = -s
    f2, q = _table()["left"]
    u = x**-3.0
    k = np.arange(f2.size)
    log_f2 = x**3 * np.polynomial.polynomial.polyval(u, f2) - 0.125 * np.log(x)
    slope_f2 = x**2 * np.polynomial.polynomial.polyval(u, f2 * (3.0 - 3.0 * k)) - 0.125 / x
    integral = x**1.5 * np.polynomial.polynomial.polyval(u, q) + 0.5 * math.log(2.0)
    slope_q = np.sqrt(x) * np.polynomial.polynomial.polyval(u, q * (1.5 - 3.0 * k))
    if beta == 2:
        return log_f2, -slope_f2
    if beta == 1:
        return 0.5 * (log_f2 - integral), -0.5 * (slope_f2 - slope_q)
    ratio = np.exp(-integral)
    return (
        0.5 * (log_f2 + integral) + np.log1p(ratio) - math.log(2.0),
        -0.5 * (slope_f2 + slope_q) + slope_q * ratio / (1.0 + ratio),
    )


def _right(beta: int, s: Real) -> tuple[Real, Real]:
    """Log(1 − F): the leading behaviour plus a series in s^(−3/2)."""
    exponent, power = _RIGHT[beta]
    series = _table()["right"][ROWS[beta]]
    root = np.sqrt(s)
    u = 2.0 * (HIGH / s) ** 1.5 - 1.0
    value = np.polynomial.chebyshev.chebval(u, series) - exponent * s * root - power * np.log(s)
    inner = np.polynomial.chebyshev.chebval(u, np.polynomial.chebyshev.chebder(series))
    slope = -1.5 * (u + 1.0) / s * inner - 1.5 * exponent * root - power / s
    return value, slope
