"""Wide networks as kernels: Gram matrices, their limits and spectra, and what these say about learning."""

from rmt.kernels.activations import activation as activation
from rmt.kernels.dual import dual as dual
from rmt.kernels.dual import slope_dual as slope_dual
from rmt.kernels.mlp import MLP as MLP
from rmt.kernels.mlp import nngp as nngp
from rmt.kernels.mlp import nngp_and_ntk as nngp_and_ntk
from rmt.kernels.mlp import ntk as ntk
from rmt.kernels.stack import Conv as Conv
from rmt.kernels.stack import Dense as Dense
from rmt.kernels.stack import Flatten as Flatten
from rmt.kernels.stack import GlobalAveragePool as GlobalAveragePool
from rmt.kernels.stack import LayerNorm as LayerNorm
from rmt.kernels.stack import Residual as Residual
from rmt.kernels.stack import Stack as Stack
from rmt.kernels.stack import attention as attention

__all__ = [
    "MLP",
    "Conv",
    "Dense",
    "Flatten",
    "GlobalAveragePool",
    "LayerNorm",
    "Residual",
    "Stack",
    "activation",
    "attention",
    "dual",
    "nngp",
    "nngp_and_ntk",
    "ntk",
    "slope_dual",
]
