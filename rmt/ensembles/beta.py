"""Ensembles of any Dyson index β: Hermite, Laguerre, Jacobi and circular, by matrices of O(n) random numbers.

The tridiagonal and bidiagonal models are those of Dumitriu and Edelman (2002) and, for Jacobi, of Edelman and Sutton
(2008); the circular model is that of Killip and Nenciu (2004). At β = 1, 2 and 4 they have the eigenvalues of the
classical ensembles; at β = ∞ the eigenvalues freeze at the zeros of the orthogonal polynomials.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant, show_call
from rmt.ensembles.repeats import TrialStreams, progress_bar
from rmt.errors import check_count, check_generator, check_real, check_reals
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw
from rmt.numerics.memory import check_memory
from rmt.spectra.verdict.prediction import Fluctuations

Counts = NDArray[np.int64]

#: largest finite β, and excess of samples: numbers of degrees of freedom that multiply without overflow
LARGEST = 1e100

#: rows times edges of a histogram: ten minutes
MOST_STURM_COUNTS = 10**12

#: share of the corner: the chance that a well of the noise below it holds the extreme eigenvalue is exp(-48 2/3)
_CORNER_EXPONENT = 48.0
_SMALLEST_CORNER = 12.0


class BetaEnsemble(Ensemble):
    """An ensemble of n particles with the repulsion of exponent β, sampled through a matrix of O(n) numbers."""

    warrant = Warrant.NONE

    def __init__(self, beta: float) -> None:
        self._beta = beta

    @property
    def beta(self) -> float:
        """Dyson index."""
        return self._beta

    def histogram(self, n: int, bins: int | ArrayLike = 200, *, rng: Any = None) -> tuple[Counts, Float]:
        """Draw one matrix and count its eigenvalues in bins, without computing an eigenvalue.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        bins : int or array_like
            Ascending edges, or the number of equal bins over an interval that holds all eigenvalues: the support of
            the limit law, widened on both sides by its length times n^(-2/3), twice that, and so on.
        rng : Generator, SeedSequence, int or None

        Returns
        -------
        counts : array of int64
            Eigenvalues in ``[edges[i], edges[i+1])``.
        edges : array

        Raises
        ------
        ValueError
            If ``n < 1``, the edges do not ascend, or the bins do not fit into memory or would take over ten minutes.

        Notes
        -----
        O(n bins) operations by Sturm counts: a tenth of a second for n = 10^6 and 200 bins.
        """
        size = check_count("n", n)
        self._check_memory("_histogram", size)
        if np.ndim(bins) == 0:
            self._check_bins(size, check_count("bins", bins))
        return self._histogram(size, bins, check_generator(rng))

    def _check_bins(self, n: int, count: int) -> None:
        """Refuse bins that take longer to count than all eigenvalues take to compute, or do not fit into memory."""
        remedy = "take fewer bins: there are only n eigenvalues, and numpy.histogram(eigenvalues(n), edges) fills any"
        if n * count > MOST_STURM_COUNTS:
            raise ValueError(
                f"bins = {count} at n = {n} would take more than ten minutes of Sturm counts, without a word; {remedy}"
            )
        check_memory(f"bins = {count}", 64.0 * count, f"{self!r}.histogram(n)", lambda: remedy)

    def _bytes(self, method: str, n: int) -> float:
        per_row = {"_eigenvalues": 1200.0, "_singular_values": 1200.0, "_histogram": 120.0}
        return per_row[method] * n if method in per_row else self._dense_bytes(n)

    def _lighter_route(self, method: str, n: int) -> str:
        if method == "_eigenvalues":
            return "histogram(n) takes a tenth of it and largest(n, k) next to nothing"
        return super()._lighter_route(method, n)

    @abstractmethod
    def _histogram(self, n: int, bins: int | ArrayLike, rng: np.random.Generator) -> tuple[Counts, Float]:
        """Counts and edges."""


class LineEnsemble(BetaEnsemble):
    """A β ensemble on the line."""

    def largest(self, n: int, k: int = 1, *, rng: Any = None, trials: int = 1) -> Float:
        """Draw the k largest eigenvalues, the largest first.

        They have the law of the largest among :meth:`eigenvalues`, but not the same numbers for the same `rng`: a
        corner of the tridiagonal matrix determines them, and nothing else is drawn.

        Parameters
        ----------
        n : int
            Matrix dimension, >= 1.
        k : int
            How many, 1 <= k <= n.
        rng : Generator, SeedSequence, int or None
            Each trial has its own spawned child generator.
        trials : int
            Number of independent repeats.

        Returns
        -------
        array of shape (k,), or (trials, k) for more than one trial

        Raises
        ------
        ValueError
            If ``n < 1``, k is not between 1 and n, or the rows that matter do not fit into memory.
        """
        return self._extreme(n, k, rng, trials, largest=True)[..., ::-1]

    def smallest(self, n: int, k: int = 1, *, rng: Any = None, trials: int = 1) -> Float:
        """Draw the k smallest eigenvalues, the smallest first; parameters as for :meth:`largest`."""
        return self._extreme(n, k, rng, trials, largest=False)

    def _extreme(self, n: int, k: int, rng: Any, trials: int, largest: bool) -> Float:
        size, wanted, count = check_count("n", n), check_count("k", k), check_count("trials", trials)
        if wanted > size:
            raise ValueError(f"k must be at most n = {size}, got {wanted}: there are only n eigenvalues")
        check_memory(
            f"k = {wanted} and trials = {count}",
            16.0 * wanted * count,
            f"the extreme eigenvalues of {self!r}",
            lambda: "ask for fewer of them, or in parts",
        )
        streams = TrialStreams.spawn(rng, count)
        out = np.empty((count, wanted))
        with progress_bar(count, wanted=count > 1) as advance:
            for trial in range(count):
                out[trial] = self._few(size, wanted, streams.generator(trial), largest)
                advance(1)
        return out[0] if count == 1 else out

    def _check_rows(self, n: int, rows: int) -> None:
        """Raise if a matrix of these rows does not fit into memory."""
        remedy = "take a smaller n: these eigenvalues need every row of the matrix, or nearly"
        check_memory(f"n = {n}", 300.0 * rows, f"the extreme eigenvalues of {self!r}", lambda: remedy)

    @abstractmethod
    def _few(self, n: int, k: int, rng: np.random.Generator, largest: bool) -> Float:
        """The k largest or smallest eigenvalues, ascending."""

    def _corner(self, n: int, k: int, rows_per_unit: float) -> int:
        """Rows of the corner that fixes the k outermost eigenvalues.

        `rows_per_unit` are the rows per unit length of the stochastic Airy operator −d²/dx² + x + (2/√β) noise. A
        well that the noise makes beyond x holds a lower eigenvalue with probability exp(−(2/3) β x^(3/2)); the k-th
        Airy eigenvalue is (3πk/2)^(2/3). Measured: for β from 0.1 to 100, n = 20000 and the 1 or 10 largest, no
        eigenvalue of 60 trials moved by 1e-12 Tracy-Widom units.
        """
        depth = max(_SMALLEST_CORNER, (_CORNER_EXPONENT / self.beta) ** (2.0 / 3.0))
        if k > 1:
            depth += (1.5 * math.pi * k) ** (2.0 / 3.0)
        rows: int = math.ceil(depth * rows_per_unit) + k
        return min(n, rows)

    def _default_edges(self, n: int, bins: int, count_below: Any) -> Float:
        """Equal bins over the smallest widened support that holds all n eigenvalues."""
        law = self.law()
        low, high = law.support[0].low, law.support[-1].high
        for doublings in (60, 1000):
            margins = (high - low) * n ** (-2.0 / 3.0) * 2.0 ** np.arange(doublings)
            lows, highs = low - margins, high + margins
            counts = count_below(np.concatenate([lows, highs]))
            found_below, found_above = counts[:doublings] == 0, counts[doublings:] == n
            if found_below.any() and found_above.any():
                below, above = lows[np.argmax(found_below)], highs[np.argmax(found_above)]
                return np.linspace(*self._clip(below, above), bins + 1)
        raise ValueError(f"the eigenvalues of {self!r} at n = {n} spread beyond the range of floats; give the edges")

    def _clip(self, low: float, high: float) -> tuple[float, float]:
        """Cut an interval at the hard walls."""
        return low, high

    def _count_into_bins(self, n: int, bins: int | ArrayLike, count_below: Any) -> tuple[Counts, Float]:
        from rmt.numerics.eigen.tridiagonal import check_edges

        if np.ndim(bins) == 0:
            edges = self._default_edges(n, check_count("bins", bins), count_below)
        else:
            edges = check_edges(bins)
        return np.diff(count_below(edges)), edges

    def log_normalisation(self, n: int) -> float:
        """Logarithm of the integral of the joint weight over all n eigenvalues, in any order.

        The weight Π |λ_i − λ_j|^β Π w(λ_i) is that of the factory's docstring, with the package's scale in it (Selberg
        1944; Mehta 2004, chapter 17).

        Raises
        ------
        ValueError
            If ``n < 1``, β is infinite, or there are fewer samples than dimensions.

        Examples
        --------
        >>> import rmt
        >>> round(rmt.hermite(2).log_normalisation(10), 12)
        -41.87416156576
        """
        from rmt.ensembles.joint_density import log_normalisation

        return log_normalisation(self, check_count("n", n))

    def log_density(self, eigenvalues: ArrayLike) -> Any:
        """Logarithm of the joint density of n eigenvalues in any order, rows of (..., n); −inf outside the support.

        Raises
        ------
        TypeError
            If the eigenvalues are complex or no numbers.
        ValueError
            If there are none, β is infinite, or there are fewer samples than dimensions.
        """
        from rmt.ensembles.joint_density import log_density

        return log_density(self, eigenvalues)

    @abstractmethod
    def law(self) -> Law:
        """Limit of the eigenvalue distribution as n grows."""


class HermiteEnsemble(LineEnsemble):
    """The Gaussian β ensemble; made by :func:`hermite`."""

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        diagonal, off = hermite_model(n, self.beta, rng)
        return np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.eigen.tridiagonal import tridiagonal_eigenvalues

        return tridiagonal_eigenvalues(*hermite_model(n, self.beta, rng))

    def _histogram(self, n: int, bins: int | ArrayLike, rng: np.random.Generator) -> tuple[Counts, Float]:
        from rmt.numerics.eigen.tridiagonal import ScaledTridiagonal

        return self._count_into_bins(n, bins, ScaledTridiagonal(*hermite_model(n, self.beta, rng)).counts)

    def _few(self, n: int, k: int, rng: np.random.Generator, largest: bool) -> Float:
        from rmt.numerics.eigen.tridiagonal import tridiagonal_eigenvalues

        rows = self._corner(n, k, n ** (1.0 / 3.0))
        self._check_rows(n, rows)
        diagonal, off = hermite_model(n, self.beta, rng, rows)
        indices = (rows - k, rows) if largest else (0, k)
        return tridiagonal_eigenvalues(diagonal, off, indices=indices)

    def fluctuations(self) -> Fluctuations:
        """Those of the Gaussian β ensemble."""
        from rmt.spectra.verdict.families import HermiteFluctuations

        return HermiteFluctuations(self.beta)

    def law(self) -> Law:
        """Semicircle law on [-2, 2], for every β."""
        from rmt.laws import Semicircle

        return Semicircle()

    def __repr__(self) -> str:
        return show_call("hermite", ("beta", self.beta, None))


class LaguerreEnsemble(LineEnsemble):
    """The Wishart β ensemble; made by :func:`laguerre`."""

    def __init__(self, beta: float, ratio: Any, a: Any) -> None:
        super().__init__(beta)
        self.ratio = ratio
        self.a = a

    def samples(self, n: int) -> float:
        """Number of samples m: n + a where `a` is given, else n/ratio rounded, at least 1."""
        return float(n + self.a) if self.a is not None else float(max(1, round(n / self.ratio)))

    def _bidiagonal(self, n: int, rng: np.random.Generator, rows: int | None = None) -> tuple[Float, Float]:
        """Bidiagonal B such that the eigenvalues that are not exactly zero are those of B Bᵀ."""
        m = self.samples(n)
        short, long = (n, m) if m > n - 1 else (int(m), float(n))
        diagonal, above = laguerre_model(short, long, self.beta, rng, rows)
        scale = math.sqrt(long / m)
        return scale * diagonal, scale * above

    def _zeros(self, n: int) -> int:
        """Number of eigenvalues that are exactly zero because there are fewer samples than dimensions."""
        m = self.samples(n)
        return 0 if m > n - 1 else n - int(m)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        diagonal, above = self._bidiagonal(n, rng)
        factor = np.zeros((n, diagonal.size))
        factor[: diagonal.size] = np.diag(diagonal) + np.diag(above, 1)
        return factor @ factor.T

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values

        positive = bidiagonal_singular_values(*self._bidiagonal(n, rng)) ** 2
        return np.concatenate([np.zeros(n - positive.size), positive])

    def _histogram(self, n: int, bins: int | ArrayLike, rng: np.random.Generator) -> tuple[Counts, Float]:
        from rmt.numerics.eigen.bidiagonal import ScaledBidiagonal

        matrix, zeros = ScaledBidiagonal(*self._bidiagonal(n, rng)), self._zeros(n)

        def count_below(x: Float) -> Counts:
            return np.where(x > 0.0, zeros + matrix.counts(np.sqrt(np.maximum(x, 0.0))), 0)

        return self._count_into_bins(n, bins, count_below)

    def _few(self, n: int, k: int, rng: np.random.Generator, largest: bool) -> Float:
        from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values

        zeros = self._zeros(n)
        short, m = n - zeros, self.samples(n)
        if not largest and k <= zeros:
            return np.zeros(k)
        positive = min(k, short) if largest else k - zeros
        spread = 1.0 / math.sqrt(min(n, m)) + (1.0 if largest else -1.0) / math.sqrt(max(n, m))
        rows = self._corner(short, positive, spread ** (-2.0 / 3.0)) if spread > 0.0 else short
        self._check_rows(n, 2 * rows)
        diagonal, above = self._bidiagonal(n, rng, rows)
        indices = (rows - positive, rows) if largest else (0, positive)
        values = bidiagonal_singular_values(diagonal, above, indices=indices) ** 2
        return np.concatenate([np.zeros(k - positive), values])

    def _clip(self, low: float, high: float) -> tuple[float, float]:
        return max(low, 0.0), high

    def fluctuations(self) -> Fluctuations:
        """Those of the Wishart β ensemble."""
        from rmt.spectra.verdict.families import LaguerreFluctuations

        return LaguerreFluctuations(self.beta, None if self.a is None else float(self.a))

    def law(self) -> Law:
        """Marchenko-Pastur law of the same ratio, of ratio 1 where `a` is given; for every β."""
        from rmt.laws import MarchenkoPastur

        return MarchenkoPastur(ratio=self.ratio if self.a is None else 1)

    def __repr__(self) -> str:
        return show_call("laguerre", ("beta", self.beta, None), ("ratio", self.ratio, 1), ("a", self.a, None))


class JacobiEnsemble(LineEnsemble):
    """The MANOVA β ensemble; made by :func:`jacobi`."""

    def __init__(self, beta: float, a: Any, b: Any, ratios: tuple[Any, Any] | None = None) -> None:
        super().__init__(beta)
        self.a = a
        self.b = b
        self.ratios = ratios

    def excesses(self, n: int) -> tuple[float, float]:
        """Excesses a and b of samples over dimensions: fixed, or n/ratio − n, rounded, where ratios are given."""
        if self.ratios is None:
            return float(self.a), float(self.b)
        first, second = (float(round(n / ratio) - n) for ratio in self.ratios)
        return first, second

    def _bidiagonal(self, n: int, rng: np.random.Generator) -> tuple[Float, Float]:
        return jacobi_model(n, *self.excesses(n), self.beta, rng)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        diagonal, above = self._bidiagonal(n, rng)
        factor = np.diag(diagonal) + np.diag(above, 1)
        return factor @ factor.T

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values

        return np.minimum(bidiagonal_singular_values(*self._bidiagonal(n, rng)) ** 2, 1.0)

    def _histogram(self, n: int, bins: int | ArrayLike, rng: np.random.Generator) -> tuple[Counts, Float]:
        from rmt.numerics.eigen.bidiagonal import ScaledBidiagonal

        matrix = ScaledBidiagonal(*self._bidiagonal(n, rng))

        def count_below(x: Float) -> Counts:
            # a rounded singular value may exceed 1, no eigenvalue does
            return np.where(x > 1.0, n, matrix.counts(np.sqrt(np.maximum(x, 0.0))))

        return self._count_into_bins(n, bins, count_below)

    def _few(self, n: int, k: int, rng: np.random.Generator, largest: bool) -> Float:
        from rmt.numerics.eigen.bidiagonal import bidiagonal_singular_values

        self._check_rows(n, 2 * n)
        indices = (n - k, n) if largest else (0, k)
        return np.minimum(bidiagonal_singular_values(*self._bidiagonal(n, rng), indices=indices) ** 2, 1.0)

    def _clip(self, low: float, high: float) -> tuple[float, float]:
        return max(low, 0.0), min(high, math.nextafter(1.0, 2.0))  # bins are half open, and 1 is an eigenvalue

    def fluctuations(self) -> Fluctuations:
        """Those of the MANOVA β ensemble."""
        from rmt.spectra.verdict.families import JacobiFluctuations

        fixed = None if self.ratios is not None else (float(self.a), float(self.b))
        return JacobiFluctuations(self.beta, fixed)

    def law(self) -> Law:
        """Arcsine law on [0, 1] for fixed a and b, Wachter's law for ratios; for every β (Wachter 1980)."""
        if self.ratios is not None:
            from rmt.laws import Wachter

            return Wachter(*(1 / ratio for ratio in self.ratios))
        from rmt.laws import Arcsine

        return Arcsine(radius=0.5) + 0.5

    def __repr__(self) -> str:
        return show_call(
            "jacobi", ("beta", self.beta, None), ("a", self.a, 0), ("b", self.b, 0), ("ratios", self.ratios, None)
        )


