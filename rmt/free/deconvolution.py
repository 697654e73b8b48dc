"""Free deconvolution of data: the spectrum of a signal or population behind a noisy spectrum.

The subordination function ω of the observed law is explicit once the noise is known, and G_signal(ω(z)) = G(z) is
linear in the signal law: a non-negative least-squares problem on a grid (El Karoui 2008;
Arizmendi, Tarrago and Vargas, arXiv:1711.08871).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rmt.errors import ConvergenceError, check_real, check_reals
from rmt.free.polynomials.matrix_variables import Transform
from rmt.laws.atomic import Atomic
from rmt.laws.law import Complex, Law, Real, check_law
from rmt.laws.named.marchenko_pastur import MarchenkoPastur

Operation = Literal["additive", "multiplicative"]

_COLUMNS = 120  # abscissas at each height above the axis
_HEIGHTS = 4
_LOWEST = 1e-3  # lowest height for exact data, in units of the spread
_GRID = 200
_REFINEMENTS = 3
_MASS_WEIGHT = 1e3
_NEGLIGIBLE = 1e-9  # mass of an atom that is dropped
_MOVING = 40  # largest number of atoms whose positions are fitted
_MARGIN = 0.02  # how far atoms may leave the grid, in units of its range
_MOVES = 60  # evaluations of that fit, which stops far earlier where the signal is discrete
_HEAVIEST = 1e-2  # share of the weight of the total mass that a penalty may have
_DESCENT = 0.7  # factor from one height to the next on the way down from large imaginary parts


@dataclass(frozen=True)
class Deconvolution:
    """What :func:`free_deconvolve` found.

    Attributes
    ----------
    law : Atomic
        The estimate of the signal law, on the points of the grid that got mass.
    residual : float
        Root mean square of G_estimate(ω) − G over the points used, each in units of its fluctuation 1/(n Im z);
        for data given as a law the plain root mean square. Of order 1 or less where the estimate explains the
        data; much larger where noise, operation or grid are wrong.
    points : int
        Number of points z used, out of those tried.
    tried : int
        Number of points z tried; the others had no ω in the upper half plane.
    heights : tuple of float
        Smallest and largest Im ω used, in units of the eigenvalues: the resolution of the estimate.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> observed = rmt.boxplus(rmt.Rademacher(), rmt.Semicircle(0, 0.25)).ppf(np.linspace(0.005, 0.995, 100))
    >>> found = rmt.free_deconvolve(observed, rmt.Semicircle(0, 0.25))
    >>> abs(found.law.mean()) < 0.01, found.residual < 0.1, found.points <= found.tried
    (True, True, True)
    """

    law: Atomic
    residual: float
    points: int
    tried: int
    heights: tuple[float, float]


def free_deconvolve(
    data: ArrayLike | Law,
    noise: Law,
    *,
    operation: Operation = "additive",
    grid: ArrayLike | None = None,
    smoothing: float = 0.0,
) -> Deconvolution:
    """Estimate the law of A from the spectrum of A + B or √A B √A, with B free and of known law.

    This is a fit to data on a grid. For laws that are known exactly, :func:`rmt.free_subtract` and
    :func:`rmt.free_divide` give the exact law.

    Parameters
    ----------
    data : array_like of float, or Law
        Eigenvalues of the observed matrix, or its exact law.
    noise : Law
        Law of B; on [0, ∞) for ``"multiplicative"``.
    operation : {"additive", "multiplicative"}
        How the noise entered.
    grid : array_like of float, optional
        Positions allowed for the mass of A. By default 200 points over the range A can have, geometric for
        positive data over more than two decades; without smoothing the positions found are then improved.
    smoothing : float
        Weight of the penalty N Σ p_i² on the N masses, in the units of ``residual``². With 0 the estimate
        consists of few atoms, right for a discrete signal; 10 to 100 suits a continuous one.

    Returns
    -------
    Deconvolution
        The estimate, and how well it explains the data.

    Raises
    ------
    TypeError
        If `data`, `noise`, `grid` or `smoothing` is not of the kind named above.
    ValueError
        If there are fewer than 10 eigenvalues, one is not finite, the data or the noise of a multiplicative problem
        are not on [0, ∞), the grid is empty, ``smoothing < 0``, or it is so large that it takes the mass away.
    ConvergenceError
        If no point above the axis has an admissible ω: these data cannot come from this noise.

    Notes
    -----
    Deconvolution smooths nothing away: what lies closer together than about Im ω cannot be told apart, and atoms
    stand for continuous parts. Compare ``residual`` for different models rather than trusting one estimate.

    References
    ----------
    Arizmendi, Tarrago and Vargas 2020.

    Examples
    --------
    >>> from rmt.free import boxplus
    >>> from rmt.laws import Rademacher, Semicircle
    >>> found = free_deconvolve(boxplus(Rademacher(), Semicircle(0, 0.25)), Semicircle(0, 0.25))
    >>> [(round(x, 6), round(p, 6)) for x, p in found.law.atoms]
    [(-1.0, 0.5), (1.0, 0.5)]
    """
    if not isinstance(operation, str) or operation not in ("additive", "multiplicative"):
        raise ValueError(f"operation must be 'additive' or 'multiplicative', got {operation!r}")
    check_law(noise, "noise")
    penalty = float(check_real("smoothing", smoothing, at_least=0.0))
    observed = _Observed(data)
    problem = _Additive(observed, noise) if operation == "additive" else _Multiplicative(observed, noise)
    z = observed.points()
    omega, usable = problem.omega(z)
    if usable.sum() < 10:
        raise ConvergenceError(
            "no admissible subordination function exists for these data and this noise: the noise is too large, or "
            "entered by another operation",
            residual=float(1.0 - usable.mean()),
        )
    z, omega = z[usable], omega[usable]
    weight = z.imag * observed.count if math.isfinite(observed.count) else np.ones(len(z))
    equations = _Equations(problem, z, omega, weight)
    equations.check_penalty(penalty)
    if grid is None:
        positions = problem.grid()
    else:
        positions = np.unique(check_reals("grid", grid).ravel())
        if positions.size == 0 or not np.isfinite(positions).all():
            raise ValueError(f"grid must hold at least one finite number, got {grid!r}")
    masses = equations.fit(positions, penalty)
    if grid is None and penalty == 0.0:
        positions, masses = equations.improve(positions, masses)
    kept = masses > _NEGLIGIBLE
    return Deconvolution(
        law=Atomic(positions[kept].tolist(), (masses[kept] / masses[kept].sum()).tolist()),
        residual=equations.residual(positions, masses),
        points=int(usable.sum()),
        tried=len(usable),
        heights=(float(omega.imag.min()), float(omega.imag.max())),
    )


def population_spectrum(
    eigenvalues: ArrayLike, ratio: Any, *, grid: ArrayLike | None = None, smoothing: float = 0.0
) -> Deconvolution:
    """Estimate the eigenvalues of a population covariance matrix from those of a sample covariance matrix.

    The sample covariance is √Σ W √Σ with W of Marchenko-Pastur law, so this is :func:`free_deconvolve` with that
    noise (El Karoui 2008; Ledoit-Wolf 2015 is the nonlinear alternative).

    Parameters
    ----------
    eigenvalues : array_like of float
        All eigenvalues of the sample covariance matrix, zeros included.
    ratio : real
        Dimension/samples, > 0.
    grid : array_like of float, optional
        Positions allowed for the population eigenvalues, > 0.
    smoothing : float
        As for :func:`free_deconvolve`.

    Returns
    -------
    Deconvolution
        Without a grid its mean is that of the sample. Standard errors: :func:`rmt.data.population_functionals`.

    Raises
    ------
    TypeError
        If `eigenvalues`, `ratio`, `grid` or `smoothing` is not of the kind named above.
    ValueError
        As for :func:`free_deconvolve`, or if ``ratio <= 0``.
    ConvergenceError
        If a value cannot be certified.

    Examples
    --------
    >>> import numpy as np, rmt
    >>> sample = rmt.sample_covariance([1.0, 3.0], 0.1).ppf(np.linspace(0.005, 0.995, 100))
    >>> found = rmt.population_spectrum(sample, 0.1)
    >>> round(found.law.mean(), 2)
    2.0
    """
    noise = MarchenkoPastur(check_real("ratio", ratio, above=0.0))
    found = free_deconvolve(eigenvalues, noise, operation="multiplicative", grid=grid, smoothing=smoothing)
    if grid is not None:
        return found
    # the trace of the sample is the best known of its numbers, and that of the population to 1/samples
    scale = float(np.mean(check_reals("eigenvalues", eigenvalues))) / found.law.mean()
    return replace(found, law=Atomic([x * scale for x, _ in found.law.atoms], [mass for _, mass in found.law.atoms]))


# ---------------------------------------------------------------------- the observed law
class _Observed:
    """G of eigenvalues or of a law, and where to look at it."""

    def __init__(self, data: ArrayLike | Law) -> None:
        self.count = math.inf
        if isinstance(data, Law):
            self.low, self.high = data._hull()
            self.mean, self.spread = data.mean(), data.std()
            self.stieltjes: Callable[[Complex], Complex] = lambda z: np.asarray(data.stieltjes(z))
            if not math.isfinite(self.low + self.high):
                raise ValueError(f"data must have bounded support, got {data!r}")
            return
        values = check_reals("data", data)
        if values.ndim != 1:
            raise ValueError(
                f"data must be eigenvalues on one axis, got the shape {values.shape}; for a matrix pass "
                "numpy.linalg.eigvalsh(matrix), for a data matrix rmt.data.sample_spectrum(X).eigenvalues"
            )
        if values.size < 10 or not np.isfinite(values).all():
            raise ValueError(
                f"data must hold at least 10 finite eigenvalues, got {values.size} of which "
                f"{int(np.isfinite(values).sum())} are finite"
            )
        self.count = float(values.size)
        self.low, self.high = float(values.min()), float(values.max())
        self.mean, self.spread = float(values.mean()), float(values.std())
        if self.spread == 0.0:
            raise ValueError("data must not be constant: a point mass comes from no noise")
        self.stieltjes = lambda z: np.mean(1.0 / (z[:, None] - values), axis=1)

    def points(self) -> Complex:
        """Points over the spectrum, from the height at which single eigenvalues stop to show."""
        angles = (np.arange(_COLUMNS) + 0.5) * math.pi / _COLUMNS
        half = 0.5 * (self.high - self.low) + 0.1 * self.spread
        x = 0.5 * (self.low + self.high) - half * np.cos(angles)
        lowest = max(_LOWEST, self.count ** (-2.0 / 3.0))
        heights = self.spread * np.geomspace(lowest, max(0.5, 2.0 * lowest), _HEIGHTS)
        return np.asarray(x + 1j * heights[:, None]).ravel()


# ---------------------------------------------------------------------- subordination from the noise
class _Additive:
    """X = A + B: G_B(ω_B) = G(z), and ω_A = z + F(z) − ω_B."""

    def __init__(self, observed: _Observed, noise: Law) -> None:
        self.observed = observed
        self.shift = noise.mean()
        self._noise = Transform(noise)

    def omega(self, z: Complex) -> tuple[Complex, Any]:
        """ω_A and whether it is admissible: Im ω_A and Im ω_B are at least Im z, up to the fluctuations."""
        solved, converged = _descend(z, self._start, self._step, self.observed.spread)
        omega = z + 1.0 / self.observed.stieltjes(z) - solved
        usable = converged & (omega.imag > 0.5 * z.imag) & (solved.imag > 0.5 * z.imag)
        return omega, usable

    def _start(self, z: Complex) -> Complex:
        return z - self.observed.mean + self.shift

    def _step(self, z: Complex, w: Complex) -> Complex:
        g, slope = self._noise.value(w), self._noise.derivative(w)
        # Newton for F_B(w) = F(z)
        return (1.0 / self.observed.stieltjes(z) - 1.0 / g) * -(g**2) / slope

    def target(self, z: Complex) -> Complex:
        """The left-hand side G of ∫ dA(t)/(ω − t) = G."""
        return self.observed.stieltjes(z)

    def kernel(self, z: Complex, omega: Complex, t: Real) -> tuple[Complex, Complex]:
        """1/(ω − t) as a matrix over points and positions, and its derivative in t."""
        pole = 1.0 / (omega[:, None] - t)
        return pole, pole * pole

    def grid(self) -> Real:
        """Positions A can have: its hull lies inside that of A + B − mean of B."""
        margin = 0.05 * self.observed.spread
        return np.linspace(self.observed.low - self.shift - margin, self.observed.high - self.shift + margin, _GRID)


class _Multiplicative:
    """X = √A B √A: M_B(x_B) = M(z), and x_A = z/k_B(x_B)."""

    def __init__(self, observed: _Observed, noise: Law) -> None:
        noise._require_positive("a multiplicative noise")
        if observed.low < -1e-10 * observed.high:
            raise ValueError(
                f"data must be non-negative for multiplicative noise, got an eigenvalue {observed.low:.6g}"
            )
        self.observed = observed
        self.gain = noise.mean()
        if not self.gain > 0.0:
            raise ValueError(f"noise must have positive mean, got {noise!r}")
        self._noise = Transform(noise)

    def omega(self, z: Complex) -> tuple[Complex, Any]:
        """x_A and whether it is admissible: its argument and that of x_B are at least arg z, up to fluctuations."""
        solved, converged = _descend(z, self._start, self._step, self.observed.spread)
        omega = z / (solved - 1.0 / self._noise.value(solved))
        least = 0.5 * np.angle(z)
        usable = converged & (omega.imag > 0.0) & (np.angle(omega) > least) & (np.angle(solved) > least)
        return omega, usable

    def _moments(self, z: Complex) -> Complex:
        return z * self.observed.stieltjes(z) - 1.0

    def _start(self, z: Complex) -> Complex:
        return z * (self.gain / self.observed.mean)

    def _step(self, z: Complex, w: Complex) -> Complex:
        g, slope = self._noise.value(w), self._noise.derivative(w)
        m = w * g - 1.0
        # Newton for 1/M_B(w) = 1/M(z)
        return (1.0 / self._moments(z) - 1.0 / m) * -(m**2) / (g + w * slope)

    def target(self, z: Complex) -> Complex:
        """The left-hand side M of ∫ t dA(t)/(x_A − t) = M, over z so that it has the size of G."""
        return self._moments(z) / z

    def kernel(self, z: Complex, omega: Complex, t: Real) -> tuple[Complex, Complex]:
        """t/(x_A − t)/z as a matrix over points and positions, and its derivative in t."""
        pole = 1.0 / (omega[:, None] - t)
        return t * pole / z[:, None], omega[:, None] * pole * pole / z[:, None]

    def grid(self) -> Real:
        """Positions A can have: its hull lies inside that of X over the mean of B."""
        low, high = self.observed.low / self.gain, 1.05 * self.observed.high / self.gain
        low = max(0.95 * low, 1e-6 * high)
        wide = high > 100.0 * low and self.observed.low > 1e-8 * self.observed.high
        return np.geomspace(low, high, _GRID) if wide else np.linspace(low, high, _GRID)


def _descend(
    z: Complex, start: Callable[[Complex], Complex], step: Callable[[Complex, Complex], Complex], spread: float
) -> tuple[Complex, Any]:
    """Follow the solution of an equation in w from large Im z, where w is known, down to the points z."""
    height = np.maximum(20.0 * spread + np.abs(z), z.imag)
    w = start(z.real + 1j * height)
    last = np.zeros(z.shape)
    with np.errstate(all="ignore"):
        while True:
            point = z.real + 1j * height
            for _ in range(6):
                change = step(point, w)
                w = w + change
                last = np.abs(change) / np.abs(w)
                if not last.max() > 1e-13:
                    break
            if (height <= z.imag).all():
                break
            lower = np.maximum(_DESCENT * height, z.imag)
            w = w + 1j * (lower - height)
            height = lower
        return w, (last < 1e-8) & (w.imag > 0.0)


# ---------------------------------------------------------------------- the linear problem
class _Equations:
    """The equations of all points, each divided by its fluctuation; unknown are masses at positions."""

    def __init__(self, problem: _Additive | _Multiplicative, z: Complex, omega: Complex, weight: Real) -> None:
        self._problem, self._z, self._omega, self._weight = problem, z, omega, weight
        self._target = problem.target(z) * weight
        self._unit = _MASS_WEIGHT * math.sqrt(float(np.mean(np.abs(self._target) ** 2)))

    def _kernel(self, positions: Real) -> tuple[Complex, Complex]:
        kernel, slope = self._problem.kernel(self._z, self._omega, positions)
        return kernel * self._weight[:, None], slope * self._weight[:, None]

    def residual(self, positions: Real, masses: Real) -> float:
        """Root mean square over the equations."""
        return math.sqrt(float(np.mean(np.abs(self._kernel(positions)[0] @ masses - self._target) ** 2)))

    def check_penalty(self, penalty: float) -> None:
        """Refuse a penalty that would take the mass away."""
        most = _HEAVIEST * self._unit**2
        if penalty > most:
            raise ValueError(
                f"smoothing must be at most {most:.3g} for these data, where it outweighs them altogether, got "
                f"{penalty!r}; 10 to 100 suits a continuous signal"
            )

    def fit(self, positions: Real, penalty: float = 0.0) -> Real:
        """Non-negative masses of total 1 by least squares."""
        from scipy.optimize import nnls

        matrix, _ = self._kernel(positions)
        size = positions.size
        rows = [matrix.real, matrix.imag, np.full((1, size), self._unit)]
        sides = [self._target.real, self._target.imag, np.array([self._unit])]
        if penalty > 0.0:
            rows.append(math.sqrt(penalty * size) * np.eye(size))
            sides.append(np.zeros(size))
        return np.asarray(nnls(np.vstack(rows), np.concatenate(sides), maxiter=100 * size)[0])

    def improve(self, positions: Real, masses: Real) -> tuple[Real, Real]:
        """Refine the grid where mass is, then let the atoms move on its range; kept if the residual does not grow."""
        reach = self._reach(positions)
        for _ in range(_REFINEMENTS):
            positions = np.unique(np.clip(_refined(positions, masses), *reach))
            masses = self.fit(positions)
        before = self.residual(positions, masses)
        # first unite what the equations can hardly tell apart, then only neighbours on the grid
        for closeness in (0.25 * float(self._omega.imag.min()), 0.0):
            merged = _merged(positions, masses, closeness)
            if merged[0].size <= _MOVING:
                moved = self._move(*merged, reach)
                if self.residual(*moved) <= before:
                    return moved
        return positions, masses

    def _reach(self, grid: Real) -> tuple[float, float]:
        """The range of the grid and a little more; factors of a product stay on [0, ∞)."""
        low, high = float(grid.min()), float(grid.max())
        margin = _MARGIN * (high - low)
        return (low - margin if low < 0.0 else max(low - margin, 0.0)), high + margin

    def _move(self, positions: Real, masses: Real, reach: tuple[float, float]) -> tuple[Real, Real]:
        """Least squares in positions, within `reach`, and masses together; an atom of little mass could go anywhere."""
        from scipy.optimize import least_squares

        count = positions.size

        def residuals(u: Real) -> Real:
            gap = self._kernel(u[:count])[0] @ u[count:] - self._target
            return np.concatenate([gap.real, gap.imag, [self._unit * (u[count:].sum() - 1.0)]])

        def jacobian(u: Real) -> Real:
            kernel, slope = self._kernel(u[:count])
            full = np.hstack([slope * u[count:], kernel])
            mass = np.concatenate([np.zeros(count), np.full(count, self._unit)])
            return np.vstack([full.real, full.imag, mass])

        low = np.concatenate([np.full(count, reach[0]), np.zeros(count)])
        high = np.concatenate([np.full(count, reach[1]), np.full(count, np.inf)])
        start = np.concatenate([np.clip(positions, *reach), masses])
        found = least_squares(
            residuals, start, jac=jacobian, bounds=(low, high), x_scale="jac", xtol=1e-15, max_nfev=_MOVES
        ).x
        kept = found[count:] > _NEGLIGIBLE
        return found[:count][kept], found[count:][kept]


def _refined(positions: Real, masses: Real) -> Real:
    """A finer grid around the positions that got mass."""
    spacing = np.gradient(positions) if positions.size > 1 else np.zeros(1)
    active = masses > _NEGLIGIBLE
    offsets = np.arange(-4, 5) / 4.0
    return np.unique((positions[active, None] + spacing[active, None] * offsets).ravel())


def _merged(positions: Real, masses: Real, closeness: float) -> tuple[Real, Real]:
    """Atoms next to each other on the grid, or closer than this, united at their centre of mass."""
    place = np.flatnonzero(masses > _NEGLIGIBLE)
    apart = (np.diff(place) > 1) & (np.diff(positions[place]) > closeness)
    group = np.concatenate([[0], np.cumsum(apart)])
    total: Real = np.bincount(group, masses[place]).astype(np.float64)
    return np.bincount(group, masses[place] * positions[place]) / total, total
