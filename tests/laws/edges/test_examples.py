"""The examples in the docstrings of laws and statistics of edges and neighbours run."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = {
    "rmt.laws.edges.tracy_widom": 3,
    "rmt.laws.edges.bessel": 3,
    "rmt.laws.edges.spacings": 9,
    "rmt.laws.edges.gap_ratios": 4,
    "rmt.laws.finite.extreme_laws": 6,
    "rmt.laws.finite.densities": 4,
    "rmt.laws.finite.kernels": 2,
    "rmt.laws.planar_rings": 9,
    "rmt.laws.equilibrium": 3,
    "rmt.spectra.unfolding": 3,
    "rmt.spectra.level_laws": 8,
    "rmt.spectra.level_statistics": 3,
    "rmt.spectra.linear_statistics": 3,
}


@pytest.mark.parametrize(("name", "count"), MODULES.items())
def test_examples_run(name: str, count: int):
    result = doctest.testmod(importlib.import_module(name))
    assert (result.failed, result.attempted) == (0, count)
