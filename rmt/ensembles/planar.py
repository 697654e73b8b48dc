"""Non-Hermitian matrices beyond independent entries: elliptic, truncated unitary, single ring, products."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rmt.ensembles.ensemble import Ensemble, Float, Matrix, Warrant, show_call
from rmt.ensembles.entries import FIELDS, gaussian
from rmt.errors import check_choice, check_count, check_real
from rmt.laws.law import Law
from rmt.laws.planar.planar_law import PlanarLaw

if TYPE_CHECKING:
    from rmt.numerics.dense.householder import Field


class EllipticEnsemble(Ensemble):
    """Gaussian matrices with correlated transposed entries; made by :func:`elliptic`."""

    hermitian = False
    warrant = Warrant.INVARIANT

    def __init__(self, tau: Any, field: str) -> None:
        self.tau = tau
        self.field = field

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        first = gaussian().draw(rng, (n, n), field=self.field, scale=math.sqrt(1.0 / n))
        even = (first + first.conj().T) / 2.0
        odd = (first - first.conj().T) / 2.0
        matrix: Matrix = math.sqrt(1.0 + self.tau) * even + math.sqrt(1.0 - self.tau) * odd
        return matrix

    def law(self) -> Any:
        """Elliptic law (Girko 1986; Sommers, Crisanti, Sompolinsky and Stein 1988)."""
        from rmt.laws.planar.planar_rings import EllipticLaw

        return EllipticLaw(self.tau)

    def gram_law(self) -> Law:
        """Marchenko-Pastur law of ratio 1 for every τ: non-crossing pairings of x x* x x* ... pair x with x* only."""
        from rmt.laws import MarchenkoPastur

        return MarchenkoPastur()

    def __repr__(self) -> str:
        return show_call("elliptic", ("tau", self.tau, None), ("field", self.field, "real"))


class TruncatedUnitaryEnsemble(Ensemble):
    """Corners of Haar matrices; made by :func:`truncated_unitary`."""

    hermitian = False
    warrant = Warrant.INVARIANT

    def __init__(self, fraction: Any, field: str) -> None:
        self.fraction = fraction
        self.field = field

    def whole(self, n: int) -> int:
        """Size of the Haar matrix: n/fraction rounded, at least n + 1."""
        nearest: int = round(n / self.fraction)
        return max(n + 1, nearest)

    def _bytes(self, method: str, n: int) -> float:
        return self._dense_bytes(n) / float(self.fraction)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.householder import haar_matrix

        return haar_matrix(self.whole(n), rng, n, cast("Field", self.field))[:n].copy()

    def law(self) -> PlanarLaw:
        """Law of truncated unitary matrices (Życzkowski and Sommers 2000)."""
        from rmt.laws.planar.planar_rings import TruncatedUnitaryLaw

        return TruncatedUnitaryLaw(self.fraction)

    def gram_law(self) -> Law:
        """Wachter's law: the squared singular values are cosines between random subspaces (Collins 2005)."""
        from rmt.laws import Wachter

        return Wachter(1, 1 / self.fraction - 1)

    def __repr__(self) -> str:
        return show_call("truncated_unitary", ("fraction", self.fraction, None), ("field", self.field, "complex"))


class SingleRingEnsemble(Ensemble):
    """U diag(s) V with Haar matrices; made by :func:`single_ring`."""

    hermitian = False
    warrant = Warrant.INVARIANT

    def __init__(self, singular_values: Law, field: str) -> None:
        self.given = singular_values
        self.field = field

    def _values(self, n: int) -> Float:
        return np.asarray(self.given.ppf((np.arange(n) + 0.5) / n))

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.householder import haar_matrix

        field = cast("Field", self.field)
        return haar_matrix(n, rng, field=field) * self._values(n) @ haar_matrix(n, rng, field=field)

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        from rmt.numerics.dense.householder import haar_matrix

        # similar to V U diag(s), and V U is a Haar matrix
        matrix = haar_matrix(n, rng, field=cast("Field", self.field)) * self._values(n)
        return np.linalg.eigvals(matrix).astype(np.complex128)

    def _bytes(self, method: str, n: int) -> float:
        return self._dense_bytes(n)

    def _singular_values(self, n: int, rng: np.random.Generator) -> Float:
        return self._values(n)[::-1]

    def law(self) -> PlanarLaw:
        """Single-ring law (Guionnet, Krishnapur and Zeitouni 2011)."""
        from rmt.laws.planar.planar_rings import SingleRing

        return SingleRing(self.given)

    def gram_law(self) -> Law:
        """Law of the squares of the given singular values."""
        from rmt.laws.maps.pushforward import squared

        return squared(self.given)

    def __repr__(self) -> str:
        return show_call("single_ring", ("singular_values", self.given, None), ("field", self.field, "complex"))


