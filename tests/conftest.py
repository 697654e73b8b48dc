"""Three runs: the usual one, ``--long`` for the cases that it leaves out, and ``--quick``: once over everything.

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
#: the test that compiles all kernels, and files that need none
COMPILES = "test_all_kernels_are_compiled"
INTERPRETED = {"test_given", "test_laws", "test_house", "test_combinatorics", "test_activations"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help=f"{CASES} cases of every test, and none that is marked slow")
    parser.addoption("--long", action="store_true", help="what is marked long, and nothing else")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    quick, kept, dropped, seen = config.getoption("--quick"), [], [], Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        wanted = (item.get_closest_marker("long") is not None) == config.getoption("--long")
        if quick and wanted:
            seen[test] += 1
            wanted = seen[test] <= CASES and not item.get_closest_marker("slow")
        (kept if wanted else dropped).append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = compiled_once(kept)


def compiled_once(items: list[pytest.Item]) -> list[pytest.Item]:
    """An order in which the first of two workers compiles all kernels while the second does what needs none."""
    first = [item for item in items if item.name == COMPILES]
    interpreted = [item for item in items if item.path.stem in INTERPRETED]
    others = [item for item in items if item.name != COMPILES and item.path.stem not in INTERPRETED]
    half = len(items) // 2 - len(first)
    return first + others[:half] + interpreted + others[half:]
