"""The Python API, and what the commands call. A file for each thing a user wants to do.

Each command imports its own file: `fit` starts without the code of `gradcheck`.
"""
