"""``rmt warm``: compile everything once, so that no later call waits for it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

import rmt
from rmt.cli.parser import CommandError, UsageError
from rmt.numerics.progress import Progress

EXAMPLES = """\
examples:
  rmt warm
  NUMBA_CACHE_DIR=/opt/rmt-cache rmt warm    for an image whose users cannot write where the package lies
"""


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare no options."""


def run(arguments: argparse.Namespace) -> int:
    """Do every kind of work once, on small input, so that all kernels are compiled and kept."""
    from rmt.numerics.compilation import jit as kernel
    from rmt.numerics.compilation import kernel_cache

    if kernel.DISABLED:
        raise UsageError("with NUMBA_DISABLE_JIT=1 nothing is compiled; leave it out")
    start = time.monotonic()
    for done, (name, job) in enumerate(JOBS.items()):
        bar = "#" * done + "." * (len(JOBS) - done)
        with Progress(f"[{bar}] compiling {name}"):
            job()
    if not kernel_cache.is_kept():
        raise CommandError("everything is compiled, but could not be kept: name a writable folder in NUMBA_CACHE_DIR")
    print(f"everything is compiled ({time.monotonic() - start:.0f} s)")
    return 0


def _random_numbers() -> None:
    from rmt.numerics.randomness.random_streams import fill

    rng = np.random.default_rng(0)
    for dtype in (np.float64, np.float32):
        for kind in ("uniform", "symmetric uniform", "normal", "laplace", "exponential", "rademacher", "cauchy"):
            fill(kind, 8, rng, dtype=dtype)
        for kind in ("student", "cauchy root"):
            fill(kind, 8, rng, parameter=3.0, dtype=dtype)


def _samples() -> None:
    rmt.wigner("truncated_gaussian").sample(4, rng=0)
    for ensemble in (rmt.goe(), rmt.gue(), rmt.gse(), rmt.wishart(ratio=0.5), rmt.wishart(ratio=0.5, field="complex")):
        ensemble.sample(8, rng=0)
    for haar in (rmt.haar_orthogonal(), rmt.haar_unitary(), rmt.haar_symplectic()):
        haar.sample(8, rng=0)
        haar.eigenvalues(20, rng=0)


def _spectra() -> None:
    rmt.goe().eigenvalues(100, rng=0)
    rmt.goe().eigenvalues(6000, rng=0)  # so many that they are found by division
    rmt.wishart(ratio=0.5).eigenvalues(100, rng=0)
    rmt.wishart(ratio=0.5).singular_values(100, rng=0)
    rmt.product_wishart(depth=3).eigenvalues(20, rng=0)


def _free_sums_and_products() -> None:
    law = rmt.boxplus(rmt.MarchenkoPastur(ratio=0.3), rmt.Semicircle())
    law.pdf([0.5, 1.0])
    law.ppf(0.5)


def _networks() -> None:
    from rmt.networks import squared_slope_law

    slope = squared_slope_law("tanh", 1.0)
    slope.stieltjes(0.5 + 0.1j)
    slope.log_potential(0.5 + 0.1j)
    for activation in ("tanh", "relu"):
        jacobian = rmt.MLP(depth=3, activation=activation, sigma_w=1.1, sigma_b=0.1).jacobian()
        jacobian.gram_law().cdf(0.5)
        jacobian.singular_values(8, rng=0)


def _kernels_of_networks() -> None:
    points = np.random.default_rng(0).standard_normal((3, 4))
    for activation in ("relu", "erf", "gelu", "tanh", "elu", "sin"):
        rmt.kernels.nngp_and_ntk(points, activation=activation, depth=2, sigma_w=1.2, sigma_b=0.1)
        rmt.kernels.nngp(points, activation=activation, depth=2, sigma_w=1.2, sigma_b=0.1)
        rmt.kernels.dual(activation, 1.0, 1.0, 0.5)


def _laws() -> None:
    panels = rmt.Law.from_pdf(lambda x: 0.75 * (1.0 - x**2), [-1.0, 1.0])
    panels.stieltjes(0.5 + 0.1j)
    panels.log_potential(0.5 + 0.1j)
    rmt.TracyWidom(beta=2).pdf(0.0)


def _learning() -> None:
    law = rmt.MarchenkoPastur(ratio=0.5)
    rmt.optimisation.average_error(law, "optimal", 3)
    rmt.optimisation.average_error(law, "heavy_ball", [0, 1])
    rmt.optimisation.residual_polynomial(law, "gradient_descent", 2, [0.0, 2.0])
    rmt.optimisation.sgd_loss(law, [0.0, 1.0], ratio=0.5, step=0.8)
    rmt.optimisation.sgd_run(np.eye(3), [0, 2], step=0.1, rng=0)
    rmt.training.catapult(output=1.0, eigenvalue=1.0, curvature=0.1, rate=0.5, steps=2)
    rmt.training.quadratic_catapult(rmt.Semicircle(), dimension=4, relative_rate=0.5, steps=2)


def _data() -> None:
    import scipy.sparse

    rng = np.random.default_rng(0)
    rmt.data.shrink_eigenvalues(rng.standard_normal(3000) ** 2, 6000)
    rmt.spectra.density_of_states(scipy.sparse.eye_array(50).tocsr(), rng=0)


JOBS: dict[str, Callable[[], object]] = {
    "random numbers": _random_numbers,
    "random matrices": _samples,
    "eigenvalues": _spectra,
    "laws": _laws,
    "free sums and products": _free_sums_and_products,
    "networks": _networks,
    "kernels of networks": _kernels_of_networks,
    "learning": _learning,
    "data": _data,
}
