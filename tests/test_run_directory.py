"""A run directory: nothing of another run is lost, and a resume finds the newest good checkpoint."""

import errno
import io
import json
import os
import time

import numpy as np
import pytest

from mlptrain.errors import CheckpointError, ConfigError, EnvironmentFault, StorageError
from mlptrain.report.plots import KINDS
from mlptrain.storage import archive, run_directory
from mlptrain.storage.archive import read_archive
from mlptrain.storage.fold_directory import checkpoint_of
from mlptrain.storage.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path):
    with RunDirectory.create(tmp_path / "runs" / "one", force=False) as run:
        yield run


def save(run, step, name="last"):
    run.save(name, {"w": np.full(3, float(step))}, {"step": step})


def test_a_new_run_makes_its_directory(run):
    assert run.path.is_dir()
    assert os.listdir(run.path) == [".lock"]


def test_a_directory_that_holds_a_run_is_refused(run):
    run.write_config("seed: 0\n")
    run.close()
    with pytest.raises(EnvironmentFault) as error:
        RunDirectory.create(run.path, force=False)

    assert str(error.value) == (
        f"{run.path}: holds a run (config.yaml); choose another --out, resume it with --resume, "
        "or replace it with --force"
    )
    RunDirectory.open(run.path).close()  # the refused attempt holds no lock


def test_force_removes_only_what_a_run_writes(run):
    run.write_config("seed: 0\n")
    run.append_metrics({"epoch": 1})
    run.write_summary({"status": "completed"})
    for step in (1, 2):
        save(run, step)
        save(run, step, "best")
    about = (
        "report.html",
        "best.npz.corrupt",
        "last.npz.2.corrupt",
        *(f"{kind}.png" for kind in KINDS),
    )
    mine = ("notes.txt", "mine.png", "mine.corrupt", "tensorboard/notes.txt")
    (run.path / "tensorboard").mkdir()
    for name in (*about, *mine, "tensorboard/events.out.tfevents.1.host.0000"):
        (run.path / name).write_text("x")
    run.close()
    RunDirectory.create(run.path, force=True).close()

    left = {str(path.relative_to(run.path)) for path in run.path.rglob("*")}
    assert left == {".lock", "tensorboard", *mine}


def test_force_takes_no_events_that_are_elsewhere(run, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "events.out.tfevents.1.host.0000").write_text("x")
    (run.path / "tensorboard").symlink_to(elsewhere)
    run.write_config("seed: 0\n")
    run.close()
    RunDirectory.create(run.path, force=True).close()

    assert os.listdir(elsewhere) == ["events.out.tfevents.1.host.0000"]


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("name", ["config.yaml", "metrics.jsonl", "summary.json"])
def test_what_no_run_has_written_is_never_replaced(tmp_path, name, force):
    (tmp_path / name).write_text("mine")
    for _ in range(2):  # the refusal leaves nothing that would look like a run
        with pytest.raises(EnvironmentFault, match=f"holds {name}, but no checkpoint and no .lock"):
            RunDirectory.create(tmp_path, force=force)
    assert (tmp_path / name).read_text() == "mine"
    assert os.listdir(tmp_path) == [name]


def test_every_new_directory_above_a_run_is_brought_to_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(run_directory, "sync_directory", synced.append)
    RunDirectory.create(tmp_path / "a" / "b" / "c", force=False).close()

    assert set(synced) == {tmp_path, tmp_path / "a", tmp_path / "a" / "b"}


def test_force_does_not_touch_a_run_at_work(run):
    run.write_config("seed: 0\n")
    with pytest.raises(EnvironmentFault, match=f"in use by process {os.getpid()}"):
        RunDirectory.create(run.path, force=True)

    assert run.config.read_text() == "seed: 0\n"


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_file_in_the_way_is_refused(tmp_path, path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="not a directory"):
        RunDirectory.create(tmp_path / path, force=True)

    assert (tmp_path / "file").read_text() == "mine"


def test_only_a_run_can_be_opened(tmp_path):
    with pytest.raises(ConfigError, match="holds no run"):
        RunDirectory.open(tmp_path)

    assert os.listdir(tmp_path) == []


def test_opening_clears_away_what_a_killed_run_left(run):
    run.write_config("seed: 0\n")
    elsewhere = f".report.html.tmp-{os.getppid()}-01234567"  # written by who needs no lock
    for name in (f".last.npz.tmp-{os.getpid()}-01234567", ".best.npz.tmp-1-01234567", elsewhere):
        (run.path / name).write_text("half")
    run.close()
    RunDirectory.open(run.path).close()

    assert sorted(os.listdir(run.path)) == [".lock", elsewhere, "config.yaml"]


def test_metrics_are_lines_of_json_with_null_for_nan(run):
    run.append_metrics({"epoch": 1, "val_loss": 0.5})
    run.append_metrics({"epoch": 2, "val_loss": float("nan"), "rates": (1.0, float("inf"))})

    assert run.metrics.read_text() == (
        '{"epoch": 1, "val_loss": 0.5}\n{"epoch": 2, "val_loss": null, "rates": [1.0, null]}\n'
    )


def test_the_summary_has_null_for_nan(run):
    run.write_summary({"metrics": {"val_loss": float("-inf")}})

    assert json.loads(run.summary.read_text()) == {"metrics": {"val_loss": None}}


def test_metrics_are_cut_back_to_what_a_checkpoint_counts(run):
    run.append_metrics({"epoch": 1})
    length = run.metrics_length()
    run.append_metrics({"epoch": 2})
    run.truncate_metrics(length)
    run.append_metrics({"epoch": 3})

    assert length == len('{"epoch": 1}\n')
    assert run.metrics.read_text() == '{"epoch": 1}\n{"epoch": 3}\n'


