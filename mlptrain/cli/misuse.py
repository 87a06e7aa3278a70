"""A command that was typed wrong: one line that says what, and what to type instead."""

from collections.abc import Sequence
from itertools import pairwise
from typing import IO, Any

import click

from mlptrain.messages import printable
from mlptrain.report.standard_streams import complain


class Misuse(click.ClickException):
    """What click calls a usage error, told as every other error is; exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """The line on stderr."""
        complain(self.message)


def told(error: click.UsageError, arguments: Sequence[str]) -> click.ClickException:
    """`error` on one line; a command without anything still answers with its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    command = error.ctx.command_path if error.ctx is not None else "mlptrain"
    what = error.format_message().rstrip(".").replace(". D", "; d")
    what = printable(f"{command}: {what[:1].lower()}{what[1:]}")  # a shell puts names of files there
    if isinstance(error, click.NoSuchOption) and (setting := meant(error, arguments)):
        return Misuse(f"{command}: no such option '{error.option_name}'; write {setting}")
    return Misuse(what if what.endswith(("?", ")")) else f"{what}; {command} --help tells more")


def meant(error: click.NoSuchOption, arguments: Sequence[str]) -> str:
    """`--set train.epochs=5` for `--epochs 5`, where the command takes settings; else ""."""
    if error.ctx is None or all(each.name != "overrides" for each in error.ctx.command.params):
        return ""
    from mlptrain.config.keys import setting_called

    key = setting_called(error.option_name.lstrip("-").replace("-", "_"))
    return f"--set {key}={value_of(error.option_name, arguments)}" if key else ""


def value_of(option: str, arguments: Sequence[str]) -> str:
    """What stands behind an option.

    >>> value_of("--lr", ["fit", "--lr", "0.1"]), value_of("--lr", ["--lr=1"]), value_of("--lr", [])
    ('0.1', '1', 'VALUE')
    """
    for argument, following in pairwise([*arguments, "--"]):
        if argument == option and not following.startswith("--"):
            return following
        if argument.startswith(f"{option}="):
            return argument.removeprefix(f"{option}=")
    return "VALUE"
