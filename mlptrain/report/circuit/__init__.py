"""The circuit diagram of an expression as an SVG file: `mlptrain trace ... --svg FILE`."""

from mlptrain.report.circuit.drawing import save, svg

__all__ = ["save", "svg"]
