"""Every public callable with one bad argument after another, and a judge of what it answers.

A right answer to a bad call is an error in a sentence of the package's own, or a value without NaN and without a
warning. A wrong one is an error of Python, NumPy or SciPy that came through, a NaN, a warning, or no answer.
"""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import math
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import rmt
from rmt import combinatorics, free, kernels, networks, plotting, programs, spectra

PACKAGE = str(Path(rmt.__file__).parent)

#: what is no argument of anything, or of little: made afresh for every call
BAD: dict[str, Callable[[], Any]] = {
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "Fraction(10**400)": lambda: Fraction(10**400, 3),
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "1e308": lambda: 1e308,
    "5e-324": lambda: 5e-324,
    "-1": lambda: -1,
    "-1.5": lambda: -1.5,
    "0": lambda: 0,
    "-0.0": lambda: -0.0,
    "None": lambda: None,
    "complex": lambda: 1 + 2j,
    "complex nan": lambda: complex(math.nan, math.inf),
    "text": lambda: "a",
    "empty text": lambda: "",
    "bytes": lambda: b"1",
    "empty list": lambda: [],
    "empty array": lambda: np.zeros(0),
    "empty matrix": lambda: np.zeros((0, 3)),
    "empty dict": dict,
    "True": lambda: True,
    "numpy True": lambda: np.True_,
    "truth values": lambda: np.array([True, False]),
    "0-d": lambda: np.array(0.5),
    "0-d object": lambda: np.array(None, dtype=object),
    "3-d": lambda: np.ones((2, 2, 2)),
    "matrix": lambda: [[1.0, 2.0], [3.0, 4.0]],
    "list of nan": lambda: [0.5, math.nan],
    "list of inf": lambda: [0.5, math.inf],
    "list of 10**400": lambda: [1, 10**400],
    "list of None": lambda: [None, 1.0],
    "list of text": lambda: ["a", "b"],
    "ragged": lambda: [[1.0], [2.0, 3.0]],
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.array([0.5, 0.25], mask=[True, False]),
    "date": lambda: dt.datetime(2020, 1, 1),
    "dates": lambda: np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
    "durations": lambda: np.array([1, 2], "m8[s]"),
    "objects": lambda: np.array([object(), 1], dtype=object),
    "uint8": lambda: np.uint8(3),
    "int8": lambda: np.int8(-128),
    "float16": lambda: np.float16(0.5),
    "long double": lambda: np.longdouble("1e400"),
    "decimal": lambda: decimal.Decimal("NaN"),
    "records": lambda: np.zeros(2, dtype=[("a", float)]),
    "law": lambda: rmt.Semicircle(),
    "law of the plane": lambda: rmt.CircularLaw(),
    "class": lambda: rmt.Semicircle,
    "ensemble": lambda: rmt.gue(),
    "function": lambda: lambda x: x,
    "function of None": lambda: lambda *x: None,
    "failing function": lambda: _fails,
    "generator": lambda: iter([1.0, 2.0]),
    "set": lambda: {1, 2},
    "object": object,
}


def _fails(*values: Any) -> Any:
    raise ZeroDivisionError("by the caller's own function")


@dataclass(frozen=True)
class Call:
    """A call that is right: a function and its arguments by position and by name."""

    name: str
    function: Callable[..., Any]
    positional: tuple[Any, ...]
    named: dict[str, Any]

    def places(self) -> Iterator[int | str]:
        """Where a bad argument can be put."""
        return itertools.chain(range(len(self.positional)), self.named)

    def put(self, place: int | str, value: Any) -> Any:
        """The call with another argument in this place; an iterator is run through."""
        positional, named = list(self.positional), dict(self.named)
        (positional if isinstance(place, int) else named)[place] = value  # type: ignore[index, call-overload]
        result = self.function(*positional, **named)
        return list(itertools.islice(result, 1000)) if isinstance(result, Iterator) else result


def right_calls() -> Iterator[Call]:
    """One call of every public function, class and method that takes arguments, with all of them."""

    def call(function: Callable[..., Any], *positional: Any, **named: Any) -> Call:
        name = getattr(function, "__qualname__", getattr(function, "__name__", repr(function)))
        return Call(name, function, positional, named)

    yield from _laws(call)
    yield from _law_methods(call)
    yield from _calculus(call)
    yield from _combinatorics(call)
    yield from _ensembles(call)
    yield from _spectra(call)
    yield from _networks(call)
    yield from _kernels(call)


