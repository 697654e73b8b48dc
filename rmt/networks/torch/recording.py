"""What a module does to one input: the operations of its forward pass, and the tensors between its layers.

Operations are seen where they are called, so that ``nn.Tanh``, ``torch.tanh`` and ``x.tanh()`` are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

#: functions that only rename, reshape, copy or move
TRANSPARENT = frozenset(
    {"flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "clone", "to", "float", "double", "identity"}
    | {"view_as", "unflatten", "type_as", "circular_pad"}
)
#: functions that ask and change nothing
QUERIES = frozenset({"size", "dim", "numel", "stride", "is_floating_point", "is_complex", "len"})
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
_DROPOUTS = torch.nn.modules.dropout._DropoutNd


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
        Numbers of the operations whose results it takes; −1 is the input of the module.
    weight : Tensor or None
        Matrix or kernel, for a layer: (fan_out, fan_in) or (channels out, channels in, *taps).
    bias : Tensor or None
    options : dict
        Stride, padding, dilation and groups of a convolution; parameters of an activation.
    source, target : Tensor or None
        What a layer takes and gives, still in the graph of gradients; kept for layers only.
    """

    name: str
    place: str
    operands: tuple[int, ...]
    weight: Any = None
    bias: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    source: Any = None
    target: Any = None

    @property
    def is_layer(self) -> bool:
        """Whether it multiplies by a matrix or a kernel of weights."""
        return self.weight is not None

    def __str__(self) -> str:
        return f"{self.name} in {self.place!r}" if self.place else self.name


class Recorder(TorchFunctionMode):  # type: ignore[misc]
    """Record the operations under it that depend on the input.

    Parameters
    ----------
    start : Tensor
        The input.
    cut : int or None
        Number of the layer (from 1) before which the graph of gradients begins: its input is made a leaf.
    """

    def __init__(self, start: Any, cut: int | None = None) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self.cut = cut
        self.leaf: Any = None
        self.places: list[str] = []
        self._entry: Any = None  # stands for the input of the first layer of the range wherever that is used
        self._replaced: Any = None
        self._unpadded: dict[int, tuple[Any, Any]] = {}  # what a circular padding was made of, and how
        self._number = {id(start): -1}
        self._kept = [start]  # an id is unique as long as its tensor lives
        self._layers = 0

    def number_of(self, tensor: Any) -> int | None:
        """Number of the operation that made a tensor; None if it does not depend on the input."""
        return self._number.get(id(tensor))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if self._replaced is not None:
            args, kwargs = (_substituted(value, self._replaced, self._entry) for value in (args, kwargs))
        name = str(getattr(func, "__name__", type(func).__name__)).strip("_")
        name = _ALIASES.get(name, name)
        tensors = [t for t in _tensors((args, kwargs)) if id(t) in self._number]
        if not tensors or name in QUERIES:
            return func(*args, **kwargs)
        operands = tuple(self._number[id(t)] for t in tensors)
        made = Operation(name, self.places[-1] if self.places else "", operands)
        source, made.weight, made.bias, made.options = _parts_of_layer(name, args, kwargs, self._number)
        if made.is_layer:
            self._layers += 1
            padded = source
            source, pad = self._unpadded.get(id(source), (source, None))
            made.options["circular"] = pad is not None
            if self._layers == self.cut:
                self.leaf = source.detach().clone().requires_grad_(True)
                self._entry, self._replaced = self.leaf.clone(), source
                self._number[id(self._entry)] = self._number[id(source)]
                entering = self._entry if pad is None else pad(self._entry)
                args, kwargs = _substituted(args, padded, entering), _substituted(kwargs, padded, entering)
                source = self.leaf
            made.source = source
        if not made.is_layer and name not in TRANSPARENT:
            made.options = _constants(args, kwargs)
        result = func(*args, **kwargs)
        if not any(t.is_floating_point() for t in _tensors(result)):
            return result
        self._check_finite(made, result)
        self.operations.append(made)
        number = len(self.operations) - 1
        if made.is_layer:
            made.target = result
            result = result.clone()  # an in-place activation must not overwrite what is kept
        if name == "pad" and "circular" in made.options.values():
            made.name = "circular_pad"
            self._unpadded[id(result)] = (tensors[0], lambda t: func(t, *args[1:], **kwargs))
        for tensor in _tensors(result):
            if tensor.is_floating_point():
                self._number[id(tensor)] = number
                self._kept.append(tensor)
        return result

    def _check_finite(self, made: Operation, result: Any) -> None:
        for tensor in _tensors(result):
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                worst = "NaN" if bool(torch.isnan(tensor).any()) else "infinity"
                raise ValueError(
                    f"{made} (operation {len(self.operations) + 1} of the forward pass) gives {worst}; check its "
                    "weights and the scale of the input, and look for overflow in earlier layers"
                )


def _substituted(value: Any, old: Any, new: Any) -> Any:
    """Nested arguments with `new` in the place of `old`."""
    if value is old:
        return new
    if isinstance(value, dict):
        return {key: _substituted(item, old, new) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_substituted(item, old, new) for item in value)
    return value


