"""Machine code of kernels on disk, valid only for the sources it was made from.

Numba's own cache looks at the file of a function only: after an upgrade, old machine code of a caller met new codes
and constants of its callees. Here the files of one state of all kernels lie in a folder named by its digest, a file is
named by all that its kernel is made of (:func:`made_of`), and carries a checksum. A file that cannot be read or written
costs a warning and a compilation, never an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import re
import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import compiler, serialize
from numba.misc import appdirs

PACKAGE = Path(__file__).resolve().parents[2]
_IMPORT = re.compile(rb"^(?:from (rmt[\w.]*) import (\([^)]*\)|[^\n]*)|import (rmt[\w.]*))", re.MULTILINE)
_FOLDER = "rmt-kernels-"
_OLD = 30 * 24 * 3600.0  # seconds since the last new file of a folder that is not in use
_warned = False
_lost = False

# Numba has types for some of its parts only
_config: Any = numba.config
_rebuild: Any = compiler.CompileResult._rebuild
_dumps: Any = serialize.dumps
_app_dirs: Any = appdirs.AppDirs


def sources_of_kernels(package: Path = PACKAGE) -> list[Path]:
    """Return the files that define kernels and all files of the package that these import, sorted."""
    texts = {path: path.read_bytes() for path in package.rglob("*.py")}
    found: set[Path] = set()
    waiting = [path for path, text in texts.items() if b"rmt.numerics.compilation.jit" in text]
    while waiting:
        path = waiting.pop()
        if path in texts and path not in found:
            found.add(path)
            waiting.extend(_imported(package, texts[path]))
    return sorted(found)


def _imported(package: Path, text: bytes) -> Iterator[Path]:
    for home, names, module in _IMPORT.findall(text):
        base = (home or module).decode()
        for name in [base, *(f"{base}.{n}" for n in re.findall(r"\w+", names.decode()))]:
            path = package.parent.joinpath(*name.split("."))
            yield path.with_suffix(".py")
            yield path / "__init__.py"


def digest_of_kernels(package: Path = PACKAGE) -> str:
    """Return a digest of all that machine code depends on besides the processor; empty where there are no sources."""
    versions = sys.implementation.cache_tag, numba.__version__, llvmlite.__version__, np.__version__
    options = [getattr(_config, name, None) for name in ("OPT", "BOUNDSCHECK", "LOOP_VECTORIZE", "SLP_VECTORIZE")]
    digest = hashlib.sha256(repr((versions, options)).encode())
    sources = sources_of_kernels(package)
    if not sources:
        return ""
    for path in sources:
        text = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(text)} ".encode() + text)
    return digest.hexdigest()


def made_of(function: FunctionType) -> str:
    """Return a digest of what machine code of a function is made of: its code, numbers and arrays, and its callees'.

    They are taken from memory: what a source says may be older or newer, and how a name was imported does not matter.
    """
    found = {function: 0}
    digest = hashlib.sha256()
    waiting = [function]
    for each in waiting:
        for part in _parts(each):
            if isinstance(part, FunctionType):
                if part not in found:
                    found[part] = len(found)
                    waiting.append(part)
                part = f"function {found[part]}"
            digest.update(f"{len(part)} {part}".encode())
    return digest.hexdigest()


@cache
def _parts(function: FunctionType) -> tuple[str | FunctionType, ...]:
    names = sorted(_names(function.__code__))
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    parts = [*_flat(function.__code__, names), *_flat([function.__defaults__, cells], names)]
    for name in names:
        if name in function.__globals__:
            parts += [name, *_flat(function.__globals__[name], names)]
    return tuple(parts)


def _names(code: CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*inner)


def _flat(value: Any, names: list[str]) -> Iterator[str | FunctionType]:
    """A value of a kernel as texts and functions; of a module or class of the package, what has one of the names."""
    value = getattr(value, "py_func", value)  # of a kernel
    home = str(getattr(value, "__module__", None) or getattr(value, "__name__", ""))
    ours = home.split(".")[0] == PACKAGE.name
    if isinstance(value, FunctionType) and ours:
        yield value
    elif isinstance(value, CodeType):
        yield value.co_code.hex()
        yield from _flat([value.co_names, value.co_varnames, value.co_consts], names)
    elif isinstance(value, (tuple, list)):
        yield f"{len(value)} values"
        for each in value:
            yield from _flat(each, names)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    elif isinstance(value, (type, ModuleType)) and ours:
        for name in names:
            if hasattr(value, name):
                yield from [name, *_flat(getattr(value, name), names)]
    elif isinstance(value, (type, ModuleType, FunctionType)):
        yield f"{home}.{value.__name__}"
    else:
        yield f"{type(value).__name__} {value!r}"


def is_kept() -> bool:
    """Whether all machine code that this process made could be written."""
    return not _lost


class KernelCache:
    """The files of one kernel, with the methods that a dispatcher of Numba asks of its cache."""

    def __init__(self, function: Any) -> None:
        _digest()  # of the sources that are being imported
        code = function.__code__
        self._name = f"{function.__module__}.{function.__qualname__}-{code.co_firstlineno}"
        self._function = function

    @property
    def cache_path(self) -> str:
        """The folder that machine code is kept in."""
        return str(next(iter(_places()), ""))

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the compiled function for these types, or None."""
        target.refresh()
        for place in _places():
            path = place / self._file(signature, target.codegen())
            try:
                content = path.read_bytes()
            except OSError:
                continue
            checksum, payload = content[:32], content[32:]
            try:
                if hashlib.sha256(payload).digest() != checksum:
                    raise ValueError("wrong checksum")
                return _rebuild(target, *pickle.loads(payload))
            except Exception as error:
                _warn(f"machine code in {str(path)!r} cannot be used ({error}) and is compiled again")
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled function, unless the sources changed since this process imported them."""
        if result.lifted or result.library.has_dynamic_globals or digest_of_kernels() != _digest():
            return
        payload: bytes = _dumps(result._reduce())
        content = hashlib.sha256(payload).digest() + payload
        failures = [] if _digest() else ["there are no sources to know its version by"]
        for place in _places():
            try:
                _write(place, self._file(signature, result.library.codegen), content)
            except OSError as error:
                failures.append(f"{str(place.parent)!r}: {error.strerror or error}")
            else:
                return
        global _lost
        _lost = True
        _warn(
            f"machine code cannot be kept ({'; '.join(failures)}) and is compiled again in every new process; "
            "name a writable folder in the environment variable NUMBA_CACHE_DIR"
        )

    def flush(self) -> None:
        """Remove the files of this kernel."""
        for place in _places():
            for path in place.glob(f"{self._name}.*.nbc"):
                path.unlink(missing_ok=True)

    def _file(self, signature: Any, codegen: Any) -> str:
        key = repr((signature, codegen.magic_tuple(), made_of(self._function))).encode()
        return f"{self._name}.{hashlib.sha256(key).hexdigest()[:24]}.nbc"


@lru_cache(maxsize=1)
def _digest() -> str:
    """The digest of this process: it is taken before the first kernel runs."""
    return digest_of_kernels()


def _places() -> list[Path]:
    return _places_beside(_config.CACHE_DIR) if _digest() else []


@lru_cache(maxsize=1)
def _places_beside(chosen: str) -> list[Path]:
    """Folders to look into, and to write to the first of them that lets us: `chosen` alone if it does."""
    user = Path(_app_dirs(appname="numba", appauthor=False).user_cache_dir)
    roots = [PACKAGE / "__pycache__", *([user] if user.is_absolute() else [])]  # without a home it is "~/.cache"
    places = [root / f"{_FOLDER}{_digest()[:32]}" for root in roots]
    if chosen:
        first = Path(chosen) / places[0].name
        # in a folder that all may write to, that of these sources can be another user's
        places = [first] if _is_writable(first if first.exists() else first.parent) else [first, *places]
    return places


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _write(place: Path, name: str, content: bytes) -> None:
    """Write a file beside and rename it, so that no process ever reads half of it."""
    if not place.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        _remove_old(place)
    beside = place / f"{uuid.uuid4().hex}.part"
    try:
        beside.write_bytes(content)
        beside.replace(place / name)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _remove_old(place: Path) -> None:
    """Remove what other states of the sources left long ago."""
    for other in place.parent.glob(f"{_FOLDER}*"):
        with contextlib.suppress(FileNotFoundError):  # another process removes them, too
            if time.time() - other.stat().st_mtime > _OLD:
                shutil.rmtree(other, ignore_errors=True)


def _warn(message: str) -> None:
    """Warn once in a process."""
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(f"rmt: {message}", RuntimeWarning, stacklevel=2)
