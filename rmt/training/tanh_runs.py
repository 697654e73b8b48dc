"""Training follows isometry: tanh networks trained from their advised start and from that of torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import check_choice, check_count, check_generator

Real = NDArray[np.float64]

#: loss of a training run that still counts as bounded
DIVERGED = 1e6


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One training run.

    Attributes
    ----------
    depth : int
    start : str
        ``"advised"`` or ``"default"``.
    rate : float
        Learning rate, the best of those tried.
    steps : int or None
        Steps until the loss was below the goal; None if it was not within `max_steps`.
    losses : array of float
        After every step.
    """

    depth: int
    start: str
    rate: float
    steps: int | None
    losses: Real


def digit_images(samples: int, *, rng: Any = None) -> tuple[Real, NDArray[np.int64]]:
    """A made-up set of 8 × 8 images in ten classes: a smooth random pattern a class, shifted and with noise.

    Returns
    -------
    images : array (samples, 64)
        Of mean 0 and mean square 1.
    labels : array of int
    """
    generator = check_generator(rng)
    count = check_count("samples", samples)
    waves = np.cos(np.pi * np.outer(np.arange(8) + 0.5, np.arange(4)) / 8.0)
    patterns = np.einsum("xi,cij,yj->cxy", waves, generator.standard_normal((10, 4, 4)), waves)
    labels = generator.integers(0, 10, count)
    shifts = generator.integers(-1, 2, (count, 2))
    images = np.array(
        [np.roll(patterns[c], tuple(s), axis=(0, 1)) for c, s in zip(labels, shifts, strict=True)]
    ).reshape(count, 64)
    images += 0.3 * images.std() * generator.standard_normal(images.shape)
    images -= images.mean()
    return images / math.sqrt(float(np.mean(images**2))), labels


def tanh_start(depth: int, width: int, start: str, rng: np.random.Generator) -> tuple[list[Real], list[Real], float]:
    """Weights and biases of a square tanh network and the mean square that its input should have.

    Parameters
    ----------
    depth, width : int
    start : {"advised", "default"}
        :func:`rmt.networks.advise`, or what ``torch.nn.Linear`` does: uniform weights and biases of variance 1/(3 N).
    rng : Generator
    """
    from rmt.networks.reports.advice import advise
    from rmt.numerics.dense.householder import haar_product

    check_choice("start", start, ("advised", "default"))
    if start == "default":
        bound = 1.0 / math.sqrt(width)
        weights = [rng.uniform(-bound, bound, (width, width)) for _ in range(depth)]
        return weights, [rng.uniform(-bound, bound, width) for _ in range(depth)], 1.0
    advice = advise("tanh", depth)
    assert advice.sigma_w is not None
    assert advice.sigma_b is not None
    weights = [advice.sigma_w * haar_product(width, rng, width, "real").matrix() for _ in range(depth)]
    biases = [advice.sigma_b * rng.standard_normal(width) for _ in range(depth)]
    return weights, biases, advice.input_q or 1.0


def train_tanh(
    depth: int,
    start: str,
    *,
    rates: Sequence[float] = (0.3, 1.0, 3.0),
    goal: float = 0.1,
    max_steps: int = 300,
    samples: int = 200,
    rng: Any = 0,
) -> TrainingRun:
    """Train a tanh network of width 64 on :func:`digit_images` by full-batch gradient descent with momentum 0.9.

    Every layer learns at ``rate · q / depth``, with q the mean square of its input at the start: steps are then
    measured on the scale of the weights. The best of several rates is reported.

    Parameters
    ----------
    depth : int
    start : {"advised", "default"}
    rates : sequence of float
    goal : float
        Cross-entropy (it starts near log 10 = 2.30) at which a run is over.
    max_steps, samples : int
    rng : Generator, SeedSequence, int or None
        Data and start; the same for all rates.

    Returns
    -------
    TrainingRun
    """
    d = check_count("depth", depth)
    generator = check_generator(rng)
    images, labels = digit_images(samples, rng=generator)
    weights, biases, input_q = tanh_start(d, images.shape[1], start, generator)
    x = images * math.sqrt(input_q)
    readout = generator.standard_normal((10, images.shape[1])) / math.sqrt(images.shape[1])
    runs = [_descend(weights, biases, readout, x, labels, start, rate, goal, max_steps) for rate in rates]
    finished = [run for run in runs if run.steps is not None]
    return min(finished, key=lambda run: run.steps or 0) if finished else min(runs, key=lambda run: run.losses[-1])


def _descend(
    start_weights: Sequence[Real],
    start_biases: Sequence[Real],
    start_readout: Real,
    x: Real,
    labels: NDArray[np.int64],
    start: str,
    rate: float,
    goal: float,
    max_steps: int,
) -> TrainingRun:
    parameters = [*(w.copy() for w in start_weights), *(b.copy() for b in start_biases), start_readout.copy()]
    depth, size = len(start_weights), len(x)
    velocity = [np.zeros_like(p) for p in parameters]
    targets = np.eye(10)[labels]
    losses: list[float] = []
    scale = 1.0
    for step in range(max_steps + 1):
        states = [x]
        for weight, bias in zip(parameters[:depth], parameters[depth:-1], strict=True):
            states.append(np.tanh(states[-1] @ weight.T + bias))
        if step == 0:  # the readout sees entries of mean square 1, whatever the start
            scale = 1.0 / math.sqrt(float(np.mean(states[-1] ** 2)) + 1e-30)
        logits = scale * states[-1] @ parameters[-1].T
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = shifted / shifted.sum(axis=1, keepdims=True)
        loss = float(-np.mean(np.log(np.maximum((shares * targets).sum(axis=1), 1e-300))))
        losses.append(loss)
        if loss < goal or not loss < DIVERGED:
            return TrainingRun(depth, start, rate, step if loss < goal else None, np.array(losses))
        slope = (shares - targets) / size
        gradients = [np.zeros(0)] * len(parameters)
        gradients[-1] = scale * slope.T @ states[-1]
        back = scale * slope @ parameters[-1]
        for place in range(depth - 1, -1, -1):
            back = back * (1.0 - states[place + 1] ** 2)
            gradients[place], gradients[depth + place] = back.T @ states[place], back.sum(axis=0)
            back = back @ parameters[place]
        step_size = rate / (depth * scale**2)
        for place, gradient in enumerate(gradients):
            velocity[place] = 0.9 * velocity[place] - (rate if place == 2 * depth else step_size) * gradient / 10.0
            parameters[place] += velocity[place]
    return TrainingRun(depth, start, rate, None, np.array(losses))
