"""Learning of wide networks as far as a spectrum tells it: critical rates, catapults, features, costs and bounds.

Enters data, a kernel or the law of its spectrum; leaves rates, orbits, thresholds and bounds, each beside a run in
NumPy that shows it. Entry points: :func:`critical_rate`, :func:`catapult`, :func:`representation_cost`.
"""

from rmt._names import room
from rmt.training.catapults import CatapultLaw as CatapultLaw
from rmt.training.catapults import CatapultOrbit as CatapultOrbit
from rmt.training.catapults import catapult as catapult
from rmt.training.catapults import catapult_invariant as catapult_invariant
from rmt.training.catapults import catapult_law as catapult_law
from rmt.training.complexity_bounds import dudley_spectral as dudley_spectral
from rmt.training.complexity_bounds import effective_dimension as effective_dimension
from rmt.training.complexity_bounds import hoeffding_bound as hoeffding_bound
from rmt.training.complexity_bounds import local_rademacher as local_rademacher
from rmt.training.complexity_bounds import massart_bound as massart_bound
from rmt.training.complexity_bounds import perturbation_margin_bound as perturbation_margin_bound
from rmt.training.complexity_bounds import rademacher_linear as rademacher_linear
from rmt.training.complexity_bounds import rademacher_thresholds as rademacher_thresholds
from rmt.training.complexity_bounds import sauer_bound as sauer_bound
from rmt.training.complexity_bounds import spectral_complexity as spectral_complexity
from rmt.training.complexity_bounds import spectral_margin_bound as spectral_margin_bound
from rmt.training.complexity_bounds import vc_bound as vc_bound
from rmt.training.convergence_certificates import ConvergenceCertificate as ConvergenceCertificate
from rmt.training.convergence_certificates import convergence_certificate as convergence_certificate
from rmt.training.critical_rates import batch_critical_rate as batch_critical_rate
from rmt.training.critical_rates import batch_critical_rates as batch_critical_rates
from rmt.training.critical_rates import batch_threshold as batch_threshold
from rmt.training.critical_rates import critical_rate as critical_rate
from rmt.training.deep_linear import deep_mode as deep_mode
from rmt.training.deep_linear import infinite_depth_learning_time as infinite_depth_learning_time
from rmt.training.deep_linear import learning_time as learning_time
from rmt.training.deep_linear import linear_start as linear_start
from rmt.training.deep_linear import mode_hessian_eigenvalues as mode_hessian_eigenvalues
from rmt.training.deep_linear import optimal_rate as optimal_rate
from rmt.training.deep_linear import shallow_mode as shallow_mode
from rmt.training.deep_linear import train_linear as train_linear
from rmt.training.deep_shrinkage import decaying_mode as decaying_mode
from rmt.training.deep_shrinkage import decaying_mode_gains as decaying_mode_gains
from rmt.training.deep_shrinkage import deep_shrinkage as deep_shrinkage
from rmt.training.deep_shrinkage import deep_threshold as deep_threshold
from rmt.training.deep_shrinkage import noise_killing_decay as noise_killing_decay
from rmt.training.dense_networks import DenseNetwork as DenseNetwork
from rmt.training.descents import Descent as Descent
from rmt.training.descents import descend as descend
from rmt.training.descents import match_rate as match_rate
from rmt.training.descents import raise_after_catapult as raise_after_catapult
from rmt.training.descents import spikes as spikes
from rmt.training.descents import split_loss as split_loss
from rmt.training.gradient_features import agop as agop
from rmt.training.gradient_features import alignment as alignment
from rmt.training.gradient_features import egop as egop
from rmt.training.gradient_features import target_values as target_values
from rmt.training.graph_networks import GraphNetwork as GraphNetwork
from rmt.training.graph_networks import dense_graph as dense_graph
from rmt.training.hessian_laws import critical_energy as critical_energy
from rmt.training.hessian_laws import hessian_index as hessian_index
from rmt.training.hessian_laws import hessian_law as hessian_law
from rmt.training.hessian_laws import residual_hessian_scale as residual_hessian_scale
from rmt.training.hessians import hessian_norm as hessian_norm
from rmt.training.hessians import kernel_drift as kernel_drift
from rmt.training.hessians import sharpness as sharpness
from rmt.training.hessians import sharpness_path as sharpness_path
from rmt.training.hessians import two_layer_hessian_eigenvalues as two_layer_hessian_eigenvalues
from rmt.training.matrix_series import MatrixSeries as MatrixSeries
from rmt.training.matrix_series import matrix_series as matrix_series
from rmt.training.nearly_linear import NearlyLinearBound as NearlyLinearBound
from rmt.training.nearly_linear import linear_proxies as linear_proxies
from rmt.training.nearly_linear import nearly_linear_bound as nearly_linear_bound
from rmt.training.pac_bayes import dziugaite_roy_bound as dziugaite_roy_bound
from rmt.training.pac_bayes import gaussian_kl as gaussian_kl
from rmt.training.pac_bayes import kl_bernoulli as kl_bernoulli
from rmt.training.pac_bayes import kl_inverse as kl_inverse
from rmt.training.pac_bayes import maurer_sum as maurer_sum
from rmt.training.pac_bayes import pac_bayes as pac_bayes
from rmt.training.quadratic_models import QuadraticModel as QuadraticModel
from rmt.training.quadratic_models import catapult_ceiling as catapult_ceiling
from rmt.training.quadratic_models import quadratic_catapult as quadratic_catapult
from rmt.training.quadratic_models import sampled_quadratic_catapult as sampled_quadratic_catapult
from rmt.training.rate_sweeps import RateSweep as RateSweep
from rmt.training.rate_sweeps import SweepResult as SweepResult
from rmt.training.representation_costs import RegularisedLosses as RegularisedLosses
from rmt.training.representation_costs import balanced_factors as balanced_factors
from rmt.training.representation_costs import bipartite_example as bipartite_example
from rmt.training.representation_costs import hidden_covariances as hidden_covariances
from rmt.training.representation_costs import minimal_weights as minimal_weights
from rmt.training.representation_costs import regularised_losses as regularised_losses
from rmt.training.representation_costs import representation_cost as representation_cost
from rmt.training.two_layers import TwoLayers as TwoLayers
from rmt.training.two_layers import dead_share as dead_share
from rmt.training.two_layers import example_curvature as example_curvature

__all__, __dir__ = room(__spec__)
