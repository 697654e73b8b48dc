"""Nonlinearities of programs: what they are called, where they are not smooth, and whether they are polynomials."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt.errors import check_items, check_real
from rmt.networks.activations.activation import Activation
from rmt.networks.activations.lookup import activation
from rmt.networks.activations.smooth_panels import smooth_panels

#: operations that keep polynomials polynomials, with the sign they are written with
ARITHMETIC = {"add": "+", "subtract": "−", "multiply": "·", "divide": "/", "power": "^", "negative": "−"}
#: functions of two arguments that are smooth except where the two are equal
COMPARING = {
    "maximum": "max",
    "minimum": "min",
    "fmax": "max",
    "fmin": "min",
    "greater": ">",
    "greater_equal": "≥",
    "less": "<",
    "less_equal": "≤",
    "equal": "=",
    "not_equal": "≠",
}
#: functions that jump where their first argument, as a multiple of the second or a period, is an integer plus this
STEPPED = {
    **dict.fromkeys(("floor", "ceil", "trunc", "remainder", "fmod", "floor_divide"), 0.0),
    **dict.fromkeys(("rint", "tan"), 0.5),
}
#: what the first argument is a multiple of where it is not 1
PERIODS = {"tan": math.pi}
#: functions that bend or jump where one of these arguments is 0
BENT_IN = {
    **dict.fromkeys(("heaviside", "signbit"), (0,)),
    **dict.fromkeys(("arctan2", "copysign", "logical_and", "logical_or", "logical_xor", "logical_not"), (0, 1)),
}
#: functions whose values are truths
TRUTHS = (
    *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
    *("logical_and", "logical_or", "logical_xor", "logical_not", "signbit", "isfinite", "isinf", "isnan"),
)
#: functions of one argument with a kink or jump at 0
BENT_AT_0 = ("absolute", "fabs", "sign", "cbrt")


@dataclass(frozen=True)
class Function:
    """A function of numbers, applied coordinate by coordinate.

    Attributes
    ----------
    name : str
        As it is printed; the name of the ufunc for arithmetic.
    call : callable
        Takes arrays of one length and numbers, gives an array of that length.
    kinks : tuple of float or None
        Points where it or its derivative jumps, for one vector argument; None if they have to be looked for.
    """

    name: str
    call: Callable[..., Any]
    kinks: tuple[float, ...] | None = ()

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is one of the operations of polynomials."""
        return self.name in ARITHMETIC

    @property
    def compares(self) -> bool:
        """Whether it bends where its two arguments are equal."""
        return self.name in COMPARING

    @property
    def is_opaque(self) -> bool:
        """Whether nothing is known of it, neither kinks nor turns."""
        return not isinstance(self.call, (np.ufunc, Indicator, Activation))

    @property
    def is_mask(self) -> bool:
        """Whether its values are 0 and 1, for no and yes."""
        return isinstance(self.call, Indicator)

    def __getstate__(self) -> dict[str, Any]:
        try:
            pickle.dumps(self.call)
        except Exception as error:
            raise TypeError(
                f"a program with the map {self.name} cannot be pickled ({error}): define its function with def at the "
                "top level of a module, or write it with arithmetic and NumPy's ufuncs"
            ) from error
        return self.__dict__

    def __deepcopy__(self, memo: Any) -> Function:
        return self  # it cannot change, and a lambda cannot be pickled

    def kinks_at(self, numbers: Sequence[float | None]) -> tuple[float, ...]:
        """Kinks in the one vector argument (None), the others being `numbers`; none known for several vectors.

        Raises
        ------
        ValueError
            If the function jumps at a place that was not given.
        """
        if self.kinks is not None:
            return self.kinks
        if sum(number is None for number in numbers) != 1:
            return ()

        def function(x: Any) -> Any:
            if not isinstance(x, np.ndarray):
                return self.call(*(x if number is None else number for number in numbers))
            line = x.reshape(-1)  # what a function of vectors is given
            value = np.asarray(self.call(*(line if number is None else number for number in numbers)))
            return np.broadcast_to(value, line.shape).reshape(x.shape)

        if _is_polynomial(function):
            return ()
        found = smooth_panels(function)
        if found.jumps:
            place, height = found.jumps[0]
            raise ValueError(
                f"the map {self.name} jumps by {height:.3g} near {place:.6g}: give the places, P.map(..., kinks=(x, …))"
            )
        return found.singular


def _is_polynomial(function: Callable[[Any], Any]) -> bool:
    from rmt.programs.exact_limits import Polynomial

    try:
        return isinstance(function(Polynomial.variable(0)), Polynomial)
    except Exception:  # of a function that is given no array
        return False


def as_function(spec: Any, kinks: Sequence[float] | None) -> Function:
    """The function that :meth:`Program.map` was given.

    Raises
    ------
    TypeError
        If it is no function.
    ValueError
        If it is the name of no activation, or a kink is not finite.
    """
    points = (
        None if kinks is None else tuple(sorted(float(check_real("kinks", k)) for k in check_items("kinks", kinks)))
    )
    if isinstance(spec, np.ufunc):
        return of_ufunc(spec, points)
    if isinstance(spec, (str, Activation)):
        phi = activation(spec)
        return Function(phi.name, phi, phi.kinks if points is None else points)
    if not callable(spec):
        raise TypeError(
            f"a map needs a function of arrays, a NumPy ufunc or the name of an activation, got {spec!r} of type "
            f"{type(spec).__name__}"
        )
    name = getattr(spec, "__name__", None) or type(spec).__name__
    return Function("f" if name == "<lambda>" else name, spec, points)


def of_ufunc(ufunc: np.ufunc, kinks: tuple[float, ...] | None = None) -> Function:
    """A NumPy or SciPy ufunc; they are smooth but for a few that are known."""
    name = {"true_divide": "divide", "abs": "absolute"}.get(ufunc.__name__, ufunc.__name__)
    if kinks is None:
        kinks = (0.0,) if name in BENT_AT_0 else ()
    if name in TRUTHS:
        return Function(name, Indicator(ufunc), kinks)
    return Function(name, ufunc, kinks)


@dataclass(frozen=True)
class Indicator:
    """A comparison as the numbers 0 and 1.

    Attributes
    ----------
    ufunc : ufunc
    """

    ufunc: np.ufunc

    def __call__(self, *arguments: Any) -> Any:
        """Zeros and ones."""
        return np.asarray(self.ufunc(*arguments), dtype=np.float64)
