"""Random matrices and free probability: every random matrix has two faces, a sample and a law.

>>> import rmt
>>> X = rmt.gue()
>>> X.law().pdf(0.0)  # the limit
0.3183098861837907
>>> X.eigenvalues(4, rng=0).shape  # the matrix
(4,)

Names load on first use, so that ``import rmt`` loads NumPy only.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: F401

__version__ = "0.1.0"

# the home of every public name
_HOMES: dict[str, tuple[str, ...]] = {
    "rmt.errors": ("ConvergenceError", "FreenessError", "MomentConditionWarning"),
    "rmt.laws": (
        "Affine",
        "Arcsine",
        "Atomic",
        "Bernoulli",
        "BesselEdge",
        "Cauchy",
        "CircularLaw",
        "DensityLaw",
        "EllipticLaw",
        "Empirical",
        "FreePoisson",
        "FreeStable",
        "FussCatalan",
        "GapRatio",
        "GapRatioSurmise",
        "GaudinSpacing",
        "Gaussian",
        "GaussianDensity",
        "GaussianLargest",
        "GinibreProduct",
        "Interval",
        "KestenMcKay",
        "Law",
        "MarchenkoPastur",
        "Meixner",
        "MomentLaw",
        "PlanarAffine",
        "PlanarLaw",
        "PoissonSpacing",
        "ProjectionProduct",
        "QuarticEquilibrium",
        "Rademacher",
        "Raney",
        "Semicircle",
        "SingleRing",
        "SoftEdge",
        "SquareRoot",
        "Squared",
        "TracyWidom",
        "TransformLaw",
        "TruncatedUnitaryLaw",
        "Uniform",
        "UnitCircle",
        "Wachter",
        "WignerSurmise",
        "WishartDensity",
        "WishartLargest",
        "WishartSmallest",
        "complex_wishart_kernel",
        "gap_probability",
        "gue_kernel",
        "square_root",
        "squared",
    ),
    "rmt.free": (
        "CircleImage",
        "Circular",
        "CompoundFreePoisson",
        "Deconvolution",
        "FreeLevy",
        "HaarUnitary",
        "Outlier",
        "PolynomialImage",
        "PolynomialLaw",
        "RectangularConvolution",
        "anticommutator",
        "boolean_convolution",
        "boxplus",
        "boxtimes",
        "classical_convolution",
        "commutator",
        "compress",
        "deformed_wigner",
        "free_deconvolve",
        "free_divide",
        "free_power",
        "free_subtract",
        "inverse",
        "mixture",
        "monotone_convolution",
        "multiplicative_power",
        "nonlinear_shrinkage",
        "outliers",
        "polynomial_law",
        "population_spectrum",
        "rectangular_boxplus",
        "sample_covariance",
        "spike_thresholds",
        "symmetrised",
    ),
    "rmt.ensembles": (
        "Ensemble",
        "Warrant",
        "circular",
        "cov",
        "diagonal",
        "dyson_brownian_motion",
        "dyson_law",
        "elliptic",
        "ginibre",
        "ginibre_product",
        "goe",
        "gse",
        "gue",
        "haar_conjugate",
        "haar_orthogonal",
        "haar_symplectic",
        "haar_unitary",
        "hermite",
        "jacobi",
        "laguerre",
        "product_wishart",
        "projection",
        "single_ring",
        "truncated_unitary",
        "wigner",
        "wishart",
    ),
    "rmt.kernels": ("MLP",),
    "rmt.networks": ("check_isometry",),
}
_SUBPACKAGES = (
    "combinatorics",
    "data",
    "ensembles",
    "errors",
    "exact",
    "free",
    "kernels",
    "laws",
    "networks",
    "optimisation",
    "plotting",
    "programs",
    "spectra",
    "training",
)
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if TYPE_CHECKING:  # the same names, for type checkers and editors (a test keeps the two lists equal)
    from rmt.ensembles import Ensemble as Ensemble
    from rmt.ensembles import Warrant as Warrant
    from rmt.ensembles import circular as circular
    from rmt.ensembles import cov as cov
    from rmt.ensembles import diagonal as diagonal
    from rmt.ensembles import dyson_brownian_motion as dyson_brownian_motion
    from rmt.ensembles import dyson_law as dyson_law
    from rmt.ensembles import elliptic as elliptic
    from rmt.ensembles import ginibre as ginibre
    from rmt.ensembles import ginibre_product as ginibre_product
    from rmt.ensembles import goe as goe
    from rmt.ensembles import gse as gse
    from rmt.ensembles import gue as gue
    from rmt.ensembles import haar_conjugate as haar_conjugate
    from rmt.ensembles import haar_orthogonal as haar_orthogonal
    from rmt.ensembles import haar_symplectic as haar_symplectic
    from rmt.ensembles import haar_unitary as haar_unitary
    from rmt.ensembles import hermite as hermite
    from rmt.ensembles import jacobi as jacobi
    from rmt.ensembles import laguerre as laguerre
    from rmt.ensembles import product_wishart as product_wishart
    from rmt.ensembles import projection as projection
    from rmt.ensembles import single_ring as single_ring
    from rmt.ensembles import truncated_unitary as truncated_unitary
    from rmt.ensembles import wigner as wigner
    from rmt.ensembles import wishart as wishart
    from rmt.errors import ConvergenceError as ConvergenceError
    from rmt.errors import FreenessError as FreenessError
    from rmt.errors import MomentConditionWarning as MomentConditionWarning
    from rmt.free import CircleImage as CircleImage
    from rmt.free import Circular as Circular
    from rmt.free import CompoundFreePoisson as CompoundFreePoisson
    from rmt.free import Deconvolution as Deconvolution
    from rmt.free import FreeLevy as FreeLevy
    from rmt.free import HaarUnitary as HaarUnitary
    from rmt.free import Outlier as Outlier
    from rmt.free import PolynomialImage as PolynomialImage
    from rmt.free import PolynomialLaw as PolynomialLaw
    from rmt.free import RectangularConvolution as RectangularConvolution
    from rmt.free import anticommutator as anticommutator
    from rmt.free import boolean_convolution as boolean_convolution
    from rmt.free import boxplus as boxplus
    from rmt.free import boxtimes as boxtimes
    from rmt.free import classical_convolution as classical_convolution
    from rmt.free import commutator as commutator
    from rmt.free import compress as compress
    from rmt.free import deformed_wigner as deformed_wigner
    from rmt.free import free_deconvolve as free_deconvolve
    from rmt.free import free_divide as free_divide
    from rmt.free import free_power as free_power
    from rmt.free import free_subtract as free_subtract
    from rmt.free import inverse as inverse
    from rmt.free import mixture as mixture
    from rmt.free import monotone_convolution as monotone_convolution
    from rmt.free import multiplicative_power as multiplicative_power
    from rmt.free import nonlinear_shrinkage as nonlinear_shrinkage
    from rmt.free import outliers as outliers
    from rmt.free import polynomial_law as polynomial_law
    from rmt.free import population_spectrum as population_spectrum
    from rmt.free import rectangular_boxplus as rectangular_boxplus
    from rmt.free import sample_covariance as sample_covariance
    from rmt.free import spike_thresholds as spike_thresholds
    from rmt.free import symmetrised as symmetrised
    from rmt.kernels import MLP as MLP
    from rmt.laws import Affine as Affine
    from rmt.laws import Arcsine as Arcsine
    from rmt.laws import Atomic as Atomic
    from rmt.laws import Bernoulli as Bernoulli
    from rmt.laws import BesselEdge as BesselEdge
    from rmt.laws import Cauchy as Cauchy
    from rmt.laws import CircularLaw as CircularLaw
    from rmt.laws import DensityLaw as DensityLaw
    from rmt.laws import EllipticLaw as EllipticLaw
    from rmt.laws import Empirical as Empirical
    from rmt.laws import FreePoisson as FreePoisson
    from rmt.laws import FreeStable as FreeStable
    from rmt.laws import FussCatalan as FussCatalan
    from rmt.laws import GapRatio as GapRatio
    from rmt.laws import GapRatioSurmise as GapRatioSurmise
    from rmt.laws import GaudinSpacing as GaudinSpacing
    from rmt.laws import Gaussian as Gaussian
    from rmt.laws import GaussianDensity as GaussianDensity
    from rmt.laws import GaussianLargest as GaussianLargest
    from rmt.laws import GinibreProduct as GinibreProduct
    from rmt.laws import Interval as Interval
    from rmt.laws import KestenMcKay as KestenMcKay
    from rmt.laws import Law as Law
    from rmt.laws import MarchenkoPastur as MarchenkoPastur
    from rmt.laws import Meixner as Meixner
    from rmt.laws import MomentLaw as MomentLaw
    from rmt.laws import PlanarAffine as PlanarAffine
    from rmt.laws import PlanarLaw as PlanarLaw
    from rmt.laws import PoissonSpacing as PoissonSpacing
    from rmt.laws import ProjectionProduct as ProjectionProduct
    from rmt.laws import QuarticEquilibrium as QuarticEquilibrium
    from rmt.laws import Rademacher as Rademacher
    from rmt.laws import Raney as Raney
    from rmt.laws import Semicircle as Semicircle
    from rmt.laws import SingleRing as SingleRing
    from rmt.laws import SoftEdge as SoftEdge
    from rmt.laws import Squared as Squared
    from rmt.laws import SquareRoot as SquareRoot
    from rmt.laws import TracyWidom as TracyWidom
    from rmt.laws import TransformLaw as TransformLaw
    from rmt.laws import TruncatedUnitaryLaw as TruncatedUnitaryLaw
    from rmt.laws import Uniform as Uniform
    from rmt.laws import UnitCircle as UnitCircle
    from rmt.laws import Wachter as Wachter
    from rmt.laws import WignerSurmise as WignerSurmise
    from rmt.laws import WishartDensity as WishartDensity
    from rmt.laws import WishartLargest as WishartLargest
    from rmt.laws import WishartSmallest as WishartSmallest
    from rmt.laws import complex_wishart_kernel as complex_wishart_kernel
    from rmt.laws import gap_probability as gap_probability
    from rmt.laws import gue_kernel as gue_kernel
    from rmt.laws import square_root as square_root
    from rmt.laws import squared as squared
    from rmt.networks import check_isometry as check_isometry


__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"rmt.{name}")
    if name in _HOME_OF:
        value = getattr(importlib.import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'rmt' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_HOME_OF, *_SUBPACKAGES, "__version__"])