class CircularEnsemble(BetaEnsemble):
    """Dyson's circular β ensemble; made by :func:`circular`."""

    hermitian = False
    _unitary = True
    field = "complex"

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return cmv_matrix(*circular_model(n, self.beta, rng))

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.eigen.circular import verblunsky_angles

        angles = verblunsky_angles(*circular_model(n, self.beta, rng))
        split = int(np.searchsorted(angles, math.pi, side="right"))
        return np.exp(1j * np.concatenate([angles[split:] - 2.0 * math.pi, angles[:split]]))

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return np.ones(n)

    def _histogram(self, n: int, bins: int | ArrayLike, rng: np.random.Generator) -> tuple[Counts, Float]:
        from rmt.numerics.eigen.circular import verblunsky_histogram

        if np.ndim(bins) == 0:
            edges = np.linspace(-math.pi, math.pi, check_count("bins", bins) + 1)
        else:
            edges = check_reals("bins", bins)
        coefficients, complements = circular_model(n, self.beta, rng)
        return verblunsky_histogram(coefficients, edges, complements), edges

    def fluctuations(self) -> Fluctuations:
        """Traces of powers of the circular ensemble."""
        from rmt.spectra.verdict.kinds import CircleFluctuations

        return CircleFluctuations(self.beta)

    def law(self) -> PlanarLaw:
        """Uniform law on the unit circle, for every β."""
        from rmt.laws import UnitCircle

        return UnitCircle()

    def gram_law(self) -> Law:
        """The unit mass at 1: X X* is the identity."""
        from rmt.laws import Atomic

        return Atomic((1,), (1,))

    def __repr__(self) -> str:
        return show_call("circular", ("beta", self.beta, None))


