"""BLAS on one thread, so that results do not depend on the number of threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limiters: list[Any] = []
_controller: Any = None
_modules_when_scanned = -1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the BLAS libraries of this process at one thread.

    LAPACK and GEMM give other last bits on another number of threads; inside this context the same input gives
    the same bits. Entering is counted, so that worker threads may enter and leave in any order: the first one in
    sets the limit, the last one out restores what was there.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _limit()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                while _limiters:
                    _limiters.pop().__exit__(None, None, None)


def scipy_blas_and_lapack() -> tuple[Any, Any]:
    """Return the modules of SciPy, which have a BLAS library of their own.

    When the first call comes inside :func:`one_blas_thread`, that library is held at one thread from then on too.
    """
    from scipy.linalg import blas, lapack

    with _lock:
        if _inside > 0 and len(sys.modules) != _modules_when_scanned:
            _limit()
    return blas, lapack


def _limit() -> None:
    limiter = _loaded_blas().limit(limits=1, user_api="blas")
    limiter.__enter__()
    _limiters.append(limiter)


def _loaded_blas() -> Any:
    """Return the controller of the BLAS libraries; scanning for them takes a millisecond, so only after imports."""
    global _controller, _modules_when_scanned
    if len(sys.modules) != _modules_when_scanned:
        _controller = ThreadpoolController()
        _modules_when_scanned = len(sys.modules)
    return _controller
