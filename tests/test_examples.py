"""Every example of the docstrings and of the manual runs, and every public object has one where it helps."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.ELLIPSIS
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if ">>>" in page.read_text(encoding="utf-8")]


def examples(path: Path) -> dict[str, str]:
    """Docstrings with examples in a file, by the line where the object begins."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return {
        getattr(node, "name", "module"): text
        for node in nodes
        if isinstance(node, documented) and ">>>" in (text := ast.get_docstring(node) or "")
    }


def needed(path: Path) -> list[str]:
    """Optional packages without which the examples of a file cannot run."""
    room = path.relative_to(ROOT).parts
    if room[:3] == ("rmt", "networks", "torch"):
        return ["torch"]
    return ["flint", "sympy"] if "exact" in room or path.stem in ("exact", "exact_faces") else []


FILES = [path for path in sorted((ROOT / "rmt").rglob("*.py")) if ">>>" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: ".".join(path.relative_to(ROOT).with_suffix("").parts))
def test_examples_run(path):
    for package in needed(path):
        pytest.importorskip(package)
    import matplotlib.pyplot as plt

    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    runner, parser = doctest.DocTestRunner(verbose=False, optionflags=FLAGS), doctest.DocTestParser()
    assert examples(path)
    with mpl.rc_context({"backend": "agg"}):
        for name, text in examples(path).items():
            result = runner.run(parser.get_doctest(text, dict(vars(module)), name, str(path), 0), clear_globs=True)
            assert result.attempted > 0
            assert result.failed == 0, name
        plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page):
    for package in needed(page):
        pytest.importorskip(package)
    assert doctest.testfile(str(page), module_relative=False, optionflags=FLAGS).failed == 0


def test_a_wrong_example_fails():
    text = ">>> 1 + 1\n3\n"
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(doctest.DocTestParser().get_doctest(text, {}, "wrong", None, 0), out=lambda _: None).failed == 1
