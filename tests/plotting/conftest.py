"""Axes for every test, without pyplot."""

import pytest

import rmt


@pytest.fixture
def ax():
    return rmt.plotting.figure()[1]
