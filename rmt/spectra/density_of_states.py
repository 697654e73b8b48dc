"""Spectra of what cannot be diagonalised: traces of polynomials of an operator by random vectors.

The kernel polynomial method (Weiße et al. 2006) takes 2K Chebyshev moments from K products of the operator with a block
of random signs, and smooths them with Jackson's kernel: for densities and counts. Traces of smooth functions come from
the same moments without smoothing, or by Gauss quadrature of Lanczos steps (Ubaru et al. 2017).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_generator, check_real, check_reals
from rmt.files import replacing
from rmt.spectra.sparse_products import chebyshev_step

Real = NDArray[np.float64]

#: probes in a block, Lanczos steps for the ends of the spectrum, and by how much their interval is widened
_BLOCK, _END_STEPS, _PAD = 8, 60, 0.01
#: pairs of vectors on which an operator must be symmetric
_SYMMETRY = 1e-6


class Estimate(NamedTuple):
    """A value with its two errors: bias of the smoothing, and noise of the probes (one standard error)."""

    value: Any
    bias: Any
    noise: Any


@dataclass(frozen=True, eq=False)
class DensityOfStates:
    """Chebyshev moments of a large symmetric operator; made by :func:`density_of_states`.

    Attributes
    ----------
    size : int
        Dimension n.
    low, high : float
        Interval to which the spectrum was scaled.
    moments : ndarray, shape (probes, N)
        Estimates of (1/n) Tr T_k of the scaled operator, k = 0 ... N − 1, one row a probe.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from rmt.spectra import DensityOfStates, density_of_states
    >>> found = density_of_states(np.diag(np.linspace(-1, 1, 400)), moments=50, rng=0)
    >>> abs(found.pdf(0.0) - 0.5) < 0.1, abs(found.cdf(0.0) - 0.5) < 0.05
    (True, True)
    >>> abs(found.count(-0.5, 0.5).value - 200) < 20, abs(found.trace(np.square).value - 400 / 3) < 20
    (True, True)
    >>> abs(found.cdf_with_errors(0.5).value - 0.75) < 0.05
    True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.save(os.path.join(folder, "moments.npz"))
    ...     again = DensityOfStates.load(os.path.join(folder, "moments.npz"))
    >>> bool((again.moments == found.moments).all())
    True
    >>> density_of_states(np.diag(np.linspace(1, 2, 50)), moments=20, rng=0).log_determinant().value > 0.0
    True
    """

    size: int
    low: float
    high: float
    moments: Real

    @property
    def probes(self) -> int:
        """Number of random vectors."""
        return int(self.moments.shape[0])

    @property
    def resolution(self) -> float:
        """Standard deviation of the kernel in the middle of the interval."""
        return 0.5 * (self.high - self.low) * float(jackson_width(np.zeros(1), self.moments.shape[1])[0])

    # ------------------------------------------------------------------ densities and counts
    @overload
    def pdf(self, x: float) -> float: ...
    @overload
    def pdf(self, x: ArrayLike) -> Real: ...
    def pdf(self, x: ArrayLike) -> float | Real:
        """Density at x, the spectrum smoothed by Jackson's kernel; a float or an array like x.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        float or ndarray of float, like `x`
        """
        value: float | Real = self._density(x)[0]
        return value

    @overload
    def cdf(self, x: float) -> float: ...
    @overload
    def cdf(self, x: ArrayLike) -> Real: ...
    def cdf(self, x: ArrayLike) -> float | Real:
        """Share of the eigenvalues up to x, smoothed; a float or an array like x.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        float or ndarray of float, like `x`
        """
        value: float | Real = self._share(x).value
        return value

    def cdf_with_errors(self, x: ArrayLike) -> Estimate:
        """Share of the eigenvalues up to x, with bias and noise apart.

        Parameters
        ----------
        x : array_like of float
            Points on the line.

        Returns
        -------
        Estimate
            Its bias is the density at x times the width of the kernel (an upper estimate inside smooth parts; at
            atoms and edges the share is smeared over that width), its noise the standard error over the probes, at
            least that of random signs, √(2 F(1 − F)/(n probes)).
        """
        return self._share(x)

    def count(self, low: Any, high: Any) -> Estimate:
        """Number of eigenvalues in (low, high], with bias and noise apart.

        Parameters
        ----------
        low, high : real
            Ends, low < high.

        Returns
        -------
        Estimate

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        ends = np.array([check_real("low", low), check_real("high", high)], dtype=np.float64)
        if not ends[0] < ends[1]:
            raise ValueError(f"low must be smaller than high, got {low!r} and {high!r}")
        each = self._rows(ends)
        share = each[:, 1] - each[:, 0]
        level = min(max(float(share.mean()), 0.0), 1.0)
        bias = float(self._share(ends).bias.sum())
        return Estimate(self.size * float(share.mean()), self.size * bias, self.size * float(self._noise(share, level)))

    # ------------------------------------------------------------------ functions
    def trace(self, f: Callable[[Real], Any]) -> Estimate:
        """Tr f(A) of a function that is smooth on the interval, with bias and noise apart.

        Parameters
        ----------
        f : callable
            Takes arrays.

        Returns
        -------
        Estimate
            Its bias is what the Chebyshev coefficients that are left out amount to, from the last quarter of those
            that are not.

        Raises
        ------
        ValueError
            If f is not finite on the interval.
        """
        from scipy.fft import dct

        count = self.moments.shape[1]
        nodes = np.cos(math.pi * (np.arange(4 * count) + 0.5) / (4 * count))
        values = np.asarray(f(self._unscaled(nodes)), dtype=np.float64)
        if values.shape != nodes.shape or not np.isfinite(values).all():
            raise ValueError(
                f"f must give finite numbers on [{self.low:.6g}, {self.high:.6g}]; log and powers need a positive "
                "operator and an interval= above 0"
            )
        series = dct(values, type=2) / (4 * count)
        series[0] *= 0.5
        each = self.size * self.moments @ series[:count]
        left_out = float(np.abs(series[count:]).sum())
        spread = float(each.std(ddof=1)) / math.sqrt(self.probes) if self.probes > 1 else math.nan
        if self.probes == 1:  # random signs: 2 Σ_{i≠j} f_ij² <= 2 Tr f²
            square = series[:count] @ series[:count] + series[0] ** 2
            spread = math.sqrt(self.size * max(float(square), 0.0))
        return Estimate(float(each.mean()), self.size * left_out, spread)

    def log_determinant(self) -> Estimate:
        """Log det A of a positive operator; ValueError where the interval reaches down to 0.

        Returns
        -------
        Estimate
        """
        if not self.low > 0.0:
            raise ValueError(
                f"the interval [{self.low:.6g}, {self.high:.6g}] reaches 0: pass interval=(low, high) with 0 < low "
                "and not above the smallest eigenvalue, if the operator is positive"
            )
        return self.trace(np.log)

    # ------------------------------------------------------------------ files
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the moments to an .npz file; :func:`density_of_states` goes on from it (``resume=``).

        Parameters
        ----------
        path : str or path
            The file; the suffix .npz is added where it is missing.
        """
        with replacing(path) as stream:
            np.savez(stream, size=self.size, low=self.low, high=self.high, moments=self.moments)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DensityOfStates:
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path : str or path
            The file.

        Returns
        -------
        DensityOfStates
        """
        with np.load(Path(path)) as data:
            return cls(int(data["size"]), float(data["low"]), float(data["high"]), data["moments"])

    # ------------------------------------------------------------------ inside
    def _scaled(self, x: Real) -> Real:
        return np.asarray((2.0 * x - (self.low + self.high)) / (self.high - self.low))

    def _unscaled(self, x: Real) -> Real:
        return np.asarray(0.5 * (self.low + self.high) + 0.5 * (self.high - self.low) * x)

    def _density(self, x: ArrayLike) -> tuple[Any, Real]:
        values = check_reals("x", x)
        t = self._scaled(values.ravel())
        inside = np.abs(t) < 1.0
        out = np.zeros(t.size)
        count = self.moments.shape[1]
        mean = self.moments.mean(axis=0) * jackson(count)
        angle = np.arccos(t[inside])
        series = mean[0] + 2.0 * _cosine_sum(mean[1:], angle)
        out[inside] = series / (math.pi * np.sin(angle)) * 2.0 / (self.high - self.low)
        out[np.isnan(t)] = math.nan
        return (float(out[0]) if values.ndim == 0 else out.reshape(values.shape)), out

    def _rows(self, x: Real) -> Real:
        """Smoothed share up to x, one row a probe."""
        t = np.clip(self._scaled(x), -1.0, 1.0)
        k = np.arange(1, self.moments.shape[1])
        weights = jackson(self.moments.shape[1])[1:] / k
        angle = np.arccos(t)
        rows = np.empty((self.probes, t.size))
        for start in range(0, t.size, 256):
            sines = np.sin(np.outer(k, angle[start : start + 256]))
            part = (self.moments[:, 1:] * weights) @ sines
            rows[:, start : start + 256] = 1.0 - (angle[start : start + 256] + 2.0 * part) / math.pi
        return rows

    def _share(self, x: ArrayLike) -> Estimate:
        values = check_reals("x", x)
        flat = values.ravel()
        rows = self._rows(flat)
        mean = rows.mean(axis=0)
        width = 0.5 * (self.high - self.low) * jackson_width(self._scaled(flat), self.moments.shape[1])
        bias = np.abs(self._density(flat)[1]) * width
        noise = np.array([self._noise(rows[:, i], min(max(mean[i], 0.0), 1.0)) for i in range(flat.size)])
        found = [float(v[0]) if values.ndim == 0 else v.reshape(values.shape) for v in (mean, bias, noise)]
        return Estimate(*found)

    def _noise(self, each: Real, level: float) -> float:
        """Standard error over the probes, not below what random signs leave."""
        floor = math.sqrt(2.0 * level * (1.0 - level) / (self.size * self.probes))
        return max(floor, float(each.std(ddof=1)) / math.sqrt(self.probes) if self.probes > 3 else 0.0)


