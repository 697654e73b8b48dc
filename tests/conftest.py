"""The quick run: ``pytest --quick`` goes once over everything, with few cases of every test.

BLAS has one thread here, unless the environment says otherwise: with as many workers as processors, the threads of
small matrix products wait for each other most of their time. What depends on threads is tested in other processes.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # before NumPy is imported, and for the workers of xdist

#: cases of a parametrised test that the quick run keeps
CASES = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help=f"{CASES} cases of every test, and none that is marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    kept, dropped, seen = [], [], Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        (dropped if seen[test] > CASES or item.get_closest_marker("slow") else kept).append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept
