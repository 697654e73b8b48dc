"""Remedies in messages work: every row is a bad call, what its message says, and that remedy, tried."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rmt
from rmt import combinatorics, data, exact, kernels, laws, networks, optimisation, programs, spectra

X, Y, A = rmt.gue(), rmt.wishart(), rmt.ginibre()
R = rmt.ginibre(shape=(1, 3))
MP, S, U = rmt.MarchenkoPastur(0.5), rmt.Semicircle(), rmt.Uniform(1, 2)
MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
HERMITIAN = np.array([[2.0, 1.0], [1.0, 3.0]])
SAMPLE = rmt.wishart(0.5).eigenvalues(40, rng=0)
DATA = np.random.default_rng(0).standard_normal((60, 20))
NET = networks.MLP(3, "tanh", 1.2)
MIXED = networks.MLP(2, ["tanh", "relu"], 1.0, input_q=1.0)
SIGNS = rmt.wigner(entries="rademacher")
WIDE = rmt.Atomic((1e200, -1e200), (0.5, 0.5))


def vector():
    return programs.Program().vector()


def product_of_vectors():
    program = programs.Program()
    return program.mean(program.vector() * program.vector())


def gated():
    x = vector()
    return x * (x > 0)


LAWS = [
    (lambda: rmt.Affine(S, 0), "0 * law is the point mass Atomic((shift,), (1,))", lambda: rmt.Atomic((0,), (1,))),
    (lambda: S + S, "Use rmt.boxplus / rmt.boxtimes", lambda: rmt.boxplus(S, S)),
    (lambda: S + S, "A number shifts (law + 3.0) or dilates (2 * law)", lambda: (S + 3.0, 2 * S)),
    (lambda: S * S, "rmt.classical_convolution for independent ones", lambda: rmt.classical_convolution(S, S)),
    (lambda: S * S, "rmt.mixture for a mixture", lambda: rmt.mixture(S, U)),
    (lambda: rmt.boxplus(S, 3), "a number shifts (law + 3.0)", lambda: S + 3.0),
    (lambda: rmt.boxplus(S, X), "the law of a random matrix X is X.law()", lambda: rmt.boxplus(S, X.law())),
    (lambda: S.blue(0.0), "use r_transform", lambda: S.r_transform(0.0)),
    (lambda: S.pdf(1j), "complex points go to stieltjes", lambda: (S.stieltjes(1j), S.log_potential(1j))),
    (lambda: MP.subordination(1j), "build it with rmt.boxplus", lambda: rmt.boxplus(MP, U).subordination(3j)),
    (
        lambda: rmt.Bernoulli(0.5).to_scipy(),
        "it has pdf, cdf, sf, ppf, rvs and moment",
        lambda: (rmt.Bernoulli(0.5).cdf(0.5), rmt.Bernoulli(0.5).rvs(3, rng=0), rmt.Bernoulli(0.5).moment(2)),
    ),
    (lambda: S.s_transform(-0.5), "Use stieltjes, or rmt.boxtimes", lambda: (S.stieltjes(3j), rmt.boxtimes(S, U))),
    (lambda: rmt.Cauchy().moments(2), "use ppf (the median is ppf(0.5))", lambda: rmt.Cauchy().ppf(0.5)),
    (
        lambda: rmt.Empirical(np.array([1.0 + 0j, 2.0])),
        "take .real if they are real up to rounding",
        lambda: rmt.Empirical(np.array([1.0 + 0j, 2.0]).real),
    ),
    (lambda: rmt.Atomic((0, 1), (1, 1)), "divide them by it", lambda: rmt.Atomic((0, 1), (1 / 2, 1 / 2))),
    (lambda: rmt.mixture(S, U, weights=(1, 3)), "divide them by it", lambda: rmt.mixture(S, U, weights=(0.25, 0.75))),
    (
        lambda: rmt.Wachter(0.5, 0.5),
        "at 1 the matrix is a projection: Bernoulli(a)",
        lambda: rmt.Bernoulli(0.5),
    ),
    (lambda: rmt.GapRatio(3), "there is GapRatioSurmise(beta)", lambda: rmt.GapRatioSurmise(3)),
    (lambda: rmt.GaudinSpacing(3), "there is WignerSurmise(beta)", lambda: rmt.WignerSurmise(3)),
    (lambda: rmt.BesselEdge(3, 1), "sample rmt.laguerre(beta, a=a).smallest(n)", lambda: rmt.laguerre(3, a=1)),
    (lambda: rmt.TracyWidom(50), "sample rmt.hermite(beta).largest(n)", lambda: rmt.hermite(50).largest(10, rng=0)),
    (lambda: rmt.TracyWidom(2, convention="tw96"), "leave it out", lambda: rmt.TracyWidom(2)),
    (lambda: rmt.UnitCircle().pdf(1j), "use angle_law().pdf", lambda: rmt.UnitCircle().angle_law().pdf(0.3)),
    (
        lambda: rmt.GaussianLargest(2, 10**6),
        "largest_law(n) of an ensemble gives the limit",
        lambda: rmt.gue().largest_law(10**6).cdf(2.0),
    ),
    (
        lambda: rmt.MarchenkoPastur(3).free_cumulants(2000),
        "ask for exact=True",
        lambda: rmt.MarchenkoPastur(3).free_cumulants(2000, exact=True),
    ),
    (
        lambda: rmt.Law.from_s_transform(lambda m: 0 * m),
        "S(0) is 1/mean",
        lambda: rmt.Law.from_s_transform(lambda m: 1 / (1 + m)),
    ),
    (lambda: laws.square_root(S), "on [0, inf)", lambda: laws.square_root(MP)),
]

FREE = [
    (
        lambda: rmt.inverse(rmt.MarchenkoPastur(2)),
        "add a constant first (inverse(law + shift))",
        lambda: rmt.inverse(rmt.MarchenkoPastur(2) + 1),
    ),
    (
        lambda: rmt.boxtimes(S, S),
        "build an expression of ensembles (X @ Y + Y @ X)",
        lambda: (X @ rmt.goe() + rmt.goe() @ X).law,
    ),
    (lambda: rmt.multiplicative_power(S, 2), "a law on [0, inf)", lambda: rmt.multiplicative_power(MP, 2)),
    (lambda: rmt.polynomial_law({(): 3}, [S]), "rmt.laws.Atomic", lambda: rmt.laws.Atomic((3,), (1,))),
    (lambda: rmt.FreeLevy(rate=1), "rate and jumps go together", lambda: rmt.FreeLevy(rate=1, jumps=U)),
    (
        lambda: rmt.sample_covariance(HERMITIAN, 0.5),
        "for a matrix pass numpy.linalg.eigvalsh(matrix)",
        lambda: rmt.sample_covariance(np.linalg.eigvalsh(HERMITIAN), 0.5),
    ),
    (lambda: rmt.sample_covariance([1.0, math.nan], 0.5), "remove them", lambda: rmt.sample_covariance([1.0], 0.5)),
    (
        lambda: rmt.free_deconvolve(np.eye(20), MP),
        "for a matrix pass numpy.linalg.eigvalsh(matrix)",
        lambda: rmt.free_deconvolve(
            np.linalg.eigvalsh(DATA.T @ DATA / 60), rmt.MarchenkoPastur(1 / 3), operation="multiplicative"
        ),
    ),
    (
        lambda: rmt.free_deconvolve(DATA.T, MP),
        "for a data matrix rmt.data.sample_spectrum(X).eigenvalues",
        lambda: rmt.free_deconvolve(
            data.sample_spectrum(DATA).eigenvalues, rmt.MarchenkoPastur(1 / 3), operation="multiplicative"
        ),
    ),
    (
        lambda: rmt.nonlinear_shrinkage(S, [0.3]),
        "closed_form=False keeps the factors of a named law",
        lambda: rmt.nonlinear_shrinkage(rmt.boxtimes(MP, rmt.Atomic((1,), (1,)), closed_form=False), [0.3]),
    ),
    (
        lambda: rmt.inverse(U).moments(2, exact=True),
        "ask for floats instead (exact=False)",
        lambda: rmt.inverse(U).moments(2),
    ),
    (
        lambda: rmt.multiplicative_power(MP, 0.1),
        "powers t >= 1 always exist",
        lambda: rmt.multiplicative_power(MP, 1.1),
    ),
]

ENSEMBLES = [
    (lambda: X * Y, "write X @ Y for the matrix product", lambda: X @ Y),
    (lambda: X @ 2, "a number multiplies with *", lambda: X * 2),
    (lambda: X**-1, "X.inverse() is the inverse", lambda: Y.inverse()),
    (
        lambda: X + S,
        "add rmt.haar_conjugate(rmt.diagonal(law))",
        lambda: (X + rmt.haar_conjugate(rmt.diagonal(U))).law(),
    ),
    (lambda: X + S, "rmt.boxplus(ensemble.law(), law)", lambda: rmt.boxplus(X.law(), S)),
    (
        lambda: X * S,
        "multiply (@) with rmt.haar_conjugate(rmt.diagonal(law))",
        lambda: (X @ rmt.haar_conjugate(rmt.diagonal(U))).sample(4, rng=0),
    ),
    (lambda: Y * U, "take rmt.boxtimes(ensemble.law(), law)", lambda: rmt.boxtimes(Y.law(), U)),
    (lambda: 1j * rmt.gse(), "or the complex field (rmt.gue())", lambda: 1j * rmt.gue()),
    (lambda: R + 1, "A @ A.H + 1 is a square matrix", lambda: (R @ R.H + 1).law()),
    (
        lambda: R.eigenvalues(3),
        "use singular_values(n) and gram_law()",
        lambda: (R.singular_values(3, rng=0), R.gram_law()),
    ),
    (lambda: (A @ X + X @ A).law(), "the law of A @ A.H or of A + A.H is", lambda: ((A @ A.H).law(), (A + A.H).law())),
    (lambda: (A @ X + X @ A).law(), ".eigenvalues(n) samples it", lambda: (A @ X + X @ A).eigenvalues(4, rng=0)),
    (
        lambda: rmt.haar_conjugate(R),
        "multiply it by rmt.haar_unitary() on either side",
        lambda: (rmt.haar_unitary() @ R).singular_values(3, rng=0),
    ),
    (
        lambda: rmt.haar_conjugate(S),
        "a law becomes one with rmt.diagonal(law)",
        lambda: rmt.haar_conjugate(rmt.diagonal(S)),
    ),
    (
        lambda: rmt.diagonal([1.0, 2.0]),
        "numbers become one with rmt.Empirical(numbers)",
        lambda: rmt.diagonal(rmt.Empirical([1.0, 2.0])),
    ),
    (
        lambda: rmt.diagonal([1.0, 2.0]),
        "a density with rmt.Law.from_pdf",
        lambda: rmt.diagonal(rmt.Law.from_pdf(lambda x: 0 * x + 1.0, [(0, 1)])),
    ),
    (
        lambda: rmt.laguerre(2, ratio=0.5, a=1),
        "give one of them",
        lambda: (rmt.laguerre(2, ratio=0.5), rmt.laguerre(2, a=1)),
    ),
    (lambda: rmt.block([[1, 2], [3, 4]]), "numpy.block takes those", lambda: np.block([[1, 2], [3, 4]])),
    (lambda: rmt.block(X), "rmt.block([[X, W], [W.H, 0]])", lambda: rmt.block([[X, A], [A.H, 0]])),
    (
        lambda: rmt.haar_unitary().largest_law(5),
        "Sample them: eigenvalues(n, trials=...)",
        lambda: rmt.haar_unitary().eigenvalues(5, trials=2, rng=0),
    ),
    (lambda: rmt.wigner(entries="student"), "for example", lambda: rmt.wigner(entries="student(5)")),
    (
        lambda: rmt.wigner(entries=rmt.Cauchy()),
        "take 'cube_root_cauchy'",
        lambda: rmt.wigner(entries="cube_root_cauchy"),
    ),
    (
        lambda: rmt.projection(0.5).inverse(),
        "add a constant first, (X + c).inverse()",
        lambda: (rmt.projection(0.5) + 1).inverse().law(),
    ),
    (lambda: rmt.gse().T, "X.H is the conjugate transpose", lambda: rmt.gse().H),
    (
        lambda: (rmt.diagonal(U) + rmt.diagonal(rmt.Rademacher())).law(),
        "rmt.haar_conjugate(...)",
        lambda: (rmt.haar_conjugate(rmt.diagonal(U)) + rmt.diagonal(rmt.Rademacher())).law(),
    ),
    (
        lambda: X.largest_law(10, method="hard_edge"),
        "accepted: 'first_order', 'plain'",
        lambda: X.largest_law(10, method="plain"),
    ),
    (
        lambda: SIGNS.largest_law(10, method="exact"),
        "method='auto' gives the limit",
        lambda: SIGNS.largest_law(10, method="auto"),
    ),
    (
        lambda: SIGNS.largest_law(10, method="second_order"),
        "take method='first_order'",
        lambda: SIGNS.largest_law(10, method="first_order"),
    ),
    (
        lambda: rmt.goe().sample(10**7),
        "eigenvalues(n) draws no dense matrix",
        lambda: rmt.goe().eigenvalues(100, rng=0),
    ),
]

SPECTRA = [
    (
        lambda: spectra.esd(np.array([[1.0, 2.0], [0.0, 1.0]])),
        "Pass (A + A.conj().T) / 2",
        lambda: spectra.esd(HERMITIAN),
    ),
    (lambda: spectra.esd(DATA), "pass the Gram matrix A @ A.conj().T", lambda: spectra.esd(DATA @ DATA.conj().T)),
    (
        lambda: spectra.esd(DATA),
        "np.linalg.svd(A, compute_uv=False)",
        lambda: spectra.esd(np.linalg.svd(DATA, compute_uv=False)),
    ),
    (
        lambda: spectra.compare(SAMPLE + 0j, MP),
        "numpy.linalg.eigvalsh, not eigvals",
        lambda: spectra.compare(SAMPLE, MP),
    ),
    (
        lambda: spectra.compare(DATA.T @ DATA, MP),
        "a square array is a matrix, and its eigenvalues are needed",
        lambda: spectra.compare(np.linalg.eigvalsh(DATA.T @ DATA / 60), MP),
    ),
    (
        lambda: spectra.compare(SAMPLE, MP, n=7),
        "leave n out for those of one matrix",
        lambda: spectra.compare(SAMPLE, MP),
    ),
    (
        lambda: spectra.density_of_states(lambda v: v),
        "needs its dimension: size=",
        lambda: spectra.density_of_states(lambda v: HERMITIAN @ v, size=2, rng=0),
    ),
    (
        lambda: spectra.density_of_states(np.array([[0.0, 1.0], [0.0, 0.0]])),
        "pass (A + A.T)/2",
        lambda: spectra.density_of_states(np.array([[0.0, 0.5], [0.5, 0.0]]), rng=0),
    ),
    (lambda: spectra.trace_moments(3, 2, 10), "rmt.gue()", lambda: spectra.trace_moments(rmt.gue(), 2, 10, rng=0)),
    (
        lambda: spectra.number_variance([1.0, 2.0], [1.0]),
        "must come from rmt.spectra.unfold",
        lambda: spectra.number_variance(spectra.unfold(X.eigenvalues(200, rng=0), S), [1.0]),
    ),
    (
        lambda: spectra.unfold(X.eigenvalues(20, rng=0), degree=9),
        "unfold by the law",
        lambda: spectra.unfold(X.eigenvalues(20, rng=0), S),
    ),
    (lambda: spectra.linear_statistic(S, abs), "see number_variance", lambda: spectra.number_variance_law([1.0], 1)),
]

DATA_ROWS = [
    (
        lambda: data.sample_spectrum(DATA[:, 0]),
        ".reshape(-1, 1)",
        lambda: data.sample_spectrum(DATA[:, 0].reshape(-1, 1)),
    ),
    (
        lambda: data.sample_spectrum(DATA[:1]),
        "with known mean 0 pass centred=True",
        lambda: data.sample_spectrum(DATA[:1], centred=True),
    ),
    (
        lambda: data.fit_marchenko_pastur(SAMPLE, ratio=0.5, samples=80),
        "pass samples or ratio, not both",
        lambda: data.fit_marchenko_pastur(SAMPLE, ratio=0.5),
    ),
    (
        lambda: data.population_spike(5.0),
        "pass the ratio (dimension over samples)",
        lambda: data.population_spike(5.0, ratio=0.5),
    ),
    (
        lambda: data.clean_covariance(DATA, method="oracle"),
        "population=",
        lambda: data.clean_covariance(DATA, method="oracle", population=np.eye(20)),
    ),
    (lambda: data.denoise(DATA[:2]), "pass noise=", lambda: data.denoise(DATA[:2], noise=1.0)),
    (
        lambda: data.fit_marchenko_pastur(SAMPLE, correlation=True, ratio=0.5),
        "correlation=False for a covariance matrix",
        lambda: data.fit_marchenko_pastur(SAMPLE, correlation=False, ratio=0.5),
    ),
]

NETWORKS = [
    (
        lambda: networks.MLP(10**8, "tanh", 1.0),
        "use rmt.networks.depth_limit",
        lambda: networks.depth_limit("smooth", 0.25),
    ),
    (lambda: networks.MLP(3, "no such", 1.0), "or a callable with derivative=", lambda: networks.MLP(3, np.tanh, 1.0)),
    (lambda: networks.MLP(2, ["tanh", "relu"], 1.0).jacobian(), "pass input_q", lambda: MIXED.jacobian()),
    (lambda: MIXED.mean_field(), "see the attribute layers", lambda: MIXED.layers),
    (
        lambda: networks.MLP(3, "tanh", 1.0).jacobian().law(),
        "gram_law() is the law of J Jᵀ, singular_value_law()",
        lambda: (NET.jacobian().gram_law(), NET.jacobian().singular_value_law()),
    ),
    (lambda: kernels.activation("no such"), "kernels also know", lambda: kernels.activation("relu")),
    (
        lambda: kernels.dual("relu", 1.0, 1.0),
        "pass either the correlation c or gap=1 − c",
        lambda: kernels.dual("relu", 1.0, 1.0, gap=0.5),
    ),
    (
        lambda: kernels.ridge(MP, 1.0, 100, 0.1),
        "pass size=, the dimension p",
        lambda: kernels.ridge(MP, 1.0, 100, 0.1, size=50),
    ),
    (
        lambda: kernels.condition_number(kernels.MLP(3, "tanh", 1.2)),
        "needs n=",
        lambda: kernels.condition_number(kernels.MLP(3, "tanh", 1.2), n=10),
    ),
    (lambda: kernels.critical_step(MP, "half_mean"), "pass n=", lambda: kernels.critical_step(MP, "half_mean", n=10)),
    (
        lambda: networks.MLP(5, "relu", 1.5, 1.0),
        "Lower sigma_w, or pass input_q",
        lambda: (networks.MLP(5, "relu", 1.0, 1.0), networks.MLP(5, "relu", 1.5, 1.0, input_q=1.0).isometry()),
    ),
    (lambda: kernels.attention(), "Use Dense, Conv, Residual and LayerNorm", lambda: kernels.Stack([kernels.Dense()])),
    (
        lambda: networks.MLP(3, np.sign, 1.0).jacobian(),
        "Use a continuous activation",
        lambda: networks.MLP(3, np.tanh, 1.0).jacobian(),
    ),
]

OTHERS = [
    (
        lambda: combinatorics.free_cumulants_from_moments(MASKED),
        "take its .tolist()",
        lambda: combinatorics.free_cumulants_from_moments([1.0, 2.0, 3.0]),
    ),
    (
        lambda: exact.finite.MonicPolynomial.from_coefficients([0, 1, 2]),
        "leave out leading zeros",
        lambda: exact.finite.MonicPolynomial.from_coefficients([1, 2]),
    ),
    (
        lambda: optimisation.average_error(S, "gradient_descent", 3),
        "must be >= 0",
        lambda: optimisation.average_error(MP, "gradient_descent", 3),
    ),
    (
        lambda: optimisation.average_error(MP, "gradient_descent", 3, momentum=0.5),
        "heavy_ball and nesterov do",
        lambda: [optimisation.average_error(MP, m, 3, momentum=0.5) for m in ("heavy_ball", "nesterov")],
    ),
    (
        lambda: rmt.FreeStable(1.5, 0.5).moments(2),
        "use quantiles, or the R-transform",
        lambda: (rmt.FreeStable(1.5, 0.5).ppf(0.4), rmt.FreeStable(1.5, 0.5).r_transform(-0.1j)),
    ),
    (lambda: WIDE.var(), "take std(), or moments(2, exact=True)", lambda: (WIDE.std(), WIDE.moments(2, exact=True))),
    (
        lambda: math.sqrt(vector()),
        "functions of the module math are np.tanh(x), np.sqrt(x)",
        lambda: np.sqrt(abs(vector())),
    ),
    (lambda: bool(vector() > 0), "x > 0 is a vector of zeros and ones", gated),
    (lambda: len(vector()), "x.size is it in units of n", lambda: vector().size),
    (lambda: vector() @ vector(), "write P.mean(x * y)", product_of_vectors),
    (
        lambda: optimisation.average_error(MP, "chebyshev", 3, step=0.1),
        "leave step= out",
        lambda: optimisation.average_error(MP, "chebyshev", 3),
    ),
    (
        lambda: optimisation.halting_time(MP, "gradient_descent", 1e-9, max_steps=3),
        "raise tol or max_steps",
        lambda: (
            optimisation.halting_time(MP, "gradient_descent", 0.5, max_steps=3),
            optimisation.halting_time(MP, "gradient_descent", 1e-9),
        ),
    ),
]


def rows(table):
    return [pytest.param(*row, id=f"{k}: {row[1][:40]}") for k, row in enumerate(table)]


@pytest.mark.parametrize(
    ("bad", "says", "remedy"), rows([*LAWS, *FREE, *ENSEMBLES, *SPECTRA, *DATA_ROWS, *NETWORKS, *OTHERS])
)
def test_remedy(bad, says, remedy):
    with pytest.raises((ValueError, TypeError, ArithmeticError)) as caught:
        bad()
    assert says in str(caught.value)
    remedy()
