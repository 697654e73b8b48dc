"""The examples in the docstrings of the plotting and spectra modules."""

import doctest
import importlib
import pkgutil

import matplotlib as mpl
import pytest

import rmt.plotting
import rmt.spectra

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (rmt.plotting, rmt.spectra)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    import matplotlib.pyplot as plt

    with mpl.rc_context({"backend": "agg"}):
        assert doctest.testmod(importlib.import_module(name)).failed == 0
        plt.close("all")
