"""What a module does to one input: the operations of its forward pass, and the tensors between them.

Operations are seen where they are called, so that ``nn.Tanh``, ``torch.tanh`` and ``x.tanh()`` are the same. A tensor
depends on the input if there is a derivative with respect to it: parameters have none meanwhile.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

#: functions that only rename, reshape, copy or move
TRANSPARENT = frozenset(
    {"flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "clone", "to", "float", "double", "identity"}
    | {"view_as", "unflatten", "type_as", "circular_pad", "item of", "long", "int"}
)
#: functions that ask and change nothing
QUERIES = frozenset({"size", "dim", "numel", "stride", "is_floating_point", "is_complex", "len", "backward"})
#: functions that may put −inf where a mask says so
_MASKING = frozenset({"masked_fill", "where", "add", "sub", "baddbmm", "masked_fill_"})
#: other names of the same functions
_ALIASES = {
    "radd": "add",
    "iadd": "add",
    "rmul": "mul",
    "imul": "mul",
    "rsub": "sub",
    "isub": "sub",
    "get": "attribute",
}
_CONVOLUTIONS = {"conv1d": 1, "conv2d": 2, "conv3d": 3}
_MATRIX_PRODUCTS = frozenset({"matmul", "mm", "addmm"})


@dataclass(eq=False)
class Operation:
    """One call of a torch function on tensors that depend on the input.

    Attributes
    ----------
    name : str
        ``"tanh"``, ``"linear"``, ...
    place : str
        Dotted name of the module that called it; empty for the module itself.
    operands : tuple of int
        Numbers of the operations whose results it takes; −1 is the input.
    weight : Tensor or None
        Matrix or kernel, for a layer: (fan_out, fan_in) or (channels out, channels in, *taps).
    bias : Tensor or None
    options : dict
        Stride, padding, dilation and groups of a convolution; parameters of an activation.
    inside : tuple of Tensor
        Weights of an operation that is more than one layer: attention, recurrent and bilinear ones.
    source, target : Tensor or None
        What a layer takes and gives, still in the graph of gradients; kept for layers only.
    origin : int
        Number of the operation that made `source`.
    """

    name: str
    place: str
    operands: tuple[int, ...]
    weight: Any = None
    bias: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    inside: tuple[Any, ...] = ()
    source: Any = None
    target: Any = None
    origin: int = -1

    @property
    def is_layer(self) -> bool:
        """Whether it multiplies by a matrix or a kernel of weights."""
        return self.weight is not None

    @property
    def weights(self) -> tuple[Any, ...]:
        """All matrices and kernels in it."""
        return (self.weight,) if self.is_layer else self.inside

    def __str__(self) -> str:
        return f"{self.name} in {self.place!r}" if self.place else self.name


@dataclass(eq=False)
class Call:
    """One call of a submodule: numbers of the operations that made its inputs and its output (None: no such)."""

    inputs: tuple[int, ...]
    output: int | None = None


class Recorder(TorchFunctionMode):  # type: ignore[misc]
    """Record the operations under it that depend on the input.

    Parameters
    ----------
    tokens : Tensor or None
        Indices whose embedding is the input; None if the input is a tensor of numbers.
    start : int
        Number of the operation whose result is made the leaf of the graph of gradients; −1 for the input.
    keep : set of int
        Numbers of the operations whose results are kept.
    row : int or None
        In a batch, the row of the start that is the leaf.
    """

    def __init__(
        self, tokens: Any = None, start: int = -1, keep: frozenset[int] = frozenset(), row: int | None = None
    ) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self.calls: dict[str, list[Call]] = {}
        self.places: list[str] = []
        self.origin: Any = None  # leaf at the input
        self.leaf: Any = None  # leaf at the start
        self.kept: dict[int, Any] = {}
        self.embedded = ""
        self.touched: set[int] = set()  # parameters that were used
        self._start, self._keep, self._row = start, keep, row
        self._unpadded: dict[int, tuple[Any, int]] = {}  # what a circular padding was made of
        self._number: dict[int, int] = {}
        self._tokens = set() if tokens is None else {id(tokens)}
        self._held = [tokens]  # an id is unique as long as its tensor lives

    def begin(self, x: Any) -> Any:
        """Make a tensor the input of the recording, and return what takes its place."""
        self.origin = x.detach().clone().requires_grad_(True)
        entry = self.origin.clone()
        if self._start == -1:
            entry = self._cut(entry)
            self.origin = self.leaf
        if -1 in self._keep:
            self.kept[-1] = entry
        return self._known(entry.clone() if -1 in self._keep else entry, -1)

    def number_of(self, tensor: Any) -> int | None:
        """Number of the operation that made a tensor; None if it does not depend on the input."""
        if id(tensor) in self._number:
            return self._number[id(tensor)]
        if not _depends(tensor):
            return None
        # made where no torch function is seen: by a custom function of gradients
        number = len(self.operations)
        self.operations.append(Operation("custom function", self._place, (number - 1,)))
        if number in self._keep:
            self.kept[number] = tensor
        return self._number[id(self._known(tensor, number))]

    @property
    def _place(self) -> str:
        return self.places[-1] if self.places else ""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = str(getattr(func, "__name__", type(func).__name__)).strip("_")
        name = _ALIASES.get(name, name)
        self.touched.update(id(t) for t in tensors((args, kwargs)) if isinstance(t, torch.nn.Parameter))
        if self._tokens and any(id(t) in self._tokens for t in tensors((args, kwargs))):
            return self._on_tokens(name, func, args, kwargs)
        taken = [t for t in tensors((args, kwargs)) if _depends(t)]
        if not taken or name in QUERIES:
            return func(*args, **kwargs)
        made = Operation(name, self._place, tuple(number for t in taken if (number := self.number_of(t)) is not None))
        source, made.weight, made.bias, made.options = _parts_of_layer(name, args, kwargs)
        if made.is_layer:
            source, made.origin = self._unpadded.get(id(source), (source, self._number[id(source)]))
            made.options["circular"] = source is not None and id(source) not in {id(t) for t in taken}
            made.source = source
        else:
            made.inside = tuple(t for t in tensors((args, kwargs)) if isinstance(t, torch.nn.Parameter) and t.dim() > 1)
            if name not in TRANSPARENT:
                made.options = _constants(args, kwargs)
        result = func(*args, **kwargs)
        outputs = [t for t in tensors(result) if _depends(t)]
        if not outputs:
            return result
        self._check_finite(made, result)
        self.operations.append(made)
        number = len(self.operations) - 1
        if name == "pad" and "circular" in made.options.values():
            made.name = "circular_pad"
            self._unpadded[id(outputs[0])] = (taken[0], made.operands[0])
        if len(outputs) == 1:
            return self._noted(result, outputs[0], number)
        for output in outputs:
            self.operations.append(Operation("item of", made.place, (number,)))
            result = self._noted(result, output, len(self.operations) - 1)
        return result

    def _on_tokens(self, name: str, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """An operation on the indices: their embedding is the input."""
        result = func(*args, **kwargs)
        if name == "embedding" and self.origin is None:
            self.embedded = self._place
            return self.begin(result)
        if name in TRANSPARENT:
            self._tokens |= {id(t) for t in tensors(result)}
            self._held += list(tensors(result))
        return result

    def _noted(self, result: Any, output: Any, number: int) -> Any:
        """A result whose tensor `output` has this number: replaced where it begins the range, or is kept."""
        made, given = self.operations[number], output
        if made.is_layer:
            made.target = output
            given = output.clone()  # an in-place activation must not overwrite what is kept
        if number == self._start:
            given = self._cut(output)
        if number in self._keep:
            self.kept[number] = output if number != self._start else given
            given = self.kept[number].clone()
        self._known(given, number)
        if id(output) in self._unpadded:
            self._unpadded[id(given)] = self._unpadded[id(output)]
        return _substituted(result, output, given)

    def _cut(self, tensor: Any) -> Any:
        """Begin the graph of gradients at a tensor, or at one row of it."""
        if self._row is None:
            self.leaf = tensor.detach().clone().requires_grad_(True)
            return self.leaf.clone()
        rest = tensor.detach()
        self.leaf = rest[self._row : self._row + 1].clone().requires_grad_(True)
        return torch.cat([rest[: self._row], self.leaf, rest[self._row + 1 :]])

    def _known(self, tensor: Any, number: int) -> Any:
        self._number[id(tensor)] = number
        self._held.append(tensor)
        return tensor

    def _check_finite(self, made: Operation, result: Any) -> None:
        for tensor in tensors(result):
            if not tensor.is_floating_point() or bool(torch.isfinite(tensor).all()):
                continue
            has_nan = bool(torch.isnan(tensor).any())
            if made.name in _MASKING and not has_nan and not bool((tensor == torch.inf).any()):
                continue
            raise ValueError(
                f"{made} (operation {len(self.operations) + 1} of the forward pass) gives "
                f"{'NaN' if has_nan else 'infinity'}; check its weights and the scale of the input, and look for "
                "overflow in earlier layers"
            )


def _depends(tensor: Any) -> bool:
    return bool(tensor.requires_grad) and (tensor.is_floating_point() or tensor.is_complex())


def _substituted(value: Any, old: Any, new: Any) -> Any:
    """Nested results with `new` in the place of `old`."""
    if value is old:
        return new
    if isinstance(value, dict):
        return {key: _substituted(item, old, new) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_substituted(item, old, new) for item in value)
    return value


def tensors(value: Any) -> Iterator[Any]:
    """The tensors inside nested tuples, lists, dictionaries and dataclasses."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, Mapping):
        yield from tensors(list(value.values()))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from tensors([getattr(value, f.name) for f in dataclasses.fields(value)])


