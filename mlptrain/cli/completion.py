"""What a shell offers while a command is typed: `--set` keys and their words, runs, columns.

click asks these functions, and offers commands, options and files on its own. A fault says nothing
here: there is nobody to tell, and the command will.
"""

import os
from pathlib import Path
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, ZshComplete

from mlptrain.errors import MLPTrainError

LARGEST = 50_000_000
"""Bytes of a table that is read for the names of its columns."""


def settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """KEY=, or KEY=WORD where a key takes words."""
    from mlptrain.config.completion import completions

    return completions(incomplete)


def runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem[Any]]":  # click 8.4 has no such type at run time
    """The directories of runs below runs/, the newest first; files where none begins so."""
    found = [each.parent for each in Path("runs").glob("*/config.yaml")]
    names = [str(each) for each in sorted(found, key=os.path.getmtime, reverse=True)]
    items = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return items or [CompletionItem(incomplete, type="file")]


def columns(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The columns of DATA, once it is typed."""
    table = next((each for each in (ctx.params.get("data"), *ctx.args) if each), None)
    if table is None or not os.path.isfile(table) or os.path.getsize(table) > LARGEST:
        return []
    from mlptrain.data.readers.sources import open_source

    try:
        names = open_source(table, labels=None).names
    except MLPTrainError:
        return []
    return [name for name in names if name.startswith(incomplete)]


class Zsh(ZshComplete):
    """As click's, without a space behind `KEY=`, where the value is yet to come."""

    source_template = ZshComplete.source_template.replace(
        "compadd -U -V unsorted -a completions",
        "local -a open=(${(M)completions:#*=}) whole=(${completions:#*=})\n"
        "        compadd -U -V unsorted -S '' -a open\n"
        "        compadd -U -V unsorted -a whole",
    )


class Bash(BashComplete):
    """As click's, for words with an `=`: bash takes one for three words, and completes the last."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", 'COMPREPLY+=("$value"); [[ $value == *= ]] && compopt -o nospace'
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words as they were typed, and the one to complete: `a = b` is put together again."""
        words, last = super().get_completion_args()
        joined = list[str]()
        for word in (*words, last):
            if joined and (word == "=" or joined[-1].endswith("=")):
                joined[-1] += word
            else:
                joined.append(word)
        self.typed = joined.pop()
        return joined, self.typed

    def format_completion(self, item: "CompletionItem[Any]") -> str:
        """Only what stands behind the `=`, where one was typed."""
        before, equals, _ = self.typed.rpartition("=")
        return f"{item.type},{str(item.value).removeprefix(before + equals)}"
