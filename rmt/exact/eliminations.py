"""Free operations on equations: each is a substitution or one elimination (Rao and Edelman 2008).

G stands for the value of the Cauchy transform at z. For products G = (1 + m)/z with the T-transform m, for rectangular
sums y = (1 + m)(1 + c m)/z (Benaych-Georges 2009). What a function returns has extra factors; which factor is the law
is decided elsewhere (:mod:`rmt.exact.branch_choice`).
"""

from __future__ import annotations

from rmt.exact.rings import Polynomial, Quotient, Ring


def affine(p: Polynomial, scale: Quotient, shift: Quotient, ring: Ring) -> Polynomial:
    """Of ``scale * X + shift``: G(z) = G_X((z − shift)/scale)/scale."""
    (a, da), (b, db) = scale, shift
    g, z = ring.G, ring.z
    # P(a G, (z − b)/a)
    p = ring.substitute(p, G=(a * g, da), z=((db * z - b) * da, db * a))
    return ring.without(p, _parts(a, da, db))


def power(p: Polynomial, t: Quotient, ring: Ring) -> Polynomial:
    """Free power t: R is multiplied by t, so w = (z + (t − 1)/G)/t."""
    n, d = t
    g, z = ring.G, ring.z
    p = ring.substitute(p, z=(d * z * g + n - d, n * g))
    return ring.without(p, (g, *_parts(n, d)))


def plus(p: Polynomial, q: Polynomial, ring: Ring) -> Polynomial:
    """Free sum: z = z₁ + z₂ − 1/G at equal G."""
    g, z, w = ring.G, ring.z, ring.w
    a = ring.substitute(p, z=(w, ring.one))
    b = ring.substitute(q, z=((z - w) * g + 1, g))
    return a.resultant(b, "w")


def to_m(p: Polynomial, ring: Ring) -> Polynomial:
    """P(G, z) as a polynomial in m = zG − 1, which takes the place of G, and z."""
    return ring.without(ring.substitute(p, G=(ring.G + 1, ring.z)), (ring.z,))


def from_m(q: Polynomial, ring: Ring) -> Polynomial:
    """Back from m to G."""
    return ring.substitute(q, G=(ring.z * ring.G - 1, ring.one))


def product(p: Polynomial, q: Polynomial, ring: Ring) -> Polynomial:
    """Free product: z₁ z₂ = z (1 + m)/m at equal m."""
    m, z, w = ring.G, ring.z, ring.w
    a = ring.substitute(to_m(p, ring), z=(w, ring.one))
    b = ring.substitute(to_m(q, ring), z=(z * (1 + m), m * w))
    return from_m(ring.without(a.resultant(b, "w"), (m, 1 + m)), ring)


def multiplicative_power(p: Polynomial, up: int, down: int, ring: Ring) -> Polynomial:
    """Power up/down of S: (m w/(1 + m))^up = (m z/(1 + m))^down."""
    m, z, w = ring.G, ring.z, ring.w
    a = ring.substitute(to_m(p, ring), z=(w, ring.one))
    shared = min(up, down)
    left = w**up * m ** (up - shared) * (1 + m) ** (down - shared)
    right = z**down * m ** (down - shared) * (1 + m) ** (up - shared)
    return from_m(ring.without(a.resultant(left - right, "w"), (m, 1 + m)), ring)


def compound(p: Polynomial, rate: Quotient, ring: Ring) -> Polynomial:
    """Compound free Poisson law of these jumps: G_jumps(1/G) = G (1 + (zG − 1)/rate)."""
    n, d = rate
    g, z = ring.G, ring.z
    p = ring.substitute(p, G=(g * (n + d * (z * g - 1)), n), z=(ring.one, g))
    return ring.without(p, (g, *_parts(n, d)))


def rescaled(p: Polynomial, weight: Quotient, ring: Ring) -> Polynomial:
    """Of weight · G: a part of a mixture."""
    n, d = weight
    return ring.without(ring.substitute(p, G=(d * ring.G, n)), _parts(n, d))


def added_transforms(p: Polynomial, q: Polynomial, ring: Ring) -> Polynomial:
    """Of G₁ + G₂ at equal z."""
    a = ring.substitute(p, G=(ring.w, ring.one))
    b = ring.substitute(q, G=(ring.G - ring.w, ring.one))
    return a.resultant(b, "w")


def reciprocal(p: Polynomial, ring: Ring) -> Polynomial:
    """Of F = 1/G in the place of G."""
    return ring.without(ring.substitute(p, G=(ring.one, ring.G)), (ring.G,))


