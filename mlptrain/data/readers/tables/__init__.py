"""Tables: text and column files, read whole or in pieces, as typed columns."""
