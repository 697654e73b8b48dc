"""The free calculus: operations on laws, and what follows from subordination."""

from rmt._names import room
from rmt.free.classical import classical_convolution as classical_convolution
from rmt.free.computed import ComputedLaw as ComputedLaw
from rmt.free.convolution import CompoundFreePoisson as CompoundFreePoisson
from rmt.free.convolution import boolean_convolution as boolean_convolution
from rmt.free.convolution import boxplus as boxplus
from rmt.free.convolution import boxtimes as boxtimes
from rmt.free.convolution import compress as compress
from rmt.free.convolution import free_divide as free_divide
from rmt.free.convolution import free_power as free_power
from rmt.free.convolution import free_subtract as free_subtract
from rmt.free.convolution import inverse as inverse
from rmt.free.convolution import mixture as mixture
from rmt.free.convolution import monotone_convolution as monotone_convolution
from rmt.free.convolution import multiplicative_power as multiplicative_power
from rmt.free.convolution import symmetrised as symmetrised
from rmt.free.deconvolution import Deconvolution as Deconvolution
from rmt.free.deconvolution import free_deconvolve as free_deconvolve
from rmt.free.deconvolution import population_spectrum as population_spectrum
from rmt.free.images import CircleImage as CircleImage
from rmt.free.images import PolynomialImage as PolynomialImage
from rmt.free.models import FreeLevy as FreeLevy
from rmt.free.models import anticommutator as anticommutator
from rmt.free.models import commutator as commutator
from rmt.free.models import deformed_wigner as deformed_wigner
from rmt.free.models import sample_covariance as sample_covariance
from rmt.free.pencil_law import CircularElement as CircularElement
from rmt.free.pencil_law import HaarUnitary as HaarUnitary
from rmt.free.polynomial import PolynomialLaw as PolynomialLaw
from rmt.free.polynomial import polynomial_law as polynomial_law
from rmt.free.rational import RationalLaw as RationalLaw
from rmt.free.rectangular import RectangularConvolution as RectangularConvolution
from rmt.free.rectangular import rectangular_boxplus as rectangular_boxplus
from rmt.free.spikes import Outlier as Outlier
from rmt.free.spikes import nonlinear_shrinkage as nonlinear_shrinkage
from rmt.free.spikes import outliers as outliers
from rmt.free.spikes import spike_thresholds as spike_thresholds

Circular = CircularElement  # the old name, for one release

__all__, __dir__ = room(__spec__)
