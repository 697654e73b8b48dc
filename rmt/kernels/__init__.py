"""Wide networks as kernels: Gram matrices, their limits and spectra, and what these say about learning."""

from rmt.kernels.activations import activation as activation
from rmt.kernels.dual import dual as dual
from rmt.kernels.dual import slope_dual as slope_dual
from rmt.kernels.mlp import MLP as MLP
from rmt.kernels.mlp import nngp as nngp
from rmt.kernels.mlp import nngp_and_ntk as nngp_and_ntk
from rmt.kernels.mlp import ntk as ntk

__all__ = ["MLP", "activation", "dual", "nngp", "nngp_and_ntk", "ntk", "slope_dual"]
