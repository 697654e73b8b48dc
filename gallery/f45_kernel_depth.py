"""F45. Kernels forget their inputs with depth

Left: correlation of two inputs under the NNGP kernel against depth, from several angles; He-scaled ReLU networks draw
all inputs together, 1 − c ≈ 9π²/(2L²). Right: the tangent kernel off the diagonal over that on it tends to 1/4 whatever
the inputs (dots: means of 12 networks of width n).
Source: Jacot, Gabriel and Hongler (2018); Xiao, Pennington and Schoenholz (2020) for the limit of depth.
"""

import numpy as np

import rmt
from rmt.errors import check_count
from rmt.kernels import empirical_ntk, nngp_and_ntk


@rmt.plotting.style()
def main(n=512, rng=0):
    check_count("n", n, minimum=32)  # width
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    depths = np.unique(np.geomspace(1, 300, 40).round().astype(int))
    options = {"activation": "relu", "sigma_w": 2**0.5}
    for degrees in (20, 60, 90, 180):
        angle = np.radians(degrees)
        X = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
        kernels = [nngp_and_ntk(X, depth=int(depth), **options) for depth in depths]
        axes[0].plot(depths, [1 - K[0, 1] / K[0, 0] for K, _ in kernels], label=f"{degrees}°")
        (line,) = axes[1].plot(depths, [T[0, 1] / T[0, 0] for _, T in kernels])
        for depth in (1, 4, 16):
            T = sum(empirical_ntk(n, X, depth=depth, rng=seed, **options) for seed in range(rng, rng + 12))
            axes[1].plot(depth, T[0, 1] / np.sqrt(T[0, 0] * T[1, 1]), ".", color=line.get_color())
    axes[0].plot(depths[20:], 4.5 * np.pi**2 / depths[20:] ** 2, "--", color="0.4", label=r"$9\pi^2/(2L^2)$")
    axes[1].axhline(0.25, linestyle="--", color="0.4")
    axes[0].set(xscale="log", yscale="log", xlabel="depth L", ylabel="1 − correlation")
    axes[1].set(xscale="log", xlabel="depth L", ylabel=r"$\Theta(x, x') / \Theta(x, x)$")
    axes[0].legend(title="angle")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F45.png")
