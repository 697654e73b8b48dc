"""F49. Mercer decay on the sphere

Left: eigenvalues of the two kernels of a bias-free ReLU network with one and with three hidden layers on the sphere in
dimension 3. They decay like k^−d (tangent kernel) and k^−(d+2) (NNGP); with one layer all odd degrees from 3 on are
exactly 0. Right: eigenvalues of a Gram matrix of n points over n (grey) in steps of 2k + 1 (line).
Source: Bietti and Mairal (2019).
"""

import numpy as np

import rmt
from rmt.kernels import zonal


@rmt.plotting.style()
def main(n=800, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    for depth, marker in ((1, "o"), (3, "s")):
        for kernel, color in (("ntk", "C0"), ("nngp", "C1")):
            spectrum = zonal(rmt.MLP(depth, "relu", 2**0.5), kernel).mercer(3, 48).eigenvalues
            k = np.flatnonzero(spectrum[1:] > 0) + 1
            label = f"{kernel.upper()}, L = {depth}"
            axes[0].plot(k, spectrum[k], marker, color=color, markersize=3, label=label, fillstyle="none")
    k = np.array([8.0, 48.0])
    axes[0].plot(k, np.outer(k**-3.0, [1.2]), k, np.outer(k**-5.0, [0.3]), linestyle="--", color="0.4")
    axes[0].set(xscale="log", yscale="log", xlabel="degree k", ylabel=r"$\lambda_k$")
    axes[0].legend()
    h = zonal(rmt.MLP(3, "relu", 2**0.5))
    x = np.random.default_rng(rng).standard_normal((n, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(h(np.clip(x @ x.T, -1, 1)))[::-1] / n
    axes[1].plot(np.arange(1, n + 1), values, ".", color="0.6", markersize=4, label=f"Gram matrix, n = {n}")
    axes[1].step(np.arange(1, 170), h.mercer(3, 13).repeated(), where="mid", label="Mercer")
    axes[1].set(xscale="log", yscale="log", xlim=(1, 169), ylim=(1e-4, 4), xlabel="rank", ylabel=r"$\lambda/n$")
    axes[1].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F49.png")
