"""When a network is close enough to its linear model for gradient descent to converge, for sure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rmt.errors import check_count, check_real


@dataclass(frozen=True)
class ConvergenceCertificate:
    """Constants of the theorem of convergence near linearisation, for the sum of squares f = Σ r².

    If in the ball of :attr:`radius` around the start the tangent kernel keeps its eigenvalues in [λ_min, λ_max], the
    gradients of the outputs their norms below U, and the gradients are Lipschitz with a constant of at most
    :attr:`smoothness`, then with steps h <= :attr:`step` f(w_k) <= (1 − hλ_min)^{2k} f(w_0) and no w_k leaves the ball.

    Attributes
    ----------
    radius : float
        2 √m U √f_0/λ_min.
    smoothness : float
        λ_min²/(12 m^{3/2} U² √f_0).
    step : float
        1/(λ_min + λ_max).
    eigenvalues : tuple of float
        λ_min and λ_max.
    start : float
        f_0.

    Examples
    --------
    >>> from rmt.training import convergence_certificate
    >>> certificate = convergence_certificate(0.5, 4.0, gradient=3.0, samples=10, start=2.0)
    >>> certificate.loss(0), certificate.loss(10) < 2.0, certificate.holds(certificate.smoothness)
    (2.0, True, True)
    """

    radius: float
    smoothness: float
    step: float
    eigenvalues: tuple[float, float]
    start: float

    def loss(self, k: int, step: float | None = None) -> float:
        """Bound (1 − hλ_min)^{2k} f_0 on the loss after k steps.

        Parameters
        ----------
        k : int
            Number of steps, >= 0.
        step : float, optional
            Step h; the certified one when None.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If the step is above the certified one.
        """
        h = float(check_real("step", self.step if step is None else step, above=0.0, at_most=self.step))
        return self.start * (1.0 - h * self.eigenvalues[0]) ** (2 * check_count("k", k, minimum=0))

    def holds(self, smoothness: float) -> bool:
        """Whether a network whose gradients have this Lipschitz constant is certified.

        Parameters
        ----------
        smoothness : float
            Lipschitz constant of the gradients of the outputs.

        Returns
        -------
        bool

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        return float(check_real("smoothness", smoothness, at_least=0.0)) <= self.smoothness


def convergence_certificate(
    low: float, high: float, *, gradient: float, samples: int, start: float
) -> ConvergenceCertificate:
    """Certificate of convergence from the spectrum of the tangent kernel at the start.

    Parameters
    ----------
    low, high : float
        0 < λ_min <= λ_max.
    gradient : float
        U > 0, a bound on the norm of the gradient of every output.
    samples : int
        m.
    start : float
        f_0 = Σ r² > 0.

    Returns
    -------
    ConvergenceCertificate

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    References
    ----------
    Liu, Zhu and Belkin 2020.

    Examples
    --------
    >>> certificate = convergence_certificate(0.5, 4.0, gradient=3.0, samples=10, start=2.0)
    >>> round(certificate.radius, 6), round(certificate.step, 6)
    (53.665631, 0.222222)
    """
    bottom = float(check_real("low", low, above=0.0))
    top = float(check_real("high", high, at_least=bottom))
    u, m = float(check_real("gradient", gradient, above=0.0)), check_count("samples", samples)
    f = float(check_real("start", start, above=0.0))
    return ConvergenceCertificate(
        radius=2.0 * math.sqrt(m) * u * math.sqrt(f) / bottom,
        smoothness=bottom**2 / (12.0 * m**1.5 * u**2 * math.sqrt(f)),
        step=1.0 / (bottom + top),
        eigenvalues=(bottom, top),
        start=f,
    )
