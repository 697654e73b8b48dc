import itertools
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmt import combinatorics as cb

CATALAN = [1, 1, 2, 5, 14, 42, 132, 429, 1430]
BELL = [1, 1, 2, 5, 15, 52, 203]

small = st.fractions(min_value=-5, max_value=5, max_denominator=12)
sequences = st.lists(small, min_size=1, max_size=7)


class Poly:
    """A polynomial in one variable with integer coefficients: a commutative ring, nothing more."""

    def __init__(self, *coefficients):
        self.c = list(coefficients)
        while self.c and self.c[-1] == 0:
            self.c.pop()

    @staticmethod
    def of(value):
        return value if isinstance(value, Poly) else Poly(value)

    def __add__(self, other):
        pairs = itertools.zip_longest(self.c, Poly.of(other).c, fillvalue=0)
        return Poly(*(a + b for a, b in pairs))

    __radd__ = __add__

    def __neg__(self):
        return Poly(*(-a for a in self.c))

    def __sub__(self, other):
        return self + -Poly.of(other)

    def __rsub__(self, other):
        return Poly.of(other) + -self

    def __mul__(self, other):
        b = Poly.of(other).c
        out = [0] * (len(self.c) + len(b))
        for i, x in enumerate(self.c):
            for j, y in enumerate(b):
                out[i + j] += x * y
        return Poly(*out)

    __rmul__ = __mul__

    def __pow__(self, n):
        return math.prod([self] * n)

    def __eq__(self, other):
        return self.c == Poly.of(other).c


def by_partitions(partitions, cumulants):
    return [sum(cb.multiplicative_extension(cumulants, p) for p in partitions(n)) for n in range(1, len(cumulants) + 1)]


# ---------------------------------------------------------------------- partitions
def test_counts_of_partitions():
    assert [sum(1 for _ in cb.noncrossing_partitions(n)) for n in range(9)] == CATALAN
    assert [sum(1 for _ in cb.set_partitions(n)) for n in range(7)] == BELL
    assert [sum(1 for _ in cb.interval_partitions(n)) for n in range(1, 7)] == [1, 2, 4, 8, 16, 32]
    assert [sum(1 for _ in cb.pairings(n)) for n in range(9)] == [1, 0, 1, 0, 3, 0, 15, 0, 105]
    assert [sum(1 for _ in cb.noncrossing_pairings(2 * n)) for n in range(8)] == CATALAN[:8]


@pytest.mark.parametrize("n", range(1, 8))
def test_noncrossing_partitions_are_the_noncrossing_ones_among_all_in_the_same_order(n):
    assert list(cb.noncrossing_partitions(n)) == [p for p in cb.set_partitions(n) if cb.is_noncrossing(p)]
    assert list(cb.noncrossing_pairings(n)) == [p for p in cb.pairings(n) if cb.is_noncrossing(p)]
    assert set(cb.interval_partitions(n)) <= set(cb.noncrossing_partitions(n))


def test_is_noncrossing_agrees_with_the_definition():
    for p in cb.set_partitions(6):
        label = {e: i for i, block in enumerate(p) for e in block}
        crossing = any(
            label[a] == label[c] != label[b] == label[d] for a, b, c, d in itertools.combinations(range(1, 7), 4)
        )
        assert cb.is_noncrossing(p) is not crossing


def test_order_is_lexicographic_in_the_block_numbers():
    words = []
    for p in cb.noncrossing_partitions(6):
        label = {e: i for i, block in enumerate(p) for e in block}
        words.append([label[e] for e in range(1, 7)])
    assert words == sorted(words)


@pytest.mark.parametrize("blocks", [[(1, 2), (2, 3)], [(1, 3)], [(0, 1)], [(1,), ()], [(2,)]])
def test_a_family_of_sets_that_is_no_partition_is_refused(blocks):
    with pytest.raises(ValueError, match="disjoint, not empty, and cover"):
        cb.is_noncrossing(blocks)


def test_a_partition_may_come_in_any_order():
    assert cb.as_partition([{4, 2}, [3], np.array([1])]) == ((1,), (2, 4), (3,))


# ---------------------------------------------------------------------- Kreweras complement, lattice, Möbius
def test_kreweras_complement_of_the_textbook_example():
    # Nica-Speicher 2006, Example 9.23
    pi = [(1, 2, 7), (3,), (4, 6), (5,), (8,)]
    assert cb.kreweras_complement(pi) == ((1,), (2, 3, 6), (4, 5), (7, 8))


