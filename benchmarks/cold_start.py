"""The first call in a new process, with an empty folder for machine code and with what the first run left there.

Seconds of processor time, whatever else the machine does. ``--kernels`` also lists the kernels that take longest to
compile, each without those that it calls.
"""

import argparse
import os
import subprocess
import sys
import tempfile

#: task, code, and the seconds that the first run may take
TASKS = (
    ("import", "import rmt", 0.5),
    (
        "density of a free sum",
        "import rmt; rmt.boxplus(rmt.MarchenkoPastur(ratio=0.3), rmt.Semicircle()).pdf([0.5, 1.0])",
        15.0,
    ),
    *(
        (f"rmt compare {words}", f"from rmt.cli import main; main({f'compare {words} --seed 0'.split()!r})", 4.0)
        for words in ("goe", "wishart --ratio 2", "product-wishart --depth 3", "ginibre", "haar-orthogonal")
    ),
    ("rmt warm", "from rmt.cli import main; main(['warm'])", None),
)
LISTENER = """
import atexit, sys, time
from collections import Counter
from numba.core import event

spent, running = Counter(), []

class Listener(event.Listener):
    def on_start(self, e):
        self.turn()
        function = e.data["dispatcher"].py_func
        running.append((f"{function.__module__}.{function.__name__}", time.process_time()))

    def on_end(self, e):
        self.turn()
        running.pop()

    def turn(self):
        now = time.process_time()
        if running:
            name, since = running[-1]
            spent[name] += now - since
        if len(running) > 1:
            running[-2] = (running[-2][0], now)
        if running:
            running[-1] = (running[-1][0], now)

event.register("numba:compile", Listener())
atexit.register(lambda: [print(f"    {s:6.2f} s {name}", file=sys.stderr) for name, s in spent.most_common(12)])
"""


def processor_time(code, cache):
    """Seconds of a new process, and what it wrote to standard error."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "OPENBLAS_NUM_THREADS": "1"}
    before = os.times()
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    after = os.times()
    if result.returncode:
        raise RuntimeError(result.stderr)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, [line for line in result.stderr.splitlines() if line.startswith("    ")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", action="store_true", help="list the kernels that take longest to compile")
    arguments = parser.parse_args()
    print(f"{'task':42} {'empty':>8} {'filled':>8} {'target':>8}")
    for task, code, limit in TASKS:
        with tempfile.TemporaryDirectory() as cache:
            cold, lines = processor_time(LISTENER + code if arguments.kernels else code, cache)
            warm, _ = processor_time(code, cache)
        goal = f"<={limit:g} s" if limit else ""
        print(f"{task:42} {cold:6.2f} s {warm:6.2f} s {goal:>8}", *lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
