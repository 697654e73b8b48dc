"""Jacobians of deep networks: the law at any depth, and all singular values against torch.func.jacrev + svdvals."""

import math

import numpy as np
import torch
from interleaved import clock, options, race

from rmt.networks import MLP, edge_of_chaos
from rmt.networks.architecture.jacobian import log_singular_values_of_layers


def critical(depth, q):
    point = edge_of_chaos("tanh", q=q)
    return MLP(depth, "tanh", point.sigma_w, point.sigma_b, "orthogonal")


def evaluate(law, rng):
    """1000 points of density and distribution function; fresh ones, because a law remembers its last points."""
    low, high = law.support[0].low, law.support[-1].high

    def work():
        x = np.sort(rng.uniform(low, high, 1000))
        law.pdf(x)
        law.cdf(x)

    return work


def torch_network(net, width):
    """The same network as a freshly initialised module."""
    layers = []
    for layer in net.layers:
        linear = torch.nn.Linear(width, width, dtype=torch.float64)
        torch.nn.init.orthogonal_(linear.weight, layer.sigma_w)
        torch.nn.init.normal_(linear.bias, 0.0, layer.sigma_b)
        layers += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers)


def main():
    size, repeats = options(__doc__)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    deep = critical(64, 0.05).jacobian().gram_law()
    clock("law, 64 layers of tanh, 1000 points of pdf and cdf", evaluate(deep, rng), 0.05, repeats)
    shallow = evaluate(critical(16, 0.05).jacobian().gram_law(), rng)
    deepest = evaluate(critical(10_000, 0.001).jacobian().gram_law(), rng)
    race("law, depth 10^4 (rmt) against depth 16 (peer)", deepest, shallow, 1 / 3, repeats)
    width = size(1000)
    net = critical(64, 0.05)
    x = 0.2 * torch.randn(width, dtype=torch.float64)

    def peer(module):
        return torch.linalg.svdvals(torch.func.jacrev(module)(x))

    race(
        f"singular values, width {width}, depth 64, network drawn",
        lambda: net.jacobian().singular_values(width, rng=1),
        lambda: peer(torch_network(net, width)),
        1.0,
        min(repeats, 3),
    )
    module = torch_network(net, width)
    layers = list(net.jacobian().forward(width, rng=1))
    race(
        f"singular values, width {width}, depth 64, network given",
        lambda: log_singular_values_of_layers(layers, width, orthogonal=True),
        lambda: peer(module),
        1.0,
        min(repeats, 3),
    )
    accuracy(size(200))


def accuracy(width):
    """Chaotic networks spread their singular values beyond the 16 digits that a multiplied Jacobian keeps."""
    print(f"\nsmallest log10 singular value, width {width}: factors kept apart, and multiplied out")
    for depth in (4, 16, 64):
        net = MLP(depth, "tanh", 2.0, 0.0, "gaussian")
        layers = list(net.jacobian().forward(width, rng=2))
        found = log_singular_values_of_layers(layers, width)[-1] / math.log(10.0)
        product = np.eye(width)
        for weights, slopes in layers:
            product = slopes[:, None] * (weights @ product)
        naive = math.log10(max(np.linalg.svd(product, compute_uv=False)[-1], 1e-320))
        print(f"depth {depth:3d}: {found:9.2f} {naive:9.2f}")


if __name__ == "__main__":
    main()
