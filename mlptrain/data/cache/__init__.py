"""Rows too many for memory, in files: written once, read by whoever trains on them."""
