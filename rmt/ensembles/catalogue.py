"""Table of the ensembles by name: what the command line offers and the documentation lists.

Parameters, their types and defaults are read from the factory's signature, their help from its docstring: the table
repeats none of them.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rmt._cached import cached_property
from rmt.ensembles import beta, covariance, gaussian, haar, nonhermitian, planar, structured
from rmt.ensembles.ensemble import Ensemble
from rmt.ensembles.graphs import erdos_renyi_graphs, regular_graphs
from rmt.ensembles.perturbed import rosenzweig_porter_matrices, separable_matrices, spiked_matrices
from rmt.ensembles.symmetric import band_matrices, levy_matrices, patterned_matrices
from rmt.ensembles.unitary import circular_matrices, rotations
from rmt.errors import check_choice, read_number


def _read_integers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _read_numbers(text: str) -> tuple[Any, ...]:
    return tuple(read_number(part) for part in text.split(","))


def _read_law(text: str) -> Any:
    """A law as its repr writes it: the name of its class, and numbers."""
    import rmt.laws

    try:
        call = ast.parse(text.strip(), mode="eval").body
        if not isinstance(call, ast.Call):
            raise ValueError(text)
        kind = getattr(rmt.laws, ast.unparse(call.func))
        named = {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
        given = [ast.literal_eval(value) for value in call.args]
    except (AttributeError, SyntaxError) as error:
        raise ValueError(text) from error
    return kind(*given, **named)


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "int": (int, "an integer"),
    "float": (read_number, "a number"),
    "Law, optional": (_read_law, "a law such as Uniform(0, 2)"),
    "tuple of float": (_read_numbers, "numbers with commas between them"),
    "tuple of int": (_read_integers, "integers with commas between them"),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of an ensemble.

    Attributes
    ----------
    name : str
    kind : str
        As in the docstring of the factory: "float", "int", "str", '{"real", "complex"}'.
    default : object
    help : str
        One line.
    """

    name: str
    kind: str
    default: Any
    help: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The accepted strings, where only a few are; empty otherwise."""
        return tuple(re.findall(r'"([^"]+)"', self.kind)) if self.kind.startswith("{") else ()

    def parse(self, text: str) -> Any:
        """Read the value from a command line.

        Raises
        ------
        ValueError
            If the text is not a number where one is needed.
        """
        read, accepted = _READERS.get(self.kind, (str, "a string"))
        try:
            return read(text)
        except ValueError:
            raise ValueError(f"{self.name} must be {accepted}, got {text!r}") from None


@dataclass(frozen=True)
class CatalogueEntry:
    """One row: an ensemble, its limit law and the theorem behind it.

    Attributes
    ----------
    name : str
        Name on the command line: that of the factory with hyphens.
    factory : callable
    law : str
        The limit law as an expression of :mod:`rmt.laws` in the parameters of the ensemble; empty where no density is
        known.
    theorem : str
        Who proved the limit and when, as in ``refs.bib``.
    """

    name: str
    factory: Callable[..., Ensemble]
    law: str
    theorem: str

    @property
    def year(self) -> int:
        """Year of the oldest theorem named."""
        return min(int(year) for year in re.findall(r"\b(?:1[89]|20)\d\d", self.theorem))

    @property
    def summary(self) -> str:
        """First line of the factory's docstring."""
        return (inspect.getdoc(self.factory) or "").split("\n", 1)[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the factory, in order."""
        described = _described_parameters(inspect.getdoc(self.factory) or "")
        return tuple(
            Parameter(p.name, described[p.name][0], p.default, described[p.name][1])
            for p in inspect.signature(self.factory).parameters.values()
        )

    def build(self, **parameters: Any) -> Ensemble:
        """Build the ensemble.

        Raises
        ------
        ValueError
            If it has no such parameter (the message names those it has), or a value is refused.
        """
        for name in parameters:
            check_choice(f"parameter of {self.name}", name, [p.name for p in self.parameters])
        return self.factory(**parameters)


def _described_parameters(doc: str) -> dict[str, tuple[str, str]]:
    """Type and first sentence of every entry of a numpydoc "Parameters" section."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    items = re.findall(r"^(\w+) : ([^\n]+)\n((?:[ ]{4}[^\n]*\n?)+)", section.group(1) if section else "", re.MULTILINE)
    return {name: (kind, _plain(text)) for name, kind, text in items}


def _plain(text: str) -> str:
    """The text without line breaks and reStructuredText roles."""
    return re.sub(r":\w+:`~?([^`]+)`", r"\1", " ".join(text.split()))


_ROWS = (
    CatalogueEntry("goe", gaussian.goe, "Semicircle()", "Wigner 1955"),
    CatalogueEntry("gue", gaussian.gue, "Semicircle()", "Wigner 1958"),
    CatalogueEntry("gse", gaussian.gse, "Semicircle()", "Wigner 1958"),
    CatalogueEntry("wigner", gaussian.wigner, "Semicircle()", "Wigner 1958; Pastur 1972 for finite variance"),
    CatalogueEntry(
        "wishart",
        covariance.wishart,
        "MarchenkoPastur(ratio=ratio)",
        "Marchenko-Pastur 1967; Yin 1986 for finite variance",
    ),
    CatalogueEntry(
        "product-wishart",
        covariance.product_wishart,
        "FussCatalan(order=depth)",
        "Müller 2002; Alexeev-Götze-Tikhomirov 2010",
    ),
    CatalogueEntry("ginibre", nonhermitian.ginibre, "CircularLaw()", "Ginibre 1965; Tao-Vu 2010 for finite variance"),
    CatalogueEntry("hermite", beta.hermite, "Semicircle()", "Dumitriu-Edelman 2002; Wigner 1958"),
    CatalogueEntry(
        "laguerre", beta.laguerre, "MarchenkoPastur(ratio=ratio)", "Dumitriu-Edelman 2002; Marchenko-Pastur 1967"
    ),
    CatalogueEntry("jacobi", beta.jacobi, "Arcsine(radius=0.5) + 0.5", "Edelman-Sutton 2008; Wachter 1980"),
    CatalogueEntry("circular", beta.circular, "UnitCircle()", "Killip-Nenciu 2004; Dyson 1962a"),
    CatalogueEntry("haar-orthogonal", haar.haar_orthogonal, "UnitCircle()", "Diaconis-Shahshahani 1994"),
    CatalogueEntry("haar-unitary", haar.haar_unitary, "UnitCircle()", "Dyson 1962a; Diaconis-Shahshahani 1994"),
    CatalogueEntry("haar-symplectic", haar.haar_symplectic, "UnitCircle()", "Diaconis-Shahshahani 1994"),
    CatalogueEntry("permutation", structured.permutation, "UnitCircle()", "Nica 1993, for sums and products"),
    CatalogueEntry(
        "projection", structured.projection, "Bernoulli(fraction)", "Voiculescu 1991, for sums and products"
    ),
    CatalogueEntry("coe", circular_matrices.coe, "UnitCircle()", "Dyson 1962a"),
    CatalogueEntry("cse", circular_matrices.cse, "UnitCircle()", "Dyson 1962a"),
    CatalogueEntry(
        "haar-special-orthogonal", rotations.haar_special_orthogonal, "UnitCircle()", "Diaconis-Shahshahani 1994"
    ),
    CatalogueEntry(
        "elliptic", planar.elliptic, "EllipticLaw(tau)", "Girko 1986; Sommers-Crisanti-Sompolinsky-Stein 1988"
    ),
    CatalogueEntry(
        "truncated-unitary", planar.truncated_unitary, "TruncatedUnitaryLaw(fraction)", "Życzkowski-Sommers 2000"
    ),
    CatalogueEntry(
        "ginibre-product",
        planar.ginibre_product,
        "GinibreProduct(depth)",
        "Burda-Janik-Waclaw 2010; Götze-Tikhomirov 2010",
    ),
    CatalogueEntry("band", band_matrices.band, "Semicircle()", "Bogachev-Molchanov-Pastur 1991"),
    CatalogueEntry("toeplitz", patterned_matrices.toeplitz, "", "Bryc-Dembo-Jiang 2006, moments"),
    CatalogueEntry("hankel", patterned_matrices.hankel, "", "Bryc-Dembo-Jiang 2006, moments"),
    CatalogueEntry("levy", levy_matrices.levy, "LevyMatrix(alpha)", "Ben Arous-Guionnet 2008"),
    CatalogueEntry("erdos-renyi", erdos_renyi_graphs.erdos_renyi, "ErdosRenyi(degree, kind)", "Bordenave-Lelarge 2010"),
    CatalogueEntry("random-regular", regular_graphs.random_regular, "KestenMcKay(degree)", "McKay 1981"),
    CatalogueEntry(
        "spiked-wigner",
        spiked_matrices.spiked_wigner,
        "Semicircle()",
        "Péché 2006; Capitaine-Donati-Martin-Féral 2009 for outliers",
    ),
    CatalogueEntry(
        "spiked-wishart",
        spiked_matrices.spiked_wishart,
        "MarchenkoPastur(ratio=ratio)",
        "Baik-Ben Arous-Péché 2005; Baik-Silverstein 2006 for outliers",
    ),
    CatalogueEntry(
        "rosenzweig-porter",
        rosenzweig_porter_matrices.rosenzweig_porter,
        "diagonal or Gaussian()",
        "Rosenzweig-Porter 1960; von Soosten-Warzel 2019 for neighbours",
    ),
    CatalogueEntry(
        "separable-covariance",
        separable_matrices.separable_covariance,
        "MarchenkoPastur(ratio=ratio)",
        "Paul-Silverstein 2009",
    ),
)

#: every ensemble by name, in the order of the documentation
CATALOGUE: dict[str, CatalogueEntry] = {row.name: row for row in _ROWS}


def find(name: str) -> CatalogueEntry:
    """Look an ensemble up by name; underscores count as hyphens.

    Raises
    ------
    ValueError
        If there is none of that name; the message gives the nearest ones.
    """
    key = name.replace("_", "-").lower() if isinstance(name, str) else name
    return CATALOGUE[check_choice("ensemble", key, CATALOGUE)]
