"""The smooth shape of a spectrum: its Chebyshev sums, against what is known of them or against their own spread."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray
from scipy import special

from rmt.errors import ConvergenceError
from rmt.laws.law import Law
from rmt.spectra.verdict.families import SMALLEST_NORMAL
from rmt.spectra.verdict.part import Part, any_of
from rmt.spectra.verdict.prediction import Prediction, Real, Sums

#: trials from which their own spread is an estimate
FEWEST_TRIALS = 8
#: a mean that is off by this many standard deviations of one trial may be the bias of finite n
ALLOWED_BIAS = 3.0
#: rounding errors of an eigenvalue, in units of the largest
_ROUNDING = 50.0
#: farther out, in half widths of the support, all places count alike: powers of it do not overflow
_FARTHEST = 1e30
_ORDER = 4
#: panels from each end of the support, each twice as long as the one before, and their nodes
_GRADING, _NODES = 40, 8

Flags = NDArray[np.bool_]


def shape(rows: Real, off: Flags, law: Law, prediction: Prediction, beta: float, unit: float) -> Part:
    """Compare the sums of every matrix (one row each) with what is predicted, or with their spread across trials.

    `off` marks eigenvalues on atoms, which are left out; `unit` is the rounding unit.
    """
    sums = prediction.sums
    if isinstance(sums, Sums):
        return _predicted(prediction.standard(rows), off, sums, beta, unit)
    if prediction.biased or rows.shape[0] < FEWEST_TRIALS:
        remedy = "" if prediction.biased else f"; {FEWEST_TRIALS} trials would tell their spread"
        return Part("shape", None, f"{sums}{remedy}")
    return _spread(rows, off, law, sums)


def chebyshev_sums_of(x: Real, off: Flags, low: float, high: float, order: int) -> Real:
    """Σ T_k over [low, high], k = 1 ... order, of every row; one column each."""
    with np.errstate(over="ignore"):
        place = np.clip((x - 0.5 * (low + high)) / (0.5 * (high - low)), -_FARTHEST, _FARTHEST)
    before, here = np.ones_like(place), place
    out = []
    for _ in range(order):
        out.append(np.where(off, 0.0, here).sum(axis=1))
        before, here = here, 2.0 * place * here - before
    return np.stack(out, axis=1)


def _predicted(z: Real, off: Flags, sums: Sums, beta: float, unit: float) -> Part:
    trials, n = z.shape
    if sums.whole:
        off = np.zeros_like(off)
    if n - off.sum(axis=1).min() < SMALLEST_NORMAL:
        return _exact(z, off, sums)
    measured = chebyshev_sums_of(z, off, sums.low, sums.high, sums.mean.size).mean(axis=0)
    rounding = (_ROUNDING * unit * n) ** 2
    if sums.covariance.any():
        rounding += _ROUNDING * np.finfo(float).eps * n  # variances are differences of numbers of this size
    covariance = sums.covariance / trials + rounding * np.eye(measured.size)
    difference = measured - sums.mean
    if sums.allowed is not None:
        return _near(difference, np.sqrt(np.diag(covariance)), sums.allowed, n)
    statistic = float(difference @ np.linalg.solve(covariance, difference))
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    worst = int(np.argmax(np.abs(difference) / error))
    text = (
        f"chi2 = {statistic:.3g} of {measured.size} Chebyshev sums; T_{worst + 1}: {measured[worst]:.4g}, "
        f"expected {sums.mean[worst]:.4g} +- {error[worst]:.2g}"
    )
    # tails are heavier than normal at small n: those of an F with as many degrees of freedom as eigenvalues, or βn
    freedom = max(n * trials * min(beta, 1.0), 1.0)
    p_value = float(special.fdtrc(measured.size, freedom, statistic / measured.size))
    return Part("shape", p_value, text, decisive=True)


def _exact(z: Real, off: Flags, sums: Sums) -> Part:
    """Power sums whose laws are known at every n: their sums over trials are normal or χ², too."""
    if not sums.exact:
        return Part("shape", None, f"fewer than {SMALLEST_NORMAL} eigenvalues: sums are not normal yet")
    trials, p_values, texts = z.shape[0], [], []
    for known in sums.exact:
        total = float(np.where(off, 0.0, np.clip(z, -_FARTHEST, _FARTHEST) ** known.power).sum())
        if known.degrees is None:
            place = total / (known.scale * math.sqrt(trials))
            p_values.append(2.0 * float(special.ndtr(-abs(place))))
            texts.append(f"sum of x^{known.power} at {place:.3g} standard deviations")
        else:
            degrees, place = trials * known.degrees, total / known.scale
            lower, upper = special.chdtr(degrees, place), special.chdtrc(degrees, place)
            p_values.append(min(1.0, 2.0 * float(min(lower, upper))))
            texts.append(f"sum of x^{known.power} is {place / degrees:.4g} of its mean")
    return Part("shape", any_of(p_values), "exact laws of power sums: " + ", ".join(texts), decisive=True)


def _near(difference: Real, error: Real, allowed: Real, n: int) -> Part:
    """Means of sums that may be off by what is allowed."""
    excess = np.maximum(np.abs(difference) - allowed, 0.0) / error
    p_value = any_of([float(p) for p in 2.0 * special.ndtr(-excess)])
    worst = int(np.argmax(np.abs(difference) / (error + allowed)))
    text = (
        f"{error.size} Chebyshev sums; T_{worst + 1}: bias {difference[worst] / n:.2g} +- {error[worst] / n:.1g} an "
        f"eigenvalue, up to {allowed[worst] / n:.2g} may be that of n = {n}"
    )
    return Part("shape", min(1.0, p_value), text, decisive=True)


def _chebyshev_means(law: Law, low: float, high: float) -> Real:
    """∫ T_k dF, by the rule of the law, or by its distribution function where it has none."""
    try:
        nodes, weights = law._expectation_rule()
    except ConvergenceError:
        return _by_parts(law, low, high)
    none_off = np.zeros((nodes.size, 1), dtype=bool)
    return np.asarray(chebyshev_sums_of(nodes[:, None], none_off, low, high, _ORDER).T @ weights)


def _by_parts(law: Law, low: float, high: float) -> Real:
    """∫ T_k dF = T_k(high) − ∫ T_k′ F, by Gauss' rule on panels that grow from all ends: the mass may crowd there."""
    steps = np.append(0.0, 2.0 ** np.arange(-_GRADING, 0.0))
    steps = np.append(steps, 1.0 - steps[-2::-1])
    ends = [x for interval in law.support for x in (interval.low, interval.high)] + [x for x, _ in law.atoms]
    places = (np.unique([low, *ends, high]) - low) / (high - low)
    panels = np.append((places[:-1, None] + np.diff(places)[:, None] * steps[:-1]).ravel(), 1.0)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    t = (panels[:-1, None] + np.diff(panels)[:, None] * (nodes + 1.0) / 2.0).ravel()
    w = (np.diff(panels)[:, None] * weights / 2.0).ravel()
    level = np.asarray(law.cdf(low + (high - low) * t))
    polynomials = [Chebyshev.basis(k) for k in range(1, _ORDER + 1)]
    return np.array([1.0 - 2.0 * float(w @ (p.deriv()(2.0 * t - 1.0) * level)) for p in polynomials])


