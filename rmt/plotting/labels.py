"""Words and formulas for legends and edges."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from rmt.errors import shown
from rmt.laws.law import Law

#: names as the literature writes them; other laws are named after their class
LAW_NAMES = {
    "Semicircle": "semicircle law",
    "MarchenkoPastur": "Marchenko–Pastur law",
    "FreePoisson": "free Poisson law",
    "FussCatalan": "Fuss–Catalan law",
    "KestenMcKay": "Kesten–McKay law",
    "Wachter": "Wachter law",
    "ProjectionProduct": "law of two free projections",
    "Bernoulli": "Bernoulli law",
    "Rademacher": "Rademacher law",
    "Gaussian": "Gaussian law",
    "Cauchy": "Cauchy law",
    "Empirical": "empirical law",
    "CircularLaw": "circular law",
    "LevyMatrix": "Lévy matrix law",
    "ErdosRenyi": "Erdős–Rényi law",
    "UnitCircle": "uniform law on the circle",
    "FreeLogNormal": "free log-normal law",
    "BernoulliDepthLimit": "Bernoulli depth limit",
}

#: laws that the free calculus builds, where they are no sum or product of a few laws
CONVOLVED_NAMES = {
    "FreelyConvolved": "freely convolved law",
    "MixedLaw": "mixture",
    "PolynomialLaw": "law of the polynomial",
    "RationalLaw": "law of the rational function",
}

#: signs of the free operations
SIGNS = {"sum": " ⊞ ", "product": " ⊠ "}

#: names of ensembles; others are named after their factory
ENSEMBLE_NAMES = {
    "goe": "GOE",
    "gue": "GUE",
    "gse": "GSE",
    "wigner": "Wigner",
    "wishart": "Wishart",
    "product_wishart": "product Wishart",
    "ginibre": "Ginibre",
    "haar_orthogonal": "Haar orthogonal",
    "haar_unitary": "Haar unitary",
    "haar_symplectic": "Haar symplectic",
    "haar_special_orthogonal": "Haar rotation",
    "coe": "COE",
    "cse": "CSE",
    "levy": "Lévy",
    "toeplitz": "Toeplitz",
    "hankel": "Hankel",
    "erdos_renyi": "Erdős–Rényi",
    "spiked_wigner": "spiked Wigner",
    "spiked_wishart": "spiked Wishart",
    "rosenzweig_porter": "Rosenzweig–Porter",
}

#: parameters left out of a legend at these values
UNREMARKABLE = {"mean": 0, "variance": 1, "jump": 1, "location": 0, "scale": 1}

QUOTES = "'\""

#: a legend entry longer than this says nothing
LONGEST = 60


def label_or(label: Any, default: str) -> str:
    """Return a text that was asked for, or the default where it is None.

    Raises
    ------
    TypeError
        If it is something else; Matplotlib would take a list for the labels of several lines.
    """
    if label is not None and not isinstance(label, str):
        raise TypeError(f"label must be text or None, got {shown(label)} of type {type(label).__name__}")
    return default if label is None else str(label)


def law_label(law: Any) -> str:
    """Name of a law and its parameters, as in "Marchenko–Pastur law, ratio 2"."""
    kind = type(law).__name__
    if kind == "SquareRoot":
        return f"square root of {law_label(law.base)}"
    if kind == "Affine":
        moved = [f"times {number(law.scale)}"] * (law.scale != 1) + [f"plus {number(law.shift)}"] * (law.shift != 0)
        return ", ".join([law_label(law.base), *moved])
    if kind in CONVOLVED_NAMES:
        return _convolved_label(law)
    name = LAW_NAMES.get(kind, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower() + " law")
    shown = []
    for field in fields(law) if is_dataclass(law) else ():
        key = field.name.lstrip("_")
        value = getattr(law, field.name)
        if isinstance(value, np.ndarray):
            value = tuple(value.tolist())
        if UNREMARKABLE.get(key) != value:
            shown.append(f"{key} {number(value)}")
    label = ", ".join([name, *shown])
    return label if len(label) <= LONGEST else name


def _convolved_label(law: Any) -> str:
    """A free sum or product of few laws written out, as in "semicircle law ⊞ Rademacher law"."""
    name = CONVOLVED_NAMES[type(law).__name__]
    kind = getattr(getattr(law, "node", None), "kind", None)
    if kind not in SIGNS or any(power != 1 for _, power in law.factors):
        return name
    label = SIGNS[kind].join(law_label(part) for part, _ in law.factors)
    return label if len(label) <= LONGEST else name


def ensemble_label(ensemble: Any) -> str:
    """Name of an ensemble and its parameters, as in "Wishart, ratio 2"."""
    if (net := getattr(ensemble, "net", None)) is not None:
        return f"Jacobian, depth {net.depth}"
    text = repr(ensemble)
    try:
        call = ast.parse(text, mode="eval").body
    except SyntaxError:
        call = None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and not call.args:
        name = call.func.id
        shown = [f"{word.arg} {number(ast.unparse(word.value).strip(QUOTES))}" for word in call.keywords]
        text = ", ".join([ENSEMBLE_NAMES.get(name, name.replace("_", " ")), *shown])
    return text if len(text) <= LONGEST else type(ensemble).__name__


def number(value: Any) -> str:
    """A parameter in a legend: at most four digits, no trailing zeros."""
    try:
        return f"{float(value):.4g}"
    except (TypeError, ValueError):
        return str(value)


def edge_labels(law: Law) -> dict[float, str]:
    """Text of every finite edge of the support: its value, after its formula where there is a short one."""
    formulas = _formulas(law)
    labels = {}
    for interval in law.support:
        for side, edge in (("low", interval.low), ("high", interval.high)):
            if math.isfinite(edge):
                value = f"{edge:.3g}".replace("-", "−")
                labels[edge] = f"${formulas[side]}$ = {value}" if side in formulas and edge != 0.0 else value
    return labels


def _formulas(law: Law) -> dict[str, str]:
    kind = type(law).__name__
    if kind == "MarchenkoPastur" and law.variance == 1:  # type: ignore[attr-defined]
        return {"low": r"(1-\sqrt{c})^2", "high": r"(1+\sqrt{c})^2"}
    if kind == "FussCatalan":
        return {"high": r"(L+1)^{L+1}/L^L"}
    return {}
