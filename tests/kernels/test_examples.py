"""Every example of the room's docstrings runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import rmt.kernels

MODULES = [f"rmt.kernels.{module.name}" for module in pkgutil.iter_modules(rmt.kernels.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_function_has_an_example():
    without = [
        name
        for name in rmt.kernels.__all__
        if callable(getattr(rmt.kernels, name))
        and not isinstance(getattr(rmt.kernels, name), type)
        and ">>>" not in (getattr(rmt.kernels, name).__doc__ or "")
    ]
    assert without == ["attention"]
