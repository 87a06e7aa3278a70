"""What all activation functions have in common."""

from mlptrain.arrays import Shape
from mlptrain.graph.node import Node


class Activation(Node):
    """An activation function: element by element, the output has the shape of the input."""

    row_by_row = True

    def shape(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        return x

    def linear_units(self, units: int) -> int:
        """How many linear scores the layer below must deliver for `units` activated units."""
        return units
