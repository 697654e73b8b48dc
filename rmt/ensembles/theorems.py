"""Which entries a limit theorem covers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from rmt.errors import MomentConditionWarning

if TYPE_CHECKING:
    from rmt.ensembles.ensemble import Ensemble
    from rmt.ensembles.entries import EntryLaw


_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def edges_not_asked() -> Iterator[None]:
    """Ask ensembles for their laws without the warning that edges may not bound the spectrum, in this thread only."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def warn_about_edges(ensemble: Ensemble, entries: EntryLaw) -> None:
    """Warn if the entries have no fourth moment: the limit law holds, its edges do not bound the spectrum.

    The largest eigenvalue converges to the edge of the limit exactly if E x⁴ < ∞ (Bai-Yin 1988 for Wigner matrices,
    whose smallest is the largest of −X; Yin-Bai-Krishnaiah 1988 and Bai-Silverstein-Yin 1988 for sample covariance
    matrices). The smallest singular value needs only two moments (Tikhomirov 2015).
    """
    if entries.has_fourth_moment or _silent.get():
        return
    warnings.warn(
        f"the entries of {ensemble!r} have finite variance but E|x|^4 = inf (moments exist below "
        f"{entries.finite_moments:.4g}): the limit law holds for the bulk, but the largest eigenvalues escape from its "
        "edge, which needs the fourth moment (Bai-Yin 1988)",
        MomentConditionWarning,
        stacklevel=3,
    )
