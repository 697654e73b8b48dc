"""F27. What a spectrum costs

Seconds for the eigenvalues of one symmetric matrix, the best of three: all of them from a dense matrix of signs, n³;
all from the tridiagonal model of the GOE, n log n; a histogram by Sturm counts, n; the largest one from a corner of
the tridiagonal model, n^(1/3).
Source: measured on the machine that draws the figure; Dumitriu and Edelman (2002) for the model.
"""

from timeit import repeat

import numpy as np

import rmt

GOE = rmt.hermite(beta=1)


@rmt.plotting.style()
def main(n=10**6, rng=0):
    routes = {
        "dense matrix": (lambda k: rmt.wigner(entries="rademacher").eigenvalues(k, rng=rng), n // 1000),
        "tridiagonal": (lambda k: GOE.eigenvalues(k, rng=rng), n // 20),
        "histogram": (lambda k: GOE.histogram(k, 200, rng=rng), n),
        "largest": (lambda k: GOE.largest(k, rng=rng), n),
    }
    figure, ax = rmt.plotting.figure()
    for (name, (call, top)), marker in zip(routes.items(), "os^v", strict=True):
        call(300)  # compiled before the clock starts
        sizes = np.geomspace(100, max(top, 200), 7).astype(int)
        times = [min(repeat(lambda call=call, size=size: call(size), number=1, repeat=3)) for size in sizes]
        ax.loglog(sizes, times, f"{marker}-", label=name)
    ax.set(xlabel="n", ylabel="seconds")
    rmt.plotting.legend(ax, ncols=2)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F27.png")
