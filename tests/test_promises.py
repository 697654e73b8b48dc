"""What the package promises of every public object: types that can be read, and documentation that is complete."""

from __future__ import annotations

import importlib
import inspect
import typing
from functools import cache
from typing import Any

import pytest

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
    """A public function, or the methods of a public class."""
    value = public_objects()[name]
    return {f"{name}.{k}": f for k, f in methods(value).items()} if inspect.isclass(value) else {name: value}


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
