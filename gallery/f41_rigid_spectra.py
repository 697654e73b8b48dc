"""F41. Long-range order: number variance, rigidity, form factor

GOE spectra unfolded by the semicircle law. Left: number variance Σ² (dots) and rigidity Δ₃ (triangles) grow like
log L, while independent levels (dashed) have Σ² = L. Right: ramp and plateau of the form factor.
Source: Dyson and Mehta (1963); Mehta (2004).
"""

import numpy as np

import rmt
from rmt import spectra
from rmt.errors import check_count

TRIALS = 60


@rmt.plotting.style()
def main(n=400, rng=0):
    check_count("n", n, minimum=20)
    levels = spectra.unfold(rmt.goe().eigenvalues(n, rng=rng, trials=TRIALS), rmt.goe().law())
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.0)
    lengths = np.linspace(0.5, 0.12 * n, 10)
    x = np.linspace(lengths[0], lengths[-1], 60)
    left.semilogy(lengths, spectra.number_variance(levels, lengths).value, "o", color="0.6")
    left.semilogy(x, spectra.number_variance_law(x, 1), label="Σ²")
    left.semilogy(lengths, spectra.spectral_rigidity(levels, lengths).value, "^", color="0.6")
    left.semilogy(x, spectra.spectral_rigidity_law(x, 1), label="Δ₃")
    left.semilogy(x, spectra.number_variance_law(x, 0), "--", color="0.4", label="independent")
    left.set(xlabel="$L$", ylabel="Σ², Δ₃", ylim=(0.02, 300))
    left.legend(loc="upper left")
    times = np.linspace(0.05, 2, 40)
    right.plot(times, spectra.form_factor(levels, times).value, "o", color="0.6", label=f"GOE, n = {n}")
    right.plot(times, spectra.form_factor_law(times, 1), label="limit")
    right.set(xlabel="time / Heisenberg time", ylabel=r"$K(\tau)$", ylim=(0, 2.6))
    right.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F41.png")
