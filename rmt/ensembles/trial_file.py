"""A file that keeps finished trials, so that interrupted work resumes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.files import replacing

#: by which the numbers that tell ensembles apart may differ, relative to the largest: rounding, and no more
_ROUNDING = 1e-9
#: seconds between two writings; a kill loses at most the trials finished since the last one
_SAVE_EVERY = 2.0


@contextmanager
def keeping_trials(
    out: str | os.PathLike[str], identity: Mapping[str, Any], finished: dict[int, NDArray[Any]]
) -> Iterator[Callable[[], None]]:
    """Load `finished` from the file, give a function that saves it now and then, save it at the end.

    The file is replaced in one step, so that it is whole at every moment. It is a NumPy archive with the arrays
    `trials` (indices), `values` (one row a trial), `identity` (JSON text of what the trials are) and `seal` (a digest
    of the others).

    Parameters
    ----------
    out : path
        The ``.npz`` file; it need not exist, its directory must.
    identity : mapping
        What the trials are, in JSON types. Under ``numbers`` are those that the same work gave from fixed seeds: they
        may differ by what processors round differently.
    finished : dict of int to ndarray
        Filled from the file, then saved to it.

    Raises
    ------
    ValueError
        If the file is not one of this function, was changed since, or holds trials of another identity.
    OSError
        If the directory does not exist or cannot be written to.
    TypeError
        If `out` is no path, or one of bytes.
    """
    path = check_trial_path(out)
    text = json.dumps({**identity, "rmt": _version()}, default=int)
    if path.exists():
        finished.update(_load(path, text))
    else:
        _replace(path, text, finished)  # an unwritable place is found before the work, not after it
    written = time.monotonic()
    saved = len(finished)

    def save() -> None:
        nonlocal written, saved
        if time.monotonic() - written > _SAVE_EVERY:
            _replace(path, text, finished)
            written, saved = time.monotonic(), len(finished)

    try:
        yield save
    finally:
        if len(finished) != saved:
            _replace(path, text, finished)


def check_path(out: Any, what: str) -> Path:
    """Return `out` as a path; raise a TypeError or ValueError that says `what` it should be the path of."""
    name = os.fspath(out) if isinstance(out, (str, os.PathLike)) else out
    if not isinstance(name, str):
        remedy = "; os.fsdecode gives its text" if isinstance(name, bytes) else ""
        raise TypeError(f"out must be the path of {what}, got {out!r} of type {type(out).__name__}{remedy}")
    try:
        usable = b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise ValueError(f"out must be the path of {what}, got {out!r}: no file has a name with such characters")
    return Path(name)


def check_trial_path(out: Any) -> Path:
    """Return `out` as the path of a file that can be there, or say why it cannot."""
    path = check_path(out, "a .npz file")
    if path.is_dir():
        raise IsADirectoryError(
            f"out={str(out)!r} is a folder: give the name of a .npz file, such as {str(path / 'trials.npz')!r}"
        )
    if not path.parent.is_dir() and not path.is_symlink():
        raise FileNotFoundError(f"out={str(out)!r}: the folder {str(path.parent)!r} does not exist; make it first")
    return path


def _load(path: Path, identity: str) -> dict[int, NDArray[Any]]:
    with path.open("rb") as stream:
        try:
            with np.load(stream, allow_pickle=False) as archive:
                trials, values = archive["trials"], archive["values"]
                found, seal = str(archive["identity"]), str(archive["seal"])
        except Exception as error:  # damaged archives raise whatever their bytes lead to
            raise _refused(path, "it cannot be read") from error
    if trials.ndim != 1 or trials.dtype.kind != "i" or values.ndim != 2 or values.dtype.kind not in "fc":
        raise _refused(
            path, f"it holds {trials.ndim}-d {trials.dtype} trials and {values.ndim}-d {values.dtype} values"
        )
    if len(trials) != len(values) or len(np.unique(trials)) != len(trials) or (trials < 0).any():
        raise _refused(path, "its trials and its rows of values do not match")
    if seal != _seal(trials, values, found):
        raise _refused(path, "it was changed after it was written, or written by something else")
    difference = _difference(found, identity)
    if difference:
        raise ValueError(
            f"out={str(path)!r} holds other trials: {difference}. Give another name, or repeat the arguments that "
            "made it"
        )
    return {int(trial): row for trial, row in zip(trials, values, strict=True)}


def _refused(path: Path, reason: str) -> ValueError:
    return ValueError(f"out={str(path)!r} is not a file of trials: {reason}; give another name, or remove the file")


def _seal(trials: NDArray[Any], values: NDArray[Any], identity: str) -> str:
    """A digest of everything in the file: one that was cut, edited or put together by hand does not have it."""
    shape = f"{values.dtype.str} {values.shape}"
    parts = (trials.astype("<i8").tobytes(), shape.encode(), np.ascontiguousarray(values).tobytes(), identity.encode())
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _difference(found: str, wanted: str) -> str:
    """How two identities differ, in words; empty if they do not."""
    there, here = json.loads(found), json.loads(wanted)
    old, new = there.pop("numbers", None), here.pop("numbers", None)
    if there != here:
        return ", ".join(
            f"its {key} is {there.get(key)!r}, not {here.get(key)!r}"
            for key in {**here, **there}
            if there.get(key) != here.get(key)
        )
    if not isinstance(old, type(new)):
        return "it does not say which numbers its functions give, as files of other versions do not"
    if new is not None and not _same_numbers(np.array(old), np.array(new)):
        return (
            "what has this name gave other numbers then, from the same seeds (a function or an array in it is another, "
            "or this machine rounds otherwise)"
        )
    return ""


def _same_numbers(a: NDArray[Any], b: NDArray[Any]) -> bool:
    scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
    return a.shape == b.shape and np.allclose(a, b, rtol=0.0, atol=_ROUNDING * scale, equal_nan=True)


def _replace(path: Path, identity: str, finished: Mapping[int, NDArray[Any]]) -> None:
    trials = np.array(sorted(finished), dtype=np.int64)
    values = np.stack([finished[trial] for trial in trials]) if len(trials) else np.empty((0, 0))
    seal = _seal(trials, values, identity)
    with replacing(path) as stream:
        np.savez(stream, trials=trials, values=values, identity=np.array(identity), seal=np.array(seal))


def _version() -> str:
    # an import of the package itself would reach every floor
    return str(sys.modules["rmt"].__version__)
