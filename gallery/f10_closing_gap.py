"""F10. A gap closes at a cusp

The eigenvalues ±1 and Gaussian noise of variance t: the law is ½(δ₋₁ + δ₁) ⊞ semicircle of variance t. Two intervals
meet at t = 1, where the density grows as |λ|^(1/3); for other t it vanishes at its edges like a square root.
Source: Brézin and Hikami (1998); Biane (1997a).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=1000, rng=0):
    rng = np.random.default_rng(rng)
    figure, axes = rmt.plotting.figure(3, 1, height=5.6, sharex=True, sharey=True)
    for ax, t in zip(axes, (0.5, 1.0, 1.5), strict=True):
        noisy = rmt.diagonal(rmt.Rademacher()) + np.sqrt(t) * rmt.gue()
        rmt.plotting.compare(noisy, n=n, rng=rng, ax=ax, legend=False, edges=False)
        ax.set_title(f"t = {t:g}, n = {n}", loc="left", fontsize="medium")
    for ax in axes[:-1]:
        ax.set_xlabel("")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F10.png")
