"""Writing a first config for a table: what each column is, what is to be learned, and with what.

profile   what a column holds: kind, blanks, different values, outliers
roles     which columns to learn from, and why the others are left out
choices   the settings, each with its reason
"""

from mlptrain.init.choices import first_config

__all__ = ["first_config"]
