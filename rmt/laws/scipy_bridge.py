"""A law as a SciPy distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from rmt.laws.law import Law


_RVContinuous: Any = stats.rv_continuous


class _LawDistribution(_RVContinuous):  # type: ignore[misc]
    """Hands every question to the law, so that nothing is integrated or inverted numerically."""

    def __init__(self, law: Law, **keywords: Any) -> None:
        self.law = law
        low, high = law._hull()
        super().__init__(a=low, b=high, name=type(law).__name__, **keywords)

    def _updated_ctor_param(self) -> dict[str, Any]:
        # frozen distributions make a copy of their generator through this
        parameters = dict(super()._updated_ctor_param())
        for name in ("a", "b", "name"):
            parameters.pop(name, None)
        return parameters | {"law": self.law}

    def _pdf(self, x: Any) -> Any:
        return self.law.pdf(x)

    def _cdf(self, x: Any) -> Any:
        return self.law.cdf(x)

    def _sf(self, x: Any) -> Any:
        return self.law.sf(x)

    def _ppf(self, q: Any) -> Any:
        return self.law.ppf(q)

    def _isf(self, q: Any) -> Any:
        return self.law.ppf(1.0 - np.asarray(q))

    def _munp(self, n: int) -> float:
        return float(self.law.moment(int(n)))

    def _rvs(self, *, size: Any = None, random_state: Any = None) -> Any:
        return self.law.ppf(random_state.uniform(size=size))


def as_scipy(law: Law) -> Any:
    """Freeze the law as a ``scipy.stats`` continuous distribution; it must have no atoms."""
    return _LawDistribution(law)()
