"""The free calculus: operations on laws, and what follows from subordination.

Enter laws; leave laws with certificates and errors, their outliers, and laws behind noisy ones. ``operations`` is the
door: it writes expressions (``expressions``); sums and products are solved in ``subordination``, their ends found in
``support``; ``explicit`` needs no solver; ``polynomials`` takes noncommutative polynomials and rational functions.
Entry points: :func:`boxplus`, :func:`boxtimes`, :func:`polynomial_law`.
"""

from importlib import import_module

from rmt._names import room
from rmt.free.classical_convolution import classical_convolution as classical_convolution
from rmt.free.deconvolution import Deconvolution as Deconvolution
from rmt.free.deconvolution import free_deconvolve as free_deconvolve
from rmt.free.deconvolution import population_spectrum as population_spectrum
from rmt.free.expressions.computed_law import ComputedLaw as ComputedLaw
from rmt.free.matrix_models import FreeLevy as FreeLevy
from rmt.free.matrix_models import deformed_wigner as deformed_wigner
from rmt.free.matrix_models import sample_covariance as sample_covariance
from rmt.free.operations import CompoundFreePoisson as CompoundFreePoisson
from rmt.free.operations import boolean_convolution as boolean_convolution
from rmt.free.operations import boxplus as boxplus
from rmt.free.operations import boxtimes as boxtimes
from rmt.free.operations import compress as compress
from rmt.free.operations import free_divide as free_divide
from rmt.free.operations import free_power as free_power
from rmt.free.operations import free_subtract as free_subtract
from rmt.free.operations import inverse as inverse
from rmt.free.operations import mixture as mixture
from rmt.free.operations import monotone_convolution as monotone_convolution
from rmt.free.operations import multiplicative_power as multiplicative_power
from rmt.free.operations import symmetrised as symmetrised
from rmt.free.polynomials.commutators import anticommutator as anticommutator
from rmt.free.polynomials.commutators import commutator as commutator
from rmt.free.polynomials.images import CircleImage as CircleImage
from rmt.free.polynomials.images import PolynomialImage as PolynomialImage
from rmt.free.polynomials.pencil_law import CircularElement as CircularElement
from rmt.free.polynomials.pencil_law import HaarUnitary as HaarUnitary
from rmt.free.polynomials.polynomial_law import PolynomialLaw as PolynomialLaw
from rmt.free.polynomials.polynomial_law import polynomial_law as polynomial_law
from rmt.free.polynomials.rational_law import RationalLaw as RationalLaw
from rmt.free.polynomials.rectangular_convolution import RectangularConvolution as RectangularConvolution
from rmt.free.polynomials.rectangular_convolution import rectangular_boxplus as rectangular_boxplus
from rmt.free.spikes import Outlier as Outlier
from rmt.free.spikes import nonlinear_shrinkage as nonlinear_shrinkage
from rmt.free.spikes import outliers as outliers
from rmt.free.spikes import spike_thresholds as spike_thresholds

# these enter the classes of laws for the nodes of expressions
import_module("rmt.free.explicit.boolean_monotone")
import_module("rmt.free.explicit.explicit_law")
import_module("rmt.free.explicit.inverses_and_roots")
import_module("rmt.free.subordination.free_convolution")

Circular = CircularElement  # the old name, for one release

__all__, __dir__ = room(__spec__)
