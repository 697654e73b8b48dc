"""The commutator i(XY - YX) and the anticommutator XY + YX of two free variables."""

from __future__ import annotations

from rmt.errors import check_flag
from rmt.free.operations import boxplus
from rmt.free.polynomials.polynomial_law import polynomial_law
from rmt.laws.law import Law, exact
from rmt.laws.named.marchenko_pastur import MarchenkoPastur
from rmt.laws.named.semicircle import Semicircle
from rmt.numerics.functions.exact_constants import exact_sqrt


def anticommutator(mu: Law, nu: Law, *, closed_form: bool = True) -> Law:
    """Law of x y + y x for free x, y with laws `mu` and `nu`.

    For centred semicircle laws x y + y x is a difference of two free squares, ((x + y)² - (x - y)²)/2 for equal
    variances: R(g) = 2 v g/(1 - v g²) with v the product of the variances, and for v = 1 the support ends at
    ±sqrt((11 + 5 sqrt 5)/2). Other laws go through the linearisation (:func:`polynomial_law`).

    Parameters
    ----------
    mu, nu : Law
        On bounded intervals.
    closed_form : bool
        Whether the form for semicircle laws is used.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If a support is unbounded.

    References
    ----------
    Nica and Speicher 1998.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> anticommutator(Semicircle(), Semicircle()).free_cumulants(6)
    (0.0, 2.0, 0.0, 2.0, 0.0, 2.0)
    """
    if (
        check_flag("closed_form", closed_form)
        and isinstance(mu, Semicircle)
        and isinstance(nu, Semicircle)
        and mu.mean() == nu.mean() == 0.0
    ):
        return _difference_of_squares(mu, nu)
    return polynomial_law({(0, 1): 1, (1, 0): 1}, [mu, nu])


def commutator(mu: Law, nu: Law, *, closed_form: bool = True) -> Law:
    """Law of i(x y - y x) for free x, y with laws `mu` and `nu`.

    It is symmetric, and for symmetric laws equal to the law of the anticommutator (Nica and Speicher 1998); means
    drop out. For semicircle laws see :func:`anticommutator`; others go through the linearisation.

    Parameters
    ----------
    mu, nu : Law
        On bounded intervals.
    closed_form : bool
        Whether the form for semicircle laws is used.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If a support is unbounded.

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> round(commutator(Semicircle(), Semicircle(mean=3)).support[-1].high, 12)
    3.330190676786
    """
    if check_flag("closed_form", closed_form) and isinstance(mu, Semicircle) and isinstance(nu, Semicircle):
        return _difference_of_squares(mu, nu)
    return polynomial_law({(0, 1): 1j, (1, 0): -1j}, [mu, nu])


# ---------------------------------------------------------------------- helpers
def _difference_of_squares(mu: Semicircle, nu: Semicircle) -> Law:
    scale = exact_sqrt(exact(mu.variance) * exact(nu.variance))
    plain = int(scale) if scale.denominator == 1 else float(scale)
    return plain * boxplus(MarchenkoPastur(), -MarchenkoPastur())
