"""Dilations whose powers cancel, but leave the range of doubles one by one."""

import pytest

import rmt
from rmt.free import boxtimes


def test_scales_that_cancel() -> None:
    law = boxtimes(rmt.MarchenkoPastur(), rmt.Atomic((1e-10,), (1,)), rmt.Atomic((3e10,), (1,)), powers=[1, 400, 400])
    other = boxtimes(rmt.MarchenkoPastur(), powers=[1])
    exact = 3.0**400
    assert law.support[0].high == pytest.approx(exact * other.support[0].high, rel=1e-11)
