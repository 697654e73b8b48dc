"""The laws against the catalogue of exact values, and the catalogue against itself."""

from __future__ import annotations

import importlib
import math
from collections import defaultdict
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from catalogue import QUOTED, Value, build, computed, computed_for

EPS = float(np.finfo(float).eps)
DIGITS = 40


def number(text):
    return mp.mpc(*map(mp.mpf, text)) if isinstance(text, list) else mp.mpf(text)


def by_law(quantity: str):
    """Points and exact values of one quantity, law by law."""
    table = defaultdict(list)
    for law, at, value in computed_for(quantity):
        table[law].append((at, value))
    return table


def distance_to_edge(law, x: float) -> float:
    """Relative distance to the nearest edge that is not 0: what an ulp of x is compared with."""
    ends = [e for i in law.support for e in (i.low, i.high) if math.isfinite(e) and e != 0.0]
    return min((abs(x - e) / abs(e) for e in ends), default=1.0)


# edges known beyond double precision: full accuracy however near the edge; else a rounding error of the edge
SHARP = (
    "Semicircle(",
    "MarchenkoPastur",
    "FreePoisson",
    "FussCatalan",
    "Kesten",
    "Wachter",
    "Projection",
    "Uniform",
    "Arcsine",
    "FreeMeixner",
    "Raney",
    "FreeStable",
)


def tolerance(name: str, x: float) -> float:
    if name.startswith(SHARP) and "* 2" not in name:
        return 1e-13
    return 1e-13 + 16 * EPS / max(distance_to_edge(build(name), x), EPS)


@pytest.mark.parametrize("quantity", ["pdf", "cdf", "sf"])
def test_real_values(quantity: str):
    with mp.workdps(DIGITS):
        for name, rows in by_law(quantity).items():
            law = build(name)
            points = np.array([at for at, _ in rows])
            values, errors = getattr(law, quantity)(points, return_error=True)
            for x, got, bound, (_, text) in zip(points, values, errors, rows, strict=True):
                exact = number(text)
                error = abs(mp.mpf(float(got)) - exact)
                assert error <= tolerance(name, x) * abs(exact), (name, quantity, x, mp.nstr(error / exact, 3))
                assert error <= mp.mpf(float(bound)), (name, quantity, x, "bound", mp.nstr(error / bound, 3))


@pytest.mark.parametrize("quantity", ["stieltjes", "t_transform", "log_potential"])
def test_complex_values(quantity: str):
    with mp.workdps(DIGITS):
        for name, rows in by_law(quantity).items():
            law = build(name)
            for z, text in rows:
                exact = number(text)
                scale = max(1, abs(exact)) if quantity == "log_potential" else abs(exact)
                if quantity == "t_transform":
                    got, bound = law.t_transform(z), math.inf
                else:
                    got, bound = getattr(law, quantity)(z, return_error=True)
                error = abs(mp.mpc(complex(got)) - exact)
                relative = 5e-13 if name == "Gaussian()" else 1e-13
                relative += tolerance(name, z.real) if abs(z.imag) < 1e-3 else 0.0
                assert error <= relative * scale, (name, quantity, z, mp.nstr(error / scale, 3))
                assert error <= bound, (name, quantity, z, "bound", mp.nstr(error / bound, 3))


@pytest.mark.parametrize("quantity", ["pdf_of_log", "cdf_of_log"])
def test_values_on_the_logarithmic_scale(quantity: str):
    count = 0
    for name, u, text in computed_for(quantity):
        assert getattr(build(name), quantity)(u) == pytest.approx(float(text), rel=1e-13, abs=0), (name, u)
        count += 1
    assert count >= 20


def test_moments():
    for name, k, text in computed_for("moment"):
        law = build(name)
        scale = max(map(abs, law._hull()))
        assert law.moment(k) == pytest.approx(float(text), rel=1e-13, abs=1e-15 * scale**k), (name, k)