def hermite(beta: Any = 2) -> HermiteEnsemble:
    """Gaussian (Hermite) β ensemble: joint density ∝ Π |λ_i − λ_j|^β exp(−β n Σ λ²/4).

    β = 1, 2, 4 have the eigenvalues of :func:`rmt.goe`, :func:`rmt.gue` and :func:`rmt.gse`; the support fills
    [-2, 2] and the limit is the semicircle law for every β. ``sample(n)`` is the tridiagonal matrix of Dumitriu and
    Edelman (2002): N(0, 2/(βn)) on the diagonal, χ with β(n − i) degrees of freedom over √(βn) beside it. At β = ∞ the
    eigenvalues are the zeros of the Hermite polynomial H_n times √(2/n).

    Parameters
    ----------
    beta : float
        Dyson index, > 0 and at most 1e100, or infinite.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `beta` is not of the kind named above.
    ValueError
        If ``beta <= 0``, NaN, or finite and above 1e100.

    Examples
    --------
    >>> import rmt
    >>> counts, edges = rmt.hermite(beta=0.5).histogram(1000, 20, rng=0)
    >>> int(counts.sum())
    1000
    >>> rmt.hermite(beta=2).largest(10**9, rng=0).shape
    (1,)
    """
    return HermiteEnsemble(_check_beta(beta))