def density_of_states(
    operator: Any,
    *,
    size: int | None = None,
    moments: int = 200,
    probes: int = 8,
    interval: tuple[float, float] | None = None,
    dtype: Any = np.float64,
    rng: Any = None,
    progress: Callable[[int, int], Any] | None = None,
    resume: DensityOfStates | str | os.PathLike[str] | None = None,
) -> DensityOfStates:
    """Density of states of a large real symmetric operator, by products with random vectors.

    Parameters
    ----------
    operator : sparse matrix, ndarray, LinearOperator, torch tensor, or callable
        A callable takes an array of shape (n, b) and returns the products of its columns; it needs `size`.
    size : int, optional
        Dimension n.
    moments : int
        Number of Chebyshev moments, from half as many products. The resolution is π/moments of half the width of the
        spectrum.
    probes : int
        Number of random sign vectors. The noise falls like 1/√(n probes): one is enough from n = 10⁶ on.
    interval : pair of float, optional
        Numbers below and above all eigenvalues. By default found by Lanczos steps and widened by 1 %.
    dtype : dtype
        float64, or float32 for half of the memory (moments to 1e-6).
    rng : Generator, SeedSequence, int or None
        As :func:`numpy.random.default_rng` takes it.
    progress : callable, optional
        Called with the products done and their number.
    resume : DensityOfStates or path, optional
        What an earlier call gave, or the file it was saved to: new probes are added to its own. Pass another `rng`.

    Returns
    -------
    DensityOfStates

    Raises
    ------
    TypeError
        If the operator is none of what is accepted, or complex.
    ValueError
        If it is not square or not symmetric, gives NaN, or has eigenvalues outside of the interval: then the moments
        grow without bound.

    References
    ----------
    Weiße et al. 2006.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from rmt.spectra import density_of_states
    >>> n = 4000
    >>> chain = sp.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1]).tocsr()
    >>> found = density_of_states(chain, rng=0)  # its eigenvalues are 2 cos θ, θ uniform
    >>> bool(abs(found.cdf(1.0) - 2 / 3) < 0.01)
    True
    """
    count, wanted = check_count("moments", moments, minimum=4), check_count("probes", probes)
    kind = np.dtype(dtype)
    if kind not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {dtype!r}")
    product, n = as_operator(operator, size)
    generator = check_generator(rng)
    check_symmetry(product, n, generator)
    earlier = resume if isinstance(resume, DensityOfStates) or resume is None else DensityOfStates.load(resume)
    if earlier is not None:
        if earlier.size != n:
            raise ValueError(f"resume is about an operator of size {earlier.size}, this one has {n}")
        low, high, count = earlier.low, earlier.high, earlier.moments.shape[1]
    elif interval is None:
        low, high = spectral_interval(product, n, generator)
    else:
        low, high = (float(check_real("interval", end)) for end in interval)
        if not low < high:
            raise ValueError(f"interval must be (low, high) with low < high, got {interval!r}")
    half = count // 2
    total, done = half * wanted, 0
    rows = []
    for start in range(0, wanted, _BLOCK):
        width = min(_BLOCK, wanted - start)
        signs = generator.integers(0, 2, (n, width), dtype=np.int8)
        vectors = (2 * signs - 1).astype(kind)

        def tick(steps: int, before: int = done, block: int = width) -> None:
            if progress is not None:
                progress(before + steps * block, total)

        rows.append(_moments(operator, product, vectors, half, 0.5 * (high + low), 0.5 * (high - low), tick))
        done += half * width
    found = np.concatenate(rows)
    if earlier is not None:
        found = np.concatenate([earlier.moments, found])
    return DensityOfStates(n, low, high, found)


