"""The equations of named laws: a polynomial in G and z for each that has one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rmt.exact.rings import Polynomial, Quotient, Ring, Symbolic
from rmt.laws.atomic import AtomicLaw
from rmt.laws.given.equilibrium import QuarticEquilibrium
from rmt.laws.law import Law
from rmt.laws.named.classical_laws import Arcsine, Cauchy
from rmt.laws.named.free_jacobi import ProjectionProduct, Wachter
from rmt.laws.named.free_meixner import FreeMeixner
from rmt.laws.named.fuss_catalan import FussCatalan
from rmt.laws.named.kesten_mckay import KestenMcKay
from rmt.laws.named.marchenko_pastur import FreePoisson, MarchenkoPastur
from rmt.laws.named.raney import Raney
from rmt.laws.named.semicircle import Semicircle

#: atoms up to which a law of atoms has an equation of a size one can work with
_MANY_ATOMS = 60


def leaf_candidates(law: Law, ring: Ring) -> list[Polynomial]:
    """Irreducible polynomials one of which is the equation of a named law.

    Raises
    ------
    ValueError
        If the law has no algebraic equation, by its name; or if a parameter is not exact.
    """
    rule = next((r for kind, r in _RULES.items() if isinstance(law, kind)), None)
    if rule is None:
        raise ValueError(
            f"{law!r} has no algebraic equation that is known here; laws with one are semicircle, Marchenko-Pastur, "
            "atoms, arcsine, Cauchy, Kesten-McKay, Wachter, free Meixner, Fuss-Catalan, Raney and quartic equilibrium, "
            "and what free operations make of them. law.pdf(x, digits=50) needs no equation"
        )
    return irreducible(rule(law, ring), ring)


def irreducible(p: Polynomial, ring: Ring) -> list[Polynomial]:
    """The irreducible factors of p that contain G."""
    return [f for f, _ in p.factor()[1] if f.degrees()[0] > 0]


def _semicircle(law: Any, ring: Ring) -> Polynomial:
    (m, dm), (v, dv) = ring.quotient(law._mean, "mean"), ring.quotient(law.variance, "variance")
    # v G² − (z − m) G + 1
    return v * dm * ring.G**2 - (dm * ring.z - m) * dv * ring.G + dm * dv


def free_poisson(rate: Quotient, jump: Quotient, ring: Ring) -> Polynomial:
    """Jump z G² − (z − jump (rate − 1)) G + 1, without denominators."""
    (r, dr), (a, da) = rate, jump
    return a * dr * ring.z * ring.G**2 - (da * dr * ring.z - a * (r - dr)) * ring.G + da * dr


def _marchenko_pastur(law: Any, ring: Ring) -> Polynomial:
    (c, dc), (v, dv) = ring.quotient(law.ratio, "ratio"), ring.quotient(law.variance, "variance")
    return free_poisson((dc, c), (c * v, dc * dv), ring)


def _free_poisson(law: Any, ring: Ring) -> Polynomial:
    return free_poisson(ring.quotient(law.rate, "rate"), ring.quotient(law.jump, "jump"), ring)


def _atoms(law: Any, ring: Ring) -> Polynomial:
    positions, masses = law._points()
    if len(positions) > _MANY_ATOMS:
        raise ValueError(
            f"the equation of a law of {len(positions)} atoms has that degree; give at most {_MANY_ATOMS}, for data "
            "a coarser histogram of them"
        )
    # G as a quotient, atom by atom
    numerator, denominator = ring.context.constant(0), ring.one
    for position, mass in zip(positions, masses, strict=True):
        (a, da), (w, dw) = ring.quotient(position, "an atom"), ring.quotient(mass, "a mass")
        factor = da * ring.z - a
        numerator = numerator * factor * dw + w * da * denominator
        denominator = denominator * factor * dw
    common = numerator.gcd(denominator)
    return divmod(denominator, common)[0] * ring.G - divmod(numerator, common)[0]


def _arcsine(law: Any, ring: Ring) -> Polynomial:
    r, d = ring.quotient(law.radius, "radius")
    return (d * d * ring.z**2 - r * r) * ring.G**2 - d * d


def _cauchy(law: Any, ring: Ring) -> Polynomial:
    (m, dm), (s, ds) = ring.quotient(law.location, "location"), ring.quotient(law.scale, "scale")
    x = dm * ring.z - m
    # 1/G = z − m ± i s
    return (ds * ds * x * x + dm * dm * s * s) * ring.G**2 - 2 * ds * ds * dm * x * ring.G + dm * dm * ds * ds


def _kesten_mckay(law: Any, ring: Ring) -> Polynomial:
    d, q = ring.quotient(law.degree, "degree")
    m = ring.z * ring.G - 1
    # continued fraction 1/(z − d g), (d − 1) g² − z g + 1 = 0
    return (d - q) * q * m * m - ring.z * m * d * q * ring.G + d * d * ring.G**2


def _meixner(law: Any, ring: Ring) -> Polynomial:
    (a, da), (b, db) = ring.quotient(law.a, "a"), ring.quotient(law.b, "b")
    m = ring.z * ring.G - 1
    return (b + db) * da * m * m - (da * ring.z - a) * db * m * ring.G + da * db * ring.G**2


def _two_points(weight: Quotient, ring: Ring) -> Polynomial:
    """Masses 1 − p at 0 and p at 1."""
    p, d = weight
    return d * ring.z * (ring.z - 1) * ring.G - d * (ring.z - 1) - p


def _wachter(law: Any, ring: Ring) -> Polynomial:
    # the free power a + b of a law of two atoms, divided by a + b
    (a, da), (b, db) = ring.quotient(law.a, "a"), ring.quotient(law.b, "b")
    total, unit = a * db + b * da, da * db
    p = _two_points((a * db, total), ring)
    g, z = ring.G, ring.z
    # w = (Z + (t − 1)/H)/t with Z = t z and H = G/t
    p = ring.substitute(p, G=(unit * g, total), z=(z * g * unit + (total - unit), unit * g))
    return ring.without(p, (g, *_nonconstant(unit, total)))


def _nonconstant(*polynomials: Polynomial) -> list[Polynomial]:
    return [p for p in polynomials if not p.is_constant()]


def _projections(law: Any, ring: Ring) -> Polynomial:
    from rmt.exact.eliminations import product

    first, second = ring.quotient(law.first, "first"), ring.quotient(law.second, "second")
    return product(_two_points(first, ring), _two_points(second, ring), ring)


def _fraction(value: Any, name: str, ring: Ring) -> Fraction:
    if isinstance(value, Symbolic):
        raise ValueError(f"{name} is an exponent and cannot be a symbol; give an int or a Fraction")
    return ring.fraction(value, name)


def _fuss_catalan(law: Any, ring: Ring) -> Polynomial:
    # m z = (1 + m)^(s + 1), with s = a/b
    order = _fraction(law.order, "order", ring)
    a, b = order.numerator, order.denominator
    return (ring.z * ring.G - 1) ** b - ring.z**a * ring.G ** (a + b)


def _raney(law: Any, ring: Ring) -> Polynomial:
    # zG = y^r with z (y − 1) = y^p, and y = w^N
    p, r = _fraction(law.p, "p", ring), _fraction(law.r, "r", ring)
    n = p.denominator * r.denominator
    curve = ring.z * (ring.w**n - 1) - ring.w ** int(p * n)
    return curve.resultant(ring.z * ring.G - ring.w ** int(r * n), "w")


def _quartic(law: Any, ring: Ring) -> Polynomial:
    (mu, d), (g, e) = ring.quotient(law.mu, "mu"), ring.quotient(law.g, "g")
    z, w, x = ring.z, ring.w, ring.G
    # G² − V′ G + V′/z-part: g z² + mu + g m_2, with w = m_2 and the cut condition on w
    curve = d * e * x * x - (mu * e * z + g * d * z**3) * x + mu * e + g * d * z * z + g * d * w
    cuts = 1 if isinstance(law.mu, Symbolic) or isinstance(law.g, Symbolic) else law.cuts
    if cuts == 2:  # support ±√((−mu ± 2√g)/g): the second moment is −mu/g
        return ring.without(ring.substitute(curve, w=(-mu * e, d * g)), _nonconstant(g, d, e))
    # one cut [−2a, 2a], A = a²: 3 g A² + mu A = 1 and m_2 = A (4 − mu A)/3; x stands for A here
    condition = 3 * g * d * x * x + mu * e * x - d * e
    moment = 3 * d * w - (4 * d * x - mu * x * x)
    return curve.resultant(condition.resultant(moment, "G"), "w")


_RULES: dict[type, Callable[[Any, Ring], Polynomial]] = {
    Semicircle: _semicircle,
    MarchenkoPastur: _marchenko_pastur,
    FreePoisson: _free_poisson,
    AtomicLaw: _atoms,
    Arcsine: _arcsine,
    Cauchy: _cauchy,
    KestenMcKay: _kesten_mckay,
    FreeMeixner: _meixner,
    Wachter: _wachter,
    ProjectionProduct: _projections,
    FussCatalan: _fuss_catalan,
    Raney: _raney,
    QuarticEquilibrium: _quartic,
}
