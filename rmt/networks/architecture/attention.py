"""Attention at initialisation on several tokens: their lengths and overlaps, and m₁ with its softmax differentiated.

Logits are Gaussian with covariance s² C_ii' C_jj', where C holds the overlaps of the normalised tokens and s² is
σ_Q² σ_K² for the scale 1/√d (0 for 1/d). By default they are not small, nor is the derivative of the softmax.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt._frozen import Frozen
from rmt.errors import check_count, check_generator, check_real
from rmt.networks.architecture.residual_branches import MLPBranch

Real = NDArray[np.float64]

#: draws of the logits of one layer
DRAWS = 4000


@dataclass(frozen=True, eq=False)
class AttentionMoments:
    """Means over the Gaussian logits of one head, for M the second moments of gradients by tokens.

    Attributes
    ----------
    mixed : array (T, T)
        E A C Aᵀ: overlaps behind attention.
    values, queries, keys : array (T, T)
        E Aᵀ M A, and what the derivative of the softmax adds through queries and through keys.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.networks import attention_moments
    >>> attention_moments(np.eye(2), np.eye(2), 0.0).mixed.tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """

    mixed: Real
    values: Real
    queries: Real
    keys: Real


def attention_moments(
    overlaps: Any, gradients: Any, logit_variance: float, *, causal: bool = False, draws: int = DRAWS, rng: Any = 0
) -> AttentionMoments:
    """Means of softmax attention and its derivative over Gaussian logits.

    Parameters
    ----------
    overlaps : array_like (T, T)
        C, overlaps of the tokens after normalisation, with 1 on the diagonal.
    gradients : array_like (T, T)
        M, second moments of gradients behind attention; the identity at the output.
    logit_variance : float
        σ_Q² σ_K², of the logits of two tokens of overlap 1; 1/4 for ``torch.nn.MultiheadAttention``.
    causal : bool
        Whether tokens see only those before.
    draws : int
        Number of draws, in antithetic pairs.
    rng : Generator, SeedSequence, int or None
        Antithetic normal draws of the logits.

    Returns
    -------
    AttentionMoments

    Raises
    ------
    TypeError, ValueError
        If the overlaps are no such matrix, the variance is negative, or the draws no positive number.

    Examples
    --------
    >>> import numpy as np
    >>> found = attention_moments(np.eye(2), np.eye(2), 0.0)
    >>> np.round(found.values, 3).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    c, m = (np.asarray(a, dtype=np.float64) for a in (overlaps, gradients))
    if c.ndim != 2 or c.shape[0] != c.shape[1] or m.shape != c.shape:
        raise ValueError(f"overlaps and gradients must be square matrices of one size, got {c.shape} and {m.shape}")
    variance = float(check_real("logit_variance", logit_variance, at_least=0.0))
    count = check_count("draws", draws)
    values, vectors = np.linalg.eigh(c)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    half = check_generator(rng).standard_normal(((count + 1) // 2, *c.shape))
    logits = math.sqrt(variance) * (root @ np.concatenate([half, -half]) @ root.T)
    if causal:
        logits = np.where(np.tri(len(c), dtype=bool), logits, -np.inf)
    a = np.exp(logits - logits.max(axis=2, keepdims=True))
    a /= a.sum(axis=2, keepdims=True)
    n = len(a)
    mixed = np.einsum("nia,ab,njb->ij", a, c, a, optimize=True) / n
    back = np.einsum("nia,ij,njb->ab", a, m, a, optimize=True) / n
    # B^i = diag(A_i) − A_i A_iᵀ, and C B^j
    b = np.einsum("nia,ab->niab", a, np.eye(len(c))) - np.einsum("nia,nib->niab", a, a)
    turned = np.einsum("ac,nicb->niab", c, b, optimize=True)
    pairs = np.einsum("niab,njba->ij", np.einsum("niab,bc->niac", turned, c, optimize=True), b, optimize=True) / n
    queries = variance * m * pairs
    keys = variance * np.einsum("nika,ij,njal->kl", b, m * c, turned, optimize=True) / n
    return AttentionMoments(mixed, back, queries, keys)


class TokenNetwork(Frozen):
    """A pre-norm transformer at initialisation on a fixed number of tokens, in the limit of large width.

    Parameters
    ----------
    depth : int
        Layers, each attention and an MLP.
    mlp : MLPBranch
        The branch behind each attention.
    overlaps : array_like (T, T)
        Of the tokens of the input, with 1 on the diagonal.
    sigma_vo : float
        Product of the scales of value and output weights.
    logit_variance : float
        σ_Q² σ_K².
    scale : float
        Factor of both branches.
    input_q : float
        Variance of the entries of a token.
    causal : bool
        Whether tokens see only those before.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range or the overlaps are no matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.networks import MLPBranch, TokenNetwork, activation
    >>> net = TokenNetwork(2, MLPBranch(activation("relu"), 1.0, 2**0.5), np.eye(1), sigma_vo=1.0)
    >>> round(net.m1, 6)  # one token: 1 + v of every branch
    5.0
    """

    def __init__(
        self,
        depth: int,
        mlp: MLPBranch,
        overlaps: Any,
        *,
        sigma_vo: float = 1.0,
        logit_variance: float = 1.0,
        scale: float = 1.0,
        input_q: float = 1.0,
        causal: bool = False,
    ) -> None:
        self.depth = check_count("depth", depth)
        self.mlp = mlp
        self.overlaps = np.array(overlaps, dtype=np.float64)
        if self.overlaps.ndim != 2 or self.overlaps.shape[0] != self.overlaps.shape[1]:
            raise ValueError(f"overlaps must be a square matrix, got shape {self.overlaps.shape}")
        self.sigma_vo = float(check_real("sigma_vo", sigma_vo, at_least=0.0))
        self.logit_variance = float(check_real("logit_variance", logit_variance, at_least=0.0))
        self.scale = float(check_real("scale", scale))
        self.input_q = float(check_real("input_q", input_q, above=0.0))
        self.causal = bool(causal)

    @cached_property
    def _forward(self) -> list[tuple[Real, Real]]:
        """Unnormalised overlaps before every attention and every MLP, and behind the last."""
        stream, square = self.input_q * self.overlaps, self.scale**2
        found = []
        for _ in range(self.depth):
            first = stream
            moments = attention_moments(
                _normalised(stream), np.eye(len(stream)), self.logit_variance, causal=self.causal
            )
            stream = stream + square * self.sigma_vo**2 * moments.mixed
            second = stream
            c, length = _normalised(stream), self.mlp.length(1.0)
            shared = self.mlp.sigma_1**2 * c + self.mlp.bias_1**2
            pairs = _by_entry(self.mlp.activation.covariance, length, shared / length)
            stream = stream + square * (self.mlp.sigma_2**2 * pairs + self.mlp.bias_2**2)
            found.append((first, second))
        found.append((stream, stream))
        return found

    @property
    def output_q(self) -> Real:
        """Variances of the tokens of the output."""
        return np.diag(self._forward[-1][0]).copy()

    @property
    def output_overlaps(self) -> Real:
        """Overlaps of the tokens of the output."""
        return _normalised(self._forward[-1][0])

    @cached_property
    def m1(self) -> float:
        """Mean squared singular value of the Jacobian of all tokens by all tokens."""
        square, phi = self.scale**2, self.mlp.activation
        size, length = len(self.overlaps), self.mlp.length(1.0)
        m = np.eye(size)
        gain = square * (self.mlp.sigma_1 * self.mlp.sigma_2) ** 2
        for first, second in reversed(self._forward[:-1]):
            shared = self.mlp.sigma_1**2 * _normalised(second) + self.mlp.bias_1**2
            slopes = _by_entry(phi.slope_covariance, length, shared / length)
            m = m * (1.0 + gain * slopes / _sizes(second))
            moments = attention_moments(_normalised(first), m, self.logit_variance, causal=self.causal)
            through = moments.values + moments.queries + moments.keys
            m = m + square * self.sigma_vo**2 * through / _sizes(first)
        return float(np.trace(m)) / size


def _by_entry(function: Callable[[float, float, float], float], length: float, correlations: Real) -> Real:
    """A covariance for every entry of a symmetric matrix of correlations; equal entries are computed once."""
    values = np.clip(np.round(correlations, 14), -1.0, 1.0)
    unique, inverse = np.unique(values, return_inverse=True)
    return np.array([function(length, length, float(x)) for x in unique])[inverse].reshape(values.shape)


def _sizes(stream: Real) -> Real:
    """√(q_i q_j)."""
    roots = np.sqrt(np.diag(stream))
    return np.asarray(roots[:, None] * roots[None])


def _normalised(stream: Real) -> Real:
    return np.asarray(stream / _sizes(stream))