def _laws(call: Callable[..., Call]) -> Iterator[Call]:
    law = rmt.MarchenkoPastur()
    yield call(rmt.Affine, law, 2, 1)
    yield call(rmt.Arcsine, radius=2)
    yield call(rmt.Atomic, (0, 1), (0.5, 0.5))
    yield call(rmt.Bernoulli, p=0.5, low=0, high=1)
    yield call(rmt.BesselEdge, beta=2, a=0)
    yield call(rmt.Cauchy, location=0, scale=1)
    yield call(rmt.CircularLaw, variance=1)
    yield call(rmt.EllipticLaw, 0.5)
    yield call(rmt.Empirical, [1.0, 2.0])
    yield call(rmt.FreePoisson, rate=1, jump=1)
    yield call(rmt.FreeStable, alpha=1.5, rho=0.5)
    yield call(rmt.FussCatalan, order=2)
    yield call(rmt.GapRatio, beta=1)
    yield call(rmt.GapRatioSurmise, beta=1)
    yield call(rmt.GaudinSpacing, beta=2)
    yield call(rmt.Gaussian, mean=0, variance=1)
    yield call(rmt.GaussianDensity, beta=2, n=3)
    yield call(rmt.GaussianLargest, beta=2, n=3)
    yield call(rmt.GinibreProduct, order=2)
    yield call(rmt.KestenMcKay, degree=3)
    yield call(rmt.MarchenkoPastur, ratio=1, variance=1)
    yield call(rmt.FreeMeixner, a=0, b=0)
    yield call(rmt.ProjectionProduct, first=0.5, second=0.5)
    yield call(rmt.QuarticEquilibrium, mu=1, g=1)
    yield call(rmt.Raney, p=2, r=1)
    yield call(rmt.Semicircle, mean=0, variance=1)
    yield call(rmt.SingleRing, rmt.Uniform(1, 2))
    yield call(rmt.SoftEdge, beta=2, centre=0, scale=1, stretch=0, bend=0, logarithmic=False)
    yield call(rmt.SquareRoot, law)
    yield call(rmt.Squared, law)
    yield call(rmt.square_root, law)
    yield call(rmt.squared, law)
    yield call(rmt.TracyWidom, beta=2, convention="sao")
    yield call(rmt.TruncatedUnitaryLaw, 0.5)
    yield call(rmt.Uniform, low=-1, high=1)
    yield call(rmt.Wachter, a=1, b=1)
    yield call(rmt.WignerSurmise, beta=1)
    yield call(rmt.WishartDensity, beta=2, n=3, samples=4)
    yield call(rmt.WishartLargest, beta=2, n=3, samples=4)
    yield call(rmt.WishartSmallest, beta=2, n=3, samples=4)
    yield call(rmt.gue_kernel, 3, 0.5, 0.25)
    yield call(rmt.complex_wishart_kernel, 3, 4, 0.5, 0.25)
    yield call(rmt.gap_probability, 2, 0, 0.5)


def _law_methods(call: Callable[..., Call]) -> Iterator[Call]:
    computed = rmt.boxplus(rmt.Semicircle(), rmt.Uniform())
    for law in (rmt.MarchenkoPastur(), computed, rmt.mixture(rmt.Uniform(1, 2), rmt.Atomic((0,), (1,)))):
        for name in ("pdf", "cdf", "sf", "hilbert", "stieltjes", "log_potential", "t_transform", "ppf"):
            yield call(getattr(law, name), 0.5)
        yield call(law.pdf, 0.5, return_error=True)
        yield call(law.r_transform, -0.1)
        yield call(law.blue, -0.1)
        yield call(law.rvs, 3, rng=0)
        yield call(law.moment, 2, exact=False)
        yield call(law.moments, 2, exact=True)
        yield call(law.free_cumulants, 2, exact=False)
        yield call(law.__add__, 1)
        yield call(law.__sub__, 1)
        yield call(law.__mul__, 2)
        yield call(law.__truediv__, 2)
    yield call(computed.subordination, 0.5 + 1j)
    positive = rmt.boxtimes(rmt.MarchenkoPastur(), rmt.Uniform(1, 2))
    for law in (rmt.MarchenkoPastur(), positive):
        for name in ("s_transform", "inverse_t_transform"):
            yield call(getattr(law, name), 0.05)
        for name in ("pdf_of_log", "cdf_of_log", "ppf_of_log"):
            yield call(getattr(law, name), 0.5)
    for planar in (rmt.CircularLaw(), rmt.EllipticLaw(0.5), rmt.GinibreProduct(2)):
        yield call(planar.pdf, 0.5 + 0.1j)
        yield call(planar.rvs, 3, rng=0)
    yield call(rmt.Law.from_r_transform, lambda g: g)
    yield call(rmt.Law.from_s_transform, lambda m: 1 / (1 + m))
    yield call(rmt.Law.from_moments, [0, 1, 0, 2])
    yield call(rmt.Law.from_pdf, lambda x: 0.5 + 0 * x, (-1, 1))


