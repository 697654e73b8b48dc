"""Runs of a program at finite width."""

from __future__ import annotations

import math
import os
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from rmt.ensembles.ensemble import Ensemble
from rmt.ensembles.entries import EntryLaw
from rmt.ensembles.repeats import run_trials
from rmt.numerics.memory import check_memory
from rmt.programs.nodes import Initial, Map, Matrix, MatrixProduct, Mean, ProgramNode, RootSum, Size

if TYPE_CHECKING:
    from rmt.programs.tensor_program import Program

Real = NDArray[np.float64]


def needed(outputs: tuple[ProgramNode, ...]) -> list[ProgramNode]:
    """The nodes that some outputs depend on, in the order of the program."""
    found: set[ProgramNode] = set()
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += node.parents
    return sorted(found, key=lambda node: node.index)


@dataclass(frozen=True, eq=False)
class ProgramRun:
    """Some outputs of a program with given laws of the entries, for :func:`rmt.ensembles.repeats.run_trials`.

    Attributes
    ----------
    program : Program
    outputs : tuple of Node
    entries : tuple of EntryLaw
        One for each matrix.
    angle : float or None
        For a run of :meth:`interpolated`: how far each matrix is turned from Gaussian entries to `entries`.
    """

    program: Program
    outputs: tuple[ProgramNode, ...]
    entries: tuple[EntryLaw, ...]
    angles: tuple[float, ...] = ()

    def __repr__(self) -> str:
        wanted = ", ".join(str(node.index) for node in self.outputs)
        laws = ", ".join(map(repr, self.entries))
        turned = f", angles={self.angles}" if self.angles else ""
        return f"ProgramRun({str(self.program)!r}, outputs=[{wanted}], entries=[{laws}]{turned})"

    def repeated(
        self,
        n: int,
        rng: Any,
        trials: int,
        executor: Executor | None,
        out: str | os.PathLike[str] | None,
        progress: bool,
        scalar: bool,
    ) -> Any:
        """One row of outputs a trial; without the axes that have one element only, as :meth:`Program.sample` says."""
        self.check(n)
        rows = run_trials(cast("Ensemble", self), "run", n, rng, trials, executor=executor, out=out, progress=progress)
        table = np.stack(rows)
        if scalar:
            return float(table[0, 0]) if trials == 1 else table[:, 0]
        return table[0] if trials == 1 else table

    def check(self, n: int) -> None:
        """Refuse a width that is too small for the sizes, or too large for memory."""
        used = {node.matrix for node in needed(self.outputs) if isinstance(node, MatrixProduct)}
        shapes = [(length(m.rows, n), length(m.columns, n)) for m in used]
        matrices = 8.0 * sum(math.prod(shape) for shape in shapes) * (2 if self.angles else 1)
        vectors = 8.0 * sum(length(node.size, n) for node in needed(self.outputs) if node.size is not None)
        check_memory(
            f"n = {n}",
            matrices + vectors,
            "all matrices and vectors of the program",
            lambda: "take a smaller n, or the limit: P.limit()",
        )

    def run(self, n: int, rng: np.random.Generator) -> Real:
        """The outputs of one run; for several angles one row after the other."""
        drawn = _Drawn(self, n, rng)
        if not self.angles:
            return self._evaluate(n, drawn, None)
        return np.concatenate([self._evaluate(n, drawn, angle) for angle in self.angles])

    def _evaluate(self, n: int, drawn: _Drawn, angle: float | None) -> Real:
        nodes = needed(self.outputs)
        last = {node.matrix: node.index for node in nodes if isinstance(node, MatrixProduct)}
        matrices: dict[Matrix, Real] = {}
        values: dict[ProgramNode, Any] = {}
        for node in nodes:
            if isinstance(node, Initial):
                values[node] = drawn.vector(node)
            elif isinstance(node, MatrixProduct):
                matrix = node.matrix
                if matrix not in matrices:
                    matrices[matrix] = drawn.matrix(matrix) if angle is None else drawn.turned(matrix, angle)
                entries = matrices[matrix]
                values[node] = (entries.T if node.transposed else entries) @ values[node.argument]
                if last[matrix] == node.index:
                    del matrices[matrix]  # one matrix at a time is in memory where that suffices
            elif isinstance(node, Mean):
                mean = float(np.mean(values[node.argument]))
                size = values[node.argument].size
                values[node] = mean * math.sqrt(size) if isinstance(node, RootSum) else mean
            else:
                assert isinstance(node, Map)
                arguments = [values[a] if isinstance(a, ProgramNode) else float(a) for a in node.arguments]
                count = None if node.size is None else length(node.size, n)
                values[node] = evaluated(self.program, node, arguments, count)
        return np.array([values[node] for node in self.outputs], dtype=np.float64)


