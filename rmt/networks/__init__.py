"""Wide random networks: signal propagation, the spectrum of the input-output Jacobian, dynamical isometry."""

from rmt._names import room
from rmt.networks.activations import activation as activation
from rmt.networks.advice import Advice as Advice
from rmt.networks.advice import advise as advise
from rmt.networks.chain import TransformChain as TransformChain
from rmt.networks.convolution import circular_convolution_singular_values as circular_convolution_singular_values
from rmt.networks.convolution import convolution_gram_law as convolution_gram_law
from rmt.networks.convolution import convolution_kernel as convolution_kernel
from rmt.networks.convolution import convolution_relative_variance as convolution_relative_variance
from rmt.networks.convolution import convolutional_jacobian_law as convolutional_jacobian_law
from rmt.networks.criticality import CriticalCurve as CriticalCurve
from rmt.networks.criticality import CriticalPoint as CriticalPoint
from rmt.networks.criticality import critical_points as critical_points
from rmt.networks.criticality import critical_sigma_w as critical_sigma_w
from rmt.networks.criticality import edge_of_chaos as edge_of_chaos
from rmt.networks.criticality import half_stable_point as half_stable_point
from rmt.networks.depth_limits import BernoulliDepthLimit as BernoulliDepthLimit
from rmt.networks.depth_limits import FreeLogNormal as FreeLogNormal
from rmt.networks.depth_limits import depth_limit as depth_limit
from rmt.networks.depth_limits import residual_limit as residual_limit
from rmt.networks.initialisers import Initialiser as Initialiser
from rmt.networks.initialisers import compare_initialisers as compare_initialisers
from rmt.networks.initialisers import initialiser as initialiser
from rmt.networks.initialisers import torch_gain as torch_gain
from rmt.networks.isometry import isometry as isometry
from rmt.networks.jacobian import Jacobian as Jacobian
from rmt.networks.meanfield import FixedPoint as FixedPoint
from rmt.networks.meanfield import MeanField as MeanField
from rmt.networks.meanfield import Phase as Phase
from rmt.networks.meanfield import correlation_map as correlation_map
from rmt.networks.meanfield import fixed_points as fixed_points
from rmt.networks.meanfield import length_map as length_map
from rmt.networks.meanfield import lengths as lengths
from rmt.networks.meanfield import mean_field as mean_field
from rmt.networks.mlp import MLP as MLP
from rmt.networks.mlp import Layer as Layer
from rmt.networks.models import apply_init as apply_init
from rmt.networks.models import assert_isometric as assert_isometric
from rmt.networks.models import check_isometry as check_isometry
from rmt.networks.models import scan as scan
from rmt.networks.moments import Activation as Activation
from rmt.networks.report import Cause as Cause
from rmt.networks.report import DepthScales as DepthScales
from rmt.networks.report import IsometryReport as IsometryReport
from rmt.networks.report import JacobianOutlier as JacobianOutlier
from rmt.networks.report import LayerShare as LayerShare
from rmt.networks.residual import ResidualNetwork as ResidualNetwork
from rmt.networks.slope_law import SquaredSlope as SquaredSlope
from rmt.networks.slope_law import squared_slope_law as squared_slope_law
from rmt.networks.spectrum_summary import SpectrumSummary as SpectrumSummary
from rmt.networks.verdict import Verdict as Verdict

__all__, __dir__ = room(__spec__)
