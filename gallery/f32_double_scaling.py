"""F32. Two universal laws of very deep networks

Orthogonal weights, critical, s = L (mu_2/mu_1² − 1) fixed as L grows. Smooth activations have one limit, S = exp(−s m),
derivatives of 0 or 1 another, S = exp(−s m/(1 + m)), with an atom 1 − s at exp(s) for s < 1. Distribution functions,
grey for networks of depth 512; right, distance of the laws of depth L from the limit at s = 2.
Source: Pennington, Schoenholz and Ganguli (2018); Bercovici and Voiculescu (1992) for the first law.
"""

import numpy as np
from scipy.optimize import brentq

import rmt
from rmt.networks import depth_limit, edge_of_chaos

GRID, DEPTHS = np.linspace(np.log(1e-2), np.log(1e2), 401), [2**k for k in range(2, 11)]


def jacobian(name, depth, s):
    critical = edge_of_chaos(name, q=brentq(lambda q: depth * edge_of_chaos(name, q=q).spread - s, 1e-6, 10))
    return rmt.MLP(depth, name, critical.sigma_w, critical.sigma_b, "orthogonal").jacobian()


@rmt.plotting.style()
def main(n=200, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=3.3)
    for ax, name, kind in zip(axes, ("tanh", "hard-tanh"), ("smooth", "bernoulli"), strict=False):
        for s in (0.25, 1, 4):
            ax.ecdf(jacobian(name, 512, s).singular_values(n, rng=rng) ** 2, color="0.7", linestyle="-", linewidth=4)
            ax.plot(np.exp(GRID), depth_limit(kind, s).cdf_of_log(GRID), label=f"s = {s:g}")
        laws = [jacobian(name, depth, 2).gram_law().cdf_of_log(GRID) for depth in DEPTHS]
        axes[2].loglog(DEPTHS, np.abs(laws - depth_limit(kind, 2).cdf_of_log(GRID)).max(axis=1), "o-", label=name)
        ax.set(xscale="log", xlim=np.exp(GRID[[0, -1]]), xlabel=f"$\\lambda$ ({name}, n = {n})")
    figure.legend(handles=axes[0].lines[1::2], ncols=3, loc="outside upper left")
    axes[2].set(xlabel="depth L", ylabel=r"$\sup\,|F_L - F|$")
    axes[2].legend(loc="lower left")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F32.png")
