"""Write rmt/laws/edges/tracy_widom.npz: the Tracy-Widom laws of beta 1, 2 and 4 on pieces of Chebyshev series.

Body: log F (left of the switch) or log(1 - F) on unit pieces of [-10, 10], from the Fredholm determinants
det(1 -+ B), B(x, y) = Ai(x + y + s) (Ferrari and Spohn 2005), by Gauss-Legendre rules in ball arithmetic.
Right of it: log(1 - F) + exponent s^(3/2) + power log s as a series in s^(-3/2), from the first traces of B and of
the Airy kernel. Left of it: the series of Painleve II at -infinity, with the constants of Deift, Its and Krasovsky
(2008) and of Baik, Buckingham and DiFranco (2008). Beta = 4 is in the "raw" scale, F = (D+ + D-)/2 at s.

Run ``python tests/references/make_tracy_widom.py`` (needs python-flint and mpmath; some minutes).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import flint
import mpmath as mp
import numpy as np
from flint import arb, arb_mat

flint.ctx.dps = 70
mp.mp.dps = 60

TARGET = Path(__file__).resolve().parents[2] / "rmt" / "laws" / "edges" / "tracy_widom.npz"
LOW, HIGH, DEGREE = -10, 10, 22
#: first piece that holds log(1 - F), near the median
SWITCHES = {1: -1, 2: -2, 4: -3}
#: (exponent, power) of the right tail in the scale of the table
RIGHT = {1: (mp.mpf(2) / 3, mp.mpf(3) / 4), 2: (mp.mpf(4) / 3, mp.mpf(3) / 2), 4: (mp.mpf(4) / 3, mp.mpf(3))}
RIGHT_DEGREE, LEFT_TERMS = 30, 13


def gauss_legendre(count: int) -> list[tuple[arb, arb]]:
    return [arb.legendre_p_root(count, k, weight=True) for k in range(count)]


RULES = {count: gauss_legendre(count) for count in (70, 140)}


def determinants(s: arb) -> tuple[arb, arb]:
    """det(1 - B) and det(1 + B)."""
    rule = RULES[70 if s > -4 else 140]
    half = (arb(36) - s) / 4
    x = [half * (1 + node) for node, _ in rule]
    w = [(half * weight).sqrt() for _, weight in rule]
    n = len(rule)
    b = [[None] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            b[i][j] = b[j][i] = w[i] * w[j] * (x[i] + x[j] + s).airy_ai()
    matrix, one = arb_mat(b), arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    return (one - matrix).det(), (one + matrix).det()


def chebyshev_fit(points: np.ndarray, values: list[mp.mpf]) -> np.ndarray:
    """Series through values at the points, solved in 60 digits: derivatives would magnify rounding."""
    matrix = mp.matrix([[mp.chebyt(k, mp.mpf(float(t))) for k in range(len(points))] for t in points])
    series = mp.lu_solve(matrix, mp.matrix(values))
    return np.array([float(c) for c in series])


def exact(ball: arb) -> mp.mpf:
    return mp.mpf(ball.mid().str(50, radius=False))


def body() -> np.ndarray:
    points = np.cos(np.pi * (2 * np.arange(DEGREE + 1) + 1) / (2 * DEGREE + 2))
    table = np.zeros((3, HIGH - LOW, DEGREE + 1))
    for piece in range(HIGH - LOW):
        places = LOW + piece + 0.5 * (points + 1.0)
        values: list[list[mp.mpf]] = [[], [], []]
        for s in places:
            minus, plus = determinants(arb(float(s)))
            for row, (beta, f) in enumerate(((1, minus), (2, minus * plus), (4, (minus + plus) / 2))):
                values[row].append(exact((f if LOW + piece < SWITCHES[beta] else 1 - f).log()))
        for row in range(3):  # at the points as they were rounded
            table[row, piece] = chebyshev_fit(2.0 * (places - (LOW + piece)) - 1.0, values[row])
        print(LOW + piece, np.abs(table[:, piece, -2:]).max(axis=1), flush=True)
    return table


def right(beta: int, s: mp.mpf) -> mp.mpf:
    """log(1 - F) with its leading behaviour taken off; the next traces are smaller by exp(-(4/3) s^(3/2))."""
    z = arb(mp.nstr(s, 60))
    a, d = z.airy_ai(), z.airy_ai(derivative=1)
    kernel = exact((2 * z * z * a * a - 2 * z * d * d - a * d) / 3 / a) * exact(a)
    reach = 60 / z.sqrt()
    panels = [(reach * j / 8, reach / 16) for j in range(8)]
    trace = sum(half * w * (z + start + half * (1 + t)).airy_ai() / a for start, half in panels for t, w in RULES[70])
    trace = exact(trace) * exact(a) / 2
    tail = {1: trace - (trace**2 - kernel) / 2, 2: kernel, 4: (kernel - trace**2) / 2}[beta]
    exponent, power = RIGHT[beta]
    return mp.log(tail) + exponent * s ** mp.mpf(1.5) + power * mp.log(s)


def right_series() -> np.ndarray:
    points = np.cos(np.pi * (2 * np.arange(RIGHT_DEGREE + 1) + 1) / (2 * RIGHT_DEGREE + 2))
    first = mp.mpf(HIGH) ** mp.mpf(-1.5)
    rows = []
    for beta in (1, 2, 4):
        values = [right(beta, (first * (mp.mpf(float(t)) + 1) / 2) ** (-mp.mpf(2) / 3)) for t in points]
        rows.append(chebyshev_fit(points, values))
        print("right", beta, np.abs(rows[-1][-3:]))
    return np.array(rows)


def left_series() -> np.ndarray:
    """Coefficients of x^(3-3k) in log F_2 and of x^(3/2-3k) in the integral of q, k = 0, 1, ...; x = -s."""
    a = [Fraction(1)]
    for k in range(1, LEFT_TERMS + 2):
        cubes = sum(
            (a[i] * a[j] * a[k - i - j] for i in range(k) for j in range(k) if 0 <= k - i - j < k), start=Fraction(0)
        )
        step = a[k - 1] * (Fraction(1, 2) - 3 * (k - 1)) * (Fraction(-1, 2) - 3 * (k - 1))
        a.append((step - cubes) / 2)
    squares = [sum((a[i] * a[k - i] for i in range(k + 1)), start=Fraction(0)) for k in range(len(a))]
    f2 = [-1 / mp.mpf(12), mp.log(2) / 24 + mp.zeta(-1, derivative=1)]
    f2 += [
        -mp.mpf(squares[k].numerator) / squares[k].denominator / (2 * (2 - 3 * k) * (3 - 3 * k))
        for k in range(2, LEFT_TERMS)
    ]
    q = [mp.mpf(a[k].numerator) / a[k].denominator / (mp.sqrt(2) * (mp.mpf(1.5) - 3 * k)) for k in range(LEFT_TERMS)]
    return np.array([[float(c) for c in f2], [float(c) for c in q]])


if __name__ == "__main__":
    np.savez(TARGET, body=body(), right=right_series(), left=left_series())
