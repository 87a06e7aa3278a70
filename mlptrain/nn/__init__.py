"""The parts of a network: layers, activations, losses, regularizers, initializers."""
