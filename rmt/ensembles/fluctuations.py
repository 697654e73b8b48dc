"""Limit covariances of traces of words in independent random matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from rmt._cached import cached_property
from rmt.combinatorics.second_order import Algebra, Fixed, FreePoissonian, Haar, Letters, Semicircular, trace_covariance
from rmt.ensembles.covariance import WishartEnsemble
from rmt.ensembles.ensemble import Ensemble
from rmt.ensembles.gaussian import GaussianEnsemble
from rmt.ensembles.haar import HaarEnsemble
from rmt.ensembles.letters import Word
from rmt.ensembles.structured import DiagonalEnsemble, HaarConjugateEnsemble, ProjectionEnsemble
from rmt.errors import shown
from rmt.laws.law import Law, exact
from rmt.spectra.verdict.families import chebyshev_coefficients, loses_digits, too_narrow
from rmt.spectra.verdict.power_sums import ORDER
from rmt.spectra.verdict.prediction import Fluctuations, Prediction, Real, Sums
from rmt.spectra.verdict.shape import ALLOWED_BIAS

#: moments of a fixed spectrum that a word may need
_ORDER = 64
#: words of a power, times the square of the longest, whose covariances are computed in about a second
_WORK = 700


def cov(first: Any, second: Any) -> Any:
    """Limit of Cov(Tr v, Tr w) for polynomials v, w in independent random matrices, without complex conjugation.

    E[Tr v Tr w] − E[Tr v] E[Tr w] tends to a finite number: traces of words fluctuate by order 1 (Mingo and Speicher
    2006). For E[Tr v Tr w̄] take ``cov(v, w.H)``.

    Parameters
    ----------
    first, second : Ensemble
        Words or polynomials in :func:`~rmt.gue`, :func:`~rmt.goe`, Gaussian :func:`~rmt.wishart`,
        :func:`~rmt.haar_unitary`, :func:`~rmt.haar_orthogonal`, :func:`~rmt.projection`, and deterministic matrices
        (``diagonal(law)`` at quantiles, at most one in a word that is not rotated by :func:`~rmt.haar_conjugate`).

    Returns
    -------
    Fraction, float or complex
        Exact where the coefficients and parameters are.

    Raises
    ------
    TypeError
        If an argument is no random matrix.
    ValueError
        If an ensemble has no limit covariances that are known here (non-Gaussian entries, spectra that fluctuate like
        independent points, quaternions), or real and complex matrices are mixed.

    Notes
    -----
    For real matrices (β = 1) the values are limits that finite n approaches as 1/n only: 8.6 for 8 at n = 120.

    Examples
    --------
    >>> import rmt
    >>> X, Y = rmt.gue(), rmt.gue()
    >>> cov(X**2, X**4), cov(X @ Y, X @ Y), cov(X, Y)
    (Fraction(8, 1), Fraction(1, 1), Fraction(0, 1))
    """
    one, two = (_terms(name, word) for name, word in (("first", first), ("second", second)))
    variables = dict.fromkeys(v for word in (*one, *two) for v, _ in word)
    fields = {v.field for v in variables if not isinstance(v, DiagonalEnsemble)}
    if len(fields) > 1 or "quaternion" in fields:
        raise ValueError(
            f"cov takes real or complex matrices, not both in one question, got {' and '.join(sorted(fields))}; choose "
            "goe, haar_orthogonal and field='real', or gue, haar_unitary and field='complex'"
        )
    unrotated = [v for v in variables if isinstance(v, DiagonalEnsemble)]
    if len(unrotated) > 1:
        raise ValueError(
            f"{unrotated[0]!r} and {unrotated[1]!r} are both diagonal, so they commute and their joint law is not "
            "free; rotate one: rmt.haar_conjugate(...)"
        )
    algebras = {v: _algebra(v) for v in variables}
    real = fields == {"real"}
    total: Any = Fraction(0)
    for v, a in one.items():
        for w, b in two.items():
            value = trace_covariance(_letters(v, algebras), _letters(w, algebras), real=real)
            total = total + _exact(a) * _exact(b) * value
    return total


def _exact(number: Any) -> Any:
    return Fraction(number) if isinstance(number, int) else number


def _terms(name: str, word: Any) -> dict[Word, Any]:
    if not isinstance(word, Ensemble):
        raise TypeError(
            f"{name} must be a word in random matrices such as X @ Y, got {shown(word)} of type {type(word).__name__}"
        )
    return dict(word._expression().terms)


def _letters(word: Word, algebras: dict[Ensemble, Algebra]) -> Letters:
    return tuple((algebras[v], -1 if starred and isinstance(algebras[v], Haar) else 1) for v, starred in word)


def _algebra(variable: Ensemble) -> Algebra:
    real = variable.field == "real"
    if isinstance(variable, GaussianEnsemble):
        return Semicircular(real=real)
    if isinstance(variable, WishartEnsemble) and variable.entries.is_gaussian:
        return FreePoissonian(exact(variable.ratio), real=real)
    if isinstance(variable, HaarEnsemble):
        return Haar(real=real)
    if isinstance(variable, ProjectionEnsemble):
        p = exact(variable.fraction)
        return Fixed([Fraction(1), *[p] * _ORDER], real=real)
    fixed = variable.ensemble if isinstance(variable, HaarConjugateEnsemble) else variable
    if isinstance(fixed, DiagonalEnsemble) and fixed.points == "quantiles":
        law: Any = fixed.law()
        try:
            moments = law._exact_moments(_ORDER)
        except ValueError:
            moments = [Fraction(m) for m in law._float_moments(_ORDER)]
        return Fixed(moments, real=real or isinstance(variable, DiagonalEnsemble))
    raise ValueError(
        f"no limit covariances are known for {variable!r}; accepted: goe, gue, Gaussian wishart, haar_unitary, "
        "haar_orthogonal, projection, and diagonal(law) at quantiles"
    )


@dataclass(frozen=True)
class WordFluctuations(Fluctuations):
    """A Hermitian polynomial in random matrices the traces of whose powers have covariances that :func:`cov` knows.

    Attributes
    ----------
    polynomial : Ensemble
    rest : Fluctuations
        What is known beside the sums.
    """

    polynomial: Ensemble
    rest: Fluctuations
    beta: float = field(default=1.0)

    @cached_property
    def _covariance(self) -> Real | str:
        """Cov(Tr pʲ, Tr pᵏ) for j, k up to an order that is not too much work, or why there is none."""
        powers = [self.polynomial._expression()]
        while len(powers) < ORDER:
            following = powers[-1] @ powers[0]
            if len(following.terms) * max(map(len, following.terms)) ** 2 > _WORK:
                break
            powers.append(following)
        try:
            return np.array([[float(np.real(cov(v, w))) for w in powers] for v in powers])
        except ValueError as error:
            return str(error)

    def _not_rigid(self, found: Prediction, n: int) -> Prediction:
        """Without a distance where a factor of independent entries is not near its own law at this n."""
        for v in {v for word in self.polynomial._expression().terms for v, _ in word}:
            if v.hermitian and hasattr(v, "entries"):
                own = v.law()
                distance = v.fluctuations().predict(own, n).distance if isinstance(own, Law) else "rigid"
                if distance != "rigid":
                    return replace(found, distance=distance, biased=True, stray=_anywhere)
        return found

    @cached_property
    def _degree(self) -> int:
        """Largest number of factors of a word, two for a Wishart matrix."""
        words = self.polynomial._expression().terms
        return max(sum(2 if isinstance(v, WishartEnsemble) else 1 for v, _ in word) for word in words)

    def _normal(self, n: int) -> int:
        """The largest order k up to which traces of pᵏ are normal, with the variances of the limit.

        A trace of d Gaussian factors is off by d²/n for real matrices (of its variance), by d⁴/n² for complex ones.
        """
        room = n if self.polynomial.field != "complex" else 4 * n
        return math.isqrt(room) // max(self._degree, 1)

    def predict(self, law: Law, n: int) -> Prediction:
        """Sums about n times their means under the law: exact to order 1 for complex matrices of whole dimensions.

        Other means are off by order 1, which is allowed.
        """
        found, covariance = self._not_rigid(self.rest.predict(law, n), n), self._covariance
        low, high = law._hull()
        if isinstance(covariance, str):
            return replace(found, sums=covariance)
        if not (np.isfinite([low, high]).all() and low < high):
            return found
        order = min(covariance.shape[0], self._normal(n))
        if not order:
            return replace(found, sums=f"traces of words of {self._degree} Gaussian factors are not normal at this n")
        covariance = covariance[:order, :order]
        table = chebyshev_coefficients(low, high, order)
        powers = n * np.array([1.0, *(law.moment(k) for k in range(1, order + 1))])
        if loses_digits(table, powers):
            return replace(found, sums=too_narrow(low, high))
        own = table[:, 1:] @ covariance @ table[:, 1:].T
        letters = {v for word in self.polynomial._expression().terms for v, _ in word}
        rounded = sum(not _is_whole(v, n) for v in letters)
        biased = rounded or self.polynomial.field != "complex"
        allowed = ALLOWED_BIAS * np.sqrt(np.maximum(np.diag(own), 0.0)) + 2.0 * rounded * np.arange(1, order + 1)
        sums = Sums(low, high, table @ powers, own, allowed=allowed if biased else None, whole=True)
        return replace(found, sums=sums)


def _is_whole(variable: Ensemble, n: int) -> bool:
    """Whether a matrix of this dimension has the parameters of its law exactly."""
    if isinstance(variable, WishartEnsemble):
        count = n / variable.ratio
    elif isinstance(variable, ProjectionEnsemble):
        count = n * variable.fraction
    else:
        return isinstance(variable, (GaussianEnsemble, HaarEnsemble))
    return bool(abs(count - round(count)) <= 1e-9 * count)


def _anywhere(z: float) -> float:
    """Probability of an eigenvalue beyond z, where any place is possible."""
    return 1.0
