"""F25. A product of 64 matrices, without loss

Singular values of W₆₄ ⋯ W₁ with entries of variance 1/n. Multiplied out, the product keeps those above 10⁻¹⁶ of the
largest; a chain of QR factorisations that are never multiplied keeps all. The line is the Fuss-Catalan law of order 64.
Source: Stewart (1995); Müller (2002) for the law.
"""

import numpy as np

import rmt

DEPTH = 64


@rmt.plotting.style()
def main(n=200, rng=0):
    rng = np.random.default_rng(rng)
    factors = [rmt.ginibre().sample(n, rng=rng) for _ in range(DEPTH)]
    naive = np.linalg.svd(np.linalg.multi_dot(factors), compute_uv=False)
    figure, ax = rmt.plotting.figure()
    place = (np.arange(n) + 0.5) / n
    ax.plot(place[naive > 0], np.log10(naive[naive > 0]), "x", color="C1", markersize=4, label="multiplied out")
    logs = rmt.spectra.product_singular_values(factors) / np.log(10)
    ax.plot(place, logs, "o", color="0.6", markersize=4, label=f"lossless, n = {n}")
    quantiles = rmt.FussCatalan(order=DEPTH).ppf_of_log(1 - place)
    ax.plot(place, quantiles / np.log(100), color="C0", label=f"Fuss–Catalan law, order {DEPTH}")
    ax.set(xlabel="rank / n", ylabel=r"$\log_{10}\,s$")
    ax.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F25.png")
