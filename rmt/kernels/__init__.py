"""Wide networks as kernels: Gram matrices, their limits and spectra, and what these say about learning.

Enter an architecture and data; leave NNGP and tangent kernels, laws of their spectra, and curves of learning. Entry
points: :func:`nngp`, :func:`ntk`, :func:`conjugate_kernel_law`.
"""

from rmt._names import room
from rmt.kernels.conjugate import conjugate_kernel_law as conjugate_kernel_law
from rmt.kernels.conjugate import entrywise_kernel_law as entrywise_kernel_law
from rmt.kernels.critical import condition_number as condition_number
from rmt.kernels.critical import critical_step as critical_step
from rmt.kernels.dual import dual as dual
from rmt.kernels.dual import slope_dual as slope_dual
from rmt.kernels.empirical import empirical_nngp as empirical_nngp
from rmt.kernels.empirical import empirical_ntk as empirical_ntk
from rmt.kernels.hierarchy import Hierarchy as Hierarchy
from rmt.kernels.hierarchy import corrected_kernel as corrected_kernel
from rmt.kernels.hierarchy import hierarchy as hierarchy
from rmt.kernels.hierarchy import linear_final_kernel as linear_final_kernel
from rmt.kernels.hierarchy import linear_fourth_moment as linear_fourth_moment
from rmt.kernels.hierarchy import relu_tangent_variance as relu_tangent_variance
from rmt.kernels.kernel_activations import activation as activation
from rmt.kernels.mlp_kernels import MLP as MLP
from rmt.kernels.mlp_kernels import nngp as nngp
from rmt.kernels.mlp_kernels import nngp_and_ntk as nngp_and_ntk
from rmt.kernels.mlp_kernels import ntk as ntk
from rmt.kernels.ridge import FeatureEquivalent as FeatureEquivalent
from rmt.kernels.ridge import RidgeEquivalent as RidgeEquivalent
from rmt.kernels.ridge import learning_curve as learning_curve
from rmt.kernels.ridge import random_features as random_features
from rmt.kernels.ridge import ridge as ridge
from rmt.kernels.samples import ConjugateKernelMatrix as ConjugateKernelMatrix
from rmt.kernels.samples import EntrywiseKernelMatrix as EntrywiseKernelMatrix
from rmt.kernels.samples import SphereKernelMatrix as SphereKernelMatrix
from rmt.kernels.samples import TangentKernelMatrix as TangentKernelMatrix
from rmt.kernels.stack import Conv as Conv
from rmt.kernels.stack import Dense as Dense
from rmt.kernels.stack import Flatten as Flatten
from rmt.kernels.stack import GlobalAveragePool as GlobalAveragePool
from rmt.kernels.stack import LayerNorm as LayerNorm
from rmt.kernels.stack import Residual as Residual
from rmt.kernels.stack import Stack as Stack
from rmt.kernels.stack import attention as attention
from rmt.kernels.tangent_law import ntk_law as ntk_law
from rmt.kernels.training_dynamics import Posterior as Posterior
from rmt.kernels.training_dynamics import bayes as bayes
from rmt.kernels.training_dynamics import descent as descent
from rmt.kernels.training_dynamics import flow as flow
from rmt.kernels.zonal import Mercer as Mercer
from rmt.kernels.zonal import ZonalKernel as ZonalKernel
from rmt.kernels.zonal import zonal as zonal

__all__, __dir__ = room(__spec__)
