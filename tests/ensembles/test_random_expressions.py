"""Random expressions against an evaluation of their tree by plain arrays, and exact mixed moments of words.

``RMT_EXPRESSIONS=500 pytest tests/ensembles/test_random_expressions.py`` draws as many (nightly; about half an hour).
"""

import os
from fractions import Fraction

import numpy as np
import pytest
from random_expressions import deviation, random_tree, sampled

import rmt

#: seeds whose laws take less than a second each
QUICK = [0, 1, 2, 3, 4, 5, 6, 8, 9, 11]
SEEDS = range(int(os.environ["RMT_EXPRESSIONS"])) if "RMT_EXPRESSIONS" in os.environ else QUICK


@pytest.mark.parametrize("seed", SEEDS)
def test_random_expression(seed):
    tree = random_tree(seed)
    assert tree.expression.hermitian
    law = tree.expression.law()
    values = sampled(tree, 200, np.random.default_rng(seed))
    moments, ks = deviation(values, law)
    assert moments < 0.15
    assert ks < 0.08
    own = tree.expression.eigenvalues(30, rng=seed)
    assert own.dtype == np.float64


def test_the_judge_rejects_wrong_laws():
    """The law of two commuting copies for that of H + H*, and the classical for the free sum."""
    x, w = rmt.gue(), rmt.wishart(ratio=0.5)
    h = rmt.haar_conjugate(x @ w)
    values = (h + h.H).eigenvalues(200, rng=0)
    right, wrong = (h + h.H).law(), 2 * h.law()
    assert max(deviation(values, right)) < 0.06
    assert deviation(values, wrong)[1] > 0.08 or deviation(values, wrong)[0] > 0.06
    signs = rmt.Rademacher()
    values = (rmt.diagonal(signs) + rmt.haar_conjugate(rmt.diagonal(signs))).eigenvalues(200, rng=0)
    assert deviation(values, rmt.Arcsine())[1] < 0.08
    assert max(deviation(values, rmt.Semicircle())) > 0.15


# ---------------------------------------------------------------------- exact mixed moments
def limit_letters():
    atoms = rmt.Atomic((3, -1), (Fraction(1, 4), Fraction(3, 4)))
    return {
        "X": rmt.gue(),
        "Y": rmt.goe(),
        "W": rmt.wishart(ratio=Fraction(1, 2)),
        "V": rmt.wishart(ratio=2),
        "U": rmt.haar_unitary(),
        "P": rmt.projection(Fraction(1, 3)),
        "Q": rmt.projection(Fraction(3, 4)),
        "C": rmt.ginibre(field="complex"),
        "D": rmt.haar_conjugate(rmt.diagonal(rmt.Rademacher())),
        "E": rmt.haar_conjugate(rmt.diagonal(atoms)),
    }


#: sums over non-crossing partitions, computed with rational numbers
WORDS = {
    "X Y X Y": 0,
    "X X Y Y": 1,
    "X Y Y X X Y Y X": 3,
    "X X Y X X Y": 1,
    "W X W X": 1,
    "W V W V": Fraction(7, 2),
    "W V W V W V W V": Fraction(645, 8),
    "U D U* E": 0,
    "U D U* E U D U* E": 0,
    "U E E U* E E": 9,
    "P Q P Q": Fraction(5, 24),
    "P Q P Q P Q P Q": Fraction(581, 3456),
    "C C* C C* C C*": 5,
    "C C C* C*": 1,
    "C E C* E": 0,
    "X D X D X D X D": 0,
    "X W U P U* W X P": Fraction(1, 6),
    "U W U* W U W U* W": 2,
    "X E X W X E X W": 3,
    "W E W E": 3,
    "X E W E X E W E": 9,
}


@pytest.mark.parametrize("word", WORDS)
def test_mixed_moments(word):
    """τ(w) is the mean of the law of (w + w*)/2."""
    letters = limit_letters()
    product = None
    for name in word.split():
        factor = letters[name[0]].H if name.endswith("*") else letters[name]
        product = factor if product is None else product @ factor
    (mean,) = ((product + product.H) / 2).law().moments(1, exact=True)
    assert abs(mean - WORDS[word]) < Fraction(1, 10**12)
