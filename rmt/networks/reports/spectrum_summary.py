"""The numbers that describe the spectrum of a Jacobian, taken from a law or from measured singular values.

Positions are singular values s and masses shares of the rows of J; m₁ and the relative variance are those of s². What
may leave the range of a double is kept as a logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import ConvergenceError, check_count, check_reals
from rmt.laws.law import Law
from rmt.networks.reports.verdict import Verdict, judge
from rmt.numerics.functions.bracketed_roots import bracketed_roots

Real = NDArray[np.float64]

#: levels of the quantiles of a report
LEVELS = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
#: points of the first search for quantiles; rounding of a distribution function
COARSE, ROUNDING = 24, 5e-14
#: how close the place is sought below which a law can no longer be followed: in log t, and relative to its distance
#: from the mean
SMALLEST_STEP, NEARLY = 0.25, 0.2
#: distance above log E X of a point with less than 1e-16 of the mass above it, by Markov's inequality
MARKOV = 37.0


@dataclass(frozen=True)
class SpectrumSummary:
    """The numbers of one spectrum, of a law or of measured singular values; NaN where one is not resolved.

    Attributes
    ----------
    log_m1 : float
        Logarithm of the mean of s² over the rows of a law, over the columns of a measured J; −inf if J is zero.
    relvar : float
        Relative variance of s²; NaN if J is zero.
    log_s_min, log_s_max : float
        Logarithms of the ends of the bulk, atoms included. The lower end is that of the directions that the widths
        leave: −inf if some of these are lost.
    log_quantiles : tuple of float
        Logarithms of the quantiles of s at ``levels``.
    atoms : tuple of (s, mass)
    fraction : float
        Share of singular values in [1/2, 2].
    kernel : float
        Share of zeros.
    rank : float
        Share that the widths allow to differ from zero.
    log_geometric_mean : float or None
        E log s; −inf with a kernel, None if not known.
    count : int or None
        Number of measured values, None for a law.
    levels : tuple of float

    Examples
    --------
    >>> import rmt
    >>> from rmt.networks import SpectrumSummary
    >>> summary = SpectrumSummary.of_law(rmt.MarchenkoPastur(0.25), log_m1=0.0, relvar=0.25)
    >>> round(summary.s_max, 12)  # 1 + √ratio
    1.5
    >>> SpectrumSummary.of_values([0.0, 0.0]).s_max, len(summary.to_dict()) > 3
    (1.0, True)
    """

    log_m1: float
    relvar: float
    log_s_min: float
    log_s_max: float
    log_quantiles: tuple[float, ...]
    atoms: tuple[tuple[float, float], ...]
    fraction: float
    kernel: float = 0.0
    rank: float = 1.0
    log_geometric_mean: float | None = None
    count: int | None = None
    levels: tuple[float, ...] = LEVELS

    @classmethod
    def of_law(
        cls,
        law: Law,
        *,
        log_m1: float,
        relvar: float,
        rank: float = 1.0,
        log_geometric_mean: float | None = None,
        log_scale: float = 0.0,
    ) -> SpectrumSummary:
        """Numbers of a law of J Jᵀ, whose mean and relative variance are known.

        Parameters
        ----------
        law : Law
            Of J Jᵀ divided by ``exp(log_scale)``; on [0, inf).
        log_m1, relvar : float
            Of J Jᵀ itself.
        rank : float
            Narrowest width over the last.
        log_geometric_mean : float, optional
            E log s of J itself.
        log_scale : float
            Makes room where J Jᵀ leaves the range of a double.

        Returns
        -------
        SpectrumSummary
        """
        shift = 0.5 * log_scale
        atoms = tuple((exponential(0.5 * math.log(a) + shift) if a > 0.0 else 0.0, float(p)) for a, p in law.atoms)
        kernel = next((float(mass) for a, mass in law.atoms if a == 0.0), 0.0)
        low, high = 0.5 * log_quantiles(law, (kernel, 1.0)) + shift
        ends = 2.0 * (low - shift), 2.0 * (high - shift)
        band = 2.0 * math.log(2.0)
        inside = [_or_nan(_mass_below, law, u - log_scale, ends, kernel) for u in (band, -band - 1e-11)]
        return cls(
            log_m1=log_m1,
            relvar=relvar,
            log_s_min=-math.inf if kernel > 1.0 - rank + 1e-9 else float(low),
            log_s_max=float(high),
            log_quantiles=tuple((0.5 * log_quantiles(law, LEVELS) + shift).tolist()),
            atoms=atoms,
            fraction=float(np.clip(inside[0] - inside[1], 0.0, 1.0)),
            kernel=kernel,
            rank=rank,
            log_geometric_mean=log_geometric_mean,
        )

    @classmethod
    def of_values(
        cls, logs: ArrayLike, *, rows: int | None = None, columns: int | None = None, rank: float = 1.0
    ) -> SpectrumSummary:
        """Numbers of measured singular values.

        Parameters
        ----------
        logs : array_like
            Natural logarithms of the singular values of the bulk, −inf for those that are zero.
        rows : int, optional
            Rows of J; those that have no singular value in `logs` count as zeros. As many as values when None.
        columns : int, optional
            Columns of J, over which the squares are averaged; as many as rows when None.
        rank : float
            Narrowest width over the last.

        Returns
        -------
        SpectrumSummary

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If there is no value, one is NaN or +inf, or there are more than `rows`.
        """
        values = np.sort(check_reals("logs", logs).ravel())
        if values.size == 0 or np.isnan(values).any() or values[-1] == math.inf:
            raise ValueError("logs must be at least one logarithm of a finite singular value, -inf for zero")
        total = values.size if rows is None else check_count("rows", rows, minimum=values.size)
        values = np.concatenate([np.full(total - values.size, -math.inf), values])
        kernel = float(np.mean(values == -math.inf))
        top = float(values[-1])
        log_m1, relvar = -math.inf, math.nan
        if top > -math.inf:
            scaled = np.exp(2.0 * (values - top))
            log_m1 = math.log(float(scaled.sum()) / (total if columns is None else columns)) + 2.0 * top
            relvar = float(scaled.var() / scaled.mean() ** 2)
        alive = values[total - round(rank * total) :] if rank < 1.0 else values
        quantiles = values[np.minimum((np.array(LEVELS) * total).astype(int), total - 1)]
        inside = np.abs(values) <= math.log(2.0) * (1.0 + 1e-12)
        return cls(
            log_m1=log_m1,
            relvar=relvar,
            log_s_min=float(alive[0]),
            log_s_max=top,
            log_quantiles=tuple(quantiles.tolist()),
            atoms=((0.0, kernel),) if kernel else (),
            fraction=float(inside.mean()),
            kernel=kernel,
            rank=rank,
            log_geometric_mean=float(values.mean()) if kernel == 0.0 else -math.inf,
            count=total,
        )

    @property
    def m1(self) -> float:
        """Mean of the squared singular values."""
        return exponential(self.log_m1)

    @property
    def s_min(self) -> float:
        """Lower end of the bulk of singular values."""
        return exponential(self.log_s_min)

    @property
    def s_max(self) -> float:
        """Upper end of the bulk of singular values."""
        return exponential(self.log_s_max)

    @property
    def condition(self) -> float:
        """s_max / s_min of the bulk; inf where the bulk reaches 0."""
        return exponential(self.log_condition)

    @property
    def log_condition(self) -> float:
        """Logarithm of the condition number."""
        return math.inf if self.log_s_min == -math.inf else self.log_s_max - self.log_s_min

    @property
    def quantiles(self) -> dict[float, float]:
        """Singular values by level."""
        return {u: exponential(v) for u, v in zip(self.levels, self.log_quantiles, strict=True)}

    @property
    def verdict(self) -> Verdict:
        """Grade of the bulk."""
        return judge(self.log_m1, self.relvar, kernel=self.kernel, rank=self.rank)

    def to_dict(self) -> dict[str, Any]:
        """Every number in built-in types; None where it is infinite or not known.

        Returns
        -------
        dict
        """
        names = ("m1", "log_m1", "relvar", "s_min", "s_max", "log_s_min", "log_s_max", "condition", "fraction")
        return {
            **{name: finite(getattr(self, name)) for name in names},
            "quantiles": {f"{u:g}": finite(s) for u, s in self.quantiles.items()},
            "log_quantiles": {f"{u:g}": finite(v) for u, v in zip(self.levels, self.log_quantiles, strict=True)},
            "atoms": [{"position": finite(s), "mass": mass} for s, mass in self.atoms],
            "kernel": self.kernel,
            "rank": self.rank,
            "log_geometric_mean": None if self.log_geometric_mean is None else finite(self.log_geometric_mean),
            "count": self.count,
        }


# ---------------------------------------------------------------------- quantiles on the logarithmic scale
def log_quantiles(law: Law, levels: Sequence[float]) -> Real:
    """Logarithms of quantiles of a law on [0, inf), good to about 1e-9; −inf inside an atom at 0.

    NaN where the law cannot be followed with a certificate. Level 0, and the mass of an atom at 0, give the lower end
    of the rest. All levels narrow together, so that the law is evaluated a few times on many points.
    """
    kernel = next((float(mass) for a, mass in law.atoms if a == 0.0), 0.0)
    end = _or_nan(_log_upper_end, law)
    top = math.log(float(law.mean())) + MARKOV if math.isnan(end) else end
    out = np.empty(len(levels))
    open_levels = []
    for i, level in enumerate(levels):
        if level >= 1.0:
            out[i] = end
        elif abs(level - kernel) <= ROUNDING:
            out[i] = _or_nan(_log_lower_end, law, top, kernel)
        elif level < kernel:
            out[i] = -math.inf
        elif (hit := _atom_at(law, level)) is not None:
            out[i] = hit
        else:
            open_levels.append(i)
    if open_levels:
        wanted = np.array([levels[i] for i in open_levels])
        try:
            out[open_levels] = _narrow(law, wanted, top)
        except ConvergenceError:  # one by one
            out[open_levels] = [_or_nan(_narrow_one, law, u, top) for u in wanted.tolist()]
    return out


def _or_nan(number: Callable[..., Any], *arguments: Any) -> float:
    """The number, NaN where it is not resolved with a certificate."""
    try:
        return float(number(*arguments))
    except ConvergenceError:
        return math.nan


def _log_upper_end(law: Law) -> float:
    """Logarithm of the largest quantile, from the support where the law cannot be followed down to the lower end."""
    try:
        return float(law.ppf_of_log(1.0))
    except ConvergenceError:
        ends = [i.high for i in law.support] + [a for a, _ in law.atoms]
        if not (ends and 0.0 < max(ends) < math.inf):
            raise
        return math.log(max(ends))


def _narrow_one(law: Law, level: float, top: float) -> float:
    return float(_narrow(law, np.array([level]), top)[0])


def _mass_below(law: Law, u: float, ends: tuple[float, float], kernel: float) -> float:
    """Mass of X ≤ exp(u), evaluated inside the support only; what counts as an atom at u lies below."""
    slack = 1e-12 * max(1.0, abs(u))
    if u < ends[0] - slack:
        return kernel
    return 1.0 if u >= ends[1] - slack else float(law.cdf_of_log(u))


def _atom_at(law: Law, level: float) -> float | None:
    """Logarithm of the atom whose jump holds the level."""
    for position, mass in law.atoms:
        if position > 0.0:
            above = float(law.cdf(position))
            if above - mass < level <= above:
                return math.log(position)
    return None


def _narrow(law: Law, levels: Real, top: float) -> Real:
    out = np.full(levels.shape, math.nan)
    reach, lowest = _reach(law, float(levels.min()), top)
    resolved = levels > lowest
    if resolved.any():
        out[resolved] = _narrow_above(law, levels[resolved], top, reach)
    return out


def _reach(law: Law, level: float, top: float) -> tuple[float, float]:
    """How far below `top` (in log) less than `level` is left, or as far as the law can be followed; the mass there."""
    reach, step, mass, lost = 0.0, 8.0, 1.0, math.inf  # far below the law is slow: the search does not begin there
    while mass >= level and reach < math.inf and step > max(SMALLEST_STEP, NEARLY * (reach - MARKOV)):
        try:
            mass = float(law.cdf_of_log(top - (reach + step)))
        except ConvergenceError:
            lost = reach + step
        else:
            reach += step
        step = max(0.5 * reach, 8.0) if lost == math.inf else 0.4 * (lost - reach)
    return reach, mass


def _narrow_above(law: Law, levels: Real, top: float, reach: float) -> Real:
    grid = np.concatenate([top - reach * np.geomspace(1.0, 1e-10, COARSE), [top + 1e-12 * abs(top)]])
    values = np.asarray(law.cdf_of_log(grid))
    last = np.minimum(np.maximum(np.searchsorted(values, levels), 1), grid.size - 1)

    def residual(u: Real, index: NDArray[np.intp]) -> Real:
        # a little below the level: where a gap has exactly this mass below, its lower end
        difference = np.asarray(law.cdf_of_log(u)) - levels[index] + 2.0 * ROUNDING
        return np.where(np.abs(difference) <= ROUNDING, 0.0, difference)

    return bracketed_roots(residual, grid[last - 1], grid[last])


def _log_lower_end(law: Law, top: float, kernel: float) -> float:
    """Logarithm of the lowest point above an atom at zero; −inf at a hard edge."""
    if kernel == 0.0:
        return float(law.ppf_of_log(0.0))
    atoms = [math.log(a) for a, _ in law.atoms if a > 0.0]
    try:
        ends = [i.low for i in law.support]
    except OverflowError:  # an end leaves the range of a double
        return float(_narrow(law, np.array([kernel + 1e-12 * (1.0 - kernel)]), top)[0])
    return min([*atoms, *(math.log(low) if low > 0.0 else -math.inf for low in ends)], default=-math.inf)


# ---------------------------------------------------------------------- numbers
def exponential(log: float) -> float:
    """Exp without an error: inf beyond the range, NaN for what is not resolved."""
    return math.inf if log >= 709.0 else math.exp(log)


def finite(value: float) -> float | None:
    """The number for JSON; None for NaN and infinities."""
    return float(value) if math.isfinite(value) else None


def power_of_ten(log: float) -> str:
    """exp(log) in four digits, also where it leaves the range of a double."""
    if math.isnan(log):
        return "unresolved"
    if math.isinf(log):
        return "0" if log < 0.0 else "inf"
    if abs(log) < 690.0:
        return f"{math.exp(log):.4g}"
    exponent = math.floor(log / math.log(10.0))
    return f"{math.exp(log - exponent * math.log(10.0)):.4g}e{exponent:+d}"
