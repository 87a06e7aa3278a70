"""The nodes of the computational graph: gates, layers, activations."""
