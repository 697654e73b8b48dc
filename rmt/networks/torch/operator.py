"""The Jacobian of a recorded forward pass as a linear map: its products, and its matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.float64]

#: numbers in one batch of products, beyond which rows are made in several
BATCH_NUMBERS = 1 << 24


class JacobianMap:
    """J = d target / d source by automatic differentiation, on flattened arrays.

    Jᵀu is one backward pass; J v is the derivative of u ↦ Jᵀu, a backward pass through the backward pass. That needs
    no forward-mode formulas, which some operations lack, and is several times faster than ``torch.func.jvp``.

    Parameters
    ----------
    target, source : Tensor
        The source in the graph of the target.
    """

    def __init__(self, target: Any, source: Any) -> None:
        self.target, self.source = target, source
        self.shape = (int(target.numel()), int(source.numel()))
        self._cotangent: Any = None
        self._pullback: Any = None

    def rmatvec(self, u: ArrayLike) -> Real:
        """Jᵀ u."""
        cotangent = self._like(u, self.target)
        return _array(torch.autograd.grad(self.target, self.source, cotangent, retain_graph=True)[0])

    def matvec(self, v: ArrayLike) -> Real:
        """J v."""
        self._prepare()
        tangent = self._like(v, self.source)
        return _array(torch.autograd.grad(self._pullback, self._cotangent, tangent, retain_graph=True)[0])

    def matrix(self) -> Real:
        """J as a matrix of float64: rows one by one in batches, or columns if these are fewer."""
        rows, columns = self.shape
        if rows <= columns:
            return self._batched(self.target, self.source)
        self._prepare()
        return self._batched(self._pullback, self._cotangent).T

    def _prepare(self) -> None:
        if self._pullback is None:
            self._cotangent = torch.zeros_like(self.target, requires_grad=True)
            (self._pullback,) = torch.autograd.grad(
                self.target, self.source, self._cotangent, create_graph=True, retain_graph=True
            )

    def _batched(self, target: Any, source: Any) -> Real:
        count = target.numel()
        size = max(1, min(count, BATCH_NUMBERS // max(int(target.numel()), int(source.numel()))))
        out = np.empty((count, source.numel()))
        for start in range(0, count, size):
            stop = min(start + size, count)
            unit = torch.zeros((stop - start, count), dtype=target.dtype, device=target.device)
            unit[torch.arange(stop - start), torch.arange(start, stop)] = 1.0
            unit = unit.reshape(stop - start, *target.shape)
            (block,) = torch.autograd.grad(target, source, unit, retain_graph=True, is_grads_batched=True)
            out[start:stop] = block.reshape(stop - start, -1).detach().cpu().numpy()
        return out

    @staticmethod
    def _like(values: ArrayLike, tensor: Any) -> Any:
        flat = torch.as_tensor(np.asarray(values), dtype=tensor.dtype, device=tensor.device)
        return flat.reshape(tensor.shape)


def _array(tensor: Any) -> Real:
    """A tensor as a flat array of float64."""
    return np.asarray(tensor.detach().reshape(-1).cpu().numpy(), dtype=np.float64)


def diagonal_derivative(target: Any, source: Any, rng: np.random.Generator) -> Real | None:
    """Diagonal of d target / d source, flattened; None if the derivative is not a diagonal matrix."""
    if target.numel() != source.numel():
        return None
    if target is source:
        return np.ones(source.numel())
    (ones,) = _pull(target, source, torch.ones_like(target))
    if ones is None:
        return None
    signs = np.where(rng.random(source.numel()) < 0.5, -1.0, 1.0)
    (mixed,) = _pull(target, source, JacobianMap._like(signs, target))
    diagonal, probe = _array(ones), _array(mixed)
    tolerance = 1e3 * torch.finfo(target.dtype).eps * (np.abs(diagonal) + np.abs(diagonal).max())
    return diagonal if (np.abs(probe - signs * diagonal) <= tolerance).all() else None


def _pull(target: Any, source: Any, cotangent: Any) -> Any:
    return torch.autograd.grad(target, source, cotangent, retain_graph=True, allow_unused=True)
