"""Write rmt/laws/edges/spacings.npz: spacings of neighbours in the bulk, and their ratios, for beta 1, 2 and 4.

Spacings: E_1(0; s) = D+, E_2 = D+ D-, E_4(s) = (D+(2s) + D-(2s))/2 with D± = det(1 - K±), K± = sinc(x - y) ±
sinc(x + y) on (0, s/2) (Mehta 2004), by Gauss-Legendre rules in ball arithmetic and Chebyshev series in 60 digits;
the survival function of the spacing is -E', its cdf 1 + E'. On pieces of [0, 8], [0, 6] and [0, 4.5]: log F -
(beta + 1) log s, then log(1 - F).

Ratios r = min/max of neighbouring spacings: three fixed levels of circular ensembles at four N (determinants for
beta = 2, Pfaffians for 1 and 4), extrapolated in 1/N². Rows: Chebyshev series on [0, 1] of the density over r^beta.

Run ``python tests/references/make_spacings.py`` (needs python-flint and mpmath; some minutes).
"""

from __future__ import annotations

import sys
from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60
TARGET = Path(__file__).resolve().parents[2] / "rmt" / "laws" / "edges" / "spacings.npz"
WIDTH, DEGREE, FINE, NODES = 0.5, 22, 40, 54
ENDS = {1: 8.0, 2: 6.0, 4: 4.5}
SWITCHES = {1: 2, 2: 2, 4: 2}


# ---------------------------------------------------------------------- spacings
def log_determinants() -> list[list[list[mp.mpf]]]:
    """Series of log D+ and log D- on pieces of [0, 9]."""
    import flint
    from flint import arb, arb_mat

    flint.ctx.dps = 75
    rule = [arb.legendre_p_root(NODES, k, weight=True) for k in range(NODES)]
    one = arb_mat(NODES, NODES, [int(i == j) for i in range(NODES) for j in range(NODES)])
    pi = arb.pi()

    def sinc(x: arb) -> arb:
        return (pi * x).sinc()

    pieces = []
    for piece in range(round(9.0 / WIDTH)):
        values: list[list[mp.mpf]] = [[], []]
        for t in nodes(FINE):
            quarter = arb(mp.nstr((piece + (t + 1) / 2) * WIDTH, 60)) / 4
            x = [quarter * (1 + node) for node, _ in rule]
            w = [(quarter * weight).sqrt() for _, weight in rule]
            near = [[sinc(x[i] - x[j]) for j in range(NODES)] for i in range(NODES)]
            far = [[sinc(x[i] + x[j]) for j in range(NODES)] for i in range(NODES)]
            for k, sign in enumerate((1, -1)):
                kernel = arb_mat(
                    [[w[i] * w[j] * (near[i][j] + sign * far[i][j]) for j in range(NODES)] for i in range(NODES)]
                )
                values[k].append(mp.mpf((one - kernel).det().log().mid().str(55, radius=False)))
        pieces.append([fit(v) for v in values])
        print("piece", piece, mp.nstr(pieces[-1][0][-1], 3), flush=True)
    return pieces


def nodes(degree: int) -> list[mp.mpf]:
    return [mp.cos(mp.pi * (2 * k + 1) / (2 * degree + 2)) for k in range(degree + 1)]


def fit(values: list[mp.mpf]) -> list[mp.mpf]:
    """Chebyshev series through values at the nodes."""
    count = len(values)
    series = []
    for k in range(count):
        total = mp.fsum(v * mp.cos(k * mp.pi * (2 * j + 1) / (2 * count)) for j, v in enumerate(values))
        series.append(total * (1 if k == 0 else 2) / count)
    return series


