"""F03. The Marchenko-Pastur family

Eigenvalues of the sample covariance X X*/m with X of shape n × m: for each ratio c = n/m they fill the interval between
(1 − √c)² and (1 + √c)², ρ(λ) = √((λ₊ − λ)(λ − λ₋))/(2πcλ).
Source: Marchenko and Pastur (1967).
"""

import matplotlib as mpl
import numpy as np

import rmt

RATIOS = (0.1, 0.25, 0.5, 1.0)


@rmt.plotting.style()
def main(n=2000, rng=0):
    rng = np.random.default_rng(rng)
    figure, ax = rmt.plotting.figure()
    shades = mpl.colormaps["cividis"]([0.0, 0.3, 0.55, 0.78])
    for ratio, shade in zip(RATIOS, shades, strict=True):
        wishart = rmt.wishart(ratio=ratio)
        law = wishart.law()
        rmt.plotting.esd(wishart.eigenvalues(n, rng=rng), ax, law=law, label="", alpha=0.35, log=False)
        rmt.plotting.law(law, ax, log=False, edges=False, color=shade, linestyle="-", label=f"ratio {ratio:g}")
    ax.set_ylim(0, 1.65)
    ax.legend(loc="upper right", title=f"n = {n}, edges $(1\\pm\\sqrt{{c}})^2$")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F03.png")
