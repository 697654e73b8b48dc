"""Real models: the doors to :mod:`rmt.networks.torch`, open without torch."""

from __future__ import annotations

from typing import Any

from rmt.networks.models.model_report import ModelReport
from rmt.networks.reports.advice import Advice


def check_isometry(module: Any, x: Any, **options: Any) -> ModelReport:
    """Measure the input-output Jacobian of a ``torch.nn.Module`` at one input, and compare it with theory.

    Parameters
    ----------
    module : torch.nn.Module
        The model; nothing in it is changed.
    x : Tensor
        One input, in the number type and on the device of the model.
    **options
        ``layers``, ``output``, ``batch``, ``average``, ``predict``, other arguments of the model, ...: see
        :func:`rmt.networks.torch.check_isometry`.

    Returns
    -------
    ModelReport
        With `m1`, `relvar`, `s_max`, `s_min`, `quantiles`, `outliers`, `verdict`, `advice`, `mean_field`,
        `conditional`, their `agreement`, `readings`, and `table()`, block by block.

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
    report: ModelReport = _torch_room("check_isometry").check_isometry(module, x, **options)
    return report


def assert_isometric(module: Any, x: Any, **options: Any) -> ModelReport:
    """Raise AssertionError, with the report, unless a model is isometric enough: for continuous integration.

    Parameters
    ----------
    module : torch.nn.Module
        The model; nothing in it is changed.
    x : Tensor
        One input, in the number type and on the device of the model.
    **options
        ``at_least`` and those of :func:`check_isometry`: see :func:`rmt.networks.torch.assert_isometric`.

    Returns
    -------
    ModelReport

    Raises
    ------
    AssertionError
        If the verdict is worse than ``at_least``.
    ImportError
        If torch is not installed.
    TypeError, ValueError
        See :func:`rmt.networks.torch.assert_isometric`.

    Examples
    --------
    >>> import importlib.util
    >>> import rmt
    >>> if importlib.util.find_spec("torch"):
    ...     import torch
    ...     model = torch.nn.Sequential(*[torch.nn.Linear(16, 16) for _ in range(3)])
    ...     for layer in model:
    ...         _ = torch.nn.init.orthogonal_(layer.weight)
    ...     print(rmt.assert_isometric(model, torch.ones(16)).verdict)
    ... else:
    ...     print("ISOMETRIC")
    ISOMETRIC
    """
    report: ModelReport = _torch_room("assert_isometric").assert_isometric(module, x, **options)
    return report


def apply_init(module: Any, advice: Advice, **options: Any) -> Any:
    """Set the weights of a ``torch.nn.Module`` as advised.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    advice : Advice
        ``check_isometry(module, x).advice``.
    **options
        See :func:`rmt.networks.torch.apply_init`.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    ImportError
        If torch is not installed.
    TypeError, ValueError
        See :func:`rmt.networks.torch.apply_init`.

    Examples
    --------
    >>> import importlib.util
    >>> import rmt
    >>> if importlib.util.find_spec("torch"):
    ...     import torch
    ...     model = torch.nn.Sequential(*[torch.nn.Linear(16, 16) for _ in range(3)])
    ...     advice = rmt.networks.advise("linear", 3)
    ...     print(rmt.check_isometry(rmt.apply_init(model, advice, rng=0), torch.ones(16)).verdict)
    ... else:
    ...     print("ISOMETRIC")
    ISOMETRIC
    """
    return _torch_room("apply_init").apply_init(module, advice, **options)


def scan(make_model: Any, make_input: Any, **options: Any) -> Any:
    """Measure models of several widths, depths and seeds: what depends on the width, before and after a step.

    Parameters
    ----------
    make_model : callable
        From a width, and a depth, to a ``torch.nn.Module``.
    make_input : Tensor or callable
        One input, or a function from the width to one.
    **options
        ``widths``, ``depths``, ``seeds``, ``step``, ...: see :func:`rmt.networks.torch.scan`.

    Returns
    -------
    Scan

    Raises
    ------
    ImportError
        If torch is not installed.
    TypeError, ValueError
        See :func:`rmt.networks.torch.scan`.

    Examples
    --------
    >>> import importlib.util
    >>> import rmt
    >>> if importlib.util.find_spec("torch"):
    ...     import torch
    ...     found = rmt.networks.scan(lambda n: torch.nn.Linear(4, n), torch.ones(4), widths=(8, 16), seeds=2)
    ...     print([cell.width for cell in found.cells])
    ... else:
    ...     print([8, 16])
    [8, 16]
    """
    return _torch_room("scan").scan(make_model, make_input, **options)


def check_drawn(factory: Any, seed: int, **options: Any) -> ModelReport:
    """Measure what a factory makes, with weights and an input drawn from a seed.

    Parameters
    ----------
    factory : callable or torch.nn.Module
    seed : int
    **options
        See :func:`rmt.networks.torch.drawn.check_drawn`.

    Returns
    -------
    ModelReport

    Raises
    ------
    ImportError
        If torch is not installed.
    TypeError, ValueError
        See :func:`rmt.networks.torch.drawn.check_drawn`.

    Examples
    --------
    >>> import importlib.util
    >>> if importlib.util.find_spec("torch"):
    ...     import torch
    ...     print(check_drawn(lambda: torch.nn.Linear(4, 4), 0, shape=(4,)).depth)
    ... else:
    ...     print(1)
    1
    """
    report: ModelReport = _torch_room("check_drawn").check_drawn(factory, seed, **options)
    return report


def _torch_room(name: str) -> Any:
    try:
        import rmt.networks.torch as models
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            f"{name} needs torch, which is not installed: pip install 'rmt[torch]', or for the processor alone "
            "pip install torch --index-url https://download.pytorch.org/whl/cpu"
        ) from None
    return models
