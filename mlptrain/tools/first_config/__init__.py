"""Writing a first config for a table: what each column is, what is to be learned, and with what.

profile   what a column holds: kind, blanks, different values, outliers
roles     which columns to learn from, and why the others are left out
parts     how the rows are split
choices   the settings of the columns, each with its reason
presets   the network and its training
reasons   why it is so, and what was measured
effort    the preset and its epochs, by the time that they take
search    which settings a sweep tries
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from mlptrain.config import load_config
from mlptrain.config.folds import first_fold
from mlptrain.config.yaml import parse
from mlptrain.data.opened import Opened
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.source import Source
from mlptrain.tools.first_config.choices import ANYTHING, Proposal, Wish, looked_at, proposed
from mlptrain.tools.first_config.effort import seconds_of_step
from mlptrain.tools.first_config.heading import with_line
from mlptrain.tools.giveaway import given_away
from mlptrain.training.build import Load, build, network_on
from mlptrain.training.build import load as load_file

SAMPLE = 2000
"""So many training rows are searched for a column that gives the answer away."""


def first_config(
    data: str,
    targets: Sequence[str],
    wish: Wish = ANYTHING,
    *,
    source: Source | None = None,
    load: Load | None = None,
) -> Proposal:
    """A commented config for a table, held against its data: one that would not run is an error.

    `source` has the rows where they are in no file but are handed over by a program, and `load` loads
    what a config makes of them.
    """
    looked = looked_at(data, targets, wish, source)
    load = load or partial(load_file, opened=_opened(looked.source))
    made = proposed(looked, wish)
    config = first_fold(load_config(parse(made.answered, data).data))
    rows = load(config, None)
    network_on(config, rows)  # refuses what could not be trained
    if wish.within is not None:
        made = proposed(looked, wish, seconds_of_step(build(config, data=rows)))
    sample = rows.train.sample(SAMPLE, seed=0)
    X, y = np.asarray(sample.inputs.numbers[:]), np.asarray(sample.y)
    found = given_away(X, y, rows.preprocessing, classes=rows.classes is not None)
    if found is None:
        return made
    note = (
        f"{found.told(rows.features)} if not known when you predict: {found.advice(rows.preprocessing)}"
    )
    return made._replace(text=with_line(made.text, note), notes=(*made.notes, note))


def _opened(source: Source) -> Opened:
    """A table as it was looked at, so that it is not read twice where the config reads it so."""
    opened = Opened()
    if isinstance(source, Table):
        opened.keep(source, source.reading)
    return opened
