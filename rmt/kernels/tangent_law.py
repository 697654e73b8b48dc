"""Limit law of the neural tangent kernel of a network whose widths grow like the number of inputs.

K = X_Lᵀ X_L + Σ_l (S_lᵀ S_l) ⊙ (X_{l−1}ᵀ X_{l−1}) has the limit law of r_+ + Σ_{l<=L} q_l X_lᵀ X_l
(Fan and Wang 2020, theorem 3.7), with q_l = b2^(L−l), r_+ = Σ_{l<L} (a^(L−l) − q_l), a = E σ'². The matrices X_lᵀ X_l
are not free from each other: their joint law is a nested fixed point. For z = (z_{−1}, z_0, ..., z_l) and s_l in the
upper half plane

    s_l = 1/z_l + γ_l t_{l−1}(z⁻, (1 − b2, 0, ..., 0, b2)),    z⁻ = (z_{−1} + (1 − b2)/s_l, z_0, ..., z_{l−1} + b2/s_l),
    t_l(z, w) = w_l/z_l + t_{l−1}(z⁻, w_{<l} − (w_l/z_l) z_{<l}),
    t_0(z, w) = ∫ (w_{−1} + w_0 x)/(z_{−1} + z_0 x) μ_0(dx),

and G(ζ) = −t_L((r_+ − ζ, q_0, ..., q_{L−1}, 1), (1, 0, ..., 0)). All s_l are solved jointly: by damped iteration from
s = i well inside the half plane, then by Newton's method on the way down to the real line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.errors import ConvergenceError
from rmt.kernels.conjugate import _check_data, check_ratios, per_layer
from rmt.laws import Law, MarchenkoPastur
from rmt.networks.activations.lookup import ActivationLike

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: relative residual of the fixed point
RESIDUAL = 1e-12
#: damped steps at the start, Newton steps at each height
_DAMPED, _NEWTON = 200, 12
#: heights above the real line, from which the last step goes to the point itself
_HEIGHTS = 0.25 ** np.arange(0, 24)


@dataclass(frozen=True)
class TangentTransform:
    """The Stieltjes transform of the law.

    Attributes
    ----------
    data : Law
        Law of X_0ᵀ X_0.
    ratios : tuple of float
        n/d_1, ..., n/d_L.
    shares, energies : tuple of float
        b² and E σ'² of each layer.
    """

    data: Law
    ratios: tuple[float, ...]
    shares: tuple[float, ...]
    energies: tuple[float, ...]

    @property
    def weights(self) -> tuple[float, tuple[float, ...]]:
        """r_+ and q_0, ..., q_L."""
        depth = len(self.ratios)
        linear = [math.prod(self.shares[layer:]) for layer in range(depth + 1)]
        whole = [math.prod(self.energies[layer:]) for layer in range(depth + 1)]
        return math.fsum(a - b for a, b in zip(whole[:-1], linear[:-1], strict=True)), tuple(linear)

    def __call__(self, z: Any) -> Any:
        """G(z) on the closed upper half plane."""
        array = np.asarray(z, dtype=np.complex128)
        values, solved = self.solve(np.atleast_1d(array).ravel())
        if (solved.imag < -1e-9 * np.abs(solved)).any():
            raise ConvergenceError("the fixed point of the tangent kernel left the upper half plane")
        return values.reshape(array.shape)[()]

    def solve(self, zeta: Complex) -> tuple[Complex, Complex]:
        """G and the s_1, ..., s_L (first axis).

        Raises
        ------
        ConvergenceError
            If the residual stays large, or an s_l leaves the upper half plane.
        """
        scale = 1.0 + np.abs(zeta.real)
        s = np.full((len(self.ratios), zeta.size), 1j)
        high = zeta.real + 1j * np.maximum(zeta.imag, scale)
        for _ in range(_DAMPED):
            image = self._map(s, high)
            change = np.abs(image - s) / np.abs(s)
            s = 0.5 * (s + image)
            if (change < 1e-4).all():
                break
        floor = float((zeta.imag / scale).min())
        for height in [*_HEIGHTS[floor <= _HEIGHTS], 0.0]:
            point = zeta.real + 1j * np.maximum(zeta.imag, height * scale)
            s = self._newton(s, point)
        residual = np.abs(self._map(s, zeta) - s).max(axis=0) / np.abs(s).max(axis=0)
        bad = (residual > 1e-7) | (s.imag < -1e-7 * np.abs(s)).any(axis=0)
        if bad.any():
            worst = int(np.argmax(np.where(bad, residual, -1.0)))
            raise ConvergenceError(
                "the nested fixed point of the tangent kernel law did not converge; move the point off an edge",
                point=complex(zeta[worst]),
                residual=float(residual[worst]),
            )
        first, _ = self._unrolled(s, zeta)
        return -first, s

    def _newton(self, s: Complex, zeta: Complex) -> Complex:
        """Newton's method for all s_l at once, halved where it would leave the upper half plane."""
        depth = s.shape[0]
        for _ in range(_NEWTON):
            value = self._map(s, zeta) - s
            if (np.abs(value) <= RESIDUAL * np.abs(s)).all():
                break
            jacobian = np.empty((zeta.size, depth, depth), dtype=np.complex128)
            for k in range(depth):
                step = 1e-7 * np.abs(s[k]) * 1j
                moved = s.copy()
                moved[k] += step
                jacobian[:, :, k] = ((self._map(moved, zeta) - moved - value) / step).T
            try:
                change = np.linalg.solve(jacobian, -value.T[:, :, None])[:, :, 0].T
            except np.linalg.LinAlgError:
                break
            allowed = np.ones(zeta.size)
            for _ in range(30):
                outside = ((s + allowed * change).imag < 0.0).any(axis=0) & (s.imag > 0.0).all(axis=0)
                if not outside.any():
                    break
                allowed[outside] *= 0.5
            s = s + allowed * change
        return s

    def _map(self, s: Complex, zeta: Complex) -> Complex:
        return self._unrolled(s, zeta)[1]

    def _unrolled(self, s: Complex, zeta: Complex) -> tuple[Complex, Complex]:
        """t_L(z, (1, 0, ..., 0)), and the right-hand sides of the fixed point."""
        depth = s.shape[0]
        shift, linear = self.weights
        z: list[Any] = [shift - zeta, *(np.full(zeta.shape, q, dtype=np.complex128) for q in linear)]
        levels = [z]
        for layer in range(depth, 0, -1):
            share, below = self.shares[layer - 1], list(levels[0][:-1])
            below[0] = below[0] + (1.0 - share) / s[layer - 1]
            below[-1] = below[-1] + share / s[layer - 1]
            levels.insert(0, below)
        images = np.empty_like(s)
        for layer in range(1, depth + 1):
            share = self.shares[layer - 1]
            w: list[Any] = [1.0 - share, *([0.0] * (layer - 1)), share]
            images[layer - 1] = 1.0 / levels[layer][-1] + self.ratios[layer - 1] * self._trace(levels[:layer], w)
        return self._trace(levels, [1.0, *([0.0] * (depth + 1))]), images

    def _trace(self, levels: list[list[Any]], w: list[Any]) -> Any:
        """t_l(z, w) with z and all z⁻ given."""
        total: Any = 0.0
        for z in levels[:0:-1]:
            ratio = w[-1] / z[-1]
            total = total + ratio
            w = [a - ratio * b for a, b in zip(w[:-1], z[:-1], strict=True)]
        (first, second), (w_first, w_second) = levels[0], w
        inverse = -first / second
        g = np.asarray(self.data.stieltjes(inverse))
        return total + w_second / second - (w_first - w_second * first / second) / second * g


