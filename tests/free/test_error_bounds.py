"""Error bounds are honest: truth from closed forms and from solutions polished to 30 digits by another iteration."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from roots import polynomial_roots

from rmt.free import boxplus, boxtimes, compress, free_power, multiplicative_power
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    FussCatalan,
    KestenMcKay,
    MarchenkoPastur,
    ProjectionProduct,
    Rademacher,
    Semicircle,
    Wachter,
)

CLOSED = {
    "semicircles": (boxplus(Semicircle(), Semicircle(), closed_form=False), Semicircle(0, 2)),
    "free Poisson": (boxplus(MarchenkoPastur(), MarchenkoPastur(), closed_form=False), MarchenkoPastur(0.5, 2)),
    "arcsine": (boxplus(Rademacher(), Rademacher(), closed_form=False), Arcsine(2)),
    "tree of degree 3": (free_power(Rademacher(), 3, closed_form=False), KestenMcKay(3)),
    "tree of degree 20": (free_power(Rademacher(), 20, closed_form=False), KestenMcKay(20)),
    "projections": (boxtimes(Bernoulli(0.3), Bernoulli(0.4), closed_form=False), ProjectionProduct(0.3, 0.4)),
    "corner": (compress(Bernoulli(0.3), 0.4, closed_form=False), Wachter(0.75, 1.75)),
    "product": (multiplicative_power(MarchenkoPastur(), 2, closed_form=False), FussCatalan(2)),
}


@pytest.mark.parametrize("name", CLOSED)
def test_bounds_against_closed_forms(name):
    law, exact = CLOSED[name]
    interval = exact.support[0]
    x = np.linspace(interval.low, interval.high, 402)[1:-1]
    value, bound = law.pdf(x, return_error=True)
    error = np.abs(value - exact.pdf(x))
    assert np.all(error <= bound + 4e-16 * value)  # the closed form is rounded, too
    level, bound = law.cdf(x, return_error=True)
    assert np.all(np.abs(level - exact.cdf(x)) <= bound + 4e-16)


# ---------------------------------------------------------------------- 30 digits by Newton's iteration on G
class Exact:
    """Subordination equations of one operation on atomic, semicircle and free Poisson laws, in mpmath.

    The unknowns are the subordination functions ω_i themselves and the common value of F (of zG/(zG - 1) for
    products); the start is the double solution, its correctness the positivity of the imaginary parts.
    """

    def __init__(self, laws, powers, product):
        self.laws, self.powers, self.product = laws, powers, product

    def transform(self, law, w):
        if isinstance(law, Semicircle):
            z, s = w - law.mean(), mp.sqrt(mp.mpf(law.variance))
            return 2 / (z + mp.sqrt(z - 2 * s) * mp.sqrt(z + 2 * s))
        if isinstance(law, MarchenkoPastur):
            rate, jump = (mp.mpf(v.numerator) / v.denominator for v in law._rate_and_jump())
            r = mp.sqrt(w - jump * (1 - mp.sqrt(rate)) ** 2) * mp.sqrt(w - jump * (1 + mp.sqrt(rate)) ** 2)
            return 2 / (w + jump * (1 - rate) + r)
        return mp.fsum(mp.mpf(float(p)) / (w - mp.mpf(float(a))) for a, p in zip(*law._points(), strict=True))

    def residuals(self, z, omegas, common):
        """All equations, zero at the solution."""
        excess = mp.fsum(self.powers) - 1
        if self.product:
            values = [w * self.transform(law, w) - 1 for law, w in zip(self.laws, omegas, strict=True)]
            balance = mp.fsum(t * mp.log(w) for t, w in zip(self.powers, omegas, strict=True))
            first = balance - mp.log(z) - excess * mp.log((1 + common) / common)
            return [first, *(v - common for v in values)]
        values = [1 / self.transform(law, w) for law, w in zip(self.laws, omegas, strict=True)]
        first = mp.fsum(t * w for t, w in zip(self.powers, omegas, strict=True)) - z - excess * common
        return [first, *(v - common for v in values)]

    def density(self, law, x):
        """−Im G/π at `x`; None where the law is not found to have one."""
        omegas = [complex(w) for w in law.subordination(x)]
        g = complex(law.stieltjes(x))
        if not all(w.imag > 0.0 for w in omegas):
            return None
        with mp.workdps(40):
            z = mp.mpf(float(x))
            guess = [*map(mp.mpc, omegas), z * mp.mpc(g) - 1 if self.product else 1 / mp.mpc(g)]
            solution = mp.findroot(
                lambda *u: self.residuals(z, u[:-1], u[-1]), guess, tol=mp.mpf(10) ** -60, maxsteps=60, verify=False
            )
            assert max(map(abs, self.residuals(z, solution[:-1], solution[len(guess) - 1]))) < mp.mpf(10) ** -25
            assert all(w.imag > 0 for w in solution[:-1])
            common = solution[len(guess) - 1]
            return -((1 + common) / z if self.product else 1 / common).imag / mp.pi


def random_operation(rng):
    """A sum or product of two or three laws with powers."""
    product = bool(rng.random() < 0.5)
    laws, powers = [], []
    for _ in range(int(rng.integers(2, 4))):
        kind = int(rng.integers(3))
        if kind == 0:
            sigma = float(rng.uniform(0.3, 1.0))
            laws.append(Semicircle(2.0 * sigma + 0.3 if product else 0.25, sigma**2))
        elif kind == 1:
            laws.append(MarchenkoPastur(float(rng.uniform(0.2, 0.9)), float(rng.uniform(0.5, 2.0))))
        else:
            p = float(rng.uniform(0.2, 0.8))
            laws.append(Atomic((0.5, float(rng.uniform(1.0, 3.0))), (p, 1.0 - p)))
        powers.append(1 if rng.random() < 0.5 else 1.5)
    operation = boxtimes if product else boxplus
    return operation(*laws, powers=powers, closed_form=False), Exact(laws, powers, product)


def errors_and_bounds(seeds, distances):
    """Errors and bounds of densities at random points, and at these relative distances from all soft edges."""
    errors, bounds = [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        law, exact = random_operation(rng)
        if len(law.node.children) != len(exact.laws):  # equal laws were merged
            continue
        points = []
        for i in law.support:
            width = i.high - i.low
            points += [*rng.uniform(i.low, i.high, 3), *(i.low + d * width for d in distances)]
            points += [i.high - d * width for d in distances]
        for x in points:
            truth = exact.density(law, x)
            value, bound = law.pdf(x, return_error=True)
            if truth is not None:
                errors.append(abs(float(mp.mpf(float(value)) - truth)))
                bounds.append(float(bound))
    return np.array(errors), np.array(bounds)


@pytest.mark.slow
def test_bounds_of_random_operations():
    errors, bounds = errors_and_bounds(range(12), (1e-3, 1e-8, 1e-13))
    assert errors.size > 80
    assert np.all(errors <= bounds)
    slack = np.log10(bounds / np.maximum(errors, 1e-18))
    assert np.median(slack) < 1.5


def test_errors_beyond_the_bounds_are_noticed():
    errors, bounds = errors_and_bounds(range(3), ())
    assert not np.all(errors + 1e-12 <= bounds)


# ---------------------------------------------------------------------- cusps
@pytest.mark.parametrize("p", [0.5, 0.3, 0.03])
def test_bounds_next_to_cusps(p):
    # semicircle ⊞ two atoms at the variance where its gap closes: 1 = σ² ∫ (w - t)^-2 where ∫ (w - t)^-3 = 0
    with mp.workdps(40):
        ratio = mp.cbrt(mp.mpf(p) / (1 - mp.mpf(p)))
        w = ratio / (1 + ratio)
        variance = 1 / (mp.mpf(p) / w**2 + (1 - mp.mpf(p)) / (1 - w) ** 2)
        cusp = float(w + variance * (mp.mpf(p) / w - (1 - mp.mpf(p)) / (1 - w)))
        variance = float(variance)
    law = boxplus(Semicircle(0, variance), Bernoulli(1.0 - p), closed_form=False)
    distances = np.geomspace(1e-11, 1e-3, 17)
    x = np.concatenate([cusp - distances, cusp + distances])
    value, bound = law.pdf(x, return_error=True)
    truth = np.array([two_atoms_density(v, variance, 1.0 - p) for v in x])
    assert np.all(np.abs(value - truth) <= bound)
    far = np.abs(x - cusp) >= 1e-6
    assert np.max(np.abs(value - truth)[far]) < 1e-12


def two_atoms_density(x, variance, q):
    """Semicircle ⊞ Bernoulli from the cubic (ω - x) ω (ω - 1) + σ² (p (ω - 1) + q ω) = 0, 40 digits."""
    with mp.workdps(40):
        x, s, q = mp.mpf(float(x)), mp.mpf(variance), mp.mpf(q)
        roots = polynomial_roots([-s * (1 - q), x + s, -(1 + x), 1], maxsteps=500, extraprec=400)
        return float(max(r.imag for r in roots) / (s * mp.pi))
