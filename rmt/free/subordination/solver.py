"""The solver of one expression tree: boundary values of its transforms, with certificate and error."""

from __future__ import annotations

import logging
import math
import threading
from typing import NamedTuple

import numpy as np

from rmt._cached import cached_property
from rmt.free.expressions.tree import AffineNode, Compound, Node, Product, Sum
from rmt.free.subordination.compiled_tree import compile_program, elementary, new_anchors, new_state
from rmt.free.subordination.newton_kernels import FAILED, OUTSIDE, Solution
from rmt.laws.law import EPS, Complex, Mask, Real

#: |dz/dG| in units of the spread below which solutions meet up to rounding, and how well G is known there
_CRITICAL = 1e-8
_CUSP_ERROR = 4.0 * (4.0 * EPS) ** (1.0 / 3.0)

#: what stands for 0, in units of the spread, where that is a singularity; powers of it have to stay in range
_NEAREST = 1e-150

logger = logging.getLogger("rmt")


class Values(NamedTuple):
    """Transforms at some points; `scaled` is zG(z), and quantities belong to it if the solver is logarithmic.

    Attributes
    ----------
    g : ndarray of complex
        G (or zG for logarithmic targets).
    m : ndarray of complex
        zG - 1, without cancellation at infinity.
    error : ndarray of float
        Bound of the absolute error of `g`.
    potential : ndarray of complex
        ∫ log(z - t), NaN unless asked for.
    d : ndarray of complex
        dz/dF (or dlog z/dlog H), whose square has a simple zero at a soft edge.
    outside : ndarray of bool
        Certified to lie outside the support.
    failed : ndarray of bool
        Not certified.
    step : ndarray of float
        Estimate of the next Newton step.
    critical : ndarray of bool
        Two or three solutions meet up to rounding (a cusp): values are good to the cube root of rounding.
    arguments : ndarray of complex
        Arguments of all nodes of the program, a row a point, if asked for.
    """

    g: Complex
    m: Complex
    error: Real
    potential: Complex
    d: Complex
    outside: Mask
    failed: Mask
    step: Real
    critical: Mask
    arguments: Complex