def _moments(
    operator: Any, product: Any, vectors: Any, half: int, middle: float, radius: float, tick: Callable[[int], None]
) -> Real:
    """Moments 0 ... 2·half of a block of probes: ⟨T_k v, T_k v⟩ and ⟨T_k v, T_{k−1} v⟩ give two for one product."""
    n, width = vectors.shape
    out = np.zeros((2 * half + 1, width))
    out[0] = n
    step = chebyshev_step(operator, product, middle, radius, vectors.dtype)
    old, new = vectors, np.empty_like(vectors)
    cross, square = step(old, new, first=True)  # new ← (A − b)/a old
    out[1], out[2] = cross, 2.0 * square - n
    tick(1)
    for k in range(2, half + 1):
        old, new = new, old
        cross, square = step(old, new, first=False)  # new ← 2 (A − b)/a old − new
        out[2 * k - 1] = 2.0 * cross - out[1]
        out[2 * k] = 2.0 * square - n
        if not np.abs(out[2 * k]).max() < 8.0 * n:
            raise ValueError(
                f"the moments grow: eigenvalues lie outside of the interval [{middle - radius:.6g}, "
                f"{middle + radius:.6g}], or the operator gives NaN or is not symmetric; pass a wider interval="
            )
        tick(k)
    return np.asarray(out.T / n)


