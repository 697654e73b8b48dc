"""F39. Neighbours repel

Spacings of neighbouring eigenvalues in units of their mean: circular ensembles of β = 1, 2, 4 against the exact laws
of Gaudin (lines) and the surmise of Wigner (dashed), and independent points, which do not repel.
Source: Wigner (1957); Gaudin (1961); Mehta (2004).
"""

import numpy as np

import rmt
from rmt.errors import check_count

TRIALS = 40


@rmt.plotting.style()
def main(n=400, rng=0):
    n = check_count("n", n, minimum=2)
    figure, ax = rmt.plotting.figure()
    edges, s = np.linspace(0, 3, 46), np.linspace(0, 3, 400)
    streams = np.random.default_rng(rng).spawn(4)
    independent = np.sort(streams[3].random((TRIALS, n)), axis=1)
    gaps = {"independent": np.diff(independent, axis=1, append=independent[:, :1] + 1) * n}
    for beta, stream in zip((1, 2, 4), streams, strict=False):
        angles = np.sort(np.angle(rmt.circular(beta).eigenvalues(n, rng=stream, trials=TRIALS)), axis=1)
        gaps[f"β = {beta}"] = np.diff(angles, axis=1, append=angles[:, :1] + 2 * np.pi) * n / (2 * np.pi)
    laws = [rmt.PoissonSpacing(), *(rmt.GaudinSpacing(beta) for beta in (1, 2, 4))]
    for k, ((name, values), law) in enumerate(zip(gaps.items(), laws, strict=True)):
        ax.hist(values.ravel(), edges, density=True, histtype="step", color="0.7")
        ax.plot(s, law.pdf(s), color=f"C{k}", label=name)
    for beta in (1, 2, 4):
        ax.plot(s, rmt.WignerSurmise(beta).pdf(s), "--", color="0.3", linewidth=0.8)
    ax.set_xlabel("spacing / mean spacing")
    ax.set_ylabel("density")
    ax.legend(loc="upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F39.png")
