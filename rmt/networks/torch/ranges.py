"""The part of a forward pass whose Jacobian is asked for: from one tensor to another that no other way bypasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rmt.errors import check_count
from rmt.networks.torch.recording import TRANSPARENT, Recording


@dataclass(frozen=True)
class Range:
    """Numbers of the operations whose results are the input and the output of the range; −1 is the input of the module.

    Attributes
    ----------
    start, stop : int
    name : str
        What the range is called in a report.
    notes : tuple of str
    """

    start: int
    stop: int
    name: str
    notes: tuple[str, ...] = ()


class Graph:
    """Operations of a recording between two numbers: those that lie on a way from the one to the other.

    Parameters
    ----------
    plan : Recording
    start, stop : int
    """

    def __init__(self, plan: Recording, start: int, stop: int) -> None:
        self.plan, self.start, self.stop = plan, start, stop
        forwards = {start}
        for number in range(start + 1, stop + 1):
            if any(k in forwards for k in plan.operations[number].operands):
                forwards.add(number)
        backwards = {stop}
        for number in range(stop, start, -1):
            if number in backwards:
                backwards.update(plan.operations[number].operands)
        self.numbers = sorted(forwards & backwards)

    @property
    def connected(self) -> bool:
        """Whether the end depends on the beginning."""
        return self.start in self.numbers and self.stop in self.numbers

    def edges(self) -> list[tuple[int, int]]:
        """Pairs (maker, user) of operations of the range."""
        inside = set(self.numbers)
        return [
            (k, number)
            for number in self.numbers
            if number != self.start
            for k in self.plan.operations[number].operands
            if k in inside
        ]

    def around(self, number: int) -> tuple[int, int] | None:
        """A tensor that goes from before an operation to behind it, as (maker, user); None if there is none."""
        return next(((a, b) for a, b in self.edges() if a < number < b), None)

    def cuts(self) -> list[int]:
        """Operations through whose result every way from the beginning to the end leads, both ends included.

        Where the numbers rise along every way, these are the ones that no pair (maker, user) spans.
        """
        reach, found = self.start, []
        last_user: dict[int, int] = {}
        for a, b in self.edges():
            last_user[a] = max(last_user.get(a, b), b)
        for number in self.numbers:
            if reach <= number:
                found.append(number)
            reach = max(reach, last_user.get(number, number))
        return found


def find_range(plan: Recording, layers: Any) -> Range:
    """The range that `layers` names, in a recorded forward pass.

    Raises
    ------
    ValueError
        If there is no such part, it is empty, or a tensor bypasses it.
    """
    if plan.output_number is None:
        raise ValueError("the output does not depend on x: every singular value of the Jacobian is 0 by construction")
    stop = plan.output_number
    if isinstance(layers, str) and layers in ("auto", "all"):
        if plan.chain_back(stop) == -1:
            raise ValueError("the range is empty: the module returns its input")
        if layers == "auto" and (shorter := _before_readout(plan, stop)) is not None:
            return shorter
        return Range(-1, stop, "the whole model")
    if isinstance(layers, str):
        return _named(plan, layers, layers, stop)
    if isinstance(layers, (tuple, list)) and len(layers) == 2 and all(isinstance(name, str) for name in layers):
        return _named(plan, layers[0], layers[1], stop)
    return _numbered(plan, layers, stop)


def _before_readout(plan: Recording, stop: int) -> Range | None:
    """The whole but a readout: a last layer whose result is the output, behind layers that are not all linear."""
    back = plan.chain_back(stop)
    layers = plan.layers
    acting = any(not o.weights and o.name not in TRANSPARENT for o in plan.operations)
    if len(layers) < 2 or back < 0 or plan.operations[back] is not layers[-1] or not layers[-1].is_layer or not acting:
        return None
    last = layers[-1]
    if last.origin == -1 or last.origin not in Graph(plan, -1, stop).cuts() or plan.chain_back(last.origin) == -1:
        return None
    note = f"the readout {last.place or last.name!r} is left out; layers='all' takes it in"
    return Range(-1, last.origin, f"all but the readout {last.place!r}", (note,))


def _named(plan: Recording, first: str, last: str, stop: int) -> Range:
    """From the input of the submodule `first` to the output of `last`, the last time it is called."""
    for name in (first, last):
        if name not in plan.calls:
            known = ", ".join(repr(n) for n in plan.calls if "." not in n) or "none"
            raise ValueError(
                f"layers must be 'auto', 'all', numbers, the name of a submodule that is called, or two such names, "
                f"got {name!r}; submodules called are {known} and parts of these"
            )
    inputs, output = plan.calls[first][0].inputs, plan.calls[last][-1].output
    if not inputs:
        raise ValueError(f"what goes into {first!r} does not depend on the input of the model: no Jacobian")
    if output is None:
        raise ValueError(f"what {last!r} gives does not depend on the input of the model: no Jacobian")
    start = inputs[0]
    if first != last and plan.calls[first][0].output not in Graph(plan, start, output).numbers:
        raise ValueError(f"layers must be a submodule and a later one, and {last!r} does not depend on {first!r}")
    others = [k for k in inputs[1:] if not _only_through(plan, start, k)]
    if others:
        raise ValueError(
            f"{first!r} takes {len(inputs)} tensors that depend on the input: {_made(plan, start)} and "
            f"{_made(plan, others[0])}, so that no single tensor cuts it off; take the submodule that holds both"
        )
    return _checked(plan, start, output, stop, first if first == last else f"{first} to {last}", branch=True)


def _only_through(plan: Recording, start: int, number: int) -> bool:
    """Whether an operation depends on the input only through `start`."""
    graph = Graph(plan, -1, number)
    return number > start and (start == -1 or (start in graph.numbers and graph.around(start) is None))


def _numbered(plan: Recording, layers: Any, stop: int) -> Range:
    count = len(plan.layers)
    if isinstance(layers, range):
        if layers.step != 1 or len(layers) == 0:
            raise ValueError(f"layers must be a range of steps of 1 with at least one layer, got {layers!r}")
        pair: Any = (layers.start, layers.stop - 1)
    elif isinstance(layers, (tuple, list)) and len(layers) == 2:
        pair = layers
    else:
        pair = (layers, layers)
    first, last = (check_count("layers", number) for number in pair)
    if not first <= last <= count:
        raise ValueError(f"layers must lie between 1 and {count}, first to last, got {layers!r}")
    start = -1 if first == 1 else _origin(plan, first)
    end = stop if last == count else _origin(plan, last + 1)
    return _checked(plan, start, end, stop, f"layers {first} to {last} of {count}", branch=False)


def _origin(plan: Recording, number: int) -> int:
    layer = plan.layers[number - 1]
    return layer.origin if layer.is_layer else layer.operands[0]


def _checked(plan: Recording, start: int, end: int, stop: int, name: str, *, branch: bool) -> Range:
    """The range from `start` to `end`, once no tensor bypasses its beginning, nor its end unless a branch is named."""
    if plan.chain_back(end) == plan.chain_back(start):
        raise ValueError(f"the range is empty: {name} gives what it takes")
    if end < start or not Graph(plan, start, end).connected:
        raise ValueError(f"what {name} gives does not depend on what it takes: no Jacobian")
    passing = Graph(plan, -1, end).around(start) if start >= 0 else None
    if passing is not None:
        raise ValueError(_refusal(plan, passing, f"the beginning of {name}"))
    whole = Graph(plan, -1, stop)
    skipping = next((e for e in (whole.around(start), whole.around(end)) if e is not None), None)
    if end == stop or skipping is None:
        return Range(start, end, name)
    if not branch:
        raise ValueError(_refusal(plan, skipping, f"the end of {name}"))
    note = f"{name} is a branch of the model, which {_made(plan, skipping[0])} bypasses: J is that of the branch alone"
    return Range(start, end, name, (note,))


def _refusal(plan: Recording, passing: tuple[int, int], what: str) -> str:
    maker, user = passing
    together = _common_place(plan, passing)
    where = f"the submodule {together!r}, which holds both, or " if together else ""
    return (
        f"{_made(plan, maker)} goes to {plan.operations[user]} past {what}: the range is no cut of the computation, "
        f"and its Jacobian would be that of a branch; take {where}layers='all'"
    )


def _common_place(plan: Recording, numbers: Sequence[int]) -> str:
    """The smallest submodule in which operations lie; empty for the module itself."""
    parts = [plan.operations[k].place.split(".") if k >= 0 else [] for k in numbers]
    common: list[str] = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return ".".join(common)


def _made(plan: Recording, number: int) -> str:
    """What a tensor is called."""
    return "the input" if number == -1 else f"the result of {plan.operations[number]}"
