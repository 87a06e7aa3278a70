"""`mlptrain` and `python -m mlptrain`: the command line."""

import gc
import os

from mlptrain.cli import cli
from mlptrain.report.standard_streams import guarded_streams
from mlptrain.runs.signals import end_in_order
from mlptrain.system.memory_limit import address_space

SPIN = "20"
"""OpenBLAS lets its threads spin for 2^n cycles after a product. Its 26 is 20 ms of a core that the
update of a large network wants; 20 is a third of a millisecond, long enough from product to product."""

SCARCE = 4 << 30
"""Bytes of address space (ulimit -v) below which polars is to take no more than it needs."""
SPARING = {"POLARS_MAX_THREADS": "1", "_RJEM_MALLOC_CONF": "background_thread:false,narenas:1"}
"""Each of its threads, and each arena of its allocator, reserves addresses in advance."""


COLLECT_AFTER = 10_000
"""New objects after which Python looks for garbage. Its 700 has it go through all modules again and
again while they are imported, a tenth of that time, and finds nothing: modules stay."""


def main() -> None:
    """Run the command line; the entry point that the installation names."""
    gc.set_threshold(COLLECT_AFTER)
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", SPIN)  # read when NumPy is imported
    os.environ["MPLBACKEND"] = "agg"  # we draw into files only; a bad name there would be an error
    if address_space() < SCARCE:
        for name, value in SPARING.items():
            os.environ.setdefault(name, value)  # read when polars is imported
    end_in_order()
    with guarded_streams():
        cli(prog_name="mlptrain")


if __name__ == "__main__":
    main()