def laguerre(beta: Any = 2, ratio: Any = 1, a: Any = None) -> LaguerreEnsemble:
    """Wishart (Laguerre) β ensemble: density ∝ Π |λ_i − λ_j|^β Π λ^(β(a + 1)/2 − 1) exp(−β m λ/2), a = m − n.

    β = 1 and 2 have the eigenvalues of :func:`rmt.wishart`, real and complex: W = A A*/m, mean 1, the support filling
    (1 ± √ratio)², exact zeros for ratio > 1. The limit is the Marchenko-Pastur law for every β. Eigenvalues come from
    the bidiagonal matrix of Dumitriu and Edelman (2002), not from its square, and keep full relative accuracy at
    the hard edge, as long as they are floats: for β or a + 1 near 0 the smallest lie below 1e-308 and come out as 0.

    Parameters
    ----------
    beta : float
        Dyson index, > 0 and at most 1e100, or infinite.
    ratio : float
        Dimension / samples, > 0; the number of samples m is n/ratio, rounded.
    a : float
        Excess of samples m − n > −1, any real number, instead of a ratio: the hard edge of Bessel parameter a.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `beta`, `ratio` or `a` is not of the kind named above.
    ValueError
        If ``beta <= 0``, ``ratio < 1e-100``, ``a <= -1``, `beta` or `a` is finite and above 1e100, or `a` is given
        together with a ratio other than 1.

    Examples
    --------
    >>> import rmt
    >>> rmt.laguerre(beta=1, a=0).smallest(1000, 2, rng=0).shape
    (2,)
    """
    if a is not None and ratio != 1:
        raise ValueError(f"ratio and a exclude each other: give one of them, got ratio = {ratio!r} and a = {a!r}")
    excess = None if a is None else check_real("a", a, above=-1.0, at_most=LARGEST)
    return LaguerreEnsemble(_check_beta(beta), check_real("ratio", ratio, at_least=1.0 / LARGEST), excess)


