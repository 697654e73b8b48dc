"""The table of activations in docs/activations.md against closed forms, quadrature by mpmath, and its generator."""

import math
from pathlib import Path

import mpmath
import pytest
from references import make_activation_table as maker

from rmt.networks import activation

ROOT = Path(__file__).resolve().parents[2]
#: five digits are shown
SHOWN = 6e-5


def rows():
    lines = (ROOT / "docs" / "activations.md").read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return {c[0].strip("`"): c[1:] for c in cells}


def test_thirty_named_and_thirty_written():
    assert len(maker.NAMED) == len(maker.WRITTEN) == 30
    assert len(rows()) == 60
    assert all(len(cells) == 6 for cells in rows().values())


@pytest.mark.parametrize(
    ("label", "second", "slope"),
    [
        ("relu", 1 / 2, 1 / 2),
        ("leaky_relu, slope=0.2", 0.52, 0.52),
        ("erf", 2 / math.pi * math.asin(2 / 3), 4 / math.pi / math.sqrt(5)),
        ("erf, scale=10", 2 / math.pi * math.asin(200 / 201), 400 / math.pi / math.sqrt(401)),
        ("sin", (1 - math.exp(-2)) / 2, (1 + math.exp(-2)) / 2),
        ("np.cos(x)", (1 + math.exp(-2)) / 2, (1 - math.exp(-2)) / 2),
        ("math.erf(50 * x)", 2 / math.pi * math.asin(5000 / 5001), 1e4 / math.pi / math.sqrt(10001)),
        ("np.sin(10 * x)", 1 / 2, 50),
        ("np.abs(x)", 1, 1),
        ("x**3", 15, 27),
        ("x * np.abs(x)", 3, 4),
        ("np.maximum(x, 0)**2 / 2", 3 / 8, 1 / 2),
        ("np.exp(x)", math.exp(2), math.exp(2)),
        ("np.sinh(x)", (math.exp(2) - 1) / 2, (math.exp(2) + 1) / 2),
        ("np.exp(-x**2)", 5**-0.5, 4 * 5**-1.5),
        ("1e-6 * x", 1e-12, 1e-12),
    ],
)
def test_moments_in_closed_form(label, second, slope):
    assert float(rows()[label][0]) == pytest.approx(second, rel=SHOWN)
    assert float(rows()[label][1]) == pytest.approx(slope, rel=SHOWN)


@pytest.mark.parametrize(
    ("label", "function"),
    [
        ("tanh", mpmath.tanh),
        ("math.tanh(x)", mpmath.tanh),
        ("arctan", mpmath.atan),
        ("sigmoid", lambda x: 1 / (1 + mpmath.exp(-x))),
        ("silu", lambda x: x / (1 + mpmath.exp(-x))),
        ("gelu", lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2),
        ("mish", lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x)))),
        ("softplus", lambda x: mpmath.log1p(mpmath.exp(x))),
        ("x / np.sqrt(1 + x**2)", lambda x: x / mpmath.sqrt(1 + x * x)),
        ("np.arcsinh(x)", mpmath.asinh),
        ("x + np.sin(x)**2", lambda x: x + mpmath.sin(x) ** 2),
    ],
)
def test_moments_by_quadrature(label, function):
    def mean(f):
        points = [-12, -6, -3, 0, 3, 6, 12]
        return mpmath.quad(lambda x: f(x) ** 2 * mpmath.npdf(x), points, maxdegree=5)

    assert float(rows()[label][0]) == pytest.approx(float(mean(function)), rel=SHOWN)
    # derivative by a central difference in 30 digits
    with mpmath.workdps(30):
        step = mpmath.mpf(10) ** -8
        slope = float(mean(lambda x: (function(x + step) - function(x - step)) / (2 * step)))
    assert float(rows()[label][1]) == pytest.approx(slope, rel=SHOWN)


@pytest.mark.parametrize(("label", "scale"), [("erf", 1.0), ("erf, scale=10", 10.0), ("math.erf(50 * x)", 50.0)])
def test_critical_scale_and_correlations_of_erf(label, scale):
    _, _, critical, c_star, xi, _ = rows()[label]
    assert float(critical) == pytest.approx(math.sqrt(math.pi) / 2 / scale, rel=SHOWN)
    q = correlation = 1.0
    for _ in range(400):  # the arcsine kernel, iterated
        correlation = 0.09 + 8 / math.pi * math.asin(2 * scale**2 * correlation * q / (1 + 2 * scale**2 * q))
        q = 0.09 + 8 / math.pi * math.asin(2 * scale**2 * q / (1 + 2 * scale**2 * q))
        correlation = min(correlation / q, 0.999)
    assert float(c_star) == pytest.approx(correlation, rel=SHOWN)
    rate = 16 * scale**2 / math.pi / math.sqrt((1 + 2 * scale**2 * q) ** 2 - (2 * scale**2 * q * correlation) ** 2)
    assert float(xi) == pytest.approx(-1 / math.log(rate), rel=SHOWN)


def test_other_critical_scales():
    found = {label: cells[2] for label, cells in rows().items()}
    assert [found[k] for k in ("linear", "tanh", "np.tanh(x)", "relu", "x + np.sin(x)")] == [
        "1",
        "1",
        "1",
        "1.4142",
        "0.5",
    ]
    assert [found[k] for k in ("gelu", "softplus", "x**3", "np.exp(x)")] == ["none"] * 4


def test_laws():
    found = {label: cells[5] for label, cells in rows().items()}
    assert found["relu"] == "0: 0.5, 1: 0.5"
    assert found["np.abs(x)"] == "1: 1"
    assert found["hard_tanh"] == f"0: {math.erfc(0.5**0.5):.5g}, 1: {math.erf(0.5**0.5):.5g}"
    assert found["tanh"] == found["np.tanh(x)"] == found["math.tanh(x)"] == "[0, 1]"
    assert found["sigmoid"] == f"[0, {1 / 16:.5g}]" or found["sigmoid"].endswith(", 0.0625]")
    assert found["erf"] == f"[0, {4 / math.pi:.5g}]"
    assert found["x + np.sin(x)"] == "[0, 4]"
    hat = math.erf((1 + 1 / 128) / 2**0.5) - math.erf(1 / 2**0.5)
    assert found["x + np.maximum(0, 1/128 - np.abs(x - 1))"].startswith(f"0: {hat / 2:.5g}, 1: ")


@pytest.mark.parametrize("label", ["linear", "relu", "tanh", "arctan", "hard_tanh", "selu", "elu, alpha=2"])
def test_page_of_named_activations_is_current(label):
    name, *parameters = label.split(", ")
    phi = activation(name, **{k: float(v) for k, v in (p.split("=") for p in parameters)})
    assert maker.row(label, phi) in (ROOT / "docs" / "activations.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("label", ["np.abs(x)", "1e-6 * x", "np.sinh(x)", "np.clip(x / 6 + 0.5, 0, 1)"])
def test_page_of_written_activations_is_current(label):
    expected = maker.row(label, activation(maker.WRITTEN[label]))
    assert expected in (ROOT / "docs" / "activations.md").read_text(encoding="utf-8").splitlines()
