"""The exact faces of a law: its equation, digits and enclosures, which the room ``rmt.exact`` computes."""

from __future__ import annotations

import importlib
from typing import Any


def _room(module: str) -> Any:
    """A module of ``rmt.exact``, which stands on a higher floor: laws only pass questions on to it."""
    return importlib.import_module(f"rmt.exact.{module}")


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
