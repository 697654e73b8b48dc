"""Counter-based random streams against numpy.random.Generator (PCG64), and over threads."""

import numpy as np
from interleaved import options, race

from rmt.numerics.random_streams import fill


def main():
    size, repeats = options(__doc__)
    rng = np.random.default_rng(0)
    shape = (size(4000), size(4000))
    label = f"{shape[0]}²"
    peers = (
        ("normal", None, 3, lambda: rng.standard_normal(shape)),
        ("rademacher", None, 8, lambda: rng.integers(0, 2, shape) * 2.0 - 1.0),
        ("student", 3.0, 4, lambda: rng.standard_t(3, shape)),
        ("uniform", None, None, lambda: rng.random(shape)),
        ("exponential", None, None, lambda: rng.standard_exponential(shape)),
        ("cauchy", None, None, lambda: rng.standard_cauchy(shape)),
        ("cauchy root", 3.0, None, lambda: np.cbrt(rng.standard_cauchy(shape))),
    )
    for kind, parameter, target, theirs in peers:
        race(
            f"{kind}, {label}",
            lambda kind=kind, p=parameter: fill(kind, shape, rng, parameter=p),
            theirs,
            target,
            repeats,
        )
    race(
        f"normal, float32, {label}",
        lambda: fill("normal", shape, rng, dtype=np.float32),
        lambda: rng.standard_normal(shape, dtype=np.float32),
        None,
        repeats,
    )
    race(
        f"normal, {label}, two threads against one",
        lambda: fill("normal", shape, rng, threads=2),
        lambda: fill("normal", shape, rng),
        None,
        repeats,
    )


if __name__ == "__main__":
    main()