@pytest.mark.parametrize("n", range(1, 7))
def test_kreweras_complement_is_the_largest_partition_between_the_points(n):
    for p in cb.noncrossing_partitions(n):
        compatible = [
            q
            for q in cb.noncrossing_partitions(n)
            if cb.is_noncrossing([[2 * e - 1 for e in v] for v in p] + [[2 * e for e in v] for v in q])
        ]
        largest = cb.kreweras_complement(p)
        assert largest in compatible
        assert all(cb.refines(q, largest) for q in compatible)
        assert len(p) + len(largest) == n + 1
        assert cb.kreweras_complement(largest, inverse=True) == p
        # its square is a rotation
        rotated = cb.as_partition([[(e - 2) % n + 1 for e in block] for block in p])
        assert cb.kreweras_complement(largest) == rotated


def test_kreweras_complement_of_a_crossing_partition_is_refused():
    with pytest.raises(ValueError, match="non-crossing"):
        cb.kreweras_complement([(1, 3), (2, 4)])


@pytest.mark.parametrize("n", range(1, 6))
def test_meet_and_join_are_the_bounds_of_the_lattice(n):
    everything = list(cb.noncrossing_partitions(n))
    for a, b in itertools.product(everything, repeat=2):
        below = [p for p in everything if cb.refines(p, a) and cb.refines(p, b)]
        above = [p for p in everything if cb.refines(a, p) and cb.refines(b, p)]
        low, high = cb.meet(a, b), cb.join(a, b)
        assert low in below
        assert all(cb.refines(p, low) for p in below)
        assert high in above
        assert all(cb.refines(high, p) for p in above)


def test_join_of_crossing_pairs_merges_them():
    assert cb.join([(1, 3), (2,), (4,)], [(1,), (2, 4), (3,)]) == ((1, 2, 3, 4),)


@pytest.mark.parametrize("n", range(1, 6))
def test_moebius_inverts_zeta(n):
    everything = list(cb.noncrossing_partitions(n))
    for a, b in itertools.product(everything, repeat=2):
        interval = [p for p in everything if cb.refines(a, p) and cb.refines(p, b)]
        assert sum(cb.moebius(a, p) for p in interval) == (a == b)
        assert (cb.moebius(a, b) != 0) is cb.refines(a, b)


def test_moebius_of_the_whole_lattice_is_a_signed_catalan_number():
    for n in range(1, 9):
        bottom = [(k,) for k in range(1, n + 1)]
        assert cb.moebius(bottom) == (-1) ** (n - 1) * cb.catalan(n - 1)


def test_hasse_diagram_has_the_known_number_of_edges():
    for n in range(1, 7):
        edges = cb.hasse_diagram(n)
        assert len(edges) == math.comb(2 * n, n - 2) if n > 1 else edges == []
        assert all(cb.refines(a, b) and len(a) == len(b) + 1 for a, b in edges)


# ---------------------------------------------------------------------- counting
def test_numbers_count_what_they_say():
    assert [cb.catalan(n) for n in range(9)] == CATALAN
    for n in range(1, 8):
        everything = list(cb.noncrossing_partitions(n))
        sizes = [tuple(sorted(map(len, p))) for p in everything]
        for k in range(1, n + 1):
            assert cb.narayana(n, k) == sum(len(p) == k for p in everything)
        for shape in set(sizes):
            assert cb.kreweras_number(shape) == sizes.count(shape)


def test_fuss_catalan_counts_multichains():
    for n in range(1, 5):
        everything = list(cb.noncrossing_partitions(n))
        assert cb.fuss_catalan(1, n) == len(everything)
        pairs = sum(cb.refines(a, b) for a in everything for b in everything)
        assert cb.fuss_catalan(2, n) == pairs


