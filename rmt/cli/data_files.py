"""Numbers of one's own on the command line: .npy, .csv and .txt files in, files out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.cli.parser import UsageError
from rmt.files import replacing

ENDINGS = (".npy", ".csv", ".txt")


def read_numbers(path: str, option: str) -> tuple[NDArray[Any], list[str] | None]:
    """Read an array, and the names of its columns where the first line of a .csv or .txt file holds some.

    A first column of names (dates) is left out.

    Raises
    ------
    UsageError
        If the file cannot be read, or a field is no number: the message says where.
    """
    source = Path(path)
    if source.suffix.lower() not in ENDINGS:
        raise UsageError(f"{option} {path}: numbers are read from files ending in {', '.join(ENDINGS)}")
    try:
        if source.suffix.lower() == ".npy":
            return np.load(source, allow_pickle=False), None
        text = source.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{option} {path}: no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {path}: {error}") from None
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = next((mark for mark in (",", ";", "\t") if lines and mark in lines[0]), None)
    rows = list(csv.reader(lines, delimiter=delimiter)) if delimiter else [line.split() for line in lines]
    names = None
    if rows and not any(map(_is_number, rows[0])):
        names, rows = [field.strip() for field in rows[0]], rows[1:]
    if not rows:
        raise UsageError(f"{option} {path}: the file holds no numbers")
    if len(rows[0]) > 1 and not _is_number(rows[0][0]) and rows[0][0].strip():
        rows, names = [row[1:] for row in rows], names[1:] if names else None
    width, values = len(rows[0]), []
    for i, row in enumerate(rows):
        if len(row) != width:
            raise UsageError(f"{option} {path}: row {i} has {len(row)} fields, the first one {width}")
        try:
            values.append([float(field) if field.strip() else float("nan") for field in row])
        except ValueError:
            column = next(k for k, field in enumerate(row) if field.strip() and not _is_number(field))
            raise UsageError(f"{option} {path}: row {i}, column {column} holds {row[column]!r}, no number") from None
    array = np.array(values)
    return (array[:, 0] if width == 1 else array), names


def write_numbers(path: Path, array: NDArray[Any], names: list[str] | None) -> None:
    """Write a matrix as .npy, or as text with every digit and the names of the columns."""
    with replacing(path) as stream:
        if path.suffix.lower() == ".npy":
            np.save(stream, array)
            return
        mark = "," if path.suffix.lower() == ".csv" else " "
        head = [mark.join(names)] if names else []
        text = "\n".join([*head, *(mark.join(repr(float(x)) for x in row) for row in array)]) + "\n"
        stream.write(text.encode())


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
