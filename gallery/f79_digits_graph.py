"""F79. The Laplacian of images

Normalised Laplacian of the graph that joins each of 1797 images of digits with its eight nearest ones: a real sparse
matrix, from 150 products with eight vectors of signs. Here all eigenvalues can be computed as well (grey).
Source: Weiße et al. (2006); data: scikit-learn.
"""

import numpy as np
from scipy.sparse.csgraph import laplacian
from sklearn.datasets import load_digits
from sklearn.neighbors import kneighbors_graph

import rmt
from rmt.errors import check_count
from rmt.spectra import density_of_states


@rmt.plotting.style()
def main(n=1797, rng=0):
    n = check_count("n", n, minimum=20)
    images = np.random.default_rng(rng).permutation(load_digits().data)[:n]
    joined = kneighbors_graph(images, 8)
    matrix = laplacian((joined + joined.T) / 2, normed=True)
    found = density_of_states(matrix, moments=300, rng=rng)
    figure, ax = rmt.plotting.figure(height=3.4)
    ax.hist(np.linalg.eigvalsh(matrix.toarray()), 80, density=True, color="0.8", label="eigenvalues")
    x = np.linspace(found.low, found.high, 601)[1:-1]
    ax.plot(x, found.pdf(x), color="C1", label=f"from 150 products, width {found.resolution:.3f}")
    ax.set(xlabel="$x$", ylabel="density")
    ax.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F79.png")