# ---------------------------------------------------------------------- the kernel
def jackson(count: int) -> Real:
    """Jackson's damping factors of moments 0 ... count − 1."""
    k, q = np.arange(count), math.pi / (count + 1)
    return np.asarray(((count - k + 1) * np.cos(q * k) + np.sin(q * k) / math.tan(q)) / (count + 1))


def jackson_width(x: Real, count: int) -> Real:
    """Standard deviation of Jackson's kernel at x in (−1, 1), exactly."""
    inside = np.clip(x, -1.0, 1.0)
    variance = (count - inside**2 * (count - 1)) / (2.0 * (count + 1)) * (1.0 - math.cos(2.0 * math.pi / (count + 1)))
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _cosine_sum(coefficients: Real, angle: Real) -> Real:
    """Σ_k c_k cos kθ, k = 1, 2, ..."""
    return np.asarray(np.polynomial.chebyshev.chebval(np.cos(angle), np.concatenate([[0.0], coefficients])))


# ---------------------------------------------------------------------- operators
def as_operator(operator: Any, size: int | None) -> tuple[Callable[[Any], Any], int]:
    """Return the product with blocks of vectors, and the dimension."""
    shape = getattr(operator, "shape", None)
    if shape is None:
        if not callable(operator):
            raise TypeError(
                "operator must be a sparse matrix, an array, a LinearOperator, a torch tensor or a function, got "
                f"{type(operator).__name__}"
            )
        if size is None:
            raise ValueError("an operator given as a function needs its dimension: size=")
        return operator, check_count("size", size)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"operator must be square, got the shape {tuple(shape)}; singular values: use A.T @ A")
    if "complex" in str(getattr(operator, "dtype", "")):
        raise TypeError("operator must be real symmetric, got complex entries")
    n = int(shape[0])
    if size is not None and check_count("size", size) != n:
        raise ValueError(f"size is {size}, but the operator has the shape {tuple(shape)}")
    if type(operator).__module__.split(".")[0] == "torch":

        def by_torch(block: Any) -> Any:
            tensor = operator.new_tensor(block)
            return (operator @ tensor).detach().cpu().numpy()

        return by_torch, n
    return (lambda block: operator @ block), n


