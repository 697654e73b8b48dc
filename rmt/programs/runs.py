"""Runs of a program at finite width."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from rmt.ensembles.entries import EntryLaw
from rmt.ensembles.repeats import run_trials
from rmt.numerics.memory import check_memory
from rmt.programs.nodes import Initial, Map, Matrix, Mean, Node, Product, RootSum, Size

if TYPE_CHECKING:
    import os
    from concurrent.futures import Executor

    from rmt.ensembles.ensemble import Ensemble
    from rmt.programs.tensor_program import Program

Real = NDArray[np.float64]


def needed(outputs: tuple[Node, ...]) -> list[Node]:
    """The nodes that some outputs depend on, in the order of the program."""
    found: set[Node] = set()
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
    outputs: tuple[Node, ...]
    entries: tuple[EntryLaw, ...]
    angles: tuple[float, ...] = ()

    def __repr__(self) -> str:
        wanted = ", ".join(str(node.index) for node in self.outputs)
        laws = ", ".join(map(repr, self.entries))
        turned = f", angles={self.angles}" if self.angles else ""
        return f"ProgramRun({str(self.program)!r}, outputs=[{wanted}], entries=[{laws}]{turned}){self._functions()}"

    def _functions(self) -> str:
        """Where the functions lie, as an ordinary repr of one would say: it makes files of trials look at numbers."""
        called = [n.function.call for n in self.program.nodes if isinstance(n, Map) and not n.function.is_arithmetic]
        return "".join(f" at {hex(id(call))}" for call in called[:1])

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
        used = {node.matrix for node in needed(self.outputs) if isinstance(node, Product)}
        shapes = [(length(m.rows, n), length(m.columns, n)) for m in used]
        for node in needed(self.outputs):
            if node.size is not None:
                length(node.size, n)
        largest = 8.0 * sum(math.prod(shape) for shape in shapes) * (2 if self.angles else 1)
        check_memory(
            f"n = {n}",
            largest,
            "the program's matrices",
            lambda: "take a smaller n, or the limit: P.limit()",
        )

    def run(self, n: int, rng: np.random.Generator) -> Real:
        """The outputs of one run; for several angles one row after the other."""
        children = rng.spawn(2 * len(self.program.matrices) + self.program._groups)
        if not self.angles:
            return self._evaluate(n, children, None)
        return np.concatenate([self._evaluate(n, children, angle) for angle in self.angles])

    def _evaluate(self, n: int, children: list[np.random.Generator], angle: float | None) -> Real:
        program, nodes = self.program, needed(self.outputs)
        count = len(program.matrices)
        states = [child.bit_generator.state for child in children] if self.angles else []
        last = {node.matrix: node.index for node in nodes if isinstance(node, Product)}
        matrices: dict[Matrix, Real] = {}
        groups: dict[int, Real] = {}
        values: dict[Node, Any] = {}
        for node in nodes:
            if isinstance(node, Initial):
                values[node] = self._initial(node, n, children[2 * count + node.group], groups)
            elif isinstance(node, Product):
                matrix = node.matrix
                if matrix not in matrices:
                    matrices[matrix] = self._drawn(matrix, n, children, angle)
                drawn = matrices[matrix]
                values[node] = (drawn.T if node.transposed else drawn) @ values[node.argument]
                if last[matrix] == node.index:
                    del matrices[matrix]
            elif isinstance(node, Mean):
                mean = float(np.mean(values[node.argument]))
                size = values[node.argument].size
                values[node] = mean * math.sqrt(size) if isinstance(node, RootSum) else mean
            else:
                assert isinstance(node, Map)
                arguments = [values[a] if isinstance(a, Node) else float(a) for a in node.arguments]
                values[node] = evaluated(program, node, arguments, None if node.size is None else length(node.size, n))
        for child, state in zip(children, states, strict=bool(states)):  # the next angle draws the same numbers
            child.bit_generator.state = state
        return np.array([values[node] for node in self.outputs], dtype=np.float64)

    def _initial(self, node: Initial, n: int, rng: np.random.Generator, groups: dict[int, Real]) -> Real:
        size = length(node.size, n)
        if len(node.mixing) == 1:
            raw = node.law.draw(rng, size)
            return raw if node.mixing == (1.0,) else node.mixing[0] * raw
        if node.group not in groups:
            groups[node.group] = rng.standard_normal((len(node.mixing), size))
        return np.asarray(np.array(node.mixing) @ groups[node.group])

    def _drawn(self, matrix: Matrix, n: int, children: list[np.random.Generator], angle: float | None) -> Real:
        shape = (length(matrix.rows, n), length(matrix.columns, n))
        scale = math.sqrt(float(matrix.variance) / shape[1])
        law = self.entries[matrix.index]
        rng, other = children[2 * matrix.index], children[2 * matrix.index + 1]
        if angle is None:
            return np.asarray(law.draw(rng, shape, scale=scale))
        normal = other.standard_normal(shape)
        drawn = np.asarray(law.draw(rng, shape, scale=scale * math.sin(angle)))
        normal *= scale * math.cos(angle)
        return np.asarray(drawn + normal)


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


def evaluated(program: Program, node: Map, arguments: list[Any], size: int | None) -> Any:
    """The values of a map, checked.

    Raises
    ------
    ValueError
        If they have another shape, or are not finite.
    """
    with np.errstate(all="ignore"):
        raw = np.asarray(node.function.call(*arguments))
    if raw.dtype.kind == "b":
        raw = raw.astype(np.float64)
    expected = () if size is None else (size,)
    if raw.dtype.kind not in "iuf" or raw.shape not in (expected, ()):
        raise ValueError(
            f"the map {node.function.name} of {program._name(node)} must give real numbers of shape {expected}, got "
            f"shape {raw.shape} of type {raw.dtype}"
        )
    if not np.isfinite(raw).all():
        first = raw[~np.isfinite(raw)].flat[0] if raw.shape else raw
        raise ValueError(
            f"the map {node.function.name} of {program._name(node)} gives {float(first)}: it is not defined, or too "
            "large, at the values that the program meets"
        )
    if size is None:
        return float(raw)
    return raw.astype(np.float64, copy=False) if raw.shape else np.full(size, float(raw))
