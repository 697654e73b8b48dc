"""F40. Ratios of spacings need no unfolding

Ratio min/max of neighbouring spacings in the middle of GOE, GUE and GSE spectra and of independent points, and its law
in the limit; their means 0.386, 0.531, 0.600, 0.674 tell the symmetry class.
Source: Oganesyan and Huse (2007); Atas, Bogomolny, Giraud and Roux (2013).
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS = 60


@rmt.plotting.style()
def main(n=400, rng=0):
    n = check_count("n", n, minimum=6)
    streams = np.random.default_rng(rng).spawn(4)
    figure, ax = rmt.plotting.figure()
    r = np.linspace(0, 1, 200)
    spectra = {"independent": (0, np.asarray(rmt.Uniform().rvs((TRIALS, n), rng=streams[0])))}
    for (beta, name), stream in zip(((1, "GOE"), (2, "GUE"), (4, "GSE")), streams[1:], strict=True):
        spectra[name] = beta, rmt.hermite(beta).eigenvalues(n, rng=stream, trials=TRIALS)
    for k, (name, (beta, values)) in enumerate(spectra.items()):
        ratios = rmt.spectra.gap_ratios(values, share=0.6)
        ax.hist(ratios.ravel(), 25, range=(0, 1), density=True, histtype="step", color="0.7")
        ax.plot(r, rmt.GapRatio(beta).pdf(r), color=f"C{k}", label=f"{name}, mean {ratios.mean():.3f}")
    ax.set_xlabel("$r$")
    ax.set_ylabel("density")
    ax.legend(loc="upper left")
    ax.set_ylim(0, 3)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F40.png")
