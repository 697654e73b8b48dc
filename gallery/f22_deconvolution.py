"""F22. The signal behind a noisy spectrum

A matrix with three eigenvalues, −1.5, 0 and 1.5, in Gaussian noise of variance 1: the spectrum (above) hides them. With
its subordination function ω, G_signal(ω(z)) = G(z) is linear in the signal: a non-negative least-squares fit brings
the eigenvalues and their masses back (below).
Source: El Karoui (2008); Arizmendi, Tarrago and Vargas (2020).
"""

import numpy as np

import rmt
from rmt.errors import check_count

SIGNAL = rmt.Atomic((-1.5, 0.0, 1.5), (0.2, 0.5, 0.3))
VARIANCE = 1.0


@rmt.plotting.style()
def main(n=1000, rng=0):
    check_count("n", n, minimum=10)  # fewer eigenvalues tell nothing of the signal
    noisy = rmt.diagonal(SIGNAL) + np.sqrt(VARIANCE) * rmt.gue()
    values = noisy.eigenvalues(n, rng=rng)
    found = rmt.free_deconvolve(values, rmt.Semicircle(variance=VARIANCE))
    figure, (above, below) = rmt.plotting.figure(2, 1, height=5.0, sharex=True)
    rmt.plotting.compare(values, noisy.law(), ax=above, edges=False, label=f"signal + noise, n = {n}")
    above.set_xlabel("")
    for law, marker, size, name in ((SIGNAL, "o", 12, "signal"), (found.law, "s", 6, "recovered")):
        position, mass = np.array(law.atoms).T
        colour = "0.75" if law is SIGNAL else "C1"
        below.vlines(position, 0, mass, color=colour, linewidth=size / 2)
        below.plot(position, mass, marker, color=colour, markersize=size, label=name)
    below.set(xlabel=r"$\lambda$", ylabel="mass", ylim=(0, 0.7))
    below.legend(loc="upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F22.png")
