"""Wigner and Wishart matrices with a few large eigenvalues of the population."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rmt.ensembles.covariance import WishartEnsemble
from rmt.ensembles.ensemble import Ensemble, Matrix, show_call
from rmt.ensembles.entries import FIELDS, as_entries
from rmt.ensembles.gaussian import WignerEnsemble
from rmt.errors import check_choice, check_items, check_real
from rmt.laws.law import Law
from rmt.spectra.verdict.prediction import Fluctuations

if TYPE_CHECKING:
    from rmt.free.spikes import Outlier


class SpikedEnsemble(Ensemble):
    """A matrix with a few spikes; made by :func:`spiked_wigner` and :func:`spiked_wishart`."""

    def __init__(self, spikes: tuple[Any, ...], noise: WignerEnsemble | WishartEnsemble) -> None:
        self.spikes = spikes
        self.noise = noise
        self.field = noise.field

    @property
    def _multiplies(self) -> bool:
        """Whether the spikes are eigenvalues of a population, not of a matrix that is added."""
        return isinstance(self.noise, WishartEnsemble)

    @property
    def is_rigid(self) -> bool:
        """Whether the noise is."""
        return self.noise.is_rigid

    def _bytes(self, method: str, n: int) -> float:
        return self.noise._bytes("_sample", n)

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        if n < len(self.spikes):
            raise ValueError(f"n must be at least the number of spikes, {len(self.spikes)}, got {n}")
        matrix, places = self.noise._sample(n, rng), np.arange(len(self.spikes))
        values = np.array([float(spike) for spike in self.spikes])
        if not self._multiplies:
            matrix[places, places] += values
            return matrix
        roots = np.ones(n)
        roots[places] = np.sqrt(values)
        return matrix * roots * roots[:, None]

    def outliers(self) -> tuple[Outlier, ...]:
        """Limits of the eigenvalues that leave the bulk, with the squared overlaps of their vectors.

        Returns
        -------
        tuple of Outlier
            Those of :func:`rmt.outliers`: a spike below its threshold gives none (Baik, Ben Arous and Péché 2005).
        """
        from rmt.ensembles.theorems import edges_not_asked
        from rmt.free.spikes import outliers

        with edges_not_asked():
            law = self.law()
        if self._multiplies:
            spikes = [float(spike) for spike in self.spikes if spike != 1]
            return outliers(law, spikes, perturbation="multiplicative") if spikes else ()
        return outliers(law, [float(spike) for spike in self.spikes])

    def fluctuations(self) -> Fluctuations:
        """Those of the noise, but for the outliers and the sums that they enter."""
        from rmt.spectra.verdict.kinds import UnknownFluctuations

        return UnknownFluctuations(
            float(self.beta),
            reason="the covariances of sums with spikes are not known here",
            rigid=self.is_rigid,
            biased=True,
            strays=True,
        )

    def law(self) -> Law:
        """That of the matrix without spikes: a few eigenvalues have no mass."""
        return self.noise.law()

    def __repr__(self) -> str:
        shown: list[tuple[str, Any, Any]] = [("spikes", self.spikes, None)]
        if isinstance(self.noise, WishartEnsemble):
            shown.append(("ratio", self.noise.ratio, 1))
        return show_call(
            "spiked_wishart" if self._multiplies else "spiked_wigner",
            *shown,
            ("entries", self.noise.entries.argument, "gaussian"),
            ("field", self.field, "real"),
        )


def spiked_wigner(spikes: Any = (2.0,), entries: Any = "gaussian", field: str = "real") -> SpikedEnsemble:
    """Wigner matrix plus a diagonal matrix with a few entries that are not 0.

    A spike θ of size > 1 gives an eigenvalue near θ + 1/θ outside the bulk [−2, 2], whose vector has the squared
    overlap 1 − 1/θ² with the spike's (Péché 2006; Capitaine, Donati-Martin and Féral 2009); a smaller one gives none.

    Parameters
    ----------
    spikes : tuple of float
        Entries of the diagonal matrix, none of them 0.
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law of the noise, standardised: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the off-diagonal entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If a parameter is not of the kind named above.
    ValueError
        If there is no spike, one is 0, the entry law is unknown or has infinite variance, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> X = rmt.spiked_wigner((2.0, 0.5))
    >>> [round(o.position, 9) for o in X.outliers()], X.law()
    ([2.5], Semicircle(mean=0, variance=1))
    """
    noise = WignerEnsemble(as_entries(entries), check_choice("field", field, FIELDS))
    return SpikedEnsemble(_check_spikes(spikes, positive=False), noise)


def spiked_wishart(
    spikes: Any = (4.0,), ratio: Any = 0.5, entries: Any = "gaussian", field: str = "real"
) -> SpikedEnsemble:
    """Sample covariance matrix of a population with covariance 1 but for a few eigenvalues.

    A spike ℓ with |ℓ − 1| > √ratio gives an eigenvalue near ℓ + ratio ℓ/(ℓ − 1) outside the bulk (Baik, Ben Arous and
    Péché 2005; Baik and Silverstein 2006).

    Parameters
    ----------
    spikes : tuple of float
        Eigenvalues of the population covariance beside 1, > 0.
    ratio : float
        Dimension / samples, > 0.
    entries : str, EntryLaw, frozen scipy.stats distribution, or Law
        Entry law of the noise, standardised: see :mod:`rmt.ensembles.entries`.
    field : {"real", "complex"}
        Field of the entries.

    Returns
    -------
    Ensemble

    Raises
    ------
    TypeError
        If a parameter is not of the kind named above.
    ValueError
        If there is no spike, one is not > 0, the ratio is not a finite number > 0, the entry law is unknown or has
        infinite variance, or the field is another one.

    Examples
    --------
    >>> import rmt
    >>> [round(o.position, 9) for o in rmt.spiked_wishart((4.0, 1.2), ratio=0.5).outliers()]  # 4 + 0.5·4/3
    [4.666666667]
    """
    share = check_real("ratio", ratio, above=0.0)
    noise = WishartEnsemble(share, as_entries(entries), check_choice("field", field, FIELDS))
    return SpikedEnsemble(_check_spikes(spikes, positive=True), noise)


def _check_spikes(spikes: Any, *, positive: bool) -> tuple[Any, ...]:
    given: Sequence[Any] = [spikes] if isinstance(spikes, (int, float)) else check_items("spikes", spikes, "numbers")
    values = tuple(
        check_real("spikes", spike, above=0.0) if positive else check_real("spikes", spike) for spike in given
    )
    if not values:
        raise ValueError("spikes must hold at least one number, got none; without spikes take wigner() or wishart()")
    if not positive and any(value == 0 for value in values):
        raise ValueError(f"spikes must not be 0, got {spikes!r}: a matrix of 0 adds nothing")
    return values
