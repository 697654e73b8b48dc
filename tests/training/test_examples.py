"""Every example of the room's docstrings and of its page runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import rmt.training

MODULES = [f"rmt.training.{module.name}" for module in pkgutil.iter_modules(rmt.training.__path__)]
PAGE = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_page():
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
