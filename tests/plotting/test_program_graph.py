"""The graph of a program."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rmt.plotting import program
from rmt.programs import Program


def test_every_step_has_a_dot_and_every_argument_an_arrow():
    P = Program()
    W, v = P.matrix(name="W"), P.vector(name="v")
    x = np.tanh(W @ v)
    P.mean(v * (W.T @ x))
    ax = program(P, ax=Figure().subplots())
    texts = [text.get_text() for text in ax.texts]
    assert len(ax.lines) == len(P.nodes)
    assert texts.count("W") == 1
    assert texts.count("Wᵀ") == 1
    arrows = [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == sum(len(set(node.parents)) for node in P.nodes)
    with pytest.raises(ValueError, match="no steps"):
        program(Program())
