"""`mlptrain trace`: the computational graph of an expression."""

from pathlib import Path

import click

from mlptrain.cli.options import json_option
from mlptrain.report import circuit
from mlptrain.report import trace as report
from mlptrain.tools.trace import read_value, read_values
from mlptrain.tools.trace.trace import trace

# An expression may begin with a minus, so `-x*y` is no option and `-h*2` no cry for help.
SETTINGS = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


class Trace(click.Command):
    """`-h` alone is what it is everywhere; with the value of h it is its negative."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it."""
        return super().parse_args(ctx, ["--help"] if args == ["-h"] else args)


@click.command(cls=Trace, context_settings=SETTINGS)
@click.argument("expression")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--upstream", default="1", metavar="VALUE", help="The gradient that flows into the output.  [1]"
)
@click.option(
    "--svg", "svg", type=click.Path(path_type=Path), metavar="FILE",
    help="Draw the circuit diagram into FILE, too.",
)  # fmt: skip
@json_option
def command(
    expression: str, values: tuple[str, ...], upstream: str, svg: Path | None, as_json: bool
) -> None:
    """Show the computational graph of EXPRESSION: a tree, and each gate with its gradients.

    A VALUE is a number, a vector [1,-2] or a matrix [[1,2],[3,4]]. The language has + - * / ^ and @
    (the matrix product), parentheses, functions such as exp, log, max, sum, sigmoid and relu, and
    names for parts: q = x + y; q * z.

    \b
    Example:
      mlptrain trace '(x + y) * z' x=-2 y=5 z=-4
      mlptrain trace 'max(0, x)' 'x=[1,-2,3,-1]' --upstream '[4,-1,5,9]'
      mlptrain trace 'sigmoid(w * x + b)' w=2 x=-1 b=3 --svg neuron.svg
    """
    traced = trace(expression, read_values(values), read_value(upstream, "--upstream"))
    if svg is not None:
        circuit.save(traced, svg)
    report.show(traced, as_json=as_json)
