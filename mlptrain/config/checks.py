"""Faults that lie between two keys, each fine by itself, and that can be seen without the data."""

from collections.abc import Iterator

from mlptrain.config.faults import Fault, shown
from mlptrain.config.roles import role_faults
from mlptrain.config.schema import Config
from mlptrain.data.preprocessing.flag_target import SEVERAL
from mlptrain.data.readers.toy import TOYS
from mlptrain.data.settings import of_fields
from mlptrain.data.written import Written
from mlptrain.messages import advice
from mlptrain.metrics import METRICS
from mlptrain.nn.losses import LOSSES

SHARD_NORM = "batch norm takes mean and variance over a whole minibatch, and shards are parts of one"
SHARD_SUM = "adds up means of shards, and this loss is a sum over rows"


def cross_faults(config: Config) -> Iterator[Fault]:
    """Every fault between keys of a config whose keys are valid one by one."""
    yield from _network(config)
    yield from _norm(config)
    yield from _ensemble(config)
    yield from _accumulation(config)
    yield from _shards(config)
    yield from _parts(config)
    yield from _split_columns(config)
    yield from _columns(config)
    yield from _written(config)
    yield from _target_scale(config)
    yield from role_faults(config.data)
    yield from _levels(config)
    yield from _monitor(config)
    yield from _fitted(config)
    yield from _folds(config)


def monitored(config: Config) -> list[str]:
    """The names that `train.monitor` may have with this loss."""
    loss = LOSSES[config.loss.name]
    return [f"{part}_{name}" for part in ("train", "val") for name in ("loss", *loss.metrics)]


def _network(config: Config) -> Iterator[Fault]:
    hidden, activation = config.model.hidden, config.model.activation
    if isinstance(activation, tuple) and len(activation) != len(hidden):
        yield Fault(
            ("model", "activation"),
            f"one name for all layers, or one for each of the {len(hidden)} hidden layers, "
            f"got {len(activation)}",
            (("model", "hidden"),),
        )
    if config.model.norm == "batch" and config.train.batch_size == 1:
        yield Fault(
            ("model", "norm"),
            "batch norm needs more than one row in a minibatch; raise train.batch_size or use layer",
            (("train", "batch_size"),),
        )


def _folds(config: Config) -> Iterator[Fault]:
    if config.train.folds is not None and config.data.fold is not None:
        what = "holds out one fold, where train.folds trains all of them; keep one of the two"
        yield Fault(("data", "fold"), what, (("train", "folds"),))
    if config.train.folds is not None and config.init_from is not None:
        what = "folds begin with weights of their own; leave out init_from, or train.folds"
        yield Fault(("train", "folds"), what, (("init_from",),))


def _norm(config: Config) -> Iterator[Fault]:
    """The mean of one unit is the unit: what is left after it is subtracted is 0, on every row."""
    if config.model.norm == "layer" and 1 in config.model.hidden:
        what = "layer norm makes a layer of 1 unit 0 on every row; write none, or give it more units"
        yield Fault(("model", "norm"), what, (("model", "hidden"),))


def _ensemble(config: Config) -> Iterator[Fault]:
    if config.model.ensemble and config.model.norm == "batch":
        what = "batch norm has the statistics of one network, not of members; write layer, or none"
        yield Fault(("model", "norm"), what, (("model", "ensemble"),))


def _accumulation(config: Config) -> Iterator[Fault]:
    if config.train.accumulate > 1 and config.loss.options().get("reduction") == "sum":
        yield Fault(
            ("train", "accumulate"),
            "adds up means, and this loss is a sum over rows; use reduction: mean, or a larger "
            "train.batch_size",
            (("loss",),),
        )


def _shards(config: Config) -> Iterator[Fault]:
    train = config.train
    if train.shards is None:
        return
    if train.shards > train.batch_size:
        what = (
            f"{train.shards} shards of a minibatch of {train.batch_size} rows; ask for as many at most"
        )
        yield Fault(("train", "shards"), what, (("train", "batch_size"),))
    if config.model.norm == "batch":
        what = f"{SHARD_NORM}; write layer, or none"
        yield Fault(("model", "norm"), what, (("train", "shards"),))
    if config.loss.options().get("reduction") == "sum":
        what = f"{SHARD_SUM}; use reduction: mean"
        yield Fault(("train", "shards"), what, (("loss",),))


def _parts(config: Config) -> Iterator[Fault]:
    data = config.data
    parts = [part for part in (data.val, data.test) if isinstance(part, float)]
    if sum(parts) >= 1:
        yield Fault(
            ("data", "test"),
            f"val {data.val} and test {data.test} leave no rows to train on; their sum must be < 1",
            (("data", "val"),),
        )
    if data.fold is not None:
        if data.fold.number > data.fold.of:
            what = f"there is no fold {data.fold.number} of {data.fold.of}"
            yield Fault(("data", "fold"), what)
        held = data.fold.holds
        if getattr(data, held):
            what = f"the fold is the {held} set; write {held}: null"
            yield Fault(("data", "fold"), what, (("data", held),))
    if isinstance(data.train, str) and data.train in TOYS:
        what = f"a toy set is written {{name: {data.train}}}; a file of that name, ./{data.train}"
        yield Fault(("data", "train"), what)
    for key, part in (("val", data.val), ("test", data.test)):
        if isinstance(part, str) and part.lower() in ("none", "null"):
            yield Fault(("data", key), f"{shown(part)} would be a file; for none write null")


