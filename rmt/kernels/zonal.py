"""Kernels of networks on a sphere: functions of the cosine, their Mercer spectrum, and laws of their Gram matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct

from rmt._cached import cached_property
from rmt.errors import ConvergenceError, check_choice, check_count, check_real, check_reals
from rmt.free import boxplus, outliers
from rmt.kernels.engines import Engine, engine
from rmt.kernels.kernel_activations import require_slope
from rmt.kernels.mlp_kernels import LayerRecursion, recursion
from rmt.laws import Atomic, Law, MarchenkoPastur
from rmt.networks.activations.gaussian_rules import panel_nodes
from rmt.networks.architecture.mlp import MLP

Real = NDArray[np.float64]
Which = Literal["ntk", "nngp"]

#: Chebyshev points of h in the angle, for its derivatives at 0
_CENTRE = 129
#: relative size below which an odd or even part of h counts as absent
_ABSENT = 2e-14
#: panels of the Mercer integrals and nodes in each; panels are doubled until nothing moves
_PANELS, _ORDER, _DOUBLINGS = 4, 40, 6


@dataclass(frozen=True)
class Mercer:
    """Eigenvalues of a zonal kernel under the uniform probability measure on a sphere.

    Attributes
    ----------
    degrees : tuple of int
    eigenvalues : ndarray
        λ_k for each degree; exact zeros are 0.
    multiplicities : tuple of int
        N(d, k), the dimension of the spherical harmonics of degree k.
    errors : ndarray
        Bounds on the absolute errors of `eigenvalues`.
    rest : float
        Trace h(1) − Σ N λ that other degrees carry.

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.kernels import zonal
    >>> found = zonal(np.exp).mercer(3, 2)
    >>> found.degrees, found.multiplicities, found.repeated().shape
    ((0, 1), (1, 3), (4,))
    """

    degrees: tuple[int, ...]
    eigenvalues: Real
    multiplicities: tuple[int, ...]
    errors: Real
    rest: float

    def repeated(self) -> Real:
        """Every eigenvalue as often as its multiplicity says, largest degree last.

        Returns
        -------
        ndarray of float
        """
        return np.repeat(self.eigenvalues, self.multiplicities)


class ZonalKernel:
    """A kernel h(x·x'/|x||x'|) on points of one length; made by :func:`zonal`.

    Attributes
    ----------
    name : str
    function : callable
        h as a function of arrays of cosines in [−1, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from rmt.kernels import zonal
    >>> kernel = zonal(np.exp)
    >>> round(kernel.gram_law(0.5).mean() - (np.e - 1), 9)  # its mean is h(1) − h(0)
    0.0
    >>> kernel.decay(3), kernel.outlier(100, 50) > 1.0
    (inf, True)
    >>> kernel.mercer(3, 2).eigenvalues.shape, kernel.polynomial_gram_law(100, 20).mean() > 0.0
    ((2,), True)
    """

    def __init__(self, name: str, function: Callable[[Real], Real]) -> None:
        self.name = name
        self._of_gap = function

    def __repr__(self) -> str:
        return f"zonal({self.name})"

    def __call__(self, c: ArrayLike | None = None, *, gap: ArrayLike | None = None) -> Any:
        """h(c), or h(1 − gap)."""
        if (c is None) == (gap is None):
            raise ValueError("pass either the cosine c or gap=1 − c")
        values = check_reals("c", c) if gap is None else check_reals("gap", gap)
        distance = 1.0 - values if gap is None else values
        bad = (distance < 0.0) | (distance > 2.0)
        if bad.any():
            raise ValueError(f"c must lie in [-1, 1] (gap in [0, 2]), got {float(values[bad].flat[0])!r}")
        out = np.asarray(self._of_gap(distance.ravel()))
        return out.reshape(distance.shape) if distance.shape else out.item()

    @cached_property
    def derivatives_at_zero(self) -> tuple[float, float, float]:
        """h(0), h'(0) and h''(0)."""
        x = np.cos(np.pi * (np.arange(_CENTRE) + 0.5) / _CENTRE)
        theta = 0.5 * np.pi * (1.0 + x)
        values = self._of_gap(2.0 * np.sin(0.5 * theta) ** 2)
        coefficients = np.asarray(dct(values, type=2)) / _CENTRE
        coefficients[0] *= 0.5
        large = np.flatnonzero(np.abs(coefficients) > 1e-15 * np.abs(coefficients).max())
        series = np.polynomial.Chebyshev(coefficients[: large[-1] + 1], domain=(0.0, np.pi))
        # c = cos θ: at θ = π/2 the derivatives in c are −h_θ and h_θθ
        middle = 0.5 * np.pi
        value, slope, curvature = (float(t(middle)) for t in (series, -series.deriv(1), series.deriv(2)))
        odd, even = self._parity
        return (0.0, slope, 0.0) if odd else (value, 0.0, curvature) if even else (value, slope, curvature)

    @cached_property
    def _parity(self) -> tuple[bool, bool]:
        """Whether h is odd, whether it is even."""
        c = np.linspace(0.03, 1.0, 37)
        up, down = self._of_gap(1.0 - c), self._of_gap(1.0 + c)
        size = _ABSENT * float(np.abs(up).max())
        return bool((np.abs(up + down) <= size).all()), bool((np.abs(up - down) <= size).all())

    @cached_property
    def _odd_part_is_linear(self) -> bool:
        c = np.linspace(0.03, 1.0, 37)
        odd = 0.5 * (self._of_gap(1.0 - c) - self._of_gap(1.0 + c))
        slope = odd[-1]
        return bool((np.abs(odd - slope * c) <= _ABSENT * float(self._of_gap(np.zeros(1))[0])).all())

    def mercer(self, dimension: int, degrees: int | ArrayLike) -> Mercer:
        """Eigenvalues on the sphere S^(d−1) under the uniform probability measure, by the Funk-Hecke formula.

        Parameters
        ----------
        dimension : int
            d >= 2, of the space around the sphere.
        degrees : int or sequence of int
            The degrees k, or their number (k = 0, 1, ...).

        Returns
        -------
        Mercer
            Eigenvalues that vanish by symmetry are exactly 0. Those of m random points are near m λ_k.

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If the dimension is below 2, or a degree is negative.
        ConvergenceError
            If the integral does not settle.
        """
        d = check_count("dimension", dimension, minimum=2)
        if np.ndim(degrees) == 0:
            wanted = tuple(range(check_count("degrees", degrees)))
        else:
            wanted = tuple(check_count("degrees", k, minimum=0) for k in np.asarray(degrees).tolist())
        top = max(wanted)
        panels = _PANELS + top // 16
        before: Real | None = None
        total = float(self._of_gap(np.zeros(1))[0])
        for _ in range(_DOUBLINGS):
            found = self._funk_hecke(d, top, panels)
            panels *= 2
            counts = np.array([harmonic_dimension(d, k) for k in range(top + 1)], dtype=np.float64)
            noise = 4e-15 * total / np.sqrt(counts)
            if before is not None and (np.abs(found - before) <= 10.0 * noise).all():
                break
            before = found
        else:
            raise ConvergenceError(f"the Mercer integrals of {self!r} did not settle; ask for lower degrees")
        values = np.where(self._zeros(top), 0.0, found)
        chosen = np.array(wanted)
        multiplicities = tuple(harmonic_dimension(d, k) for k in wanted)
        rest = total - math.fsum(n * float(values[k]) for n, k in zip(multiplicities, wanted, strict=True))
        errors = np.where(self._zeros(top), 0.0, np.abs(found - before) + noise)
        return Mercer(wanted, values[chosen], multiplicities, errors[chosen], rest)

    def _zeros(self, top: int) -> NDArray[np.bool_]:
        """Degrees whose eigenvalue vanishes by symmetry."""
        k = np.arange(top + 1)
        odd, even = self._parity
        zeros = (odd & (k % 2 == 0)) | (even & (k % 2 == 1))
        return np.asarray(zeros | (self._odd_part_is_linear & (k % 2 == 1) & (k >= 3)))

    def _funk_hecke(self, d: int, top: int, panels: int) -> Real:
        """λ_0, ..., λ_top by panels in the angle, where kernels with kinks are smooth."""
        theta, weight = panel_nodes(np.linspace(0.0, np.pi, panels + 1), _ORDER)
        weight = weight * np.sin(theta) ** (d - 2)
        values = self._of_gap(2.0 * np.sin(0.5 * theta) ** 2) * (weight / math.fsum(weight))
        c = np.cos(theta)
        out = np.empty(top + 1)
        before, now = np.zeros_like(c), np.ones_like(c)
        for k in range(top + 1):
            out[k] = math.fsum(values * now)
            if d == 2:
                before, now = now, (c if k == 0 else 2.0 * c * now - before)
            else:
                before, now = now, ((2 * k + d - 2) * c * now - k * before) / (k + d - 2)
        return out

    def decay(self, dimension: int) -> float:
        """Exponent p of λ_k ~ k^−p; infinite for a kernel that is smooth on the sphere.

        A term θ^s with odd s in h next to θ = 0 gives p = d − 1 + s (Bietti and Mairal 2019): d for the tangent kernel
        of ReLU networks, d + 2 for their NNGP. Where symmetry makes every other eigenvalue vanish, the rest decays so.

        Parameters
        ----------
        dimension : int
            Dimension of the space, >= 2.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        d = check_count("dimension", dimension, minimum=2)
        width, count = 0.7, 16
        x = np.cos(np.pi * (np.arange(count) + 0.5) / count)
        theta = 0.5 * width * (1.0 + x)
        values = self._of_gap(2.0 * np.sin(0.5 * theta) ** 2)
        series = np.polynomial.Chebyshev.fit(theta, values, count - 1, domain=(0.0, width))
        taylor = series.convert(kind=np.polynomial.Polynomial).coef
        size = float(np.abs(values).max())
        for s in (1, 3, 5):
            # what rounding makes of the s-th derivative at the end of the interval
            odd_factorial = math.prod(range(1, 2 * s, 2))
            noise = 1e-15 * size * (2.0 / width) ** s * count ** (2 * s) / (odd_factorial * math.factorial(s))
            if abs(taylor[s]) > 20.0 * noise:
                return float(d - 1 + s)
        return math.inf

    def gram_law(self, ratio: float) -> Law:
        """Limit law of h(x_i·x_j/d) for n points on the sphere of radius √d, n/d = `ratio`: a + b MP(ratio).

        a = h(1) − h(0) − h'(0) and b = h'(0) (El Karoui 2010, theorem 2.1). For a ratio above 1 the smallest
        eigenvalues sit at the atom a. One outlier may lie outside: :meth:`outlier`.

        Parameters
        ----------
        ratio : float
            Points over dimensions, n/d > 0.

        Returns
        -------
        Law

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        gamma = float(check_real("ratio", ratio, above=0.0))
        value, slope, _ = self.derivatives_at_zero
        rest = float(self._of_gap(np.zeros(1))[0]) - value - slope
        rest = 0.0 if abs(rest) < 1e-13 * abs(slope) else rest
        return Atomic((rest,), (1,)) if slope == 0.0 else slope * MarchenkoPastur(ratio=gamma) + rest

    def outlier(self, n: int, dimension: int) -> float | None:
        """Position of the one large eigenvalue of the Gram matrix of n points, n(h(0) + h''(0)/(2d)) + a + b.

        None where it does not leave the bulk; odd kernels have none.

        Parameters
        ----------
        n : int
            Number of points, >= 1.
        dimension : int
            Dimension of the space, >= 2.

        Returns
        -------
        float or None

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        count, d = check_count("n", n), check_count("dimension", dimension, minimum=2)
        value, _, curvature = self.derivatives_at_zero
        spike = count * (value + curvature / (2.0 * d))
        if spike <= 0.0:
            return None
        law = self.gram_law(count / d)
        if law.support == ():
            return spike + law.mean()
        found = [out.position for out in outliers(law - law.mean(), [spike])]
        bulk_top = law.support[-1].high
        return next((p + law.mean() for p in found if p + law.mean() > bulk_top), None)

    def polynomial_gram_law(self, n: int, dimension: int, degree: int | None = None) -> Law:
        """Law of the Gram matrix of n points with every degree up to `degree` at its own ratio, as for n ~ d².

        By default degrees count as long as n/N(d, k) is above 0.01.

        The part of h of degree k behaves like a Wishart matrix of ratio n/N(d, k), free from the others; what is above
        counts as a multiple of the identity (Lu and Yau 2022): a ⊞ λ_k N(d, k) MP(n/N(d, k)), k = 1, ..., `degree`. For
        n ~ d² the first of them makes the d large eigenvalues, the second the bulk.

        Parameters
        ----------
        n : int
            Number of points, >= 1.
        dimension : int
            Dimension d of the space, >= 2.
        degree : int, optional
            Highest degree that counts by itself.

        Returns
        -------
        Law

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an argument is out of the range named above.
        """
        count, d = check_count("n", n), check_count("dimension", dimension, minimum=2)
        if degree is None:
            top = next(k for k in range(1, 40) if 0.01 * harmonic_dimension(d, k + 1) > count)
        else:
            top = check_count("degree", degree)
        spectrum = self.mercer(d, top + 1)
        parts: list[Law] = []
        for value, many in zip(spectrum.eigenvalues[1:], spectrum.multiplicities[1:], strict=True):
            if value != 0.0:
                parts.append(float(value * many) * MarchenkoPastur(ratio=count / many))
        if not parts:
            return Atomic((spectrum.rest,), (1,))
        return (parts[0] if len(parts) == 1 else boxplus(*parts)) + spectrum.rest


def harmonic_dimension(dimension: int, degree: int) -> int:
    """N(d, k): spherical harmonics of degree k on S^(d−1)."""
    if degree == 0:
        return 1
    lower = math.comb(degree + dimension - 3, dimension - 1) if degree >= 2 else 0
    return math.comb(degree + dimension - 1, dimension - 1) - lower


def zonal(net: MLP | Callable[[Real], Real], kernel: Which = "ntk") -> ZonalKernel:
    """The kernel of a network on points of one length, as a function of the cosine between them.

    Parameters
    ----------
    net : MLP or callable
        The L layers of an :class:`rmt.MLP` are the hidden layers; the first pre-activations have the variance that its
        `input_q` gives, or the stationary one (1 for homogeneous activations without biases: then h(1) is 1 for the
        NNGP of a He-scaled ReLU network and L + 1 for its tangent kernel). Or any function h of an array of cosines.
    kernel : {"ntk", "nngp"}
        Which kernel of the network.

    Returns
    -------
    ZonalKernel

    Raises
    ------
    ValueError
        For the tangent kernel of an activation that jumps.
    TypeError
        If `net` is neither.

    References
    ----------
    Bietti and Mairal 2019.

    Examples
    --------
    >>> import rmt
    >>> h = zonal(rmt.MLP(depth=1, activation="relu", sigma_w=2**0.5))
    >>> [round(x, 9) for x in h.mercer(3, 5).eigenvalues.tolist()]
    [0.5, 0.333333333, 0.078125, 0.0, 0.005208333]
    """
    if isinstance(net, MLP):
        check_choice("kernel", kernel, ("ntk", "nngp"))
        layers = recursion(net)
        if kernel == "ntk":
            for phi in layers.activations:
                require_slope(phi)
        return ZonalKernel(f"{net!r}, {kernel!r}", _network_function(layers, float(net.layers[0].q), kernel == "ntk"))
    if not callable(net):
        raise TypeError(f"net must be an rmt.MLP or a function of cosines, got {net!r}")
    own = net

    def of_gap(gap: Real) -> Real:
        return np.broadcast_to(np.asarray(own(1.0 - gap), dtype=np.float64), gap.shape)

    return ZonalKernel(getattr(net, "__name__", type(net).__name__), of_gap)


def _network_function(layers: LayerRecursion, q: float, tangent: bool) -> Callable[[Real], Real]:
    """H as a function of the gap between unit vectors."""
    engines: list[Engine] = []
    lengths = [q]
    for phi, weight, bias in zip(layers.activations, layers.sigma_w[1:], layers.sigma_b[1:], strict=True):
        made = engine(phi, np.array(lengths[-1:]))
        engines.append(made)
        lengths.append(weight**2 * float(made.moments(np.array(lengths[-1:]))[0]) + bias**2)
    first_bias = layers.sigma_b[0] ** 2

    def function(gap: Real) -> Real:
        distance = gap * (1.0 - first_bias / q)
        theta = q * (1.0 - distance)
        for made, length, weight, bias in zip(
            engines, lengths[:-1], layers.sigma_w[1:], layers.sigma_b[1:], strict=True
        ):
            here = np.array([length])
            block = np.ascontiguousarray(distance[None, :])
            moment, _, slope = made.block(here, np.full(gap.size, length), block, -1)
            scale, distance = float(moment[0]), block[0]
            covariance = weight**2 * scale * (1.0 - distance) + bias**2
            theta = covariance + weight**2 * slope[0] * theta if tangent else theta
            distance = distance * (weight**2 * scale / (weight**2 * scale + bias**2))
        return np.asarray(theta if tangent else lengths[-1] * (1.0 - distance))

    return function
