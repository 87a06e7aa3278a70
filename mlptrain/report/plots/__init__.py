"""Pictures of a run, one file for each kind. matplotlib (extra `plot`) is needed to draw them."""

from mlptrain.report.plots.explanation import save_explanation
from mlptrain.report.plots.kinds import KINDS, applicable, form_of, picture, plot
from mlptrain.report.plots.rates import save_rates

__all__ = ["KINDS", "applicable", "form_of", "picture", "plot", "save_explanation", "save_rates"]
