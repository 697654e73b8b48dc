"""Laws of the coordinates of initial vectors: drawn, as functions of a normal number, and by exact moments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt.ensembles.entries import EntryLaw, as_entries
from rmt.errors import check_real

Real = NDArray[np.float64]
Transform = Callable[[Real], Real]

#: mass of the atoms that are left out of an infinite discrete law, and their largest number
_LEFT_OUT, _MOST_ATOMS = 1e-17, 4096


@dataclass(frozen=True, eq=False)
class VectorLaw:
    """The law of one coordinate, μ + s X.

    Attributes
    ----------
    spec : object
        What was given: a name, whose X has mean 0 and variance 1, or a law, whose X is as it says.
    mean, scale : int, float or Fraction
        μ and s.
    """

    spec: Any
    mean: Any = 0
    scale: Any = 1

    @property
    def entries(self) -> EntryLaw | None:
        """The standardised law of that name, or None for a law given as an object."""
        return as_entries(self.spec, "law") if isinstance(self.spec, (str, EntryLaw)) else None

    @property
    def is_gaussian(self) -> bool:
        """Whether X is normal."""
        return self.entries is not None and self.entries.is_gaussian

    @property
    def finite_moments(self) -> float:
        """Supremum of the p with E|X|^p < ∞."""
        if self.entries is not None:
            return self.entries.finite_moments
        from rmt.ensembles.entries import _tail_index

        return _tail_index(self._log_tails)

    def _log_tails(self, t: float) -> float:
        if hasattr(self.spec, "logsf"):
            with np.errstate(divide="ignore"):
                return float(np.logaddexp(self.spec.logsf(t), self.spec.logcdf(-t)))
        mass = float(self.spec.sf(t)) + float(self.spec.cdf(-t))
        return math.log(mass) if mass > 0.0 else -math.inf

    def draw(self, rng: np.random.Generator, size: int) -> Real:
        """Independent coordinates."""
        if self.entries is not None:
            raw = np.asarray(self.entries.draw(rng, size))
        elif hasattr(self.spec, "dist"):
            raw = np.asarray(self.spec.rvs(size=size, random_state=rng), dtype=np.float64)
        else:
            raw = np.asarray(self.spec.rvs(size, rng=rng), dtype=np.float64)
        return raw if self.mean == 0 and self.scale == 1 else float(self.mean) + float(self.scale) * raw

    def atoms(self) -> tuple[Real, Real] | None:
        """Positions and masses of a discrete law; None for others."""
        found = _atoms_of(self)
        return None if found is None else (float(self.mean) + float(self.scale) * found[0], found[1])

    def transform(self) -> tuple[Transform, tuple[float, ...]]:
        """The increasing T with T(z) of this law for standard normal z, and the z where it bends or jumps."""
        raw, breaks = _transform_of(self.spec if self.entries is None else repr_of(self.entries))
        mean, scale = float(self.mean), float(self.scale)
        return (lambda z: mean + scale * raw(z)), breaks

    def moment(self, k: int) -> Fraction | None:
        """E (μ + s X)^k exactly, or None where X or its parameters are not rational."""
        if isinstance(self.mean, float) and not self.mean.is_integer():
            return None
        mean, scale = Fraction(self.mean), Fraction(self.scale)
        total = Fraction(0)
        for j in range(k + 1):
            raw = standard_moment(self.entries, j) if self.entries is not None else _law_moment(self.spec, j)
            if raw is None:
                return None
            total += math.comb(k, j) * mean ** (k - j) * scale**j * raw
        return total

    def __repr__(self) -> str:
        entries = self.entries
        text = repr_of(entries) if entries is not None else repr(self.spec)
        if self.scale != 1:
            text = f"{self.scale} × {text}"
        return text if self.mean == 0 else f"{self.mean} + {text}"


def repr_of(entries: EntryLaw) -> str:
    """The name of an entry law."""
    return entries.spec if isinstance(entries.spec, str) else repr(entries)


def check_vector_law(spec: Any, mean: Any, scale: Any) -> VectorLaw:
    """The law that :meth:`Program.vector` was given.

    Raises
    ------
    TypeError, ValueError
        If it is no law of numbers, or has a parameter out of range.
    """
    from rmt.laws.law import Law

    if not isinstance(spec, Law) and not (hasattr(spec, "dist") and hasattr(spec, "rvs")):
        as_entries(spec, "law")
    check_real("mean", mean)
    check_real("scale", scale, at_least=0.0)
    return VectorLaw(spec, mean, scale)


def standard_moment(entries: EntryLaw, k: int) -> Fraction | None:
    """E X^k of a standardised law exactly, None where it is infinite or not known as a rational."""
    name = repr_of(entries)
    if k == 0:
        return Fraction(1)
    if k >= entries.finite_moments:
        return None
    if name == "exponential":  # of the exponential law minus 1: the number of derangements of k
        return Fraction(sum((-1) ** j * math.factorial(k) // math.factorial(j) for j in range(k + 1)))
    if name not in ("gaussian", "rademacher", "uniform", "laplace") and not name.startswith("sparse("):
        known: list[Any] = [0, 1] if k <= 2 else []
        return Fraction(known[k - 1]) if known else None
    if k % 2:
        return Fraction(0)
    half, normal = k // 2, math.factorial(k) // (math.factorial(k // 2) * 2 ** (k // 2))
    if name.startswith("sparse("):
        density = Fraction(name[len("sparse(") : -1])
        return Fraction(normal / density ** (half - 1))
    table: dict[str, Fraction] = {
        "gaussian": Fraction(normal),
        "rademacher": Fraction(1),
        "uniform": Fraction(3**half, k + 1),
        "laplace": Fraction(math.factorial(k), 2**half),
    }
    return table[name]


def _law_moment(law: Any, k: int) -> Fraction | None:
    if k == 0:
        return Fraction(1)
    if hasattr(law, "dist"):
        return None
    value = law.moment(k)
    return value if isinstance(value, Fraction) else Fraction(value) if isinstance(value, int) else None


def _atoms_of(law: VectorLaw) -> tuple[Real, Real] | None:
    from rmt.laws.law import Law

    if law.entries is not None:
        if repr_of(law.entries) == "rademacher":
            return np.array([-1.0, 1.0]), np.array([0.5, 0.5])
        if isinstance(law.entries.spec, str):
            return None
        inner = _atoms_of(VectorLaw(law.entries.spec))
        if inner is None:
            return None
        mean = float(inner[0] @ inner[1])
        deviation = math.sqrt(float((inner[0] - mean) ** 2 @ inner[1]))
        return (inner[0] - mean) / deviation, inner[1]
    if isinstance(law.spec, Law):
        positions, masses = np.array(law.spec.atoms, dtype=np.float64).reshape(-1, 2).T
        return (positions, masses) if abs(float(masses.sum()) - 1.0) < 1e-12 else None
    if not hasattr(law.spec.dist, "pmf"):
        return None
    low, high = (law.spec.ppf(_LEFT_OUT), law.spec.isf(_LEFT_OUT))
    if high - low > _MOST_ATOMS:
        return None
    points = np.arange(low, high + 1.0)
    masses = np.asarray(law.spec.pmf(points), dtype=np.float64)
    return points[masses > 0.0], masses[masses > 0.0]


@lru_cache(maxsize=64)
def _transform_of(spec: Any) -> tuple[Transform, tuple[float, ...]]:
    from scipy import special, stats

    if isinstance(spec, str):
        name, _, parameter = spec.partition("(")
        if name == "gaussian":
            return (lambda z: z), ()
        if name == "uniform":
            return (lambda z: math.sqrt(3.0) * special.erf(z / math.sqrt(2.0))), ()
        if name == "exponential":
            return (lambda z: -special.log_ndtr(-z) - 1.0), ()
        if name == "laplace":
            root = math.sqrt(0.5)
            return (lambda z: -np.sign(z) * root * (special.log_ndtr(-np.abs(z)) + math.log(2.0))), (0.0,)
        if name in ("cube_root_cauchy", "fifth_root_cauchy"):
            power = 1.0 / 3.0 if name.startswith("cube") else 0.2
            scale = math.cos(power * math.pi) ** 0.5
            return (lambda z: np.sign(z) * scale * np.tan(math.pi * (0.5 - special.ndtr(-np.abs(z)))) ** power), (0.0,)
        if name == "truncated_gaussian":
            low = float(special.ndtr(-2.0))
            deviation = math.sqrt(1.0 - 4.0 * math.exp(-2.0) / math.sqrt(2.0 * math.pi) / (1.0 - 2.0 * low))
            return (lambda z: special.ndtri(low + (1.0 - 2.0 * low) * special.ndtr(z)) / deviation), ()
        if name == "student":
            df = float(parameter[:-1])
            frozen = stats.t(df)
            return (lambda z: np.sign(z) * math.sqrt((df - 2.0) / df) * frozen.isf(special.ndtr(-np.abs(z)))), ()
        density = float(parameter[:-1])  # sparse
        edge = float(-special.ndtri(0.5 * density))

        def sparse(z: Real) -> Real:
            tails = np.minimum(special.ndtr(-np.abs(z)) / density, 0.5)
            return np.asarray(-np.sign(z) * special.ndtri(tails) / math.sqrt(density))

        return sparse, (-edge, edge)
    if hasattr(spec, "dist"):
        return _two_sided(lambda u: np.asarray(spec.ppf(u)), lambda u: np.asarray(spec.isf(u))), ()
    breaks: list[float] = []
    for position, mass in spec.atoms:
        above = float(spec.cdf(position))
        breaks += [float(special.ndtri(p)) for p in (above - mass, above) if 0.0 < p < 1.0]
    return (lambda z: np.asarray(spec.ppf(special.ndtr(z)), dtype=np.float64)), tuple(sorted(breaks))


def _two_sided(quantile: Transform, from_above: Transform) -> Transform:
    from scipy import special

    def transform(z: Real) -> Real:
        lower = z <= 0.0
        tails = special.ndtr(-np.abs(z))
        return np.where(lower, quantile(tails), from_above(tails))

    return transform
