"""Laws from functions and numbers: the constructors ``Law.from_...``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import rmt

Bounds = Sequence[Any]


class Constructors:
    """Static methods of :class:`~rmt.laws.Law` that build a law from a density, a transform, or moments."""

    @staticmethod
    def from_pdf(
        pdf: Callable[..., Any],
        support: Bounds,
        *,
        exponents: Bounds | None = None,
        atoms: Sequence[tuple[float, float]] = (),
    ) -> rmt.Law:
        """Law with a given density.

        Parameters
        ----------
        pdf : callable
            Density of the absolutely continuous part on the support; takes arrays, or single numbers. Analytic inside
            the intervals of the support for full accuracy: cut them where it is not.
        support : pair, or sequence of pairs
            The interval ``(low, high)``, or several; ends may be infinite.
        exponents : pair, or sequence of pairs, optional
            Exponents a in ``pdf ~ |x - edge|**a`` at the ends of each interval; measured by default.
        atoms : sequence of (position, mass)
            Atoms.

        Returns
        -------
        Law
            All else follows from the density on quadrature panels, to about 1e-14; ``return_error`` says how far.

        Raises
        ------
        TypeError
            If `pdf` cannot be called.
        ValueError
            If the density is negative, infinite or NaN inside the support, or the total mass is not 1 to 1e-9.

        Examples
        --------
        >>> from rmt.laws import Law
        >>> law = Law.from_pdf(lambda x: 0.75 * (1 - x**2), (-1, 1))
        >>> round(law.var(), 14)
        0.2
        """
        from rmt.laws.given.density import density_law

        return density_law(pdf, support, exponents, atoms)

    @staticmethod
    def from_stieltjes(stieltjes: Callable[..., Any], bounds: Bounds) -> rmt.Law:
        """Law with a given Stieltjes transform G(z) = ∫ μ(dx)/(z − x).

        Parameters
        ----------
        stieltjes : callable
            G on the upper half plane, where Im G < 0, and its boundary value from above on the real line. Takes complex
            arrays, or single numbers.
        bounds : pair of float
            An interval that contains the support.

        Returns
        -------
        Law
            The support and the atoms outside it are searched; the density is −Im G/π on the line itself.

        Raises
        ------
        TypeError
            If `stieltjes` cannot be called.
        ValueError
            If G does not map the upper half plane to the lower one, is not 1/z at infinity, has another limit on the
            real line than the value given there, or is not the transform of the law that its density and poles
            define.

        Examples
        --------
        >>> import numpy as np
        >>> from rmt.laws import Law
        >>> law = Law.from_stieltjes(lambda z: (z - np.sqrt(z - 2) * np.sqrt(z + 2)) / 2, (-3, 3))
        >>> [round(x, 9) for x in (law.support[0].low, law.support[0].high, law.moment(4))]
        [-2.0, 2.0, 2.0]
        """
        from rmt.laws.given.from_transforms import stieltjes_law

        return stieltjes_law(stieltjes, bounds)

    @staticmethod
    def from_r_transform(r_transform: Callable[..., Any]) -> rmt.Law:
        """Law with a given R-transform, by the chain R → B(g) = R(g) + 1/g → G → density.

        G(z) solves B(G) = z; it is followed along rays from infinity to the real line, where the density is −Im G/π.
        Edges are zeros of B′, atoms and hard edges what B does at infinity.

        Parameters
        ----------
        r_transform : callable
            R, written with NumPy's functions of arrays: its roots, logarithms and powers are continued past their
            cuts, so that any branch that is right next to 0 will do. A function of single numbers is evaluated as it
            is. A complex R(0) = a − ic stands for a law without mean (Cauchy).

        Returns
        -------
        Law
            ``Atomic`` where the law has atoms only; edges to 1e-13 of the width, masses and densities to 1e-12.

        Raises
        ------
        TypeError
            If `r_transform` cannot be called, or does not return numbers.
        ValueError
            If no law has this R-transform, with the proof: a negative variance, a polynomial q with τ(q²) < 0, a side
            without an edge, or a branch point of G in the upper half plane.
        ConvergenceError
            If neither a law nor such a proof was found; it names branch cuts that could not be continued.

        Examples
        --------
        >>> from rmt.laws import Law
        >>> law = Law.from_r_transform(lambda g: 1 / (1 - g))  # free Poisson
        >>> round(law.support[0].high, 12)
        4.0
        """
        from rmt.laws.given.from_transforms import r_transform_law

        return r_transform_law(r_transform)

    @staticmethod
    def from_s_transform(s_transform: Callable[..., Any]) -> rmt.Law:
        """Law on [0, ∞) with a given S-transform, by the chain S → M⁻¹(m) = (1 + m)/(m S(m)) → M → G → density.

        M(z) = zG(z) − 1 solves M⁻¹(M) = z; it is followed along rays from infinity to the real line. The first zero
        m of M⁻¹ on the negative line gives the mass 1 + m of 0, and its multiplicity q the exponent 1/q − 1 there.

        Parameters
        ----------
        s_transform : callable
            S, positive on the real line around 0 (S(0) = 0 for an infinite mean), written with NumPy's functions of
            arrays: its roots, logarithms and powers are continued past their cuts. A function of single numbers is
            evaluated as it is.

        Returns
        -------
        Law
            On [0, ∞); ``Atomic`` where the law has atoms only; edges to 1e-13 of the width, masses and densities to
            1e-12, exponents at 0 exactly.

        Raises
        ------
        TypeError
            If `s_transform` cannot be called, or does not return numbers.
        ValueError
            If S(0) = 1/mean is negative or not real (a law of mean zero has no S-transform), or no law on [0, ∞) has
            this S-transform, with the proof.
        ConvergenceError
            If neither a law nor such a proof was found; it names branch cuts that could not be continued.

        Examples
        --------
        >>> from rmt.laws import Law
        >>> law = Law.from_s_transform(lambda m: 1 / (1 + m) ** 2)  # W2 W1 (W2 W1)*
        >>> round(law.support[0].high, 12)
        6.75
        """
        from rmt.laws.given.from_transforms import s_transform_law

        return s_transform_law(s_transform)

    @staticmethod
    def from_moments(moments: Sequence[Any]) -> rmt.Law:
        """Law with given first moments: its Jacobi coefficients stay constant after those that the moments fix.

        Finitely many moments fix no law; this one has all of them, exactly, and the smoothest continuation: a
        semicircle law divided by a polynomial, and atoms. Two moments give the semicircle law; moments of a free
        Meixner law (semicircle, free Poisson, Kesten-McKay, arcsine, ...) give that law back from five on. Where the
        moments leave no choice the result is the atomic law that has them.

        Parameters
        ----------
        moments : sequence of real
            m_1, ..., m_k, without m_0 = 1. Exact rationals keep the law's moments exact.

        Returns
        -------
        MomentLaw or Atomic

        Raises
        ------
        TypeError
            If `moments` is not of the kind named above.
        ValueError
            If the moments are not those of a probability law: a Hankel determinant is negative.

        Examples
        --------
        >>> from rmt.laws import Law
        >>> law = Law.from_moments((1, 2, 5, 14, 42))
        >>> law.support[0].high, law.moment(8)
        (4.0, 1430.0)
        """
        from rmt.laws.given.moment_sequence import moment_law

        return moment_law(moments)
