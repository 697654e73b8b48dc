"""Tracy-Widom laws: the largest eigenvalue at a soft edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.errors import check_choice, check_real
from rmt.laws.edges.log_tails import LogTailLaw, LogTails
from rmt.laws.edges.stochastic_airy import LARGEST_BETA, SMALLEST_BETA, AiryCurve, airy_curve
from rmt.laws.law import Real

#: how much longer the scale of the table of beta = 4 is, by convention
_SCALES = {"sao": 2.0 ** (2.0 / 3.0), "tw96": math.sqrt(2.0), "raw": 1.0}
_TABULATED = (1, 2, 4)


@dataclass(frozen=True, init=False, repr=False)
class TracyWidom(LogTailLaw):
    """Tracy-Widom law of index beta: limit of n^(2/3) (λ_max − 2) for the Gaussian ensembles.

    In the package's normalisation (support [−2, 2]) the largest eigenvalue of ``hermite(beta)``, hence of ``goe()``,
    ``gue()`` and ``gse()`` for beta = 1, 2 and 4, is about 2 + n^(−2/3) TW.

    Parameters
    ----------
    beta : real
        Dyson index, between 0.2 and 20. For 1, 2 and 4 a table is read; any other law is computed when it is first
        asked, in some seconds, and kept.
    convention : {"sao", "tw96", "raw"}
        Scale of the law of beta = 4; the others have one only. With F(s) = (D₊(s) + D₋(s))/2, D± = det(1 ± B_s),
        B_s(x, y) = Ai(x + y + s): ``"raw"`` is F(s), mean −3.2624; ``"tw96"`` is F(√2 s), mean −2.3069, in Tracy and
        Widom (1996), in the tables of Bornemann (2010) and in most software; ``"sao"`` is F(2^(2/3) s), mean −2.0552,
        the scale of the stochastic Airy operator, and the only one that fits ``gse()`` as above.

    Raises
    ------
    TypeError
        If beta is no number, or the convention no string.
    ValueError
        If beta is outside [0.2, 20], there is no such convention, or one other than the default is given for beta
        other than 4.
    ConvergenceError
        If a computed law is not settled to 1e-8; at the first evaluation.

    Notes
    -----
    Beta 1, 2, 4 (Tracy and Widom 1994; Tracy and Widom 1996): Chebyshev series made from Fredholm determinants
    (Ferrari and Spohn 2005; Bornemann 2010) in 60 digits, the series of Painlevé II left of them, an expansion of the
    first traces on their right. ``pdf``, ``cdf`` and ``sf`` have relative errors below 1e-12 in their tails as far as
    doubles reach, ``logcdf`` and ``logsf`` beyond.

    Any other beta: the equation of Bloemendal and Virág (2013), absolute errors below 1e-8 with a bound from two
    meshes (``return_error=True``). Beyond probabilities of e^(−45) on the left and 1e-7 on the right the tails are
    asymptotic: leading terms (Borot et al. 2011; Dumaz and Virág 2013) joined to the computed part.

    Examples
    --------
    >>> from rmt.laws import TracyWidom
    >>> round(TracyWidom(2).cdf(-2.0), 15)
    0.413224142505123
    >>> round(TracyWidom(1).logsf(100.0), 6)
    -672.080056
    """

    beta: Any
    convention: str

    def __init__(self, beta: Any = 2, convention: str = "sao") -> None:
        index = check_real("beta", beta, above=0.0)
        if not SMALLEST_BETA <= index <= LARGEST_BETA:
            raise ValueError(
                f"beta must lie in [{SMALLEST_BETA:g}, {LARGEST_BETA:g}], where the law is computed to 1e-8, got "
                f"{beta!r}; beyond, sample rmt.hermite(beta).largest(n)"
            )
        name = check_choice("convention", convention, _SCALES)
        if index != 4 and name != "sao":
            raise ValueError(
                f"convention = {name!r} is for beta = 4; the law of beta = {index!r} has one scale only: leave it out"
            )
        object.__setattr__(self, "beta", index)
        object.__setattr__(self, "convention", name)

    @property
    def _scale(self) -> float:
        return _SCALES[self.convention] if self.beta == 4 else 1.0

    @property
    def _curve(self) -> AiryCurve | None:
        """The computed law; None where there is a table."""
        return None if self.beta in _TABULATED else airy_curve(float(self.beta))

    def _log_tails(self, x: Real) -> LogTails:
        from rmt.laws.edges.tracy_widom_table import log_tails

        if self._curve is not None:
            return self._curve.log_tails(x)
        tails = log_tails(int(self.beta), self._scale * x)
        return LogTails(tails.lower, tails.value, self._scale * tails.slope)

    def _grid(self) -> Real:
        if self._curve is None:
            return np.linspace(-13.0, 15.0, 512) / self._scale
        pieces = self._curve.pieces
        return np.linspace(pieces.low, 1.6 * pieces.high - 0.6 * pieces.low, 512)

    def _cdf_error(self, x: Real, value: Real) -> Real:
        mesh = 0.0 if self._curve is None else self._curve.error
        return super()._cdf_error(x, value) + mesh

    def _pdf_error(self, x: Real, value: Real) -> Real:
        # the derivative of the error varies on the scale of the law
        mesh = 0.0 if self._curve is None else 10.0 * self._curve.error * math.sqrt(float(self.beta) + 1.0)
        return super()._pdf_error(x, value) + np.where(value > 0.0, mesh, 0.0)
