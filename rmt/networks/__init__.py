"""Wide random networks: signal propagation, the spectrum of the input-output Jacobian, dynamical isometry.

Enter an activation and the scales of an initialisation, or a real model; leave lengths (``propagation``), networks
and their Jacobians (``architecture``), reports with advice (``reports``, ``models``; with torch in ``torch``). Entry
points: :class:`MLP`, :func:`mean_field`, :func:`isometry`.
"""

from rmt._names import room
from rmt.networks.activations.activation import Activation as Activation
from rmt.networks.activations.lookup import activation as activation
from rmt.networks.activations.slope_law import SquaredSlope as SquaredSlope
from rmt.networks.activations.slope_law import squared_slope_law as squared_slope_law
from rmt.networks.architecture.attention import AttentionMoments as AttentionMoments
from rmt.networks.architecture.attention import TokenNetwork as TokenNetwork
from rmt.networks.architecture.attention import attention_moments as attention_moments
from rmt.networks.architecture.batch_norm import batch_norm_gain as batch_norm_gain
from rmt.networks.architecture.block_network import BlockNetwork as BlockNetwork
from rmt.networks.architecture.convolution_layers import (
    circular_convolution_singular_values as circular_convolution_singular_values,
)
from rmt.networks.architecture.convolution_layers import convolution_gram_law as convolution_gram_law
from rmt.networks.architecture.convolution_layers import convolution_kernel as convolution_kernel
from rmt.networks.architecture.convolution_layers import convolution_relative_variance as convolution_relative_variance
from rmt.networks.architecture.convolution_layers import convolutional_jacobian_law as convolutional_jacobian_law
from rmt.networks.architecture.depth_limits import BernoulliDepthLimit as BernoulliDepthLimit
from rmt.networks.architecture.depth_limits import FreeLogNormal as FreeLogNormal
from rmt.networks.architecture.depth_limits import depth_limit as depth_limit
from rmt.networks.architecture.depth_limits import residual_limit as residual_limit
from rmt.networks.architecture.jacobian import Jacobian as Jacobian
from rmt.networks.architecture.mlp import MLP as MLP
from rmt.networks.architecture.mlp import Layer as Layer
from rmt.networks.architecture.residual_branches import GatedBranch as GatedBranch
from rmt.networks.architecture.residual_branches import LinearBranch as LinearBranch
from rmt.networks.architecture.residual_branches import MLPBranch as MLPBranch
from rmt.networks.architecture.residual_network import ResidualNetwork as ResidualNetwork
from rmt.networks.architecture.transform_chain import TransformChain as TransformChain
from rmt.networks.models.doors import apply_init as apply_init
from rmt.networks.models.doors import assert_isometric as assert_isometric
from rmt.networks.models.doors import check_isometry as check_isometry
from rmt.networks.models.doors import scan as scan
from rmt.networks.propagation.criticality import CriticalCurve as CriticalCurve
from rmt.networks.propagation.criticality import CriticalPoint as CriticalPoint
from rmt.networks.propagation.criticality import critical_points as critical_points
from rmt.networks.propagation.criticality import critical_sigma_w as critical_sigma_w
from rmt.networks.propagation.criticality import edge_of_chaos as edge_of_chaos
from rmt.networks.propagation.criticality import half_stable_point as half_stable_point
from rmt.networks.propagation.initialisers import Initialiser as Initialiser
from rmt.networks.propagation.initialisers import compare_initialisers as compare_initialisers
from rmt.networks.propagation.initialisers import initialiser as initialiser
from rmt.networks.propagation.initialisers import torch_gain as torch_gain
from rmt.networks.propagation.mean_field import FixedPoint as FixedPoint
from rmt.networks.propagation.mean_field import MeanField as MeanField
from rmt.networks.propagation.mean_field import Phase as Phase
from rmt.networks.propagation.mean_field import correlation_map as correlation_map
from rmt.networks.propagation.mean_field import fixed_points as fixed_points
from rmt.networks.propagation.mean_field import length_map as length_map
from rmt.networks.propagation.mean_field import lengths as lengths
from rmt.networks.propagation.mean_field import mean_field as mean_field
from rmt.networks.reports.advice import Advice as Advice
from rmt.networks.reports.advice import advise as advise
from rmt.networks.reports.jacobian_report import Cause as Cause
from rmt.networks.reports.jacobian_report import DepthScales as DepthScales
from rmt.networks.reports.jacobian_report import IsometryReport as IsometryReport
from rmt.networks.reports.jacobian_report import JacobianOutlier as JacobianOutlier
from rmt.networks.reports.jacobian_report import LayerShare as LayerShare
from rmt.networks.reports.network_isometry import isometry as isometry
from rmt.networks.reports.spectrum_summary import SpectrumSummary as SpectrumSummary
from rmt.networks.reports.verdict import Verdict as Verdict

__all__, __dir__ = room(__spec__)
