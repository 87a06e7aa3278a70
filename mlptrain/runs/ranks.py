"""One run over the ranks of an MPI job: rank 0 trains as it would alone, the others do their shards.

Rank 0 has the only schedule and run directory. For every step it tells the others the rows; all of them
answer with gradients. Each rank adds up, checks and updates its slice of them when rank 0 says so, and
its parameters go to all. So nobody but rank 0 decides anything, and a run goes on with any other number
of ranks. On one host parameters, gradients and the state of the optimizer lie in a window of shared
memory, and nothing of them is sent; between hosts slices of them are.
"""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain import errors
from mlptrain.config import Config, load_config, resolved
from mlptrain.config.checks import SHARD_NORM, SHARD_SUM
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import ConfigError, EnvironmentFault, MLPTrainError, Told
from mlptrain.nn.parameters import Flat
from mlptrain.runs.join import Join
from mlptrain.runs.resume import changes_between
from mlptrain.runs.signals import STOPPING
from mlptrain.storage.shell_streams import is_stream
from mlptrain.system.environment import differences, environment
from mlptrain.system.ranks import HEAD, Ranks
from mlptrain.system.team import END, SCORES, STEP, Order
from mlptrain.system.threads import use_threads
from mlptrain.training.build import build, load
from mlptrain.training.checkpoint import learned
from mlptrain.training.data_files import files_in
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import BLOCK
from mlptrain.training.sharded import sharded
from mlptrain.training.sharded_scores import sharded_scores
from mlptrain.training.shards import Shards
from mlptrain.training.slices import FINE, brought, parts_of

Serve = Callable[[Ranks, Experiment | None], int]
SAME = ("mlptrain", "numpy")
"""Versions that all ranks must share; other differences may change bits, which is noted."""


@contextmanager
def leading(ranks: Ranks) -> Iterator[None]:
    """On rank 0 around a run: however it ends, the others end with it."""
    code = 1
    try:
        yield
        code = 0
    except BaseException as error:
        code = error.exit_code if isinstance(error, Told) else 1
        if ranks.busy:  # the others are in the middle of a step, and hear of no end
            ranks.fail(error)
        raise
    finally:
        ranks.dismiss(code)


def admission(ranks: Ranks, source: Source | None, overrides: Overrides) -> Join:
    """What rank 0 does with an experiment before its run begins: let the others build the same.

    Raises what is wrong on any of them.
    """

    def join(config: Config, experiment: Experiment) -> Experiment:
        check_can_be_cut(ranks, config, experiment)
        ranks.share(json.dumps(described(config, experiment, as_typed(source, overrides))))
        verdicts = [json.loads(text) for text in ranks.gather("{}")]
        ranks.open(orders(config))
        raise_first(verdicts)
        experiment = in_window(ranks, experiment, Shards(config.train.shards or ranks.size, ranks))
        if config.train.shards is not None:
            notes = [note for verdict in verdicts for note in verdict.get("notes", ())]
            experiment = replace(experiment, data=experiment.data.with_notes(notes))
        return experiment

    return join


def check_can_be_cut(ranks: Ranks, config: Config, experiment: Experiment) -> None:
    """ConfigError for what ranks cannot share."""
    shards, size = config.train.shards, ranks.size
    if shards is not None and shards < size:
        raise ConfigError(f"train.shards: {shards} shards for {size} ranks; ask for {shards} at most")
    if config.model.norm == "batch":
        raise ConfigError(f"model.norm: {SHARD_NORM}, one for each rank; write layer, or none")
    if config.loss.options().get("reduction") == "sum":
        raise ConfigError(f"loss: over ranks it {SHARD_SUM}; use reduction: mean")
    if experiment.batch_size < size:
        raise ConfigError(
            f"train.batch_size: {size} ranks share {experiment.batch_size} rows; it is the batch of all"
        )
    streams = [path for path in files_in(config).values() if is_stream(path)]
    if streams:
        raise ConfigError(f"{streams[0]} is a stream, which one process reads; save it to a file")


def as_typed(source: Source | None, overrides: Overrides) -> dict[str, Any] | None:
    """The config as this rank reads it; None where a run goes on with its own."""
    return None if source is None else resolved(load_config(source, overrides))


def described(config: Config, experiment: Experiment, typed: dict[str, Any] | None) -> dict[str, Any]:
    """What the other ranks build from, and must find the same."""
    fitted = experiment.data.preprocessing.to_json() if config.init_from else None
    with use_threads(experiment.threads):
        here = environment()
    return {
        "config": resolved(config),
        "fitted": fitted,
        "typed": typed,
        "threads": experiment.threads,
        "fingerprint": dict(experiment.data.fingerprint),
        "learned": learned(experiment),
        "environment": here,
    }


def orders(config: Config) -> NDArray[np.int64]:
    """Memory for what rank 0 asks in a step."""
    return np.zeros(HEAD + config.train.batch_size * config.train.accumulate, np.int64)


