"""What `fit --ranks` makes of the end of its launcher."""

import signal
import sys

import pytest

from mlptrain.errors import RankFault
from mlptrain.runs import launch


@pytest.fixture(autouse=True)
def same_signals():
    """What `launch` does with signals is for a process that does nothing else."""
    before = {number: signal.getsignal(number) for number in launch.STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def ended(monkeypatch, code, told=""):
    """The exit code of a launch whose launcher prints this and ends so."""
    words = [sys.executable, "-c", f"print({told!r}, end=''); raise SystemExit({code})"]
    monkeypatch.setattr(launch, "command", lambda count, arguments: words)
    return launch.launch(2, ["fit", "c.yaml"])


@pytest.mark.parametrize("code", [0, 2, 6])
def test_the_exit_code_of_the_ranks_is_that_of_the_command(monkeypatch, code, capfd):
    assert ended(monkeypatch, code, "rows\n\nmore\n") == code
    assert capfd.readouterr().out == "rows\n\nmore\n"


@pytest.mark.parametrize(("code", "told"), [(9, f"rows\n\n{'=' * 80}\n= BAD\n"), (255, "rows\n")])
def test_a_launcher_that_lost_a_rank_is_one_line(monkeypatch, code, told, capfd):
    with pytest.raises(RankFault, match="the last checkpoint is valid, go on with fit --resume RUN"):
        ended(monkeypatch, code, told)
    assert capfd.readouterr().out == "rows\n"
