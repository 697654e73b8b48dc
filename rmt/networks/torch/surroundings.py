"""What is held still while a model is measured: its state, random numbers, dropout, compilation and checkpoints."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

_DROPOUTS = torch.nn.modules.dropout._DropoutNd


@contextmanager
def undisturbed(module: Any, device: Any) -> Iterator[None]:
    """Leave mode, buffers, hooks and random states of a module as they were.

    Meanwhile dropout is off, parameters have no gradients, checkpoints are passed over and compiled parts run as they
    are written.
    """
    dropouts = [(m, m.training) for m in module.modules() if isinstance(m, _DROPOUTS)]
    rates = [(m, m.dropout) for m in module.modules() if isinstance(getattr(m, "dropout", None), float)]
    moving = [p for p in module.parameters() if p.requires_grad]
    buffers = [
        (m, name, b, b.detach().clone()) for m in module.modules() for name, b in m._buffers.items() if b is not None
    ]
    devices = [device] if device.type == "cuda" else []
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=devices))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(_checkpoints_passed_over())
        stack.enter_context(_eager(module))
        try:
            for m, _ in dropouts:
                m.training = False
            for m, _ in rates:
                m.dropout = 0.0
            for p in moving:
                p.requires_grad_(False)
            yield
        finally:
            for m, training in dropouts:
                m.training = training
            for m, rate in rates:
                m.dropout = rate
            for p in moving:
                p.requires_grad_(True)
            with torch.no_grad():
                for m, name, buffer, before in buffers:
                    m._buffers[name] = buffer.copy_(before)


class _PlainCall:
    """In the place of the function of reentrant checkpoints: calls, and keeps what derivatives need."""

    @staticmethod
    def apply(function: Any, _: Any, *args: Any) -> Any:
        """The call."""
        return function(*args)


def _no_frame(*_: Any, **__: Any) -> Iterator[None]:
    """In the place of what goes before and after the call of other checkpoints."""
    yield


@contextmanager
def _checkpoints_passed_over() -> Iterator[None]:
    """Call what is under ``torch.utils.checkpoint`` as it is: recomputed tensors cannot be told from the first ones."""
    home: Any = sys.modules.get("torch.utils.checkpoint")
    instead = {"CheckpointFunction": _PlainCall, "_checkpoint_without_reentrant_generator": _no_frame}
    before = {} if home is None else {name: getattr(home, name) for name in instead if hasattr(home, name)}
    try:
        for name in before:
            setattr(home, name, instead[name])
        yield
    finally:
        for name, value in before.items():
            setattr(home, name, value)


@contextmanager
def _eager(module: Any) -> Iterator[None]:
    """Run compiled parts as they are written."""
    compiled = any(
        type(m).__name__ == "OptimizedModule" or getattr(m, "_compiled_call_impl", None) is not None
        for m in module.modules()
    )
    stance = getattr(torch.compiler, "set_stance", None)
    if not compiled or not isinstance(stance, (type, types.FunctionType)):
        yield
        return
    with stance("force_eager"):
        yield
