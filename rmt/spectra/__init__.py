"""Measured spectra: the empirical law of a matrix, and its comparison with a limit law."""

from rmt.spectra.compare import Comparison as Comparison
from rmt.spectra.compare import PlanarComparison as PlanarComparison
from rmt.spectra.compare import compare as compare
from rmt.spectra.esd import esd as esd

__all__ = ["Comparison", "PlanarComparison", "compare", "esd"]
