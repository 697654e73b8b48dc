"""Programs of multilayer perceptrons: forward pass, gradients, steps of gradient descent in μP."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_real, check_reals
from rmt.networks.architecture.mlp import MLP
from rmt.programs.nonlinearities import Function
from rmt.programs.tensor_program import Program


def mlp_program(
    net: MLP,
    *,
    inputs: ArrayLike = ((1.0,),),
    targets: ArrayLike = 1.0,
    backward: bool = False,
    steps: int = 0,
    rate: float = 1.0,
    first: Any = "gaussian",
    readout: Any = "gaussian",
) -> Program:
    """The program of a network on one or several inputs, with a read-out f = (1/n) Σ v_i x_i (μP; Yang and Hu 2021).

    The first layer is h = σ_w Σ_a ξ_a w_a/√d + σ_b b for an input ξ of d numbers, with vectors w_a; the layers after
    it have matrices of variance σ_w²/fan_in. A step of gradient descent on the mean over the inputs of ½ (f − y)² has
    learning rates that let every layer move at order 1: f moves by −rate times the kernel of
    ``rmt.kernels.ntk(parametrization="mup")`` (with the scales of the network) times f − y at first.

    Parameters
    ----------
    net : MLP
        The network.
    inputs : array_like of shape (m, d)
        Inputs ξ, one a row.
    targets : array_like of shape (m,)
        Targets y of training; one number serves all.
    backward : bool
        Add the gradients dh_l = n ∂f/∂h_l of the first input after all steps, and their mean squares as outputs.
    steps : int
        Steps of gradient descent.
    rate : float
        Learning rate of a step.
    first, readout : law
        Laws of the coordinates of w_a and of v; unlike those of the matrices they matter.

    Returns
    -------
    Program
        Its outputs are f after the last step for each input, if there are steps, then the mean squares of the
        gradients, if they are asked for. Without both they are the n^(−1/2) Σ v_i x_i of the NTK parametrization, for
        :meth:`Program.variance`.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If the weights are orthogonal, the inputs are no finite matrix, or there are not as many targets as inputs.

    Examples
    --------
    >>> from rmt.networks import MLP
    >>> P = mlp_program(MLP(2, "tanh", 1.0, input_q=1.0), steps=1)
    >>> round(P.limit(), 9)
    0.561670543
    >>> P = mlp_program(MLP(2, "tanh", 1.0, input_q=1.0), backward=True, steps=1)
    >>> [output.name for output in P.outputs]
    ['f1', 'dh1', 'dh2']
    """
    if not isinstance(net, MLP):
        raise TypeError(f"net must be an rmt.networks.MLP, got {net!r} of type {type(net).__name__}")
    if net.orthogonal:
        raise ValueError(
            "a program has matrices with independent entries, and the weights of this network are orthogonal; take "
            "net.with_weights('gaussian')"
        )
    points = check_reals("inputs", inputs)
    if points.ndim != 2 or not points.size or not np.isfinite(points).all():
        raise ValueError(f"inputs must be a finite array of shape (m, d), got shape {points.shape}")
    wanted = (
        np.broadcast_to(check_reals("targets", targets), (len(points),))
        if np.ndim(targets) == 0
        else check_reals("targets", targets)
    )
    if wanted.shape != (len(points),) or not np.isfinite(wanted).all():
        raise ValueError(f"targets must be one finite number for each of the {len(points)} inputs, got {targets!r}")
    count = check_count("steps", steps, minimum=0)
    training = _Training(net, points, first, readout)
    eta = float(check_real("rate", rate))
    for step in range(count):
        training.step(wanted, eta, step)
    features = training.read_out(f"f{count}")[0] if count else training.forward()
    if backward:
        training.gradients()
    elif not count:
        for s, x in enumerate(features):
            training.program.root_sum(training.v * x[-1], name=_numbered("f", s, len(points)))
    return training.program


def _numbered(name: str, s: int, count: int) -> str:
    return name if count == 1 else f"{name}({s + 1})"


class _Training:
    """A network in training: what its parameters are is written as initial ones plus the updates so far."""

    def __init__(self, net: MLP, points: NDArray[np.float64], first: Any, readout: Any) -> None:
        self.net, self.count = net, len(points)
        self.program = P = Program()
        sizes = [_whole(w / net.widths[1]) for w in net.widths]
        self.matrices = [
            P.matrix(sizes[k + 1], sizes[k], variance=_whole(net.sigma_w[k] ** 2), entries=net.weights)
            for k in range(1, net.depth)
        ]
        gram = net.sigma_w[0] ** 2 * (points @ points.T) / points.shape[1]
        #: what a unit gradient at one input moves in the first layer at another
        self.first_kernel = gram + net.sigma_b[0] ** 2
        if isinstance(first, str) and first == "gaussian":
            self.first: list[Any] = list(P.vectors(self.first_kernel, size=sizes[1]))
        else:
            w = [P.vector(first, size=sizes[1]) for _ in range(points.shape[1])]
            scaled = net.sigma_w[0] * points / np.sqrt(points.shape[1])
            self.first = [sum(float(c) * x for c, x in zip(row, w, strict=True)) for row in scaled]
            if net.sigma_b[0]:
                bias = net.sigma_b[0] * P.vector(size=sizes[1])
                self.first = [h + bias for h in self.first]
        #: of the layers after the first; None for none
        self.biases: list[Any] = [None] + [
            _whole(b) * P.vector(size=size) if b else None for b, size in zip(net.sigma_b[1:], sizes[2:], strict=True)
        ]
        self.v: Any = P.vector(readout, size=sizes[-1], name="v")
        self.rows = [b / a for a, b in pairwise(sizes)]
        #: per layer after the first: (coefficient, dh, x before the matrix) of every update so far
        self.updates: list[list[tuple[Any, Any, Any]]] = [[] for _ in self.matrices]
        self.hidden: list[list[Any]] = []

    def forward(self) -> list[list[Any]]:
        """Features x_1, ..., x_L of every input; the pre-activations are kept."""
        P, features = self.program, []
        self.hidden = []
        for s in range(self.count):
            h = self.first[s]
            xs: list[Any] = []
            hs: list[Any] = []
            for k, phi in enumerate(self.net.activations):
                if k:
                    x = xs[-1]
                    h = self.matrices[k - 1] @ x
                    for coefficient, dh, earlier in self.updates[k - 1]:
                        h = h - (coefficient * P.mean(earlier * x)) * dh
                    if self.biases[k] is not None:
                        h = h + self.biases[k]
                hs.append(h)
                xs.append(P.map(phi, h))
            features.append(xs)
            self.hidden.append(hs)
        return features

    def read_out(self, name: str) -> tuple[list[list[Any]], list[Any]]:
        """Features and outputs f of every input."""
        features = self.forward()
        return features, [
            self.program.mean(self.v * xs[-1], name=_numbered(name, s, self.count)) for s, xs in enumerate(features)
        ]

    def backward(self, s: int) -> list[Any]:
        """Gradients n ∂f/∂h_l of one input, from the first layer to the last."""
        P, dx, found = self.program, self.v, []
        for k in range(self.net.depth - 1, -1, -1):
            phi = self.net.activations[k]
            slope = P._apply(Function(f"{phi.name}'", phi.derivative, phi.kinks), (self.hidden[s][k],))
            dh = dx * slope
            found.append(dh)
            if k:
                dx = self.matrices[k - 1].T @ dh
                for coefficient, earlier, x in self.updates[k - 1]:
                    share = coefficient * self.rows[k]
                    dx = dx - (share * P.mean(earlier * dh)) * x
        return found[::-1]

    def gradients(self) -> None:
        """Mean squares of the gradients at the first input, after a forward pass, as outputs."""
        for k, dh in enumerate(self.backward(0)):
            self.program.mean(dh * dh, name=f"dh{k + 1}")

    def step(self, targets: NDArray[np.float64], eta: float, number: int) -> None:
        """One step of gradient descent."""
        features, outputs = self.read_out(f"f{number}")
        errors = [f - float(y) for f, y in zip(outputs, targets, strict=True)]
        gradients = [self.backward(s) for s in range(self.count)]
        share = eta / self.count
        moved = []
        for other in range(self.count):
            h = self.first[other]
            for s in range(self.count):
                h = h - (share * float(self.first_kernel[s, other])) * errors[s] * gradients[s][0]
            moved.append(h)
        new_v = self.v
        for s in range(self.count):
            for k in range(1, self.net.depth):
                coefficient = (share * self.net.sigma_w[k] ** 2) * errors[s]
                self.updates[k - 1].append((coefficient, gradients[s][k], features[s][k - 1]))
                if self.biases[k] is not None:
                    bias = (share * self.net.sigma_b[k] ** 2) * errors[s] * gradients[s][k]
                    self.biases[k] = self.biases[k] - bias
            new_v = new_v - (share * errors[s]) * features[s][-1]
        self.first, self.v = moved, new_v


def _whole(number: float) -> Any:
    """A float that is an integer as an int, so that exact results stay exact."""
    return int(number) if float(number).is_integer() else float(number)
