"""What is known of a spectrum beside its limit law: how its sums, its ends and its exact zeros fluctuate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rmt.laws.law import Law

Real = NDArray[np.float64]


@dataclass(frozen=True)
class ExactSum:
    """A power sum of one matrix whose law is known at every n.

    Attributes
    ----------
    power : int
        Σ zᵏ of the standardised eigenvalues.
    scale : float
        The sum over `scale` is χ² with `degrees` degrees of freedom, or normal of variance 1 where these are None.
    degrees : float or None
    """

    power: int
    scale: float
    degrees: float | None


@dataclass(frozen=True)
class Sums:
    """Chebyshev sums Σ T_k(ẑ), k = 1, 2, ..., over the standardised eigenvalues of one matrix that are on no atom.

    Attributes
    ----------
    low, high : float
        Ends of the interval that ẑ maps to [−1, 1].
    mean, covariance : ndarray
    exact : tuple of ExactSum
        Used below 20 eigenvalues, where the sums are not normal yet.
    allowed : ndarray or None
        How far off the mean of every sum may be: a bias of finite n that is not known.
    whole : bool
        Whether eigenvalues on atoms are summed, too.
    """

    low: float
    high: float
    mean: Real
    covariance: Real
    exact: tuple[ExactSum, ...] = ()
    allowed: Real | None = None
    whole: bool = False


@dataclass(frozen=True)
class Prediction:
    """A law with its fluctuations at one n. A text stands for what is not known, and says why.

    Attributes
    ----------
    kind : str
        Of which matrices.
    shift, scale : float
        Standardised eigenvalues are z = (x − shift)/scale, or (x² − shift)/scale if `squared`.
    squared : bool
        Whether the numbers compared are singular values, whose squares are eigenvalues.
    sums : Sums or str
        Where they are not known, the spread across trials takes their place, unless `biased`.
    lower, upper : Law or str
        Laws of the smallest and the largest standardised eigenvalue of one matrix, those on atoms left out.
    counts : tuple of (position, fewest, most), or str
        How many eigenvalues of one matrix are exactly at each atom of the law.
    continuous : bool
        Whether exact zeros and eigenvalues of multiplicity above 2 have the probability 0 where the law has no atom.
    simple : bool
        Whether two equal eigenvalues have the probability 0, too, where the entries are continuous.
    distance : {"rigid", "independent", "weighted"} or str
        Whether eigenvalues stay near their quantiles, are independent points, have weights, or neither (and why).
    biased : bool
        Whether the law is approached more slowly than 1/n.
    edge_shift : float
        How far the ends may lie outside the support, standardised.
    hull : bool
        Whether points may lie in gaps of the support, as the nodes of a quadrature rule do.
    hard : tuple of two floats
        Exponents α, at the lower and the upper end of the support, of P(an eigenvalue within ε of it) ~ ε^α.
    stray : callable or None
        Probability that one matrix has an eigenvalue beyond z from causes other than the noise of the edge.
    remark : str
        What has to be said of the law at this n, beside the verdict.

    Examples
    --------
    >>> import rmt
    >>> prediction = rmt.gue().fluctuations().predict(rmt.Semicircle(variance=4), 100)
    >>> prediction.kind, prediction.scale, [round(float(x), 3) for x in prediction.sums.mean]
    ('Gaussian ensemble, beta = 2', 2.0, [0.0, -50.0, 0.0, 0.005])
    >>> float(prediction.standard(3.0)), float(prediction.place(1.5))
    (1.5, 3.0)
    """

    kind: str
    shift: float = 0.0
    scale: float = 1.0
    squared: bool = False
    sums: Sums | str = "nothing is known of its sums"
    lower: Law | str = "nothing is known of its smallest eigenvalue"
    upper: Law | str = "nothing is known of its largest eigenvalue"
    counts: tuple[tuple[float, int, int], ...] | str = ()
    continuous: bool = True
    simple: bool = False
    distance: str = "rigid"
    biased: bool = False
    edge_shift: float = 0.0
    hull: bool = False
    hard: tuple[float, float] = (0.5, 0.5)
    stray: Callable[[float], float] | None = None
    remark: str = ""

    def standard(self, x: Real) -> Real:
        """Standardised eigenvalues.

        Parameters
        ----------
        x : array
            Eigenvalues as they were measured.

        Returns
        -------
        array of the same shape
        """
        with np.errstate(over="ignore"):
            return ((x * x if self.squared else x) - self.shift) / self.scale

    def place(self, z: Real) -> Real:
        """Where standardised eigenvalues lie among those that are compared.

        Parameters
        ----------
        z : array
            Eigenvalues as :meth:`standard` gives them.

        Returns
        -------
        array of the same shape
        """
        x = self.shift + self.scale * z
        return np.sqrt(np.maximum(x, 0.0)) if self.squared else x


class Fluctuations(ABC):
    """How the eigenvalues of one kind of matrix fluctuate about their limit law.

    Attributes
    ----------
    beta : float
        Dyson index.

    Examples
    --------
    >>> import rmt
    >>> known = rmt.wishart(2).fluctuations()
    >>> known.beta, known.predict(rmt.MarchenkoPastur(2), 100).counts
    (1.0, ((0.0, 50, 50),))
    """

    beta: float = 1.0

    @abstractmethod
    def predict(self, law: Law, n: int) -> Prediction:
        """The prediction at dimension n, where the limit is `law`.

        Parameters
        ----------
        law : Law
            The law of the limit.
        n : int
            Number of eigenvalues of one matrix.

        Returns
        -------
        Prediction
            One without sums and laws of the ends, if the law is that of other matrices.
        """
