"""Every example of the room's docstrings and of its page runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import rmt.optimisation

MODULES = [f"rmt.optimisation.{module.name}" for module in pkgutil.iter_modules(rmt.optimisation.__path__)]
PAGE = Path(__file__).parents[2] / "docs" / "optimisation.md"


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_page():
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
