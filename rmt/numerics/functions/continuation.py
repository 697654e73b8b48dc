"""A user's function of a complex number, continued analytically along paths: its roots and logarithms have no cuts.

The function is called with an object in the place of the array. Every root, logarithm, inverse function and power of
no whole exponent inside it is a call site, computed from a logarithm that is shifted by the multiple of 2πi nearest
to the logarithm at the last point that was accepted. A function that does not take such an object (one written for
single numbers, or with ``abs``, ``.real``, comparisons) is evaluated as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Function = Callable[[Any], Any]

_TURN = 2.0 * math.pi
#: Dekker's constant for 53 bits
_SPLIT = 134217729.0


class Continuation:
    """A function along the paths of many points at once.

    Parameters
    ----------
    function : callable
        Of a complex array.
    tracked : bool, optional
        Whether to follow the branches; by default, if the function allows it.

    Attributes
    ----------
    tracked : bool
    """

    def __init__(self, function: Function, *, tracked: bool | None = None) -> None:
        self._function = function
        self._accepted: list[Complex] = []
        self._proposed: list[Complex] = []
        self.tracked = _takes_objects(function) if tracked is None else tracked

    def values(self, p: Complex, tail: Complex | float = 0.0) -> Complex:
        """Values at ``p + tail``, where ``tail`` holds the digits that ``p`` has no room for.

        Parameters
        ----------
        p : ndarray of shape (copies * points,)
            Copies of the accepted points, one block after the other, each moved by little.
        tail : ndarray of the same shape, or 0

        Returns
        -------
        ndarray
        """
        with np.errstate(all="ignore"):
            if not self.tracked:
                return np.asarray(evaluated(self._function, p + tail))
            self._proposed = []
            out = self._function(_Tracked(p, tail if isinstance(tail, np.ndarray) else None, self))
            value = _collapsed(out) if isinstance(out, _Tracked) else np.asarray(out, dtype=np.complex128)
        return np.array(np.broadcast_to(value, p.shape))

    def accept(self, size: int) -> None:
        """Take the first block of `size` points of the last call as the new points of the paths."""
        self._accepted = [log[:size] for log in self._proposed]

    def at(self, index: Any) -> Continuation:
        """The paths of some of the points, on their own."""
        other = Continuation(self._function, tracked=self.tracked)
        other._accepted = [log[index] for log in self._accepted]
        return other

    def put(self, index: Any, other: Continuation) -> None:
        """Write back the paths of some of the points."""
        if not self._accepted:
            self._accepted = other._accepted
            return
        for log, moved in zip(self._accepted, other._accepted, strict=True):
            log[index] = moved

    def _log(self, w: Complex, p_shape: tuple[int, ...]) -> Complex:
        """The logarithm at the next call site, on the branch of the accepted points."""
        w = np.broadcast_to(w, p_shape)
        log = np.log(w)
        site = len(self._proposed)
        if site < len(self._accepted):
            before = self._accepted[site]
            near = np.tile(before, log.size // before.size)
            log = log + 1j * _TURN * np.round((near.imag - log.imag) / _TURN)
        self._proposed.append(log)
        return log


def evaluated(function: Function, x: Any) -> Any:
    """Values of a user's function at an array, as complex numbers; point by point if it does not take arrays."""
    alone = x.shape == (1,)  # some versions of NumPy make a number of an array that holds a single one: ask for two
    with np.errstate(all="ignore"):
        try:
            out = np.asarray(function(np.repeat(x, 2) if alone else x))
        except (TypeError, ValueError):
            out = None
        if alone and out is not None and out.shape == (2,):
            out = out[:1]
        if out is None or out.shape != x.shape:
            if out is not None and out.shape == ():  # a constant
                out = np.full(x.shape, out)
            else:
                out = np.array([function(v) for v in x.tolist()]).reshape(x.shape)
        if out.dtype.kind not in "biufc":
            raise TypeError(f"a transform or density must return numbers, got {out.flat[0]!r}")
    return out.astype(np.complex128)


def _takes_objects(function: Function) -> bool:
    """Whether a function runs on the object, and agrees there with its values at numbers."""
    p = np.array([-0.011 - 0.013j, 0.012 - 0.007j])
    try:
        out = Continuation(function, tracked=True).values(p)
    except Exception:  # whatever a user's function raises, it can still be asked for numbers
        return False
    with np.errstate(all="ignore"):
        return bool(np.allclose(out, evaluated(function, p), rtol=1e-6, atol=0.0, equal_nan=True))


