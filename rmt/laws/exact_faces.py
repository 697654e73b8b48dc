"""The exact faces of a law: its equation, digits and enclosures, which the room ``rmt.exact`` computes."""

from __future__ import annotations

import importlib
from typing import Any


def _room(module: str) -> Any:
    """A module of ``rmt.exact``, which stands on a higher floor: laws only pass questions on to it."""
    return importlib.import_module(f"rmt.exact.{module}")


def _with_digits(law: Any, name: str, argument: Any, digits: Any) -> Any:
    return _room("digits").with_digits(law, name, argument, digits)


class ExactFaces:
    """Methods of :class:`~rmt.laws.Law` that are answered exactly or with proven digits."""

    def equation(self, variable: str = "G", *, limit: int | None = None) -> Any:
        """Give the irreducible polynomial P with P(G(z), z) = 0 and integer coefficients.

        Parameters
        ----------
        variable : str
            ``"G"`` (P in G and z), ``"M"`` (M = zG − 1 and z), ``"R"`` and ``"B"`` (R(g) or B(g) = R(g) + 1/g, and
            g), or ``"S"`` (S(m) and m).
        limit : int, optional
            Monomials that an elimination may reach before it is refused; 40000 by default.

        Returns
        -------
        rmt.exact.Equation
            With ``.latex()``, ``.sympy()``, ``.discriminant()``, ``.edges()``, ``.atoms()``, ``.moments(k)``,
            ``.recurrence()`` and ``.density(x)``. Every free operation is one elimination
            (Rao and Edelman 2008).

        Raises
        ------
        ImportError
            If python-flint is missing.
        ValueError
            If a law in the expression has no algebraic equation (it is named), a parameter is not exact (the fraction
            that it may mean is), or the equation is too large.

        Examples
        --------
        >>> from rmt.laws import MarchenkoPastur, Semicircle
        >>> Semicircle().equation()
        G^2 - G*z + 1 = 0
        >>> MarchenkoPastur(2).equation("S")
        2*S*m + S - 1 = 0
        """
        rest = {} if limit is None else {"limit": limit}
        return _room("equation").equation_of(self, variable, **rest)

    def enclose(self, x: Any = None, quantity: str = "pdf") -> Any:
        """Enclose a value of a law with an equation in an interval that is proven to contain it.

        Parameters
        ----------
        x : real or complex
            One point; complex for ``"stieltjes"``; the order for ``"moment"``; not given for ``"edges"``.
        quantity : str
            ``"pdf"``, ``"cdf"``, ``"sf"``, ``"stieltjes"``, ``"edges"`` or ``"moment"``.

        Returns
        -------
        rmt.exact.Enclosure, or a tuple of them
            With ``low`` and ``high``, rounded outwards, and ``value in enclosure``. Real and imaginary part for
            ``"stieltjes"``. ``low == high == 0`` for a density is the proof that there is none.

        Raises
        ------
        ImportError
            If python-flint is missing.
        ValueError
            If the law has no equation, as :meth:`equation` says.
        ConvergenceError
            At a singular point: with the distance to an edge that is proven.

        Examples
        --------
        >>> from rmt.laws import Semicircle
        >>> interval = Semicircle().enclose(1)
        >>> interval.low <= 0.27566444771089604 <= interval.high, interval.radius < 1e-15
        (True, True)
        >>> Semicircle().enclose(3)
        Enclosure(low=0.0, high=0.0)
        """
        return _room("enclosures").enclose(self, x, quantity)

    def edges(self, *, digits: int | None = None) -> tuple[Any, ...]:
        """Give the finite ends of the intervals of the support, from left to right.

        Parameters
        ----------
        digits : int, optional
            As mpmath numbers with this many right digits.

        Returns
        -------
        tuple of float or mpmath.mpf

        Examples
        --------
        >>> from rmt.laws import MarchenkoPastur, Semicircle
        >>> MarchenkoPastur(4).edges()
        (1.0, 9.0)
        >>> abs(Semicircle(0, 2).edges(digits=30)[1] ** 2 - 8) < 1e-14
        True
        """
        if digits is not None:
            return _with_digits(self, "edges", None, digits)  # type: ignore[no-any-return]
        ends = [e for i in self.support for e in (i.low, i.high)]  # type: ignore[attr-defined]
        return tuple(e for e in ends if abs(e) < float("inf"))

    @staticmethod
    def from_equation(polynomial: Any, *, moments: Any = ()) -> Any:
        """Law with a given algebraic equation, or the reason why there is none.

        Parameters
        ----------
        polynomial : str, Equation, SymPy expression or dict
            P(G, z) with rational coefficients: ``"G^2 - z*G + 1"``, or ``{(2, 0): 1, (1, 1): -1, (0, 0): 1}``.
        moments : sequence of rational
            First moments m_1, m_2, ..., where several branches have zG → 1 at infinity.

        Returns
        -------
        Law

        Raises
        ------
        ImportError
            If python-flint is missing.
        ValueError
            If no branch has zG → 1 at infinity, or if that branch is not the transform of a probability law: it is
            singular in the upper half plane, or its density or an atom is negative; with the place.

        Examples
        --------
        >>> from rmt.laws import Law
        >>> Law.from_equation("G^2 - z*G + 1").support[0].high
        2.0
        """
        return _room("equation_law").law_from_equation(polynomial, moments)
