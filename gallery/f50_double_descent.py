"""F50. Double descent of ridge and random features

Test error from the spectrum, dots simulated: isotropic ridge regression, and random features. It peaks at a ratio of 1.
Source: Bordelon, Canatar and Pehlevan (2020); Simon et al. (2024) for random features.
"""

import numpy as np

import rmt
from rmt.kernels import random_features


def simulate(values, target, n, delta, rng, p):
    F = rng.standard_normal((values.size, p)) / p**0.5 if p != values.size else np.eye(p)
    Z, b = rng.standard_normal((n, values.size)) * values**0.5, (target / values) ** 0.5
    a = np.linalg.solve((Z @ F) @ (Z @ F).T + delta * np.eye(n), Z @ b + 0.4 * rng.standard_normal(n))
    return values @ (F @ (Z @ F).T @ a - b) ** 2 + 0.16


@rmt.plotting.style()
def main(n=100, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4, sharey=True)
    sizes = np.unique(np.geomspace(n / 8, 8 * n, 61).clip(1).round().astype(int))
    rng, kernel = np.random.default_rng(rng), np.arange(1, 3 * n + 1) ** -1.2
    for i, ax in enumerate(axes):
        for color, delta in (("C0", 1e-3), ("C1", 0.3)):
            rows = [(kernel, kernel) if i else (np.ones(p), np.full(p, 1 / p)) for p in sizes]
            test = [random_features(*rows[j], n, p if i else 1e12, delta, 0.16).test for j, p in enumerate(sizes)]
            ax.plot(sizes / n, test, color=color, label=f"ridge {delta:g}")
            for p, row in list(zip(sizes, rows, strict=True))[::7]:
                drawn = [simulate(*row, n, delta, rng, p) for _ in range(5)]
                ax.plot(p / n, np.mean(drawn), "o", color=color, markersize=3)
        ax.set_xscale("log", base=2)
        ax.set(yscale="log", xlabel=("parameters / samples", "features / samples")[i], ylabel=("test error", "")[i])
    axes[0].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F50.png")
