"""Catapults: what gradient descent does above the critical rate, in the model of one example and in closed form.

A quadratic model with one example has output g, target y and tangent kernel λ. With r = g − y and a its curvature
(|x|²/(md) for two layers of width m) gradient descent on ½r² is the map

    r ← (1 − ηλ + a η² r g) r,    λ ← λ − η a (4 r g − η λ r²)

below ηλ = 2 the loss falls, between 2 and 4 it shoots up until λ has fallen, above 4 it diverges (Lewkowycz et al.
2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_count, check_real
from rmt.training.orbit_kernels import orbit_of_one_example

Real = NDArray[np.float64]
Regime = Literal["monotone", "catapult", "divergent"]

#: residual at which an orbit counts as divergent
DIVERGED = 1e30


@dataclass(frozen=True, eq=False)
class CatapultOrbit:
    """An orbit of gradient descent.

    Attributes
    ----------
    losses, eigenvalues : array of float
        ½ r² and λ at the start and after every step; a divergent orbit ends where |r| first exceeds 1e30.
    rate : float
        η.
    regime : {"monotone", "catapult", "divergent"}
        Whether the loss never rises, rises and comes down again, or does not come down.

    Examples
    --------
    >>> from rmt.training import catapult
    >>> orbit = catapult(output=0.1, eigenvalue=1.0, curvature=0.01, rate=1.0)
    >>> orbit.regime, orbit.losses.shape == orbit.eigenvalues.shape
    ('monotone', True)
    """

    losses: Real
    eigenvalues: Real
    rate: float
    regime: Regime

    @property
    def peak(self) -> float:
        """Largest loss of the orbit."""
        return float(self.losses.max())

    @property
    def peak_step(self) -> int:
        """Step of the largest loss."""
        return int(self.losses.argmax())

    @property
    def final_eigenvalue(self) -> float:
        """λ at the end."""
        return float(self.eigenvalues[-1])

    def __repr__(self) -> str:
        return (
            f"<CatapultOrbit: {self.regime}, peak {self.peak:.6g} at step {self.peak_step}, "
            f"final rate times eigenvalue {self.rate * self.final_eigenvalue:.6g}>"
        )


def make_orbit(losses: Real, eigenvalues: Real, rate: float, diverged: bool) -> CatapultOrbit:
    """The orbit with its regime: rounding of an ended orbit is no rise."""
    rises = bool((np.diff(losses) > 1e-12 * losses[:-1] + 1e-28 * losses[0]).any())
    regime: Regime = "divergent" if diverged else "catapult" if rises else "monotone"
    return CatapultOrbit(losses, eigenvalues, rate, regime)


def catapult(
    *, output: float, eigenvalue: float, curvature: float, rate: float, target: float = 0.0, steps: int = 400
) -> CatapultOrbit:
    """Orbit of the quadratic model with one example (Zhu et al. 2022).

    Parameters
    ----------
    output : float
        g and y at the start.
    eigenvalue : float
        λ > 0 at the start.
    curvature : float
        a > 0: |x|²/(m d) for two layers of width m; γ²c for a quadratic model γ wᵀΣw/2 with Σ³ = cΣ.
    rate : float
        η > 0.
    target : float
        g and y at the start.
    steps : int
        Length of the orbit.

    Returns
    -------
    CatapultOrbit

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the rate, the eigenvalue or the curvature is not positive.

    Examples
    --------
    >>> orbit = catapult(output=1.0, eigenvalue=1.0, curvature=1e-3, rate=2.5)
    >>> orbit.regime, orbit.peak_step, round(orbit.peak, 9), round(orbit.final_eigenvalue, 9)
    ('catapult', 5, 13.583027833, 0.507181524)
    """
    eta = float(check_real("rate", rate, above=0.0))
    start = float(check_real("eigenvalue", eigenvalue, above=0.0))
    a = float(check_real("curvature", curvature, above=0.0))
    y, g = float(check_real("target", target)), float(check_real("output", output))
    residuals, eigenvalues, count = orbit_of_one_example(g - y, y, start, a, eta, check_count("steps", steps))
    diverged = not abs(residuals[count]) <= DIVERGED
    return make_orbit(0.5 * residuals[: count + 1] ** 2, eigenvalues[: count + 1], eta, diverged)


class CatapultLaw(NamedTuple):
    """Peak of U = a η² r² and final ηλ of a small catapult.

    Parameters
    ----------
    peak : float
        Largest U.
    final : float
        ηλ at the end.

    Examples
    --------
    >>> from rmt.training import catapult_law
    >>> law = catapult_law(0.1)
    >>> round(law.peak, 6), law.final < 2.0
    (0.005333, True)
    """

    peak: float
    final: float


def catapult_law(delta: float, start: float = 0.0) -> CatapultLaw:
    """Peak and end of a catapult just above the critical rate, for target 0.

    With U = aη²r², V = ηλ and s = V − 2, the orbit keeps U + s²/2 + s³/3 to fourth order. So from V = 2 + δ the peak is
    U = E = U_0 + δ²/2 + δ³/3 (relative error below 0.3 δ²) and the end is V = 2 − σ with σ²/2 − σ³/3 = E, that is
    2 − δ − (2/3) δ² + O(δ³) (error below δ⁴).

    Parameters
    ----------
    delta : float
        ηλ − 2 at the start, in (0, 0.5).
    start : float
        U_0 >= 0.

    Returns
    -------
    CatapultLaw

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If E is above 1/6, where the law has no end point.

    References
    ----------
    Lewkowycz et al. 2020.

    Examples
    --------
    >>> [round(v, 8) for v in catapult_law(0.05)]
    [0.00129167, 1.94827381]
    """
    d = float(check_real("delta", delta, above=0.0, below=0.5))
    energy = float(check_real("start", start, at_least=0.0)) + d * d / 2.0 + d**3 / 3.0
    if energy > 1.0 / 6.0:
        raise ValueError(
            f"the law of small catapults ends at U + δ²/2 + δ³/3 = 1/6, delta = {delta!r} and start = {start!r} give "
            f"{energy:.6g}; iterate with catapult()"
        )
    # σ³ − 1.5 σ² + 3E = 0, the middle root: σ = 1/2 + cos((θ + 4π)/3)
    angle = math.acos(max(-1.0, 1.0 - 12.0 * energy))
    sigma = 0.5 + math.cos((angle + 4.0 * math.pi) / 3.0)
    for _ in range(3):  # the closed form loses half of the digits at small E
        slope = sigma - sigma * sigma
        sigma -= (sigma * sigma / 2.0 - sigma**3 / 3.0 - energy) / slope if slope else 0.0
    return CatapultLaw(energy, 2.0 - sigma)


def catapult_invariant(u: Any, v: Any) -> Any:
    """U + s²/2 + s³/3 with s = V − 2, which orbits near (0, 2) keep to fourth order.

    Parameters
    ----------
    u, v : array_like
        a η² r² and η λ.

    Returns
    -------
    float or ndarray of float

    Examples
    --------
    >>> from rmt.training import catapult_invariant
    >>> round(float(catapult_invariant(0.0, 3.0)), 12)  # 1/2 + 1/3
    0.833333333333
    """
    s = np.asarray(v, dtype=np.float64) - 2.0
    return (np.asarray(u, dtype=np.float64) + s * s / 2.0 + s**3 / 3.0)[()]
