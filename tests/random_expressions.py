"""Random expressions in random matrices, and their outside judge: the same tree evaluated by plain arrays.

The judge knows matrices and their products only: neither words nor freeness nor which matrix is Hermitian.
"""

from __future__ import annotations

import math

import numpy as np

import rmt

DEGREE = 6


class Tree:
    """An expression and the function that makes the same matrix from drawn letters."""

    def __init__(self, expression, evaluate, degree):
        self.expression = expression
        self.evaluate = evaluate
        self.degree = degree


def letters(rng, quaternion=False):
    """The letters of one expression: a few of every kind, at most one of which lacks a warrant."""
    if quaternion:
        return [rmt.gse(), rmt.gse(), rmt.haar_symplectic()]
    kinds = [
        lambda: rmt.gue(),
        lambda: rmt.goe(),
        lambda: rmt.wigner(rng.choice(["rademacher", "uniform", "exponential"])),
        lambda: rmt.wishart(ratio=float(rng.choice([0.2, 0.5, 1.0, 2.0]))),
        lambda: rmt.wishart(ratio=0.5, entries="uniform", field="complex"),
        lambda: rmt.ginibre(field=str(rng.choice(["real", "complex"]))),
        lambda: rmt.haar_unitary(),
        lambda: rmt.haar_orthogonal(),
        lambda: rmt.projection(float(rng.choice([0.3, 0.5]))),
        lambda: rmt.haar_conjugate(rmt.diagonal(rmt.Uniform(-1, 2))),
    ]
    chosen = [kinds[int(i)]() for i in rng.integers(len(kinds), size=int(rng.integers(1, 4)))]
    if rng.random() < 0.3:
        chosen.append(rmt.diagonal(rmt.Rademacher() if rng.random() < 0.5 else rmt.Uniform(1, 2)))
    return chosen


def random_tree(seed):
    """A Hermitian expression of degree at most 6, over one set of letters."""
    rng = np.random.default_rng(seed)
    quaternion = rng.random() < 0.06
    alphabet = letters(rng, quaternion)
    rectangle = rmt.ginibre(shape=(1, 2)) if rng.random() < 0.15 and not quaternion else None
    tree = grow(rng, alphabet, int(rng.integers(1, 5)), DEGREE // 2, rectangle, quaternion)
    if tree.expression.hermitian and rng.random() < 0.6:
        return tree
    if rng.random() < 0.5 or 2 * tree.degree > DEGREE:
        return total(tree, adjoint(tree))
    return product(tree, adjoint(tree))


def grow(rng, alphabet, depth, degree, rectangle, quaternion):
    kind = rng.choice(["letter", "sum", "product", "scale", "power", "conjugate"], p=[0.1, 0.3, 0.3, 0.15, 0.05, 0.1])
    if depth == 0 or degree < 2 or kind == "letter":
        if rectangle is not None and degree >= 2 and rng.random() < 0.5:
            leaf = leaf_of(rectangle)
            return product(leaf, adjoint(leaf))
        leaf = leaf_of(alphabet[int(rng.integers(len(alphabet)))])
        return adjoint(leaf) if rng.random() < 0.3 else leaf

    def inner(allowed):
        return grow(rng, alphabet, depth - 1, allowed, rectangle, quaternion)

    if kind == "sum":
        return total(inner(degree), inner(degree))
    if kind == "product":
        first = inner(degree - 1)
        return product(first, inner(max(1, degree - first.degree))) if first.degree < degree else first
    if kind == "scale":
        c = round(float(rng.uniform(-2, 2)), 2)
        c = c if quaternion or rng.random() < 0.7 else complex(c, round(float(rng.uniform(-1, 1)), 2))
        tree = inner(degree)
        shift = float(rng.integers(0, 2))
        return Tree(c * tree.expression + shift, lambda m: scaled(c, tree.evaluate(m), shift), tree.degree)
    if kind == "power":
        tree = inner(degree // 2)
        return product(tree, tree)
    tree = inner(degree)
    return conjugated(tree)


def scaled(c, matrix, shift):
    return c * matrix + shift * np.eye(len(matrix))


def leaf_of(letter):
    return Tree(letter, lambda m: m[letter], 1)


def adjoint(tree):
    return Tree(tree.expression.H, lambda m: tree.evaluate(m).conj().T, tree.degree)


def total(first, second):
    return Tree(
        first.expression + second.expression,
        lambda m: first.evaluate(m) + second.evaluate(m),
        max(first.degree, second.degree),
    )


def product(first, second):
    return Tree(
        first.expression @ second.expression,
        lambda m: first.evaluate(m) @ second.evaluate(m),
        first.degree + second.degree,
    )


def conjugated(tree):
    """Q E Q* with a matrix E of its own letters, drawn anew."""
    outer = rmt.haar_conjugate(tree.expression)

    def evaluate(m):
        if outer not in m:
            side = len(next(iter(m.values())))
            fresh = Drawn(m.n, m.rng)
            q = np.linalg.qr(m.rng.standard_normal((side, side)) + 1j * m.rng.standard_normal((side, side)))[0]
            if outer.field == "quaternion":
                q = rmt.haar_symplectic().sample(m.n, rng=m.rng)
            elif outer.field == "real":
                q, r = np.linalg.qr(m.rng.standard_normal((m.n, m.n)))
                q = q * np.sign(np.diag(r))
            m[outer] = q @ tree.evaluate(fresh) @ q.conj().T
        return m[outer]

    return Tree(outer, evaluate, tree.degree)


class Drawn(dict):
    """Letters drawn when they are asked for."""

    def __init__(self, n, rng):
        super().__init__()
        self.n, self.rng = n, rng
        self[None] = np.empty((n, n))

    def __missing__(self, letter):
        self[letter] = letter.sample(self.n, rng=self.rng)
        return self[letter]

    def values(self):
        return [self[None]] if len(self) == 1 else [v for k, v in self.items() if k is not None]


def sampled(tree, n, rng):
    """Eigenvalues of the matrix that the tree of arrays makes; it must be Hermitian by itself."""
    matrix = tree.evaluate(Drawn(n, rng))
    size = max(1.0, np.abs(matrix).max())
    assert np.abs(matrix - matrix.conj().T).max() < 1e-9 * size
    values = np.linalg.eigvalsh((matrix + matrix.conj().T) / 2)
    return values


def deviation(values, law):
    """Largest difference of the first two moments on the scale of the law, and of the distribution functions."""
    m1, m2, _, m4 = (float(m) for m in law.moments(4))
    spread = math.sqrt(max(m2, 1e-300))
    first = abs(values.mean() - m1) / spread
    second = abs((values**2).mean() - m2) / math.sqrt(max(m4, m2**2, 1e-300))
    low, high = law._hull()
    edge = 1e-9 * max(abs(low), abs(high), 1e-300)
    points = np.quantile(values, np.linspace(0.04, 0.96, 24))
    atoms = np.array([a for a, _ in law.atoms])
    if atoms.size:  # eigenvalues at an atom are there up to rounding
        points = np.where(np.abs(points[:, None] - atoms).min(axis=1) < 1e-7 * max(abs(low), abs(high)), np.nan, points)
        points = points[~np.isnan(points)]
    points = points[(points > low + edge) & (points < high - edge)]
    ks = np.abs(law.cdf(points) - (values[:, None] <= points).mean(axis=0)).max(initial=0.0)
    return max(first, second), ks
