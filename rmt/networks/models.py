"""Real models: the door to :mod:`rmt.networks.torch`, open without torch."""

from __future__ import annotations

from typing import Any

from rmt.networks.model_report import ModelReport


def check_isometry(module: Any, x: Any, **options: Any) -> ModelReport:
    """Measure the input-output Jacobian of a ``torch.nn.Module`` at one input, and compare it with theory.

    Parameters
    ----------
    module : torch.nn.Module
    x : Tensor
        One input, in the number type and on the device of the model.
    **options
        ``layers``, ``output``, ``batch``, ``average``, ``predict``, other arguments of the model, ...: see
        :func:`rmt.networks.torch.check_isometry`.

    Returns
    -------
    ModelReport
        With `m1`, `relvar`, `s_max`, `s_min`, `quantiles`, `outliers`, `verdict`, `advice`, `mean_field`,
        `conditional`, `readings`.

    Raises
    ------
    ImportError
        If torch is not installed.
    TypeError, ValueError
        See :func:`rmt.networks.torch.check_isometry`.

    Examples
    --------
    >>> import importlib.util
    >>> import rmt
    >>> if importlib.util.find_spec("torch"):
    ...     import torch
    ...     model = torch.nn.Sequential(*[torch.nn.Linear(16, 16) for _ in range(3)])
    ...     print(rmt.check_isometry(model, torch.ones(16)).measured is not None)
    ... else:
    ...     print(True)
    True
    """
    try:
        import rmt.networks.torch as models
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            "check_isometry needs torch, which is not installed: pip install 'rmt[torch]', or for the processor alone "
            "pip install torch --index-url https://download.pytorch.org/whl/cpu"
        ) from None
    return models.check_isometry(module, x, **options)
