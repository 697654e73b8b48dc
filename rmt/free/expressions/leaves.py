"""What the solver needs of a law that is not a free expression: its code and parameters, where it lies."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from rmt.free.expressions import leaf_kernels as codes
from rmt.free.expressions.tree import Leaf, Node, Product, Sum, affine
from rmt.laws.atomic import AtomicLaw, Bernoulli, Rademacher
from rmt.laws.given.panel_measure import PanelMeasure
from rmt.laws.law import Law, Real, exact
from rmt.laws.named.classical_laws import Arcsine, Cauchy, Gaussian
from rmt.laws.named.free_jacobi import ProjectionProduct, Wachter
from rmt.laws.named.fuss_catalan import FussCatalan
from rmt.laws.named.kesten_mckay import KestenMcKay
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur
from rmt.laws.named.raney import Raney
from rmt.laws.named.semicircle import Semicircle
from rmt.laws.named.uniform import Uniform
from rmt.numerics.quadrature.line_panels import Stretch, build_line_panels
from rmt.numerics.quadrature.log_panels import LogPanels

#: code, parameters, and their count (number of atoms or of coefficients)
Code = tuple[int, list[float], int]
#: mass that panels may miss
_DEFECT = 1e-8
#: atoms nearer to 0, relative to the reach of all, are taken to be there
_TINY = 1e-200


def rewrite(law: Law) -> Node | None:
    """The free expression of elementary laws that a named law is, if it is one."""
    if isinstance(law, FussCatalan) and law.order >= 1:
        return Product(((Leaf(MarchenkoPastur()), law.order),))
    if isinstance(law, KestenMcKay):
        return Sum(((Leaf(Rademacher()), law.degree),))
    if isinstance(law, ProjectionProduct):
        return Product(tuple((Leaf(Bernoulli(trace)), 1) for trace in law._traces()))
    if isinstance(law, Wachter):
        # P Q P compressed to the range of P, where P has trace 1/(a + b) and Q has trace a/(a + b)
        total = exact(law.a) + exact(law.b)
        power = Sum(((Leaf(Bernoulli(exact(law.a) / total)), total),))
        return affine(power, Fraction(1) / total, 0)
    return None


def as_sum(law: Law) -> Node | None:
    """A named law that is a free sum, as that sum (or as the expression that :func:`rewrite` gives)."""
    if isinstance(law, Arcsine):
        half = Fraction(law.radius) / 2
        return Sum(((Leaf(Bernoulli(Fraction(1, 2), -half, half)), 2),))
    return rewrite(law)


def leaf_parameters(law: Law) -> Code:
    """Code and parameters of any law; one without closed form is put on panels."""
    closed = _closed_code(law)
    if closed is not None:
        return closed
    parameters = line_panels(law)
    return codes.LINE_PANELS, parameters.tolist(), int(parameters[1])


def _closed_code(law: Law) -> Code | None:
    if isinstance(law, Semicircle):
        return codes.SEMICIRCLE, [float(law._mean), math.sqrt(law.variance)], 2
    if isinstance(law, FreePoisson | MarchenkoPastur):
        rate, jump = law._rate_and_jump()
        return codes.FREE_POISSON, [float(rate), float(jump)], 2
    if isinstance(law, AtomicLaw):
        return atoms_code(*law._arrays)
    if isinstance(law, Cauchy):
        return codes.CAUCHY, [float(law.location), float(law.scale)], 2
    if isinstance(law, Uniform):
        low, _, width = law._ends
        return codes.UNIFORM, [low + 0.5 * width, 0.5 * width], 2
    if isinstance(law, Arcsine):
        return codes.ARCSINE, [0.0, float(law.radius)], 2
    if isinstance(law, Gaussian):
        return codes.GAUSSIAN, [float(law._mean), math.sqrt(law.variance)], 2
    panels = getattr(law, "log_panels", None)
    if isinstance(panels, LogPanels):
        return codes.LOG_PANELS, panels.parameters.tolist(), panels.kind.size
    line = getattr(law, "line_panels", None)
    if isinstance(line, PanelMeasure):
        return codes.LINE_PANELS, line.parameters.tolist(), int(line.parameters[1])
    return None


@lru_cache(maxsize=32)
def line_panels(law: Law) -> Real:
    """Panels of the density of a law (:mod:`rmt.numerics.quadrature.line_panels`).

    Raises
    ------
    ValueError
        If the density does not integrate to 1 with the atoms: a singularity inside an interval of the support.
    """
    # next to 0 the density of a Raney law is a series in x^(1/p), whatever its leading exponent
    is_root = not isinstance(law, Raney)
    stretches = [Stretch(i.low, i.high, i.low_exponent, i.high_exponent, is_root) for i in law.support]
    parameters, defect = build_line_panels(law._pdf, stretches, law.atoms, location(law)[1])
    if not abs(defect) < _DEFECT:
        raise ValueError(
            f"the density and the atoms of {law!r} have total mass {1.0 - defect:.12g}; the support or its exponents "
            "do not fit the density"
        )
    return parameters


def atoms_code(positions: Real, masses: Real) -> Code:
    """Code of a discrete measure."""
    centre = float(positions @ masses)
    radius = float(np.abs(positions - centre).max())
    at_zero = -math.fsum(masses / positions) if np.all(np.abs(positions) > _TINY * radius) else math.inf
    return codes.ATOMS, [centre, radius, at_zero, *positions.tolist(), *masses.tolist()], positions.size


def location(law: Law) -> tuple[float, float]:
    """Centre and spread: mean and standard deviation, or median and quartiles where those do not exist."""
    try:
        mean, deviation = law.mean(), law.std()
    except ValueError:
        mean = deviation = math.nan
    if math.isfinite(mean) and math.isfinite(deviation):
        return mean, deviation or abs(mean) or 1.0  # a scale is needed even of a point mass
    low, median, high = law.ppf(np.array([0.25, 0.5, 0.75]))
    return float(median), float(high - low)
