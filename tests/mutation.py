"""Mutation testing: each line of mutants.toml makes one line of ours wrong, and a test must notice.

    python tests/mutation.py [WORD ...]

tries every mutant, or those of the files whose path holds a WORD, on copies of the checkout. It ends
with 1 where a mutant survives without a stated reason, or one with a reason is killed.

Mutants are chosen by hand: what a reader of the formula or the comment would call a mistake. A tool
that makes all that are possible (cosmic-ray: 33,494) needs days for this suite.
"""

import ast
import compileall
import os
import py_compile
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).parent / "mutants.toml"
LEAST = 0.9
"""The share of the mutants that must be killed."""

PROCESSES = 2
SECONDS = 300
"""Of processor time, however busy the machine is: a mutant that needs more is an endless loop."""

NEEDED = (".ci", "mlptrain", "tests", "benchmarks", "configs", "data", "docs", "fuzz")
"""What the tests read, besides the files beside these folders."""


@dataclass(frozen=True)
class Mutant:
    """One wrong line: `old` in `file` becomes `new`, and one of `tests` must fail."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    reason: str  # why it survives; empty where it must not

    def applied(self, source: str) -> str:
        """The source with the mistake; ValueError unless it has one place, and is Python."""
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"{self.file}: {self.old!r} is there {found} times, not once")
        mutated = source.replace(self.old, self.new)
        try:
            ast.parse(mutated)
        except SyntaxError as error:
            raise ValueError(f"{self}: {error}") from error
        return mutated

    def __str__(self) -> str:
        return f"{self.file}: {self.old!r} -> {self.new!r}"


def mutants() -> list[Mutant]:
    """The table."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    return [
        Mutant(f"mlptrain/{file}", old, new, tuple(f"tests/{name}.py" for name in group["tests"]), *why)
        for file, group in table.items()
        for old, new, *why in ((*each, "") if len(each) == 2 else each for each in group["mutants"])
    ]


def copy(place: Path) -> Path:
    """A copy of the checkout, compiled so that no stale byte code can be taken for the source."""
    place.mkdir()
    for name in NEEDED:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.glob("[!.]*"):
        if file.is_file():
            shutil.copy(file, place)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(place / "mlptrain", quiet=1, invalidation_mode=mode)
    return place


def failure(place: Path, tests: Sequence[str], *options: str) -> str:
    """What pytest says of the first test that fails in this copy; empty where all pass.

    Those of every day go first: most mutants die there, and need none of the slow ones.
    """
    return _failure(place, tests, "not slow and not chaos", *options) or _failure(
        place, tests, "slow and not chaos", *options
    )


def _failure(place: Path, tests: Sequence[str], marked: str, *options: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    limited = ["sh", "-c", f'ulimit -t {SECONDS}; exec "$@"', "sh"]
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", marked]
    done = subprocess.run(
        [*limited, *pytest, *options, *tests],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1, 2, 5, -signal.SIGKILL):  # passed, failed, no import, none, no end
        raise RuntimeError(f"{' '.join(pytest)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout if done.returncode not in (0, 5) else ""


def survives(mutant: Mutant, copies: "SimpleQueue[Path]") -> bool:
    """Whether all tests of a mutant pass."""
    place = copies.get()
    file = place / mutant.file
    source = file.read_text("utf-8")
    try:
        file.write_text(mutant.applied(source), "utf-8")
        return not failure(place, mutant.tests)
    finally:
        file.write_text(source, "utf-8")
        copies.put(place)


def tried(chosen: Sequence[Mutant], work: Path) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it survives."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(PROCESSES):
        copies.put(copy(work / str(number)))
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    if said := failure(work / "0", tests, "-n", str(PROCESSES)):
        raise RuntimeError(f"the tests fail without a mutant:\n{said}")
    with ThreadPoolExecutor(PROCESSES) as pool:
        yield from zip(chosen, pool.map(lambda each: survives(each, copies), chosen), strict=True)


def main(words: Sequence[str]) -> int:
    """Try the mutants, say what became of each, and whether that is as the table says."""
    chosen = [each for each in mutants() if not words or any(word in each.file for word in words)]
    killed, wrong = 0, 0
    with tempfile.TemporaryDirectory() as work:
        for mutant, survived in tried(chosen, Path(work)):
            killed += not survived
            as_stated = survived == bool(mutant.reason)
            wrong += not as_stated
            state = "survives" if survived else "killed  "
            note = f"  ({mutant.reason})" if mutant.reason else ""
            print(f"{'      ' if as_stated else 'WRONG '}{state}  {mutant}{note}", flush=True)
    print(f"{killed} of {len(chosen)} mutants killed, {wrong} not as the table says")
    return 1 if wrong or killed < LEAST * len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
