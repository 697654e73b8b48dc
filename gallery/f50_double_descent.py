"""F50. Double descent of ridge and random features

Test error from the spectrum, dots simulated. Left: isotropic ridge regression. Right: random features of a kernel with
eigenvalues j^−1.2. The peak sits where features and samples are as many, and a good ridge removes it.
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
    rng, sizes = np.random.default_rng(rng), np.unique(np.geomspace(n / 8, 8 * n, 61).round().astype(int))
    kernel = np.arange(1, 3 * n + 1) ** -1.2
    for i, ax in enumerate(axes):
        for color, delta in (("C0", 1e-3), ("C1", 0.3)):
            rows = [(kernel, kernel) if i else (np.ones(p), np.full(p, 1 / p)) for p in sizes]
            test = [random_features(*r, n, p if i else 1e12, delta, 0.16).test for r, p in zip(rows, sizes)]  # noqa: B905
            ax.plot(sizes / n, test, color=color, label=f"ridge {delta:g}")
            drawn = [np.mean([simulate(*rows[j], n, delta, rng, sizes[j]) for _ in "12345"]) for j in range(0, 48, 6)]
            ax.plot(sizes[:48:6] / n, drawn, "o", color=color, markersize=3)
        ax.set_xscale("log", base=2)
        ax.set(yscale="log", xlabel=("parameters / samples", "features / samples")[i], ylabel=("test error", "")[i])
    axes[0].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F50.png")