def _calculus(call: Callable[..., Call]) -> Iterator[Call]:
    law, other = rmt.MarchenkoPastur(), rmt.Uniform(1, 2)
    for f in (rmt.boxplus, rmt.boxtimes, rmt.boolean_convolution):
        yield call(f, law, other, powers=(2, 1), closed_form=True)
    yield call(rmt.classical_convolution, rmt.Gaussian(), other)
    yield call(rmt.monotone_convolution, law, other, closed_form=True)
    yield call(rmt.mixture, law, other, weights=(0.5, 0.5))
    for f in (rmt.commutator, rmt.anticommutator):
        yield call(f, rmt.Semicircle(), law, closed_form=True)
    for f in (rmt.free_power, rmt.multiplicative_power):
        yield call(f, law, 2, closed_form=True)
    yield call(rmt.compress, law, 0.5, closed_form=True)
    for f in (rmt.inverse, rmt.symmetrised):
        yield call(f, other, closed_form=True)
    yield call(rmt.CompoundFreePoisson, 1, other, closed_form=True)
    yield call(rmt.FreeLevy, drift=0, variance=1, rate=1, jumps=other, closed_form=True)
    yield call(rmt.CircularElement, variance=1)
    yield call(rmt.deformed_wigner, [0.0, 1.0], variance=1, closed_form=True)
    yield call(rmt.sample_covariance, [1.0, 2.0], 0.5, closed_form=True)
    yield call(rmt.free_subtract, rmt.boxplus(law, other), law)
    yield call(rmt.free_divide, rmt.boxtimes(law, other), law)
    yield call(rmt.rectangular_boxplus, law, other, 0.5, closed_form=True)
    yield call(rmt.polynomial_law, {(0, 1, 0): 1}, [rmt.Semicircle(), law])
    yield call(rmt.outliers, rmt.Semicircle(), [2.0], perturbation="additive", factor=None)
    yield call(rmt.spike_thresholds, rmt.boxplus(rmt.Semicircle(), law), perturbation="additive", factor=0)
    yield call(rmt.nonlinear_shrinkage, rmt.sample_covariance([1.0, 2.0], 0.5), [0.5, 1.0], factor=0)
    yield call(
        rmt.population_spectrum,
        list(rmt.MarchenkoPastur(0.5).ppf((np.arange(40) + 0.5) / 40)),
        0.5,
        grid=[0.5, 1.0, 2.0],
        smoothing=0.1,
    )
    yield call(
        rmt.free_deconvolve,
        list(np.linspace(0.5, 2.5, 12)),
        rmt.Semicircle(0, 0.1),
        operation="additive",
        grid=[0.5, 1.0],
        smoothing=0.1,
    )
    yield call(free.HaarUnitary)


