"""What a run ran on, kept in every checkpoint: equal bits need equal machines and libraries."""

import platform
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from mlptrain.version import __version__


def environment() -> dict[str, Any]:
    """Versions of the program, Python and NumPy, and the BLAS with its kernel and threads."""
    blas = [
        {
            "library": library.get("internal_api"),
            "version": library.get("version"),
            "kernel": library.get("architecture"),
            "threads": library.get("num_threads"),
        }
        for library in threadpool_info()
        if library.get("user_api") == "blas"
    ]
    return {
        "mlptrain": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "blas": blas,
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What changed between two environments, one phrase for each."""
    return [
        f"{key} was {before.get(key)}, is {now.get(key)}"
        for key in now
        if before.get(key) != now.get(key)
    ]
