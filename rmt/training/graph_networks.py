"""Networks on any directed acyclic graph: f_v = φ(in(v)^{−1/2} Σ w_uv f_u), with their gradients and Hessian products.

Wide graphs become linear in their weights: the norm of the Hessian falls like in-degree^{−1/2}
(Liu, Zhu and Belkin 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_generator, check_real, check_reals
from rmt.networks.activations.lookup import ActivationLike
from rmt.networks.activations.lookup import activation as named_activation
from rmt.training.curvatures import curvature

Real = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Level:
    """Nodes of one level and the edges into them."""

    nodes: Index
    edges: Index
    source: Index
    row: Index


class GraphNetwork:
    """A network with one weight an edge, standard normal at the start, and a linear output node.

    Parameters
    ----------
    edges : array_like of shape (k, 2)
        Pairs (from, to) of node numbers. Nodes without incoming edges are inputs, in the order of their numbers; the
        one without outgoing edges is the output.
    activation : str or Activation
        Of all nodes between inputs and output.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Raises
    ------
    ValueError
        If the graph has a cycle, a double edge, or not exactly one output.

    Examples
    --------
    >>> net = GraphNetwork([(0, 2), (1, 2), (0, 3), (2, 3)], "tanh", rng=0)  # with a skip from the first input
    >>> net.layers, net.outputs([[1.0, 2.0]]).shape
    (2, (1,))
    >>> import numpy as np
    >>> from rmt.training import GraphNetwork, dense_graph
    >>> net = GraphNetwork(dense_graph((3, 5, 1)), "tanh", rng=0)
    >>> x, y = np.ones((2, 3)), np.ones(2)
    >>> J = net.jacobian(x)
    >>> np.allclose(net.kernel(x), J @ J.T), net.hessian_vector(x[0], J[0]).shape
    (True, (23,))
    >>> net.step(x, y, 0.1) > 0.0
    True
    """

    def __init__(self, edges: ArrayLike, activation: ActivationLike = "tanh", *, rng: Any = None) -> None:
        pairs = np.asarray(edges)
        if pairs.ndim != 2 or pairs.shape[1:] != (2,) or pairs.dtype.kind not in "iu" or pairs.size == 0:
            raise ValueError(
                f"edges must be pairs of node numbers, an integer array of shape (k, 2), got {edges!r}"[:200]
            )
        if pairs.min() < 0:
            raise ValueError(f"node numbers must be >= 0, got {int(pairs.min())}")
        if len(np.unique(pairs, axis=0)) < len(pairs):
            raise ValueError("edges must not hold the same pair twice")
        self.edges = pairs.astype(np.int64)
        self.size = int(pairs.max()) + 1
        self.activation: Any = named_activation(activation)
        self._curvature = curvature(activation)
        degree = np.bincount(self.edges[:, 1], minlength=self.size)
        used = np.zeros(self.size, dtype=bool)
        used[self.edges.ravel()] = True
        self.inputs = np.flatnonzero(used & (degree == 0))
        ends = np.setdiff1d(self.edges[:, 1], self.edges[:, 0])
        if len(ends) != 1:
            raise ValueError(f"a network needs exactly one node without outgoing edges, its output, got {len(ends)}")
        self.output = int(ends[0])
        self._level = _longest_paths(self.edges, self.size)
        self._scale = 1.0 / np.sqrt(np.maximum(degree, 1))[self.edges[:, 1]]
        self._levels = [self._make_level(k) for k in range(1, int(self._level.max()) + 1)]
        self.degree = degree
        self.weights = check_generator(rng).standard_normal(len(self.edges))

    def _make_level(self, k: int) -> _Level:
        nodes = np.flatnonzero(self._level == k)
        chosen = np.flatnonzero(self._level[self.edges[:, 1]] == k)
        return _Level(nodes, chosen, self.edges[chosen, 0], np.searchsorted(nodes, self.edges[chosen, 1]))

    @property
    def layers(self) -> int:
        """Length of the longest path."""
        return len(self._levels)

    @property
    def width(self) -> int:
        """Least in-degree of the nodes beyond the first layer, which sets the size of the Hessian."""
        inner = self.degree[self._level > 1]
        return int(inner.min()) if inner.size else int(self.degree[self.output])

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return len(self.weights)

    def _matrix(self, level: _Level, weights: Real) -> Any:
        from scipy.sparse import csr_matrix

        data = weights[level.edges] * self._scale[level.edges]
        return csr_matrix((data, (level.row, level.source)), shape=(len(level.nodes), self.size))

    def _forward(self, x: ArrayLike) -> tuple[Real, Real]:
        points = check_reals("x", x)
        if points.ndim != 2 or points.shape[1] != len(self.inputs):
            raise ValueError(f"x must have the shape (n, {len(self.inputs)}), got {points.shape}")
        values, sums = np.zeros((self.size, len(points))), np.zeros((self.size, len(points)))
        values[self.inputs] = points.T
        for level in self._levels:
            sums[level.nodes] = self._matrix(level, self.weights) @ values
            values[level.nodes] = self.activation(sums[level.nodes])
        values[self.output] = sums[self.output]
        return values, sums

    def _slopes(self, sums: Real) -> Real:
        slopes = np.zeros_like(sums)
        inner = self._level > 0
        slopes[inner] = self.activation.derivative(sums[inner])
        slopes[self.output] = 1.0
        return slopes

    def _backward(self, slopes: Real) -> tuple[Real, Real]:
        """Derivatives of the output in the values and in the sums of all nodes."""
        pulls = np.zeros_like(slopes)
        pulls[self.output] = 1.0
        back = np.zeros_like(slopes)
        for level in reversed(self._levels):
            back[level.nodes] = pulls[level.nodes] * slopes[level.nodes]
            pulls += self._matrix(level, self.weights).T @ back[level.nodes]
        return pulls, back

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
        return np.asarray(self._forward(x)[0][self.output])

    def jacobian(self, x: ArrayLike) -> Real:
        """Derivatives of the outputs in all weights, of shape (n, k).

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.

        Returns
        -------
        ndarray of float, shape (n, p)
        """
        values, sums = self._forward(x)
        _, back = self._backward(self._slopes(sums))
        return np.asarray((back[self.edges[:, 1]] * values[self.edges[:, 0]] * self._scale[:, None]).T)

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
        jacobian = self.jacobian(x)
        return np.asarray(jacobian @ jacobian.T)

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
        jacobian = self.jacobian(x)
        r = self.outputs(x) - np.asarray(y)
        self.weights = self.weights - (2.0 * rate / len(r)) * (jacobian.T @ r)
        return float(r @ r / len(r))

    def hessian_vector(self, x: ArrayLike, vector: ArrayLike) -> Real:
        """Product of the Hessian of the output at one point, in all weights, with a vector.

        Parameters
        ----------
        x : array_like of shape (d,)
            The point.
        vector : array_like of shape (k,)
            One number for each edge.

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
        direction = check_reals("vector", vector).ravel()
        values, sums = self._forward(check_reals("x", x).reshape(1, -1))
        slopes = self._slopes(sums)
        pulls, back = self._backward(slopes)
        moved, moved_sums = np.zeros_like(values), np.zeros_like(values)
        for level in self._levels:
            moved_sums[level.nodes] = (
                self._matrix(level, direction) @ values + self._matrix(level, self.weights) @ moved
            )
            moved[level.nodes] = slopes[level.nodes] * moved_sums[level.nodes]
        bend = np.zeros_like(sums)
        inner = self._level > 0
        bend[inner] = self._curvature(sums[inner]) * moved_sums[inner]
        bend[self.output] = 0.0
        moved_pulls, moved_back = np.zeros_like(values), np.zeros_like(values)
        for level in reversed(self._levels):
            here = level.nodes
            moved_back[here] = moved_pulls[here] * slopes[here] + pulls[here] * bend[here]
            moved_pulls += self._matrix(level, direction).T @ back[here]
            moved_pulls += self._matrix(level, self.weights).T @ moved_back[here]
        tail, head = self.edges.T
        return np.asarray(self._scale * (moved_back[head] * values[tail] + back[head] * moved[tail])[:, 0])


