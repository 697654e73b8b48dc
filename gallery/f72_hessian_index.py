"""F72. Saddles become minima below a critical energy

Left: law of the Hessian at critical points of energies 0.02, 0.1 and 0.4, a Gauss-Newton part of ratio 1/4 plus a
residual part, with eigenvalues of a matrix of size n. Right: share of negative eigenvalues against energy for three
ratios, from the laws (lines) and drawn (dots); it is 0 up to the critical energy (triangles).
Source: Pennington and Bahri (2017).
"""

import numpy as np

import rmt
from rmt.training import critical_energy, hessian_index, hessian_law


def drawn(n, ratio, energy, rng):
    noise = rmt.goe().sample(n, rng=rng + 1) * (2 * energy) ** 0.5
    return np.linalg.eigvalsh(rmt.wishart(ratio=ratio).sample(n, rng=rng) + noise)


@rmt.plotting.style()
def main(n=300, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    x = np.linspace(-2, 4, 401)
    for energy, color in ((0.02, "C0"), (0.1, "C1"), (0.4, "C2")):
        left.hist(drawn(n, 0.25, energy, rng), 40, density=True, color=color, alpha=0.25)
        left.plot(x, hessian_law(0.25, energy).pdf(x), color)
    left.set(xlabel="eigenvalue", ylabel="density", xlim=(-2, 4))
    energies = np.linspace(0, 0.5, 21)
    for ratio in (0.25, 0.5, 0.75):
        (line,) = right.plot(energies, [hessian_index(ratio, e) for e in energies], label=rf"$\phi$ = {ratio:g}")
        shares = [np.mean(drawn(n, ratio, e, rng) < 0) for e in energies[::5]]
        right.plot(energies[::5], shares, ".", color=line.get_color())
        right.plot(critical_energy(ratio), 0, "^", color=line.get_color(), clip_on=False)
    right.set(xlabel=r"energy $\varepsilon$", ylabel="negative share", xlim=(0, 0.5))
    rmt.plotting.legend(right)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F72.png")