@pytest.mark.parametrize("value", QUOTED, ids=lambda v: f"{v.law}-{v.quantity}-{v.at}")
def test_quoted_value(value: Value):
    got = value.evaluate()
    if isinstance(value.value, tuple):
        assert tuple(got) == value.value
        assert all(isinstance(g, Fraction) for g in got)
    else:
        assert abs(got - value.value) <= max(value.tolerance, 4 * EPS) * abs(value.value)


# ---------------------------------------------------------------------- the catalogue itself
@pytest.fixture(scope="module")
def generator():
    return importlib.import_module("references.make_laws")


@pytest.mark.parametrize(
    "name", ["Semicircle(0.25, 0.5) * 2", "MarchenkoPastur(0.5)", "KestenMcKay(3)", "Wachter(2, 1.5)"]
)
def test_bounds_hold_at_the_rounded_edges(generator, name: str):
    case = next(case for case in generator.cases() if case.name == name)
    law = build(name)
    for edge, inward in ((law.support[0].low, math.inf), (law.support[0].high, -math.inf)):
        for x in (np.nextafter(edge, -inward), edge, np.nextafter(edge, inward)):
            inside = case.low < x < case.high
            exact = mp.re(case.pdf(x)) if inside else mp.mpf(0)
            value, bound = law.pdf(x, return_error=True)
            assert abs(float(value) - exact) <= bound, (x, mp.nstr(exact, 5), value, bound)
            tail = (case.cdf(x) if inward > 0 else case.sf(x)) if inside else mp.mpf(0)
            value, bound = (law.cdf if inward > 0 else law.sf)(x, return_error=True)
            assert abs(float(value) - tail) <= bound, (x, mp.nstr(tail, 5), value, bound)


def test_catalogue_comes_from_its_generator(generator):
    cases = {case.name: case for case in generator.cases()}
    others = {"Gaussian()", "Cauchy(1, 2)", *(f"FreeStable({parameters})" for parameters in generator.STABLE)}
    assert set(cases) | others == {row["law"] for row in computed()}
    # recompute some rows
    picked = [row for row in computed() if row["law"] in ("MarchenkoPastur(0.5)", "Wachter(0.5, 2)")][::13]
    for row in picked:
        at = complex(*row["at"]) if isinstance(row["at"], list) else row["at"]
        value = getattr(cases[row["law"]], row["quantity"])(at)
        fresh = generator.entry(row["law"], row["quantity"], at, mp.mpc(value) if isinstance(at, complex) else value)
        with mp.workdps(DIGITS):
            assert abs(number(fresh["value"]) - number(row["value"])) <= mp.mpf(10) ** (5 - DIGITS)
    assert len(picked) >= 8


def test_catalogue_is_consistent():
    rows = {(row["law"], row["quantity"], str(row["at"])): number(row["value"]) for row in computed()}
    assert len(rows) == len(computed()) > 1000
    with mp.workdps(DIGITS):
        for (law, quantity, at), value in rows.items():
            if quantity == "cdf":
                assert abs(value + rows[law, "sf", at] - 1) <= mp.mpf(10) ** (3 - DIGITS), (law, at)
            if quantity == "stieltjes":
                z = complex(*map(float, at.strip("[]").split(",")))
                moments = rows[law, "t_transform", at]
                assert abs(z * value - 1 - moments) <= mp.mpf(10) ** (4 - DIGITS) * (1 + abs(z * value)), (law, at)
            if isinstance(value, mp.mpc):
                assert value.imag <= 0 or quantity != "stieltjes"


def test_catalogue_covers_every_closed_law():
    covered = {name for row in computed() for name in row["law"].replace("(", " ").split()}
    covered |= {name for value in QUOTED for name in value.law.replace("(", " ").split()}
    closed = {
        "Semicircle",
        "MarchenkoPastur",
        "FreePoisson",
        "FussCatalan",
        "Arcsine",
        "Uniform",
        "Cauchy",
        "Gaussian",
        "Bernoulli",
        "Rademacher",
        "KestenMcKay",
        "Wachter",
        "ProjectionProduct",
        "SquareRoot",
        "Squared",
        "FreeMeixner",
        "Raney",
        "FreeStable",
    }
    assert closed <= covered
