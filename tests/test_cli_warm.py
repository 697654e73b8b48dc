"""``rmt warm`` leaves no kernel to be compiled later."""

import importlib
from pathlib import Path

import pytest

import rmt
from rmt.cli import main
from rmt.numerics.kernel_cache import KernelCache

PACKAGE = Path(rmt.__file__).parent
#: parts of other kernels, which tests call too
PARTS = {
    *("philox", "_open_unit", "_half_open_unit", "_turns", "_place", "log", "exp", "expm1", "sin_cos_turns", "_sweep"),
    *("box_start", "_chebyshev", "_grown", "_far_fields"),
    *("_clenshaw", "_second", "angle", "_gelu", "_density", "_inner", "_panel_ends", "room_for_edges"),
}
#: repairs of rare matrices, interpolants of many thousand pairs, and normalisation layers
RARE = {"segment_moments", "_correct_charges", "_repeat_rows", "grid_many", "grid_block", "closed_pair"}


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
