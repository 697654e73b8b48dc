"""F43. Discs, ellipses, rings

Eigenvalues of four non-Hermitian matrices and the edges of their laws: correlated entries (ellipse), a corner of a Haar
matrix, a product of two Ginibre matrices, and U diag(s) V with singular values 1 and 2 (a single ring).
Source: Girko (1986); Życzkowski and Sommers (2000); Burda, Janik and Waclaw (2010); Guionnet et al. (2011).
"""

import numpy as np

import rmt
from rmt.errors import check_count

CASES = {
    "elliptic": (rmt.elliptic(0.5, field="complex"), (1.5, 0.5), None),
    "truncated": (rmt.truncated_unitary(0.6), (0.6**0.5, 0.6**0.5), None),
    "product": (rmt.ginibre_product(2), (1, 1), None),
    "single ring": (rmt.single_ring(rmt.Atomic((1, 2), (0.5, 0.5))), (2.5**0.5, 2.5**0.5), 1.6**0.5),
}


@rmt.plotting.style()
def main(n=500, rng=0):
    n = check_count("n", n, minimum=2)
    figure, axes = rmt.plotting.figure(2, 2, height=5.6)
    turn = np.exp(2j * np.pi * np.linspace(0, 1, 200))
    for ax, (name, (ensemble, (a, b), inner)) in zip(axes.flat, CASES.items(), strict=True):
        z = ensemble.eigenvalues(n, rng=rng)
        ax.plot(z.real, z.imag, ".", color="0.5", markersize=2)
        for radius in [(a, b)] + ([(inner, inner)] if inner else []):
            ax.plot(radius[0] * turn.real, radius[1] * turn.imag, color="C0")
        ax.set(title=name, aspect="equal", xlabel=r"Re $\lambda$", ylabel=r"Im $\lambda$")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F43.png")
