"""Densities of free convolutions against their closed forms: rmt and what one would pick instead.

Prints a table in markdown: the largest and the median error on 1000 points inside the support, relative where the
density exceeds 1, and the time from the definition of the law to these values. Every column is what its method gives
for a law that it must work out: rmt without its closed forms; freealg (https://pypi.org/project/freealg, skipped if it
is not installed) with its defaults, for the families that it has; the fixed-point iteration of the subordination
functions at Im z = 1e-6; and the polynomial of the Cauchy transform by resultants (sympy), its roots (NumPy) and the
root with the largest density.
"""

import argparse
import math

import numpy as np
import sympy
from interleaved import seconds, show
from threadpoolctl import threadpool_limits

import rmt

OFFSET = 1e-6
SWEEPS = 20_000
POINTS = 1000
Z, G, W, PSI = sympy.symbols("z g w psi")


# ---------------------------------------------------------------------- closed forms
def semicircle(x):
    return np.sqrt(8 - x * x) / (4 * math.pi)


def free_poisson(x):
    return np.sqrt(8 - (x - 3) ** 2) / (2 * math.pi * x)


def arcsine(x):
    return 1 / (math.pi * np.sqrt(4 - x * x))


def fuss_catalan(x):
    """Order 2 (Penson and Życzkowski 2011)."""
    root = 27 + 3 * np.sqrt(81 - 12 * x)
    inner = 2 ** (1 / 3) * root ** (2 / 3) - 6 * x ** (1 / 3)
    return 2 ** (1 / 3) * math.sqrt(3) / (12 * math.pi) * inner / (x ** (2 / 3) * root ** (1 / 3))


def kesten_mckay(x):
    return 3 * np.sqrt(8 - x * x) / (2 * math.pi * (9 - x * x))


# ---------------------------------------------------------------------- fixed-point iteration
def root(low, high, z):
    return np.sqrt(z - low) * np.sqrt(z - high)


def semicircle_f(z):
    return (z + root(-2, 2, z)) / 2


def poisson_f(z):
    return (z + root(0, 4, z)) / 2


def signs_f(z):
    return z - 1 / z


def iterate(step, z, density):
    """The density where the iteration has settled, and where it stands after the last sweep elsewhere."""
    omega = z
    for _ in range(SWEEPS):
        previous, omega = omega, step(omega)
        if np.abs(omega - previous).max() < 1e-13:
            break
    return density(omega)


def picard_sum(f):
    """Belinschi and Bercovici 2007, for two copies of one law."""

    def density(x):
        z = x + 1j * OFFSET

        def step(omega):
            other = z + f(omega) - omega
            return z + f(other) - other

        return iterate(step, z, lambda omega: -(1 / f(omega)).imag / math.pi)

    return density


def picard_product(x):
    z = x + 1j * OFFSET

    def k(omega):
        return omega - poisson_f(omega)

    def g(omega):
        return 1 / (z - k(omega) * k(z / k(omega)))

    return iterate(lambda omega: z / k(z / k(omega)), z, lambda omega: -g(omega).imag / math.pi)


def picard_power(x):
    z = x + 1j * OFFSET
    return iterate(lambda w: z / 3 + 2 / 3 * signs_f(w), z, lambda w: -(1 / signs_f(w)).imag / math.pi)


# ---------------------------------------------------------------------- resultants
def resultant_sum(equation):
    """The curve of the free sum of two copies, from w_1 + w_2 = z + 1/g."""

    def density(x):
        shifted = sympy.numer(sympy.together(equation.subs(W, Z + 1 / G - W)))
        return largest(sympy.resultant(equation, shifted, W), G, x, lambda g, x: g)

    return density


def resultant_product(x):
    """From x_1 x_2 = z (1 + ψ)/ψ."""
    equation = W * PSI - (1 + PSI) ** 2
    other = sympy.numer(sympy.together(equation.subs(W, Z * (1 + PSI) / (PSI * W))))
    return largest(sympy.resultant(equation, other, W), PSI, x, lambda psi, x: (1 + psi) / x)


