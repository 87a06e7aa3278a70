"""Runs while they train: on a page of this machine, or in the terminal. Only files are read."""
