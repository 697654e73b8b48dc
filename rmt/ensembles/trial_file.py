"""A file that keeps finished trials, so that interrupted work resumes."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: seconds between two writings; a kill loses at most the trials finished since the last one
_SAVE_EVERY = 2.0


@contextmanager
def keeping_trials(
    out: str | os.PathLike[str], identity: Mapping[str, Any], finished: dict[int, NDArray[Any]]
) -> Iterator[Callable[[], None]]:
    """Load `finished` from the file, give a function that saves it now and then, save it at the end.

    The file is replaced in one step, so that it is whole at every moment. It is a NumPy archive with the arrays
    `trials` (indices), `values` (one row a trial) and `identity` (JSON text of what the trials are).

    Parameters
    ----------
    out : path
        The ``.npz`` file; it need not exist, its directory must.
    identity : mapping
        What the trials are, in JSON types.
    finished : dict of int to ndarray
        Filled from the file, then saved to it.

    Raises
    ------
    ValueError
        If the file is not one of this function, or holds trials of another identity.
    OSError
        If the directory does not exist or cannot be written to.
    """
    path = Path(out)
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


def _load(path: Path, identity: str) -> dict[int, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            found, trials, values = str(archive["identity"]), archive["trials"], archive["values"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"out={str(path)!r} is not a file of trials ({error}); give another name") from error
    if found != identity:
        raise ValueError(
            f"out={str(path)!r} holds other trials: {_difference(found, identity)}. Give another name, or repeat the "
            "arguments that made it"
        )
    return {int(trial): row for trial, row in zip(trials, values, strict=True)}


def _difference(found: str, wanted: str) -> str:
    there, here = json.loads(found), json.loads(wanted)
    return ", ".join(
        f"its {key} is {there.get(key)!r}, not {here.get(key)!r}"
        for key in {**here, **there}
        if there.get(key) != here.get(key)
    )


def _replace(path: Path, identity: str, finished: Mapping[int, NDArray[Any]]) -> None:
    trials = sorted(finished)
    values = np.stack([finished[trial] for trial in trials]) if trials else np.empty((0, 0))
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            np.savez(stream, trials=np.array(trials, dtype=np.int64), values=values, identity=np.array(identity))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _version() -> str:
    # an import of the package itself would reach every floor
    return str(sys.modules["rmt"].__version__)
