"""mlptrain: multi-layer perceptrons from a YAML file, as a computational graph in NumPy."""

__version__ = "0.1.0"
