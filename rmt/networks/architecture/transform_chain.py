"""From the S-transforms of the layers to the density of J Jᵀ, one step at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt._frozen import Frozen
from rmt.errors import ConvergenceError, check_count, check_reals
from rmt.laws.law import Complex, Law, Real
from rmt.networks.architecture.mlp import MLP, Layer

#: heights on the way down to the real axis, and Newton steps at each
STEPS, NEWTON = 240, 30


class TransformChain(Frozen):
    """The chain S_{W Wᵀ}, S_{D²} → S_{J Jᵀ} → M⁻¹ → M → G → density, each link a method.

    Products of free matrices multiply S-transforms, S(m) = (1 + m)/(m M⁻¹(m)) (Voiculescu 1987; Pennington,
    Schoenholz and Ganguli 2017). Where all S are rational in m (linear, ReLU, hard-tanh and their kin) the last three
    links invert M⁻¹ along this very route, independently of the free calculus; for other activations they are those of
    :meth:`Jacobian.gram_law`, which needs no S-transform.

    Parameters
    ----------
    net : MLP
        The network whose Jacobian is followed.

    Examples
    --------
    >>> from rmt.networks import MLP
    >>> chain = MLP(2, "relu", 2**0.5, weights="orthogonal").jacobian().transform_chain()
    >>> chain.slope_s_transform(1.0), round(chain.s_transform(1.0), 12)  # (m + 1)/(m + 1/2); its square over 4
    (1.3333333333333333, 0.444444444444)
    >>> round(chain.density(1.0), 9)
    0.091888149
    >>> import rmt
    >>> chain = rmt.networks.MLP(2, "linear", sigma_w=1.0).jacobian().transform_chain()
    >>> chain.weight_s_transform(1.0), round(chain.inverse_t_transform(1.0), 12)  # 1/(1 + m), 2 · 4
    (0.5, 8.0)
    >>> z = 3.0 + 1j
    >>> abs(chain.stieltjes(z) - (1 + chain.t_transform(z)) / z) < 1e-12
    np.True_
    """

    def __init__(self, net: MLP) -> None:
        self.net = net

    def _layer(self, layer: int) -> Layer:
        index = check_count("layer", layer)
        if index > self.net.depth:
            raise ValueError(f"layer must be between 1 and {self.net.depth}, got {index}")
        return self.net.layers[index - 1]

    # ------------------------------------------------------------------ the factors
    def slope_s_transform(self, m: ArrayLike, layer: int = 1) -> Any:
        """S of D² = φ'(h)² in a layer, for the normalised trace of its own width.

        ``(1 + m)/(a² (m + p))`` where φ' is 0 or ±a, the latter with probability p.

        Parameters
        ----------
        m : array_like of float or complex
            Points of the domain of S.
        layer : int
            Number of the layer, 1, ..., L.

        Returns
        -------
        float, complex or ndarray, like `m`

        Raises
        ------
        ValueError
            If `m` lies outside the domain of an S-transform without closed form.
        """
        law = self._layer(layer).slope_law()
        closed = _on_off(law)
        if closed is None:
            return law.s_transform(m)
        square, alive = closed
        return _apply(m, lambda v: (1.0 + v) / (square * (v + alive)) if alive < 1.0 else np.full_like(v, 1.0 / square))

    def weight_s_transform(self, m: ArrayLike, layer: int = 1) -> Any:
        """S of W Wᵀ in a layer.

        ``1/(sigma_w² (1 + m N_l/N_{l−1}))`` for Gaussian weights, ``1/sigma_w²`` for orthogonal ones that do not
        widen, r (1 + m)/((1 + r m) sigma_w²) for those that widen by r = N_l/N_{l−1}.

        Parameters
        ----------
        m : array_like of float or complex
            Points of the domain of S.
        layer : int
            Number of the layer, 1, ..., L.

        Returns
        -------
        float, complex or ndarray, like `m`
        """
        found = self._layer(layer)
        ratio, variance = found.fan_out / found.fan_in, found.sigma_w**2
        if not found.orthogonal:
            return _apply(m, lambda v: 1.0 / (variance * (1.0 + ratio * v)))
        widening = max(ratio, 1.0)
        return _apply(
            m,
            lambda v: (
                widening * (1.0 + v) / ((1.0 + widening * v) * variance)
                if widening > 1.0
                else np.full_like(v, 1.0 / variance)
            ),
        )

    # ------------------------------------------------------------------ the product
    def s_transform(self, m: ArrayLike) -> Any:
        """S of J Jᵀ: the product of all factors, each at m N_L/N_l for its own width N_l.

        Between layers of different widths cyclic products change the normalised trace, hence the arguments.

        Parameters
        ----------
        m : array_like of float or complex
            Points of the domain of S.

        Returns
        -------
        float, complex or ndarray, like `m`
        """
        rows = self.net.widths[-1]
        total: Any = 1.0
        powers: dict[Any, tuple[int, int]] = {}
        for index, layer in enumerate(self.net.layers, start=1):
            first, count = powers.get(layer, (index, 0))
            powers[layer] = first, count + 1
        values = np.asarray(m)
        for layer, (index, count) in powers.items():
            own = values * (rows / layer.fan_out)
            total = total * (self.slope_s_transform(own, index) * self.weight_s_transform(own, index)) ** count
        return total

    def inverse_t_transform(self, m: ArrayLike) -> Any:
        """M⁻¹(m) = (1 + m)/(m S(m)).

        Parameters
        ----------
        m : array_like of float or complex
            Points of the domain of S, not 0.

        Returns
        -------
        float, complex or ndarray, like `m`
        """
        return _apply(m, lambda v: (1.0 + v) / (v * np.asarray(self.s_transform(v))))

    # ------------------------------------------------------------------ its inversion
    @property
    def closed(self) -> bool:
        """Whether all S-transforms are rational, so that M⁻¹ is known in the whole complex plane."""
        return all(_on_off(layer.slope_law()) is not None for layer in set(self.net.layers))

    @overload
    def t_transform(self, z: complex) -> complex: ...  # type: ignore[overload-overlap]
    @overload
    def t_transform(self, z: ArrayLike) -> Complex: ...
    def t_transform(self, z: ArrayLike) -> complex | Complex:
        """M(z) = zG(z) − 1, the inverse function of M⁻¹ that vanishes at infinity; z in the closed upper half plane.

        Parameters
        ----------
        z : array_like of complex
            Points of the closed upper half plane.

        Returns
        -------
        complex or ndarray of complex, like `z`
        """
        if not self.closed:
            return self.net.jacobian().gram_law().t_transform(z)
        points = np.asarray(z).astype(np.complex128)
        if np.any(points.imag < 0.0) or np.any(points == 0.0):
            raise ValueError("z must lie in the closed upper half plane without 0")
        result = self._followed(points.ravel()).reshape(points.shape)
        return result.item() if points.ndim == 0 else result

    def _followed(self, z: Complex) -> Complex:
        """Solve log M⁻¹(m) = log z by Newton's iteration, coming down from far above the axis, where m = m₁/z."""

        def excess(m: Complex, target: Complex) -> Complex:
            value = np.log((1.0 + m) / m) - np.log(np.asarray(self.s_transform(m))) - target
            return np.asarray(value - 2j * math.pi * np.round(value.imag / (2.0 * math.pi)))

        start = 1e3 * max(self.net.mean, float(np.abs(z).max()))
        m: Complex = np.asarray(self.net.mean / (z.real + 1j * start), dtype=np.complex128)
        for height in [*np.geomspace(start, 1e-9 * float(np.abs(z).min()), STEPS), 0.0]:
            target = np.log(z.real + 1j * np.maximum(height, z.imag))
            for _ in range(NEWTON):
                value, h = excess(m, target), 1e-5 * np.abs(m) + 1e-300
                slope = (excess(m + h, target) - excess(m - h, target)) / (2.0 * h)
                step = value / slope
                step *= np.minimum(1.0, 0.3 * np.abs(m) / np.maximum(np.abs(step), 1e-300))
                m = np.asarray(m - step, dtype=np.complex128)
                if np.all(np.abs(step) <= 1e-15 * np.abs(m)):
                    break
        residual = np.abs(excess(m, np.log(z)))
        if not np.all(residual < 1e-8):
            worst = int(np.nanargmax(residual))
            raise ConvergenceError(
                "M⁻¹(m) = z was not solved here; use Jacobian.gram_law()",
                point=complex(z[worst]),
                residual=float(residual[worst]),
            )
        return m

    @overload
    def stieltjes(self, z: complex) -> complex: ...  # type: ignore[overload-overlap]
    @overload
    def stieltjes(self, z: ArrayLike) -> Complex: ...
    def stieltjes(self, z: ArrayLike) -> complex | Complex:
        """G(z) = (1 + M(z))/z.

        Parameters
        ----------
        z : array_like of complex
            Points of the closed upper half plane.

        Returns
        -------
        complex or ndarray of complex, like `z`
        """
        value: complex | Complex = (1.0 + self.t_transform(z)) / np.asarray(z)
        return value

    @overload
    def density(self, x: float) -> float: ...
    @overload
    def density(self, x: ArrayLike) -> Real: ...
    def density(self, x: ArrayLike) -> float | Real:
        """−Im G(x + i0)/π, the density of the absolutely continuous part at x > 0.

        Parameters
        ----------
        x : array_like of float
            Points > 0.

        Returns
        -------
        float or ndarray of float, like `x`

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an `x` is not positive.
        """
        points = check_reals("x", x)
        if not np.all(points > 0.0):
            raise ValueError("x must be positive: the spectrum of J Jᵀ lies on [0, ∞)")
        if not self.closed:
            return self.net.jacobian().gram_law().pdf(x)
        density = np.maximum(-np.asarray(self.stieltjes(points + 0j)).imag / math.pi, 0.0)
        return float(density) if points.ndim == 0 else density


def _on_off(law: Law) -> tuple[float, float] | None:
    """Square a² of the derivative where it is not 0, and how often it is not, if no third value occurs."""
    if law.support:
        return None
    live = [(a, p) for a, p in law.atoms if a > 0.0]
    return live[0] if len(live) == 1 else None


def _apply(m: ArrayLike, function: Callable[[Any], Any]) -> Any:
    """Apply a rational function to a scalar or an array, real or complex."""
    values = np.asarray(m)
    if not np.iscomplexobj(values):
        values = values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Complex = np.asarray(function(values))
    return result.item() if values.ndim == 0 else result
