"""What a run ran on, kept in every checkpoint: equal bits need equal machines and libraries."""

import platform
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from mlptrain.version import __version__

CPUINFO = Path("/proc/cpuinfo")


def processor() -> str:
    """The model of the processor, as the system names it."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


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
