"""F71. What weight decay leaves of a matrix of noise and signal

Left: singular value that a deep linear network with weight decay learns, against that of its target, over the bulk of
a noise matrix of n rows (grey): three and more layers have a hard threshold, here put at the edge of the bulk. Right:
cost of a Gaussian map per dimension against depth, as a law (line) and drawn (dots); the product of as many Gaussian
matrices costs (L + 1)/2, half of what its factors cost.
Source: Jacot, Golikov, Hongler and Gabriel (2022).
"""

import numpy as np

import rmt
from rmt.training import deep_shrinkage, deep_threshold, noise_killing_decay, representation_cost


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    sigma = np.linspace(0, 4, 801)
    bulk = np.sqrt(np.maximum(rmt.wishart(ratio=0.5).eigenvalues(max(n, 4), rng=rng), 0))
    left.hist(bulk, 30, density=True, color="0.85")
    for depth in (2, 3, 5):
        lam = noise_killing_decay(0.5, depth)
        left.plot(sigma, deep_shrinkage(sigma, lam, depth), label=f"L = {depth}")
    left.axvline(deep_threshold(noise_killing_decay(0.5, 3), 3).target, color="k", linewidth=0.8, linestyle=":")
    left.set(xlabel="singular value of the target", ylabel="learnt", xlim=(0, 4))
    depths, matrix = np.arange(1, 11), np.random.default_rng(rng).standard_normal((n, n)) / n**0.5
    costs = [representation_cost(rmt.MarchenkoPastur(), int(d)) for d in depths]
    (line,) = right.plot(depths, costs, label="Gaussian matrix")
    right.plot(depths, [representation_cost(matrix, int(d)) / n for d in depths], "o", color=line.get_color())
    right.plot(depths, [representation_cost(rmt.FussCatalan(int(d)), int(d)) for d in depths], label="product of L")
    right.plot(depths, depths, "k:", label="its factors")
    right.set(xlabel="depth L", ylabel="cost per dimension")
    for ax in (left, right):
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F71.png")
