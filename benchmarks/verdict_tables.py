"""Calibration and power of spectra.compare: how often right laws are rejected, and from which n wrong ones are."""

import argparse
import time

import numpy as np
from scipy import stats

import rmt
from rmt.ensembles.theorems import edges_not_asked
from rmt.spectra import compare

GOE, GUE, X, U = rmt.goe(), rmt.gue(), rmt.goe(), rmt.haar_unitary()
RIGHT = (
    GOE,
    GUE,
    rmt.gse(),
    rmt.hermite(0.5),
    rmt.hermite(10),
    rmt.wishart(0.1),
    rmt.wishart(0.5),
    rmt.wishart(1),
    rmt.wishart(2, field="complex"),
    rmt.laguerre(2, a=10),
    rmt.laguerre(2, a=100),
    rmt.jacobi(2, 5, 20),
    rmt.jacobi(2, 100, 100),
    rmt.jacobi(1, ratios=(0.5, 0.25)),
    rmt.wigner("rademacher"),
    rmt.wigner("exponential"),
    rmt.wigner("sparse(0.02)"),
    rmt.wigner("student(2.5)"),
    rmt.wigner("student(5)"),
    rmt.wishart(0.5, "exponential"),
    rmt.wishart(0.5, "student(5)"),
    rmt.product_wishart(3),
    rmt.haar_orthogonal(),
    U,
    rmt.haar_symplectic(),
    rmt.circular(1),
    rmt.ginibre(),
    rmt.ginibre_product(2),
    rmt.truncated_unitary(0.5),
    rmt.projection(0.3),
    rmt.diagonal(rmt.Uniform()),
    rmt.diagonal(rmt.Uniform(), points="random"),
    rmt.haar_conjugate(rmt.diagonal(rmt.Uniform())),
    rmt.MLP(4, "tanh", 1.0).jacobian(),
    rmt.MLP(4, "relu", 2**0.5, weights="orthogonal").jacobian(),
    rmt.ginibre(shape=(1, 2)),
    2 * GOE + 1,
    GOE + rmt.wishart(0.5),
    GUE + rmt.gue(),
    GUE @ GUE,
    GOE @ X + X @ GOE,
    rmt.projection(0.5) + rmt.projection(0.3),
    U + U.H,
)
SIZES = (20, 50, 100, 200, 400, 800, 1600, 3200)


def replaced(values, places, by):
    out = values.copy()
    out[places] = by
    return out


def wrong():
    """Name, sampler of one spectrum, the wrong law, and options."""
    semicircle, marchenko_pastur = rmt.Semicircle, rmt.MarchenkoPastur
    for percent in (1, 2, 5, 10):
        yield f"GOE, variance {percent} % off", GOE.eigenvalues, semicircle(variance=1 + percent / 100), {}
    yield "GUE, mean 0.01 off", GUE.eigenvalues, semicircle(mean=0.01), {"beta": 2}
    for ratio in (0.01, 0.1, 0.5, 1, 2):
        draw = rmt.wishart(ratio).eigenvalues
        yield f"Wishart {ratio:g}, ratio 2 % off", draw, marchenko_pastur(1.02 * ratio), {}
    yield "GOE, one eigenvalue at 10", lambda n, rng: replaced(GOE.eigenvalues(n, rng=rng), -1, 10.0), semicircle(), {}
    zeros = slice(0, None, 100)
    yield "GOE, 1 % exact zeros", lambda n, rng: replaced(GOE.eigenvalues(n, rng=rng), zeros, 0.0), semicircle(), {}
    yield "Wishart 1, atom of 1 % missing", rmt.wishart(1).eigenvalues, marchenko_pastur(1 / 0.99), {}
    yield "Wishart 0.01 against a semicircle", rmt.wishart(0.01).eigenvalues, semicircle(1, 0.01), {}
    beta = {"beta": 2, "statistics": "spacings"}
    yield "GOE, beta 2 (spacings asked)", GOE.eigenvalues, semicircle(), beta


def rejected(result):
    """Whether the test rejects, and whether the distance is above its scale."""
    return result.rejected, result.ks > result.tolerance


def laws_of(ensemble):
    """Law, fluctuations and sampler of the eigenvalues; of the singular values where there is no law of those."""
    try:
        return ensemble.law(), ensemble.fluctuations(), ensemble.eigenvalues
    except (TypeError, ValueError):
        return ensemble.singular_value_law(), ensemble.singular_value_fluctuations(), ensemble.singular_values


def calibration(seeds, sizes, seconds):
    cells = [(n, trials) for n in sizes for trials in (1, 21)]
    print(f"| right law | {' | '.join(f'n = {n}, {t} trial' + 's' * (t > 1) for n, t in cells)} |")
    print("|---|" + "---|" * len(cells), flush=True)
    for index, ensemble in enumerate(RIGHT):
        cells = []
        with edges_not_asked():
            law, known, draw = laws_of(ensemble)
        for n in sizes:
            for trials in (1, 21):
                repeats = seeds if trials == 1 else max(seeds // 10, 1)
                found, end = [], time.monotonic() + seconds
                for repeat in range(repeats):
                    if found and time.monotonic() > end:
                        break
                    found.append(compare(draw(n, rng=[index, n, trials, repeat], trials=trials), law, ensemble=known))
                count = sum(result.rejected for result in found)
                none = sum(result.passed is None for result in found)
                most = stats.binom.isf(1e-4, len(found), 0.03)
                share = f"{count}/{len(found)}" + "!" * int(count > most)
                cells.append("no verdict" if 2 * none > len(found) else share)
        print(f"| `{ensemble!r}` | {' | '.join(cells)} |", flush=True)


def power(seeds):
    print("| wrong law | test | distance |\n|---|---|---|")
    for name, draw, law, options in wrong():
        first = [None, None]
        for n in SIZES:
            found = np.array([rejected(compare(draw(n, rng=seed), law, **options)) for seed in range(seeds)])
            for i, share in enumerate(found.mean(axis=0)):
                first[i] = n if first[i] is None and share >= 0.5 else first[i]
            if None not in first or (first[0] is not None and n >= 1600):
                break
        shown = [f"n = {n}" if n else f"> {SIZES[-2]}" for n in first]
        print(f"| {name} | {' | '.join(shown)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="samples a cell")
    parser.add_argument("--sizes", type=int, nargs="+", default=(20, 100, 400, 1000), help="dimensions of right laws")
    parser.add_argument("--seconds", type=float, default=60.0, help="after which a cell is cut short")
    parser.add_argument("--calibration", action="store_true", help="right laws only")
    arguments = parser.parse_args()
    calibration(arguments.seeds, arguments.sizes, arguments.seconds)
    if not arguments.calibration:
        power(max(arguments.seeds // 10, 1))


if __name__ == "__main__":
    main()
