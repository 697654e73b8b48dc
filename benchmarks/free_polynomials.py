"""Random polynomials in free variables: how many are refused, slow or wrong, and how long the others take.

Support and 1000 densities of each polynomial, degree at most 4 in at most three variables with leaves of every kind
(tests/random_polynomials.py, by seed). The judges are exact moments by non-crossing partitions and eigenvalues of
matrices of dimension 400. Run from the root of the repository:

    python benchmarks/free_polynomials.py --first 0 --last 300
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from random_polynomials import (
    distance,
    exact_moments,
    moments_of_distribution,
    random_polynomial,
    sampled_eigenvalues,
)

from rmt.errors import ConvergenceError
from rmt.free import polynomial_law

DIMENSION = 400


def timed(terms, variables):
    """The law, and CPU seconds for its support and 1000 densities."""
    start = time.process_time()
    law = polynomial_law(terms, variables)
    count = 1000 // max(len(law.support), 1)
    for interval in law.support:
        law.pdf(np.linspace(interval.low, interval.high, count + 2)[1:-1])
    return law, time.process_time() - start


def deviation(law, terms, variables, seed):
    """Relative deviation of moments, and dimension times the Kolmogorov-Smirnov distance of eigenvalues."""
    order = max(2, min(5, 12 // max(map(len, terms))))
    size = max(map(abs, law._hull()))
    pairs = zip(moments_of_distribution(law, order), exact_moments(terms, variables, order), strict=True)
    moments = max(abs(a - b) / size**k for k, (a, b) in enumerate(pairs, start=1))
    values = sampled_eigenvalues(terms, variables, DIMENSION, np.random.default_rng(seed))
    return moments, DIMENSION * distance(values, law)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=300)
    arguments = parser.parse_args()
    seconds, refused, wrong = [], [], []
    for seed in range(arguments.first, arguments.last):
        terms, variables = random_polynomial(seed)
        try:
            law, taken = timed(terms, variables)
            seconds.append(taken)
            moments, spread = deviation(law, terms, variables, seed)
        except ConvergenceError as error:
            refused.append(seed)
            print(f"{seed}: refused, {str(error)[-60:]}", flush=True)
            continue
        if moments > 1e-4 or spread > 12.0:
            wrong.append(seed)
        print(f"{seed}: {taken:.2f} s, moments {moments:.0e}, eigenvalues {spread:.1f}", flush=True)
    count = arguments.last - arguments.first
    print(f"{count} polynomials: refused {refused}, wrong {wrong}")
    print("median {:.2f} s, nine of ten below {:.2f} s, slowest {:.2f} s".format(*np.quantile(seconds, [0.5, 0.9, 1])))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
