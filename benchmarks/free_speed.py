"""Free sums and products, warm and on one thread, each with the time it may take."""

import subprocess
import sys

import numpy as np
from interleaved import clock, options

from rmt.free import boxplus, boxtimes, free_power, multiplicative_power
from rmt.laws import Atomic, Empirical, MarchenkoPastur, Rademacher, Semicircle

WIGNER, WISHART, SIGN = Semicircle(), MarchenkoPastur(), Rademacher()
FIRST_CALL = """
from rmt.free import boxplus
from rmt.laws import Rademacher, Semicircle
boxplus(Semicircle(), Rademacher()).pdf(0.5)
"""


def interior(law, n):
    first, last = law.support[0], law.support[-1]
    return np.linspace(first.low, last.high, n + 2)[1:-1]


def density(task, law, n, limit, repeats):
    """Density at n points; they differ from call to call, so nothing is remembered."""
    x = interior(law, n)
    state = np.random.default_rng(0)
    clock(task, lambda: law.pdf(x + 1e-9 * state.random()), limit, repeats)


def support(task, build, repeats):
    """Edges, exponents, atoms and masses of a fresh law."""

    def ask():
        law = build()
        return law.support, law.atoms

    clock(task, ask, 0.1, repeats)


def main():
    size, repeats = options(__doc__)
    n = size(1000)
    density(f"semicircle + semicircle, {n} points", boxplus(WIGNER, WIGNER, closed_form=False), n, 0.01, repeats)
    density(f"free Poisson + free Poisson, {n} points", boxplus(WISHART, WISHART, closed_form=False), n, 0.01, repeats)
    density(f"semicircle + sign, {n} points", boxplus(WIGNER, SIGN), n, 0.01, repeats)
    density(f"sign to the free power 20, {n} points", free_power(SIGN, 20, closed_form=False), n, 0.01, repeats)
    density(f"free Poisson x free Poisson, {n} points", boxtimes(WISHART, WISHART, closed_form=False), n, 0.01, repeats)
    covariance = boxtimes(MarchenkoPastur(0.5), Atomic((1, 3), (0.5, 0.5)))
    density(f"sample covariance of two populations, {n} points", covariance, n, 0.01, repeats)
    for depth in (2, 10_000):
        law = multiplicative_power(WISHART, depth, closed_form=False)
        u = np.linspace(-0.9 * depth, np.log(depth), n)
        clock(
            f"product of {depth} free Poisson laws, log x, {n} points",
            lambda law=law, u=u: law.pdf_of_log(u),
            None,
            repeats,
        )
    spectrum = Empirical(np.random.default_rng(1).standard_normal(size(500)))
    density(
        f"{size(500)} eigenvalues + semicircle, {n} points", boxplus(spectrum, Semicircle(0, 0.01)), n, 0.15, repeats
    )
    support("support of semicircle + sign", lambda: boxplus(Semicircle(0, 0.9), SIGN), repeats)
    support("support of free Poisson x free Poisson", lambda: boxtimes(WISHART, WISHART, closed_form=False), repeats)
    support(
        "support of a sample covariance", lambda: boxtimes(MarchenkoPastur(0.1), Atomic((1, 3), (0.5, 0.5))), repeats
    )
    support("support of a nested tree", lambda: boxplus(boxtimes(WISHART, Atomic((1, 3), (0.5, 0.5))), SIGN), repeats)
    uniforms = np.random.default_rng(2).random(size(1_000_000))
    law = boxplus(WIGNER, SIGN)
    clock(f"{uniforms.size} quantiles of semicircle + sign", lambda: law.ppf(uniforms), 1.0, repeats)
    clock(
        "first call in a new process",
        lambda: subprocess.run([sys.executable, "-c", FIRST_CALL], check=True),
        1.0,
        repeats,
    )


if __name__ == "__main__":
    main()