def with_slope(series: list[mp.mpf], t: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    """Value and derivative with respect to s."""
    b1 = b2 = d1 = d2 = mp.mpf(0)
    for c in reversed(series[1:]):
        d1, d2 = 2 * b1 + 2 * t * d1 - d2, d1
        b1, b2 = c + 2 * t * b1 - b2, b1
    return series[0] + t * b1 - b2, (b1 + t * d1 - d2) * 2 / mp.mpf(WIDTH)


def spacing_tables(pieces: list[list[list[mp.mpf]]]) -> dict[str, np.ndarray]:
    def determinants(s: mp.mpf) -> list[tuple[mp.mpf, mp.mpf]]:
        """D and D′ of both parities."""
        piece = min(int(s / WIDTH), len(pieces) - 1)
        t = 2 * (s / WIDTH - piece) - 1
        out = []
        for series in pieces[piece]:
            value, slope = with_slope(series, t)
            out.append((mp.exp(value), mp.exp(value) * slope))
        return out

    def survival(beta: int, s: mp.mpf) -> mp.mpf:
        (plus, plus_slope), (minus, minus_slope) = determinants(2 * s if beta == 4 else s)
        if beta == 1:
            return -plus_slope
        if beta == 2:
            return -(plus_slope * minus + plus * minus_slope)
        return -(plus_slope + minus_slope)

    tables = {}
    for beta, end in ENDS.items():
        rows = []
        for piece in range(round(end / WIDTH)):
            values = []
            for t in nodes(DEGREE):
                s = (piece + (t + 1) / 2) * mp.mpf(WIDTH)
                tail = survival(beta, s)
                values.append(mp.log(1 - tail) - (beta + 1) * mp.log(s) if piece < SWITCHES[beta] else mp.log(tail))
            rows.append([float(c) for c in fit(values)])
        tables[f"spacing{beta}"] = np.array(rows)
    return tables


# ---------------------------------------------------------------------- ratios
SIZES = {1: (17, 23, 33, 47), 2: (14, 19, 27, 40), 4: (10, 12, 14, 17)}
LONGEST = {1: 7.5, 2: 5.5, 4: 4.2}
RATIO_DEGREE = 23


def integration_matrix(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(count)
    values = np.polynomial.legendre.legvander(x, count)
    coefficients = (np.arange(count) + 0.5)[:, None] * (values[:, :count] * w[:, None]).T
    integrals = np.empty((count, count))
    integrals[:, 0] = x + 1
    for k in range(1, count):
        integrals[:, k] = (values[:, k + 1] - values[:, k - 1]) / (2 * k + 1)
    return x, w, integrals @ coefficients


def ratio_density(beta: int, size: int, r: np.ndarray) -> np.ndarray:
    """Density of r at finite N, over r^beta, up to normalisation: levels at −a, 0, b with a = r b."""
    rest = size - 3
    count = rest if beta < 4 else 2 * rest
    frequencies = np.arange(count) - (count - 1) / 2
    positive = frequencies[frequencies > 0]
    x, w, primitive = integration_matrix(int(1.3 * size * (1 if beta < 4 else 2)) + 30)
    gauss, weights = np.polynomial.legendre.leggauss(52)
    longest = LONGEST[beta]
    logs = np.empty((gauss.size, r.size))
    for i, b in enumerate(0.5 * (gauss + 1) * longest):
        for j, ratio in enumerate(r):
            large = b * 2 * np.pi / size
            small = ratio * large
            half = np.pi - 0.5 * (large + small)
            theta = large + half * (1 + x)
            weight = np.sin((theta - large) / 2) * np.sin((theta + small) / 2) * np.sin(theta / 2)
            fixed = np.sin(small / 2) / ratio * np.sin(large / 2) * np.sin((large + small) / 2)
            phase = np.outer(positive, theta - np.pi)
            waves = np.vstack([np.cos(phase), np.sin(phase)]) * np.sqrt(2.0)
            if 0 in frequencies:
                waves = np.vstack([np.ones((1, x.size)), waves])
            if beta == 2:
                log_rest = np.linalg.slogdet((waves * (w * half * weight**2)) @ waves.T / (2 * np.pi))[1]
            elif beta == 1:
                f = waves * weight
                inner = (2 * half * (f @ primitive.T) - (f @ (w * half))[:, None]) * (w * half)
                skew = inner @ f.T
                log_rest = 0.5 * np.linalg.slogdet(0.5 * (skew - skew.T))[1]
            else:
                slopes = np.sqrt(2.0) * np.vstack(
                    [-positive[:, None] * np.sin(phase), positive[:, None] * np.cos(phase)]
                )
                skew = (slopes * (w * half * weight**4)) @ waves.T
                log_rest = 0.5 * np.linalg.slogdet(skew - skew.T)[1]
            logs[i, j] = beta * np.log(fixed) + log_rest
    table = np.exp(logs - logs.max())
    return (weights * (gauss + 1)) @ table


def ratio_tables() -> dict[str, np.ndarray]:
    tables = {}
    points = np.cos(np.pi * (2 * np.arange(RATIO_DEGREE + 1) + 1) / (2 * RATIO_DEGREE + 2))
    r = 0.5 * (points + 1)
    gauss, weights = np.polynomial.legendre.leggauss(40)
    inside = 0.5 * (gauss + 1)
    for beta, sizes in SIZES.items():
        rows = []
        for size in sizes:
            series = np.polynomial.chebyshev.chebfit(points, ratio_density(beta, size, r), RATIO_DEGREE)
            mass = 0.5 * weights @ (np.polynomial.chebyshev.chebval(gauss, series) * inside**beta)
            rows.append(series / mass)
            density = np.polynomial.chebyshev.chebval(gauss, rows[-1]) * inside**beta
            print("ratio", beta, size, 0.5 * weights @ (density * inside), np.abs(series[-2:]).max(), flush=True)
        matrix = np.vander([size**-2.0 for size in sizes], len(sizes), increasing=True)
        limit = np.linalg.solve(matrix, np.array(rows))[0]
        density = np.polynomial.chebyshev.chebval(gauss, limit) * inside**beta
        print("limit", beta, 0.5 * weights @ (density * inside), flush=True)
        tables[f"ratio{beta}"] = limit
    return tables


if __name__ == "__main__":
    if "--ratios" in sys.argv:
        np.savez(TARGET, **(dict(np.load(TARGET)) | ratio_tables()))
    else:
        np.savez(TARGET, **spacing_tables(log_determinants()), **ratio_tables())
