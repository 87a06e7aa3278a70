"""Times this program and its peers side by side and prints the result as Markdown.

    python benchmarks/suite.py --torch-python ~/torch/bin/python --jax-python ~/jax/bin/python

Each run is a process of its own. The contenders take turns, round after round, at 1 and at 2 threads,
so that a slow minute of the machine hits all of them; each is then taken at the better number.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tables import markdown

PEERS = Path(__file__).parent / "peers"
TIMEOUT = 900  # seconds for one run


@dataclass(frozen=True)
class Case:
    """A shape with its settings. `steps` are timed steps: about two seconds for the slower peers."""

    name: str
    sizes: str
    batch: int
    optimizer: str
    steps: int
    dtype: str = "float32"
    dropout: float = 0.0

    @property
    def extra(self) -> bool:
        """Not one of the ten that the geometric mean is taken over."""
        return self.dtype != "float32" or self.dropout > 0


SHAPES = (
    ("tiny", "64,100,10", 32, 4000),
    ("mnist", "784,256,128,10", 128, 600),
    ("table", "30,256,256,256,2", 256, 500),
    ("cifar", "3072,1024,1024,10", 256, 50),
    ("deep", "784,2500,2000,1500,1000,500,10", 128, 50),
)
CASES = (
    *(
        Case(f"{name}-{optimizer}", sizes, batch, optimizer, steps)
        for name, sizes, batch, steps in SHAPES
        for optimizer in ("momentum", "adam")
    ),
    Case("mnist-dropout", "784,256,128,10", 128, "adam", 600, dropout=0.2),
    Case("mnist-float64", "784,256,128,10", 128, "adam", 400, dtype="float64"),
)


@dataclass(frozen=True)
class Contender:
    """A script of peers/ at one of its variants, run by the interpreter of its library."""

    name: str
    script: str
    variant: str
    python: str


CONTENDERS = (
    Contender("products", "products_peer.py", "matmul", "python"),
    Contender("bare step", "products_peer.py", "bare", "python"),
    Contender("products of torch", "torch_products_peer.py", "mm", "torch"),
    Contender("mlptrain", "mlptrain_peer.py", "default", "python"),
    Contender("torch eager", "torch_peer.py", "eager", "torch"),
    Contender("torch foreach", "torch_peer.py", "eager-foreach", "torch"),
    Contender("torch fused", "torch_peer.py", "eager-fused", "torch"),
    Contender("torch compile", "torch_peer.py", "compile", "torch"),
    Contender("jax jit", "jax_peer.py", "jit", "jax"),
    Contender("jax scan", "jax_peer.py", "scan", "jax"),
    Contender("sklearn", "sklearn_peer.py", "fit", "sklearn"),
)
NOT_BY_DEFAULT = ("bare step", "products of torch", "torch foreach", "jax scan")


def run(contender: Contender, python: str, case: Case, threads: int, steps: int) -> dict[str, Any]:
    """One process: the JSON line it printed, or {"error": why there is none}."""
    command = [
        *(python, str(PEERS / contender.script), "--sizes", case.sizes),
        *("--batch", str(case.batch), "--optimizer", case.optimizer, "--dtype", case.dtype),
        *("--dropout", str(case.dropout), "--threads", str(threads)),
        *("--variant", contender.variant, "--steps", str(steps), "--seed", "0"),
    ]
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    surroundings = os.environ | dict.fromkeys(limits, str(threads))
    try:
        done = subprocess.run(
            command, env=surroundings, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        return {"error": str(fault)}
    if done.returncode != 0:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


INTERPRETERS = {
    "python": "python",
    "torch": "torch_python",
    "jax": "jax_python",
    "sklearn": "sklearn_python",
}


def runs(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every run in turn: case, round, threads, contender, and what it printed."""
    pythons = {key: getattr(options, name) for key, name in INTERPRETERS.items()}
    for case in options.cases:
        failed: set[str] = set()
        for number in range(options.rounds):
            for threads in options.threads:
                for contender in options.contenders:
                    if contender.name in failed:
                        continue
                    steps = max(10, round(case.steps * options.scale))
                    result = run(contender, pythons[contender.python], case, threads, steps)
                    if "error" in result:
                        failed.add(contender.name)
                    shown = result.get("error") or f"{result['step_ms']:.4g} ms"
                    label = f"{case.name} round {number + 1} threads {threads}"
                    print(f"{label} {contender.name}: {shown}", file=sys.stderr, flush=True)
                    yield {
                        "case": case.name,
                        "extra": case.extra,
                        "dropout": case.dropout,
                        "sizes": [int(size) for size in case.sizes.split(",")],
                        "batch": case.batch,
                        "round": number,
                        "contender": contender.name,
                        **result,
                        "threads": threads,
                    }


def chosen(names: str, known: dict[str, Any]) -> list[Any]:
    """The entries of `known` that a comma-separated option names, in that order."""
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no {name!r} here; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def read_options() -> argparse.Namespace:
    """The command line. TORCH_PYTHON, JAX_PYTHON and SKLEARN_PYTHON name interpreters as well."""
    cases = {case.name: case for case in CASES}
    contenders = {contender.name: contender for contender in CONTENDERS}
    usual = [c for c in CONTENDERS if c.name not in NOT_BY_DEFAULT]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="runs mlptrain and the products")
    for library in ("torch", "jax", "sklearn"):
        default = os.environ.get(f"{library.upper()}_PYTHON", sys.executable)
        parser.add_argument(f"--{library}-python", default=default, metavar="FILE")
    parser.add_argument(
        "--cases", type=lambda s: chosen(s, cases), default=list(CASES), help=", ".join(cases)
    )
    parser.add_argument(
        "--contenders",
        type=lambda s: chosen(s, contenders),
        default=usual,
        help=f"{', '.join(contenders)}; by default all but {', '.join(NOT_BY_DEFAULT)}",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--threads", type=lambda s: [int(part) for part in s.split(",")], default=[1, 2]
    )
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the timed steps")
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    return parser.parse_args()


def main() -> None:
    """Run all, print the tables."""
    options = read_options()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"the machine is busy (load {load:.1f}): expect noise", file=sys.stderr)
    results = list(runs(options))
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(markdown(results, [c.name for c in options.contenders], load))


if __name__ == "__main__":
    main()
