"""From words to objects: the only place that knows config, data, network and training at once."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mlptrain.config import Config
from mlptrain.config.folds import first_fold
from mlptrain.config.train import Steps
from mlptrain.data.dataset import Dataset
from mlptrain.data.load import load_dataset
from mlptrain.data.opened import Opened
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import balanced, class_masses
from mlptrain.data.settings import Categorical, Fold, Missing, Numeric, Role, Settings, of_fields
from mlptrain.data.source import finder
from mlptrain.data.written import Written
from mlptrain.errors import ConfigError
from mlptrain.graph.node import Node
from mlptrain.messages import advice
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES, Loss
from mlptrain.nn.network import Architecture, Network, perceptron
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.optim import OPTIMIZERS, Optimizer
from mlptrain.optim.schedules import SCHEDULES, Schedule, warm_up
from mlptrain.system.memory_limit import memory_limit
from mlptrain.system.ranks import launched_here
from mlptrain.system.threads import from_environment
from mlptrain.training.average import Average
from mlptrain.training.calibrate import calibrates, decision_for
from mlptrain.training.experiment import EarlyStopping, Experiment, Interval, Monitor
from mlptrain.training.shards import Shards
from mlptrain.training.thread_choice import choose_threads
from mlptrain.training.weightless import weightless_notes

Load = Callable[[Config, Preprocessing | None], Dataset]
"""Loads the data of a config; with a stored preprocessing, that is applied and nothing is learned."""


def build(config: Config, threads: int | None = None, data: Dataset | None = None) -> Experiment:
    """Load the data, build the network around it, and attach optimizer and schedule.

    `threads` None: as many as the environment says, else as pay for a network of this size. `data` is
    given where it is loaded. `warm_start` has the weights of `init_from`. Of several folds it is one.
    """
    config = first_fold(config)
    data = data or load(config)
    network = network_on(config, data)
    initialize(config, network)
    train = config.train
    if threads is None:
        threads = threads_for(config, network, len(data.train))
    experiment = Experiment(
        data=data,
        network=network,
        optimizer=optimizer_for(config, network, threads),
        schedule=schedule_for(config),
        monitor=monitor_for(config, network, data),
        seed=config.seed,
        epochs=train.epochs,
        batch_size=train.batch_size,
        accumulate=train.accumulate,
        drop_last=train.drop_last,
        clip_norm=train.clip_norm,
        nonfinite=train.nonfinite,
        early_stopping=EarlyStopping(**train.early_stopping.model_dump())
        if train.early_stopping
        else None,
        eval_every=interval(train.eval_every),
        log_histograms=train.log_histograms,
        calibrate=calibrates(config, data),
        decision=decision_for(config, data),
        shards=None if train.shards is None else Shards(train.shards),
        average=None if train.average is None else Average(network, train.average.ema),
        max_seconds=None if train.max_minutes is None else 60 * train.max_minutes,
        threads=threads,
    )
    return replace(experiment, data=data.with_notes(weightless_notes(experiment)))


def threads_for(config: Config, network: Network, rows: int) -> int:
    """As many threads as the environment says, else as pay for a step; with `train.shards` one.

    Other threads can mean other bits, and those of shards are to be the same wherever they are.

    rows   of training: no batch has more, whatever the config says
    """
    if config.train.shards is not None:
        return from_environment() or 1
    beside = 1 if config.data.fold is None else config.data.fold.of
    return choose_threads(network, min(rows, config.train.batch_size), max(beside, launched_here()))


def initialize(config: Config, network: Network) -> None:
    """Let the parameters of a network start as the config says."""
    options = config.model.initializer.options()
    bias_std = options.pop("bias_std")
    initializer = partial(INITIALIZERS[config.model.initializer.name], **options)
    network.initialize(initializer, config.seed, bias_std)


def load(config: Config, fitted: Preprocessing | None = None, opened: Opened | None = None) -> Dataset:
    """The data of a config; with `fitted`, its stored preprocessing is applied instead of a new one."""
    return load_dataset(settings_of(config), fitted, opened)


def settings_of(config: Config) -> Settings:
    """What a config asks of the data."""
    section = config.data.model_dump(exclude={"image_shape"})
    if section["fold"] is not None and section["categorical"]["unseen"] == "error":
        section["categorical"]["unseen"] = (
            "zeros"  # what is rare in the table is missing from some folds
        )
    for key, nested in (("missing", Missing), ("numeric", Numeric), ("fold", Fold)):
        section[key] = None if section[key] is None else nested(**section[key])
    section["categorical"] = Categorical(**section["categorical"])
    columns = section.pop("columns")
    written = {name: of_fields(Written, each) for name, each in columns.items()}
    return Settings(
        **section,
        columns={name: each for name, each in written.items() if each != Written()},
        roles={name: of_fields(Role, each) for name, each in columns.items()},
        targets=LOSSES[config.loss.name].targets,
        seed=config.seed,
        dtype=np.dtype(config.model.dtype),
    )


def outputs(config: Config, made: Preprocessing) -> int:
    """How many scores the network puts out: one for each class, or for each target and level."""
    if made.classes is not None:
        return len(made.classes)
    return len(made.targets) * loss_for(config, None).per_target


def network_on(config: Config, data: Dataset, dtype: str | None = None) -> Network:
    """The network of a config for the rows of a dataset, all its weights still 0."""
    weights, weighted = class_weights(config, data), data.train.weights is not None
    if config.model.norm == "batch" and len(data.train) == 1:
        raise ConfigError("model.norm: batch norm needs two training rows, and there is one; use layer")
    made = data.preprocessing
    architecture = architecture_for(config, len(made.features), outputs(config, made), made.tables)
    return network_for(config, architecture, weights, weighted=weighted, dtype=dtype)


def network_for(
    config: Config,
    architecture: Architecture,
    weights: Sequence[float] | None,
    *,
    weighted: bool = False,
    dtype: str | None = None,
) -> Network:
    """The network of a config, all its weights still 0."""
    check_fits(architecture, dtype or config.model.dtype)
    return Network(
        architecture,
        loss_for(config, weights),
        penalties_for(config),
        weighted=weighted,
        dtype=dtype or config.model.dtype,
    )


def architecture_for(
    config: Config, inputs: int, outputs: int, tables: Sequence[tuple[int, int]] = ()
) -> Architecture:
    """The layers of a config, for so many numbers and codes of each row."""
    model = config.model
    chosen = model.activation
    each = chosen if isinstance(chosen, tuple) else (chosen,) * len(model.hidden)
    return perceptron(
        inputs,
        outputs,
        model.hidden,
        [ACTIVATIONS[choice.name](**choice.options()) for choice in each],
        tables=tables,
        bias=model.bias,
        norm=model.norm,
        dropout=model.dropout,
        input_scale=model.input_scale,
        ntk=model.parametrization == "ntk",
        members=model.ensemble or 0,
        last_start="zeros" if model.last_layer == "zeros" else "drawn",
    )


def check_fits(architecture: Architecture, dtype: str) -> None:
    """ConfigError where parameters and gradients cannot fit into the memory there is."""
    parameters = sum(math.prod(each.shape) for each in architecture.parameters())
    needed, there = 2 * parameters * np.dtype(dtype).itemsize, memory_limit()
    if needed > there:
        raise ConfigError(
            f"model.hidden: {parameters:,} parameters and their gradients take "
            f"{needed / 1e9:,.1f} GB, and the memory has {there / 1e9:,.1f}; make the layers smaller"
        )


def loss_for(config: Config, weights: Sequence[float] | None) -> Loss:
    """The loss of a config, with its class weights resolved to one number per class."""
    options = config.loss.options()
    if "class_weights" in options:
        options["class_weights"] = weights
    return LOSSES[config.loss.name](**options)


def class_weights(config: Config, data: Dataset) -> list[float] | None:
    """One weight per class: M / (C mass) where they are `balanced`, else as given by class name."""
    given = config.loss.options().get("class_weights")
    if given is None or data.classes is None:
        return None
    if given == "balanced":
        return balanced(class_masses_of(data), data.classes).tolist()
    if isinstance(given, Mapping):
        return _by_name(given, data.classes)
    if len(given) != len(data.classes):
        raise ConfigError(
            f"loss.class_weights: {len(given)} weights for {len(data.classes)} classes: "
            + ", ".join(data.classes[:10])
        )
    return [float(weight) for weight in given]


def class_masses_of(data: Dataset) -> NDArray[np.float64]:
    """(C,) the training rows of each class, or the sum of their weights."""
    y = cast(NDArray[np.integer], data.train.y)
    return class_masses(y, len(data.classes or ()), data.train.weights)


def _by_name(given: Mapping[str, float], classes: Sequence[str]) -> list[float]:
    find = finder(classes)
    unknown = [name for name in given if find(name) < 0]
    if unknown:
        raise ConfigError(
            *(f"loss.class_weights.{name}: no such class; {advice(name, classes)}" for name in unknown)
        )
    weights = {find(name): float(weight) for name, weight in given.items()}
    return [weights.get(place, 1.0) for place in range(len(classes))]


def penalties_for(config: Config) -> list[Node]:
    """The regularizers whose strength is not 0."""
    strengths = config.regularization.model_dump()
    return [REGULARIZERS[name](strength) for name, strength in strengths.items() if strength]


def optimizer_for(config: Config, network: Network, threads: int = 1) -> Optimizer:
    """The optimizer, attached to the network's parameters."""
    options = config.optimizer.options()
    segments = network.parameters.segments_at(options.pop("rate_factors"))
    optimizer = OPTIMIZERS[config.optimizer.name](**options)
    optimizer.attach(network.parameters.values, segments, threads)
    return optimizer


