"""`mlptrain predict`: one row out for each row in."""

from pathlib import Path

import click

from mlptrain.inference.model import Model
from mlptrain.inference.predict import predict
from mlptrain.report import prediction


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("data")
@click.option("-o", "out", metavar="FILE", help="Where to: .csv, .tsv or .jsonl.  [stdout]")
@click.option("--proba", is_flag=True, help="Also the probability of each class.")
@click.option("--escape-formulas", is_flag=True, help="A ' before text that a spreadsheet would run.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Carry a column of DATA through.")
def command(
    checkpoint: Path,
    data: str,
    out: str | None,
    proba: bool,
    escape_formulas: bool,
    keep: tuple[str, ...],
) -> None:
    """Predict the rows of DATA with CHECKPOINT, one row out for each row in, in the same order.

    A run directory stands for its best.npz. Columns are found by name, in any order; the target is
    not needed; columns that the model does not know are left out with a note. DATA - is CSV from
    stdin. DATA may be larger than memory. Text is written as it is: before a table of a stranger's
    rows is opened in a spreadsheet, which runs what begins with =, +, - or @, add --escape-formulas.

    \b
    Example:
      mlptrain predict runs/houses new.csv -o prices.csv
      mlptrain predict runs/digits new.csv --proba --keep id
    """
    chunks = predict(Model.load(checkpoint), data, proba=proba, keep=keep)
    if escape_formulas:
        chunks = map(prediction.escaped, chunks)
    prediction.write(chunks, out, inputs=[data, str(checkpoint)])
