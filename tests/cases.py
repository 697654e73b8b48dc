"""Which cases of a test the usual run takes: `pytest --long` takes the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def long_beyond(cases: Iterable[Any], few: int) -> list[Any]:
    """All cases, marked long but for a few that are spread evenly over them, the first among these."""
    cases = list(cases)
    kept = {i * len(cases) // few for i in range(few)}
    return [case if i in kept else pytest.param(case, marks=pytest.mark.long) for i, case in enumerate(cases)]
