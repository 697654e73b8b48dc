"""Probability laws on the line (and the plane): the limits of spectra.

Enter parameters, functions, moments or data; leave laws that obey one contract, ``law``: ``named`` in closed form,
``given`` by a density or a transform, ``solved`` from equations of their own, ``maps`` of others, ``planar``, and those
of finite matrices: ``edges`` and ``finite``. Entry points: :class:`Law`, :class:`Semicircle`, :class:`Empirical`.
"""

from rmt._names import room
from rmt.laws.atomic import Atomic as Atomic
from rmt.laws.atomic import Bernoulli as Bernoulli
from rmt.laws.atomic import Empirical as Empirical
from rmt.laws.atomic import Rademacher as Rademacher
from rmt.laws.edges.bessel import BesselEdge as BesselEdge
from rmt.laws.edges.gap_ratios import GapRatio as GapRatio
from rmt.laws.edges.gap_ratios import GapRatioSurmise as GapRatioSurmise
from rmt.laws.edges.soft_edge import SoftEdge as SoftEdge
from rmt.laws.edges.spacings import GaudinSpacing as GaudinSpacing
from rmt.laws.edges.spacings import PoissonSpacing as PoissonSpacing
from rmt.laws.edges.spacings import WignerSurmise as WignerSurmise
from rmt.laws.edges.spacings import gap_probability as gap_probability
from rmt.laws.edges.tracy_widom import TracyWidom as TracyWidom
from rmt.laws.finite.correlation_kernels import complex_wishart_kernel as complex_wishart_kernel
from rmt.laws.finite.correlation_kernels import gue_kernel as gue_kernel
from rmt.laws.finite.densities import GaussianDensity as GaussianDensity
from rmt.laws.finite.densities import WishartDensity as WishartDensity
from rmt.laws.finite.extreme_laws import GaussianLargest as GaussianLargest
from rmt.laws.finite.extreme_laws import WishartLargest as WishartLargest
from rmt.laws.finite.extreme_laws import WishartSmallest as WishartSmallest
from rmt.laws.given.density import DensityLaw as DensityLaw
from rmt.laws.given.equilibrium import QuarticEquilibrium as QuarticEquilibrium
from rmt.laws.given.green import TransformLaw as TransformLaw
from rmt.laws.given.moment_sequence import MomentLaw as MomentLaw
from rmt.laws.law import Interval as Interval
from rmt.laws.law import Law as Law
from rmt.laws.maps.affine import Affine as Affine
from rmt.laws.maps.pushforward import Squared as Squared
from rmt.laws.maps.pushforward import SquareRoot as SquareRoot
from rmt.laws.maps.pushforward import square_root as square_root
from rmt.laws.maps.pushforward import squared as squared
from rmt.laws.named.classical_laws import Arcsine as Arcsine
from rmt.laws.named.classical_laws import Cauchy as Cauchy
from rmt.laws.named.classical_laws import Gaussian as Gaussian
from rmt.laws.named.free_jacobi import ProjectionProduct as ProjectionProduct
from rmt.laws.named.free_jacobi import Wachter as Wachter
from rmt.laws.named.free_meixner import FreeMeixner as FreeMeixner
from rmt.laws.named.free_stable import FreeStable as FreeStable
from rmt.laws.named.fuss_catalan import FussCatalan as FussCatalan
from rmt.laws.named.kesten_mckay import KestenMcKay as KestenMcKay
from rmt.laws.named.marchenko_pastur import FreePoisson as FreePoisson
from rmt.laws.named.marchenko_pastur import MarchenkoPastur as MarchenkoPastur
from rmt.laws.named.raney import Raney as Raney
from rmt.laws.named.semicircle import Semicircle as Semicircle
from rmt.laws.named.uniform import Uniform as Uniform
from rmt.laws.planar.planar_affine import PlanarAffine as PlanarAffine
from rmt.laws.planar.planar_law import CircularLaw as CircularLaw
from rmt.laws.planar.planar_law import PlanarLaw as PlanarLaw
from rmt.laws.planar.planar_law import UnitCircle as UnitCircle
from rmt.laws.planar.planar_rings import EllipticLaw as EllipticLaw
from rmt.laws.planar.planar_rings import GinibreProduct as GinibreProduct
from rmt.laws.planar.planar_rings import SingleRing as SingleRing
from rmt.laws.planar.planar_rings import TruncatedUnitaryLaw as TruncatedUnitaryLaw
from rmt.laws.solved.erdos_renyi_law import ErdosRenyi as ErdosRenyi
from rmt.laws.solved.levy_matrix import LevyMatrix as LevyMatrix
from rmt.laws.solved.polynomial_equilibrium import PolynomialEquilibrium as PolynomialEquilibrium

Meixner = FreeMeixner  # the old name, for one release

__all__, __dir__ = room(__spec__)