def _combinatorics(call: Callable[..., Call]) -> Iterator[Call]:
    c = combinatorics
    blocks, finer = [[1, 2], [3]], [[1], [2], [3]]
    for name in ("as_partition", "covers", "genus", "is_noncrossing"):
        yield call(getattr(c, name), blocks)
    yield call(c.kreweras_complement, blocks, inverse=False)
    for name in ("join", "meet", "refines", "moebius"):
        yield call(getattr(c, name), finer, blocks)
    for name in ("free", "classical", "boolean"):
        yield call(getattr(c, f"{name}_cumulants_from_moments"), [1, 2, 5])
        yield call(getattr(c, f"moments_from_{name}_cumulants"), [1, 1, 1])
    yield call(c.rectangular_cumulants_from_moments, [1, 2], 0.5)
    yield call(c.moments_from_rectangular_cumulants, [1, 2], 0.5)
    yield call(c.s_transform_from_moments, [1, 2, 5])
    yield call(c.moments_from_s_transform, [1, -1, 1])
    yield call(c.boxplus_moments, [1, 2, 5], [0, 1, 0])
    yield call(c.boxtimes_moments, [1, 2, 5], [0, 1, 0])
    yield call(c.compression_moments, [1, 2, 5], 0.5)
    yield call(c.multiplicative_extension, [1, 2, 5], blocks)
    yield call(c.kreweras_number, [2, 1])
    for name in (
        "catalan",
        "harer_zagier",
        "hasse_diagram",
        "interval_partitions",
        "noncrossing_pairings",
        "noncrossing_partitions",
        "pairings",
        "set_partitions",
    ):
        yield call(getattr(c, name), 4)
    yield call(c.fuss_catalan, 2, 3)
    yield call(c.narayana, 4, 2)


def _ensembles(call: Callable[..., Call]) -> Iterator[Call]:
    yield call(rmt.circular, beta=2)
    yield call(rmt.diagonal, rmt.Uniform(), points="quantiles")
    yield call(rmt.dyson_brownian_motion, 3, [0.0, 1.0], field="complex", start=[0.0, 1.0, 2.0], confined=False, rng=0)
    yield call(rmt.dyson_law, 1, start=rmt.Uniform(), confined=False)
    yield call(rmt.elliptic, 0.5, field="real")
    yield call(rmt.ginibre, entries="gaussian", field="real", shape=(1, 2))
    yield call(rmt.ginibre_product, depth=2, field="complex")
    yield call(rmt.haar_conjugate, rmt.gue(), field="complex")
    yield call(rmt.hermite, beta=2)
    yield call(rmt.jacobi, beta=2, a=0, b=0)
    yield call(rmt.jacobi, beta=2, ratios=(0.5, 0.25))
    yield call(rmt.laguerre, beta=2, ratio=1)
    yield call(rmt.laguerre, beta=2, a=1)
    yield call(rmt.product_wishart, depth=2, entries="gaussian", field="real")
    yield call(rmt.projection, fraction=0.5, field="real")
    yield call(rmt.single_ring, rmt.Uniform(1, 2), field="complex")
    yield call(rmt.truncated_unitary, 0.5, field="complex")
    yield call(rmt.wigner, entries="gaussian", field="real")
    yield call(rmt.wishart, ratio=1, entries="gaussian", field="real")
    yield call(rmt.band, exponent=0.5, entries="gaussian", field="real")
    yield call(rmt.levy, alpha=1.5)
    yield call(rmt.toeplitz, entries="gaussian")
    yield call(rmt.toeplitz().limit_moments, 4)
    yield call(rmt.erdos_renyi, degree=3, kind="adjacency")
    yield call(rmt.random_regular, degree=3, kind="adjacency")
    yield call(rmt.spiked_wigner, spikes=(2.0,), entries="gaussian", field="real")
    yield call(rmt.spiked_wishart, spikes=(4.0,), ratio=0.5, entries="gaussian", field="real")
    yield call(rmt.rosenzweig_porter, gamma=1.5, diagonal=rmt.Uniform(), field="real")
    yield call(rmt.rosenzweig_porter().law_at, 4)
    yield call(rmt.separable_covariance, rmt.Uniform(0, 2), rmt.Uniform(0, 2), ratio=0.5, field="real")
    yield call(rmt.ErdosRenyi, degree=3, kind="adjacency", resolution=0.5, population=200)
    yield call(rmt.LevyMatrix, alpha=1.5)
    yield call(rmt.PolynomialEquilibrium, [0, 0, 0.5])
    for ensemble in (rmt.goe(), rmt.wishart(), rmt.ginibre(), rmt.hermite(3), rmt.gue() + rmt.wishart()):
        yield call(ensemble.sample, 3, rng=0)
        yield call(ensemble.eigenvalues, 3, rng=0, trials=2)
        yield call(ensemble.__add__, 1)
        yield call(ensemble.__mul__, 2)
    yield call(rmt.goe().singular_values, 3, rng=0)
    for name in ("largest_law", "smallest_law"):
        yield call(getattr(rmt.wishart(0.5, field="complex"), name), 4, method="auto")
    yield call(rmt.gue().mean_density, 4)


