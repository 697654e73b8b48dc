"""F26. Dyson's Brownian motion

Eigenvalues of a Hermitian matrix whose entries are Brownian motions, started at ±1. They repel and never cross:
dλ_i = dB_i/√n + (1/n) Σ dt/(λ_i − λ_j). The lines are the edges of the limit law, ½(δ₋₁ + δ₁) ⊞ semicircle of
variance t, whose two intervals meet at t = 1.
Source: Dyson (1962b); Biane (1997a).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=50, rng=0):
    times = np.linspace(0, 1.6, 321)
    figure, ax = rmt.plotting.figure(height=4.6)
    paths = rmt.dyson_brownian_motion(n, times, start=rmt.Rademacher(), rng=rng)
    lines = ax.plot(times, paths, "-", color="0.6", linewidth=0.6)
    lines[0].set_label(f"eigenvalues, n = {n}")
    t = 1.6 * np.linspace(0, 1, 41) ** 2
    supports = [rmt.dyson_law(time, start=rmt.Rademacher()).support for time in t[1:]]
    outer = np.array([1, *(support[-1].high for support in supports)])
    inner = np.array([1, *(support[-1].low if len(support) > 1 else np.nan for support in supports)])
    for edge in (outer, inner, -inner, -outer):
        (line,) = ax.plot(t, edge, "C0-")
    line.set_label("edges of the law")
    ax.set(xlabel="t", ylabel=r"$\lambda$")
    rmt.plotting.legend(ax, ncols=2)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F26.png")
