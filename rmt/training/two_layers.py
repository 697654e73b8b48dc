"""Two layers of ReLU in the tangent-kernel form, beside their quadratic and their linear model.

f(u, v; x) = (md)^{−1/2} Σ v_i (u_i·x)₊. With its gates frozen at the start it is the quadratic model: no Hessian is
ever formed (Zhu et al. 2022).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_choice, check_count, check_generator, check_real, check_reals

Real = NDArray[np.float64]
Kind = Literal["network", "quadratic", "linear"]
KINDS: tuple[Kind, ...] = ("network", "quadratic", "linear")


class TwoLayers:
    """Two layers of ReLU, or one of the two models of them around their start.

    Parameters
    ----------
    first : array_like of shape (m, d)
        Weights of the hidden units, one unit a row.
    second : array_like of shape (m,)
        The read-out.
    kind : {"network", "quadratic", "linear"}
        ``"quadratic"`` keeps the gates of the start, ``"linear"`` is the first-order expansion in the weights.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> net = TwoLayers.drawn(3, 100, rng=0)
    >>> x = [[1.0, 2.0, 0.0]]
    >>> bool(net.outputs(x)[0] == net.frozen_gates().outputs(x)[0]), net.linearised().outputs(x).shape
    (True, (1,))
    >>> import numpy as np
    >>> from rmt.training import TwoLayers
    >>> net = TwoLayers.drawn(3, 5, rng=0)
    >>> x, y = np.ones((2, 3)), np.ones(2)
    >>> net.gates(x).shape, net.kernel(x).shape, net.input_gradients(x).shape
    ((2, 5), (2, 2), (2, 3))
    >>> net.copy().step(x, y, 0.1) > 0.0
    True
    """

    def __init__(self, first: ArrayLike, second: ArrayLike, kind: Kind = "network") -> None:
        check_choice("kind", kind, KINDS)
        u, v = check_reals("first", first), check_reals("second", second)
        if u.ndim != 2 or v.shape != u.shape[:1]:
            raise ValueError(f"first and second must have the shapes (m, d) and (m,), got {u.shape} and {v.shape}")
        self.kind = kind
        self.first, self.second = u.copy(), v.copy()
        self.first_start, self.second_start = u.copy(), v.copy()
        self.scale = 1.0 / np.sqrt(float(u.shape[0] * u.shape[1]))

    @classmethod
    def drawn(cls, dimension: int, width: int, *, readout: str = "signs", rng: Any = None) -> TwoLayers:
        """Draw standard normal first weights and a read-out of signs, or of standard normal numbers.

        Parameters
        ----------
        dimension, width : int
            d and m.
        readout : {"signs", "gaussian"}
            Law of the read-out.
        rng : Generator, SeedSequence, int or None
            As :func:`numpy.random.default_rng` takes it.

        Returns
        -------
        TwoLayers

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        check_choice("readout", readout, ("signs", "gaussian"))
        d, m = check_count("dimension", dimension), check_count("width", width)
        generator = check_generator(rng)
        u = generator.standard_normal((m, d))
        v = generator.choice([-1.0, 1.0], m) if readout == "signs" else generator.standard_normal(m)
        return cls(u, v)

    def frozen_gates(self) -> TwoLayers:
        """The quadratic model around the start.

        Returns
        -------
        TwoLayers
        """
        return TwoLayers(self.first_start, self.second_start, "quadratic")

    def linearised(self) -> TwoLayers:
        """The linear model around the start.

        Returns
        -------
        TwoLayers
        """
        return TwoLayers(self.first_start, self.second_start, "linear")

    def copy(self) -> TwoLayers:
        """A network of the same kind at the start.

        Returns
        -------
        TwoLayers
        """
        return TwoLayers(self.first_start, self.second_start, self.kind)

    def gates(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Which units are open for which point, of shape (n, m).

        Parameters
        ----------
        x : array_like of float, shape (n, d)
            Points, one a row.

        Returns
        -------
        ndarray of bool, shape (n, m)
        """
        weights = self.first if self.kind == "network" else self.first_start
        return np.asarray(self._points(x) @ weights.T >= 0.0)

    def _points(self, x: ArrayLike) -> Real:
        points = check_reals("x", x)
        if points.ndim != 2 or points.shape[1] != self.first.shape[1]:
            raise ValueError(f"x must have the shape (n, {self.first.shape[1]}), got {points.shape}")
        return points

    def _factors(self, x: Real) -> tuple[Real, Real, Real]:
        """Pre-activations through the gates, derivatives in the second and those before x in the first layer."""
        open_gates = self.gates(x)
        if self.kind == "linear":
            start = (x @ self.first_start.T) * open_gates
            return (x @ self.first.T) * open_gates, start, open_gates * self.second_start
        through = (x @ self.first.T) * open_gates
        return through, through, open_gates * self.second

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
        points = self._points(x)
        through, slopes, _ = self._factors(points)
        if self.kind == "linear":
            return np.asarray(self.scale * (slopes @ (self.second - self.second_start) + through @ self.second_start))
        return np.asarray(self.scale * through @ self.second)

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
        points = self._points(x)
        _, slopes, before = self._factors(points)
        return np.asarray(self.scale**2 * (slopes @ slopes.T + (before @ before.T) * (points @ points.T)))

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
        points = self._points(x)
        through = self.gates(points) * self.second
        return np.asarray(self.scale * through @ self.first)

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
        points = self._points(x)
        through, slopes, before = self._factors(points)
        if self.kind == "linear":
            f = self.scale * (slopes @ (self.second - self.second_start) + through @ self.second_start)
        else:
            f = self.scale * through @ self.second
        r = f - np.asarray(y)
        pull = (2.0 * rate * self.scale / len(points)) * r
        self.first -= (before * pull[:, None]).T @ points
        self.second -= slopes.T @ pull
        return float(r @ r / len(points))


def dead_share(net: TwoLayers, x: ArrayLike) -> float:
    """Share of the units that are shut for every row of x: a network that looks converged may be dead.

    Parameters
    ----------
    net : TwoLayers
        The network.
    x : array_like of shape (n, d)
        Points in rows.

    Returns
    -------
    float

    Examples
    --------
    >>> dead_share(TwoLayers([[1.0], [-1.0]], [1.0, 1.0]), [[2.0], [3.0]])
    0.5
    """
    return float((~net.gates(x).any(axis=0)).mean())


def example_curvature(x: ArrayLike, width: int) -> float:
    """|x|²/(m d): the curvature of :func:`rmt.training.catapult` for two layers and one example.

    Parameters
    ----------
    x : array_like of shape (d,)
        The example.
    width : int
        m.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If an argument is out of the range named above.

    Examples
    --------
    >>> from rmt.training import example_curvature
    >>> example_curvature([3.0, 4.0], 10)  # 25/20
    1.25
    """
    point = check_reals("x", x)
    return float(check_real("|x|²", float(point @ point), above=0.0)) / (check_count("width", width) * point.size)
