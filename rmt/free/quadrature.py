"""Laws without closed transforms as leaves of the solver: rules of nodes and weights that stand for them."""

from __future__ import annotations

from rmt.laws.expectation import expectation_rule
from rmt.laws.law import Law, Real


def rule_for_solver(law: Law) -> tuple[Real, Real]:
    """Nodes and weights of a law with bounded support."""
    return expectation_rule(law)