def jacobi(beta: Any = 2, a: Any = 0, b: Any = 0, ratios: Any = None) -> JacobiEnsemble:
    """MANOVA (Jacobi) β ensemble on [0, 1].

    Joint density ∝ Π |λ_i − λ_j|^β Π λ^(β(a + 1)/2 − 1) (1 − λ)^(β(b + 1)/2 − 1). For β = 1 and 2 these are the
    eigenvalues of A (A + B)^(-1) for independent n × n Wishart matrices A and B with n + a and n + b samples, the
    squared cosines between random subspaces. For fixed a and b the limit is the arcsine law; where they are of the
    order of n, give `ratios`, and the limit is Wachter's law. Eigenvalues come from the bidiagonal matrix of Edelman
    and Sutton (2008), with full relative accuracy at 0.

    Parameters
    ----------
    beta : float
        Dyson index, > 0 and at most 1e100, or infinite.
    a : float
        Excess of samples of A, > -1.
    b : float
        Excess of samples of B, > -1.
    ratios : tuple of float
        Instead of a and b: dimension / samples of A and of B, in (0, 1]; the excesses grow with n.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `beta`, `a`, `b` or `ratios` is not of the kind named above.
    ValueError
        If ``beta <= 0``, ``a <= -1``, ``b <= -1``, one of them is finite and above 1e100, a ratio is not in (0, 1], or
        ratios are given together with a or b.

    Examples
    --------
    >>> import rmt
    >>> rmt.jacobi(1, ratios=(0.5, 0.25)).law()
    Wachter(a=2.0, b=4.0)
    """
    first, second = (check_real(name, x, above=-1.0, at_most=LARGEST) for name, x in (("a", a), ("b", b)))
    if ratios is None:
        return JacobiEnsemble(_check_beta(beta), first, second)
    if first != 0 or second != 0:
        raise ValueError(f"ratios and a, b exclude each other: got ratios = {ratios!r} with a = {a!r} and b = {b!r}")
    if not isinstance(ratios, (tuple, list)) or len(ratios) != 2:
        raise TypeError(f"ratios must be two numbers in (0, 1], dimension / samples of A and B, got {ratios!r}")
    pair = (
        check_real("ratios", ratios[0], above=0.0, at_most=1.0),
        check_real("ratios", ratios[1], above=0.0, at_most=1.0),
    )
    return JacobiEnsemble(_check_beta(beta), first, second, pair)


