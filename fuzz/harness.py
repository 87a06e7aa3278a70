"""What the fuzz targets share: the call of atheris, and what counts as a finding.

A finding is any exception but our own errors, more than two seconds for one input, or more than
1 GB of memory. What was found lies in fuzz/found/; `python fuzz/fuzz_table.py FILE` runs it again.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import atheris

HERE = Path(__file__).resolve().parent
SECONDS = os.environ.get("FUZZ_SECONDS", "600")
SLOW = 2.0
"""Seconds of this process's own time; a busy machine is no finding."""
MEMORY = 1024
"""Megabytes, some 200 of which NumPy, polars and atheris take before the first input."""

Target = Callable[[bytes, Path], None]
Mutator = Callable[[bytes, int, int], bytes]


def check_faults(error: Any) -> None:
    """An error of ours is at least one line, and each line can be shown."""
    assert error.faults, "an error without a word"
    assert all(fault.isprintable() for fault in error.faults), error.faults


class TooSlow(Exception):
    """An input took longer than anything small may take."""


def fuzz(
    name: str, target: Target, *, mutate: Mutator | None = None, words: Collection[str] = ()
) -> None:
    """Feed `target` with inputs grown from fuzz/seeds/NAME; it gets a directory to write into.

    `words` are put into inputs whole: keys and names that random bytes would never spell.
    """
    given = [each if each.startswith("-") else os.path.abspath(each) for each in sys.argv[1:]]
    scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
    os.chdir(scratch)

    def one_input(data: bytes) -> None:
        started = time.process_time()
        target(data, scratch)
        if time.process_time() - started > SLOW:
            raise TooSlow(f"{time.process_time() - started:.1f} s for {len(data)} bytes")

    found, corpus = HERE / "found" / f"{name}-", HERE / "corpus" / name
    found.parent.mkdir(exist_ok=True)
    corpus.mkdir(parents=True, exist_ok=True)
    limits = [f"-rss_limit_mb={MEMORY}", "-timeout=60", f"-artifact_prefix={found}"]
    if words:
        dictionary = scratch / "words"
        dictionary.write_text("".join(f'"{word}"\n' for word in words), encoding="utf-8")
        limits.append(f"-dict={dictionary}")
    growing = [f"-max_total_time={SECONDS}", str(corpus), str(HERE / "seeds" / name)]
    options = {} if mutate is None else {"custom_mutator": mutate}
    atheris.Setup([sys.argv[0], *limits, *(given or growing)], one_input, **options)
    atheris.Fuzz()
