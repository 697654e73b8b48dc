"""What may be measured: models, inputs, and which tensor of what a model returns is its output."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from rmt.networks.torch.recording import tensors

_USABLE = (torch.float32, torch.float64)
_BATCH_NORMS = torch.nn.modules.batchnorm._BatchNorm


def usable_model(module: Any) -> Any:
    """The module itself; what ``torch.compile`` wraps, for a compiled one.

    Raises
    ------
    TypeError
        If it is no module.
    ValueError
        If it was compiled by TorchScript, or its parameters are on the meta device or on two devices.
    """
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}; wrap a function in a module")
    if type(module).__name__ == "OptimizedModule":
        module = module._orig_mod
    scripted = next((n for n, m in module.named_modules() if isinstance(m, torch.jit.ScriptModule)), None)
    if scripted is not None:
        raise ValueError(
            f"{f'the submodule {scripted!r}' if scripted else 'the module'} is compiled by TorchScript, which hides "
            "its operations; pass the module that was scripted"
        )
    state = [*module.named_parameters(), *module.named_buffers()]
    places: dict[str, str] = {}
    for name, tensor in state:
        if tensor.is_meta:
            raise ValueError(
                f"{name} is on the meta device and has no numbers; make the model with numbers: "
                "module.to_empty(device='cpu'), then initialise it"
            )
        places.setdefault(str(tensor.device), name)
    if len(places) > 1:
        (one, first), (two, second) = list(places.items())[:2]
        raise ValueError(f"{first} is on {one} and {second} on {two}; move the model to one device: module.to({one!r})")
    return module


def usable_input(module: Any, x: Any, arguments: Mapping[str, Any], dtype: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Module, input and other arguments in a number type with a singular value decomposition.

    Parameters
    ----------
    module : Module
    x : Tensor
    arguments : mapping
    dtype : torch.dtype or None
        Number type of a copy to measure instead.

    Raises
    ------
    TypeError, ValueError
        If `x` is no tensor or not finite, there is no such argument, or a number type cannot be used.
    """
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}; use torch.as_tensor(x)")
    named = [*module.named_parameters()]
    turning = next((name for name, t in [("x", x), *named] if t.is_complex()), None)
    if turning is not None:
        raise TypeError(
            f"{turning} is complex; the Jacobian of real numbers is measured: pass a module that takes real and "
            "imaginary parts as torch.view_as_real gives them"
        )
    if dtype is not None:
        if dtype not in _USABLE:
            raise TypeError(f"dtype must be torch.float32 or torch.float64, got {dtype!r}")
        module = copy.deepcopy(module).to(dtype)
        x = x.to(dtype) if x.is_floating_point() else x
        arguments = {k: v.to(dtype) if _is_float(v) else v for k, v in arguments.items()}
        named = [*module.named_parameters()]
    for name, kind in [("x", x.dtype), *((name, p.dtype) for name, p in named)]:
        if kind not in _USABLE and not (name == "x" and not x.is_floating_point()):
            raise TypeError(
                f"{name} has the number type {kind}, which has no singular value decomposition; measure a copy in "
                "single precision: dtype=torch.float32"
            )
    _check_names(module, arguments)
    where = next(iter(named), (None, x))[1].device
    astray = next(
        (k for k, v in {"x": x, **arguments}.items() if isinstance(v, torch.Tensor) and v.device != where), ""
    )
    if astray:
        raise ValueError(f"{astray} is on another device than the model, which is on {where}; move it there")
    if x.is_floating_point() and not bool(torch.isfinite(x).all()):
        raise ValueError("x must be finite, it has NaN or infinity among its entries")
    return module, x, dict(arguments)


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _check_names(module: Any, arguments: Mapping[str, Any]) -> None:
    """Whether the forward method takes these arguments."""
    try:
        parameters = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        return
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return
    stray = next((name for name in arguments if name not in parameters), None)
    if stray is not None:
        raise TypeError(
            f"{stray!r} is neither an option of check_isometry nor an argument of {type(module).__name__}.forward, "
            f"which takes {', '.join(parameters)}"
        )


