"""Tracy-Widom laws of any beta, from the diffusion of the stochastic Airy operator.

The largest eigenvalue is below x when the Riccati diffusion started at infinity does not explode (Ramírez, Rider and
Virág 2011). Started at w instead, with w = κ cot φ, the chance F solves, from the right to the left in x,

    −F_x = (2/(βκ²)) (sin⁴φ F_φφ + 2 sin³φ cos φ F_φ) + (κ cos²φ − (x/κ) sin²φ) F_φ,    F(x, π) = 0,    0 < φ < π,

and F_β(x) = F(x, φ = 0) (Bloemendal and Virág 2013). Here: Chebyshev collocation in φ, Radau IIA of order 7 in x, on
two meshes; Trogdon and Zhang (2024) take Fourier series and BDF.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rmt.errors import ConvergenceError
from rmt.laws.edges.chebyshev_pieces import ChebyshevPieces, fit_pieces, piece_points
from rmt.laws.edges.log_tails import LogTails
from rmt.laws.law import Real

#: range of beta in which two meshes agree to _TOLERANCE
SMALLEST_BETA, LARGEST_BETA = 0.2, 20.0
_TOLERANCE = 1e-8
#: log F at the left end of the mesh, 1 − F at the right end of the pieces
_LEFT_END = -45.0
_RIGHT_END = 1e-7
#: stages of Radau IIA: order 7
_STAGES = 4
_STEPS_PER_PIECE = 5
_DEGREE = 18


@dataclass(frozen=True, eq=False)
class AiryCurve:
    """F_β on pieces, with the expansions beyond them.

    Attributes
    ----------
    beta : float
    pieces : ChebyshevPieces
        log F, then log(1 − F).
    switch : int
        The first piece of log(1 − F).
    error : float
        Bound on the absolute error of F, from two meshes.
    """

    beta: float
    pieces: ChebyshevPieces
    switch: int
    error: float

    def log_tails(self, x: Real) -> LogTails:
        """The smaller tail at finite points."""
        value, slope = self.pieces(x)
        left, right = x < self.pieces.low, x > self.pieces.high
        if left.any():
            value[left], slope[left] = self._left(x[left])
        if right.any():
            value[right], slope[right] = self._right(x[right])
        return LogTails(self.pieces.piece(x) < self.switch, value, slope)

    def _left(self, x: Real) -> tuple[Real, Real]:
        """Leading terms of Borot, Eynard, Majumdar and Nadal (2011), then a constant and x^(−3/2) to fit the pieces."""
        end = -self.pieces.low
        value, slope = (float(v[0]) for v in self.pieces(np.array([self.pieces.low])))
        level, steepness = self._leading(np.array([end]))
        defect = (-slope - float(steepness[0])) * end**2.5 / -1.5  # coefficient of x^(-3/2)
        t = -x
        base, rate = self._leading(t)
        constant = value - float(level[0]) - defect * end**-1.5
        return base + constant + defect * t**-1.5, -(rate - 1.5 * defect * t**-2.5)

    def _leading(self, t: Real) -> tuple[Real, Real]:
        cubic = -self.beta / 24.0
        middle = math.sqrt(2.0) / 3.0 * (0.5 * self.beta - 1.0)
        logarithm = 0.125 * (0.5 * self.beta + 2.0 / self.beta - 3.0)
        value = cubic * t**3 + middle * t**1.5 + logarithm * np.log(t)
        return value, 3.0 * cubic * t**2 + 1.5 * middle * np.sqrt(t) + logarithm / t

    def _right(self, x: Real) -> tuple[Real, Real]:
        """The exponent −(2/3) β t^(3/2) of Dumaz and Virág (2013), t shifted to fit the slope of the pieces.

        Borot and Nadal (2012) give the whole expansion, by a derivation that is not a proof.
        """
        value, slope = (float(v[0]) for v in self.pieces(np.array([self.pieces.high])))
        start = (slope / self.beta) ** 2
        t = start + x - self.pieces.high
        return value - 2.0 / 3.0 * self.beta * (t**1.5 - start**1.5), -self.beta * np.sqrt(t)


@lru_cache(maxsize=64)
def airy_curve(beta: float) -> AiryCurve:
    """F_β for 0.2 <= beta <= 20; some seconds at the first call for each beta.

    Raises
    ------
    ConvergenceError
        If the two meshes differ by more than 1e-8.
    """
    step = 0.1 * math.sqrt(2.0 / beta)
    nodes = 160 if beta <= 2.0 else 200 if beta <= 8.0 else 240
    x, fine = _solve(beta, nodes, step)
    _, coarse = _solve(beta, (7 * nodes) // 8, 2.0 * step)
    error = float(np.abs(fine[::2] - coarse).max())
    if not error <= _TOLERANCE:
        raise ConvergenceError(
            f"the Tracy-Widom law of beta = {beta!r} is not settled: two meshes differ; take 1 <= beta <= 4",
            residual=error,
        )
    return _pieces(beta, x[::-1], fine[::-1], step, error)


def _solve(beta: float, nodes: int, step: float) -> tuple[Real, Real]:
    """Points from the right to the left, and F there; an even number of fine steps whatever the mesh."""
    from scipy.special import ndtr

    low, high = -_left_end(beta), 14.0 / math.sqrt(beta)
    unit = 0.2 * math.sqrt(2.0 / beta)
    steps = math.ceil((high - low) / unit) * round(unit / step)
    kappa = 2.4 * beta**-0.25
    derivative, phi = _chebyshev(nodes)
    sine, cosine = np.sin(phi), np.cos(phi)
    noise = 2.0 / (beta * kappa**2)
    drift = kappa * cosine**2 + 2.0 * noise * sine**3 * cosine
    fixed = (noise * sine**4)[:, None] * (derivative @ derivative) + drift[:, None] * derivative
    moving = -(sine**2 / kappa)[:, None] * derivative
    fixed, moving = fixed[:-1, :-1], moving[:-1, :-1]  # F(π) = 0
    with np.errstate(divide="ignore"):
        w = kappa * cosine[:-1] / sine[:-1]
    state = ndtr((w + math.sqrt(high)) * math.sqrt(beta * math.sqrt(high)))
    times, weights = _radau()
    stages = len(times)
    constant = np.eye(stages * (nodes)) - step * np.kron(weights, fixed) + step**2 * np.kron(weights * times, moving)
    linear = -step * np.kron(weights, moving)
    values = [state[0]]
    for k in range(steps):
        matrix = constant + (high - k * step) * linear
        state = np.linalg.solve(matrix, np.tile(state, stages))[-nodes:]
        values.append(state[0])
    return np.asarray(high - step * np.arange(steps + 1), dtype=np.float64), np.array(values, dtype=np.float64)


def _left_end(beta: float) -> float:
    """Where the leading terms of log F reach the end of the mesh."""
    from scipy.optimize import brentq

    middle = math.sqrt(2.0) / 3.0 * (0.5 * beta - 1.0)
    return float(brentq(lambda t: -beta * t**3 / 24.0 + middle * t**1.5 - _LEFT_END, 2.0, 60.0))


def _chebyshev(nodes: int) -> tuple[Real, Real]:
    """Differentiation matrix on nodes + 1 Chebyshev points of [0, π], from 0 to π."""
    angles = np.pi * np.arange(nodes + 1) / nodes
    ends = np.ones(nodes + 1)
    ends[[0, -1]] = 2.0
    signs = ends * (-1.0) ** np.arange(nodes + 1)
    # differences of cosines by the product formula keep their digits
    difference = 2.0 * np.sin(0.5 * (angles[:, None] + angles)) * np.sin(0.5 * (angles - angles[:, None]))
    np.fill_diagonal(difference, 1.0)
    matrix = signs[:, None] / signs / difference
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return -2.0 / np.pi * matrix, 0.5 * np.pi * (1.0 - np.cos(angles))


def _radau() -> tuple[Real, Real]:
    """Nodes and matrix of the Radau IIA method: collocation at the zeros of P_s − P_(s−1) on [0, 1]."""
    series = np.zeros(_STAGES + 1)
    series[-2:] = -1.0, 1.0
    times = 0.5 * (1.0 + np.sort(np.polynomial.legendre.legroots(series).real))
    powers = np.arange(1, _STAGES + 1)
    integrals = times[:, None] ** powers / powers
    return times, integrals @ np.linalg.inv(times[:, None] ** (powers - 1))


def _pieces(beta: float, x: Real, values: Real, step: float, error: float) -> AiryCurve:
    """Interpolate F right of the median and log F left of it, by splines of degree 9, on Chebyshev pieces."""
    from scipy.interpolate import make_interp_spline

    median = int(np.searchsorted(values, 0.5))
    last = int(np.searchsorted(-(1.0 - values), -_RIGHT_END))
    width = _STEPS_PER_PIECE * step
    before = math.ceil(median / _STEPS_PER_PIECE)
    count = before + max(1, (last - before * _STEPS_PER_PIECE) // _STEPS_PER_PIECE)
    overlap = 20
    left = make_interp_spline(x[: median + overlap], np.log(values[: median + overlap]), k=9)
    right = make_interp_spline(x[median - overlap :], values[median - overlap :], k=9)
    points = piece_points(float(x[0]), width, count, _DEGREE)
    table = np.vstack([left(points[:before]), np.log1p(-right(points[before:]))])
    pieces = fit_pieces(float(x[0]), width, table)
    return AiryCurve(beta, pieces, before, error)
