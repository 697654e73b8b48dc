"""Measured spectra: the empirical law of a matrix, and its comparison with a limit law."""

from rmt.spectra.compare import Comparison as Comparison
from rmt.spectra.compare import PlanarComparison as PlanarComparison
from rmt.spectra.compare import compare as compare
from rmt.spectra.esd import esd as esd
from rmt.spectra.products import gaussian_product_log_singular_values as gaussian_product_log_singular_values
from rmt.spectra.products import masked_product as masked_product
from rmt.spectra.products import product_singular_values as product_singular_values

__all__ = [
    "Comparison",
    "PlanarComparison",
    "compare",
    "esd",
    "gaussian_product_log_singular_values",
    "masked_product",
    "product_singular_values",
]
