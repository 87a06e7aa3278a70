"""Keeps the doctest collector away from the scripts here: they import PyTorch, which no test needs."""

collect_ignore_glob = ["*.py"]