class GinibreProductEnsemble(Ensemble):
    """Products of independent Gaussian matrices; made by :func:`ginibre_product`."""

    hermitian = False
    warrant = Warrant.INVARIANT

    def __init__(self, depth: int, field: str) -> None:
        self.depth = depth
        self.field = field

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        entries, scale = gaussian(), math.sqrt(1.0 / n)
        product = entries.draw(rng, (n, n), field=self.field, scale=scale)
        for _ in range(self.depth - 1):
            product = entries.draw(rng, (n, n), field=self.field, scale=scale) @ product
        return product

    def law(self) -> PlanarLaw:
        """Law of the product, that of a power of one factor (Burda-Janik-Waclaw 2010; Götze-Tikhomirov 2010)."""
        from rmt.laws.planar.planar_rings import GinibreProduct

        return GinibreProduct(self.depth)

    def gram_law(self) -> Law:
        """Fuss-Catalan law of the same order."""
        from rmt.laws import FussCatalan

        return FussCatalan(self.depth)

    def __repr__(self) -> str:
        return show_call("ginibre_product", ("depth", self.depth, 2), ("field", self.field, "complex"))


def elliptic(tau: Any = 0.5, field: str = "real") -> Ensemble:
    """Gaussian matrix whose entries x_ij and x_ji have correlation tau: between Ginibre (0) and symmetric (1).

    E|x_ij|² = 1/n; the eigenvalues fill the ellipse with semi-axes 1 ± τ uniformly (Girko 1986; Sommers, Crisanti,
    Sompolinsky and Stein 1988).

    Parameters
    ----------
    tau : float
        n E x_ij x_ji, between −1 and 1, both excluded.
    field : {"real", "complex"}
        Field of the entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `tau` or `field` is not of the kind named above.
    ValueError
        If tau is out of range, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.elliptic(0.5).law()
    >>> round(float(law.pdf(0.0)) * 3.141592653589793, 12)  # 1/(1 − τ²)
    1.333333333333
    """
    return EllipticEnsemble(check_real("tau", tau, above=-1.0, below=1.0), check_choice("field", field, FIELDS))


def truncated_unitary(fraction: Any = 0.5, field: str = "complex") -> Ensemble:
    """The n × n corner of a Haar unitary or orthogonal matrix of size n/fraction.

    Eigenvalues of density (1/α − 1)/(π (1 − |z|²)²) in the disc of radius √α (Życzkowski and Sommers 2000).

    Parameters
    ----------
    fraction : float
        Corner over whole, between 0 and 1, both excluded.
    field : {"real", "complex"}
        Orthogonal or unitary.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `fraction` or `field` is not of the kind named above.
    ValueError
        If the fraction is out of range, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> X = rmt.truncated_unitary(0.5)
    >>> round(X.law().radial_law().support[0].high ** 2, 12), X.gram_law()
    (0.5, Wachter(a=1, b=1.0))
    """
    share = check_real("fraction", fraction, above=0.0, below=1.0)
    return TruncatedUnitaryEnsemble(share, check_choice("field", field, FIELDS))


def single_ring(singular_values: Law, field: str = "complex") -> Ensemble:
    """U diag(s) V with independent Haar matrices U and V and given singular values: eigenvalues in a single ring.

    The s_i are the quantiles of a law (Guionnet, Krishnapur and Zeitouni 2011).

    Parameters
    ----------
    singular_values : Law
        Law on a bounded part of [0, ∞), not one point.
    field : {"real", "complex"}
        Orthogonal or unitary.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `singular_values` is no law.
    ValueError
        If its support is unbounded, below 0 or one point, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> law = rmt.single_ring(rmt.Uniform(1, 2)).law()
    >>> round(law.radial_law().support[0].high ** 2, 12)  # mean of s²
    2.333333333333
    """
    from rmt.laws.named.uniform import Uniform
    from rmt.laws.planar.planar_rings import SingleRing

    law = SingleRing(Uniform(1, 2) if singular_values is None else singular_values).singular_values
    return SingleRingEnsemble(law, check_choice("field", field, FIELDS))


def ginibre_product(depth: int = 2, field: str = "complex") -> Ensemble:
    """Product of independent n × n Gaussian matrices with entries of variance 1/n.

    Its eigenvalues fill the unit disc with density r^(2/L − 2)/(πL) (Burda, Janik and Waclaw 2010); ``depth=1`` is
    :func:`ginibre`. For the squared singular values see :func:`product_wishart`.

    Parameters
    ----------
    depth : int
        Number of factors L, >= 1.
    field : {"real", "complex"}
        Field of the entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If `depth` or `field` is not of the kind named above.
    ValueError
        If ``depth < 1``, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> rmt.ginibre_product(2).law(), rmt.ginibre_product(2).gram_law()
    (GinibreProduct(order=2), FussCatalan(order=2))
    """
    return GinibreProductEnsemble(check_count("depth", depth), check_choice("field", field, FIELDS))