def circular(beta: Any = 2) -> CircularEnsemble:
    """Circular β ensemble of Dyson: n points on the unit circle with density ∝ Π |z_i − z_j|^β.

    β = 2 has the eigenvalues of :func:`rmt.haar_unitary`; β = 1 (the COE, symmetric unitary matrices) is not Haar
    measure on O(n). E|Σ z|² = 2n/(βn − β + 2). Eigenvalues come from Verblunsky coefficients (Killip and Nenciu 2004)
    and are sorted by argument in (−π, π]; ``sample(n)`` is the CMV matrix. At β = ∞ the points are equally spaced
    and only their common rotation is random.

    Parameters
    ----------
    beta : float
        Dyson index, > 0 and at most 1e100, or infinite.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `beta` is not of the kind named above.
    ValueError
        If ``beta <= 0``, NaN, or finite and above 1e100.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> np.abs(rmt.circular(beta=2).eigenvalues(4, rng=0)).round(12)
    array([1., 1., 1., 1.])
    """
    return CircularEnsemble(_check_beta(beta))


def hermite_model(n: int, beta: float, rng: np.random.Generator, rows: int | None = None) -> tuple[Float, Float]:
    """Diagonal and off-diagonal of the tridiagonal Hermite matrix, of its first rows if `rows` is given."""
    rows = n if rows is None else rows
    degrees = n - np.arange(1.0, rows)
    if math.isinf(beta):
        return np.zeros(rows), np.sqrt(degrees / n)
    diagonal = rng.standard_normal(rows) * math.sqrt(2.0 / (beta * n))
    return diagonal, _chi(beta * degrees, beta * n, rng)


