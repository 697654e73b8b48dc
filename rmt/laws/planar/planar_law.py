"""Laws on the complex plane: limits of the eigenvalues of non-Hermitian matrices."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import check_complexes, check_generator, check_real
from rmt.laws.law import Complex, Law, Real


class PlanarLaw(ABC):
    """A probability law on the complex plane that is invariant under rotations about 0.

    Modulus and argument are independent, and the argument is uniform; :meth:`radial_law` and :meth:`angle_law`
    are the laws of both.

    Examples
    --------
    >>> import rmt
    >>> disc = rmt.CircularLaw()
    >>> float(disc.pdf(0.5j)) * 3.141592653589793, disc.radial_law().cdf(0.5)
    (1.0, 0.25)
    >>> disc.angle_law().mean(), disc.rvs(3, rng=0).shape
    (0.0, (3,))
    """

    @abstractmethod
    def radial_law(self) -> Law:
        """Law of the modulus.

        Returns
        -------
        Law
        """

    def angle_law(self) -> Law:
        """Law of the argument, uniform on (-pi, pi].

        Returns
        -------
        Law
        """
        from rmt.laws.named.uniform import Uniform

        return Uniform(-math.pi, math.pi)

    @overload
    @abstractmethod
    def pdf(self, z: complex) -> float: ...  # type: ignore[overload-overlap]
    @overload
    @abstractmethod
    def pdf(self, z: ArrayLike) -> Real: ...
    @abstractmethod
    def pdf(self, z: ArrayLike) -> float | Real:
        """Density with respect to area on the plane.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane.

        Returns
        -------
        float or ndarray of float, like `z`

        Raises
        ------
        ValueError
            If the law has no density.
        """

    @overload
    def rvs(self, size: None = None, *, rng: Any = None) -> complex: ...
    @overload
    def rvs(self, size: int | tuple[int, ...], *, rng: Any = None) -> Complex: ...
    def rvs(self, size: int | tuple[int, ...] | None = None, *, rng: Any = None) -> complex | Complex:
        """Draw independent complex numbers from the law (not eigenvalues: eigenvalues repel, these do not).

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the result; a complex number when None.
        rng : Generator, SeedSequence, int or None
            Passed to :func:`numpy.random.default_rng`.

        Returns
        -------
        complex or ndarray of complex, of shape `size`

        Raises
        ------
        TypeError
            If `size` or `rng` is not of the kind named above.
        ValueError
            If `size` or `rng` is out of the range named above.
        """
        generator = check_generator(rng)
        modulus = self.radial_law().rvs(size, rng=generator)
        angle = self.angle_law().rvs(size, rng=generator)
        phase: Any = np.exp(1j * np.asarray(angle))
        points: complex | Complex = modulus * phase
        return points

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({values})"


@dataclass(frozen=True, init=False, repr=False)
class CircularLaw(PlanarLaw):
    """Circular law: uniform on a disc, limit of matrices with iid entries of variance ``variance/n``.

    Parameters
    ----------
    variance : real
        n times the variance of the entries, > 0; the disc has radius ``sqrt(variance)``.

    Raises
    ------
    TypeError
        If `variance` is not of the kind named above.
    ValueError
        If `variance` is not finite or not > 0.

    References
    ----------
    Ginibre 1965; Tao and Vu 2010.

    Examples
    --------
    >>> from rmt.laws import CircularLaw
    >>> float(CircularLaw().pdf(0.5j)), float(CircularLaw().radial_law().mean())
    (0.3183098861837907, 0.6666666666666667)
    """

    variance: Any

    def __init__(self, variance: Any = 1) -> None:
        object.__setattr__(self, "variance", check_real("variance", variance, above=0.0))

    @property
    def radius(self) -> float:
        """Radius of the disc."""
        return math.sqrt(self.variance)

    def radial_law(self) -> Law:
        """Law of the modulus: the square root of a uniform number.

        Returns
        -------
        Law
        """
        from rmt.laws.maps.pushforward import SquareRoot
        from rmt.laws.named.uniform import Uniform

        return SquareRoot(Uniform(0, self.variance))

    @overload
    def pdf(self, z: complex) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def pdf(self, z: ArrayLike) -> Real: ...
    def pdf(self, z: ArrayLike) -> float | Real:
        """Density ``1/(pi variance)`` inside the disc, 0 outside, NaN at NaN.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane.

        Returns
        -------
        float or ndarray of float, like `z`

        Raises
        ------
        TypeError
            If `z` is not of the kind named above.
        ValueError
            If `z` is out of the range named above.
        """
        modulus = np.abs(check_complexes("z", z))
        value = np.where(modulus <= self.radius, 1.0 / (math.pi * float(self.variance)), 0.0)
        return np.where(np.isnan(modulus), np.nan, value)[()]


@dataclass(frozen=True, init=False, repr=False)
class UnitCircle(PlanarLaw):
    """Uniform law on the unit circle: the eigenvalues of Haar unitary, orthogonal and symplectic matrices.

    References
    ----------
    Diaconis and Shahshahani 1994.

    Examples
    --------
    >>> from rmt.laws import UnitCircle
    >>> UnitCircle().radial_law().atoms
    ((1.0, 1.0),)
    >>> import rmt
    >>> try:
    ...     rmt.UnitCircle().pdf(1.0)
    ... except ValueError as error:
    ...     print(str(error)[:20])
    the uniform law on t
    """

    def radial_law(self) -> Law:
        """Law of the modulus: the point mass at 1.

        Returns
        -------
        Law
        """
        from rmt.laws.atomic import Atomic

        return Atomic((1,), (1,))

    @overload
    def pdf(self, z: complex) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def pdf(self, z: ArrayLike) -> Real: ...
    def pdf(self, z: ArrayLike) -> float | Real:
        """Refuse: a law on a curve has no density on the plane.

        Parameters
        ----------
        z : array_like of complex
            Points of the plane.

        Returns
        -------
        never
        """
        raise ValueError(
            "the uniform law on the unit circle has no density on the plane; "
            "use angle_law().pdf, its density along the circle"
        )
