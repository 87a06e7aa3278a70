"""Power that fails between any two calls of a run: what it counted on is there, and goes on exactly.

MLPTRAIN_OUTAGES says how many outages by chance follow each call; `make chaos` tries 4.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers import changed
from power import Change, Recorder, outages
from runs import THIRTY, abandoned_at, finish

from mlptrain.errors import MLPTrainError
from mlptrain.runs.fit import prepare
from mlptrain.runs.saving import Checkpointer
from mlptrain.storage.run_directory import RunDirectory

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]
EACH = int(os.environ.get("MLPTRAIN_OUTAGES", "1"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
RESUMED = 0.15
"""The share of the outages after which the run is brought to its end."""

CONFIG = changed(
    THIRTY,
    {
        "model": {"hidden": [5], "dropout": 0.2},
        "train.epochs": 1,
        "train.eval_every": {"steps": 3},
        "train.checkpoint_every": {"steps": 1},
    },
)


@pytest.fixture
def expected(tmp_path):
    """What comes of the run where the power stays on."""
    return finish(prepare(CONFIG, out=tmp_path / "whole"))


@pytest.fixture
def recorded(tmp_path, monkeypatch, expected):
    """A run that notes its changes, and what it says is safe."""
    recorder = Recorder(tmp_path / "run")
    save = Checkpointer.save

    def saved(self, progress, **options):
        save(self, progress, **options)
        if recorder.changes:  # not before it listens
            recorder.says_safe(progress.step)

    monkeypatch.setattr(Checkpointer, "save", saved)
    return recorder


def restored(found: dict[str, bytes], place: Path) -> Path:
    """The directory after an outage; who held the lock has lost power too."""
    place.mkdir()
    for name, content in found.items():
        if name != ".lock":
            (place / name).write_bytes(content)
    return place


def step_found(place: Path) -> int | None:
    """The step that a resume begins with; its metrics must be there too. None: no checkpoint."""
    try:
        with RunDirectory.open(place) as directory:
            loaded = directory.newest_valid()
    except MLPTrainError:
        return None
    document, length = loaded.document, loaded.document["metrics_bytes"]
    assert length == 0 or (place / "metrics.jsonl").stat().st_size >= length, "metrics are short"
    return int(document["progress"]["step"])


def replay(changes: Sequence[Change], expected: object, tmp_path: Path, start: int = 0) -> Counter[str]:
    """Cut the power behind every change from `start` on, in every way; count what was tried."""
    chance, counts, seen = random.Random(SEED), Counter[str](), set[str]()
    for end in range(start + 1, len(changes) + 1):
        safe = max((each[1] for each in changes[:end] if each[0] == "safe"), default=None)
        for outage in outages(chance, EACH):
            found = outage.after(changes[:end])
            state = json.dumps([safe, sorted((name, text.hex()) for name, text in found.items())])
            if state in seen:
                continue
            seen.add(state)
            place = restored(found, tmp_path / f"{end}-{len(seen)}")
            step = step_found(place)
            counts["states"] += 1
            assert safe is None or (step is not None and step >= safe), (end, sorted(found))
            if step is not None and chance.random() < RESUMED:
                assert finish(prepare(None, resume=place)) == expected, (end, sorted(found))
                counts["resumed"] += 1
    return counts


def test_a_new_run_loses_nothing_that_it_counted_on(tmp_path, recorded, expected):
    recorded.root.mkdir()
    with recorded.listening():
        assert finish(prepare(CONFIG, out=recorded.root)) == expected

    counts = replay(recorded.changes, expected, tmp_path)

    assert counts["states"] > 200
    assert counts["resumed"] > 10


def test_a_resumed_run_loses_nothing_that_it_counted_on(tmp_path, recorded, expected):
    abandoned_at(prepare(CONFIG, out=recorded.root), 4).directory.close()
    recorded.take_as_safe()
    recorded.says_safe(4)
    start = len(recorded.changes)
    with recorded.listening():
        assert finish(prepare(None, resume=recorded.root)) == expected

    counts = replay(recorded.changes, expected, tmp_path, start)

    assert counts["states"] > 100
    assert counts["resumed"] > 10