def output_of(selector: Any) -> Callable[[Any], Any]:
    """From what a module returns to the tensor that is its output.

    Parameters
    ----------
    selector : str, int, callable or None
        Key or attribute, position, or a function; None takes the first tensor that has a derivative.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if selector is not None and not isinstance(selector, (str, int)) and not callable(selector):
        raise TypeError(f"output must be a name, a position or a function of what the model returns, got {selector!r}")

    def chosen(returned: Any) -> Any:
        if selector is None:
            found = [t for t in tensors(returned) if t.is_floating_point()]
            value = next((t for t in found if t.requires_grad), found[0] if found else None)
            if value is None:
                raise ValueError(
                    f"the module returns {type(returned).__name__} without a tensor of numbers; say with output= where "
                    "the tensor to be differentiated is: a name, a position or a function"
                )
            return value
        value = _selected(returned, selector)
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            kind = f"a tensor of {value.dtype}" if isinstance(value, torch.Tensor) else type(value).__name__
            raise ValueError(f"output={selector!r} is {kind} in what the module returns, and no tensor of numbers")
        return value

    return chosen


def _selected(returned: Any, selector: Any) -> Any:
    if callable(selector):
        return selector(returned)
    try:
        if isinstance(selector, str) and not isinstance(returned, Mapping):
            return getattr(returned, selector)
        return returned[selector]
    except (AttributeError, IndexError, KeyError, TypeError):
        names = (
            list(returned) if isinstance(returned, Mapping) else sorted(vars(returned)) if _has_fields(returned) else ()
        )
        known = f"; it has {', '.join(map(repr, names))}" if names else ""
        raise ValueError(f"the module returns {type(returned).__name__}, without output={selector!r}{known}") from None


def _has_fields(value: Any) -> bool:
    return hasattr(value, "__dict__")


# ---------------------------------------------------------------------- batches
def batch_norms(module: Any) -> list[tuple[str, Any]]:
    """BatchNorm layers, with their names."""
    return [(name, m) for name, m in module.named_modules() if isinstance(m, _BATCH_NORMS)]


def untouched_statistics(module: Any) -> str | None:
    """Name of a BatchNorm layer in evaluation mode that has never seen data; None if there is none."""
    for name, norm in batch_norms(module):
        if norm.training or norm.running_mean is None or norm.running_var is None:
            continue
        seen = norm.num_batches_tracked is not None and int(norm.num_batches_tracked) > 0
        if not seen and bool((norm.running_mean == 0).all()) and bool((norm.running_var == 1).all()):
            return name or type(norm).__name__
    return None


def placed_in_batch(x: Any, batch: Any) -> tuple[Any, int]:
    """The batch in which an input is measured, and its row.

    Parameters
    ----------
    x : Tensor
        One input, or with a number for `batch` the whole batch.
    batch : Tensor or int
        The batch: `x` is one of its rows, or is put in front. Or the row of `x` that is the input.

    Raises
    ------
    TypeError, ValueError
        If the batch is neither, or of another shape.
    """
    if isinstance(batch, int) and not isinstance(batch, bool):
        if x.dim() == 0 or not -x.shape[0] <= batch < x.shape[0]:
            raise ValueError(f"batch must be a row of x, which has {x.shape[0] if x.dim() else 0}, got {batch}")
        return x, batch % x.shape[0]
    if not isinstance(batch, torch.Tensor):
        raise TypeError(
            f"batch must be a tensor of inputs, or the row of x that is the input, got {type(batch).__name__}"
        )
    one = x if x.dim() == batch.dim() else x[None]
    if one.dim() != batch.dim() or one.shape[0] != 1 or one.shape[1:] != batch.shape[1:]:
        raise ValueError(
            f"batch must hold inputs of the shape of x, got {tuple(batch.shape)} for x of shape {tuple(x.shape)}"
        )
    batch = batch.to(x.dtype)
    equal = (batch == one).flatten(1).all(1).nonzero()
    if len(equal):
        return batch, int(equal[0])
    return torch.cat([one, batch]), 0
