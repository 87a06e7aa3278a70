"""The gradient check: numerical against analytic gradients, tensor by tensor (P7)."""

from mlptrain.gradcheck.networks import check_network, check_networks
from mlptrain.gradcheck.nodes import check_node, check_nodes
from mlptrain.gradcheck.numerical import TOLERANCE, Row, check

__all__ = [
    "TOLERANCE",
    "Row",
    "check",
    "check_network",
    "check_networks",
    "check_node",
    "check_nodes",
]
