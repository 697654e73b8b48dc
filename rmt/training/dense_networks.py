"""Networks of any depth in the tangent-kernel form, trained in NumPy so that their spectra can be watched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_generator, check_reals
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.activations.lookup import activation as named_activation
from rmt.training.curvatures import curvature

Real = NDArray[np.float64]


class DenseNetwork:
    """A fully connected network h ← W φ(h)/√fan_in with standard normal weights, linear read-out and no biases.

    Parameters
    ----------
    widths : sequence of int
        Input dimension, hidden widths, and 1.
    activation : str or Activation
        φ.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Raises
    ------
    ValueError
        If the last width is not 1 or there is no hidden layer.

    Examples
    --------
    >>> net = DenseNetwork([3, 50, 50, 1], rng=0)
    >>> net.kernel([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).shape
    (2, 2)
    >>> import numpy as np
    >>> from rmt.training import DenseNetwork
    >>> net = DenseNetwork((3, 5, 1), "tanh", rng=0)
    >>> x, y = np.ones((2, 3)), np.ones(2)
    >>> J = net.jacobian(x)
    >>> net.outputs(x).shape, J.shape, np.allclose(net.kernel(x), J @ J.T), net.input_gradients(x).shape
    ((2,), (2, 20), True, (2, 3))
    >>> [g.shape for g in net.gradients(x, y)]
    [(5, 3), (1, 5)]
    >>> net.hessian_vector(x[0], J[0]).shape, net.loss_hessian_vector(x, y, J[0]).shape
    ((20,), (20,))
    >>> net.copy().step(x, y, 0.1) > 0.0
    True
    """

    def __init__(self, widths: Sequence[int], activation: ActivationLike = "relu", *, rng: Any = None) -> None:
        self.widths = [check_count("widths", w) for w in widths]
        if len(self.widths) < 3 or self.widths[-1] != 1:
            raise ValueError(f"widths must be the input dimension, at least one hidden width and 1, got {widths!r}")
        self.activation = named_activation(activation)
        self._curvature = curvature(activation)
        generator = check_generator(rng)
        self.weights = [
            generator.standard_normal((after, before))
            for before, after in zip(self.widths, self.widths[1:], strict=False)
        ]

    def copy(self) -> DenseNetwork:
        """The same network with its own weights.

        Returns
        -------
        DenseNetwork
        """
        other = object.__new__(DenseNetwork)
        other.widths, other.activation, other._curvature = self.widths, self.activation, self._curvature
        other.weights = [w.copy() for w in self.weights]
        return other

    def _forward(self, x: ArrayLike) -> tuple[list[Real], list[Real]]:
        states = [check_reals("x", x)]
        if states[0].ndim != 2 or states[0].shape[1] != self.widths[0]:
            raise ValueError(f"x must have the shape (n, {self.widths[0]}), got {states[0].shape}")
        sums = []
        for place, (weight, fan) in enumerate(zip(self.weights, self.widths, strict=False)):
            sums.append(states[-1] @ weight.T / np.sqrt(fan))
            last = place == len(self.weights) - 1
            states.append(sums[-1] if last else np.asarray(self.activation(sums[-1])))
        return states, sums

    def _backward(self, sums: list[Real]) -> list[Real]:
        """Derivatives of the output in the sums of every layer."""
        back = [np.ones_like(sums[-1])]
        for place in range(len(self.weights) - 2, -1, -1):
            slope = np.asarray(self.activation.derivative(sums[place]))
            back.insert(0, back[0] @ self.weights[place + 1] / np.sqrt(self.widths[place + 1]) * slope)
        return back

    def outputs(self, x: ArrayLike) -> Real:
        """Outputs at the rows of x, of shape (n,).

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.

        Returns
        -------
        ndarray of float, shape (n,)
        """
        return self._forward(x)[0][-1][:, 0]

    def kernel(self, x: ArrayLike) -> Real:
        """Tangent kernel at the rows of x, of shape (n, n).

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.

        Returns
        -------
        ndarray of float, shape (n, n)
        """
        states, sums = self._forward(x)
        return np.asarray(
            sum(
                (a @ a.T) * (b @ b.T) / fan
                for a, b, fan in zip(states, self._backward(sums), self.widths, strict=False)
            )
        )

    def input_gradients(self, x: ArrayLike) -> Real:
        """Gradients of f in its input, of shape (n, d).

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.

        Returns
        -------
        ndarray of float, shape (n, d)
        """
        _, sums = self._forward(x)
        return np.asarray(self._backward(sums)[0] @ self.weights[0] / np.sqrt(self.widths[0]))

    def jacobian(self, x: ArrayLike) -> Real:
        """Derivatives of the outputs in all weights, of shape (n, p).

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.

        Returns
        -------
        ndarray of float, shape (n, p)
        """
        states, sums = self._forward(x)
        parts = [
            np.einsum("ni,nj->nij", b, a).reshape(len(a), -1) / np.sqrt(fan)
            for a, b, fan in zip(states, self._backward(sums), self.widths, strict=False)
        ]
        return np.concatenate(parts, axis=1)

    def gradients(self, x: ArrayLike, pull: Real) -> list[Real]:
        """Σ_i pull_i ∂f(x_i)/∂W for every weight matrix.

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.
        pull : ndarray of float, shape (n,)
            Weights of the sum.

        Returns
        -------
        list of ndarray
        """
        states, sums = self._forward(x)
        back = self._backward(sums)
        return [(b * pull[:, None]).T @ a / np.sqrt(fan) for a, b, fan in zip(states, back, self.widths, strict=False)]

    def step(self, x: ArrayLike, y: ArrayLike, rate: float) -> float:
        """One step of gradient descent on the mean loss (1/n) Σ r²; return the loss before it.

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.
        y : array_like of float, shape (n,)
            Targets.
        rate : float
            Learning rate, > 0.

        Returns
        -------
        float
        """
        states, sums = self._forward(x)
        back = self._backward(sums)
        r = states[-1][:, 0] - np.asarray(y)
        pull = (2.0 * rate / len(r)) * r
        for weight, a, b, fan in zip(self.weights, states, back, self.widths, strict=False):
            weight -= (b * pull[:, None]).T @ a / np.sqrt(fan)
        return float(r @ r / len(r))

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(w.size for w in self.weights)

    def hessian_vector(self, x: ArrayLike, vector: ArrayLike) -> Real:
        """Product of the Hessian of the output at one point, in all weights, with a vector.

        Parameters
        ----------
        x : array_like of shape (d,)
            The point.
        vector : array_like of shape (p,)
            One number for each weight, layer by layer, row by row.

        Returns
        -------
        ndarray of float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        return self._second_order(check_reals("x", x).reshape(1, -1), vector, np.ones(1))[2]

    def loss_hessian_vector(self, x: ArrayLike, y: ArrayLike, vector: ArrayLike) -> Real:
        """Product of the Hessian of the mean loss (1/n) Σ r² with a vector: (2/n)(JᵀJ + Σ r_i H_i) v.

        Parameters
        ----------
        x : array_like of shape (n, d)
            Inputs in rows.
        y : array_like of shape (n,)
            Targets.
        vector : array_like of shape (p,)
            One number for each weight, layer by layer, row by row.

        Returns
        -------
        ndarray of float
        """
        r = self.outputs(x) - np.asarray(y)
        pull = 2.0 / len(r) * r
        outputs, apply, moved = self._second_order(x, vector, pull)
        return np.asarray(moved + apply(2.0 / len(r) * outputs))

    def _second_order(self, x: ArrayLike, vector: ArrayLike, pull: Real) -> tuple[Real, Any, Real]:
        """Derivative of the outputs along a vector, Jᵀ as a function, and Σ pull_i H_i v."""
        flat, parts, start = check_reals("vector", vector).ravel(), [], 0
        if flat.size != self.parameters:
            raise ValueError(f"vector must have {self.parameters} entries, one a weight, got {flat.size}")
        for w in self.weights:
            parts.append(flat[start : start + w.size].reshape(w.shape))
            start += w.size
        states, sums = self._forward(x)
        roots = [np.sqrt(float(fan)) for fan in self.widths]
        last = len(self.weights) - 1
        slopes = [np.asarray(self.activation.derivative(z)) for z in sums[:-1]]
        moved_states, moved_sums = [np.zeros_like(states[0])], []
        for place, (weight, part) in enumerate(zip(self.weights, parts, strict=True)):
            moved_sums.append((states[place] @ part.T + moved_states[place] @ weight.T) / roots[place])
            moved_states.append(moved_sums[-1] if place == last else slopes[place] * moved_sums[-1])
        back, moved_back = [np.ones_like(sums[-1])], [np.zeros_like(sums[-1])]
        for place in range(last - 1, -1, -1):
            weight, part, root = self.weights[place + 1], parts[place + 1], roots[place + 1]
            carried = back[0] @ weight / root
            moved = (moved_back[0] @ weight + back[0] @ part) / root
            bend = np.asarray(self._curvature(sums[place])) * moved_sums[place]
            back.insert(0, carried * slopes[place])
            moved_back.insert(0, moved * slopes[place] + carried * bend)

        def pull_back(amounts: Real) -> Real:
            return np.concatenate(
                [((b * amounts[:, None]).T @ a / root).ravel() for a, b, root in zip(states, back, roots, strict=False)]
            )

        second = [
            ((db * pull[:, None]).T @ a + (b * pull[:, None]).T @ da) / root
            for a, da, b, db, root in zip(states, moved_states, back, moved_back, roots, strict=False)
        ]
        return moved_sums[-1][:, 0], pull_back, np.concatenate([part.ravel() for part in second])
