"""F54. Fluctuations of the tangent kernel, of the order of 1/width

Two-layer networks on one input: n times the variance of the tangent kernel is the same at every width (left), and n
times its drift at the start of training, −E O_3 f, too (right). Lines are Gaussian integrals, dots 4000 networks each.
For tanh the kernel grows at first, for ReLU and linear networks it shrinks.
Source: Huang and Yau (2020); Dyer and Gur-Ari (2020).
"""

import numpy as np

import rmt
from rmt.kernels import hierarchy
from rmt.networks import activation


@rmt.plotting.style()
def main(n=256, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.4)
    rng, widths = np.random.default_rng(rng), [w for w in (4, 8, 16, 32, 64, 128, 256, 512) if w <= n]
    for i, name in enumerate(("tanh", "relu", "linear")):
        phi, found = activation(name), hierarchy(name, order=2)
        bend = phi.curvature or np.zeros_like
        for width in widths:
            w, a = rng.standard_normal((2, 4000, width))
            f, s, c = phi(w), phi.derivative(w), bend(w)
            theta, out = (f**2 + a**2 * s**2).mean(axis=1), (a * f).sum(axis=1) / width**0.5
            third = (4 * a * f * s**2 + 2 * a**3 * s**2 * c).sum(axis=1) / width**1.5
            for ax, x in zip(axes, (width * (theta - found.mean) ** 2, -width * third * out), strict=True):
                ax.errorbar(width * 1.06**i, x.mean(), 2 * x.std() / 4000**0.5, fmt="o", color=f"C{i}", markersize=3)
        axes[0].axhline(found.variance, color=f"C{i}", label=name.replace("relu", "ReLU"))
        axes[1].axhline(found.drift, color=f"C{i}")
    axes[0].set(xscale="log", xlabel="width n", ylabel=r"$n\,$Var $\Theta$")
    axes[1].set(xscale="log", xlabel="width n", ylabel=r"$n\,$E $d\Theta/dt$ at $t = 0$")
    axes[0].legend()
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F54.png")
