"""`mlptrain check`: what a careful person looks at before training for real.

Most of it is the list of CS231n ("Neural networks part 3: learning and evaluation", sanity checks):
the initial loss, that a penalty raises it, that a few rows can be memorised, update : weight
ratios. The rest is about the data: what goes wrong there is seen nowhere else.
"""

from mlptrain.tools.check.table import CHECKS, Report, check
from mlptrain.tools.check.verdict import Finding, Status

__all__ = ["CHECKS", "Finding", "Report", "Status", "check"]
