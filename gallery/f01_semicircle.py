"""F01. The semicircle law

Eigenvalues of symmetric or Hermitian matrices with independent entries of variance 1/n follow
ρ(λ) = √(4 − λ²)/(2π) on [−2, 2], whether the entries are real (GOE), complex (GUE), quaternion (GSE) or signs.
Source: Wigner (1955, 1958).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=1000, rng=0):
    rng = np.random.default_rng(rng)
    ensembles = {"GOE": rmt.goe(), "GUE": rmt.gue(), "GSE": rmt.gse(), "signs": rmt.wigner(entries="rademacher")}
    figure, axes = rmt.plotting.figure(2, 2, height=4.6, sharex=True, sharey=True)
    for ax, (name, ensemble) in zip(axes.flat, ensembles.items(), strict=True):
        rmt.plotting.compare(ensemble, n=n, rng=rng, ax=ax, legend=False, edges=ax in axes[-1])
        ax.set_title(f"{name}, n = {n}", loc="left", fontsize="medium")
        ax.label_outer()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F01.png")
