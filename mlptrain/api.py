"""The Python API, and what the commands call: a config becomes a run, a checkpoint a model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import Literal

from mlptrain import init
from mlptrain.assessment import Assessment
from mlptrain.bench import Benchmark, benchmark
from mlptrain.build import build, in_float64, optimizer_for
from mlptrain.build import load as load_data
from mlptrain.checkpoint import Checkpoint
from mlptrain.config import dump, load_config, resolved
from mlptrain.config.overrides import Overrides
from mlptrain.config.yaml import parse
from mlptrain.data.load import load_rows
from mlptrain.errors import ConfigError
from mlptrain.experiment import Experiment
from mlptrain.fold_directory import check_one_run
from mlptrain.folds import Folds
from mlptrain.gradcheck import Case, Row, Sweep, all_cases, check, few, part_cases, sweep
from mlptrain.model import Model, read_checkpoint
from mlptrain.record import Progress
from mlptrain.resume import changed_sources
from mlptrain.run import Run
from mlptrain.summary import Layer, layers, memory
from mlptrain.trainer import train

IN_PLACE = "--resume goes on in place: leave out --out, --init-from and --force"
NO_CONFIG = "no CONFIG given; name a YAML file, or go on with a run by --resume RUN"

Split = Literal["train", "val", "test"]
Source = str | Path | Mapping[str, object]


def fit(
    config: Source | None = None,
    *,
    set: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    force: bool = False,
    threads: int | None = None,
) -> Run:
    """Train to the end and return the run: `run.best` is its best checkpoint, `run.summary` the result.

    `config` is a YAML file or a dict, `set` overrides settings: {"train.epochs": 5}. The other
    arguments are the options of `mlptrain fit`. Raises the errors of `mlptrain.errors`.
    """
    run = prepare(
        config, set, out=out, resume=resume, init_from=init_from, force=force, threads=threads
    )
    for _ in run:
        pass
    return run


def load(path: str | Path) -> Model:
    """The model of a checkpoint, or of the best checkpoint of a run directory."""
    return Model.load(path)


def prepare(
    config: Source | None,
    overrides: Overrides = (),
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init_from: str | Path | None = None,
    force: bool = False,
    threads: int | None = None,
) -> Run:
    """A run that is ready to train: a new one, or one that goes on."""
    if resume is not None:
        if out is not None or init_from is not None or force:
            raise ConfigError(IN_PLACE)
        check_one_run(Path(resume), f", or all: fit CONFIG --folds K --resume {resume}")
        if config is None and overrides:
            raise ConfigError("--resume without CONFIG keeps the run's own config: leave out --set")
        settings = None if config is None else load_config(config, overrides)
        return Run.resumed(resume, settings, threads=threads)
    if config is None:
        raise ConfigError(NO_CONFIG)
    start = None if init_from is None else read_checkpoint(init_from)
    checked = load_config(config, overrides)
    place = out or new_directory(config)
    return Run.new(checked, place, force=force, init_from=start, threads=threads)


def prepare_folds(
    config: Source | None,
    count: int,
    overrides: Overrides = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    *,
    force: bool = False,
    threads: int | None = None,
) -> Folds:
    """k-fold cross-validation, ready to train: iterate over it, and over each run it yields."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    if resume is not None and (out is not None or force):
        raise ConfigError(IN_PLACE)
    checked = load_config(config, overrides)
    place = Path(resume or out or new_directory(config))
    return Folds(checked, count, place, force=force, resume=resume is not None, threads=threads)


def dry_run(config: Source | None, overrides: Overrides = ()) -> Experiment:
    """Check everything that `fit` would, build it, and do one step; nothing is written."""
    if config is None:
        raise ConfigError(NO_CONFIG)
    experiment = build(load_config(config, overrides))
    for _ in islice(train(experiment, Progress()), 1):
        pass
    return experiment


def new_directory(config: Source) -> Path:
    """runs/NAME-DATE-TIME, with a number behind it where that is taken."""
    name = "run" if isinstance(config, Mapping) else Path(config).stem
    path = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    if not path.exists():
        return path
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(each for each in numbered if not each.exists())


def first_config(data: str, targets: Sequence[str]) -> str:
    """A commented config for a table, held against its data: one that would not run is an error."""
    text = init.first_config(data, targets)
    build(load_config(parse(text, data).data))
    return text


