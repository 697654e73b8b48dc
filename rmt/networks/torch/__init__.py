"""Isometry and tangent kernels of real models: the only part of the package that imports torch, ``rmt[torch]``."""

from rmt.networks.torch.check import assert_isometric as assert_isometric
from rmt.networks.torch.check import check_isometry as check_isometry
from rmt.networks.torch.initialise import apply_init as apply_init
from rmt.networks.torch.tangent import empirical_ntk as empirical_ntk
from rmt.networks.torch.tangent import ntk_vector_product as ntk_vector_product

__all__ = ["apply_init", "assert_isometric", "check_isometry", "empirical_ntk", "ntk_vector_product"]
