"""The gradient check: numerical against analytic gradients, tensor by tensor (P7)."""

from mlptrain.tools.gradcheck.agreement import TOLERANCE, Entry, Row
from mlptrain.tools.gradcheck.case import Case
from mlptrain.tools.gradcheck.networks import all_cases, network_case, part_cases
from mlptrain.tools.gradcheck.nodes import node_case
from mlptrain.tools.gradcheck.numerical import check

__all__ = [
    "TOLERANCE",
    "Case",
    "Entry",
    "Row",
    "all_cases",
    "check",
    "network_case",
    "node_case",
    "part_cases",
]
