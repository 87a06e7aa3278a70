"""Five signals in three phases of a run: the right exit code, a valid checkpoint, the same bits after.

And whatever else ends the loop: what was done is saved first.
"""

import signal

import pytest
from helpers import changed
from runs import THIRTY, finish, invoke, outcome, train_and_signal, write_config

from mlptrain.errors import Interrupted, MLPTrainError
from mlptrain.runs import run as runs
from mlptrain.runs.fit import prepare
from mlptrain.runs.signals import STOPPING
from mlptrain.storage.archive import read_archive
from mlptrain.storage.run_directory import RunDirectory
from mlptrain.training import trainer

pytestmark = pytest.mark.usefixtures("one_thread")

SAVING = changed(THIRTY, {"train.checkpoint_every": {"steps": 4}})

PHASES = {
    "training": (trainer, "take_step", 6),
    "evaluating": (trainer, "measure", 2),
    "saving": (RunDirectory, "save", 4),
}
"""What is called in a phase, and in which of its calls the signal arrives."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return finish(prepare(SAVING, out=tmp_path_factory.mktemp("whole") / "run"))


def signal_in(monkeypatch, phase, *numbers):
    """Send this process signals in the middle of a phase."""
    home, name, calls = PHASES[phase]
    real, count = getattr(home, name), [0]

    def call(*arguments, **options):
        count[0] += 1
        if count[0] == calls:
            for number in numbers:
                signal.raise_signal(number)
        return real(*arguments, **options)

    monkeypatch.setattr(home, name, call)


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("number", STOPPING, ids=lambda each: each.name)
def test_a_signal_ends_a_run_saved_whatever_it_is_doing(tmp_path, monkeypatch, whole, number, phase):
    config, run = write_config(tmp_path / "thirty.yaml", SAVING), tmp_path / "run"
    with monkeypatch.context() as patch:
        signal_in(patch, phase, number)
        ended = invoke("fit", config, "--out", run, "--quiet")

    assert ended.exit_code == 128 + number
    step = read_archive(run / "last.npz")[1]["progress"]["step"]
    assert ended.stderr.startswith(f"error: {number.name} after step {step} (epoch ")
    assert 0 < step < 30
    assert invoke("fit", "--resume", run, "--quiet").exit_code == 0
    assert outcome(run) == whole


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGXCPU, signal.SIGUSR1])
def test_what_comes_twice_by_itself_is_no_second_request(tmp_path, monkeypatch, number):
    """The shell and the kernel each send SIGHUP; SIGXCPU comes again every second."""
    signal_in(monkeypatch, "training", number, number)
    config = write_config(tmp_path / "thirty.yaml", SAVING)

    assert invoke("fit", config, "--out", tmp_path / "run", "--quiet").exit_code == 128 + number


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_that_the_parent_ignored_stays_ignored(tmp_path, monkeypatch, whole, number):
    """nohup does so with SIGHUP, a shell with the SIGINT of what it starts in the background."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        signal_in(monkeypatch, "training", number)
        assert finish(prepare(SAVING, out=tmp_path / "run")) == whole
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_handlers_of_all_signals_are_put_back(tmp_path):
    before = [signal.getsignal(number) for number in STOPPING]
    with pytest.raises(Interrupted):
        train_and_signal(prepare(THIRTY, out=tmp_path / "run"), 3)

    assert [signal.getsignal(number) for number in STOPPING] == before


def test_a_signal_after_the_last_step_is_not_swallowed(tmp_path, monkeypatch, whole):
    """A sweep or a fold would otherwise go on with the next run; this one is complete."""
    real = runs.Run._test

    def test(run):
        signal.raise_signal(signal.SIGTERM)
        return real(run)

    run = prepare(SAVING, out=tmp_path / "run")
    monkeypatch.setattr(runs.Run, "_test", test)
    with pytest.raises(Interrupted, match="SIGTERM after the last step: all 3 epochs done") as error:
        finish(run)

    assert error.value.exit_code == 143
    assert run.summary["status"] == "completed"
    assert outcome(tmp_path / "run") == whole


def test_ctrl_c_is_no_failed_trial_of_a_sweep(tmp_path):
    """`except Exception`, as every sweep has it, lets it through."""
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert not issubclass(Interrupted, Exception)
    tried = []

    def sweep():
        for seed in range(3):
            tried.append(seed)
            try:
                train_and_signal(prepare({**THIRTY, "seed": seed}, out=tmp_path / str(seed)), 5)
            except Exception:
                continue

    with pytest.raises(KeyboardInterrupt):
        sweep()
    assert tried == [0]


@pytest.mark.slow
@pytest.mark.parametrize("saving", [THIRTY, SAVING], ids=["rarely", "often"])
def test_an_error_of_whoever_looks_on_ends_a_run_saved(tmp_path, saving):
    def watch(run):
        for _ in run:
            if run.progress.step == 13:
                raise RuntimeError("the picture cannot be drawn")

    expected = finish(prepare(saving, out=tmp_path / "whole"))
    run = prepare(saving, out=tmp_path / "run")
    with pytest.raises(RuntimeError):
        watch(run)

    assert read_archive(run.directory.last)[1]["progress"]["step"] == 13
    assert run.summary["reason"] == "ended by GeneratorExit after step 13: saved"
    assert finish(prepare(None, resume=tmp_path / "run")) == expected


def test_memory_that_runs_out_in_a_step_ends_a_run_saved_before_it(tmp_path, monkeypatch):
    expected = finish(prepare(THIRTY, out=tmp_path / "whole"))
    real = trainer.load_batch

    def load_batch(experiment, rows, masks):
        if len(calls) == 8:
            raise MemoryError
        calls.append(len(rows))
        return real(experiment, rows, masks)

    run, calls = prepare(THIRTY, out=tmp_path / "run"), []
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "load_batch", load_batch)
        with pytest.raises(MemoryError):
            finish(run)

    assert read_archive(run.directory.last)[1]["progress"]["step"] == 8
    assert run.summary["reason"] == "ended by MemoryError after step 8: saved"
    assert finish(prepare(None, resume=tmp_path / "run")) == expected


def test_a_step_that_fails_in_its_middle_is_not_saved(tmp_path, monkeypatch):
    """Half of the weights would be new: the checkpoint before it stays."""
    expected = finish(prepare(SAVING, out=tmp_path / "whole"))
    run = prepare(SAVING, out=tmp_path / "run")
    real = run.experiment.optimizer.step

    def step(w, dw, lr):
        real(w, dw, lr)
        if run.experiment.optimizer.t == 7:
            raise MemoryError

    monkeypatch.setattr(run.experiment.optimizer, "step", step)
    with pytest.raises(MemoryError):
        finish(run)

    assert read_archive(run.directory.last)[1]["progress"]["step"] == 4
    assert finish(prepare(None, resume=tmp_path / "run")) == expected


def test_a_disk_that_is_full_as_well_hides_nothing(tmp_path, monkeypatch):
    run = prepare(THIRTY, out=tmp_path / "run")

    def save(*arguments, **options):
        raise MLPTrainError("the disk is full")

    steps = iter(run)
    next(steps)
    monkeypatch.setattr(run.directory, "save", save)
    steps.close()

    assert run.summary["reason"] == "ended by GeneratorExit; the disk is full"
