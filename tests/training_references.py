"""Reference values for optimisation and training: ``references/training.json``, computed elsewhere to many digits."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _rows() -> dict[str, dict[str, Any]]:
    rows = json.loads((Path(__file__).parent / "references" / "training.json").read_text())
    return {row["id"]: row for row in rows}


def names(*prefixes: str) -> list[str]:
    """Names of the rows that start with a prefix; at least one for each."""
    found = [name for name in _rows() if name.startswith(prefixes)]
    assert all(any(name.startswith(prefix) for name in found) for prefix in prefixes)
    return found


def inputs(name: str) -> dict[str, Any]:
    """Inputs of a row, numbers in text as floats."""
    return {key: _number(value) for key, value in _rows()[name]["inputs"].items()}


def values(name: str) -> list[float]:
    """Values of a row."""
    text = _rows()[name]["value"].split(" = ")[-1]
    return [float(part) for part in text.split(",")]


def extra(name: str, key: str) -> Any:
    """Another entry of a row, such as the step of a peak."""
    return _rows()[name][key]


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
