"""Counter-based random numbers in SIMD lanes: element i of a stream is a pure function of (key, stream, i).

The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011), checked against its published vectors; a
counter gives two 64-bit words. The transformations take a fixed number of words and no rejection, so that any
stretch of the stream can be computed by any thread: the same bits for every number of threads and every chunking. No
multiplication and addition is fused, so that machines agree too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rmt.errors import check_choice, check_count, check_real
from rmt.numerics.compilation.jit import inner_kernel, kernel
from rmt.numerics.functions.elementary import exp, expm1, log, sin_cos_turns

Array = NDArray[Any]

#: counters in one tile: the unit of work, long enough for every vector register
TILE = 64

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


@inner_kernel
def _round(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """One round on four 32-bit words."""
    p0 = _M0 * c0
    p1 = _M1 * c2
    return (p1 >> _32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _32) ^ c3 ^ k1, p0 & _LOW


@kernel
def philox(start: Any, stream: Any, key: Any, first: Array, second: Array) -> None:
    """Two 64-bit words of Philox4x32-10 for each of TILE counters from `start` on, of a 64-bit stream and key."""
    k0, k1 = key & _LOW, key >> _32
    for j in range(TILE):
        counter = start + np.uint64(j)
        c0, c1, c2, c3 = counter & _LOW, counter >> _32, stream & _LOW, stream >> _32
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(0) * _W0) & _LOW, (k1 + np.uint64(0) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(1) * _W0) & _LOW, (k1 + np.uint64(1) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(2) * _W0) & _LOW, (k1 + np.uint64(2) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(3) * _W0) & _LOW, (k1 + np.uint64(3) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(4) * _W0) & _LOW, (k1 + np.uint64(4) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(5) * _W0) & _LOW, (k1 + np.uint64(5) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(6) * _W0) & _LOW, (k1 + np.uint64(6) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(7) * _W0) & _LOW, (k1 + np.uint64(7) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(8) * _W0) & _LOW, (k1 + np.uint64(8) * _W1) & _LOW)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + np.uint64(9) * _W0) & _LOW, (k1 + np.uint64(9) * _W1) & _LOW)
        first[j] = c0 | (c1 << _32)
        second[j] = c2 | (c3 << _32)


@kernel
def _open_unit(word: Any) -> Any:
    """Number in (0, 1), symmetric about 1/2: 52 bits and a half."""
    return (np.float64(np.int64(word >> np.uint64(12))) + 0.5) * 2.0**-52


@kernel
def _half_open_unit(word: Any) -> Any:
    """Number in (0, 1] with 53 bits, for logarithms."""
    return (np.float64(np.int64(word >> np.uint64(11))) + 1.0) * 2.0**-53


@kernel
def _turns(word: Any) -> Any:
    """Number in [0, 1) with 53 bits."""
    return np.float64(np.int64(word >> np.uint64(11))) * 2.0**-53


@kernel
def _place(values: Array, tile: int, scale: float, out: Array) -> None:
    """Copy the values of a tile to their place, as far as it lies inside; here a float32 array rounds them."""
    part = out[tile * values.size : (tile + 1) * values.size]
    for i in range(part.size):
        part[i] = scale * values[i]


@kernel
def fill_uniform(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles `first` to `last` with numbers uniform on (0, scale); two for each counter."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            values[j] = _open_unit(words[0, j])
            values[TILE + j] = _open_unit(words[1, j])
        _place(values, tile, scale, out)


@kernel
def fill_symmetric_uniform(
    out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float
) -> None:
    """Fill tiles with numbers uniform on (-scale, scale); two for each counter."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            values[j] = 2.0 * _open_unit(words[0, j]) - 1.0
            values[TILE + j] = 2.0 * _open_unit(words[1, j]) - 1.0
        _place(values, tile, scale, out)