def _split_columns(config: Config) -> Iterator[Fault]:
    data = config.data
    keys = [key for key in ("group", "time", "split_column") if getattr(data, key) is not None]
    for key in keys[1:]:
        what = f"the rows are already shared out by {keys[0]}; one of the two is enough"
        yield Fault(("data", key), what, (("data", keys[0]),))
    targets = (data.target,) if isinstance(data.target, str) else data.target
    for key in keys:
        name = getattr(data, key)
        other = "target" if name in targets else "weight" if name == data.weight else ""
        if other:
            what = f"the column {shown(name)} is already in data.{other}"
            yield Fault(("data", key), what, (("data", other),))
    if data.time in data.categorical.columns:
        what = f"the column {shown(data.time)} is a category by data.categorical.columns, without order"
        yield Fault(("data", "time"), what, (("data", "categorical", "columns"),))
    for key in ("val", "test", "fold"):
        if data.split_column is not None and getattr(data, key):
            what = f"the column says where each row goes; write {key}: null"
            yield Fault(("data", "split_column"), what, (("data", key),))


def _columns(config: Config) -> Iterator[Fault]:
    data = config.data
    targets = (data.target,) if isinstance(data.target, str) else data.target
    if len(targets) > 1 and LOSSES[config.loss.name].classifies:
        yield Fault(
            ("data", "target"),
            f"{SEVERAL}; got loss {config.loss.name}",
            (("loss",),),
        )
    roles: dict[str, str] = {}
    weight = () if data.weight is None else (data.weight,)
    named = {
        "target": targets,
        "weight": weight,
        "ignore": data.ignore,
        "features": data.features or (),
    }
    for role, columns in named.items():
        for column in columns:
            if column in roles:
                other = ("data", roles[column])
                yield Fault(
                    ("data", role),
                    f"the column {shown(column)} is already in {'.'.join(other)}",
                    (other,),
                )
            roles[column] = role


def _written(config: Config) -> Iterator[Fault]:
    for name, column in config.data.columns.items():
        for key, what in of_fields(Written, column.model_dump()).faults():
            yield Fault(("data", "columns", name, key), what)


def _validates(config: Config) -> bool:
    """Whether there may be validation rows; of a split_column the data say.

    Where `val` is 0, a fold validates on the rows that it holds out.
    """
    folds = config.data.fold is not None or config.train.folds is not None
    return bool(config.data.val) or folds or config.data.split_column is not None


def _target_scale(config: Config) -> Iterator[Fault]:
    scale = config.data.scale_target
    name = config.loss.name
    if scale in ("log", "log1p") and LOSSES[name].targets != "numbers":
        why = "predicts logarithms by itself" if name == "poisson" else "predicts no numbers"
        what = f"{name} {why}; write standard, got {scale}"
        yield Fault(("data", "scale_target"), what, (("loss",),))


def _levels(config: Config) -> Iterator[Fault]:
    levels = config.loss.options().get("levels", ())
    if list(levels) != sorted(set(levels)):
        what = f"levels rise; write {sorted(set(levels))}, got {list(levels)}"
        yield Fault(("loss", "levels"), what)


def _monitor(config: Config) -> Iterator[Fault]:
    name, valid = config.train.monitor, monitored(config)
    if name not in valid:
        metric = name.removeprefix("train_").removeprefix("val_")
        known = metric in METRICS
        listed = ", ".join(one for one in valid if one[0] == name[0])
        hint = f"choose from {listed}" if known else advice(name, valid)
        what = f"{shown(name)} is not a value that the loss {config.loss.name} gives; {hint}"
        yield Fault(("train", "monitor"), what, (("loss",),))
    elif name.startswith("val_") and name != "val_loss" and not _validates(config):
        yield Fault(
            ("train", "monitor"),
            f"{name} needs validation rows; set data.val, or use {name.replace('val_', 'train_', 1)}",
            (("data", "val"),),
        )


def _fitted(config: Config) -> Iterator[Fault]:
    """What is fitted on the validation rows needs some, and probabilities."""
    asked = {"calibration": config.calibration != "none", "decision": config.decision is not None}
    for key in (key for key, is_asked in asked.items() if is_asked):
        name = config.loss.name
        if not LOSSES[name].gives_probabilities:
            what = f"needs probabilities, and the loss {name} gives none; write loss: softmax"
            yield Fault((key,), what, (("loss",),))
        if not _validates(config):
            what = "is fitted on the validation rows, and there are none; set data.val"
            yield Fault((key,), what, (("data", "val"),))
    decision = config.decision
    if decision is not None and (decision.metric == "cost") != (decision.cost is not None):
        needs = "metric: cost needs both costs; write {fp: 1, fn: 20} with yours"
        what = (
            needs if decision.cost is None else f"metric: {decision.metric} reads no costs; leave out"
        )
        yield Fault(("decision", "cost"), what, (("decision", "metric"),))
