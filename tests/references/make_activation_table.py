"""Write docs/activations.md: the numbers of thirty named and thirty written activations."""

import math
from pathlib import Path

import numpy as np
from scipy.special import erf, expit, log_ndtr

from rmt.errors import ConvergenceError
from rmt.networks import activation, critical_sigma_w, mean_field, squared_slope_law

#: masses, and ends relative to the largest, that are not shown
FAINT = 1e-8
PAGE = Path(__file__).resolve().parents[2] / "docs" / "activations.md"

NAMED = [
    ("linear", {}),
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"slope": 0.2}),
    ("leaky_relu", {"slope": -1.0}),
    ("tanh", {}),
    ("erf", {}),
    ("erf", {"scale": 0.25}),
    ("erf", {"scale": 10.0}),
    ("erf", {"scale": 1e4}),
    ("hard_tanh", {}),
    ("sigmoid", {}),
    ("sin", {}),
    ("arctan", {}),
    ("gelu", {}),
    ("gelu_tanh", {}),
    ("silu", {}),
    ("mish", {}),
    ("elu", {}),
    ("elu", {"alpha": 0.1}),
    ("elu", {"alpha": 2.0}),
    ("selu", {}),
    ("softplus", {}),
    ("softplus", {"beta": 0.2}),
    ("softplus", {"beta": 10.0}),
    ("softplus", {"beta": 1e3}),
    ("shifted_relu", {}),
    ("shifted_relu", {"shift": -0.5}),
    ("clipped_relu", {}),
    ("clipped_relu", {"low": 0.2, "high": 1.2}),
]

WRITTEN = {
    "np.tanh(x)": np.tanh,
    "math.tanh(x)": math.tanh,
    "math.tanh(20 * x)": lambda x: math.tanh(20 * x),
    "math.erf(50 * x)": lambda x: math.erf(50 * x),
    "1e6 * np.tanh(x)": lambda x: 1e6 * np.tanh(x),
    "1e-6 * x": lambda x: 1e-6 * x,
    "np.abs(x)": np.abs,
    "x": lambda x: x,
    "np.cos(x)": np.cos,
    "np.sin(10 * x)": lambda x: np.sin(10 * x),
    "np.exp(-x**2)": lambda x: np.exp(-(x**2)),
    "1 / np.cosh(x)": lambda x: 1 / np.cosh(x),
    "x / (1 + np.abs(x))": lambda x: x / (1 + np.abs(x)),
    "x / np.sqrt(1 + x**2)": lambda x: x / np.sqrt(1 + x**2),
    "np.arcsinh(x)": np.arcsinh,
    "x * np.abs(x)": lambda x: x * np.abs(x),
    "x**3": lambda x: x**3,
    "np.sinh(x)": np.sinh,
    "np.exp(x)": np.exp,
    "np.maximum(x, 0)**2 / 2": lambda x: np.maximum(x, 0) ** 2 / 2,
    "x * np.clip(x + 3, 0, 6) / 6": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "np.clip(x / 6 + 0.5, 0, 1)": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "x - np.tanh(x)": lambda x: x - np.tanh(x),
    "x + np.sin(x)": lambda x: x + np.sin(x),
    "x + np.sin(x)**2": lambda x: x + np.sin(x) ** 2,
    "x * scipy.special.expit(1.702 * x)": lambda x: x * expit(1.702 * x),
    "scipy.special.log_ndtr(x)": log_ndtr,
    "x + np.maximum(0, 1/128 - np.abs(x - 1))": lambda x: x + np.maximum(0, 1 / 128 - np.abs(x - 1)),
    "scipy.special.erf(x) + 0.1 * x": lambda x: erf(x) + 0.1 * x,
}

HEAD = """# Activations

Thirty activations that are known by name, and thirty that are given as functions, written with NumPy, SciPy or `math`.
The page is made by `tests/references/make_activation_table.py`; any function of one number works like those below:

```python
>>> from rmt.networks import activation
>>> round(activation(lambda x: x * abs(x)).slope_moment(1, 1.0), 12)
4.0

```

E φ² and E φ'² are moments under N(0, 1). σ_w* is the critical weight scale without bias, where there is a usable one.
c* and ξ are the stable correlation of two inputs and the depth over which it is reached at σ_w = 2, σ_b = 0.3, where
lengths come to rest ("-": they grow without bound, or every length rests). The last column is the law of φ'(x)²,
x ~ N(0, 1): its atoms with their masses, and the intervals of its density. Slopes beyond 9.5 standard deviations do
not count, and ends below 1e-8 of the largest are shown as 0. A slope that is constant to rounding is an atom: that of
`softplus` with a large `beta`, and the vanishing slopes of steep functions written with `math`, which are found by
differences.
"""


def shown(value: float) -> str:
    """Five digits."""
    return "inf" if math.isinf(value) else f"{value:.5g}"


def row(label: str, phi) -> str:
    """One line of the table."""
    cells = [f"`{label}`", shown(phi.second_moment(1.0)), shown(phi.slope_moment(1, 1.0))]
    try:
        cells.append(shown(critical_sigma_w(phi)))
    except ValueError:
        cells.append("none")
    try:
        field = mean_field(phi, sigma_w=2.0, sigma_b=0.3)
        resting = math.isfinite(field.q)
        cells += [shown(round(field.c, 9) + 0.0), shown(field.xi_c)] if resting else ["-", "-"]
    except (ConvergenceError, ValueError):
        cells += ["-", "-"]
    cells.append(shown_law(squared_slope_law(phi, 1.0)))
    return "| " + " | ".join(cells) + " |"


def shown_law(law) -> str:
    """Atoms and intervals, what is faint beside the largest joined to 0."""
    parts = [f"{shown(a)}: {shown(p)}" for a, p in law.atoms if p > FAINT]
    intervals = []
    faint = FAINT * max((i.high for i in law.support), default=0.0)
    for low, high in ((i.low if i.low > faint else 0.0, i.high) for i in law.support if i.mass > FAINT):
        if intervals and low <= faint and intervals[-1][0] == 0.0:
            intervals[-1][1] = high
        else:
            intervals.append([low, high])
    return ", ".join(parts + [f"[{shown(low)}, {shown(high)}]" for low, high in intervals])


def table() -> str:
    """The whole page."""
    columns = "| φ | E φ² | E φ'² | σ_w* | c* | ξ | law of φ'² |\n|---|---|---|---|---|---|---|"
    named = []
    for name, parameters in NAMED:
        label = ", ".join([name, *(f"{key}={value:g}" for key, value in parameters.items())])
        named.append(row(label, activation(name, **parameters)))
    written = [row(label, activation(function)) for label, function in WRITTEN.items()]
    lines = ["## By name", "", columns, *named, "", "## As functions", "", columns, *written]
    return HEAD + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(table())
