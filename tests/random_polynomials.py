"""Random self-adjoint polynomials in free variables, and two outside judges of their laws.

Moments come from free cumulants by a recursion over non-crossing partitions, eigenvalues from matrices of dimension
400 with uniformly distributed eigenvectors: neither knows linearisations, subordination or Fock spaces.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np

from rmt.combinatorics import free_cumulants_from_moments
from rmt.free import CircularElement, HaarUnitary, boxplus
from rmt.laws import (
    Arcsine,
    Atomic,
    Bernoulli,
    FussCatalan,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Rademacher,
    Semicircle,
    Uniform,
    Wachter,
)

HALF = Fraction(1, 2)
LEAVES = (
    Semicircle(),
    Semicircle(1, Fraction(1, 4)),
    MarchenkoPastur(1),
    MarchenkoPastur(HALF),
    MarchenkoPastur(2),
    -MarchenkoPastur(HALF),
    Uniform(-1, 1),
    Uniform(1, 2),
    Rademacher(),
    Bernoulli(Fraction(3, 10)),
    Bernoulli(HALF),
    Atomic((-1, 0, 2), (Fraction(3, 10), Fraction(3, 10), Fraction(2, 5))),
    Arcsine(),
    Wachter(3, 4),
    FussCatalan(2),
    KestenMcKay(3),
    boxplus(MarchenkoPastur(1), Rademacher()),
    CircularElement(),
    HaarUnitary(),
)
COEFFICIENTS = (1, 1, 1, -1, 2, HALF, -3, 1j, 1 + 2j)


def random_polynomial(seed):
    """Terms and variables of a self-adjoint polynomial of degree at most 4 in at most three variables."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4))
    variables = [LEAVES[int(i)] for i in rng.integers(len(LEAVES), size=count)]
    while True:
        terms = {}
        for _ in range(int(rng.integers(1, 4))):
            letters = [int(i) for i in rng.integers(count, size=int(rng.integers(1, 5)))]
            starred = [
                ~i if not isinstance(variables[i], Law) and flip else i
                for i, flip in zip(letters, rng.random(len(letters)) < 0.5, strict=True)
            ]
            word = normal(tuple(starred), variables)
            value = COEFFICIENTS[int(rng.integers(len(COEFFICIENTS)))]
            if word == adjoint(word, variables):
                value = abs(value) if isinstance(value, complex) else value
                terms[word] = terms.get(word, 0) + value
            else:
                terms[word] = terms.get(word, 0) + value
                other = value.conjugate() if isinstance(value, complex) else value
                terms[adjoint(word, variables)] = terms.get(adjoint(word, variables), 0) + other
        terms = {word: value for word, value in terms.items() if value != 0}
        if any(terms):
            return terms, variables


def adjoint(word, variables):
    return normal(tuple(i if isinstance(variables[max(i, ~i)], Law) else ~i for i in reversed(word)), variables)


def normal(word, variables):
    """The word without u u* and u* u."""
    kept = []
    for letter in word:
        if kept and kept[-1] == ~letter and isinstance(variables[max(letter, ~letter)], HaarUnitary):
            kept.pop()
        else:
            kept.append(letter)
    return tuple(kept)


# ---------------------------------------------------------------------- moments
def exact_moments(terms, variables, order):
    """τ(p), ..., τ(p^order)."""
    length = order * max(map(len, terms))
    cumulants = [
        free_cumulants_from_moments([Fraction(m) for m in v.moments(length, exact=True)])
        if isinstance(v, Law)
        else None
        for v in variables
    ]

    @cache
    def trace(word):
        """Sum over non-crossing partitions: the block of the first letter, then what lies between its points."""
        if not word:
            return 1
        total = 0
        stack = [((0,), 1)]
        while stack:
            block, product = stack.pop()
            weight = joint_cumulant(tuple(word[i] for i in block), variables, cumulants)
            if weight:
                total += weight * product * trace(word[block[-1] + 1 :])
            for following in range(block[-1] + 1, len(word)):
                if max(word[following], ~word[following]) == max(word[0], ~word[0]):
                    between = trace(word[block[-1] + 1 : following])
                    if between:
                        stack.append(((*block, following), product * between))
        return total

    moments, power = [], {(): 1}
    for _ in range(order):
        following = {}
        for word, value in power.items():
            for term, coefficient in terms.items():
                product = normal((*word, *term), variables)
                following[product] = following.get(product, 0) + value * coefficient
        power = following
        moments.append(sum(complex(value) * complex(trace(word)) for word, value in power.items()).real)
    return moments


