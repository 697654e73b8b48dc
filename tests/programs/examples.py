"""Programs that several tests run."""

from __future__ import annotations

import numpy as np

from rmt.programs import Program


def mup_step(w="gaussian", v="gaussian"):
    """Two hidden tanh layers, one step of gradient descent on ½ (f − 1)², written out; its last scalar is f."""
    P = Program()
    W, w, v = P.matrix(), P.vector(w), P.vector(v)
    x1 = np.tanh(w)
    x2 = np.tanh(W @ x1)
    f0 = P.mean(v * x2)
    dh = (f0 - 1) * v * (1 - x2**2)
    dx = W.T @ dh
    moved = np.tanh(w - dx * (1 - x1**2))
    h = W @ moved - dh * P.mean(x1 * moved)
    P.mean((v - (f0 - 1) * x2) * np.tanh(h), name="f1")
    return P


def tied():
    """An encoder and decoder with the same matrix; means of x y, y², x z, z², h g, g²."""
    P = Program()
    W, x = P.matrix(), P.vector()
    h = W @ x
    y = W.T @ np.tanh(h)
    z = np.tanh(y)
    g = W @ z
    for product in (x * y, y * y, x * z, z * z, h * g, g * g):
        P.mean(product)
    return P


def recurrent():
    """Three steps of a recurrent network with one matrix; means of h_s h_t."""
    P = Program()
    W, u = P.matrix(), P.vector()
    h = [np.tanh(u)]
    for _ in range(2):
        h.append(np.tanh(W @ h[-1] + u))
    for s, t in ((1, 1), (1, 2), (2, 2), (1, 3), (2, 3), (3, 3)):
        P.mean(h[s - 1] * h[t - 1])
    return P


def word(letters):
    """(1/n) v' word v for a word in W and w = W'."""
    P = Program()
    W, v = P.matrix(), P.vector()
    x = v
    for letter in reversed(letters):
        x = (W if letter == "W" else W.T) @ x
    P.mean(v * x)
    return P


def wishart(orders):
    """(1/n) v' (W W')^k v for k = 1, …, orders."""
    P = Program()
    W, v = P.matrix(), P.vector()
    x = v
    for _ in range(orders):
        x = W @ (W.T @ x)
        P.mean(v * x)
    return P
