"""From data to a decision: noise levels, outliers, cleaned matrices, spectra behind samples."""

from rmt.data.noise_fit import NoiseFit as NoiseFit
from rmt.data.noise_fit import fit_marchenko_pastur as fit_marchenko_pastur
from rmt.data.observations import SampleSpectrum as SampleSpectrum
from rmt.data.observations import sample_spectrum as sample_spectrum
from rmt.data.outlier_test import Components as Components
from rmt.data.outlier_test import OutlierTest as OutlierTest
from rmt.data.outlier_test import is_outlier as is_outlier
from rmt.data.outlier_test import number_of_components as number_of_components
from rmt.data.outlier_test import parallel_analysis as parallel_analysis
from rmt.data.spike_map import PopulationSpike as PopulationSpike
from rmt.data.spike_map import population_spike as population_spike

__all__ = [
    "Components",
    "NoiseFit",
    "OutlierTest",
    "PopulationSpike",
    "SampleSpectrum",
    "fit_marchenko_pastur",
    "is_outlier",
    "number_of_components",
    "parallel_analysis",
    "population_spike",
    "sample_spectrum",
]
