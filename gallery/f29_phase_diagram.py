"""F29. Order and chaos, and where the initialisers stand

The edge of chaos chi = 1 of wide networks with tanh and GELU, and the initialisers of the libraries (square layers of
width 512). Grey lines are the stationary length q*. The edge of GELU below its half-stable point is of no use: lengths
leave it, and beyond it they grow without bound.
Source: Poole et al. (2016); Schoenholz et al. (2017); Hayou, Doucet and Rousseau (2019).
"""

import rmt


@rmt.plotting.style()
def main(n=160, rng=0):
    figure, axes = rmt.plotting.figure(1, 2, height=3.9)
    for ax, activation, name in zip(axes, ("tanh", "gelu"), ("tanh", "GELU"), strict=True):
        rmt.plotting.phase_diagram(activation, ax, sigma_w=(0.4, 2.4), sigma_b=(0.0, 1.0), points=max(n, 160))
        rmt.plotting.mark_initialisers(activation, ax, names=("LeCun", "Glorot", "He", "nn.Linear", "gain"))
        ax.set_title(name, loc="left", fontsize="medium")
    handles = axes[1].get_legend_handles_labels()[0]
    figure.legend(handles=handles, ncols=3, loc="outside upper left")
    axes[1].set_ylabel("")
    return figure


if __name__ == "__main__":
    rmt.plotting.save(main(), "F29.png")
