"""One HTML page about a run, or several beside each other: no scripts, and nothing to be loaded."""

from mlptrain.report.html.write import report

__all__ = ["report"]
