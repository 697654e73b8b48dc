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
_limiter: Any = None
_controller: Any = None
_modules_when_scanned = -1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the BLAS libraries of this process at one thread.

    LAPACK and GEMM give other last bits on another number of threads; inside this context the same input gives
    the same bits. Entering is counted, so that worker threads may enter and leave in any order: the first one in
    sets the limit, the last one out restores what was there.
    """
    global _inside, _limiter
    with _lock:
        if _inside == 0:
            _limiter = _loaded_blas().limit(limits=1, user_api="blas")
            _limiter.__enter__()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limiter.__exit__(None, None, None)
                _limiter = None


def _loaded_blas() -> Any:
    """Controller of the BLAS libraries in this process; scanning for them takes a millisecond, so only after imports."""
    global _controller, _modules_when_scanned
    if len(sys.modules) != _modules_when_scanned:
        _controller = ThreadpoolController()
        _modules_when_scanned = len(sys.modules)
    return _controller