def test_harer_zagier_numbers_count_pairings_by_genus():
    assert cb.harer_zagier(4) == (14, 70, 21)
    for n in range(1, 6):
        genera = [cb.genus(p) for p in cb.pairings(2 * n)]
        assert cb.harer_zagier(n) == tuple(genera.count(g) for g in range(n // 2 + 1))
    assert sum(cb.harer_zagier(20)) == math.prod(range(1, 40, 2))


def test_genus_zero_means_noncrossing():
    assert all((cb.genus(p) == 0) is cb.is_noncrossing(p) for p in cb.set_partitions(7))
    assert cb.genus([(1, 3), (2, 4)]) == 1


# ---------------------------------------------------------------------- moments and cumulants
CONVERSIONS = [
    (cb.noncrossing_partitions, cb.moments_from_free_cumulants, cb.free_cumulants_from_moments),
    (cb.interval_partitions, cb.moments_from_boolean_cumulants, cb.boolean_cumulants_from_moments),
    (cb.set_partitions, cb.moments_from_classical_cumulants, cb.classical_cumulants_from_moments),
]


@pytest.mark.parametrize(("partitions", "moments", "cumulants"), CONVERSIONS)
@given(values=sequences)
@settings(max_examples=15, deadline=None)
def test_moments_are_sums_over_partitions_and_the_conversion_inverts(partitions, moments, cumulants, values):
    expected = by_partitions(partitions, values)
    got = moments(values)
    assert got == expected
    assert all(isinstance(m, Fraction) for m in got)
    assert cumulants(got) == values


@given(values=st.lists(small, min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_free_cumulants_are_moebius_sums(values):
    expected = [
        sum(cb.moebius(p) * cb.multiplicative_extension(values, p) for p in cb.noncrossing_partitions(n))
        for n in range(1, len(values) + 1)
    ]
    assert cb.free_cumulants_from_moments(values) == expected


@pytest.mark.parametrize(("partitions", "moments", "cumulants"), CONVERSIONS)
def test_conversions_hold_in_any_commutative_ring(partitions, moments, cumulants):
    x = Poly(0, 1)
    values = [x + 1, x * x - 2, 3 * x, x**3, 7 - x]
    got = moments(values)
    assert got == by_partitions(partitions, values)
    assert cumulants(got) == values


@pytest.mark.parametrize(("partitions", "moments", "cumulants"), CONVERSIONS)
def test_conversions_hold_for_symbols(partitions, moments, cumulants):
    sympy = pytest.importorskip("sympy")
    kappa = sympy.symbols("k1:6")
    got = moments(kappa)
    for a, b in zip(got, by_partitions(partitions, kappa), strict=True):
        assert sympy.expand(a - b) == 0
    assert [sympy.expand(c) for c in cumulants(got)] == list(kappa)


def test_textbook_laws():
    semicircle = [cb.catalan(n // 2) if n % 2 == 0 else 0 for n in range(1, 11)]
    assert cb.free_cumulants_from_moments(semicircle) == [0, 1] + [0] * 8
    marchenko_pastur = [cb.catalan(n) for n in range(1, 11)]
    assert cb.free_cumulants_from_moments(marchenko_pastur) == [1] * 10
    # connected chord diagrams, OEIS A000699; and reference values for laws with rational moments
    gauss = [math.prod(range(1, n, 2)) if n % 2 == 0 else 0 for n in range(1, 13)]
    assert cb.free_cumulants_from_moments(gauss)[1::2] == [1, 1, 4, 27, 248, 2830]
    assert cb.classical_cumulants_from_moments(gauss) == [0, 1] + [0] * 10
    exponential = [math.factorial(n) for n in range(1, 5)]
    assert cb.free_cumulants_from_moments(exponential) == [1, 1, 2, 7]
    uniform = [Fraction(1, n + 1) if n % 2 == 0 else Fraction(0) for n in range(1, 5)]
    assert cb.free_cumulants_from_moments(uniform)[3] == Fraction(-1, 45)
    coin = [Fraction(3, 10)] * 3
    assert cb.free_cumulants_from_moments(coin)[2] == Fraction(84, 1000)
    rademacher = [1 - n % 2 for n in range(1, 7)]
    assert cb.free_cumulants_from_moments(rademacher) == [0, 1, 0, -1, 0, 2]
    assert cb.boolean_cumulants_from_moments(rademacher) == [0, 1, 0, 0, 0, 0]


def test_large_orders_stay_exact_and_integers_do_not_overflow():
    moments = np.array([cb.catalan(n) for n in range(1, 31)])  # catalan(30) is near 2**52
    assert cb.free_cumulants_from_moments(moments) == [1] * 30
    assert cb.boxtimes_moments(moments, moments)[-1] == cb.fuss_catalan(2, 30) > 2**63
    dilated = [Fraction(0.1) ** n * cb.catalan(n) for n in range(1, 51)]
    assert cb.free_cumulants_from_moments(dilated) == [Fraction(0.1) ** n for n in range(1, 51)]


# ---------------------------------------------------------------------- S-transform and convolutions
def test_s_transform_of_marchenko_pastur_and_projections():
    # S(m) = 1/(1 + m) for ratio 1, and (1 + m)/(p + m) for a projection of trace p
    marchenko_pastur = [cb.catalan(n) for n in range(1, 9)]
    assert cb.s_transform_from_moments(marchenko_pastur) == [(-1) ** n for n in range(8)]
    p = Fraction(1, 3)
    s = cb.s_transform_from_moments([p] * 6)
    assert s == [1 / p] + [(1 / p - 1) * (-1) ** n * p**-n for n in range(1, 6)]


@given(mean=small.filter(bool), rest=st.lists(small, max_size=6))
@settings(max_examples=25, deadline=None)
def test_s_transform_inverts(mean, rest):
    moments = [mean, *rest]
    s = cb.s_transform_from_moments(moments)
    assert s[0] == 1 / mean
    assert cb.moments_from_s_transform(s) == moments


def test_s_transform_of_integers_is_exact():
    assert cb.s_transform_from_moments([3, 9, 27]) == [Fraction(1, 3), 0, 0]


def test_s_transform_needs_a_mean():
    with pytest.raises(ValueError, match="first moment"):
        cb.s_transform_from_moments([0, 1])
    with pytest.raises(ValueError, match="constant coefficient"):
        cb.moments_from_s_transform([0, 1])


@given(a=st.lists(small, min_size=6, max_size=6), b=st.lists(small, min_size=5, max_size=7))
@settings(max_examples=15, deadline=None)
def test_free_product_is_the_sum_over_complements(a, b):
    """With mean zero included: no division happens."""
    kappa = cb.free_cumulants_from_moments(a)
    expected = [
        sum(
            cb.multiplicative_extension(kappa, p) * cb.multiplicative_extension(b, cb.kreweras_complement(p))
            for p in cb.noncrossing_partitions(n)
        )
        for n in range(1, min(len(a), len(b)) + 1)
    ]
    assert cb.boxtimes_moments(a, b) == expected
    assert cb.boxtimes_moments(b, a) == expected


@given(a=sequences.filter(lambda m: m[0] != 0), b=sequences.filter(lambda m: m[0] != 0))
@settings(max_examples=15, deadline=None)
def test_s_transforms_multiply(a, b):
    s, t = cb.s_transform_from_moments(a), cb.s_transform_from_moments(b)
    order = min(len(s), len(t))
    product = [sum(s[i] * t[n - i] for i in range(n + 1)) for n in range(order)]
    assert cb.s_transform_from_moments(cb.boxtimes_moments(a, b)) == product


def test_convolutions_of_textbook_laws():
    marchenko_pastur = [cb.catalan(n) for n in range(1, 11)]
    rademacher = [1 - n % 2 for n in range(1, 11)]
    semicircle = [cb.catalan(n // 2) if n % 2 == 0 else 0 for n in range(1, 11)]
    arcsine = [math.comb(n, n // 2) if n % 2 == 0 else 0 for n in range(1, 11)]
    assert cb.boxtimes_moments(marchenko_pastur, marchenko_pastur) == [cb.fuss_catalan(2, n) for n in range(1, 11)]
    assert cb.boxplus_moments(rademacher, rademacher) == arcsine
    # the square of semicircle ⊠ MP is MP ⊠ MP ⊠ MP (Arizmendi, Pérez-Abreu 2009)
    assert cb.boxtimes_moments(semicircle, marchenko_pastur)[1::2] == [cb.fuss_catalan(3, n) for n in range(1, 6)]


def test_free_product_holds_in_any_commutative_ring():
    x = Poly(0, 1)
    a, b = [x, x * x + 1, x**3 + 3 * x], [1 - x, 2 * x, Poly(5)]
    kappa = cb.free_cumulants_from_moments(a)
    expected = [
        sum(
            cb.multiplicative_extension(kappa, p) * cb.multiplicative_extension(b, cb.kreweras_complement(p))
            for p in cb.noncrossing_partitions(n)
        )
        for n in range(1, 4)
    ]
    assert cb.boxtimes_moments(a, b) == expected


def test_compression_is_the_free_product_with_a_projection_in_its_corner():
    alpha = Fraction(3, 10)
    moments = [Fraction(n, 3) for n in range(1, 8)]
    product = cb.boxtimes_moments(moments, [alpha] * 7)
    assert cb.compression_moments(moments, alpha) == [m / alpha for m in product]


def test_importing_needs_no_numpy():
    code = (
        "import sys; sys.modules['numpy'] = None; "
        "import importlib.util as u, pathlib, types; "
        "root = pathlib.Path(sys.argv[1]); "
        "package = types.ModuleType('rmt'); package.__path__ = [str(root)]; sys.modules['rmt'] = package; "
        "import rmt.combinatorics as c; assert c.catalan(4) == 14"
    )
    root = cb.__file__.rsplit("combinatorics", 1)[0]
    subprocess.run([sys.executable, "-c", code, root], check=True)


# ---------------------------------------------------------------------- rectangular cumulants
@given(moments=sequences, ratio=st.fractions(min_value=0, max_value=3, max_denominator=7))
@settings(max_examples=20, deadline=None)
def test_rectangular_cumulants_invert(moments, ratio):
    kappa = cb.rectangular_cumulants_from_moments(moments, ratio)
    assert cb.moments_from_rectangular_cumulants(kappa, ratio) == moments


@given(moments=sequences)
@settings(max_examples=15, deadline=None)
def test_rectangular_cumulants_at_both_ends(moments):
    assert cb.rectangular_cumulants_from_moments(moments, 0) == cb.free_cumulants_from_moments(moments)
    signed = [m for even in moments for m in (Fraction(0), even)]
    assert cb.rectangular_cumulants_from_moments(moments, 1) == cb.free_cumulants_from_moments(signed)[1::2]


def test_gaussian_matrices_have_one_rectangular_cumulant():
    # moments of X X* for X of ratio c and entries of variance 1/columns: Narayana polynomials in c
    c = Fraction(2, 5)
    moments = [sum(cb.narayana(n, k) * c ** (k - 1) for k in range(1, n + 1)) for n in range(1, 8)]
    assert cb.rectangular_cumulants_from_moments(moments, c) == [1] + [0] * 6


# ---------------------------------------------------------------------- size
def test_partitions_of_thousands_of_numbers():
    n = 4000
    singletons = tuple((k,) for k in range(1, n + 1))
    assert next(cb.noncrossing_partitions(n)) == next(cb.set_partitions(n)) == (tuple(range(1, n + 1)),)
    assert next(cb.pairings(n)) == next(cb.noncrossing_pairings(n)) == tuple((k, k + 1) for k in range(1, n, 2))
    assert cb.is_noncrossing(singletons)
    assert cb.kreweras_complement(singletons) == (tuple(range(1, n + 1)),)
    nested = tuple((k, n + 1 - k) for k in range(1, n // 2 + 1))
    assert cb.is_noncrossing(nested)
    assert cb.genus(nested) == 0
    assert not cb.is_noncrossing([*nested[:-2], (n // 2 - 1, n // 2 + 1), (n // 2, n // 2 + 2)])
    assert cb.join(singletons, nested) == cb.join(nested, singletons) == nested
    assert cb.meet(nested, singletons) == singletons
    # k and k + n/2: every two arcs cross
    assert cb.join(singletons, [(k, k + n // 2) for k in range(1, n // 2 + 1)]) == (tuple(range(1, n + 1)),)
    assert len(cb.covers([(k,) for k in range(1, 81)])) == 80 * 79 // 2


def _crossing_by_definition(partition):
    label = {element: index for index, block in enumerate(partition) for element in block}
    elements = range(1, len(label) + 1)
    return any(label[a] == label[c] != label[b] == label[d] for a, b, c, d in itertools.combinations(elements, 4))


def test_the_stack_agrees_with_the_definition():
    for n in range(7):
        for partition in cb.set_partitions(n):
            assert cb.is_noncrossing(partition) != _crossing_by_definition(partition)


def test_the_join_is_the_least_upper_bound():
    everything = list(cb.noncrossing_partitions(5))
    for a, b in itertools.product(everything, repeat=2):
        above = [p for p in everything if cb.refines(a, p) and cb.refines(b, p)]
        assert cb.join(a, b) == max(above, key=len)


def test_fractions_are_scaled_only_while_that_helps():
    from rmt.combinatorics.power_series import integers

    assert integers([Fraction(1, 3**k) for k in range(1, 200)])[1] == 3
    assert integers([Fraction(1, (2**150 + 1) ** k) for k in range(1, 20)])[1] == 2**150 + 1
    assert integers([Fraction(1, k + 1) for k in range(1, 200)])[1] is None
    # scaled or not, the uniform law on [0, 1] has Bernoulli numbers as free cumulants: κ_2k = B_2k/(2k)!
    kappa = cb.free_cumulants_from_moments([Fraction(1, k + 1) for k in range(1, 90)])
    assert kappa[:4] == [Fraction(1, 2), Fraction(1, 12), 0, Fraction(-1, 720)]
    assert kappa[9] == Fraction(5, 66) / math.factorial(10)
    assert all(kappa[k] == 0 for k in range(2, 89, 2))