def _spread(rows: Real, off: Flags, law: Law, reason: str) -> Part:
    """Sums against their own spread; a bias that finite n may have is allowed, and told."""
    low, high = law._hull()
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return Part("shape", None, f"{reason}, and the support is not bounded")
    trials, n = rows.shape
    none_off = np.zeros_like(off)
    sums = chebyshev_sums_of(np.clip(rows, low, high), none_off, low, high, _ORDER)
    try:
        expected = n * _chebyshev_means(law, low, high)
    except ConvergenceError as failure:
        return Part("shape", None, f"the sums of the law are not known: {failure}")
    mean, deviation = sums.mean(axis=0), sums.std(axis=0, ddof=1)
    bias = np.abs(mean - expected)
    error = deviation / math.sqrt(trials) + 1e-9 * n
    excess = np.maximum(bias - ALLOWED_BIAS * deviation, 0.0) / error
    p_values = [float(p) for p in 2.0 * special.stdtr(trials - 1, -excess)]
    worst = int(np.argmax(bias / error))
    text = (
        f"mean of {trials} trials, spread from them; T_{worst + 1}: bias {(mean - expected)[worst] / n:.2g} +- "
        f"{error[worst] / n:.1g} an eigenvalue, up to {ALLOWED_BIAS * deviation[worst] / n:.2g} may be that of n = {n}"
    )
    return Part("shape", any_of([min(1.0, p) for p in p_values]), text, decisive=True)
