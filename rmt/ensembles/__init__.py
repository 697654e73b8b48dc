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
from rmt.ensembles.haar import haar_orthogonal as haar_orthogonal
from rmt.ensembles.haar import haar_symplectic as haar_symplectic
from rmt.ensembles.haar import haar_unitary as haar_unitary
from rmt.ensembles.nonhermitian import ginibre as ginibre
from rmt.ensembles.planar import elliptic as elliptic
from rmt.ensembles.planar import ginibre_product as ginibre_product
from rmt.ensembles.planar import single_ring as single_ring
from rmt.ensembles.planar import truncated_unitary as truncated_unitary
from rmt.ensembles.structured import diagonal as diagonal
from rmt.ensembles.structured import haar_conjugate as haar_conjugate
from rmt.ensembles.structured import projection as projection

__all__, __dir__ = room(__spec__)
