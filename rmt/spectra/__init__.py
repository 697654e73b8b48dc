"""Measured spectra: the empirical law of a matrix, and its comparison with a limit law.

Enter eigenvalues, a matrix or an operator; leave a verdict at a known level, distances, level statistics and moments.
Entry points: :func:`compare`, :func:`esd`, :func:`density_of_states`.
"""

from rmt._names import room
from rmt.spectra.alternating_moments import AlternatingMoments as AlternatingMoments
from rmt.spectra.alternating_moments import freeness as freeness
from rmt.spectra.compare import compare as compare
from rmt.spectra.comparison import Comparison as Comparison
from rmt.spectra.comparison import PlanarComparison as PlanarComparison
from rmt.spectra.density_of_states import DensityOfStates as DensityOfStates
from rmt.spectra.density_of_states import density_of_states as density_of_states
from rmt.spectra.esd import esd as esd
from rmt.spectra.level_laws import form_factor_law as form_factor_law
from rmt.spectra.level_laws import gue_form_factor as gue_form_factor
from rmt.spectra.level_laws import number_variance_law as number_variance_law
from rmt.spectra.level_laws import spectral_rigidity_law as spectral_rigidity_law
from rmt.spectra.level_statistics import FittedBeta as FittedBeta
from rmt.spectra.level_statistics import LevelStatistic as LevelStatistic
from rmt.spectra.level_statistics import fit_beta as fit_beta
from rmt.spectra.level_statistics import form_factor as form_factor
from rmt.spectra.level_statistics import gap_ratios as gap_ratios
from rmt.spectra.level_statistics import number_variance as number_variance
from rmt.spectra.level_statistics import spacings as spacings
from rmt.spectra.level_statistics import spectral_rigidity as spectral_rigidity
from rmt.spectra.linear_statistics import LinearStatistic as LinearStatistic
from rmt.spectra.linear_statistics import linear_statistic as linear_statistic
from rmt.spectra.product_spectra import gaussian_product_log_singular_values as gaussian_product_log_singular_values
from rmt.spectra.product_spectra import masked_product as masked_product
from rmt.spectra.product_spectra import product_singular_values as product_singular_values
from rmt.spectra.trace_moments import TraceMoments as TraceMoments
from rmt.spectra.trace_moments import trace_moments as trace_moments
from rmt.spectra.unfolding import UnfoldedLevels as UnfoldedLevels
from rmt.spectra.unfolding import unfold as unfold
from rmt.spectra.verdict.part import Part as Part
from rmt.spectra.verdict.prediction import Fluctuations as Fluctuations
from rmt.spectra.verdict.prediction import Prediction as Prediction

__all__, __dir__ = room(__spec__)
