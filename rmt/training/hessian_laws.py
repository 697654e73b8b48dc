"""Laws of the Hessian of a loss: what the free sum of a Gauss-Newton and a residual part says of the landscape."""

from __future__ import annotations

import math

from rmt.errors import check_count, check_real
from rmt.free import boxplus
from rmt.laws import Law, MarchenkoPastur, Semicircle


def hessian_law(ratio: float, energy: float) -> Law:
    """Law of the Hessian at a critical point of a given energy: MP(φ) ⊞ semicircle of variance 2ε.

    The first part is Gauss-Newton's, φ parameters over data; the second comes from the residuals, whose size is the
    energy ε of the half mean loss (Pennington and Bahri 2017).

    Parameters
    ----------
    ratio : float
        φ > 0.
    energy : float
        ε >= 0.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> round(hessian_law(0.25, 0.3).cdf(0.0), 9)
    0.170243083
    """
    law = MarchenkoPastur(ratio=float(check_real("ratio", ratio, above=0.0)))
    variance = 2.0 * float(check_real("energy", energy, at_least=0.0))
    return boxplus(law, Semicircle(variance=variance)) if variance > 0.0 else law


def critical_energy(ratio: float) -> float:
    """Energy above which critical points have directions of descent: (1 − 20φ − 8φ² + (1 + 8φ)^{3/2})/16.

    Where the lower edge of :func:`hessian_law` passes 0: a double root of its blue function (Pennington and Bahri
    2017).

    Parameters
    ----------
    ratio : float
        φ > 0; from φ = 1 on the energy is 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> round(critical_energy(0.25), 12)
    0.043509526419
    """
    phi = float(check_real("ratio", ratio, above=0.0))
    return 0.0 if phi >= 1.0 else (1.0 - 20.0 * phi - 8.0 * phi**2 + (1.0 + 8.0 * phi) ** 1.5) / 16.0


def hessian_index(ratio: float, energy: float) -> float:
    """Share of negative eigenvalues of the Hessian at a critical point of a given energy.

    Parameters
    ----------
    ratio, energy : float
        As for :func:`hessian_law`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Pennington and Bahri 2017.

    Examples
    --------
    >>> hessian_index(0.25, 0.04)  # below the critical energy
    0.0
    """
    phi, eps = float(check_real("ratio", ratio, above=0.0)), float(check_real("energy", energy, at_least=0.0))
    if eps <= critical_energy(phi):
        return 0.0
    return float(hessian_law(phi, eps).cdf(0.0))


def residual_hessian_scale(width: int, samples: int, *, deviation: float = 1.0) -> float:
    """Root mean square σ√(2/(n m)) of the 2m eigenvalues of the residual part (2/n) Σ r_i H_i for two layers of ReLU.

    For the mean loss at the start, with independent residuals of standard deviation σ: m eigenvalues near each sign, of
    relative spread 1/√(2d), all others 0.

    Parameters
    ----------
    width, samples : int
        m and n.
    deviation : float
        σ > 0.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> round(residual_hessian_scale(300, 400), 12)
    0.004082482905
    """
    many = check_count("width", width) * check_count("samples", samples)
    return float(check_real("deviation", deviation, above=0.0)) * math.sqrt(2.0 / many)
