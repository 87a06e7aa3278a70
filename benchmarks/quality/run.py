"""Trains contenders on the tables, computes only what is missing, and writes results/CONTENDER.json.

    python benchmarks/quality/run.py lightgbm mlptrain --seeds 0,1,2
    python benchmarks/quality/run.py mlptrain --label fast --init "--preset fast"

What a contender predicted is kept in the cache by contender, version, table, seed and bytes of it.
"""

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import figures
from tables import TABLES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = {
    "lightgbm": ("trees", "lightgbm"),
    "catboost": ("trees", "catboost"),
    "sklearn": ("trees", "scikit-learn"),
    "realmlp": ("realmlp", "pytabkit"),
}
"""Peer -> its environment, and the package whose version is the peer's."""
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Contender:
    """Who is run: its label, the command that serves jobs, and its version."""

    label: str
    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Job:
    """One training: a table at a seed, the folder of its files, and where the predictions go."""

    table: str
    seed: int
    folder: Path
    output: Path


def digest(paths: list[Path]) -> str:
    """Twelve characters that stand for the bytes of the files."""
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def contender(name: str, given: argparse.Namespace) -> Contender:
    """How `name` is run; FileNotFoundError where its environment is missing."""
    script = str(HERE / "runners" / f"{name}_peer.py")
    if name == "mlptrain":
        version = digest(sorted((ROOT / "mlptrain").rglob("*.py")))
        label = f"mlptrain {given.label}".strip()
        return Contender(label, (given.python, script, *shlex.split(given.init)), version)
    environment, package = PACKAGES.get(name, ("trees", "numpy"))
    python = str(given.cache / "envs" / environment / "bin" / "python")
    if name == "recipe":
        return Contender(name, (python, script, str(given.recipe)), digest([given.recipe]))
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    version = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout
    return Contender(name, (python, script), version.strip())


def jobs(who: Contender, cache: Path) -> Iterator[Job]:
    """All there are to do, seed by seed, short tables first."""
    results = cache / "results" / who.label / who.version
    results.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        folders = {name: cache / "tables" / name / str(seed) for name in TABLES}
        size = {name: (folders[name] / "train.csv").stat().st_size for name in folders}
        for name in sorted(folders, key=lambda each: size[each]):
            folder = folders[name]
            mark = digest([folder / "train.csv", folder / "test.csv"])
            yield Job(name, seed, folder, results / f"{name}-{seed}-{mark}.json")


def work(who: Contender, asked: Iterable[Job]) -> None:
    """Runs what has no output yet. After a failure the runner goes on behind the job that failed."""
    # in ROOT, so that `python -m mlptrain` is this checkout, whose digest is the version
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    kept = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    missing = [job for job in asked if not job.output.exists()]
    while missing:
        lines = "".join(f"{job.folder}\t{job.seed}\t{job.output}\n" for job in missing)
        done = subprocess.run(
            who.command, input=lines, text=True, stderr=subprocess.PIPE, env=kept | threads, cwd=ROOT
        )
        missing = [job for job in missing if not job.output.exists()]
        if missing:
            failed = missing.pop(0)
            error = (done.stderr.strip().splitlines() or ["no message"])[-1]
            print(f"{who.label}, {failed.table}, seed {failed.seed}: {error}", file=sys.stderr)


def collect(who: Contender, every: list[Job]) -> None:
    """Writes results/NAME.json for what the runner calls NAME: the figures of every output there is."""
    found: dict[str, dict[str, dict[str, dict]]] = {}
    for job in every:
        if job.output.exists():
            for name, output in json.loads(job.output.read_text())["outputs"].items():
                costs = {key: float(f"{output[key]:.3g}") for key in ("cpu", "fit") if key in output}
                of_table = found.setdefault(name, {}).setdefault(job.table, {})
                of_table[str(job.seed)] = figures(job.folder, output["prediction"]) | costs
    for name, tables in found.items():
        label = who.label if name == "mlptrain" else name
        lines = ",\n".join(
            f"{json.dumps(table)}: {json.dumps(tables[table])}" for table in sorted(tables)
        )
        head = f'{{"name": {json.dumps(label)}, "version": {json.dumps(who.version)}, "tables": {{\n'
        file = HERE / "results" / f"{label.replace(',', '').replace(' ', '-').lower()}.json"
        file.write_text(f"{head}{lines}\n}}}}\n")
        print(f"{label} {who.version}: {sum(map(len, tables.values()))} of {len(every)} results")


def absolute(text: str) -> Path:
    """A path that another working directory does not change; a link is not followed."""
    return Path(os.path.abspath(text))


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("contenders", nargs="+", choices=(*PACKAGES, "recipe", "mlptrain"))
    parser.add_argument("--seeds", default="0,1,2", type=lambda text: [int(s) for s in text.split(",")])
    parser.add_argument("--tables", default=",".join(TABLES), type=lambda text: text.split(","))
    parser.add_argument("--cache", default=Path.home() / ".cache" / "mlptrain-quality", type=absolute)
    parser.add_argument(
        "--python",
        default=sys.executable,
        type=os.path.abspath,
        help="an environment that can run this checkout",
    )
    parser.add_argument("--label", default="", help="what the results of these settings are called")
    parser.add_argument("--init", default="", help="further options of mlptrain init")
    parser.add_argument("--recipe", type=absolute, help="the reference script")
    given = parser.parse_args()
    if "recipe" in given.contenders and not given.recipe:
        parser.error("recipe needs --recipe SCRIPT")
    return given


def main() -> None:
    """Each contender in turn: run what is missing, write its figures."""
    given = options()
    for name in given.contenders:
        who = contender(name, given)
        every = list(jobs(who, given.cache))
        work(who, (job for job in every if job.table in given.tables and job.seed in given.seeds))
        collect(who, every)


if __name__ == "__main__":
    main()
