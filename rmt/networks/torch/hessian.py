"""Hessian of the loss of a real model: products with vectors, its spectrum by Lanczos, outliers above a bulk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rmt.errors import check_count, check_generator, check_real
from rmt.laws import Law
from rmt.laws.law import check_law

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HessianSpectrum:
    """Spectrum of a Hessian by stochastic Lanczos quadrature.

    Attributes
    ----------
    nodes, weights : array of shape (probes, steps)
        Ritz values of every probe, and the mass that each of them stands for.
    size : int
        Number of parameters.
    """

    nodes: Real
    weights: Real
    size: int

    def moment(self, k: int) -> tuple[float, float]:
        """Mean k-th moment of the eigenvalues, tr Hᵏ/size, and its standard error over the probes.

        Parameters
        ----------
        k : int
        """
        values = np.sum(self.weights * self.nodes ** check_count("k", k), axis=1)
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf

    def mass_above(self, x: float) -> tuple[float, float]:
        """Share of the eigenvalues above a point, and its standard error over the probes.

        Parameters
        ----------
        x : float
        """
        values = np.sum(self.weights * (self.nodes > check_real("x", x)), axis=1)
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf

    @property
    def extremes(self) -> tuple[float, float]:
        """Least and greatest Ritz value: inner bounds of the extreme eigenvalues, sharp after some tens of steps."""
        return float(self.nodes.min()), float(self.nodes.max())

    def outliers(self, bulk: Law, *, tolerance: float = 0.05) -> Real:
        """Ritz values above the bulk of a law that every probe has found: eigenvalues the law does not explain.

        Parameters
        ----------
        bulk : Law
            Predicted for the bulk.
        tolerance : float
            Share of the edge by which an outlier must exceed it.

        Returns
        -------
        ndarray
            Decreasing; converged ones only, on which two probes agree to a thousandth.
        """
        edge = max([i.high for i in check_law(bulk, "bulk").support] + [a for a, _ in bulk.atoms])
        limit = edge + abs(edge) * float(check_real("tolerance", tolerance, at_least=0.0))
        found = [np.unique(row[row > limit])[::-1] for row in self.nodes]
        kept = [x for x in found[0] if all(np.any(np.abs(other - x) <= 1e-3 * abs(x)) for other in found[1:])]
        return np.array(kept)


def hessian_vector_product(loss: Callable[[], Any], parameters: Any, vector: Real) -> Real:
    """Product of the Hessian of a loss in some parameters with a vector.

    Parameters
    ----------
    loss : callable
        Returns the loss as a scalar tensor.
    parameters : iterable of torch.nn.Parameter
    vector : ndarray of shape (p,)
    """
    wanted = [p for p in parameters if p.requires_grad]
    gradients = torch.autograd.grad(loss(), wanted, create_graph=True)
    flat = torch.cat([g.reshape(-1) for g in gradients])
    if np.shape(vector) != (flat.numel(),):
        raise ValueError(f"vector must have {flat.numel()} entries, one a parameter, got shape {np.shape(vector)}")
    direction = torch.as_tensor(np.asarray(vector), dtype=flat.dtype, device=flat.device)
    product = flat @ direction
    if not product.requires_grad:
        return np.zeros(flat.numel())
    parts = torch.autograd.grad(product, wanted, allow_unused=True)
    return np.concatenate(
        [
            np.zeros(p.numel()) if part is None else part.detach().cpu().double().numpy().ravel()
            for p, part in zip(wanted, parts, strict=True)
        ]
    )


def hessian_spectrum(
    model: torch.nn.Module, loss: Callable[[], Any], *, probes: int = 4, steps: int = 40, rng: Any = None
) -> HessianSpectrum:
    """Spectrum of the Hessian of a loss in all trainable parameters of a model, with error bars.

    Parameters
    ----------
    model : torch.nn.Module
    loss : callable
        Returns the loss of the model on fixed data, a scalar tensor.
    probes, steps : int
        Random vectors, and Lanczos steps from each, with full reorthogonalisation: probes · steps products.
    rng : Generator, SeedSequence, int or None

    Returns
    -------
    HessianSpectrum

    Raises
    ------
    ValueError
        If the model has no trainable parameter.

    Examples
    --------
    >>> import torch
    >>> layer = torch.nn.Linear(3, 1, bias=False)
    >>> x = torch.eye(3)
    >>> spectrum = hessian_spectrum(layer, lambda: (layer(x) ** 2).sum(), rng=0)
    >>> [round(v, 6) for v in spectrum.extremes]
    [2.0, 2.0]
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    size = sum(p.numel() for p in parameters)
    if size == 0:
        raise ValueError("the model has no trainable parameter")
    generator, depth = check_generator(rng), min(size, check_count("steps", steps))
    nodes, weights = [], []
    for _ in range(check_count("probes", probes)):
        start = generator.choice([-1.0, 1.0], size)
        positions, masses = _lanczos(lambda v: hessian_vector_product(loss, parameters, v), start, depth)
        nodes.append(np.pad(positions, (0, depth - positions.size), mode="edge"))
        weights.append(np.pad(masses, (0, depth - masses.size)))
    return HessianSpectrum(np.array(nodes), np.array(weights), size)


def _lanczos(product: Callable[[Real], Real], start: Real, depth: int) -> tuple[Real, Real]:
    """Ritz values and the squared first components of their vectors."""
    from scipy.linalg import eigh_tridiagonal

    basis = [start / np.linalg.norm(start)]
    diagonal: list[float] = []
    off: list[float] = []
    for _ in range(depth):
        image = product(basis[-1])
        diagonal.append(float(image @ basis[-1]))
        for _ in range(2):
            for vector in basis:
                image = image - (image @ vector) * vector
        length = float(np.linalg.norm(image))
        if length <= 1e-10 * max(1e-300, max(map(abs, diagonal))) or len(basis) == depth:
            break
        off.append(length)
        basis.append(image / length)
    values, vectors = eigh_tridiagonal(np.array(diagonal), np.array(off[: len(diagonal) - 1]))
    return np.asarray(values, dtype=np.float64), np.asarray(vectors[0] ** 2, dtype=np.float64)
