"""Entries from counter-based random streams against numpy.random.Generator (PCG64), and over threads."""

import numpy as np
from interleaved import options, race

from rmt.ensembles import entries
from rmt.numerics.randomness.random_streams import fill


def main():
    size, repeats = options(__doc__)
    rng = np.random.default_rng(0)
    shape = (size(4000), size(4000))
    label = f"{shape[0]}²"
    peers = (
        ("gaussian", 3, lambda: rng.standard_normal(shape)),
        ("rademacher", 8, lambda: rng.integers(0, 2, shape) * 2.0 - 1.0),
        ("student(3)", 4, lambda: rng.standard_t(3, shape) / np.sqrt(3.0)),
        ("uniform", None, lambda: (rng.random(shape) - 0.5) * np.sqrt(12.0)),
        ("exponential", None, lambda: rng.standard_exponential(shape) - 1.0),
        ("cube_root_cauchy", None, lambda: np.cbrt(rng.standard_cauchy(shape))),
    )
    for name, target, theirs in peers:
        law = entries.as_entries(name)
        race(f"{name}, {label}", lambda law=law: law.draw(rng, shape), theirs, target, repeats)
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
