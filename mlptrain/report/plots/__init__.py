"""Pictures of a run, one file for each kind. matplotlib (extra `plot`) is needed to draw them."""

from mlptrain.report.plots.kinds import KINDS, applicable, picture, plot

__all__ = ["KINDS", "applicable", "picture", "plot"]
