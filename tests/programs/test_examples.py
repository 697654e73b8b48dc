"""Every example of the room's docstrings and of its page runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import rmt.programs
import rmt.spectra

MODULES = [f"rmt.programs.{module.name}" for module in pkgutil.iter_modules(rmt.programs.__path__)]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "programs.md"


@pytest.mark.parametrize("name", [*MODULES, "rmt.spectra.alternating_moments", "rmt.spectra.trace_moments"])
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_page():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 25
    assert result.failed == 0


def test_every_public_function_has_an_example():
    public = [getattr(rmt.programs, name) for name in rmt.programs.__all__]
    assert [f for f in public if not isinstance(f, type) and ">>>" not in (f.__doc__ or "")] == []
