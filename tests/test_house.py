"""The house: floors, import weight, public names, versions, references."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import rmt
from rmt._names import imported_names, old_names

ROOT = Path(__file__).resolve().parents[1]


def run_python(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return result.stdout


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, "--config", str(root / "pyproject.toml"), "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def copy_of_package(target: Path) -> Path:
    for source in (ROOT / "rmt").rglob("*.py"):
        copy = target / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(source.read_text())
    (target / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return target


def test_floors_hold(tmp_path):
    result = lint_imports(copy_of_package(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_planted_upward_import_breaks_the_floors(tmp_path):
    house = copy_of_package(tmp_path)
    module = house / "rmt" / "laws" / "named" / "semicircle.py"
    module.write_text(module.read_text() + "\nimport rmt.ensembles.ensemble\n")
    result = lint_imports(house)
    assert result.returncode == 1
    assert "only from lower floors BROKEN" in result.stdout


def test_planted_matplotlib_breaks_the_contract(tmp_path):
    house = copy_of_package(tmp_path)
    module = house / "rmt" / "laws" / "named" / "semicircle.py"
    module.write_text(module.read_text() + "\nimport matplotlib\n")
    result = lint_imports(house)
    assert result.returncode == 1
    assert "matplotlib lives in rmt.plotting and nowhere else BROKEN" in result.stdout


@pytest.mark.parametrize(
    ("module", "upward"),
    [
        ("free/expressions/tree.py", "rmt.free.subordination.solver"),
        ("laws/named/semicircle.py", "rmt.laws.planar.planar_law"),
        ("networks/propagation/mean_field.py", "rmt.networks.reports.advice"),
        ("numerics/functions/branches.py", "rmt.numerics.eigen.sturm"),
    ],
)
def test_planted_upward_import_breaks_the_order_of_rooms(tmp_path, module, upward):
    house = copy_of_package(tmp_path)
    path = house / "rmt" / module
    path.write_text(path.read_text() + f"\nimport {upward}\n")
    result = lint_imports(house)
    assert result.returncode == 1
    assert f"the rooms of rmt.{module.split('/')[0]} stand on each other in this order BROKEN" in result.stdout


#: files whose word means the same in two rooms: a command and what it runs, a report and its picture
SAME_MEANING = {"check.py", "compare.py", "isometry.py", "law.py"}


def repeated_names(folder):
    names = Counter(p.name for p in folder.rglob("*.py") if p.name not in {"__init__.py", "__main__.py"})
    return {name for name, count in names.items() if count > 1}


def test_no_two_files_share_a_name(tmp_path):
    assert repeated_names(ROOT / "rmt") == SAME_MEANING
    for name in ("laws/new.py", "free/new.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert repeated_names(tmp_path) == {"new.py"}


#: public classes with a subclass, or a sibling, of the same name in another room
SAME_CLASS = {"MLP", "Verdict"}


def test_no_two_classes_share_a_name():
    files = (ROOT / "rmt").rglob("*.py")
    names = Counter(n.name for p in files for n in tree_of(p).body if isinstance(n, ast.ClassDef) and n.name[0] != "_")
    assert {name for name, count in names.items() if count > 1} == SAME_CLASS


#: what stands beside the rooms: contracts that all of them share, and doors to them
BESIDE_THE_ROOMS = {
    "free": {"classical_convolution", "deconvolution", "matrix_models", "operations", "spikes"},
    "laws": {
        "atomic",
        "constructors",
        "exact_faces",
        "expectation",
        "inversion",
        "law",
        "moment_series",
        "scipy_bridge",
    },
    "networks": set(),
    "numerics": {"deadline", "memory", "progress"},
}


@pytest.mark.parametrize("floor", BESIDE_THE_ROOMS)
def test_new_files_go_into_a_room(floor):
    assert {p.stem for p in (ROOT / "rmt" / floor).glob("*.py")} - {"__init__"} == BESIDE_THE_ROOMS[floor]


FOLDERS = sorted(p.parent.relative_to(ROOT) for p in (ROOT / "rmt").rglob("*/__init__.py") if p.parent.name != "rmt")


@pytest.mark.parametrize("room", FOLDERS, ids=lambda room: room.as_posix())
def test_every_room_says_what_enters_what_leaves_and_where_to_start(room):
    name = room.as_posix().replace("/", ".")
    text = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text()))
    assert len(text.split("\n")) <= 15
    shown = re.findall(r":(?:func|class):`~?([\w.]+)`", text)
    assert len(shown) >= 3
    for entry in shown:
        module, _, attribute = (entry if "." in entry else f"{name}.{entry}").rpartition(".")
        if room.name == "torch":
            assert f"import {attribute} as" in (ROOT / room / "__init__.py").read_text()
        else:
            assert hasattr(importlib.import_module(module), attribute), entry


@cache
def tree_of(path):
    return ast.parse(path.read_text())


def imported_by(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


def test_torch_is_imported_in_one_folder():
    users = {p.relative_to(ROOT) for p in (ROOT / "rmt").rglob("*.py") if "torch" in imported_by(p)}
    assert users
    assert {p.parent.as_posix() for p in users} == {"rmt/networks/torch"}


def test_properties_are_kept_without_a_lock():
    users = [p.relative_to(ROOT).as_posix() for p in (ROOT / "rmt").rglob("*.py") if p.name != "_cached.py"]
    wrong = [p for p in users if re.search(r"functools(\.| import .*)cached_property", (ROOT / p).read_text())]
    assert not wrong, f"use cached_property of rmt._cached: functools' holds a lock in Python 3.11: {wrong}"


def decorators_of(node):
    return {ast.unparse(d) for d in node.decorator_list} if isinstance(node, ast.FunctionDef) else set()


def outside_of_kernels(tree):
    """All nodes of a module but those inside kernels."""
    for child in ast.iter_child_nodes(tree):
        if not decorators_of(child) & {"kernel", "inner_kernel"}:
            yield child
            yield from outside_of_kernels(child)


def test_python_calls_no_inner_kernel():
    trees = {p: tree_of(p) for folder in ("rmt", "tests", "benchmarks") for p in (ROOT / folder).rglob("*.py")}
    homes = {p: ".".join(p.relative_to(ROOT).with_suffix("").parts) for p in trees}
    inner = {
        (homes[p], node.name)
        for p, tree in trees.items()
        for node in tree.body
        if "inner_kernel" in decorators_of(node)
    }
    assert inner
    homes_of_inner = {home for home, _ in inner}
    wrong = []
    for path, tree in trees.items():
        names = {name for home, name in inner if home == homes[path]}
        modules = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names |= {a.asname or a.name for a in node.names if (node.module, a.name) in inner}
                full = {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
                modules |= {name: home for name, home in full.items() if home in homes_of_inner}
        for node in outside_of_kernels(tree) if names or modules else ():
            if isinstance(node, ast.Name) and node.id in names:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.id}")
            home = modules.get(node.value.id) if isinstance(getattr(node, "value", None), ast.Name) else None
            if isinstance(node, ast.Attribute) and (home, node.attr) in inner:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.attr}")
    assert not wrong, f"declare with @kernel what Python calls: {wrong}"


def test_import_loads_numpy_only():
    heavy = ("scipy", "matplotlib", "numba", "mpmath", "torch", "rmt.laws", "rmt.ensembles")
    code = f"import rmt, sys; print([m for m in {heavy!r} if m in sys.modules], 'numpy' in sys.modules)"
    assert run_python(code).strip() == "[] True"


def test_a_density_needs_numpy_only():
    code = (
        "import rmt, sys; rmt.MarchenkoPastur(ratio=2.0).pdf([1.0, 2.0]); "
        "print([m for m in ('scipy', 'matplotlib', 'numba') if m in sys.modules])"
    )
    assert run_python(code).strip() == "[]"


ROOMS = [n for n, home in imported_names((ROOT / "rmt" / "__init__.pyi").read_text()).items() if home == "rmt"]


def test_every_name_of_the_stub_is_there():
    stub = (ROOT / "rmt" / "__init__.pyi").read_text()
    names = imported_names(stub)
    assert set(dir(rmt)) == {*names, "__version__"}
    for name, home in names.items():
        place = f"rmt.{name}" if home == "rmt" else home
        value = importlib.import_module(place)
        assert getattr(rmt, name) is (value if home == "rmt" else getattr(value, name))
    assert set(rmt.__all__) == {name for name, home in names.items() if home != "rmt"}


def test_old_names_say_so_and_are_not_offered():
    old = old_names((ROOT / "rmt" / "__init__.pyi").read_text())
    assert set(old) == {"Circular", "Meixner"}
    for name, new in old.items():
        with pytest.warns(DeprecationWarning, match=f"rmt.{new}"):
            assert getattr(rmt, name) is getattr(rmt, new)
        assert name not in dir(rmt)


@pytest.mark.parametrize("room", ROOMS)
def test_completion_shows_public_names_only(room):
    module = importlib.import_module(f"rmt.{room}")
    shown = dir(module)
    assert not {"annotations", "Any", "TYPE_CHECKING", "itertools", "np", "math"} & set(shown)
    assert [name for name in shown if not hasattr(module, name)] == []
    assert shown == sorted(module.__all__)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(rmt, "no_such_name")  # noqa: B009


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.*)$", citation, re.M).group(1).strip('"') == rmt.__version__


def test_marker_of_types_is_shipped():
    assert (ROOT / "rmt" / "py.typed").exists()