def schedule_for(config: Config) -> Schedule:
    """The schedule with its options bound, behind its warm-up."""
    options = config.schedule.options()
    warmup = options.pop("warmup")
    return warm_up(partial(SCHEDULES[config.schedule.name], **options), warmup)


def monitor_for(config: Config, network: Network, data: Dataset) -> Monitor:
    """What decides which parameters are best; `val_` becomes `train_` where there is no val set."""
    split, _, metric = config.train.monitor.partition("_")
    if split == "val" and data.val is None:
        if metric != "loss":
            raise ConfigError(
                f"train.monitor: {config.train.monitor} needs validation rows, there are none"
            )
        split = "train"
    if metric == "loss":
        return Monitor(f"{split}_loss", larger_is_better=False)
    table = network.loss.metrics
    if metric not in table:
        raise ConfigError(
            f"train.monitor: {config.loss.name} has no metric {metric!r}; "
            f"{advice(metric, ['loss', *table])}"
        )
    return Monitor(f"{split}_{metric}", table[metric].larger_is_better, table[metric].last_of_ties)


def interval(given: int | Steps) -> Interval:
    """`1` is every epoch, `{steps: 100}` every hundred steps."""
    return Interval(given.steps, "steps") if isinstance(given, Steps) else Interval(given)


def in_float64(experiment: Experiment, config: Config) -> Experiment:
    """The same experiment with a float64 network of the same weights, for a gradient check."""
    data = experiment.data
    network = network_on(config, data, dtype="float64")
    network.parameters.values[...] = experiment.network.parameters.values
    return replace(experiment, network=network)
