"""What the package promises of every public object: types that can be read, and documentation that is complete."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
import typing
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache
from typing import Any

import pytest
from bad_calls import BAD, Call, right_calls
from numpydoc.docscrape import NumpyDocString

import rmt
from rmt._names import imported_names, read_source

ROOMS = (
    "rmt",
    *(
        f"rmt.{name}"
        for name, home in imported_names(read_source(rmt.__spec__, "__init__.pyi")).items()
        if home == "rmt"
    ),
)


@cache
def public_objects() -> dict[str, Any]:
    """Every public function and class by one of its names."""
    found: dict[int, tuple[str, Any]] = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found.setdefault(id(value), (f"{room}.{name}", value))
    return dict(found.values())


def methods(kind: type) -> dict[str, Any]:
    """Public functions that a class defines itself; properties are attributes."""
    plain = {
        name: value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        for name, value in vars(kind).items()
        if not name.startswith("_")
    }
    return {name: value for name, value in plain.items() if inspect.isfunction(value)}


def functions(name: str) -> dict[str, Any]:
    """A public function, or the methods of a public class, those that it has from private bases among them."""
    value = public_objects()[name]
    if not inspect.isclass(value):
        return {name: value}
    bases = itertools.takewhile(lambda kind: kind not in _public_classes(), value.__mro__[1:])
    own = [value, *(kind for kind in bases if kind.__module__.startswith("rmt"))]
    return {f"{name}.{k}": f for kind in own for k, f in methods(kind).items()}


@cache
def _public_classes() -> set[type]:
    return {value for value in public_objects().values() if inspect.isclass(value)}


@pytest.mark.parametrize("name", public_objects())
def test_types_can_be_read(name):
    if inspect.isclass(value := public_objects()[name]):
        typing.get_type_hints(value)
        typing.get_type_hints(value.__init__)
    for function in functions(name).values():
        typing.get_type_hints(function)


def test_unreadable_types_are_found():
    def planted(x: NoSuchType) -> None:  # noqa: F821
        """Its annotation cannot be read."""

    with pytest.raises(NameError):
        typing.get_type_hints(planted)


def documented(text: str | None) -> NumpyDocString:
    return NumpyDocString(inspect.cleandoc(text or ""))


def entries(section: list[Any]) -> list[str]:
    """Names in a section: "first, second : Law" are two, "**kwargs" is kwargs."""
    return [name.strip().lstrip("*") for entry in section for name in entry.name.split(",")]


def arguments(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def gaps_of_function(function: Callable[..., Any]) -> list[str]:
    """What the documentation of a function lacks, beside examples."""
    text, gaps = documented(function.__doc__), []
    if entries(text["Parameters"]) != arguments(function):
        gaps.append(f"parameters {arguments(function)}, documented {entries(text['Parameters'])}")
    returned = inspect.signature(function).return_annotation
    if returned not in ("None", None) and not (text["Returns"] or text["Yields"]):
        gaps.append(f"returns {returned}, documented nothing")
    return gaps + without_a_sentence(text)


def without_a_sentence(text: NumpyDocString) -> list[str]:
    """Parameters of which only the type is told."""
    return [f"{entry.name} has no sentence" for entry in text["Parameters"] if not "".join(entry.desc).strip()]


def gaps_of_class(kind: type) -> list[str]:
    """The same for what a class is made of; enumerations and errors without arguments have nothing to tell."""
    text = documented(kind.__doc__)
    if issubclass(kind, Enum) or not inspect.isfunction(kind.__init__):
        return []
    known = {*entries(text["Parameters"]), *entries(text["Attributes"])}
    missing = [name for name in arguments(kind) if name not in known and not name.startswith("_")]
    return [f"parameter {name}" for name in missing] + without_a_sentence(text)


def calls_in_examples(*texts: str | None) -> set[str]:
    """Names that the examples of docstrings call."""
    lines = [line for text in texts for line in documented(text)["Examples"]]
    return {name for line in lines if re.match(r"(>>>|\.\.\.)", line) for name in re.findall(r"(\w+)\(", line)}


@pytest.mark.parametrize("name", public_objects())
def test_documentation_is_complete(name):
    value = public_objects()[name]
    gaps = {name: gaps_of_class(value)} if inspect.isclass(value) else {}
    gaps |= {where: gaps_of_function(function) for where, function in functions(name).items()}
    assert {where: found for where, found in gaps.items() if found} == {}


@pytest.mark.parametrize("name", public_objects())
def test_documentation_has_examples(name):
    value = public_objects()[name]
    assert documented(value.__doc__)["Examples"]
    if inspect.isclass(value):
        shown = {k: calls_in_examples(value.__doc__, method.__doc__) for k, method in methods(value).items()}
        assert [k for k, names in shown.items() if k not in names] == []


def test_incomplete_documentation_is_found():
    def planted(a: int, b: int) -> int:
        """Add.

        Parameters
        ----------
        a : int
        """

    assert len(gaps_of_function(planted)) == 3
    assert not calls_in_examples(planted.__doc__)


def documented_errors(text: str | None) -> set[str]:
    return {kind for entry in documented(text)["Raises"] for kind in re.findall(r"\w+", entry.type or entry.name)}


def undocumented(call: Call, kinds: Sequence[str]) -> dict[str, str]:
    """Errors of bad calls that the documentation of the function does not announce."""
    announced = documented_errors(call.function.__doc__)
    found = {}
    for place, kind in itertools.product(call.places(), kinds):
        try:
            call.put(place, BAD[kind]())
        except (TypeError, ValueError, rmt.ConvergenceError) as error:
            if not announced & {base.__name__ for base in type(error).__mro__}:
                found[f"{place}={kind}"] = repr(error)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", public_objects())
def test_errors_are_announced(name):
    known = {id(function) for function in functions(name).values()} | {id(public_objects()[name])}
    for call in calls():
        if id(getattr(call.function, "__func__", call.function)) in known:
            assert undocumented(call, ("None", "-1", "text")) == {}, call.name


@cache
def calls() -> list[Call]:
    return list(right_calls())


def test_an_error_that_is_not_announced_is_found():
    def planted(a: int) -> None:
        """Refuse.

        Raises
        ------
        ValueError
            Never.
        """
        raise TypeError(a)

    assert len(undocumented(Call("planted", planted, (1,), {}), ("None", "-1"))) == 2
