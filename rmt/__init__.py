"""Random matrices and free probability: every random matrix has two faces, a sample and a law.

>>> import rmt
>>> X = rmt.gue()
>>> X.law().pdf(0.0)  # the limit
0.3183098861837907
>>> X.eigenvalues(4, rng=0).shape  # the matrix
(4,)

Names load on first use, so that ``import rmt`` loads NumPy only.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np  # noqa: F401

from rmt._names import imported_names, old_names, read_source

__version__ = "0.1.0"

_STUB = read_source(__spec__, "__init__.pyi")
_HOME_OF = imported_names(_STUB)
_RENAMED = old_names(_STUB)

__all__ = sorted(name for name, home in _HOME_OF.items() if home != "rmt")


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        import warnings

        new = _RENAMED[name]
        warnings.warn(f"rmt.{name} is called rmt.{new}; the old name goes with the next release", DeprecationWarning, 2)
        return getattr(importlib.import_module("rmt"), new)
    if name not in _HOME_OF:
        raise AttributeError(f"module 'rmt' has no attribute {name!r}")
    home = _HOME_OF[name]
    if home == "rmt":
        return importlib.import_module(f"rmt.{name}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_HOME_OF, "__version__"])
