"""Every example of the room's docstrings and of its page runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import rmt.training

MODULES = [f"rmt.training.{module.name}" for module in pkgutil.iter_modules(rmt.training.__path__)]
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("page", ["training.md", "loss-landscapes.md"])
def test_page(page):
    assert doctest.testfile(str(DOCS / page), module_relative=False).failed == 0
