"""F76. Components of images of digits

Eigenvalues of the standardised pixels of handwritten digits (constant pixels are left out), and the edge of what noise
of the same size would give; the p-value of each against the noise of what is left, for pixels and for the same pixels
permuted within their columns. Pixels are dependent: nearly all are called components. Such p-values describe.
Source: Johnstone (2001), Horn (1965); data: scikit-learn.
"""

import numpy as np
from sklearn.datasets import load_digits

import rmt
from rmt.data import number_of_components, sample_spectrum
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=1797, rng=0):
    n, rng = check_count("n", n, minimum=60), np.random.default_rng(rng)
    pixels = load_digits().data
    X = pixels[rng.permutation(len(pixels))[:n]]
    X = X[:, X.std(axis=0) > 0]
    spectrum = sample_spectrum(X, correlation=True)
    edge = rmt.MarchenkoPastur(ratio=X.shape[1] / spectrum.samples).support[-1].high
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    mixed = sample_spectrum(rng.permuted(X, axis=0), correlation=True)
    for k, (label, part) in enumerate({"pixels": spectrum, "permuted": mixed}.items()):
        axes[0].semilogy(np.arange(1, X.shape[1] + 1), part.eigenvalues[::-1], ".", color=f"C{k}", label=label)
        found = number_of_components(part.eigenvalues, samples=part.samples, most=X.shape[1] - 3)
        p = np.maximum(found.p_values, 1e-16)
        axes[1].semilogy(np.arange(1, p.size + 1), p, ".-", color=f"C{k}", label=f"{label}: {found.count} components")
    axes[0].axhline(edge, color="k", linewidth=0.8, label="edge of noise")
    axes[0].set(xlabel="rank", ylabel="eigenvalue")
    axes[1].set(xlabel="component", ylabel="p-value, not below 1e-16")
    [ax.legend(loc="lower left", fontsize=8) for ax in axes]
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F76.png")