def ntk_law(
    activation: ActivationLike | Sequence[ActivationLike],
    ratios: Sequence[float],
    *,
    data: Law | None = None,
    q: float | Sequence[float] = 1.0,
) -> Law:
    """Limit law of the neural tangent kernel X_Lᵀ X_L + Σ (S_lᵀ S_l) ⊙ (X_{l−1}ᵀ X_{l−1}) for widths like n.

    Parameters
    ----------
    activation : str, callable, Activation, or a sequence of them
        Centred and scaled to variance 1, as for :func:`rmt.kernels.conjugate_kernel_law`.
    ratios : sequence of L + 1 positive numbers
        n/d_0, n/d_1, ..., n/d_L.
    data : Law, optional
        Limit law of X_0ᵀ X_0, of mean 1; by default Marchenko-Pastur of ratio n/d_0.
    q : float or sequence of float
        Variance of the pre-activations at which φ is normalised.

    Returns
    -------
    Law
        By the nested fixed point of Fan and Wang (2020), theorem 3.7; its Stieltjes transform to about 1e-12.

    Raises
    ------
    TypeError
        If `activation`, `ratios` or `q` is not of the kind named above.
    ValueError
        If a ratio is not positive, φ is constant, jumps, or is even (b² = 0) below the last layer.
    ConvergenceError
        If the fixed point does not converge.

    Examples
    --------
    >>> law = ntk_law("tanh", (0.75, 1.2, 0.5))
    >>> complex(law.stieltjes(0.2 + 0.5j)).__format__(".7f")
    '-0.4842364-0.1978287j'
    """
    values = check_ratios(ratios)
    layers = per_layer(activation, q, len(values) - 1)
    base = MarchenkoPastur(ratio=values[0]) if data is None else _check_data(data)
    energies = tuple(layer.slope_energy for layer in layers)
    shares = tuple(layer.linear_share for layer in layers)
    if min(shares) == 0.0:
        raise ValueError(
            "the tangent kernel law needs activations with E σ' ≠ 0 in every layer: below an even activation the lower "
            "layers are seen through their identity part only. Use conjugate_kernel_law, or add a linear part"
        )
    transform = TangentTransform(base, values[1:], shares, energies)
    shift, linear = transform.weights
    top = shift + math.fsum(
        weight * math.prod((1.0 + math.sqrt(r)) ** 2 for r in values[: layer + 1]) * base_top(base, values[0])
        for layer, weight in enumerate(linear)
    )
    return _law_below(transform, 1.01 * top)


@lru_cache(maxsize=16)
def _law_below(transform: TangentTransform, bound: float) -> Law:
    return Law.from_stieltjes(transform, (0.0, bound))


def base_top(base: Law, ratio: float) -> float:
    """Largest point of the data over that of the Marchenko-Pastur law that stands for it."""
    high = max([i.high for i in base.support] + [x for x, _ in base.atoms])
    return max(1.0, high / (1.0 + math.sqrt(ratio)) ** 2)
