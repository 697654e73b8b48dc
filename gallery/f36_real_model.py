"""F36. A real model, as torch initialises it and as advised

Singular values of the Jacobian of a torch network of 32 tanh layers, before and after apply_init, and the law given its
own weights and derivatives (mean field where torch is missing). The input itself is a direction apart from the bulk.
Source: Pennington, Schoenholz and Ganguli (2017).
"""

import rmt


def reports(n, seed):
    try:
        import torch

        from rmt.networks.torch import apply_init, check_isometry
    except ImportError:
        good = rmt.networks.advise("tanh", 32)
        nets = ((3**-0.5, (3 * n) ** -0.5, "gaussian"), (good.sigma_w, good.sigma_b, "orthogonal"))
        return [rmt.MLP(32, "tanh", *scales).isometry() for scales in nets]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(*(f for _ in range(32) for f in (torch.nn.Linear(n, n), torch.nn.Tanh())))
        x = torch.randn(n)
    before = check_isometry(net, x)
    x *= (before.advice.input_q / x.square().mean()) ** 0.5
    return [before, check_isometry(apply_init(net, before.advice, rng=seed), x)]


@rmt.plotting.style()
def main(n=256, rng=0):
    figure, axes = rmt.plotting.figure(2, 1, height=6.4)
    for ax, report, name in zip(axes, reports(n, rng), ("as torch initialises it", "as advised"), strict=True):
        rmt.plotting.isometry(report, ax=ax, n=n, rng=rng)
        ax.set_title("", loc="right")
        ax.set_xlabel(rf"$\log_{{10}} s$, {name}: {report.verdict}, relative variance {report.relvar:.3g}")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F36.png")