def joint_cumulant(letters, variables, cumulants):
    index = max(letters[0], ~letters[0])
    v, n = variables[index], len(letters)
    if isinstance(v, Law):
        return cumulants[index][n - 1]
    alternating = n % 2 == 0 and all(a == ~b for a, b in itertools.pairwise(letters))
    if not alternating:
        return 0
    if isinstance(v, CircularElement):
        return v.variance if n == 2 else 0
    half = n // 2
    return (-1) ** (half - 1) * math.comb(2 * half - 2, half - 1) // half


# ---------------------------------------------------------------------- matrices
def sampled_eigenvalues(terms, variables, n, rng):
    matrices = {}
    for i, v in enumerate(variables):
        gaussian = (rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))) / math.sqrt(2 * n)
        if isinstance(v, CircularElement):
            matrices[i] = gaussian * math.sqrt(v.variance)
        else:
            q, r = np.linalg.qr(gaussian)
            q = q * (np.diag(r) / np.abs(np.diag(r)))
            matrices[i] = q if isinstance(v, HaarUnitary) else (q * v.ppf((np.arange(n) + 0.5) / n)) @ q.conj().T
        matrices[~i] = matrices[i].conj().T
    total = np.zeros((n, n), dtype=complex)
    for word, value in terms.items():
        product = np.eye(n)
        for letter in word:
            product = product @ matrices[letter]
        total = total + complex(value) * product
    return np.linalg.eigvalsh(0.5 * (total + total.conj().T))


def distance(values, law):
    """Kolmogorov-Smirnov distance; eigenvalues within rounding of an atom count into it."""
    tolerance = 1e-7 * (1.0 + np.abs(values).max())
    for position, _ in law.atoms:
        values = np.where(np.abs(values - position) < tolerance, position, values)
    x, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / len(values)
    jumps = sum(mass * (x == position) for position, mass in law.atoms) if law.atoms else 0.0
    cdf = law.cdf(x)
    return max(np.abs(cdf - above).max(), np.abs(cdf - jumps - above + counts / len(values)).max())


def moments_of_transform(law, order, nodes=128):
    """Moments from G on a circle around the support: exponentially exact, and blind to the distribution function."""
    low, high = law._hull()
    centre, radius = 0.5 * (low + high), 0.75 * (high - low)
    z = centre + radius * np.exp(1j * math.pi * (np.arange(nodes // 2) + 0.5) / (nodes // 2))
    residues = law.stieltjes(z) * (z - centre)
    return [float(np.mean((z**k * residues).real)) for k in range(1, order + 1)]


def moments_of_distribution(law, order, nodes=96):
    """Moments from the distribution function, by parts: M_k = B^k − ∫ k x^(k−1) F(x) dx on each interval."""
    node, weight = np.polynomial.legendre.leggauss(nodes)
    total = np.array([sum(m * a**k for a, m in law.atoms) for k in range(1, order + 1)], dtype=float)
    for interval in law.support:
        # powers of leaves with hard edges are singular at 0
        inside = sorted({0.0, *(a for a, _ in law.atoms)})
        cuts = [interval.low, *(a for a in inside if interval.low < a < interval.high), interval.high]
        for low, high in itertools.pairwise(cuts):
            theta = 0.5 * math.pi * (node + 1.0)
            x = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(theta)
            cdf = law.cdf(x)
            dx = 0.25 * math.pi * (high - low) * np.sin(theta) * weight
            # at 0 the distribution function is not needed, and may be singular
            start = law.cdf(low) if low else 0.0
            stop = law.cdf(high) - sum(m for a, m in law.atoms if a == high) if high else 0.0
            for k in range(1, order + 1):
                by_parts = high**k * stop - low**k * start - (dx * k * x ** (k - 1) * cdf).sum()
                total[k - 1] += by_parts
    return total.tolist()
