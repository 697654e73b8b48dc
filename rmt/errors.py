"""Errors and warnings of the package, and the checks that raise them.

Every message names the argument, shows the value it got, says what is accepted, and what to do.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
import sys
from collections.abc import Iterable, Mapping, Set
from fractions import Fraction
from typing import Any

try:
    import numpy as np
    from numpy.typing import NDArray
except ImportError:  # combinatorics works without it
    pass

__all__ = ["ConvergenceError", "CostWarning", "FreenessError", "MomentConditionWarning", "TrialError"]


def __dir__() -> list[str]:
    return list(__all__)


#: scales whose squares are in the range of floats, and variances whose sums are
LARGEST_SCALE, LARGEST_VARIANCE = 1e150, 1e250
#: characters of a value that a message shows
_LONGEST = 200


class ConvergenceError(ArithmeticError):
    """A computation could not be certified.

    Parameters
    ----------
    message : str
        What was computed, and the remedy.
    point : float or complex or None
        The argument at which it failed.
    residual : float or None
        Size of the last residual.

    Examples
    --------
    >>> from rmt.errors import ConvergenceError
    >>> error = ConvergenceError("the density was not found; take another point", point=0.5, residual=1e-3)
    >>> str(error), error.point, error.residual
    ('the density was not found; take another point (point 0.5, residual 0.001)', 0.5, 0.001)
    """

    def __init__(self, message: str, *, point: complex | None = None, residual: float | None = None) -> None:
        self.point = point
        self.residual = residual
        details = []
        if point is not None:
            details.append(f"point {point!r}")
        if residual is not None:
            details.append(f"residual {residual:.3g}")
        super().__init__(f"{message} ({', '.join(details)})" if details else message)


class CostWarning(UserWarning):
    """What was asked for takes long; the message says about how long, and what is quicker.

    Examples
    --------
    >>> import warnings, rmt
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", rmt.CostWarning)  # of somebody who waits
    ...     X, W = rmt.gue(), rmt.wishart()
    ...     support = (X @ W + W @ X).law().support
    """


class FreenessError(ValueError):
    """A free sum or product was asked for, and no theorem is known by which its terms are asymptotically free.

    Examples
    --------
    >>> import rmt
    >>> D = rmt.diagonal(rmt.Uniform())
    >>> try:
    ...     (D + rmt.diagonal(rmt.Rademacher())).law()
    ... except rmt.FreenessError as error:
    ...     print(str(error).split(":")[-1])
     rmt.haar_conjugate(...)
    """


class MomentConditionWarning(UserWarning):
    """A limit theorem does not cover these entries; the message names the moment that is missing.

    Examples
    --------
    >>> import warnings, rmt
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     law = rmt.wigner(entries="student(3)").law()
    >>> seen[0].category.__name__
    'MomentConditionWarning'
    """


class TrialError(RuntimeError):
    """A trial failed, and failed again when it was repeated.

    Attributes
    ----------
    trial : int
        Index of the trial.
    finished : dict of int to ndarray
        The results of the trials that did finish.
    message : str
        Which trial failed, and with what.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> error = rmt.TrialError("trial 7 failed twice", 7, {0: np.zeros(2)})
    >>> error.trial, sorted(error.finished)
    (7, [0])
    """

    def __init__(self, message: str, trial: int, finished: dict[int, NDArray[Any]]) -> None:
        super().__init__(message)
        self.trial = trial
        self.finished = finished


def check_count(name: str, value: Any, *, minimum: int = 1, maximum: int = sys.maxsize) -> int:
    """Return `value` as an ``int`` between `minimum` and `maximum`, by default the longest array there can be.

    Raises
    ------
    TypeError
        If `value` is not an integer (``True`` and ``False`` are not).
    ValueError
        If it is smaller than `minimum` or larger than `maximum`.
    """
    accepted = f"an integer >= {minimum} and <= {maximum}" if maximum < sys.maxsize else f"an integer >= {minimum}"
    if isinstance(value, bool) or type(value).__name__ == "bool":  # an index to older versions of NumPy, too
        raise TypeError(f"{name} must be {accepted}, got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {accepted}, got {value!r} of type {type(value).__name__}") from None
    if number < minimum:
        raise ValueError(f"{name} must be {accepted}, got {shown(number)}")
    if number > maximum:
        reason = "" if maximum < sys.maxsize else "; no array is that long"
        raise ValueError(f"{name} must be {accepted}, got {shown(number)}{reason}")
    return number


def check_flag(name: str, value: Any) -> bool:
    """Return ``True`` or ``False``; NumPy's become Python's.

    Raises
    ------
    TypeError
        If `value` is anything else: what looks true (a text, an array) may not be what is meant.
    """
    if isinstance(value, bool):
        return value
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise TypeError(f"{name} must be True or False, got {shown(value)} of type {type(value).__name__}")


def check_items(name: str, value: Any, of: str = "numbers") -> list[Any]:
    """Return the items of a sequence, a set excepted, as a list.

    Raises
    ------
    TypeError
        If `value` is no sequence (a number, None), text, a mapping, or a masked array, whose mask would be lost.
    """
    accepted = f"{name} must be a sequence of {of}, such as a list"
    if hasattr(value, "filled"):
        raise TypeError(f"{accepted}, got a masked array; drop what is masked, with {name}.compressed()")
    if isinstance(value, (str, bytes, Mapping, Set)) or getattr(value, "ndim", None) == 0:
        raise TypeError(f"{accepted}, got {shown(value)} of type {type(value).__name__}")
    try:
        return list(value)
    except TypeError:
        if hasattr(type(value), "__iter__"):
            raise
        raise TypeError(f"{accepted}, got {shown(value)} of type {type(value).__name__}") from None


def check_real(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Any:
    """Return `value`, a finite real number (``int``, ``float`` or ``Fraction``) inside the stated bounds.

    The number is returned as it came, so that exact parameters stay exact; NumPy scalars become Python ones.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is NaN, infinite or outside the bounds.
    """
    bounds = [
        text
        for text, active in (
            (f"> {above:g}", above > -math.inf),
            (f">= {at_least:g}", at_least > -math.inf),
            (f"< {below:g}", below < math.inf),
            (f"<= {at_most:g}", at_most < math.inf),
        )
        if active
    ]
    accepted = "a finite real number" + (" " + " and ".join(bounds) if bounds else "")
    if hasattr(value, "filled"):
        raise TypeError(f"{name} must be {accepted}, got a masked value; fill it first, with value.filled(...)")
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
        value = float(value) if hasattr(value, "ndim") else value  # a long double stays one
    if isinstance(value, (bool, str, bytes)) or hasattr(value, "ndim"):
        raise TypeError(f"{name} must be {accepted}, got {shown(value)} of type {type(value).__name__}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {accepted}, got {shown(value)} of type {type(value).__name__}") from None
    except OverflowError:
        raise ValueError(
            f"{name} must be {accepted}, got {shown(value)}, which is beyond the largest float, {sys.float_info.max!r}"
        ) from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    if not (above < number < below and at_least <= number <= at_most):
        raise ValueError(f"{name} must be {accepted}, got {value!r}")
    return value


def read_number(text: str) -> int | float | Fraction:
    """Read a number as a person writes it: an integer or a fraction like ``1/3`` stays exact.

    Raises
    ------
    ValueError
        If the text is something else.
    """
    try:
        if re.fullmatch(r"[+-]?\d+", text):
            return int(text)
        if re.fullmatch(r"[+-]?\d+/\d+", text):
            return Fraction(text)
        return float(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is not a number such as 2, 0.5 or 1/3") from None


def check_pair(name: str, value: Any) -> tuple[float, float]:
    """Return two finite numbers, the first smaller than the second, as floats.

    Raises
    ------
    TypeError
        If `value` is no pair of numbers.
    ValueError
        If they are not finite and increasing.
    """
    items = check_items(name, value, "two numbers")
    if len(items) != 2:
        raise ValueError(f"{name} must be a pair low < high of finite numbers, got {shown(value)}")
    low, high = (float(check_real(name, item)) for item in items)
    if not low < high:
        raise ValueError(f"{name} must be a pair low < high of finite numbers, got {shown(value)}")
    return low, high


def check_choice(name: str, value: Any, accepted: Iterable[str]) -> str:
    """Return `value` if it is one of the `accepted` names.

    Raises
    ------
    TypeError
        If `value` is not a string.
    ValueError
        If it is another name; the message gives the nearest ones, then all of them.
    """
    names = sorted(accepted)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(map(repr, names))}, got {value!r}")
    if value in names:
        return value
    near = difflib.get_close_matches(value, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise ValueError(f"unknown {name} {value!r}; {hint}accepted: {', '.join(map(repr, names))}")


def check_reals(name: str, value: Any) -> NDArray[np.float64]:
    """Return real numbers of any shape as an array of floats; NaN and infinities pass.

    Raises
    ------
    TypeError
        If `value` holds anything but real numbers: None, text, dates, truth values, complex numbers; or if it is a
        masked array, whose mask would be lost.
    ValueError
        If the rows of `value` have different lengths, or a finite number is beyond the largest float.
    """
    array = _array(name, value, "real numbers")
    if array.dtype.kind == "c":
        raise TypeError(
            f"{name} must be real numbers, got complex ones; take .real if the imaginary parts are rounding"
        )
    return _converted(name, array, np.float64, float)


def check_complexes(name: str, value: Any) -> NDArray[np.complex128]:
    """Return real or complex numbers of any shape as an array of complex ones; errors as in :func:`check_reals`."""
    return _converted(name, _array(name, value, "real or complex numbers"), np.complex128, complex)


def rounding_unit(value: Any) -> float:
    """Rounding unit of the numbers in `value`: that of float32 where they come as such, else that of float64."""
    kind = getattr(value, "dtype", None)
    if not isinstance(kind, np.dtype):  # lists, frames, tensors
        kind = np.asarray(value).dtype
    parts = 2 if kind.kind == "c" else 1
    single = kind.kind in "fc" and kind.itemsize // parts < 8
    return float(np.finfo(kind).eps) if single else float(np.finfo(np.float64).eps)


def check_numbers(name: str, value: Any) -> NDArray[Any]:
    """Return numbers as an array of floats, or of complex ones if any is; errors as in :func:`check_reals`."""
    array = _array(name, value, "real or complex numbers")
    objects = array.flat if array.dtype.kind == "O" else ()
    is_complex = array.dtype.kind == "c" or any(isinstance(x, complex) for x in objects)
    return check_complexes(name, array) if is_complex else check_reals(name, array)


def _array(name: str, value: Any, accepted: str) -> NDArray[Any]:

    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must be {accepted}, got a masked array; fill it first: value.filled(numpy.nan), or "
            "value.compressed() to drop what is masked"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be an array, got rows of different lengths: {shown(value)}") from None
    if array.dtype.kind not in "iufcO":
        raise TypeError(f"{name} must be {accepted}, got {shown(value)} of type {array.dtype}")
    return array


def _converted(name: str, array: NDArray[Any], dtype: Any, number: Any) -> NDArray[Any]:

    if array.dtype.kind == "O":
        return np.array([_converted_one(name, x, number) for x in array.ravel()], dtype=dtype).reshape(array.shape)
    if array.dtype.char not in "gG":
        return array.astype(dtype, copy=False)
    with np.errstate(over="ignore"):
        narrow = array.astype(dtype)
    if (np.isinf(narrow) & ~np.isinf(array)).any():
        raise ValueError(f"{name} holds a number beyond the largest float, {sys.float_info.max!r}")
    return narrow


def _converted_one(name: str, value: Any, number: Any) -> Any:
    kind = "real numbers" if number is float else "real or complex numbers"
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        return number(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {kind}, got {shown(value)} of type {type(value).__name__}") from None
    except OverflowError:
        raise ValueError(f"{name} holds {shown(value)}, beyond the largest float, {sys.float_info.max!r}") from None


def check_generator(rng: Any) -> np.random.Generator:
    """Return the generator that `rng` stands for, as :func:`numpy.random.default_rng` does.

    A generator is returned itself; a seed or a SeedSequence gives a new one, always the same.

    Raises
    ------
    TypeError
        If `rng` is none of what is accepted; ``True``, floats and text are not seeds.
    ValueError
        If a seed is negative.
    """
    accepted = "a numpy.random.Generator, BitGenerator, RandomState or SeedSequence, an integer >= 0, or None"
    if isinstance(rng, np.random.RandomState):
        return np.random.Generator(rng._bit_generator)
    if isinstance(rng, np.ndarray) and rng.ndim == 0:
        rng = rng.item()
    seeds = rng if isinstance(rng, (list, tuple)) else [rng]
    times = isinstance(rng, (np.ndarray, np.generic)) and rng.dtype.kind in "mM"  # NumPy reads their integers
    if times or any(isinstance(seed, (bool, np.bool_, float, complex, str, bytes)) for seed in seeds):
        raise TypeError(f"rng must be {accepted}, got {shown(rng)} of type {type(rng).__name__}")
    try:
        return np.random.default_rng(rng)
    except TypeError:
        raise TypeError(f"rng must be {accepted}, got {shown(rng)} of type {type(rng).__name__}") from None
    except ValueError:
        raise ValueError(f"rng must be {accepted}, got {shown(rng)}") from None


def shown(value: Any) -> str:
    """``repr(value)``, shortened where it is long: a message must stay readable."""
    if isinstance(value, int) and abs(value) >= 10**40:
        # Python refuses to print integers of more than 4300 digits
        digits = int(math.log10(abs(value)))
        return f"an integer of about {digits} digits"
    try:
        text = repr(value)
    except ValueError:  # such an integer inside
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
