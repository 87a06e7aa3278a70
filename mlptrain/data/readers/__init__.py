"""Files of every kind, as sources of rows with named columns."""
