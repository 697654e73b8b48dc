"""Exact values of the closed-form laws, one list for every test that needs one.

``computed()`` reads ``references/laws.json``, 40 digits, written by ``references/make_laws.py``; ``QUOTED`` holds
values from the literature and from closed forms, each with its source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import rmt.laws
from rmt.laws import Law

REFERENCES = Path(__file__).parent / "references"


@dataclass(frozen=True)
class Value:
    """One number: ``quantity`` of ``law`` ``at`` a point is ``value``, to the relative ``tolerance``."""

    law: str
    quantity: str
    at: Any
    value: Any
    tolerance: float
    source: str

    def evaluate(self) -> Any:
        """What the package says."""
        law = build(self.law)
        special = {
            "low": lambda: law.support[0].low,
            "high": lambda: law.support[-1].high,
            "atom": lambda: dict(law.atoms).get(float(self.at or 0), 0.0),
            "moments": lambda: law.moments(len(self.value), exact=True),
            "free_cumulants": lambda: law.free_cumulants(len(self.value), exact=True),
            "mean_log": lambda: law.log_potential(0.0).real,
        }
        if self.quantity in special:
            return special[self.quantity]()
        return getattr(law, self.quantity)(self.at)


@cache
def build(name: str) -> Law:
    """The law that an expression names."""
    return eval(name, dict(vars(rmt.laws)) | {"Fraction": Fraction})


@cache
def computed() -> tuple[dict[str, Any], ...]:
    """Rows of the generated file: law, quantity, at, value (decimal strings)."""
    return tuple(json.loads((REFERENCES / "laws.json").read_text()))


def computed_for(quantity: str) -> Iterator[tuple[str, Any, Any]]:
    """Law, point and 40-digit value of every row with this quantity."""
    for row in computed():
        if row["quantity"] == quantity:
            at = complex(*row["at"]) if isinstance(row["at"], list) else row["at"]
            yield row["law"], at, row["value"]


def _quoted() -> Iterator[Value]:
    def rows(law: str, quantity: str, table: dict[Any, Any], tolerance: float, source: str) -> Iterator[Value]:
        for at, value in table.items():
            yield Value(law, quantity, at, value, tolerance, source)

    def one(law: str, quantity: str, value: Any, source: str, *, at: Any = None, tolerance: float = 1e-15) -> Value:
        return Value(law, quantity, at, value, tolerance, source)

    # ---------------------------------------------------------------- semicircle
    yield one("Semicircle()", "moments", (0, 1, 0, 2, 0, 5, 0, 14, 0, 42), "Catalan numbers", tolerance=0)
    yield one("Semicircle()", "stieltjes", 0.3819660112501051518, "(3 - sqrt 5)/2", at=3.0)
    source = "sqrt(8 - x^2)/(4 pi); 1/2 + x sqrt(8 - x^2)/(8 pi) + asin(x/(2 sqrt 2))/pi"
    yield from rows(
        "Semicircle(0, 2)", "pdf", {0.0: 0.2250790790392765173888, 2.5: 0.1052710998369480974602}, 1e-15, source
    )
    yield one("Semicircle(0, 2)", "cdf", 0.7202978279182560400671, source, at=1.0)

    # ---------------------------------------------------------------- Marchenko-Pastur
    narayana = tuple(Fraction(m) for m in ("1", "3/2", "11/4", "45/8", "197/16", "903/32"))
    yield one("MarchenkoPastur(Fraction(1, 2))", "moments", narayana, "Narayana polynomials", tolerance=0)
    powers = tuple(Fraction(1, 2) ** k for k in range(6))
    yield one("MarchenkoPastur(0.5)", "free_cumulants", powers, "kappa_n = ratio^(n-1)", tolerance=0)
    yield one("MarchenkoPastur()", "stieltjes", 0.2763932022500210303, "(1 - sqrt(1 - 4/5))/2", at=5.0)
    source = "integral of the density, mpmath"
    half = {0.0: 0.0, 0.5: 0.31830988618379067, 1.0: 0.57600421510386856, 2.0: 0.88119131167302416}
    two = {0.0: 0.5, 0.5: 0.56770427963367824, 1.0: 0.65915494309189534, 2.0: 0.78800210755193428}
    yield from rows("MarchenkoPastur(0.5)", "cdf", half, 1e-15, source)
    yield from rows("MarchenkoPastur(2)", "cdf", two, 1e-15, source)
    source = "Marchenko and Pastur 1967: sqrt((b - x)(x - a))/(2 pi ratio x)"
    yield from rows("MarchenkoPastur(0.5)", "pdf", {1.0: 0.4210843993, 2.0: 0.2105421997}, 3e-10, source)
    yield from rows("MarchenkoPastur(2)", "pdf", {1.0: 0.1591549431, 2.0: 0.1052710998}, 5e-10, source)
    yield one("MarchenkoPastur(0.5)", "low", 0.0857864376, "(1 - sqrt(1/2))^2", tolerance=4e-10)
    yield one("MarchenkoPastur(0.5)", "high", 2.9142135624, "(1 + sqrt(1/2))^2", tolerance=1e-10)
    yield one("MarchenkoPastur(2)", "low", 0.1715728753, "(1 - sqrt 2)^2", tolerance=5e-10)
    yield one("MarchenkoPastur(2)", "high", 5.8284271247, "(1 + sqrt 2)^2", tolerance=1e-10)
    yield one("MarchenkoPastur(2)", "atom", 0.5, "1 - 1/ratio", at=0, tolerance=0)
    source = "free sum of two Marchenko-Pastur laws: rate 2, sqrt((x - a)(b - x))/(2 pi x)"
    yield from rows(
        "FreePoisson(2, 1)", "pdf", {0.2: 0.3183098861837906715378, 3.0: 0.1500527193595176782592}, 1e-15, source
    )
    yield one("FreePoisson(2, 1)", "low", 0.1715728752538099023966, "(1 - sqrt 2)^2")
    yield one("FreePoisson(2, 1)", "moment", 90.0, "sum_k Narayana(4, k) 2^k", at=4, tolerance=0)

    # ---------------------------------------------------------------- Fuss-Catalan
    angle = "Haagerup and Möller 2013, angle parametrisation"
    yield one("FussCatalan(2)", "moments", (1, 3, 12, 55, 273, 1428), "binom(3k, k)/(2k + 1)", tolerance=0)
    yield one("FussCatalan(3)", "moments", (1, 4, 22, 140), "binom(4k, k)/(3k + 1)", tolerance=0)
    yield one("FussCatalan(5)", "moments", (1, 6, 51, 506), "binom(6k, k)/(5k + 1)", tolerance=0)
    yield one("FussCatalan(10)", "moments", (1, 11, 176, 3311), "binom(11k, k)/(10k + 1)", tolerance=0)
    for order, edge in ((1, 4.0), (2, 6.75), (3, 256 / 27), (5, 14.92992), (10, 28.5311670611)):
        yield one(f"FussCatalan({order})", "high", edge, "(L+1)^(L+1)/L^L", tolerance=1e-15)
    densities = {
        1: {
            0.1: 0.9939223010441,
            0.5: 0.42108439934779,
            1.0: 0.2756644477109,
            2.0: 0.1591549430919,
            3.0: 0.091888149236965,
        },
        2: {
            0.1: 1.0797205618245,
            0.5: 0.31830988618379,
            1.0: 0.17897912748803,
            2.0: 0.093860482572164,
            3.0: 0.059973386538119,
            5.0: 0.026805054213916,
        },
        3: {0.5: 0.25644225892269, 1.0: 0.13687779917564, 3.0: 0.044696394628695, 5.0: 0.023126566939707},
        5: {
            0.1: 0.82091439249618,
            0.5: 0.18675894338617,
            1.0: 0.095654323601175,
            2.0: 0.047312546281232,
            3.0: 0.030522487236568,
            5.0: 0.016708127664694,
            10.0: 0.0057823777825239,
        },
        10: {1.0: 0.056565819612354, 5.0: 0.010020441827257, 10.0: 0.0042434766521348},
    }
    for order, table in densities.items():
        yield from rows(
            f"FussCatalan({order})", "pdf", table, 2e-13, "polynomial roots and angle parametrisation, 14 digits"
        )
    masses = {
        1: {0.1: 0.2004748542, 1.0: 0.608997781, 2.0: 0.8183098862},
        2: {0.1: 0.3540277227, 1.0: 0.6858236415, 2.0: 0.8139567325},
        3: {0.1: 0.4542389499, 1.0: 0.7306499944, 2.0: 0.826769257},
        5: {0.1: 0.5770257178, 1.0: 0.784599232, 2.0: 0.8507914325},
        10: {0.1: 0.7195479201, 1.0: 0.8491052908, 2.0: 0.8878770112},
    }
    for order, table in masses.items():
        yield from rows(f"FussCatalan({order})", "cdf", table, 3e-10, "quadrature, 10 digits")
    tables = {
        1: {
            0.0004: 15.914698514578566,
            0.04: 1.5835716892985487,
            0.4: 0.47746482927568595,
            2.0: 0.15915494309189532,
            3.6: 0.05305164769729845,
            3.996: 0.005035439559973836,
        },
        3: {
            0.0009481481481481482: 39.0314470946593,
            0.09481481481481481: 1.0455250991607492,
            0.9481481481481482: 0.14384327457118,
            4.7407407407407405: 0.025004857812261333,
            8.533333333333333: 0.0063974325662853075,
            9.472: 0.0005784388558238495,
        },
        10: {
            0.00285311670611: 15.719330891316472,
            0.285311670611: 0.19789748842094645,
            2.8531167061100002: 0.018798096348066895,
            14.26558353055: 0.002528780382662958,
            25.67805035499: 0.0005891347628927041,
            28.5026358940389: 5.2387989821444696e-05,
        },
    }
    for order, table in tables.items():
        yield from rows(f"FussCatalan({order})", "pdf", table, 1e-11, angle)
    yield from rows(
        "FussCatalan(2)", "pdf", {0.001: 26.64721159051744091602, 3.0: 0.05997338653811940447}, 1e-14, angle
    )
    yield one("FussCatalan(2)", "cdf", 0.6858236415048911903756, "1 - Im U/pi with U = 2 M - log M", at=1.0)
    yield one("FussCatalan(2)", "ppf", 0.3188848999276197592640, "cdf = 1/2", at=0.5)
    yield one("FussCatalan(3)", "pdf", 0.1368777991756355740265, angle, at=1.0)
    yield one("FussCatalan(3)", "cdf", 0.7306499943796467134560, angle, at=1.0)
    yield one("FussCatalan(10)", "mean_log", -10.0, "E log X = -L", at=0.0, tolerance=0)
    yield one("FussCatalan(1000)", "pdf_of_log", 0.000604732037943422366920245, angle, at=-500.0, tolerance=1e-14)

    # ---------------------------------------------------------------- arcsine, uniform, Gaussian, signs
    arcsine = {0.0: 0.1591549430918953357689, 1.99: 1.593542605689856140193}
    yield from rows("Arcsine(2)", "pdf", arcsine, 1e-15, "1/(pi sqrt(4 - x^2)), free sum of two fair signs")
    yield one("Arcsine()", "moments", (0, 2, 0, 6, 0, 20), "central binomial coefficients", tolerance=0)
    uniform = tuple(Fraction(k) for k in ("0", "1/3", "0", "-1/45", "0", "2/945", "0", "-1/4725", "0", "2/93555"))
    yield one("Uniform()", "free_cumulants", uniform, "R(g) = coth g - 1/g", tolerance=0)
    chords = (0, 1, 0, 1, 0, 4, 0, 27, 0, 248, 0, 2830, 0, 38232)
    yield one("Gaussian()", "free_cumulants", chords, "connected chord diagrams, OEIS A000699", tolerance=0)
    yield one("Rademacher()", "free_cumulants", (0, 1, 0, -1, 0, 2), "(sqrt(1 + 4 g^2) - 1)/(2 g)", tolerance=0)
    coin = tuple(Fraction(k) for k in ("3/10", "21/100", "84/1000"))
    yield one("Bernoulli(Fraction(3, 10))", "free_cumulants", coin, "from the moments m_n = p", tolerance=0)

    # ---------------------------------------------------------------- Kesten-McKay, free Jacobi
    source = "Kesten 1959, McKay 1981: d sqrt(4(d - 1) - x^2)/(2 pi (d^2 - x^2))"
    yield one("KestenMcKay(3)", "pdf", 0.1579066497554221461903, source, at=1.0)
    yield one("KestenMcKay(5)", "pdf", 0.1284175925128124594927, source, at=1.0)
    yield one("KestenMcKay(3)", "high", 2.8284271247461900976034, "2 sqrt(d - 1)")
    yield one("KestenMcKay(5)", "high", 4.0, "2 sqrt(d - 1)", tolerance=0)
    source = "Voiculescu, Dykema and Nica 1992, product of free projections"
    for name, low, high, zero, unit in (
        ("ProjectionProduct(0.3, 0.4)", 0.01100111358712702, 0.9089988864128729662700, 0.7, 0.0),
        ("ProjectionProduct(0.7, 0.6)", 0.01100111358712691, 0.9089988864128729, 0.4, 0.3),
    ):
        yield one(name, "low", low, source, tolerance=2e-14)
        yield one(name, "high", high, source)
        yield one(name, "atom", zero, source, at=0, tolerance=3e-16)
        yield one(name, "atom", unit, source, at=1, tolerance=1e-15)
    yield one("ProjectionProduct(0.3, 0.4)", "pdf", 0.317948785799612885757636, source, at=0.3, tolerance=1e-15)
    yield one("ProjectionProduct(0.6, 0.7)", "atom", 0.4, source, at=0, tolerance=3e-16)


QUOTED = tuple(_quoted())
