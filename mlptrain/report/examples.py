"""What `init --example` and `init --examples` print."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.report.console import say, stdout
from mlptrain.report.tables import print_table
from mlptrain.tools.examples import Example, home


def show_examples(examples: Sequence[Example]) -> None:
    """A line for each: its name, and what its first comment says."""
    rows = [(each.name, each.title) for each in examples]
    print_table(stdout(), ("example", "what it shows"), rows, words=("example", "what it shows"))


def show_example(written: Sequence[Path]) -> None:
    """The files, where their data come from, and what to do next."""
    out = stdout()
    config, *data = written
    say(out, f"{config}: train it with: mlptrain fit {config}")
    for path in data:
        say(out, f"{path}: its source and licence: {home() / 'data' / 'README.md'}")