def raise_first(verdicts: list[dict[str, Any]]) -> None:
    """Raise the faults of the first rank that has some; its kind decides the exit code."""
    for verdict in verdicts:
        if verdict.get("faults"):
            raise getattr(errors, verdict["error"])(*verdict["faults"])


def in_window(ranks: Ranks, experiment: Experiment, shards: Shards) -> Experiment:
    """The same experiment with parameters that all ranks of a host see, and a slice of the update."""
    before, optimizer = experiment.network.parameters.values, experiment.optimizer
    parts = parts_of(before.size, ranks.size, FINE if experiment.clip_norm is None else BLOCK)
    pieces = shards.most_pieces(len(experiment.data.train), experiment.batch_size)
    window = ranks.open_window(before.dtype, parts, slots=len(optimizer.slots), pieces=pieces)
    network = experiment.network.moved(Flat(window.values, window.gradients[ranks.rank][0]))
    own = parts[ranks.rank]
    for vector, kept in zip(window.state, optimizer.state.values(), strict=True):
        np.copyto(vector[own], kept[own])
    ranks.together("a network is not there")  # as it is built it writes into its memory
    if ranks.rank == 0:
        np.copyto(window.values, before)
    sliced = optimizer.sliced(before, own, window.state)
    return replace(experiment, network=network, optimizer=sliced, shards=shards)


def built(
    ranks: Ranks, wanted: dict[str, Any], source: Source | None, overrides: Overrides
) -> tuple[Experiment | None, dict[str, Any]]:
    """The experiment of rank 0, and what this rank has to say about it."""
    where = f"rank {ranks.rank} on {ranks.host}"
    try:
        config = load_config(wanted["config"])
        fitted = None if wanted["fitted"] is None else Preprocessing.from_json(wanted["fitted"])
        experiment = build(config, wanted["threads"], load(config, fitted))
        found = described(config, experiment, as_typed(source, overrides))
    except MLPTrainError as error:
        faults = [f"{where}: {fault}" for fault in error.faults]
        return None, {"error": type(error).__name__, "faults": faults}
    faults = [f"{where}: {fault}" for fault in disagreements(wanted, json.loads(json.dumps(found)))]
    other = differences(wanted["environment"], found["environment"])
    notes = [f"{where}: {each}: the same bits cannot be promised" for each in other]
    return experiment, {"error": EnvironmentFault.__name__, "faults": faults, "notes": notes}


def disagreements(wanted: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    """What a rank has otherwise than rank 0, and must not."""
    for key in SAME:
        old, new = wanted["environment"][key], found["environment"][key]
        if old != new:
            yield f"{key} {new}, and {old} on rank 0; install the same on all"
    for key, old, new in changes_between(wanted["typed"] or {}, found["typed"] or {}):
        yield f"{key} is {new!r} in its config, and {old!r} on rank 0; give all ranks the same"
    for source, digest in wanted["fingerprint"].items():
        if found["fingerprint"].get(source) != digest:
            yield f"{source}: is not the file that rank 0 has; give all ranks the same data"
            return
    for key, old, new in changes_between(wanted["learned"], found["learned"]):
        yield f"{key} is {new!r} here, and {old!r} on rank 0; give all ranks the same data"
        return


def serve(ranks: Ranks, experiment: Experiment | None) -> int:
    """Do this rank's part of everything that rank 0 asks for; the exit code at the end."""
    with use_threads(1 if experiment is None else experiment.threads), np.errstate(all="ignore"):
        code = obey(ranks, experiment)
    ranks.leave()
    return code


def obey(ranks: Ranks, experiment: Experiment | None) -> int:
    """Do this rank's part of one order after the other, up to that to end; what it says."""
    while (order := ranks.order()).kind != END:
        assert experiment is not None  # after a refusal comes the end
        answer(ranks, experiment, order)
    return order.number


def answer(ranks: Ranks, experiment: Experiment, order: Order) -> None:
    """Do this rank's part of an order."""
    assert experiment.shards is not None
    if order.kind == STEP:
        experiment.optimizer.t = order.updates
        sharded(experiment, order.rows, order.number, order.lr)
    elif order.kind == SCORES:
        sharded_scores(experiment, experiment.shards, order.number)
    else:
        brought(experiment, ranks, order.kind)


def follow(ranks: Ranks, source: Source | None, overrides: Overrides, serve: Serve = serve) -> int:
    """Do what rank 0 asks until it says that the run is over; the exit code is that of rank 0.

    serve   what is done once all have the same experiment, or it was refused
    Signals are for rank 0 to answer.
    """
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    try:
        wanted = json.loads(ranks.share(""))
        if "code" in wanted:
            ranks.leave()
            return int(wanted["code"])
        experiment, verdict = built(ranks, wanted, source, overrides)
        verdicts = [json.loads(text) for text in ranks.gather(json.dumps(verdict))]
        config = load_config(wanted["config"])
        ranks.open(orders(config))
        if experiment is not None and not any(each.get("faults") for each in verdicts):
            shards = Shards(config.train.shards or ranks.size, ranks)
            experiment = in_window(ranks, experiment, shards)
        return serve(ranks, experiment)
    except BaseException as error:
        ranks.fail(error)
