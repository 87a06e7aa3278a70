"""The command line. A command parses, calls, reports; it does no arithmetic and catches nothing.

Commands are imported when they are called: `mlptrain --help` needs neither NumPy nor pydantic, so
the short help of each stands here.
"""

from importlib import import_module
from typing import Any

import click
from click.shell_completion import add_completion_class

from mlptrain.cli.completion import Bash, Zsh
from mlptrain.cli.misuse import told
from mlptrain.errors import ConfigError, Interrupted, MLPTrainError
from mlptrain.messages import advice
from mlptrain.report.standard_streams import complain
from mlptrain.version import __version__

COMMANDS = {
    "init": "Write a first config for a table.",
    "fit": "Train the network that a config describes.",
    "sweep": "Search for good settings.",
    "eval": "Show the loss and metrics of a run.",
    "predict": "Predict the rows of a file.",
    "explain": "Show which columns matter, and how.",
    "pack": "Put a run of folds into one file.",
    "export": "Write a model as Python, ONNX, JavaScript or C.",
    "plot": "Draw a picture of a run.",
    "report": "Write a page about a run or several.",
    "runs": "List every run, the best first.",
    "watch": "Follow runs live, in a browser or the terminal.",
    "diff": "Show what differs between two runs.",
    "check": "Check data, network and first steps.",
    "find-rate": "Find a learning rate to start with.",
    "gradcheck": "Compare analytic with numerical gradients.",
    "trace": "Show the computational graph of an expression.",
    "exercise": "Write a gate or an optimizer and have it checked.",
    "show": "Show the layers, shapes and sizes of a network.",
    "bench": "Show where the time of a training step goes.",
    "schema": "Print the JSON Schema of the config.",
}


add_completion_class(Bash)
add_completion_class(Zsh)


class Commands(click.Group):
    """Loads commands when needed, and turns an error of ours into its lines and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of the file of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"mlptrain.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest command for one that does not exist."""
        is_unknown = args and not args[0].startswith("-") and args[0] not in COMMANDS
        if is_unknown and not ctx.resilient_parsing:  # a shell asks what may follow: nothing
            raise ConfigError(f"no command {args[0]!r}; {advice(args[0], COMMANDS)}")
        ctx.meta["mlptrain.arguments"] = args
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """As click does it; an option of ours that does not exist is reported on one line."""
        try:
            return super().make_context(*arguments, **settings)
        except click.UsageError as error:
            raise told(error, ()) from error

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. Anything but our own errors is a bug and keeps its traceback."""
        try:
            return super().invoke(ctx)
        except (MLPTrainError, Interrupted) as error:
            for fault in error.faults:
                complain(fault)
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            raise told(error, ctx.meta.get("mlptrain.arguments", ())) from error
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlptrain")
def cli() -> None:
    """Train multi-layer perceptrons from a YAML file, on a CPU, with NumPy.

    \b
    Example:
      mlptrain init --example digits
      mlptrain fit digits.yaml
      mlptrain eval runs/digits-20260101-120000
    """