def gradcheck(config: Source | None = None, overrides: Overrides = ()) -> Iterator[Row]:
    """Numerical against analytic gradients: of everything, or of a config on its own rows."""
    return (row for case in gradcheck_cases(config, overrides) for row in check(*case))


def gradcheck_sweep(config: Source | None = None, overrides: Overrides = ()) -> Iterator[Sweep]:
    """The same at step sizes from 1e-3 to 1e-8."""
    return sweep(gradcheck_cases(config, overrides))


def gradcheck_cases(config: Source | None, overrides: Overrides) -> Iterator[Case]:
    """What a gradient check looks at: every node and many networks, or the network of a config."""
    if config is None:
        if overrides:
            raise ConfigError("--set changes a CONFIG: name one, or leave out --set")
        return all_cases()
    checked = load_config(config, overrides)
    experiment = in_float64(build(checked), checked)
    name = "config" if isinstance(config, Mapping) else str(config)
    return part_cases(name, experiment.network, few(experiment.data.train), checked.seed)


def evaluate(
    checkpoint: str | Path, *, data: str | None = None, split: Split | None = None
) -> Assessment:
    """Loss and metrics of a checkpoint on a file, or on a split of its own data."""
    model = Model.load(checkpoint)
    if data is not None:
        if split is not None:
            raise ConfigError("--data names the rows: leave out --split")
        rows, notes = load_rows(
            data, model.preprocessing, target_needed=True, dtype=model.network.dtype
        )
        return Assessment.of(model, data, rows, notes)
    dataset = load_data(model.config, model.preprocessing)
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    chosen = split or (
        "test" if dataset.test is not None else "val" if dataset.val is not None else "train"
    )
    rows_of = parts[chosen]
    if rows_of is None:
        raise ConfigError(
            f"--split {chosen}: the config has no {chosen} rows; choose another, or name --data"
        )
    changed = changed_sources(model.checkpoint, dataset.fingerprint)
    warnings = [f"{source}: has changed since the model was trained" for source in changed]
    return Assessment.of(model, chosen, rows_of, (*dataset.notes, *warnings))


@dataclass(frozen=True)
class Anatomy:
    """What a network consists of and, for a checkpoint, how far it was trained."""

    layers: list[Layer]
    memory: dict[str, int]
    history: dict[str, object]
    notes: tuple[str, ...]


def anatomy(what: str | Path, overrides: Overrides = ()) -> Anatomy:
    """The anatomy of a config (its data are read), a checkpoint or a run."""
    if is_config(what):
        config = load_config(what, overrides)
        experiment = build(config)
        network, slots, history = experiment.network, len(experiment.optimizer.slots), {}
        notes = experiment.data.notes
    else:
        model = model_to_show(what, overrides)
        config, network, notes = model.config, model.network, ()
        slots = len(optimizer_for(config, network).slots)
        history = history_of(model.checkpoint)
    return Anatomy(layers(network), memory(network, config.train.batch_size, slots), history, notes)


def resolved_config(what: str | Path, overrides: Overrides = ()) -> str:
    """The YAML of a config, a checkpoint or a run, every default written out."""
    if is_config(what):
        return dump(resolved(load_config(what, overrides)))
    return dump(resolved(model_to_show(what, overrides).config))


def is_config(what: str | Path) -> bool:
    """Whether a path means a config: neither a directory nor a checkpoint."""
    return Path(what).suffix != ".npz" and not Path(what).is_dir()


def model_to_show(what: str | Path, overrides: Overrides) -> Model:
    """The model of a checkpoint or run; its config is what it is."""
    if overrides:
        raise ConfigError("--set changes a CONFIG: a checkpoint keeps its own, leave out --set")
    return Model.load(what)


def history_of(checkpoint: Checkpoint) -> dict[str, object]:
    """How far a checkpoint was trained, and on what."""
    progress = checkpoint.progress()
    values = {"file": checkpoint.path, "steps": progress.step, "best so far": progress.best}
    record = checkpoint["record"] or {}
    own = {key: value for key, value in record.items() if key != "step"}
    environment = checkpoint["environment"]
    versions = {key: environment.get(key) for key in ("mlptrain", "numpy", "python", "machine")}
    return {**values, "best epoch": progress.best_epoch, **own, **versions}


def bench(config: Source, overrides: Overrides = (), *, threads: int | None = None) -> Benchmark:
    """Where the time of a training step of a config goes."""
    return benchmark(build(load_config(config, overrides), threads))
