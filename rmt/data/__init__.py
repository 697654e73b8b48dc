"""From data to a decision: noise levels, outliers, cleaned matrices, spectra behind samples.

Enters a data matrix or its sample eigenvalues; leave a fitted law of the noise, tests of what stands out of it,
cleaned covariance matrices and numbers of the population. Entry points: :func:`fit_marchenko_pastur`,
:func:`clean_covariance`, :func:`parallel_analysis`.
"""

from rmt._names import room
from rmt.data.cleaning import CleanedCovariance as CleanedCovariance
from rmt.data.cleaning import CovarianceCleaner as CovarianceCleaner
from rmt.data.cleaning import clean_covariance as clean_covariance
from rmt.data.cleaning import shrink_eigenvalues as shrink_eigenvalues
from rmt.data.decompression import Decompression as Decompression
from rmt.data.decompression import decompress as decompress
from rmt.data.denoising import Denoised as Denoised
from rmt.data.denoising import denoise as denoise
from rmt.data.family_fit import FittedLaw as FittedLaw
from rmt.data.family_fit import fit as fit
from rmt.data.noise_fit import NoiseFit as NoiseFit
from rmt.data.noise_fit import fit_marchenko_pastur as fit_marchenko_pastur
from rmt.data.observations import SampleSpectrum as SampleSpectrum
from rmt.data.observations import sample_spectrum as sample_spectrum
from rmt.data.outlier_test import Components as Components
from rmt.data.outlier_test import OutlierTest as OutlierTest
from rmt.data.outlier_test import is_outlier as is_outlier
from rmt.data.outlier_test import number_of_components as number_of_components
from rmt.data.outlier_test import parallel_analysis as parallel_analysis
from rmt.data.population import PopulationFunctionals as PopulationFunctionals
from rmt.data.population import population_functionals as population_functionals
from rmt.data.spike_map import PopulationSpike as PopulationSpike
from rmt.data.spike_map import population_spike as population_spike

__all__, __dir__ = room(__spec__)
