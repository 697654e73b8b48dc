"""Random numbers and dense matrices against NumPy and SciPy: medians of interleaved runs on one thread, and ratios."""

import time

import numpy as np
import scipy.stats
from threadpoolctl import threadpool_limits

import rmt
from rmt.ensembles import entries

SIZE = (4000, 4000)
N, M = 1000, 4000


def races(rng):
    """(task, our way, their way), the target being the ratio of their time to ours."""
    yield "normal, 4000²", 3, draws("gaussian", rng), lambda: rng.standard_normal(SIZE)
    yield "Rademacher, 4000²", 8, draws("rademacher", rng), lambda: rng.integers(0, 2, SIZE) * 2.0 - 1.0
    yield "Student t₃, 4000²", 4, draws("student(3)", rng), lambda: rng.standard_t(3, SIZE)
    yield "∛Cauchy, 4000²", None, draws("cube_root_cauchy", rng), lambda: np.cbrt(rng.standard_cauchy(SIZE))
    wishart = rmt.wishart(ratio=N / M)
    scipy_wishart = scipy.stats.wishart(M, np.eye(N) / M)
    yield "Wishart 1000, A @ A.T", 6, lambda: wishart.sample(N, rng=rng), lambda: gram(rng.standard_normal((N, M)))
    yield "Wishart 1000, SciPy", 3, lambda: wishart.sample(N, rng=rng), lambda: scipy_wishart.rvs(random_state=rng)
    yield (
        "GOE 2000",
        None,
        lambda: rmt.goe().sample(2000, rng=rng),
        lambda: symmetric(rng.standard_normal((2000, 2000))),
    )


def draws(name, rng):
    law = entries.as_entries(name)
    return lambda: law.draw(rng, SIZE)


def gram(a):
    return a @ a.T / a.shape[1]


def symmetric(g):
    return (g + g.T) / np.sqrt(2.0 * len(g))


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(repeats=7):
    print(f"{'task':24} {'rmt':>9} {'peer':>9} {'ratio':>6} {'target':>6}")
    with threadpool_limits(1):
        for task, target, ours, theirs in races(np.random.default_rng(0)):
            ours()  # compile
            times = np.array([(seconds(ours), seconds(theirs)) for _ in range(repeats)])
            own, peer = np.median(times, axis=0)
            ratio = np.median(times[:, 1] / times[:, 0])
            print(f"{task:24} {own * 1e3:7.1f}ms {peer * 1e3:7.1f}ms {ratio:5.1f}x {f'{target}x' if target else '':>6}")


if __name__ == "__main__":
    main()
