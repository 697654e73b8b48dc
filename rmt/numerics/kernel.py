"""The one way this package compiles: Numba, cached on disk, without the GIL, no fast-math."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` in nopython mode at its first call and keep the machine code in Numba's cache.

    Division follows NumPy (no exception at zero for real numbers); `fastmath` stays off, so a kernel gives
    the same bits on every run. Numba looks at the source file of the function only: after a change of a kernel that
    others call, delete ``rmt/**/__pycache__/*.nbi`` to be rid of the machine code compiled before.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
