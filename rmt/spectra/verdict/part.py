"""One part of a verdict: a question put to the sample, and its p-value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mark:
    """What failed, where it is: for a figure.

    Attributes
    ----------
    kind : str
        "outlier": an eigenvalue where the law allows none; "atom": a mass that is not the law's.
    position : float
    mass : float
        Predicted by the law, for an atom.
    """

    kind: str
    position: float
    mass: float = 0.0


@dataclass(frozen=True)
class Part:
    """One question of :func:`compare` and its answer.

    Attributes
    ----------
    name : str
        "shape", "edges", "atoms", "gaps", "distance" or "spacings".
    p_value : float or None
        None where nothing is calibrated.
    text : str
        What was measured and expected; the reason where there is no p-value.
    decisive : bool
        Whether passing it says something of the whole law.
    marks : tuple of Mark

    Examples
    --------
    >>> import rmt
    >>> values = rmt.goe().eigenvalues(100, rng=0)
    >>> values[-1] = 5.0
    >>> edges = rmt.spectra.compare(values, rmt.Semicircle(), statistics="edges").parts[0]
    >>> edges.p_value < 1e-9, edges.marks
    (True, (Mark(kind='outlier', position=5.0, mass=0.0),))
    >>> edges.as_dict()["name"]
    'edges'
    """

    name: str
    p_value: float | None
    text: str
    decisive: bool = False
    marks: tuple[Mark, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As built-in types.

        Returns
        -------
        dict
        """
        return {
            "name": self.name,
            "p_value": self.p_value,
            "text": self.text,
            "marks": [{"kind": m.kind, "position": m.position, "mass": m.mass} for m in self.marks],
        }


def any_of(p_values: list[float]) -> float:
    """p-value of the smallest of several, whatever their dependence (Bonferroni)."""
    return min(1.0, len(p_values) * min(p_values)) if p_values else 1.0
