"""Kolmogorov-Smirnov distance between sampled and predicted Jacobian spectra: activation × weights × depth.

Spectra of several networks are pooled, since the scale of one differs from the limit by O(√(L/N)). Controls: the law of
the other weights, and of one layer more.
"""

import argparse
import math

import numpy as np

import rmt
from rmt.networks import MLP, critical_points

#: sigma_w and sigma_b, or the sigma_b of a stable point of the edge of chaos
FAMILIES = {
    "linear": (1.0, 0.0),
    "relu": (math.sqrt(2.0), 0.0),
    "leaky_relu": (math.sqrt(2.0), 0.0),
    "tanh": 0.3,
    "erf": 0.3,
    "hard_tanh": 0.05,
    "sigmoid": 0.5,
    "sin": 0.3,
    "arctan": 0.3,
    "gelu": 0.5,
    "silu": 1.0,
    "mish": 1.0,
    "elu": 0.3,
    "selu": 0.3,
    "softplus": (1.2, 0.3),
    "shifted_relu": 0.05,
    "clipped_relu": 1.0,
}
#: log λ below which laws are not resolved
FLOOR = -250.0


def network(name, depth, weights):
    place = FAMILIES[name]
    if isinstance(place, tuple):
        return MLP(depth, name, *place, weights)
    point = next(p for p in critical_points(name, sigma_b=place) if p.stable)
    return MLP(depth, name, point.sigma_w, point.sigma_b, weights)


def distance(law, logs):
    """Distance given λ > 0: the rank of a finite on-off network is off its limit by O(N^{-1/2})."""
    zeros = dict(law.atoms).get(0.0, 0.0)
    u = np.sort(2.0 * logs[np.isfinite(logs)])
    for position, _ in law.atoms:
        if position > 0.0:
            u = np.where(np.abs(u - math.log(position)) < 1e-6, math.log(position), u)
    points, first = np.unique(u, return_index=True)
    after = np.append(first[1:], u.size) / u.size
    seen = points > FLOOR
    points, first, after = points[seen], first[seen] / u.size, after[seen]
    above = (law.cdf_of_log(points + 1e-12) - zeros) / (1.0 - zeros)
    below = (law.cdf_of_log(points - 1e-6) - zeros) / (1.0 - zeros)
    return max(np.max(np.abs(above - after)), np.max(np.abs(below - first)))


def measured_law(net, steps):
    """The law given the D² of one draw, for slopes that take two values."""
    laws = [rmt.Bernoulli(float(np.mean(slopes))) for _, slopes in steps]
    scale = rmt.Atomic((net.sigma_w[0] ** 2,), (1,))
    weights = [] if net.orthogonal else [rmt.MarchenkoPastur()]
    return rmt.boxtimes(*laws, scale, *weights, powers=[1] * len(laws) + [net.depth] * (1 + len(weights)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--depths", type=int, nargs="+", default=[2, 8, 32])
    arguments = parser.parse_args()
    print(f"{'activation':14}{'weights':12}{'depth':>6}{'KS':>9}{'other weights':>15}{'depth + 1':>11}")
    for name in FAMILIES:
        for weights in ("gaussian", "orthogonal"):
            for depth in arguments.depths:
                net = network(name, depth, weights)
                other = net.with_weights("orthogonal" if weights == "gaussian" else "gaussian")
                if name in ("relu", "hard_tanh", "shifted_relu", "clipped_relu"):
                    steps = list(net.jacobian().forward(arguments.width, rng=1))
                    logs = rmt.spectra.product_singular_values([f for w, d in reversed(steps) for f in (d, w)])
                    law, wrong = measured_law(net, steps), measured_law(other, steps)
                else:
                    logs = net.jacobian().log_singular_values(arguments.width, rng=1, trials=arguments.draws).ravel()
                    law, wrong = net.jacobian().gram_law(), other.jacobian().gram_law()
                deeper = net.with_depth(depth + 1).jacobian().gram_law()
                row = [distance(candidate, logs) for candidate in (law, wrong, deeper)]
                print(f"{name:14}{weights:12}{depth:6d}{row[0]:9.4f}{row[1]:15.4f}{row[2]:11.4f}", flush=True)


if __name__ == "__main__":
    main()
