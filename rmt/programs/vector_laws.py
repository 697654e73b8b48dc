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
from rmt.programs.exact_limits import as_fraction

Real = NDArray[np.float64]
Transform = Callable[[Real], Real]

#: relative error of means of laws whose quantiles are borrowed
BORROWED = 1e-12
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
    def borrowed_error(self) -> float:
        """Relative error of means where quantiles or masses come from SciPy, which are not right to rounding."""
        if isinstance(self.spec, str) and not self.spec.startswith("student"):
            return 0.0
        law = self.spec.spec if isinstance(self.spec, EntryLaw) else self.spec
        discrete = hasattr(law, "dist") and hasattr(law.dist, "pmf")
        return max(BORROWED, 2.0 * _error_of_masses(law)) if discrete else BORROWED

    @property
    def finite_moments(self) -> float:
        """Supremum of the p with E|X|^p < ∞."""
        if self.entries is not None:
            return self.entries.finite_moments
        if self.atoms() is not None:
            return math.inf
        from rmt.ensembles.entries import _tail_index

        return _tail_index(self._log_tails)

    def _log_tails(self, t: float) -> float:
        if hasattr(self.spec, "logsf"):
            with np.errstate(all="ignore"):
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
        mean, scale = as_fraction(self.mean), as_fraction(self.scale)
        total = Fraction(0)
        for j in range(k + 1):
            raw = standard_moment(self.entries, j) if self.entries is not None else _law_moment(self.spec, j)
            if raw is None:
                return None
            total += math.comb(k, j) * mean ** (k - j) * scale**j * raw
        return total

    def low_moment(self, k: int) -> float | None:
        """E (μ + s X) for k = 1 or its square for k = 2, or None where it is infinite."""
        if k >= self.finite_moments:
            return None
        raw = [0.0, 1.0] if self.entries is not None else [float(self.spec.moment(1)), float(self.spec.moment(2))]
        mean, scale = float(self.mean), float(self.scale)
        value = mean + scale * raw[0]
        if k == 2:
            value = mean * mean + 2.0 * mean * scale * raw[0] + scale * scale * raw[1]
        return value if math.isfinite(value) else None

    def __repr__(self) -> str:
        entries = self.entries
        text = repr_of(entries) if entries is not None else _shown_law(self.spec)
        if self.scale != 1:
            text = f"{self.scale} × {text}"
        return text if self.mean == 0 else f"{self.mean} + {text}"


def repr_of(entries: EntryLaw) -> str:
    """The name of an entry law."""
    return entries.spec if isinstance(entries.spec, str) else repr(entries)


def _shown_law(spec: Any) -> str:
    """A law as it is written; those of SciPy show the place in memory only."""
    if not hasattr(spec, "dist"):
        return repr(spec)
    arguments = [*map(repr, spec.args), *(f"{name}={value!r}" for name, value in spec.kwds.items())]
    return f"scipy.stats.{spec.dist.name}({', '.join(arguments)})"


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
    return VectorLaw(spec, check_real("mean", mean), check_real("scale", scale, at_least=0.0))


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
    try:
        return Fraction(law.moment(k, exact=True))
    except (TypeError, ValueError):
        return None


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
    points = _integers_of(law.spec)
    masses = np.asarray(law.spec.pmf(points), dtype=np.float64)
    return points[masses > 0.0], masses[masses > 0.0]


def _error_of_masses(law: Any) -> float:
    """How far the masses of a discrete law are from the steps of its distribution function, in all."""
    points = _integers_of(law)
    below = np.diff(law.cdf(np.append(points[0] - 1.0, points)))
    above = -np.diff(law.sf(np.append(points[0] - 1.0, points)))
    steps = np.where(points <= law.ppf(0.5), below, above)
    return float(np.abs(law.pmf(points) - steps).sum())


def _integers_of(law: Any) -> Real:
    """The integers that carry a discrete law, but for the mass that is left out on either side."""
    ends = []
    for end, side, mass in ((law.support()[0], -1, law.cdf), (law.support()[1], 1, law.sf)):
        middle, step = float(law.ppf(0.5)), 1.0
        if math.isfinite(end) and abs(end - middle) <= _MOST_ATOMS:
            ends.append(end)
            continue
        while step <= 2 * _MOST_ATOMS and mass(middle + side * step) > _LEFT_OUT:
            step *= 2.0
        ends.append(middle + side * step)
    if ends[1] - ends[0] > 2 * _MOST_ATOMS:
        raise ValueError(
            f"a discrete law of a vector may have up to {_MOST_ATOMS} values on either side of its median that carry "
            f"more than {_LEFT_OUT:g}, got {law.dist.name}{law.args} with more; take a continuous law near it"
        )
    return np.arange(ends[0], ends[1] + 1.0)


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
            unit = math.cos(power * math.pi) ** 0.5

            def cauchy_root(z: Real) -> Real:
                size, tail = np.abs(z), special.ndtr(-np.abs(z))
                near = np.tan(0.5 * math.pi * special.erf(np.minimum(size, 1.0) / math.sqrt(2.0)))
                cauchy = np.where(size < 1.0, near, 1.0 / np.tan(math.pi * tail))
                return np.asarray(np.sign(z) * unit * cauchy**power)

            return cauchy_root, (0.0,)
        if name == "truncated_gaussian":
            low = float(special.ndtr(-2.0))
            deviation = math.sqrt(1.0 - 4.0 * math.exp(-2.0) / math.sqrt(2.0 * math.pi) / (1.0 - 2.0 * low))
            return (lambda z: special.ndtri(low + (1.0 - 2.0 * low) * special.ndtr(z)) / deviation), ()
        if name == "student":
            df = float(parameter[:-1])
            frozen = stats.t(df)

            def student(z: Real) -> Real:
                tail = special.ndtr(-np.abs(z))
                share = special.betaincinv(0.5 * df, 0.5, np.minimum(2.0 * tail, 0.01))  # df/(df + x²)
                size = np.where(tail < 0.005, np.sqrt(df * (1.0 - share) / share), frozen.isf(np.maximum(tail, 1e-3)))
                return np.asarray(np.sign(z) * math.sqrt((df - 2.0) / df) * size)

            return student, ()
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
    """The transform of a law by its quantiles from either side, which may be slow: the nodes of a rule come again."""
    from scipy import special

    @lru_cache(maxsize=32)
    def values(numbers: bytes) -> Real:
        z = np.frombuffer(numbers)
        found = np.empty_like(z)
        for side, call in ((z <= 0.0, quantile), (z > 0.0, from_above)):
            if side.any():
                with np.errstate(all="ignore"):
                    found[side] = call(special.ndtr(-np.abs(z[side])))
        found.flags.writeable = False
        return found

    def transform(z: Real) -> Real:
        distinct, places = np.unique(z, return_inverse=True)
        return values(distinct.tobytes())[places].reshape(np.shape(z))

    return transform
