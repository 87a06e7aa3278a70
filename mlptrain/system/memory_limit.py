"""How much memory there is to use: the machine's, or what a container or a limit leaves of it."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from mlptrain.errors import EnvironmentFault

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
LEAST = 900_000 << 10
"""Bytes of address space in which a small table is read: polars, NumPy and what they reserve."""


def memory_limit() -> int:
    """Bytes: the smallest of physical memory, the cgroup's limits and the limit on address space."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(physical, *_cgroup_limits(), address_space())


def address_space() -> int:
    """Bytes of addresses that this process may use (ulimit -v)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def check_address_space() -> None:
    """EnvironmentFault where the libraries that read tables would end the process for want of it."""
    if address_space() < LEAST:
        raise EnvironmentFault(
            f"the address space is limited to {address_space() / 1e6:.0f} MB (ulimit -v), and tables "
            f"need {LEAST / 1e6:.0f} MB; raise the limit, or convert the table to .npz"
        )


def _cgroup_limits() -> Iterator[int]:
    """The limits of our own control group and of those above it, versions 2 and 1."""
    for file in _limit_files():
        try:
            yield int(file.read_text())
        except (OSError, ValueError):  # absent, or the word "max": no limit here
            continue


def _limit_files() -> Iterator[Path]:
    try:
        own = OWN.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in own:
        _, controllers, path = line.split(":", 2)
        here = Path(path.strip("/"))
        if not controllers:
            yield from (CGROUPS / place / "memory.max" for place in (here, *here.parents))
        elif "memory" in controllers.split(","):
            root = CGROUPS / "memory"
            yield from (root / place / "memory.limit_in_bytes" for place in (here, *here.parents))
