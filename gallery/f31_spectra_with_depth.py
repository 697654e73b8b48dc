"""F31. Spectra of the Jacobian as networks grow deep

Distribution functions of the eigenvalues of J Jᵀ in critical networks of depth L. Gaussian linear: Fuss-Catalan laws,
whose mass leaves for 0. Orthogonal ReLU: half of the mass is at 0 at every depth, and the rest leaves too. Orthogonal
hard-tanh, in which a unit saturates with probability 1 − p = 0.02: a jump of 1 − L(1 − p) at p^(−L), the directions in
which no unit saturates, while that is positive. Lines are the laws, grey steps sampled networks.
Source: Pennington, Schoenholz and Ganguli (2017).
"""

import numpy as np

import rmt
from rmt.networks import edge_of_chaos

CASES = (("linear", "gaussian", 1.0), ("relu", "orthogonal", 1.0), ("hard_tanh", "orthogonal", 0.18478))
GRID = np.linspace(np.log(1e-6), np.log(1e3), 1001)


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=3.4, sharey=True)
    for ax, (name, weights, q) in zip(axes, CASES, strict=True):
        point = edge_of_chaos(name, q=q)
        for depth in (2, 8, 32, 128):
            jacobian = rmt.MLP(depth, name, point.sigma_w, point.sigma_b, weights).jacobian()
            logs = 2 * jacobian.log_singular_values(n, rng=rng)
            ax.ecdf(np.exp(np.clip(logs, -700, None)), color="0.7", linewidth=4, linestyle="-")
            law = jacobian.gram_law()
            ax.plot(np.exp(GRID), law.cdf_of_log(GRID), label=f"L = {depth}")
        ax.set(xscale="log", xlim=np.exp(GRID[[0, -1]]), xlabel=r"$\lambda$")
        title = f"{name}, {weights}".replace("relu", "ReLU").replace("_", "-").replace("gaus", "Gaus")
        ax.set_title(title, loc="left", fontsize="medium")
    axes[0].set_ylabel(f"share of eigenvalues, n = {n}")
    axes[1].legend(loc="lower right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F31.png")
