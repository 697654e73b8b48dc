"""Residual, normalised and attention blocks at initialisation: scales of the stream, m₁, and the law of the Jacobian.

One block 1 + X with X free and R-diagonal has |1 + X|² by the rectangular sum of laws at ratio 1 (Haagerup and Larsen
2000, Benaych-Georges 2009); blocks whose branches end in Gaussian weights of their own are free, so that their product
is a free product, exactly.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt._frozen import Frozen
from rmt.errors import LARGEST_VARIANCE, check_count, check_items, check_real, shown
from rmt.laws.law import Law
from rmt.networks.architecture.residual_branches import Branch

#: normalisations of a block
NORMS = ("pre", "post", "peri", "none")


@dataclass(frozen=True)
class BlockStep:
    """One block of the recursion.

    Attributes
    ----------
    q : float
        Mean square (variance, with LayerNorm) of the stream that enters.
    strength : float
        v: mean squared singular value of X in 1 + X.
    fourth : float
        k₄ of X.
    factor : float
        What the block multiplies m₁ by.
    branch : Branch
    at, scale : float
        Mean square that enters the branch, and what multiplies its squared singular values in X.
    """

    q: float
    strength: float
    fourth: float
    factor: float
    branch: Branch
    at: float
    scale: float

    @property
    def relvar(self) -> float:
        """Relative variance of |1 + X|²: (2v + (k₄ − 1)v²)/(1 + v)²."""
        v = self.strength
        return (2.0 * v + (self.fourth - 1.0) * v * v) / (1.0 + v) ** 2


class BlockNetwork(Frozen):
    """Residual blocks x + a f(x) at initialisation, normalised before, after or around f, or not at all.

    Parameters
    ----------
    branches : sequence of Branch, or one
        The f of every block, in order; a transformer has two for each of its layers.
    depth : int
        How often they are repeated.
    scale : float
        The factor a.
    norm : str
        ``"pre"``: x + a f(x̂); ``"post"``: the stream x + a f(x) is normalised; ``"peri"``: x + a f̂(x̂); ``"none"``.
        LayerNorm and RMSNorm have the same law; q is the variance over the features for the one, the mean square for
        the other.
    input_q : float
        Of the input. The relative step a² κ/q decides; embeddings of scale 0.02 have q = 4e-4.
    final_norm : bool
        Whether the stream is normalised at the end.
    epsilon : float
        What the normalisation adds to q.

    Raises
    ------
    TypeError, ValueError
        If a branch is none, the norm unknown, or a number out of range.

    Examples
    --------
    >>> from rmt.networks import BlockNetwork, MLPBranch, activation
    >>> net = BlockNetwork(MLPBranch(activation("relu"), 1.0, 2**0.5), depth=12)
    >>> round(net.m1, 10), round(net.output_q, 10)
    (13.0, 13.0)
    """

    def __init__(
        self,
        branches: Any,
        depth: int = 1,
        *,
        scale: float = 1.0,
        norm: str = "pre",
        input_q: float = 1.0,
        final_norm: bool = False,
        epsilon: float = 0.0,
    ) -> None:
        many = hasattr(branches, "__iter__")
        self.branches: tuple[Branch, ...] = tuple(check_items("branches", branches, "branches") if many else [branches])
        wrong = next((b for b in self.branches if not all(hasattr(b, k) for k in ("power", "gain", "law"))), None)
        if wrong is not None:
            raise TypeError(f"branches must be MLPBranch, GatedBranch or LinearBranch, got {shown(wrong)}")
        self.depth = check_count("depth", depth)
        self.scale = float(check_real("scale", scale))
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(map(repr, NORMS))}, got {norm!r}")
        self.norm = norm
        self.input_q = float(check_real("input_q", input_q, above=0.0, at_most=LARGEST_VARIANCE))
        self.final_norm = bool(final_norm)
        self.epsilon = float(check_real("epsilon", epsilon, at_least=0.0))

    @cached_property
    def _recursion(self) -> tuple[tuple[BlockStep, ...], float]:
        q, square, steps = self.input_q, self.scale**2, []
        for _ in range(self.depth):
            for branch in self.branches:
                bare = self.norm in ("none", "post")
                at = q if bare else 1.0
                power, gain, fourth = _scales(branch, at)
                scale = square if bare else square / (q + self.epsilon)
                added = square * power
                if self.norm == "peri":
                    scale, added = scale / power, square
                strength = scale * gain
                shrunk = 1.0 / (q + added + self.epsilon) if self.norm == "post" else 1.0
                steps.append(BlockStep(q, strength, fourth, (1.0 + strength) * shrunk, branch, at, scale))
                q = 1.0 if self.norm == "post" else q + added
                if not q < LARGEST_VARIANCE:
                    raise ValueError(f"the stream exceeds {LARGEST_VARIANCE:g} at block {len(steps)}: lower the scale")
        return tuple(steps), q

    @property
    def steps(self) -> tuple[BlockStep, ...]:
        """The blocks, from the first."""
        return self._recursion[0]

    @property
    def output_q(self) -> float:
        """Mean square of the stream behind the last block; 1 with a final normalisation."""
        return 1.0 if self.final_norm else self._recursion[1]

    @property
    def log_m1(self) -> float:
        """Logarithm of m₁ of the Jacobian."""
        log = math.fsum(math.log(step.factor) for step in self.steps)
        return log - math.log(self._recursion[1] + self.epsilon) if self.final_norm else log

    @property
    def m1(self) -> float:
        """Mean squared singular value of the Jacobian."""
        return math.exp(self.log_m1)

    @property
    def relvar(self) -> float:
        """Relative variance of the squared singular values: the sum of those of the blocks."""
        return math.fsum(step.relvar for step in self.steps)

    @property
    def strength(self) -> float:
        """C = Σ v: the law of many weak blocks is the free log-normal one of variance 2c."""
        return math.fsum(step.strength for step in self.steps)

    def gram_law(self, *, distinct: int | None = None) -> Law:
        """Law of J Jᵀ.

        Parameters
        ----------
        distinct : int, optional
            Blocks of one branch whose strengths differ are put together until so many are left, each at the mean
            strength of those it stands for; every block by itself when None.

        Returns
        -------
        Law
            A free product of rectangular sums, exact for wide networks.

        Raises
        ------
        TypeError, ValueError
            If `distinct` is no positive integer.

        Examples
        --------
        >>> from rmt.networks import BlockNetwork, LinearBranch
        >>> law = BlockNetwork(LinearBranch(0.2**0.5)).gram_law()
        >>> round(law.mean(), 12), round(law.support[0].high, 9)
        (1.2, 3.374080321)
        """
        from rmt.free import boxtimes, rectangular_boxplus
        from rmt.laws import Atomic

        one = Atomic((1,), (1,))
        counts = Counter((step.branch, 1.0 if step.branch.homogeneous else step.at, step.scale) for step in self.steps)
        if distinct is not None:
            counts = _together(counts, check_count("distinct", distinct))
        blocks = [rectangular_boxplus(one, branch.law(at, scale), 1) for branch, at, scale in counts if scale > 0.0]
        powers = [count for (_, _, scale), count in counts.items() if scale > 0.0]
        log_scale = self.log_m1 - math.fsum(math.log1p(step.strength) for step in self.steps)
        if not blocks:
            return Atomic((math.exp(log_scale),), (1,))
        product = blocks[0] if powers == [1] else boxtimes(*blocks, powers=powers)
        return product if log_scale == 0.0 else math.exp(log_scale) * product

    def with_scale(self, scale: float) -> BlockNetwork:
        """The network with another factor a.

        Parameters
        ----------
        scale : float
            The factor.

        Returns
        -------
        BlockNetwork

        Raises
        ------
        ValueError
            If the factor is not finite.

        Examples
        --------
        >>> from rmt.networks import BlockNetwork, LinearBranch
        >>> BlockNetwork(LinearBranch(), depth=3).with_scale(0.0).m1
        1.0
        """
        return BlockNetwork(
            self.branches,
            self.depth,
            scale=scale,
            norm=self.norm,
            input_q=self.input_q,
            final_norm=self.final_norm,
            epsilon=self.epsilon,
        )

    def scale_for(self, *, relvar: float | None = None, s_max: float | None = None) -> float:
        """The factor a that gives a relative variance of J Jᵀ, or a largest singular value.

        Parameters
        ----------
        relvar, s_max : float
            One of the two; s_max is that of the free log-normal law of the same strength.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If both or none are given.
        ValueError
            If no factor up to 100 reaches it.

        Examples
        --------
        >>> from rmt.networks import BlockNetwork, MLPBranch, activation
        >>> net = BlockNetwork(MLPBranch(activation("relu"), 1.0, 2**0.5), depth=24)
        >>> round(net.scale_for(relvar=1.0), 9)
        0.164424012
        """
        from scipy.optimize import brentq

        if (relvar is None) == (s_max is None):
            raise TypeError("give relvar or s_max, one of them")
        name, target = ("relvar", relvar) if s_max is None else ("s_max", s_max)
        goal = float(check_real(name, target, above=0.0 if s_max is None else 1.0))

        def excess(log_scale: float) -> float:
            net = self.with_scale(math.exp(log_scale))
            return (net.relvar if s_max is None else _log_normal_edge(net)) / goal - 1.0

        low, high = math.log(1e-9), math.log(1e-9)
        while excess(high) < 0.0:
            low, high = high, high + 0.5
            if high > math.log(100.0):
                raise ValueError(f"no scale up to 100 gives {name} = {goal:g}")
        return math.exp(brentq(excess, low, high, xtol=1e-13))

    def scalings(self) -> dict[str, BlockNetwork]:
        """The network under the usual factors, by name; N counts branches.

        At the first step ReZero, SkipInit and fixup have a = 0, or a branch that is 0: J is the identity, and nothing
        can be tested there; LayerScale 1e-4 is below what can be measured.

        Returns
        -------
        dict[str, BlockNetwork]

        Examples
        --------
        >>> from rmt.networks import BlockNetwork, MLPBranch, activation
        >>> named = BlockNetwork(MLPBranch(activation("relu"), 1.0, 2**0.5), depth=24).scalings()
        >>> [round(named[name].m1, 4) for name in ("1", "1/sqrt(N)", "1/N", "ReZero")]
        [25.0, 2.0, 1.0417, 1.0]
        """
        count = self.depth * len(self.branches)
        named = {"1": 1.0, "1/sqrt(N)": count**-0.5, "1/N": 1.0 / count, "LayerScale 1e-4": 1e-4}
        return {name: self.with_scale(a) for name, a in named.items()} | {
            name: self.with_scale(0.0) for name in ("ReZero", "SkipInit", "fixup")
        }

    def __repr__(self) -> str:
        return (
            f"BlockNetwork({list(self.branches)!r}, depth={self.depth}, scale={self.scale!r}, norm={self.norm!r}, "
            f"input_q={self.input_q!r}, final_norm={self.final_norm!r}, epsilon={self.epsilon!r})"
        )


def _together(counts: Counter[Any], distinct: int) -> Counter[Any]:
    """Blocks of similar strengths put together, for every branch: at their mean input and scale."""
    groups: dict[Any, list[tuple[float, float]]] = {}
    for (branch, at, scale), count in counts.items():
        groups.setdefault(branch, []).extend([(scale, at)] * count)
    found: Counter[Any] = Counter()
    for branch, pairs in groups.items():
        for part in np.array_split(np.array(sorted(pairs)), min(distinct, len(pairs))):
            scale, at = part.mean(axis=0)
            found[branch, float(at), float(scale)] += len(part)
    return found


@lru_cache(maxsize=4096)
def _scales(branch: Any, at: float) -> tuple[float, float, float]:
    return branch.power(at), branch.gain(at), branch.fourth(at)


def _log_normal_edge(net: BlockNetwork) -> float:
    """s_max of the free log-normal law of strength c: median 1, edges reciprocal."""
    c = net.strength
    if c == 0.0:
        return 1.0
    m = 0.5 * (-1.0 + math.sqrt(1.0 + 2.0 / c))
    return math.sqrt((1.0 + m) / m * math.exp(2.0 * c * m + c))
