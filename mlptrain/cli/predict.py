"""`mlptrain predict`: one row out for each row in."""

from pathlib import Path
from typing import Any

import click

from mlptrain.cli import completion
from mlptrain.cli.policies import policy_options
from mlptrain.data.preprocessing.policies import Policies
from mlptrain.inference.model import Model
from mlptrain.inference.predict import predict
from mlptrain.report import prediction


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.argument("data")
@click.option(
    "-o", "out", metavar="FILE", help="File to write: .csv, .tsv, .jsonl or .parquet.  [stdout]"
)
@click.option("--proba", is_flag=True, help="Write the probability of each class as well.")
@click.option("--decide", is_flag=True, help="Choose the class by the threshold of `decision`.")
@click.option(
    "--escape-formulas", is_flag=True, help="Put a ' before text that a spreadsheet would run."
)
@click.option("--keep", multiple=True, metavar="COLUMN", help="Copy a column of DATA into the output.")
@policy_options
def command(
    checkpoint: Path,
    data: str,
    out: str | None,
    proba: bool,
    decide: bool,
    escape_formulas: bool,
    keep: tuple[str, ...],
    **policies: Any,
) -> None:
    """Predict the rows of DATA with CHECKPOINT: one row out for each row in, in the same order.

    A run directory stands for its best.npz. Columns are found by name, in any order. The target is not
    needed, and a note names columns that the model does not know. DATA - is CSV from stdin. DATA may be
    larger than memory. At the end, notes count the blanks, new categories and numbers outside the range
    of training.

    Text is written as it is. A spreadsheet runs text that begins with =, +, - or @: to open the table
    of a stranger in one, add --escape-formulas. With --decide, a row gets the class of `decision` if
    its probability is above the threshold that was best on the validation rows; otherwise it gets the
    most likely class.

    \b
    Example:
      mlptrain predict runs/houses new.csv -o prices.csv
      mlptrain predict runs/digits new.csv --proba --keep id
      mlptrain predict runs/houses new.csv --unseen zeros --missing mean -o prices.parquet
    """
    model = Model.load(checkpoint)
    asked = Policies(**policies)
    chunks = predict(model, data, proba=proba, decide=decide, keep=keep, policies=asked)
    if escape_formulas:
        chunks = map(prediction.escaped, chunks)
    prediction.write(chunks, out, inputs=[data, str(checkpoint)])