def _spectra(call: Callable[..., Call]) -> Iterator[Call]:
    values = np.sort(np.random.default_rng(0).uniform(-1.0, 1.0, 60))
    yield call(
        spectra.compare,
        values,
        rmt.Uniform(),
        n=60,
        beta=1,
        rigidity=False,
        level=0.01,
        false_alarm=0.01,
        tolerance=None,
        atom_tolerance=None,
    )
    yield call(spectra.esd, values)
    yield call(spectra.fit_beta, spectra.gap_ratios(values), kind="ratios")
    yield call(spectra.gap_ratios, values, k=1, share=1.0)
    levels = spectra.unfold(rmt.gue().eigenvalues(40, trials=8, rng=0), rmt.Semicircle())
    for name in ("number_variance", "spectral_rigidity", "form_factor"):
        yield call(getattr(spectra, name), levels, [1.0], share=0.8)
    for name in ("number_variance_law", "spectral_rigidity_law", "form_factor_law"):
        yield call(getattr(spectra, name), 1.0, beta=1)
    yield call(spectra.gue_form_factor, 4, 1.0)
    yield call(spectra.spacings, levels, k=1, share=1.0)
    yield call(spectra.unfold, values, rmt.Uniform())
    yield call(spectra.unfold, values, degree=5)
    yield call(spectra.unfold, values, window=10)
    yield call(
        spectra.linear_statistic, rmt.Semicircle(), lambda x: x**2, beta=1, fourth_cumulant=0, diagonal_variance=2
    )
    yield call(spectra.product_singular_values, [np.eye(2), np.eye(2)])
    yield call(spectra.masked_product, [np.eye(2), np.eye(2)], [np.ones(2), np.ones(2)])
    yield call(spectra.gaussian_product_log_singular_values, 3, 2, rng=0, field="real", widths=(3, 3, 3))


def _networks(call: Callable[..., Call]) -> Iterator[Call]:
    n = networks
    yield call(n.MLP, 3, "tanh", 1.2, 0.1, weights="orthogonal")
    yield call(n.ResidualNetwork, 3, "tanh", 0.5)
    net = n.MLP(3, "tanh", 1.2, 0.1)
    yield call(net.isometry, target=0.2)
    yield call(n.isometry, net, target=0.2)
    yield call(net.jacobian().sample, 3, rng=0)
    yield call(n.activation, "tanh")
    yield call(n.advise, "tanh", 3, sigma_w=1.2, sigma_b=0.1, weights="orthogonal", widths=(1, 1, 1, 1), target=0.2)
    yield call(n.circular_convolution_singular_values, np.ones((1, 1, 3)), (4,))
    yield call(n.compare_initialisers, "tanh", width=512)
    yield call(n.convolution_gram_law, 3, "orthogonal", sigma_w=1.0)
    yield call(n.convolution_kernel, 2, 3, "orthogonal", sigma_w=1.0, rng=0)
    yield call(n.convolution_relative_variance, 3, "orthogonal")
    yield call(n.convolutional_jacobian_law, net, 3, "orthogonal")
    yield call(n.correlation_map, "tanh", 0.5, q=1.0, sigma_w=1.0, sigma_b=0.1)
    yield call(n.critical_points, "tanh", sigma_b=0.1)
    yield call(n.critical_sigma_w, "tanh", sigma_b=0.1)
    yield call(n.depth_limit, "bernoulli", 1)
    yield call(n.edge_of_chaos, "tanh", q=[1.0])
    yield call(n.fixed_points, "tanh", sigma_w=1.5, sigma_b=0.1)
    yield call(n.half_stable_point, "tanh")
    yield call(n.initialiser, "he_normal", fan_in=4, fan_out=4, gain=1.0)
    yield call(n.length_map, "tanh", 1.0, sigma_w=1.0, sigma_b=0.1)
    yield call(n.lengths, "tanh", 3, sigma_w=1.0, sigma_b=0.1, input_q=1.0)
    yield call(n.mean_field, "tanh", sigma_w=1.0, sigma_b=0.1, input_q=1.0)
    yield call(n.residual_limit, 1, skip=1.0, depth=3)
    yield call(n.squared_slope_law, "tanh", 1.0)
    yield call(n.SquaredSlope, "tanh", 1.0)
    yield call(n.FreeLogNormal, 1)
    yield call(n.BernoulliDepthLimit, 1)
    yield call(n.torch_gain, "relu", 0.01)
    act = n.activation("tanh")
    for name in ("second_moment", "curvature_moment"):
        if hasattr(act, name):
            yield call(getattr(act, name), 1.0)
    for name in ("covariance", "slope_covariance"):
        yield call(getattr(act, name), 1.0, 1.0, 0.5)
    yield call(act.divergence, 1.0, 0.5)


