"""Timing shared by the scripts: interleaved runs on one BLAS thread, medians, and the median of the ratios."""

import argparse
import time

import numpy as np
import scipy.linalg  # noqa: F401 (a BLAS library of its own, loaded before the threads are limited)
from threadpoolctl import threadpool_limits


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(value):
    unit, size = next((u, s) for u, s in (("s", 1.0), ("ms", 1e-3), ("µs", 0.0)) if value >= s)
    return f"{value / (size or 1e-6):.3g} {unit}"


def race(task, ours, theirs, target=None, repeats=5):
    """Print the median times of both, A B A B, and the median ratio; `target` is the ratio to reach."""
    with threadpool_limits(1):
        ours()  # compile
        times = np.array([(seconds(ours), seconds(theirs)) for _ in range(repeats)])
    own, peer = np.median(times, axis=0)
    ratio = np.median(times[:, 1] / times[:, 0])
    goal = f"{target:g}x" if target else ""
    print(f"{task:58} {show(own):>9} {show(peer):>9} {ratio:8.3g}x {goal:>6}", flush=True)


def clock(task, work, limit=None, repeats=5):
    """Print the median time of one task; `limit` are the seconds it may take."""
    with threadpool_limits(1):
        work()
        median = np.median([seconds(work) for _ in range(repeats)])
    goal = f"<={show(limit)}" if limit else ""
    print(f"{task:58} {show(median):>9} {'':9} {'':9} {goal:>9}", flush=True)


def options(description):
    """Read --scale (share of every dimension) and --repeats from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scale", type=float, default=1.0, help="share of every matrix dimension, for a quick look")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{'task':58} {'rmt':>9} {'peer':>9} {'ratio':>9} {'target':>6}")
    return (lambda n: max(4, int(n * arguments.scale))), arguments.repeats
