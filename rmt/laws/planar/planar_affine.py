"""Laws on the plane, turned, dilated and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import check_complexes
from rmt.laws.law import Complex, Law, Real
from rmt.laws.planar.planar_law import CircularLaw, PlanarLaw


@dataclass(frozen=True, repr=False)
class PlanarAffine(PlanarLaw):
    """Law of ``scale * Z + shift`` for a complex random number Z.

    Parameters
    ----------
    base : PlanarLaw or EllipticLaw
        Law of Z.
    scale : complex
        Not 0.
    shift : complex
        Added after scaling.

    Examples
    --------
    >>> import rmt
    >>> law = (rmt.ginibre() + 1).law()
    >>> law
    PlanarAffine(base=CircularLaw(variance=1), scale=1, shift=1)
    >>> round(law.pdf(1.5), 12)
    0.318309886184
    >>> law = rmt.PlanarAffine(rmt.CircularLaw(), 2)
    >>> law.radial_law().support[0].high, law.rvs(3, rng=0).shape
    (2.0, (3,))
    """

    base: Any
    scale: Any = 1
    shift: Any = 0

    def radial_law(self) -> Law:
        """Law of the modulus.

        Returns
        -------
        Law

        Raises
        ------
        ValueError
            If the law is not invariant under rotations about 0.
        """
        if self.shift != 0 or not isinstance(self.base, PlanarLaw):
            raise ValueError(
                f"{self!r} is not invariant under rotations about 0, so that modulus and argument are not independent; "
                "subtract the shift from the sample and compare with the base law"
            )
        size = abs(self.scale)
        radial: Law = size * self.base.radial_law()
        return radial

    @overload
    def pdf(self, z: complex) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def pdf(self, z: ArrayLike) -> Real: ...
    def pdf(self, z: ArrayLike) -> float | Real:
        """Density with respect to area on the plane; NaN at NaN.

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
            If an argument is not of the kind named above.
        ValueError
            If the base law has no density.
        """
        points = np.asarray(check_complexes("z", z))
        out = np.asarray(self.base.pdf((points - self.shift) / self.scale)) / abs(self.scale) ** 2
        value: float | Real = out.item() if out.ndim == 0 else out
        return value

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
        """
        points: complex | Complex = self.scale * self.base.rvs(size, rng=rng) + self.shift
        return points


def dilated_and_shifted(law: Any, scale: Any, shift: Any) -> Any:
    """Law of scale Z + shift, in closed form where it is a named law."""
    from rmt.laws.planar.planar_rings import SingleRing

    if isinstance(law, PlanarLaw) and not isinstance(law, PlanarAffine):
        scale = abs(scale)
        if isinstance(law, CircularLaw):
            law, scale = CircularLaw(scale * scale * law.variance), 1
        elif isinstance(law, SingleRing) and scale != 1:
            law, scale = SingleRing(scale * law.singular_values), 1
    elif isinstance(law, PlanarAffine):
        return dilated_and_shifted(law.base, scale * law.scale, scale * law.shift + shift)
    if scale == 1 and shift == 0:
        return law
    return PlanarAffine(law, scale, shift)