@kernel
def fill_normal(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with normal numbers: two for each counter (Box and Muller), up to 8.57 standard deviations."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            radius = math.sqrt(-2.0 * log(_half_open_unit(words[0, j])))
            sine, cosine = sin_cos_turns(_turns(words[1, j]))
            values[j] = radius * cosine
            values[TILE + j] = radius * sine
        _place(values, tile, scale, out)


@kernel
def fill_laplace(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with Laplace numbers, two for each counter: exponentials with the lowest bit as sign."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            x = log(_half_open_unit(words[0, j]))
            values[j] = x if (words[0, j] & np.uint64(1)) != np.uint64(0) else -x
            x = log(_half_open_unit(words[1, j]))
            values[TILE + j] = x if (words[1, j] & np.uint64(1)) != np.uint64(0) else -x
        _place(values, tile, scale, out)


@kernel
def fill_exponential(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with exponential numbers, two for each counter."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            values[j] = -log(_half_open_unit(words[0, j]))
            values[TILE + j] = -log(_half_open_unit(words[1, j]))
        _place(values, tile, scale, out)


@kernel
def fill_signs(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with signs, 128 for each counter: one for each bit."""
    words = np.empty((2, TILE), np.uint64)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for row in range(2 * 64):
            start = (tile * 128 + row) * TILE
            part = out[start : start + TILE]
            shift = np.uint64(row & 63)
            which = row >> 6
            for j in range(part.size):
                part[j] = scale if ((words[which, j] >> shift) & np.uint64(1)) != np.uint64(0) else -scale


@kernel
def fill_student(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with Student numbers of `parameter` degrees of freedom, one for each counter.

    The polar method (Bailey 1994) without its rejection.
    """
    words, values = np.empty((2, TILE), np.uint64), np.empty(TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            square = parameter * expm1(-2.0 / parameter * log(_half_open_unit(words[0, j])))
            _, cosine = sin_cos_turns(_turns(words[1, j]))
            values[j] = math.sqrt(square) * cosine
        _place(values, tile, scale, out)


@kernel
def fill_cauchy(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with Cauchy numbers, two for each counter."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            sine, cosine = sin_cos_turns(0.5 * _open_unit(words[0, j]))
            values[j] = -cosine / sine
            sine, cosine = sin_cos_turns(0.5 * _open_unit(words[1, j]))
            values[TILE + j] = -cosine / sine
        _place(values, tile, scale, out)


@kernel
def fill_cauchy_root(out: Array, stream: Any, key: Any, first: int, last: int, scale: float, parameter: float) -> None:
    """Fill tiles with roots of Cauchy numbers, of order `parameter` and with their signs, two for each counter."""
    words, values = np.empty((2, TILE), np.uint64), np.empty(2 * TILE)
    for tile in range(first, last):
        philox(np.uint64(tile) * np.uint64(TILE), stream, key, words[0], words[1])
        for j in range(TILE):
            sine, cosine = sin_cos_turns(0.5 * _open_unit(words[0, j]))
            root = exp(log(abs(cosine) / sine) / parameter)
            values[j] = root if cosine < 0.0 else -root
            sine, cosine = sin_cos_turns(0.5 * _open_unit(words[1, j]))
            root = exp(log(abs(cosine) / sine) / parameter)
            values[TILE + j] = root if cosine < 0.0 else -root
        _place(values, tile, scale, out)


#: kernel, and numbers made from one counter
_KINDS: dict[str, tuple[Callable[..., None], int]] = {
    "normal": (fill_normal, 2),
    "uniform": (fill_uniform, 2),
    "symmetric uniform": (fill_symmetric_uniform, 2),
    "exponential": (fill_exponential, 2),
    "laplace": (fill_laplace, 2),
    "rademacher": (fill_signs, 128),
    "student": (fill_student, 1),
    "cauchy": (fill_cauchy, 2),
    "cauchy root": (fill_cauchy_root, 2),
}
_NEEDS_PARAMETER = ("student", "cauchy root")


def fill(
    kind: str,
    shape: int | Sequence[int],
    rng: np.random.Generator,
    *,
    parameter: float | None = None,
    scale: float = 1.0,
    dtype: DTypeLike = np.float64,
    threads: int = 1,
) -> Array:
    """Draw an array of independent numbers.

    Parameters
    ----------
    kind : str
        "normal"; "uniform" on (0, 1) or "symmetric uniform" on (-1, 1); "exponential" of mean 1 or "laplace" with a
        random sign; "rademacher", random signs; "student"; "cauchy" or a "cauchy root".
    shape : int or sequence of int
    rng : numpy.random.Generator
        Gives the key and the stream: two of its 64-bit integers are consumed, whatever the shape.
    parameter : float, optional
        Degrees of freedom of a Student number, >= 1/8; p in sign(c) ``abs(c)^(1/p)`` of a Cauchy number c, >= 1.
    scale : float
        Factor.
    dtype : float64 or float32
        A float32 number is the rounded float64 one, with the same tails.
    threads : int
        Number of threads; the numbers do not depend on it.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If the kind or the dtype is another one, or the parameter is missing or out of range.

    Notes
    -----
    Measured against :class:`numpy.random.Generator` with PCG64, one thread: see ``benchmarks/README.md``.
    """
    function, per_counter = _KINDS[check_choice("kind", kind, _KINDS)]
    value = _check_parameter(kind, parameter)
    if np.dtype(dtype) not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {np.dtype(dtype)}")
    out = np.empty(shape, dtype=dtype)
    flat = out.reshape(-1)
    key, stream = rng.integers(0, 2**64 - 1, size=2, dtype=np.uint64, endpoint=True)
    tiles = -(-flat.size // (per_counter * TILE))

    def work(first: int, last: int) -> None:
        function(flat, stream, key, first, last, scale, value)

    workers = min(check_count("threads", threads), tiles)
    if workers <= 1:
        work(0, tiles)
        return out
    bounds = [tiles * i // workers for i in range(workers + 1)]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, bounds[:-1], bounds[1:]))
    return out


def _check_parameter(kind: str, parameter: float | None) -> float:
    if kind not in _NEEDS_PARAMETER:
        if parameter is not None:
            raise ValueError(f"kind {kind!r} takes no parameter, got {parameter!r}")
        return 1.0
    if parameter is None:
        raise ValueError(f"kind {kind!r} needs a parameter: see rmt.numerics.randomness.random_streams.fill")
    return float(check_real("parameter", parameter, at_least=0.125 if kind == "student" else 1.0))
