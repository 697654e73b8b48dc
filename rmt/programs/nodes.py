"""What a program is made of: matrices, vectors and scalars, each a step of one program."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from rmt._frozen import Frozen
from rmt.ensembles.entries import EntryLaw
from rmt.programs.nonlinearities import Function, of_ufunc

if TYPE_CHECKING:
    from rmt.programs.tensor_program import Program
    from rmt.programs.vector_laws import VectorLaw

#: length of a vector in units of n
Size = int | float | Fraction


class _Linear(Frozen):
    """What only multiplies vectors, from the left."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> NoReturn:
        self._refuse(*inputs)

    def _refuse(self, *others: object) -> NoReturn:
        raise TypeError(
            f"a matrix of a program only multiplies vectors, {self!r} @ x: write a * (W @ x) for (a W) @ x, W @ x + "
            "V @ x for (W + V) @ x, and maps of W @ x"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __pow__ = __neg__ = _refuse

    def __eq__(self, other: object) -> bool:
        return self is other or _refuse_comparison(self, other)

    __hash__ = Frozen.__hash__


class Matrix(_Linear):
    """A random matrix with independent entries of variance ``variance/columns``; made by :meth:`Program.matrix`.

    Attributes
    ----------
    rows, columns : int, float or Fraction
        Shape, in units of n.
    variance : float or Fraction
    entries : EntryLaw
    name : str or None
    """

    def __init__(
        self,
        program: Program,
        index: int,
        rows: Size,
        columns: Size,
        variance: Any,
        entries: EntryLaw,
        name: str | None,
    ) -> None:
        self.program, self.index, self.name = program, index, name
        self.rows, self.columns, self.variance, self.entries = rows, columns, variance, entries

    @property
    def T(self) -> Transposed:  # noqa: N802 (as NumPy has it)
        """The transpose of the same matrix."""
        return Transposed(self)

    def __matmul__(self, x: object) -> MatrixProduct:
        return self.program._product(self, False, x)

    def __repr__(self) -> str:
        return f"<matrix {self.program._name(self)}>"


class Transposed(_Linear):
    """The transpose of a matrix of a program."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    @property
    def T(self) -> Matrix:  # noqa: N802
        """The matrix itself."""
        return self.matrix

    def __matmul__(self, x: object) -> MatrixProduct:
        return self.matrix.program._product(self.matrix, True, x)

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Transposed) and self.matrix is other.matrix) or _refuse_comparison(self, other)

    def __hash__(self) -> int:
        return hash((Transposed, self.matrix))

    def __repr__(self) -> str:
        return f"{self.matrix!r}.T"


class ProgramNode(Frozen):
    """A vector or a scalar of a program. Arithmetic and NumPy's ufuncs on it are further steps of the program."""

    def __init__(self, program: Program, index: int, size: Size | None, name: str | None) -> None:
        self.program, self.index, self.size, self.name = program, index, size, name

    @property
    def parents(self) -> tuple[ProgramNode, ...]:
        """The nodes it is computed from."""
        return ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc.nout != 1:
            call = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise TypeError(_no_step(call, "without out=, where= and other options" if options else ""))
        if ufunc is np.square:
            return self.program._apply(of_ufunc(np.power), (inputs[0], 2))
        if ufunc is np.positive:
            return inputs[0]
        return self.program._apply(of_ufunc(ufunc), inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if function is np.mean and len(inputs) == 1 and inputs[0] is self and not options:
            return self.program.mean(self)
        raise TypeError(_no_step(function.__name__))

    def mean(self) -> Any:
        """The mean of the coordinates, a scalar: :meth:`Program.mean`."""
        return self.program.mean(self)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise AttributeError(
            f"{self!r} has no attribute {name!r}: it is a step of a program, no array. Its mean is P.mean(x), a matrix "
            "times it is W @ x, and P.map(f, x) is a function of it"
        )

    def __getitem__(self, index: object) -> NoReturn:
        raise TypeError(
            f"{self!r} has no coordinates to take or to go through: they are drawn by P.sample, and all steps treat "
            "them alike. For parts of a vector use several vectors, P.vector(size=1/2)"
        )

    def __len__(self) -> int:
        raise TypeError(f"{self!r} has no length before P.sample(n) says it; x.size is it in units of n")

    def __float__(self) -> float:
        raise TypeError(
            f"{self!r} is random and no number: P.sample(n, c) and P.limit(c) give numbers for a scalar c; functions "
            "of the module math are np.tanh(x), np.sqrt(x), … here"
        )

    __int__ = __index__ = __float__

    def __eq__(self, other: object) -> bool:
        return self is other or _refuse_comparison(self, other)

    __hash__ = Frozen.__hash__

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, (Matrix, Transposed)):
            raise TypeError(f"{self!r} @ {other!r}: matrices stand on the left, write W.T @ x for x @ W")
        raise TypeError(f"{self!r} @ {other!r}: for a product of two vectors write P.mean(x * y), which is 1/n of it")

    def __add__(self, other: Any) -> Any:
        return _applied(np.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return _applied(np.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return _applied(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _applied(np.subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return _applied(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _applied(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Any:
        return _applied(np.divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _applied(np.divide, other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _applied(np.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _applied(np.floor_divide, other, self)

    def __mod__(self, other: Any) -> Any:
        return _applied(np.remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        return _applied(np.remainder, other, self)

    def __and__(self, other: Any) -> Any:
        return _applied(np.logical_and, *_masks(self, other))

    def __or__(self, other: Any) -> Any:
        return _applied(np.logical_or, *_masks(self, other))

    def __xor__(self, other: Any) -> Any:
        return _applied(np.logical_xor, *_masks(self, other))

    def __invert__(self) -> Any:
        return _applied(np.logical_not, *_masks(self))

    def __pow__(self, other: Any) -> Any:
        return _applied(np.power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return _applied(np.power, other, self)

    def __neg__(self) -> Any:
        return _applied(np.negative, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return _applied(np.absolute, self)

    def __gt__(self, other: Any) -> Any:
        return _applied(np.greater, self, other)

    def __ge__(self, other: Any) -> Any:
        return _applied(np.greater_equal, self, other)

    def __lt__(self, other: Any) -> Any:
        return _applied(np.less, self, other)

    def __le__(self, other: Any) -> Any:
        return _applied(np.less_equal, self, other)

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} is random and has no truth value; x > 0 is a vector of zeros and ones, to multiply with"
        )

    def __repr__(self) -> str:
        kind = "scalar" if self.size is None else "vector"
        return f"<{kind} {self.program._name(self)}>"


def _applied(ufunc: Any, *arguments: Any) -> Any:
    return ufunc(*arguments)


def _masks(*arguments: Any) -> tuple[Any, ...]:
    """The arguments of &, |, ^ and ~, which are for truth values only, as they are for arrays of numbers."""
    for x in arguments:
        if not isinstance(x, Map) or not x.function.is_mask:
            raise TypeError(f"&, |, ^ and ~ are for comparisons such as (x > 0) & (y < 1), got {x!r}")
    return arguments


def _refuse_comparison(a: ProgramNode | _Linear, b: object) -> bool:
    """Refuse a == b for what a step may be compared with; it is unequal to all else."""
    numbers = (int, float, Fraction, np.ndarray, np.generic)
    if isinstance(b, (ProgramNode, _Linear, *numbers)):
        raise TypeError(
            f"{a!r} == {b!r}: whether two are the same step is `a is b` (sets and dicts go by it, too), and the vector "
            "of ones where coordinates are equal is np.equal(x, y)"
        )
    return False


def _no_step(name: str, how: str = "") -> str:
    without = f" but {how}" if how else ""
    return (
        f"np.{name} is no step of a program{without}: write it with P.mean, arithmetic, comparisons "
        "((x > 0) * y) and ufuncs such as np.maximum and np.minimum, or as a function of arrays in P.map"
    )


class Initial(ProgramNode):
    """A vector with independent coordinates of a given law, jointly with the others of its group.

    Attributes
    ----------
    law : VectorLaw
        Of one coordinate; standard normal for a member of a jointly Gaussian group.
    group : int
        Which random numbers it is made of.
    mixing : tuple of float
        Coefficients of the group's independent standard vectors that make it.
    covariance : tuple
        Covariances with the earlier members of the group and itself.
    """

    def __init__(
        self,
        program: Program,
        index: int,
        size: Size,
        name: str | None,
        law: VectorLaw,
        group: int,
        mixing: tuple[float, ...],
        covariance: tuple[Any, ...],
    ) -> None:
        super().__init__(program, index, size, name)
        self.law, self.group, self.mixing, self.covariance = law, group, mixing, covariance


class MatrixProduct(ProgramNode):
    """A matrix, or its transpose, times a vector.

    Attributes
    ----------
    matrix : Matrix
    transposed : bool
    argument : Node
    """

    def __init__(
        self,
        program: Program,
        index: int,
        name: str | None,
        matrix: Matrix,
        transposed: bool,
        argument: ProgramNode,
    ) -> None:
        super().__init__(program, index, matrix.columns if transposed else matrix.rows, name)
        self.matrix, self.transposed, self.argument = matrix, transposed, argument

    @property
    def parents(self) -> tuple[ProgramNode, ...]:
        """The vector that is multiplied."""
        return (self.argument,)

    @property
    def gain(self) -> Any:
        """Variance of a coordinate for an argument of mean square 1."""
        matrix = self.matrix
        if not self.transposed or matrix.rows == matrix.columns:
            return matrix.variance
        if isinstance(matrix.rows, float) or isinstance(matrix.columns, float):
            return matrix.variance * (matrix.rows / matrix.columns)
        return matrix.variance * Fraction(matrix.rows) / Fraction(matrix.columns)


class Map(ProgramNode):
    """A function of vectors and scalars, coordinate by coordinate.

    Attributes
    ----------
    function : Function
    arguments : tuple of Node or number
    """

    def __init__(
        self,
        program: Program,
        index: int,
        size: Size | None,
        name: str | None,
        function: Function,
        arguments: tuple[Any, ...],
    ) -> None:
        super().__init__(program, index, size, name)
        self.function, self.arguments = function, arguments

    @property
    def parents(self) -> tuple[ProgramNode, ...]:
        """The arguments that are nodes."""
        return tuple(a for a in self.arguments if isinstance(a, ProgramNode))


class Mean(ProgramNode):
    """The mean of the coordinates of a vector."""

    def __init__(self, program: Program, index: int, name: str | None, argument: ProgramNode) -> None:
        super().__init__(program, index, None, name)
        self.argument = argument

    @property
    def parents(self) -> tuple[ProgramNode, ...]:
        """The vector."""
        return (self.argument,)


class RootSum(Mean):
    """The sum of the coordinates over the square root of their number: √n times the mean."""
