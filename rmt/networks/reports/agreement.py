"""Whether a measured Jacobian agrees with a predicted law: the parts and the words of :func:`rmt.spectra.compare`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scipy import special

from rmt.laws.law import Law
from rmt.networks.reports.layer_readings import LayerReading
from rmt.spectra.comparison import Judged, Tolerance
from rmt.spectra.verdict.distance import distance
from rmt.spectra.verdict.judge import Verdict
from rmt.spectra.verdict.kinds import UnknownFluctuations
from rmt.spectra.verdict.part import Part

#: log m₁ of one draw scatters by at most this many times what layers of independent slopes do: their lengths fluctuate
#: together (measured .9 to 1.3 over ReLU, tanh and GELU, Gaussian and orthogonal weights)
WIDENED = 1.5
#: what a law for the slopes of all draws cannot say of one
_SHIFTED = "the slopes of one draw differ from their law, which shifts the whole spectrum"


@dataclass(frozen=True)
class Agreement(Judged):
    """The verdict on a prediction of :func:`rmt.check_isometry`.

    Attributes
    ----------
    ks : float
        Kolmogorov-Smirnov distance of the measured bulk to the law; without a matrix a lower bound of it.
    tolerance : Tolerance
    judged : Verdict
        The parts and their level.

    Examples
    --------
    >>> import rmt
    >>> from rmt.networks.reports.agreement import agreement_with
    >>> found = agreement_with(rmt.MarchenkoPastur(), 0.3, 200, level=0.01)
    >>> found.verdict, [part.name for part in found.parts]
    ('rejected', ['distance'])
    """

    ks: float
    tolerance: Tolerance
    judged: Verdict

    def to_dict(self) -> dict[str, Any]:
        """As built-in types.

        Returns
        -------
        dict
        """
        return self._judgement()

    def sentence(self) -> str:
        """Verdict, p-value and parts in one line."""
        p_value = "no p-value" if self.p_value is None else f"p = {self.p_value:.3g}, level {self.level:g}"
        return f"{self.verdict} ({p_value}); " + "; ".join(f"{part.name}: {part.text}" for part in self.parts)


def agreement_with(
    law: Law,
    ks: float,
    n: int,
    *,
    level: float,
    resolution: float = 0.0,
    bound: bool = False,
    shift: tuple[float, float, float] | None = None,
) -> Agreement:
    """Judge the singular values of one Jacobian by their distance from a law, or one draw by its mean square.

    Parameters
    ----------
    law : Law
    ks : float
    n : int
        Independent rows of the narrowest layer.
    level : float
    resolution : float
        Distance that the law may have from that of the measured derivatives.
    bound : bool
        Whether `ks` is a lower bound only, so that it can reject and not accept.
    shift : (difference, deviation, error), optional
        For a law that is not given the measured derivatives: log m₁ less its prediction, its standard deviation over
        draws, and the standard error of its measurement.
    """
    scale = math.log(max(n, 2)) / n
    known = UnknownFluctuations(1.0, reason=_SHIFTED, rigid=shift is None, exact_atoms=False, continuous=False)
    parts: list[Part] = []
    if shift is not None:
        parts.append(_mean_square(*shift))
    part = distance(ks, n, n, scale, known.predict(law, n), resolution=resolution)
    if bound and part.p_value is not None:
        part = replace(part, text=f"at least {part.text}", decisive=False)
    parts.append(part)
    return Agreement(ks, Tolerance(scale, "rigidity, log(n)/n"), Verdict(tuple(parts), level))


def independent_rows(readings: Sequence[LayerReading], rows: int) -> int:
    """Units of the narrowest layer, one position of a convolution or of tokens counted, at most `rows`."""
    counts = [rows]
    for layer in readings:
        weights = layer.weights
        inputs = max(1, weights.fan_in // weights.taps)
        positions = max(1, weights.columns // inputs)
        counts += [inputs, max(1, weights.rows // positions)]
    return min(counts)


def _mean_square(difference: float, deviation: float, error: float) -> Part:
    """The logarithm of m₁ of one draw is about normal (Hanin and Nica 2020a), with the mean −deviation²/2."""
    if not (deviation > 0.0 and math.isfinite(difference)):
        return Part("mean", None, "how far log m1 of one draw is from its limit is not known for these layers")
    z = (difference + 0.5 * deviation**2) / math.hypot(WIDENED * deviation, error)
    p_value = 2.0 * float(special.ndtr(-abs(z)))
    return Part("mean", p_value, f"log m1 is off by {difference:.3g}, expected +- {deviation:.2g}")