class _Tracked(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of complex numbers on its way through a user's function, each a double and perhaps a tail."""

    __array_priority__ = 100.0

    def __init__(self, value: Complex, tail: Complex | None, path: Continuation) -> None:
        self.value, self.tail, self.path = value, tail, path

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or any(v is not None for v in options.values()):
            return NotImplemented
        rule = _RULES.get(ufunc.__name__)
        if rule is None:
            raise TypeError(f"{ufunc.__name__} is no analytic function")
        return rule(self, *inputs)

    def plain(self, value: Any) -> _Tracked:
        """A new object without tail."""
        return _Tracked(np.asarray(value, dtype=np.complex128), None, self.path)

    def log_of(self, w: Any) -> Complex:
        """Logarithm at a call site."""
        return self.path._log(np.asarray(w, dtype=np.complex128), self.value.shape)


def _collapsed(x: Any) -> Any:
    """A plain array of the same numbers."""
    if not isinstance(x, _Tracked):
        return x
    return x.value if x.tail is None else x.value + x.tail


def _pair(x: Any) -> tuple[Any, Any]:
    """Head and tail of an operand."""
    if isinstance(x, _Tracked):
        return x.value, 0.0 if x.tail is None else x.tail
    return np.asarray(x, dtype=np.complex128), 0.0


def _have_no_tail(*operands: Any) -> bool:
    return all(getattr(x, "tail", None) is None for x in operands)


# ---------------------------------------------------------------------- rules
def _add(self: _Tracked, a: Any, b: Any) -> _Tracked:
    """Sum with the rounding error in the tail, so that ``1 + m`` keeps its digits next to ``m = -1``."""
    if _have_no_tail(a, b):
        return self.plain(_collapsed(a) + _collapsed(b))
    (x, x_tail), (y, y_tail) = _pair(a), _pair(b)
    total = x + y
    seen = total - x
    tail = (x - (total - seen)) + (y - seen) + (x_tail + y_tail)
    tail = np.where(np.isfinite(tail), tail, 0.0)
    head = total + tail
    return _Tracked(head, tail - (head - total), self.path)


def _negative(self: _Tracked, a: _Tracked) -> _Tracked:
    return _Tracked(-a.value, None if a.tail is None else -a.tail, self.path)


def _subtract(self: _Tracked, a: Any, b: Any) -> _Tracked:
    return _add(self, a, _negative(self, b) if isinstance(b, _Tracked) else -np.asarray(b))


def _multiply(self: _Tracked, a: Any, b: Any) -> _Tracked:
    """Product; with a real number the rounding error goes to the tail."""
    factor, other = (b, a) if isinstance(a, _Tracked) else (a, b)
    exact = not (isinstance(factor, _Tracked) or np.iscomplexobj(factor)) and np.all(np.abs(factor) < 1e100)
    if other.tail is None or not exact:
        return self.plain(_collapsed(a) * _collapsed(b))
    c = np.asarray(factor, dtype=np.float64)
    value = c * other.value
    real, imag = _product_error(c, other.value.real), _product_error(c, other.value.imag)
    return _Tracked(value, (real + 1j * imag) + c * other.tail, self.path)


def _product_error(x: Any, y: Any) -> Any:
    """``x y`` minus its rounded value (Dekker 1971)."""
    product = x * y
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(y)
    error = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    return np.where(np.isfinite(error), error, 0.0)


def _halves(x: Any) -> tuple[Any, Any]:
    scaled = _SPLIT * x
    high = scaled - (scaled - x)
    return high, x - high


def _power(self: _Tracked, a: Any, b: Any) -> _Tracked:
    exponent = _collapsed(b)
    if isinstance(b, _Tracked):
        return self.plain(np.exp(exponent * self.log_of(_collapsed(a))))
    if np.ndim(exponent) == 0 and np.isreal(exponent) and float(np.real(exponent)).is_integer():
        whole = int(np.real(exponent))
        base = _collapsed(a)
        return self.plain(base**whole if whole >= 0 else 1.0 / base**-whole)
    return self.plain(np.exp(exponent * self.log_of(_collapsed(a))))


def _through(function: Callable[..., Any]) -> Callable[..., _Tracked]:
    """Rule of a function without branches."""
    return lambda self, *inputs: self.plain(function(*map(_collapsed, inputs)))


def _branched(formula: Callable[[Any, Callable[[Any], Any]], Any]) -> Callable[..., _Tracked]:
    """Rule of a function of one argument and the logarithm that continues along the path."""
    return lambda self, a: self.plain(formula(_collapsed(a), self.log_of))


def _root(w: Any, log: Callable[[Any], Any]) -> Any:
    return np.exp(0.5 * log(w))


def _log1p(self: _Tracked, a: Any) -> _Tracked:
    return self.plain(self.log_of(_collapsed(_add(self, 1.0, a))))


_RULES: dict[str, Callable[..., Any]] = {
    "add": _add,
    "subtract": _subtract,
    "negative": _negative,
    "positive": lambda self, a: a,
    "multiply": _multiply,
    "divide": _through(np.divide),
    "true_divide": _through(np.divide),
    "reciprocal": _through(np.reciprocal),
    "square": _through(np.square),
    "power": _power,
    "float_power": _power,
    **{f.__name__: _through(f) for f in (np.exp, np.exp2, np.expm1, np.sin, np.cos, np.tan)},
    **{f.__name__: _through(f) for f in (np.sinh, np.cosh, np.tanh)},
    "log1p": _log1p,
    "sqrt": _branched(_root),
    "log": _branched(lambda w, log: log(w)),
    "log2": _branched(lambda w, log: log(w) / math.log(2.0)),
    "log10": _branched(lambda w, log: log(w) / math.log(10.0)),
    "arctan": _branched(lambda w, log: (log(1.0 + 1j * w) - log(1.0 - 1j * w)) / 2j),
    "arctanh": _branched(lambda w, log: 0.5 * (log(1.0 + w) - log(1.0 - w))),
    "arcsinh": _branched(lambda w, log: log(w + _root(1.0 + w * w, log))),
    "arccosh": _branched(lambda w, log: log(w + _root(w - 1.0, log) * _root(w + 1.0, log))),
    "arcsin": _branched(lambda w, log: -1j * log(1j * w + _root(1.0 - w * w, log))),
    "arccos": _branched(lambda w, log: 0.5 * math.pi + 1j * log(1j * w + _root(1.0 - w * w, log))),
}