def check_symmetry(product: Callable[[Any], Any], n: int, generator: np.random.Generator) -> None:
    """Refuse what is not symmetric, or gives something else than a block of finite numbers."""
    pair = generator.standard_normal((n, 2))
    image = np.asarray(product(pair))
    if image.shape != (n, 2) or not np.isfinite(image).all():
        raise ValueError(
            f"operator must map an array of shape ({n}, 2) to finite numbers of that shape, got the shape {image.shape}"
            + ("" if image.shape != (n, 2) else " with NaN or infinite entries")
        )
    difference = abs(float(pair[:, 0] @ image[:, 1] - pair[:, 1] @ image[:, 0]))
    size = float(np.linalg.norm(image[:, 0]) * np.linalg.norm(pair[:, 1]))
    if difference > _SYMMETRY * size:
        raise ValueError(
            f"operator must be symmetric: ⟨u, Av⟩ and ⟨Au, v⟩ differ by {difference / size:.2g} of their size; pass "
            "(A + A.T)/2 for the symmetric part, or A.T @ A for singular values"
        )


def spectral_interval(product: Callable[[Any], Any], n: int, generator: np.random.Generator) -> tuple[float, float]:
    """Interval around the spectrum: ends of Lanczos with their residuals, widened by 1 %."""
    from scipy.linalg import eigh_tridiagonal

    steps = min(_END_STEPS, n)
    v = generator.standard_normal(n)
    v /= np.linalg.norm(v)
    before, beta = np.zeros(n), 0.0
    diagonal, beside = [], []
    for _ in range(steps):
        w = np.asarray(product(v[:, None]), dtype=np.float64)[:, 0] - beta * before
        diagonal.append(float(w @ v))
        w -= diagonal[-1] * v
        beta = float(np.linalg.norm(w))
        beside.append(beta)
        if beta <= 1e-12 * (abs(diagonal[-1]) + beta + 1e-300):
            break
        before, v = v, w / beta
    values, vectors = eigh_tridiagonal(np.array(diagonal), np.array(beside[:-1]))
    residual = beside[-1] * np.abs(vectors[-1])
    low, high = float(values[0] - residual[0]), float(values[-1] + residual[-1])
    pad = _PAD * max(high - low, 1e-12 * max(abs(low), abs(high)), 1e-300)
    return low - pad, high + pad
