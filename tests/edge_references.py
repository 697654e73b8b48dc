"""Reference values for edges, neighbours and finite n: ``references/edges.json``, computed elsewhere to many digits."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((Path(__file__).parent / "references" / "edges.json").read_text()))


def rows(*prefixes: str) -> list[dict[str, Any]]:
    """Rows whose id starts with a prefix; at least one for each."""
    found = [row for row in _rows() if row["id"].startswith(prefixes)]
    assert all(any(row["id"].startswith(prefix) for row in found) for prefix in prefixes)
    return found


def described(what: str) -> list[dict[str, Any]]:
    """Rows whose description starts with a text."""
    found = [row for row in _rows() if row["what"].startswith(what)]
    assert found
    return found
