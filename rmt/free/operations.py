"""Operations on laws: free sums and products, powers, compression, and what is left after undoing them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rmt.errors import check_flag, check_items, check_real, shown
from rmt.free.explicit.free_subtraction import deconvolved, difference_node, is_resolved, quotient_node, small_powers
from rmt.free.expressions.closed_forms import recognise
from rmt.free.expressions.computed_law import law_of
from rmt.free.expressions.divisible_laws import infinitely_divisible_power
from rmt.free.expressions.tree import (
    AffineNode,
    Compound,
    Node,
    Product,
    Sum,
    SymmetricRoot,
    affine,
    boolean_sum,
    free_product,
    free_sum,
    inverse_node,
    mixture_node,
    monotone,
    node_of,
    point_mass_position,
)
from rmt.free.subordination.compiled_tree import is_negative, is_positive
from rmt.laws.law import Law
from rmt.laws.maps.pushforward import SquareRoot


def boxplus(*laws: Law, powers: Sequence[Any] | None = None, closed_form: bool = True) -> Law:
    """Free additive convolution μ ⊞ ν ⊞ ...: the law of a sum of free variables (Voiculescu 1986).

    Free cumulants add: R = Σ t_i R_i.

    Parameters
    ----------
    *laws : Law
        The summands; equal laws stand for different free copies.
    powers : sequence of real, optional
        A free power t_i > 0 for each of them (default 1 each); see :func:`free_power`.
    closed_form : bool
        Whether results that are named laws (semicircle ⊞ semicircle, ...) are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If no law is given, or a power below 1 does not exist (see :func:`free_power`).

    Examples
    --------
    >>> from rmt.laws import Rademacher, Semicircle
    >>> boxplus(Semicircle(), Semicircle())
    Semicircle(mean=0, variance=2)
    >>> law = boxplus(Semicircle(), Rademacher())
    >>> round(law.support[0].high, 12)
    0.0
    """
    return _sum_law(free_sum(_terms("boxplus", laws, powers)), closed_form)


def boxtimes(*laws: Law, powers: Sequence[Any] | None = None, closed_form: bool = True) -> Law:
    """Free multiplicative convolution μ ⊠ ν ⊠ ...: the law of √a b √a for free a, b (Voiculescu 1987).

    S-transforms multiply: S = Π S_i^{t_i}. One factor may be any law (also of mean zero, where S does not exist), all
    others must live on [0, ∞).

    Parameters
    ----------
    *laws : Law
        The factors; equal laws stand for different free copies.
    powers : sequence of real, optional
        A free multiplicative power t_i >= 1 for each of them (default 1 each); see :func:`multiplicative_power`.
    closed_form : bool
        Whether results that are named laws are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If no law is given, two factors take negative values, or a power does not exist.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur
    >>> boxtimes(MarchenkoPastur(), MarchenkoPastur())
    FussCatalan(order=2)
    """
    terms = _terms("boxtimes", laws, powers)
    oriented, sign = _orient(terms)
    node = affine(free_product(oriented), sign, 0)
    _check_multiplicative_powers(node)
    return _finish(node, closed_form)


def free_power(law: Law, power: Any, *, closed_form: bool = True) -> Law:
    """Free power μ^{⊞t}: the law whose free cumulants are t times those of μ.

    For integer t the sum of t free copies; every law has all powers t >= 1 (Nica and Speicher 1996 for compact support,
    Belinschi and Bercovici 2004 for all), and exactly the free infinitely divisible ones have all powers t > 0
    (Bercovici and Voiculescu 1993).

    Parameters
    ----------
    law : Law
        The law μ.
    power : real
        t > 0; below 1 for laws that are known to be infinitely divisible (semicircle, free Poisson, compound free
        Poisson, Fuss-Catalan, Gaussian, Cauchy, sums of these), that are such a power themselves (Kesten-McKay,
        arcsine and Wachter laws are powers of laws with two atoms), and where R is known in closed form and the
        power is found to be a law.
    closed_form : bool
        Whether results that are named laws are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law`, `power` or `closed_form` is not of the kind named above.
    ValueError
        If ``power <= 0``, or ``power < 1`` and the power does not exist (with the proof: a negative Hankel determinant
        of its moments, or a branch point of its G in the upper half plane), or that cannot be told.
    ConvergenceError
        If R was continued and neither a law nor such a proof was found.

    Examples
    --------
    >>> from rmt.laws import Gaussian, Semicircle
    >>> free_power(Semicircle(), 3)
    Semicircle(mean=0, variance=3)
    >>> free_power(Gaussian(), 0.5).free_cumulants(6)
    (0.0, 0.5, 0.0, 0.5, 0.0, 2.0)
    """
    return boxplus(law, powers=(power,), closed_form=closed_form)


def multiplicative_power(law: Law, power: Any, *, closed_form: bool = True) -> Law:
    """Free multiplicative power μ^{⊠t}, S to the power t; the cost does not depend on t.

    Parameters
    ----------
    law : Law
        On [0, ∞).
    power : real
        t >= 1, where it always exists (Belinschi and Bercovici 2005); below 1 only where it is known to exist.
    closed_form : bool
        Whether results that are named laws are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law`, `power` or `closed_form` is not of the kind named above.
    ValueError
        If the law takes negative values, or the power is not known to exist.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur
    >>> multiplicative_power(MarchenkoPastur(), 10000)
    FussCatalan(order=10000)
    """
    return boxtimes(law, powers=(power,), closed_form=closed_form)


def compress(law: Law, fraction: Any, *, closed_form: bool = True) -> Law:
    """Free compression: the law of p a p in the corner of a free projection p of trace `fraction`.

    The limit of a principal corner with ``fraction * n`` rows of a unitarily invariant n × n matrix; equal to
    μ^{⊞1/fraction} dilated by `fraction` (Nica and Speicher 1996).

    Parameters
    ----------
    law : Law
        The law μ of a.
    fraction : real
        Trace of the projection, in (0, 1].
    closed_form : bool
        Whether results that are named laws are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law`, `fraction` or `closed_form` is not of the kind named above.
    ValueError
        If `fraction` lies outside (0, 1].

    Examples
    --------
    >>> from rmt.laws import Semicircle
    >>> compress(Semicircle(), 0.25)
    Semicircle(mean=0.0, variance=0.25)
    """
    alpha = check_real("fraction", fraction, above=0.0, at_most=1.0)
    check_laws("compress", (law,))
    inverse = 1 / Fraction(alpha)
    power = int(inverse) if inverse.denominator == 1 else inverse if isinstance(alpha, Fraction) else 1.0 / alpha
    return _finish(affine(free_sum([(node_of(law), power)]), alpha, 0), closed_form)


# ---------------------------------------------------------------------- helpers
def check_laws(name: str, laws: Sequence[Law]) -> None:
    """Refuse an empty list of laws, and what is not a law.

    Raises
    ------
    ValueError, TypeError
        With the name of the function.
    """
    if not laws:
        raise ValueError(f"{name} needs at least one law")
    for law in laws:
        if not isinstance(law, Law):
            raise TypeError(
                f"{name} takes laws, got {shown(law)} of type {type(law).__name__}; a number shifts (law + 3.0) or "
                "dilates (2 * law), the law of a random matrix X is X.law()"
            )


def _terms(name: str, laws: Sequence[Law], powers: Sequence[Any] | None) -> list[tuple[Node, Any]]:
    check_laws(name, laws)
    exponents = [1] * len(laws) if powers is None else check_items("powers", powers)
    if len(exponents) != len(laws):
        raise ValueError(f"powers must have one entry a law, got {len(exponents)} for {len(laws)} laws")
    checked = [check_real("power", t, above=0.0) for t in exponents]
    return [(node_of(law), t) for law, t in zip(laws, checked, strict=True)]


def _finish(node: Node, closed_form: bool) -> Law:
    return law_of(recognise(node) if check_flag("closed_form", closed_form) else node)


def _sum_law(node: Node, closed_form: bool) -> Law:
    """The law of a free sum; powers below 1 that no family of laws has are looked for by continuation of R."""
    core = node.child if isinstance(node, AffineNode) else node
    known = not isinstance(core, Sum) or all(
        t >= 1 or infinitely_divisible_power(child, t) is not None for child, t in core.terms
    )
    return _finish(node, closed_form) if known else small_powers(node)


def _check_multiplicative_powers(node: Node) -> None:
    core = node.child if isinstance(node, AffineNode) else node
    if not isinstance(core, Product):
        return
    for child, t in core.terms:
        if t < 1 and point_mass_position(child) is None and recognise(Product(((child, t),))).kind != "leaf":
            raise ValueError(
                f"the free multiplicative power {t!r} of {law_of(child)!r} is not known to be a probability law: "
                "powers t >= 1 always exist (Belinschi-Bercovici 2005), smaller ones only for some laws"
            )


def _orient(terms: list[tuple[Node, Any]]) -> tuple[list[tuple[Node, Any]], int]:
    """Replace factors on (-∞, 0] by their negatives; at most one factor of both signs is left, with power 1."""
    sign = 1
    oriented: list[tuple[Node, Any]] = []
    signed: list[Law] = []
    for node, t in terms:
        if point_mass_position(node) is not None or is_positive(node):
            oriented.append((node, t))
            continue
        law = law_of(node)
        if t != 1:
            raise ValueError(
                f"a free multiplicative power needs a law on [0, inf); the support of {law!r} starts at "
                f"{law._hull()[0]:.6g}"
            )
        if is_negative(node):
            sign = -sign
            oriented.append((affine(node, -1, 0), t))
        else:
            signed.append(law)
            oriented.append((node, t))
    if len(signed) > 1:
        raise ValueError(
            "at most one factor of a free product may take negative values: √a b √a needs a >= 0. Both "
            f"{signed[0]!r} and {signed[1]!r} do; for the commutator or anticommutator build an expression of "
            "ensembles (X @ Y + Y @ X)"
        )
    return oriented, sign


def CompoundFreePoisson(rate: Any, jumps: Law, *, closed_form: bool = True) -> Law:  # noqa: N802
    """Compound free Poisson law: free cumulants ``rate * m_k(jumps)`` (Speicher 1998; Nica-Speicher 2006, lecture 12).

    The limit of ``A T A*`` with A an n × m matrix of iid entries of variance 1/n, m/n -> rate, and T of law `jumps`.

    Parameters
    ----------
    rate : real
        Rate, > 0.
    jumps : Law
        Law of the jumps; may take negative values.
    closed_form : bool
        Whether results that are named laws are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `rate`, `jumps` or `closed_form` is not of the kind named above.
    ValueError
        If ``rate <= 0``.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.CompoundFreePoisson(2, rmt.Rademacher())
    >>> law.free_cumulants(4)  # 2 m_k(jumps)
    (0.0, 2.0, 0.0, 2.0)
    """
    check_laws("CompoundFreePoisson", (jumps,))
    checked = check_real("rate", rate, above=0.0)
    node = node_of(jumps)
    scale, inner = (node.scale, node.child) if isinstance(node, AffineNode) and node.shift == 0 else (1, node)
    if check_flag("closed_form", closed_form) and isinstance(inner, Compound):
        # A S T S* A* has the nonzero eigenvalues of a product around A* A, where a hard edge at 0 is known as one
        from rmt.laws.named.marchenko_pastur import FreePoisson

        rest, total = law_of(inner.child), checked * inner.rate
        factors = [FreePoisson(1), rest] if total == 1 else [CompoundFreePoisson(total, rest)]
        whole: Law = Fraction(scale) / Fraction(checked) * boxtimes(FreePoisson(checked), *factors)
        return whole
    return _finish(Compound(node, checked), closed_form)


def mixture(*laws: Law, weights: Sequence[Any] | None = None) -> Law:
    """Convex combination Σ p_i μ_i: draw one of the laws, then from it.

    Parameters
    ----------
    *laws : Law
        The laws μ_i, at least one.
    weights : sequence of real, optional
        Probabilities p_i > 0 with sum 1; equal by default.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `laws` or `weights` is not of the kind named above.
    ValueError
        If no law is given, the number of weights is wrong, a weight is not > 0, or they do not sum to 1.

    Examples
    --------
    >>> import rmt
    >>> rmt.mixture(rmt.Semicircle(), rmt.Rademacher(), weights=[0.5, 0.5]).atoms
    ((-1.0, 0.25), (1.0, 0.25))
    """
    check_laws("mixture", laws)
    chosen = [Fraction(1, len(laws))] * len(laws) if weights is None else check_items("weights", weights)
    if len(chosen) != len(laws):
        raise ValueError(f"weights must have one entry a law, got {len(chosen)} for {len(laws)} laws")
    checked = [check_real("weights", p, above=0.0) for p in chosen]
    total = math.fsum(map(float, checked))
    if abs(total - 1.0) > 1e-12:
        raise ValueError(f"weights must sum to 1, got the sum {total!r}; divide them by it")
    return law_of(mixture_node(zip(map(node_of, laws), checked, strict=True)))


def free_subtract(law: Law, noise: Law) -> Law:
    """Free deconvolution of laws, additive: the law Y with ``law = Y ⊞ noise``.

    Free cumulants subtract. This is exact calculus with laws; :func:`free_deconvolve` estimates Y from data. It is not
    the law of a difference of free variables, which is ``boxplus(law, -noise)``.

    Parameters
    ----------
    law : Law
        Law of the sum.
    noise : Law
        Law of the summand to be taken away.

    Returns
    -------
    Law
        Simplified where algebra can: equal terms cancel, variances of semicircles and rates of free Poisson laws
        subtract. Else a law whose G solves R(G) + 1/G = z with R = R_law − R_noise, followed from infinity to the real
        line, and whose mass, moments and transform off the line are checked.

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If the result is not a probability law: a Hankel determinant of its moments is negative, a free power below 1
        is left that does not exist, or Im G is not negative on the upper half plane.
    ConvergenceError
        If R of a law is needed beyond the image of its G and is not known in closed form there.

    References
    ----------
    Voiculescu 1986.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur, Rademacher, Semicircle
    >>> free_subtract(boxplus(MarchenkoPastur(), Rademacher()), Rademacher())
    MarchenkoPastur(ratio=1, variance=1)
    >>> free_subtract(Semicircle(0, 3), Semicircle(0, 1))
    Semicircle(mean=0, variance=2)
    """
    check_laws("free_subtract", (law, noise))
    node = difference_node(law, noise)
    if is_resolved(node):
        return _sum_law(node, closed_form=False)
    return deconvolved(law, noise, multiplicative=False)


def free_divide(law: Law, noise: Law) -> Law:
    """Free deconvolution of laws, multiplicative: the law Y with ``law = Y ⊠ noise``.

    S-transforms divide. This is exact calculus with laws; :func:`free_deconvolve` estimates Y from data. It is not the
    law of a quotient of free variables, which is ``boxtimes(law, inverse(noise))``.

    Parameters
    ----------
    law : Law
        Law of the product.
    noise : Law
        Law of the factor to be taken away, on [0, ∞) and not the point mass at 0.

    Returns
    -------
    Law
        Simplified where algebra can, also for laws of both signs; else a law on [0, ∞) whose M solves
        (1 + M)/(M S(M)) = z with S = S_law/S_noise, checked as in :func:`free_subtract`.

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If the noise takes negative values or is 0, if the law takes negative values and nothing cancels, or if the
        result is not a probability law.
    ConvergenceError
        If S of a law is needed beyond the image of its M and is not known in closed form there.

    References
    ----------
    Voiculescu 1987.

    Examples
    --------
    >>> from rmt.laws import FussCatalan, MarchenkoPastur
    >>> free_divide(FussCatalan(3), MarchenkoPastur())
    FussCatalan(order=2)
    """
    check_laws("free_divide", (law, noise))
    low, high = noise._hull()
    if low < 0.0 or high == 0.0:
        raise ValueError(
            f"noise must be a law on [0, inf) and not the point mass at 0, got {noise!r} on [{low:.6g}, {high:.6g}]"
        )
    node = quotient_node(law, noise)
    if is_resolved(node):
        _check_multiplicative_powers(node)
        return law_of(node)
    law._require_positive("free_divide")
    return deconvolved(law, noise, multiplicative=True)


def boolean_convolution(*laws: Law, powers: Sequence[Any] | None = None, closed_form: bool = True) -> Law:
    """Boolean convolution μ ⊎ ν ⊎ ...: the law of a sum of Boolean independent variables (Speicher and Woroudi 1997).

    Boolean self-energies add: k = Σ t_i k_i with k(z) = z − 1/G(z). Every law has all powers t > 0.

    Parameters
    ----------
    *laws : Law
        The summands; equal laws stand for different independent copies.
    powers : sequence of real, optional
        A Boolean power t_i > 0 for each of them (default 1 each).
    closed_form : bool
        Whether results that are named laws (Rademacher, Cauchy laws) are returned as such.

    Returns
    -------
    Law
        G is explicit; masses and the log-potential come from the density on quadrature panels.

    Raises
    ------
    TypeError
        If an argument is not a law.
    ValueError
        If no law is given, or a power is not > 0.

    Examples
    --------
    >>> from rmt.laws import Rademacher, Semicircle
    >>> boolean_convolution(Rademacher(), Rademacher(), powers=(1, 3))
    Bernoulli(p=Fraction(1, 2), low=-2, high=2)
    >>> [round(x, 12) for x, _ in boolean_convolution(Semicircle(), powers=(2,)).atoms]
    []
    """
    return _finish(boolean_sum(_terms("boolean_convolution", laws, powers)), closed_form)


def monotone_convolution(first: Law, second: Law, *, closed_form: bool = True) -> Law:
    """Monotone convolution μ ▷ ν: F = F_μ ∘ F_ν with F = 1/G (Muraki 2001; for unbounded laws Franz 2009).

    The law of a + b for a and b monotone independent in this order, a of law `first`, b of law `second`. It is
    associative and not commutative. A point mass at a as `second` shifts the other law, F_μ(z − a); as `first` it gives
    F_ν(z) − a, a Boolean convolution.

    Parameters
    ----------
    first, second : Law
        The laws μ and ν.
    closed_form : bool
        Whether results that are named laws (arcsine ▷ arcsine, Cauchy laws) are returned as such.

    Returns
    -------
    Law
        G is explicit; masses and the log-potential come from the density on quadrature panels.

    Raises
    ------
    TypeError
        If an argument is not a law.

    Examples
    --------
    >>> from rmt.laws import Arcsine, Rademacher
    >>> monotone_convolution(Arcsine(3), Arcsine(4))
    Arcsine(radius=5)
    >>> law = monotone_convolution(Rademacher(), Rademacher())
    >>> [round(x, 10) for x, _ in law.atoms]  # (±1 ± √5)/2
    [-1.6180339887, -0.6180339887, 0.6180339887, 1.6180339887]
    """
    check_laws("monotone_convolution", (first, second))
    return _finish(monotone(node_of(first), node_of(second)), closed_form)


def inverse(law: Law, *, closed_form: bool = True) -> Law:
    """Law of 1/X.

    Parameters
    ----------
    law : Law
        Law of X, without atom at 0. If the support of X contains 0, that of 1/X is unbounded.
    closed_form : bool
        Whether results that are named laws (inverses of Cauchy laws) are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law` is not a law.
    ValueError
        If X is 0 with positive probability.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur
    >>> law = inverse(MarchenkoPastur(0.5))
    >>> [round(m, 12) for m in law.moments(3)]
    [2.0, 8.0, 48.0]
    """
    check_laws("inverse", (law,))
    mass = dict(law.atoms).get(0.0, 0.0)
    if mass > 0.0:
        raise ValueError(
            f"inverse needs a law without atom at 0, {law!r} has mass {mass:.6g} there; 1/X is then infinite with that "
            "probability. Take the law of the non-zero part, or add a constant first (inverse(law + shift))"
        )
    return _finish(inverse_node(node_of(law)), closed_form)


def symmetrised(law: Law, *, closed_form: bool = True) -> Law:
    """Symmetrised law (μ + μ(−·))/2: the law of X times an independent random sign.

    Rectangular free probability (Benaych-Georges 2009) works with the symmetrised law of singular values: for the law
    of X X* this is ``symmetrised(square_root(law))``, the law of the non-zero eigenvalues of [[0, X], [X*, 0]].

    Parameters
    ----------
    law : Law
        The law μ of X.
    closed_form : bool
        Whether results that are named laws (the symmetrised quarter circle is a semicircle) are returned as such.

    Returns
    -------
    Law

    Raises
    ------
    TypeError
        If `law` is not a law.

    Examples
    --------
    >>> from rmt.laws import MarchenkoPastur, square_root
    >>> symmetrised(square_root(MarchenkoPastur()))
    Semicircle(mean=0, variance=1)
    """
    check_laws("symmetrised", (law,))
    if isinstance(law, SquareRoot):
        return _finish(SymmetricRoot(node_of(law.base)), closed_form)
    node = node_of(law)
    half = Fraction(1, 2)
    return law_of(mixture_node([(node, half), (affine(node, -1, 0), half)]))