def _kernels(call: Callable[..., Call]) -> Iterator[Call]:
    k = kernels
    X = np.random.default_rng(0).standard_normal((4, 3))
    y = np.ones(4)
    net = {"activation": "tanh", "depth": 2, "sigma_w": 1.2, "sigma_b": 0.1}
    yield call(k.MLP, 2, "tanh", 1.2, 0.1)
    for name in ("nngp", "ntk", "nngp_and_ntk"):
        yield call(getattr(k, name), X, X[:2], **net)
    for name in ("empirical_nngp", "empirical_ntk"):
        yield call(getattr(k, name), 8, X, **net, rng=0)
    for name in ("dual", "slope_dual"):
        yield call(getattr(k, name), "tanh", 1.0, 1.0, 0.5)
        yield call(getattr(k, name), "tanh", 1.0, 1.0, gap=0.5, return_error=True)
    gram = k.ntk(X, **net)
    yield call(k.bayes, gram, y, noise=0.1)
    yield call(k.flow, gram, y, 1.0, test=gram[:2])
    yield call(k.descent, gram, y, 3, 0.01, test=gram[:2])
    yield call(k.condition_number, gram)
    yield call(k.condition_number, rmt.Uniform(1, 2), n=10)
    yield call(k.critical_step, gram, "half_sum")
    for name in ("conjugate_kernel_law", "ntk_law"):
        yield call(getattr(k, name), "tanh", [0.5, 1.0], q=1.0)
    yield call(k.entrywise_kernel_law, "tanh", 0.5)
    yield call(k.hierarchy, "tanh", 1.0, order=4)
    for name in ("ridge", "learning_curve"):
        yield call(getattr(k, name), [1.0, 0.5], [1.0, 1.0], 3, 0.1, 0.1)
    yield call(k.random_features, [1.0, 0.5], [1.0, 1.0], 3, 4, 0.1, 0.1)
    yield call(k.linear_final_kernel, 10.0, 1.0, 1.0, 1.0)
    yield call(k.linear_fourth_moment, 10.0, 2)
    yield call(k.relu_tangent_variance, 0.5)
    yield call(k.zonal, k.MLP(2, "tanh", 1.2, 0.1), "ntk")
    yield call(k.Dense, 1.0, 0.1)
    yield call(k.Conv, 1.0, 0.1, 3, 1, "circular")
    yield call(k.Residual, [k.Dense(1.0, 0.1)], 0.5)
    yield call(k.Stack, [k.Dense(1.0, 0.1)])
    yield call(k.corrected_kernel, gram, gram, np.zeros((4, 4, 4, 4)), y, 10.0)


