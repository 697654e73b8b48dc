"""Children of generators, counted off by one thread at a time: NumPy reads the count and writes it later."""

from __future__ import annotations

import os
import threading

import numpy as np

#: held by whoever counts children off; one lock for all, since several generators may share one seed sequence
counting = threading.RLock()
if hasattr(os, "register_at_fork"):  # a fork waits until nobody counts: the lock would never open in the child
    os.register_at_fork(before=counting.acquire, after_in_parent=counting.release, after_in_child=counting.release)


def spawned(rng: np.random.Generator, count: int) -> list[np.random.Generator]:
    """``rng.spawn(count)``, with other children for every thread that asks."""
    with counting:
        return list(rng.spawn(count))
