"""F53. The condition number is not monotone in depth

Tangent kernel of He-scaled ReLU networks on orthogonal points: largest over smallest eigenvalue against depth. It
rises, then falls to (m + 3)/3 for m points: deep networks forget their inputs, but never altogether. Dots: the mean
kernel of 20 networks of width n.
Source: Xiao, Pennington and Schoenholz (2020).
"""

import numpy as np

import rmt
from rmt.kernels import condition_number, empirical_ntk


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, axes = rmt.plotting.figure(height=3.4)
    depths = np.unique(np.geomspace(1, 1000, 40).round().astype(int))
    for points in (4, 10, 30):
        values = [condition_number(rmt.MLP(int(depth), "relu", 2**0.5), points) for depth in depths]
        (line,) = axes.plot(depths, values, label=f"{points} points")
        axes.plot([300, 1000], [(points + 3) / 3] * 2, "--", color="0.4", linewidth=0.8)
        if points == 10:
            for depth in (1, 3, 10):
                options = {"activation": "relu", "depth": depth, "sigma_w": 2**0.5}
                drawn = sum(empirical_ntk(n, np.eye(10), rng=seed, **options) for seed in range(rng, rng + 20))
                axes.plot(depth, condition_number(drawn), "o", color=line.get_color(), markersize=4)
    axes.set(xscale="log", yscale="log", xlabel="depth L", ylabel=r"$\lambda_{max}/\lambda_{min}$")
    axes.set(yticks=[2, 5, 10], yticklabels=[2, 5, 10])
    axes.minorticks_off()
    figure.legend(ncols=3, loc="outside upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F53.png")
