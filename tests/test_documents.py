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

# a surname, perhaps with a particle; then "A 1967", "A and B (2010)", "A, B & C 2009", "A-B 1988", "A et al. 2018",
# "A 2020 and 2022"; a letter tells two papers of one year apart
UPPER = "A-ZÁÉÎÖŁŚŻŠ"
SURNAME = rf"(?:(?:de |von |van |El |Ben |Al |'t )?[{UPPER}][\w'’]+(?:-[{UPPER}][\w'’]+)*|Sun Microsystems)"
CITATION = re.compile(
    rf"(?<![\w'])({SURNAME}(?:(?:, and |, | and | & |-|–){SURNAME})*( et al\.?)?),? "
    r"\(?((?:1[89]|20)\d\d[a-z]?(?:(?:, | and )(?:1[89]|20)\d\d[a-z]?)*)\b"
)
COMPLETE = {
    "article": [{"journal", "volume", "pages"}, {"journal", "volume", "number"}, {"eprint"}],
    "book": [{"publisher"}],
    "incollection": [{"booktitle", "pages"}],
    "inproceedings": [{"booktitle", "pages"}, {"booktitle", "volume"}, {"booktitle", "eprint"}, {"booktitle", "doi"}],
    "techreport": [{"institution"}],
    "misc": [set()],
}


def bibliography() -> dict[str, tuple[str, dict[str, str]]]:
    """Kind and fields of every entry of refs.bib."""
    entries = {}
    for kind, key, body in re.findall(r"^@(\w+)\{([^,]+),\n(.*?)^\}", (ROOT / "refs.bib").read_text(), re.M | re.S):
        fields = re.findall(r"(\w+)\s*=\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", body)
        assert key not in entries, key
        entries[key] = kind, dict(fields)
    return entries


def surnames(entry: dict[str, str]) -> list[str]:
    authors = entry["author"].split(" and ") if not entry["author"].startswith("{") else [entry["author"]]
    return [author.split(",")[0].strip("{} ") for author in authors]


def words(names: str) -> list[str]:
    """What names are made of: hyphens join names as well as their halves."""
    return [word for word in re.split(r", and |[ ,&–-]+|\band\b", names) if word]


def cited_as(names: str, entry: dict[str, str]) -> bool:
    """Whether the names in the text are those of all authors, or of the first of three or more."""
    if names.endswith(("et al.", "et al")):
        authors = surnames(entry)
        return len(authors) >= 3 and words(names.removesuffix(".").removesuffix(" et al")) == words(authors[0])
    return words(names) == words(" ".join(surnames(entry)))


def found(names: str, year: str, entries: dict[str, tuple[str, dict[str, str]]]) -> list[str]:
    """Keys of the entries that a citation can mean."""
    keys = [k for k, (_, entry) in entries.items() if entry["year"] == year[:4] and cited_as(names, entry)]
    return [k for k in keys if k.endswith(year)] if year[4:] else keys


def citations(text: str) -> set[tuple[str, str]]:
    return {
        (match.group(1), year)
        for match in CITATION.finditer(text)
        for year in re.findall(r"\d{4}[a-z]?", match.group(3))
    }


def texts() -> dict[str, str]:
    """All that is read: strings and comments of the package and the gallery, and the pages of the manual."""
    collected = {}
    for path in [*sorted((ROOT / "rmt").rglob("*.py")), *sorted((ROOT / "gallery").glob("*.py"))]:
        source, name = path.read_text(), str(path.relative_to(ROOT))
        strings = [
            n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
        comments = " ".join(
            re.findall(r"^\s*#:? (.*)$|  # (.*)$", source, re.M)
            and (a or b for a, b in re.findall(r"^\s*#:? (.*)$|  # (.*)$", source, re.M))
        )
        collected[name] = " | ".join(" ".join(text.split()) for text in [*strings, comments])
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "gallery").glob("*.md")]
    return collected | {str(page.relative_to(ROOT)): " ".join(page.read_text().split()) for page in pages}


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
    """The pattern finds the usual ways to cite (else the tests below could not fail)."""
    for text, expected in {
        "limit of Wigner matrices (Wigner 1955, 1958)": {("Wigner", "1955"), ("Wigner", "1958")},
        "proved by Pastur 2020 and 2022": {("Pastur", "2020"), ("Pastur", "2022")},
        "Bai and Silverstein (2010), Theorem 3.6": {("Bai and Silverstein", "2010")},
        "Anderson-Guionnet-Zeitouni 2010, Theorem 5.4.5": {("Anderson-Guionnet-Zeitouni", "2010")},
        "Arizmendi et al. 2018": {("Arizmendi et al.", "2018")},
        "Baik, Ben Arous and Péché (2005)": {("Baik, Ben Arous and Péché", "2005")},
        "repel (Dyson 1962b)": {("Dyson", "1962b")},
    }.items():
        assert citations(text) == expected


def test_a_citation_names_all_authors():
    entries = bibliography()
    assert found("Belinschi-Mai-Speicher", "2017", entries) == ["belinschimai2017"]
    assert found("Belinschi and Bercovici", "2017", entries) == []  # two of four authors
    assert found("Silverstein", "1995", entries) == ["silverstein1995strong"]
    assert found("Götze-Tikhomirov", "2010", entries) == ["gotze2010"]
    assert found("Bai et al.", "1988", entries) == ["bai1988"]  # not Bai and Yin, who are two
    assert found("Dyson", "1962b", entries) == ["dyson1962b"]
    assert len(found("Dyson", "1962", entries)) == 2  # a letter is needed


def test_citations_resolve_and_entries_are_cited():
    entries, wrong, used = bibliography(), [], set()
    for where, text in texts().items():
        for names, year in citations(text):
            keys = found(names, year, entries)
            used.update(keys)
            if len(keys) != 1:
                wrong.append(f"{where}: {names} {year} can be {keys}")
    assert wrong == []
    assert sorted(set(entries) - used) == []


def test_entries_are_complete():
    thin = {
        key: kind
        for key, (kind, fields) in bibliography().items()
        if not {"author", "title", "year"} <= fields.keys() or not any(need <= fields.keys() for need in COMPLETE[kind])
    }
    assert thin == {}


@pytest.mark.parametrize("name", [n for n in dir(rmt) if not n.startswith("_")])
def test_public_name_is_documented(name):
    assert getattr(rmt, name).__doc__
