"""The public names of the package and of its rooms, read where they are written once: from their import lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import PurePath

_LINE = re.compile(r"^from (\S+) import (\w+) as (\w+)", re.MULTILINE)
_ALIAS = re.compile(r"^(\w+) = (\w+)$", re.MULTILINE)


def read_source(spec: ModuleSpec, file: str = "__init__.py") -> str:
    """The text of a file beside the ``__init__`` of a package, also in a zip file."""
    assert spec.origin is not None
    data: bytes = spec.loader.get_data(str(PurePath(spec.origin).with_name(file)))  # type: ignore[union-attr]
    return data.decode("utf-8")


def imported_names(source: str) -> dict[str, str]:
    """The home of every name in lines ``from home import name as name``."""
    return {name: home for home, name, shown in _LINE.findall(source) if name == shown}


def old_names(source: str) -> dict[str, str]:
    """New name of every old one, from lines ``Old = New``."""
    return dict(_ALIAS.findall(source))


def room(spec: ModuleSpec) -> tuple[list[str], Callable[[], list[str]]]:
    """``__all__`` and ``__dir__`` of a room: the names that its ``__init__`` imports under their own names."""
    names = sorted(imported_names(read_source(spec)))
    return names, lambda: list(names)
