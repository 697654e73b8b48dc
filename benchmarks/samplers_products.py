"""Products of many matrices: without loss, without drawing Gaussian factors, and active rows only."""

import numpy as np
from interleaved import options, race

from rmt.spectra import gaussian_product_log_singular_values, masked_product, product_singular_values


def draw_multiply_decompose(n, depth, rng):
    product = rng.standard_normal((n, n))
    for _ in range(depth - 1):
        product = rng.standard_normal((n, n)) @ product / np.sqrt(n)
    return np.linalg.svd(product, compute_uv=False)


def multiply_decompose(factors):
    product = factors[-1]
    for factor in reversed(factors[:-1]):
        product = factor @ product
    return np.linalg.svd(product, compute_uv=False)


def dense_masked_product(weights, masks):
    product = np.eye(weights[0].shape[1])
    for weight, mask in zip(weights, masks, strict=True):
        product = mask[:, None] * (weight @ product)
    return product


def main():
    size, repeats = options(__doc__)
    rng = np.random.default_rng(0)
    for n, depth, target in ((size(512), 64, 2), (size(256), 256, None), (size(1024), 16, None)):
        race(
            f"Gaussian product, n = {n}, L = {depth}, draw-multiply-svd",
            lambda n=n, depth=depth: gaussian_product_log_singular_values(n, depth, rng),
            lambda n=n, depth=depth: draw_multiply_decompose(n, depth, rng),
            target,
            repeats,
        )
    n, depth = size(512), 64
    factors = [rng.standard_normal((n, n)) / np.sqrt(n) for _ in range(depth)]
    race(
        f"given factors, n = {n}, L = {depth}, multiply-svd (wrong)",
        lambda: product_singular_values(factors),
        lambda: multiply_decompose(factors),
        None,
        max(1, repeats // 2),
    )
    n, depth = size(1024), 8
    weights = [rng.standard_normal((n, n)) * np.sqrt(2 / n) for _ in range(depth)]
    masks = [rng.random(n) < 0.5 for _ in range(depth)]
    race(
        f"ReLU Jacobian, n = {n}, L = {depth}, dense product",
        lambda: masked_product(weights, masks),
        lambda: dense_masked_product(weights, masks),
        2.5,
        repeats,
    )


if __name__ == "__main__":
    main()
