"""Bad arguments everywhere: an error in a sentence, or a value without NaN and without a warning.

A sample with a fixed seed is part of the suite. For all calls, or another sample::

    RMT_BAD_CALLS=all python -m pytest tests/test_bad_calls.py
    RMT_BAD_CALLS=20 RMT_BAD_CALLS_SEED=7 python -m pytest tests/test_bad_calls.py
"""

from __future__ import annotations

import math
import os
import warnings

import numpy as np
import pytest
from bad_calls import BAD, Call, answer_to, plots, right_calls

SAMPLE = os.environ.get("RMT_BAD_CALLS", "5")
SEED = int(os.environ.get("RMT_BAD_CALLS_SEED", "20261130"))
CALLS = [(f"{i}-{call.name}", call) for i, call in enumerate(right_calls())]


def chosen(call, name):
    """Some places and kinds of bad arguments."""
    everything = [(place, kind) for place in call.places() for kind in BAD]
    if SAMPLE == "all":
        return everything
    rng = np.random.default_rng([SEED, *name.encode()])
    return [everything[int(i)] for i in rng.permutation(len(everything))[: int(SAMPLE)]]


def faults(call, name):
    found = [(place, kind, answer_to(call, place, kind)) for place, kind in chosen(call, name)]
    return [f"{call.name}, {kind} for argument {place!r}: {fault}" for place, kind, fault in found if fault]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_bad_arguments_are_answered(name, call):
    assert faults(call, name) == []


def test_bad_arguments_of_plots_are_answered():
    plt = pytest.importorskip("matplotlib.pyplot")
    found = []
    for i, call in enumerate(plots()):
        found += faults(call, f"{i}-{call.name}")
        plt.close("all")
    assert found == []


def test_the_judge_knows_bad_answers():
    """Errors of Python's own, NaN and warnings are faults; a sentence of the package is none."""

    def refuse(x):
        from rmt.errors import check_real

        check_real("x", x)

    def warn(x):
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)

    for function in (lambda x: float(x), lambda x: math.nan, lambda x: [1.0, np.array([0.0, np.nan])], warn):
        assert answer_to(Call("one", function, (1.0,), {}), 0, "None")
    assert answer_to(Call("one", refuse, (1.0,), {}), 0, "None") is None