def _tensors(value: Any) -> Iterator[Any]:
    """The tensors inside nested tuples, lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _constants(args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are not tensors: parameters of an activation, such as the slope of a leaky ReLU."""
    numbers = [a for a in args if isinstance(a, (int, float, str)) and not isinstance(a, bool)]
    named = {k: v for k, v in kwargs.items() if isinstance(v, (int, float, str)) and not isinstance(v, bool)}
    return {**{f"argument {i}": v for i, v in enumerate(numbers)}, **named}


def _parts_of_layer(
    name: str, args: Any, kwargs: dict[str, Any], known: dict[int, int]
) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Input, weight, bias and options of a layer; all empty for another operation."""

    def argument(place: int, key: str, default: Any = None) -> Any:
        return args[place] if len(args) > place else kwargs.get(key, default)

    nothing: tuple[Any, Any, Any, dict[str, Any]] = (None, None, None, {})
    if name == "linear" or name in _CONVOLUTIONS:
        source, weight, bias = argument(0, "input"), argument(1, "weight"), argument(2, "bias")
        if id(source) not in known or id(weight) in known:
            return nothing
        options = {}
        if name in _CONVOLUTIONS:
            keys = (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1))
            options = {key: argument(3 + i, key, default) for i, (key, default) in enumerate(keys)}
        return source, weight, bias, options
    if name in _MATRIX_PRODUCTS and name != "addmm":
        left, right = argument(0, "input"), argument(1, "other", kwargs.get("mat2"))
        if id(left) in known and id(right) not in known and isinstance(right, torch.Tensor) and right.dim() == 2:
            return left, right.t(), None, {}
        if id(right) in known and id(left) not in known and left.dim() == 2 and right.dim() == 1:
            return right, left, None, {}
    if name == "addmm":
        bias, left, right = argument(0, "input"), argument(1, "mat1"), argument(2, "mat2")
        if id(left) in known and id(right) not in known and id(bias) not in known:
            return left, right.t(), bias, {}
    return nothing


@contextmanager
def undisturbed(module: Any, device: Any) -> Iterator[None]:
    """Leave mode, buffers, hooks and random states of a module as they were; dropout is off meanwhile."""
    dropouts = [(m, m.training) for m in module.modules() if isinstance(m, _DROPOUTS)]
    attention = [(m, m.dropout) for m in module.modules() if isinstance(m, torch.nn.MultiheadAttention)]
    buffers = [
        (m, name, b, b.detach().clone()) for m in module.modules() for name, b in m._buffers.items() if b is not None
    ]
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.inference_mode(False), torch.enable_grad():
        try:
            for m, _ in dropouts:
                m.training = False
            for m, _ in attention:
                m.dropout = 0.0
            yield
        finally:
            for m, training in dropouts:
                m.training = training
            for m, rate in attention:
                m.dropout = rate
            with torch.no_grad():
                for m, name, buffer, before in buffers:
                    m._buffers[name] = buffer.copy_(before)


@contextmanager
def _named_places(module: Any, recorder: Recorder) -> Iterator[None]:
    """Tell the recorder which submodule is running."""
    handles = []
    for name, child in module.named_modules():
        if not name:
            continue

        def enter(_: Any, __: Any, name: str = name) -> None:
            recorder.places.append(name)

        def leave(_: Any, __: Any, ___: Any) -> None:
            recorder.places.pop()

        handles += [child.register_forward_pre_hook(enter), child.register_forward_hook(leave, always_call=True)]
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
    output : Tensor
    output_number : int or None
        Operation that made the output; None if the output does not depend on the input.
    leaf : Tensor
        Where the graph of gradients begins.
    """

    operations: list[Operation]
    output: Any
    output_number: int | None
    leaf: Any

    @property
    def layers(self) -> list[Operation]:
        """The operations with weights, in the order of execution."""
        return [operation for operation in self.operations if operation.is_layer]

    def chain_back(self, number: int) -> int:
        """The operation behind `number` once reshaping is taken away."""
        while number >= 0 and self.operations[number].name in TRANSPARENT and self.operations[number].operands:
            number = self.operations[number].operands[0]
        return number


def record(module: Any, x: Any, cut: int | None = None, *, gradients: bool = True) -> Recording:
    """Run a module on one input and record it.

    Parameters
    ----------
    module : torch.nn.Module
    x : Tensor
    cut : int, optional
        Layer, from 1, before which the graph of gradients begins; at the input when None.
    gradients : bool
        Whether to build the graph of gradients.

    Raises
    ------
    ValueError
        If an operation gives NaN or infinity (it is named), or the output is not one tensor.
    """
    leaf = x.detach().clone().requires_grad_(gradients)
    start = leaf.clone()
    recorder = Recorder(start, cut)
    double_backward = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with _named_places(module, recorder), nullcontext() if gradients else torch.no_grad(), double_backward, recorder:
        output = module(start)
    if isinstance(output, (tuple, list)) and output and isinstance(output[0], torch.Tensor):
        output = output[0]
    if not isinstance(output, torch.Tensor):
        raise ValueError(
            f"the module returns {type(output).__name__}, not a tensor; wrap it in a module that returns the tensor to "
            "be differentiated"
        )
    number = recorder.number_of(output)
    return Recording(recorder.operations, output, number, leaf if recorder.leaf is None else recorder.leaf)
