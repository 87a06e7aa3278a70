"""`mlptrain` and `python -m mlptrain`: the command line."""

import os

from mlptrain.cli import cli
from mlptrain.report.standard_streams import guarded_streams

SPIN = "20"
"""OpenBLAS lets its threads spin for 2^n cycles after a product. Its 26 is 20 ms of a core that the
update of a large network wants; 20 is a third of a millisecond, long enough from product to product."""


def main() -> None:
    """Run the command line; the entry point that the installation names."""
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", SPIN)  # read when NumPy is imported
    with guarded_streams():
        cli(prog_name="mlptrain")


if __name__ == "__main__":
    main()
