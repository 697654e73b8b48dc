"""``rmt warm`` leaves no kernel to be compiled later."""

import importlib
from pathlib import Path

import pytest

import rmt
from rmt.cli import main
from rmt.numerics.compilation.kernel_cache import KernelCache

PACKAGE = Path(rmt.__file__).parent
#: parts of other kernels, which tests call too
PARTS = {
    *("philox", "_open_unit", "_half_open_unit", "_turns", "_place", "log", "exp", "expm1", "sin_cos_turns", "_sweep"),
    *("box_start", "_chebyshev", "_grown", "_far_fields"),
    *("_clenshaw", "_second", "angle", "_gelu", "_density", "_inner", "_panel_ends", "room_for_edges"),
}
#: repairs of rare matrices, interpolants of many thousand pairs, and normalisation layers
RARE = {"segment_moments", "_correct_charges", "_repeat_rows", "grid_many", "grid_block", "closed_pair"}


def test_what_cannot_be_kept_is_no_success(capsys, monkeypatch):
    monkeypatch.setattr("rmt.cli.warm.JOBS", {"nothing": lambda: None})
    assert main(["warm"]) == 0
    monkeypatch.setattr("rmt.numerics.compilation.kernel_cache._lost", True)
    assert main(["warm"]) == 3
    assert "name a writable folder in NUMBA_CACHE_DIR" in capsys.readouterr().err


def test_without_a_compiler_there_is_nothing_to_warm(capsys, monkeypatch):
    monkeypatch.setattr("rmt.cli.warm.JOBS", {})
    monkeypatch.setattr("rmt.numerics.compilation.jit.DISABLED", True)
    assert main(["warm"]) == 2
    assert "NUMBA_DISABLE_JIT=1" in capsys.readouterr().err


@pytest.mark.slow
def test_all_kernels_are_compiled(capsys):
    assert main(["warm"]) == 0
    assert capsys.readouterr().out.startswith("everything is compiled")
    cold, warm = set(), set()
    for path in PACKAGE.rglob("*.py"):
        if "\n@kernel\n" not in path.read_text():
            continue
        module = importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
        for name, function in vars(module).items():
            if isinstance(getattr(function, "_cache", None), KernelCache) and function.__module__ == module.__name__:
                (warm if function.signatures else cold).add(name)
    assert len(warm) > 40
    assert cold <= PARTS | RARE
