"""The one way this package compiles: Numba, cached on disk, without the GIL, no fast-math."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core.compiler_lock import global_compiler_lock

from rmt.numerics.compilation.interpreted import interpreted
from rmt.numerics.compilation.kernel_cache import KernelCache
from rmt.numerics.compilation.kernel_compiler import (
    EntryCompiler,
    InnerCompiler,
    as_part_of_callers,
    without_literals,
    without_machine_code,
)

F = TypeVar("F", bound=Callable[..., Any])
#: whether NUMBA_DISABLE_JIT=1 asks for kernels that are not compiled
DISABLED = bool(getattr(numba.config, "DISABLE_JIT", False))
_njit: Any = numba.njit
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}

if hasattr(os, "register_at_fork"):  # a fork waits for the end of a compilation: its lock would never open in the child
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )


def kernel(function: F) -> F:
    """Compile `function` in nopython mode at its first call and keep the machine code (:mod:`.kernel_cache`).

    Division follows NumPy (no exception at zero for real numbers); `fastmath` stays off, so a kernel gives
    the same bits on every run. Other kernels take it in as they do an :func:`inner_kernel`, which Python cannot call.
    """
    if DISABLED:
        return cast(F, interpreted(function))
    compiled: Any = _njit(pipeline_class=EntryCompiler, no_cfunc_wrapper=True, _nrt=True, **_OPTIONS)(function)
    compiled._cache = KernelCache(function)
    inner: Any = _njit(pipeline_class=InnerCompiler, _nrt=True, **_OPTIONS)(function)
    return cast(F, as_part_of_callers(without_literals(compiled), without_literals(without_machine_code(inner))))


def inner_kernel(function: F) -> F:
    """Compile `function` as a part of the kernels that call it (:mod:`.kernel_compiler`); it makes no arrays."""
    if DISABLED:
        return cast(F, interpreted(function))
    compiled: Any = _njit(pipeline_class=InnerCompiler, _nrt=False, **_OPTIONS)(function)
    return cast(F, without_literals(without_machine_code(compiled)))
