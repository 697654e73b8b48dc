"""F77. An image without its noise

An image of low rank (circles and stripes), the same with Gaussian noise of unknown level, what the largest singular
values give after optimal shrinkage, and the singular values before (points) and after (crosses), with the noise edge.
Source: Gavish and Donoho (2017).
"""

import numpy as np

import rmt
from rmt.data import denoise
from rmt.errors import check_count


@rmt.plotting.style()
def main(n=200, rng=0):
    n = check_count("n", n, minimum=10)
    y, x = np.mgrid[-1 : 1 : n * 1j, -1.5 : 1.5 : (3 * n // 2) * 1j]
    image = np.exp(-4 * (x**2 + y**2)) + 0.5 * np.sign(np.sin(9 * x)) * np.cos(2 * y) + (abs(y - x / 2) < 0.2)
    noisy = image + np.random.default_rng(rng).normal(size=image.shape)
    found = denoise(noisy)
    figure, axes = rmt.plotting.figure(2, 2, height=4.6)
    error = [np.sqrt(((part - image) ** 2).mean()) for part in (noisy, found.matrix)]
    titles = ("image", f"with noise: error {error[0]:.2f}", f"rank {found.rank}: error {error[1]:.2f}")
    for ax, part, title in zip(axes.flat, (image, noisy, found.matrix), titles, strict=False):
        ax.imshow(part, cmap="gray", vmin=-1, vmax=2, aspect="auto")
        ax.set_title(title, loc="left", fontsize=9)
        ax.set(xticks=[], yticks=[])
    ax = axes[1, 1]
    ranks = np.arange(1, len(found.singular_values) + 1)
    ax.plot(ranks, found.singular_values, ".", color="0.6", label="noisy")
    ax.plot(ranks[: found.rank], found.shrunk[: found.rank], "x", color="C1", label="shrunk")
    ax.axhline(found.edge, color="k", linewidth=0.8, label="edge of the noise")
    ax.set(xlabel="rank", ylabel="singular value", xscale="log", yscale="log")
    ax.legend(loc="lower left", fontsize=8)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F77.png")
