"""The laws that the command line offers: the public laws of ``rmt.laws`` whose parameters are numbers."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

from rmt._cached import cached_property
from rmt.cli.parser import number
from rmt.errors import check_choice
from rmt.laws.law import Law

#: year and theorem of the laws that are the limit of something; keys are class names
SOURCES = {
    "Semicircle": (1955, "Wigner matrices: Wigner"),
    "MarchenkoPastur": (1967, "sample covariance matrices: Marchenko-Pastur"),
    "FreePoisson": (1990, "free sums of rare events: Speicher"),
    "FussCatalan": (2002, "products of Gaussian matrices: Müller"),
    "Arcsine": (1986, "sum of two free signs: Voiculescu"),
    "Cauchy": (1999, "free stable of index 1: Bercovici-Pata"),
    "FreeStable": (1999, "free sums with heavy tails: Bercovici-Pata"),
    "Raney": (2010, "moments that count trees: Młotkowski"),
    "FreeMeixner": (2001, "constant recursion: Saitoh-Yoshida"),
    "KestenMcKay": (1981, "random regular graphs: McKay"),
    "Wachter": (1980, "ratios of Wishart matrices: Wachter"),
    "LevyMatrix": (2008, "matrices without variance: Ben Arous-Guionnet"),
    "ProjectionProduct": (1992, "two free projections: Voiculescu-Dykema-Nica"),
}

#: names of the last release
OLD_NAMES = {"meixner": "free-meixner"}


@dataclass(frozen=True)
class LawParameter:
    """One parameter of a law, as its docstring describes it."""

    name: str
    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> Any:
        """Read the value, or several with commas between them."""
        option = "--" + self.name.replace("_", "-")
        if "sequence" in self.kind or "tuple" in self.kind:
            return tuple(number(option, part) for part in text.split(","))
        return number(option, text)


@dataclass(frozen=True)
class LawEntry:
    """One law by its name on the command line: that of its class in lower case with hyphens."""

    name: str
    kind: type[Law]

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.kind) or "").split("\n", 1)[0]

    @property
    def year(self) -> int | None:
        """Year of the theorem, if the law is the limit of something."""
        return SOURCES.get(self.kind.__name__, (None, ""))[0]

    @property
    def theorem(self) -> str:
        """What it is the limit of, and who proved it."""
        return SOURCES.get(self.kind.__name__, (None, ""))[1]

    @cached_property
    def parameters(self) -> tuple[LawParameter, ...]:
        """The parameters of the law, in order."""
        doc = inspect.getdoc(self.kind) or ""
        items = re.findall(r"^(\w+(?:, \w+)*) : ([^\n]+)\n((?:[ ]{4}[^\n]*\n?)+)", doc, re.MULTILINE)
        described = {name: (kind, " ".join(text.split())) for names, kind, text in items for name in names.split(", ")}
        return tuple(
            LawParameter(p.name, *described[p.name][:1], p.default, described[p.name][1])
            for p in inspect.signature(self.kind).parameters.values()
        )

    def build(self, **parameters: Any) -> Law:
        """Build the law; a refused parameter is the library's ``ValueError`` or ``TypeError``."""
        for parameter in self.parameters:
            if parameter.default is inspect.Parameter.empty and parameter.name not in parameters:
                raise ValueError(f"{self.name} needs --{parameter.name}: {parameter.help}")
        return self.kind(**parameters)


def law_table() -> dict[str, LawEntry]:
    """Every law of ``rmt.laws`` on the line whose parameters are numbers, by name."""
    import rmt.laws

    kinds = [getattr(rmt.laws, name) for name in rmt.laws.__all__]
    laws = [k for k in kinds if inspect.isclass(k) and issubclass(k, Law) and not inspect.isabstract(k)]
    entries = [LawEntry(re.sub(r"(?<=[a-z])(?<!Mc)(?=[A-Z])", "-", kind.__name__).lower(), kind) for kind in laws]
    return {entry.name: entry for entry in entries if _takes_numbers(entry)}


def find_law(name: str) -> LawEntry:
    """Look a law up by name; underscores count as hyphens.

    Raises
    ------
    ValueError
        If there is none of that name; the message gives the nearest ones.
    """
    table, key = law_table(), name.replace("_", "-").lower()
    return table[check_choice("law", OLD_NAMES.get(key, key), table)]


def _takes_numbers(entry: LawEntry) -> bool:
    try:
        kinds = [parameter.kind for parameter in entry.parameters]
    except KeyError:  # a parameter without a description is no option
        return False
    return all(re.match(r"(real|float|int|sequence of|tuple of)\b", kind) for kind in kinds)
