"""Random matrices: samplers, expressions, the reasons for freeness, limit laws."""

from rmt.ensembles.covariance import product_wishart as product_wishart
from rmt.ensembles.covariance import wishart as wishart
from rmt.ensembles.ensemble import Ensemble as Ensemble
from rmt.ensembles.ensemble import Warrant as Warrant
from rmt.ensembles.gaussian import goe as goe
from rmt.ensembles.gaussian import gse as gse
from rmt.ensembles.gaussian import gue as gue
from rmt.ensembles.gaussian import wigner as wigner

__all__ = ["Ensemble", "Warrant", "goe", "gse", "gue", "product_wishart", "wigner", "wishart"]
