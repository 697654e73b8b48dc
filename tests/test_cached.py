"""Laws are shared by threads and survive a fork: what they keep is kept without a lock."""

import os
import pickle
import subprocess
import sys
import threading

import pytest

import rmt
from rmt._cached import cached_property

WAIT = 120.0  # seconds after which two threads count as waiting for each other for ever


def run_together(*functions):
    """Results of the functions, each in a thread of its own, or a failure after WAIT seconds."""
    results = [None] * len(functions)

    def call(i):
        results[i] = functions[i]()

    threads = [threading.Thread(target=call, args=(i,), daemon=True) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in threads), "the threads wait for each other"
    return results


class Ring:
    """Two properties of which each needs the other one of another instance."""

    def __init__(self, end, meeting):
        self.end, self.meeting = end, meeting

    @cached_property
    def left(self):
        if self.end is None:
            return "left"
        self.meeting.wait(WAIT)
        return self.end.right

    @cached_property
    def right(self):
        if self.end is None:
            return "right"
        self.meeting.wait(WAIT)
        return self.end.left


def test_two_threads_inside_two_properties_of_one_class_do_not_wait_for_each_other():
    end, meeting = Ring(None, None), threading.Barrier(2)
    one, other = Ring(end, meeting), Ring(end, meeting)
    assert run_together(lambda: one.left, lambda: other.right) == ["right", "left"]


def test_threads_that_compute_the_same_property_get_the_same_object():
    meeting = threading.Barrier(4)

    class Slow:
        @cached_property
        def value(self):
            meeting.wait(WAIT)
            return object()

    slow = Slow()
    first, *others = run_together(*[lambda: slow.value] * 4)
    assert all(other is first for other in others)
    assert slow.value is first


def test_kept_once_documented_and_inherited():
    class Base:
        calls = 0

        @cached_property
        def value(self):
            """Say what it is."""
            self.calls += 1
            return 1

    class Derived(Base):
        @cached_property
        def value(self):
            return super().value + 1

    base, derived = Base(), Derived()
    assert (base.value, base.value, base.calls) == (1, 1, 1)
    assert (derived.value, derived.value, derived.calls) == (2, 2, 1)
    assert Base.value.__doc__ == "Say what it is."
    del base.value
    assert (base.value, base.calls) == (1, 2)


def test_a_failed_computation_is_not_kept():
    class Fails:
        ready = False

        @cached_property
        def value(self):
            if not self.ready:
                raise ValueError("not yet")
            return 1

    fails = Fails()
    with pytest.raises(ValueError, match="not yet"):
        fails.value  # noqa: B018
    fails.ready = True
    assert fails.value == 1


def test_threads_with_unrelated_laws_do_not_wait_for_each_other():
    def laws():
        product = rmt.boxtimes(rmt.MarchenkoPastur(ratio=0.3), rmt.MarchenkoPastur(ratio=0.3))
        return rmt.boxplus(product, rmt.Semicircle()), rmt.boxplus(rmt.MarchenkoPastur(ratio=0.3), rmt.Bernoulli(0.4))

    one, other = laws()
    alone = [one.support, other.ppf(0.3)]
    one, other = laws()
    assert run_together(lambda: one.support, lambda: other.ppf(0.3)) == alone


def test_threads_that_share_one_new_law_agree():
    def law():
        return rmt.boxplus(rmt.MarchenkoPastur(ratio=0.3), rmt.Bernoulli(0.4))

    alone, shared = law(), law()
    expected = alone.support, alone.ppf(0.7), alone.atoms
    assert run_together(*[lambda: (shared.support, shared.ppf(0.7), shared.atoms)] * 4) == [expected] * 4
    assert pickle.loads(pickle.dumps(shared)) == alone


FORK = """
import os, sys, threading, time
from rmt._cached import cached_property

class Law:
    def __init__(self, event=None):
        self.event = event
    @cached_property
    def support(self):
        if self.event:
            inside.set()
            self.event.wait()
        return "computed"

inside, release = threading.Event(), threading.Event()
threading.Thread(target=lambda: Law(release).support, daemon=True).start()
inside.wait()
child = os.fork()
if child == 0:
    os._exit(0 if Law().support == "computed" else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
release.set()
"""


def test_a_fork_while_a_thread_computes_leaves_a_child_that_computes():
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=WAIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            raise
    assert output.strip() == "0"
