"""F02. Eigenvalues are rigid

n times the Kolmogorov-Smirnov distance between the spectrum and the semicircle: eigenvalues stay below log n, while
independent points of the same law are √n apart (0.87 √n on average, Kolmogorov's law).
Source: Gustavsson (2005); Erdős, Yau and Yin (2012).
"""

import numpy as np

import rmt

LAW = rmt.Semicircle()


@rmt.plotting.style()
def main(n=2000, rng=0):
    sizes = np.unique(np.geomspace(20, max(n, 40), 12).astype(int))
    rng = np.random.default_rng(rng)
    figure, ax = rmt.plotting.figure()
    sources = {"GOE": rmt.goe().eigenvalues, "GUE": rmt.gue().eigenvalues, "independent points": LAW.rvs}
    for (name, draw), marker, grey in zip(sources.items(), "os^", ("0.1", "0.5", "0.7"), strict=True):
        distances = [k * rmt.spectra.compare(draw(int(k), rng=rng), LAW).ks for k in sizes]
        ax.loglog(sizes, distances, marker, color=grey, label=name)
    k = np.geomspace(sizes[0], sizes[-1], 100)
    ax.loglog(k, np.log(k), label=r"$\log n$")
    ax.loglog(k, np.sqrt(np.pi / 2) * np.log(2) * np.sqrt(k), label=r"$0.87\,\sqrt{n}$")
    ax.set_xlabel("$n$")
    ax.set_ylabel(r"$n\cdot\mathrm{KS}$")
    ax.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F02.png")
