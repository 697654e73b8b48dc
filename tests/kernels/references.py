"""The values of ``references/kernels.json``, each quoted there with its method."""

from __future__ import annotations

import json
from pathlib import Path

VALUES = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "references" / "kernels.json").read_text())}


def named(prefix):
    return [name for name in VALUES if name.startswith(prefix)]


def numbers(name):
    value = VALUES[name]["value"]
    values = [complex(v) if v.endswith("j") else float(v) for v in ([value] if isinstance(value, str) else value)]
    return values


def inputs(name):
    return VALUES[name]["inputs"]