def resultant_power(x):
    curve = (G * (W * W - 1) - W).subs(W, (Z - 1 / G) / 3 + 1 / G)
    return largest(sympy.numer(sympy.together(curve)), G, x, lambda g, x: g)


def largest(curve, unknown, x, transform):
    """The largest density among the roots."""
    coefficients = sympy.lambdify(Z, sympy.Poly(curve, unknown).all_coeffs())
    return np.array([(-transform(np.roots(coefficients(v)), v).imag).max() / math.pi for v in x])


# ---------------------------------------------------------------------- the cases
def freealg_densities():
    """Density by freealg for the families that it has."""
    try:
        from freealg.distributions import CompoundFreePoisson, DeformedWigner, FussCatalan, KestenMcKay
    except ImportError:
        return {}
    return {
        "semicircle ⊞ semicircle": lambda x: DeformedWigner([0.0], [1.0], math.sqrt(2)).density(x),
        "Marchenko-Pastur ⊞ Marchenko-Pastur": lambda x: CompoundFreePoisson([1.0], [1.0], 2.0).density(x),
        "Marchenko-Pastur ⊠ Marchenko-Pastur": lambda x: FussCatalan(2).density(x),
        "Kesten-McKay, degree 3": lambda x: KestenMcKay(3).density(x),
    }


def cases():
    """Name, support, closed form, rmt, iteration, resultant."""
    s, m, signs = rmt.Semicircle(), rmt.MarchenkoPastur(), rmt.Rademacher()
    edge = math.sqrt(8)

    def pdf(make):
        return lambda x: make().pdf(x)

    return [
        (
            "semicircle ⊞ semicircle",
            (-edge, edge),
            semicircle,
            pdf(lambda: rmt.boxplus(s, s, closed_form=False)),
            picard_sum(semicircle_f),
            resultant_sum(G * G - W * G + 1),
        ),
        (
            "Marchenko-Pastur ⊞ Marchenko-Pastur",
            (3 - edge, 3 + edge),
            free_poisson,
            pdf(lambda: rmt.boxplus(m, m, closed_form=False)),
            picard_sum(poisson_f),
            resultant_sum(W * G * G - W * G + 1),
        ),
        (
            "signs ⊞ signs",
            (-2, 2),
            arcsine,
            pdf(lambda: rmt.boxplus(signs, signs, closed_form=False)),
            picard_sum(signs_f),
            resultant_sum(G * (W * W - 1) - W),
        ),
        (
            "Marchenko-Pastur ⊠ Marchenko-Pastur",
            (0, 6.75),
            fuss_catalan,
            pdf(lambda: rmt.boxtimes(m, m, closed_form=False)),
            picard_product,
            resultant_product,
        ),
        (
            "Kesten-McKay, degree 3",
            (-edge, edge),
            kesten_mckay,
            pdf(lambda: rmt.free_power(signs, 3, closed_form=False)),
            picard_power,
            resultant_power,
        ),
    ]


def cell(method, x, exact, times):
    if method is None:
        return "–"
    error = np.abs(method(x) - exact) / np.maximum(1, exact)
    return f"{error.max():.0e} / {np.median(error):.0e}, {show(np.median(times))}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    peers = freealg_densities()
    print("| law | rmt | freealg | iteration at 1e-6 | resultant, roots |\n|---|---|---|---|---|")
    for name, (low, high), closed_form, ours, picard, resultant in cases():
        x = np.linspace(low, high, POINTS + 2)[1:-1]
        exact = closed_form(x)
        methods = [ours, peers.get(name), picard, resultant]
        with threadpool_limits(1):
            ours(x)  # compile
            rounds = [[seconds(lambda m=m, x=x: m(x)) if m else 0.0 for m in methods] for _ in range(repeats)]
            cells = [cell(m, x, exact, times) for m, times in zip(methods, zip(*rounds, strict=True), strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
