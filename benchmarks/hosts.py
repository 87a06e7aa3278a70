"""Ranks on several hosts: network namespaces of this machine, joined by links of a given rate.

    sudo --preserve-env=PATH python benchmarks/hosts.py --rate 1gbit

Each namespace is a host to MPI: its ranks see no memory of the others, and messages go through TCP. The
hosts share the cores of this machine, so a step is compared with the prediction of the cost model for
as many cores, and not with a cluster. Needs Linux, root, ip and tc.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import across
import numpy as np

from mlptrain.runs.cost_model import Link, StepCost
from mlptrain.runs.rank_bench import slowed

NAME, NETWORK = "mlptrain-host", "10.9.0"
SHAPES = {"784-256-128-10": 128, "3072-1024-1024-10": 256}
COUNTS = (2, 4)
UCX = ("-genv", "UCX_TLS", "tcp,self", "-genv", "UCX_LOG_LEVEL", "error")


def run(*words: object) -> None:
    """A command that must work."""
    subprocess.run([str(word) for word in words], check=True)


@contextmanager
def hosts(count: int, rate: str | None, burst: str) -> Iterator[Path]:
    """So many namespaces on one bridge; what stands for ssh between them."""
    bridge = f"mlpbr{os.getpid() % 10_000}"
    run("ip", "link", "add", bridge, "type", "bridge")
    run("ip", "link", "set", bridge, "up")
    try:
        for number in range(1, count + 1):
            place, outer = f"{NAME}-{NETWORK}.{number}", f"{bridge}-{number}"
            run("ip", "netns", "add", place)
            run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", place)
            run("ip", "link", "set", outer, "master", bridge, "up")
            inside = ("ip", "netns", "exec", place)
            run(*inside, "ip", "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                run(*inside, "ip", "link", "set", device, "up")
            if rate is not None:
                limit = ("rate", rate, "burst", burst, "latency", "100ms")
                run(*inside, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", *limit)
        with tempfile.TemporaryDirectory() as folder:
            shell = Path(folder, "shell")
            shell.write_text(
                '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nhost=$1; shift\n'
                f'exec ip netns exec "{NAME}-$host" sh -c "$*"\n'
            )
            shell.chmod(0o755)
            yield shell
    finally:
        for number in range(1, count + 1):
            subprocess.run(["ip", "netns", "del", f"{NAME}-{NETWORK}.{number}"], check=False)
        subprocess.run(["ip", "link", "del", bridge], check=False)


def measured(config: Path, count: int, shell: Path) -> dict[str, Any]:
    """What a job of `bench` finds, with a rank on each host."""
    launcher = str(Path(sys.executable).with_name("mpirun"))
    names = ",".join(f"{NETWORK}.{number}" for number in range(1, count + 1))
    job = [launcher, *UCX, "-launcher", "ssh", "-launcher-exec", str(shell)]
    job += ["-hosts", names, "-n", str(count), "-ppn", "1", sys.executable, "-m", "mlptrain"]
    job += ["bench", str(config), "--ranks", str(count), "--json"]
    first = ["ip", "netns", "exec", f"{NAME}-{NETWORK}.1"]
    done = subprocess.run([*first, *job], env=across.surroundings(), check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print a table: the step over 2 and 4 hosts, and what the cost model says of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", help="of each link, such as 1gbit; else as fast as it can be")
    parser.add_argument("--burst", default="64kb", help="what a link takes at once")
    options = parser.parse_args()
    if shutil.which("tc") is None or os.geteuid():
        sys.exit("hosts.py: needs root, ip and tc")
    print(across.machine())
    print("\n| layers | rows | hosts | GB/s | alone ms | ms | predicted ms |\n" + "|---" * 7 + "|")
    rng = np.random.default_rng(0)
    some = hosts(max(COUNTS), options.rate, options.burst)
    with some as shell, tempfile.TemporaryDirectory() as folder:
        for shape, rows in SHAPES.items():
            config = across.config_of(Path(folder), shape, rows, rng)
            for count in COUNTS:
                found = measured(config, count, shell)
                cost = slowed(StepCost(**found["cost"]), count, found["beside"])
                link = Link("tcp", found["latency"], found["per_byte"])
                told = cost.step(count, link, here=True)
                print(
                    f"| {shape} | {rows} | {count} | {1e-9 / link.per_byte:.2f} "
                    f"| {1e3 * found['alone']:.3g} | {1e3 * found['step']:.3g} | {1e3 * told:.3g} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
