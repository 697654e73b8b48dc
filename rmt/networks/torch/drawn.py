"""Models and inputs drawn from a seed, for the command line."""

from __future__ import annotations

from typing import Any

import torch

from rmt.networks.models.model_report import ModelReport
from rmt.networks.torch.check import check_isometry


def check_drawn(
    factory: Any, seed: int, *, shape: tuple[int, ...] | None = None, words: int | None = None, **options: Any
) -> ModelReport:
    """Measure what a factory makes, with weights and an input drawn from a seed.

    Parameters
    ----------
    factory : callable or Module
        Without arguments; it gives a module, or a module and its input.
    seed : int
        The random state of torch is restored.
    shape : tuple of int, optional
        Of one input without its batch dimension; needed where the factory gives no input.
    words : int, optional
        Number of different tokens, for an input of token indices.
    **options
        As for :func:`check_isometry`.

    Returns
    -------
    ModelReport

    Raises
    ------
    TypeError, ValueError
        If the factory gives no module, there is no input, or the model cannot be measured.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> check_drawn(lambda: torch.nn.Linear(4, 3), 0, shape=(4,)).values.size
    3
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = factory if isinstance(factory, torch.nn.Module) else factory()
        module, x = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        if shape is not None:
            found = module.parameters() if isinstance(module, torch.nn.Module) else iter(())
            kind = next((p.dtype for p in found), torch.float32)
            x = torch.randn((1, *shape), dtype=kind) if words is None else torch.randint(0, words, (1, *shape))
    if x is None:
        raise ValueError("the factory gives a model without an input: say --input with the shape of one, or --tokens")
    return check_isometry(module, x, **options)