class _Drawn:
    """The random numbers of one run, each from its own stream."""

    def __init__(self, run: ProgramRun, n: int, rng: np.random.Generator) -> None:
        self._run, self._n = run, n
        #: the children of rng.spawn(), made when they are needed
        self._kind = type(rng.bit_generator)
        self._seeds = rng.bit_generator.seed_seq.spawn(2 * len(run.program.matrices) + run.program._groups)  # type: ignore[attr-defined]
        self._groups: dict[int, Real] = {}
        self._pairs: dict[Matrix, tuple[Real, Real]] = {}

    def _stream(self, index: int) -> np.random.Generator:
        return np.random.Generator(self._kind(self._seeds[index]))

    def vector(self, node: Initial) -> Real:
        """An initial vector."""
        size = length(node.size, self._n)
        if node.group not in self._groups:
            rng = self._stream(2 * len(self._run.program.matrices) + node.group)
            single = len(node.mixing) == 1
            self._groups[node.group] = (
                node.law.draw(rng, size)[None, :] if single else rng.standard_normal((len(node.mixing), size))
            )
        return np.asarray(np.array(node.mixing) @ self._groups[node.group])

    def matrix(self, matrix: Matrix) -> Real:
        """A matrix with the entries of the run."""
        shape = (length(matrix.rows, self._n), length(matrix.columns, self._n))
        scale = math.sqrt(float(matrix.variance) / shape[1])
        law = self._run.entries[matrix.index]
        return np.asarray(law.draw(self._stream(2 * matrix.index), shape, scale=scale))

    def turned(self, matrix: Matrix, angle: float) -> Real:
        """Gaussian entries times the cosine of an angle, plus those of the run times its sine."""
        if matrix not in self._pairs:
            other = self.matrix(matrix)
            scale = math.sqrt(float(matrix.variance) / other.shape[1])
            normal = self._stream(2 * matrix.index + 1).standard_normal(other.shape) * scale
            self._pairs[matrix] = (normal, other)
        normal, other = self._pairs[matrix]
        return np.asarray(math.cos(angle) * normal + math.sin(angle) * other)


def length(size: Size | None, n: int) -> int:
    """Number of coordinates of a vector of that size.

    Raises
    ------
    ValueError
        If there are none.
    """
    assert size is not None
    count = round(size * n)
    if count < 1:
        raise ValueError(f"n = {n} is too small: a vector of length {size}n would have no coordinates")
    return count


def evaluated(program: Program, node: Map, arguments: list[Any], size: int | None, finite: bool = True) -> Any:
    """The values of a map, checked.

    Raises
    ------
    ValueError
        If the function fails or writes into its arguments, or its values have another shape or, unless `finite` is
        False, are not finite.
    """
    function = node.function
    with np.errstate(all="ignore"):
        if isinstance(function.call, np.ufunc):
            raw = np.asarray(function.call(*arguments))
        else:
            try:
                raw = np.asarray(function.call(*map(_read_only, arguments)))
            except Exception as error:
                raise ValueError(
                    f"the map {function.name} of {program._name(node)} fails with {type(error).__name__}: {error}; it "
                    "must take arrays (scalars of the program as numbers), leave them as they are, and give an array"
                ) from error
    if raw.dtype.kind == "b":
        raw = raw.astype(np.float64)
    expected = () if size is None else (size,)
    if raw.dtype.kind not in "iuf" or raw.shape not in (expected, ()):
        raise ValueError(
            f"the map {function.name} of {program._name(node)} must give real numbers of shape {expected}, got "
            f"shape {raw.shape} of type {raw.dtype}"
        )
    if finite and not np.isfinite(raw).all():
        refuse_infinite(program, node, raw)
    if size is None:
        return float(raw)
    return raw.astype(np.float64, copy=False) if raw.shape else np.full(size, float(raw))


def refuse_infinite(program: Program, node: ProgramNode, values: Real) -> NoReturn:
    """Say which map gives what is not finite."""
    first = values[~np.isfinite(values)].flat[0] if values.shape else values
    name = node.function.name if isinstance(node, Map) else "W @ x"
    raise ValueError(
        f"the map {name} of {program._name(node)} gives {float(first)}: it is not defined, or too large, at the values "
        "that the program meets"
    )


def _read_only(argument: Any) -> Any:
    """A number, or an array that a function cannot change for the other steps that use it."""
    if isinstance(argument, np.ndarray):
        argument = argument.view()
        argument.flags.writeable = False
    return argument


def check_coordinatewise(program: Program, node: Map, arguments: list[Any]) -> None:
    """Refuse a function of vectors whose value at a coordinate depends on the others; vectors are None.

    Raises
    ------
    ValueError
        If it has another value on some of the points than on all of them.
    """
    if isinstance(node.function.call, np.ufunc):
        return
    points = np.array([-1.37, -0.61, -0.23, 0.17, 0.48, 0.94, 1.52, 2.11])
    some = np.array([6, 1, 4, 0, 3])  # in another order, too

    def values(places: Any) -> Any:
        given = [np.roll(points, i)[places] if a is None else a for i, a in enumerate(arguments)]
        return evaluated(program, node, given, len(places), False)

    if not np.allclose(values(np.arange(8))[some], values(some), rtol=1e-6, atol=1e-12, equal_nan=True):
        raise ValueError(
            f"the map {node.function.name} of {program._name(node)} must act coordinate by coordinate: its values "
            "change with the other coordinates. Take means with P.mean, which gives a scalar that maps can use"
        )
