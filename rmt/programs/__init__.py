"""Tensor programs: run at finite width with any law of entries, or in the limit, and the distance between the two."""

from rmt.programs.tensor_program import Program as Program

__all__ = ["Program"]
