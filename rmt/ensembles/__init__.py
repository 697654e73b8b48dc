"""Random matrices: samplers, expressions, the reasons for freeness, limit laws.

Enter entries, sizes and operators between ensembles; leave matrices, eigenvalues and the law they converge to, with
the theorem behind it. Entry points: :func:`gue`, :func:`wishart`, :class:`~rmt.ensembles.expression.Expression`.
"""

from rmt._names import room
from rmt.ensembles.beta import circular as circular
from rmt.ensembles.beta import hermite as hermite
from rmt.ensembles.beta import jacobi as jacobi
from rmt.ensembles.beta import laguerre as laguerre
from rmt.ensembles.block_matrices import block as block
from rmt.ensembles.brownian_motion import dyson_brownian_motion as dyson_brownian_motion
from rmt.ensembles.brownian_motion import dyson_law as dyson_law
from rmt.ensembles.covariance import product_wishart as product_wishart
from rmt.ensembles.covariance import wishart as wishart
from rmt.ensembles.ensemble import Ensemble as Ensemble
from rmt.ensembles.ensemble import Warrant as Warrant
from rmt.ensembles.fluctuations import cov as cov
from rmt.ensembles.gaussian import goe as goe
from rmt.ensembles.gaussian import gse as gse
from rmt.ensembles.gaussian import gue as gue
from rmt.ensembles.gaussian import wigner as wigner
from rmt.ensembles.graphs.erdos_renyi_graphs import erdos_renyi as erdos_renyi
from rmt.ensembles.graphs.regular_graphs import random_regular as random_regular
from rmt.ensembles.haar import haar_orthogonal as haar_orthogonal
from rmt.ensembles.haar import haar_symplectic as haar_symplectic
from rmt.ensembles.haar import haar_unitary as haar_unitary
from rmt.ensembles.nonhermitian import ginibre as ginibre
from rmt.ensembles.perturbed.rosenzweig_porter_matrices import rosenzweig_porter as rosenzweig_porter
from rmt.ensembles.perturbed.separable_matrices import separable_covariance as separable_covariance
from rmt.ensembles.perturbed.spiked_matrices import spiked_wigner as spiked_wigner
from rmt.ensembles.perturbed.spiked_matrices import spiked_wishart as spiked_wishart
from rmt.ensembles.planar import elliptic as elliptic
from rmt.ensembles.planar import ginibre_product as ginibre_product
from rmt.ensembles.planar import single_ring as single_ring
from rmt.ensembles.planar import truncated_unitary as truncated_unitary
from rmt.ensembles.structured import diagonal as diagonal
from rmt.ensembles.structured import haar_conjugate as haar_conjugate
from rmt.ensembles.structured import permutation as permutation
from rmt.ensembles.structured import projection as projection
from rmt.ensembles.symmetric.band_matrices import band as band
from rmt.ensembles.symmetric.levy_matrices import levy as levy
from rmt.ensembles.symmetric.patterned_matrices import hankel as hankel
from rmt.ensembles.symmetric.patterned_matrices import toeplitz as toeplitz
from rmt.ensembles.unitary.circular_matrices import coe as coe
from rmt.ensembles.unitary.circular_matrices import cse as cse
from rmt.ensembles.unitary.rotations import haar_special_orthogonal as haar_special_orthogonal

__all__, __dir__ = room(__spec__)