def energy(p: Polynomial, weight: Quotient, ring: Ring) -> Polynomial:
    """Of weight · (F − z) in the place of G: a part of a Boolean sum."""
    n, d = weight
    shifted = ring.substitute(reciprocal(p, ring), G=(d * ring.G + n * ring.z, n))
    return ring.without(shifted, _parts(n, d))


def from_energy(p: Polynomial, ring: Ring) -> Polynomial:
    """Back from F − z to G."""
    return ring.without(ring.substitute(p, G=(1 - ring.z * ring.G, ring.G)), (ring.G,))


def monotone(p: Polynomial, q: Polynomial, ring: Ring) -> Polynomial:
    """G = G₁(F₂(z))."""
    a = ring.substitute(p, z=(ring.w, ring.one))
    b = ring.substitute(reciprocal(q, ring), G=(ring.w, ring.one))
    return a.resultant(b, "w")


def square(p: Polynomial, ring: Ring) -> Polynomial:
    """Of X²: 2 z G(z²) = G_X(z) − G_X(−z)."""
    g, z, w = ring.G, ring.z, ring.w
    a = ring.substitute(p, G=(w, ring.one))
    b = ring.substitute(p, G=(w - 2 * z * g, ring.one), z=(-z, ring.one))
    return _halved(a.resultant(b, "w"), ring)


def _halved(p: Polynomial, ring: Ring) -> Polynomial:
    """P(G, z) with z² called z; the odd part is made even by one z."""
    p = ring.without(p, (ring.z,))
    total: dict[tuple[int, ...], object] = {}
    for monomial, c in p.to_dict().items():
        key = [int(e) for e in monomial]
        if key[1] % 2:
            raise ArithmeticError("the equation of a square is not even")
        key[1] //= 2
        total[tuple(key)] = c
    return ring.context.from_dict(total)


def symmetric_root(p: Polynomial, ring: Ring) -> Polynomial:
    """Of the symmetric law whose square has this equation: G(z) = z G_X(z²)."""
    p = ring.substitute(p, G=(ring.G, ring.z), z=(ring.z**2, ring.one))
    return ring.without(p, (ring.z,))


def inverse(p: Polynomial, ring: Ring) -> Polynomial:
    """Of 1/X: G_X(1/z) = z − z² G(z)."""
    z = ring.z
    p = ring.substitute(p, G=(z - z**2 * ring.G, ring.one), z=(ring.one, z))
    return ring.without(p, (z,))


def moebius(p: Polynomial, map_: list[Quotient], ring: Ring) -> Polynomial:
    """Of (a X + b)/(c X + d): an affine map, an inverse and an affine map."""
    a, b, c, d = map_
    if c[0].is_zero():
        return affine(p, _over(a, d), _over(b, d), ring)
    # (a X + b)/(c X + d) = a/c + (b − a d/c)/(c X + d)
    ratio = _over(a, c)
    rest = (b[0] * ratio[1] * d[1] - ratio[0] * d[0] * b[1], b[1] * ratio[1] * d[1])
    return affine(inverse(affine(p, c, d, ring), ring), rest, ratio, ring)


def transposed(p: Polynomial, ratio: Quotient, ring: Ring) -> Polynomial:
    """Of X* X from X X* with rows/columns = ratio: c G + (1 − c)/z."""
    c, d = ratio
    z = ring.z
    # G_XX* = (z G − (1 − c))/(c z)
    p = ring.substitute(p, G=(d * z * ring.G - (d - c), c * z))
    return ring.without(p, (z, *_parts(c, d)))


def to_rectangular(p: Polynomial, ratio: Quotient, ring: Ring) -> Polynomial:
    """In m and y = (1 + m)(1 + c m)/z, where the m of rectangular sums add: G = y/(1 + c m)."""
    c, d = ratio
    m, y = ring.G, ring.z
    p = ring.substitute(p, G=(d * y, d + c * m), z=((1 + m) * (d + c * m), d * y))
    return ring.without(p, (y, m + 1, d + c * m, *_parts(d)))


def from_rectangular(q: Polynomial, ratio: Quotient, ring: Ring) -> Polynomial:
    """Back to G and z: m = zG − 1 and y = G (1 + c m)."""
    c, d = ratio
    m = ring.z * ring.G - 1
    q = ring.substitute(q, G=(m, ring.one), z=(ring.G * (d + c * m), d))
    return ring.without(q, (ring.G, d + c * m, *_parts(d)))


def _over(a: Quotient, b: Quotient) -> Quotient:
    return a[0] * b[1], a[1] * b[0]


def _parts(*polynomials: Polynomial) -> list[Polynomial]:
    return [p for p in polynomials if not p.is_constant()]
