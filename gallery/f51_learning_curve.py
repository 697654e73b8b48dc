"""F51. A learning curve with steps

Ridgeless kernel regression with the tangent kernel of a ReLU network of 2 hidden layers on the sphere in dimension 20,
on targets of degree 1, of degree 2 and of both. Degree k is learnt where n passes the number N(d, k) of its harmonics
(dashed); dots are simulated regressions.
Source: Bordelon, Canatar and Pehlevan (2020).
"""

import numpy as np

import rmt
from rmt.kernels import learning_curve, zonal


@rmt.plotting.style()
def main(n=800, rng=0):
    figure, axes = rmt.plotting.figure(height=3.6)
    d, rng, h = 20, np.random.default_rng(rng), zonal(rmt.MLP(2, "relu", 2**0.5))
    spectrum, samples = h.mercer(d, 5), np.geomspace(2, 20_000, 120)
    x = rng.standard_normal((n + 400, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    quadratic = d * (d + 2) * x[:, 0] * x[:, 1]
    parts = {"degree 1": d**0.5 * x[:, 2], "degree 2": quadratic / (d * (d + 2)) ** 0.5}
    parts["both"] = (parts["degree 1"] + parts["degree 2"]) / 2**0.5
    K = h(np.clip(x @ x.T, -1, 1))
    for color, (name, y), energy in zip(("C0", "C1", "C2"), parts.items(), ((1, 0), (0, 1), (0.5, 0.5)), strict=True):
        test, _ = learning_curve(spectrum, [0, *energy, 0, 0], samples, 1e-8)
        axes.plot(samples, test, color=color, label=name)
        for m in (int(t) for t in np.geomspace(8, n, 9)):
            error = K[n:, :m] @ np.linalg.solve(K[:m, :m] + 1e-8 * np.eye(m), y[:m]) - y[n:]
            axes.plot(m, (error**2).mean() / (y[n:] ** 2).mean(), "o", color=color, markersize=3)
    for many in spectrum.multiplicities[1:3]:
        axes.axvline(many, linestyle="--", color="0.6", linewidth=0.8)
    axes.set(xscale="log", xlabel="number of samples", ylabel="test error", ylim=(0, 1.3))
    axes.legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F51.png")
