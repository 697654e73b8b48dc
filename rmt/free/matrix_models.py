"""Laws of the standard matrix models that are one free operation away from a given law."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmt.errors import check_real, check_reals, shown
from rmt.free.operations import CompoundFreePoisson, boxplus, boxtimes, inverse
from rmt.laws.atomic import Atomic, Empirical
from rmt.laws.law import Law
from rmt.laws.named.classical_laws import Arcsine
from rmt.laws.named.marchenko_pastur import MarchenkoPastur
from rmt.laws.named.semicircle import Semicircle


def sample_covariance(population: Any, ratio: Any, *, temporal: Any = None, closed_form: bool = True) -> Law:
    """Generalised Marchenko-Pastur law: limit of Σ^{1/2} (A A*/m) Σ^{1/2} for a population covariance Σ.

    A is n × m with iid entries of variance 1, n/m -> `ratio`, and the spectrum of Σ tends to `population`. It is the
    free product of the population with ``MarchenkoPastur(ratio)``. Its companion transform v (that of the m × m
    matrix A* Σ A/m, Im v > 0 where Im z > 0) solves z = -1/v + ratio ∫ t/(1 + t v) dH(t) (Silverstein 1995). Atoms
    and every component of the support are enumerated (Silverstein and Choi 1995): k population eigenvalues
    far enough apart, or `ratio` small enough, give k components of mass 1/k.

    Parameters
    ----------
    population : Law or array_like of float
        Law H on [0, ∞), or the eigenvalues of Σ, which become an :class:`~rmt.laws.Empirical` law.
    ratio : real
        Dimension over samples, n/m, > 0; above 1 there is an atom of mass at least ``1 - 1/ratio`` at 0.
    temporal : real in (-1, 1), array_like of float, or Law, optional
        Covariance B of the samples, whose matrix then is Σ^{1/2} A B A* Σ^{1/2}/m: the correlation of neighbours of an
        autoregressive process of order one and variance 1, or the eigenvalues of B, or their law (Burda et al. 2010).
    closed_form : bool
        Whether a named law (the Marchenko-Pastur law of a population with one eigenvalue) is returned as such.

    Returns
    -------
    Law
        A law with all of the contract; its ``subordination`` has one function for the matrix A A*/m and one for the
        population.

    Raises
    ------
    TypeError
        If `population` is neither a law nor numbers.
    ValueError
        If ``ratio <= 0``, or the population is empty, not finite, a matrix, or takes negative values.

    References
    ----------
    Marchenko and Pastur 1967; Silverstein (1995); Silverstein and Choi (1995).

    Examples
    --------
    >>> law = sample_covariance([1.0, 3.0], 0.05)
    >>> [round(i.mass, 12) for i in law.support]
    [0.5, 0.5]
    >>> sample_covariance([2.0], 0.5)
    MarchenkoPastur(ratio=0.5, variance=2.0)
    """
    aspect = check_real("ratio", ratio, above=0.0)
    samples: Law = MarchenkoPastur(aspect)
    if temporal is not None:
        # A B A*/m is a sum over the samples of b a a*/m, of one eigenvalue b n/m each
        jumps = temporal_law(temporal) * float(aspect)
        samples = CompoundFreePoisson(1.0 / float(aspect), jumps, closed_form=closed_form)
    return boxtimes(samples, _population_law(population), closed_form=closed_form)


def temporal_law(temporal: Any) -> Law:
    """Spectrum of the covariance of samples: of an autoregressive process of order one, or as given.

    The eigenvalues of the covariance a^|s − t| are those of (1 − a²)/(1 + a² − 2a cos θ), θ uniform.

    Parameters
    ----------
    temporal : real in (-1, 1), array_like of float, or Law
        The correlation a, or eigenvalues >= 0, or their law.

    Returns
    -------
    Law

    Raises
    ------
    TypeError, ValueError
        If it is none of these.

    Examples
    --------
    >>> [round(float(x), 12) for x in temporal_law(0.5).ppf([0.0, 0.5, 1.0])]  # (1 − a)/(1 + a), ..., (1 + a)/(1 − a)
    [0.333333333333, 0.6, 3.0]
    """
    if isinstance(temporal, Law) or np.ndim(temporal) > 0:
        return _population_law(temporal)
    a = float(check_real("temporal", temporal, above=-1.0, below=1.0))
    if a == 0.0:
        return Atomic((1,), (1,))
    return inverse((Arcsine(2.0 * abs(a)) + (1.0 + a * a)) * (1.0 / (1.0 - a * a)))


def deformed_wigner(potential: Any, variance: Any = 1, *, closed_form: bool = True) -> Law:
    """Deformed Wigner law: limit of W + V for a Wigner matrix W and a diagonal or independent matrix V.

    The free sum of the law of V with the semicircle law (Pastur 1972); its density is bounded by
    ``1/(pi sqrt(variance))`` and analytic where it is positive (Biane 1997a).

    Parameters
    ----------
    potential : Law or array_like of float
        Law of V, or its eigenvalues.
    variance : real
        Variance of the semicircle law, > 0.
    closed_form : bool
        Whether a named law is returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `potential` is neither a law nor numbers.
    ValueError
        If ``variance <= 0``, or the potential is empty, not finite, or a matrix.

    Examples
    --------
    >>> law = deformed_wigner([-1.0, 1.0])
    >>> round(law.support[-1].high, 12)
    2.598076211353
    """
    noise = Semicircle(0, check_real("variance", variance, above=0.0))
    return boxplus(_law_of("potential", potential), noise, closed_form=closed_form)


def FreeLevy(  # noqa: N802
    drift: Any = 0, variance: Any = 0, rate: Any = 0, jumps: Law | None = None, *, closed_form: bool = True
) -> Law:
    """Free Lévy law: the freely infinitely divisible law of a drift, a variance and a finite Lévy measure.

    The free Lévy-Khintchine formula R(g) = drift + variance g + rate ∫ t/(1 - t g) jumps(dt) (Bercovici and
    Voiculescu 1993): a semicircle law plus a free compound Poisson one. All of its free powers t > 0 exist, and are
    those of a free Lévy process at time t. Laws with infinitely many small jumps: :class:`~rmt.laws.FreeStable`
    (``FreeStable(1/2, 1)`` is the free counterpart of the classical law named after Lévy).

    Parameters
    ----------
    drift : real
        Mean of the part without jumps.
    variance : real
        Variance of the semicircular part, >= 0.
    rate : real
        Mass of the Lévy measure, >= 0.
    jumps : Law, optional
        The Lévy measure divided by its mass; needed where ``rate > 0``.
    closed_form : bool
        Whether a named law is returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `jumps` is not a law.
    ValueError
        If `variance` or `rate` is negative, or `jumps` is missing or superfluous.

    Examples
    --------
    >>> from rmt.laws import Rademacher
    >>> FreeLevy(drift=1, variance=2, rate=3, jumps=Rademacher()).free_cumulants(4)
    (1.0, 5.0, 0.0, 3.0)
    """
    shift = check_real("drift", drift)
    spread = check_real("variance", variance, at_least=0.0)
    mass = check_real("rate", rate, at_least=0.0)
    if (mass > 0) != (jumps is not None):
        raise ValueError(f"rate and jumps go together: got rate = {rate!r} and jumps = {jumps!r}")
    parts: list[Law] = [Semicircle(0, spread)] if spread > 0 else []
    if jumps is not None:
        parts.append(CompoundFreePoisson(mass, jumps, closed_form=closed_form))
    return boxplus(*parts, closed_form=closed_form) + shift if parts else Atomic((shift,), (1,))


# ---------------------------------------------------------------------- helpers
def _population_law(population: Any) -> Law:
    law = _law_of("population", population)
    low = law._hull()[0]
    if low < 0.0:
        raise ValueError(
            f"population must live on [0, inf), covariances are positive; {law!r} reaches down to {low:.6g}"
        )
    return law


def _law_of(name: str, given: Any) -> Law:
    """A law as it is, numbers as their empirical law."""
    if isinstance(given, Law):
        return given
    try:
        values = check_reals(name, given)
    except TypeError:
        raise TypeError(f"{name} must be a Law or an array of eigenvalues, got {shown(given)}") from None
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"{name} must be a Law or a one-dimensional array of eigenvalues, got the shape {values.shape}; for a "
            "matrix pass numpy.linalg.eigvalsh(matrix)"
        )
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{name} must hold finite eigenvalues, got NaN or infinity; remove them")
    return Empirical(values)
