"""A measure on panels of the line: its masses, G and log-potential, from a density that is only known point by point.

The panels are those of :mod:`rmt.numerics.quadrature.line_panels`; here they are read with NumPy, so that both tails
keep their relative accuracy, and the compiled transforms are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rmt._cached import cached_property
from rmt.errors import ConvergenceError
from rmt.laws.law import EPS, Complex, Interval, Real
from rmt.numerics.functions.branches import reciprocal

#: mass that the rounding of points next to an edge with an infinite density may move
_HARD = 1e-13


class PanelMeasure:
    """Panels of a probability measure.

    Parameters
    ----------
    density : callable
        Density of the absolutely continuous part.
    stretches : sequence of Interval
        Intervals inside which the density is analytic, with its exponents at their ends; masses are not read.
    atoms : sequence of (position, mass)
    scale : float
        Length on which the density varies in an unbounded stretch.
    name : str
        What the error message calls the measure.
    tolerance : float
        Mass that the panels may miss.
    beside : callable, optional
        The density at signed distances from an end of negative exponent, NaN where it is not known so.

    Attributes
    ----------
    parameters : ndarray
        The panels, as the compiled transforms take them.
    defect : float
        1 minus the mass found, before the panels were scaled to make it 1.

    Raises
    ------
    ConvergenceError
        If the mass found is not 1.
    """

    def __init__(
        self,
        density: Callable[[Real], Real],
        stretches: Sequence[Interval],
        atoms: Sequence[tuple[float, float]],
        scale: float,
        name: str,
        *,
        tolerance: float = 1e-9,
        beside: Callable[[float, Real], Real] | None = None,
    ) -> None:
        from rmt.numerics.quadrature.line_panels import Stretch, build_line_panels

        ends = [Stretch(s.low, s.high, s.low_exponent, s.high_exponent) for s in stretches]
        self.parameters, self.defect = build_line_panels(density, ends, atoms, scale, beside)
        if not abs(self.defect) <= tolerance:
            raise ConvergenceError(
                f"the density and the atoms of {name} have total mass {1.0 - self.defect:.12g} and not 1: the support "
                "or its exponents do not fit the density, or it has a singularity inside an interval",
                residual=abs(self.defect),
            )
        hard = sum(1 for s in stretches for e in (s.low_exponent, s.high_exponent) if e < 0.0)
        self._hard_edges = _HARD * hard
        self._atoms = np.array(sorted(atoms), dtype=np.float64).reshape(-1, 2)

    # ------------------------------------------------------------------ panels
    @cached_property
    def _rows(self) -> Real:
        from rmt.numerics.quadrature.log_panel_kernels import MAXIMUM, MINIMUM, PANEL_SIZE

        count = int(self.parameters[1])
        start = 2 + 2 * int(self.parameters[0])
        rows = self.parameters[start:].reshape(count, PANEL_SIZE)
        # panels that doubles do not tell apart lie below an end that they reach, or above one from which they start
        side = np.select([rows[:, 0] == MAXIMUM, rows[:, 0] == MINIMUM], [-1.0, 1.0], 0.0)
        return rows[np.lexsort((side * rows[:, 1], side, rows[:, self._columns[1]].min(axis=1, initial=np.inf)))]

    @cached_property
    def _columns(self) -> tuple[slice, slice, slice]:
        """Columns of the masses, of the points and of the Legendre series."""
        from rmt.numerics.quadrature.log_panel_kernels import NODES

        start = (4, 4 + 2 * NODES, 4 + 3 * NODES)
        return tuple(slice(s, s + NODES) for s in start)  # type: ignore[return-value]

    @cached_property
    def _ends(self) -> tuple[Real, Real]:
        """Left and right ends of the panels."""
        a, b = (self._position(self._rows[:, 1] + side * self._rows[:, 2]) for side in (-1.0, 1.0))
        return np.minimum(a, b), np.maximum(a, b)

    def _position(self, local: Real) -> Real:
        from rmt.numerics.quadrature.log_panel_kernels import MAXIMUM, PLAIN

        kind, extreme = self._rows[:, 0], self._rows[:, 3]
        sign = np.where(kind == MAXIMUM, -1.0, 1.0)
        return np.where(kind == PLAIN, local, extreme + sign * local * local)

    @cached_property
    def _cumulated(self) -> tuple[Real, Real]:
        """Mass of the panels before every panel, and after it."""
        masses = self._rows[:, self._columns[0]].sum(axis=1)
        before = np.concatenate([[0.0], np.cumsum(masses)])
        after = np.concatenate([np.cumsum(masses[::-1])[::-1], [0.0]])
        return before, after

    @cached_property
    def _starts(self) -> tuple[Real, NDArray[np.intp]]:
        """Lower ends from which panels start as squares, and the first of their panels."""
        from rmt.numerics.quadrature.log_panel_kernels import MINIMUM

        here = np.flatnonzero(self._rows[:, 0] == MINIMUM)
        ends, first = np.unique(self._rows[here, 3], return_index=True)
        return ends, here[first]

    def _inside(self, x: Real) -> tuple[Real, Real]:
        """Mass of the continuous part left and right of `x`."""
        low, _ = self._ends
        before, after = self._cumulated
        panel = np.searchsorted(low, x, side="right") - 1
        for end, start in zip(*(values.tolist() for values in self._starts), strict=True):
            panel[x == end] = start - 1
        panel = self._beside_steep_ends(panel, x)
        left = before[panel + 1]
        right = after[panel + 1]
        partly = (panel >= 0) & self._reaches_beyond(panel, x)
        if partly.any():
            i = panel[partly]
            first, second = self._halves(i, x[partly])
            left[partly] = before[i] + first
            right[partly] = after[i + 1] + second
        return left, right

    def _beside_steep_ends(self, panel: NDArray[np.intp], x: Real) -> NDArray[np.intp]:
        """Go on to the panel left of one whose lower end is rounded to `x`."""
        from rmt.numerics.quadrature.log_panel_kernels import MAXIMUM, MINIMUM

        while panel.size and self._rows.size:
            kind, centre, half, extreme = self._rows[np.maximum(panel, 0), :4].T
            local = np.sqrt(np.abs(x - extreme))
            outside = ((kind == MAXIMUM) & (x < extreme) & (local > centre + half)) | (
                (kind == MINIMUM) & (x > extreme) & (local < centre - half)
            )
            outside &= panel >= 0
            if not outside.any():
                break
            panel = np.where(outside, panel - 1, panel)
        return panel

    def _reaches_beyond(self, panel: NDArray[np.intp], x: Real) -> NDArray[np.bool_]:
        """Whether a panel that starts left of `x` ends right of it."""
        from rmt.numerics.quadrature.log_panel_kernels import MAXIMUM, PLAIN

        if not self._rows.size:
            return np.zeros(x.shape, dtype=bool)
        kind, centre, half, extreme = self._rows[np.maximum(panel, 0), :4].T
        local = np.where(kind == PLAIN, x, np.sqrt(np.abs(x - extreme)))
        upper = (x < extreme) & (local > centre - half)
        return np.asarray(np.where(kind == MAXIMUM, upper, local < centre + half))

    def _halves(self, panel: NDArray[np.intp], x: Real) -> tuple[Real, Real]:
        """Mass of a panel left and right of a point in it, each by a Gauss rule of its own."""
        from rmt.numerics.quadrature.log_panel_kernels import MAXIMUM, PLAIN

        rows = self._rows[panel]
        kind, centre, half, extreme = rows[:, :4].T
        local = np.where(kind == PLAIN, x, np.sqrt(np.abs(x - extreme)))
        xi = np.clip((local - centre) / half, -1.0, 1.0)
        series = rows[:, self._columns[2]]
        nodes, weights = np.polynomial.legendre.leggauss(series.shape[1])

        def integral(a: Real, b: Real) -> Real:
            at = 0.5 * (a + b)[:, None] + 0.5 * (b - a)[:, None] * nodes
            values = np.polynomial.legendre.legval(at.T, series.T[:, None, :], tensor=False)
            return np.asarray(0.5 * (b - a) * (weights @ values))

        one = np.ones_like(xi)
        first, second = integral(-one, xi), integral(xi, one)
        return np.where(kind == MAXIMUM, second, first), np.where(kind == MAXIMUM, first, second)

    # ------------------------------------------------------------------ what is asked
    def masses(self, x: Real) -> tuple[Real, Real]:
        """Mass of ``(-inf, x]`` and of ``(x, inf)``, each accurate in its own tail, with sum 1."""
        below, above = self._inside(x)
        for position, mass in self._atoms:
            below = below + np.where(x >= position, mass, 0.0)
            above = above + np.where(x < position, mass, 0.0)
        below, above = np.clip(below, 0.0, 1.0), np.clip(above, 0.0, 1.0)
        lower = below <= above
        return np.where(lower, below, 1.0 - above), np.where(lower, 1.0 - below, above)

    def mass_between(self, low: float, high: float) -> float:
        """Mass of the continuous part on an interval."""
        ends = np.array([low, high])
        left, right = self._inside(ends)
        return float(left[1] - left[0] if left[1] <= 0.5 else right[0] - right[1])

    def density(self, x: Real) -> Real:
        """Density on the panels: their polynomials, which agree with the original to rounding."""
        from rmt.numerics.quadrature.log_panel_kernels import PLAIN

        low, high = self._ends
        panel = np.searchsorted(low, x, side="right") - 1
        out = np.zeros_like(x)
        inside = (panel >= 0) & (x <= high[np.maximum(panel, 0)]) if low.size else np.zeros(x.shape, dtype=bool)
        rows = self._rows[panel[inside]]
        kind, centre, half, extreme = rows[:, :4].T
        local = np.where(kind == PLAIN, x[inside], np.sqrt(np.abs(x[inside] - extreme)))
        per_local = np.polynomial.legendre.legval((local - centre) / half, rows[:, self._columns[2]].T, tensor=False)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[inside] = per_local / (half * np.where(kind == PLAIN, 1.0, 2.0 * local))
        return np.maximum(out, 0.0)

    def transforms(self, z: Complex) -> tuple[Complex, Complex]:
        """G and zG − 1 at points of the closed upper half plane."""
        from rmt.numerics.quadrature.line_panel_kernels import line_transform

        g, m = np.empty_like(z), np.empty_like(z)
        for i, w in enumerate(z):
            g[i], _, m[i] = line_transform(self.parameters, 0, w)  # type: ignore[no-untyped-call]
        return g, m

    def log_potential(self, z: Complex) -> Complex:
        """∫ log(z − t), imaginary part in [0, π]."""
        from rmt.numerics.quadrature.line_panel_kernels import line_potential_array

        out = np.empty_like(z)
        line_potential_array(self.parameters, np.ascontiguousarray(z), out)  # type: ignore[no-untyped-call]
        return out

    def moments(self, order: int) -> list[float]:
        """Moments m_0 ... m_order by the Gauss rules of the panels."""
        mass, place = (self._rows[:, columns].ravel() for columns in self._columns[:2])
        positions = np.concatenate([place, self._atoms[:, 0]])
        weights = np.concatenate([mass, self._atoms[:, 1]])
        return [float(weights @ positions**k) for k in range(order + 1)]

    def moment_tails(self, order: int) -> list[float]:
        """What the part beyond the outermost panels adds to the absolute moments, by the trend of the last octaves."""
        mass, place = self._rows[:, self._columns[0]], np.abs(self._rows[:, self._columns[1]])
        octave = np.floor(np.log2(place.max() / np.maximum(place, np.finfo(float).tiny)))
        found = []
        for k in range(order + 1):
            third, second, last = (float((mass * (octave == j) * place**k).sum()) for j in (2, 1, 0))
            ratio = (last / second) ** 2 / (second / third) if min(third, second) > 0.0 else 0.0
            found.append(last * ratio / (1.0 - ratio) if ratio < 0.99 else np.inf)
        return found

    @property
    def error(self) -> float:
        """Bound on the error of a mass: what was missed, and rounding, also of points next to hard edges."""
        return abs(self.defect) + 16.0 * EPS + self._hard_edges


def set_atoms(g: Complex, z: Complex, atoms: Sequence[tuple[float, float]], scale: float) -> None:
    """Make G have its poles exactly at the atoms, whose places are known to rounding only."""
    for place, mass in atoms:
        near = (z.imag == 0.0) & (np.abs(z.real - place) < 1e-11 * scale)
        g[near] = mass * reciprocal(z[near] - place)
        g[z == place] = complex(0.0, -np.inf)
