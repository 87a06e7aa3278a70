"""The command line. A command parses, calls, reports; it does no arithmetic and catches nothing.

Commands are imported when they are called: `mlptrain --help` needs neither NumPy nor pydantic, so
the short help of each stands here.
"""

from importlib import import_module

import click

from mlptrain import __version__
from mlptrain.errors import MLPTrainError

COMMANDS = {
    "fit": "Train the network that a config describes.",
    "eval": "Loss and metrics of a checkpoint.",
    "gradcheck": "Compare numerical with analytic gradients.",
    "trace": "Show the computational graph of an expression.",
    "show": "Layers, shapes and sizes of a network.",
    "schema": "Print the JSON Schema of the config.",
}


class Commands(click.Group):
    """Loads commands when needed, and turns an error of ours into its lines and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of the file of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"mlptrain.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. Anything but our own errors is a bug and keeps its traceback."""
        try:
            return super().invoke(ctx)
        except MLPTrainError as error:
            for fault in error.faults:
                click.echo(f"error: {fault}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlptrain")
def cli() -> None:
    """Train multi-layer perceptrons from a YAML file, on a CPU, with NumPy.

    \b
    Example:
      mlptrain fit configs/digits.yaml
      mlptrain eval runs/digits-20260101-120000
    """