def laguerre_model(
    n: int, m: float, beta: float, rng: np.random.Generator, rows: int | None = None
) -> tuple[Float, Float]:
    """Diagonal and super-diagonal of the bidiagonal Laguerre matrix B, m > n − 1; W = B Bᵀ has the eigenvalues.

    Its first rows if `rows` is given.
    """
    rows = n if rows is None else rows
    along, above = m - np.arange(0.0, rows), n - np.arange(1.0, rows)
    if math.isinf(beta):
        return np.sqrt(along / m), np.sqrt(above / m)
    return _chi(beta * along, beta * m, rng), _chi(beta * above, beta * m, rng)


def jacobi_model(n: int, a: float, b: float, beta: float, rng: np.random.Generator) -> tuple[Float, Float]:
    """Diagonal and super-diagonal of the bidiagonal Jacobi matrix, whose squared singular values are the eigenvalues.

    Cosines and sines both come from gamma variables, so that small ones keep their digits.
    """
    k = np.arange(n, 0, -1.0)
    cosine, sine = _angle(a + k, b + k, beta, rng)
    inner_cosine, inner_sine = _angle(k[1:], a + b + 1.0 + k[1:], beta, rng)
    diagonal = cosine.copy()
    diagonal[1:] *= inner_sine
    return diagonal, sine[:-1] * inner_cosine


