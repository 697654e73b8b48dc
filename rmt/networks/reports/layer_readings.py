"""What can be read from a real layer: the law of its weights, its scales, its length and its derivatives.

No framework is imported here: weights come as arrays, as ``torch.nn.Linear`` and ``Conv2d`` store them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.laws.law import Law
from rmt.networks.activations.activation import Activation
from rmt.numerics.eigen.golub_kahan import compressed_measure

if TYPE_CHECKING:
    from rmt.networks.reports.jacobian_report import LayerShare

Array = NDArray[Any]
Real = NDArray[np.float64]

#: narrower side up to which Gram matrices are formed; beyond it their moments are estimated by random vectors
DENSE_SIDE = 1024
#: random vectors of those estimates
PROBES = 8
#: relative distance of a Gram matrix from a multiple of the identity below which weights count as orthogonal
ORTHOGONAL_DEFECT = 1e-3
#: Fourier blocks of a convolution that are looked at, and their work in multiplications
BLOCKS, BLOCK_WORK = 64, 1 << 32
#: atoms that stand for the spectrum of weights of no known law
SPECTRUM_NODES = 24


class WeightLaw(Enum):
    """What the weights of a layer look like; the value is the word for reports."""

    GAUSSIAN = "gaussian-like"
    ORTHOGONAL = "orthogonal-like"
    ORTHOGONAL_KERNEL = "orthogonal kernel, not an orthogonal convolution"
    OTHER = "other"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False)
class WeightReading:
    """Weights of a layer as a linear map W from `columns` to `rows` units.

    Attributes
    ----------
    kind : WeightLaw
    gain : float
        Mean of the spectrum of W Wᵀ, Tr W Wᵀ / rows.
    sigma_w : float
        Square root of fan_in times the mean square of the entries.
    spread : float
        Relative variance of the spectrum of W Wᵀ; s₁ is minus this.
    fan_in : int
    rows, columns : int
        Units, channels times positions for a convolution.
    taps : int
        Positions of a kernel; 1 for a matrix.
    spectrum : tuple of (positions, weights), or None
        Spectrum of W Wᵀ in a few atoms, for weights of no known law.
    """

    kind: WeightLaw
    gain: float
    sigma_w: float
    spread: float
    fan_in: int
    rows: int
    columns: int
    taps: int = 1
    spectrum: tuple[Real, Real] | None = None

    @property
    def s1(self) -> float:
        """First coefficient of S = (1 + s₁ m + ...)/gain: −1 for Gaussian, 0 for orthogonal weights, if square."""
        return -self.spread

    def law(self) -> Law | None:
        """Law of W Wᵀ; None if it is not known."""
        from rmt.laws import Atomic, Bernoulli, MarchenkoPastur
        from rmt.networks.architecture.convolution_layers import convolution_gram_law

        if self.kind is WeightLaw.GAUSSIAN:
            return MarchenkoPastur(ratio=self.rows / self.columns, variance=self.gain)
        if self.kind is WeightLaw.ORTHOGONAL:
            if self.rows <= self.columns:
                return Atomic((self.gain,), (1,))
            return Bernoulli(self.columns / self.rows, 0.0, self.gain * self.rows / self.columns)
        if self.kind is WeightLaw.ORTHOGONAL_KERNEL and self.rows == self.columns:
            return convolution_gram_law((self.taps,), sigma_w=math.sqrt(self.gain))
        if self.spectrum is not None:
            return Atomic(*(part.tolist() for part in self.spectrum))
        return None


def read_matrix(matrix: Array, rng: np.random.Generator, positions: int = 1) -> WeightReading:
    """Read a matrix of weights, rows of fan_in entries.

    Parameters
    ----------
    matrix : array (fan_out, fan_in)
    rng : Generator
        For the random vectors that look at large matrices.
    positions : int
        Number of places (tokens) at which it is applied.
    """
    rows, columns = matrix.shape
    mean_square = float(np.mean(np.square(matrix, dtype=np.float64)))
    wide = matrix if rows <= columns else matrix.T
    kind, second, spectrum = _classify(wide[None], rows > columns, rng)
    return WeightReading(
        kind=kind,
        gain=mean_square * columns,
        sigma_w=math.sqrt(mean_square * columns),
        spread=second * max(1.0, rows / columns) - 1.0,
        fan_in=columns,
        rows=rows * positions,
        columns=columns * positions,
        spectrum=spectrum,
    )


def read_kernel(
    kernel: Array,
    shape_in: Sequence[int],
    shape_out: Sequence[int],
    rng: np.random.Generator,
    *,
    padding: Sequence[int] | None,
    plain: bool,
) -> WeightReading:
    """Read a kernel of weights, through the Fourier blocks of its convolution (Sedghi et al. 2019).

    The blocks are those of circular padding; with zero padding they are right up to the share of positions near the
    border, and the gain is exact.

    Parameters
    ----------
    kernel : array (channels out, channels in, *taps)
    shape_in, shape_out : sequence of int
        Numbers of positions.
    rng : Generator
    padding : sequence of int or None
        Of zeros; None for circular padding.
    plain : bool
        Whether stride, dilation and groups are 1; other convolutions have no Fourier blocks.
    """
    out, inside = kernel.shape[:2]
    taps = math.prod(kernel.shape[2:])
    mean_square = float(np.mean(np.square(kernel, dtype=np.float64)))
    fan_in = inside * taps
    rows, columns = out * math.prod(shape_out), inside * math.prod(shape_in)
    gain = mean_square * fan_in
    if plain and padding is not None:
        gain = _padded_gain(kernel, shape_in, shape_out, padding)
    common = {"gain": gain, "sigma_w": math.sqrt(mean_square * fan_in), "fan_in": fan_in, "rows": rows}
    if not plain or tuple(shape_in) != tuple(shape_out):
        return WeightReading(WeightLaw.OTHER, spread=math.nan, columns=columns, taps=taps, **common)
    blocks = _fourier_blocks(kernel, shape_in)
    kind, second, spectrum = _classify(
        blocks if out <= inside else np.swapaxes(blocks, 1, 2), out > inside, rng, taps=taps
    )
    if kind is not WeightLaw.ORTHOGONAL and taps > 1 and _is_orthogonal(kernel.reshape(out, -1)):
        kind, spectrum = WeightLaw.ORTHOGONAL_KERNEL, spectrum if out != inside else None
    spread = second * max(1.0, out / inside) - 1.0
    return WeightReading(kind, spread=spread, columns=columns, taps=taps, spectrum=spectrum, **common)


def _padded_gain(kernel: Array, shape_in: Sequence[int], shape_out: Sequence[int], padding: Sequence[int]) -> float:
    """Tr W Wᵀ / rows of a convolution with zero padding: every tap counts where it meets the input."""
    squares = np.square(kernel, dtype=np.float64).sum(axis=(0, 1))
    for axis, (size, count, pad) in enumerate(zip(shape_in, shape_out, padding, strict=True)):
        reach = np.arange(count)[None] - pad + np.arange(kernel.shape[2 + axis])[:, None]
        met = ((reach >= 0) & (reach < size)).mean(axis=1)
        squares = squares * met.reshape([-1 if i == axis else 1 for i in range(squares.ndim)])
    return float(squares.sum()) / int(kernel.shape[0])


def _fourier_blocks(kernel: Array, shape: Sequence[int]) -> Array:
    """Fourier blocks (frequency, channels out, channels in) of a circular convolution, not more than needed."""
    out, inside = kernel.shape[:2]
    allowed = min(BLOCKS, max(4, BLOCK_WORK // (8 * out * inside * min(out, inside))))
    side = max(2, int(allowed ** (1.0 / len(shape))))
    sizes = [max(k, min(s, side)) for k, s in zip(kernel.shape[2:], shape, strict=True)]
    axes: Any = tuple(range(2, kernel.ndim))
    transformed = np.fft.fftn(kernel, sizes, axes=axes).reshape(out, inside, -1)
    return np.ascontiguousarray(np.moveaxis(transformed, 2, 0))


def _is_orthogonal(matrix: Array) -> bool:
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    gram = np.asarray(wide @ wide.T, dtype=np.float64)
    return _defect(gram[None]) < ORTHOGONAL_DEFECT


def _defect(gram: Array) -> float:
    """Root mean square distance of Gram matrices from one common multiple of the identity, relative to it."""
    side = gram.shape[1]
    mean = float(np.trace(gram, axis1=1, axis2=2).real.mean()) / side
    if mean == 0.0:
        return math.inf
    return math.sqrt(float(np.mean(np.sum(np.abs(gram / mean - np.eye(side)) ** 2, axis=(1, 2)))) / side)


def _classify(
    blocks: Array, transposed: bool, rng: np.random.Generator, *, taps: int = 1
) -> tuple[WeightLaw, float, tuple[Real, Real] | None]:
    """Law of wide blocks B, the relative second moment of the spectrum of B Bᴴ, and the spectrum if of no known law."""
    count, side, length = blocks.shape
    if not np.any(blocks):
        return WeightLaw.OTHER, math.nan, (np.zeros(1), np.ones(1))
    dense = side <= DENSE_SIDE
    # the complex Fourier blocks of a kernel are independent as far as it has taps
    independent = side * math.sqrt(2.0 * min(count, taps)) if taps > 1 else float(side)
    if dense:
        gram = blocks @ np.conj(np.swapaxes(blocks, 1, 2))
        scale = float(np.trace(gram, axis1=1, axis2=2).real.mean()) / side
        moments = _gram_moments(gram / scale, rng)
        defect = _defect(gram)
    else:
        scale = float(np.mean(np.sum(np.abs(blocks) ** 2, axis=(1, 2)))) / side
        moments, defect = _estimated_moments(blocks, scale, rng)
    if defect < ORTHOGONAL_DEFECT:
        return WeightLaw.ORTHOGONAL, 1.0, None
    if _looks_gaussian(moments, side / length, independent, side * count, dense):
        return WeightLaw.GAUSSIAN, moments[0], None
    if not dense:
        return WeightLaw.OTHER, moments[0], None
    positions, weights = compressed_measure(np.maximum(np.linalg.eigvalsh(gram), 0.0), SPECTRUM_NODES)
    if transposed:
        share = side / length
        positions, weights = np.append(0.0, positions), np.append(1.0 - share, share * weights)
    return WeightLaw.OTHER, moments[0], (positions, weights)


def _gram_moments(gram: Array, rng: np.random.Generator) -> tuple[float, float, float]:
    """Moments 2, 3, 4 of Gram matrices of mean 1: the second exactly, the others by random vectors."""
    count, side = gram.shape[:2]
    second = float(np.vdot(gram, gram).real) / (side * count)
    v = rng.standard_normal((side, PROBES)).astype(gram.real.dtype)
    once = gram @ v
    twice = gram @ once
    total = float(np.vdot(v, v).real) * count
    return second, float(np.vdot(once, twice).real) / total, float(np.vdot(twice, twice).real) / total


def _estimated_moments(
    blocks: Array, scale: float, rng: np.random.Generator
) -> tuple[tuple[float, float, float], float]:
    """Moments of B Bᵀ/scale by random vectors, and the distance from the identity that they see."""
    sums, defect = np.zeros(3), 0.0
    side = blocks.shape[1]
    for block in blocks:
        v = rng.standard_normal((side, PROBES)).astype(block.real.dtype)
        once = block @ (np.conj(block.T) @ v) / scale
        twice = block @ (np.conj(block.T) @ once) / scale
        total = float(np.vdot(v, v).real) * len(blocks)
        sums += [float(np.vdot(a, b).real) / total for a, b in ((once, once), (once, twice), (twice, twice))]
        defect += float(np.linalg.norm(once - v) / np.linalg.norm(v)) / len(blocks)
    return (float(sums[0]), float(sums[1]), float(sums[2])), defect


def _looks_gaussian(
    moments: tuple[float, float, float], ratio: float, size: float, eigenvalues: int, dense: bool
) -> bool:
    """Whether moments 2 to 4 are those of the Marchenko-Pastur law, within four standard deviations.

    The second moment of one matrix of side n has the relative standard deviation 1/n, of c independent ones 1/(n √c):
    1/`size`. What random vectors leave open goes with the number of eigenvalues.
    """
    expected = (
        1.0 + ratio,
        1.0 + 3.0 * ratio + ratio**2,
        1.0 + 6.0 * ratio + 6.0 * ratio**2 + ratio**3,
    )
    seen = 6.0 * math.sqrt(2.0 / (eigenvalues * PROBES))  # by random vectors
    slacks = (4.0 / size + (0.0 if dense else seen), 9.0 / size + 2.0 * seen, 16.0 / size + 4.0 * seen)
    return all(
        abs(found - wanted) <= (slack + 0.01) * wanted
        for found, wanted, slack in zip(moments, expected, slacks, strict=True)
    )


# ---------------------------------------------------------------------- a layer
@dataclass(frozen=True, eq=False)
class LayerReading:
    """One layer h = W x + b, x' = φ(h) of a real model on one input.

    Attributes
    ----------
    place : str
        Dotted name in the model.
    kind : str
        ``"linear"``, ``"conv2d 3×3"``, ...
    weights : WeightReading
    sigma_b : float
        Root mean square of the biases.
    q : float
        Mean square of the pre-activations h.
    slopes : array or None
        Diagonal of D, what lies between this layer and the next; None if that is not a diagonal matrix.
    activation : Activation or None
        φ, if it has a name.
    between : str
        Names of the operations between this layer and the next.
    radial : float or None
        chi_par measured, gain · E φ φ' h / q.
    """

    place: str
    kind: str
    weights: WeightReading
    sigma_b: float
    q: float
    slopes: Real | None
    activation: Activation | None
    between: str
    radial: float | None = None

    @cached_property
    def squared_slopes(self) -> Real:
        """Diagonal of D²; only for a layer whose D is diagonal."""
        assert self.slopes is not None
        return self.slopes**2

    @cached_property
    def mean_slope(self) -> float:
        """μ₁, the mean of D² as measured."""
        return float(self.squared_slopes.mean())

    @cached_property
    def slope_spread(self) -> float:
        """μ₂/μ₁² − 1 as measured."""
        return float(self.squared_slopes.var()) / self.mean_slope**2 if self.mean_slope > 0.0 else 0.0

    @property
    def dead(self) -> float:
        """Share of units whose derivative is 0."""
        return 0.0 if self.slopes is None else float(np.mean(self.slopes == 0.0))

    @property
    def chi_perp(self) -> float | None:
        """Mean squared singular value of D W: weight gain times μ₁."""
        return None if self.slopes is None else self.weights.gain * self.mean_slope

    def relative_variance(self, rows: float) -> float:
        """What the layer adds to the relative variance of J Jᵀ, of `rows` rows."""
        return rows * (self.slope_spread + self.weights.spread) / self.weights.rows

    def share(self, rows: float) -> LayerShare:
        """The layer as a row of a report."""
        from rmt.networks.reports.jacobian_report import LayerShare

        chi = self.chi_perp
        name = f"{self.between or 'linear'}" if self.kind == "linear" else f"{self.kind} {self.between}".strip()
        return LayerShare(
            name=name,
            sigma_w=self.weights.sigma_w,
            sigma_b=self.sigma_b,
            q=self.q,
            chi_perp=chi,
            chi_par=self.radial,
            log_m1=math.nan if chi is None else (math.log(chi) if chi > 0.0 else -math.inf),
            relvar=math.nan if chi is None else self.relative_variance(rows),
            dead=self.dead,
        )
