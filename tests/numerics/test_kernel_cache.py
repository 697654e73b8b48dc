"""Machine code on disk: valid for its sources only, and never in the way."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rmt.numerics.compilation.kernel_cache import made_of

PACKAGE = Path(__file__).resolve().parents[2] / "rmt"
FACTOR = "FACTOR = 2.0\n"
CALLEE = """
from rmt.numerics.compilation.jit import kernel
SHIFT = 1.0

@kernel
def inner(x):
    return x + SHIFT
"""
CALLER = """
from rmt.numerics.compilation.jit import kernel
from rmt.numerics.planted_callee import inner
from rmt.numerics.planted_number import (
    FACTOR,
)

@kernel
def outer(x):
    return FACTOR * inner(x)
"""
CALL = "from rmt.numerics.planted_caller import outer; print(outer(3.0))"


@pytest.fixture
def copy(tmp_path):
    """A copy of the package with three more modules: kernels that call each other, and a number."""
    root = tmp_path / "copy"
    for source in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")]:
        target = root / "rmt" / source.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    plant(root, number=FACTOR, callee=CALLEE, caller=CALLER)
    return root


def plant(root, **texts):
    for name, text in texts.items():
        (root / "rmt" / "numerics" / f"planted_{name}.py").write_text(text)


def run(root, code=CALL, *, cache=None, home=None, place=None, **options):
    """Standard output and the warnings of this package, of a new interpreter that sees the copy."""
    environment = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    home = root.parent / "home" if home is None else home
    environment |= {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(home)}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    if place is not None:
        environment["XDG_CACHE_HOME"] = place
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split(), [line for line in result.stderr.splitlines() if "RuntimeWarning" in line]


def machine_code(folder):
    return sorted(folder.rglob("*.nbc"))


def test_a_caller_follows_a_change_of_its_callee_in_another_file(copy):
    assert run(copy) == (["8.0"], [])
    plant(copy, callee=CALLEE.replace("x + SHIFT", "x - SHIFT"))
    assert run(copy) == (["4.0"], [])
    plant(copy, callee=CALLEE.replace("SHIFT = 1.0", "SHIFT = 2.0"))
    assert run(copy) == (["10.0"], [])


@pytest.mark.slow
def test_a_caller_follows_a_change_of_a_number_in_a_file_without_kernels(copy):
    assert run(copy) == (["8.0"], [])
    plant(copy, number="FACTOR = 3.0\n")
    assert run(copy) == (["12.0"], [])
    before = machine_code(copy)
    plant(copy, number=FACTOR)  # and back: the machine code is still there
    assert run(copy) == (["8.0"], [])
    assert machine_code(copy) == before


#: ways to a number in another file, each with the name it gets
WAYS = {
    "plainly": ("from rmt.numerics.planted_number import FACTOR", "FACTOR"),
    "in a block": ("if True:\n    from rmt.numerics.planted_number import FACTOR", "FACTOR"),
    "with others": ("import math, rmt.numerics.planted_number as p", "p.FACTOR"),
    "relatively": ("from .planted_number import FACTOR", "FACTOR"),
    "over lines": ("from rmt.numerics \\\n    import planted_number", "planted_number.FACTOR"),
    "after a remark": ("from rmt.numerics import (  # (this)\n    planted_number,\n)", "planted_number.FACTOR"),
    "by name": ("import importlib\np = importlib.import_module('rmt.numerics.planted_number')", "p.FACTOR"),
    "in a table": ("import numpy as np, rmt.numerics.planted_number as q\nT = np.array([q.FACTOR])", "T[0]"),
    "in a pair": ("import rmt.numerics.planted_number as q\nP = (1.0, (q.FACTOR, 3.0))", "P[1][0]"),
    "in an enum": (
        "import enum\nimport rmt.numerics.planted_number as q\nclass C(enum.IntEnum):\n    factor = int(q.FACTOR)",
        "C.factor.value",
    ),
}


@pytest.mark.slow
def test_a_change_is_seen_whatever_the_way_to_it(copy):
    modules = [f"planted_way{i}" for i in range(len(WAYS))]
    for module, (way, name) in zip(modules, WAYS.values(), strict=True):
        text = f"from rmt.numerics.compilation.jit import kernel\n{way}\n\n@kernel\ndef f(x):\n    return x * {name}\n"
        (copy / "rmt" / "numerics" / f"{module}.py").write_text(text)
    call = f"from importlib import import_module as i; print(*[i(f'rmt.numerics.{{m}}').f(1.0) for m in {modules}])"
    plant(copy, caller="")
    for factor in ("2.0", "5.0"):
        plant(copy, number=f"FACTOR = {factor}\n")
        assert run(copy, call) == ([factor] * len(WAYS), [])


@pytest.mark.slow
def test_kernels_that_one_function_makes_are_told_apart(copy):
    text = """
from rmt.numerics.compilation.jit import kernel

def make(factor):
    @kernel
    def f(x):
        return factor * x
    return f

