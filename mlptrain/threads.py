"""How many threads the matrix products use. The limit holds for the whole process."""

from threadpoolctl import threadpool_limits


def use_threads(threads: int | None) -> None:
    """Let BLAS use this many threads; None leaves what the environment says."""
    if threads is not None:
        threadpool_limits(threads, user_api="blas")
