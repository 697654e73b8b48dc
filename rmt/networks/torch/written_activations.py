"""Activations written with torch, as functions of arrays, with their derivative by automatic differentiation."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Real = NDArray[np.float64]


class TensorFunction:
    """A function of tensors as one of arrays of doubles; None of its parameters is changed.

    Parameters
    ----------
    function : callable or torch.nn.Module
        Elementwise. A module is copied, in double precision.
    """

    def __init__(self, function: Any) -> None:
        self.function = copy.deepcopy(function).double() if isinstance(function, torch.nn.Module) else function

    def __call__(self, x: Real) -> Real:
        """Values."""
        with torch.no_grad():
            return self._array(self.function(self._tensor(x)), x)

    def derivative(self, x: Real) -> Real:
        """Derivative, by reverse differentiation of the sum of the values."""
        points = self._tensor(x).requires_grad_(True)
        with torch.enable_grad():
            values = self.function(points)
            if not values.requires_grad:
                return np.zeros(np.shape(x))
            (slopes,) = torch.autograd.grad(values.sum(), points, allow_unused=True)
        return np.zeros(np.shape(x)) if slopes is None else self._array(slopes, x)

    @staticmethod
    def _tensor(x: Real) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64).reshape(np.shape(x)).copy())

    @staticmethod
    def _array(values: Any, x: Real) -> Real:
        if not isinstance(values, torch.Tensor):
            raise TypeError(f"the function must give a tensor for a tensor, got {type(values).__name__}")
        if values.shape != np.shape(x):
            raise ValueError(f"the function must be elementwise; it made shape {tuple(values.shape)} of {np.shape(x)}")
        return np.asarray(values.detach().cpu().numpy(), dtype=np.float64)
