"""Tangent kernel of a PyTorch model: by contraction of its Jacobian, or by products with vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Real = NDArray[np.float64]


def empirical_ntk(model: torch.nn.Module, X: Any, Y: Any = None, *, trace: bool = True) -> Real:
    """Tangent kernel Σ_θ ∂f(x)/∂θ ∂f(x')/∂θ of a model, over its trainable parameters.

    Parameters
    ----------
    model : torch.nn.Module
        Maps a batch to outputs of shape (batch, k) or (batch,); in evaluation mode, so that inputs do not mix.
    X, Y : torch.Tensor
        Batches of inputs; `Y` is `X` by default.
    trace : bool
        Mean of the diagonal blocks over the k outputs; False keeps the blocks.

    Returns
    -------
    ndarray of shape (n, m), or (n, m, k, k)

    Raises
    ------
    ValueError
        If the model is in training mode, has no trainable parameters, or its outputs have another shape.

    Notes
    -----
    The Jacobian of all n k outputs is formed and contracted parameter by parameter; :func:`ntk_vector_product` needs no
    Jacobian (Novak, Sohl-Dickstein and Schoenholz 2022).
    """
    left = _jacobian(model, X)
    right = left if Y is None else _jacobian(model, Y)
    kernel: Any = sum(torch.einsum("akp,blp->abkl", a, b) for a, b in zip(left, right, strict=True))
    if trace:
        kernel = kernel.diagonal(dim1=2, dim2=3).mean(-1)
    return np.asarray(kernel.detach().to(torch.float64).cpu().numpy())


def ntk_vector_product(model: torch.nn.Module, X: Any, vector: Any) -> Real:
    """Θ(X, X) v without Θ and without a Jacobian: two backward passes.

    Parameters
    ----------
    model : torch.nn.Module
        As for :func:`empirical_ntk`.
    X : torch.Tensor
        Batch of n inputs.
    vector : array_like of shape (n, k), or (n,) for one output

    Returns
    -------
    ndarray of the shape of `vector`

    Raises
    ------
    ValueError
        As for :func:`empirical_ntk`, and if the shape of `vector` is not that of the outputs.
    """
    parameters = _parameters(model)

    def outputs(values: dict[str, Any]) -> Any:
        return _shaped(torch.func.functional_call(model, values, (X,)))

    value, pull = torch.func.vjp(outputs, parameters)
    given = torch.as_tensor(np.asarray(vector), dtype=value.dtype, device=value.device)
    if given.numel() != value.numel() or given.shape[0] != value.shape[0]:
        raise ValueError(f"vector must have the shape {tuple(value.shape)} of the outputs, got {tuple(given.shape)}")
    # the derivative along a gradient is that of the linear map v -> Jᵀv, backwards once more
    gradient, again = torch.func.vjp(lambda v: pull(v)[0], given.reshape(value.shape))
    (product,) = again(gradient)
    return np.asarray(product.detach().reshape(given.shape).to(torch.float64).cpu().numpy())


def _parameters(model: torch.nn.Module) -> dict[str, Any]:
    if model.training:
        raise ValueError("the model is in training mode, where batch norm mixes inputs and dropout draws; call .eval()")
    found = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    if not found:
        raise ValueError("the model has no trainable parameters: its tangent kernel is 0")
    return found


def _shaped(value: Any) -> Any:
    if value.ndim not in (1, 2):
        raise ValueError(f"the outputs must have the shape (batch,) or (batch, k), got {tuple(value.shape)}")
    return value.reshape(value.shape[0], -1)


def _jacobian(model: torch.nn.Module, X: Any) -> list[Any]:
    """Derivatives of every output in every parameter, of shape (n, k, p)."""
    parameters = _parameters(model)

    def one(values: dict[str, Any], x: Any) -> Any:
        return _shaped(torch.func.functional_call(model, values, (x[None],)))[0]

    rows = torch.func.vmap(torch.func.jacrev(one), (None, 0))(parameters, X)
    return [j.reshape(*j.shape[:2], -1) for j in rows.values()]
