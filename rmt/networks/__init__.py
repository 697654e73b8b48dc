"""Wide random networks: signal propagation, the spectrum of the input-output Jacobian, dynamical isometry."""

from rmt.networks.activations import activation as activation
from rmt.networks.moments import Activation as Activation

__all__ = ["Activation", "activation"]
