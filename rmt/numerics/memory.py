"""Refuse work that does not fit into memory, before it starts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def available_memory() -> float:
    """Bytes this process may still allocate: free memory, less where a container sets a limit; inf if unknown."""
    limits = [_free_memory()]
    for used, limit in (
        ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.max"),
        ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    ):
        try:
            limits.append(float(Path(limit).read_text()) - float(Path(used).read_text()))
        except (OSError, ValueError):  # no such limit: the file is missing or says "max"
            continue
    return max(0.0, min(limits))


def _free_memory() -> float:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * float(line.split()[1])
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return float("inf")


def check_memory(given: str, needed: float, what: str, remedy: Callable[[], str]) -> None:
    """Raise if `needed` bytes are not available; `given` is the argument that asks for them, as ``"n = 100"``.

    Raises
    ------
    ValueError
        Saying how much `what` would take, how much there is, and the remedy.
    """
    available = available_memory() if needed > _ALWAYS_FITS else float("inf")
    if needed > available:
        raise ValueError(
            f"{given} is too large for memory: {what} takes about {_readable(needed)} and {_readable(available)} are "
            f"available; {remedy()}"
        )


#: bytes for which nobody is asked
_ALWAYS_FITS = 2.0**28


def _readable(size: float) -> str:
    for unit in ("MiB", "GiB", "TiB"):
        size /= 1024.0 if unit != "MiB" else 2.0**20
        if size < 1024.0:
            break
    return f"{size:.3g} {unit}"
