"""Probability laws on the line (and the plane): the limits of spectra."""

from rmt.laws.law import Interval as Interval
from rmt.laws.law import Law as Law
from rmt.laws.semicircle import Semicircle as Semicircle

__all__ = ["Interval", "Law", "Semicircle"]