twice, thrice = make(2.0), make(3.0)
"""
    plant(copy, caller=text)
    call = "from rmt.numerics.planted_caller import twice, thrice; print(twice(1.0), thrice(1.0))"
    assert run(copy, call) == (["2.0", "3.0"], [])
    assert run(copy, call) == (["2.0", "3.0"], [])


def test_what_kernels_are_made_of():
    def made(text, **names):
        scope = {"__name__": "rmt.planted", **names}
        exec(text, scope)
        return made_of(scope["f"])

    text = "def g(x): return x + {}\ndef f(x): return {}\ndef h(x): return f(x)"
    first = made(text.format(1, "g(x) * F"), F=2.0)
    assert made(text.format(1, "g(x) * F"), F=2.0, unused=3) == first
    others = {
        made(text.format(2, "g(x) * F"), F=2.0),  # the callee
        made(text.format(1, "g(x) * F"), F=3.0),  # a number
        made(text.format(1, "g(x) * F"), F=2),  # its type
        made(text.format(1, "g(x) + F"), F=2.0),  # the code
        made(text.format(1, "g(x) * F"), F=np.array([2.0])),
        made(text.format(1, "g(x) * F"), F=np.array([2.0, 2.0])),
        made(text.format(1, "g(x) * F"), F=np.array([2.0], np.float32)),
        made(text.format(1, "h(x) * F"), F=2.0),  # in a circle
    }
    assert len(others | {first}) == 9


@pytest.mark.slow
def test_what_no_kernel_imports_keeps_the_machine_code(copy):
    run(copy)
    before = {path: path.stat().st_mtime_ns for path in machine_code(copy)}
    assert before
    with (copy / "rmt" / "laws" / "named" / "semicircle.py").open("a") as file:
        file.write("\n")
    run(copy)
    assert {path: path.stat().st_mtime_ns for path in machine_code(copy)} == before


@pytest.mark.slow
def test_sources_that_change_while_a_process_runs_are_not_mixed(copy):
    code = f"""
import rmt.numerics.planted_callee
path = rmt.numerics.planted_callee.__file__
text = open(path).read()
open(path, "w").write(text.replace("x + SHIFT", "x - SHIFT"))
{CALL}
"""
    assert run(copy, code) == (["8.0"], [])
    assert machine_code(copy) == []
    assert run(copy) == (["4.0"], [])


@pytest.mark.slow
def test_damaged_files_cost_one_warning_and_are_mended(copy):
    run(copy)
    files = machine_code(copy)
    contents = [path.read_bytes() for path in files]
    assert files
    for damage in (
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:99] + bytes([content[99] ^ 16]) + content[100:],
    ):
        for path, content in zip(files, contents, strict=True):
            path.write_bytes(damage(content))
        output, warnings = run(copy)
        assert output == ["8.0"]
        assert len(warnings) == 1
        assert "compiled again" in warnings[0]
    assert run(copy) == (["8.0"], [])


@pytest.mark.slow
def test_no_writable_place_costs_one_warning(copy):
    for folder in [copy / "rmt", *(copy / "rmt").rglob("*/")]:
        (folder / "__pycache__").write_text("a file where the folder should be: no user can write there")
    nowhere = Path(os.devnull) / "home"
    # "~/.cache" is what a user without a home has
    for places in ({"cache": Path(os.devnull) / "cache", "home": nowhere}, {"place": "~/.cache", "home": nowhere}):
        output, warnings = run(copy, **places)
        assert output == ["8.0"]
        assert len(warnings) == 1
        assert "NUMBA_CACHE_DIR" in warnings[0]
    assert not (copy / "~").exists()


def test_an_unusable_chosen_place_falls_back_to_the_package(copy):
    assert run(copy, cache=Path(os.devnull) / "cache") == (["8.0"], [])
    assert machine_code(copy)


def test_a_chosen_place_that_is_another_users_falls_back(copy, tmp_path):
    chosen = tmp_path / "chosen"
    assert run(copy, cache=chosen) == (["8.0"], [])
    (folder,) = chosen.iterdir()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("a file stands for a folder that this user cannot write to")
    assert run(copy, cache=chosen) == (["8.0"], [])
    assert machine_code(copy)


def test_a_chosen_place_is_the_only_one(copy, tmp_path):
    chosen = tmp_path / "chosen"
    assert run(copy, cache=chosen) == (["8.0"], [])
    assert machine_code(chosen)
    assert machine_code(copy) == []


@pytest.mark.slow
def test_a_full_disk_costs_one_warning_and_leaves_no_parts(copy):
    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    output, warnings = run(
        copy, f"{CALL}; from rmt.numerics.compilation.kernel_cache import is_kept; print(is_kept())", preexec_fn=no_room
    )
    assert output.pop() == "False"
    assert output == ["8.0"]
    assert len(warnings) == 1
    assert "too large" in warnings[0]
    assert [p for p in copy.parent.rglob("rmt-kernels-*/*") if p.is_file()] == []
    assert run(copy) == (["8.0"], [])


FORK = """
import os, sys, threading
from numba.core import event
import rmt.numerics.planted_callee, rmt.numerics.planted_caller

compiling = threading.Event()

class Listener(event.Listener):
    def on_start(self, e):
        if threading.current_thread() is not threading.main_thread():
            compiling.set()
            threading.Event().wait(0.3)  # the fork comes now
    def on_end(self, e):
        pass

event.register("numba:compile", Listener())
threading.Thread(target=rmt.numerics.planted_caller.outer, args=(3.0,), daemon=True).start()
compiling.wait()
child = os.fork()
if child == 0:
    os._exit(int(rmt.numerics.planted_callee.inner(3)))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_fork_while_a_thread_compiles_leaves_a_child_that_compiles(copy):
    output, _ = run(copy, FORK)
    assert output == ["4"]
