"""F34. An orthogonal kernel is not an orthogonal convolution

Singular values of 3 × 3 convolutions with n channels, circular on 12 × 12 pixels. With torch.nn.init.orthogonal_ they
are hardly better than with Gaussian entries: relative variance of s² 1 − 1/9, S(m) = (1 + m/9)/(1 + m). Right: s² for
8 layers without activation (grey: sampled). Delta-orthogonal kernels are isometries.
Source: Xiao et al. (2018) for delta-orthogonal kernels; Sedghi, Gupta and Long (2019) for the Fourier blocks.
"""

import numpy as np

import rmt
from rmt.networks import convolution_gram_law, convolution_kernel, convolutional_jacobian_law


def singular_values(initialiser, depth, n, rng):
    product = np.eye(n)
    for _ in range(depth):  # one n × n matrix for each of the 12 × 12 frequencies
        kernel = convolution_kernel(n, (3, 3), initialiser, rng=rng)
        product = np.moveaxis(np.fft.fftn(kernel, (12, 12), axes=(2, 3)), (0, 1), (2, 3)) @ product
    return np.linalg.svd(product, compute_uv=False).ravel()


@rmt.plotting.style()
def main(n=32, rng=0):
    figure, axes = rmt.plotting.figure(1, 3, height=3.3)
    x, rng = np.geomspace(1e-5, 1e2, 401), np.random.default_rng(rng)
    for i, name in enumerate(("gaussian", "orthogonal", "delta_orthogonal")):
        if i < 2:
            law = rmt.square_root(convolution_gram_law((3, 3), name))
            rmt.plotting.compare(singular_values(name, 1, n, rng), law, ax=axes[i], legend=False, bins=30)
            axes[i].set(xlabel=f"$s$ ({name}, n = {n})", ylabel=r"$\rho(s)$", xlim=(0, 2.1))
        axes[2].ecdf(singular_values(name, 8, n, rng) ** 2, color="0.7", linestyle="-", linewidth=4)
        axes[2].plot(x, convolutional_jacobian_law(rmt.MLP(8, "linear", 1.0), (3, 3), name).cdf(x), label=name)
    axes[2].set(xscale="log", xlim=(1e-5, 1e2), xlabel="$s^2$ (depth 8)", ylabel="share below")
    figure.legend(handles=axes[2].lines[1::2], ncols=3, loc="outside upper right")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F34.png")