def plots() -> Iterator[Call]:
    """Calls of the functions that draw."""

    def call(function: Callable[..., Any], *positional: Any, **named: Any) -> Call:
        return Call(f"plotting.{function.__name__}", function, positional, named)

    p, law = plotting, rmt.MarchenkoPastur()

    def axes():
        return p.figure()[1]

    report = networks.MLP(3, "tanh", 1.1, 0.1).isometry()
    program = programs.Program()
    W, x = program.matrix(), program.vector()
    program.mean(program.map(np.tanh, W @ x))
    yield call(p.law, law, axes(), log=False, edges=True, label="a", points=50)
    yield call(p.esd, [1.0, 2.0, 3.0], axes(), law=law, bins=10, log=False, label="a")
    yield call(
        p.compare, [1.0, 2.0, 3.0], law, n=20, rng=0, trials=1, view="eigenvalues", ax=axes(), bins=10, log=False,
        label="a", legend=True,
    )  # fmt: skip
    yield call(p.compare, rmt.wishart(ratio=0.5), None, n=20, rng=0, trials=2, view="singular values", legend=False)
    yield call(p.r_transform, law, axes(), window=(-1.0, 0.5), label="a", points=50)
    yield call(p.s_transform, law, axes(), window=(-0.5, 0.5), label="a", points=50)
    yield call(p.subordination, rmt.boxplus(law, rmt.Semicircle()), axes(), factor=0, label="a", points=20)
    yield call(p.domain_coloring, law, axes(), xlim=(-1, 1), ylim=(-1, 1), points=10)
    yield call(p.cobweb, math.cos, 0.5, axes(), steps=5, window=(0.0, 1.0), label="a", points=20)
    yield call(p.partition, [[1, 2], [3]], axes(), centre=(0.0, 0.0), radius=1.0, complement=True, numbers=True)
    yield call(p.noncrossing_lattice, 3, axes(), complement=True, crossing=True)
    yield call(p.figure, 1, 1, width=5.0, height=3.0)
    yield call(p.phase_diagram, "tanh", axes(), sigma_w=(0.5, 3.0), sigma_b=(0.0, 1.0), input_q=1.0, points=16)
    yield call(p.mark_initialisers, "tanh", axes(), width=64, names=["He"])
    yield call(p.program, program, axes())
    yield call(p.isometry, report, axes(), n=20, rng=0)
    yield call(p.isometry_figure, report, n=20, rng=0)
    yield call(p.legend, p.law(law, axes()))
    yield call(p.save, axes().figure, Path(tempfile.gettempdir()) / "bad_calls.png")


# ---------------------------------------------------------------------- the judge
class NoAnswer(BaseException):
    """The time is over."""


def answer_to(call: Call, place: int | str, kind: str, seconds: float = 0.0) -> str | None:
    """What is wrong with the answer to a bad call, or None; with a limit of CPU time if it is > 0."""
    value = BAD[kind]()
    with warnings.catch_warnings(record=True) as seen, _Limit(seconds):
        warnings.simplefilter("always")
        try:
            result = call.put(place, value)
            fault = "NaN" if kind not in MAY_BE_NAN and holds_nan(result) else None
        except NoAnswer:
            return f"no answer in {seconds} s"
        except Exception as error:
            fault = fault_of(error, value)
    fault = fault or next((f"{w.category.__name__}: {w.message}" for w in seen if is_fault(w)), None)
    return fault


#: NaN in, NaN out
MAY_BE_NAN = {"nan", "list of nan", "complex nan", "decimal"}
DOCUMENTED = (ValueError, TypeError, rmt.ConvergenceError, NotImplementedError)


def fault_of(error: Exception, value: Any) -> str | None:
    """What is wrong with an error, or None: it must be raised by a sentence of the package."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = f"{type(error).__name__}: {str(error)[:150]}"
    if isinstance(error, ZeroDivisionError) and "caller's own function" in str(error):
        return None
    if not frame.filename.startswith(PACKAGE):
        return f"{text} [{frame.filename}:{frame.lineno}]"
    source = _statement(frame)
    if not source.lstrip().startswith("raise"):
        return f"{text} [{frame.filename.removeprefix(PACKAGE)}:{frame.lineno}: {source.strip()}]"
    if isinstance(error, OverflowError) and "largest float" in str(error):
        return None
    return None if isinstance(error, DOCUMENTED) else text


def _statement(frame: traceback.FrameSummary) -> str:
    return frame.line or ""


def is_fault(warning: warnings.WarningMessage) -> bool:
    """Whether a warning is none of the package's own."""
    return not issubclass(warning.category, rmt.MomentConditionWarning)


def holds_nan(value: Any) -> bool:
    """Whether a number, an array or a container of them holds a NaN."""
    if isinstance(value, (float, complex, np.number)):
        return bool(np.isnan(value)) if np.asarray(value).dtype.kind in "fc" else False
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind in "fc" and np.isnan(value).any())
    if isinstance(value, (tuple, list)):
        return any(map(holds_nan, value))
    return False


class _Limit:
    """Ends what takes more than so many seconds of CPU time, for long runs on Unix."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        if self.seconds > 0.0:
            self.before = signal.signal(signal.SIGPROF, self._stop)
            signal.setitimer(signal.ITIMER_PROF, self.seconds)

    def __exit__(self, *_: object) -> None:
        if self.seconds > 0.0:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            signal.signal(signal.SIGPROF, self.before)

    @staticmethod
    def _stop(*_: object) -> None:
        raise NoAnswer
