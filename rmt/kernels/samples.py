"""Kernel matrices one can draw, each beside its law."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Float
from rmt.errors import check_real
from rmt.kernels.conjugate import check_ratios, conjugate_kernel_law, entrywise_kernel_law, per_layer
from rmt.kernels.normalised import normalised_activation
from rmt.kernels.tangent_law import ntk_law
from rmt.kernels.zonal import ZonalKernel
from rmt.laws import Law
from rmt.networks.activations.lookup import ActivationLike


class SphereKernelMatrix(Ensemble):
    """h(x_i·x_j/d) for n uniform points on the sphere of radius √d, d = n/ratio.

    Parameters
    ----------
    kernel : ZonalKernel
        The function h.
    ratio : float
        n/d.

    Raises
    ------
    ValueError
        If the ratio is not positive.

    References
    ----------
    El Karoui 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.kernels import SphereKernelMatrix, zonal
    >>> matrix = SphereKernelMatrix(zonal(np.exp), ratio=0.5)
    >>> matrix.dimension(100), matrix.sample(4, rng=0).shape
    (200, (4, 4))
    >>> matrix.outlier(100) > matrix.law().support[0].high
    True
    """

    def __init__(self, kernel: ZonalKernel, ratio: float) -> None:
        self.kernel = kernel
        self.ratio = float(check_real("ratio", ratio, above=0.0))

    def __repr__(self) -> str:
        return f"SphereKernelMatrix({self.kernel!r}, ratio={self.ratio!r})"

    def law(self) -> Law:
        """Limit law of the bulk: :meth:`ZonalKernel.gram_law`.

        Returns
        -------
        Law
        """
        return self.kernel.gram_law(self.ratio)

    def dimension(self, n: int) -> int:
        """Dimension d of the space for n points.

        Parameters
        ----------
        n : int
            Number of points, >= 1.

        Returns
        -------
        int
        """
        return max(2, round(n / self.ratio))

    def outlier(self, n: int) -> float | None:
        """Position of the outlier of n points: :meth:`ZonalKernel.outlier`.

        Parameters
        ----------
        n : int
            Number of points, >= 1.

        Returns
        -------
        float or None
        """
        return self.kernel.outlier(n, self.dimension(n))

    def _sample(self, n: int, rng: np.random.Generator) -> Float:
        x = rng.standard_normal((n, self.dimension(n)))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        cosines = x @ x.T
        rows, columns = np.tril_indices(n, -1)
        values = self.kernel(np.clip(cosines[rows, columns], -1.0, 1.0))
        out = np.empty((n, n))
        out[rows, columns] = values
        out[columns, rows] = values
        out[np.arange(n), np.arange(n)] = self.kernel(gap=0.0)
        return out


class ConjugateKernelMatrix(Ensemble):
    """Gram matrix X_Lᵀ X_L of the last features of a random network; parameters as :func:`conjugate_kernel_law`.

    Parameters
    ----------
    activation : str, callable, Activation, or a sequence of them
        One for all layers, or one for each of the L.
    ratios : sequence of L + 1 positive numbers
        n/d_0, n/d_1, ..., n/d_L.
    q : float or sequence of float
        Variance of the pre-activations, one for all layers or one for each.

    References
    ----------
    Fan and Wang 2020.

    Examples
    --------
    >>> from rmt.kernels import ConjugateKernelMatrix
    >>> matrix = ConjugateKernelMatrix("relu", ratios=(0.5, 0.5))
    >>> matrix.eigenvalues(6, rng=0).shape, matrix.law().mean()
    ((6,), 1.0)
    """

    def __init__(
        self,
        activation: ActivationLike | Sequence[ActivationLike],
        ratios: Sequence[float],
        q: float | Sequence[float] = 1.0,
    ) -> None:
        self.activation, self.ratios, self.q = activation, check_ratios(ratios), q
        self.layers = per_layer(activation, q, len(self.ratios) - 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.activation!r}, ratios={self.ratios!r}, q={self.q!r})"

    def law(self) -> Law:
        """Limit law: :func:`conjugate_kernel_law`.

        Returns
        -------
        Law
        """
        return conjugate_kernel_law(self.activation, self.ratios, q=self.q)

    def _features(self, n: int, rng: np.random.Generator) -> tuple[list[Float], list[Float], list[Float]]:
        """X_0, ..., X_L, the weights and the pre-activations."""
        widths = [max(1, round(n / r)) for r in self.ratios]
        features = [rng.standard_normal((widths[0], n)) / np.sqrt(widths[0])]
        weights, inside = [], []
        for layer, width in zip(self.layers, widths[1:], strict=True):
            weights.append(rng.standard_normal((width, features[-1].shape[0])))
            inside.append(weights[-1] @ features[-1])
            features.append(layer(inside[-1]) / np.sqrt(width))
        return features, weights, inside

    def _sample(self, n: int, rng: np.random.Generator) -> Float:
        features, _, _ = self._features(n, rng)
        return np.asarray(features[-1].T @ features[-1])


class TangentKernelMatrix(ConjugateKernelMatrix):
    """Neural tangent kernel X_Lᵀ X_L + Σ (S_lᵀ S_l) ⊙ (X_{l−1}ᵀ X_{l−1}) of a random network; see :func:`ntk_law`.

    Parameters
    ----------
    activation : str, callable, Activation, or a sequence of them
        One for all layers, or one for each of the L.
    ratios : sequence of L + 1 positive numbers
        n/d_0, n/d_1, ..., n/d_L.
    q : float or sequence of float
        Variance of the pre-activations, one for all layers or one for each.

    References
    ----------
    Fan and Wang 2020.

    Examples
    --------
    >>> from rmt.kernels import TangentKernelMatrix
    >>> matrix = TangentKernelMatrix("relu", ratios=(0.5, 0.5))
    >>> matrix.eigenvalues(6, rng=0).shape, matrix.law().mean() > 1.0
    ((6,), True)
    """

    def law(self) -> Law:
        """Limit law: :func:`ntk_law`.

        Returns
        -------
        Law
        """
        return ntk_law(self.activation, self.ratios, q=self.q)

    def _sample(self, n: int, rng: np.random.Generator) -> Float:
        features, weights, inside = self._features(n, rng)
        out = np.asarray(features[-1].T @ features[-1])
        width = features[-1].shape[0]
        back = self.layers[-1].slope(inside[-1]) * rng.standard_normal((width, 1)) / math.sqrt(width)
        for layer in range(len(weights) - 1, -1, -1):
            out = out + (back.T @ back) * (features[layer].T @ features[layer])
            if layer > 0:
                inner = weights[layer].T @ back / np.sqrt(features[layer].shape[0])
                back = inner * self.layers[layer - 1].slope(inside[layer - 1])
        return out


class EntrywiseKernelMatrix(Ensemble):
    """A_ij = k(√p X_i·X_j)/√p off the diagonal for n vectors X_i ~ N(0, 1/p); see :func:`entrywise_kernel_law`.

    Parameters
    ----------
    activation : str, callable or Activation
        k, whose mean is taken off.
    ratio : float
        n/p.

    References
    ----------
    Cheng and Singer 2013.

    Examples
    --------
    >>> from rmt.kernels import EntrywiseKernelMatrix
    >>> matrix = EntrywiseKernelMatrix("relu", ratio=0.5)
    >>> matrix.sample(4, rng=0).diagonal(), matrix.eigenvalues(4, rng=0).shape
    (array([0., 0., 0., 0.]), (4,))
    >>> round(matrix.law().mean(), 12)
    0.0
    """

    def __init__(self, activation: ActivationLike, ratio: float) -> None:
        self.activation = activation
        self.ratio = float(check_real("ratio", ratio, above=0.0))
        self.k = normalised_activation(activation)

    def __repr__(self) -> str:
        return f"EntrywiseKernelMatrix({self.activation!r}, ratio={self.ratio!r})"

    def law(self) -> Law:
        """Limit law: :func:`entrywise_kernel_law`.

        Returns
        -------
        Law
        """
        return entrywise_kernel_law(self.activation, self.ratio)

    def _sample(self, n: int, rng: np.random.Generator) -> Float:
        p = max(1, round(n / self.ratio))
        x = rng.standard_normal((n, p)) / np.sqrt(p)
        out = self.k(np.sqrt(p) * (x @ x.T)) * math.sqrt(self.k.variance / p)
        lower = np.tril(out, -1)
        return np.asarray(lower + lower.T)
