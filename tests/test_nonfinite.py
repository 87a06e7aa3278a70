"""Numbers that stop being finite: the run ends within a step, says where, and keeps what was good."""

import errno
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from helpers import changed
from runs import (
    THIRTY,
    faults,
    finish,
    interrupted_at,
    invoke,
    outcome,
    records,
    timeless,
    write_config,
)

from mlptrain.errors import CheckpointError, DivergenceError, StorageError
from mlptrain.graph.gates import Exp, Multiply
from mlptrain.graph.graph import Graph
from mlptrain.graph.reductions import Sum
from mlptrain.inference.model import load
from mlptrain.nn.activations.piecewise import ReLU
from mlptrain.runs.fit import prepare
from mlptrain.runs.saving import Pace, Snapshot
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.training import trainer
from mlptrain.training.experiment import Monitor
from mlptrain.training.gradients import (
    MANY,
    clip,
    gradient_norm,
    is_finite,
    origin,
)

pytestmark = pytest.mark.usefixtures("one_thread")

NAN, INF = float("nan"), float("inf")
BAD = pytest.mark.parametrize("value", [NAN, INF, -INF], ids=str)
WHEN = pytest.mark.parametrize("step", [1, 17, 30], ids="step {}".format)


class Poison:
    """Puts one bad number into the chosen steps, which are counted from 1."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.now = None

    def during_steps(self):
        real = trainer.take_step

        def take_step(experiment, progress, rows, lr):
            self.now = progress.step + 1
            try:
                return real(experiment, progress, rows, lr)
            finally:
                self.now = None  # an evaluation is no step

        self.monkeypatch.setattr(trainer, "take_step", take_step)

    def input(self, value, *steps):
        self.during_steps()
        real = trainer.load_batch

        def load_batch(experiment, rows, masks):
            plan = real(experiment, rows, masks)
            if self.now in steps:
                plan.value(experiment.network.training.inputs[0])[0, 0] = value
            return plan

        self.monkeypatch.setattr(trainer, "load_batch", load_batch)

    def activation(self, value, *steps):
        self.during_steps()
        real = ReLU.forward

        def forward(node, inputs, out, saved):
            real(node, inputs, out, saved)
            if self.now in steps:
                out[0, 0] = value

        self.monkeypatch.setattr(ReLU, "forward", forward)

    def gradient(self, value, *steps):
        self.during_steps()
        real = ReLU.backward

        def backward(node, upstream, inputs, out, saved, into):
            real(node, upstream, inputs, out, saved, into)
            if self.now in steps:
                into[0][0, 0] = value

        self.monkeypatch.setattr(ReLU, "backward", backward)

    def rate(self, value, *steps):
        real = trainer.take_step

        def take_step(experiment, progress, rows, lr):
            return real(experiment, progress, rows, value if progress.step + 1 in steps else lr)

        self.monkeypatch.setattr(trainer, "take_step", take_step)


@pytest.fixture
def poison(monkeypatch):
    return Poison(monkeypatch)


@pytest.fixture
def begin(tmp_path):
    """A new run of THIRTY with some changes, at a constant rate of 0.02."""

    def begin(changes=()):
        config = changed(THIRTY, {"schedule": "constant", **dict(changes)})
        return prepare(config, out=tmp_path / "run")

    return begin


def diverged(run):
    """The message that the run ends with."""
    with pytest.raises(DivergenceError) as error:
        finish(run)
    (fault,) = error.value.faults
    return fault


def finite_step(path):
    """Read a checkpoint, which must be finite and make a model; the step it was written at."""
    arrays, document = read_archive(path)
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert load(path).classes == (0, 1)
    return document["progress"]["step"]


# --- stop: within the step, with a message, and with what was good ---


@pytest.mark.slow
@WHEN
@BAD
@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("input", "X is not finite"),
        ("activation", "layer1.activation is not finite"),
        ("gradient", "the gradient of layer1.b is not finite"),
    ],
)
def test_a_bad_number_stops_the_run_before_it_does_harm(begin, poison, where, named, value, step):
    getattr(poison, where)(value, step)
    run = begin()
    fault = diverged(run)

    assert fault.startswith(
        f"step {step} (epoch {math.ceil(step / 10)}): {named} at learning rate 0.02"
    )
    assert finite_step(run.directory.last) == step - 1
    assert run.best.exists() == (step > 4)  # the first evaluation is after step 4
    assert not run.best.exists() or finite_step(run.best) < step


# A bad rate does its harm in the update itself: it shows in the step after it, at the latest.


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 17, 29], ids="step {}".format)
@pytest.mark.parametrize("value", [NAN, INF, 1e30], ids=str)
def test_a_bad_rate_stops_the_run_in_the_next_step(begin, poison, value, step):
    poison.rate(value, step)
    run = begin()
    fault = diverged(run)

    assert fault.startswith(f"step {step + 1} ")
    assert "layer" in fault
    assert finite_step(run.directory.last) == (step if np.isfinite(value) else 0)
    assert run.best.exists() == (step > 4)
    assert not run.best.exists() or finite_step(run.best) <= step


@pytest.mark.slow
@WHEN
@pytest.mark.parametrize("value", [NAN, INF], ids=str)
def test_parameters_that_cannot_be_saved_stop_the_run_in_the_same_step(begin, poison, value, step):
    poison.rate(value, step)
    run = begin({"train.checkpoint_every": {"steps": 1}})
    fault = diverged(run)

    assert fault.startswith(f"step {step} ")
    assert "layer1.W" in fault
    assert finite_step(run.directory.last) == step - 1


def test_a_checkpoint_that_is_not_finite_is_neither_a_model_nor_a_beginning(begin):
    run = begin()
    finish(run)
    for path in (run.best, run.directory.last):
        arrays, document = read_archive(path)
        write_archive(path, {**arrays, "layer1.b": np.full_like(arrays["layer1.b"], np.nan)}, document)
    found = "layer1.b holds numbers that are not finite"
    with pytest.raises(CheckpointError, match=found):
        load(run.best)
    more = invoke("fit", "--resume", run.directory.path, "--set", "train.epochs=9")
    assert more.exit_code == 5
    assert found in more.stderr


def test_running_statistics_that_are_not_finite_are_never_saved(begin):
    run = begin({"model.norm": "batch"})
    name = next(iter(run.experiment.network.statistics))
    run.experiment.network.statistics[name][...] = np.nan
    fault = diverged(run)

    assert name in fault
    assert not run.best.exists()
    assert not run.directory.last.exists()


@pytest.mark.parametrize("value", [NAN, INF, 1e30], ids=str)
def test_a_run_whose_last_step_ruins_the_network_does_not_pass_for_completed(begin, poison, value):
    """No step comes after it, but its evaluation does."""
    poison.rate(value, 30)
    run = begin()
    fault = diverged(run)

    assert fault.startswith("step 30 ")
    assert run.summary["status"] == "diverged"
    assert finite_step(run.best) < 30


def test_the_message_names_rows_and_rate_and_says_what_to_try(begin, poison):
    poison.input(NAN, 17)
    fault = diverged(begin())
    before, _, advice = fault.partition(" of the training set. ")

    assert before.startswith("step 17 (epoch 2): X is not finite at learning rate 0.02; rows ")
    rows = before.split("rows ")[1].removesuffix(", …").split(", ")
    assert len(rows) == 5
    assert all(0 <= int(row) < 80 for row in rows)
    assert advice.startswith(
        "Lower optimizer.learning_rate, lengthen schedule.warmup or set train.clip_norm"
    )


def test_the_summary_says_that_the_run_diverged(begin, poison):
    poison.input(NAN, 17)
    run = begin()
    fault = diverged(run)
    summary = json.loads(run.directory.summary.read_text())

    assert (summary["status"], summary["reason"], summary["steps"]) == ("diverged", fault, 16)


def test_a_run_that_diverged_can_go_on_when_the_cause_is_gone(begin, poison, monkeypatch, tmp_path):
    poison.input(NAN, 17)
    run = begin()
    diverged(run)
    monkeypatch.undo()
    whole = prepare(changed(THIRTY, {"schedule": "constant"}), out=tmp_path / "whole")
    expected = finish(whole)
    resumed = prepare(None, resume=run.directory.path)
    finish(resumed)

    assert timeless(resumed.summary["metrics"]) == timeless(whole.summary["metrics"])
    assert parameters(outcome(run.directory.path)) == parameters(expected)


def parameters(hashes):
    return {key: value for key, value in hashes.items() if key.startswith("last: layer")}


@pytest.mark.parametrize(
    "setting", ["optimizer.learning_rate=1e30", "optimizer={name: sgd, learning_rate: 1e38}"]
)
def test_a_rate_that_is_too_high_ends_with_4_and_one_line(tmp_path, setting):
    config = write_config(tmp_path / "toy.yaml", THIRTY)
    result = invoke("fit", config, "--set", setting, "--out", tmp_path / "run", "--quiet")

    assert result.exit_code == 4
    (fault,) = faults(result)
    assert fault.startswith("step 2 (epoch 1): layer")


def test_a_table_with_a_huge_number_ends_with_4_and_one_line(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b,y\n" + "1,2,p\n3e38,4,q\n5,7,p\n" * 10)
    data = {"train": str(tmp_path / "rows.csv"), "scale": "none", "val": 0, "test": 0}
    config = write_config(tmp_path / "toy.yaml", {"data": data})
    result = invoke("fit", config, "--out", tmp_path / "run", "--quiet")

    assert result.exit_code == 4
    assert len(faults(result)) == 1


def test_a_loss_that_is_not_finite_is_null_in_every_file(begin, poison):
    """The network overflows on the rows of the evaluation at step 4; the step after it is the end."""
    poison.rate(1e30, 4)
    run = begin({"train.checkpoint_every": {"steps": 1}})
    diverged(run)
    (record,) = records(run.directory.path)
    _, document = read_archive(run.directory.last)

    assert record["val_loss"] is None
    assert document["record"]["val_loss"] is None
    assert document["progress"]["best"] is None


def test_a_value_that_is_not_finite_is_never_the_best(begin, poison):
    poison.rate(1e30, 8)
    run = begin()
    diverged(run)

    assert run.summary["best"] == records(run.directory.path)[0]["val_loss"]
    assert finite_step(run.best) == 4


# --- skip ---


@pytest.mark.parametrize("where", ["input", "activation", "gradient"])
@WHEN
def test_skip_leaves_the_step_out_and_goes_on(begin, poison, where, step):
    getattr(poison, where)(NAN, step)
    run = begin({"train.nonfinite": "skip"})
    finish(run)
    _, document = read_archive(run.directory.last)

    assert run.summary["status"] == "completed"
    assert (document["progress"]["step"], document["updates"]) == (30, 29)
    assert finite_step(run.directory.last) == 30


def test_a_skipped_step_changes_no_array(begin, poison):
    poison.gradient(NAN, 1)
    run = begin({"train.nonfinite": "skip", "model.norm": "batch", "model.dropout": 0.2})
    before = {name: array.copy() for name, array in arrays_of(run).items()}
    next(iter(run))

    assert run.progress.step == 1
    assert all(np.array_equal(before[name], array) for name, array in arrays_of(run).items())


def arrays_of(run):
    network = run.experiment.network
    return {
        "parameters": network.parameters.values,
        **network.statistics,
        **run.experiment.optimizer.state,
    }


def test_ten_steps_in_a_row_may_be_skipped(begin, poison):
    poison.input(NAN, *range(5, 15))
    run = begin({"train.nonfinite": "skip"})
    finish(run)

    assert run.summary["status"] == "completed"


def test_the_eleventh_in_a_row_ends_the_run(begin, poison):
    poison.input(NAN, *range(5, 30))

    assert diverged(begin({"train.nonfinite": "skip"})).startswith("step 15 ")


def test_skipped_steps_that_are_not_in_a_row_do_not_add_up(begin, poison):
    poison.input(NAN, *range(1, 31, 2))
    run = begin({"train.nonfinite": "skip"})
    finish(run)

    assert run.summary["status"] == "completed"


# --- rollback ---

ROLLBACK = {"train.nonfinite": "rollback", "train.checkpoint_every": {"steps": 5}}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["input", "activation", "gradient"])
@WHEN
def test_rollback_recovers_from_a_single_poisoned_batch(begin, poison, where, step):
    getattr(poison, where)(NAN, step)
    run = begin(ROLLBACK)
    finish(run)
    back = (step - 1) // 5 * 5

    assert run.summary["status"] == "completed"
    assert run.summary["notes"][-1].endswith(f"; rolled back to step {back}")
    assert finite_step(run.directory.last) == 30
    assert finite_step(run.best) <= 30


def test_a_rollback_says_what_it_had_to_set_aside(begin, poison):
    poison.input(NAN, 12)
    run = begin(ROLLBACK)
    for _ in run:
        if run.progress.step == 11:
            run.directory.last.write_bytes(b"")

    assert f"{run.directory.last}: set aside as last.npz.corrupt" in run.summary["notes"]
    assert run.summary["notes"][-1].endswith("; rolled back to step 8")  # that of best.npz


def test_rollback_goes_on_at_half_the_rate_and_without_the_step(begin, poison):
    poison.input(NAN, 17)
    run = begin(ROLLBACK)
    finish(run)
    _, document = read_archive(run.directory.last)

    assert [(each["step"], each["learning_rate"]) for each in records(run.directory.path)] == [
        (4, 0.02), (8, 0.02), (12, 0.02), (16, 0.01), (20, 0.01), (24, 0.01), (28, 0.01), (30, 0.01),
    ]  # fmt: skip
    assert document["updates"] == 29
    assert document["progress"]["poisoned"] == [16]  # counted from 0


def test_rollback_recovers_three_times(begin, poison):
    poison.input(NAN, 12, 17, 23)
    run = begin(ROLLBACK)
    finish(run)

    assert run.summary["status"] == "completed"
    assert records(run.directory.path)[-1]["learning_rate"] == 0.02 / 8


def test_a_second_rollback_to_the_same_checkpoint_halves_the_rate_again(begin, poison):
    """Steps 17 and 19 both come after step 15, where the rate was still whole."""
    poison.input(NAN, 17, 19)
    run = begin(ROLLBACK)
    finish(run)

    assert [note.rpartition("; ")[2] for note in run.summary["notes"]] == [
        "rolled back to step 15", "rolled back to step 10",
    ]  # fmt: skip
    assert "the learning rate is 0.25 times that of the config" in run.summary["notes"][-1]
    assert records(run.directory.path)[-1]["learning_rate"] == 0.02 / 4
    assert run.progress.poisoned == [16, 18]  # counted from 0
    assert run.summary["rollbacks"] == 2


def test_a_rollback_goes_further_back_each_time_the_same_checkpoint_fails(begin, monkeypatch):
    """Back to 15, to 10 (last-1.npz), and, where that fails as well, to the best, of step 4."""
    real, failing = trainer.usable, [17, 18, 13]

    def usable(experiment, progress, plan, rows, lr, *, finite):
        if failing and progress.step + 1 == failing[0]:
            finite = False
            del failing[0]
        return real(experiment, progress, plan, rows, lr, finite=finite)

    monkeypatch.setattr(trainer, "usable", usable)
    monkeypatch.setattr(Monitor, "better", lambda monitor, value, best, delta=0.0: best is None)
    run = begin(ROLLBACK)
    finish(run)
    back = [int(note.rpartition(" ")[2]) for note in run.summary["notes"]]
    found = records(run.directory.path)

    assert back == [15, 10, 4]
    assert run.summary["status"] == "completed"
    assert [each["step"] for each in found] == [4, 8, 12, 16, 20, 24, 28, 30]
    assert [each["learning_rate"] for each in found] == [0.02] + [0.02 / 8] * 7


def test_a_best_of_steps_that_are_undone_is_never_written(begin):
    run = begin(ROLLBACK)
    next(iter(run))
    run.checkpointer.pending = Snapshot({}, {})  # the best of a step after the checkpoint
    run.checkpointer.go_back()

    assert run.checkpointer.pending is None


def test_what_a_rollback_leaves_on_the_disk_can_be_resumed(begin, poison):
    """The checkpoint that failed counts metrics that are dropped: it must not be resumed from."""
    poison.input(NAN, 17, 19)
    run = begin(ROLLBACK)
    for _ in run:
        if run.rolled_to == 10:
            break  # whoever leaves the loop leaves it saved, one step further
    run.directory.close()
    resumed = prepare(None, resume=run.directory.path)
    assert resumed.progress.step == 11
    finish(resumed)
    assert resumed.summary["status"] == "completed"


def test_the_best_of_a_stretch_that_is_done_anew_stays_the_best(begin, poison):
    poison.input(NAN, 17, 19)
    run = begin({**ROLLBACK, "optimizer": {"name": "adam", "learning_rate": 0.02}})
    best = None
    for _ in run:
        if run.rolled_to == 10 and best is None:
            best = run.progress.best, run.progress.best_epoch
            stored = read_archive(run.directory.best)[1]["progress"]
            assert best == (stored["best"], stored["best_epoch"])
    assert run.summary["best"] <= best[0]


def test_a_resumed_run_says_at_what_rate_it_goes_on(begin, poison):
    poison.input(NAN, 17)
    resumed = interrupted_at(begin(ROLLBACK), 22)
    resumed.directory.close()
    assert "rolled back 1 time: the learning rate is 0.5 times that of the config" in resumed.notes


def test_what_a_rollback_goes_back_to_does_not_depend_on_the_clock(begin, poison, monkeypatch):
    """Checkpoints of epochs are put off while saving is slow, but not where a rollback needs them."""
    monkeypatch.setattr(Pace, "allows", lambda pace: False)
    poison.input(NAN, 17)
    run = begin({"train.nonfinite": "rollback", "train.checkpoint_every": 1})
    finish(run)

    assert run.summary["notes"][-1].endswith("; rolled back to step 10")


def test_rollback_gives_up_the_fourth_time(begin, poison):
    poison.input(NAN, 12, 13, 17, 23)
    run = begin(ROLLBACK)
    fault = diverged(run)

    assert fault.startswith("step 23 ")
    assert run.summary["status"] == "diverged"
    assert finite_step(run.directory.last) == 22
    assert finite_step(run.best) < 23


def test_rollback_works_before_the_first_checkpoint_is_due(begin, poison):
    poison.input(NAN, 3)
    run = begin({"train.nonfinite": "rollback", "train.checkpoint_every": 2})
    finish(run)

    assert run.summary["status"] == "completed"
    assert run.summary["notes"][-1].endswith("; rolled back to step 0")


@pytest.mark.slow
@pytest.mark.parametrize("step", [12, 18, 29])
def test_a_run_that_was_rolled_back_can_be_resumed_exactly(begin, poison, tmp_path, step):
    """Not between step 15 and 17: the checkpoint of the interruption is the one to go back to then."""
    poison.input(NAN, 17)
    config = changed(THIRTY, {"schedule": "constant", **ROLLBACK})
    expected = finish(prepare(config, out=tmp_path / "whole"))

    assert finish(interrupted_at(begin(ROLLBACK), step)) == expected


# --- norms from 1e-30 to 1e25 ---

SCALES = pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-10, 1.0, 1e10, 1e19, 1e20, 1e25], ids=str)


@SCALES
def test_the_norm_of_float32_gradients_is_right(scale):
    """3-4-5: a thousand triples, so the norm is 5 sqrt(1000)."""
    gradients = np.tile(np.array([3, -4], np.float32), 1000) * np.float32(scale)

    assert gradient_norm(gradients) == pytest.approx(5 * math.sqrt(1000) * scale, rel=1e-6, abs=0)


@SCALES
@pytest.mark.parametrize("most", [1e-12, 1e-5, 1.0, 1e3])
def test_a_clipped_norm_is_right_and_never_zero(scale, most):
    gradients = np.tile(np.array([3, -4], np.float32), 1000) * np.float32(scale)
    clip(gradients, most)
    expected = min(most, 5 * math.sqrt(1000) * scale)

    assert gradient_norm(gradients) == pytest.approx(expected, rel=1e-6, abs=0)
    assert (gradients != 0).all()


@BAD
def test_a_loss_that_is_not_finite_is_noticed_where_all_gradients_are(value):
    assert not is_finite(value, np.ones(3, np.float32))


def test_the_origin_of_bad_gradients_is_the_first_that_the_backward_pass_made():
    """f = sum(exp(a) * b): b is made later, so that its gradient is there before that of a."""
    graph = Graph(np.float64)
    a = graph.parameter("a", np.ones(2), np.full(2, NAN))
    exp = graph.add(Exp(), a, name="exp")
    b = graph.parameter("b", np.ones(2), np.full(2, NAN))
    graph.add(Sum(), graph.add(Multiply(), exp, b, name="product"), name="f")
    plan = graph.plan()
    plan.forward()

    assert origin(plan) == "the gradient of b is not finite"


COUNTS = pytest.mark.parametrize("count", [2_000, MANY + 2_000])
"""Gradients: few, that are squared, and many, that are added up by a matrix product."""


@COUNTS
@SCALES
def test_large_gradients_are_not_taken_for_infinite(scale, count):
    gradients = np.tile(np.array([3, -4], np.float32), count // 2) * np.float32(scale)
    with np.errstate(over="ignore"):
        assert is_finite(1.0, gradients)


PLACES = pytest.mark.parametrize("place", [0, 1_000, -1], ids="at {}".format)
"""The last gradients of many stand in no row of that matrix: they are added up by themselves."""


@COUNTS
@PLACES
@BAD
def test_one_bad_gradient_among_many_is_noticed(value, place, count):
    gradients = np.ones(count, np.float32)
    gradients[place] = value

    assert not is_finite(1.0, gradients)


@COUNTS
@PLACES
def test_two_infinities_do_not_cancel(place, count):
    gradients = np.ones(count, np.float32)
    gradients[place] = INF
    gradients[500] = -INF

    with np.errstate(invalid="ignore"):
        assert not is_finite(1.0, gradients)


@pytest.mark.slow
@SCALES
def test_a_run_clips_gradients_of_any_size(begin, monkeypatch, scale):
    """All gradients times `scale`, at a rate that leaves the weights where they are."""
    clip_norm = 0.01
    still = {"optimizer": {"name": "sgd", "learning_rate": 1e-30}, "train.clip_norm": clip_norm}
    real, clipped = trainer.usable, []

    def usable(experiment, progress, plan, rows, lr, *, finite):
        gradients = experiment.network.parameters.gradients
        norms.append(float(np.linalg.norm(gradients.astype(np.float64))))
        gradients *= np.float32(scale)
        return real(experiment, progress, plan, rows, lr, finite=finite)

    norms = []
    monkeypatch.setattr(trainer, "usable", usable)
    run = begin({**still, "train.eval_every": {"steps": 1}})
    for _ in run:
        clipped.append(gradient_norm(run.experiment.network.parameters.gradients))
    before = [record["grad_norm"] for record in records(run.directory.path)]

    assert before == [pytest.approx(norm * scale, rel=1e-6, abs=0) for norm in norms]
    assert clipped == [pytest.approx(min(clip_norm, each), rel=1e-6, abs=0) for each in before]
    assert min(clipped) > 0


# --- what the message says is kept, and who is to blame ---


def test_the_message_says_where_the_last_good_parameters_are(begin, poison):
    poison.input(NAN, 17)
    run = begin()

    assert diverged(run).endswith(f"; the parameters of step 16 are kept in {run.directory.last}")


def test_the_message_says_so_where_nothing_could_be_saved(begin, poison):
    """The first step ruins the parameters; step 0 was saved before it."""
    poison.rate(INF, 1)
    run = begin()

    assert diverged(run).endswith(f"; {run.directory.last} is of an earlier step")
    assert finite_step(run.directory.last) == 0


@pytest.mark.parametrize("step", [17, 30])
def test_rollback_leaves_out_the_step_that_ruined_the_parameters(begin, poison, step):
    """The harm shows when the step is saved; the step itself is to blame, and not the one after it."""
    poison.rate(INF, step)
    run = begin({"train.nonfinite": "rollback", "train.checkpoint_every": {"steps": 1}})
    finish(run)

    assert run.summary["status"] == "completed"
    assert run.progress.poisoned == [step - 1]  # counted from 0


def test_rollback_does_not_stay_at_a_last_step_whose_network_overflows(begin, poison):
    poison.rate(1e30, 30)
    run = begin(ROLLBACK)
    finish(run)
    _, document = read_archive(run.directory.last)

    assert run.progress.poisoned == [29]
    assert document["record"]["train_loss"] is not None


# --- two things go wrong at once: the exit code is that of the first, the line tells both ---


@pytest.fixture
def full_disk(monkeypatch):
    """There is no room for a file of that name, but for the first, which a run begins with."""

    def full_disk(name):
        real = os.replace

        def replace(source, target):
            if Path(target).name == name and Path(target).exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            real(source, target)

        monkeypatch.setattr(os, "replace", replace)

    return full_disk


def both(result):
    """The one line of a run that diverged while the disk was full, which still ends with 4."""
    assert result.exit_code == 4
    (fault,) = faults(result)
    first, _, second = fault.partition(" of the training set. ")
    assert first.startswith("step 17 (epoch 2): X is not finite at learning rate ")
    return second


def fit(tmp_path, *settings):
    config = write_config(tmp_path / "toy.yaml", THIRTY)
    sets = [each for setting in settings for each in ("--set", setting)]
    return invoke("fit", config, "--out", tmp_path / "run", "--quiet", *sets)


def test_a_disk_that_is_full_does_not_hide_that_the_run_diverged(tmp_path, poison, full_disk):
    poison.input(NAN, 17)
    full_disk("last.npz")
    second = both(fit(tmp_path))

    assert "; step 16 cannot be kept: " in second
    assert f"{tmp_path}/run/last.npz: cannot be written" in second
    assert "No space left on device; free some space" in second
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["status"] == "diverged"


def test_neither_does_a_summary_that_cannot_be_written(tmp_path, poison, full_disk):
    poison.input(NAN, 17)
    full_disk("summary.json")
    second = both(fit(tmp_path))

    assert f"step 16 are kept in {tmp_path}/run/last.npz; {tmp_path}/run/summary.json: " in second
    assert finite_step(tmp_path / "run" / "last.npz") == 16


def test_nor_a_checkpoint_that_a_rollback_cannot_go_back_to(tmp_path, poison, monkeypatch):
    poison.input(NAN, 17)
    monkeypatch.setattr(RunDirectory, "newest_valid", refuse)
    second = both(fit(tmp_path, "train.nonfinite=rollback"))

    assert second.endswith("; last.npz: cannot be read: Input/output error")


def refuse(directory):
    raise StorageError("last.npz: cannot be read: Input/output error")
