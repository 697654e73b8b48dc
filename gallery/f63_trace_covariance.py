"""F63. Covariance matrix of traces of words, predicted and sampled

X, Y are independent GUE matrices, D is diagonal: limits of the covariances of the traces of nine words (left), and 1500
samples (right). They do not grow with the dimension.
Source: Mingo, Śniady and Speicher (2007).
"""

import numpy as np

import rmt


@rmt.plotting.style()
def main(n=30, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.6)
    X, Y, D = rmt.gue(), rmt.gue(), rmt.diagonal(rmt.Uniform(-1, 1))
    words = {"X": X, "X³": X**3, "X²": X**2, "XY": X @ Y, "X²Y²": X @ X @ Y @ Y, "XYXY": X @ Y @ X @ Y,
             "XD": X @ D, "XDXD": X @ D @ X @ D, "X²D²": X @ X @ D @ D}  # fmt: skip
    exact = np.array([[float(rmt.cov(v, w)) for v in words.values()] for w in words.values()])
    generator, size, sampled = np.random.default_rng(rng), min(max(n, 4), 40), []
    for _ in range(1500 if n > 10 else 50):
        x, y = (X.sample(size, rng=generator) for _ in range(2))
        d = D.sample(size, rng=generator)
        factors = ([x], [x] * 3, [x] * 2, [x, y], [x, x, y, y], [x, y, x, y], [x, d], [x, d, x, d], [x, x, d, d])
        sampled.append([np.trace(np.linalg.multi_dot(f) if len(f) > 1 else f[0]).real for f in factors])
    for ax, matrix, title in zip(axes, (exact, np.cov(np.array(sampled).T)), ("limit", f"n = {size}"), strict=True):
        ax.imshow(matrix, cmap="RdBu_r", vmin=-12, vmax=12)
        for (i, j), value in np.ndenumerate(matrix):
            ax.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=6)
        ax.set_xticks(range(len(words)), list(words), rotation=60, fontsize=7)
        ax.set_yticks(range(len(words)), list(words), fontsize=7)
        ax.set(xlabel=f"word ({title})", ylabel="word")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F63.png")
