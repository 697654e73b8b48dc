"""F37. Learning time against depth

Left: gradient descent on a linear network of given depth at half of the optimal rate. The aligned orthogonal start
follows the time of one mode, which saturates with depth; a Gaussian start is stuck on its small singular values.
Right: tanh networks on made-up images of ten classes, advised start against the default of torch.
Source: Saxe, McClelland and Ganguli (2014).
"""

import numpy as np

import rmt
from rmt.training import learning_time, linear_start, optimal_rate, train_linear
from rmt.training.tanh_runs import train_tanh


@rmt.plotting.style()
def main(n=400, rng=0):
    figure, (left, right) = rmt.plotting.figure(1, 2, height=3.2)
    target = np.diag(np.linspace(1, 2, 8))
    for kind, depths, mark in (("orthogonal", (2, 3, 6, 11, 21, 51), "C0o"), ("gaussian", (2, 3), "C1s")):
        starts = {d: linear_start(d, target, gain=0.2, weights=kind, rng=rng) for d in depths}
        steps = [train_linear(w, target, rate=0.5 * optimal_rate(d, strength=2)) for d, w in starts.items()]
        left.plot(depths, steps, mark, label=f"{kind} start")
    depths = np.arange(2, 61)
    rates = [0.5 * optimal_rate(int(d), strength=2) for d in depths]
    time = [learning_time(int(d), strength=1, start=0.2, end=0.99, rate=r) for d, r in zip(depths, rates, strict=True)]
    left.plot(depths, time, "k-", label="slowest mode")
    depths = [8, 16, 32, 64, 128] if n >= 400 else [4, 8]
    for start, mark in (("advised", "C0o-"), ("default", "C1s-")):
        runs = [train_tanh(d, start, max_steps=n // 2, rates=(3.0,), rng=rng) for d in depths]
        label = f"{start} start" if all(r.steps for r in runs) else f"{start} start, up to {n // 2} steps"
        right.plot(depths, [r.steps or n // 2 for r in runs], mark, label=label)
    for ax, name, high in ((left, "linear", 300), (right, "tanh", None)):
        ax.set(xlabel=f"depth, {name} network", ylabel="steps", ylim=(0, high))
        rmt.plotting.legend(ax)
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F37.png")
