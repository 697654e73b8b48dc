"""Isometry, tangent kernels and Hessians of real models: what imports torch in this package, ``rmt[torch]``.

Enter a ``torch.nn.Module`` and an input, which stay as they are; leave readings of its layers for
:mod:`rmt.networks.models`, reports, and weights set as advised. Entry points: :func:`check_isometry`,
:func:`apply_init`, :func:`hessian_spectrum`.
"""

from rmt._names import room
from rmt.networks.torch.check import assert_isometric as assert_isometric
from rmt.networks.torch.check import check_isometry as check_isometry
from rmt.networks.torch.drawn import check_drawn as check_drawn
from rmt.networks.torch.hessian import HessianSpectrum as HessianSpectrum
from rmt.networks.torch.hessian import hessian_spectrum as hessian_spectrum
from rmt.networks.torch.hessian import hessian_vector_product as hessian_vector_product
from rmt.networks.torch.initialise import apply_init as apply_init
from rmt.networks.torch.scan import Scan as Scan
from rmt.networks.torch.scan import scan as scan
from rmt.networks.torch.tangent import empirical_ntk as empirical_ntk
from rmt.networks.torch.tangent import ntk_vector_product as ntk_vector_product

__all__, __dir__ = room(__spec__)