def test_metrics_that_lost_records_are_refused(run):
    run.append_metrics({"epoch": 1})
    with pytest.raises(CheckpointError, match="has 13 bytes, 14 when the checkpoint was saved"):
        run.truncate_metrics(14)


def test_metrics_are_never_written_through_a_link(run, tmp_path):
    (tmp_path / "elsewhere").write_text("mine")
    run.metrics.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match=r"metrics\.jsonl: cannot be written"):
        run.append_metrics({"epoch": 1})

    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_metrics_that_are_a_pipe_are_refused_at_once(run):
    os.mkfifo(run.metrics)
    start = time.perf_counter()
    with pytest.raises(StorageError, match="not an ordinary file"):
        run.append_metrics({"epoch": 1})

    assert time.perf_counter() - start < 1


def test_last_keeps_its_predecessor_and_best_does_not(run):
    for step in (1, 2, 3):
        save(run, step, "best")
        save(run, step)

    assert read_archive(run.last)[1] == {"step": 3}
    assert read_archive(run.previous)[1] == {"step": 2}
    assert sorted(path.name for path in run.path.glob("*.npz")) == [
        "best.npz",
        "last-1.npz",
        "last.npz",
    ]


def test_a_run_goes_on_from_its_last_checkpoint(run):
    save(run, 1, "best")
    save(run, 1)
    save(run, 2)
    found = run.newest_valid()

    assert (found.path, found.document, found.notes) == (run.last, {"step": 2}, ())
    assert found.arrays["w"].tolist() == [2, 2, 2]


def test_a_damaged_checkpoint_is_set_aside_for_the_one_before(run):
    save(run, 1)
    save(run, 2)
    run.last.write_bytes(run.last.read_bytes()[:-1])
    found = run.newest_valid()

    assert found.document == {"step": 1}
    assert found.notes == (
        f"{run.last}: not a valid checkpoint: it is cut short, or its document is damaged; "
        "use another one",
        f"{run.last}: set aside as last.npz.corrupt",
        f"{run.previous}: used instead of last.npz",
    )
    assert not run.last.exists()


def test_the_best_checkpoint_is_the_last_resort(run):
    save(run, 1, "best")
    save(run, 2)
    save(run, 3)
    run.last.write_bytes(b"")
    run.previous.write_bytes(b"")
    found = run.newest_valid()

    assert found.document == {"step": 1}
    assert found.notes[-1] == f"{run.best}: used instead of last.npz"


def test_without_a_good_checkpoint_there_is_no_resume(run):
    save(run, 1)
    run.last.write_bytes(b"")
    with pytest.raises(CheckpointError) as error:
        run.newest_valid()

    assert error.value.faults[-1] == (
        f"{run.path}: holds no checkpoint to resume from; begin a new run"
    )


def test_a_checkpoint_that_cannot_be_opened_is_left_alone(run):
    save(run, 1)
    save(run, 2)
    run.last.unlink()
    run.last.symlink_to("last.npz")  # a loop; root may open anything, so permissions test nothing
    with pytest.raises(CheckpointError, match="cannot be read"):
        run.newest_valid()

    assert run.last.is_symlink()


@pytest.mark.parametrize("after", [0, 200, 600])
@pytest.mark.parametrize("name", ["last", "previous"])
def test_a_checkpoint_that_cannot_be_read_to_its_end_keeps_its_name(run, monkeypatch, name, after):
    save(run, 1)
    save(run, 2)
    save(run, 2, "best")
    if name == "previous":
        run.last.write_bytes(b"")
    path = getattr(run, name)

    class Faulty(io.FileIO):
        """Fails like a disk, from some byte on."""

        def read(self, size=-1):
            if self.tell() + size > after:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().read(size)

    def opened(asked):
        return Faulty(asked) if asked == path else io.FileIO(asked)

    monkeypatch.setattr(archive, "open_regular", opened)
    with pytest.raises(StorageError) as error:
        run.newest_valid()

    assert error.value.faults == (
        f"{path}: cannot be read: Input/output error; check the disk and try again",
    )
    assert path.exists()
    assert run.best.exists()


def test_a_name_that_cannot_be_looked_at_is_not_taken_for_none(run, monkeypatch):
    save(run, 1)
    save(run, 2)

    def failing(path, **options):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", failing)
        with pytest.raises(StorageError, match=r"last\.npz: cannot be looked at: Stale file handle"):
            run.newest_valid()


def test_a_checkpoint_that_is_damaged_only_at_first_sight_keeps_its_name(run, monkeypatch):
    save(run, 1)
    real, seen = archive.open_regular, []

    def opened(path):
        seen.append(path)
        return real(path) if len(seen) > 1 else io.FileIO(os.devnull)

    monkeypatch.setattr(archive, "open_regular", opened)
    assert run.newest_valid().notes == ()
    assert len(seen) == 2


def test_a_damaged_best_checkpoint_is_never_set_aside(run):
    save(run, 1, "best")
    save(run, 1)
    run.best.write_bytes(b"")
    run.last.write_bytes(b"")
    with pytest.raises(CheckpointError, match="holds no checkpoint to resume from"):
        run.newest_valid()

    assert run.best.exists()
    assert not run.last.exists()


def test_a_run_directory_stands_for_its_best_checkpoint(run):
    save(run, 1, "best")
    assert checkpoint_of(run.path) == run.path / "best.npz"
    assert checkpoint_of(run.last) == run.last
