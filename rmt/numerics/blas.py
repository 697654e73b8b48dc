"""BLAS on one thread, so that results do not depend on the number of threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limiter: Any = None


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
            _limiter = ThreadpoolController().limit(limits=1, user_api="blas")
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
