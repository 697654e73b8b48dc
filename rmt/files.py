"""Files that are whole at every moment: written beside, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_OPEN_FILES = Path("/proc/self/fd")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Context whose value is a stream of bytes that becomes the file `path` when the block ends without an error.

    Until then, and for ever after an error (a full disk, an interrupt), what was at `path` stays as it was and nothing
    is left beside it, nor after a kill where the system has files without a name (Linux). A symbolic link keeps
    pointing at the file, which is replaced at its place; an existing file keeps its permissions. What is no ordinary
    file, such as a pipe or ``/dev/stdout``, is written to directly.

    Parameters
    ----------
    path : path
        The file; its folder must exist.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as stream:
            yield stream
        return
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with _new_file(beside) as stream:
            if mode is not None:
                os.chmod(stream.fileno(), stat.S_IMODE(mode))
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if not beside.exists():
                os.link(_OPEN_FILES / str(stream.fileno()), beside, src_dir_fd=stream.fileno())
        os.replace(beside, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError) and error.errno is None:  # NumPy's word for a full disk
            raise OSError(errno.EIO, f"the disk did not take all ({error})", str(path)) from error
        if isinstance(error, OSError) and error.filename in (None, str(beside)):
            error.filename = str(path)  # what the caller knows
        raise


def _new_file(path: Path) -> BinaryIO:
    """A new file for writing in the folder of `path`, without a name if that can be had, or else there."""
    if hasattr(os, "O_TMPFILE") and _OPEN_FILES.is_dir():
        with contextlib.suppress(OSError):  # of file systems that have no such files
            return os.fdopen(os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb")
    return path.open("xb")
