"""Random matrices: samplers, expressions, the reasons for freeness, limit laws."""

from rmt.ensembles.ensemble import Ensemble as Ensemble
from rmt.ensembles.ensemble import Warrant as Warrant

__all__ = ["Ensemble", "Warrant"]