class TreeSolver:
    """Newton iteration over the tree of a free sum, product or compound free Poisson law.

    Parameters
    ----------
    node : Node
        The expression.
    flatten : bool
        Whether sums of sums (after named laws were rewritten as expressions) may be merged; if not, the children
        of the root keep their places.

    Attributes
    ----------
    logarithmic : bool
        The root is a product of positive laws; targets are then logarithms.
    """

    def __init__(self, node: Node, *, flatten: bool = True) -> None:
        core = elementary(node, flatten=flatten)
        self._scale, self._shift = 1.0, 0.0
        if isinstance(core, AffineNode):
            self._scale, self._shift, core = float(core.scale), float(core.shift), core.child
        if not isinstance(core, Sum | Product | Compound):
            core = Sum(((core, 1),))
        #: the elementary expression, and the affine map that takes its law to the one asked for
        self.core = core, self._scale, self._shift
        self.product = isinstance(core, Product)
        self._program, self._state, self.logarithmic, self._height = compile_program(core)
        n = self._program.kind.size
        self._spare = new_state(n), new_state(n)
        self._potentials = np.zeros(n, dtype=np.complex128)
        self._anchors = new_anchors(n)
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Number of nodes of the program."""
        return int(self._program.kind.size)

    @property
    def spread(self) -> float:
        """Standard deviation of the law, or what stands for it."""
        return self._scale * float(self._program.spread[0])

    @cached_property
    def total_weight(self) -> float:
        """Number of leaves, each counted with the weights above it: what rounding errors grow with."""
        p = self._program
        weight = p.weight.copy()
        for i in range(self.size):
            weight[p.first[i] : p.last[i]] *= weight[i]
        return float(np.abs(weight[p.first == p.last]).sum())

    @property
    def child_columns(self) -> range:
        """Columns of `arguments` that belong to the children of the root."""
        return range(int(self._program.first[0]), int(self._program.last[0]))

    @property
    def centre(self) -> float:
        """Mean of the law, or what stands for it."""
        return self._scale * float(self._program.centre[0]) + self._shift

    @property
    def relative_spread(self) -> float:
        """Standard deviation of log X, roughly, for a logarithmic solver."""
        p = self._program
        children = slice(p.first[0], p.last[0])
        return math.sqrt(float(p.weight[children] @ (p.spread[children] / p.centre[children]) ** 2)) + 1.0

    @property
    def log_centre(self) -> float:
        """Logarithm of the mean of a logarithmic solver."""
        p = self._program
        children = slice(p.first[0], p.last[0])
        return float(math.log(self._scale) + p.params[p.offset[0]] + p.weight[children] @ np.log(p.centre[children]))

    def __call__(self, targets: Complex, *, potential: bool = False, arguments: bool = False) -> Values:
        """Solve at every target; what is found at one does not depend on the others.

        Parameters
        ----------
        targets : ndarray of complex
            Points z of the closed upper half plane; their logarithms (imaginary part in [0, pi]) if `logarithmic`.
        potential, arguments : bool
            Also compute the log-potential; also return the arguments of all nodes.
        """
        inner = targets - math.log(self._scale) if self.logarithmic else (targets - self._shift) / self._scale
        inner = np.ascontiguousarray(inner, dtype=np.complex128)
        if self.product and not self.logarithmic:  # 0 is a singularity of such products: a point next to it
            inner = np.where(inner == 0.0, complex(_NEAREST * self._program.spread[0], 0.0), inner)
        out = self._run(inner, potential, arguments)  # may move points by a few ulp
        g, error = self._transform(out, inner)
        return Values(
            g=g,
            m=self._t_transform(out),
            error=error,
            potential=out.potential + math.log(self._scale),
            d=out.d,
            outside=out.code == OUTSIDE,
            failed=out.code == FAILED,
            step=out.step,
            critical=self._critical(out),
            arguments=out.arguments,
        )

    def _t_transform(self, out: Solution) -> Complex:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if self.product:
                return np.asarray(1.0 / np.expm1(out.y))
            return np.asarray((self._scale * out.k + self._shift) / (self._scale * out.y))

    def _critical(self, out: Solution) -> Mask:
        slope = np.abs(out.d)
        if not self.product:
            slope = slope * np.maximum(1.0, (np.abs(out.y) / self._program.spread[0]) ** 2)
        return np.asarray(slope < _CRITICAL)

    def _transform(self, out: Solution, inner: Complex) -> tuple[Complex, Real]:
        """G (or zG) and the bound of its error from the common values Y or h."""
        noisy = self._critical(out)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if not self.product:
                g = 1.0 / out.y
                error = np.abs(g) * _inverted(np.abs(g) * out.error) + out.change / self._program.spread[0]
                error = np.where(noisy, np.maximum(error, _CUSP_ERROR / self._program.spread[0]), error)
                return g / self._scale, _or_infinite(error / self._scale)
            g = -1.0 / np.expm1(-out.y)  # xG = H/(H - 1)
            slope = np.abs(g) * np.abs(g - 1.0)
            error = slope * out.error + out.change + 2.0 * EPS * np.abs(g)
            error = _or_infinite(np.where(noisy, np.maximum(error, _CUSP_ERROR), error))
            if self.logarithmic:
                return g, error
            return g / inner / self._scale, error / np.abs(inner) / self._scale

    def _run(self, targets: Complex, potential: bool, arguments: bool) -> Solution:
        from rmt.free.subordination.path_kernels import solve_points

        n = targets.size
        out = Solution(
            y=np.full(n, np.nan + 0j),
            k=np.full(n, np.nan + 0j),
            d=np.full(n, np.nan + 0j),
            potential=np.full(n, np.nan + 0j),
            error=np.full(n, np.nan),
            code=np.zeros(n, dtype=np.int64),
            step=np.full(n, np.nan),
            change=np.full(n, np.nan),
            count=np.zeros(n, dtype=np.int64),
            arguments=np.zeros((n if arguments else 0, self.size), dtype=np.complex128),
        )
        with self._lock, _Announcement():
            solve_points(  # type: ignore[no-untyped-call]
                self._program,
                self._state,
                *self._spare,
                self._anchors,
                self._potentials,
                self.logarithmic,
                self._height,
                targets,
                potential,
                out,
            )
        return out


def _inverted(relative: Real) -> Real:
    """Bound of the relative error of 1/Y from that of Y."""
    return np.where(relative < 0.5, relative / (1.0 - relative), np.inf)


def _or_infinite(error: Real) -> Real:
    return np.where(np.isnan(error), np.inf, error)


class _Announcement:
    """Tell the user when the first call takes long because the kernels are being compiled."""

    loaded = False

    def __enter__(self) -> None:
        self._timer: threading.Timer | None = None
        if not _Announcement.loaded:
            message = "compiling the solver of the free calculus: about a quarter of a minute, once on this machine"
            self._timer = threading.Timer(2.0, logger.warning, [message])
            self._timer.daemon = True
            self._timer.start()

    def __exit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        _Announcement.loaded = True
