"""`mlptrain trace`: the computational graph of an expression, or of a config."""

from pathlib import Path

import click

from mlptrain.cli.options import json_option, set_option
from mlptrain.errors import ConfigError
from mlptrain.report import circuit
from mlptrain.report import jacobian as jacobian_report
from mlptrain.report import trace as report
from mlptrain.tools.trace import read_value, read_values
from mlptrain.tools.trace.code import flat
from mlptrain.tools.trace.jacobian import jacobian_of, of_every_gate, touched
from mlptrain.tools.trace.trace import Trace, run, trace

# An expression may begin with a minus, so `-x*y` is no option and `-h*2` no cry for help.
SETTINGS = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


class TraceCommand(click.Command):
    """`-h` alone is what it is everywhere; with the value of h it is its negative."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it."""
        return super().parse_args(ctx, ["--help"] if args == ["-h"] else args)


@click.command(cls=TraceCommand, context_settings=SETTINGS)
@click.argument("expression", required=False)
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--upstream", default="1", metavar="VALUE", help="The gradient that flows into the output.  [1]"
)
@click.option(
    "--svg", "svg", type=click.Path(path_type=Path), metavar="FILE",
    help="Draw the circuit diagram into FILE as well.",
)  # fmt: skip
@click.option("--code", is_flag=True, help="Print the graph as flat Python, forward and backward.")
@click.option(
    "--jacobian", is_flag=True, help="Print the Jacobians, or how much memory they would take."
)
@click.option("--element", metavar="NAME[I,J]", help="Print what one element of an input affects.")
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="CONFIG",
    help="Show the graph that CONFIG trains, on rows of its own.",
)  # fmt: skip
@click.option("--rows", type=click.IntRange(min=1), help="With --config: how many rows.  [2]")
@click.option(
    "--open", "opened", multiple=True, metavar="GATE",
    help="Show what is inside GATE: a sigmoid, say, or a layer of a config.",
)  # fmt: skip
@set_option
@json_option
def command(
    expression: str | None,
    values: tuple[str, ...],
    upstream: str,
    svg: Path | None,
    code: bool,
    jacobian: bool,
    element: str | None,
    config: Path | None,
    rows: int | None,
    opened: tuple[str, ...],
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show the computational graph of EXPRESSION: a tree, and each gate with its gradients.

    A VALUE is a number, a vector [1,-2] or a matrix [[1,2],[3,4]]. The language has + - * / ^ and @
    (the matrix product), brackets, functions such as exp, max, sum, softmax, hinge and relu, and
    names for parts: q = x + y; q * z. With --config, it is the graph that a config trains.

    \b
    Example:
      mlptrain trace '(x + y) * z' x=-2 y=5 z=-4
      mlptrain trace 'max(0, x)' 'x=[1,-2,3,-1]' --upstream '[4,-1,5,9]'
      mlptrain trace 'sigmoid(w * x + b)' w=2 x=-1 b=3 --code
      mlptrain trace 'sigmoid(w * x + b)' w=2 x=-1 b=3 --open sigmoid
      mlptrain trace --config spiral.yaml --open layer1
    """
    views = {"--code": code, "--jacobian": jacobian, "--element": element, "--svg": svg}
    view = one_of([name for name, chosen in views.items() if chosen])
    if config is not None:
        refuse(expression is not None or element is not None or upstream != "1", OF_EXPRESSION)
        of_config(config, overrides, rows or 2, opened, svg, view, as_json=as_json)
    else:
        refuse(rows is not None or bool(overrides), OF_CONFIG)
        of_expression(expression, values, upstream, opened, svg, element, view, as_json=as_json)


OF_EXPRESSION = "--config: the config says what is computed; leave out what is of an expression"
NAMES_CONFIG = "for the graph of a config write --config in front of it"
OF_CONFIG = "--rows, --set: they are of a config; add --config CONFIG"


def refuse(wrong: bool, message: str) -> None:
    """ConfigError where something is wrong."""
    if wrong:
        raise ConfigError(message)


def one_of(views: list[str]) -> str:
    """The view that was asked for, or "" for the tree and the table."""
    refuse(len(views) > 1, f"{', '.join(views)}: each is a view of its own; keep one")
    return views[0] if views else ""


def of_expression(
    expression: str | None,
    values: tuple[str, ...],
    upstream: str,
    opened: tuple[str, ...],
    svg: Path | None,
    element: str | None,
    view: str,
    *,
    as_json: bool,
) -> None:
    """Show the graph of an expression in one of the views."""
    if expression is None:
        raise ConfigError("trace: nothing to show; give an EXPRESSION, or --config CONFIG")
    refuse(expression.endswith((".yaml", ".yml")), f"{expression}: is no expression; {NAMES_CONFIG}")
    given = expression, read_values(values), read_value(upstream, "--upstream"), opened
    if view in ("", "--svg"):
        draw(trace(*given), svg, as_json=as_json)
        return
    wired, plan = run(*given)
    if view == "--code":
        report.show_code(flat(plan).text, as_json=as_json)
    elif element is not None:
        jacobian_report.show_touch(touched(plan, wired.inputs, element), as_json=as_json)
    else:
        wanted = [value for value in wired.inputs.values() if value.wants_gradient]
        jacobian_report.show([jacobian_of(plan, value) for value in wanted], as_json=as_json)


def of_config(
    config: Path,
    overrides: tuple[str, ...],
    rows: int,
    opened: tuple[str, ...],
    svg: Path | None,
    view: str,
    *,
    as_json: bool,
) -> None:
    """Show the graph that a config trains in one of the views."""
    from mlptrain.tools.trace import of_config as graphs

    if view == "--jacobian":
        sizes = of_every_gate(graphs.sizes_of_config(config, overrides, rows=rows))
        jacobian_report.show_sizes(list(sizes), as_json=as_json)
    elif view == "--code":
        plan = graphs.plan_of_config(config, overrides, rows=rows)
        report.show_code(flat(plan).text, as_json=as_json)
    else:
        draw(graphs.trace_of_config(config, overrides, rows=rows, opened=opened), svg, as_json=as_json)


def draw(shown: Trace, svg: Path | None, *, as_json: bool) -> None:
    """The tree and the table, and the picture where one is wanted."""
    if svg is not None:
        circuit.save(shown, svg)
    report.show(shown, as_json=as_json)
