"""The search for the support of a law that is known point by point only."""

import math

import numpy as np

from rmt.free.polynomials.pointwise_support import Samples, find_support
from rmt.laws import Semicircle


class Rounded:
    """Two semicircles on either side of an atom of mass 0.1; within 1e-10 of it the mass above jumps to and fro."""

    left, right = Semicircle(-3), Semicircle(3)

    def sample(self, x):
        certified = x != 0.0
        away = np.where(certified, x, 1.0)
        g = 0.5 * self.left.stieltjes(away) + 0.4 * self.right.stieltjes(away) + 0.1 / away
        above = 0.5 * self.left.sf(x) + 0.4 * self.right.sf(x) + 0.1 * (x < 0.0)
        close = np.abs(x) < 1e-10
        above[close] = 0.4 + 0.1 * (np.round(x[close] * 1e13) % 2.0)
        return Samples(x, g, 1e-15 * (1.0 + np.abs(g)), above, certified)

    def discriminant(self, x):
        return 0.5 * sum(np.log(np.abs(x - edge)) for edge in (-5, -1, 1, 5))


def test_an_atom_is_settled_once_whatever_its_neighbourhood_rounds_to():
    intervals, atoms = find_support(Rounded(), -6.0, 6.2)
    ((position, mass),) = atoms
    assert abs(position) < 1e-12
    assert math.isclose(mass, 0.1, rel_tol=1e-10)
    assert [round(i.mass, 12) for i in intervals] == [0.5, 0.4]
    np.testing.assert_allclose([(i.low, i.high) for i in intervals], [(-5, -1), (1, 5)], rtol=1e-12)