def _longest_paths(edges: Index, size: int) -> Index:
    """Length of the longest path from an input to every node."""
    level = np.zeros(size, dtype=np.int64)
    for _ in range(size + 1):
        new = level.copy()
        np.maximum.at(new, edges[:, 1], level[edges[:, 0]] + 1)
        if (new == level).all():
            return level
        level = new
    node = int(np.argmax(level))
    raise ValueError(f"the graph has a cycle, through or before node {node}; a network must be acyclic")


def dense_graph(widths: Sequence[int], *, keep: float = 1.0, skips: bool = True, rng: Any = None) -> Index:
    """Edges of a layered graph: every layer reads all earlier ones or the last one, edges kept with a probability.

    Parameters
    ----------
    widths : sequence of int
        Inputs, hidden layers, and 1.
    keep : float
        In (0, 1]; every node keeps at least one edge in and one out.
    skips : bool
        Whether layers read all earlier ones.
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.

    Returns
    -------
    ndarray of shape (k, 2)

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> dense_graph([1, 1, 1]).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    sizes = [check_count("widths", w) for w in widths]
    part = float(check_real("keep", keep, above=0.0, at_most=1.0))
    generator = check_generator(rng)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    parts = []
    for k in range(1, len(sizes)):
        below = np.arange(0 if skips else starts[k - 1], starts[k])
        mask = generator.random((sizes[k], below.size)) < part
        bare = ~mask.any(axis=1)
        mask[bare, generator.integers(0, below.size, int(bare.sum()))] = True
        rows, columns = np.nonzero(mask)
        parts.append(np.stack([below[columns], starts[k] + rows], axis=1))
    edges = np.concatenate(parts)
    unread = np.setdiff1d(np.arange(starts[-2]), edges[:, 0])
    layer = np.searchsorted(starts, unread, side="right")  # of the layer above
    above = starts[layer] + (generator.random(unread.size) * np.array(sizes)[layer]).astype(np.int64)
    edges = np.concatenate([edges, np.stack([unread, above], axis=1)])
    return np.asarray(edges[np.lexsort((edges[:, 0], edges[:, 1]))])
