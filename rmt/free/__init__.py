"""The free calculus: operations on laws, and what follows from subordination."""

from rmt.free.computed import ComputedLaw as ComputedLaw
from rmt.free.convolution import CompoundFreePoisson as CompoundFreePoisson
from rmt.free.convolution import boxplus as boxplus
from rmt.free.convolution import boxtimes as boxtimes
from rmt.free.convolution import compress as compress
from rmt.free.convolution import free_power as free_power
from rmt.free.convolution import mixture as mixture
from rmt.free.convolution import multiplicative_power as multiplicative_power

__all__ = [
    "CompoundFreePoisson",
    "ComputedLaw",
    "boxplus",
    "boxtimes",
    "compress",
    "free_power",
    "mixture",
    "multiplicative_power",
]
