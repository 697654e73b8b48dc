"""The manual: the README runs, commands agree with CI, references resolve, public names are documented."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import rmt

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()

# "Marchenko-Pastur 1967", "Bai and Silverstein (2010)", "Erdős, Schlein & Yau 2009": first author and year
CITATION = re.compile(
    r"\b((?:de |von |van |El )?[A-ZŁŚŻÉÖ][\w'’]+)(?:(?:[-–,]| and | & |, | et al\.?| )+(?:[A-ZŁŚŻÉÖ][\w'’]*\.?))*"
    r"(?: et al\.?)?,? \(?((?:18|19|20)\d\d)[a-z]?\b"
)


def bibliography() -> set[tuple[str, str]]:
    """(surname of the first author, year) of every entry of refs.bib."""
    entries = re.split(r"^@", (ROOT / "refs.bib").read_text(), flags=re.M)[1:]
    keys = set()
    for entry in entries:
        author = re.search(r"author\s*=\s*\{([^}]*)\}", entry).group(1)
        year = re.search(r"year\s*=\s*\{?(\d{4})", entry).group(1)
        keys.add((re.split("[-,]", author)[0].strip(), year))  # the pattern stops at a hyphen
    return keys


def docstrings() -> dict[str, str]:
    found = {}
    for path in [*sorted((ROOT / "rmt").rglob("*.py")), *sorted((ROOT / "gallery").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (text := ast.get_docstring(node)):
                found[f"{path.relative_to(ROOT)}:{getattr(node, 'name', 'module')}"] = " ".join(text.split())
    return found


def test_readme_runs():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 10
    assert result.failed == 0


def test_readme_is_short():
    assert len(README.splitlines()) <= 150


def test_ci_runs_the_test_command_of_the_readme():
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.S)
    assert commands[1] in (ROOT / ".ci" / "run").read_text()
    assert "rmt compare" in commands[0]
    assert "pytest -n 2 --quick" in (ROOT / ".ci" / "quick").read_text()


def drawing():
    """The picture of the README in characters: the share of eigenvalues in each interval, and that of the law."""
    ensemble = rmt.product_wishart(depth=3)
    values, law = ensemble.eigenvalues(1000, rng=0), ensemble.law()
    edges = [0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    counts, shares = np.histogram(values, edges)[0] / len(values), np.diff(law.cdf(edges))
    lines = [f"{ensemble!r}, n = 1000: share of eigenvalues in each interval, matrix = law |", ""]
    for low, high, count, share in zip(edges, edges[1:], counts, shares, strict=False):
        bar = list(("=" * round(250 * count)).ljust(72))
        bar[max(0, round(250 * share) - 1)] = "|"
        lines.append(f"{low:>5g} -{high:>5g}  {''.join(bar).rstrip()}")
    return "\n".join(lines) + "\n"


def test_picture_in_characters_is_that_of_the_command():
    assert (ROOT / "docs" / "product-wishart.txt").read_text(encoding="utf-8") == drawing()


def test_long_description_needs_no_repository(monkeypatch):
    """What an index of packages shows: every link is absolute, and the picture is there in characters."""
    names = ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin", "hatchling.metadata.plugin.interface")
    for name in names:
        module = types.ModuleType(name)
        module.MetadataHookInterface = object
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    text = build.long_description(ROOT)
    assert (ROOT / "docs" / "product-wishart.txt").read_text(encoding="utf-8") in text
    assert "![" not in text
    outside_code = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    assert all("://" in target for target in re.findall(r"\]\(([^)]*)\)", outside_code))
    assert "docs/conventions.md" in text


def test_links_and_pictures_of_the_manual_exist():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "gallery").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_citations_are_recognised():
    """The pattern finds the usual ways to cite (else the test below could not fail)."""
    for text, found in {
        "limit of Wigner matrices (Wigner 1955, 1958)": ("Wigner", "1955"),
        "Marchenko-Pastur 1967": ("Marchenko", "1967"),
        "Bai and Silverstein (2010), Theorem 3.6": ("Bai", "2010"),
        "Anderson-Guionnet-Zeitouni 2010, Theorem 5.4.5": ("Anderson", "2010"),
        "Arizmendi et al. 2018": ("Arizmendi", "2018"),
    }.items():
        assert CITATION.search(text).groups() == found


def test_citations_resolve():
    known = bibliography()
    cited = {
        (match.group(1), match.group(2)): where
        for where, text in docstrings().items()
        for match in CITATION.finditer(text)
    }
    assert {key: where for key, where in cited.items() if key not in known} == {}


@pytest.mark.parametrize("name", [n for n in dir(rmt) if not n.startswith("_")])
def test_public_name_is_documented(name):
    assert getattr(rmt, name).__doc__