def circular_model(n: int, beta: float, rng: np.random.Generator) -> tuple[Matrix, Float]:
    """Verblunsky coefficients of n points, and 1 − |α|² of all but the last."""
    k = np.arange(n - 1, 0, -1.0)
    phases = np.exp(2j * math.pi * rng.random(n))
    if math.isinf(beta):
        return np.append(np.zeros(n - 1), 1.0) * phases, np.ones(n - 1)
    inside, outside = rng.standard_exponential(n - 1), rng.standard_gamma(0.5 * beta * k)
    total = inside + outside
    return np.append(np.sqrt(inside / total), 1.0) * phases, outside / total


def cmv_matrix(coefficients: Matrix, complements: Float) -> Matrix:
    """Unitary five-diagonal matrix with given Verblunsky coefficients (Cantero, Moral and Velázquez 2003)."""
    n = coefficients.size
    factors = np.zeros((2, n, n), dtype=np.complex128)
    factors[1, 0, 0] = 1.0
    for k in range(n - 1):
        alpha, rho = coefficients[k], math.sqrt(complements[k])
        factors[k % 2, k : k + 2, k : k + 2] = [[alpha.conjugate(), rho], [rho, -alpha]]
    factors[(n - 1) % 2, n - 1, n - 1] = coefficients[n - 1].conjugate()
    matrix: Matrix = factors[0] @ factors[1]
    return matrix


def _chi(degrees: Float, scale: float, rng: np.random.Generator) -> Float:
    """Independent chi variables over √scale."""
    return np.sqrt(rng.chisquare(degrees) / scale)


def _angle(p: Float, q: Float, beta: float, rng: np.random.Generator) -> tuple[Float, Float]:
    """Cosine and sine of independent angles with cos² ~ Beta(βp/2, βq/2)."""
    if math.isinf(beta):
        return np.sqrt(p / (p + q)), np.sqrt(q / (p + q))
    difference = _log_gamma(0.5 * beta * q, rng) - _log_gamma(0.5 * beta * p, rng)
    return np.exp(-0.5 * np.logaddexp(0.0, difference)), np.exp(-0.5 * np.logaddexp(0.0, -difference))


def _log_gamma(shape: Float, rng: np.random.Generator) -> Float:
    """Logarithms of gamma variables, which may lie far below the smallest float for small shapes.

    A gamma variable of shape s is one of shape s + 1 times the power 1/s of a uniform one.
    """
    small = shape < 1.0
    out = np.log(rng.standard_gamma(np.where(small, shape + 1.0, shape)))
    out[small] -= rng.standard_exponential(int(small.sum())) / shape[small]
    return np.asarray(out)


def _check_beta(beta: Any) -> float:
    """Return the Dyson index as a float, infinity allowed."""
    if isinstance(beta, (float, np.floating)) and beta == math.inf:
        return math.inf
    return float(check_real("beta", beta, above=0.0, at_most=LARGEST))