def _constants(args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are not tensors: parameters of an activation, such as the slope of a leaky ReLU."""
    numbers = [a for a in args if isinstance(a, (int, float, str)) and not isinstance(a, bool)]
    named = {k: v for k, v in kwargs.items() if isinstance(v, (int, float, str)) and not isinstance(v, bool)}
    return {**{f"argument {i}": v for i, v in enumerate(numbers)}, **named}


def _parts_of_layer(name: str, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Input, weight, bias and options of a layer; all empty for another operation."""

    def argument(place: int, key: str, default: Any = None) -> Any:
        return args[place] if len(args) > place else kwargs.get(key, default)

    def moves(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and _depends(value)

    nothing: tuple[Any, Any, Any, dict[str, Any]] = (None, None, None, {})
    if name == "linear" or name in _CONVOLUTIONS:
        source, weight, bias = argument(0, "input"), argument(1, "weight"), argument(2, "bias")
        if not moves(source) or moves(weight):
            return nothing
        options = {}
        if name in _CONVOLUTIONS:
            keys = (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1))
            options = {key: argument(3 + i, key, default) for i, (key, default) in enumerate(keys)}
        return source, weight, bias, options
    if name in _MATRIX_PRODUCTS and name != "addmm":
        left, right = argument(0, "input"), argument(1, "other", kwargs.get("mat2"))
        if moves(left) and not moves(right) and isinstance(right, torch.Tensor) and right.dim() == 2:
            return left, right.t(), None, {}
        if moves(right) and not moves(left) and left.dim() == 2 and right.dim() == 1:
            return right, left, None, {}
    if name == "addmm":
        bias, left, right = argument(0, "input"), argument(1, "mat1"), argument(2, "mat2")
        if moves(left) and not moves(right) and not moves(bias):
            return left, right.t(), bias, {}
    return nothing


@contextmanager
def _named_places(module: Any, recorder: Recorder) -> Iterator[None]:
    """Tell the recorder which submodule is running, and let it note what goes in and out."""
    handles = []
    for name, child in module.named_modules():
        if not name:
            continue

        def enter(_: Any, args: Any, kwargs: Any, name: str = name) -> None:
            recorder.places.append(name)
            taken = [recorder.number_of(t) for t in tensors((args, kwargs)) if _depends(t)]
            inputs = tuple(dict.fromkeys(number for number in taken if number is not None))
            recorder.calls.setdefault(name, []).append(Call(inputs))

        def leave(_: Any, __: Any, output: Any, name: str = name) -> None:
            recorder.places.pop()
            given = next((t for t in tensors(output) if _depends(t)), None)
            call = next((c for c in reversed(recorder.calls.get(name, [])) if c.output is None), None)
            if given is not None and call is not None:
                call.output = recorder.number_of(given)

        handles += [
            child.register_forward_pre_hook(enter, with_kwargs=True),
            child.register_forward_hook(leave, always_call=True),
        ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@dataclass(eq=False)
class Recording:
    """A forward pass.

    Attributes
    ----------
    operations : list of Operation
    calls : dict
        Calls of every submodule, by its dotted name.
    output : Tensor
    output_number : int or None
        Operation that made the output; None if the output does not depend on the input.
    origin, leaf : Tensor
        The input, and the tensor where the graph of gradients begins.
    kept : dict
        Results of the operations that were to be kept, by number.
    embedded : str
        Submodule whose result is the input, for indices.
    touched : set of int
        Identities of the parameters that were used.
    """

    operations: list[Operation]
    calls: dict[str, list[Call]]
    output: Any
    output_number: int | None
    origin: Any
    leaf: Any
    kept: dict[int, Any]
    embedded: str = ""
    touched: set[int] = field(default_factory=set)

    @property
    def layers(self) -> list[Operation]:
        """The operations with weights, in the order of execution."""
        return [operation for operation in self.operations if operation.weights]

    def number(self, operation: Operation) -> int:
        """The number of an operation."""
        return next(i for i, o in enumerate(self.operations) if o is operation)

    def chain_back(self, number: int) -> int:
        """The operation behind `number` once reshaping is taken away."""
        while number >= 0 and self.operations[number].name in TRANSPARENT and self.operations[number].operands:
            number = self.operations[number].operands[0]
        return number


@dataclass(frozen=True, eq=False)
class Forward:
    """How a module is run: its input, the other arguments, and which tensor of what it returns is the output.

    Attributes
    ----------
    module : Module
    x : Tensor
        The input; with `row`, a batch.
    arguments : dict
        Other arguments of the module, by name.
    name : str or None
        Argument that the input is; the first when None.
    output : callable
        From what the module returns to the output.
    row : int or None
        In a batch, the row whose Jacobian is measured.
    """

    module: Any
    x: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    output: Callable[[Any], Any] = lambda value: value
    row: int | None = None

    def record(self, start: int = -1, keep: frozenset[int] = frozenset()) -> Recording:
        """Run the module and record it.

        Parameters
        ----------
        start : int
            Number of the operation at whose result the graph of gradients begins; −1 for the input.
        keep : frozenset of int
            Operations whose results are kept; −1 for the input.

        Raises
        ------
        ValueError
            If an operation gives NaN or infinity (it is named), the output is no tensor, or an integer input meets no
            embedding.
        """
        tokens = None if self.x.is_floating_point() else self.x
        recorder = Recorder(tokens, start, keep, self.row)
        entry = self.x.clone() if tokens is None else tokens
        if tokens is None:
            entry = recorder.begin(self.x)
        # attention has second derivatives in its plain form only
        plain = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
        try:
            with _named_places(self.module, recorder), plain, recorder:
                if self.name is None:
                    returned = self.module(entry, **self.arguments)
                else:
                    returned = self.module(**{self.name: entry}, **self.arguments)
        except Exception as error:
            if recorder.origin is None:
                raise self._no_embedding() from error
            raise
        if recorder.origin is None:
            raise self._no_embedding()
        output = self.output(returned)
        return Recording(
            recorder.operations,
            recorder.calls,
            output,
            recorder.number_of(output),
            recorder.origin,
            recorder.leaf,
            recorder.kept,
            recorder.embedded,
            recorder.touched,
        )

    def _no_embedding(self) -> ValueError:
        return ValueError(
            f"x has the number type {self.x.dtype}, and no embedding takes it: there is no derivative with respect to "
            "integers; pass numbers of the type of the model"
        )
