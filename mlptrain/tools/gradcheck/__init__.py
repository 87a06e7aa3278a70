"""The gradient check: numerical against analytic gradients, tensor by tensor (P7)."""

from mlptrain.tools.gradcheck.agreement import TOLERANCE, Entry, Row
from mlptrain.tools.gradcheck.case import Case
from mlptrain.tools.gradcheck.networks import (
    all_cases,
    check_network,
    check_networks,
    few,
    part_cases,
)
from mlptrain.tools.gradcheck.nodes import check_node, check_nodes
from mlptrain.tools.gradcheck.numerical import check
from mlptrain.tools.gradcheck.sweep import STEPS, Sweep, sweep

__all__ = [
    "STEPS",
    "TOLERANCE",
    "Case",
    "Entry",
    "Row",
    "Sweep",
    "all_cases",
    "check",
    "check_network",
    "check_networks",
    "check_node",
    "check_nodes",
    "few",
    "part_cases",
    "sweep",
]
