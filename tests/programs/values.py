"""The values of ``references/programs.json``, each quoted there with its method."""

from __future__ import annotations

import json
from pathlib import Path

PATH = Path(__file__).parents[1] / "references" / "programs.json"
VALUES = {v["id"]: v for v in json.loads(PATH.read_text())}


def numbers(name):
    value = VALUES[name]["value"]
    return [float(v) for v in ([value] if isinstance(value, str) else value)]
