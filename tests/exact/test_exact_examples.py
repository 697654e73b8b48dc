"""Every example of the room's docstrings and page runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import rmt.exact

pytest.importorskip("flint")
pytest.importorskip("sympy")

MODULES = [*(f"rmt.exact.{module.name}" for module in pkgutil.iter_modules(rmt.exact.__path__)), "rmt.laws.exact_faces"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "exact.md"


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_page_runs():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0
